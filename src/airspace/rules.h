// What the parties of a line agreed on, as far as conflicts need it: separations by pair of kinds,
// zone rules, dwell times, lead times, height bounds (MECHANISM 8.2). Before there are agreements a
// rules file of the node holds them.
//
// Separations. A row names two kinds, in any order: `activity:CLASS`, `activity`, `hazard:CLASS`,
// `hazard`, `protected_site`, `zone`. The most specific row that matches wins: two classes named,
// then one, then none; between equally specific rows the component-wise widest. Without a matching
// row the component-wise widest of all rows holds, without a table zero. An activity whose class is
// not stated, or is none of the declared ones, counts as the strictest: the component-wise widest
// of what any declared class gets and of what its rows without a class say.
//
// A RuleBook, below, holds the rules between each pair of parties.
//
// Values are immutable after Make. Threads: safe to read from any number. For() is two binary
// searches among the class names and a table look-up, without allocation: about 65 ns among 8
// classes, 110 ns among 256 (conflict_bench).
#ifndef WIDEBERTH_AIRSPACE_RULES_H_
#define WIDEBERTH_AIRSPACE_RULES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/bytes.h"
#include "geo/altitude.h"

namespace wideberth::airspace {

// A hash function handed in, because airspace owns none.
using Sha256Function = base::Digest (*)(base::ByteView);

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
// "activity:transport" and back. Refuses an unknown kind, a class that is not [a-z0-9_]{1,63} or
// not a hazard class, and a class of what has none; the field is empty.
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
std::string_view Name(Treatment treatment);  // "none", "listed", "separation", "keep_out"
template <>
base::Result<Treatment> ParseName<Treatment>(std::string_view text);

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
    std::array<Treatment, kRestrictions> zone_treatment = {Treatment::kKeepOut, Treatment::kKeepOut,
                                                           Treatment::kListed, Treatment::kListed};
    // By HazardClass: from the actual end to the earliest all-clear.
    std::array<int64_t, kHazardClasses> hazard_dwell_us{};
    // By NoticeKind: below it a notice is late.
    std::array<int64_t, kNoticeKinds> lead_time_min_us{};
    geo::HeightBounds height_bounds;
  };

  Rules() = default;  // no parties, no table: every separation 0
  // Refuses, with a pointer into the content ("/separations/3/a"): parties twice by id or name, a
  // nil id, a name that is not [a-z0-9.-]{1,63}; activity classes twice or not [a-z0-9_]{1,63};
  // rows with a class that no list declares, with a separation below zero or beyond limits.h; dwell
  // and lead times outside [0, limits::kNoticeWindowMaxUs]; more parties, classes or rows than
  // limits.h allows.
  // `agreed`: of rules that a node made from those of an agreement for a time by itself (a lost line's are wider), the
  // digest of these; nil: what was agreed is these rules.
  static base::Result<Rules> Make(Content content, base::Digest digest, base::Digest agreed = {});

  // Symmetric: For(a, b) == For(b, a).
  Separation For(const Declaration& a, const Declaration& b) const;
  // The component-wise widest For() can give for this declaration against anything: what candidates
  // are sought with.
  Separation WidestFor(const Declaration& a) const;
  Separation widest() const { return widest_; }

  // What follows when the notices of two parties meet (MECHANISM 4.3); symmetric.
  //   activity x activity, activity x hazard           kSeparation
  //   hazard x hazard                                  kListed
  //   activity or hazard x protected site              kKeepOut
  //   activity x zone                                  zone_treatment of the zone's restriction
  //   everything else, and different data modes        kNone
  // The notices of one and the same party give kNone, save that a zone binds every party, its
  // publisher included.
  Treatment TreatmentFor(base::PartyId party_a, const Declaration& a, base::PartyId party_b,
                         const Declaration& b) const;

  const Content& content() const { return content_; }
  const PartyEntry* FindParty(base::PartyId id) const;
  const PartyEntry* FindParty(std::string_view name) const;
  base::Digest digest() const { return digest_; }
  base::Digest agreed() const { return agreed_; }

 private:
  // Every kind with its class is one row and one column of the table: an activity of an unstated
  // class, the declared classes in order of name, the hazard classes, protected site, zone.
  size_t KindIndex(const Declaration& declaration) const;
  void FillTable();

  Content content_;
  base::Digest digest_;
  base::Digest agreed_;
  Separation widest_;
  std::vector<std::string> classes_;             // sorted
  std::vector<Separation> table_;                // kinds x kinds; empty: every separation is 0
  std::vector<Separation> widest_by_kind_;       // of each row of the table
  std::map<base::PartyId, size_t> party_by_id_;  // places in content_.parties
  std::map<std::string, size_t, std::less<>> party_by_name_;
};

// The rules of a line, which both of its parties are named in.
struct LineRules {
  base::PartyId a;
  base::PartyId b;
  Rules rules;
};

// The rules between each pair of parties: one set for everybody (pool mode, the command line), or those of each line of
// a node, by what its two parties agreed on.
//
//   const RuleBook pool = rules;                                            // everybody under one
//   const RuleBook node = RuleBook::OfLines({{north, south, a}, {north, east, b}}, crypto::Sha256);
//   const Separation separation = node.Between(north, east).For(mine, theirs);   // by agreement b
//
// What no line has rules for is judged under the book's `common` rules: the notices of two peers, who may have a line
// of their own that nobody here knows of, and a party's own zones against its own activities. They are the widest of
// everything: every separation the widest of any line, a zone's treatment, a dwell and a lead time the strictest. So a
// pair without rules is never judged more mildly than any that has them. Among the notices of one party that has a
// single line here, the rules of that line hold: it agreed on no other.
//
// A value: copies share what they hold, which never changes. Threads: safe to read from any number. Between is one test
// for a book of one set of rules and a search among the lines otherwise; it allocates nothing.
class RuleBook {
 public:
  RuleBook();             // nobody, no table: every separation 0
  RuleBook(Rules rules);  // NOLINT(google-explicit-constructor): one set is a book of one
  // Lines with equal digests have equal rules; if all have, the book is of that one set. REQUIRES (CHECK): at least one
  // line, between two parties, none twice.
  static RuleBook OfLines(std::vector<LineRules> lines, Sha256Function sha256);

  // Symmetric.
  const Rules& Between(base::PartyId a, base::PartyId b) const {
    return single_ ? *common_ : Search(a, b);
  }
  bool single() const { return single_; }

  // The widest that Between(...).For can give for this declaration against anything of anybody.
  Separation WidestFor(const Declaration& declaration) const;
  // That it can give at all.
  Separation widest() const { return common_->widest(); }

  // The longest of all lines of the party whose hazard it is (MECHANISM 3.5).
  int64_t HazardDwellUs(base::PartyId issuer, HazardClass hazard_class) const;
  // The longest of all lines of the issuer: a notice that none of them finds late.
  int64_t LeadTimeMinUs(base::PartyId issuer, NoticeKind kind) const;

  // Of all lines.
  const std::vector<PartyEntry>& parties() const { return common_->content().parties; }
  const PartyEntry* FindParty(base::PartyId id) const { return common_->FindParty(id); }
  const PartyEntry* FindParty(std::string_view name) const { return common_->FindParty(name); }
  // Sorted.
  const std::vector<std::string>& activity_classes() const;
  // Refuses (field "/activity_class") a class that is stated and that no line declares, if any declares one.
  base::Result<void> CheckClass(const Declaration& declaration) const;
  // Each set of bounds once: heights have to be right under all of them.
  const std::vector<geo::HeightBounds>& height_bounds() const;
  // In the order of the parties' ids; empty for a book of one set.
  const std::vector<LineRules>& lines() const;
  // What holds where no line has rules; of a book of one set, that set.
  const Rules& common() const { return *common_; }

  // Of a book of one set: that set's. Else the SHA-256 of "wideberth rule book 1\n" and, in the order of lines(), the
  // ids of the two parties in ascending order and the digest of their rules.
  base::Digest digest() const { return common_->digest(); }

 private:
  struct Shelf;
  const Rules& Search(base::PartyId a, base::PartyId b) const;

  std::shared_ptr<const Shelf> shelf_;
  const Rules* common_;  // in the shelf
  bool single_ = true;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_RULES_H_
