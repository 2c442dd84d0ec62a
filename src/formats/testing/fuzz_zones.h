// The body of the fuzz targets of the zone formats.
#ifndef WIDEBERTH_FORMATS_TESTING_FUZZ_ZONES_H_
#define WIDEBERTH_FORMATS_TESTING_FUZZ_ZONES_H_

#include <span>
#include <string>
#include <string_view>

#include "formats/zone_file.h"

namespace wideberth::formats::testing {

struct ZoneFormat {
  base::Result<ZoneFile> (*import_file)(std::string_view, const ZoneImportOptions&);
  base::Result<std::string> (*export_file)(std::span<const airspace::Declaration* const>,
                                           const ZoneExportOptions&);
  // Whether a zone comes back as one zone; else only as as many volumes.
  bool keeps_zones = true;
};

// CHECKs that import never crashes, gives only valid declarations, and gives a rule with each refusal; and that what is
// exported is read back without a refusal, to equal volumes zone by zone or to as many.
void FuzzZoneFile(std::string_view text, const ZoneFormat& format);

}  // namespace wideberth::formats::testing

#endif  // WIDEBERTH_FORMATS_TESTING_FUZZ_ZONES_H_
