#include "formats/ed269.h"

#include <gtest/gtest.h>

#include "formats/ed318.h"
#include "formats/testing/zones.h"
#include "geo/shape.h"
#include "json/reader.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Restriction;
using testing::At;
using testing::Declarations;
using testing::Describe;

constexpr char kSample[] = "../shared/samples/zones/ed269_sample.json";

TEST(Ed269, LoadsTheSampleWhole) {
  const auto text = testing::ReadFile(kSample);
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const auto file = ImportEd269(*text, At("2022-07-01T00:00:00Z", 14));
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_TRUE(file->refused.empty());
  ASSERT_EQ(file->zones.size(), 6u);
  for (const ImportedZone& zone : file->zones) {
    ASSERT_EQ(zone.declarations.size(), 1u) << zone.identifier;
    EXPECT_TRUE(airspace::ValidateDeclaration(zone.declarations[0]).has_value());
    for (const airspace::Volume4D& volume : zone.declarations[0].volumes) {
      EXPECT_TRUE(geo::Shape::Prepare(volume.outline).has_value());
    }
  }
  const Declaration& concert = file->zones[0].declarations[0];
  EXPECT_EQ(concert.restriction, Restriction::kProhibited);
  EXPECT_EQ(concert.volumes.size(), 4u);  // two weekends; each evening ends with the day
  EXPECT_EQ(concert.volumes[0].outline.buffer_mm(), 3'000'000);
  EXPECT_EQ(concert.volumes[0].band.lower, (geo::Altitude{0, geo::AltitudeReference::kAgl}));
  EXPECT_EQ(concert.volumes[0].band.upper,
            (geo::Altitude{6'259'000, geo::AltitudeReference::kAmsl}));
  EXPECT_EQ(base::FormatRfc3339(concert.volumes[0].window.start), "2022-07-02T17:00:00Z");
  EXPECT_EQ(base::FormatRfc3339(concert.volumes[0].window.end), "2022-07-03T00:00:00Z");
  EXPECT_EQ(file->zones[1].declarations[0].volumes.size(), 3u);  // three rings round the airfield
  const Declaration& lausanne = file->zones[2].declarations[0];
  EXPECT_EQ(lausanne.volumes.size(), 3u);
  EXPECT_EQ(lausanne.volumes[1].outline.vertices().size(),
            3u);  // one corner stands twice in the file
  EXPECT_EQ(lausanne.volumes[0].window,
            (airspace::TimeWindow{base::kTimeOpenStart, base::kTimeOpenEnd}));
  EXPECT_EQ(file->zones[4].declarations[0].volumes[0].band.upper.mm, 76'200);  // 250 ft
}

TEST(Ed269, ExportGivesTheFileBack) {
  const auto text = testing::ReadFile(kSample);
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const ZoneImportOptions options = At("2022-07-01T00:00:00Z", 14);
  const auto file = ImportEd269(*text, options);
  ASSERT_TRUE(file.has_value());
  const auto exported = ExportEd269(Declarations(*file), {});
  ASSERT_TRUE(exported.has_value()) << exported.error().ToString();
  const auto again = ImportEd269(*exported, options);
  ASSERT_TRUE(again.has_value()) << again.error().ToString();
  EXPECT_EQ(Describe(*again), Describe(*file));
  // Every field of every feature is there again, those unknown to us too.
  const auto features = [](const std::string& json) {
    const auto document = json::Document::Parse(json).value();
    return document.root().AsObject().value().Required("features").value().ToJson();
  };
  EXPECT_EQ(features(*exported), features(*text));
}

// Through the other format and back the zones keep area, band and window.
TEST(Ed269, SurvivesTheWayThroughEd318) {
  const auto text = testing::ReadFile(kSample);
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const ZoneImportOptions options = At("2022-07-01T00:00:00Z", 14);
  const auto file = ImportEd269(*text, options);
  ASSERT_TRUE(file.has_value());
  const auto as_ed318 = ExportEd318(Declarations(*file), {});
  ASSERT_TRUE(as_ed318.has_value()) << as_ed318.error().ToString();
  const auto there = ImportEd318(*as_ed318, options);
  ASSERT_TRUE(there.has_value());
  EXPECT_TRUE(there->refused.empty());
  ASSERT_EQ(there->zones.size(), file->zones.size());
  for (size_t i = 0; i < file->zones.size(); ++i) {
    const Declaration& a = file->zones[i].declarations[0];
    const Declaration& b = there->zones[i].declarations[0];
    EXPECT_EQ(a.restriction, b.restriction);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.role_to_call, b.role_to_call);
    EXPECT_EQ(file->zones[i].identifier, there->zones[i].identifier);
    ASSERT_EQ(a.volumes.size(), b.volumes.size());
  }
  const auto back = ExportEd269(Declarations(*there), {});
  ASSERT_TRUE(back.has_value());
  const auto home = ImportEd269(*back, options);
  ASSERT_TRUE(home.has_value());
  EXPECT_EQ(Describe(*home), Describe(*there));
}

std::string Feature(std::string_view fields, std::string_view geometry) {
  return std::string(R"({"features":[{"identifier":"X","restriction":"PROHIBITED",)")
      .append(fields)
      .append(R"("geometry":[)")
      .append(geometry)
      .append("]}]}");
}
constexpr char kCircle[] =
    R"({"uomDimensions":"M","lowerLimit":0,"lowerVerticalReference":"AGL","upperLimit":120,)"
    R"("upperVerticalReference":"AGL","horizontalProjection":{"type":"Circle","center":[7,46],"radius":500}})";

TEST(Ed269, MissingLimitsAndApplicabilityAreTheMost) {
  const auto file = ImportEd269(
      Feature("", R"({"uomDimensions":"FT","lowerVerticalReference":"AGL",)"
                  R"("upperVerticalReference":"AGL","upperLimit":99999,)"
                  R"("horizontalProjection":{"type":"Circle","center":[7,46],"radius":500}})"),
      At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  ASSERT_EQ(file->zones.size(), 1u);
  const airspace::Volume4D& volume = file->zones[0].declarations[0].volumes[0];
  EXPECT_EQ(volume.band.lower.mm, geo::kUnlimitedDown);
  EXPECT_EQ(volume.band.upper.mm, geo::kUnlimitedUp);
  EXPECT_EQ(volume.window, (airspace::TimeWindow{base::kTimeOpenStart, base::kTimeOpenEnd}));
}

TEST(Ed269, ZonesThatAreOverDeclareNothing) {
  const auto file = ImportEd269(
      Feature(R"("applicability":[{"permanent":"NO","endDateTime":"2023-01-01T00:00:00Z"}],)",
              kCircle),
      At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  ASSERT_EQ(file->zones.size(), 1u);
  EXPECT_TRUE(file->zones[0].declarations.empty());
  EXPECT_EQ(file->zones[0].notes.back(), "not in force after now: nothing to declare");
}

TEST(Ed269, TimesWithoutAZoneNeedAnAssumption) {
  const std::string text =
      Feature(R"("applicability":[{"permanent":"NO","startDateTime":"2026-02-01T08:00:00",)"
              R"("endDateTime":"2026-02-01T10:00:00"}],)",
              kCircle);
  ZoneImportOptions options = At("2026-01-01T00:00:00Z");
  auto file = ImportEd269(text, options);
  ASSERT_TRUE(file.has_value());
  ASSERT_EQ(file->refused.size(), 1u);
  EXPECT_EQ(file->refused[0].field, "/features/0/applicability/0/startDateTime");
  options.assume_zone_minutes = 60;
  file = ImportEd269(text, options);
  ASSERT_EQ(file->zones.size(), 1u);
  EXPECT_EQ(base::FormatRfc3339(file->zones[0].declarations[0].volumes[0].window.start),
            "2026-02-01T07:00:00Z");
  EXPECT_EQ(file->zones[0].notes.front(), "times without a zone were read in the assumed one");
}

TEST(Ed269, OneBrokenFeatureLeavesTheOthersAlone) {
  const std::string good = Feature("", kCircle);
  const std::string text =
      good.substr(0, good.size() - 2) +
      R"(,{"restriction":"PROHIBITED","geometry":[{"uomDimensions":"KM"}]},{"restriction":"PROHIBITED","geometry":[]}]})";
  const auto file = ImportEd269(text, At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->zones.size(), 1u);
  ASSERT_EQ(file->refused.size(), 2u);
  EXPECT_EQ(file->refused[0].field, "/features/1/geometry/0/uomDimensions");
  EXPECT_EQ(file->refused[1].field, "/features/2/geometry");
}

TEST(Ed269, RefusesToWriteWhatItCannotSay) {
  const geo::Position a = geo::MakePosition(46, 7).value();
  const geo::Position b = geo::MakePosition(46.1, 7).value();
  const airspace::TimeWindow always{base::kTimeOpenStart, base::kTimeOpenEnd};
  const airspace::HeightBand std_band{{0, geo::AltitudeReference::kStd},
                                      {1'000'000, geo::AltitudeReference::kStd}};
  const airspace::HeightBand agl_band{{0, geo::AltitudeReference::kAgl},
                                      {100'000, geo::AltitudeReference::kAgl}};
  const Declaration pressure =
      testing::DrawnZone(geo::Outline::Circle(a, 1'000'000).value(), std_band, always);
  const Declaration corridor =
      testing::DrawnZone(geo::Outline::Corridor({a, b}, 1'000'000).value(), agl_band, always);
  Declaration hazard = corridor;
  hazard.kind = airspace::NoticeKind::kHazard;
  for (const Declaration* zone : {&pressure, &corridor, static_cast<const Declaration*>(&hazard)}) {
    const auto text = ExportEd269(std::vector{zone}, {});
    ASSERT_FALSE(text.has_value());
    EXPECT_TRUE(text.error().field.starts_with("/0")) << text.error().ToString();
  }
}

// What is drawn here and does not fit whole units is written larger, never smaller.
TEST(Ed269, RoundsOutwards) {
  const geo::Position a = geo::MakePosition(46, 7).value();
  const Declaration zone = testing::DrawnZone(
      geo::Outline::Circle(a, 1'234'567).value(),
      {{-12'345, geo::AltitudeReference::kAmsl}, {77'001, geo::AltitudeReference::kAmsl}},
      {base::UtcMicros{1'800'000'000'500'000}, base::UtcMicros{1'800'000'100'000'001}});
  const auto text = ExportEd269(std::vector{&zone}, {});
  ASSERT_TRUE(text.has_value());
  const auto file = ImportEd269(*text, At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  const airspace::Volume4D& volume = file->zones[0].declarations[0].volumes[0];
  EXPECT_EQ(volume.outline, zone.volumes[0].outline);
  EXPECT_EQ(volume.band.lower.mm, -13'000);
  EXPECT_EQ(volume.band.upper.mm, 78'000);
  EXPECT_EQ(volume.window.start.us, 1'800'000'000'000'000);
  EXPECT_EQ(volume.window.end.us, 1'800'000'101'000'000);
}

}  // namespace
}  // namespace wideberth::formats
