// A Shape is an Outline prepared for exact questions.
//
// Every outline is a *skeleton* (a point, a chain of edges, or a ring with its inside) and a
// *buffer* around it in metres, so that a gap is one computation for all kinds:
//
//   gap(A, B) = max(0, distance(skeleton A, skeleton B) - buffer A - buffer B)
//
// Edges longer than limits::kEdgeLengthMaxM are split along the geodesic. Each piece is then the curve
// x(t) = a + t (b - a) + 4 t (1 - t) s in Earth-centred coordinates, where s lifts the middle of the chord onto the
// ellipsoid; for pieces of 5 km it stays within 0.3 um of the geodesic (shape_test).
//
// Prepare refuses, with the reason:
//   a ring that crosses or touches itself (two parts within 0.25 mm, about what quantising the vertices can shift), and
//     with that spikes and rings without area; the refusal names both edges and the place;
//   an outline, buffer included, that does not fit in a cap of limits::kOutlineCapRadiusMaxM;
//   more than limits::kOutlinePiecesMax pieces; a ring too intricate for limits::kRingComparisonsMax.
//
// Cost: O(n log n) for ordinary rings; about 2 us for 12 short edges, 3 ms for a coast of 10,000; a split edge costs
// 0.4 us a piece. Threads: immutable; safe to read from any number.
//
//   WB_ASSIGN_OR_RETURN(const Shape shape, Shape::Prepare(outline));
//   if (CompareGap(shape, other, separation_mm) != Lateral::kClear) ...
#ifndef WIDEBERTH_GEO_SHAPE_H_
#define WIDEBERTH_GEO_SHAPE_H_

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "geo/outline.h"

namespace wideberth::geo {

struct ShapeData;  // geo/shape_data.h, inside geo only

class Shape {
 public:
  static base::Result<Shape> Prepare(const Outline& outline);

  Shape(Shape&&) noexcept;
  Shape& operator=(Shape&&) noexcept;
  ~Shape();

  // Area enclosed, in square metres (buffers included approximately: exact for polygons and
  // circles, within 1 % for corridors that do not cross themselves). For limits and display, not
  // for verdicts.
  double ApproximateAreaM2() const;

  // A point of the outline and a radius in metres: the whole outline lies within it.
  Position cap_centre() const;
  double cap_radius_m() const;

  const ShapeData& data() const { return *data_; }

 private:
  explicit Shape(std::unique_ptr<const ShapeData> data);
  std::unique_ptr<const ShapeData> data_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_SHAPE_H_
