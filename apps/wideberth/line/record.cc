// Timelines, "was the other side informed", exports and reports: made here, of the signed entries, whoever hands them
// over (timeline/timeline.h).
#include "apps/wideberth/line/record.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/program.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"
#include "line/party_card.h"
#include "record/signed_note.h"
#include "timeline/after_action.h"
#include "timeline/line_text.h"
#include "timeline/timeline.h"

namespace wideberth::cli {
namespace {

using base::Fail;
using base::Invalid;
using base::Result;
using base::UtcMicros;
using timeline::Event;
using timeline::Party;
using timeline::Timeline;

constexpr size_t kExportBytesMax = size_t{1} << 30;

// Both logs with what they are checked with; no card, no entry and no head has been believed yet.
struct Raw {
  std::array<timeline::LogText, 2> logs;
  std::string frozen;  // of an export: what it says of itself, JSON
};

Result<void> ReadParty(const json::Value& value, timeline::LogText* log) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  WB_ASSIGN_OR_RETURN(log->writer, object.RequiredParsed("id", 36, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(const json::Array cards, object.RequiredArray("cards", 1'024));
  log->cards.clear();
  for (const json::Value card : cards) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, card.AsString(limits::kEnvelopeBytesMax));
    log->cards.emplace_back(text);
  }
  return {};
}

Result<void> ReadHeads(const json::Array& array, timeline::LogText* log) {
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(const std::string_view note, value.AsString(record::kSignedNoteBytesMax));
    log->heads.emplace_back(note);
  }
  return {};
}

Result<std::vector<line::LogEntry>> ReadEntries(const json::Array& array) {
  std::vector<line::LogEntry> entries;
  entries.reserve(array.size());
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
    line::LogEntry entry;
    WB_ASSIGN_OR_RETURN(const std::string_view envelope,
                        object.RequiredString("envelope", limits::kEnvelopeBytesMax));
    WB_ASSIGN_OR_RETURN(const auto beside,
                        object.OptionalString("beside", limits::kMessageBodyBesideBytesMax));
    entry.envelope = std::make_shared<const std::string>(envelope);
    if (beside) entry.body_beside = std::make_shared<const std::string>(*beside);
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<Raw> LoadFromNode(const Session& session, const std::string& given_peer) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, given_peer));
  Raw raw;
  // The peer's first: what it names of ours is then there.
  for (const size_t log : {size_t{1}, size_t{0}}) {
    Progress progress(log == 0 ? "our log" : "their log");
    std::string after = "0";
    while (!after.empty()) {
      WB_ASSIGN_OR_RETURN(const json::Document page,
                          remote.GetJson(fmt::format("/v1/lines/{}/entries?writer={}&after={}",
                                                     peer, log == 0 ? "ours" : "theirs", after)));
      WB_ASSIGN_OR_RETURN(json::Object object, page.root().AsObject());
      WB_ASSIGN_OR_RETURN(const json::Array parties, object.RequiredArray("parties", 2));
      if (parties.size() != 2) return object.Refuse("parties", "must be two");
      size_t place = 0;
      for (const json::Value value : parties) {
        WB_RETURN_IF_ERROR(ReadParty(value, &raw.logs[place++]));
      }
      WB_ASSIGN_OR_RETURN(const json::Array array, object.RequiredArray("entries", SIZE_MAX));
      WB_ASSIGN_OR_RETURN(std::vector<line::LogEntry> entries, ReadEntries(array));
      WB_ASSIGN_OR_RETURN(const json::Array heads, object.RequiredArray("heads", SIZE_MAX));
      WB_RETURN_IF_ERROR(ReadHeads(heads, &raw.logs[log]));
      std::vector<line::LogEntry>& all = raw.logs[log].entries;
      std::move(entries.begin(), entries.end(), std::back_inserter(all));
      progress.Set(all.size());
      after = TextAt(page.root(), "next");
    }
  }
  return raw;
}

Result<Raw> LoadFromText(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text, kExportBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_RETURN_IF_ERROR(object.RequiredInt64("wideberth_incident", 1, 1));
  Raw raw;
  WB_ASSIGN_OR_RETURN(const json::Object frozen, object.RequiredObject("frozen"));
  raw.frozen = frozen.AsValue().ToJson();
  WB_ASSIGN_OR_RETURN(const json::Array parties, object.RequiredArray("parties", 2));
  WB_ASSIGN_OR_RETURN(const json::Array logs, object.RequiredArray("logs", 2));
  WB_ASSIGN_OR_RETURN(const json::Array heads, object.RequiredArray("heads", 2));
  if (parties.size() != 2 || logs.size() != 2 || heads.size() != 2) {
    return object.Refuse("logs", "must be two, as must parties and heads");
  }
  size_t place = 0;
  for (const json::Value value : parties) {
    WB_RETURN_IF_ERROR(ReadParty(value, &raw.logs[place++]));
  }
  place = 0;
  for (const json::Value value : logs) {
    WB_ASSIGN_OR_RETURN(const json::Array array, value.AsArray(SIZE_MAX));
    WB_ASSIGN_OR_RETURN(raw.logs[place++].entries, ReadEntries(array));
  }
  place = 0;
  for (const json::Value value : heads) {
    WB_ASSIGN_OR_RETURN(const json::Array array, value.AsArray(SIZE_MAX));
    WB_RETURN_IF_ERROR(ReadHeads(array, &raw.logs[place++]));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return raw;
}

Result<Raw> Load(const Session& session, const RecordOptions& options) {
  if (options.file.empty()) return LoadFromNode(session, options.peer);
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  auto raw = LoadFromText(text);
  if (!raw) return Fail(std::move(raw).error().Under(options.file + ": "));
  return raw;
}

// A line whose cards, heads and entries have been checked here.
struct Checked {
  std::array<Party, 2> parties;
  Timeline timeline;
};

Result<Checked> Check(Raw raw) {
  WB_ASSIGN_OR_RETURN(timeline::CheckedLine line, timeline::CheckLine(std::move(raw.logs)));
  WB_ASSIGN_OR_RETURN(Timeline timeline, Timeline::Make(std::move(line.logs)));
  return Checked{std::move(line.parties), std::move(timeline)};
}

// ---- What is asked

Result<std::optional<geo::Outline>> AreaOf(const RecordOptions& options) {
  if (options.circle.empty() && options.polygon.empty()) return std::optional<geo::Outline>();
  if (!options.circle.empty() && !options.polygon.empty()) {
    return Invalid("--polygon", "must not be given with --circle");
  }
  const bool circle = !options.circle.empty();
  auto outline = circle ? ParseCircle(options.circle) : ParsePolygon(options.polygon);
  if (!outline) {
    return Fail(std::move(outline).error().Under(circle ? "--circle" : "--polygon"));
  }
  return std::optional(*std::move(outline));
}

Result<airspace::TimeWindow> WindowOf(const RecordOptions& options) {
  airspace::TimeWindow window{base::kTimeOpenStart, base::kTimeOpenEnd};
  const UtcMicros now = base::SystemClock().Now();
  const auto take = [&](const std::string& text, const char* option,
                        UtcMicros* time) -> Result<void> {
    if (text.empty()) return {};
    const Result<UtcMicros> parsed = ParseTime(text, now, now);
    if (!parsed) return Fail(base::Error(parsed.error()).Under(option));
    *time = *parsed;
    return {};
  };
  WB_RETURN_IF_ERROR(take(options.from, "--start", &window.start));
  WB_RETURN_IF_ERROR(take(options.to, "--end", &window.end));
  if (window.end <= window.start) return Invalid("--end", "must be after --start", options.to);
  return window;
}

Result<std::vector<const Event*>> Selected(const Timeline& timeline, const RecordOptions& options) {
  timeline::Filter filter;
  if (!options.notice.empty()) {
    const auto id = base::NoticeId::Parse(options.notice);
    if (!id) return Fail(base::Error(id.error()).Under("--notice"));
    filter.notice = *id;
  }
  if (!options.matter.empty()) {
    const auto id = base::Uuid::ParseV4(options.matter);
    if (!id) return Fail(base::Error(id.error()).Under("--matter"));
    filter.matter = *id;
  }
  WB_ASSIGN_OR_RETURN(filter.area, AreaOf(options));
  if (!options.from.empty() || !options.to.empty()) {
    WB_ASSIGN_OR_RETURN(filter.window, WindowOf(options));
  }
  filter.with_machines = options.machines;
  return timeline::Select(timeline, filter);
}

// ---- Shown

std::string TimeText(const std::optional<UtcMicros>& time) {
  return time ? base::FormatRfc3339(*time) : "-";
}

void PrintEvents(const std::vector<const Event*>& events, const std::array<Party, 2>& parties) {
  Table table({{"SAID (WRITER'S CLOCK)"},
               {"RECEIVED (OTHER'S CLOCK)"},
               {"BETWEEN (OTHER'S CLOCK)", Fit::kWrap},
               {"WHO"},
               {"WHAT", Fit::kWrap},
               {"ABOUT"}});
  for (const Event* event : events) {
    std::string about = event->notice ? event->notice->ToString().substr(0, 8) : "";
    if (event->matter && about.empty()) about = event->matter->ToString().substr(0, 8);
    table.AddRow({{base::FormatRfc3339(event->said_at)},
                  {TimeText(event->received_at)},
                  {record::FormatInterval(event->when), Style::kDim},
                  {parties[event->log].name, Style::kBold},
                  {Printable(timeline::Words(*event))},
                  {about, Style::kDim}});
  }
  PrintTable(table);
}

void PrintPrefix(const Timeline& timeline, const std::array<Party, 2>& parties) {
  for (const size_t i : {size_t{0}, size_t{1}}) {
    Print(fmt::format("{}: {} entries, root {}, fingerprint {}\n", parties[i].name,
                      timeline.size(i), timeline.root(i).ToHex().substr(0, 16),
                      parties[i].fingerprint));
  }
}

}  // namespace

Result<int> RunTimeline(const Session& session, const RecordOptions& options) {
  WB_ASSIGN_OR_RETURN(Raw raw, Load(session, options));
  WB_ASSIGN_OR_RETURN(const Checked checked, Check(std::move(raw)));
  const Timeline& timeline = checked.timeline;
  WB_ASSIGN_OR_RETURN(const std::vector<const Event*> events, Selected(timeline, options));
  if (!session.json) {
    PrintEvents(events, checked.parties);
    PrintPrefix(timeline, checked.parties);
    return kExitOk;
  }
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Key("events");
  json.BeginArray();
  for (const Event* event : events) timeline::WriteEvent(*event, checked.parties, &json);
  json.EndArray();
  timeline::WritePrefix(timeline, checked.parties, &json);
  json.EndObject();
  Print(text + "\n");
  return kExitOk;
}

Result<int> RunWasNotified(const Session& session, const RecordOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::optional<geo::Outline> area, AreaOf(options));
  if (!area) return Invalid("--circle", "must be given, or --polygon");
  WB_ASSIGN_OR_RETURN(const airspace::TimeWindow window, WindowOf(options));
  auto lower = ParseAltitude(options.lower.empty() ? "SFC" : options.lower, false);
  if (!lower) return Fail(std::move(lower).error().Under("--lower"));
  auto upper = ParseAltitude(options.upper.empty() ? "UNL" : options.upper, true);
  if (!upper) return Fail(std::move(upper).error().Under("--upper"));
  auto mode = airspace::ParseName<airspace::DataMode>(options.mode);
  if (!mode) return Fail(std::move(mode).error().Under("--mode"));
  WB_ASSIGN_OR_RETURN(Raw raw, Load(session, options));
  WB_ASSIGN_OR_RETURN(const Checked checked, Check(std::move(raw)));
  const Timeline& timeline = checked.timeline;
  const size_t teller = options.teller == "them" ? 1 : 0;
  const timeline::Question question{teller, *mode, {*area, {*lower, *upper}, window, {}, {}}};
  WB_ASSIGN_OR_RETURN(const std::vector<timeline::Told> told,
                      timeline::WasNotified(timeline, question, {}));
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("teller", checked.parties[teller].name);
    timeline::WriteTold(told, checked.parties, &json);
    timeline::WritePrefix(timeline, checked.parties, &json);
    json.EndObject();
    Print(text + "\n");
    return kExitOk;
  }
  for (const timeline::Told& item : told) {
    Print(fmt::format("{} {}{}: notice {}, said {}, received {}, read back {}{}\n",
                      checked.parties[teller].name, timeline::Words(*item.release),
                      item.verdict == airspace::Verdict::kPossible ? " (possibly there)" : "",
                      item.release->notice->ToString(), base::FormatRfc3339(item.release->said_at),
                      TimeText(item.received_at), TimeText(item.read_back_at),
                      item.withdrawn_at ? ", withdrawn " + TimeText(item.withdrawn_at) : ""));
  }
  if (told.empty()) {
    Print(fmt::format("nothing up to entry {} of the log of {}, root {}\n", timeline.size(teller),
                      checked.parties[teller].name, timeline.root(teller).ToHex()));
  }
  return kExitOk;
}

Result<int> RunIncidentExport(const Session& session, const RecordOptions& options) {
  WB_ASSIGN_OR_RETURN(const Raw raw, LoadFromNode(session, options.peer));
  WB_ASSIGN_OR_RETURN(const Checked checked, Check(raw));
  const Timeline& timeline = checked.timeline;
  WB_ASSIGN_OR_RETURN(const std::vector<const Event*> events, Selected(timeline, options));
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Uint64Field("wideberth_incident", 1);
  json.Key("frozen");
  json.BeginObject();
  json.StringField("at", base::FormatRfc3339(base::SystemClock().Now()));
  timeline::WritePrefix(timeline, checked.parties, &json);
  json.Key("incident");
  json.BeginArray();
  for (const Event* event : events) timeline::WriteEvent(*event, checked.parties, &json);
  json.EndArray();
  json.EndObject();
  json.Key("parties");
  json.BeginArray();
  for (const timeline::LogText& log : raw.logs) {
    json.BeginObject();
    json.StringField("id", log.writer.ToString());
    json.Key("cards");
    json.BeginArray();
    for (const std::string& card : log.cards) json.String(card);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.Key("logs");
  json.BeginArray();
  for (const timeline::LogText& log : raw.logs) {
    json.BeginArray();
    for (const line::LogEntry& entry : log.entries) {
      json.BeginObject();
      json.StringField("envelope", *entry.envelope);
      if (entry.body_beside != nullptr) json.StringField("beside", *entry.body_beside);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndArray();
  json.Key("heads");
  json.BeginArray();
  for (const timeline::LogText& log : raw.logs) {
    json.BeginArray();
    for (const std::string& note : log.heads) json.String(note);
    json.EndArray();
  }
  json.EndArray();
  json.EndObject();
  WB_RETURN_IF_ERROR(WriteOutput(options.output, text + "\n", true, false));
  if (!session.json) {
    Print(fmt::format("{}: {} of the incident, with both logs up to now\n", options.output,
                      events.size() == 1 ? "1 event" : fmt::format("{} events", events.size())));
    PrintPrefix(timeline, checked.parties);
  }
  return kExitOk;
}

Result<int> RunIncidentVerify(const Session& session, const RecordOptions& options) {
  WB_ASSIGN_OR_RETURN(Raw raw, Load(session, options));
  const std::string frozen = std::move(raw.frozen);
  WB_ASSIGN_OR_RETURN(const Checked checked, Check(std::move(raw)));
  const Timeline& timeline = checked.timeline;
  // What the file says of itself has to follow from the entries in it.
  std::string prefix;
  json::Writer json(&prefix);
  json.BeginObject();
  timeline::WritePrefix(timeline, checked.parties, &json);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const json::Document stated, json::Document::Parse(frozen, kExportBytesMax));
  WB_ASSIGN_OR_RETURN(const json::Document found, json::Document::Parse(prefix));
  for (const char* field : {"logs", "joint_view_sha256"}) {
    if (TextAt(stated.root(), field) == TextAt(found.root(), field)) continue;
    return Fail(base::ErrorCode::kConflict, options.file + ": /frozen/" + field,
                "must follow from the entries: " + TextAt(found.root(), field),
                TextAt(stated.root(), field));
  }
  const std::array<std::string, 2> expected = {options.fingerprint_a, options.fingerprint_b};
  for (const std::string& given : expected) {
    if (given.empty()) continue;
    auto fingerprint = line::Fingerprint::Parse(given);
    if (!fingerprint) return Fail(std::move(fingerprint).error().Under("--fingerprint"));
    const bool known = std::any_of(
        checked.parties.begin(), checked.parties.end(),
        [&](const Party& party) { return party.fingerprint == fingerprint->ToString(); });
    if (!known) {
      return Fail(base::ErrorCode::kConflict, "--fingerprint", "must be of one of the two parties",
                  given);
    }
  }
  if (session.json) {
    Print(prefix + "\n");
  } else {
    PrintPrefix(timeline, checked.parties);
    Print("every entry is signed, in its place, and under the heads that the other side signed\n");
  }
  return kExitOk;
}

namespace {

// Printed by Debian's chromium, which needs no network for a file that names nothing outside.
Result<void> PrintPdf(const std::string& html_path, const std::string& pdf_path) {
  const char* named = std::getenv("WIDEBERTH_CHROMIUM");
  const std::string program = named != nullptr ? named : "/usr/bin/chromium";
  if (!std::filesystem::exists(program)) {
    return Fail(base::ErrorCode::kNotFound, "--pdf",
                "needs chromium to print with: install it, or set $WIDEBERTH_CHROMIUM", program);
  }
  const std::string profile = pdf_path + ".profile";
  const auto absolute = [](const std::string& path) {
    return std::filesystem::absolute(path).string();
  };
  WB_ASSIGN_OR_RETURN(
      const Ended ended,
      RunProgram({program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                  "--user-data-dir=" + absolute(profile), "--host-resolver-rules=MAP * ~NOTFOUND",
                  "--print-to-pdf=" + absolute(pdf_path), "file://" + absolute(html_path)},
                 {"HOME=" + absolute(profile)}));
  std::error_code ignored;
  std::filesystem::remove_all(profile, ignored);
  if (ended.code == 0 && std::filesystem::exists(pdf_path)) return {};
  return Fail(base::ErrorCode::kInternal, "--pdf", "must be printed by " + program, ended.out);
}

// The least lead times that were agreed with the peer; none where the rules cannot be asked.
Result<timeline::LeadTimesMin> AgreedLeadTimes(const Session& session,
                                               const RecordOptions& options) {
  timeline::LeadTimesMin minimum{};
  if (!options.file.empty()) return minimum;
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const json::Document rules, remote.GetJson("/v1/rules"));
  for (size_t kind = 0; kind < minimum.size(); ++kind) {
    const auto at =
        At(rules.root(), "lead_time_min_s." +
                             std::string(airspace::Name(static_cast<airspace::NoticeKind>(kind))));
    if (!at) continue;
    const Result<double> s = at->AsDouble(0, 1e12);
    if (s) minimum[kind] = static_cast<int64_t>(*s * 1e6);
  }
  return minimum;
}

}  // namespace

Result<int> RunReport(const Session& session, const RecordOptions& options) {
  WB_ASSIGN_OR_RETURN(Raw raw, Load(session, options));
  WB_ASSIGN_OR_RETURN(const Checked checked, Check(std::move(raw)));
  const Timeline& timeline = checked.timeline;
  WB_ASSIGN_OR_RETURN(airspace::TimeWindow period, WindowOf(options));
  if (!timeline.events().empty()) {
    if (period.start == base::kTimeOpenStart) period.start = timeline.events().front().said_at;
    if (period.end == base::kTimeOpenEnd) {
      period.end = {timeline.events().back().said_at.us + base::kMicrosPerSecond};
    }
  }
  WB_ASSIGN_OR_RETURN(const timeline::LeadTimesMin minimum, AgreedLeadTimes(session, options));
  const timeline::AfterAction summary = timeline::Summarise(timeline, period, minimum);
  const std::string html = timeline::ReportHtml(
      summary, {checked.parties[0].name, checked.parties[1].name}, base::SystemClock().Now());
  WB_RETURN_IF_ERROR(WriteOutput(options.output, html, false, false));
  if (!options.pdf.empty()) WB_RETURN_IF_ERROR(PrintPdf(options.output, options.pdf));
  if (!session.json) {
    Print(fmt::format("{}{}: {} to {}\n", options.output,
                      options.pdf.empty() ? "" : " and " + options.pdf,
                      base::FormatRfc3339(period.start), base::FormatRfc3339(period.end)));
  }
  return kExitOk;
}

}  // namespace wideberth::cli
