// Which format a file is of, by its content: what `wideberth check` and `zone import` do before reading it.
//
// JSON is told by its top: our declarations have "kind" or "notices"; readsb traces "trace" and "icao"; ED-318 (and
// plain GeoJSON) "type": "FeatureCollection"; ED-269 "features" without it. A text with a line "AC ..." at its start,
// comments aside, is OpenAir; one whose first row names columns of a track, or is an SBS-1 message, a CSV. Everything
// else is refused with what was looked for. The file's name plays no part.
#ifndef WIDEBERTH_FORMATS_DETECT_H_
#define WIDEBERTH_FORMATS_DETECT_H_

#include <string_view>

#include "base/result.h"

namespace wideberth::formats {

enum class FileFormat { kNotices, kEd318, kEd269, kOpenAir, kTrackCsv, kReadsbTrace };

// "notices", "ed318", "ed269", "openair", "csv", "readsb" and back (the value of --format).
std::string_view Name(FileFormat format);
base::Result<FileFormat> ParseFileFormat(std::string_view name);

base::Result<FileFormat> DetectFormat(std::string_view text);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_DETECT_H_
