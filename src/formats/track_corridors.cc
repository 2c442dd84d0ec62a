#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/limits.h"
#include "formats/tracks.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Volume4D;
using base::Result;
using geo::Altitude;
using geo::AltitudeReference;
using geo::Position;

constexpr double kDegree = M_PI / 180;
constexpr double kRadiusM = 6'371'000;
// The distances here are on a sphere: within 0.6 % and, for edges up to kEdgeMaxM, within 5 m of those on the
// ellipsoid.
constexpr double kSphereFactor = 1.01;
constexpr double kSphereErrorM = 5;
constexpr double kEdgeMaxM = 100'000;
// Simplifying is quadratic at worst.
constexpr size_t kPiecePointsMax = 2'000;

struct Vector {
  double x, y, z;
};
Vector Direction(Position p) {
  const double lat = p.lat_deg() * kDegree;
  const double lng = p.lng_deg() * kDegree;
  return {std::cos(lat) * std::cos(lng), std::cos(lat) * std::sin(lng), std::sin(lat)};
}
double Dot(const Vector& a, const Vector& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
Vector Cross(const Vector& a, const Vector& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
double Length(const Vector& a) {
  return std::sqrt(Dot(a, a));
}
double ChordM(const Vector& a, const Vector& b) {
  return kRadiusM * Length({a.x - b.x, a.y - b.y, a.z - b.z});
}

// Distance from p to the edge from a to b, on the sphere.
double DistanceToEdgeM(const Vector& p, const Vector& a, const Vector& b) {
  const Vector normal = Cross(a, b);
  const double size = Length(normal);
  if (size > 1e-12) {
    const bool beside = Dot(Cross(normal, a), p) >= 0 && Dot(Cross(b, normal), p) >= 0;
    if (beside) return kRadiusM * std::abs(std::asin(std::clamp(Dot(normal, p) / size, -1.0, 1.0)));
  }
  return std::min(ChordM(p, a), ChordM(p, b));
}

// Ramer, Douglas and Peucker: the first and last point and those that are needed to stay within the tolerance.
std::vector<Position> Simplify(std::span<const TrackPoint> points, double tolerance_m) {
  std::vector<Vector> directions;
  for (const TrackPoint& point : points) directions.push_back(Direction(point.position));
  std::vector<bool> keep(points.size(), false);
  keep.front() = keep.back() = true;
  std::vector<std::pair<size_t, size_t>> open = {{0, points.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    if (last - first < 2) continue;
    double farthest_m = -1;
    size_t farthest = first + 1;
    for (size_t i = first + 1; i < last; ++i) {
      const double m = DistanceToEdgeM(directions[i], directions[first], directions[last]);
      if (m > farthest_m) {
        farthest_m = m;
        farthest = i;
      }
    }
    const bool long_edge = ChordM(directions[first], directions[last]) > kEdgeMaxM;
    if (farthest_m * kSphereFactor + kSphereErrorM <= tolerance_m && !long_edge) continue;
    if (farthest_m * kSphereFactor + kSphereErrorM <= tolerance_m) farthest = (first + last) / 2;
    keep[farthest] = true;
    open.emplace_back(first, farthest);
    open.emplace_back(farthest, last);
  }
  std::vector<Position> line;
  for (size_t i = 0; i < points.size(); ++i) {
    if (keep[i] && (line.empty() || line.back() != points[i].position)) {
      line.push_back(points[i].position);
    }
  }
  return line;
}

constexpr AltitudeReference kReferences[] = {AltitudeReference::kStd, AltitudeReference::kW84,
                                             AltitudeReference::kAmsl};
constexpr size_t kReferenceCount = 3;

const std::optional<int64_t>& HeightOf(const TrackPoint& point, size_t reference) {
  if (reference == 0) return point.std_mm;
  return reference == 1 ? point.w84_mm : point.amsl_mm;
}

bool HasHeight(const TrackPoint& point) {
  return point.std_mm || point.w84_mm || point.amsl_mm;
}

struct Range {
  int64_t low = INT64_MAX;
  int64_t high = INT64_MIN;
  void Add(int64_t mm) {
    low = std::min(low, mm);
    high = std::max(high, mm);
  }
  bool empty() const { return low > high; }
};

// The heights of a run of points in each reference; a reference that some point lacks is out.
class PieceHeights {
 public:
  void Add(const TrackPoint& point) {
    if (!HasHeight(point)) return;
    for (size_t r = 0; r < kReferenceCount; ++r) {
      const std::optional<int64_t>& mm = HeightOf(point, r);
      if (mm) {
        ranges_[r].Add(*mm);
      } else {
        usable_[r] = false;
      }
    }
    any_ = true;
  }
  // The reference to declare in, if there is one.
  std::optional<size_t> Best() const {
    for (size_t r = 0; r < kReferenceCount; ++r) {
      if (usable_[r] && !ranges_[r].empty()) return r;
    }
    return std::nullopt;
  }
  bool any() const { return any_; }
  const Range& range(size_t reference) const { return ranges_[reference]; }

 private:
  Range ranges_[kReferenceCount];
  bool usable_[kReferenceCount] = {true, true, true};
  bool any_ = false;
};

class CorridorBuilder {
 public:
  CorridorBuilder(const CorridorOptions& options, Corridors* out) : options_(options), out_(*out) {}

  Result<void> AddFlight(std::span<const TrackPoint> points);

 private:
  size_t PieceEnd(std::span<const TrackPoint> points, size_t first) const;
  Result<Volume4D> Piece(std::span<const TrackPoint> points, size_t first, size_t last);
  airspace::HeightBand Band(std::span<const TrackPoint> points, size_t first, size_t last);

  const CorridorOptions& options_;
  Corridors& out_;
};

// The last point of the piece that begins at `first`; at least the next one.
size_t CorridorBuilder::PieceEnd(std::span<const TrackPoint> points, size_t first) const {
  PieceHeights heights;
  heights.Add(points[first]);
  size_t last = first;
  for (size_t i = first + 1; i < points.size() && i - first < kPiecePointsMax; ++i) {
    heights.Add(points[i]);
    const std::optional<size_t> best = heights.Best();
    const bool too_long =
        points[i].time.us - points[first].time.us > options_.piece_duration_max_us;
    const bool too_high =
        best && heights.range(*best).high - heights.range(*best).low > options_.piece_height_max_mm;
    const bool no_reference = heights.any() && !best;
    if (i > first + 1 && (too_long || too_high || no_reference)) break;
    last = i;
    if (no_reference) break;
  }
  return last;
}

airspace::HeightBand CorridorBuilder::Band(std::span<const TrackPoint> points, size_t first,
                                           size_t last) {
  PieceHeights heights;
  for (size_t i = first; i <= last; ++i) heights.Add(points[i]);
  // At either end without a height, the nearest one beyond counts: the flight was on its way from or to it.
  for (size_t i = first; !HasHeight(points[i]) && i > 0; --i) heights.Add(points[i - 1]);
  for (size_t i = last; !HasHeight(points[i]) && i + 1 < points.size(); ++i) {
    heights.Add(points[i + 1]);
  }
  const std::optional<size_t> best = heights.Best();
  if (!best) {
    out_.notes.push_back("a piece without a common height reference is declared without limits: " +
                         base::FormatRfc3339(points[first].time));
    return {{geo::kUnlimitedDown, AltitudeReference::kW84},
            {geo::kUnlimitedUp, AltitudeReference::kW84}};
  }
  const Range& range = heights.range(*best);
  return {{range.low - options_.height_margin_mm, kReferences[*best]},
          {range.high + options_.height_margin_mm, kReferences[*best]}};
}

Result<Volume4D> CorridorBuilder::Piece(std::span<const TrackPoint> points, size_t first,
                                        size_t last) {
  const auto piece = points.subspan(first, last - first + 1);
  const double tolerance_m = static_cast<double>(options_.half_width_mm) / 1000 / 4;
  std::vector<Position> line = Simplify(piece, tolerance_m);
  // A closed loop within the tolerance simplifies to one point twice, and standing still to one.
  auto outline = line.size() == 1 ? geo::Outline::Circle(line[0], options_.half_width_mm)
                                  : geo::Outline::Corridor(std::move(line), options_.half_width_mm);
  if (!outline) return base::Fail(std::move(outline).error());
  const airspace::TimeWindow window{
      {std::max<int64_t>(0, piece.front().time.us - options_.time_margin_us)},
      {piece.back().time.us + options_.time_margin_us}};
  return Volume4D{std::move(outline).value(), Band(points, first, last), window, {}, {}};
}

Result<void> CorridorBuilder::AddFlight(std::span<const TrackPoint> points) {
  Declaration common;
  common.kind = airspace::NoticeKind::kActivity;
  common.data_mode = options_.data_mode;
  common.activity_class = options_.activity_class;
  common.confidence = airspace::Confidence::kObserved;
  out_.flights.push_back(common);
  size_t vertices = 0;
  for (size_t first = 0;;) {
    const size_t last = points.size() == 1 ? 0 : PieceEnd(points, first);
    WB_ASSIGN_OR_RETURN(Volume4D volume, Piece(points, first, last));
    const size_t more = volume.outline.vertices().size();
    if (out_.flights.back().volumes.size() >= limits::kNoticeVolumesMax ||
        vertices + more > limits::kNoticeVerticesMax) {
      out_.flights.push_back(common);
      vertices = 0;
    }
    vertices += more;
    out_.flights.back().volumes.push_back(std::move(volume));
    if (last + 1 >= points.size()) return {};
    first = last;
  }
}

Result<void> CheckOptions(const CorridorOptions& options) {
  const auto positive = [](int64_t value, std::string_view field) -> Result<void> {
    if (value > 0) return {};
    return base::Invalid(field, "must be positive", std::to_string(value));
  };
  if (options.half_width_mm < 100'000 || options.half_width_mm > limits::kCorridorHalfWidthMaxMm) {
    return base::Invalid("half_width", "must be between 100 m and 500 km",
                         std::to_string(options.half_width_mm) + " mm");
  }
  WB_RETURN_IF_ERROR(positive(options.height_margin_mm, "height_margin"));
  WB_RETURN_IF_ERROR(positive(options.time_margin_us, "time_margin"));
  WB_RETURN_IF_ERROR(positive(options.piece_duration_max_us, "piece_duration_max"));
  WB_RETURN_IF_ERROR(positive(options.piece_height_max_mm, "piece_height_max"));
  return positive(options.gap_max_us, "gap_max");
}

}  // namespace

Result<Corridors> CorridorsFromTrack(const Track& track, const CorridorOptions& options) {
  WB_RETURN_IF_ERROR(CheckOptions(options));
  Corridors out;
  CorridorBuilder builder(options, &out);
  std::vector<TrackPoint> flight;
  size_t on_ground = 0;
  const auto finish = [&]() -> Result<void> {
    if (!flight.empty()) WB_RETURN_IF_ERROR(builder.AddFlight(flight));
    flight.clear();
    return {};
  };
  for (const TrackPoint& point : track.points) {
    if (point.on_ground) {
      ++on_ground;
      WB_RETURN_IF_ERROR(finish());
      continue;
    }
    const bool apart = !flight.empty() && (point.new_leg || point.time.us - flight.back().time.us >
                                                                options.gap_max_us);
    if (apart) WB_RETURN_IF_ERROR(finish());
    flight.push_back(point);
  }
  WB_RETURN_IF_ERROR(finish());
  if (on_ground > 0) {
    out.notes.push_back(std::to_string(on_ground) + " points on the ground left out");
  }
  for (const Declaration& declaration : out.flights) {
    WB_RETURN_IF_ERROR(airspace::ValidateDeclaration(declaration));
  }
  return out;
}

}  // namespace wideberth::formats
