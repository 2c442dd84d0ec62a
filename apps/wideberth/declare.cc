#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "airspace/notice.h"
#include "apps/wideberth/commands.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "formats/notice_file.h"
#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using airspace::Declaration;
using base::Result;

// The option is the field of what `parsed` refuses.
template <class T>
Result<T> Of(std::string_view option, Result<T> parsed) {
  if (parsed) return parsed;
  return base::Fail(std::move(parsed).error().Under(option));
}

template <class Enum>
Result<void> TakeWord(std::string_view option, const std::string& text, Enum* word) {
  if (text.empty()) return {};
  WB_ASSIGN_OR_RETURN(*word, Of(option, airspace::ParseName<Enum>(text)));
  return {};
}

Result<geo::Outline> TakeOutline(const DeclareOptions& options) {
  const int given = !options.circle.empty() + !options.polygon.empty() + !options.corridor.empty();
  if (given != 1) {
    return base::Invalid("--circle",
                         "must be the one outline given, or --polygon, or --corridor, or a FILE");
  }
  if (!options.circle.empty()) return Of("--circle", ParseCircle(options.circle));
  if (!options.polygon.empty()) return Of("--polygon", ParsePolygon(options.polygon));
  return Of("--corridor", ParseCorridor(options.corridor));
}

Result<airspace::Volume4D> TakeVolume(const DeclareOptions& options, const Declaration& declaration,
                                      base::UtcMicros now) {
  WB_ASSIGN_OR_RETURN(geo::Outline outline, TakeOutline(options));
  const auto required = [](std::string_view option, const std::string& text) -> Result<void> {
    if (text.empty()) return base::Invalid(option, "must be given, or a FILE");
    return {};
  };
  WB_RETURN_IF_ERROR(required("--lower", options.lower));
  WB_RETURN_IF_ERROR(required("--upper", options.upper));
  WB_RETURN_IF_ERROR(required("--end", options.end));
  airspace::HeightBand band;
  WB_ASSIGN_OR_RETURN(band.lower, Of("--lower", ParseAltitude(options.lower, false)));
  WB_ASSIGN_OR_RETURN(band.upper, Of("--upper", ParseAltitude(options.upper, true)));
  airspace::TimeWindow window{now, base::kTimeOpenEnd};
  if (!options.start.empty()) {
    WB_ASSIGN_OR_RETURN(window.start, Of("--start", ParseTime(options.start, now, now)));
  }
  if (options.end != "open") {
    WB_ASSIGN_OR_RETURN(window.end, Of("--end", ParseTime(options.end, now, window.start)));
  } else if (declaration.kind == airspace::NoticeKind::kActivity) {
    return base::Invalid("--end", "must be a time for an activity", options.end);
  }
  return airspace::Volume4D{std::move(outline), band, window, {}, {}};
}

// What the flags say, as one declaration.
Result<Declaration> FromFlags(const DeclareOptions& options, airspace::DataMode mode,
                              base::UtcMicros now) {
  Declaration declaration;
  declaration.data_mode = mode;
  WB_RETURN_IF_ERROR(TakeWord("--kind", options.kind, &declaration.kind));
  if (declaration.kind == airspace::NoticeKind::kHazard) {
    if (options.class_name.empty()) return base::Invalid("--class", "must be given for a hazard");
    WB_RETURN_IF_ERROR(TakeWord("--class", options.class_name, &declaration.hazard_class));
    WB_RETURN_IF_ERROR(TakeWord("--source", options.source, &declaration.hazard_source));
  } else {
    declaration.activity_class = options.class_name;
  }
  WB_RETURN_IF_ERROR(TakeWord("--confidence", options.confidence, &declaration.confidence));
  declaration.unplanned = options.unplanned;
  declaration.name = options.name;
  declaration.role_to_call = options.role_to_call;
  declaration.frequency = options.frequency;
  for (const std::string& party : options.may_tell) {
    WB_ASSIGN_OR_RETURN(const base::PartyId id, Of("--may-tell", base::PartyId::Parse(party)));
    declaration.may_tell.push_back(id);
  }
  WB_ASSIGN_OR_RETURN(airspace::Volume4D volume, TakeVolume(options, declaration, now));
  declaration.volumes.push_back(std::move(volume));
  if (auto valid = airspace::ValidateDeclaration(declaration); !valid) {
    return base::Fail(std::move(valid).error());
  }
  return declaration;
}

Result<std::vector<Declaration>> TakeDeclarations(Remote* remote, const DeclareOptions& options) {
  std::vector<Declaration> declarations;
  if (!options.file.empty()) {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
    Result<formats::NoticeFile> file = formats::ReadNoticeFile(text);
    if (!file) return base::Fail(std::move(file).error().Under(options.file + ": "));
    for (formats::NoticeEntry& entry : file->notices) {
      declarations.push_back(std::move(entry.declaration));
    }
    return declarations;
  }
  airspace::DataMode mode = airspace::DataMode::kReal;
  WB_RETURN_IF_ERROR(TakeWord("--mode", options.mode, &mode));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote->Now(mode));
  WB_ASSIGN_OR_RETURN(Declaration declaration, FromFlags(options, mode, now));
  declarations.push_back(std::move(declaration));
  return declarations;
}

void PrintConflicts(std::vector<ConflictRow> conflicts) {
  if (conflicts.empty()) return Print(Paint(Style::kGreen, "no conflicts") + "\n");
  SortByTime(&conflicts);
  const auto alarmed = static_cast<size_t>(std::count_if(
      conflicts.begin(), conflicts.end(), [](const ConflictRow& row) { return row.alarmed(); }));
  Print(fmt::format("{} conflict{}{}\n", conflicts.size(), conflicts.size() == 1 ? "" : "s",
                    alarmed == conflicts.size()
                        ? ":"
                        : fmt::format(", {} of them listed only:", conflicts.size() - alarmed)));
  PrintTable(ConflictTable(conflicts));
}

void PrintStored(const Declaration& declaration, const Stored& stored, Keep keep, bool is_person) {
  std::string line =
      fmt::format("{} {} {}, version {}, {}\n",
                  keep == Keep::kHeld    ? "held plan of"
                  : keep == Keep::kDraft ? "draft of"
                                         : "declared",
                  airspace::Name(declaration.kind), Paint(Style::kBold, stored.notice),
                  stored.version_number, airspace::Name(declaration.data_mode));
  if (stored.lead_time_s > 0) {
    line +=
        fmt::format("starts in {}", DurationText(static_cast<int64_t>(stored.lead_time_s * 1e6)));
    line += stored.late ? Paint(Style::kYellow, ": LATE, less notice than agreed") + "\n" : "\n";
  } else if (stored.late) {
    line += Paint(Style::kYellow, "LATE: it has started already") + "\n";
  }
  Print(line);
  if (keep != Keep::kDraft) return PrintConflicts(stored.conflicts);
  if (!is_person) return;
  Print(Paint(Style::kYellow, "not sent") +
        fmt::format(": a second person checks it with `wideberth notice check {0}`, then "
                    "`wideberth notice release {0}`\n",
                    stored.notice.substr(0, 8)));
}

Result<int> CheckOnly(const Session& session, Remote* remote, const Declaration& declaration) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("declaration");
  formats::WriteDeclaration(&json, declaration);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const std::string answer,
                      remote->Call(net::Method::kPost, "/v1/check", body));
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(answer, limits::kHttpClientBodyBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array list, object.RequiredArray("conflicts", SIZE_MAX));
  std::vector<ConflictRow> rows;
  for (const json::Value value : list) {
    WB_ASSIGN_OR_RETURN(ConflictRow row, ReadConflictRow(value));
    rows.push_back(std::move(row));
  }
  const bool alarmed =
      std::any_of(rows.begin(), rows.end(), [](const ConflictRow& row) { return row.alarmed(); });
  if (session.json) {
    Print(answer + "\n");
  } else {
    PrintConflicts(std::move(rows));
  }
  return alarmed ? kExitRefused : kExitOk;
}

// In line mode a person's declaration is a draft until a second person has checked it and it is released; only what is
// happening already is told at once.
Keep KeepOf(const Remote& remote, const Declaration& declaration, const DeclareOptions& options) {
  if (options.held) return Keep::kHeld;
  if (options.draft) return Keep::kDraft;
  return remote.is_person() && !declaration.unplanned ? Keep::kDraft : Keep::kReleased;
}

// In line mode: an unplanned hazard is released in one act.
Result<Stored> ReleaseUnplanned(Remote* remote, base::NoticeId id, const Declaration& declaration,
                                const std::string& replaces) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", "release");
  json.StringField("notice", id.ToString());
  if (!replaces.empty()) json.StringField("previous", replaces);
  json.Key("declaration");
  formats::WriteDeclaration(&json, declaration);
  json.StringField("check", "none");
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const Acted acted, remote->PostAct(body));
  if (!acted.decision) return base::Invalid("/decision", "must be in the node's answer");
  return *acted.decision;
}

Result<Stored> Store(Remote* remote, base::NoticeId id, const Declaration& declaration,
                     const DeclareOptions& options, const std::string& replaces) {
  const Keep keep = KeepOf(*remote, declaration, options);
  if (remote->is_person() && keep == Keep::kReleased) {
    return ReleaseUnplanned(remote, id, declaration, replaces);
  }
  return remote->PutNotice(id, declaration, keep, replaces);
}

Result<base::NoticeId> TakeId(const DeclareOptions& options) {
  if (options.id.empty()) return base::NoticeId{base::SystemRandom().NewUuidV4()};
  return Of("--id", base::NoticeId::Parse(options.id));
}

}  // namespace

Result<int> RunDeclare(const Session& session, const DeclareOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::vector<Declaration> declarations,
                      TakeDeclarations(&remote, options));
  if (declarations.size() != 1 && (!options.id.empty() || !options.replaces.empty())) {
    return base::Invalid("--id", "must be left out for a file of several declarations",
                         options.file);
  }
  std::string answers;
  int code = kExitOk;
  for (const Declaration& declaration : declarations) {
    if (options.check_only) {
      WB_ASSIGN_OR_RETURN(const int found, CheckOnly(session, &remote, declaration));
      code = std::max(code, found);
      continue;
    }
    WB_ASSIGN_OR_RETURN(const base::NoticeId id, TakeId(options));
    std::string replaces;
    if (!options.replaces.empty()) {
      WB_ASSIGN_OR_RETURN(replaces, remote.VersionDigest(id.ToString(), options.replaces));
    }
    WB_ASSIGN_OR_RETURN(const Stored stored, Store(&remote, id, declaration, options, replaces));
    if (session.json) {
      answers.append(answers.empty() ? "" : ",").append(stored.body);
    } else {
      PrintStored(declaration, stored, KeepOf(remote, declaration, options), remote.is_person());
    }
  }
  if (session.json && !options.check_only) {
    Print(declarations.size() == 1 ? answers + "\n" : "[" + answers + "]\n");
  }
  return code;
}

}  // namespace wideberth::cli
