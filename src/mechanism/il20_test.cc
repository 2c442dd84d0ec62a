// Il-20, 17 September 2018, played through the mechanism: what each of its failures meets here.
//
// The events are those of ../shared/scenarios/il20_2018_events.csv, whose two versions contradict each other. Taken
// from there: the call ("in next minutes", "north of Syria"), the strike in the west one minute later by one account, a
// shooter who was not on the line, fire that went on. ASSUMED, because no source gives them: every coordinate, the
// extents and heights, and that the clock of the one side ran 40 s behind the other's.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "agreement/gazetteer.h"
#include "airspace/testing/world.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::testing::TestNotice;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

constexpr int64_t kClockBehindUs = -40 * kSecond;                  // assumed
constexpr geo::Position kLatakia{35'520'000'000, 35'770'000'000};  // assumed: off the town

class Il20Test : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("../shared/scenarios/il20_2018_events.csv");
    if (!file) GTEST_SKIP() << "skipped: ../shared is absent";
    events_.assign(std::istreambuf_iterator<char>(file), {});
    parties.side(1).clock_offset_us = kClockBehindUs;
    parties.Settle();
  }

  // The time between two events of one version, as their published clock has it.
  int64_t Between(std::string_view first, std::string_view second) const {
    const auto minutes = [&](std::string_view what) {
      const size_t at = events_.find(what);
      EXPECT_NE(at, std::string::npos) << what;
      const size_t line = events_.rfind('\n', at) + 1;
      const auto digits = [&](size_t place) {
        return 10 * (events_[line + place] - '0') + (events_[line + place + 1] - '0');
      };
      return 60 * digits(0) + digits(3);
    };
    return (minutes(second) - minutes(first)) * kMinute;
  }
  Declaration Strike(int64_t after_us) const {
    Declaration hazard = airspace::testing::TestHazard();
    hazard.volumes[0].outline = geo::Outline::Circle(kLatakia, 20'000'000).value();
    hazard.volumes[0].window = {{parties.now(0).utc.us + after_us},
                                {parties.now(0).utc.us + after_us + 10 * kMinute}};
    return hazard;
  }

  std::string events_;
  Parties parties;
};

TEST_F(Il20Test, OneCallHasOneRecordOnTwoClocks) {
  const int64_t lead_us = Between("IAF colonel calls", "strike, Latakia");
  ASSERT_EQ(lead_us, kMinute);
  const base::Digest version = parties.Release(0, 1, Strike(lead_us));
  parties.Run(kSecond);
  // The same bytes under one name on both sides, each with the time of its own clock; neither is an account.
  ASSERT_EQ(parties.Latest(1, 1), version);
  const base::UtcMicros sent = parties.notice(0, 1)->latest().stored_at;
  const base::UtcMicros received = parties.notice(1, 1)->latest().stored_at;
  EXPECT_LT(received, sent) << "by their clocks it came before it was sent";
  const auto& offset = parties.core(0).FindLine(Parties::party(1))->liveness().clock_offset();
  ASSERT_TRUE(offset.has_value());
  // The interval that the record can say: their clock minus ours, and how sure.
  EXPECT_NEAR(static_cast<double>(offset->offset_us), static_cast<double>(kClockBehindUs),
              static_cast<double>(offset->error_us) + 1);
  const int64_t took_us = received.us - offset->offset_us - sent.us;
  EXPECT_GE(took_us, -offset->error_us);
  EXPECT_LE(took_us, kSecond);
}

TEST_F(Il20Test, OneMinuteIsSentAndLabelledLateOnBothSides) {
  const int64_t lead_us = Between("IAF colonel calls", "strike, Latakia");
  parties.Release(0, 1, Strike(lead_us));
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    ASSERT_NE(parties.notice(n, 1), nullptr) << "a late notice is sent";
    EXPECT_TRUE(parties.notice(n, 1)->latest().late) << n;
  }
  EXPECT_EQ(parties.CountsOf(0, 1).sent_late, 1u);
  EXPECT_EQ(parties.CountsOf(1, 0).received_late, 1u);
  // The other account: more than ten minutes. The agreed minimum of this world is fifteen.
  parties.Release(0, 2, Strike(11 * kMinute));
  parties.Release(0, 3, Strike(20 * kMinute));
  EXPECT_TRUE(parties.notice(0, 2)->latest().late);
  EXPECT_FALSE(parties.notice(0, 3)->latest().late);
  // So near to its start nobody waits: two minutes after it came it is the deputy chief's.
  parties.Run(2 * kMinute);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kReadBack)[0].level, Level::kDeputyChief);
}

TEST_F(Il20Test, AWordThatIsNotWhereTheStrikeIs) {
  // Assumed: what "north of Syria" would have meant, had the two agreed on a polygon.
  const auto north = geo::Outline::Polygon({{35'900'000'000, 36'600'000'000},
                                            {35'900'000'000, 41'000'000'000},
                                            {36'800'000'000, 41'000'000'000},
                                            {36'800'000'000, 36'600'000'000}})
                         .value();
  const auto gazetteer = agreement::Gazetteer::Make({{"North of Syria", north}}).value();
  const agreement::Place* place = gazetteer.Find("  north  of SYRIA ");
  ASSERT_NE(place, nullptr);
  const Declaration strike = Strike(kMinute);
  const auto area =
      agreement::PolygonsAgree(place->outline, strike.volumes, Tolerances().position_mm).value();
  EXPECT_FALSE(area.agrees);
  EXPECT_GT(area.sticks_out_m, 50'000);
  // The word read back as geometry is another centre: it blocks, and says by how much.
  parties.Release(0, 1, strike);
  parties.Run(kSecond);
  Declaration as_heard = strike;
  as_heard.volumes[0].outline = north;
  const auto read_back = parties.ReadBack(1, 1, ReadingOf(testing::AsSent(as_heard)));
  ASSERT_FALSE(read_back.has_value());
  EXPECT_EQ(read_back.error().field, "/centre");
}

TEST_F(Il20Test, AShooterWhoIsNotOnTheLineStaysUntilNoLongerObserved) {
  const int64_t fire_us = Between("Syrian SAM fire begins", "Israeli aircraft leave");
  ASSERT_EQ(fire_us, 49 * kMinute);
  Declaration fire = Strike(0);
  fire.unplanned = true;
  fire.hazard_class = airspace::HazardClass::kAirDefenceActivity;
  fire.hazard_source = airspace::HazardSource::kExpectedThirdParty;
  const base::Digest version = parties.Release(0, 1, fire);
  parties.Run(kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  // The declared end is long past; the fire is not.
  parties.Run(fire_us);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(airspace::InForce(*parties.notice(n, 1), parties.now(n).utc)) << n;
    EXPECT_EQ(parties.notice(n, 1)->activity, airspace::ActivityState::kActive);
  }
  const NoticeVersionRef ref{TestNotice(1), version};
  ASSERT_TRUE(parties.Do(0, SetEnded{ref}).has_value());
  parties.Run(46 * kMinute);
  // It is not theirs to clear.
  EXPECT_EQ(parties.Do(0, AllClear{ref, false}).error().field, "/no_longer_observed");
  ASSERT_TRUE(parties.Do(0, AllClear{ref, true}).has_value());
  parties.Run(kSecond);
  EXPECT_FALSE(parties.notice(1, 1)->all_clear_at.has_value());
  ASSERT_TRUE(parties.ReadBackAllClear(1, 1).has_value());
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.notice(n, 1)->activity, airspace::ActivityState::kNoLongerObserved) << n;
  }
}

}  // namespace
}  // namespace wideberth::mechanism
