// Zones out of files, and into a node.
#ifndef WIDEBERTH_APPS_WIDEBERTH_ZONE_IMPORT_H_
#define WIDEBERTH_APPS_WIDEBERTH_ZONE_IMPORT_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/wideberth/session.h"
#include "base/result.h"
#include "formats/detect.h"
#include "formats/zone_file.h"

namespace wideberth::cli {

bool IsZoneFormat(formats::FileFormat format);
base::Result<formats::ZoneFile> ReadZones(std::string_view text, formats::FileFormat format,
                                          const formats::ZoneImportOptions& options);

// A note and how many zones it is of, in the order of first appearance.
std::vector<std::pair<std::string, size_t>> CountNotes(const formats::ZoneFile& file);

struct ImportSummary {
  size_t stored = 0;     // new in the node
  size_t replaced = 0;   // a version before was there
  size_t unchanged = 0;  // the same version was there
  std::vector<base::Error> refused;
};

// Declares every zone of the file, over several connections at once. A zone has the same notice id whenever it is
// imported by the same party in the same mode, so that importing a later issue of a file replaces what changed. Returns
// an Error only where the node does not answer; then part of the zones may be stored, and it may be done again.
base::Result<ImportSummary> ImportZones(const Session& session, const formats::ZoneFile& file,
                                        const std::function<void(size_t done)>& progress);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_ZONE_IMPORT_H_
