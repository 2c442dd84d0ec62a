// A peer that says it holds more of our log than there is: its word stops what is between the two, and nobody else.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "airspace/testing/world.h"
#include "line/frame.h"
#include "line/heartbeat.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using testing::kSecond;
using testing::Parties;

// North has lines to South, which lies, and to East.
class OldCopyClaim : public ::testing::Test {
 protected:
  OldCopyClaim() { parties.Settle(); }

  // South's node is gone, and somebody with its key says that it holds five entries more.
  void Claim() {
    parties.Crash(1);
    line::Heartbeat heartbeat;
    heartbeat.from = Parties::party(1);
    heartbeat.to = Parties::party(0);
    const line::Endpoint& endpoint = *parties.core(0).FindLine(Parties::party(1));
    // Of the start that North hears.
    heartbeat.name = endpoint.liveness().to_echo()->name;
    heartbeat.name.number += 1'000'000;
    heartbeat.sent_at = parties.now(1).utc;
    heartbeat.own_head = endpoint.state().mirror.tree.head();
    heartbeat.peer_head = {endpoint.state().own.size() + 5, base::Digest{}};
    const std::string frame =
        line::WriteHeartbeatFrame(line::SealHeartbeat(heartbeat, parties.message_key(1)));
    parties.core(0).Receive(Parties::party(1), 0, frame, parties.now(0));
    parties.Turn(0);
  }
  uint64_t Written() { return parties.core(0).FindLine(Parties::party(1))->state().own.size(); }
  bool IsJournalled(std::string_view what) const {
    return std::any_of(parties.journal(0).begin(), parties.journal(0).end(),
                       [&](const std::string& entry) { return entry.find(what) != entry.npos; });
  }

  Parties parties{3};
};

TEST_F(OldCopyClaim, StopsEveryLineWhileItIsYoungAndThenItsOwn) {
  Claim();
  ASSERT_FALSE(parties.core(0).RequireMaySign().has_value());
  parties.Run(line::kOldCopyPatienceUs - 2 * kSecond);
  EXPECT_FALSE(parties.core(0).RequireMaySign().has_value());
  const auto early = parties.Do(0, LineCheck{"ALPHA 1 BRAVO"}, 2);
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, ErrorCode::kConflict);
  parties.Run(3 * kSecond);
  EXPECT_TRUE(parties.core(0).RequireMaySign().has_value());
  EXPECT_TRUE(parties.Do(0, LineCheck{"ALPHA 1 BRAVO"}, 2).has_value());
  const auto there = parties.Do(0, LineCheck{"ALPHA 2 BRAVO"}, 1);
  ASSERT_FALSE(there.has_value());
  EXPECT_EQ(there.error().code, ErrorCode::kConflict);
}

TEST_F(OldCopyClaim, WhatIsForEverybodyGoesToTheOthersAndIsSaidToBeNotSent) {
  const base::Digest before = parties.Release(1, 7, TestHazard());
  parties.Run(2 * kSecond);
  Claim();
  const uint64_t written = Written();
  parties.Run(line::kOldCopyPatienceUs + kSecond);
  const base::Digest version = parties.Release(0, 1, TestHazard());
  parties.Run(2 * kSecond);
  ASSERT_NE(parties.notice(2, 1), nullptr) << "East has it";
  EXPECT_EQ(Written(), written) << "nothing was signed on the other line";
  const auto waiting = parties.OpenMatters(0, MatterKind::kUnusable);
  EXPECT_TRUE(std::any_of(waiting.begin(), waiting.end(), [&](const Matter& matter) {
    return matter.peer == Parties::party(1) && matter.subject == version &&
           matter.notice == TestNotice(1);
  })) << "and a person sees to it that South hears of it";
  EXPECT_TRUE(IsJournalled("released, not sent"));
  // It began, and is over: East is told each time.
  ASSERT_TRUE(parties.Do(0, SetActive{{TestNotice(1), version}}).has_value());
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.notice(2, 1)->activity, airspace::ActivityState::kActive);
  EXPECT_EQ(Written(), written);

  // What would be kept here and has to be said on that line is refused, and has changed nothing.
  const auto withdrawn = parties.Do(0, Withdraw{{TestNotice(1), version}});
  ASSERT_FALSE(withdrawn.has_value());
  EXPECT_EQ(withdrawn.error().code, ErrorCode::kConflict);
  EXPECT_NE(withdrawn.error().rule.find("does not show them"), std::string::npos);
  const base::Bytes state = parties.side(0).Canonical();
  const auto read_back = parties.ReadBack(0, 7);
  ASSERT_FALSE(read_back.has_value());
  EXPECT_EQ(read_back.error().code, ErrorCode::kConflict);
  EXPECT_EQ(parties.side(0).Canonical(), state);
  EXPECT_EQ(parties.Latest(0, 7), before);
  EXPECT_EQ(parties.side(0).Canonical(), parties.side(0).Replayed());
}

}  // namespace
}  // namespace wideberth::mechanism
