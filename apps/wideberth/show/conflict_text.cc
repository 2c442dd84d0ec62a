#include "apps/wideberth/show/conflict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "formats/notice_json.h"

namespace wideberth::cli {
namespace {

using base::Result;
using formats::DistanceText;

constexpr size_t kAnyBytes = std::numeric_limits<size_t>::max();
constexpr size_t kShortIdBytes = 12;
constexpr size_t kDateBytes = 10;

struct CauseWords {
  std::string_view name;
  std::string_view words;
};
constexpr CauseWords kCauseWords[] = {
    {"lateral_tolerance", "the gap is within 1 cm of the limit"},
    {"geoid", "a height above the sea is compared with another kind"},
    {"terrain", "the height of the ground is known within bounds only"},
    {"pressure", "the air pressure is known within bounds only"}};

Result<void> Text(json::Object* object, std::string_view key, std::string* text) {
  WB_ASSIGN_OR_RETURN(const auto given, object->OptionalString(key, kAnyBytes));
  if (given) *text = *given;
  return {};
}

// Metres or seconds to thousandths of them; null is no bound.
Result<int64_t> Scaled(json::Object* object, std::string_view key, double scale) {
  WB_ASSIGN_OR_RETURN(const json::Value value, object->Required(key));
  if (value.is_null()) return kNoBound;
  WB_ASSIGN_OR_RETURN(const double number, value.AsDouble(-1e15, 1e15));
  return static_cast<int64_t>(std::clamp(std::round(number * scale), -9e18, 9e18));
}

Result<ConflictParty> ReadSide(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  ConflictParty side;
  WB_ASSIGN_OR_RETURN(json::Object party, object.RequiredObject("party"));
  WB_RETURN_IF_ERROR(Text(&party, "id", &side.party));
  WB_RETURN_IF_ERROR(Text(&party, "name", &side.party));
  WB_ASSIGN_OR_RETURN(side.notice, object.RequiredString("notice", kAnyBytes));
  WB_RETURN_IF_ERROR(Text(&object, "kind", &side.kind));
  for (const std::string_view key : {"activity_class", "hazard_class", "restriction"}) {
    WB_RETURN_IF_ERROR(Text(&object, key, &side.class_name));
  }
  WB_RETURN_IF_ERROR(Text(&object, "name", &side.name));
  WB_RETURN_IF_ERROR(Text(&object, "role_to_call", &side.role_to_call));
  WB_RETURN_IF_ERROR(Text(&object, "frequency", &side.frequency));
  WB_RETURN_IF_ERROR(Text(&object, "measures", &side.measures));
  side.seen = object.Find("seen_at").has_value();
  return side;
}

Result<void> ReadSeparation(json::Object* parent, std::string_view key, int64_t* lateral_mm,
                            int64_t* vertical_mm, int64_t* time_us) {
  WB_ASSIGN_OR_RETURN(json::Object object, parent->RequiredObject(key));
  WB_ASSIGN_OR_RETURN(*lateral_mm, Scaled(&object, "lateral_m", 1e3));
  WB_ASSIGN_OR_RETURN(*vertical_mm, Scaled(&object, "vertical_m", 1e3));
  WB_ASSIGN_OR_RETURN(*time_us, Scaled(&object, "time_s", 1e6));
  return {};
}

Result<void> ReadPair(const json::Value& value, ConflictRow* row) {
  WB_ASSIGN_OR_RETURN(json::Object pair, value.AsObject());
  WB_ASSIGN_OR_RETURN(row->lateral_gap_mm, Scaled(&pair, "lateral_gap_m", 1e3));
  WB_ASSIGN_OR_RETURN(row->vertical_gap_min_mm, Scaled(&pair, "vertical_gap_min_m", 1e3));
  WB_ASSIGN_OR_RETURN(row->vertical_gap_max_mm, Scaled(&pair, "vertical_gap_max_m", 1e3));
  WB_ASSIGN_OR_RETURN(row->time_gap_us, Scaled(&pair, "time_gap_s", 1e6));
  WB_RETURN_IF_ERROR(ReadSeparation(&pair, "shortfall", &row->lateral_short_mm,
                                    &row->vertical_short_mm, &row->time_short_us));
  WB_ASSIGN_OR_RETURN(json::Object overlap, pair.RequiredObject("overlap"));
  WB_ASSIGN_OR_RETURN(row->overlap_start, overlap.RequiredString("time_start", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row->overlap_end, overlap.RequiredString("time_end", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const json::Array causes, pair.RequiredArray("causes", kAnyBytes));
  for (const json::Value cause : causes) {
    WB_ASSIGN_OR_RETURN(const std::string_view name, cause.AsString(kAnyBytes));
    row->causes.emplace_back(name);
  }
  WB_ASSIGN_OR_RETURN(const json::Array closest, pair.RequiredArray("closest", 2));
  if (closest.size() > 0) {
    WB_ASSIGN_OR_RETURN(json::Object point, (*closest.begin()).AsObject());
    WB_ASSIGN_OR_RETURN(const double lat_deg, point.RequiredDouble("lat", -90, 90));
    WB_ASSIGN_OR_RETURN(const double lng_deg, point.RequiredDouble("lng", -180, 180));
    row->place.emplace(lat_deg, lng_deg);
  }
  return {};
}

std::string PlaceText(const std::pair<double, double>& place) {
  return fmt::format("{:.4f} {}, {:.4f} {}", std::abs(place.first), place.first < 0 ? 'S' : 'N',
                     std::abs(place.second), place.second < 0 ? 'W' : 'E');
}

std::string CallText(const ConflictParty& side) {
  if (side.role_to_call.empty() && side.frequency.empty()) return {};
  // Of a zone that is the authority, not the party that imported it.
  std::string text = side.kind == "zone" ? "" : side.party + ": ";
  text += side.role_to_call;
  if (!side.role_to_call.empty() && !side.frequency.empty()) text += ", ";
  return text + side.frequency;
}

// As the beginning of a sentence.
std::string Capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

// What is agreed is not shown where nothing is.
std::string AgreedText(const ConflictRow& row) {
  if (row.agreed_lateral_mm == 0 && row.agreed_vertical_mm == 0 && row.agreed_time_us == 0) {
    return "nothing may enter";
  }
  return fmt::format("agreed are {}, {} in height, {}", DistanceText(row.agreed_lateral_mm),
                     DistanceText(row.agreed_vertical_mm), DurationText(row.agreed_time_us));
}

Style VerdictStyle(const ConflictRow& row) {
  if (!row.live() || !row.alarmed()) return Style::kDim;
  return row.verdict == "certain" ? Style::kRed : Style::kYellow;
}

// "possible: terrain, pressure"
std::string ShortVerdict(const ConflictRow& row) {
  std::string text = row.verdict;
  for (const std::string& cause : row.causes) {
    text.append(&cause == &row.causes.front() ? ": " : ", ").append(cause);
  }
  return text;
}

void AppendWrapped(std::string_view indent, std::string_view text, size_t width, std::string* out) {
  if (text.empty()) return;
  const size_t room = width > indent.size() + 20 ? width - indent.size() : 0;
  const auto lines = room == 0 ? std::vector<std::string>{std::string(text)} : WrapText(text, room);
  for (const std::string& line : lines) out->append(indent).append(line).append("\n");
}

}  // namespace

Result<ConflictRow> ReadConflictRow(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  ConflictRow row;
  WB_ASSIGN_OR_RETURN(row.id, object.RequiredString("id", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row.data_mode, object.RequiredString("data_mode", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row.verdict, object.RequiredString("verdict", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row.state, object.RequiredString("state", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row.treatment, object.RequiredString("treatment", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const json::Array sides, object.RequiredArray("sides", 2));
  if (sides.size() != row.sides.size()) return sides.AsValue().Refuse("must have two items");
  size_t next = 0;
  for (const json::Value side : sides) {
    WB_ASSIGN_OR_RETURN(row.sides[next++], ReadSide(side));
  }
  WB_RETURN_IF_ERROR(ReadSeparation(&object, "separation", &row.agreed_lateral_mm,
                                    &row.agreed_vertical_mm, &row.agreed_time_us));
  WB_ASSIGN_OR_RETURN(row.first_moment, object.RequiredString("first_moment", kAnyBytes));
  WB_ASSIGN_OR_RETURN(row.last_moment, object.RequiredString("last_moment", kAnyBytes));
  WB_ASSIGN_OR_RETURN(std::optional<json::Object> risk, object.OptionalObject("risk_accepted"));
  if (risk) {
    WB_ASSIGN_OR_RETURN(const std::string_view role, risk->RequiredString("role", kAnyBytes));
    WB_ASSIGN_OR_RETURN(const std::string_view at, risk->RequiredString("at", kAnyBytes));
    std::string until;
    WB_RETURN_IF_ERROR(Text(&*risk, "until", &until));
    row.risk_accepted = fmt::format("by a {} at {}", role, at);
    if (!until.empty()) row.risk_accepted += ", until " + until;
  }
  WB_ASSIGN_OR_RETURN(const int64_t pairs, object.RequiredInt64("pairs_total", 0, INT64_MAX));
  row.pairs_total = static_cast<uint64_t>(pairs);
  WB_ASSIGN_OR_RETURN(const json::Array list, object.RequiredArray("pairs", kAnyBytes));
  if (list.size() > 0) WB_RETURN_IF_ERROR(ReadPair(*list.begin(), &row));
  return row;
}

std::string SideText(const ConflictParty& side) {
  if (side.kind == "zone") {
    std::string text = "zone";
    if (!side.name.empty()) text += " \"" + side.name + "\"";
    return text + " " + side.class_name;
  }
  std::string text = side.party;
  if (side.kind == "protected_site") {
    text += side.name.empty() ? " protected site" : " protected site \"" + side.name + "\"";
  } else if (side.kind == "hazard") {
    text += " hazard " + side.class_name;
  } else {
    text += " " + (side.class_name.empty() ? side.kind : side.class_name);
  }
  return text;
}

std::string HowCloseText(const ConflictRow& row) {
  std::string text =
      row.lateral_gap_mm <= 0 ? "areas overlap" : DistanceText(row.lateral_gap_mm) + " apart";
  if (row.vertical_gap_min_mm == kNoBound) {
    text += ", heights overlap";
  } else if (row.vertical_gap_max_mm <= 0) {
    text += ", heights overlap by " + DistanceText(-row.vertical_gap_max_mm);
  } else if (row.vertical_gap_min_mm == row.vertical_gap_max_mm) {
    text += ", " + DistanceText(row.vertical_gap_min_mm) + " apart in height";
  } else if (row.vertical_gap_min_mm <= 0) {
    text += ", heights may overlap";
  } else {
    text += ", " + DistanceText(row.vertical_gap_min_mm) + " to " +
            DistanceText(row.vertical_gap_max_mm) + " apart in height";
  }
  if (row.time_gap_us < 0) return text + ", at once";
  return text + (row.time_gap_us == 0 ? ", one right after the other"
                                      : ", " + DurationText(row.time_gap_us) + " apart");
}

std::string ShortfallText(const ConflictRow& row) {
  std::string text;
  const auto append = [&](std::string part) { text.append(text.empty() ? "" : ", ").append(part); };
  if (row.agreed_lateral_mm > 0) append(DistanceText(row.lateral_short_mm));
  if (row.agreed_vertical_mm > 0 && row.vertical_short_mm > 0 && row.vertical_gap_min_mm > 0) {
    append(DistanceText(row.vertical_short_mm) + " in height");
  }
  if (row.agreed_time_us > 0 && row.time_gap_us >= 0) append(DurationText(row.time_short_us));
  return text;
}

std::string VerdictText(const ConflictRow& row) {
  std::string text = row.verdict;
  if (row.verdict != "possible") return text;
  for (const std::string& cause : row.causes) {
    const auto* const known =
        std::find_if(std::begin(kCauseWords), std::end(kCauseWords),
                     [&](const CauseWords& words) { return words.name == cause; });
    text.append(&cause == &row.causes.front() ? ": " : "; ");
    text.append(known == std::end(kCauseWords) ? std::string_view(cause) : known->words);
  }
  return text;
}

std::string WhoActsText(const ConflictRow& row) {
  std::string text = "Both act.";
  if (row.treatment == "listed") text = "Listed only: no alarm.";
  if (row.treatment == "keep_out") {
    const auto stands = [](const ConflictParty& side) {
      return side.kind == "zone" || side.kind == "protected_site";
    };
    text = "Keep out: " + (stands(row.sides[0]) ? row.sides[1] : row.sides[0]).party + " acts.";
  }
  std::string calls = CallText(row.sides[0]);
  const std::string other = CallText(row.sides[1]);
  if (!calls.empty() && !other.empty()) calls += "; ";
  calls += other;
  return calls.empty() ? text : text + " Call " + calls + ".";
}

std::string MomentText(std::string_view time, std::string_view day) {
  constexpr size_t kMinuteBytes = 16;
  if (time == "open") return "until cleared";
  if (time.size() < kMinuteBytes) return std::string(time);
  const std::string clock = std::string(time.substr(kDateBytes + 1, 5)) + "Z";
  if (time.substr(0, kDateBytes) == day.substr(0, kDateBytes)) return clock;
  return std::string(time.substr(0, kDateBytes)) + " " + clock;
}

std::string DurationText(int64_t us) {
  const int64_t seconds = us / base::kMicrosPerSecond;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h {:02} min", seconds / 3'600, seconds / 60 % 60);
}

std::string StoryText(const ConflictRow& row, std::string_view day, size_t width, bool colours) {
  constexpr std::string_view kIndent = "        ";
  std::string verdict = row.verdict;
  if (!row.live()) verdict += ", " + row.state;
  std::string text = fmt::format("{:<8}{} and {}: {}\n", MomentText(row.first_moment, day),
                                 Paint(Style::kBold, SideText(row.sides[0]), colours),
                                 Paint(Style::kBold, SideText(row.sides[1]), colours),
                                 Paint(VerdictStyle(row), verdict, colours));
  const std::string missing = ShortfallText(row);
  AppendWrapped(kIndent,
                Capital((missing.empty() ? "" : "Too close by " + missing + ": ") +
                        HowCloseText(row) + "; " + AgreedText(row) + "."),
                width, &text);
  std::string when = row.time_gap_us < 0 ? "From " + MomentText(row.overlap_start, day)
                                         : "At " + MomentText(row.first_moment, day);
  if (row.time_gap_us < 0) {
    when += (row.overlap_end == "open" ? " " : " to ") + MomentText(row.overlap_end, day);
  }
  if (row.place) when += ", near " + PlaceText(*row.place);
  if (row.pairs_total > 1) when += fmt::format("; {} pairs of volumes in all", row.pairs_total);
  AppendWrapped(kIndent, when + ".", width, &text);
  if (row.verdict == "possible")
    AppendWrapped(kIndent, Capital(VerdictText(row)) + ".", width, &text);
  AppendWrapped(kIndent, WhoActsText(row), width, &text);
  return text;
}

Table ConflictTable(std::span<const ConflictRow> rows, std::string_view day) {
  Table table({{"WHEN"},
               {"WHO", Fit::kWrap},
               {"HOW CLOSE", Fit::kWrap},
               {"TOO CLOSE BY", Fit::kWrap},
               {"VERDICT", Fit::kWrap},
               {"STATE"},
               {"ID"}});
  for (const ConflictRow& row : rows) {
    table.AddRow({{MomentText(row.first_moment, day)},
                  {SideText(row.sides[0]) + " and " + SideText(row.sides[1]), Style::kBold},
                  {HowCloseText(row)},
                  {row.treatment == "keep_out" ? "keep out" : ShortfallText(row)},
                  {ShortVerdict(row), VerdictStyle(row)},
                  {row.treatment == "listed" ? row.state + " (listed)" : row.state},
                  {row.id.substr(0, kShortIdBytes), Style::kDim}});
  }
  return table;
}

void SortByTime(std::vector<ConflictRow>* rows) {
  std::sort(rows->begin(), rows->end(), [](const ConflictRow& a, const ConflictRow& b) {
    return std::tie(a.first_moment, a.id) < std::tie(b.first_moment, b.id);
  });
}

}  // namespace wideberth::cli
