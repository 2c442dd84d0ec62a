// Turns bytes into two outlines, prepares them and asks every question about the pair.
//
// Invariants checked:
// - nothing crashes; a refusal has a rule;
// - CompareGap is symmetric, and more separation never makes a verdict clearer;
// - an outline is never clear of itself, nor of its own vertices;
// - a verdict, the measured gap and Quickly() do not contradict each other;
// - the cap contains the vertices.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "geo/compact_shape.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace {

using wideberth::base::Result;
using wideberth::geo::CompactHeader;
using wideberth::geo::CompactQuery;
using wideberth::geo::CompactVertex;
using wideberth::geo::Lateral;
using wideberth::geo::Outline;
using wideberth::geo::Position;
using wideberth::geo::Shape;

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  // The next value; zero bits once the input is used up.
  template <class T>
  T Next() {
    T value{};
    const size_t count = std::min(sizeof value, size_);
    std::memcpy(&value, data_, count);
    data_ += count;
    size_ -= count;
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// Outlines of one input share an origin and a unit, so that they meet.
struct Frame {
  Position origin;
  int64_t unit_e9;
};

Frame ReadFrame(Bytes& in) {
  constexpr int64_t kUnits[] = {1, 100, 10'000, 100'000};
  const int64_t lat_e9 = int64_t{in.Next<int32_t>()} * 42;
  const int64_t lng_e9 = int64_t{in.Next<int32_t>()} * 84;
  return {{lat_e9, lng_e9}, kUnits[in.Next<uint8_t>() % 4]};
}

Position ReadPosition(Bytes& in, const Frame& frame) {
  Position p = frame.origin;
  p.lat_e9 += in.Next<int16_t>() * frame.unit_e9;
  p.lng_e9 += in.Next<int16_t>() * frame.unit_e9;
  if (p.lng_e9 > 180'000'000'000) p.lng_e9 -= 360'000'000'000;
  if (p.lng_e9 < -180'000'000'000) p.lng_e9 += 360'000'000'000;
  return p;
}

Result<Shape> ReadShape(Bytes& in, const Frame& frame) {
  const auto head = in.Next<uint8_t>();
  const int64_t buffer_mm = in.Next<uint16_t>() * frame.unit_e9 / 10;
  std::vector<Position> vertices;
  for (size_t n = head / 4; n > 0; --n) vertices.push_back(ReadPosition(in, frame));
  Result<Outline> outline = head % 4 == 0   ? Outline::Circle(ReadPosition(in, frame), buffer_mm)
                            : head % 4 == 1 ? Outline::Corridor(std::move(vertices), buffer_mm)
                                            : Outline::Polygon(std::move(vertices));
  if (!outline) return wideberth::base::Fail(outline.error());
  Result<Shape> shape = Shape::Prepare(*outline);
  if (!shape) return shape;
  for (const Position p : outline->vertices()) {
    CHECK(GeodesicDistanceM(p, shape->cap_centre()) <= shape->cap_radius_m());
    CHECK(Contains(*shape, p) != Lateral::kClear);
    CHECK(DistanceM(*shape, p) < 0.001);
  }
  CHECK(std::isfinite(shape->ApproximateAreaM2()));
  return shape;
}

void CheckPair(const Shape& a, const Shape& b, int64_t separation_mm) {
  const Lateral verdict = CompareGap(a, b, separation_mm);
  CHECK(verdict == CompareGap(b, a, separation_mm));
  CHECK(CompareGap(a, b, separation_mm + 1'000) <= verdict);
  const wideberth::geo::Gap gap = MeasureGap(a, b);
  const double excess_m = gap.gap_m - static_cast<double>(separation_mm) * 1e-3;
  if (gap.error_m < 0.001) {
    if (verdict == Lateral::kClear) CHECK(excess_m > 0.009);
    if (excess_m > 0.010) CHECK(verdict == Lateral::kClear);
    if (excess_m < -0.003) CHECK(verdict == Lateral::kConflict);
  }
  std::vector<CompactVertex> offsets;
  const CompactHeader header = MakeCompact(b, &offsets);
  const Lateral quick = CompactQuery(a).Quickly(header, offsets, separation_mm);
  CHECK(quick == Lateral::kWithinTolerance || quick == verdict);
  const wideberth::geo::Bounds bounds = OverlapBounds(a, b, separation_mm);
  CHECK(bounds.south_west.lat_e9 <= bounds.north_east.lat_e9);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes in(data, size);
  const Frame frame = ReadFrame(in);
  const int64_t separation_mm = in.Next<uint16_t>() * frame.unit_e9 / 10;
  const Result<Shape> a = ReadShape(in, frame);
  const Result<Shape> b = ReadShape(in, frame);
  for (const Result<Shape>* shape : {&a, &b}) {
    if (*shape) {
      CHECK(CompareGap(**shape, **shape, 0) != Lateral::kClear);
    } else {
      CHECK(!shape->error().rule.empty());
    }
  }
  if (a && b) CheckPair(*a, *b, separation_mm);
  return 0;
}
