#include "record/evidence.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "base/random.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "record/testing/logs.h"
#include "record/witness.h"

namespace wideberth::record {
namespace {

using base::Bytes;
using base::ErrorCode;
using testing::TestLog;
using testing::TestSecret;

constexpr base::UtcMicros kNoon{1'800'000'000'000'000};
constexpr uint64_t kNoonS = 1'800'000'000;

const crypto::SecretKey& MessageKey() {
  static const crypto::SecretKey* const key = new crypto::SecretKey(TestSecret(20));
  return *key;
}

// A message as src/line writes it, as far as evidence reads it.
std::string Envelope(uint64_t seq, const std::string& previous, base::UtcMicros sent_at = kNoon) {
  std::string payload = "{\"to\": \"south\", \"seq\": " + std::to_string(seq) +
                        ", \"sent_at\": \"" + base::FormatRfc3339(sent_at) + "\"";
  if (!previous.empty()) payload += ", \"previous\": \"" + previous + "\"";
  payload += "}";
  return crypto::SignEnvelope("application/vnd.wideberth.notice.v1+json", base::AsBytes(payload),
                              MessageKey())
      .value();
}
std::string NameOf(const std::string& envelope) {
  return crypto::Sha256(base::AsBytes(envelope)).ToHex();
}

TestLog LogOf(const std::vector<std::string>& envelopes) {
  std::vector<Bytes> entries;
  for (const std::string& envelope : envelopes)
    entries.emplace_back(envelope.begin(), envelope.end());
  return TestLog(entries);
}

// Two histories that part at entry 13.
const TestLog& Log() {
  static const TestLog* const log = new TestLog(40);
  return *log;
}
const TestLog& Other() {
  static const TestLog* const log = [] {
    auto entries = TestLog::ShortEntries(40);
    entries[13][0] ^= 1;
    return new TestLog(entries);
  }();
  return *log;
}

ForkEvidence SameSize() {
  return {Log().log.verifier(),
          Log().Note(20, kNoonS, kNoonS),
          Other().Note(20, kNoonS, kNoonS),
          std::nullopt,
          {Log().peer.verifier()}};
}
ForkEvidence OtherSize(uint64_t smaller = 20, uint64_t larger = 33) {
  return ProveFork(Log().log.verifier(), Other().Note(larger), Log().Note(smaller), Other().nodes)
      .value();
}
RollbackEvidence Rollback() {
  return {Log().log.verifier(), Log().clock.verifier(), Log().Note(30, kNoonS, kNoonS),
          Log().Note(20, kNoonS + 1)};
}
RefusalEvidence Refusal(RefusalReason reason, bool with_proof) {
  const CosignRefusal refusal{Log().log.verifier().name(), Log().Head(30), reason, Log().Head(20),
                              kNoon};
  RefusalEvidence evidence{Log().log.verifier(), Log().Note(30), MessageKey().public_key(),
                           SignCosignRefusal(refusal, MessageKey()).value(), std::nullopt};
  if (with_proof) evidence.proof = ConsistencyProof(Log().nodes, 20, 30).value();
  return evidence;
}
RevokedKeyEvidence Revoked(const crypto::PublicKey& key, const crypto::SecretKey& revoker,
                           std::optional<uint64_t> last_size = std::nullopt) {
  return {revoker.public_key(), SignKeyRevocation({key, kNoon, last_size}, revoker).value(),
          RevokedKeyEvidence::MessageUse{}};
}
RevokedKeyEvidence RevokedLog() {
  RevokedKeyEvidence evidence = Revoked(Log().log.verifier().public_key(), TestSecret(1), 29);
  evidence.use = RevokedKeyEvidence::LogUse{Log().log.verifier(), Log().Note(30)};
  return evidence;
}
RevokedKeyEvidence RevokedCosigner() {
  RevokedKeyEvidence evidence = Revoked(Log().peer.verifier().public_key(), TestSecret(3));
  evidence.use = RevokedKeyEvidence::CosignerUse{Log().log.verifier(), Log().peer.verifier(),
                                                 Log().Note(30, 0, kNoonS + 1)};
  return evidence;
}
RevokedKeyEvidence RevokedMessage() {
  RevokedKeyEvidence evidence = Revoked(MessageKey().public_key(), TestSecret(99));
  evidence.use = RevokedKeyEvidence::MessageUse{Envelope(5, NameOf("x"), {kNoon.us + 1})};
  return evidence;
}

GapEvidence::Entry EntryOf(const TestLog& log, uint64_t index) {
  const Bytes& bytes = log.entries.entries[index];
  return {index, std::string(bytes.begin(), bytes.end()),
          InclusionProof(log.nodes, index, log.nodes.size()).value()};
}
GapEvidence Gap(const TestLog& log, uint64_t index, bool with_before) {
  GapEvidence gap{log.log.verifier(), MessageKey().public_key(), log.Note(log.nodes.size()),
                  std::nullopt, EntryOf(log, index)};
  if (with_before) gap.before = EntryOf(log, index - 1);
  return gap;
}
const std::vector<std::string>& Chain() {
  static const auto* const chain = [] {
    auto* envelopes = new std::vector<std::string>;
    for (uint64_t seq = 1; seq <= 5; ++seq) {
      envelopes->push_back(Envelope(seq, seq == 1 ? "" : NameOf(envelopes->back())));
    }
    return envelopes;
  }();
  return *chain;
}
GapEvidence JumpingSeq() {
  auto envelopes = Chain();
  envelopes[2] = Envelope(4, NameOf(envelopes[1]));
  return Gap(LogOf(envelopes), 2, false);
}
GapEvidence WrongPrevious() {
  auto envelopes = Chain();
  envelopes[2] = Envelope(3, NameOf(envelopes[0]));
  return Gap(LogOf(envelopes), 2, true);
}

std::string Heartbeat(const TreeHead& head, const std::string& to = "south") {
  const std::string payload = "{\"to\": \"" + to +
                              "\", \"own_head\": {\"size\": " + std::to_string(head.size) +
                              ", \"root\": \"" + head.root.ToHex() + "\"}}";
  return crypto::SignEnvelope("application/vnd.wideberth.heartbeat.v1+json", base::AsBytes(payload),
                              MessageKey())
      .value();
}
MessageForkEvidence TwoMessages() {
  return {MessageKey().public_key(), Envelope(3, NameOf("x")), Envelope(3, NameOf("y"))};
}
MessageForkEvidence TwoHeads() {
  return {MessageKey().public_key(), Heartbeat(Log().Head(20)), Heartbeat(Other().Head(20))};
}

// A heartbeat that says how long the log is, at a time.
std::string Beat(uint64_t size, base::UtcMicros sent_at, const std::string& to = "south") {
  const std::string payload = "{\"to\": \"" + to + "\", \"sent_at\": \"" +
                              base::FormatRfc3339(sent_at) +
                              "\", \"own_head\": {\"size\": " + std::to_string(size) +
                              ", \"root\": \"" + Log().Head(20).root.ToHex() + "\"}}";
  return crypto::SignEnvelope("application/vnd.wideberth.heartbeat.v1+json", base::AsBytes(payload),
                              MessageKey())
      .value();
}
MessageRollbackEvidence SetBack(uint64_t size = 4, int64_t later_us = 1) {
  return {MessageKey().public_key(), Envelope(5, NameOf("x")), Beat(size, {kNoon.us + later_us})};
}
// Message `seq`, by which the key gives way to another.
std::string KeyChangeTo(const crypto::PublicKey& next, uint64_t seq) {
  const std::string card = "{\"keys\": {\"message\": \"" + next.ToHex() + "\"}}";
  const std::string payload = "{\"to\": \"south\", \"seq\": " + std::to_string(seq) +
                              ", \"body\": {\"card\": \"{\\\"payload\\\": \\\"" +
                              base::Base64Encode(base::AsBytes(card)) + "\\\"}\"}}";
  return crypto::SignEnvelope("application/vnd.wideberth.key-change.v1+json",
                              base::AsBytes(payload), MessageKey())
      .value();
}
ReplacedKeyEvidence Replaced(uint64_t change = 4, uint64_t use = 5) {
  return {MessageKey().public_key(), KeyChangeTo(TestSecret(77).public_key(), change),
          Envelope(use, NameOf("x"))};
}
MessageGapEvidence TornChain() {
  return {MessageKey().public_key(), Chain()[1], Envelope(3, NameOf(Chain()[0]))};
}

std::vector<Evidence> AllKinds() {
  return {SameSize(),
          SetBack(),
          Replaced(),
          TornChain(),
          TwoMessages(),
          TwoHeads(),
          OtherSize(),
          OtherSize(16, 33),  // a power of two: the smaller tree is one whole subtree
          Rollback(),
          Refusal(RefusalReason::kNotHeld, false),
          Refusal(RefusalReason::kOtherTree, true),
          RevokedLog(),
          RevokedCosigner(),
          RevokedMessage(),
          JumpingSeq(),
          WrongPrevious()};
}

TEST(Evidence, EveryKindMakesTheRoundTripAndProves) {
  for (const Evidence& evidence : AllKinds()) {
    const auto file = FormatEvidence(evidence);
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    EXPECT_EQ(ParseEvidence(*file).value(), evidence);
    const Finding finding = VerifyEvidence(*file).value();
    EXPECT_NE(file->find("\"kind\": \"" + std::string(EvidenceKindName(finding.kind)) + "\""),
              std::string::npos);
    EXPECT_FALSE(finding.against.empty());
    EXPECT_TRUE(finding.summary.ends_with('.')) << finding.summary;
  }
}

TEST(Evidence, ALogThatBecameShorterIsOneSideOfTime) {
  EXPECT_EQ(VerifyEvidence(Evidence(SetBack()))->kind, EvidenceKind::kRollback);
  const auto refused = [](const MessageRollbackEvidence& evidence, std::string_view field) {
    const auto finding = VerifyEvidence(Evidence(evidence));
    ASSERT_FALSE(finding.has_value()) << field;
    EXPECT_EQ(finding.error().field, field);
  };
  refused(SetBack(5), "/second/payload/own_head/size");
  refused(SetBack(4, 0), "/second/payload/sent_at");
  refused(SetBack(4, -1), "/second/payload/sent_at");
  MessageRollbackEvidence other = SetBack();
  other.second = Beat(4, {kNoon.us + 1}, "east");
  refused(other, "/second");
  std::swap(other.first, other.second);
  refused(other, "/second");
  other = SetBack();
  other.first = Beat(5, kNoon);
  refused(other, "/first/payload/seq");
  other = SetBack();
  other.message_key = TestSecret(21).public_key();
  EXPECT_EQ(VerifyEvidence(Evidence(other)).error().code, ErrorCode::kUnauthorized);
}

TEST(Evidence, AKeyThatGaveWaySignsNothingBehind) {
  EXPECT_EQ(VerifyEvidence(Evidence(Replaced()))->kind, EvidenceKind::kRevokedKey);
  EXPECT_FALSE(VerifyEvidence(Evidence(Replaced(5, 5))).has_value());
  EXPECT_FALSE(VerifyEvidence(Evidence(Replaced(6, 5))).has_value());
  ReplacedKeyEvidence same = Replaced();
  same.change = KeyChangeTo(MessageKey().public_key(), 4);
  EXPECT_FALSE(VerifyEvidence(Evidence(same)).has_value()) << "the message key stayed";
  same.change = Envelope(4, NameOf("x"));
  EXPECT_FALSE(VerifyEvidence(Evidence(same)).has_value()) << "no change of keys";
}

TEST(Evidence, TwoMessagesThatFollowEachOtherProveNoGap) {
  EXPECT_EQ(VerifyEvidence(Evidence(TornChain()))->kind, EvidenceKind::kGap);
  MessageGapEvidence whole = TornChain();
  whole.entry = Chain()[2];
  EXPECT_FALSE(VerifyEvidence(Evidence(whole)).has_value());
  whole.entry = Envelope(4, NameOf("x"));
  EXPECT_FALSE(VerifyEvidence(Evidence(whole)).has_value()) << "not the next number";
}

TEST(Evidence, NamesWhomItIsAgainst) {
  const Accused log{AccusedRole::kLog, Log().log.verifier().name(),
                    Log().log.verifier().public_key()};
  const Accused peer{AccusedRole::kCosigner, Log().peer.verifier().name(),
                     Log().peer.verifier().public_key()};
  const Accused clock{AccusedRole::kCosigner, Log().clock.verifier().name(),
                      Log().clock.verifier().public_key()};
  const Accused message{AccusedRole::kMessage, "", MessageKey().public_key()};
  using List = std::vector<Accused>;
  EXPECT_EQ(VerifyEvidence(Evidence(SameSize()))->against, (List{log, peer}));
  EXPECT_EQ(VerifyEvidence(Evidence(OtherSize()))->against, List{log});
  EXPECT_EQ(VerifyEvidence(Evidence(Rollback()))->against, List{clock});
  EXPECT_EQ(VerifyEvidence(Evidence(RevokedLog()))->against, List{log});
  EXPECT_EQ(VerifyEvidence(Evidence(RevokedCosigner()))->against, List{peer});
  EXPECT_EQ(VerifyEvidence(Evidence(RevokedMessage()))->against, List{message});
  EXPECT_EQ(VerifyEvidence(Evidence(WrongPrevious()))->against, (List{log, message}));
  EXPECT_EQ(VerifyEvidence(Evidence(Refusal(RefusalReason::kOtherTree, true)))->against,
            List{message});
  // A key that another key revoked: the reader must know that they are one party's.
  EXPECT_TRUE(VerifyEvidence(Evidence(RevokedLog()))->relies_on.empty());
  EXPECT_EQ(VerifyEvidence(Evidence(RevokedMessage()))->relies_on,
            std::vector<crypto::PublicKey>{TestSecret(99).public_key()});
  EXPECT_EQ(VerifyEvidence(Evidence(Rollback()))->summary,
            "north.example/clock cosigned the log north.example/line/south at size 30, and 1 s "
            "later at size 20.");
  EXPECT_EQ(VerifyEvidence(Evidence(OtherSize()))->summary,
            "The log north.example/line/south signed two histories: one of 20 entries, and one of "
            "33 that does not begin with it.");
}

void ExpectRefused(const Evidence& evidence, std::string_view field) {
  const auto finding = VerifyEvidence(evidence);
  ASSERT_FALSE(finding.has_value()) << field << ": " << finding->summary;
  EXPECT_TRUE(finding.error().field.starts_with(field)) << finding.error().ToString();
  EXPECT_FALSE(FormatEvidence(evidence).has_value());
}

TEST(Evidence, AnHonestLogHasNoFork) {
  const VerifierKey log = Log().log.verifier();
  for (uint64_t a = 0; a <= 40; a += 3) {
    for (uint64_t b = 0; b <= 40; b += 5) {
      const auto fork = ProveFork(log, Log().Note(a), Log().Note(b), Log().nodes);
      ASSERT_FALSE(fork.has_value()) << a << " " << b;
      EXPECT_EQ(fork.error().code, ErrorCode::kNotFound);
      // Up to entry 13 the two histories are one.
      EXPECT_EQ(ProveFork(log, Log().Note(a), Other().Note(b), a > b ? Log().nodes : Other().nodes)
                    .has_value(),
                std::min(a, b) > 13)
          << a << " " << b;
    }
  }
  ExpectRefused(ForkEvidence{log, Log().Note(20), Log().Note(20), std::nullopt, {}}, "/second");
  // True prefixes with any proof.
  ForkEvidence fork = OtherSize();
  fork.first = Other().Note(20);
  ExpectRefused(fork, "/prefix/root");
  fork.prefix->root.bytes[0] ^= 1;
  ExpectRefused(fork, "/prefix/proof");
  fork = OtherSize();
  fork.prefix->proof.pop_back();
  ExpectRefused(fork, "/prefix/proof");
  fork = OtherSize();
  fork.prefix.reset();
  ExpectRefused(fork, "/prefix");
  fork = OtherSize();
  std::swap(fork.first, fork.second);
  ExpectRefused(fork, "/second");
  fork = SameSize();
  fork.prefix = ForkEvidence::Prefix{Log().Head(20).root, {}};
  ExpectRefused(fork, "/prefix");
}

TEST(Evidence, NobodyIsAccusedForAnothersSignature) {
  ForkEvidence fork = SameSize();
  fork.second.signatures[0] = testing::TestSigner(fork.log.name(), KeyAlgorithm::kEd25519, 70)
                                  .Sign(fork.second.text)
                                  .value();
  ExpectRefused(fork, "/second");
  fork = SameSize();
  fork.second = Other().Note(20, kNoonS);  // the peer did not cosign this one
  ExpectRefused(fork, "/cosigners/0");
  fork = SameSize();
  fork.cosigners = {Log().log.verifier()};
  ExpectRefused(fork, "/first: keys.cosigners");
}

TEST(Evidence, AMessageForkIsTwoThingsInOnePlace) {
  const auto refused = [](const std::string& second) {
    MessageForkEvidence fork = TwoMessages();
    fork.second = second;
    ExpectRefused(fork, "/second");
  };
  refused(Envelope(4, NameOf("y")));
  refused(TwoMessages().first);
  refused(Heartbeat(Log().Head(20)));
  // The same signed payload in another envelope is one message.
  std::string rewrapped = TwoMessages().first;
  rewrapped.insert(1, " ");
  refused(rewrapped);
  const auto refused_head = [](const std::string& second) {
    MessageForkEvidence fork = TwoHeads();
    fork.second = second;
    ExpectRefused(fork, "/second");
  };
  refused_head(Heartbeat(Log().Head(20)));
  refused_head(Heartbeat(Other().Head(21)));
  refused_head(Heartbeat(Other().Head(20), "west"));  // every line has a log of its own
  MessageForkEvidence fork = TwoHeads();
  fork.message_key = TestSecret(21).public_key();
  ExpectRefused(fork, "/first");
}

TEST(Evidence, ARollbackIsShorterAndLater) {
  RollbackEvidence rollback = Rollback();
  rollback.second = Log().Note(20, kNoonS);
  ExpectRefused(rollback, "/second");
  rollback.second = Log().Note(30, kNoonS + 1);
  ExpectRefused(rollback, "/second");
  rollback.second = Log().Note(20, 0, kNoonS + 1);  // by another cosigner
  ExpectRefused(rollback, "/second");
  rollback = Rollback();
  std::swap(rollback.first, rollback.second);
  ExpectRefused(rollback, "/second");
}

// A clock that is put back and forth proves nothing against a cosigner that keeps to witness.h.
TEST(Evidence, AnHonestCosignerIsNeverAccused) {
  base::SeededRandom random(4);
  WitnessedLog row{Log().log.verifier(), {0, EmptyRoot()}, std::nullopt, 0};
  std::vector<SignedNote> notes;
  for (uint64_t size = 1; size <= 16; size += random.Below(2)) {
    AddCheckpointRequest request{row.head.size, {}, Log().Note(size)};
    if (row.head.size > 0) {
      request.proof = ConsistencyProof(Log().nodes, row.head.size, size).value();
    }
    const auto decision = DecideCosigning(&row, request, kNoonS + random.Below(30));
    ASSERT_EQ(decision.status, WitnessStatus::kCosigned);
    row = *decision.row;
    notes.push_back(Log().Note(size, 0, row.time_s));
  }
  for (const SignedNote& first : notes) {
    for (const SignedNote& second : notes) {
      EXPECT_FALSE(VerifyEvidence(Evidence(RollbackEvidence{Log().log.verifier(),
                                                            Log().peer.verifier(), first, second}))
                       .has_value());
    }
  }
}

TEST(Evidence, ARefusalIsOfThisCheckpointAndMayHaveBeenRight) {
  EXPECT_TRUE(VerifyEvidence(Evidence(Refusal(RefusalReason::kOtherTree, true)))->without_cause);
  EXPECT_FALSE(VerifyEvidence(Evidence(Refusal(RefusalReason::kOtherTree, false)))->without_cause);
  ExpectRefused(Refusal(RefusalReason::kNotHeld, true), "/proof");
  RefusalEvidence refusal = Refusal(RefusalReason::kOtherTree, true);
  refusal.checkpoint = Log().Note(31);
  ExpectRefused(refusal, "/refusal");
  refusal = Refusal(RefusalReason::kOtherTree, true);
  refusal.checkpoint = Other().Note(30);
  ExpectRefused(refusal, "/refusal");
  refusal = Refusal(RefusalReason::kOtherTree, true);
  refusal.proof->clear();
  ExpectRefused(refusal, "/proof");
  refusal = Refusal(RefusalReason::kOtherTree, true);
  refusal.refuser = TestSecret(55).public_key();
  ExpectRefused(refusal, "/refusal");
  // Refused before anything was cosigned: there is nothing that it could fail to extend.
  const CosignRefusal first{Log().log.verifier().name(),
                            Log().Head(30),
                            RefusalReason::kOtherTree,
                            {0, EmptyRoot()},
                            kNoon};
  refusal = Refusal(RefusalReason::kOtherTree, false);
  refusal.refusal = SignCosignRefusal(first, MessageKey()).value();
  refusal.proof = Proof();
  EXPECT_TRUE(VerifyEvidence(Evidence(refusal))->without_cause);
}

TEST(Evidence, AKeyIsGoodUntilItIsRevoked) {
  RevokedKeyEvidence evidence = RevokedLog();
  std::get<RevokedKeyEvidence::LogUse>(evidence.use).checkpoint = Log().Note(29);
  ExpectRefused(evidence, "/use/checkpoint");
  evidence = RevokedLog();
  evidence.revocation =
      SignKeyRevocation({Log().log.verifier().public_key(), kNoon, std::nullopt}, TestSecret(1))
          .value();
  ExpectRefused(evidence, "/revocation");
  evidence = RevokedCosigner();
  std::get<RevokedKeyEvidence::CosignerUse>(evidence.use).checkpoint = Log().Note(30, 0, kNoonS);
  ExpectRefused(evidence, "/use/checkpoint");
  evidence = RevokedMessage();
  evidence.use = RevokedKeyEvidence::MessageUse{Envelope(5, NameOf("x"), kNoon)};
  ExpectRefused(evidence, "/use/envelope");
  // The revocation of one key says nothing of another.
  RevokedKeyEvidence of_another = RevokedLog();
  of_another.use = RevokedCosigner().use;
  ExpectRefused(of_another, "/revocation");
  evidence = RevokedMessage();
  evidence.revoker = TestSecret(98).public_key();
  ExpectRefused(evidence, "/revocation");
}

TEST(Evidence, AnUnbrokenChainHasNoGap) {
  const TestLog chain = LogOf(Chain());
  for (uint64_t index = 0; index < 5; ++index) {
    ExpectRefused(Gap(chain, index, false), "/entry");
    if (index > 0) ExpectRefused(Gap(chain, index, true), "/entry");
  }
  GapEvidence gap = WrongPrevious();
  gap.before = EntryOf(LogOf(Chain()), 0);
  ExpectRefused(gap, "/before/index");
  gap = WrongPrevious();
  gap.before->envelope = Chain()[0];
  ExpectRefused(gap, "/before/proof");
  gap = JumpingSeq();
  gap.entry.index = 1;
  ExpectRefused(gap, "/entry/proof");
  gap = JumpingSeq();
  gap.message_key = TestSecret(21).public_key();
  ExpectRefused(gap, "/entry/envelope");
  // A first message that names one before it, and a later one that names none.
  auto envelopes = Chain();
  envelopes[0] = Envelope(1, NameOf("x"));
  EXPECT_TRUE(VerifyEvidence(Evidence(Gap(LogOf(envelopes), 0, false))).has_value());
  envelopes = Chain();
  envelopes[1] = Envelope(2, "");
  EXPECT_TRUE(VerifyEvidence(Evidence(Gap(LogOf(envelopes), 1, false))).has_value());
}

// No byte of a file can be changed so that it accuses somebody else, or proves with less.
TEST(Evidence, EveryAlteredByteIsNoticedOrChangesNothing) {
  base::SeededRandom random(1);
  for (const Evidence& evidence : AllKinds()) {
    const std::string file = FormatEvidence(evidence).value();
    const Finding finding = VerifyEvidence(file).value();
    for (size_t at = 0; at < file.size(); at += 3) {
      std::string other = file;
      other[at] ^= static_cast<char>(1 << random.Below(7));
      const auto altered = VerifyEvidence(other);
      if (altered) {
        // Spaces between fields, letters of hex, signatures of unknown keys.
        EXPECT_EQ(altered->against, finding.against) << at;
        EXPECT_EQ(altered->summary, finding.summary) << at;
      }
    }
  }
}

TEST(Evidence, FilesAreReadStrictly) {
  const std::string file = FormatEvidence(Rollback()).value();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string other = file;
    other.replace(other.find(from), from.size(), to);
    return other;
  };
  EXPECT_EQ(ParseEvidence(with("{", "{\"more\": 1,")).error().field, "/more");
  EXPECT_EQ(ParseEvidence(with("evidence\": 1", "evidence\": 2")).error().field,
            "/wideberth_evidence");
  EXPECT_EQ(ParseEvidence(with("rollback", "rollbacks")).error().field, "/kind");
  EXPECT_EQ(ParseEvidence(with("rollback", "fork")).error().field, "/cosigners");
  EXPECT_EQ(ParseEvidence(with("\"log\"", "\"lag\"")).error().field, "/log");
  EXPECT_FALSE(ParseEvidence("").has_value());
  EXPECT_EQ(ParseEvidence(std::string(kEvidenceBytesMax + 1, ' ')).error().code,
            ErrorCode::kTooLarge);
}

TEST(Statement, IsReadStrictlyAndOfItsTypeOnly) {
  const CosignRefusal refusal{"north.example/line", Log().Head(3), RefusalReason::kUnknownLog,
                              Log().Head(2), kNoon};
  const std::string text = SignCosignRefusal(refusal, MessageKey()).value();
  const crypto::PublicKey key = MessageKey().public_key();
  EXPECT_EQ(OpenCosignRefusal(text, key).value(), refusal);
  EXPECT_EQ(OpenKeyRevocation(text, key).error().field, "payloadType");
  EXPECT_EQ(OpenCosignRefusal(text, TestSecret(5).public_key()).error().code,
            ErrorCode::kUnauthorized);
  for (const std::optional<uint64_t> last :
       {std::optional<uint64_t>(), std::optional(kTreeSizeMax)}) {
    const KeyRevocation revocation{key, kNoon, last};
    EXPECT_EQ(OpenKeyRevocation(SignKeyRevocation(revocation, MessageKey()).value(), key).value(),
              revocation);
  }
  const auto refused = [&](const std::function<void(CosignRefusal*)>& change) {
    CosignRefusal other = refusal;
    change(&other);
    return !SignCosignRefusal(other, MessageKey()).has_value();
  };
  EXPECT_TRUE(refused([](CosignRefusal* r) { r->origin = "a b"; }));
  EXPECT_TRUE(refused([](CosignRefusal* r) { r->refused.size = 0; }));
  EXPECT_TRUE(refused([](CosignRefusal* r) { r->known = {kTreeSizeMax + 1, {}}; }));
  EXPECT_TRUE(refused([](CosignRefusal* r) { r->refused_at = base::kTimeOpenEnd; }));
  const auto open = [&](std::string_view payload) {
    const std::string envelope =
        crypto::SignEnvelope("application/vnd.wideberth.key-revocation.v1+json",
                             base::AsBytes(payload), MessageKey())
            .value();
    return OpenKeyRevocation(envelope, key);
  };
  const std::string fields =
      "\"key\": \"" + key.ToHex() + "\", \"revoked_at\": \"2027-01-15T12:00:00Z\"";
  EXPECT_TRUE(open("{" + fields + "}").has_value());
  EXPECT_EQ(open("{" + fields + ", \"why\": 1}").error().field, "/why");
  EXPECT_EQ(open("{" + fields + ", \"last_size\": -1}").error().field, "/last_size");
  EXPECT_EQ(open("{}").error().field, "/key");
}

}  // namespace
}  // namespace wideberth::record
