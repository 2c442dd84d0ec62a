// Errors of the flat computation. The plane is the tangent plane at the query's centre, seen from
// straight above. Let `extent` be the distance from that centre within which both outlines lie, and
// theta = extent / Rmin, which bounds the tilt of the surface there.
//
//   * A distance seen from above is never longer than the geodesic; the geodesic is at most 1 / cos
//   theta times longer,
//     and then the arc over its chord: together less than (1 + 1.5 theta^2) times the distance
//     seen.
//   * The geodesic of a piece leaves its straight image sideways by its lift (0.49 m for 5 km)
//   times theta. The plane of
//     a piece, in which CompareGap sees crossings, is tilted by theta as well, which within 5 km of
//     the piece (2 m of height) shifts it by 2 m times theta. 3 m times theta covers both.
//   * Single precision: offsets, products and sums of lengths up to `extent` lose less than 2e-6 of
//   it.
#include "geo/compact_shape.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "geo/ecef.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

constexpr size_t kLanes = 4;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

// CompareGap says clear above separation + 10 mm and conflict below separation - 2 mm whatever its
// own error.
constexpr double kClearM = 0.010;
constexpr double kConflictM = 0.002;
// Farther out the plane is too rough to be worth trying.
constexpr double kExtentMaxM = 150'000;

size_t Padded(size_t count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}

Lanes Load(const float* from) {
  Lanes lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return lanes;
}
Lanes Min(Lanes a, Lanes b) {
  return a < b ? a : b;
}
Lanes Max(Lanes a, Lanes b) {
  return a > b ? a : b;
}
float Least(Lanes a) {
  return std::min(std::min(a[0], a[1]), std::min(a[2], a[3]));
}
float Greatest(Lanes a) {
  return std::max(std::max(a[0], a[1]), std::max(a[2], a[3]));
}

// Vertices of one outline in the plane and the edges from each to the next: arrays of padded
// length. The edge of the last vertex of a chain, and of a point, has no length. Padding repeats
// the last vertex.
struct Figure {
  size_t count;
  const float *east, *north, *d_east, *d_north, *inv_length2;
  bool ring;
};

void FillEdges(size_t count, bool ring, const float* east, const float* north, float* d_east,
               float* d_north, float* inv_length2) {
  for (size_t i = 0; i < count; ++i) {
    const size_t next = i + 1 < count ? i + 1 : (ring ? 0 : i);
    d_east[i] = east[next] - east[i];
    d_north[i] = north[next] - north[i];
    const float length2 = d_east[i] * d_east[i] + d_north[i] * d_north[i];
    inv_length2[i] = length2 > 0 ? 1 / length2 : 0;
  }
}

void Pad(size_t count, float* east, float* north) {
  for (size_t i = count; i < Padded(count); ++i) {
    east[i] = east[count - 1];
    north[i] = north[count - 1];
  }
}

float FarthestAlong(const Figure& figure, float east, float north) {
  Lanes far = east * Load(figure.east) + north * Load(figure.north);
  for (size_t k = kLanes; k < figure.count; k += kLanes) {
    far = Max(far, east * Load(figure.east + k) + north * Load(figure.north + k));
  }
  return Greatest(far);
}

// The least square of a distance from an edge of `edges` to a vertex of `vertices`; and for each
// edge, when `crossings` is given, whether its line has vertices on both sides, with their offsets
// (times the edge's length).
template <class Straddle>
float LeastDistance2(const Figure& edges, const Figure& vertices, Straddle straddle) {
  Lanes least = Lanes{} + std::numeric_limits<float>::max();
  alignas(16) float offsets[kCompactVerticesMax + kLanes];
  for (size_t i = 0; i < edges.count; ++i) {
    const float east = edges.east[i], north = edges.north[i];
    const float d_east = edges.d_east[i], d_north = edges.d_north[i];
    Lanes low = Lanes{} + std::numeric_limits<float>::max(), high = -low;
    for (size_t k = 0; k < vertices.count; k += kLanes) {
      const Lanes w_east = Load(vertices.east + k) - east;
      const Lanes w_north = Load(vertices.north + k) - north;
      const Lanes along = (w_east * d_east + w_north * d_north) * edges.inv_length2[i];
      const Lanes t = Min(Max(along, Lanes{}), Lanes{} + 1.0f);
      const Lanes r_east = w_east - t * d_east, r_north = w_north - t * d_north;
      least = Min(least, r_east * r_east + r_north * r_north);
      const Lanes offset = d_east * w_north - d_north * w_east;
      low = Min(low, offset);
      high = Max(high, offset);
      __builtin_memcpy(offsets + k, &offset, sizeof offset);
    }
    if (Least(low) <= 0 && Greatest(high) >= 0 && edges.inv_length2[i] > 0) straddle(i, offsets);
  }
  return Least(least);
}

// Even-odd rule along the ray to the east.
bool Inside(const Figure& ring, float east, float north) {
  if (!ring.ring) return false;
  bool inside = false;
  for (size_t i = 0, from = ring.count - 1; i < ring.count; from = i++) {
    if ((ring.north[from] >= north) == (ring.north[i] >= north)) continue;
    const float share = (north - ring.north[from]) / ring.d_north[from];
    inside ^= east < ring.east[from] + share * ring.d_east[from];
  }
  return inside;
}

enum class Crossing { kNone, kMaybe, kCertain };

// Whether edge i of `a`, from whose line the vertices of `b` have the given offsets, crosses edges
// of `b`.
Crossing CrossingOf(const Figure& a, size_t i, const Figure& b, const float* offsets,
                    float certain_m) {
  Crossing result = Crossing::kNone;
  const size_t edges = b.ring ? b.count : b.count - 1;
  for (size_t k = 0; k < edges; ++k) {
    const float from = offsets[k], to = offsets[k + 1 < b.count ? k + 1 : 0];
    if (from * to > 0) continue;
    const float w_east = a.east[i] - b.east[k], w_north = a.north[i] - b.north[k];
    const float start = b.d_east[k] * w_north - b.d_north[k] * w_east;
    const float end = start + b.d_east[k] * a.d_north[i] - b.d_north[k] * a.d_east[i];
    if (start * end > 0) continue;
    const float margin_a = std::min(std::abs(from), std::abs(to)) * std::sqrt(a.inv_length2[i]);
    const float margin_b = std::min(std::abs(start), std::abs(end)) * std::sqrt(b.inv_length2[k]);
    if (std::min(margin_a, margin_b) > certain_m) return Crossing::kCertain;
    result = Crossing::kMaybe;
  }
  return result;
}

struct Limits {
  float clear_m;     // seen at least this far apart: clear
  float conflict_m;  // seen at most this far apart: conflict
  float deep_m;      // seen at least this deep in the other: overlap
};

Lateral Judge(const Figure& own, const Figure& other, const Limits& limits) {
  Crossing crossing = Crossing::kNone;
  const auto straddle = [&](size_t i, const float* offsets) {
    if (crossing != Crossing::kCertain) {
      crossing = std::max(crossing, CrossingOf(own, i, other, offsets, limits.deep_m));
    }
  };
  const float of_own = LeastDistance2(own, other, straddle);
  if (crossing == Crossing::kCertain) return Lateral::kConflict;
  const float of_other = LeastDistance2(other, own, [](size_t, const float*) {});
  const float apart_m = std::sqrt(std::min(of_own, of_other));
  if (apart_m <= limits.conflict_m) return Lateral::kConflict;
  if (apart_m >= limits.deep_m) {
    if (Inside(own, other.east[0], other.north[0]) || Inside(other, own.east[0], own.north[0])) {
      return Lateral::kConflict;
    }
    if (crossing == Crossing::kNone && apart_m >= limits.clear_m) return Lateral::kClear;
  }
  return Lateral::kWithinTolerance;
}

}  // namespace

CompactHeader MakeCompact(const Shape& shape, std::vector<CompactVertex>* offsets) {
  const ShapeData& data = shape.data();
  CompactHeader header;
  header.centre_m = {data.centre.x, data.centre.y, data.centre.z};
  // Rounded up: a float of 5,000 km is right to 0.25 m, of a small outline to far less.
  header.radius_m =
      std::nextafter(static_cast<float>(data.radius_m), std::numeric_limits<float>::infinity());
  header.buffer_m = static_cast<float>(data.buffer_m());
  header.kind = data.kind;
  if (data.pieces.size() > kCompactVerticesMax || data.radius_m > kCompactRadiusMaxM) return header;
  header.vertices = static_cast<uint16_t>(data.pieces.size());
  for (const Piece& piece : data.pieces) {
    const Vec3 v = piece.start - data.centre;
    offsets->push_back({static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z)});
  }
  return header;
}

CompactQuery::CompactQuery(const Shape& shape) {
  std::vector<CompactVertex> offsets;
  header_ = MakeCompact(shape, &offsets);
  const Vec3 centre{header_.centre_m[0], header_.centre_m[1], header_.centre_m[2]};
  auto [east, north] = TangentsAt(centre);
  east = (1 / Norm(east)) * east;
  north = (1 / Norm(north)) * north;
  const Vec3 up = Cross(east, north);
  axes_ = {east.x, east.y, east.z, north.x, north.y, north.z, up.x, up.y, up.z};
  if (offsets.empty()) return;
  const size_t count = offsets.size(), stride = Padded(count);
  plane_.resize(5 * stride);
  float* lanes = plane_.data();
  for (size_t i = 0; i < count; ++i) {
    const Vec3 v{offsets[i].x, offsets[i].y, offsets[i].z};
    lanes[i] = static_cast<float>(Dot(east, v));
    lanes[stride + i] = static_cast<float>(Dot(north, v));
  }
  Pad(count, lanes, lanes + stride);
  FillEdges(count, header_.kind == OutlineKind::kPolygon, lanes, lanes + stride, lanes + 2 * stride,
            lanes + 3 * stride, lanes + 4 * stride);
}

Lateral CompactQuery::Quickly(const CompactHeader& other, std::span<const CompactVertex> offsets,
                              int64_t separation_mm) const {
  const double separation_m = static_cast<double>(separation_mm) * 1e-3;
  const Vec3 to_other{other.centre_m[0] - header_.centre_m[0],
                      other.centre_m[1] - header_.centre_m[1],
                      other.centre_m[2] - header_.centre_m[2]};
  const double apart2 = Norm2(to_other);
  const double radii_m = static_cast<double>(header_.radius_m) + other.radius_m;
  const double reach_m = radii_m + separation_m + kClearM;
  if (apart2 > reach_m * reach_m) return Lateral::kClear;
  if (header_.vertices == 0 || other.vertices == 0) return Lateral::kWithinTolerance;
  const double extent_m = std::max<double>(header_.radius_m, std::sqrt(apart2) + other.radius_m);
  if (extent_m > kExtentMaxM) return Lateral::kWithinTolerance;

  // The other's vertices in the plane.
  constexpr size_t kLength = kCompactVerticesMax + kLanes;
  alignas(16) float lanes[5][kLength];
  const double* axes = axes_.data();
  const auto centre_east = static_cast<float>(Dot({axes[0], axes[1], axes[2]}, to_other));
  const auto centre_north = static_cast<float>(Dot({axes[3], axes[4], axes[5]}, to_other));
  std::array<float, 6> axis;
  for (size_t i = 0; i < axis.size(); ++i) axis[i] = static_cast<float>(axes_[i]);
  const size_t count = other.vertices;
  for (size_t i = 0; i < count; ++i) {
    const CompactVertex v = offsets[i];
    lanes[0][i] = centre_east + (axis[0] * v.x + axis[1] * v.y + axis[2] * v.z);
    lanes[1][i] = centre_north + (axis[3] * v.x + axis[4] * v.y + axis[5] * v.z);
  }
  Pad(count, lanes[0], lanes[1]);
  const bool other_ring = other.kind == OutlineKind::kPolygon;
  const size_t stride = Padded(header_.vertices);
  const float* own_lanes = plane_.data();
  const Figure own_figure{header_.vertices,
                          own_lanes,
                          own_lanes + stride,
                          own_lanes + 2 * stride,
                          own_lanes + 3 * stride,
                          own_lanes + 4 * stride,
                          header_.kind == OutlineKind::kPolygon};
  const Figure other_figure{count, lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], other_ring};

  const double theta = extent_m / kCurvatureRadiusMinM;
  const double error_m = 2 * (3 * theta + 2e-6 * extent_m);
  const double needed_m = separation_m + static_cast<double>(header_.buffer_m) + other.buffer_m;
  const Limits limits{static_cast<float>((needed_m + kClearM + error_m) * (1 + 1e-6)),
                      static_cast<float>((needed_m - kConflictM) / (1 + 1.5 * theta * theta) -
                                         error_m - 1e-6 * needed_m),
                      static_cast<float>(kConflictM + error_m)};
  // A line between the centres often has all of one on this side and all of the other on that.
  const float axis_length = std::sqrt(centre_east * centre_east + centre_north * centre_north);
  if (axis_length > 0) {
    const float a_east = centre_east / axis_length, a_north = centre_north / axis_length;
    const float apart = -FarthestAlong(other_figure, -a_east, -a_north) -
                        FarthestAlong(own_figure, a_east, a_north);
    if (apart >= limits.clear_m) return Lateral::kClear;
  }
  FillEdges(count, other_ring, lanes[0], lanes[1], lanes[2], lanes[3], lanes[4]);
  return Judge(own_figure, other_figure, limits);
}

}  // namespace wideberth::geo
