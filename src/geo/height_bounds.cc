#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/limits.h"
#include "base/number.h"
#include "geo/altitude.h"
#include "geo/ecef.h"
#include "geo/standard_atmosphere.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

constexpr int64_t kDegree = 1'000'000'000;

// In units of 1e-9 degree, west <= east: what crosses the antimeridian is two of these.
struct Rectangle {
  int64_t south, north, west, east;
  uint32_t owner = 0;  // index of the bound it came from

  bool Touches(const Rectangle& other) const {
    return south <= other.north && other.south <= north && west <= other.east && other.west <= east;
  }
  bool Contains(const Rectangle& other) const {
    return south <= other.south && other.north <= north && west <= other.west && other.east <= east;
  }
};

std::vector<Rectangle> Split(const Bounds& area, uint32_t owner) {
  const int64_t south = area.south_west.lat_e9, north = area.north_east.lat_e9;
  const int64_t west = area.south_west.lng_e9, east = area.north_east.lng_e9;
  if (west <= east) return {{south, north, west, east, owner}};
  return {{south, north, west, 180 * kDegree, owner}, {south, north, -180 * kDegree, east, owner}};
}

std::vector<Rectangle> AroundCap(Position centre, double radius_m) {
  const CapBox box = BoxOfCap(centre, radius_m);
  const auto down = [](double deg) { return static_cast<int64_t>(std::floor(deg * 1e9)); };
  const auto up = [](double deg) { return static_cast<int64_t>(std::ceil(deg * 1e9)); };
  Bounds area{{std::max(-90 * kDegree, down(box.south_deg)), -180 * kDegree},
              {std::min(90 * kDegree, up(box.north_deg)), 180 * kDegree}};
  if (box.lng_half_width_deg < 179.9) {
    int64_t west = down(box.lng_deg - box.lng_half_width_deg);
    int64_t east = up(box.lng_deg + box.lng_half_width_deg);
    if (west < -180 * kDegree) west += 360 * kDegree;
    if (east > 180 * kDegree) east -= 360 * kDegree;
    area.south_west.lng_e9 = west;
    area.north_east.lng_e9 = east;
  }
  return Split(area, 0);
}

// Rectangles in bins of one degree; those over many bins in one list that every look-up reads.
class RectangleIndex {
 public:
  explicit RectangleIndex(const std::vector<Rectangle>& all) {
    begin_.assign(kRows * kColumns + 1, 0);
    for (const Rectangle& r : all) {
      if (BinsOf(r).Count() > kBinsMax) {
        wide_.push_back(r);
      } else {
        BinsOf(r).ForEach([&](size_t bin) { ++begin_[bin + 1]; });
      }
    }
    for (size_t bin = 0; bin < kRows * kColumns; ++bin) begin_[bin + 1] += begin_[bin];
    binned_.resize(begin_.back());
    std::vector<uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (const Rectangle& r : all) {
      if (BinsOf(r).Count() > kBinsMax) continue;
      BinsOf(r).ForEach([&](size_t bin) { binned_[next[bin]++] = r; });
    }
  }

  // Every rectangle that touches `query`, each once.
  std::vector<Rectangle> Find(const Rectangle& query) const {
    std::vector<Rectangle> found;
    for (const Rectangle& r : wide_) {
      if (r.Touches(query)) found.push_back(r);
    }
    const Bins asked = BinsOf(query);
    asked.ForEach([&](size_t bin) {
      for (uint32_t i = begin_[bin]; i < begin_[bin + 1]; ++i) {
        const Rectangle& r = binned_[i];
        // A rectangle over several bins is reported from the first one it shares with the query.
        const Bins own = BinsOf(r);
        const size_t first =
            std::max(own.row0, asked.row0) * kColumns + std::max(own.column0, asked.column0);
        if (bin == first && r.Touches(query)) found.push_back(r);
      }
    });
    return found;
  }

 private:
  static constexpr size_t kRows = 181, kColumns = 361, kBinsMax = 64;
  struct Bins {
    size_t row0, row1, column0, column1;
    size_t Count() const { return (row1 - row0 + 1) * (column1 - column0 + 1); }
    template <class Function>
    void ForEach(Function function) const {
      for (size_t row = row0; row <= row1; ++row) {
        for (size_t column = column0; column <= column1; ++column)
          function(row * kColumns + column);
      }
    }
  };
  static Bins BinsOf(const Rectangle& r) {
    const auto row = [](int64_t lat) {
      return static_cast<size_t>((lat + 90 * kDegree) / kDegree);
    };
    const auto column = [](int64_t lng) {
      return static_cast<size_t>((lng + 180 * kDegree) / kDegree);
    };
    return {row(r.south), row(r.north), column(r.west), column(r.east)};
  }

  std::vector<uint32_t> begin_;  // of each bin in binned_
  std::vector<Rectangle> binned_;
  std::vector<Rectangle> wide_;
};

// Whether the union of `found` contains `query`: between two neighbouring latitudes of sides the
// set of rectangles does not change, so there the longitudes of its members have to leave no gap.
bool Covers(std::vector<Rectangle> found, const Rectangle& query) {
  if (std::any_of(found.begin(), found.end(), [&](const auto& r) { return r.Contains(query); })) {
    return true;
  }
  std::vector<int64_t> cuts = {query.south, query.north};
  for (const Rectangle& r : found) {
    for (const int64_t lat : {r.south, r.north}) {
      if (lat > query.south && lat < query.north) cuts.push_back(lat);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::sort(found.begin(), found.end(),
            [](const Rectangle& a, const Rectangle& b) { return a.south < b.south; });
  std::vector<Rectangle> active;
  size_t next = 0;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    std::erase_if(active, [&](const Rectangle& r) { return r.north < cuts[i + 1]; });
    for (; next < found.size() && found[next].south <= cuts[i]; ++next) {
      if (found[next].north >= cuts[i + 1]) active.push_back(found[next]);
    }
    std::sort(active.begin(), active.end(),
              [](const Rectangle& a, const Rectangle& b) { return a.west < b.west; });
    int64_t reached = query.west;
    bool begun = false;
    for (const Rectangle& r : active) {
      if (r.west > reached) break;
      begun = true;
      reached = std::max(reached, r.east);
    }
    if (!begun || reached < query.east) return false;
  }
  return true;
}

std::vector<Rectangle> SplitAll(const auto& bounds) {
  std::vector<Rectangle> all;
  all.reserve(bounds.size());
  for (uint32_t i = 0; i < bounds.size(); ++i) {
    for (const Rectangle& r : Split(bounds[i].area, i)) all.push_back(r);
  }
  return all;
}

// Calls visit(bound) for each bound that touches the cap; returns whether together they cover it.
template <class Bound, class Visit>
bool VisitOver(const std::vector<Bound>& bounds, const RectangleIndex& index, Position centre,
               double radius_m, Visit visit) {
  bool covered = true;
  for (const Rectangle& part : AroundCap(centre, radius_m)) {
    std::vector<Rectangle> found = index.Find(part);
    for (const Rectangle& r : found) visit(bounds[r.owner]);
    covered = covered && Covers(std::move(found), part);
  }
  return covered;
}

base::Result<void> CheckArea(const Bounds& area, const std::string& field) {
  const auto on_earth = [](Position p) {
    return std::abs(p.lat_e9) <= 90 * kDegree && std::abs(p.lng_e9) <= 180 * kDegree;
  };
  if (!on_earth(area.south_west) || !on_earth(area.north_east) ||
      area.south_west.lat_e9 > area.north_east.lat_e9) {
    return base::Invalid(
        field + "/area", "must lie on the Earth, its south not north of its north",
        NumberText(area.south_west.lat_deg()) + " to " + NumberText(area.north_east.lat_deg()));
  }
  return {};
}

template <class Number>
base::Result<void> CheckRange(Number low, Number high, Number least, Number most,
                              const std::string& field, std::string_view rule) {
  if (least <= low && low <= high && high <= most) return {};
  return base::Invalid(field, rule, NumberText(low) + " to " + NumberText(high));
}

base::Result<void> CheckCount(size_t count, std::string_view field) {
  if (count <= limits::kBoundsCellsMax) return {};
  return base::Fail(base::ErrorCode::kTooLarge, field, "must have at most 1000000 rectangles",
                    NumberText(count));
}

// Earth's mean sea level gravity is weakest at the equator and strongest at the poles; with the
// radii for which geometric height is R H / (G R - H), G gravity over standard gravity (WMO-No. 8,
// part I, 12.A: R from 6,335 to 6,378 km).
HeightInterval GeometricMm(double low_geopotential_m, double high_geopotential_m) {
  constexpr std::array<double, 2> kGravityRatio = {9.7803 / kStandardGravity,
                                                   9.8322 / kStandardGravity};
  constexpr std::array<double, 2> kRadiusM = {6'335'000, 6'379'000};
  double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
  for (const double gravity : kGravityRatio) {
    for (const double radius_m : kRadiusM) {
      const auto geometric = [&](double h) { return radius_m * h / (gravity * radius_m - h); };
      low = std::min(low, geometric(low_geopotential_m));
      high = std::max(high, geometric(high_geopotential_m));
    }
  }
  return {static_cast<int64_t>(std::floor(low * 1e3)), static_cast<int64_t>(std::ceil(high * 1e3))};
}

struct Air {
  double qnh_min_hpa, qnh_max_hpa, deviation_min_k, deviation_max_k;
};

// With the altimeter of a station at pressure height e set to `qnh` an aircraft that shows pressure
// altitude h is at h - H(qnh) plus what the air between e and h is stretched by its deviation from
// standard. Neither e nor the profile of the deviation is known, only their bounds; the stretch is
// extreme for the longest column or for none.
HeightInterval PressureInAir(double std_m, const Air& air) {
  const double lowest_station_m =
      static_cast<double>(kTerrainLowestMm) * 1e-3 + StandardHeightM(air.qnh_max_hpa);
  const double stretch = StretchPerKelvinM(lowest_station_m, std_m);
  const double cold = stretch * air.deviation_min_k, warm = stretch * air.deviation_max_k;
  return GeometricMm(std_m - StandardHeightM(air.qnh_min_hpa) + std::min({0.0, cold, warm}),
                     std_m - StandardHeightM(air.qnh_max_hpa) + std::max({0.0, cold, warm}));
}

}  // namespace

struct HeightBounds::Data {
  std::vector<Terrain> terrain;
  std::vector<Pressure> pressure;
  RectangleIndex terrain_index;
  RectangleIndex pressure_index;
};

base::Result<HeightBounds> HeightBounds::Make(std::vector<Terrain> terrain,
                                              std::vector<Pressure> pressure) {
  WB_RETURN_IF_ERROR(CheckCount(terrain.size(), "/terrain"));
  WB_RETURN_IF_ERROR(CheckCount(pressure.size(), "/pressure"));
  for (size_t i = 0; i < terrain.size(); ++i) {
    const Terrain& t = terrain[i];
    const std::string field = "/terrain/" + NumberText(i);
    WB_RETURN_IF_ERROR(CheckArea(t.area, field));
    WB_RETURN_IF_ERROR(CheckRange(t.lowest_mm, t.highest_mm, kTerrainLowestMm, kTerrainHighestMm,
                                  field + "/lowest", "must rise from -550000 mm to 8850000 mm"));
  }
  for (size_t i = 0; i < pressure.size(); ++i) {
    const Pressure& p = pressure[i];
    const std::string field = "/pressure/" + NumberText(i);
    WB_RETURN_IF_ERROR(CheckArea(p.area, field));
    WB_RETURN_IF_ERROR(CheckRange(p.qnh_min_hpa, p.qnh_max_hpa, kQnhLowestHpa, kQnhHighestHpa,
                                  field + "/qnh_min", "must rise from 850 hPa to 1100 hPa"));
    WB_RETURN_IF_ERROR(CheckRange(p.isa_deviation_min_k, p.isa_deviation_max_k,
                                  kIsaDeviationLowestK, kIsaDeviationHighestK,
                                  field + "/isa_deviation_min", "must rise from -90 K to 50 K"));
  }
  HeightBounds bounds;
  RectangleIndex terrain_index(SplitAll(terrain)), pressure_index(SplitAll(pressure));
  bounds.data_ =
      std::make_shared<const Data>(Data{std::move(terrain), std::move(pressure),
                                        std::move(terrain_index), std::move(pressure_index)});
  return bounds;
}

HeightInterval HeightBounds::TerrainAmsl(Position centre, double radius_m) const {
  constexpr HeightInterval kExtremes{kTerrainLowestMm, kTerrainHighestMm};
  if (data_ == nullptr || data_->terrain.empty()) return kExtremes;
  HeightInterval hull{kTerrainHighestMm, kTerrainLowestMm};
  const bool covered =
      VisitOver(data_->terrain, data_->terrain_index, centre, radius_m, [&](const Terrain& t) {
        hull.lower_mm = std::min(hull.lower_mm, t.lowest_mm);
        hull.upper_mm = std::max(hull.upper_mm, t.highest_mm);
      });
  return covered ? hull : kExtremes;
}

HeightInterval HeightBounds::PressureAmsl(int64_t std_mm, Position centre, double radius_m) const {
  constexpr Air kExtremes{kQnhLowestHpa, kQnhHighestHpa, kIsaDeviationLowestK,
                          kIsaDeviationHighestK};
  Air air = kExtremes;
  if (data_ != nullptr && !data_->pressure.empty()) {
    Air hull{kQnhHighestHpa, kQnhLowestHpa, kIsaDeviationHighestK, kIsaDeviationLowestK};
    const bool covered =
        VisitOver(data_->pressure, data_->pressure_index, centre, radius_m, [&](const Pressure& p) {
          hull.qnh_min_hpa = std::min(hull.qnh_min_hpa, p.qnh_min_hpa);
          hull.qnh_max_hpa = std::max(hull.qnh_max_hpa, p.qnh_max_hpa);
          hull.deviation_min_k = std::min(hull.deviation_min_k, p.isa_deviation_min_k);
          hull.deviation_max_k = std::max(hull.deviation_max_k, p.isa_deviation_max_k);
        });
    if (covered) air = hull;
  }
  const double std_m = static_cast<double>(std_mm) * 1e-3;
  if (std_m <= kStandardAtmosphereTopM) return PressureInAir(std_m, air);
  return {PressureInAir(kStandardAtmosphereTopM, air).lower_mm, limits::kAltitudeMaxMm};
}

}  // namespace wideberth::geo
