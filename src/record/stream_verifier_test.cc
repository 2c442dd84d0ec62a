#include "record/stream_verifier.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "record/testing/logs.h"
#include "record/testing/naive_merkle.h"

namespace wideberth::record {
namespace {

using testing::TestLog;

constexpr uint64_t kSize = 10'000;
const TestLog& Log() {
  static const TestLog* const log = new TestLog(kSize);
  return *log;
}

base::Result<void> Stream(StreamVerifier* verifier, uint64_t size = kSize) {
  for (uint64_t i = 0; i < size; ++i) {
    WB_RETURN_IF_ERROR(verifier->Add(Log().entries.entries[i]));
  }
  return verifier->Finish();
}

TEST(StreamVerifier, MeetsEveryHeadOfOneHistory) {
  std::vector<TreeHead> heads;
  for (const uint64_t size : {7'000U, 1U, 0U, 10'000U, 4'096U, 7'000U})
    heads.push_back(Log().Head(size));
  std::vector<StreamVerifier::Progress> progress;
  StreamVerifier verifier(heads, [&](const auto& each) { progress.push_back(each); });
  ASSERT_TRUE(Stream(&verifier).has_value());
  EXPECT_EQ(progress, (std::vector<StreamVerifier::Progress>{{1, 1, kSize},
                                                             {4'096, 4'096, kSize},
                                                             {7'000, 7'000, kSize},
                                                             {7'000, 8'192, kSize},
                                                             {kSize, kSize, kSize}}));
  EXPECT_EQ(verifier.head(), Log().Head(kSize));
}

TEST(StreamVerifier, HeadsOfTheNaiveModelAreMet) {
  const testing::NaiveTree tree(TestLog::ShortEntries(300));
  std::vector<TreeHead> heads;
  for (size_t size = 0; size <= 300; ++size) heads.push_back({size, tree.Root(size)});
  StreamVerifier verifier(heads);
  EXPECT_TRUE(Stream(&verifier, 300).has_value());
}

TEST(StreamVerifier, AHeadOfAnotherTreeIsRefusedWhereItStands) {
  for (const uint64_t size : {0U, 1U, 5'000U, 10'000U}) {
    std::vector<TreeHead> heads = {Log().Head(kSize), Log().Head(size)};
    heads.back().root.bytes[31] ^= 1;
    StreamVerifier verifier(heads);
    const auto refused = Stream(&verifier);
    ASSERT_FALSE(refused.has_value()) << size;
    EXPECT_EQ(refused.error().field, "head");
    EXPECT_EQ(verifier.progress().read, size);
    EXPECT_EQ(verifier.Add({}).error(), refused.error());  // and it stays so
    EXPECT_EQ(verifier.Finish().error(), refused.error());
  }
}

TEST(StreamVerifier, AlteredMissingSurplusAndReorderedEntriesAreRefused) {
  base::SeededRandom random(1);
  for (int i = 0; i < 40; ++i) {
    const uint64_t at = random.Below(99);
    std::vector<base::Bytes> entries = TestLog::ShortEntries(100);
    switch (i % 4) {
      case 0:
        entries[at][random.Below(entries[at].size())] ^= 1;
        break;
      case 1:
        entries.erase(entries.begin() + static_cast<ptrdiff_t>(at));
        break;
      case 2:
        entries.insert(entries.begin() + static_cast<ptrdiff_t>(at), entries[at]);
        break;
      default:
        std::swap(entries[at], entries[at + 1]);
    }
    StreamVerifier verifier({TestLog(100).Head(100)});
    base::Result<void> result;
    for (const base::Bytes& entry : entries) result = verifier.Add(entry);
    EXPECT_FALSE(verifier.Finish().has_value()) << i;
  }
}

TEST(StreamVerifier, NothingIsVerifiedWithoutAHeadOrToTheEnd) {
  StreamVerifier without({});
  EXPECT_EQ(without.Finish().error().field, "head");
  EXPECT_EQ(without.Add({}).error().field, "entry");
  StreamVerifier early({Log().Head(10)});
  EXPECT_EQ(Stream(&early, 9).error().field, "size");
  EXPECT_EQ(early.progress().verified, 0u);
  StreamVerifier empty({Log().Head(0)});
  EXPECT_TRUE(empty.Finish().has_value());
}

}  // namespace
}  // namespace wideberth::record
