// What the parties of a line agreed on, as far as conflicts need it: separations by pair of kinds, zone rules, dwell
// times, lead times, height bounds (MECHANISM 8.2). Before there are agreements a rules file of the node holds them.
//
// Separations. A row names two kinds, in any order: `activity:CLASS`, `activity`, `hazard:CLASS`, `hazard`,
// `protected_site`, `zone`. The most specific row that matches wins: two classes named, then one, then none; between
// equally specific rows the component-wise widest. Without a matching row the widest of all rows holds, without a table
// zero. An activity whose class is not stated counts as the strictest: the component-wise widest over all its classes.
//
// Values are immutable after Make. Threads: safe to read from any number. For() is a table look-up (about 50 ns).
#ifndef WIDEBERTH_AIRSPACE_RULES_H_
#define WIDEBERTH_AIRSPACE_RULES_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "airspace/notice.h"
#include "base/bytes.h"
#include "geo/altitude.h"

namespace wideberth::airspace {

struct Separation {
  int64_t lateral_mm = 0;
  int64_t vertical_mm = 0;
  int64_t time_us = 0;
  bool operator==(const Separation&) const = default;
};
Separation Widest(const Separation& a, const Separation& b);

struct KindPattern {
  NoticeKind kind = NoticeKind::kActivity;
  std::string class_name;  // of an activity or a hazard; empty: any
  auto operator<=>(const KindPattern&) const = default;
};
// "activity:transport" and back.
base::Result<KindPattern> ParseKindPattern(std::string_view text);
std::string ToString(const KindPattern& pattern);

struct SeparationRow {
  KindPattern a;
  KindPattern b;
  Separation separation;
};

// What follows from an overlap (MECHANISM 4.3).
enum class Treatment : uint8_t {
  kNone,        // not a conflict (same party, two protected sites, ...)
  kListed,      // shown in lists, not alarmed (hazard x hazard, unrestricted zones)
  kSeparation,  // alarmed; both act
  kKeepOut,     // alarmed; the entrant acts
};
std::string_view Name(Treatment treatment);

struct PartyEntry {
  base::PartyId id;
  std::string name;  // [a-z0-9.-]{1,63}
  bool operator==(const PartyEntry&) const = default;
};

class Rules {
 public:
  struct Content {
    std::vector<PartyEntry> parties;
    std::vector<std::string> activity_classes;
    std::vector<SeparationRow> separations;
    // What each restriction of a zone means; as MECHANISM 8.2 unless the rules say otherwise.
    std::array<Treatment, 4> zone_treatment = {Treatment::kKeepOut, Treatment::kKeepOut,
                                               Treatment::kListed, Treatment::kListed};
    std::array<int64_t, 11> hazard_dwell_us{};   // by HazardClass: from the actual end to the earliest all-clear
    std::array<int64_t, 4> lead_time_min_us{};   // by NoticeKind: below it a notice is late
    geo::HeightBounds height_bounds;
  };

  Rules() = default;  // no parties, no table: every separation 0
  // Refuses duplicate parties or names, classes that no list declares, separations beyond limits.h.
  static base::Result<Rules> Make(Content content, base::Digest digest);

  Separation For(const Declaration& a, const Declaration& b) const;
  // The component-wise widest For() can give for this declaration against anything: what candidates are sought with.
  Separation WidestFor(const Declaration& a) const;
  Separation widest() const { return widest_; }

  // Between the notices of two parties (which may be the same one: zones bind every party).
  Treatment TreatmentFor(base::PartyId party_a, const Declaration& a, base::PartyId party_b,
                         const Declaration& b) const;

  const Content& content() const { return content_; }
  const PartyEntry* FindParty(base::PartyId id) const;
  const PartyEntry* FindParty(std::string_view name) const;
  base::Digest digest() const { return digest_; }

 private:
  Content content_;
  base::Digest digest_;
  Separation widest_;
  std::map<std::pair<KindPattern, KindPattern>, Separation> rows_;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_RULES_H_
