// A small form of a shape that decides nearly every pair at once, for the inside of the index.
//
// A CompactShape keeps one centre in double precision and the vertices as single-precision offsets
// from it: 12 bytes a vertex. Quickly() answers kConflict or kClear only when the error of the
// flat, single-precision computation (which it bounds) cannot change the answer, and
// kWithinTolerance otherwise: then the caller prepares both Shapes and asks CompareGap. So a
// verdict reached by way of Quickly() is always the verdict of CompareGap.
//
// Outlines with more than kCompactVerticesMax vertices (after splitting) or wider than
// kCompactRadiusMaxM carry only their bounding cap: Quickly() then answers kClear when the caps are
// far apart and kWithinTolerance otherwise.
//
// Pairs that together reach more than 150 km from the query's centre are left to CompareGap as well. What it cannot
// decide lies within a few mm (outlines of some hundred metres) to half a metre (50 km) of the separation.
//
// Speed: some 5 ns for two far apart, 0.2 to 0.4 us for two close outlines of 12 vertices (BM_Quickly).
//
// Storage: the vertices live in the caller's arena (`offsets`), so that a million shapes are two
// allocations. Threads: immutable after construction.
#ifndef WIDEBERTH_GEO_COMPACT_SHAPE_H_
#define WIDEBERTH_GEO_COMPACT_SHAPE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::geo {

inline constexpr size_t kCompactVerticesMax = 64;
inline constexpr double kCompactRadiusMaxM = 50'000;

struct CompactVertex {
  float x, y, z;  // metres from the centre, Earth-centred axes
};

struct CompactHeader {
  std::array<double, 3> centre_m{};  // Earth-centred, on or near the ellipsoid
  float radius_m = 0;  // the whole outline, buffer included, lies within this of the centre (3D)
  float buffer_m = 0;
  uint16_t vertices = 0;  // 0: cap only
  OutlineKind kind = OutlineKind::kPolygon;
};

// Appends the offsets of `shape` to `offsets` and returns its header.
CompactHeader MakeCompact(const Shape& shape, std::vector<CompactVertex>* offsets);

// A query side: the compact shape turned into its own tangent plane once, used against many.
class CompactQuery {
 public:
  explicit CompactQuery(const Shape& shape);

  Lateral Quickly(const CompactHeader& other, std::span<const CompactVertex> offsets,
                  int64_t separation_mm) const;

  const CompactHeader& header() const { return header_; }

 private:
  CompactHeader header_;
  std::array<double, 9> axes_{};  // east, north, up at the centre
  std::vector<float>
      plane_;  // own vertices and edges in the tangent plane, as compact_shape.cc lays them out
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_COMPACT_SHAPE_H_
