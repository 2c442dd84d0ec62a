#include "sim/node_world.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "base/log.h"

namespace wideberth::sim {
namespace {

constexpr uint64_t kSeeds = 8;

class NodeWorld : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  }
  static void TearDownTestSuite() { base::StopLogging(); }
};

// `node_sim` runs hundreds; these few also run under the sanitizers.
TEST_F(NodeWorld, EveryInvariantHolds) {
  NodeCounts all;
  uint64_t acts = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const NodeReport report = RunNodes({.seed = seed, .nodes = seed == kSeeds ? 5u : 2u});
    ASSERT_EQ(report.broken, std::nullopt) << "seed " << seed << " with " << report.nodes;
    acts += report.acts_done;
    all.crashes += report.counts.crashes;
    all.climbed += report.counts.climbed;
    all.lost_checks += report.counts.lost_checks;
    all.entries += report.counts.entries;
    all.versions += report.counts.versions;
    all.conflicts += report.counts.conflicts;
    all.held_plans += report.counts.held_plans;
  }
  // The worlds are not empty ones.
  EXPECT_GT(acts, 20 * kSeeds);
  EXPECT_GT(all.crashes, kSeeds / 2);
  EXPECT_GT(all.climbed, kSeeds);
  EXPECT_GT(all.lost_checks, kSeeds);
  EXPECT_GT(all.entries, 50 * kSeeds);
  EXPECT_GT(all.versions, 5 * kSeeds);
  EXPECT_GT(all.conflicts, kSeeds);
  EXPECT_GT(all.held_plans, kSeeds / 2);
}

// Worlds in which a node is set back: it tells one line of another, writes anew what its peer still holds beyond a gap,
// or signs the basis of a conflict while what it has signed is still coming back (35, 68).
TEST_F(NodeWorld, AnOldDiskTellsNothingAndIsWrittenOnInOrder) {
  for (const uint64_t seed :
       {uint64_t{23}, uint64_t{27}, uint64_t{33}, uint64_t{35}, uint64_t{41}, uint64_t{68}}) {
    const NodeReport report = RunNodes({.seed = seed, .old_disks = true});
    EXPECT_EQ(report.broken, std::nullopt) << "seed " << seed;
    EXPECT_EQ(report.counts.set_back, 1u) << "seed " << seed;
  }
}

TEST_F(NodeWorld, OneSeedIsOneRun) {
  std::set<base::Digest> fingerprints;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    uint64_t lines = 0;
    const NodeReport report = RunNodes({.seed = seed});
    const NodeReport traced = RunNodes({.seed = seed, .trace = [&](std::string) { ++lines; }});
    EXPECT_EQ(report.fingerprint, traced.fingerprint) << "seed " << seed;
    EXPECT_GT(lines, 0u);
    fingerprints.insert(report.fingerprint);
  }
  EXPECT_EQ(fingerprints.size(), 3u);
}

// Machines and people that do what they must not have to be found out, or the invariants prove nothing.
class BrokenNode : public NodeWorld, public testing::WithParamInterface<NodeFault> {};

TEST_P(BrokenNode, IsCaught) {
  uint64_t caught = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const NodeReport report = RunNodes({.seed = seed, .nodes = 2, .fault = GetParam()});
    if (report.broken) ++caught;
  }
  EXPECT_GE(caught, kSeeds / 4);
}

INSTANTIATE_TEST_SUITE_P(Faults, BrokenNode,
                         testing::Values(NodeFault::kAcknowledgeBeforeDurable,
                                         NodeFault::kTimeStands, NodeFault::kSayWhatIsHeld));

}  // namespace
}  // namespace wideberth::sim
