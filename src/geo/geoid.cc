#include <bit>
#include <cmath>
#include <string>

#include "base/number.h"
#include "geo/altitude.h"
#include "geo/ecef.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

constexpr size_t kHeaderBytes = 4 * 8 + 2 * 4;
constexpr int kGridSideMax = 100'000;

template <class Unsigned>
Unsigned BigEndian(base::ByteView bytes, size_t at) {
  Unsigned value = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>((value << 8) | bytes[at + i]);
  }
  return value;
}

double BigEndianDouble(base::ByteView bytes, size_t at) {
  return std::bit_cast<double>(BigEndian<uint64_t>(bytes, at));
}

base::Unexpected Refuse(std::string_view rule, std::string_view found) {
  return base::Invalid("geoid", rule, found);
}

}  // namespace

base::Result<Geoid> Geoid::FromGtx(base::ByteView bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Refuse("must begin with a GTX header of 40 bytes", NumberText(bytes.size()) + " bytes");
  }
  Geoid geoid;
  const double south_deg = BigEndianDouble(bytes, 0);
  geoid.west_deg_ = BigEndianDouble(bytes, 8);
  geoid.step_lat_deg_ = BigEndianDouble(bytes, 16);
  geoid.step_lng_deg_ = BigEndianDouble(bytes, 24);
  const auto rows = BigEndian<uint32_t>(bytes, 32), columns = BigEndian<uint32_t>(bytes, 36);
  if (rows < 2 || rows > kGridSideMax || columns < 2 || columns > kGridSideMax) {
    return Refuse("must have 2 to 100000 rows and columns",
                  NumberText(rows) + " x " + NumberText(columns));
  }
  geoid.rows_ = static_cast<int>(rows);
  geoid.columns_ = static_cast<int>(columns);
  // Written so that a NaN fails too.
  const bool whole_earth = std::abs(south_deg + 90) < 1e-9 && std::abs(geoid.west_deg_) <= 360 &&
                           std::abs(geoid.step_lat_deg_ * (geoid.rows_ - 1) - 180) < 1e-6 &&
                           std::abs(geoid.step_lng_deg_ * geoid.columns_ - 360) < 1e-6;
  if (!whole_earth) {
    return Refuse("must cover the whole Earth from the South Pole in equal steps",
                  "south " + NumberText(south_deg) + ", west " + NumberText(geoid.west_deg_));
  }
  const size_t values = size_t{rows} * columns;
  if (bytes.size() != kHeaderBytes + 4 * values) {
    return Refuse("must hold exactly one 4-byte value for each grid point",
                  NumberText(bytes.size()) + " bytes");
  }
  geoid.metres_.resize(values);
  for (size_t i = 0; i < values; ++i) {
    const auto metres = std::bit_cast<float>(BigEndian<uint32_t>(bytes, kHeaderBytes + 4 * i));
    if (!(std::abs(metres) <= 1'000)) {
      return Refuse("every undulation must lie within 1000 m",
                    "value " + NumberText(i) + ": " + NumberText(metres));
    }
    geoid.metres_[i] = metres;
  }
  return geoid;
}

// `row` within [0, rows - 1], `column` any number of turns.
double Geoid::At(double row, double column) const {
  const double turns = std::floor(column / columns_);
  const double within = column - turns * columns_;
  const int south = std::min(static_cast<int>(row), rows_ - 2);
  const int west = std::min(static_cast<int>(within), columns_ - 1);
  const int east = west + 1 == columns_ ? 0 : west + 1;
  const double north_weight = row - south, east_weight = within - west;
  const float* low = metres_.data() + static_cast<ptrdiff_t>(south) * columns_;
  const float* high = low + columns_;
  return (1 - north_weight) * ((1 - east_weight) * low[west] + east_weight * low[east]) +
         north_weight * ((1 - east_weight) * high[west] + east_weight * high[east]);
}

double Geoid::UndulationM(Position point) const {
  return At((point.lat_deg() + 90) / step_lat_deg_, (point.lng_deg() - west_deg_) / step_lng_deg_);
}

// Over a rectangle that lies in one grid cell a bilinear surface has its extremes at the corners;
// so the values at the rectangle's own sides and at every grid line that crosses it are enough.
Geoid::Range Geoid::UndulationRange(Position centre, double radius_m) const {
  const CapBox box = BoxOfCap(centre, radius_m);
  const auto lines = [](double from, double to) {
    std::vector<double> at = {from};
    for (double line = std::floor(from) + 1; line < to; ++line) at.push_back(line);
    at.push_back(to);
    return at;
  };
  const double row_max = rows_ - 1;
  const std::vector<double> rows =
      lines(std::clamp((box.south_deg + 90) / step_lat_deg_, 0.0, row_max),
            std::clamp((box.north_deg + 90) / step_lat_deg_, 0.0, row_max));
  const double column = (box.lng_deg - west_deg_) / step_lng_deg_;
  const double half_width = box.lng_half_width_deg / step_lng_deg_;
  const std::vector<double> columns = lines(column - half_width, column + half_width);
  Range range{1e9, -1e9};
  for (const double r : rows) {
    for (const double c : columns) {
      const double metres = At(r, c);
      range.min_m = std::min(range.min_m, metres);
      range.max_m = std::max(range.max_m, metres);
    }
  }
  constexpr double kRoundingM = 1e-9;
  return {range.min_m - kRoundingM, range.max_m + kRoundingM};
}

}  // namespace wideberth::geo
