#include "exchange/compare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "geo/containment.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::exchange {
namespace {

using base::UtcMicros;

constexpr std::string_view kFindings[] = {"not_said", "one_side_only", "same", "differs",
                                          "not_comparable"};
// A place is given as a point with a radius; a metre more or less is no difference.
constexpr double kAreaToleranceM = 1;

// One source: what a party says in one place.
struct Source {
  base::PartyId party;
  base::PartyId peer;
  bool is_public = false;
  Account account;
};

std::vector<Source> SourcesOf(const Exchange& exchange, base::PartyId self) {
  std::vector<Source> sources;
  for (const size_t side : {kOurs, kTheirs}) {
    const base::PartyId party = side == kOurs ? self : exchange.peer;
    const base::PartyId peer = side == kOurs ? exchange.peer : self;
    if (const auto& stated = exchange.accounts[side]) {
      sources.push_back({party, peer, false, stated->account});
    }
    const StoredStatement* last = nullptr;
    for (const StoredStatement& each : exchange.statements) {
      if (each.by_us == (side == kOurs)) last = &each;
    }
    if (last == nullptr) continue;
    auto read = ParseStatement(last->text);
    if (read) sources.push_back({party, peer, true, std::move(read->account)});
  }
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.party < b.party; });
  return sources;
}

std::string Seconds(int64_t us) {
  std::string text = std::to_string(us / base::kMicrosPerSecond);
  if (const int64_t rest = std::abs(us % base::kMicrosPerSecond); rest != 0) {
    std::string digits = std::to_string(rest);
    digits.insert(0, 6 - digits.size(), '0');
    if (us < 0 && us > -base::kMicrosPerSecond) text.insert(0, "-");
    text += "." + digits;
  }
  return text + " s";
}

std::string Metres(double m) {
  return std::to_string(static_cast<int64_t>(std::llround(m))) + " m";
}

// Of what was said: by nobody, by one party, alike or not.
Finding FindingOf(const std::vector<Value>& values) {
  if (values.empty()) return Finding::kNotSaid;
  const auto same_party = [&](const Value& each) { return each.party == values.front().party; };
  const auto same_text = [&](const Value& each) { return each.text == values.front().text; };
  if (!std::all_of(values.begin(), values.end(), same_text)) return Finding::kDiffers;
  if (std::all_of(values.begin(), values.end(), same_party)) return Finding::kOneSideOnly;
  return Finding::kSame;
}

Fact FactOf(std::string_view name, const std::vector<Source>& sources,
            const std::function<std::string(const Source&)>& say) {
  Fact fact;
  fact.name = name;
  for (const Source& source : sources) {
    std::string text = say(source);
    if (!text.empty()) fact.values.push_back({source.party, source.is_public, std::move(text)});
  }
  fact.finding = FindingOf(fact.values);
  return fact;
}

std::string InitiatorOf(const Source& source) {
  switch (source.account.initiated_by) {
    case Initiator::kSelf:
      return source.party.ToString();
    case Initiator::kPeer:
      return source.peer.ToString();
    case Initiator::kBoth:
      return "both";
    case Initiator::kNotStated:
      break;
  }
  return {};
}

Fact TimeFact(std::string_view name, const std::vector<Source>& sources,
              std::optional<UtcMicros> Account::*time) {
  Fact fact = FactOf(name, sources, [&](const Source& source) {
    const auto& said = source.account.*time;
    return said ? base::FormatRfc3339(*said) : std::string();
  });
  if (fact.finding != Finding::kDiffers) return fact;
  UtcMicros first = base::kTimeOpenEnd;
  UtcMicros last = base::kTimeOpenStart;
  for (const Source& source : sources) {
    const auto& said = source.account.*time;
    if (!said) continue;
    first = std::min(first, *said);
    last = std::max(last, *said);
  }
  fact.by.push_back(Seconds(last.us - first.us));
  return fact;
}

Fact SubjectsFact(const std::vector<Source>& sources) {
  const auto sorted = [](const Source& source) {
    std::vector<std::string> subjects = source.account.subjects;
    std::sort(subjects.begin(), subjects.end());
    return subjects;
  };
  Fact fact = FactOf("subjects", sources, [&](const Source& source) {
    std::string text;
    for (const std::string& each : sorted(source)) text += (text.empty() ? "" : ", ") + each;
    return text;
  });
  if (fact.finding != Finding::kDiffers) return fact;
  std::vector<std::string> all;
  for (const Source& source : sources) {
    for (const std::string& each : source.account.subjects) all.push_back(each);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const std::string& each : all) {
    const auto names = [&](const Source& source) {
      const auto& subjects = source.account.subjects;
      return std::find(subjects.begin(), subjects.end(), each) != subjects.end();
    };
    if (!std::all_of(sources.begin(), sources.end(), names)) {
      fact.by.push_back(each + " is not named by all");
    }
  }
  return fact;
}

// ---- Warning times ----

struct Interval {
  std::optional<int64_t> min_us;
  std::optional<int64_t> max_us;
  bool derived = false;
};

std::optional<Interval> LeadTimeOf(const Account& account) {
  const auto us = [](const std::optional<int64_t>& s) {
    return s ? std::optional(*s * base::kMicrosPerSecond) : std::nullopt;
  };
  if (account.lead_time_min_s || account.lead_time_max_s) {
    return Interval{us(account.lead_time_min_s), us(account.lead_time_max_s)};
  }
  if (!account.starts_at || !account.held_at) return std::nullopt;
  const int64_t lead_us = account.starts_at->us - account.held_at->us;
  return Interval{lead_us, lead_us, true};
}

std::string Text(const Interval& lead) {
  std::string text;
  if (lead.min_us && lead.max_us) {
    text = *lead.min_us == *lead.max_us ? Seconds(*lead.min_us)
                                        : Seconds(*lead.min_us) + " to " + Seconds(*lead.max_us);
  } else {
    text = lead.min_us ? "at least " + Seconds(*lead.min_us) : "at most " + Seconds(*lead.max_us);
  }
  return lead.derived ? text + " (starts_at minus held_at)" : text;
}

Fact LeadTimeFact(const std::vector<Source>& sources) {
  Fact fact = FactOf("lead_time", sources, [](const Source& source) {
    const auto lead = LeadTimeOf(source.account);
    return lead ? Text(*lead) : std::string();
  });
  if (fact.finding != Finding::kDiffers) return fact;
  // They agree where some length of time is in all of them.
  std::optional<int64_t> latest_min;
  std::optional<int64_t> earliest_max;
  base::PartyId first;
  bool several = false;
  for (const Source& source : sources) {
    const auto lead = LeadTimeOf(source.account);
    if (!lead) continue;
    several = several || (!first.uuid.is_nil() && source.party != first);
    first = source.party;
    if (lead->min_us) latest_min = std::max(latest_min.value_or(*lead->min_us), *lead->min_us);
    if (lead->max_us) earliest_max = std::min(earliest_max.value_or(*lead->max_us), *lead->max_us);
  }
  if (latest_min && earliest_max && *latest_min > *earliest_max) {
    fact.by.push_back("at least " + Seconds(*latest_min - *earliest_max));
  } else {
    fact.finding = several ? Finding::kSame : Finding::kOneSideOnly;
  }
  return fact;
}

// ---- Areas ----

std::string PlaceText(const Place& place) {
  std::string text;
  for (const double degrees : {place.centre.lat_deg(), place.centre.lng_deg()}) {
    char digits[32];
    const auto end =
        std::to_chars(digits, digits + sizeof digits, degrees, std::chars_format::fixed, 6);
    text.append(text.empty() ? "" : ",").append(digits, end.ptr);
  }
  return text + ", " + Metres(static_cast<double>(place.radius_mm) / 1e3);
}

std::string AreaText(const Source& source) {
  std::string text = source.account.area;
  if (source.account.place) text += (text.empty() ? "" : "; ") + PlaceText(*source.account.place);
  return text;
}

std::optional<geo::Shape> ShapeOf(const Place& place) {
  auto circle = geo::Outline::Circle(place.centre, place.radius_mm);
  if (!circle) return std::nullopt;
  auto shape = geo::Shape::Prepare(*circle);
  return shape ? std::optional(*std::move(shape)) : std::nullopt;
}

std::optional<geo::Shape> ShapeOf(const geo::Outline& outline) {
  if (outline.vertices().size() > kAreaVerticesMax) return std::nullopt;
  auto shape = geo::Shape::Prepare(outline);
  return shape ? std::optional(*std::move(shape)) : std::nullopt;
}

// The area of a name that was spoken, if both parties have written down what they mean by it.
std::optional<geo::Shape> NamedShape(std::string_view name, const agreement::Gazetteer* gazetteer) {
  if (name.empty() || gazetteer == nullptr) return std::nullopt;
  const agreement::Place* known = gazetteer->Find(name);
  return known == nullptr ? std::nullopt : ShapeOf(known->outline);
}

bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

struct AreaFindings {
  bool differs = false;
  bool not_comparable = false;
  std::vector<std::string> by;
  void Add(std::string text) {
    if (std::find(by.begin(), by.end(), text) == by.end()) by.push_back(std::move(text));
  }
};

// A name of one against a place of the other.
void CompareNameWithPlace(const Account& named, const Account& placed,
                          const agreement::Gazetteer* gazetteer, AreaFindings* found) {
  if (named.area.empty() || !placed.place) return;
  if (!placed.area.empty() && SameName(placed.area, named.area)) return;
  const auto area = NamedShape(named.area, gazetteer);
  const auto place = ShapeOf(*placed.place);
  if (!area || !place) {
    found->not_comparable = true;
    return;
  }
  const geo::StickOut out = geo::MeasureStickOut(*area, *place, kAreaToleranceM);
  if (out.distance_m <= kAreaToleranceM) return;
  found->differs = true;
  found->Add("the place reaches " + Metres(out.distance_m) + " beyond \"" + named.area + "\"");
}

void CompareAreas(const Account& a, const Account& b, const agreement::Gazetteer* gazetteer,
                  AreaFindings* found) {
  if (!a.area.empty() && !b.area.empty() && !SameName(a.area, b.area)) {
    found->differs = true;
    found->Add("different names");
  }
  if (a.place && b.place && *a.place != *b.place) {
    const double distance_m = geo::GeodesicDistanceM(a.place->centre, b.place->centre);
    found->differs = true;
    found->Add("centres " + Metres(distance_m) + " apart");
    if (a.place->radius_mm != b.place->radius_mm) {
      found->Add(
          "radii " +
          Metres(static_cast<double>(std::abs(a.place->radius_mm - b.place->radius_mm)) / 1e3) +
          " apart");
    }
  }
  CompareNameWithPlace(a, b, gazetteer, found);
  CompareNameWithPlace(b, a, gazetteer, found);
}

// What was declared against what was said.
void CompareWithDeclared(const std::vector<Source>& sources, std::span<const RecordFacts> records,
                         const agreement::Gazetteer* gazetteer, Fact* fact) {
  const auto add = [&](std::string text) {
    if (std::find(fact->record.begin(), fact->record.end(), text) == fact->record.end()) {
      fact->record.push_back(std::move(text));
    }
  };
  for (const RecordFacts& record : records) {
    for (const geo::Outline& outline : record.outlines) {
      const auto declared = ShapeOf(outline);
      if (!declared) continue;
      for (const Source& source : sources) {
        const std::string& name = source.account.area;
        if (const auto area = NamedShape(name, gazetteer)) {
          const geo::StickOut out = geo::MeasureStickOut(*area, *declared, kAreaToleranceM);
          add("what was declared " +
              (out.distance_m <= kAreaToleranceM
                   ? "lies in \"" + name + "\""
                   : "reaches " + Metres(out.distance_m) + " beyond \"" + name + "\""));
        }
        if (source.account.place) {
          add("what was declared is " +
              Metres(geo::DistanceM(*declared, source.account.place->centre)) + " from " +
              PlaceText(*source.account.place));
        }
      }
    }
  }
}

Fact AreaFact(const std::vector<Source>& sources, std::span<const RecordFacts> records,
              const agreement::Gazetteer* gazetteer) {
  Fact fact = FactOf("area", sources, AreaText);
  if (fact.finding == Finding::kDiffers) {
    AreaFindings found;
    std::vector<base::PartyId> parties;
    for (size_t i = 0; i < sources.size(); ++i) {
      if (!AreaText(sources[i]).empty()) parties.push_back(sources[i].party);
      for (size_t j = i + 1; j < sources.size(); ++j) {
        CompareAreas(sources[i].account, sources[j].account, gazetteer, &found);
      }
    }
    if (found.differs) {
      fact.by = std::move(found.by);
    } else if (found.not_comparable) {
      fact.finding = Finding::kNotComparable;
      fact.by.emplace_back("no agreement in force says what area the name means");
    } else {
      fact.finding = parties.front() == parties.back() ? Finding::kOneSideOnly : Finding::kSame;
    }
  }
  CompareWithDeclared(sources, records, gazetteer, &fact);
  return fact;
}

void AddRecord(std::span<const RecordFacts> records, Fact* held, Fact* starts, Fact* lead) {
  for (const RecordFacts& record : records) {
    const std::string notice = "notice " + record.notice.ToString();
    if (record.released_at) {
      held->record.push_back(notice + " was released at " +
                             base::FormatRfc3339(*record.released_at) +
                             (record.received_at ? "" : " and has no receipt"));
    }
    if (record.received_at) {
      held->record.push_back(notice + " was received at " +
                             base::FormatRfc3339(*record.received_at));
    }
    if (record.starts_at == base::kTimeOpenStart) continue;
    starts->record.push_back(notice + " says " + base::FormatRfc3339(record.starts_at));
    if (!record.received_at) continue;
    lead->record.push_back(notice + " was received " +
                           Seconds(record.starts_at.us - record.received_at->us) +
                           " before its start");
  }
}

}  // namespace

std::string_view Name(Finding finding) {
  return kFindings[static_cast<size_t>(finding)];
}

std::vector<Fact> Compare(const Exchange& exchange, base::PartyId self,
                          std::span<const RecordFacts> records,
                          const agreement::Gazetteer* gazetteer) {
  const std::vector<Source> sources = SourcesOf(exchange, self);
  const auto word = [&](std::string_view name, auto member) {
    return FactOf(name, sources,
                  [&](const Source& source) { return std::string(Name(source.account.*member)); });
  };
  std::vector<Fact> facts;
  facts.push_back(FactOf("initiated_by", sources, InitiatorOf));
  facts.push_back(word("level", &Account::level));
  facts.push_back(word("channel", &Account::channel));
  facts.push_back(word("form", &Account::form));
  facts.push_back(TimeFact("scheduled_at", sources, &Account::scheduled_at));
  Fact held = TimeFact("held_at", sources, &Account::held_at);
  Fact starts = TimeFact("starts_at", sources, &Account::starts_at);
  Fact lead = LeadTimeFact(sources);
  AddRecord(records, &held, &starts, &lead);
  facts.push_back(std::move(held));
  facts.push_back(SubjectsFact(sources));
  facts.push_back(AreaFact(sources, records, gazetteer));
  facts.push_back(std::move(starts));
  facts.push_back(std::move(lead));
  return facts;
}

void WriteFacts(const std::vector<Fact>& facts, json::Writer* json) {
  const auto strings = [&](std::string_view key, const std::vector<std::string>& texts) {
    json->Key(key);
    json->BeginArray();
    for (const std::string& text : texts) json->String(text);
    json->EndArray();
  };
  json->BeginArray();
  for (const Fact& fact : facts) {
    json->BeginObject();
    json->StringField("fact", fact.name);
    json->StringField("finding", Name(fact.finding));
    json->Key("values");
    json->BeginArray();
    for (const Value& value : fact.values) {
      json->BeginObject();
      json->StringField("party", value.party.ToString());
      json->StringField("in", value.is_public ? "statement" : "account");
      json->StringField("said", value.text);
      json->EndObject();
    }
    json->EndArray();
    strings("record", fact.record);
    strings("by", fact.by);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace wideberth::exchange
