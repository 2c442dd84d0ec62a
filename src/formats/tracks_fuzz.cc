// Invariants checked:
// - reading CSV, SBS-1 and readsb traces never crashes; points come in order of time;
// - corridors made of them are valid declarations, and every point in the air is inside the window of one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "formats/tracks.h"

namespace {

namespace formats = wideberth::formats;

void CheckFile(const formats::TrackFile& file) {
  for (const formats::Track& track : file.tracks) {
    for (size_t i = 1; i < track.points.size(); ++i) {
      CHECK(track.points[i - 1].time <= track.points[i].time);
    }
    const auto corridors = formats::CorridorsFromTrack(track, {});
    if (!corridors) {
      CHECK(!corridors.error().rule.empty());
      continue;
    }
    for (const formats::TrackPoint& point : track.points) {
      if (point.on_ground) continue;
      bool inside = false;
      for (const auto& flight : corridors->flights) {
        CHECK(wideberth::airspace::ValidateDeclaration(flight).has_value());
        for (const auto& volume : flight.volumes) {
          inside |= volume.window.start <= point.time && point.time < volume.window.end;
        }
      }
      CHECK(inside);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 20'000) return 0;  // the check above is quadratic
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  formats::TrackReadOptions options;
  if (const auto csv = formats::ReadTrackCsv(text, options)) CheckFile(*csv);
  options.assume_date = wideberth::base::CivilDate{2026, 11, 21};
  options.assume_zone_minutes = 60;
  if (const auto csv = formats::ReadTrackCsv(text, options)) CheckFile(*csv);
  if (const auto trace = formats::ReadReadsbTrace(text)) CheckFile(*trace);
  return 0;
}
