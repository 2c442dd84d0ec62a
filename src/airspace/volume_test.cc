#include "airspace/volume.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "geo/shape.h"

namespace wideberth::airspace {
namespace {

using geo::Altitude;
using enum geo::AltitudeReference;

constexpr int64_t kHour = base::kMicrosPerHour;
constexpr int64_t kStart = 1'795'255'200'000'000;  // 2026-11-21T10:00:00Z

Volume4D Valid() {
  return {*geo::Outline::Circle({47'000'000'000, 8'000'000'000}, 1'000'000),
          {{100'000, kW84}, {200'000, kW84}},
          {{kStart}, {kStart + kHour}},
          {100'000, 100'000},
          {200'000, 200'000}};
}

TEST(ValidateVolume, TakesWhatIsRight) {
  EXPECT_TRUE(ValidateVolume(Valid()));
  Volume4D volume = Valid();
  volume.window = {base::kTimeOpenStart, base::kTimeOpenEnd};
  volume.band = {{geo::kUnlimitedDown, kW84}, {geo::kUnlimitedUp, kW84}};
  EXPECT_TRUE(ValidateVolume(volume));
  volume = Valid();
  volume.band = {{limits::kAltitudeMinMm, kAmsl}, {limits::kAltitudeMaxMm, kAmsl}};
  EXPECT_TRUE(ValidateVolume(volume)) << "the limits themselves are allowed";
  volume = Valid();
  volume.window.end.us = kStart + limits::kNoticeWindowMaxUs;
  EXPECT_TRUE(ValidateVolume(volume));
  volume = Valid();
  volume.window.end.us = kStart + 1;
  volume.band.upper.mm = volume.band.lower.mm + 1;
  EXPECT_TRUE(ValidateVolume(volume));
}

struct BadWindow {
  int64_t start_us;
  int64_t end_us;
  const char* found;
};

TEST(ValidateVolume, RefusesWindows) {
  const int64_t year_9999 = base::DaysFromCivil({9999, 1, 1}) * base::kMicrosPerDay;
  const std::vector<BadWindow> cases = {
      {kStart, kStart, "2026-11-21T10:00:00Z to 2026-11-21T10:00:00Z"},
      {kStart + 1'000'000, kStart, "2026-11-21T10:00:01Z to 2026-11-21T10:00:00Z"},
      {kStart, kStart + limits::kNoticeWindowMaxUs + 1, "to 2027-11-22T10:00:00.000001Z"},
      {kStart, year_9999, " us"},
      {-1, kStart, "-1 us"},
      {base::kTimeOpenEnd.us, base::kTimeOpenEnd.us, "+inf to +inf"},
      {base::kTimeOpenStart.us, base::kTimeOpenStart.us, "-inf to -inf"},
  };
  for (const BadWindow& bad : cases) {
    Volume4D volume = Valid();
    volume.window = {{bad.start_us}, {bad.end_us}};
    const auto result = ValidateVolume(volume);
    ASSERT_FALSE(result) << bad.found;
    EXPECT_EQ(result.error().field, "/window");
    EXPECT_NE(result.error().found.find(bad.found), std::string::npos) << result.error().found;
  }
  Volume4D last = Valid();
  last.window = {{year_9999 - kHour}, {year_9999 - 1}};
  EXPECT_TRUE(ValidateVolume(last));
}

struct BadBand {
  Altitude lower;
  Altitude upper;
  const char* field;
  const char* found;
};

TEST(ValidateVolume, RefusesBands) {
  const std::vector<BadBand> cases = {
      {{100, kW84}, {100, kW84}, "/band", "100 mm W84 to 100 mm W84"},
      {{101, kAgl}, {100, kAgl}, "/band", "101 mm AGL to 100 mm AGL"},
      {{-8'000'001, kAmsl}, {0, kAmsl}, "/band/lower", "-8000001 mm AMSL"},
      {{0, kStd}, {1'000'000'001, kStd}, "/band/upper", "1000000001 mm STD"},
      {{geo::kUnlimitedUp, kW84},
       {geo::kUnlimitedUp, kW84},
       "/band/lower",
       "unlimited upwards W84"},
      {{0, kW84}, {geo::kUnlimitedDown, kW84}, "/band/upper", "unlimited downwards W84"},
      {{geo::kUnlimitedDown, kW84}, {-8'000'001, kAgl}, "/band/upper", "-8000001 mm AGL"},
  };
  for (const BadBand& bad : cases) {
    Volume4D volume = Valid();
    volume.band = {bad.lower, bad.upper};
    const auto result = ValidateVolume(volume);
    ASSERT_FALSE(result) << bad.found;
    EXPECT_EQ(result.error().field, bad.field);
    EXPECT_EQ(result.error().found, bad.found);
    EXPECT_FALSE(result.error().rule.empty());
  }
}

TEST(ValidateVolume, JudgesDifferentReferencesByTheirIntervals) {
  Volume4D volume = Valid();
  volume.band = {{500'000, kAgl}, {600'000, kAmsl}};
  volume.lower_w84 = {};
  volume.upper_w84 = {};
  EXPECT_TRUE(ValidateVolume(volume)) << "nothing is known before FillW84";
  volume.lower_w84 = {600'000, 3'000'000};
  volume.upper_w84 = {590'000, 610'000};
  EXPECT_TRUE(ValidateVolume(volume)) << "it may be the right way up somewhere";
  volume.lower_w84 = {610'001, 3'000'000};
  const auto result = ValidateVolume(volume);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().field, "/band");
  EXPECT_EQ(result.error().found, "500000 mm AGL to 600000 mm AMSL");

  volume.lower_w84 = {2, 1};
  EXPECT_EQ(ValidateVolume(volume).error().field, "/lower_w84");
  volume = Valid();
  volume.upper_w84 = {2, 1};
  EXPECT_EQ(ValidateVolume(volume).error().field, "/upper_w84");
}

TEST(FillW84, WidensAndNeverNarrows) {
  const geo::HeightModel model;  // no geoid, no bounds: the Earth's extremes
  Volume4D volume = Valid();
  volume.band = {{100'000, kW84}, {200'000, kAmsl}};
  volume.lower_w84 = {};
  volume.upper_w84 = {};
  const auto shape = geo::Shape::Prepare(volume.outline);
  ASSERT_TRUE(shape);
  FillW84(model, *shape, &volume);
  EXPECT_EQ(volume.lower_w84, (geo::HeightInterval{100'000, 100'000}));
  const geo::HeightInterval own = geo::ToW84(model, *shape, volume.band.upper);
  EXPECT_LT(own.lower_mm, own.upper_mm);
  EXPECT_EQ(volume.upper_w84, own);

  volume.upper_w84 = {own.lower_mm - 5, own.lower_mm + 5};  // what the issuer said
  FillW84(model, *shape, &volume);
  EXPECT_EQ(volume.upper_w84, (geo::HeightInterval{own.lower_mm - 5, own.upper_mm}));
  const Volume4D filled = volume;
  FillW84(model, *shape, &volume);
  EXPECT_EQ(volume, filled);
}

}  // namespace
}  // namespace wideberth::airspace
