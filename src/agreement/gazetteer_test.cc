#include "agreement/gazetteer.h"

#include <gtest/gtest.h>

#include <string>

#include "agreement/testing/samples.h"
#include "base/limits.h"

namespace wideberth::agreement {
namespace {

using testing::VolumeOf;

geo::Position At(double lat_deg, double lng_deg) {
  return geo::MakePosition(lat_deg, lng_deg).value();
}
geo::Outline Box(double south, double west, double north, double east) {
  return geo::Outline::Polygon({At(south, west), At(south, east), At(north, east), At(north, west)})
      .value();
}
geo::Outline Circle(geo::Position centre, double radius_m) {
  return geo::Outline::Circle(centre, static_cast<int64_t>(radius_m * 1000)).value();
}

TEST(Gazetteer, FindsANameHoweverItIsCapitalisedAndSpaced) {
  const Gazetteer gazetteer = Gazetteer::Make({{"The Northern Box", Box(46, 7, 47, 8)},
                                               {"Zürich", Box(47, 8, 48, 9)},
                                               {"север", Box(48, 7, 49, 8)}})
                                  .value();
  for (const std::string_view name :
       {"The Northern Box", "the northern box", "  THE  NORTHERN\tBOX\n"}) {
    ASSERT_NE(gazetteer.Find(name), nullptr) << name;
    EXPECT_EQ(gazetteer.Find(name)->name, "The Northern Box");
  }
  EXPECT_NE(gazetteer.Find("ZüRICH"), nullptr);
  EXPECT_EQ(gazetteer.Find("ZÜRICH"), nullptr) << "beyond ASCII letters are bytes";
  EXPECT_NE(gazetteer.Find("север"), nullptr);
  EXPECT_EQ(gazetteer.Find("Север"), nullptr);
  for (const std::string_view name : {"", " ", "thenorthernbox", "the northern", "north"}) {
    EXPECT_EQ(gazetteer.Find(name), nullptr) << name;
  }
}

// Folding ASCII touches no byte of a longer sequence: 0xC1 0x81 and the like never come from it.
TEST(Gazetteer, FoldingDoesNotMixUpLetters) {
  std::vector<Place> places;
  for (char32_t c = 0xC0; c < 0x250; ++c) {
    std::string name;
    name.push_back(static_cast<char>(0xC0 | (c >> 6)));
    name.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    places.push_back({name, Box(46, 7, 47, 8)});
  }
  const Gazetteer gazetteer = Gazetteer::Make(places).value();
  for (const Place& place : places) EXPECT_EQ(gazetteer.Find(place.name)->name, place.name);
}

TEST(Gazetteer, RefusesNamesAndAreas) {
  const auto field = [](std::vector<Place> places) {
    const auto made = Gazetteer::Make(std::move(places));
    return made ? std::string("made") : made.error().field;
  };
  const geo::Outline box = Box(46, 7, 47, 8);
  EXPECT_EQ(field({{"a", box}, {"b", box}}), "made");
  EXPECT_EQ(field({{"a", box}, {"A", box}}), "/1/name");
  EXPECT_EQ(field({{"a b", box}, {"a  B", box}}), "/1/name");
  for (const std::string& name :
       {std::string(), std::string(" "), std::string("a\n"), std::string("\xFF"),
        std::string(limits::kNoticeNameBytesMax + 1, 'a')}) {
    EXPECT_EQ(field({{name, box}}), "/0/name") << name.substr(0, 10);
  }
  const geo::Outline crossed =
      geo::Outline::Polygon({At(0, 0), At(1, 1), At(1, 0), At(0, 1)}).value();
  EXPECT_TRUE(field({{"a", box}, {"b", crossed}}).starts_with("/1/")) << field({{"b", crossed}});
}

// The call of 17 September 2018: the words were "north of Syria", the strike was in the west.
TEST(PolygonsAgree, ANameThatIsNotWhereTheAreaIs) {
  const geo::Outline north = Box(36.0, 38.0, 36.7, 41.5);
  const geo::Outline latakia = Circle(At(35.52, 35.78), 5'000);
  const AreaAgreement answer =
      PolygonsAgree(north, std::vector{VolumeOf(latakia)}, 185'200).value();
  EXPECT_FALSE(answer.agrees);
  EXPECT_NEAR(answer.sticks_out_m, 213'000, 6'000);  // 208 km to the corner, and the radius
}

TEST(PolygonsAgree, WithinTheTolerance) {
  const geo::Position centre = At(46.5, 7.5);
  const geo::Outline named = Circle(centre, 10'000);
  const auto with_radius = [&](double radius_m) {
    return PolygonsAgree(named, std::vector{VolumeOf(Circle(centre, radius_m))}, 185'200).value();
  };
  EXPECT_TRUE(with_radius(5'000).agrees);
  EXPECT_TRUE(with_radius(10'000).agrees);
  EXPECT_TRUE(with_radius(10'170).agrees);
  EXPECT_FALSE(with_radius(10'200).agrees);
  EXPECT_NEAR(with_radius(19'000).sticks_out_m, 9'000, 180);  // 9 km, as at Deir ez-Zor
}

TEST(PolygonsAgree, NamesTheVolumeThatIsFarthestOut) {
  const geo::Outline named = Circle(At(46.5, 7.5), 10'000);
  const std::vector volumes = {VolumeOf(Circle(At(46.5, 7.5), 1'000)),
                               VolumeOf(Circle(At(46.5, 7.9), 1'000)),
                               VolumeOf(Circle(At(46.5, 7.7), 1'000))};
  const AreaAgreement answer = PolygonsAgree(named, volumes, 185'200).value();
  EXPECT_EQ(answer.volume, 1u);
  EXPECT_FALSE(answer.agrees);
  const AreaAgreement first = PolygonsAgree(named, std::span(volumes).first(1), 185'200).value();
  EXPECT_TRUE(first.agrees);
  EXPECT_TRUE(PolygonsAgree(named, {}, 185'200)->agrees);
}

TEST(PolygonsAgree, RefusesWhatIsNoArea) {
  const geo::Outline crossed =
      geo::Outline::Polygon({At(0, 0), At(1, 1), At(1, 0), At(0, 1)}).value();
  const std::vector volumes = {VolumeOf(Circle(At(0, 0), 100)), VolumeOf(crossed)};
  const auto refused = PolygonsAgree(Circle(At(0, 0), 1'000), volumes, 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().field.starts_with("/volumes/1/outline")) << refused.error().field;
}

}  // namespace
}  // namespace wideberth::agreement
