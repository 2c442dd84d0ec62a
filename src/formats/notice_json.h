// Our own JSON form of declarations, notices and conflicts: the /v1 API, the command line and files share it.
//
// A declaration (field names and units follow ASTM F3548-21's Volume4D where it has them):
//
//   {"kind": "activity",                 // activity, hazard, protected_site, zone
//    "data_mode": "REAL",                // REAL, EXERCISE, TEST
//    "activity_class": "transport",      // activity, optional: a class of the rules; absent counts as the strictest
//    "hazard": {"class": "live_firing",  // hazard: a class of airspace/notice.h
//               "source": "own"},        //   own (if absent), observed, expected_third_party
//    "restriction": "PROHIBITED",        // zone: PROHIBITED, REQ_AUTHORISATION, CONDITIONAL, NO_RESTRICTION
//    "confidence": "planned",            // optional: planned (if absent), observed, expected
//    "name": "...",                      // zone and protected site, optional
//    "role_to_call": "duty officer",     // optional; a role, never a person
//    "frequency": "121.500 MHz",         // optional
//    "unplanned": true,                  // hazard, optional: sent in one act without approval, to be refined
//    "on_behalf_of": true,               // optional: told for others; not verified, not a permission
//    "may_tell": ["5b0c7a3e-..."],       // optional: ids of parties it may be forwarded to, each once, at most 64
//    "volumes": [{
//      "outline_polygon": {"vertices": [{"lat": 46.9, "lng": 7.4}, ...]},                     one of
//      "outline_circle": {"center": {"lat": 46.9, "lng": 7.4},                                these
//                         "radius": {"value": 3000, "units": "M"}},                           three
//      "outline_corridor": {"centreline": [{"lat": ..., "lng": ...}, ...],
//                           "half_width": {"value": 1, "units": "NM"}},
//      "altitude_lower": {"value": 0, "reference": "AGL", "units": "M"},
//      "altitude_upper": {"unlimited": true},
//      "time_start": "2026-11-21T10:00:00Z",
//      "time_end": "open"}]}
//
// Units: distances M, KM, NM, FT; altitudes M, FT and FL (hundreds of feet, reference STD alone). References: W84,
// AMSL, AGL, STD; "unlimited" has none. Times are RFC 3339 with a zone. "open" is "until further notice" as an end
// (not of an activity) and "always has been" as the start of a zone or a protected site.
//
// Reading is strict: an unknown field, a field of another kind of notice, a missing one and every value out of bounds
// is refused with its JSON pointer. Numbers are quantised on entry (1e-9 degree, mm, us); Declaration.original keeps
// the text. Whether a polygon crosses itself is found later, when it is prepared.
//
// Writing: degrees to 1e-9 and metres to 1e-3 in exact decimals, so what is written reads back as an equal declaration.
// There is no field for a target, a weapon, a unit, a purpose or a sensor, and none may be added.
//
// Pure; any thread. Cost: a few microseconds a kB.
#ifndef WIDEBERTH_FORMATS_NOTICE_JSON_H_
#define WIDEBERTH_FORMATS_NOTICE_JSON_H_

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "airspace/conflict.h"
#include "airspace/notice.h"
#include "airspace/rules.h"
#include "base/result.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::formats {

// The value as a declaration; `original` is its compact JSON. Refusals carry the pointer in the whole document.
base::Result<airspace::Declaration> DecodeDeclaration(const json::Value& value);
// A whole text that is one declaration; `original` is the text as it stands.
base::Result<airspace::Declaration> ParseDeclaration(std::string_view text);

// One element of "volumes" of a notice of that kind.
base::Result<airspace::Volume4D> DecodeVolume(const json::Value& value, airspace::NoticeKind kind);
// A refusal of airspace (ValidateDeclaration, PreparedDeclaration::Prepare) in the field names of this form:
// "/volumes/0/window" becomes "/volumes/0/time_end", "/volumes/0/outline/vertices/3" becomes
// "/volumes/0/outline_polygon/vertices/3".
base::Error InJsonNames(base::Error error, const airspace::Declaration& declaration);

void WriteDeclaration(json::Writer* json, const airspace::Declaration& declaration);
void WriteVolume(json::Writer* json, const airspace::Volume4D& volume);
// "open" for the open ends.
std::string TimeText(base::UtcMicros time);

// A version: number, digest, when it was stored, disclosure, author state, lead time, the declaration, and the W84
// interval of each limit in metres ("altitudes_w84": [{"lower": [min, max], "upper": [min, max]}, ...]).
void WriteVersion(json::Writer* json, const airspace::NoticeVersion& version);

// A notice with its latest version, its states, and what each recipient has done. Parties are written as
// {"id": ..., "name": ...}, the name where the rules know it.
void WriteNotice(json::Writer* json, const airspace::Notice& notice,
                 const airspace::RuleBook& rules);

// A conflict with everything a person wants to know: who, what, when, where, how close, by how much too close, certain
// or possible and by what cause, and one sentence of it ("why"). The two notices, in the order of conflict.sides, may
// be null; they add what each is and whom to call.
using ConflictNotices = std::array<const airspace::Notice*, 2>;
void WriteConflict(json::Writer* json, const airspace::Conflict& conflict,
                   const ConflictNotices& notices, const airspace::RuleBook& rules);

// The sentence: "certain: the areas overlap, the heights overlap by 300 m, both from 2026-11-21T10:00:00Z to ...".
std::string ConflictSentence(const airspace::Conflict& conflict);
// "1.5 m", "320 m", "12.3 km": distances as people read them.
std::string DistanceText(int64_t mm);
// "FL320", "1500 ft AMSL (457 m)"-like text of a limit: "1,219.2 m AGL" is written "1219.2 m AGL (4000 ft)".
std::string AltitudeText(geo::Altitude altitude);

// GeoJSON FeatureCollections for maps. Notices: a feature for each volume of the latest version, with the notice's
// words, the band, the window and, for circles and corridors, the true measures beside the approximate ring.
// Conflicts: a feature for each pair, its geometry the rectangle around the common area, with the fields of
// WriteConflict.
std::string NoticesGeoJson(std::span<const airspace::Notice* const> notices,
                           const airspace::RuleBook& rules);
std::string ConflictsGeoJson(std::span<const airspace::Conflict* const> conflicts,
                             const airspace::RuleBook& rules);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_NOTICE_JSON_H_
