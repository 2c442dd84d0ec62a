// `inbox`: what waits for somebody, newest last, with what to do next; `calls`: what was asked and answered.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/live_view.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {
namespace {

using base::Result;

struct Item {
  std::string number;
  std::string kind;
  bool owed_by_peer = false;
  bool urgent = false;
  bool alarmed = false;
  std::string peer, mode, level, notice, subject, opened_at, next_climb_at;
};

Item ReadItem(const json::Value& matter) {
  return {
      TextAt(matter, "number"),    TextAt(matter, "kind"),      IsTrueAt(matter, "owed_by_peer"),
      IsTrueAt(matter, "urgent"),  IsTrueAt(matter, "alarmed"), TextAt(matter, "peer.name"),
      TextAt(matter, "data_mode"), TextAt(matter, "level"),     TextAt(matter, "notice"),
      TextAt(matter, "subject"),   TextAt(matter, "opened_at"), TextAt(matter, "next_climb_at")};
}

// The ids of open calls by the act that opened them, which is the subject of their matters.
using CallIds = std::map<std::string, std::string>;

std::string WhatText(const Item& item) {
  static const std::map<std::string, std::string> texts = {
      {"receipt", "no receipt (R1) yet"},
      {"read_back", "not read back"},
      {"objection", "an objection stands"},
      {"stop_call", "STOP CALL without its final answer"},
      {"incursion", "WARNING OF AN ENTRY that is not at its end"},
      {"keep_clear", "can you keep clear?"},
      {"line_check", "line check without its answer"},
      {"missed_check", "line check missed"},
      {"refine", "unplanned hazard, still coarse"},
      {"tell_third_party", "a third party is to be told"},
      {"not_told", "NOT SENT to them: no agreement in force covers it"},
      {"line_lost", "LINK LOST"},
      {"unusable", "something came that cannot be acted on"},
      {"conflict", "conflict that nobody here has seen"},
      {"keys_changed",
       "the peer has changed its keys: compare the new fingerprint over another channel"},
      {"agreement", "an agreement: proposed, or denounced"},
  };
  const auto text = texts.find(item.kind);
  return text == texts.end() ? item.kind : text->second;
}

// The command that settles it, or whom to turn to.
std::string NextText(const Item& item, const CallIds& calls) {
  const std::string notice = item.notice.substr(0, 8);
  const auto known = calls.find(item.subject);
  const std::string call = known == calls.end() ? "ID" : known->second.substr(0, 8);
  if (item.owed_by_peer) {
    if (item.kind == "read_back") return "call them: notice script " + notice;
    if (item.kind == "stop_call") return "call them; then stop end " + call;
    if (item.kind == "incursion") return "call them; then incursion end " + call;
    if (item.kind == "receipt") return "line status; voice if it stays";
    return "call " + item.peer;
  }
  if (item.kind == "read_back") return "notice read-back " + notice + " ...";
  if (item.kind == "objection") return "talk to " + item.peer + "; notice show " + notice;
  if (item.kind == "stop_call") return "stop answer stopping " + call;
  if (item.kind == "incursion") return "incursion answer turning " + call;
  if (item.kind == "keep_clear") return "keep-clear answer yes " + call;
  if (item.kind == "line_check") return "line answer WORD " + call;
  if (item.kind == "refine") return "hazard declare --id " + notice + " --replaces latest ...";
  if (item.kind == "tell_third_party") return "notice told " + notice + " --third-party NAME";
  if (item.kind == "not_told") return "tell " + item.peer + " in another way";
  if (item.kind == "line_lost") return "line status; line check; line confirm";
  if (item.kind == "conflict") return "conflict seen " + item.subject.substr(0, 8);
  if (item.kind == "agreement") return "agreement show " + item.subject.substr(0, 8);
  return "call " + item.peer;
}

struct Inbox {
  std::vector<Item> items;
  CallIds calls;
};

Result<Inbox> Load(Remote* remote) {
  Inbox inbox;
  WB_RETURN_IF_ERROR(remote->Walk("/v1/matters", "open=true", "matters",
                                  [&](const json::Value& matter) -> Result<bool> {
                                    inbox.items.push_back(ReadItem(matter));
                                    return true;
                                  }));
  WB_ASSIGN_OR_RETURN(const json::Document calls,
                      remote->GetJson("/v1/calls?open=true&limit=1000"));
  WB_RETURN_IF_ERROR(ForEach(calls, "calls", [&](const json::Value& call) -> Result<void> {
    inbox.calls[TextAt(call, "act")] = TextAt(call, "id");
    return {};
  }));
  // RFC 3339 in UTC sorts as text.
  std::stable_sort(inbox.items.begin(), inbox.items.end(),
                   [](const Item& a, const Item& b) { return a.opened_at < b.opened_at; });
  return inbox;
}

Table InboxTable(const Inbox& inbox) {
  Table table({{"NO", Fit::kRight},
               {"SINCE"},
               {"WITH"},
               {"WHAT", Fit::kWrap},
               {"WHO OWES"},
               {"LEVEL"},
               {"CLIMBS"},
               {"NEXT", Fit::kWrap}});
  for (const Item& item : inbox.items) {
    const Style style = item.urgent || item.kind == "line_lost" || item.kind == "incursion"
                            ? Style::kRed
                        : item.alarmed ? Style::kYellow
                                       : Style::kBold;
    const std::string mode = item.mode == "REAL" ? "" : " " + item.mode;
    table.AddRow(
        {{item.number},
         {MomentText(item.opened_at, item.opened_at)},
         {item.peer},
         {WhatText(item) + (item.alarmed ? ", OVERDUE" : "") + mode, style},
         {item.owed_by_peer ? item.peer : "we"},
         {item.level},
         {item.next_climb_at.empty() ? "-" : MomentText(item.next_climb_at, item.opened_at)},
         {NextText(item, inbox.calls)}});
  }
  return table;
}

std::string ItemLine(const Item& item, const CallIds& calls) {
  return fmt::format("{} {} {}{}: {} -> {}\n", item.opened_at, item.peer, WhatText(item),
                     item.alarmed ? ", OVERDUE" : "", item.owed_by_peer ? "they owe" : "we owe",
                     NextText(item, calls));
}

// The inbox as it changes: a line for each matter that opens, climbs or closes.
class Watch final : public LiveView {
 public:
  Watch(const Session& session, const LookOptions& options)
      : LiveView(session, options.changes_max) {}

 private:
  Result<void> Reload(Remote* remote) override {
    WB_ASSIGN_OR_RETURN(inbox_, Load(remote));
    return {};
  }

  Result<bool> Take(Remote* remote, const net::Event& event) override {
    if (event.name != "matter" && event.name != "call") return false;
    WB_RETURN_IF_ERROR(Reload(remote));
    return true;
  }

  void Tell(const net::Event& event) override {
    if (event.name != "matter") return;
    const Result<json::Document> document = json::Document::Parse(event.data);
    if (!document) return;
    const Item item = ReadItem(document->root());
    const std::string closed = TextAt(document->root(), "closed_as");
    Print(Printable(closed.empty()
                        ? ItemLine(item, inbox_.calls).substr(0, 400)
                        : fmt::format("{} {} closed: {} ", item.peer, WhatText(item), closed)));
    Print("\n");
  }

  std::string Title() const override { return fmt::format("{} open", inbox_.items.size()); }
  void PrintContent() const override { PrintTable(InboxTable(inbox_)); }

  Inbox inbox_;
};

std::string AnswersText(const json::Value& call) {
  std::string text;
  const std::optional<json::Value> answers = At(call, "answers");
  if (!answers) return text;
  const Result<json::Array> list = answers->AsArray(SIZE_MAX);
  if (!list) return text;
  for (const json::Value answer : *list) {
    text += (text.empty() ? "" : ", then ") + TextAt(answer, "answer");
  }
  return text;
}

// "enters 12:04:00Z; repeated 3 times, last 12:02:00Z, 4 of 4 received"
std::string WarningText(const json::Value& call) {
  const std::string at = TextAt(call, "at");
  std::string text = "enters " + MomentText(TextAt(call, "entry_at"), at);
  const std::string repeats = TextAt(call, "repeats");
  if (repeats != "0") {
    text += fmt::format("; repeated {} times, last {}", repeats,
                        MomentText(TextAt(call, "repeated_at"), at));
  }
  return text + fmt::format("; {} received", TextAt(call, "receipts"));
}

std::string WordsText(const json::Value& call) {
  std::string words = TextAt(call, "words");
  if (TextAt(call, "kind") != "incursion_warning") return words;
  return WarningText(call) + (words.empty() ? "" : "; ") + words;
}

std::string PlaceText(const json::Value& call) {
  if (!At(call, "centre")) return {};
  return fmt::format("{},{} {} m", TextAt(call, "centre.lat"), TextAt(call, "centre.lng"),
                     TextAt(call, "radius_m"));
}

}  // namespace

Result<int> RunInbox(const Session& session, const LookOptions& options) {
  if (options.watch) return Watch(session, options).Run("/v1/events");
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  if (session.json) {
    WB_ASSIGN_OR_RETURN(const std::string text,
                        remote.Collect("/v1/matters", "open=true", "matters"));
    Print(text + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const Inbox inbox, Load(&remote));
  if (inbox.items.empty()) {
    Print("nothing waits\n");
  } else {
    PrintTable(InboxTable(inbox));
  }
  return kExitOk;
}

Result<int> RunCalls(const Session& session, const LookOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(
      const std::string body,
      remote.Call(net::Method::kGet,
                  options.all ? "/v1/calls?limit=1000" : "/v1/calls?open=true&limit=1000"));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kHttpClientBodyBytesMax));
  std::vector<std::vector<Cell>> rows;
  WB_RETURN_IF_ERROR(ForEach(document, "calls", [&](const json::Value& call) -> Result<void> {
    const std::string state = TextAt(call, "closed_as");
    rows.push_back({{TextAt(call, "id").substr(0, 8), Style::kDim},
                    {MomentText(TextAt(call, "at"), TextAt(call, "at"))},
                    {TextAt(call, "kind"), Style::kBold},
                    {IsTrueAt(call, "by_us") ? "to " + TextAt(call, "peer.name")
                                             : "from " + TextAt(call, "peer.name")},
                    {PlaceText(call)},
                    {WordsText(call)},
                    {AnswersText(call)},
                    {state.empty() ? "open" : state}});
    return {};
  }));
  Table table({{"ID"},
               {"AT"},
               {"WHAT"},
               {"WHO"},
               {"WHERE", Fit::kWrap},
               {"WORDS", Fit::kWrap},
               {"ANSWERS", Fit::kWrap},
               {"STATE"}});
  // The node gives the newest first.
  std::for_each(rows.rbegin(), rows.rend(), [&](auto& row) { table.AddRow(std::move(row)); });
  if (table.rows() == 0) {
    Print("no calls\n");
  } else {
    PrintTable(table);
  }
  return kExitOk;
}

}  // namespace wideberth::cli
