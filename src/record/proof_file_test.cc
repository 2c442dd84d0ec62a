#include "record/proof_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/random.h"
#include "json/reader.h"
#include "record/testing/logs.h"

namespace wideberth::record {
namespace {

using base::Bytes;
using base::ErrorCode;
using testing::TestLog;
using testing::TestSigner;

constexpr uint64_t kSize = 300;
const TestLog& Log() {
  static const TestLog* const log = new TestLog(kSize);
  return *log;
}

ProofFile Made(uint64_t index, uint64_t size = kSize) {
  return {index, InclusionProof(Log().nodes, index, size).value(),
          Log().Note(size, 1'800'000'000, 1'800'000'002), std::nullopt};
}

Policy Both() {
  return Policy::AllOf(Log().log.verifier(), {Log().clock.verifier(), Log().peer.verifier()})
      .value();
}

TEST(ProofFile, ProvesEveryEntryOfEverySizeToWhoeverHasThePolicy) {
  base::SeededRandom random(1);
  for (int i = 0; i < 60; ++i) {
    const uint64_t size = 1 + random.Below(kSize);
    const uint64_t index = random.Below(size);
    const std::string file = FormatProofFile(Made(index, size)).value();
    const auto proven = VerifyProofFile(file, Log().entries.entries[index], Both());
    ASSERT_TRUE(proven.has_value()) << proven.error().ToString();
    EXPECT_EQ(proven->origin, "north.example/line/south");
    EXPECT_EQ(proven->index, index);
    EXPECT_EQ(proven->head, Log().Head(size));
    EXPECT_EQ(proven->log, Log().log.verifier());
    EXPECT_EQ(proven->cosignatures,
              (std::vector<Cosignature>{{0, 1'800'000'000}, {1, 1'800'000'002}}));
    EXPECT_EQ(proven->not_after_s, 1'800'000'002u);
  }
}

TEST(ProofFile, HasTheSpecificationsSpelling) {
  const ProofFile file = Made(1, 2);
  EXPECT_EQ(FormatProofFile(file).value(), "c2sp.org/tlog-proof@v1\nindex 1\n" +
                                               base::Base64Encode(file.proof[0].bytes) + "\n\n" +
                                               FormatNote(file.checkpoint).value());
  ProofFile extra = file;
  extra.extra = Bytes{1, 2, 3};
  EXPECT_TRUE(
      FormatProofFile(extra).value().starts_with("c2sp.org/tlog-proof@v1\nextra AQID\nindex 1\n"));
  EXPECT_EQ(ParseProofFile(FormatProofFile(extra).value()).value(), extra);
  extra.extra = Bytes{};
  EXPECT_EQ(ParseProofFile(FormatProofFile(extra).value()).value(), extra);
}

// The example's signatures are cut short, its extra data is not base64, and its proof is not one of its size.
TEST(ProofFile, ReadsTheExampleOfTheSpecificationWithWholeSignatures) {
  std::ifstream in("../shared/vectors/record/c2sp_examples.json");
  if (!in) GTEST_SKIP() << "no vectors here";
  const std::string json_text(std::istreambuf_iterator<char>(in), {});
  const auto document = json::Document::Parse(json_text).value();
  auto root = document.root().AsObject().value();
  std::string text(root.RequiredString("tlog_proof_example_format_only", 10'000).value());
  EXPECT_FALSE(ParseProofFile(text).has_value());
  const size_t extra = text.find("extra ");
  text.erase(extra, text.find('\n', extra) + 1 - extra);
  EXPECT_EQ(ParseProofFile(text).error().field.substr(0, 12), "checkpoint: ");
  for (size_t at; (at = text.find("[...]")) != std::string::npos;) {
    const size_t begin = text.rfind(' ', at) + 1;
    text.replace(begin, text.find('\n', at) - begin, base::Base64Encode(Bytes(76, 7)));
  }
  const ProofFile file = ParseProofFile(text).value();
  EXPECT_EQ(file.index, 73'894u);
  EXPECT_EQ(file.proof.size(), 5u);
  EXPECT_EQ(file.checkpoint.signatures.size(), 4u);
  EXPECT_EQ(FormatProofFile(file).value(), text);
}

TEST(ProofFile, EveryAlteredByteIsNoticed) {
  const std::string file = FormatProofFile(Made(123)).value();
  const Policy policy = Both();
  const Bytes& entry = Log().entries.entries[123];
  ASSERT_TRUE(VerifyProofFile(file, entry, policy).has_value());
  base::SeededRandom random(2);
  for (size_t at = 0; at < file.size(); ++at) {
    std::string other = file;
    other[at] ^= static_cast<char>(1 << random.Below(8));
    // A cosigner's changed name or key id makes it a stranger; the quorum is missed then. Nothing else is left open.
    EXPECT_FALSE(VerifyProofFile(other, entry, policy).has_value()) << at;
    EXPECT_FALSE(VerifyProofFile(std::string_view(file).substr(0, at), entry, policy).has_value());
  }
}

TEST(ProofFile, OfAnotherEntryPlaceLogOrQuorumProvesNothing) {
  const std::string file = FormatProofFile(Made(123)).value();
  const Bytes& entry = Log().entries.entries[123];
  EXPECT_EQ(VerifyProofFile(file, Log().entries.entries[124], Both()).error().field, "proof");
  ProofFile moved = Made(123);
  moved.index = 122;
  EXPECT_FALSE(VerifyProofFile(FormatProofFile(moved).value(), entry, Both()).has_value());
  // The policy of somebody else.
  const SignerKey other = TestSigner("other.example/line", KeyAlgorithm::kEd25519, 60);
  EXPECT_EQ(VerifyProofFile(file, entry, Policy::AllOf(other.verifier(), {}).value()).error().code,
            ErrorCode::kUnauthorized);
  const SignerKey renamed = TestSigner(Log().log.verifier().name(), KeyAlgorithm::kEd25519, 61);
  EXPECT_EQ(
      VerifyProofFile(file, entry, Policy::AllOf(renamed.verifier(), {}).value()).error().code,
      ErrorCode::kUnauthorized);
  EXPECT_EQ(VerifyProofFile(file, entry, Policy::Parse("quorum none\n").value()).error().field,
            "policy");
  // A third witness is asked for.
  const SignerKey third = TestSigner("w.example", KeyAlgorithm::kCosignatureV1, 62);
  EXPECT_EQ(
      VerifyProofFile(
          file, entry,
          Policy::AllOf(Log().log.verifier(), {Log().peer.verifier(), third.verifier()}).value())
          .error()
          .code,
      ErrorCode::kForbidden);
  // Without a quorum the log's word is enough, and no time is known when nobody that is known cosigned.
  const auto alone = VerifyProofFile(file, entry, Policy::AllOf(Log().log.verifier(), {}).value());
  ASSERT_TRUE(alone.has_value());
  EXPECT_EQ(alone->not_after_s, std::nullopt);
  // A log whose key was replaced: both keys are in the policy, under one origin.
  const std::string vkeys = "log " + renamed.verifier().Format() + "\nlog " +
                            Log().log.verifier().Format() + "\nquorum none\n";
  EXPECT_EQ(VerifyProofFile(file, entry, Policy::Parse(vkeys).value()).value().log,
            Log().log.verifier());
}

TEST(ProofFile, MalformedFilesAreRefusedByTheirLine) {
  const std::string note = "\n" + Log().Text(kSize);
  const std::string hash = base::Base64Encode(EmptyRoot().bytes) + "\n";
  const std::string first = "c2sp.org/tlog-proof@v1\n";
  std::string many;
  for (size_t i = 0; i <= kProofHashesMax; ++i) many += hash;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1"},
      {"c2sp.org/tlog-proof@v1", "line 1"},
      {"c2sp.org/tlog-proof@v2\nindex 1\n" + note, "line 1"},
      {first, "line 2"},
      {first + "index 01\n" + note, "line 2"},
      {first + "index -1\n" + note, "line 2"},
      {first + "index  1\n" + note, "line 2"},
      {first + "Index 1\n" + note, "line 2"},
      {first + "index 9223372036854775807\n" + note, "line 2"},
      {first + "index 300\n" + note, "index"},
      {first + "extra ?\nindex 1\n" + note, "line 2"},
      {first + "extra AQID\nextra AQID\nindex 1\n" + note, "line 3"},
      {first + "index 1\nAQID\n" + note, "line 3"},
      {first + "index 1\n" + hash + "x\n" + note, "line 4"},
      {first + "index 1\n" + many + note, "proof"},
      {first + "index 1\n\n" + note, "checkpoint: line 1"},
      {first + "index 1\n" + hash, "line 4"},
  };
  for (const auto& [text, field] : cases) {
    const auto parsed = ParseProofFile(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().field, field) << text << parsed.error().ToString();
  }
  EXPECT_EQ(ParseProofFile(std::string(kProofFileBytesMax + 1, 'x')).error().code,
            ErrorCode::kTooLarge);
  ProofFile file = Made(1);
  file.extra = Bytes(kProofExtraBytesMax + 1);
  EXPECT_EQ(FormatProofFile(file).error().field, "extra");
  file = Made(1);
  file.checkpoint.text = "x\n";
  EXPECT_EQ(FormatProofFile(file).error().field, "checkpoint: line 2");
}

}  // namespace
}  // namespace wideberth::record
