#include "dss/decide.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "dss/state.h"

namespace wideberth::dss {
namespace {

constexpr base::UtcMicros kNow{1'790'000'000'000'000};

base::UtcMicros Minutes(int64_t minutes) {
  return {kNow.us + minutes * base::kMicrosPerMinute};
}

Extent Box(std::vector<uint64_t> cells, int64_t start, int64_t end, int32_t lower = 0,
           int32_t upper = 100'000) {
  Extent extent;
  for (const uint64_t cell : cells) {
    extent.cells.push_back((uint64_t{1} << 62) + (cell << 35) + (uint64_t{1} << 34));
  }
  extent.start = Minutes(start);
  extent.end = Minutes(end);
  extent.lower_mm = lower;
  extent.upper_mm = upper;
  return extent;
}

class DecideTest : public ::testing::Test {
 protected:
  base::Uuid NewId() { return random_.NewUuidV4(); }
  Drawn Draw() {
    Drawn drawn;
    random_.Fill(drawn);
    return drawn;
  }
  // Decides and applies.
  base::Result<Answer> Do(const std::string& caller, Request request, base::UtcMicros now = kNow) {
    auto decision = Decide(state_, {caller, std::move(request)}, policy_, now);
    if (!decision) return base::Fail(decision.error());
    for (const Effect& effect : decision->effects) state_.Apply(effect);
    return std::move(decision->answer);
  }
  PutIntent Plan(const base::Uuid& id, Extent extent) {
    PutIntent put;
    put.id = id;
    put.base_url = "https://uss.test";
    put.extent = std::move(extent);
    put.drawn_ovn = Draw();
    put.drawn_subscription = NewId();
    put.drawn_subscription_version = Draw();
    return put;
  }
  Intent Stored(const base::Uuid& id) const { return *state_.FindIntent(id); }
  base::Uuid Subscribe(const std::string& caller, Extent extent, bool constraints = false,
                       const std::string& url = "https://listener.test") {
    PutSubscription put;
    put.id = NewId();
    put.base_url = url;
    put.extent = std::move(extent);
    put.for_intents = true;
    put.for_constraints = constraints;
    put.drawn_version = Draw();
    const base::Uuid id = put.id;
    EXPECT_TRUE(Do(caller, put).has_value());
    return id;
  }
  static base::ErrorCode CodeOf(const base::Result<Answer>& answer) {
    EXPECT_FALSE(answer.has_value());
    return answer ? base::ErrorCode::kInternal : answer.error().code;
  }

  base::SeededRandom random_{77};
  Policy policy_;
  State state_;
};

TEST_F(DecideTest, AnIntentIsCreatedChangedAndDeletedByItsManagerAlone) {
  const base::Uuid id = NewId();
  ASSERT_TRUE(Do("a", Plan(id, Box({1}, 0, 30))).has_value());
  const Intent first = Stored(id);
  EXPECT_EQ(first.version, 1);
  EXPECT_EQ(first.ovn.size(), 44U);
  EXPECT_EQ(CodeOf(Do("a", Plan(id, Box({1}, 0, 30)))), base::ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(Do("b", Plan(id, Box({1}, 0, 30)))), base::ErrorCode::kForbidden);

  PutIntent change = Plan(id, Box({2}, 0, 30));
  change.ovn = first.ovn;
  EXPECT_EQ(CodeOf(Do("b", change)), base::ErrorCode::kForbidden);
  ASSERT_TRUE(Do("a", change).has_value());
  EXPECT_EQ(Stored(id).version, 2);
  EXPECT_NE(Stored(id).ovn, first.ovn);
  EXPECT_EQ(CodeOf(Do("a", change)), base::ErrorCode::kConflict) << "its ovn is stale";

  EXPECT_EQ(CodeOf(Do("a", DeleteIntent{id, first.ovn})), base::ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(Do("b", DeleteIntent{id, Stored(id).ovn})), base::ErrorCode::kForbidden);
  ASSERT_TRUE(Do("a", DeleteIntent{id, Stored(id).ovn}).has_value());
  EXPECT_EQ(CodeOf(Do("a", DeleteIntent{id, "x"})), base::ErrorCode::kNotFound);
  PutIntent gone = Plan(id, Box({1}, 0, 30));
  gone.ovn = first.ovn;
  EXPECT_EQ(CodeOf(Do("a", gone)), base::ErrorCode::kInvalid) << "not found is 400 on a change";
}

TEST_F(DecideTest, TheKeyMustHoldEveryIntentThatMeetsItOneOwnTooAndTheAnswerListsTheRest) {
  const base::Uuid own = NewId();
  const base::Uuid other = NewId();
  ASSERT_TRUE(Do("a", Plan(own, Box({1, 2}, 0, 30))).has_value());
  PutIntent beside = Plan(other, Box({2, 3}, 30, 60, 100'000, 200'000));  // touches in all of it
  auto refused = Do("b", beside);
  ASSERT_TRUE(refused.has_value());
  EXPECT_TRUE(refused->key_incomplete);
  ASSERT_EQ(refused->intents.size(), 1U);
  EXPECT_EQ(refused->intents[0].id, own);
  EXPECT_EQ(state_.FindIntent(other), nullptr);
  beside.key = {Stored(own).ovn};
  ASSERT_FALSE(Do("b", beside)->key_incomplete);

  PutIntent third = Plan(NewId(), Box({2}, 20, 40));
  third.key = {Stored(own).ovn};
  EXPECT_EQ(Do("a", third)->intents.size(), 1U);
  third.key.clear();
  EXPECT_EQ(Do("a", third)->intents.size(), 2U) << "of one's own too";
  third.extent = Box({2}, 61, 70);
  EXPECT_FALSE(Do("a", third)->key_incomplete) << "later than both";
}

TEST_F(DecideTest, NonconformingAndContingentNeedNoKey) {
  const base::Uuid id = NewId();
  ASSERT_TRUE(Do("a", Plan(id, Box({1}, 0, 30))).has_value());
  PutIntent other = Plan(NewId(), Box({1}, 0, 30));
  other.key = {Stored(id).ovn};
  ASSERT_FALSE(Do("b", other)->key_incomplete);
  for (const IntentState state : {IntentState::kNonconforming, IntentState::kContingent}) {
    PutIntent change = Plan(id, Box({1}, 0, 30));
    change.ovn = Stored(id).ovn;
    change.state = state;
    EXPECT_EQ(CodeOf(Do("a", change)), base::ErrorCode::kInvalid) << "it must be subscribed";
    change.new_subscription = NewSubscription{"https://uss.test", false};
    const auto done = Do("a", change);
    ASSERT_TRUE(done.has_value());
    EXPECT_FALSE(done->key_incomplete);
  }
}

TEST_F(DecideTest, WhatAProviderThatIsDownHasMerelyPlannedMayBePlannedOver) {
  const base::Uuid id = NewId();
  ASSERT_TRUE(Do("a", Plan(id, Box({1}, 0, 30))).has_value());
  ASSERT_TRUE(Do("arbiter", SetAvailability{"a", "", Availability::kDown, Draw()}).has_value());
  EXPECT_FALSE(Do("b", Plan(NewId(), Box({1}, 0, 30)))->key_incomplete);

  PutIntent activate = Plan(id, Box({1}, 0, 30));
  activate.ovn = Stored(id).ovn;
  activate.state = IntentState::kActivated;
  activate.new_subscription = NewSubscription{"https://uss.test", false};
  const auto lacking = Do("a", activate);
  ASSERT_TRUE(lacking->key_incomplete);
  activate.key = {Stored(lacking->intents[0].id).ovn};
  ASSERT_FALSE(Do("a", activate)->key_incomplete);
  const auto refused = Do("b", Plan(NewId(), Box({1}, 0, 30)));
  ASSERT_EQ(refused->intents.size(), 2U) << "an activated one must be known";
  EXPECT_EQ(refused->availability.at("a"), Availability::kDown);
  EXPECT_EQ(refused->availability.at("b"), Availability::kUnknown);
}

TEST_F(DecideTest, ConstraintsAreAskedForWhenTheSubscriptionHearsOfThem) {
  PutConstraint put{NewId(), std::nullopt, "https://authority.test", Box({1}, 0, 60), Draw()};
  ASSERT_TRUE(Do("authority", put).has_value());
  EXPECT_FALSE(Do("a", Plan(NewId(), Box({1}, 0, 10)))->key_incomplete);
  PutIntent heard = Plan(NewId(), Box({1}, 20, 30));
  heard.new_subscription = NewSubscription{"https://uss.test", true};
  auto refused = Do("a", heard);
  ASSERT_TRUE(refused->key_incomplete);
  ASSERT_EQ(refused->constraints.size(), 1U);
  EXPECT_EQ(state_.GetStatistics().entities[static_cast<size_t>(Kind::kSubscription)], 0U);
  heard.key = {refused->constraints[0].ovn};
  EXPECT_FALSE(Do("a", heard)->key_incomplete);

  put.ovn = "stale";
  EXPECT_EQ(CodeOf(Do("authority", put)), base::ErrorCode::kConflict);
  put.id = NewId();
  EXPECT_EQ(CodeOf(Do("authority", put)), base::ErrorCode::kConflict) << "unknown id with an ovn";
}

TEST_F(DecideTest, AnImplicitSubscriptionLivesAsLongAsAnIntentDependsOnIt) {
  const base::Uuid id = NewId();
  PutIntent put = Plan(id, Box({1, 2}, 0, 30));
  put.new_subscription = NewSubscription{"https://uss.test", false};
  const auto created = Do("a", put);
  ASSERT_TRUE(created.has_value());
  const base::Uuid first = Stored(id).subscription;
  ASSERT_NE(state_.FindSubscription(first), nullptr);
  EXPECT_TRUE(state_.FindSubscription(first)->implicit);
  EXPECT_EQ(state_.FindSubscription(first)->extent, Stored(id).extent);
  ASSERT_EQ(created->subscribers.size(), 1U) << "the caller's own is named";
  EXPECT_EQ(created->subscribers[0].subscriptions[0],
            (Subscriber::Named{first, state_.FindSubscription(first)->notification_index}));

  // A second intent leans on it, and it grows.
  PutIntent second = Plan(NewId(), Box({3}, 40, 50));
  second.subscription = first;
  ASSERT_TRUE(Do("a", second).has_value());
  EXPECT_TRUE(CellsContain(state_.FindSubscription(first)->extent, Box({1, 2, 3}, 0, 0)));
  EXPECT_EQ(state_.FindSubscription(first)->extent.end, Minutes(50));
  EXPECT_EQ(state_.DependentsOf(first).size(), 2U);

  PutIntent again = Plan(id, Box({1, 2}, 0, 30));
  again.ovn = Stored(id).ovn;
  again.new_subscription = NewSubscription{"https://uss.test", false};
  ASSERT_TRUE(Do("a", again).has_value());
  EXPECT_NE(Stored(id).subscription, first);
  EXPECT_NE(state_.FindSubscription(first), nullptr) << "the second still depends on it";
  ASSERT_TRUE(Do("a", DeleteIntent{second.id, Stored(second.id).ovn}).has_value());
  EXPECT_EQ(state_.FindSubscription(first), nullptr);

  PutIntent without = Plan(id, Box({1, 2}, 0, 30));
  without.ovn = Stored(id).ovn;
  ASSERT_TRUE(Do("a", without).has_value());
  EXPECT_TRUE(Stored(id).subscription.is_nil());
  EXPECT_EQ(state_.GetStatistics().entities[static_cast<size_t>(Kind::kSubscription)], 0U);
}

TEST_F(DecideTest, AnExplicitSubscriptionMustBeOnesOwnAndCover) {
  const base::Uuid mine = Subscribe("a", Box({1, 2}, 0, 60));
  PutIntent put = Plan(NewId(), Box({1, 2}, 0, 60));
  put.subscription = NewId();
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid);
  put.subscription = mine;
  EXPECT_EQ(CodeOf(Do("b", put)), base::ErrorCode::kForbidden);
  put.extent = Box({1, 2, 3}, 0, 60);
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid);
  put.extent = Box({1, 2}, 0, 61);
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid);
  put.extent = Box({1, 2}, 0, 60);
  put.new_subscription = NewSubscription{"https://uss.test", false};
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid) << "one or the other";
  put.new_subscription.reset();
  ASSERT_TRUE(Do("a", put).has_value());

  const std::string version = state_.FindSubscription(mine)->version;
  EXPECT_EQ(CodeOf(Do("a", DeleteSubscription{mine, version})), base::ErrorCode::kInvalid);
  PutSubscription shrink{mine,  version, "https://listener.test", Box({1}, 0, 60), true,
                         false, Draw()};
  EXPECT_EQ(CodeOf(Do("a", shrink)), base::ErrorCode::kInvalid);
  shrink.extent = Box({1, 2}, 5, 60);
  EXPECT_TRUE(Do("a", shrink).has_value()) << "five minutes of grace at the start";
  ASSERT_TRUE(Do("a", DeleteIntent{put.id, Stored(put.id).ovn}).has_value());
  EXPECT_NE(state_.FindSubscription(mine), nullptr) << "it was asked for: it stays";
  EXPECT_TRUE(
      Do("a", DeleteSubscription{mine, state_.FindSubscription(mine)->version}).has_value());
}

TEST_F(DecideTest, SubscribersOfOldAndNewCellsAreNamedAtAnyAltitudeGroupedByUrl) {
  const base::Uuid here =
      Subscribe("b", Box({1}, 0, 60, 500'000, 600'000), false, "https://b.test");
  const base::Uuid there = Subscribe("c", Box({9}, 0, 60), false, "https://b.test");
  const base::Uuid later = Subscribe("d", Box({1}, 61, 90), false, "https://d.test");
  const base::Uuid id = NewId();
  const auto created = Do("a", Plan(id, Box({1}, 0, 30)));
  ASSERT_EQ(created->subscribers.size(), 1U);
  EXPECT_EQ(created->subscribers[0].subscriptions, (std::vector<Subscriber::Named>{{here, 1}}));

  PutIntent moved = Plan(id, Box({9}, 0, 30));
  moved.ovn = Stored(id).ovn;
  const auto changed = Do("a", moved);
  ASSERT_EQ(changed->subscribers.size(), 1U);
  EXPECT_EQ(changed->subscribers[0].url, "https://b.test");
  EXPECT_EQ(changed->subscribers[0].subscriptions.size(), 2U);
  EXPECT_EQ(state_.FindSubscription(here)->notification_index, 2);
  EXPECT_EQ(state_.FindSubscription(there)->notification_index, 1);
  EXPECT_EQ(state_.FindSubscription(later)->notification_index, 0);

  policy_.altitude_in_notifications = true;
  EXPECT_TRUE(Do("a", Plan(NewId(), Box({1}, 31, 32)))->subscribers.empty());
  policy_.time_based_notification_index = true;
  const auto timed = Do("a", Plan(NewId(), Box({1}, 40, 41, 500'000, 600'000)));
  ASSERT_EQ(timed->subscribers.size(), 1U);
  EXPECT_EQ(timed->subscribers[0].subscriptions[0].notification_index,
            kNow.us % base::kMicrosPerDay / 1'000);
}

TEST_F(DecideTest, SubscriptionsLastADayAtMostAndBeginNow) {
  PutSubscription put;
  put.id = NewId();
  put.base_url = "https://listener.test";
  put.extent = Box({1}, 0, 0);
  put.extent.start = base::kTimeOpenStart;
  put.extent.end = base::kTimeOpenEnd;
  put.drawn_version = Draw();
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid) << "of nothing";
  put.for_constraints = true;
  ASSERT_TRUE(Do("a", put).has_value());
  EXPECT_EQ(state_.FindSubscription(put.id)->extent.start, kNow);
  EXPECT_EQ(state_.FindSubscription(put.id)->extent.end, Minutes(24 * 60));
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kConflict);

  PutSubscription change = put;
  change.version = state_.FindSubscription(put.id)->version;
  EXPECT_EQ(CodeOf(Do("b", change)), base::ErrorCode::kForbidden);
  change.drawn_version = Draw();
  ASSERT_TRUE(Do("a", change, Minutes(60)).has_value());
  EXPECT_EQ(state_.FindSubscription(put.id)->extent.start, kNow) << "kept where it is not sent";
  EXPECT_EQ(CodeOf(Do("a", change)), base::ErrorCode::kConflict) << "its version is stale";

  PutSubscription fresh = put;
  fresh.id = NewId();
  fresh.extent = Box({1}, 0, 24 * 60 + 1);
  EXPECT_EQ(CodeOf(Do("a", fresh)), base::ErrorCode::kInvalid);
  fresh.extent = Box({1}, -6, 10);
  EXPECT_EQ(CodeOf(Do("a", fresh)), base::ErrorCode::kInvalid);
  fresh.extent = Box({1}, 10, 9);
  EXPECT_EQ(CodeOf(Do("a", fresh)), base::ErrorCode::kInvalid);
  fresh.extent = Box({1}, -5, 10);
  EXPECT_TRUE(Do("a", fresh).has_value());
  fresh.id = NewId();
  fresh.version = "unknown";
  EXPECT_EQ(CodeOf(Do("a", fresh)), base::ErrorCode::kInvalid);
  EXPECT_EQ(CodeOf(Do("a", DeleteSubscription{NewId(), "x"})), base::ErrorCode::kNotFound);
}

TEST_F(DecideTest, ARequestedOvnHoldsTheTimeAndIsUsedOnce) {
  const auto suffix = [](int64_t minutes) {
    const int64_t ms = Minutes(minutes).us / 1'000;
    base::Uuid uuid;
    for (size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<uint8_t>(ms >> (40 - 8 * i));
    uuid.bytes[6] = 0x70;
    uuid.bytes[8] = 0x80;
    return ParseOvnSuffix(uuid.ToString()).value();
  };
  PutIntent put = Plan(NewId(), Box({1}, 0, 30));
  for (const int64_t far : {-6, 6}) {
    put.ovn_suffix = suffix(far);
    EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid);
  }
  put.ovn_suffix = suffix(1);
  ASSERT_TRUE(Do("a", put).has_value());
  EXPECT_EQ(Stored(put.id).ovn, put.id.ToString() + "_" + put.ovn_suffix->text);
  put.ovn = Stored(put.id).ovn;
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid) << "the one in force";
  put.ovn_suffix.reset();
  ASSERT_TRUE(Do("a", put).has_value());
  put.ovn = Stored(put.id).ovn;
  put.ovn_suffix = suffix(1);
  EXPECT_EQ(CodeOf(Do("a", put)), base::ErrorCode::kInvalid) << "a former one";
  put.ovn_suffix = suffix(2);
  EXPECT_TRUE(Do("a", put).has_value());
  EXPECT_FALSE(ParseOvnSuffix(NewId().ToString()).has_value()) << "version 4";
}

TEST_F(DecideTest, RefusesIntentsThatEndInThePastOrAreOpen) {
  EXPECT_EQ(CodeOf(Do("a", Plan(NewId(), Box({1}, -10, -1)))), base::ErrorCode::kInvalid);
  EXPECT_TRUE(Do("a", Plan(NewId(), Box({1}, -10, 1))).has_value());
  PutIntent open = Plan(NewId(), Box({2}, 0, 1));
  open.extent.upper_mm = kAltitudeOpenHighMm;
  EXPECT_EQ(CodeOf(Do("a", open)), base::ErrorCode::kInvalid);
  open = Plan(NewId(), Box({2}, 0, 1));
  open.extent.end = base::kTimeOpenEnd;
  EXPECT_EQ(CodeOf(Do("a", open)), base::ErrorCode::kInvalid);
  PutIntent activated = Plan(NewId(), Box({2}, 0, 1));
  activated.state = IntentState::kActivated;
  activated.new_subscription = NewSubscription{"https://uss.test", false};
  EXPECT_EQ(CodeOf(Do("a", activated)), base::ErrorCode::kInvalid) << "created as Accepted only";
}

TEST_F(DecideTest, AvailabilityIsSetOverTheVersionInForce) {
  EXPECT_EQ(state_.AvailabilityOf("a"), (UssAvailability{"a", Availability::kUnknown, ""}));
  EXPECT_EQ(CodeOf(Do("x", SetAvailability{"a", "v", Availability::kDown, Draw()})),
            base::ErrorCode::kConflict);
  ASSERT_TRUE(Do("x", SetAvailability{"a", "", Availability::kDown, Draw()}).has_value());
  EXPECT_EQ(CodeOf(Do("x", SetAvailability{"a", "", Availability::kNormal, Draw()})),
            base::ErrorCode::kConflict);
  const std::string version = state_.AvailabilityOf("a").version;
  ASSERT_TRUE(Do("x", SetAvailability{"a", version, Availability::kNormal, Draw()}).has_value());
  EXPECT_EQ(state_.AvailabilityOf("a").availability, Availability::kNormal);
}

TEST_F(DecideTest, ServiceAreasTellSubscriptionsOfTheirCellsUntilTheyEnd) {
  PutRidSubscription subscribe{NewId(), std::nullopt, "https://dp.test/x", Box({1}, 0, 60)};
  ASSERT_TRUE(Do("dp", subscribe).has_value());
  PutServiceArea put{NewId(), std::nullopt, "https://sp.test/flights", Box({1, 2}, 100, 200)};
  const auto created = Do("sp", put);
  ASSERT_EQ(created->subscribers.size(), 1U) << "by cells alone, whatever the times";
  EXPECT_EQ(created->subscribers[0].subscriptions[0].notification_index, 1);
  EXPECT_TRUE(Do("sp", PutServiceArea{NewId(), std::nullopt, "u", Box({1}, 100, 200)}, Minutes(61))
                  ->subscribers.empty());

  EXPECT_EQ(CodeOf(Do("sp", put)), base::ErrorCode::kConflict);
  const std::string version = RidVersion(state_.FindServiceArea(put.id)->version_us);
  EXPECT_GE(version.size(), 10U);
  put.version = version;
  put.extent = Box({7}, 100, 200);
  EXPECT_EQ(CodeOf(Do("other", put)), base::ErrorCode::kForbidden);
  EXPECT_EQ(Do("sp", put)->subscribers.size(), 1U) << "old cells hear of it too";
  EXPECT_NE(RidVersion(state_.FindServiceArea(put.id)->version_us), version);
  EXPECT_EQ(CodeOf(Do("sp", DeleteServiceArea{put.id, version})), base::ErrorCode::kConflict);
  PutServiceArea endless{NewId(), std::nullopt, "u", Box({1}, 0, 1)};
  endless.extent.end = base::kTimeOpenEnd;
  EXPECT_EQ(CodeOf(Do("sp", endless)), base::ErrorCode::kInvalid);
  EXPECT_EQ(CodeOf(Do("sp", DeleteServiceArea{NewId(), version})), base::ErrorCode::kNotFound);

  Extent everywhere = Box({1, 7}, 0, 500);
  EXPECT_EQ(SearchServiceAreas(state_, everywhere, Minutes(150)).areas.size(), 2U);
  EXPECT_TRUE(SearchServiceAreas(state_, everywhere, Minutes(201)).areas.empty())
      << "they are over";
}

TEST_F(DecideTest, TenRemoteIdSubscriptionsOfOneOwnerInAPlace) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        Do("dp", PutRidSubscription{NewId(), std::nullopt, "u", Box({1, 2}, 0, 60)}).has_value());
  }
  PutRidSubscription more{NewId(), std::nullopt, "u", Box({2, 3}, 0, 60)};
  EXPECT_EQ(CodeOf(Do("dp", more)), base::ErrorCode::kTooLarge);
  EXPECT_TRUE(Do("another", more).has_value());
  more.id = NewId();
  more.extent = Box({3}, 0, 60);
  EXPECT_TRUE(Do("dp", more).has_value());
  more.id = NewId();
  more.extent = Box({1}, 70, 80);
  EXPECT_TRUE(Do("dp", more, Minutes(61)).has_value()) << "those that ended do not count";
}

TEST_F(DecideTest, WhatEndedLongAgoLeavesIntentsBeforeTheirSubscriptions) {
  PutIntent put = Plan(NewId(), Box({1}, 0, 30));
  put.new_subscription = NewSubscription{"https://uss.test", false};
  ASSERT_TRUE(Do("a", put).has_value());
  policy_.retention_us = base::kMicrosPerHour;
  ASSERT_TRUE(Do("", Evict{}, Minutes(90)).has_value());
  EXPECT_NE(state_.FindIntent(put.id), nullptr);
  const auto decision = Decide(state_, {"", Evict{}}, policy_, Minutes(91));
  ASSERT_EQ(decision->effects.size(), 2U);
  EXPECT_EQ(std::get<Removed>(decision->effects[0]).kind, Kind::kIntent);
  for (const Effect& effect : decision->effects) state_.Apply(effect);
  EXPECT_TRUE(state_.Canonical().empty());
}

}  // namespace
}  // namespace wideberth::dss
