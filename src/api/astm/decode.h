// Reading what F3548-21 and F3411-22a share: identifiers, times, volumes, base URLs.
#ifndef WIDEBERTH_API_ASTM_DECODE_H_
#define WIDEBERTH_API_ASTM_DECODE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/astm/context.h"
#include "base/ids.h"
#include "base/result.h"
#include "dss/extent.h"
#include "json/reader.h"

namespace wideberth::api::astm {

// A version 4 UUID, with its hyphens or without.
base::Result<base::Uuid> ParseId(std::string_view text);
// A UUID written as it is without hyphens, of any version.
base::Result<base::Uuid> ParseUuid(std::string_view text);

// The field if it is there and not null.
std::optional<json::Value> Given(json::Object* object, std::string_view key);
base::Result<json::Value> Needed(json::Object* object, std::string_view key);
base::Result<std::string> NeededText(json::Object* object, std::string_view key, size_t bytes_max);
base::Result<bool> FlagOr(json::Object* object, std::string_view key, bool otherwise);

// {"value": RFC 3339, "format": "RFC3339"}
base::Result<base::UtcMicros> ReadTime(const json::Value& value);
base::Result<geo::Position> ReadPoint(const json::Value& value);
base::Result<std::vector<geo::Position>> ReadVertices(const json::Value& polygon);
base::Result<dss::Volume> ReadVolume(const json::Value& volume_4d);

// http(s)://host...
base::Result<std::string> ReadBaseUrl(json::Object* object, std::string_view key,
                                      const Options& options);

// One volume, or a list of them, as an extent.
base::Result<dss::Extent> ReadExtent(const json::Value& volume_4d, const Options& options);
base::Result<dss::Extent> ReadExtents(const json::Value& volumes_4d, const Options& options);

// {"area_of_interest": ...}, which must be there.
base::Result<dss::Extent> ReadAreaOfInterest(std::string_view body, const Options& options);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_DECODE_H_
