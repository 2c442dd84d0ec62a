#include "airspace/notice.h"

#include <fmt/format.h>

#include <limits>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr size_t kAnyBytes = std::numeric_limits<size_t>::max();

// A notice as the node writes it, as far as people want to read it.
struct NoticeText {
  std::string id, party, kind, mode, activity, author, version;
  bool late = false;
  airspace::Declaration declaration;
};

Result<NoticeText> ReadNotice(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  NoticeText notice;
  WB_ASSIGN_OR_RETURN(notice.id, object.RequiredString("id", kAnyBytes));
  WB_ASSIGN_OR_RETURN(json::Object party, object.RequiredObject("party"));
  WB_ASSIGN_OR_RETURN(notice.party, party.RequiredString("id", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const auto name, party.OptionalString("name", kAnyBytes));
  if (name) notice.party = *name;
  WB_ASSIGN_OR_RETURN(notice.kind, object.RequiredString("kind", kAnyBytes));
  WB_ASSIGN_OR_RETURN(notice.mode, object.RequiredString("data_mode", kAnyBytes));
  WB_ASSIGN_OR_RETURN(notice.activity, object.RequiredString("activity", kAnyBytes));
  WB_ASSIGN_OR_RETURN(json::Object latest, object.RequiredObject("latest"));
  WB_ASSIGN_OR_RETURN(const int64_t number, latest.RequiredInt64("number", 0, INT64_MAX));
  notice.version = std::to_string(number);
  WB_ASSIGN_OR_RETURN(notice.author, latest.RequiredString("author", kAnyBytes));
  WB_ASSIGN_OR_RETURN(notice.late, latest.RequiredBool("late"));
  WB_ASSIGN_OR_RETURN(const json::Value declaration, latest.Required("declaration"));
  WB_ASSIGN_OR_RETURN(notice.declaration, formats::DecodeDeclaration(declaration));
  return notice;
}

std::string ClassText(const airspace::Declaration& declaration) {
  switch (declaration.kind) {
    case airspace::NoticeKind::kActivity:
      return declaration.activity_class;
    case airspace::NoticeKind::kHazard:
      return std::string(airspace::Name(declaration.hazard_class));
    case airspace::NoticeKind::kZone:
      return std::string(airspace::Name(declaration.restriction));
    case airspace::NoticeKind::kProtectedSite:
      break;
  }
  return {};
}

std::string OutlineText(const geo::Outline& outline) {
  const geo::Position first = outline.vertices()[0];
  const std::string place = fmt::format("{:.4f},{:.4f}", first.lat_deg(), first.lng_deg());
  switch (outline.kind()) {
    case geo::OutlineKind::kCircle:
      return fmt::format("circle of {} round {}", formats::DistanceText(outline.buffer_mm()),
                         place);
    case geo::OutlineKind::kCorridor:
      return fmt::format("corridor of {} points from {}, {} to either side",
                         outline.vertices().size(), place,
                         formats::DistanceText(outline.buffer_mm()));
    case geo::OutlineKind::kPolygon:
      break;
  }
  return fmt::format("polygon of {} vertices from {}", outline.vertices().size(), place);
}

std::string BandText(const airspace::HeightBand& band) {
  return formats::AltitudeText(band.lower) + " to " + formats::AltitudeText(band.upper);
}

std::string WindowText(const airspace::TimeWindow& window) {
  return formats::TimeText(window.start) + " to " + formats::TimeText(window.end);
}

std::string StateText(const NoticeText& notice) {
  std::string text = notice.author == "released" ? notice.activity : notice.author;
  return notice.late ? text + ", late" : text;
}

Table VolumesTable(const airspace::Declaration& declaration) {
  Table table({{"WHERE", Fit::kWrap}, {"HEIGHT", Fit::kWrap}, {"WHEN", Fit::kWrap}});
  for (const airspace::Volume4D& volume : declaration.volumes) {
    table.AddRow(
        {{OutlineText(volume.outline)}, {BandText(volume.band)}, {WindowText(volume.window)}});
  }
  return table;
}

void PrintRecipients(json::Object notice) {
  const auto recipients = notice.OptionalArray("recipients", kAnyBytes);
  if (!recipients || !*recipients) return;
  for (const json::Value value : **recipients) {
    auto object = value.AsObject();
    if (!object) continue;
    std::string line;
    if (auto party = object->RequiredObject("party"); party) {
      line = party->OptionalString("name", kAnyBytes).value_or(std::nullopt).value_or("?");
    }
    for (const auto& [key, words] :
         {std::pair("received_at", "received"), std::pair("cosigned_at", "recorded"),
          std::pair("read_back_at", "read back"), std::pair("assessment", "assessed"),
          std::pair("need_time_until", "needs time until"), std::pair("units_told", "units told"),
          std::pair("own_aircraft_clear", "own aircraft clear"),
          std::pair("disregarded_at", "disregarded")}) {
      const auto text = object->OptionalString(key, kAnyBytes);
      if (text && *text) line += fmt::format(", {} {}", words, **text);
    }
    if (const auto counts = object->OptionalBool("assessment_counts"); counts && *counts == false) {
      line += " (of a version that was superseded)";
    }
    Print("  " + Printable(line) + "\n");
  }
}

// What an act on a notice has led to.
void ReportAct(const Session& session, const Stored& stored, std::string_view done) {
  if (session.json) return Print(stored.body + "\n");
  const size_t conflicts = stored.conflicts.size();
  Print(fmt::format(
      "{}: {}, version {}; {}\n", Paint(Style::kBold, stored.notice), done, stored.version_number,
      conflicts == 0 ? "no conflicts" : fmt::format("{} in conflict with it", conflicts)));
}

struct OpenNotice {
  Remote remote;
  std::string id;
};
Result<OpenNotice> Open(const Session& session, const NoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(std::string id, remote.ResolveNotice(options.id));
  return OpenNotice{std::move(remote), std::move(id)};
}

// What an act is called: on a node that several parties share, and as a signed act in line mode.
struct ActName {
  std::string_view shared;
  std::string_view signed_act;
};

// {"version":DIGEST, ...}; `fill(json, is_person)` writes what comes besides.
template <class Fill>
Result<int> ActOnVersion(const Session& session, const NoticeOptions& options, ActName act,
                         std::string_view done, Fill fill) {
  WB_ASSIGN_OR_RETURN(OpenNotice open, Open(session, options));
  WB_ASSIGN_OR_RETURN(const std::string digest,
                      open.remote.VersionDigest(open.id, options.version));
  const bool is_person = open.remote.is_person();
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  if (is_person) {
    json.StringField("act", act.signed_act);
    json.StringField("notice", open.id);
  }
  json.StringField("version", digest);
  fill(&json, is_person);
  json.EndObject();
  if (!is_person) {
    WB_ASSIGN_OR_RETURN(const Stored stored, open.remote.Act(open.id, act.shared, body));
    ReportAct(session, stored, done);
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const Acted acted, open.remote.PostAct(body));
  if (acted.decision) {
    ReportAct(session, *acted.decision, done);
  } else {
    Print(session.json ? acted.body + "\n" : fmt::format("{}: {}\n", open.id, done));
  }
  return kExitOk;
}

std::string ListQuery(const NoticeOptions& options) {
  std::string query = options.all ? "" : "in_force=true";
  for (const auto& [key, value] :
       {std::pair("data_mode", &options.mode), std::pair("party", &options.party),
        std::pair("kind", &options.kind)}) {
    if (value->empty()) continue;
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", key, net::PercentEncode(*value));
  }
  return query;
}

}  // namespace

Result<int> RunNoticeList(const Session& session, const NoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  const std::string query = ListQuery(options);
  if (options.geojson) {
    WB_ASSIGN_OR_RETURN(const std::string text, remote.CollectGeoJson("/v1/notices", query));
    Print(text + "\n");
    return kExitOk;
  }
  if (session.json) {
    WB_ASSIGN_OR_RETURN(const std::string text, remote.Collect("/v1/notices", query, "notices"));
    Print(text + "\n");
    return kExitOk;
  }
  Table table({{"ID"},
               {"PARTY"},
               {"WHAT", Fit::kWrap},
               {"STATE"},
               {"HEIGHT", Fit::kWrap},
               {"WHEN", Fit::kWrap},
               {"VOLUMES", Fit::kRight}});
  const auto add = [&](const json::Value& value) -> Result<bool> {
    WB_ASSIGN_OR_RETURN(const NoticeText notice, ReadNotice(value));
    const airspace::Declaration& declaration = notice.declaration;
    std::string what = notice.kind + " " + ClassText(declaration);
    if (!declaration.name.empty()) what += " \"" + declaration.name + "\"";
    if (notice.mode != "REAL") what += " " + notice.mode;
    table.AddRow({{notice.id, Style::kDim},
                  {notice.party},
                  {what, Style::kBold},
                  {StateText(notice)},
                  {BandText(declaration.volumes[0].band)},
                  {WindowText(declaration.volumes[0].window)},
                  {std::to_string(declaration.volumes.size())}});
    return true;
  };
  WB_RETURN_IF_ERROR(remote.Walk("/v1/notices", query, "notices", add));
  if (table.rows() == 0) {
    Print("no notices\n");
  } else {
    PrintTable(table);
  }
  return kExitOk;
}

Result<int> RunNoticeShow(const Session& session, const NoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(OpenNotice open, Open(session, options));
  WB_ASSIGN_OR_RETURN(const std::string body,
                      open.remote.Call(net::Method::kGet, "/v1/notices/" + open.id));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kHttpClientBodyBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value value, object.Required("notice"));
  WB_ASSIGN_OR_RETURN(const NoticeText notice, ReadNotice(value));
  const airspace::Declaration& declaration = notice.declaration;
  Print(fmt::format("{} {} {} of {}, {}, version {}: {}\n", Paint(Style::kBold, notice.id),
                    notice.kind, ClassText(declaration), notice.party, notice.mode, notice.version,
                    StateText(notice)));
  if (!declaration.name.empty()) Print("  name " + Printable(declaration.name) + "\n");
  if (!declaration.role_to_call.empty() || !declaration.frequency.empty()) {
    Print("  call " + Printable(declaration.role_to_call + " " + declaration.frequency) + "\n");
  }
  PrintTable(VolumesTable(declaration));
  WB_ASSIGN_OR_RETURN(const json::Object whole, value.AsObject());
  PrintRecipients(whole);
  if (const auto third_parties = object.Find("third_parties")) {
    WB_ASSIGN_OR_RETURN(const json::Array list, third_parties->AsArray(SIZE_MAX));
    for (const json::Value each : list) {
      const std::string told_at = TextAt(each, "told_at");
      const std::string receipt = TextAt(each, "receipt");
      Print(fmt::format(
          "  {} by {}, of {}: {}{}\n", Printable(TextAt(each, "name")),
          TextAt(each, "told_by.name"), TextAt(each, "version").substr(0, 8),
          told_at.empty() ? "to be told by " + TextAt(each, "due_at") : "told " + told_at,
          receipt.empty() ? "" : ", " + Printable(receipt)));
    }
  }
  return kExitOk;
}

Result<int> RunNoticeWithdraw(const Session& session, const NoticeOptions& options) {
  return ActOnVersion(session, options, {"withdraw", "withdraw"}, "withdrawn",
                      [](json::Writer*, bool) {});
}

Result<int> RunNoticeAssess(const Session& session, const NoticeOptions& options) {
  std::string until = options.until;
  if (until.starts_with('+') || until == "now") {
    return base::Invalid("--until", "must be a time with its zone, as 2026-11-21T10:00:00Z", until);
  }
  return ActOnVersion(session, options, {"assessment", "assess"}, options.assessment,
                      [&](json::Writer* json, bool is_person) {
                        json->StringField("assessment", options.assessment);
                        if (until.empty()) return;
                        json->StringField(is_person ? "until" : "need_time_until", until);
                      });
}

Result<int> RunNoticeTold(const Session& session, const NoticeOptions& options) {
  if (!options.third_party.empty()) {
    if (options.units || options.clear) {
      return base::Invalid("--third-party", "must be given without --units and --clear");
    }
    WB_ASSIGN_OR_RETURN(const Remote person, OpenAsPerson(session));  // for people alone
    return ActOnVersion(session, options, {"", "mark_told"}, "told", [&](json::Writer* json, bool) {
      json->StringField("third_party", options.third_party);
      if (!options.receipt.empty()) json->StringField("receipt", options.receipt);
    });
  }
  if (!options.receipt.empty()) {
    return base::Invalid("--receipt", "must be given with --third-party");
  }
  if (!options.units && !options.clear) {
    return base::Invalid("--units", "must be given, or --clear, or both, or --third-party");
  }
  const std::string_view done = options.units && options.clear ? "units told, own aircraft clear"
                                : options.units                ? "units told"
                                                               : "own aircraft clear";
  WB_ASSIGN_OR_RETURN(OpenNotice open, Open(session, options));
  if (open.remote.is_person()) {
    return ActOnVersion(session, options, {"", "tell_units"}, done, [&](json::Writer* json, bool) {
      json->BoolField("units_told", options.units);
      json->BoolField("own_aircraft_clear", options.clear);
    });
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  if (options.units) json.BoolField("units_told", true);
  if (options.clear) json.BoolField("own_aircraft_clear", true);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const Stored stored, open.remote.Act(open.id, "dissemination", body));
  ReportAct(session, stored, done);
  return kExitOk;
}

Result<int> RunActivity(const Session& session, const NoticeOptions& options,
                        std::string_view activity) {
  const ActName act{"activity", activity == "active" ? "set_active" : "set_ended"};
  return ActOnVersion(session, options, act, activity, [&](json::Writer* json, bool is_person) {
    if (!is_person) json->StringField("activity", activity);
  });
}

Result<int> RunAllClear(const Session& session, const NoticeOptions& options) {
  return ActOnVersion(session, options, {"all_clear", "all_clear"},
                      options.no_longer_observed ? "no longer observed" : "all clear",
                      [&](json::Writer* json, bool is_person) {
                        if (is_person || options.no_longer_observed) {
                          json->BoolField("no_longer_observed", options.no_longer_observed);
                        }
                      });
}

}  // namespace wideberth::cli
