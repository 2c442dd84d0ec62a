#include "agreement/in_force.h"

#include <gtest/gtest.h>

#include "agreement/floor.h"
#include "agreement/testing/samples.h"
#include "base/limits.h"
#include "base/random.h"

namespace wideberth::agreement {
namespace {

using testing::Sample;

const airspace::PartyEntry& North() {
  return Sample().parties()[0];
}
const airspace::PartyEntry& South() {
  return Sample().parties()[1];
}

Agreement Numbered(int64_t number, int64_t from_s, std::optional<int64_t> to_s) {
  Agreement agreement = Sample();
  agreement.number = number;
  agreement.digest.bytes.fill(static_cast<uint8_t>(number));
  agreement.effective_from = {from_s * base::kMicrosPerSecond};
  agreement.expires.reset();
  if (to_s) agreement.expires = base::UtcMicros{*to_s * base::kMicrosPerSecond};
  return agreement;
}

// The number in force at that second; 0: the floor before the first; minus the number it follows: the floor after it.
int64_t At(const LineAgreements& agreed, int64_t second) {
  const InForce in_force = agreed.At({second * base::kMicrosPerSecond});
  if (in_force.agreement != nullptr) return in_force.agreement->number;
  return in_force.last == nullptr ? 0 : -in_force.last->number;
}

TEST(LineAgreements, TheLatestThatRunsHoldsAndElseTheFloor) {
  LineAgreements agreed(North(), South());
  EXPECT_EQ(At(agreed, 0), 0);
  ASSERT_TRUE(agreed.Add(Numbered(2, 30, 40)).has_value());
  ASSERT_TRUE(agreed.Add(Numbered(1, 10, 50)).has_value());
  ASSERT_TRUE(agreed.Add(Numbered(3, 60, std::nullopt)).has_value());
  for (const auto& [second, number] : {std::pair<int64_t, int64_t>{9, 0},
                                       {10, 1},
                                       {29, 1},
                                       {30, 2},
                                       {39, 2},
                                       {40, 1},
                                       {49, 1},
                                       {50, -2},
                                       {59, -2},
                                       {60, 3},
                                       {6'000, 3}}) {
    EXPECT_EQ(At(agreed, second), number) << second;
  }
}

TEST(LineAgreements, ADenouncedOneLeavesTheFloorAndRevivesNone) {
  const auto denounce = [](LineAgreements* agreed, int64_t number, int64_t second) {
    agreed->Denounce(Numbered(number, 0, {}).digest, {second * base::kMicrosPerSecond});
  };
  LineAgreements agreed(North(), South());
  denounce(&agreed, 2, 30);  // before it is known
  for (const Agreement& each :
       {Numbered(1, 10, std::nullopt), Numbered(2, 20, std::nullopt), Numbered(3, 40, 50)}) {
    ASSERT_TRUE(agreed.Add(each).has_value());
  }
  denounce(&agreed, 2, 35);  // the earlier of two holds
  for (const auto& [second, number] : {std::pair<int64_t, int64_t>{10, 1},
                                       {20, 2},
                                       {29, 2},
                                       {30, -2},
                                       {39, -2},
                                       {40, 3},
                                       {50, -3},
                                       {60, -3}}) {
    EXPECT_EQ(At(agreed, second), number) << second;
  }
  denounce(&agreed, 3, 40);  // it never comes into force
  EXPECT_EQ(At(agreed, 45), -2);
  LineAgreements expires(North(), South());
  ASSERT_TRUE(expires.Add(Numbered(1, 10, std::nullopt)).has_value());
  ASSERT_TRUE(expires.Add(Numbered(2, 20, 25)).has_value());
  denounce(&expires, 2, 30);  // it had expired by itself
  EXPECT_EQ(At(expires, 24), 2);
  EXPECT_EQ(At(expires, 40), 1);
}

TEST(LineAgreements, BothSidesChooseTheSameWhateverTheOrder) {
  base::SeededRandom random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Agreement> all;
    for (int64_t number = 1; number <= 5; ++number) {
      const auto from_s = static_cast<int64_t>(random.Below(6));
      const auto length_s = static_cast<int64_t>(random.Below(6));
      all.push_back(Numbered(number, from_s, from_s + 1 + length_s));
    }
    LineAgreements north(North(), South());
    LineAgreements south(South(), North());
    const bool denounced = round % 2 == 1;
    const base::Digest& ended = all[random.Below(all.size())].digest;
    const base::UtcMicros until{static_cast<int64_t>(random.Below(12)) * base::kMicrosPerSecond};
    if (denounced) north.Denounce(ended, until);
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_TRUE(north.Add(all[i]).has_value());
      ASSERT_TRUE(south.Add(all[all.size() - 1 - i]).has_value());
    }
    if (denounced) south.Denounce(ended, until);
    for (int64_t second = 0; second < 14; ++second) {
      EXPECT_EQ(At(north, second), At(south, second));
      const base::UtcMicros now{second * base::kMicrosPerSecond};
      EXPECT_EQ(north.TermsOf(north.At(now)).rules.digest(),
                south.TermsOf(south.At(now)).rules.digest());
      // Whatever holds runs, and what is on the floor runs not.
      bool any = false;
      for (const Agreement& each : all) any = any || each.RunsAt(now);
      if (!denounced) {
        EXPECT_EQ(any, !north.At(now).on_floor());
      }
    }
  }
}

TEST(LineAgreements, TheFloorIsTheOneThatTheLastLeaves) {
  LineAgreements agreed(North(), South());
  const Agreement last = Numbered(4, 10, 20);
  ASSERT_TRUE(agreed.Add(last).has_value());
  EXPECT_EQ(agreed.TermsOf(agreed.At({0})).rules.digest(),
            SafetyFloor(North(), South())->rules.digest());
  EXPECT_EQ(agreed.TermsOf(agreed.At({30 * base::kMicrosPerSecond})).rules.digest(),
            SafetyFloor(North(), South(), &last)->rules.digest());
  EXPECT_EQ(agreed.TermsOf(agreed.At({15 * base::kMicrosPerSecond})).rules.digest(),
            last.terms.rules.digest());
}

TEST(LineAgreements, RefusesThoseOfOthersAndTakesEachOnce) {
  airspace::PartyEntry stranger = South();
  stranger.id.uuid.bytes[0] ^= 1;
  LineAgreements other(North(), stranger);
  const auto refused = other.Add(Sample());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field, "/parties");
  airspace::PartyEntry renamed = South();
  renamed.name += "-2";
  EXPECT_FALSE(LineAgreements(North(), renamed).Add(Sample()).has_value());

  LineAgreements agreed(North(), South());
  for (int64_t number = 1; number <= static_cast<int64_t>(kAgreementsOfLineMax); ++number) {
    ASSERT_TRUE(agreed.Add(Numbered(number, number, {})).has_value());
  }
  EXPECT_TRUE(agreed.Add(Numbered(1, 1, {})).has_value()) << "it is there";
  EXPECT_EQ(agreed.Add(Numbered(101, 101, {})).error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(agreed.Find(Numbered(7, 7, {}).digest)->number, 7);
  EXPECT_EQ(agreed.Find(Numbered(101, 7, {}).digest), nullptr);
}

TEST(WhileLost, EverySeparationIsWiderByWhatWasAgreed) {
  Terms terms = Sample().terms;
  terms.lost_link.widening = {};
  EXPECT_EQ(WhileLost(terms).digest(), terms.rules.digest());
  terms.lost_link.widening = {4'000'000, 200'000, 3 * base::kMicrosPerMinute};
  const airspace::Rules wider = WhileLost(terms);
  EXPECT_NE(wider.digest(), terms.rules.digest());
  EXPECT_EQ(wider.agreed(), terms.rules.digest());
  for (const auto a : {airspace::NoticeKind::kActivity, airspace::NoticeKind::kHazard,
                       airspace::NoticeKind::kProtectedSite, airspace::NoticeKind::kZone}) {
    airspace::Declaration mine, theirs;
    theirs.kind = a;
    const airspace::Separation before = terms.rules.For(mine, theirs);
    EXPECT_EQ(wider.For(mine, theirs),
              (airspace::Separation{before.lateral_mm + 4'000'000, before.vertical_mm + 200'000,
                                    before.time_us + 3 * base::kMicrosPerMinute}));
  }
  terms.lost_link.widening.lateral_mm = limits::kSeparationLateralMaxMm;
  EXPECT_EQ(WhileLost(terms).widest().lateral_mm, limits::kSeparationLateralMaxMm);
  terms.rules = airspace::Rules();
  EXPECT_EQ(WhileLost(terms).widest(), terms.lost_link.widening);
}

}  // namespace
}  // namespace wideberth::agreement
