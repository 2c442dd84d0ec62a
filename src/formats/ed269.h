// Zones in EUROCAE ED-269 form, the JSON in which European states published drone zones.
//
// Import, leniently. A feature becomes a zone: `restriction` as it stands; every item of `geometry` a part (Circle or
// Polygon, limits in M or FT over AGL or AMSL; no lower limit means all the way down, no upper limit or 99999 all the
// way up); `applicability` the windows, `permanent: YES` always, a weekly `schedule` expanded to the horizon, sunrise
// and the like as the whole day. Holes are filled, repeated vertices left out. Unknown fields are passed over and kept
// in the original. Notes say what was done.
//
// Export, strictly: a zone that came from an ED-269 file is written as it stood there; any other is generated, heights
// and times rounded outwards to whole metres, feet and seconds. Refused: a limit over WGS-84 or in pressure altitude,
// which the format does not have; a corridor.
//
// A file of 64 MiB (limits::kImportFileBytesMax) is the largest that is read. Pure; any thread.
#ifndef WIDEBERTH_FORMATS_ED269_H_
#define WIDEBERTH_FORMATS_ED269_H_

#include <span>
#include <string>
#include <string_view>

#include "formats/zone_file.h"

namespace wideberth::formats {

base::Result<ZoneFile> ImportEd269(std::string_view text, const ZoneImportOptions& options);

base::Result<std::string> ExportEd269(std::span<const airspace::Declaration* const> zones,
                                      const ZoneExportOptions& options);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_ED269_H_
