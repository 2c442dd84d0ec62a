#include "sim/line_world.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

namespace wideberth::sim {
namespace {

constexpr uint64_t kSeeds = 50;

// `line_sim` runs thousands; these few also run under the sanitizers.
TEST(LineWorld, EveryInvariantHolds) {
  LineCounts all;
  uint64_t frames_lost = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Report report = RunLine({.seed = seed});
    ASSERT_EQ(report.broken, std::nullopt) << "line_sim --seed " << seed << " --trace";
    all.messages += report.line.messages;
    all.crashes += report.line.crashes;
    all.torn_batches += report.line.torn_batches;
    all.links_lost += report.line.links_lost;
    all.lost_checks += report.line.lost_checks;
    frames_lost += report.network.lost;
  }
  // The worlds are not empty ones.
  EXPECT_GT(all.messages, 10 * kSeeds);
  EXPECT_GT(all.crashes, kSeeds / 2);
  EXPECT_GT(all.torn_batches, 0u);
  EXPECT_GT(all.links_lost, kSeeds / 2);
  EXPECT_GT(all.lost_checks, kSeeds);
  EXPECT_GT(frames_lost, 10 * kSeeds);
}

TEST(LineWorld, OneSeedIsOneRun) {
  std::set<base::Digest> fingerprints;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    uint64_t lines = 0;
    const Report report = RunLine({.seed = seed});
    const Report traced = RunLine({.seed = seed, .trace = [&](std::string) { ++lines; }});
    EXPECT_EQ(report.fingerprint, traced.fingerprint) << "seed " << seed;
    EXPECT_GT(lines, 0u);
    fingerprints.insert(report.fingerprint);
  }
  EXPECT_EQ(fingerprints.size(), 5u);
}

// A machine that breaks the contract of line/endpoint.h must be found out, or the invariants prove nothing.
class BrokenMachine : public testing::TestWithParam<Fault> {};

TEST_P(BrokenMachine, IsCaught) {
  uint64_t caught = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Report report = RunLine({.seed = seed, .fault = GetParam()});
    if (report.broken) ++caught;
  }
  EXPECT_GT(caught, kSeeds / 4);
}

INSTANTIATE_TEST_SUITE_P(Faults, BrokenMachine,
                         testing::Values(Fault::kSendBeforeDurable, Fault::kForgetEffectAtCrash));

}  // namespace
}  // namespace wideberth::sim
