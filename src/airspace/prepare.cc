// What is computed once, ahead, on any thread: the index's part of a volume, and a declaration.
#include <cmath>
#include <string>

#include "airspace/codec.h"
#include "airspace/command.h"
#include "airspace/index_layout.h"
#include "airspace/volume_index.h"
#include "airspace/wire.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

bool IsLimit(geo::Altitude altitude, int64_t unlimited) {
  return altitude.mm == unlimited ||
         (altitude.mm >= limits::kAltitudeMinMm && altitude.mm <= limits::kAltitudeMaxMm);
}

bool IsFinite(const geo::CompactHeader& compact) {
  bool finite = std::isfinite(compact.radius_m) && compact.radius_m >= 0 &&
                std::isfinite(compact.buffer_m) && compact.buffer_m >= 0;
  for (const double metres : compact.centre_m) finite = finite && std::isfinite(metres);
  return finite;
}

// The word for what is wrong, or null.
const char* Fault(const PreparedVolume& p) {
  if (layout::LevelIndex(p.covering.level) < 0) return "must cover at a level of the index";
  for (size_t i = 0; i < p.covering.cells.size(); ++i) {
    const geo::CellId cell = p.covering.cells[i];
    if (!geo::IsCell(cell) || geo::CellLevel(cell) != p.covering.level ||
        (i > 0 && cell <= p.covering.cells[i - 1])) {
      return "must name cells of one level in ascending order";
    }
  }
  if (!IsFinite(p.compact)) return "must have a finite centre and radius";
  for (const geo::CompactVertex& v : p.offsets) {
    if (!std::isfinite(v.x) || !std::isfinite(v.y) || !std::isfinite(v.z)) {
      return "must have finite vertices";
    }
  }
  if (p.window.start > p.window.end) return "must not end before it starts";
  if (!IsLimit(p.band.lower, geo::kUnlimitedDown) || !IsLimit(p.band.upper, geo::kUnlimitedUp)) {
    return "must have heights within their limits";
  }
  if (p.w84.lower_mm > p.w84.upper_mm) return "must not have its W84 heights upside down";
  return nullptr;
}

}  // namespace

PreparedVolume PrepareVolume(const geo::Shape& shape, const Volume4D& volume,
                             const TimeWindow& window) {
  PreparedVolume prepared;
  prepared.covering = geo::CoverWithin(shape, 0, layout::kLevels, limits::kIndexCellsPerVolumeMax);
  prepared.compact = geo::MakeCompact(shape, &prepared.offsets);
  prepared.window = window;
  prepared.band = volume.band;
  prepared.w84 = {std::min(volume.lower_w84.lower_mm, volume.upper_w84.upper_mm),
                  std::max(volume.lower_w84.lower_mm, volume.upper_w84.upper_mm)};
  return prepared;
}

void EncodePrepared(const PreparedVolume& prepared, base::Bytes* out) {
  WireWriter w(out);
  w.U8(static_cast<uint8_t>(prepared.covering.level));
  w.U8(static_cast<uint8_t>(prepared.covering.cells.size()));
  for (const geo::CellId cell : prepared.covering.cells) w.I64(static_cast<int64_t>(cell));
  for (const double metres : prepared.compact.centre_m) w.F64(metres);
  w.F32(prepared.compact.radius_m);
  w.F32(prepared.compact.buffer_m);
  w.EnumValue(prepared.compact.kind);
  w.U8(static_cast<uint8_t>(prepared.compact.vertices));
  for (const geo::CompactVertex& v : prepared.offsets) {
    w.F32(v.x);
    w.F32(v.y);
    w.F32(v.z);
  }
  w.Time(prepared.window.start);
  w.Time(prepared.window.end);
  for (const geo::Altitude& altitude : {prepared.band.lower, prepared.band.upper}) {
    w.I64(altitude.mm);
    w.EnumValue(altitude.reference);
  }
  w.I64(prepared.w84.lower_mm);
  w.I64(prepared.w84.upper_mm);
}

base::Result<PreparedVolume> DecodePrepared(base::ByteView* in) {
  WireReader r(*in);
  PreparedVolume p;
  p.covering.level = r.U8();
  const size_t cells = r.U8();
  if (cells < 1 || cells > limits::kIndexCellsPerVolumeMax) r.Fail();
  for (size_t i = 0; i < cells && r.ok(); ++i) {
    p.covering.cells.push_back(static_cast<geo::CellId>(r.I64()));
  }
  for (double& metres : p.compact.centre_m) metres = r.F64();
  p.compact.radius_m = r.F32();
  p.compact.buffer_m = r.F32();
  p.compact.kind = r.EnumValue(geo::OutlineKind::kCorridor);
  p.compact.vertices = r.U8();
  if (p.compact.vertices > geo::kCompactVerticesMax) r.Fail();
  for (size_t i = 0; i < p.compact.vertices && r.ok(); ++i) {
    const float x = r.F32(), y = r.F32(), z = r.F32();
    p.offsets.push_back({x, y, z});
  }
  p.window.start = r.Time();
  p.window.end = r.Time();
  for (geo::Altitude* altitude : {&p.band.lower, &p.band.upper}) {
    altitude->mm = r.I64();
    altitude->reference = r.EnumValue(geo::AltitudeReference::kStd);
  }
  p.w84.lower_mm = r.I64();
  p.w84.upper_mm = r.I64();
  if (!r.ok()) {
    return base::Invalid("prepared", "must be whole and within the limits of a prepared volume");
  }
  if (const char* fault = Fault(p)) return base::Invalid("prepared", fault);
  *in = r.rest();
  return p;
}

base::Result<PreparedDeclaration> PreparedDeclaration::Prepare(Declaration declaration,
                                                               const RuleBook& rules,
                                                               const geo::HeightModel& heights,
                                                               Sha256Function sha256) {
  WB_RETURN_IF_ERROR(ValidateDeclaration(declaration));
  PreparedDeclaration prepared;
  prepared.shapes_.reserve(declaration.volumes.size());
  prepared.volumes_.reserve(declaration.volumes.size());
  prepared.queries_.reserve(declaration.volumes.size());
  prepared.queries_separation_ = rules.WidestFor(declaration);
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    Volume4D& volume = declaration.volumes[i];
    base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
    if (!shape) {
      return base::Fail(
          std::move(shape).error().Under("/volumes/" + std::to_string(i) + "/outline"));
    }
    for (const geo::HeightBounds& bounds : rules.height_bounds()) {
      FillW84({heights.geoid, bounds}, *shape, &volume);
    }
    // With different references only the W84 intervals can tell a band that is upside down.
    if (volume.lower_w84.lower_mm >= volume.upper_w84.upper_mm) {
      return base::Invalid("/volumes/" + std::to_string(i) + "/altitude_upper",
                           "must be above altitude_lower",
                           std::to_string(volume.band.upper.mm) + " mm");
    }
    prepared.volumes_.push_back(PrepareVolume(*shape, volume, volume.window));
    prepared.queries_.emplace_back(*shape, volume, volume.window, prepared.queries_separation_);
    prepared.shapes_.push_back(std::move(*shape));
  }
  base::Bytes bytes;
  EncodeDeclaration(declaration, &bytes);
  prepared.digest_ = sha256(bytes);
  prepared.declaration_ = std::move(declaration);
  return prepared;
}

}  // namespace wideberth::airspace
