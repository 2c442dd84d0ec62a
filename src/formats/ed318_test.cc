#include "formats/ed318.h"

#include <gtest/gtest.h>

#include "formats/testing/zones.h"
#include "geo/gap.h"
#include "geo/shape.h"
#include "json/reader.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Restriction;
using testing::At;
using testing::Declarations;
using testing::Describe;

constexpr char kSample[] = "../shared/samples/zones/ed318_sample.json";

TEST(Ed318, LoadsTheSampleWhole) {
  const auto text = testing::ReadFile(kSample);
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const auto file = ImportEd318(*text, At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_TRUE(file->refused.empty());
  ASSERT_EQ(file->zones.size(), 3u);
  const char* identifiers[] = {"LSZB003", "BLns058", "LSTB002"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(file->zones[i].identifier, identifiers[i]);
    ASSERT_EQ(file->zones[i].declarations.size(), 1u);
    const Declaration& zone = file->zones[i].declarations[0];
    EXPECT_EQ(zone.restriction, Restriction::kReqAuthorisation);
    ASSERT_EQ(zone.volumes.size(), 1u);
    EXPECT_EQ(zone.volumes[0].band.upper.mm, geo::kUnlimitedUp);
    EXPECT_EQ(base::FormatRfc3339(zone.volumes[0].window.start), "2016-09-14T22:00:00Z");
    EXPECT_EQ(zone.volumes[0].window.end, base::kTimeOpenEnd);
    EXPECT_TRUE(geo::Shape::Prepare(zone.volumes[0].outline).has_value());
  }
  const Declaration& nature = file->zones[1].declarations[0];
  EXPECT_EQ(nature.name, "Protected natural object Langmatt");
  EXPECT_EQ(nature.role_to_call, "Department for Nature and Landscape");
  EXPECT_EQ(file->zones[0].declarations[0].volumes[0].band.lower,
            (geo::Altitude{60'000, geo::AltitudeReference::kAgl}));
}

TEST(Ed318, ExportGivesTheFileBack) {
  const auto text = testing::ReadFile(kSample);
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const ZoneImportOptions options = At("2026-01-01T00:00:00Z");
  const auto file = ImportEd318(*text, options);
  ASSERT_TRUE(file.has_value());
  const auto exported = ExportEd318(Declarations(*file), {});
  ASSERT_TRUE(exported.has_value()) << exported.error().ToString();
  const auto again = ImportEd318(*exported, options);
  ASSERT_TRUE(again.has_value()) << again.error().ToString();
  EXPECT_EQ(Describe(*again), Describe(*file));
  const auto features = [](const std::string& json) {
    const auto document = json::Document::Parse(json).value();
    return document.root().AsObject().value().Required("features").value().ToJson();
  };
  EXPECT_EQ(features(*exported), features(*text));
}

std::string Collection(std::string_view geometry, std::string_view properties) {
  return std::string(R"({"type":"FeatureCollection","features":[{"type":"Feature","geometry":)")
      .append(geometry)
      .append(R"(,"properties":{)")
      .append(properties)
      .append("}}]}");
}

TEST(Ed318, ReadsCirclesLayersAndSchedules) {
  const auto file = ImportEd318(Collection(R"({"type":"GeometryCollection","geometries":[
        {"type":"Point","coordinates":[2.636866,50.122901],"extent":{"subType":"Circle","radius":3500},
         "layer":{"upper":150,"upperReference":"AGL","lower":50,"lowerReference":"AGL","uom":"m"}},
        {"type":"MultiPolygon","coordinates":[[[[2,50],[2.01,50],[2.01,50.01],[2,50]]],
                                              [[[3,50],[3.01,50],[3.01,50.01],[3,50]]]],
         "layer":{"upper":400,"upperReference":"WGS84","uom":"ft"}}]})",
                                           R"("type":"REQ_AUTHORIZATION","limitedApplicability":[{
        "startDateTime":"2026-01-05T00:00:00Z","endDateTime":"2026-01-19T00:00:00Z",
        "schedule":[{"day":["ANY"],"startTime":"16:00:00Z","endTime":"17:00:00Z"},
                    {"day":["SUN"],"startEvent":"SR","endEvent":"SS"}]}])"),
                                At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->refused.empty()) << file->refused[0].ToString();
  const Declaration& zone = file->zones[0].declarations[0];
  EXPECT_EQ(zone.restriction, Restriction::kReqAuthorisation);
  // 14 days; the two Sundays with Saturday evening and Monday morning in one window swallow the hours beside them.
  EXPECT_EQ(zone.volumes.size() % 3, 0u);
  EXPECT_EQ(zone.volumes[0].outline.kind(), geo::OutlineKind::kCircle);
  EXPECT_EQ(zone.volumes[1].band.lower.mm, geo::kUnlimitedDown);
  EXPECT_EQ(zone.volumes[1].band.upper, (geo::Altitude{121'920, geo::AltitudeReference::kW84}));
  for (const airspace::Volume4D& volume : zone.volumes) {
    EXPECT_GE(base::FormatRfc3339(volume.window.start), "2026-01-05T00:00:00Z");
    EXPECT_LE(base::FormatRfc3339(volume.window.end), "2026-01-19T00:00:00Z");
  }
}

TEST(Ed318, RefusesWithThePlaceInTheFile) {
  const ZoneImportOptions options = At("2026-01-01T00:00:00Z");
  const auto refused = [&](std::string_view geometry) {
    const auto file = ImportEd318(Collection(geometry, R"("type":"PROHIBITED")"), options);
    EXPECT_TRUE(file.has_value());
    EXPECT_EQ(file->refused.size(), 1u) << geometry;
    return file->refused.empty() ? std::string() : file->refused[0].field;
  };
  EXPECT_EQ(refused(R"({"type":"LineString","coordinates":[[6,46],[7,46]]})"),
            "/features/0/geometry/type");
  EXPECT_EQ(refused(R"({"type":"Point","coordinates":[6,46]})"), "/features/0/geometry/extent");
  EXPECT_EQ(
      refused(R"({"type":"Point","coordinates":[6,46],"extent":{"subType":"Ring","radius":1}})"),
      "/features/0/geometry/extent/subType");
  EXPECT_EQ(
      refused(R"({"type":"Point","coordinates":[6,460],"extent":{"subType":"Circle","radius":1}})"),
      "/features/0/geometry/coordinates/1");
  EXPECT_EQ(ImportEd318("{\"type\":\"Feature\"}", options).error().field, "/type");
  EXPECT_FALSE(ImportEd318("", options).has_value());
}

// A drawn zone across the antimeridian comes back as the same area in two parts.
TEST(Ed318, WritesAcrossTheAntimeridian) {
  const auto at = [](double lat, double lng) { return geo::MakePosition(lat, lng).value(); };
  const geo::Outline outline =
      geo::Outline::Polygon({at(0, 179.5), at(0, -179.5), at(1, -179.5), at(1, 179.5)}).value();
  const Declaration zone = testing::DrawnZone(
      outline, {{0, geo::AltitudeReference::kAgl}, {100'000, geo::AltitudeReference::kAgl}},
      {base::kTimeOpenStart, base::kTimeOpenEnd});
  const auto text = ExportEd318(std::vector{&zone}, {});
  ASSERT_TRUE(text.has_value());
  const auto file = ImportEd318(*text, At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  const auto& volumes = file->zones[0].declarations[0].volumes;
  ASSERT_EQ(volumes.size(), 2u);
  const double area = geo::Shape::Prepare(outline)->ApproximateAreaM2();
  const double parts = geo::Shape::Prepare(volumes[0].outline)->ApproximateAreaM2() +
                       geo::Shape::Prepare(volumes[1].outline)->ApproximateAreaM2();
  EXPECT_NEAR(parts / area, 1, 1e-4);
}

TEST(Ed318, DrawnZonesKeepBandAndWindow) {
  const geo::Position a = geo::MakePosition(46, 7).value();
  Declaration zone = testing::DrawnZone(
      geo::Outline::Circle(a, 1'500'000).value(),
      {{0, geo::AltitudeReference::kAgl}, {304'800, geo::AltitudeReference::kAmsl}},
      {base::ParseRfc3339("2026-03-01T10:00:00Z").value(),
       base::ParseRfc3339("2026-03-04T10:00:00Z").value()});
  zone.volumes.push_back(zone.volumes[0]);
  zone.volumes[1].band.lower = {geo::kUnlimitedDown, geo::AltitudeReference::kW84};
  zone.volumes.push_back(zone.volumes[0]);
  zone.volumes[2].window = {base::ParseRfc3339("2026-05-01T10:00:00Z").value(), base::kTimeOpenEnd};
  const auto text = ExportEd318(std::vector<const Declaration*>{&zone}, {});
  ASSERT_TRUE(text.has_value());
  const auto file = ImportEd318(*text, At("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(file.has_value());
  // Windows that differ between parts need a feature for each set of windows.
  size_t volumes = 0;
  for (const ImportedZone& back : file->zones) volumes += back.declarations[0].volumes.size();
  EXPECT_EQ(volumes, 3u);
  EXPECT_EQ(file->zones.size(), 2u);
}

}  // namespace
}  // namespace wideberth::formats
