// What one person asks of the other side and gets answered: stop calls, warnings of an entry, keeping clear, line
// checks; and policy texts.
#include <fmt/format.h>

#include <array>

#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"

namespace wideberth::cli {
namespace {

using base::Result;

struct Spot {
  geo::Position centre;
  int64_t radius_mm = 0;
};
Result<Spot> TakeSpot(const CallOptions& options) {
  const Result<geo::Position> centre = ParsePlace(options.at);
  if (!centre) return base::Fail(base::Error(centre.error()).Under("--at"));
  const Result<int64_t> radius_mm = ParseLengthMm(options.radius);
  if (!radius_mm) return base::Fail(base::Error(radius_mm.error()).Under("--radius"));
  return Spot{*centre, *radius_mm};
}

void WriteSpot(const Spot& spot, json::Writer* json) {
  json->Key("centre");
  json->BeginObject();
  json->DoubleField("lat", spot.centre.lat_deg());
  json->DoubleField("lng", spot.centre.lng_deg());
  json->EndObject();
  json->DoubleField("radius_m", static_cast<double>(spot.radius_mm) / 1e3);
}

// Whom it is about, in which mode, and to whom it goes.
void WriteWhom(const CallOptions& options, const std::string& peer, json::Writer* json) {
  if (!options.call_sign.empty()) json->StringField("call_sign", options.call_sign);
  if (!options.frequency.empty()) json->StringField("frequency", options.frequency);
  if (!options.mode.empty()) json->StringField("data_mode", options.mode);
  json->StringField("to", peer);
}

// A whole id from its beginning; of calls of that kind which the peer or we have made. Empty: the only open one.
// `words`: if given, only calls with these.
Result<std::string> ResolveCall(Remote* remote, const std::string& text, std::string_view kind,
                                bool by_us, std::string_view words = {}) {
  WB_ASSIGN_OR_RETURN(const json::Document calls,
                      remote->GetJson("/v1/calls?open=true&limit=1000"));
  std::string found;
  size_t count = 0;
  WB_RETURN_IF_ERROR(ForEach(calls, "calls", [&](const json::Value& call) -> Result<void> {
    const std::string id = TextAt(call, "id");
    if (TextAt(call, "kind") != kind || IsTrueAt(call, "by_us") != by_us) return {};
    if (!id.starts_with(text) || (!words.empty() && TextAt(call, "words") != words)) return {};
    found = id;
    ++count;
    return {};
  }));
  if (count == 1) return found;
  if (count > 1) return base::Invalid("ID", "must be longer, or given: several calls fit", text);
  return base::Fail(base::ErrorCode::kNotFound, "ID", "must be an open call of that kind", text);
}

// Words that are told apart over a bad line, and a digit between.
std::string DrawWord() {
  constexpr std::array<std::string_view, 16> kWords = {
      "ALFA", "BRAVO", "DELTA", "ECHO", "GOLF",  "HOTEL", "INDIA",  "JULIETT",
      "KILO", "LIMA",  "OSCAR", "PAPA", "ROMEO", "TANGO", "VICTOR", "ZULU"};
  std::array<uint8_t, 3> drawn{};
  base::SystemRandom().Fill(drawn);
  return fmt::format("{} {} {}", kWords[drawn[0] % kWords.size()], drawn[1] % 10,
                     kWords[drawn[2] % kWords.size()]);
}

Result<int> Answer(const Session& session, const CallOptions& options, std::string_view act,
                   std::string_view kind) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveCall(&remote, options.id, kind, false));
  if ((options.answer == "wait") != (options.wait_s > 0)) {
    return base::Invalid("--seconds", "must be given with wait, and with nothing else");
  }
  WB_ASSIGN_OR_RETURN(const Acted acted, PostActOf(&remote, act, [&](json::Writer* json) {
                        json->StringField("answers", id);
                        json->StringField("answer", options.answer);
                        if (options.wait_s > 0) json->Int64Field("wait_s", options.wait_s);
                      }));
  return ReportActed(session, acted, fmt::format("{}: answered {}", id, options.answer));
}

}  // namespace

Result<int> RunStopCall(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(const Spot spot, TakeSpot(options));
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const Acted acted, PostActOf(&remote, "stop_call", [&](json::Writer* json) {
                        WriteSpot(spot, json);
                        WriteWhom(options, peer, json);
                      }));
  return ReportActed(session, acted,
                     fmt::format("STOP CALL {} to {}; `wideberth calls` shows the answer",
                                 Paint(Style::kBold, acted.id), peer));
}

Result<int> RunStopAnswer(const Session& session, const CallOptions& options) {
  return Answer(session, options, "answer_stop_call", "stop_call");
}

Result<int> RunStopEnd(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveCall(&remote, options.id, "stop_call", true));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "end_stop_call_unanswered",
                                [&](json::Writer* json) { json->StringField("answers", id); }));
  return ReportActed(session, acted, fmt::format("{}: ended, unanswered; it stays counted", id));
}

Result<int> RunIncursionWarn(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(const Spot spot, TakeSpot(options));
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
  const Result<base::UtcMicros> entry = ParseTime(options.entry, now, now);
  if (!entry) return base::Fail(base::Error(entry.error()).Under("--entry"));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "incursion_warning", [&](json::Writer* json) {
                        WriteSpot(spot, json);
                        json->StringField("entry_at", base::FormatRfc3339(*entry));
                        WriteWhom(options, peer, json);
                      }));
  return ReportActed(session, acted,
                     fmt::format("WARNED {}: {}; `wideberth calls` shows what has arrived", peer,
                                 Paint(Style::kBold, acted.id)));
}

Result<int> RunIncursionAnswer(const Session& session, const CallOptions& options) {
  return Answer(session, options, "answer_incursion_warning", "incursion_warning");
}

Result<int> RunIncursionEnd(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id,
                      ResolveCall(&remote, options.id, "incursion_warning", true));
  WB_ASSIGN_OR_RETURN(
      const Acted acted,
      PostActOf(&remote,
                options.unanswered ? "end_incursion_warning_unanswered" : "end_incursion_warning",
                [&](json::Writer* json) { json->StringField("answers", id); }));
  return ReportActed(
      session, acted,
      id + (options.unanswered ? ": ended, unanswered; it stays counted" : ": ended"));
}

Result<int> RunKeepClearAsk(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(const Spot spot, TakeSpot(options));
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
  const Result<base::UtcMicros> start =
      ParseTime(options.start.empty() ? "now" : options.start, now, now);
  if (!start) return base::Fail(base::Error(start.error()).Under("--start"));
  const Result<base::UtcMicros> end = ParseTime(options.end, now, *start);
  if (!end) return base::Fail(base::Error(end.error()).Under("--end"));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "ask_keep_clear", [&](json::Writer* json) {
                        WriteSpot(spot, json);
                        json->StringField("from", base::FormatRfc3339(*start));
                        json->StringField("to", base::FormatRfc3339(*end));
                        if (!options.mode.empty()) json->StringField("data_mode", options.mode);
                        json->StringField("peer", peer);
                      }));
  return ReportActed(
      session, acted,
      fmt::format("asked {} to keep clear: {}", peer, Paint(Style::kBold, acted.id)));
}

Result<int> RunKeepClearAnswer(const Session& session, const CallOptions& options) {
  return Answer(session, options, "answer_keep_clear", "ask_keep_clear");
}

Result<int> RunPolicySend(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "send_policy_text", [&](json::Writer* json) {
                        json->StringField("text", options.text);
                        json->StringField("to", peer);
                      }));
  return ReportActed(session, acted, fmt::format("sent to {}", peer));
}

Result<int> RunLineCheck(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  const std::string word = options.word.empty() ? DrawWord() : options.word;
  WB_ASSIGN_OR_RETURN(const Acted acted, PostActOf(&remote, "line_check", [&](json::Writer* json) {
                        json->StringField("word", word);
                        json->StringField("to", peer);
                      }));
  return ReportActed(session, acted,
                     fmt::format("line check {} to {}: the word is {}",
                                 Paint(Style::kBold, acted.id), peer, word));
}

Result<int> RunLineAnswer(const Session& session, const CallOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveCall(&remote, options.id, "line_check", false,
                                                        options.id.empty() ? options.word : ""));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "answer_line_check", [&](json::Writer* json) {
                        json->StringField("answers", id);
                        json->StringField("word", options.word);
                      }));
  return ReportActed(session, acted, fmt::format("{}: answered", id));
}

}  // namespace wideberth::cli
