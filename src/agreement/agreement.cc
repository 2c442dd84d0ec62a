#include "agreement/agreement.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "base/limits.h"
#include "base/toml.h"
#include "base/utf8.h"
#include "crypto/sha256.h"
#include "formats/rules_file.h"

namespace wideberth::agreement {
namespace {

using base::kMicrosPerMinute;
using base::kMicrosPerSecond;
using base::Result;
using base::TomlTable;
using formats::ReadLengthMm;
using geo::Outline;

constexpr int64_t kNumberMax = 1'000'000;
constexpr int64_t kMinutesMax = limits::kNoticeWindowMaxUs / kMicrosPerMinute;
constexpr size_t kWordBytesMax = 32;
// 10,000 places of 100 km round, some 0.2 s to prepare.
constexpr int64_t kEdgesMaxM = 1'000'000'000;

constexpr std::string_view kExemptionNames[] = {"rescue", "medevac", "firefighting", "weather",
                                                "farming"};
constexpr std::string_view kReleaseNames[] = {"dead_man", "incursion_warning"};

// One word of a closed list.
template <class Enum>
Result<Enum> ReadWord(TomlTable* table, std::string_view key,
                      std::span<const std::string_view> words) {
  WB_ASSIGN_OR_RETURN(const std::string text, table->RequiredString(key, kWordBytesMax));
  std::string rule = "must be one of ";
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
    rule.append(i == 0 ? "" : ", ").append(words[i]);
  }
  return table->Refuse(key, rule);
}

// A text for people: present, in one line.
Result<std::string> ReadLine(TomlTable* table, std::string_view key, size_t max_bytes) {
  WB_ASSIGN_OR_RETURN(std::string text, table->RequiredString(key, max_bytes));
  const auto is_control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; };
  if (text.empty() || std::any_of(text.begin(), text.end(), is_control)) {
    return table->Refuse(key, "must be a line of text without control characters");
  }
  return text;
}

Result<base::PartyId> ReadParty(TomlTable* table, std::string_view key,
                                const airspace::Rules& rules) {
  WB_ASSIGN_OR_RETURN(const std::string name,
                      table->RequiredString(key, limits::kPartyNameBytesMax));
  const airspace::PartyEntry* party = rules.FindParty(name);
  if (party == nullptr) return table->Refuse(key, "must name one of the two parties");
  return party->id;
}

Result<int64_t> ReadMinutes(TomlTable* table, std::string_view key, int64_t fallback, int64_t min,
                            int64_t max) {
  WB_ASSIGN_OR_RETURN(const int64_t minutes, table->Int64(key, fallback, min, max));
  return minutes * kMicrosPerMinute;
}

// ---- Places

Result<geo::Position> ReadPosition(TomlTable* table) {
  WB_ASSIGN_OR_RETURN(const double lat_deg, table->RequiredDouble("lat", -90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, table->RequiredDouble("lng", -180, 180));
  return geo::MakePosition(lat_deg, lng_deg);
}

Result<std::vector<geo::Position>> ReadPositions(TomlTable* table, std::string_view key) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> points,
                      table->Tables(key, limits::kOutlineVerticesMax));
  std::vector<geo::Position> positions;
  positions.reserve(points.size());
  for (TomlTable& point : points) {
    WB_ASSIGN_OR_RETURN(const geo::Position position, ReadPosition(&point));
    positions.push_back(position);
  }
  return positions;
}

// How much outline one agreement may still hold: preparing costs by the length of the edges (geo/shape.h).
class AreaBudget {
 public:
  // The outline, if it can be prepared: whether a ring crosses itself is known when its edges are.
  Result<Outline> Take(TomlTable* table, std::string_view key, Result<Outline> outline) {
    if (!outline) return table->Refuse(key, outline.error().field + " " + outline.error().rule);
    const std::span<const geo::Position> vertices = outline->vertices();
    for (size_t i = 1; i < vertices.size(); ++i) {
      edges_left_m_ -= geo::GeodesicDistanceM(vertices[i - 1], vertices[i]);
    }
    if (edges_left_m_ < 0) {
      return table->Refuse(key, "must leave all edges of the agreement below " +
                                    std::to_string(kEdgesMaxM / 1'000) + " km");
    }
    if (auto shape = geo::Shape::Prepare(*outline); !shape) {
      return table->Refuse(key, shape.error().field + " " + shape.error().rule);
    }
    return outline;
  }

 private:
  double edges_left_m_ = static_cast<double>(kEdgesMaxM);
};

Result<std::optional<Outline>> ReadArea(TomlTable* table, AreaBudget* budget) {
  const bool polygon = table->Has("polygon");
  const bool circle = table->Has("centre");
  if (polygon && circle) return table->Refuse("centre", "must not stand beside polygon");
  if (polygon) {
    WB_ASSIGN_OR_RETURN(std::vector<geo::Position> vertices, ReadPositions(table, "polygon"));
    WB_ASSIGN_OR_RETURN(Outline outline,
                        budget->Take(table, "polygon", Outline::Polygon(std::move(vertices))));
    return std::optional<Outline>(std::move(outline));
  }
  if (!circle) return std::optional<Outline>();
  WB_ASSIGN_OR_RETURN(TomlTable point, table->RequiredTable("centre"));
  WB_ASSIGN_OR_RETURN(const geo::Position centre, ReadPosition(&point));
  WB_ASSIGN_OR_RETURN(const int64_t radius_mm,
                      ReadLengthMm(table, "radius_m", "radius_nm", formats::kNauticalMileMm,
                                   limits::kCircleRadiusMaxMm));
  WB_ASSIGN_OR_RETURN(Outline outline,
                      budget->Take(table, "centre", Outline::Circle(centre, radius_mm)));
  return std::optional<Outline>(std::move(outline));
}

Result<Outline> ReadRequiredArea(TomlTable* table, AreaBudget* budget) {
  WB_ASSIGN_OR_RETURN(std::optional<Outline> area, ReadArea(table, budget));
  if (!area) return table->Refuse("polygon", "must be present, or centre and a radius");
  return *std::move(area);
}

Result<Gazetteer> ReadGazetteer(TomlTable* root, AreaBudget* budget) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> tables,
                      root->Tables("gazetteer", limits::kGazetteerNamesMax));
  std::vector<Place> places;
  places.reserve(tables.size());
  for (TomlTable& table : tables) {
    WB_ASSIGN_OR_RETURN(std::string name, ReadLine(&table, "name", limits::kNoticeNameBytesMax));
    WB_ASSIGN_OR_RETURN(Outline outline, ReadRequiredArea(&table, budget));
    places.push_back({std::move(name), std::move(outline)});
  }
  auto gazetteer = Gazetteer::Make(std::move(places));
  if (gazetteer) return gazetteer;
  // "/3/name" as the path of this text.
  base::Error error = std::move(gazetteer).error();
  const size_t slash = std::min(error.field.find('/', 1), error.field.size());
  error.field = "gazetteer[" + error.field.substr(std::min<size_t>(1, slash), slash - 1) + "].name";
  return base::Fail(std::move(error));
}

Result<NoFly> ReadNoFly(TomlTable* table, const airspace::Rules& rules, AreaBudget* budget) {
  WB_ASSIGN_OR_RETURN(std::string name, ReadLine(table, "name", limits::kNoticeNameBytesMax));
  WB_ASSIGN_OR_RETURN(
      std::vector<std::string> classes,
      table->Strings("classes", limits::kActivityClassesMax, limits::kClassNameBytesMax));
  const auto& declared = rules.content().activity_classes;
  for (const std::string& one : classes) {
    if (std::find(declared.begin(), declared.end(), one) == declared.end()) {
      return table->Refuse("classes", "must be of activity_classes: " + one + " is not");
    }
  }
  if (!table->Has("line")) return table->Refuse("line", "must be present");
  WB_ASSIGN_OR_RETURN(std::vector<geo::Position> line, ReadPositions(table, "line"));
  WB_ASSIGN_OR_RETURN(const int64_t distance_mm,
                      ReadLengthMm(table, "distance_m", "distance_nm", formats::kNauticalMileMm,
                                   limits::kCorridorHalfWidthMaxMm));
  if (distance_mm == 0) return table->Refuse("distance_m", "must be present and above 0");
  WB_ASSIGN_OR_RETURN(Outline corridor,
                      budget->Take(table, "line", Outline::Corridor(std::move(line), distance_mm)));
  WB_ASSIGN_OR_RETURN(const std::optional<int64_t> minutes,
                      table->OptionalInt64("notice_min", 0, kMinutesMax));
  NoFly row{std::move(name), std::move(classes), std::move(corridor), std::nullopt};
  if (minutes) row.notice_us = *minutes * kMicrosPerMinute;
  return row;
}

// ---- Terms

Result<ReadBackTolerance> ReadTolerance(TomlTable* root) {
  constexpr int64_t kPositionMaxMm = 10'000'000;
  constexpr int64_t kHeightMaxMm = 1'000'000;
  constexpr double kTimeMaxS = 3'600;
  WB_ASSIGN_OR_RETURN(TomlTable table, root->Table("read_back"));
  ReadBackTolerance tolerance;
  if (table.Has("position_m") || table.Has("position_nm")) {
    WB_ASSIGN_OR_RETURN(tolerance.position_mm,
                        ReadLengthMm(&table, "position_m", "position_nm", formats::kNauticalMileMm,
                                     kPositionMaxMm));
  }
  if (table.Has("height_m") || table.Has("height_ft")) {
    WB_ASSIGN_OR_RETURN(tolerance.height_mm, ReadLengthMm(&table, "height_m", "height_ft",
                                                          formats::kFootMm, kHeightMaxMm));
  }
  WB_ASSIGN_OR_RETURN(const double time_s, table.Double("time_s", 30, 0, kTimeMaxS));
  tolerance.time_us = std::llround(time_s * 1e6);
  return tolerance;
}

Result<Deadlines> ReadDeadlines(TomlTable* root) {
  constexpr double kMaxS = static_cast<double>(limits::kDeadlineMaxUs) / 1e6;
  WB_ASSIGN_OR_RETURN(TomlTable deadlines, root->Table("deadlines"));
  Deadlines read;
  for (size_t i = 0; i < kDeadlineKinds; ++i) {
    DeadlineRule& rule = read.rules[i];
    WB_ASSIGN_OR_RETURN(TomlTable table, deadlines.Table(Name(static_cast<DeadlineKind>(i))));
    WB_ASSIGN_OR_RETURN(
        const double routine_s,
        table.Double("routine_s", static_cast<double>(rule.routine_us) / 1e6, 1, kMaxS));
    rule.routine_us = std::llround(routine_s * 1e6);
    // A routine time below the least of the defaults takes that with it.
    const double least_s =
        std::min(static_cast<double>(rule.min_us), static_cast<double>(rule.routine_us)) / 1e6;
    WB_ASSIGN_OR_RETURN(const double min_s, table.Double("min_s", least_s, 1, kMaxS));
    rule.min_us = std::llround(min_s * 1e6);
    if (rule.min_us > rule.routine_us) return table.Refuse("min_s", "must not exceed routine_s");
    WB_ASSIGN_OR_RETURN(rule.share_of_time_to_start,
                        table.Double("share_of_time_to_start", rule.share_of_time_to_start, 0, 1));
  }
  return read;
}

Result<Ladder> ReadLadder(TomlTable* root) {
  WB_ASSIGN_OR_RETURN(TomlTable table, root->Table("ladder"));
  Ladder ladder;
  if (table.Has("steps")) {
    WB_ASSIGN_OR_RETURN(ladder.steps, table.Int64s("steps", kLadderStepsMax, 1, kLadderStepMax));
    const bool rising = std::adjacent_find(ladder.steps.begin(), ladder.steps.end(),
                                           std::greater_equal<>()) == ladder.steps.end();
    if (ladder.steps.empty() || !rising) {
      return table.Refuse("steps", "must be one or more, each greater than the one before");
    }
  }
  WB_ASSIGN_OR_RETURN(ladder.near_start_us,
                      ReadMinutes(&table, "near_start_min", 60, 1, kMinutesMax));
  WB_ASSIGN_OR_RETURN(TomlTable highest, table.Table("highest"));
  for (size_t i = 0; i < kDeadlineKinds; ++i) {
    const std::string_view key = Name(static_cast<DeadlineKind>(i));
    if (!highest.Has(key)) continue;
    WB_ASSIGN_OR_RETURN(ladder.highest[i], highest.RequiredParsed(key, kWordBytesMax, ParseLevel));
    if (ladder.highest[i] == Level::kPrincipal) {
      return highest.Refuse(key, "must not be principal, whom only a person's act involves");
    }
    if (static_cast<DeadlineKind>(i) == DeadlineKind::kStopCall &&
        ladder.highest[i] != Level::kDeputy) {
      return highest.Refuse(key, "must be deputy: an unanswered stop call climbs");
    }
  }
  return ladder;
}

Result<std::vector<Contact>> ReadContacts(TomlTable* root, const airspace::Rules& rules) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> tables, root->Tables("contact", kContactsMax));
  std::vector<Contact> contacts;
  for (TomlTable& table : tables) {
    Contact contact;
    WB_ASSIGN_OR_RETURN(contact.party, ReadParty(&table, "party", rules));
    WB_ASSIGN_OR_RETURN(contact.level, table.RequiredParsed("level", kWordBytesMax, ParseLevel));
    WB_ASSIGN_OR_RETURN(contact.role, ReadLine(&table, "role", limits::kContactBytesMax));
    WB_ASSIGN_OR_RETURN(contact.call, ReadLine(&table, "call", limits::kContactBytesMax));
    for (const Contact& other : contacts) {
      if (other.party == contact.party && other.level == contact.level &&
          other.call == contact.call) {
        return table.Refuse("call", "must be another one: two contacts on one line are one");
      }
    }
    contacts.push_back(std::move(contact));
  }
  for (const airspace::PartyEntry& party : rules.content().parties) {
    for (size_t i = 0; i < kLevels; ++i) {
      const Level level = static_cast<Level>(i);
      const auto count = std::count_if(contacts.begin(), contacts.end(), [&](const Contact& c) {
        return c.party == party.id && c.level == level;
      });
      if (count >= 2) continue;
      return base::Invalid(
          "contact", "must be at least two for each party and level",
          std::to_string(count) + " of " + party.name + ", " + std::string(Name(level)));
    }
  }
  return contacts;
}

bool IsLanguage(std::string_view text) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_alnum = [&](char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  size_t part = 0;
  for (size_t begin = 0; begin <= text.size(); ++part) {
    const size_t end = std::min(text.find('-', begin), text.size());
    const std::string_view tag = text.substr(begin, end - begin);
    const bool good =
        part == 0
            ? tag.size() >= 2 && tag.size() <= 3 && std::all_of(tag.begin(), tag.end(), is_lower)
            : tag.size() >= 2 && tag.size() <= 8 && std::all_of(tag.begin(), tag.end(), is_alnum);
    if (!good) return false;
    begin = end + 1;
  }
  return true;
}

Result<std::vector<std::string>> ReadLanguages(TomlTable* root) {
  WB_ASSIGN_OR_RETURN(std::vector<std::string> languages,
                      root->Strings("languages", kLanguagesMax, kWordBytesMax));
  for (size_t i = 0; i < languages.size(); ++i) {
    const auto begin = languages.begin();
    if (!IsLanguage(languages[i]) || std::find(begin, begin + static_cast<ptrdiff_t>(i),
                                               languages[i]) != begin + static_cast<ptrdiff_t>(i)) {
      return root->Refuse("languages",
                          "must be language tags such as \"en\", each once: " + languages[i]);
    }
  }
  return languages;
}

Result<LostLink> ReadLostLink(TomlTable* root, const std::vector<std::string>& languages) {
  WB_ASSIGN_OR_RETURN(TomlTable table, root->Table("lost_link"));
  LostLink lost;
  WB_ASSIGN_OR_RETURN(lost.widening, formats::ReadSeparationLengths(&table));
  if (!table.Has("fallback")) return lost;
  WB_ASSIGN_OR_RETURN(TomlTable fallback, table.RequiredTable("fallback"));
  for (const std::string& language : languages) {
    WB_ASSIGN_OR_RETURN(std::string text, fallback.RequiredString(language, kFallbackBytesMax));
    if (text.empty()) return fallback.Refuse(language, "must not be empty");
    lost.fallback.push_back({language, std::move(text)});
  }
  return lost;
}

Result<LineCheckSchedule> ReadLineCheck(TomlTable* root, base::UtcMicros effective_from) {
  WB_ASSIGN_OR_RETURN(TomlTable table, root->Table("line_check"));
  LineCheckSchedule schedule{.first = effective_from};
  WB_ASSIGN_OR_RETURN(schedule.period_us,
                      ReadMinutes(&table, "period_min", 12 * 60, 10, 7 * 24 * 60));
  return schedule;
}

// ---- The rest

Result<std::vector<Exemption>> ReadExemptions(TomlTable* root) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> tables,
                      root->Tables("exemption", std::size(kExemptionNames)));
  std::vector<Exemption> exemptions;
  for (TomlTable& table : tables) {
    Exemption exemption;
    WB_ASSIGN_OR_RETURN(exemption.kind, ReadWord<ExemptionKind>(&table, "kind", kExemptionNames));
    for (const Exemption& other : exemptions) {
      if (other.kind == exemption.kind) return table.Refuse("kind", "must stand once");
    }
    WB_ASSIGN_OR_RETURN(const int64_t minutes, table.RequiredInt64("notice_min", 0, kMinutesMax));
    exemption.notice_us = minutes * kMicrosPerMinute;
    exemptions.push_back(exemption);
  }
  return exemptions;
}

Result<StandingRelease> ReadStandingRelease(TomlTable* table, const airspace::Rules& rules,
                                            AreaBudget* budget) {
  StandingRelease release;
  WB_ASSIGN_OR_RETURN(release.kind, ReadWord<StandingReleaseKind>(table, "kind", kReleaseNames));
  WB_ASSIGN_OR_RETURN(release.name, ReadLine(table, "name", limits::kNoticeNameBytesMax));
  WB_ASSIGN_OR_RETURN(release.party, ReadParty(table, "party", rules));
  if (release.kind == StandingReleaseKind::kDeadMan) {
    WB_ASSIGN_OR_RETURN(release.area, ReadRequiredArea(table, budget));
    WB_ASSIGN_OR_RETURN(release.hazard_class,
                        table->RequiredParsed("hazard_class", kWordBytesMax,
                                              airspace::ParseName<airspace::HazardClass>));
    return release;
  }
  WB_ASSIGN_OR_RETURN(release.area, ReadArea(table, budget));
  WB_ASSIGN_OR_RETURN(release.lead_us, ReadMinutes(table, "lead_min", 5, 1, 60));
  WB_ASSIGN_OR_RETURN(const int64_t repeat_s, table->Int64("repeat_s", 60, 10, 3'600));
  release.repeat_us = repeat_s * kMicrosPerSecond;
  return release;
}

Result<ThirdParty> ReadThirdParty(TomlTable* table, const airspace::Rules& rules) {
  ThirdParty third;
  WB_ASSIGN_OR_RETURN(third.name, ReadLine(table, "name", limits::kNoticeNameBytesMax));
  WB_ASSIGN_OR_RETURN(third.told_by, ReadParty(table, "told_by", rules));
  WB_ASSIGN_OR_RETURN(const int64_t minutes, table->RequiredInt64("deadline_min", 1, kMinutesMax));
  third.deadline_us = minutes * kMicrosPerMinute;
  return third;
}

// The tables of an array whose rows have a name of their own.
template <class Row, class Read>
Result<std::vector<Row>> ReadNamed(TomlTable* root, std::string_view key, size_t max_items,
                                   Read read) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> tables, root->Tables(key, max_items));
  std::vector<Row> rows;
  std::set<std::string> names;
  for (TomlTable& table : tables) {
    WB_ASSIGN_OR_RETURN(Row row, read(&table));
    if (!names.insert(row.name).second) return table.Refuse("name", "must stand once");
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<void> ReadHead(TomlTable* root, Agreement* agreement) {
  WB_RETURN_IF_ERROR(root->RequiredInt64("wideberth_agreement", 1, 1));
  WB_ASSIGN_OR_RETURN(agreement->number, root->RequiredInt64("number", 1, kNumberMax));
  WB_ASSIGN_OR_RETURN(agreement->effective_from, root->RequiredTime("effective_from"));
  WB_ASSIGN_OR_RETURN(agreement->expires, root->OptionalTime("expires"));
  if (agreement->expires && *agreement->expires <= agreement->effective_from) {
    return root->Refuse("expires", "must be after effective_from");
  }
  WB_ASSIGN_OR_RETURN(agreement->denunciation_notice_us,
                      ReadMinutes(root, "denunciation_notice_min",
                                  kDenunciationNoticeUs / kMicrosPerMinute, 0, kMinutesMax));
  WB_ASSIGN_OR_RETURN(agreement->languages, ReadLanguages(root));
  return {};
}

Result<void> ReadTwoPartyRules(TomlTable* root, Agreement* agreement) {
  WB_ASSIGN_OR_RETURN(formats::RulesFile file, formats::ReadRules(root));
  if (file.content.parties.size() != 2) {
    return root->Refuse("party", "must be two: the parties of the line");
  }
  agreement->rules_canonical = std::move(file.canonical);
  WB_ASSIGN_OR_RETURN(agreement->terms.rules,
                      airspace::Rules::Make(std::move(file.content), agreement->digest));
  return {};
}

}  // namespace

std::string_view Name(ExemptionKind kind) {
  return kExemptionNames[static_cast<size_t>(kind)];
}

std::string_view Name(StandingReleaseKind kind) {
  return kReleaseNames[static_cast<size_t>(kind)];
}

bool Agreement::RunsAt(base::UtcMicros now) const {
  return effective_from <= now && (!expires || now < *expires);
}

const Exemption* Agreement::FindExemption(ExemptionKind kind) const {
  for (const Exemption& exemption : exemptions) {
    if (exemption.kind == kind) return &exemption;
  }
  return nullptr;
}

Result<Agreement> ParseAgreement(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const base::TomlDocument document,
                      base::TomlDocument::Parse(text, limits::kAgreementBytesMax));
  TomlTable root = document.root();
  Agreement agreement;
  agreement.text = text;
  agreement.digest = crypto::Sha256(base::AsBytes(text));
  WB_RETURN_IF_ERROR(ReadHead(&root, &agreement));
  Terms& terms = agreement.terms;
  WB_RETURN_IF_ERROR(ReadTwoPartyRules(&root, &agreement));
  const airspace::Rules& rules = terms.rules;
  WB_ASSIGN_OR_RETURN(terms.read_back, ReadTolerance(&root));
  WB_ASSIGN_OR_RETURN(terms.deadlines, ReadDeadlines(&root));
  WB_ASSIGN_OR_RETURN(terms.ladder, ReadLadder(&root));
  WB_ASSIGN_OR_RETURN(terms.contacts, ReadContacts(&root, rules));
  WB_ASSIGN_OR_RETURN(terms.line_check, ReadLineCheck(&root, agreement.effective_from));
  WB_ASSIGN_OR_RETURN(terms.lost_link, ReadLostLink(&root, agreement.languages));
  AreaBudget budget;
  WB_ASSIGN_OR_RETURN(agreement.gazetteer, ReadGazetteer(&root, &budget));
  WB_ASSIGN_OR_RETURN(agreement.no_fly,
                      ReadNamed<NoFly>(&root, "no_fly", kNoFlyRowsMax, [&](TomlTable* table) {
                        return ReadNoFly(table, rules, &budget);
                      }));
  WB_ASSIGN_OR_RETURN(agreement.exemptions, ReadExemptions(&root));
  WB_ASSIGN_OR_RETURN(agreement.standing_releases,
                      ReadNamed<StandingRelease>(
                          &root, "standing_release", kStandingReleasesMax, [&](TomlTable* table) {
                            return ReadStandingRelease(table, rules, &budget);
                          }));
  WB_ASSIGN_OR_RETURN(
      agreement.third_parties,
      ReadNamed<ThirdParty>(&root, "third_party", kThirdPartiesMax,
                            [&](TomlTable* table) { return ReadThirdParty(table, rules); }));
  WB_RETURN_IF_ERROR(root.ExpectNoOtherKeys());
  return agreement;
}

}  // namespace wideberth::agreement
