// The rules file: what parties agreed on, as TOML, before there are signed agreements (MECHANISM 8.2).
//
//   activity_classes = ["transport", "survey"]       # [a-z0-9_]{1,63}; at most limits::kActivityClassesMax
//
//   [[party]]                                        # at most limits::kPartiesMax
//   name = "north"                                   # [a-z0-9.-]{1,63}
//   id = "7f0c..."                                   # UUID version 4
//
//   [[separation]]                                   # at most limits::kSeparationRowsMax
//   between = ["activity:transport", "hazard"]       # activity[:CLASS], hazard[:CLASS], protected_site, zone
//   lateral_m = 9260          # or lateral_nm; 0 if absent; at most 500 km
//   vertical_m = 304.8        # or vertical_ft; 0 if absent; at most 20 km
//   time_s = 300              # 0 if absent; at most 48 h
//
//   [zones]                                          # what a zone's restriction means for an activity in it
//   PROHIBITED = "keep_out"                          # none, listed, separation, keep_out
//   REQ_AUTHORISATION = "keep_out"                   # those four are the defaults
//   CONDITIONAL = "listed"
//   NO_RESTRICTION = "listed"
//
//   [hazard_dwell_min]        # minutes from a hazard's actual end to the earliest all-clear, by class; 0 if absent
//   live_firing = 45
//
//   [lead_time_min]           # minutes before the start, by kind; a later notice is labelled late; 0 if absent
//   activity = 15
//
//   [[terrain]]               # bounds of the ground, for AGL heights; rectangles in degrees
//   south = 45.8              # west may be greater than east: across longitude 180
//   west = 5.9
//   north = 47.9
//   east = 10.6
//   lowest_m = 190            # above mean sea level (EGM96), -8,000 to 10,000
//   highest_m = 4640
//
//   [[pressure]]              # bounds of the air, for STD heights; rectangles as above
//   qnh_min_hpa = 960         # 850 to 1100
//   qnh_max_hpa = 1050
//   isa_deviation_min_k = -30 # temperature minus standard, -100 to 100
//   isa_deviation_max_k = 30
//
// An unknown key is an error; so is a value out of bounds. The field of a refusal is the key's path
// ("separation[2].lateral_m"). Terrain and pressure together have at most limits::kBoundsCellsMax rectangles.
#ifndef WIDEBERTH_FORMATS_RULES_FILE_H_
#define WIDEBERTH_FORMATS_RULES_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "airspace/rules.h"
#include "base/result.h"
#include "base/toml.h"

namespace wideberth::formats {

struct RulesFile {
  airspace::Rules::Content content;
  // What the rules say, without comments, order and spelling: equal rules have equal bytes. Its SHA-256 is the digest
  // that Rules::Make takes and by which the two sides of a line compare what they judge under.
  std::string canonical;
};

// Refuses what Rules::Make would refuse too.
base::Result<RulesFile> ParseRulesFile(std::string_view toml);

// The same tables where they stand in a larger text, such as an agreement; every other key of `root` is the caller's,
// and so is ExpectNoOtherKeys().
base::Result<RulesFile> ReadRules(base::TomlTable* root);

// lateral_m or lateral_nm, vertical_m or vertical_ft, time_s of a table, as in [[separation]] above.
base::Result<airspace::Separation> ReadSeparationLengths(base::TomlTable* table);
// A length in one of two units, in mm; 0 when neither key is there. `other_mm` is how long the other unit is.
base::Result<int64_t> ReadLengthMm(base::TomlTable* table, std::string_view metre_key,
                                   std::string_view other_key, double other_mm, int64_t max_mm);
inline constexpr double kNauticalMileMm = 1'852'000;
inline constexpr double kFootMm = 304.8;

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_RULES_FILE_H_
