#include "record/witness.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "json/reader.h"
#include "record/testing/logs.h"

namespace wideberth::record {
namespace {

using base::ErrorCode;
using testing::TestLog;
using testing::TestSigner;

constexpr uint64_t kNowS = 1'800'000'000;

AddCheckpointRequest Ask(const TestLog& log, uint64_t old_size, uint64_t size) {
  AddCheckpointRequest request{old_size, {}, log.Note(size)};
  if (old_size > 0) request.proof = ConsistencyProof(log.nodes, old_size, size).value();
  return request;
}

WitnessedLog Row(const TestLog& log, uint64_t size) {
  WitnessedLog row{log.log.verifier(), log.Head(size), std::nullopt, kNowS};
  if (size > 0) row.last = log.Note(size);
  return row;
}

WitnessStatus StatusOf(const WitnessedLog& row, const AddCheckpointRequest& request) {
  const WitnessDecision decision = DecideCosigning(&row, request, kNowS);
  EXPECT_EQ(decision.row.has_value(), decision.status == WitnessStatus::kCosigned);
  EXPECT_EQ(decision.error.rule.empty(), decision.status == WitnessStatus::kCosigned);
  return decision.status;
}

TEST(Witness, AnswersAsTheReferenceWitnessDoes) {
  std::ifstream file("../shared/vectors/record/witness_add_checkpoint.json");
  if (!file) GTEST_SKIP() << "no vectors here";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto document = json::Document::Parse(text).value();
  auto root = document.root().AsObject().value();
  const VerifierKey log =
      VerifierKey::Parse(root.RequiredString("log_vkey", 1'000).value()).value();
  WitnessedLog row{log, {0, EmptyRoot()}, std::nullopt, 0};
  const SignerKey witness = TestSigner("example.com/witness", KeyAlgorithm::kCosignatureV1, 9);
  size_t steps = 0;
  const json::Array all_steps = root.RequiredArray("steps", 100).value();
  for (const json::Value value : all_steps) {
    auto step = value.AsObject().value();
    std::string body(step.RequiredString("body", 10'000).value());
    int64_t status = step.RequiredInt64("status", 0, 999).value();
    const std::string_view expected = step.RequiredString("assert", 1'000).value();
    // That witness answers 403 for a log that it does not know; the format's text says 404.
    if (expected.find("unknown log") != std::string_view::npos) status = 404;
    auto request = ParseAddCheckpoint(body);
    if (!request && expected.find("invalid signature") != std::string_view::npos) {
      // This one was altered so that its base64 has bits beyond its last byte: refused here before it is verified.
      EXPECT_EQ(request.error().field, "checkpoint: line 5");
      body.replace(body.size() - 3, 1, "w");
      request = ParseAddCheckpoint(body);
    }
    ASSERT_TRUE(request.has_value()) << request.error().ToString();
    EXPECT_EQ(FormatAddCheckpoint(*request).value(), body);
    const WitnessDecision decision = DecideCosigning(&row, *request, kNowS);
    EXPECT_EQ(static_cast<int64_t>(decision.status), status) << ++steps;
    std::vector<NoteSignature> cosignatures;
    if (decision.status == WitnessStatus::kCosigned) {
      row = *decision.row;
      cosignatures.push_back(CosignCheckpoint(decision.text, witness, 1'800'000'000).value());
    }
    const WitnessAnswer answer = AnswerOf(decision, cosignatures).value();
    if (status == 200) {
      EXPECT_TRUE(answer.body.starts_with("\xE2\x80\x94 example.com/witness "));
      EXPECT_EQ(ReadCosignatures(answer.body, decision.text, {witness.verifier()}).value(),
                cosignatures);
    } else if (status == 409) {
      EXPECT_EQ("body == \"" + answer.body.substr(0, answer.body.size() - 1) + "\\n\"", expected);
      EXPECT_EQ(answer.content_type(), "text/x.tlog.size");
    }
  }
  EXPECT_EQ(row.head.size, 5u);
}

TEST(Witness, RequestsHaveOneSpelling) {
  const TestLog log(300);
  for (const auto& [old_size, size] : std::vector<std::pair<uint64_t, uint64_t>>{
           {0, 0}, {0, 300}, {1, 300}, {256, 300}, {255, 256}, {300, 300}}) {
    const AddCheckpointRequest request = Ask(log, old_size, size);
    const std::string body = FormatAddCheckpoint(request).value();
    EXPECT_EQ(ParseAddCheckpoint(body).value(), request);
    base::SeededRandom random(size);
    for (int i = 0; i < 300; ++i) {
      std::string other = body;
      other[random.Below(other.size())] ^= static_cast<char>(1 << random.Below(8));
      const auto parsed = ParseAddCheckpoint(other);
      if (parsed) {
        EXPECT_EQ(FormatAddCheckpoint(*parsed).value(), other);
      }
    }
    for (size_t end = 0; end < body.size(); end += 7) {
      EXPECT_FALSE(ParseAddCheckpoint(std::string_view(body).substr(0, end)).has_value());
    }
  }
}

TEST(Witness, MalformedRequestsAreRefusedByTheirField) {
  const TestLog log(300);
  const std::string note = log.Text(300);
  const std::string hash = base::Base64Encode(EmptyRoot().bytes) + "\n";
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1"},
      {"old 1", "line 1"},
      {"old  1\n\n" + note, "line 1"},
      {"old 01\n\n" + note, "line 1"},
      {"old -1\n\n" + note, "line 1"},
      {"old 9223372036854775808\n\n" + note, "line 1"},
      {"new 1\n\n" + note, "line 1"},
      {"old 1\n", "line 2"},
      {"old 1\nAAAA\n\n" + note, "line 2"},
      {"old 1\n" + hash + " " + hash + "\n" + note, "line 3"},
      {"old 1\n" + hash + note, "line 3"},
      {"old 1\n" + many + "\n" + note, "proof"},
      {"old 0\n" + hash + "\n" + note, "proof"},
      {"old 301\n\n" + note, "line 1"},
      {"old 1\n\n\n" + note, "checkpoint: line 1"},
      {"old 1\n\nno checkpoint\n\n" + note.substr(note.find("\xE2\x80\x94")), "checkpoint: line 2"},
  };
  for (const auto& [body, field] : cases) {
    const auto parsed = ParseAddCheckpoint(body);
    ASSERT_FALSE(parsed.has_value()) << body;
    EXPECT_EQ(parsed.error().field, field) << parsed.error().ToString();
  }
  EXPECT_EQ(ParseAddCheckpoint(std::string(kAddCheckpointBytesMax + 1, 'x')).error().code,
            ErrorCode::kTooLarge);
}

TEST(Witness, CosignsWhatExtendsAndNothingElse) {
  const TestLog log(300);
  TestLog fork(TestLog::ShortEntries(300, 1));
  EXPECT_EQ(StatusOf(Row(log, 0), Ask(log, 0, 200)), WitnessStatus::kCosigned);
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 200, 300)), WitnessStatus::kCosigned);
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 200, 200)), WitnessStatus::kCosigned);  // again
  // Smaller, or proven from elsewhere.
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 100, 150)), WitnessStatus::kConflict);
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 100, 300)), WitnessStatus::kConflict);
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 0, 300)), WitnessStatus::kConflict);
  EXPECT_EQ(StatusOf(Row(log, 200), Ask(log, 250, 300)), WitnessStatus::kConflict);
  EXPECT_EQ(DecideCosigning(nullptr, Ask(log, 0, 300), kNowS).status, WitnessStatus::kUnknownLog);
  const WitnessedLog row = Row(log, 200);
  EXPECT_EQ(DecideCosigning(&row, Ask(log, 100, 150), kNowS).finding, LogFinding::kShorter);
  // Another history.
  const WitnessDecision forked = DecideCosigning(&row, Ask(fork, 200, 200), kNowS);
  EXPECT_EQ(forked.status, WitnessStatus::kConflict);
  EXPECT_EQ(forked.finding, LogFinding::kFork);
  EXPECT_EQ(StatusOf(row, Ask(fork, 200, 300)), WitnessStatus::kUnproven);
  // A proof that is short, long, empty, or altered.
  AddCheckpointRequest request = Ask(log, 200, 300);
  request.proof.pop_back();
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kUnproven);
  request.proof.clear();
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kUnproven);
  request = Ask(log, 200, 300);
  request.proof[0].bytes[0] ^= 1;
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kUnproven);
  request = Ask(log, 200, 200);
  request.proof.push_back(EmptyRoot());
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kUnproven);
  // A request that was made by hand and breaks the form.
  request = Ask(log, 200, 300);
  request.old_size = 301;
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kMalformed);
  request.checkpoint.text = "no checkpoint\n";
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kMalformed);
}

TEST(Witness, TakesTheWordOfTheLogsKeyOnly) {
  const TestLog log(300);
  const WitnessedLog row = Row(log, 200);
  AddCheckpointRequest request = Ask(log, 200, 300);
  // The right name, another key.
  const SignerKey other = TestSigner(log.log.verifier().name(), KeyAlgorithm::kEd25519, 77);
  request.checkpoint.signatures = {other.Sign(request.checkpoint.text).value()};
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kNotSigned);
  // Its own beside it: the unknown key is passed over, and not kept.
  request.checkpoint.signatures.push_back(log.log.Sign(request.checkpoint.text).value());
  const WitnessDecision decision = DecideCosigning(&row, request, kNowS);
  EXPECT_EQ(decision.status, WitnessStatus::kCosigned);
  EXPECT_EQ(decision.row, Row(log, 300));
  // A signature that claims the key and does not verify spoils the note.
  request.checkpoint.signatures.back().bytes[3] ^= 1;
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kNotSigned);
  // A cosignature is not the log's signature.
  request.checkpoint.signatures = {CosignCheckpoint(request.checkpoint.text, log.clock, 5).value()};
  EXPECT_EQ(StatusOf(row, request), WitnessStatus::kNotSigned);
  const TestLog elsewhere(TestLog::ShortEntries(300), "elsewhere.example/log");
  EXPECT_EQ(StatusOf(row, Ask(elsewhere, 200, 300)), WitnessStatus::kUnknownLog);
}

TEST(Witness, AMirrorCosignsOnlyWhatItHolds) {
  const TestLog log(300);
  const WitnessedLog row = Row(log, 200);
  const TestLog held(TestLog::ShortEntries(250));
  EXPECT_EQ(DecideCosigning(&row, Ask(log, 200, 250), kNowS, &held.nodes).status,
            WitnessStatus::kCosigned);
  EXPECT_EQ(DecideCosigning(&row, Ask(log, 200, 249), kNowS, &held.nodes).status,
            WitnessStatus::kCosigned);
  EXPECT_EQ(DecideCosigning(&row, Ask(log, 200, 251), kNowS, &held.nodes).status,
            WitnessStatus::kNotHeld);
  // What was delivered is another tree than what was signed.
  auto entries = TestLog::ShortEntries(250);
  entries[220][0] ^= 1;
  const TestLog delivered(entries);
  const WitnessDecision decision =
      DecideCosigning(&row, Ask(log, 200, 250), kNowS, &delivered.nodes);
  EXPECT_EQ(decision.status, WitnessStatus::kUnproven);
  EXPECT_EQ(decision.finding, LogFinding::kOtherTree);
}

TEST(Witness, RowsAreRestoredOnlyAsTheLogSignedThem) {
  const TestLog log(300);
  EXPECT_EQ(RestoreWitnessedLog(log.log.verifier(), log.Text(300), kNowS).value(), Row(log, 300));
  std::string text = log.Text(300);
  text[text.find("300")] = '4';
  EXPECT_EQ(RestoreWitnessedLog(log.log.verifier(), text, kNowS).error().code,
            ErrorCode::kUnauthorized);
}

TEST(Witness, SignedTimesNeverStepBack) {
  const TestLog log(300);
  WitnessedLog row = Row(log, 0);
  uint64_t last_s = 0;
  base::SeededRandom random(1);
  for (uint64_t size = 1; size < 100; ++size) {
    const uint64_t now_s = kNowS - 50 + random.Below(100);
    row = *DecideCosigning(&row, Ask(log, size - 1, size), now_s).row;
    EXPECT_EQ(row.time_s, std::max({now_s, last_s, kNowS}));
    last_s = row.time_s;
  }
}

// Whatever is asked, in whatever order, over logs that fork: what was cosigned is one history.
TEST(Witness, NeverCosignsTwoHistories) {
  constexpr size_t kSize = 40;
  std::vector<TestLog> histories;
  for (const size_t common : {0U, 1U, 13U, 20U, 32U}) {
    auto entries = TestLog::ShortEntries(kSize);
    const auto other = TestLog::ShortEntries(kSize, common + 1);
    for (size_t i = common; i < kSize; ++i) entries[i] = other[i];
    histories.emplace_back(entries);
  }
  size_t cosigned_in_all = 0;
  for (uint64_t seed = 0; seed < 25; ++seed) {
    base::SeededRandom random(seed);
    WitnessedLog row{histories[0].log.verifier(), {0, EmptyRoot()}, std::nullopt, 0};
    std::vector<std::pair<const TestLog*, uint64_t>> cosigned;
    for (int i = 0; i < 200; ++i) {
      const TestLog& log = histories[random.Below(histories.size())];
      const uint64_t size = std::min<uint64_t>(kSize, row.head.size + random.Below(6));
      const uint64_t old_size =
          random.Below(4) == 0 ? random.Below(size + 1) : std::min(size, row.head.size);
      AddCheckpointRequest request = Ask(log, old_size, size);
      if (random.Below(8) == 0) {  // the proof of one history for the head of another
        const TestLog& other = histories[random.Below(histories.size())];
        request.proof = Ask(other, old_size, size).proof;
      }
      const WitnessDecision decision = DecideCosigning(&row, request, kNowS);
      if (decision.status != WitnessStatus::kCosigned) continue;
      row = *decision.row;
      cosigned.emplace_back(&log, size);
    }
    cosigned_in_all += cosigned.size();
    for (size_t i = 0; i + 1 < cosigned.size(); ++i) {
      const auto& [log, size] = cosigned[i];
      const auto& [next_log, next_size] = cosigned[i + 1];
      ASSERT_LE(size, next_size);
      // The entries themselves, not their hashes.
      for (size_t entry = 0; entry < size; ++entry) {
        ASSERT_EQ(log->entries.entries[entry], next_log->entries.entries[entry]) << seed;
      }
    }
  }
  EXPECT_GT(cosigned_in_all, 200u);
}

TEST(Witness, AnswersAreReadStrictly) {
  const TestLog log(10);
  const std::string text = log.Note(10).text;
  const NoteSignature ours = CosignCheckpoint(text, log.peer, 1'800'000'000).value();
  const SignerKey stranger = TestSigner("w.example", KeyAlgorithm::kCosignatureV1, 50);
  const NoteSignature theirs = CosignCheckpoint(text, stranger, 5).value();
  const std::string ours_line = FormatSignatureLine(ours).value();
  const std::string theirs_line = FormatSignatureLine(theirs).value();
  const std::vector<VerifierKey> known = {log.peer.verifier()};
  EXPECT_EQ(ReadCosignatures(theirs_line + ours_line, text, known).value(),
            std::vector<NoteSignature>{ours});
  EXPECT_EQ(ReadCosignatures(theirs_line, text, known).error().code, ErrorCode::kUnauthorized);
  EXPECT_FALSE(ReadCosignatures("", text, known).has_value());
  EXPECT_FALSE(ReadCosignatures("\n" + ours_line, text, known).has_value());
  EXPECT_FALSE(ReadCosignatures("x\n\n" + ours_line, text, known).has_value());
  EXPECT_FALSE(ReadCosignatures(ours_line, log.Note(9).text, known).has_value());
  EXPECT_FALSE(ReadCosignatures(ours_line, "no checkpoint\n", known).has_value());
  // The log's own signature is nobody's cosignature.
  EXPECT_FALSE(ReadCosignatures(FormatSignatureLine(log.log.Sign(text).value()).value(), text,
                                {log.log.verifier()})
                   .has_value());
  EXPECT_EQ(ReadKnownSize("17\n").value(), 17u);
  for (const char* bad : {"", "17", "017\n", "x\n", "17\n\n", "-1\n", "9223372036854775808\n"}) {
    EXPECT_FALSE(ReadKnownSize(bad).has_value()) << bad;
  }
  WitnessDecision decision;
  decision.status = WitnessStatus::kCosigned;
  EXPECT_FALSE(AnswerOf(decision, {}).has_value());
}

}  // namespace
}  // namespace wideberth::record
