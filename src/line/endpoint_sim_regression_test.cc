// What the simulator found (sim/), each as the shortest story that shows it.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "line/endpoint.h"
#include "line/frame.h"
#include "line/heartbeat.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using testing::Pair;
using testing::TestBoot;

// Seed 11227: the peer is started anew, and a heartbeat of its earlier start comes late, when it knew less of its log.
class LateHeartbeat : public ::testing::Test {
 protected:
  void SetUp() override {
    pair.ConnectAll();
    before = pair.endpoint(0).state().own.tree.head();
    ASSERT_TRUE(pair.Write(0, "{\"n\":1}").has_value());
    pair.Run(5 * base::kMicrosPerSecond);
    after = pair.endpoint(0).state().own.tree.head();
    ASSERT_GT(after.size, before.size);
    pair.Crash(0);
    pair.Crash(1);
    pair.Start(1);  // which remembers no heartbeat
  }

  std::vector<Trouble> Hear(base::Uuid boot, record::TreeHead own_head,
                            std::optional<uint64_t> echoed = std::nullopt) {
    Heartbeat heartbeat;
    heartbeat.from = testing::TestParty(1);
    heartbeat.to = testing::TestParty(2);
    heartbeat.name = {boot, ++number};
    heartbeat.sent_at = pair.now(0).utc;
    heartbeat.own_head = own_head;
    heartbeat.peer_head = pair.endpoint(1).state().own.tree.head();
    if (echoed) {
      heartbeat.echo = Heartbeat::Echo{{pair.node(1).config.boot, *echoed}, heartbeat.sent_at};
    }
    return pair.Deliver(1, WriteHeartbeatFrame(SealHeartbeat(heartbeat, testing::TestKey(1))));
  }

  Pair pair;
  record::TreeHead before;
  record::TreeHead after;
  uint64_t number = 0;
  const base::Uuid earlier = TestBoot(7, 1);
  const base::Uuid later = TestBoot(7, 2);
};

TEST_F(LateHeartbeat, OfAnEarlierStartIsNoRollback) {
  EXPECT_TRUE(Hear(later, after).empty());
  EXPECT_TRUE(Hear(earlier, before).empty());
  EXPECT_TRUE(Hear(later, after).empty());
}

TEST_F(LateHeartbeat, OfTheSameStartCannotBeAndIsARollback) {
  EXPECT_TRUE(Hear(later, after).empty());
  const auto troubles = Hear(later, before);
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kPeerRolledBack);
}

// Another start that has heard what this node sent since: it comes after, and has lost entries.
TEST_F(LateHeartbeat, ThatEchoesWhatWasSentSinceIsARollback) {
  pair.SetPath(0, true);
  pair.Run(base::kMicrosPerSecond);
  const uint64_t heard_after = pair.endpoint(1).liveness().newest_sent();
  ASSERT_GE(heard_after, 1u);
  EXPECT_TRUE(Hear(earlier, after).empty());
  EXPECT_TRUE(Hear(later, before, heard_after).empty());  // both may have been on their way
  pair.Run(3 * base::kMicrosPerSecond);
  ASSERT_GT(pair.endpoint(1).liveness().newest_sent(), heard_after);
  const auto troubles = Hear(later, before, pair.endpoint(1).liveness().newest_sent());
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kPeerRolledBack);
}

}  // namespace
}  // namespace wideberth::line
