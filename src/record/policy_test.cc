#include "record/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/random.h"
#include "json/reader.h"
#include "record/testing/logs.h"

namespace wideberth::record {
namespace {

using base::ErrorCode;
using testing::TestSigner;

std::string LogKey(uint8_t seed) {
  return TestSigner("north.example/line", KeyAlgorithm::kEd25519, seed).verifier().Format();
}
VerifierKey WitnessKey(uint8_t seed) {
  return TestSigner("w.example/" + std::to_string(seed), KeyAlgorithm::kCosignatureV1, seed)
      .verifier();
}
// "witness A <vkey>\n" for each letter.
std::string Witnesses(std::string_view letters) {
  std::string text;
  for (const char letter : letters) {
    text += std::string("witness ") + letter + " " +
            WitnessKey(static_cast<uint8_t>(letter)).Format() + "\n";
  }
  return text;
}

TEST(Policy, ReadsTheExampleOfTheSpecification) {
  std::ifstream file("../shared/vectors/record/c2sp_examples.json");
  if (!file) GTEST_SKIP() << "no vectors here";
  const std::string json_text(std::istreambuf_iterator<char>(file), {});
  const auto document = json::Document::Parse(json_text).value();
  auto root = document.root().AsObject().value();
  std::string text(root.RequiredString("tlog_policy_example_format_only", 10'000).value());
  // The example leaves its keys out.
  uint8_t seed = 1;
  for (size_t at; (at = text.find("<vkey>")) != std::string::npos; ++seed) {
    text.replace(at, 6, seed == 1 ? LogKey(1) : WitnessKey(seed).Format());
  }
  const Policy policy = Policy::Parse(text).value();
  EXPECT_EQ(policy.logs().size(), 1u);
  ASSERT_EQ(policy.witnesses().size(), 6u);
  EXPECT_EQ(policy.witnesses()[4].name, "Y2");
  // 2 of X1 X2 X3, and any of Y1 Y2 Y3.
  for (unsigned mask = 0; mask < 64; ++mask) {
    std::vector<bool> cosigned(6);
    for (size_t i = 0; i < 6; ++i) cosigned[i] = (mask >> i & 1) != 0;
    const int x = cosigned[0] + cosigned[1] + cosigned[2];
    const int y = cosigned[3] + cosigned[4] + cosigned[5];
    EXPECT_EQ(policy.IsSatisfied(cosigned), x >= 2 && y >= 1) << mask;
  }
  EXPECT_EQ(Policy::Parse(policy.Format()).value(), policy);
}

TEST(Policy, SpacesCommentsAndUrlsAreAllowed) {
  const Policy policy =
      Policy::Parse("# ours\n\n \t\n\tlog  " + LogKey(1) + "\thttps://north.example/ \n  # more\n" +
                    "witness W\xC3\xBC " + WitnessKey(2).Format() +
                    " https://w.example/\nquorum W\xC3\xBC\n")
          .value();
  EXPECT_EQ(policy.logs()[0].url, "https://north.example/");
  EXPECT_EQ(policy.witnesses()[0].url, "https://w.example/");
  EXPECT_TRUE(policy.IsSatisfied({true}));
  EXPECT_FALSE(policy.IsSatisfied({false}));
  EXPECT_FALSE(policy.IsSatisfied({}));
  EXPECT_EQ(Policy::Parse(policy.Format()).value(), policy);
}

TEST(Policy, IsRefusedByItsLine) {
  const std::string log = "log " + LogKey(1) + "\n";
  const std::string abc = Witnesses("ABC");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {log, ""},
      {"quorum none", "line 1"},
      {"quorum none\nquorum none\n", "line 2"},
      {"quorum\n", "line 1"},
      {"quorum A\n", "line 1: name"},
      {"Quorum none\n", "line 1"},
      {"quorum none\x7F\n", "line 1"},
      {"quorum none\r\n", "line 1"},
      {"log\nquorum none\n", "line 1"},
      {"log x\nquorum none\n", "line 1: vkey"},
      {log + log + "quorum none\n", "line 2: vkey"},
      {"log " + WitnessKey(1).Format() + "\nquorum none\n", "line 1: vkey"},
      {"witness A " + LogKey(1) + "\nquorum none\n", "line 1: vkey"},
      {"witness none " + WitnessKey(1).Format() + "\nquorum none\n", "line 1: name"},
      {abc + "witness A " + WitnessKey(9).Format() + "\nquorum none\n", "line 4: name"},
      {abc + "witness D " + WitnessKey('A').Format() + "\nquorum none\n", "line 4: vkey"},
      {abc + "group A any B\nquorum none\n", "line 4: name"},
      {abc + "group g any\nquorum none\n", "line 4"},
      {abc + "group g 0 A\nquorum none\n", "line 4: threshold"},
      {abc + "group g 2 A\nquorum none\n", "line 4: threshold"},
      {abc + "group g 01 A\nquorum none\n", "line 4: threshold"},
      {abc + "group g some A\nquorum none\n", "line 4: threshold"},
      {abc + "group g any A A\nquorum none\n", "line 4: member"},
      {abc + "group g any none\nquorum none\n", "line 4: member"},
      {abc + "group g any g\nquorum none\n", "line 4: member"},
      {abc + "group g any A\ngroup h any A B\nquorum none\n", "line 5: member"},
      {abc + "quorum g\ngroup g any A\n", "line 4: name"},
  };
  for (const auto& [text, field] : cases) {
    const auto policy = Policy::Parse(text);
    ASSERT_FALSE(policy.has_value()) << text;
    EXPECT_EQ(policy.error().field, field) << text << policy.error().ToString();
  }
  EXPECT_EQ(Policy::Parse(std::string(kPolicyFileBytesMax + 1, '\n')).error().code,
            ErrorCode::kTooLarge);
}

TEST(Policy, LimitsAreRefusedBeyondThemOnly) {
  std::string text;
  for (unsigned i = 0; i < kPolicyWitnessesMax; ++i) {
    text +=
        "witness " + std::to_string(i) + " " + WitnessKey(static_cast<uint8_t>(i)).Format() + "\n";
  }
  EXPECT_TRUE(Policy::Parse(text + "quorum none\n").has_value());
  EXPECT_EQ(Policy::Parse(text + "witness one-more " + WitnessKey(200).Format() + "\nquorum none\n")
                .error()
                .code,
            ErrorCode::kTooLarge);
  text = Witnesses("A") + "group 0 any A\n";
  for (unsigned i = 1; i < kPolicyGroupsMax; ++i) {
    text += "group " + std::to_string(i) + " any " + std::to_string(i - 1) + "\n";
  }
  const std::string last = std::to_string(kPolicyGroupsMax - 1);
  const Policy deep = Policy::Parse(text + "quorum " + last + "\n").value();
  EXPECT_TRUE(deep.IsSatisfied({true}));
  EXPECT_FALSE(deep.IsSatisfied({false}));
  EXPECT_EQ(Policy::Parse(text + "group more any " + last + "\nquorum none\n").error().code,
            ErrorCode::kTooLarge);
}

TEST(Policy, AllOfNeedsEverybody) {
  const VerifierKey log = VerifierKey::Parse(LogKey(1)).value();
  const Policy policy = Policy::AllOf(log, {WitnessKey(2), WitnessKey(3)}).value();
  EXPECT_FALSE(policy.IsSatisfied({true, false}));
  EXPECT_TRUE(policy.IsSatisfied({true, true}));
  EXPECT_TRUE(Policy::AllOf(log, {}).value().IsSatisfied({}));
  EXPECT_FALSE(Policy::AllOf(log, {WitnessKey(2), WitnessKey(2)}).has_value());
}

TEST(Policy, TheQuorumsTimeIsThatOfTheOneWhoCompletedIt) {
  const Policy two = Policy::Parse(Witnesses("ABC") + "group g 2 A B C\nquorum g\n").value();
  using Times = std::vector<Cosignature>;
  EXPECT_EQ(two.QuorumTime(Times{{0, 900}, {1, 500}, {2, 700}}).value(), 700u);
  EXPECT_EQ(two.QuorumTime(Times{{0, 900}, {2, 1}}).value(), 900u);
  EXPECT_EQ(two.QuorumTime(Times{{0, 900}, {0, 901}}).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(two.QuorumTime(Times{{0, 900}, {7, 901}}).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(two.QuorumTime({}).error().code, ErrorCode::kForbidden);
  const Policy none = Policy::Parse(Witnesses("AB") + "quorum none\n").value();
  EXPECT_EQ(none.QuorumTime({}).value(), std::nullopt);
  EXPECT_EQ(none.QuorumTime(Times{{1, 9}, {0, 8}}).value(), 8u);
}

}  // namespace
}  // namespace wideberth::record
