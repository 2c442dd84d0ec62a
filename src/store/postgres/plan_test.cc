#include "store/postgres/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dss/decide.h"
#include "dss/effects.h"
#include "dss/testing/naive.h"
#include "dss/testing/random_requests.h"

namespace wideberth::store::postgres {
namespace {

using dss::testing::NaiveView;
using dss::testing::RandomRequests;

constexpr base::UtcMicros kNow{1'790'000'000'000'000};

// Only what a plan says will be read.
NaiveView Cut(const NaiveView& all, const Plan& plan) {
  NaiveView cut;
  const auto near = [&](const dss::Entity& entity, dss::Kind kind) {
    return std::any_of(plan.reaches.begin(), plan.reaches.end(), [&](const Plan::Reach& reach) {
      dss::Extent extent;
      extent.cells = reach.cells;
      extent.start = reach.start;
      extent.end = reach.end;
      return reach.kind == kind && dss::CellsMeet(extent, entity.extent) &&
             dss::TimesMeet(extent, entity.extent);
    });
  };
  const auto copy = [&](const auto& table) {
    for (const auto& [id, entity] : table) {
      if (plan.entities.contains({entity.kKind, id}) || near(entity, entity.kKind)) {
        cut.Apply(entity);
      }
    }
  };
  copy(all.Of<dss::Intent>());
  copy(all.Of<dss::Constraint>());
  copy(all.Of<dss::Subscription>());
  copy(all.Of<dss::ServiceArea>());
  copy(all.Of<dss::RidSubscription>());
  for (const base::Uuid& subscription : plan.dependents_of) {
    for (const dss::Intent* intent : all.DependentsOf(subscription)) cut.Apply(*intent);
  }
  for (int i = 0; i < 3; ++i) cut.Apply(all.AvailabilityOf("uss" + std::to_string(i)));
  return cut;
}

// The law that the accept stands on: decided on no more than the planned rows, a command is answered as on all.
TEST(Plan, NamesEveryRowThatADecisionLooksAt) {
  NaiveView all;
  RandomRequests requests(7, kNow);
  const dss::Policy policy{false, true, base::kMicrosPerDay};
  for (int i = 0; i < 20'000; ++i) {
    const dss::Command command = requests.Next(all);
    const Plan plan = MakePlan(all, command, kNow);
    const NaiveView cut = Cut(all, plan);
    EXPECT_TRUE(plan.Covers(MakePlan(cut, command, kNow)));
    const auto decided = dss::Decide(cut, command, policy, kNow);
    const auto expected = dss::Decide(all, command, policy, kNow);
    ASSERT_EQ(decided.has_value(), expected.has_value()) << i;
    if (!expected) {
      ASSERT_EQ(decided.error(), expected.error()) << i;
      continue;
    }
    ASSERT_EQ(dss::testing::Say(decided->answer), dss::testing::Say(expected->answer)) << i;
    ASSERT_EQ(decided->effects.size(), expected->effects.size());
    for (const dss::Effect& effect : expected->effects) all.Apply(effect);
  }
}

bool Conflict(const Plan& a, const Plan& b) {
  if (a.world || b.world) return true;
  return std::any_of(a.locks.begin(), a.locks.end(), [&](const auto& lock) {
    const auto found = b.locks.find(lock.first);
    return found != b.locks.end() && !(lock.second && found->second);
  });
}

// The other law: what two commands do that were decided at once, because no lock kept one of them out, is what they
// would have done one after the other, and it may be applied in either order.
TEST(Plan, CommandsThatKeepNobodyOutAreAsIfOneCameFirst) {
  NaiveView all;
  RandomRequests requests(11, kNow);
  const dss::Policy policy{false, true, base::kMicrosPerDay};
  const auto apply = [](NaiveView view, const base::Result<dss::Decision>& decision) {
    if (decision) {
      for (const dss::Effect& effect : decision->effects) {
        // When a subscription was last told something may be a moment off.
        if (!std::holds_alternative<dss::Notified>(effect)) view.Apply(effect);
      }
    }
    return view;
  };
  const auto say = [](const base::Result<dss::Decision>& decision) {
    return dss::testing::Say(decision ? base::Result<dss::Answer>(decision->answer)
                                      : base::Fail(decision.error()));
  };
  int independent = 0;
  for (int i = 0; i < 6'000; ++i) {
    const dss::Command a = requests.Next(all);
    const dss::Command b = requests.Next(all);
    const auto first = dss::Decide(all, a, policy, kNow);
    if (!Conflict(MakePlan(all, a, kNow), MakePlan(all, b, kNow))) {
      ++independent;
      const auto second = dss::Decide(all, b, policy, kNow);
      EXPECT_TRUE(say(dss::Decide(apply(all, second), a, policy, kNow)) == say(first) ||
                  say(dss::Decide(apply(all, first), b, policy, kNow)) == say(second))
          << i;
      const NaiveView one = apply(apply(all, first), second);
      const NaiveView other = apply(apply(all, second), first);
      EXPECT_EQ(one.Of<dss::Intent>(), other.Of<dss::Intent>());
      EXPECT_EQ(one.Of<dss::Constraint>(), other.Of<dss::Constraint>());
      EXPECT_EQ(one.Of<dss::Subscription>(), other.Of<dss::Subscription>());
      EXPECT_EQ(one.Of<dss::ServiceArea>(), other.Of<dss::ServiceArea>());
      EXPECT_EQ(one.Of<dss::RidSubscription>(), other.Of<dss::RidSubscription>());
    }
    all = apply(all, first);
  }
  EXPECT_GT(independent, 1'000);
}

TEST(Plan, TheWideHoldTheWorldAndReadersOfOneSubscriptionShareIt) {
  NaiveView view;
  dss::Subscription subscription;
  subscription.id = base::SystemRandom().NewUuidV4();
  view.Apply(subscription);
  dss::PutIntent put;
  put.subscription = subscription.id;
  put.id.bytes[0] = 1;
  const Plan one = MakePlan(view, {"uss1", put}, kNow);
  put.id.bytes[0] = 2;
  const Plan other = MakePlan(view, {"uss1", put}, kNow);
  EXPECT_FALSE(Conflict(one, other));
  EXPECT_TRUE(
      Conflict(one, MakePlan(view, {"uss1", dss::DeleteSubscription{subscription.id, ""}}, kNow)));
  Plan wide = one;
  wide.world = true;
  EXPECT_TRUE(Conflict(other, wide));
  EXPECT_TRUE(wide.Covers(one));
  EXPECT_FALSE(one.Covers(wide));
}

}  // namespace
}  // namespace wideberth::store::postgres
