#include "line/liveness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using testing::TestBoot;

constexpr int64_t kSecond = 1'000'000;

// Two nodes that only send each other heartbeats, over a way with a delay for each direction. A node is called when a
// heartbeat arrives, when its next one is due, and at its deadline.
class Two {
 public:
  Two() : Two(0, 0) {}
  Two(int64_t utc_a_us, int64_t utc_b_us)
      : utc_us_{utc_a_us, utc_b_us},
        nodes_{Liveness(TestBoot(0, 1), 0), Liveness(TestBoot(1, 1), 0)} {}

  std::array<int64_t, 2> delay_us = {1'000, 1'000};  // of heartbeats to node 0, to node 1
  std::array<bool, 2> cut = {false, false};
  std::function<void(int64_t)> each = [](int64_t) {};  // after each event

  Liveness& node(size_t side) { return *nodes_[side]; }
  int64_t now_us() const { return now_us_; }
  // When the node last changed to that state; nothing if it never did.
  std::optional<int64_t> entered_us(size_t side, LinkState state) const {
    return entered_us_[side][static_cast<size_t>(state)];
  }
  Now At(size_t side) const { return {{testing::kNoon.us + now_us_ + utc_us_[side]}, now_us_}; }
  void Restart(size_t side) {
    nodes_[side].emplace(TestBoot(static_cast<uint8_t>(side), ++boots_[side]), now_us_);
  }
  Heartbeat Make(size_t side) {
    Heartbeat heartbeat;
    heartbeat.name = nodes_[side]->Send(At(side));
    heartbeat.sent_at = At(side).utc;
    heartbeat.echo = nodes_[side]->to_echo();
    return heartbeat;
  }

  void Run(int64_t us) {
    const int64_t until_us = now_us_ + us;
    while (Step(until_us)) each(now_us_);
    now_us_ = until_us;
  }

  std::vector<Heartbeat> heard_by_1;  // for repeating them

 private:
  struct Flight {
    int64_t due_us;
    size_t to;
    Heartbeat heartbeat;
  };

  bool Step(int64_t until_us) {
    int64_t next_us = until_us + 1;
    for (const Flight& flight : flights_) next_us = std::min(next_us, flight.due_us);
    for (const std::optional<Liveness>& node : nodes_) {
      next_us = std::min(next_us, node->next_send_monotonic_us());
      if (node->state() != LinkState::kLost) {
        next_us = std::min(next_us, node->echo_deadline_monotonic_us());
      }
    }
    if (next_us > until_us) return false;
    now_us_ = std::max(now_us_, next_us);
    for (size_t i = 0; i < flights_.size();) {
      if (flights_[i].due_us > now_us_) {
        ++i;
        continue;
      }
      const Flight flight = flights_[i];
      flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
      if (flight.to == 1) heard_by_1.push_back(flight.heartbeat);
      nodes_[flight.to]->Hear(flight.heartbeat, At(flight.to));
    }
    for (size_t side = 0; side < 2; ++side) {
      if (nodes_[side]->Advance(now_us_)) {
        entered_us_[side][static_cast<size_t>(nodes_[side]->state())] = now_us_;
      }
      if (nodes_[side]->next_send_monotonic_us() <= now_us_) {
        const Heartbeat heartbeat = Make(side);
        if (!cut[1 - side]) flights_.push_back({now_us_ + delay_us[1 - side], 1 - side, heartbeat});
      }
    }
    return true;
  }

  std::array<int64_t, 2> utc_us_;
  std::array<std::optional<Liveness>, 2> nodes_;
  std::array<uint8_t, 2> boots_ = {1, 1};
  std::array<std::array<std::optional<int64_t>, 4>, 2> entered_us_;
  std::vector<Flight> flights_;
  int64_t now_us_ = 0;
};

TEST(Liveness, ComesUpWhenBothHearEachOther) {
  Two two;
  EXPECT_EQ(two.node(0).state(), LinkState::kConnecting);
  two.Run(5 * kSecond);
  for (const size_t side : {0u, 1u}) {
    EXPECT_EQ(two.node(side).state(), LinkState::kUp);
    EXPECT_LE(two.entered_us(side, LinkState::kUp).value(), limits::kHeartbeatPeriodUs + 10'000);
  }
}

TEST(Liveness, WithNobodyThereItIsLostAfterTheThreshold) {
  Two two;
  two.cut = {true, true};
  two.Run(limits::kLinkLostAfterUs);
  EXPECT_EQ(two.node(0).state(), LinkState::kConnecting);
  two.Run(1);
  EXPECT_EQ(two.node(0).state(), LinkState::kLost);
}

TEST(Liveness, NeverLostWhileEchoesFlow) {
  base::SeededRandom random(10);
  for (int run = 0; run < 20; ++run) {
    Two two;
    // A round trip and two periods stay below the threshold.
    two.delay_us = {random.Between(0, 2'400'000), random.Between(0, 2'400'000)};
    two.Run(600 * kSecond);
    for (const size_t side : {0u, 1u}) {
      EXPECT_EQ(two.node(side).state(), LinkState::kUp);
      EXPECT_FALSE(two.entered_us(side, LinkState::kLost).has_value());
    }
  }
}

// MECHANISM 6.1: both sides within 10 s, also when one direction alone is lost.
TEST(Liveness, BothSidesAreLostWithinTheThresholdOfAnyCut) {
  base::SeededRandom random(11);
  for (int run = 0; run < 200; ++run) {
    Two two;
    two.delay_us = {random.Between(0, 800'000), random.Between(0, 800'000)};
    two.Run(20 * kSecond + random.Between(0, 4 * kSecond));
    const int64_t cut_us = two.now_us();
    const uint64_t which = 1 + random.Below(3);
    two.cut = {(which & 1) != 0, (which & 2) != 0};
    two.Run(30 * kSecond);
    for (const size_t side : {0u, 1u}) {
      ASSERT_EQ(two.node(side).state(), LinkState::kLost) << "run " << run;
      const int64_t after_us = two.entered_us(side, LinkState::kLost).value() - cut_us;
      // A heartbeat sent before the cut may still be echoed when its echo's way is open, so the alarm counts from then.
      EXPECT_LE(after_us, limits::kLinkLostAfterUs + 1) << "run " << run;
      EXPECT_GE(after_us, limits::kLinkLostAfterUs - limits::kHeartbeatPeriodUs - two.delay_us[0] -
                              two.delay_us[1] - limits::kHeartbeatPeriodUs)
          << "run " << run;
    }
  }
}

TEST(Liveness, RecoversByConfirmationOnly) {
  Two two;
  two.Run(10 * kSecond);
  EXPECT_FALSE(two.node(0).Confirm());  // it is up
  two.cut = {true, false};
  two.Run(15 * kSecond);
  EXPECT_FALSE(two.node(0).Confirm());  // it is lost
  two.cut = {false, false};
  two.Run(300 * kSecond);
  for (const size_t side : {0u, 1u}) {
    EXPECT_EQ(two.node(side).state(), LinkState::kRecovering);
    const int64_t healed_us = two.entered_us(side, LinkState::kRecovering).value();
    EXPECT_LE(healed_us, 25 * kSecond + 2 * limits::kHeartbeatPeriodUs);
    EXPECT_TRUE(two.node(side).Confirm());
    EXPECT_FALSE(two.node(side).Confirm());
    EXPECT_EQ(two.node(side).state(), LinkState::kUp);
  }
  two.Run(60 * kSecond);
  EXPECT_EQ(two.node(0).state(), LinkState::kUp);
  // A recovering line that is cut again is lost again.
  two.cut = {true, true};
  two.Run(15 * kSecond);
  two.cut = {false, false};
  two.Run(5 * kSecond);
  EXPECT_EQ(two.node(1).state(), LinkState::kRecovering);
  two.cut = {false, true};
  two.Run(15 * kSecond);
  EXPECT_EQ(two.node(1).state(), LinkState::kLost);
  EXPECT_FALSE(two.node(1).Confirm());
}

TEST(Liveness, TheNextHeartbeatIsAPeriodLaterOrAtOnce) {
  Liveness node(TestBoot(0, 1), 500);
  EXPECT_EQ(node.next_send_monotonic_us(), 500);
  EXPECT_EQ(node.Send({{0}, 700}), (HeartbeatName{TestBoot(0, 1), 1}));
  EXPECT_EQ(node.next_send_monotonic_us(), 700 + limits::kHeartbeatPeriodUs);
  node.SendSoon();
  EXPECT_LE(node.next_send_monotonic_us(), 700);
  EXPECT_EQ(node.Send({{0}, 800}).number, 2u);
}

Heartbeat Beat(base::Uuid boot, uint64_t number, std::optional<HeartbeatName> echo = {}) {
  Heartbeat heartbeat;
  heartbeat.name = {boot, number};
  heartbeat.sent_at = testing::kNoon;
  if (echo) heartbeat.echo = Heartbeat::Echo{*echo, testing::kNoon};
  return heartbeat;
}

TEST(Liveness, RefusesWhatIsNotNewer) {
  Liveness node(TestBoot(0, 1), 0);
  const base::Uuid boot = TestBoot(1, 1);
  EXPECT_TRUE(node.Hear(Beat(boot, 5), {testing::kNoon, 10}));
  for (const uint64_t number : {5u, 4u, 1u}) {
    EXPECT_FALSE(node.Hear(Beat(boot, number), {testing::kNoon, 20}));
  }
  EXPECT_EQ(node.to_echo()->name.number, 5u);
  EXPECT_TRUE(node.Hear(Beat(boot, 9), {testing::kNoon, 30}));  // some between were lost
  EXPECT_EQ(node.to_echo()->name.number, 9u);
}

TEST(Liveness, RefusesEchoesOfWhatItDidNotSend) {
  Liveness node(TestBoot(0, 2), 0);
  node.Send({testing::kNoon, 0});
  const int64_t deadline_us = node.echo_deadline_monotonic_us();
  uint64_t number = 0;
  for (const HeartbeatName& name :
       {HeartbeatName{TestBoot(0, 2), 2}, HeartbeatName{TestBoot(0, 1), 1},
        HeartbeatName{TestBoot(1, 1), 1}}) {
    node.Hear(Beat(TestBoot(1, 1), ++number, name), {testing::kNoon, 1'000});
    node.Advance(1'000);
    EXPECT_EQ(node.state(), LinkState::kConnecting);
    EXPECT_EQ(node.echo_deadline_monotonic_us(), deadline_us);
    EXPECT_FALSE(node.clock_offset().has_value());
  }
  node.Hear(Beat(TestBoot(1, 1), ++number, HeartbeatName{TestBoot(0, 2), 1}),
            {testing::kNoon, 1'000});
  node.Advance(1'000);
  EXPECT_EQ(node.state(), LinkState::kUp);
}

TEST(Liveness, AnEchoCountsFromItsSendingAndNeverBack) {
  Liveness node(TestBoot(0, 1), 0);
  const HeartbeatName first = node.Send({testing::kNoon, 0});
  const HeartbeatName second = node.Send({testing::kNoon, 2 * kSecond});
  node.Hear(Beat(TestBoot(1, 1), 1, second), {testing::kNoon, 5 * kSecond});
  EXPECT_EQ(node.echo_age_us(5 * kSecond), 3 * kSecond);
  node.Hear(Beat(TestBoot(1, 1), 2, first), {testing::kNoon, 6 * kSecond});
  EXPECT_EQ(node.echo_age_us(6 * kSecond), 4 * kSecond);
  node.Hear(Beat(TestBoot(1, 1), 3, second), {testing::kNoon, 7 * kSecond});
  EXPECT_EQ(node.echo_age_us(7 * kSecond), 5 * kSecond);
}

TEST(Liveness, HeartbeatsOfEarlierStartsAreNotBelieved) {
  Two two;
  two.Run(20 * kSecond);
  const std::vector<Heartbeat> old = two.heard_by_1;
  two.Restart(0);
  two.Run(6 * kSecond);
  EXPECT_EQ(two.node(1).to_echo()->name.boot, TestBoot(0, 2));
  for (const Heartbeat& heartbeat : old) {
    EXPECT_FALSE(two.node(1).Hear(heartbeat, two.At(1)));
  }
  EXPECT_EQ(two.node(1).to_echo()->name.boot, TestBoot(0, 2));
  EXPECT_FALSE(two.entered_us(1, LinkState::kLost).has_value());
}

// Whoever repeats old heartbeats after this node has itself begun anew, and remembers no boots of its peer, must not be
// able to shut the living peer out.
TEST(Liveness, RepeatedHeartbeatsDoNotSilenceThePeer) {
  Two two;
  two.Run(20 * kSecond);
  const std::vector<Heartbeat> old = two.heard_by_1;
  two.Restart(0);
  two.Run(10 * kSecond);
  two.Restart(1);
  const int64_t restarted_us = two.now_us();
  base::SeededRandom random(18);
  two.each = [&](int64_t) {
    if (random.Below(2) == 0) two.node(1).Hear(old[random.Below(old.size())], two.At(1));
  };
  two.Run(120 * kSecond);
  EXPECT_EQ(two.node(1).state(), LinkState::kUp);
  EXPECT_EQ(two.node(0).state(), LinkState::kUp);
  EXPECT_FALSE(two.entered_us(0, LinkState::kLost).has_value());
  EXPECT_FALSE(two.entered_us(1, LinkState::kLost).has_value());
  EXPECT_LE(two.entered_us(1, LinkState::kUp).value(),
            restarted_us + 4 * limits::kHeartbeatPeriodUs);
}

TEST(Liveness, TwoThatBothBeganWithAnOldHeartbeatStillFindEachOther) {
  Liveness a(TestBoot(0, 2), 0);
  Liveness b(TestBoot(1, 2), 0);
  ASSERT_TRUE(a.Hear(Beat(TestBoot(1, 1), 70), {testing::kNoon, 1}));
  ASSERT_TRUE(b.Hear(Beat(TestBoot(0, 1), 80), {testing::kNoon, 1}));
  for (int64_t us = 10; us < 40; us += 10) {
    Heartbeat of_a = Beat(TestBoot(0, 2), a.Send({testing::kNoon, us}).number);
    of_a.echo = a.to_echo();
    b.Hear(of_a, {testing::kNoon, us + 1});
    Heartbeat of_b = Beat(TestBoot(1, 2), b.Send({testing::kNoon, us + 2}).number);
    of_b.echo = b.to_echo();
    a.Hear(of_b, {testing::kNoon, us + 3});
    a.Advance(us + 3);
    b.Advance(us + 3);
  }
  EXPECT_EQ(a.state(), LinkState::kUp);
  EXPECT_EQ(b.state(), LinkState::kUp);
}

TEST(Liveness, FindsTheClockOffsetWithinItsError) {
  base::SeededRandom random(12);
  for (int run = 0; run < 100; ++run) {
    const int64_t offset_us = random.Between(-3'600 * kSecond, 3'600 * kSecond);
    Two two(0, offset_us);
    two.delay_us = {random.Between(0, 900'000), random.Between(0, 900'000)};
    two.Run(10 * kSecond + random.Between(0, 10 * kSecond));
    for (const size_t side : {0u, 1u}) {
      const int64_t truth_us = side == 0 ? offset_us : -offset_us;
      const ClockOffset found = two.node(side).clock_offset().value();
      // Halving drops half a microsecond of each.
      EXPECT_LE(std::abs(found.offset_us - truth_us), found.error_us + 1);
      EXPECT_NEAR(static_cast<double>(found.error_us),
                  static_cast<double>(two.delay_us[0] + two.delay_us[1]) / 2, 1);
    }
  }
}

TEST(Liveness, KeepsTheClockSampleWithTheSmallestError) {
  Two two(0, 40'000);
  two.delay_us = {300'000, 1'000};
  two.Run(10 * kSecond);
  EXPECT_NEAR(static_cast<double>(two.node(0).clock_offset()->error_us), 150'500, 1);
  two.delay_us = {1'000, 1'000};
  two.Run(10 * kSecond);
  EXPECT_NEAR(static_cast<double>(two.node(0).clock_offset()->error_us), 1'000, 1);
  two.delay_us = {300'000, 1'000};
  two.Run(10 * kSecond);
  EXPECT_NEAR(static_cast<double>(two.node(0).clock_offset()->error_us), 1'000, 1);
  // It is forgotten in time: clocks drift.
  two.Run(static_cast<int64_t>(limits::kHeartbeatsRemembered) * limits::kHeartbeatPeriodUs);
  EXPECT_NEAR(static_cast<double>(two.node(0).clock_offset()->error_us), 150'500, 1);
}

TEST(Liveness, AlarmsBeyondTheAgreedOffset) {
  EXPECT_FALSE((ClockOffset{limits::kClockOffsetAlarmUs, 0}).alarm());
  EXPECT_TRUE((ClockOffset{limits::kClockOffsetAlarmUs + 1, 0}).alarm());
  EXPECT_FALSE((ClockOffset{-limits::kClockOffsetAlarmUs, 0}).alarm());
  EXPECT_TRUE((ClockOffset{-limits::kClockOffsetAlarmUs - 1, 0}).alarm());
}

TEST(Liveness, IgnoresClockSamplesThatCannotBe) {
  Liveness node(TestBoot(0, 1), 0);
  const HeartbeatName sent = node.Send({testing::kNoon, 0});
  Heartbeat heartbeat = Beat(TestBoot(1, 1), 1, sent);
  heartbeat.echo->received_at.us += 10;  // heard after the answer was sent
  node.Hear(heartbeat, {testing::kNoon, 1'000});
  EXPECT_FALSE(node.clock_offset().has_value());
  heartbeat.name.number = 2;
  heartbeat.echo->received_at.us -= 1'000'000;  // longer at the peer than the whole way took
  node.Hear(heartbeat, {testing::kNoon, 1'000});
  EXPECT_FALSE(node.clock_offset().has_value());
}

TEST(Liveness, SuspicionGrowsWithSilenceOnly) {
  base::SeededRandom random(13);
  Liveness node(TestBoot(0, 1), 0);
  EXPECT_EQ(node.Suspicion(100 * kSecond), 0);  // nothing is known yet
  int64_t now_us = 0;
  for (uint64_t number = 1; number <= 200; ++number) {
    now_us += limits::kHeartbeatPeriodUs + random.Between(-50'000, 50'000);
    node.Hear(Beat(TestBoot(1, 1), number), {testing::kNoon, now_us});
    EXPECT_LT(node.Suspicion(now_us), 0.1);
  }
  // At a regular pause it is low; DESIGN's 8 is passed long before the line is lost.
  EXPECT_LT(node.Suspicion(now_us + limits::kHeartbeatPeriodUs), 1);
  EXPECT_GT(node.Suspicion(now_us + 2 * limits::kHeartbeatPeriodUs), 8);
  double last = 0;
  for (int64_t silence_us = 0; silence_us < 3'600 * kSecond; silence_us += 100'000) {
    const double suspicion = node.Suspicion(now_us + silence_us);
    EXPECT_GE(suspicion, last);
    EXPECT_LE(suspicion, 300);
    last = suspicion;
  }
  EXPECT_EQ(last, 300);
}

TEST(Liveness, SuspicionIsTheTailOfANormalDistribution) {
  Liveness node(TestBoot(0, 1), 0);
  // Pauses of 1.8 and 2.2 s in turn: a mean of 2 s, a deviation of 0.2 s.
  int64_t now_us = 0;
  node.Hear(Beat(TestBoot(1, 1), 1), {testing::kNoon, now_us});
  for (uint64_t number = 2; number <= 41; ++number) {
    now_us += number % 2 == 0 ? 1'800'000 : 2'200'000;
    node.Hear(Beat(TestBoot(1, 1), number), {testing::kNoon, now_us});
  }
  // -log10 of the upper tail of the standard normal distribution at 0, 1, 2, 3 and 5: 0.5, 0.158655, 0.0227501,
  // 0.00134990, 2.86652e-7.
  const double expected[] = {0.30103, 0.79955, 1.64301, 2.86970, 6.54264};
  const int deviations[] = {0, 1, 2, 3, 5};
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_NEAR(node.Suspicion(now_us + 2 * kSecond + deviations[i] * 200'000), expected[i], 1e-4);
  }
}

TEST(Liveness, StatesHaveTheirNames) {
  EXPECT_EQ(Name(LinkState::kConnecting), "connecting");
  EXPECT_EQ(Name(LinkState::kUp), "up");
  EXPECT_EQ(Name(LinkState::kLost), "lost");
  EXPECT_EQ(Name(LinkState::kRecovering), "recovering");
}

}  // namespace
}  // namespace wideberth::line
