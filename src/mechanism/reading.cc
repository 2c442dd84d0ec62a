#include "mechanism/reading.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <utility>

#include "base/limits.h"
#include "formats/notice_json.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::Volume4D;
using geo::Position;

constexpr int64_t kHalfTurnE9 = 180'000'000'000;
constexpr int64_t kTurnE9 = 2 * kHalfTurnE9;

int64_t WrapLongitude(int64_t lng_e9) {
  if (lng_e9 > kHalfTurnE9) return lng_e9 - kTurnE9;
  if (lng_e9 < -kHalfTurnE9) return lng_e9 + kTurnE9;
  return lng_e9;
}

// Longitudes are taken relative to the first vertex, so a notice across longitude 180 is in one piece.
Position MiddleOf(const std::vector<Volume4D>& volumes) {
  const Position origin = volumes.front().outline.vertices().front();
  int64_t south = origin.lat_e9;
  int64_t north = origin.lat_e9;
  int64_t west = 0;
  int64_t east = 0;
  for (const Volume4D& volume : volumes) {
    for (const Position vertex : volume.outline.vertices()) {
      const int64_t lng = WrapLongitude(vertex.lng_e9 - origin.lng_e9);
      south = std::min(south, vertex.lat_e9);
      north = std::max(north, vertex.lat_e9);
      west = std::min(west, lng);
      east = std::max(east, lng);
    }
  }
  return {(south + north) / 2, WrapLongitude(origin.lng_e9 + (west + east) / 2)};
}

int64_t DistanceMm(Position a, Position b) {
  return std::llround(geo::GeodesicDistanceM(a, b) * 1e3);
}

int64_t ExtentOf(const std::vector<Volume4D>& volumes, Position centre) {
  int64_t extent_mm = 0;
  for (const Volume4D& volume : volumes) {
    for (const Position vertex : volume.outline.vertices()) {
      extent_mm = std::max(extent_mm, DistanceMm(centre, vertex) + volume.outline.buffer_mm());
    }
  }
  return std::clamp(extent_mm, limits::kCircleRadiusMinMm, limits::kCircleRadiusMaxMm);
}

// What a limit is at the most and at the least, to find the lowest and the highest of several references.
bool IsLower(const Volume4D& a, const Volume4D& b) {
  return a.lower_w84.lower_mm < b.lower_w84.lower_mm ||
         (a.lower_w84.lower_mm == b.lower_w84.lower_mm && a.band.lower.mm < b.band.lower.mm);
}
bool IsHigher(const Volume4D& a, const Volume4D& b) {
  return a.upper_w84.upper_mm > b.upper_w84.upper_mm ||
         (a.upper_w84.upper_mm == b.upper_w84.upper_mm && a.band.upper.mm > b.band.upper.mm);
}

int64_t SaturatingDistance(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference) || difference == INT64_MIN) return INT64_MAX;
  return std::abs(difference);
}

std::string PositionText(Position position) {
  std::string text;
  json::AppendDouble(&text, position.lat_deg());
  text += ", ";
  json::AppendDouble(&text, position.lng_deg());
  return text;
}

std::string DurationText(int64_t us) {
  if (us == INT64_MAX) return "without bound";
  return std::to_string(us / base::kMicrosPerSecond) + " s";
}

class Comparison {
 public:
  Comparison(const Tolerances& tolerances, std::vector<Mismatch>* found)
      : tolerances_(tolerances), found_(found) {}

  void Positions(std::string field, Position expected, Position entered) {
    const int64_t off_mm = DistanceMm(expected, entered);
    if (off_mm <= tolerances_.position_mm) return;
    Add(std::move(field), PositionText(expected), PositionText(entered), off_mm);
  }
  void Extents(int64_t expected_mm, int64_t entered_mm) {
    const int64_t off_mm = SaturatingDistance(expected_mm, entered_mm);
    if (off_mm <= tolerances_.position_mm) return;
    Add("/extent", formats::DistanceText(expected_mm), formats::DistanceText(entered_mm), off_mm);
  }
  void Altitudes(std::string field, geo::Altitude expected, geo::Altitude entered) {
    const bool unlimited = expected.mm == geo::kUnlimitedUp || expected.mm == geo::kUnlimitedDown;
    if (unlimited ? entered.mm == expected.mm
                  : expected.reference == entered.reference &&
                        SaturatingDistance(expected.mm, entered.mm) <= tolerances_.height_mm) {
      return;
    }
    std::string off_by = "another reference";
    if (unlimited || entered.mm == geo::kUnlimitedUp || entered.mm == geo::kUnlimitedDown) {
      off_by = "without bound";
    } else if (expected.reference == entered.reference) {
      off_by = formats::DistanceText(SaturatingDistance(expected.mm, entered.mm));
    }
    found_->push_back({std::move(field), formats::AltitudeText(expected),
                       formats::AltitudeText(entered), std::move(off_by)});
  }
  void Times(std::string field, base::UtcMicros expected, base::UtcMicros entered) {
    const int64_t off_us = SaturatingDistance(expected.us, entered.us);
    if (off_us <= tolerances_.time_us) return;
    found_->push_back({std::move(field), formats::TimeText(expected), formats::TimeText(entered),
                       DurationText(off_us)});
  }

 private:
  void Add(std::string field, std::string expected, std::string entered, int64_t off_mm) {
    found_->push_back(
        {std::move(field), std::move(expected), std::move(entered), formats::DistanceText(off_mm)});
  }

  const Tolerances& tolerances_;
  std::vector<Mismatch>* found_;
};

// Beyond so many vertices a ring is compared from its first vertex on: nobody reads so many over voice, and trying
// every way round takes the square of their number.
constexpr size_t kAlignedVerticesMax = 256;

// Of all ways to begin and go round, the one with the fewest vertices off, and of those the one whose worst vertex is
// the least off: a ring has no first vertex, and one that was misheard must not turn the others.
std::vector<Position> Aligned(std::span<const Position> expected, std::span<const Position> entered,
                              int64_t tolerance_mm) {
  const size_t n = expected.size();
  std::vector<Position> best(entered.begin(), entered.end());
  if (n > kAlignedVerticesMax) return best;
  const double tolerance_m = static_cast<double>(tolerance_mm) / 1e3;
  std::pair<size_t, double> least = {n + 1, 0};
  for (const bool backwards : {false, true}) {
    for (size_t first = 0; first < n; ++first) {
      std::vector<Position> turned;
      turned.reserve(n);
      std::pair<size_t, double> off = {0, 0};
      for (size_t i = 0; i < n && off < least; ++i) {
        turned.push_back(entered[backwards ? (first + n - i) % n : (first + i) % n]);
        const double off_m = geo::GeodesicDistanceM(expected[i], turned.back());
        if (off_m > tolerance_m) ++off.first;
        off.second = std::max(off.second, off_m);
      }
      if (turned.size() == n && off < least) {
        least = off;
        best = std::move(turned);
      }
    }
  }
  return best;
}

}  // namespace

Reading ReadingOf(const Declaration& declaration) {
  const std::vector<Volume4D>& volumes = declaration.volumes;
  const Position centre = MiddleOf(volumes);
  auto circle = geo::Outline::Circle(centre, ExtentOf(volumes, centre));
  const Volume4D& first = volumes.front();
  const Volume4D& lowest = *std::min_element(volumes.begin(), volumes.end(), IsLower);
  const Volume4D& highest = *std::min_element(volumes.begin(), volumes.end(), IsHigher);
  airspace::TimeWindow window = first.window;
  for (const Volume4D& volume : volumes) {
    window.start = std::min(window.start, volume.window.start);
    window.end = std::max(window.end, volume.window.end);
  }
  std::vector<Position> vertices;
  std::vector<size_t> vertices_of_volumes;
  for (const Volume4D& volume : volumes) {
    const auto of_volume = volume.outline.vertices();
    vertices.insert(vertices.end(), of_volume.begin(), of_volume.end());
    vertices_of_volumes.push_back(of_volume.size());
  }
  return {{std::move(circle).value(),
           {lowest.band.lower, highest.band.upper},
           window,
           lowest.lower_w84,
           highest.upper_w84},
          declaration.data_mode,
          std::move(vertices),
          std::move(vertices_of_volumes)};
}

std::string Mismatch::ToString() const {
  return field + ": " + expected + " sent, " + entered + " entered, off by " + off_by;
}

std::vector<Mismatch> Compare(const Reading& expected, const Reading& entered,
                              const Tolerances& tolerances, bool over_voice) {
  std::vector<Mismatch> found;
  Comparison compare(tolerances, &found);
  compare.Positions("/centre", expected.centre(), entered.centre());
  compare.Extents(expected.extent_mm(), entered.extent_mm());
  compare.Altitudes("/altitude_lower", expected.volume.band.lower, entered.volume.band.lower);
  compare.Altitudes("/altitude_upper", expected.volume.band.upper, entered.volume.band.upper);
  compare.Times("/time_start", expected.volume.window.start, entered.volume.window.start);
  compare.Times("/time_end", expected.volume.window.end, entered.volume.window.end);
  if (expected.data_mode != entered.data_mode) {
    found.push_back({"/data_mode", std::string(airspace::Name(expected.data_mode)),
                     std::string(airspace::Name(entered.data_mode)), "another mode"});
  }
  if (!over_voice) return found;
  if (expected.vertices.size() != entered.vertices.size()) {
    found.push_back({"/vertices", std::to_string(expected.vertices.size()),
                     std::to_string(entered.vertices.size()), "another number"});
    return found;
  }
  size_t first = 0;
  for (const size_t count : expected.vertices_of_volumes) {
    const auto right = std::span(expected.vertices).subspan(first, count);
    const std::vector<Position> aligned =
        Aligned(right, std::span(entered.vertices).subspan(first, count), tolerances.position_mm);
    for (size_t i = 0; i < count; ++i) {
      compare.Positions("/vertices/" + std::to_string(first + i), right[i], aligned[i]);
    }
    first += count;
  }
  return found;
}

void WriteReading(const Reading& reading, json::Writer* json) {
  json->BeginObject();
  json->Key("volume");
  formats::WriteVolume(json, reading.volume);
  json->StringField("data_mode", airspace::Name(reading.data_mode));
  if (!reading.vertices.empty()) {
    json->Key("vertices");
    json->BeginArray();
    for (const Position vertex : reading.vertices) {
      json->BeginObject();
      json->DoubleField("lat", vertex.lat_deg());
      json->DoubleField("lng", vertex.lng_deg());
      json->EndObject();
    }
    json->EndArray();
  }
  json->EndObject();
}

base::Result<Reading> ReadReading(json::Object object) {
  WB_ASSIGN_OR_RETURN(const json::Value volume_value, object.Required("volume"));
  // As of a zone: what is read back may have open ends.
  WB_ASSIGN_OR_RETURN(Volume4D volume,
                      formats::DecodeVolume(volume_value, airspace::NoticeKind::kZone));
  if (volume.outline.kind() != geo::OutlineKind::kCircle) {
    return volume_value.Refuse("must give centre and extent as an outline_circle");
  }
  Reading reading{std::move(volume), {}, {}, {}};
  WB_ASSIGN_OR_RETURN(
      reading.data_mode,
      object.RequiredParsed("data_mode", 16, airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(std::optional<json::Array> vertices,
                      object.OptionalArray("vertices", limits::kOutlineVerticesMax));
  if (vertices) {
    for (const json::Value value : *vertices) {
      WB_ASSIGN_OR_RETURN(json::Object vertex, value.AsObject());
      WB_ASSIGN_OR_RETURN(const double lat_deg, vertex.RequiredDouble("lat", -90, 90));
      WB_ASSIGN_OR_RETURN(const double lng_deg, vertex.RequiredDouble("lng", -180, 180));
      WB_RETURN_IF_ERROR(vertex.ExpectNoOtherFields());
      WB_ASSIGN_OR_RETURN(const Position position, geo::MakePosition(lat_deg, lng_deg));
      reading.vertices.push_back(position);
    }
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return reading;
}

}  // namespace wideberth::mechanism
