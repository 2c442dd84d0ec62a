// The binary form of positions, heights, windows and outlines; inside the codec only (airspace/codec.h).
#ifndef WIDEBERTH_AIRSPACE_WIRE_VALUES_H_
#define WIDEBERTH_AIRSPACE_WIRE_VALUES_H_

#include <optional>
#include <utility>
#include <vector>

#include "airspace/volume.h"
#include "airspace/wire.h"
#include "geo/altitude.h"
#include "geo/outline.h"

namespace wideberth::airspace {

inline void Put(WireWriter& out, const geo::HeightInterval& value) {
  out.I64(value.lower_mm);
  out.I64(value.upper_mm);
}

inline geo::HeightInterval TakeInterval(WireReader& in) {
  geo::HeightInterval value;
  value.lower_mm = in.I64();
  value.upper_mm = in.I64();
  return value;
}

inline void Put(WireWriter& out, const geo::Altitude& value) {
  out.EnumValue(value.reference);
  out.I64(value.mm);
}

inline geo::Altitude TakeAltitude(WireReader& in) {
  geo::Altitude value;
  value.reference = in.EnumValue(geo::AltitudeReference::kStd);
  value.mm = in.I64();
  return value;
}

inline void Put(WireWriter& out, const geo::Position& value) {
  out.I64(value.lat_e9);
  out.I64(value.lng_e9);
}

inline geo::Position TakePosition(WireReader& in) {
  geo::Position value;
  value.lat_e9 = in.I64();
  value.lng_e9 = in.I64();
  return value;
}

inline void Put(WireWriter& out, const TimeWindow& value) {
  out.Time(value.start);
  out.Time(value.end);
}

inline TimeWindow TakeWindow(WireReader& in) {
  TimeWindow value;
  value.start = in.Time();
  value.end = in.Time();
  return value;
}

inline void Put(WireWriter& out, const geo::Outline& value) {
  out.EnumValue(value.kind());
  out.I64(value.buffer_mm());
  out.Varint(value.vertices().size());
  for (const geo::Position& vertex : value.vertices()) Put(out, vertex);
}

inline std::optional<geo::Outline> TakeOutline(WireReader& in) {
  const auto kind = in.EnumValue(geo::OutlineKind::kCorridor);
  const int64_t buffer_mm = in.I64();
  std::vector<geo::Position> vertices(in.Count(16));
  for (geo::Position& vertex : vertices) vertex = TakePosition(in);
  if (!in.ok() || vertices.empty()) return std::nullopt;
  // What the kind has no use for is not written, so it is not read either.
  if (kind == geo::OutlineKind::kPolygon && buffer_mm != 0) return std::nullopt;
  if (kind == geo::OutlineKind::kCircle && vertices.size() != 1) return std::nullopt;
  auto outline = [&]() -> base::Result<geo::Outline> {
    switch (kind) {
      case geo::OutlineKind::kPolygon:
        return geo::Outline::Polygon(std::move(vertices));
      case geo::OutlineKind::kCircle:
        return geo::Outline::Circle(vertices.front(), buffer_mm);
      case geo::OutlineKind::kCorridor:
        return geo::Outline::Corridor(std::move(vertices), buffer_mm);
    }
    return base::Invalid("", "must be a known kind of outline");
  }();
  if (!outline) return std::nullopt;
  return std::move(*outline);
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_WIRE_VALUES_H_
