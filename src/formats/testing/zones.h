// Support for the tests of the zone formats: sample files, and zones in a comparable form.
#ifndef WIDEBERTH_FORMATS_TESTING_ZONES_H_
#define WIDEBERTH_FORMATS_TESTING_ZONES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/zone_file.h"

namespace wideberth::formats::testing {

// The whole of a file, or nothing when it is absent.
std::optional<std::string> ReadFile(const std::string& path);

ZoneImportOptions At(std::string_view now, int64_t horizon_days = 28);

// Every declaration of a file, in order.
std::vector<const airspace::Declaration*> Declarations(const ZoneFile& file);

// A zone as lines of text without its original, volumes in a fixed order: equal zones, equal text.
std::string Describe(const airspace::Declaration& zone);
std::vector<std::string> Describe(const ZoneFile& file);

// A zone drawn here, without an original.
airspace::Declaration DrawnZone(geo::Outline outline, airspace::HeightBand band,
                                airspace::TimeWindow window);

}  // namespace wideberth::formats::testing

#endif  // WIDEBERTH_FORMATS_TESTING_ZONES_H_
