// What the two JSON formats of zones (ED-318 and ED-269) have in common. Inside formats only.
#ifndef WIDEBERTH_FORMATS_ZONE_JSON_H_
#define WIDEBERTH_FORMATS_ZONE_JSON_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/zone_file.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::formats {

// The document of a file, leniently: a byte order mark before it is passed over.
base::Result<json::Document> ParseZoneDocument(std::string_view text);

// A field that is a string, or texts in several languages ([{"text": ..., "lang": ...}, ...]; English is preferred),
// or a list of strings. Empty when it is absent or anything else.
std::string ReadAnyText(json::Object* object, std::string_view key);

// The first authority's service, or its name: whom to call.
std::string ReadAuthority(json::Object* properties);

// PROHIBITED, REQ_AUTHORISATION (or REQ_AUTHORIZATION), CONDITIONAL, NO_RESTRICTION, USPACE (taken as CONDITIONAL);
// any other word is taken as REQ_AUTHORISATION, which keeps out. A note says so.
airspace::Restriction ReadRestriction(std::string_view word, std::vector<std::string>* notes);

// One item of `applicability` or `limitedApplicability`: {permanent, startDateTime, endDateTime, schedule}.
base::Result<Period> ReadPeriod(const json::Value& value, const ZoneImportOptions& options,
                                std::vector<std::string>* notes);

// A height reference: AGL (also SFC, GND), AMSL (also MSL), WGS84 (also W84, HAE), STD.
base::Result<geo::AltitudeReference> ReadHeightReference(json::Object* object,
                                                         std::string_view key);

// Imports every feature of a list with `import_feature`, a refusal of one leaving the others alone.
template <class ImportFeature>
base::Result<void> ImportFeatures(const json::Array& features, ZoneFile* file,
                                  ImportFeature import_feature) {
  int64_t index = 0;
  for (const json::Value feature : features) {
    base::Result<ImportedZone> zone = import_feature(feature, index++);
    if (zone) {
      file->zones.push_back(std::move(zone).value());
    } else {
      file->refused.push_back(std::move(zone).error());
    }
  }
  return {};
}

// Collects what an export writes: originals of its own format once each, everything else generated.
struct ExportItem {
  const airspace::Declaration* declaration = nullptr;
  std::optional<Original> original;  // of any format
  bool own_format = false;
};
// Refuses a declaration that is no zone (field "/I/kind", where I is its place). Parts that were split on import come
// out as one.
base::Result<std::vector<ExportItem>> CollectForExport(
    std::span<const airspace::Declaration* const> declarations, std::string_view format);

// Who published a zone, from the original of either format, for a file of the other one.
struct ZoneIdentity {
  std::string identifier;
  std::string country;
  std::vector<std::string> reasons;
};
ZoneIdentity IdentityForExport(const ExportItem& item, size_t ordinal,
                               const ZoneExportOptions& options);

// "2026-11-21T10:00:00Z"; whole seconds outwards (down for a start, up for an end), as the formats want.
std::string SecondsText(base::UtcMicros time, bool round_up);

// Two limits in one unit and whole numbers, outwards: lower down, upper up.
struct FileBand {
  bool feet = false;
  std::optional<int64_t> lower;  // empty: unlimited
  std::optional<int64_t> upper;  // empty: unlimited
};
FileBand BandForExport(const airspace::HeightBand& band, bool may_use_feet);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_ZONE_JSON_H_
