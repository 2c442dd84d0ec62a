#include "airspace/rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "airspace/enum_names.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using std::string_view;

constexpr std::array<string_view, 4> kTreatmentWords = {"none", "listed", "separation", "keep_out"};

bool HasClass(NoticeKind kind) {
  return kind == NoticeKind::kActivity || kind == NoticeKind::kHazard;
}

std::string Field(string_view list, size_t i, string_view member = {}) {
  return std::string("/").append(list).append("/").append(std::to_string(i)).append(member);
}

Result<void> CheckCount(string_view field, size_t count, size_t max) {
  if (count <= max) return {};
  return Fail(ErrorCode::kTooLarge, field, "must hold at most " + std::to_string(max) + " items",
              std::to_string(count));
}

Result<void> CheckRange(const std::string& field, int64_t value, int64_t max, string_view unit) {
  if (value >= 0 && value <= max) return {};
  return Invalid(field,
                 std::string("must be between 0 and ").append(std::to_string(max)).append(unit),
                 std::to_string(value).append(unit));
}

bool IsPartyName(string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= limits::kPartyNameBytesMax &&
         std::all_of(name.begin(), name.end(), allowed);
}

Result<void> CheckPattern(const KindPattern& pattern, const std::vector<std::string>& classes,
                          const std::string& field) {
  if (pattern.class_name.empty()) return {};
  if (!HasClass(pattern.kind)) {
    return Invalid(field, "must not name a class: only activities and hazards have one",
                   ToString(pattern));
  }
  if (pattern.kind == NoticeKind::kHazard) {
    if (auto known = ParseName<HazardClass>(pattern.class_name); !known) {
      return Fail(std::move(known).error().Under(field));
    }
    return {};
  }
  if (!std::binary_search(classes.begin(), classes.end(), pattern.class_name)) {
    return Invalid(field, "must name a class that activity_classes declares", ToString(pattern));
  }
  return {};
}

Result<void> CheckRow(const SeparationRow& row, const std::vector<std::string>& classes, size_t i) {
  const auto field = [i](string_view member) { return Field("separations", i, member); };
  WB_RETURN_IF_ERROR(CheckPattern(row.a, classes, field("/a")));
  WB_RETURN_IF_ERROR(CheckPattern(row.b, classes, field("/b")));
  const Separation& separation = row.separation;
  WB_RETURN_IF_ERROR(CheckRange(field("/lateral_mm"), separation.lateral_mm,
                                limits::kSeparationLateralMaxMm, " mm"));
  WB_RETURN_IF_ERROR(CheckRange(field("/vertical_mm"), separation.vertical_mm,
                                limits::kSeparationVerticalMaxMm, " mm"));
  return CheckRange(field("/time_us"), separation.time_us, limits::kSeparationTimeMaxUs, " us");
}

Result<void> CheckTimes(const Rules::Content& content) {
  for (size_t i = 0; i < content.hazard_dwell_us.size(); ++i) {
    WB_RETURN_IF_ERROR(CheckRange(Field("hazard_dwell_us", i), content.hazard_dwell_us[i],
                                  limits::kNoticeWindowMaxUs, " us"));
  }
  for (size_t i = 0; i < content.lead_time_min_us.size(); ++i) {
    WB_RETURN_IF_ERROR(CheckRange(Field("lead_time_min_us", i), content.lead_time_min_us[i],
                                  limits::kNoticeWindowMaxUs, " us"));
  }
  return {};
}

// The two patterns of a row in a fixed order, so that a pair is found whichever way round it is
// asked for.
using RowKey = std::pair<KindPattern, KindPattern>;
RowKey MakeKey(const KindPattern& a, const KindPattern& b) {
  return a <= b ? RowKey(a, b) : RowKey(b, a);
}

using RowMap = std::map<RowKey, Separation>;

void MergeRow(const RowMap& rows, const KindPattern& a, const KindPattern& b,
              std::optional<Separation>* merged) {
  const auto found = rows.find(MakeKey(a, b));
  if (found == rows.end()) return;
  *merged = *merged ? Widest(**merged, found->second) : found->second;
}

// The most specific row that matches a pair of kinds.
std::optional<Separation> MostSpecific(const RowMap& rows, const KindPattern& a,
                                       const KindPattern& b) {
  const KindPattern any_a{a.kind, ""};
  const KindPattern any_b{b.kind, ""};
  std::optional<Separation> found;
  MergeRow(rows, a, b, &found);
  if (found) return found;
  MergeRow(rows, a, any_b, &found);
  MergeRow(rows, any_a, b, &found);
  if (found) return found;
  MergeRow(rows, any_a, any_b, &found);
  return found;
}

}  // namespace

Separation Widest(const Separation& a, const Separation& b) {
  return {std::max(a.lateral_mm, b.lateral_mm), std::max(a.vertical_mm, b.vertical_mm),
          std::max(a.time_us, b.time_us)};
}

Result<KindPattern> ParseKindPattern(string_view text) {
  const size_t colon = text.find(':');
  WB_ASSIGN_OR_RETURN(const NoticeKind kind, ParseName<NoticeKind>(text.substr(0, colon)));
  KindPattern pattern{kind, ""};
  if (colon == string_view::npos) return pattern;
  pattern.class_name = text.substr(colon + 1);
  if (!HasClass(kind)) {
    return Invalid("", "must not name a class: only activities and hazards have one", text);
  }
  if (kind == NoticeKind::kHazard) {
    WB_RETURN_IF_ERROR(ParseName<HazardClass>(pattern.class_name));
  } else if (!IsClassName(pattern.class_name)) {
    return Invalid("", "must name a class of 1 to 63 of a-z, 0-9 and _", text);
  }
  return pattern;
}

std::string ToString(const KindPattern& pattern) {
  std::string text(Name(pattern.kind));
  if (!pattern.class_name.empty()) text.append(":").append(pattern.class_name);
  return text;
}

string_view Name(Treatment treatment) {
  return WordOf(kTreatmentWords, treatment);
}

template <>
Result<Treatment> ParseName<Treatment>(string_view text) {
  return ParseWord<Treatment>(kTreatmentWords, text);
}

Result<Rules> Rules::Make(Content content, base::Digest digest, base::Digest agreed) {
  Rules rules;
  WB_RETURN_IF_ERROR(CheckCount("/parties", content.parties.size(), limits::kPartiesMax));
  for (size_t i = 0; i < content.parties.size(); ++i) {
    const PartyEntry& party = content.parties[i];
    if (party.id.uuid.is_nil()) return Invalid(Field("parties", i, "/id"), "must not be nil");
    if (!IsPartyName(party.name)) {
      return Invalid(Field("parties", i, "/name"), "must be 1 to 63 of a-z, 0-9, . and -",
                     party.name);
    }
    if (!rules.party_by_id_.emplace(party.id, i).second) {
      return Invalid(Field("parties", i, "/id"), "must be given once", party.id.ToString());
    }
    if (!rules.party_by_name_.emplace(party.name, i).second) {
      return Invalid(Field("parties", i, "/name"), "must be given once", party.name);
    }
  }
  WB_RETURN_IF_ERROR(CheckCount("/activity_classes", content.activity_classes.size(),
                                limits::kActivityClassesMax));
  std::set<string_view> seen;
  for (size_t i = 0; i < content.activity_classes.size(); ++i) {
    const std::string& name = content.activity_classes[i];
    const std::string field = Field("activity_classes", i);
    if (!IsClassName(name)) return Invalid(field, "must be 1 to 63 of a-z, 0-9 and _", name);
    if (!seen.insert(name).second) return Invalid(field, "must be given once", name);
  }
  rules.classes_.assign(seen.begin(), seen.end());
  WB_RETURN_IF_ERROR(
      CheckCount("/separations", content.separations.size(), limits::kSeparationRowsMax));
  for (size_t i = 0; i < content.separations.size(); ++i) {
    WB_RETURN_IF_ERROR(CheckRow(content.separations[i], rules.classes_, i));
  }
  WB_RETURN_IF_ERROR(CheckTimes(content));
  rules.content_ = std::move(content);
  rules.digest_ = digest;
  rules.agreed_ = agreed == base::Digest() ? digest : agreed;
  rules.FillTable();
  return rules;
}

void Rules::FillTable() {
  if (content_.separations.empty()) return;
  RowMap rows;
  for (const SeparationRow& row : content_.separations) {
    const auto [place, added] = rows.emplace(MakeKey(row.a, row.b), row.separation);
    if (!added) place->second = Widest(place->second, row.separation);
    widest_ = Widest(widest_, row.separation);
  }
  std::vector<KindPattern> kinds = {{NoticeKind::kActivity, ""}};
  for (const std::string& name : classes_) kinds.push_back({NoticeKind::kActivity, name});
  for (size_t i = 0; i < kHazardClasses; ++i) {
    kinds.push_back({NoticeKind::kHazard, std::string(Name(static_cast<HazardClass>(i)))});
  }
  kinds.push_back({NoticeKind::kProtectedSite, ""});
  kinds.push_back({NoticeKind::kZone, ""});

  // Stated kinds first: what an unstated class gets is the widest of them.
  const size_t n = kinds.size();
  const size_t declared = classes_.size();
  std::vector<std::optional<Separation>> matched(n * n);
  table_.assign(n * n, Separation{});
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const std::optional<Separation> found = MostSpecific(rows, kinds[i], kinds[j]);
      matched[i * n + j] = matched[j * n + i] = found;
      table_[i * n + j] = table_[j * n + i] = found.value_or(widest_);
    }
  }
  // Column by column, the unstated class itself last: its cell with itself then draws on those with
  // every class.
  for (size_t column = n; column-- > 0 && declared > 0;) {
    std::optional<Separation> strictest = matched[column];
    for (size_t i = 1; i <= declared; ++i) {
      const Separation& cell = table_[i * n + column];
      strictest = strictest ? Widest(*strictest, cell) : cell;
    }
    table_[column] = table_[column * n] = *strictest;
  }
  widest_by_kind_.assign(n, Separation{});
  for (size_t i = 0; i < n * n; ++i) {
    widest_by_kind_[i / n] = Widest(widest_by_kind_[i / n], table_[i]);
  }
}

size_t Rules::KindIndex(const Declaration& declaration) const {
  const size_t first_hazard = 1 + classes_.size();
  switch (declaration.kind) {
    case NoticeKind::kActivity: {
      const std::string& name = declaration.activity_class;
      if (name.empty()) return 0;
      const auto place = std::lower_bound(classes_.begin(), classes_.end(), name);
      const bool known = place != classes_.end() && *place == name;
      return known ? 1 + static_cast<size_t>(place - classes_.begin()) : 0;
    }
    case NoticeKind::kHazard:
      return first_hazard + static_cast<size_t>(declaration.hazard_class);
    case NoticeKind::kProtectedSite:
      return first_hazard + kHazardClasses;
    case NoticeKind::kZone:
      return first_hazard + kHazardClasses + 1;
  }
  base::CheckFailed(__FILE__, __LINE__, "kind", "a declaration is of one of four kinds");
}

Separation Rules::For(const Declaration& a, const Declaration& b) const {
  if (table_.empty()) return {};
  return table_[KindIndex(a) * widest_by_kind_.size() + KindIndex(b)];
}

Separation Rules::WidestFor(const Declaration& a) const {
  return table_.empty() ? Separation{} : widest_by_kind_[KindIndex(a)];
}

Treatment Rules::TreatmentFor(base::PartyId party_a, const Declaration& a, base::PartyId party_b,
                              const Declaration& b) const {
  if (a.data_mode != b.data_mode) return Treatment::kNone;
  if (a.kind > b.kind) return TreatmentFor(party_b, b, party_a, a);
  // The kinds are in order: activity, hazard, protected site, zone.
  if (b.kind == NoticeKind::kZone) {
    return a.kind == NoticeKind::kActivity
               ? content_.zone_treatment[static_cast<size_t>(b.restriction)]
               : Treatment::kNone;
  }
  if (party_a == party_b) return Treatment::kNone;
  if (b.kind == NoticeKind::kProtectedSite) {
    return a.kind == NoticeKind::kProtectedSite ? Treatment::kNone : Treatment::kKeepOut;
  }
  return a.kind == NoticeKind::kHazard ? Treatment::kListed : Treatment::kSeparation;
}

const PartyEntry* Rules::FindParty(base::PartyId id) const {
  const auto found = party_by_id_.find(id);
  return found == party_by_id_.end() ? nullptr : &content_.parties[found->second];
}

const PartyEntry* Rules::FindParty(string_view name) const {
  const auto found = party_by_name_.find(name);
  return found == party_by_name_.end() ? nullptr : &content_.parties[found->second];
}

// ---- RuleBook ----

namespace {

bool OfParty(const LineRules& line, base::PartyId party) {
  return line.a == party || line.b == party;
}

// The strictest of every line, for pairs that none of them joins.
Rules::Content CommonContent(const std::vector<LineRules>& lines) {
  Rules::Content common;
  common.zone_treatment.fill(Treatment::kNone);
  Separation widest;
  for (const LineRules& line : lines) {
    const Rules::Content& content = line.rules.content();
    for (const PartyEntry& party : content.parties) {
      const bool known = std::any_of(
          common.parties.begin(), common.parties.end(),
          [&](const PartyEntry& p) { return p.id == party.id || p.name == party.name; });
      if (!known) common.parties.push_back(party);
    }
    widest = Widest(widest, line.rules.widest());
    for (size_t i = 0; i < kRestrictions; ++i) {
      common.zone_treatment[i] = std::max(common.zone_treatment[i], content.zone_treatment[i]);
    }
    for (size_t i = 0; i < kHazardClasses; ++i) {
      common.hazard_dwell_us[i] = std::max(common.hazard_dwell_us[i], content.hazard_dwell_us[i]);
    }
    for (size_t i = 0; i < kNoticeKinds; ++i) {
      common.lead_time_min_us[i] =
          std::max(common.lead_time_min_us[i], content.lead_time_min_us[i]);
    }
  }
  // One row is the widest of all rows, which is what every pair without a row of its own gets.
  common.separations = {{{NoticeKind::kActivity, ""}, {NoticeKind::kActivity, ""}, widest}};
  return common;
}

base::Digest DigestOf(const std::vector<LineRules>& lines, Sha256Function sha256) {
  base::Bytes bytes;
  const auto add = [&](base::ByteView more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  add(base::AsBytes("wideberth rule book 1\n"));
  for (const LineRules& line : lines) {
    add(line.a.uuid.bytes);
    add(line.b.uuid.bytes);
    add(line.rules.digest().bytes);
  }
  return sha256(bytes);
}

}  // namespace

struct RuleBook::Shelf {
  Rules common;
  std::vector<LineRules> lines;  // a < b in each, sorted by both; empty: common is for everybody
  std::vector<std::string> activity_classes;
  std::vector<geo::HeightBounds> height_bounds;
};

RuleBook::RuleBook() : RuleBook(Rules()) {}

RuleBook::RuleBook(Rules rules) {
  auto shelf = std::make_shared<Shelf>();
  shelf->activity_classes = rules.content().activity_classes;
  std::sort(shelf->activity_classes.begin(), shelf->activity_classes.end());
  shelf->height_bounds = {rules.content().height_bounds};
  shelf->common = std::move(rules);
  common_ = &shelf->common;
  shelf_ = std::move(shelf);
}

RuleBook RuleBook::OfLines(std::vector<LineRules> lines, Sha256Function sha256) {
  CHECK_MSG(!lines.empty(), "a book of no line is made of one set of rules");
  for (LineRules& line : lines) {
    CHECK_MSG(line.a != line.b, "a line joins two parties");
    if (line.b < line.a) std::swap(line.a, line.b);
  }
  std::sort(lines.begin(), lines.end(), [](const LineRules& x, const LineRules& y) {
    return std::tie(x.a, x.b) < std::tie(y.a, y.b);
  });
  bool equal = true;
  for (size_t i = 1; i < lines.size(); ++i) {
    CHECK_MSG(lines[i].a != lines[i - 1].a || lines[i].b != lines[i - 1].b,
              "two parties have one line");
    equal = equal && lines[i].rules.digest() == lines[0].rules.digest();
  }
  if (equal) return RuleBook(std::move(lines.front().rules));

  auto shelf = std::make_shared<Shelf>();
  base::Result<Rules> common = Rules::Make(CommonContent(lines), DigestOf(lines, sha256));
  CHECK_MSG(common.has_value(), "what each line was allowed, all of them together are");
  shelf->common = std::move(*common);
  std::set<std::string> classes;
  std::set<base::Digest> seen;
  for (const LineRules& line : lines) {
    const Rules::Content& content = line.rules.content();
    classes.insert(content.activity_classes.begin(), content.activity_classes.end());
    if (seen.insert(line.rules.digest()).second) {
      shelf->height_bounds.push_back(content.height_bounds);
    }
  }
  shelf->activity_classes.assign(classes.begin(), classes.end());
  shelf->lines = std::move(lines);
  RuleBook book;
  book.common_ = &shelf->common;
  book.single_ = false;
  book.shelf_ = std::move(shelf);
  return book;
}

const Rules& RuleBook::Search(base::PartyId a, base::PartyId b) const {
  const std::vector<LineRules>& lines = shelf_->lines;
  if (a == b) {
    const Rules* only = nullptr;
    for (const LineRules& line : lines) {
      if (!OfParty(line, a)) continue;
      if (only != nullptr) return *common_;
      only = &line.rules;
    }
    return only != nullptr ? *only : *common_;
  }
  const auto wanted = a < b ? std::pair(a, b) : std::pair(b, a);
  const auto found = std::lower_bound(
      lines.begin(), lines.end(), wanted, [](const LineRules& line, const auto& pair) {
        return std::tie(line.a, line.b) < std::tie(pair.first, pair.second);
      });
  const bool known = found != lines.end() && found->a == wanted.first && found->b == wanted.second;
  return known ? found->rules : *common_;
}

Separation RuleBook::WidestFor(const Declaration& declaration) const {
  return single_ ? common_->WidestFor(declaration) : common_->widest();
}

int64_t RuleBook::HazardDwellUs(base::PartyId issuer, HazardClass hazard_class) const {
  const auto place = static_cast<size_t>(hazard_class);
  int64_t longest_us = -1;
  for (const LineRules& line : shelf_->lines) {
    if (!OfParty(line, issuer)) continue;
    longest_us = std::max(longest_us, line.rules.content().hazard_dwell_us[place]);
  }
  return longest_us < 0 ? common_->content().hazard_dwell_us[place] : longest_us;
}

int64_t RuleBook::LeadTimeMinUs(base::PartyId issuer, NoticeKind kind) const {
  const auto place = static_cast<size_t>(kind);
  int64_t longest_us = -1;
  for (const LineRules& line : shelf_->lines) {
    if (!OfParty(line, issuer)) continue;
    longest_us = std::max(longest_us, line.rules.content().lead_time_min_us[place]);
  }
  return longest_us < 0 ? common_->content().lead_time_min_us[place] : longest_us;
}

const std::vector<std::string>& RuleBook::activity_classes() const {
  return shelf_->activity_classes;
}

base::Result<void> RuleBook::CheckClass(const Declaration& declaration) const {
  const std::vector<std::string>& classes = shelf_->activity_classes;
  const std::string& name = declaration.activity_class;
  if (name.empty() || classes.empty() || std::binary_search(classes.begin(), classes.end(), name)) {
    return {};
  }
  return base::Invalid("/activity_class", "must be a class of the rules in force", name);
}

const std::vector<geo::HeightBounds>& RuleBook::height_bounds() const {
  return shelf_->height_bounds;
}

const std::vector<LineRules>& RuleBook::lines() const {
  return shelf_->lines;
}

}  // namespace wideberth::airspace
