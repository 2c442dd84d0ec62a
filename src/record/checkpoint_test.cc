#include "record/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "record/spelling.h"

namespace wideberth::record {
namespace {

using base::ErrorCode;

constexpr std::string_view kOrigin = "a.example/line/b";
constexpr uint64_t kNowS = 1'795'255'200;

SignerKey Signer(std::string_view name, uint8_t seed, KeyAlgorithm algorithm) {
  return SignerKey::Make(name, algorithm,
                         crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value())
      .value();
}

const SignerKey& Log() {
  static const SignerKey key = Signer(kOrigin, 1, KeyAlgorithm::kEd25519);
  return key;
}
const SignerKey& OwnClock() {
  static const SignerKey key = Signer(kOrigin, 2, KeyAlgorithm::kCosignatureV1);
  return key;
}
const SignerKey& Peer() {
  static const SignerKey key = Signer("b.example/mirror", 3, KeyAlgorithm::kCosignatureV1);
  return key;
}

CheckpointKeys Keys() {
  return {Log().verifier(), {OwnClock().verifier(), Peer().verifier()}};
}

TreeHead Head(uint64_t size) {
  return {size, size == 0 ? EmptyRoot() : LeafHash(base::AsBytes("root"))};
}

std::string Bytes(const SignedNote& note) {
  return FormatNote(note).value();
}

// A note of any text that the log signed.
std::string SignedBy(const SignerKey& key, std::string_view text) {
  return FormatNote({std::string(text), {key.Sign(text).value()}}).value();
}

template <class T>
std::string Refusal(const base::Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().ToString();
}

// ------------------------------------------------------------------------------ text and signatures

TEST(Checkpoint, TheTextMakesTheRoundTrip) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{20'852'163}, kTreeSizeMax}) {
    const std::string text = FormatCheckpoint(kOrigin, Head(size)).value();
    const Checkpoint checkpoint = ParseCheckpoint(text).value();
    EXPECT_EQ(checkpoint, (Checkpoint{std::string(kOrigin), Head(size), ""}));
  }
  EXPECT_EQ(FormatCheckpoint(kOrigin, {0, EmptyRoot()}).value(),
            "a.example/line/b\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(Refusal(FormatCheckpoint("a b", Head(1))),
            "origin: must be a key name: 1 to 255 bytes of UTF-8 without spaces, '+' and control "
            "characters (found a b)");
  EXPECT_EQ(Refusal(FormatCheckpoint(kOrigin, Head(kTreeSizeMax + 1))),
            "size: must be at most 2^63 - 1 (found 9223372036854775808)");
  EXPECT_EQ(FormatCheckpoint(kOrigin, {0, Head(1).root}).error().field, "root");
}

TEST(Checkpoint, TextsAreParsedStrictly) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  const std::string size_rule =
      "must be the size: a decimal number without leading zeros, at most 2^63 - 1";
  const std::string root_rule = "must be the root: 32 bytes in base64";
  struct Case {
    std::string text, field, rule;
  };
  const std::vector<Case> cases = {
      {"", "line 1", "must end in a newline"},
      {"o\n1\n" + root, "line 3", "must end in a newline"},
      {"\n1\n" + root + "\n", "line 1", "must be the origin of a log"},
      {"o\n", "line 2", size_rule},
      {"o\n\n" + root + "\n", "line 2", size_rule},
      {"o\n01\n" + root + "\n", "line 2", size_rule},
      {"o\n+1\n" + root + "\n", "line 2", size_rule},
      {"o\n-1\n" + root + "\n", "line 2", size_rule},
      {"o\n1 \n" + root + "\n", "line 2", size_rule},
      {"o\n0x1\n" + root + "\n", "line 2", size_rule},
      {"o\n9223372036854775808\n" + root + "\n", "line 2", size_rule},
      {"o\n18446744073709551617\n" + root + "\n", "line 2", size_rule},
      {"o\n1\n", "line 3", root_rule},
      {"o\n1\n\n", "line 3", root_rule},
      {"o\n1\nAAAA\n", "line 3", root_rule},
      {"o\n1\n" + root + "=\n", "line 3", root_rule},
      {"o\n1\n" + root.substr(0, 43) + "\n", "line 3", root_rule},
      {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "line 3", root_rule},
      {"o\n0\n" + root + "\n", "line 3", "must be SHA-256 of nothing at size 0"},
      {"o\n1\n" + root + "\n\n", "line 4", "must not be empty in a checkpoint"},
      {"o\n1\n" + root + "\next\n\next\n", "line 5", "must not be empty in a checkpoint"},
      {"o\r\n1\n" + root + "\n", "line 1", "must have no control characters"},
  };
  for (const Case& each : cases) {
    const auto parsed = ParseCheckpoint(each.text);
    ASSERT_FALSE(parsed.has_value()) << each.text;
    EXPECT_EQ(parsed.error().field, each.field) << each.text;
    EXPECT_EQ(parsed.error().rule, each.rule) << each.text;
  }
  // Others name their logs as they like, and may have lines of their own.
  const Checkpoint other = ParseCheckpoint("the log of X\n7\n" + root + "\next 1\next 2\n").value();
  EXPECT_EQ(other.origin, "the log of X");
  EXPECT_EQ(other.head.size, 7U);
  EXPECT_EQ(other.extensions, "ext 1\next 2\n");
}

TEST(Checkpoint, WhatLogAndCosignersSignOpens) {
  SignedNote note = SignCheckpoint(Head(9), Log()).value();
  OpenedCheckpoint opened = OpenCheckpoint(Bytes(note), Keys()).value();
  EXPECT_EQ(opened.checkpoint, (Checkpoint{std::string(kOrigin), Head(9), ""}));
  EXPECT_EQ(opened.note, note);
  EXPECT_TRUE(opened.cosignatures.empty());

  note.signatures.push_back(CosignCheckpoint(note.text, Peer(), kNowS + 5).value());
  note.signatures.push_back(CosignCheckpoint(note.text, OwnClock(), kNowS).value());
  const SignerKey stranger = Signer("c.example", 9, KeyAlgorithm::kCosignatureV1);
  note.signatures.push_back(CosignCheckpoint(note.text, stranger, kNowS).value());
  opened = OpenCheckpoint(Bytes(note), Keys()).value();
  EXPECT_EQ(opened.cosignatures, (std::vector<Cosignature>{{1, kNowS + 5}, {0, kNowS}}));
  EXPECT_EQ(opened.note, note);

  // Who cosigned twice did so from the earlier time on.
  note.signatures.push_back(CosignCheckpoint(note.text, Peer(), kNowS - 7).value());
  note.signatures.push_back(CosignCheckpoint(note.text, OwnClock(), kNowS + 7).value());
  opened = OpenCheckpoint(Bytes(note), Keys()).value();
  EXPECT_EQ(opened.cosignatures, (std::vector<Cosignature>{{1, kNowS - 7}, {0, kNowS}}));
}

TEST(Checkpoint, OnlyTheLogsOwnCheckpointsOpen) {
  const SignedNote note = SignCheckpoint(Head(9), Log()).value();
  const std::string bytes = Bytes(note);

  const SignedNote cosigned{note.text, {CosignCheckpoint(note.text, Peer(), kNowS).value()}};
  const auto without_log = OpenCheckpoint(Bytes(cosigned), Keys());
  EXPECT_EQ(without_log.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(Refusal(without_log), "signatures: must include one of the log (found 1 of cosigners)");

  CheckpointKeys other_log = Keys();
  other_log.log = Signer("x.example", 4, KeyAlgorithm::kEd25519).verifier();
  EXPECT_EQ(OpenCheckpoint(bytes, other_log).error().code, ErrorCode::kUnauthorized);

  const std::string other_origin = SignedBy(Log(), FormatCheckpoint("x.example", Head(9)).value());
  EXPECT_EQ(
      Refusal(OpenCheckpoint(other_origin, Keys())),
      "line 1: must be the origin of the log that signed, a.example/line/b (found x.example)");
  EXPECT_EQ(Refusal(OpenCheckpoint(SignedBy(Log(), "a.example/line/b\n9\n"), Keys())),
            "line 3: must be the root: 32 bytes in base64");

  // A peer's broken cosignature is not passed over in silence.
  SignedNote broken = note;
  broken.signatures.push_back(CosignCheckpoint(note.text, Peer(), kNowS).value());
  broken.signatures.back().bytes[7] ^= 1;  // its time
  EXPECT_EQ(OpenCheckpoint(Bytes(broken), Keys()).error().code, ErrorCode::kUnauthorized);
  // One over another size is no cosignature of this.
  broken.signatures.back() =
      CosignCheckpoint(FormatCheckpoint(kOrigin, Head(10)).value(), Peer(), kNowS).value();
  EXPECT_EQ(OpenCheckpoint(Bytes(broken), Keys()).error().code, ErrorCode::kUnauthorized);
}

TEST(Checkpoint, ExtensionsOfOthersAreSignedWithTheText) {
  const std::string text = FormatCheckpoint(kOrigin, Head(9)).value() + "theirs\n";
  SignedNote note{text, {Log().Sign(text).value()}};
  note.signatures.push_back(CosignCheckpoint(text, Peer(), kNowS).value());
  const OpenedCheckpoint opened = OpenCheckpoint(Bytes(note), Keys()).value();
  EXPECT_EQ(opened.checkpoint.extensions, "theirs\n");
  EXPECT_EQ(opened.cosignatures.size(), 1U);
  note.text.replace(note.text.find("theirs"), 6, "others");
  EXPECT_FALSE(OpenCheckpoint(Bytes(note), Keys()).has_value());
}

TEST(Checkpoint, EveryKeyHasItsRole) {
  EXPECT_EQ(SignCheckpoint(Head(1), OwnClock()).error().field, "key");
  const std::string text = FormatCheckpoint(kOrigin, Head(1)).value();
  EXPECT_EQ(CosignCheckpoint(text, Log(), kNowS).error().field, "key");
  EXPECT_EQ(CosignCheckpoint("no checkpoint\n", Peer(), kNowS).error().field, "line 2");
  EXPECT_EQ(CosignCheckpoint(text, Peer(), kCosignatureTimeMaxS + 1).error().field, "time");
  const std::string bytes = Bytes(SignCheckpoint(Head(1), Log()).value());
  EXPECT_EQ(OpenCheckpoint(bytes, {OwnClock().verifier(), {}}).error().field, "keys.log");
  EXPECT_EQ(OpenCheckpoint(bytes, {Log().verifier(), {Log().verifier()}}).error().field,
            "keys.cosigners");
}

// ----------------------------------------------------------------------------- words of other people

std::optional<json::Document> ReadShared(const std::string& name) {
  std::ifstream file("../shared/vectors/record/" + name, std::ios::binary);
  if (!file) return std::nullopt;
  return json::Document::Parse(std::string(std::istreambuf_iterator<char>(file), {})).value();
}

TEST(Checkpoint, TheSpecificationsExamplesAreRead) {
  const auto document = ReadShared("c2sp_examples.json");
  if (!document) GTEST_SKIP() << "skipped: ../shared is absent";
  json::Object examples = document->root().AsObject().value();
  for (const auto& [key, signatures] :
       {std::pair<std::string_view, size_t>{"checkpoint_example_format_only", 1},
        std::pair<std::string_view, size_t>{"cosigned_checkpoint_example_format_only", 2}}) {
    const std::string_view bytes = examples.RequiredString(key, 2000).value();
    const SignedNote note = ParseNote(bytes).value();
    EXPECT_EQ(FormatNote(note).value(), bytes);
    ASSERT_EQ(note.signatures.size(), signatures);
    const Checkpoint checkpoint = ParseCheckpoint(note.text).value();
    EXPECT_EQ(checkpoint.origin, "example.com/behind-the-sofa");
    EXPECT_EQ(checkpoint.head.size, 20'852'163U);
    EXPECT_EQ(FormatCheckpoint(checkpoint.origin, checkpoint.head).value(), note.text);
    EXPECT_EQ(note.signatures[0].key_name, checkpoint.origin);
    if (signatures == 2) {
      // The time that the specification shows in its message.
      EXPECT_EQ(note.signatures[1].key_name, "witness.example.com/w1");
      ASSERT_EQ(note.signatures[1].bytes.size(), 72U);
      EXPECT_EQ(FromBigEndian64(base::ByteView(note.signatures[1].bytes).first<8>()),
                1'679'315'147U);
    }
  }
}

TEST(Checkpoint, OtherCodeMakesTheSameBytes) {
  // From the seeds above, by OpenSSL's Ed25519 and a script that follows the specification.
  EXPECT_EQ(Log().verifier().Format(),
            "a.example/line/b+8d4f8f22+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
  EXPECT_EQ(OwnClock().verifier().Format(),
            "a.example/line/b+51a9f660+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU");
  EXPECT_EQ(Peer().verifier().Format(),
            "b.example/mirror+19808cf3+BO1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR");
  const std::string_view theirs =
      "a.example/line/b\n"
      "9\n"
      "PAb5plclr2BSYfY2ZyyWINQJcx2JpFHXRV/pxK4WeCk=\n"
      "\n"
      "\xE2\x80\x94 a.example/line/b "
      "jU+PIiNwUbRMNxB1av4Kfe8P197H9II47rqJclb1YrzO499TiF2pZJIPR2NQKxoceR/ATT6ap5H0vFk5RWOemgZP"
      "zAU=\n"
      "\xE2\x80\x94 a.example/line/b "
      "Uan2YAAAAABrAWugT3Xjx7dyuX0bWh4GNVD/yNFLmhcOuX6sRHkySUJxzuR+mPPQYKZPsbk4Cpp4SZ4tHjTO0PVK"
      "KCiGm5bRp76JCw==\n"
      "\xE2\x80\x94 b.example/mirror "
      "GYCM8wAAAABrAWuloQEX0GAugXrxr3J+YInGgi2VM/jBsijH3/qRWDP1PxzHkd04vCZAzCJrKGz0vcHMgYz5oAGx"
      "7jHMSLWwGIcMDw==\n";
  SignedNote ours = SignCheckpoint(Head(9), Log()).value();
  ours.signatures.push_back(CosignCheckpoint(ours.text, OwnClock(), kNowS).value());
  ours.signatures.push_back(CosignCheckpoint(ours.text, Peer(), kNowS + 5).value());
  EXPECT_EQ(Bytes(ours), theirs);
  EXPECT_TRUE(OpenCheckpoint(theirs, Keys()).has_value());
}

// As much of a witness as shows that the pieces fit the requests that witnesses are tested with: "old <size>", a proof,
// an empty line, a checkpoint.
class Witness {
 public:
  explicit Witness(std::string_view log_vkey) : keys_{VerifierKey::Parse(log_vkey).value(), {}} {}

  int AddCheckpoint(std::string_view body) {
    const size_t blank = body.find("\n\n");
    const auto opened = OpenCheckpoint(body.substr(blank + 2), keys_);
    if (!opened) return opened.error().code == ErrorCode::kUnauthorized ? 403 : 400;
    std::string_view request = body.substr(0, blank);
    const std::string_view old_line = request.substr(0, request.find('\n'));
    request.remove_prefix(std::min(request.size(), old_line.size() + 1));
    const auto old_size = ParseDecimal(old_line.substr(4), kTreeSizeMax);
    if (old_size != head_.size) return 409;
    Proof proof;
    while (!request.empty()) {
      const std::string_view line = request.substr(0, request.find('\n'));
      const auto bytes = base::Base64Decode(line).value();
      proof.emplace_back();
      std::copy(bytes.begin(), bytes.end(), proof.back().bytes.begin());
      request.remove_prefix(std::min(request.size(), line.size() + 1));
    }
    const TreeHead& head = opened->checkpoint.head;
    if (head_.size == 0 ? !proof.empty() : !VerifyConsistency(head_, head, proof)) return 422;
    head_ = head;
    return 200;
  }

 private:
  CheckpointKeys keys_;
  TreeHead head_{0, EmptyRoot()};
};

TEST(Checkpoint, AWitnessConversationGoesAsItDoesElsewhere) {
  const auto document = ReadShared("witness_add_checkpoint.json");
  if (!document) GTEST_SKIP() << "skipped: ../shared is absent";
  json::Object conversation = document->root().AsObject().value();
  Witness witness(conversation.RequiredString("log_vkey", 1000).value());
  const json::Array steps = conversation.RequiredArray("steps", 100).value();
  EXPECT_EQ(steps.size(), 9U);
  for (const json::Value step : steps) {
    json::Object object = step.AsObject().value();
    std::string body(object.RequiredString("body", 5000).value());
    // One false signature also has bits behind its end that are not zero; there it is base64 of the same bytes as with
    // zeros, here it is malformed.
    if (const size_t loose = body.find("Vrx6gx=\n"); loose != std::string::npos) {
      EXPECT_EQ(witness.AddCheckpoint(body), 400);
      body.replace(loose, 8, "Vrx6gw=\n");
    }
    EXPECT_EQ(witness.AddCheckpoint(body), object.RequiredInt64("status", 200, 499).value())
        << body;
  }
}

}  // namespace
}  // namespace wideberth::record
