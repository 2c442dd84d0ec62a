#include "agreement/diff.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "formats/decimal.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::agreement {
namespace {

using airspace::Separation;

constexpr std::string_view kNone = "(none)";
constexpr size_t kVerticesWritten = 8;

// 9260000 / 10^3 as "9,260".
std::string Grouped(int64_t value, int decimals) {
  std::string text = formats::ScaledText(value, decimals);
  const size_t begin = text.starts_with('-') ? 1 : 0;
  for (size_t at = std::min(text.find('.'), text.size()); at > begin + 3; at -= 3) {
    text.insert(at - 3, 1, ',');
  }
  return text;
}
std::string Metres(int64_t mm) {
  return Grouped(mm, 3) + " m";
}
std::string Seconds(int64_t us) {
  return Grouped(us, 6) + " s";
}

class Lines {
 public:
  void Add(std::string_view what, std::string_view value) {
    const auto [at, added] = lines_.emplace(what, value);
    if (!added) at->second.append("; ").append(value);
  }
  void AddSeparation(const std::string& what, const Separation& separation) {
    Add(what + ": lateral", Metres(separation.lateral_mm));
    Add(what + ": vertical", Metres(separation.vertical_mm));
    Add(what + ": time", Seconds(separation.time_us));
  }
  std::map<std::string, std::string> Take() { return std::move(lines_); }

 private:
  std::map<std::string, std::string> lines_;
};

std::string DegreesText(geo::Position position) {
  return formats::ScaledText(position.lat_e9, 9) + " " + formats::ScaledText(position.lng_e9, 9);
}

// Outlines of many vertices as their number and digest: enough to see that they differ.
std::string OutlineText(const geo::Outline& outline) {
  std::string vertices;
  for (const geo::Position vertex : outline.vertices()) {
    vertices.append(vertices.empty() ? "" : ", ").append(DegreesText(vertex));
  }
  std::string text(geo::OutlineKindName(outline.kind()));
  if (outline.kind() != geo::OutlineKind::kPolygon) {
    text.append(" of ").append(Metres(outline.buffer_mm()));
  }
  if (outline.vertices().size() > kVerticesWritten) {
    vertices = std::to_string(outline.vertices().size()) + " vertices, SHA-256 " +
               crypto::Sha256(base::AsBytes(vertices)).ToHex();
  }
  return text.append(": ").append(vertices);
}

std::string Joined(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text.empty() ? std::string(kNone) : text;
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  json::AppendQuoted(&quoted, text);
  return quoted;
}

// The items of one row of the canonical rules, as text.
std::vector<std::string> Items(const json::Value& row) {
  std::vector<std::string> items;
  const json::Array array = row.AsArray(limits::kBoundsCellsMax).value();
  for (const json::Value item : array) {
    items.push_back(item.kind() == json::Kind::kString
                        ? std::string(item.AsString(limits::kConfigFileBytesMax).value())
                        : item.ToJson());
  }
  return items;
}

int64_t Integer(const std::string& text) {
  return formats::ParseInteger(text).value();
}

std::string RectangleText(const std::vector<std::string>& items) {
  const auto degrees = [&](size_t i) { return formats::ScaledText(Integer(items[i]), 9); };
  return degrees(0) + " " + degrees(1) + " to " + degrees(2) + " " + degrees(3);
}

// Separations and height bounds from the canonical form of the rules: there, rows of the same pair are one.
void DescribeRows(const Agreement& agreement, Lines* lines) {
  const json::Document document =
      json::Document::Parse(agreement.rules_canonical, limits::kImportFileBytesMax).value();
  json::Object rules = document.root().AsObject().value();
  const auto each = [&](std::string_view key, auto describe) {
    const json::Array rows = rules.RequiredArray(key, limits::kBoundsCellsMax).value();
    for (const json::Value row : rows) describe(Items(row));
  };
  each("separation", [&](const std::vector<std::string>& items) {
    lines->AddSeparation("separation " + items[0] + " x " + items[1],
                         {Integer(items[2]), Integer(items[3]), Integer(items[4])});
  });
  each("terrain", [&](const std::vector<std::string>& items) {
    lines->Add("terrain " + RectangleText(items),
               Metres(Integer(items[4])) + " to " + Metres(Integer(items[5])));
  });
  each("pressure", [&](const std::vector<std::string>& items) {
    lines->Add("pressure " + RectangleText(items),
               items[4] + " to " + items[5] + " hPa, ISA " + items[6] + " to " + items[7] + " K");
  });
}

void DescribeRules(const Agreement& agreement, Lines* lines) {
  const airspace::Rules::Content& rules = agreement.terms.rules.content();
  for (const airspace::PartyEntry& party : rules.parties) {
    lines->Add("party " + party.name, party.id.ToString());
  }
  lines->Add("activity_classes", Joined(rules.activity_classes));
  DescribeRows(agreement, lines);
  for (size_t i = 0; i < airspace::kRestrictions; ++i) {
    lines->Add("zone " + std::string(Name(static_cast<airspace::Restriction>(i))),
               Name(rules.zone_treatment[i]));
  }
  for (size_t i = 0; i < airspace::kHazardClasses; ++i) {
    lines->Add("hazard_dwell " + std::string(Name(static_cast<airspace::HazardClass>(i))),
               Seconds(rules.hazard_dwell_us[i]));
  }
  for (size_t i = 0; i < airspace::kNoticeKinds; ++i) {
    lines->Add("lead_time " + std::string(Name(static_cast<airspace::NoticeKind>(i))),
               Seconds(rules.lead_time_min_us[i]));
  }
}

std::string PartyName(const Agreement& agreement, base::PartyId party) {
  const airspace::PartyEntry* entry = agreement.terms.rules.FindParty(party);
  return entry == nullptr ? party.ToString() : entry->name;
}

void DescribeTerms(const Agreement& agreement, Lines* lines) {
  const Terms& terms = agreement.terms;
  lines->Add("read_back: position", Metres(terms.read_back.position_mm));
  lines->Add("read_back: height", Metres(terms.read_back.height_mm));
  lines->Add("read_back: time", Seconds(terms.read_back.time_us));
  std::string steps;
  for (const int64_t step : terms.ladder.steps) {
    steps.append(steps.empty() ? "" : ", ").append(std::to_string(step)).append("x");
  }
  lines->Add("ladder: steps", steps);
  lines->Add("ladder: near start", Seconds(terms.ladder.near_start_us));
  for (size_t i = 0; i < kDeadlineKinds; ++i) {
    const std::string kind(Name(static_cast<DeadlineKind>(i)));
    const DeadlineRule& rule = terms.deadlines.rules[i];
    lines->Add("deadline " + kind + ": routine", Seconds(rule.routine_us));
    lines->Add("deadline " + kind + ": least", Seconds(rule.min_us));
    std::string share;
    json::AppendDouble(&share, rule.share_of_time_to_start);
    lines->Add("deadline " + kind + ": share of the time to start", share);
    lines->Add("ladder: highest for " + kind, Name(terms.ladder.highest[i]));
  }
  for (const Contact& contact : terms.contacts) {
    lines->Add("contact " + PartyName(agreement, contact.party) + " " +
                   std::string(Name(contact.level)) + ": " + contact.call,
               contact.role);
  }
  lines->Add("line_check: period", Seconds(terms.line_check.period_us));
  lines->AddSeparation("lost_link widening", terms.lost_link.widening);
  for (const LostLink::Text& fallback : terms.lost_link.fallback) {
    lines->Add("lost_link fallback: " + fallback.language, Quoted(fallback.text));
  }
}

void DescribeAreas(const Agreement& agreement, Lines* lines) {
  for (const Place& place : agreement.gazetteer.places()) {
    lines->Add("gazetteer: " + place.name, OutlineText(place.outline));
  }
  for (const NoFly& row : agreement.no_fly) {
    const std::string what = "no_fly " + row.name;
    lines->Add(what + ": classes", row.classes.empty() ? "all" : Joined(row.classes));
    lines->Add(what + ": line", OutlineText(row.corridor));
    lines->Add(what + ": closer with notice",
               row.notice_us ? Seconds(*row.notice_us) : std::string("never"));
  }
  for (const StandingRelease& release : agreement.standing_releases) {
    const std::string what = "standing_release " + release.name;
    lines->Add(what + ": kind", Name(release.kind));
    lines->Add(what + ": party", PartyName(agreement, release.party));
    lines->Add(what + ": area", release.area ? OutlineText(*release.area) : "everywhere");
    if (release.kind == StandingReleaseKind::kDeadMan) {
      lines->Add(what + ": hazard class", Name(release.hazard_class));
    } else {
      lines->Add(what + ": lead", Seconds(release.lead_us));
      lines->Add(what + ": repeat", Seconds(release.repeat_us));
    }
  }
}

}  // namespace

std::map<std::string, std::string> Describe(const Agreement& agreement) {
  Lines lines;
  lines.Add("number", std::to_string(agreement.number));
  lines.Add("effective_from", base::FormatRfc3339(agreement.effective_from));
  lines.Add("expires", agreement.expires ? base::FormatRfc3339(*agreement.expires)
                                         : std::string("when denounced"));
  lines.Add("denunciation: notice", Seconds(agreement.denunciation_notice_us));
  lines.Add("languages", Joined(agreement.languages));
  DescribeRules(agreement, &lines);
  DescribeTerms(agreement, &lines);
  DescribeAreas(agreement, &lines);
  for (const Exemption& exemption : agreement.exemptions) {
    lines.Add("exemption " + std::string(Name(exemption.kind)) + ": notice",
              Seconds(exemption.notice_us));
  }
  for (const ThirdParty& third : agreement.third_parties) {
    lines.Add("third_party " + third.name + ": told by", PartyName(agreement, third.told_by));
    lines.Add("third_party " + third.name + ": deadline", Seconds(third.deadline_us));
  }
  return lines.Take();
}

std::vector<std::string> Diff(const Agreement& a, const Agreement& b) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (auto& [what, value] : Describe(a)) both[what].first = value;
  for (auto& [what, value] : Describe(b)) both[what].second = value;
  std::vector<std::string> lines;
  for (const auto& [what, values] : both) {
    const auto& [before, after] = values;
    if (before == after) continue;
    std::string line = what;
    line.append(" ").append(before.empty() ? kNone : before);
    line.append(" -> ").append(after.empty() ? kNone : after);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace wideberth::agreement
