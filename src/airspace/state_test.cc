#include "airspace/state.h"

#include <gtest/gtest.h>

#include "airspace/codec.h"
#include "airspace/testing/model_run.h"
#include "airspace/testing/world.h"
#include "base/random.h"

namespace wideberth::airspace {
namespace {

using testing::TestActivity;
using testing::TestNotice;
using testing::World;

TEST(StateTest, AgreesWithTheNaiveModelOverRandomCommands) {
  testing::ModelCoverage coverage;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    base::SeededRandom random(seed);
    base::Bytes bytes(400);
    random.Fill(bytes);
    ASSERT_EQ(testing::RunAgainstModel(bytes, &coverage), "");
  }
  // The runs must have met what they are there to meet.
  EXPECT_GT(coverage.commands, 10'000u);
  EXPECT_GT(coverage.refusals, 1'000u);
  EXPECT_GT(coverage.conflicts_seen, 10'000u);
  EXPECT_GT(coverage.local_conflicts, 1'000u);
  EXPECT_GT(coverage.unions, 1'000u);
  EXPECT_GT(coverage.bilateral, 100u);
  EXPECT_GT(coverage.read_backs, 100u);
}

TEST(StateTest, ApplyingEffectsTwiceChangesNothing) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const auto decision = world.Put(2, 2, TestActivity());
  ASSERT_TRUE(decision.has_value());
  const std::unique_ptr<State> again = world.Replayed();
  again->Apply(decision->effects);
  again->Apply(decision->effects);
  again->SanityCheck();
  EXPECT_EQ(again->Canonical(), world.state().Canonical());
}

TEST(StateTest, DamagedRowsAreRefused) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  std::map<uint64_t, base::Bytes> rows;
  world.Project(&rows);
  ASSERT_GE(rows.size(), 3u);
  for (const auto& [key, bytes] : rows) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(State::DecodeRow(key, base::ByteView(bytes).first(length)).has_value());
    }
    base::Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(State::DecodeRow(key, longer).has_value());
    EXPECT_TRUE(State::DecodeRow(key, bytes).has_value());
    EXPECT_FALSE(State::DecodeRow(uint64_t{9} << 56, bytes).has_value())
        << "an unknown kind of row";
  }
}

TEST(StateTest, OneNoticeOrConflictInTwoRowsIsRefused) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  std::map<uint64_t, base::Bytes> rows;
  world.Project(&rows);
  State state;
  for (const auto& [key, bytes] : rows) {
    State::Row row = State::DecodeRow(key, bytes).value();
    ASSERT_TRUE(state.LoadRow(row).has_value());
  }
  for (const auto& [key, bytes] : rows) {
    if (key >> 56 == 3) continue;  // the small facts
    State::Row row = State::DecodeRow(key + 100, bytes).value();
    EXPECT_FALSE(state.LoadRow(row).has_value());
  }
}

TEST(StateTest, PagesAreInTheOrderOfStoring) {
  World world;
  for (uint8_t n = 1; n <= 5; ++n) {
    ASSERT_TRUE(world.Put(1, static_cast<uint8_t>(6 - n), TestActivity()).has_value());
  }
  std::vector<base::NoticeId> seen;
  uint64_t after = 0;
  for (int page = 0; page < 5; ++page) {
    world.state().VisitNotices(after, [&](uint64_t ordinal, const Notice& notice) {
      after = ordinal;
      seen.push_back(notice.id);
      return false;
    });
  }
  const std::vector<base::NoticeId> expected = {TestNotice(5), TestNotice(4), TestNotice(3),
                                                TestNotice(2), TestNotice(1)};
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace wideberth::airspace
