// Zones in EUROCAE ED-318 form: a GeoJSON FeatureCollection with `layer` and `extent` beside the coordinates.
//
// Import, leniently; plain GeoJSON is read too. A feature becomes a zone. Geometries: Polygon, MultiPolygon, Point with
// extent {subType: Circle, radius in m}, and GeometryCollection of these. `layer` gives the heights {upper,
// upperReference, lower, lowerReference, uom m or ft} over AGL, AMSL or WGS84; without it, or without a limit, the
// height is unlimited; 99999 is unlimited upwards. `properties.type` is the restriction (missing: REQ_AUTHORISATION).
// `limitedApplicability` gives the windows; without it the zone holds always, from `metadata.validFrom` on. A
// `metadata.validTo` ends the file, not the zones: a note says so and they stay. Edges are straight in longitude and
// latitude and are divided where that matters (formats/geojson.h).
//
// Export, strictly by the published schema (identifiers of at most 7 characters are the publisher's business): a zone
// that came from an ED-318 file is written as it stood there; any other is generated. Refused: pressure altitudes,
// which the format does not have; a corridor.
//
// Largest file: limits::kImportFileBytesMax. Pure; any thread.
#ifndef WIDEBERTH_FORMATS_ED318_H_
#define WIDEBERTH_FORMATS_ED318_H_

#include <span>
#include <string>
#include <string_view>

#include "formats/zone_file.h"

namespace wideberth::formats {

base::Result<ZoneFile> ImportEd318(std::string_view text, const ZoneImportOptions& options);

base::Result<std::string> ExportEd318(std::span<const airspace::Declaration* const> zones,
                                      const ZoneExportOptions& options);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_ED318_H_
