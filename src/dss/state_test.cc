// Many random commands: the State and a naive one must be told the same, decide the same and hold the same; rows and
// replay must give the State again; whatever was accepted had a whole key.
#include "dss/state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "dss/decide.h"
#include "dss/testing/naive.h"

namespace wideberth::dss {
namespace {

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 12; ++i) ids_.push_back(random_.NewUuidV4());
  }

  Command NextCommand() {
    now_.us += random_.Between(0, 20 * base::kMicrosPerSecond);
    const std::string caller(1, static_cast<char>('a' + random_.Below(3)));
    switch (random_.Below(12)) {
      case 0:
        return {caller, PutConstraint{Id(), Ovn<Constraint>(), "c", Place(), Draw()}};
      case 1:
        return {caller, DeleteConstraint{Id(), Ovn<Constraint>().value_or("x")}};
      case 2:
        return {caller, PutSubscription{Id(), SubscriptionVersion(), "s", Place(),
                                        random_.Below(4) != 0, random_.Below(2) == 0, Draw()}};
      case 3:
        return {caller, DeleteSubscription{Id(), SubscriptionVersion().value_or("x")}};
      case 4:
        return {caller, PutServiceArea{Id(), RidVersionOf<ServiceArea>(), "f", Place()}};
      case 5:
        return {caller, PutRidSubscription{Id(), RidVersionOf<RidSubscription>(), "r", Place()}};
      case 6:
        return {caller, DeleteRidSubscription{Id(), RidVersionOf<RidSubscription>().value_or("x")}};
      case 7:
        return {caller, SetAvailability{std::string(1, static_cast<char>('a' + random_.Below(3))),
                                        view.AvailabilityOf("a").version,
                                        static_cast<Availability>(random_.Below(3)), Draw()}};
      case 8:
        return {"", Evict{}};
      case 9:
        return {caller, DeleteIntent{Id(), Ovn<Intent>().value_or("x")}};
      default:
        return {caller, NextIntent()};
    }
  }
  base::UtcMicros now() const { return now_; }
  base::SeededRandom& random() { return random_; }
  const std::vector<base::Uuid>& ids() const { return ids_; }

  testing::NaiveView view;

 private:
  const base::Uuid& Id() { return last_ = ids_[random_.Below(ids_.size())]; }
  Drawn Draw() {
    Drawn drawn;
    random_.Fill(drawn);
    return drawn;
  }
  Extent Place() {
    Extent extent;
    const uint64_t first = random_.Below(6);
    for (uint64_t i = 0; i <= random_.Below(3); ++i) {
      extent.cells.push_back((uint64_t{3} << 61) + ((first + i) << 35) + (uint64_t{1} << 34));
    }
    extent.lower_mm = static_cast<int32_t>(random_.Between(-5, 5));
    extent.upper_mm = extent.lower_mm + static_cast<int32_t>(random_.Below(4));
    extent.start.us = now_.us + random_.Between(-3, 60) * base::kMicrosPerMinute;
    extent.end.us = extent.start.us + random_.Between(1, 60) * base::kMicrosPerMinute;
    return extent;
  }
  // Of whatever Id gave last, mostly.
  template <class T>
  std::optional<std::string> Ovn() {
    const auto found = view.Of<T>().find(last_);
    if (found == view.Of<T>().end() || random_.Below(8) == 0) return std::nullopt;
    return found->second.ovn;
  }
  std::optional<std::string> SubscriptionVersion() {
    const auto found = view.Of<Subscription>().find(last_);
    if (found == view.Of<Subscription>().end()) return std::nullopt;
    return found->second.version;
  }
  template <class T>
  std::optional<std::string> RidVersionOf() {
    const auto found = view.Of<T>().find(last_);
    if (found == view.Of<T>().end()) return std::nullopt;
    return RidVersion(found->second.version_us);
  }
  PutIntent NextIntent() {
    PutIntent put;
    put.id = Id();
    put.ovn = Ovn<Intent>();
    put.base_url = "i";
    put.extent = Place();
    if (put.ovn) put.state = static_cast<IntentState>(random_.Below(4));
    for (const auto& [id, intent] : view.Of<Intent>()) {
      if (random_.Below(3) != 0) put.key.push_back(intent.ovn);
    }
    for (const auto& [id, constraint] : view.Of<Constraint>()) {
      if (random_.Below(10) != 0) put.key.push_back(constraint.ovn);
    }
    if (random_.Below(2) == 0) put.new_subscription = NewSubscription{"n", random_.Below(2) == 0};
    if (!put.new_subscription && random_.Below(2) == 0 && !view.Of<Subscription>().empty()) {
      auto at = view.Of<Subscription>().begin();
      std::advance(at, random_.Below(view.Of<Subscription>().size()));
      put.subscription = at->first;
    }
    put.drawn_ovn = Draw();
    put.drawn_subscription = random_.NewUuidV4();
    put.drawn_subscription_version = Draw();
    return put;
  }

  base::SeededRandom random_;
  std::vector<base::Uuid> ids_;
  base::Uuid last_;
  base::UtcMicros now_{1'790'000'000'000'000};
};

// What must hold whenever a command is done, however it was decided.
void CheckLaws(const testing::NaiveView& view) {
  for (const auto& [id, intent] : view.Of<Intent>()) {
    if (intent.subscription.is_nil()) continue;
    const Subscription* subscription = view.FindSubscription(intent.subscription);
    ASSERT_NE(subscription, nullptr) << "an intent leans on nothing";
    EXPECT_TRUE(CellsContain(subscription->extent, intent.extent));
    EXPECT_EQ(subscription->manager, intent.manager);
    EXPECT_LE(intent.extent.end, subscription->extent.end);
  }
}

bool KeyIsWhole(const testing::NaiveView& before, const PutIntent& put) {
  if (put.state != IntentState::kAccepted && put.state != IntentState::kActivated) return true;
  for (const auto& [id, other] : before.Of<Intent>()) {
    const bool down = other.state == IntentState::kAccepted &&
                      before.AvailabilityOf(other.manager).availability == Availability::kDown;
    const bool near = CellsMeet(other.extent, put.extent) && TimesMeet(other.extent, put.extent) &&
                      AltitudesMeet(other.extent, put.extent);
    const bool known = std::find(put.key.begin(), put.key.end(), other.ovn) != put.key.end();
    if (near && !known && !down && id != put.id) return false;
  }
  return true;
}

State FromRows(const std::map<uint64_t, base::Bytes>& rows) {
  State state;
  for (const auto& [key, bytes] : rows) EXPECT_TRUE(state.LoadRow(key, bytes).has_value());
  return state;
}

void WriteRows(const std::vector<uint64_t>& keys, const State& state,
               std::map<uint64_t, base::Bytes>* rows) {
  for (const uint64_t key : keys) {
    if (auto bytes = state.EncodeRow(key)) {
      (*rows)[key] = std::move(*bytes);
    } else {
      rows->erase(key);
    }
  }
}

TEST(State, DoesAsANaiveOneDoesAndComesBackFromRowsAndLog) {
  Policy policy;
  policy.retention_us = 10 * base::kMicrosPerMinute;
  size_t accepted = 0;
  size_t incomplete = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    World world(seed);
    State state;
    std::map<uint64_t, base::Bytes> rows;
    std::vector<Effect> since_rows;  // behind the rows, in the log
    for (int step = 0; step < 1'200; ++step) {
      const Command command = world.NextCommand();
      const auto naive = Decide(world.view, command, policy, world.now());
      const auto decision = Decide(state, command, policy, world.now());
      ASSERT_EQ(decision.has_value(), naive.has_value());
      if (!decision) {
        ASSERT_EQ(decision.error(), naive.error());
        continue;
      }
      ASSERT_EQ(decision->effects, naive->effects);
      ASSERT_EQ(decision->answer.subscribers, naive->answer.subscribers);
      ASSERT_EQ(decision->answer.intents, naive->answer.intents);
      if (const auto* put = std::get_if<PutIntent>(&command.request)) {
        accepted += decision->answer.key_incomplete ? 0U : 1U;
        incomplete += decision->answer.key_incomplete ? 1U : 0U;
        ASSERT_TRUE(decision->answer.key_incomplete || KeyIsWhole(world.view, *put));
        ASSERT_EQ(decision->answer.key_incomplete, decision->effects.empty());
      }
      for (const Effect& effect : decision->effects) {
        base::Bytes bytes;
        EncodeEffect(effect, &bytes);
        base::ByteView in = bytes;
        const auto decoded = DecodeEffect(&in);
        ASSERT_TRUE(decoded.has_value());
        ASSERT_TRUE(in.empty());
        ASSERT_EQ(*decoded, effect);
        state.Apply(effect);
        world.view.Apply(effect);
        since_rows.push_back(effect);
      }
      CheckLaws(world.view);
      if (step % 61 == 60) {
        // A crash in the middle of writing rows: some are of now, the log since the last time is applied over them.
        const std::vector<uint64_t> dirty = state.TakeDirty();
        std::map<uint64_t, base::Bytes> torn = rows;
        WriteRows({dirty.begin(), dirty.begin() + static_cast<long>(dirty.size() / 2)}, state,
                  &torn);
        State restored = FromRows(torn);
        for (const Effect& effect : since_rows) restored.Apply(effect);
        ASSERT_EQ(restored.Canonical(), state.Canonical());
        WriteRows(restored.TakeDirty(), restored, &torn);
        ASSERT_EQ(FromRows(torn).Canonical(), state.Canonical()) << "rows after the recovery";
        WriteRows(dirty, state, &rows);
        since_rows.clear();
        ASSERT_EQ(FromRows(rows).Canonical(), state.Canonical());
      }
    }
  }
  EXPECT_GT(accepted, 300U);
  EXPECT_GT(incomplete, 100U);
}

TEST(State, EffectsThatAreAppliedAgainChangeNothing) {
  World world(99);
  State once;
  State twice;
  for (int step = 0; step < 400; ++step) {
    const auto decision = Decide(once, world.NextCommand(), {}, world.now());
    if (!decision) continue;
    for (const Effect& effect : decision->effects) {
      once.Apply(effect);
      world.view.Apply(effect);
      twice.Apply(effect);
    }
    for (const Effect& effect : decision->effects) twice.Apply(effect);
    ASSERT_EQ(once.Canonical(), twice.Canonical());
  }
  EXPECT_FALSE(once.Canonical().empty());
}

TEST(Effects, DamagedBytesAreRefusedAndNeverReadBeyond) {
  World world(7);
  State state;
  base::Bytes all;
  for (int step = 0; step < 300; ++step) {
    const auto decision = Decide(state, world.NextCommand(), {}, world.now());
    if (!decision) continue;
    for (const Effect& effect : decision->effects) {
      state.Apply(effect);
      world.view.Apply(effect);
      base::Bytes bytes;
      EncodeEffect(effect, &bytes);
      for (size_t cut = 0; cut < bytes.size(); ++cut) {
        base::ByteView in = base::ByteView(bytes).first(cut);
        ASSERT_FALSE(DecodeEffect(&in).has_value());
      }
      bytes[world.random().Below(bytes.size())] ^=
          static_cast<uint8_t>(1U << world.random().Below(8));
      base::ByteView in = bytes;
      const auto decoded = DecodeEffect(&in);
      if (!decoded) continue;
      base::Bytes again;
      EncodeEffect(*decoded, &again);
      ASSERT_TRUE(std::equal(again.begin(), again.end(), bytes.begin()))
          << "one value, one encoding";
    }
  }
}

}  // namespace
}  // namespace wideberth::dss
