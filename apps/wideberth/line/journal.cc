// The journal of a node: shown, and one entry of it disclosed and verified (journal/journal.h). The note for the next
// watch, which is kept there.
#include "journal/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/record.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "crypto/sha256.h"

namespace wideberth::cli {
namespace {

using base::Result;
using journal::Head;

// Every entry in its order; each is checked to be linked to those before it. `visit` gets its number, the link before
// it and its text.
using VisitEntry = std::function<Result<void>(uint64_t number, const base::Digest& before,
                                              const std::string& text)>;
Result<Head> WalkJournal(Remote* remote, const VisitEntry& visit) {
  Head head;
  std::string after = "0";
  while (!after.empty()) {
    WB_ASSIGN_OR_RETURN(const json::Document page, remote->GetJson("/v1/journal?after=" + after));
    WB_RETURN_IF_ERROR(ForEach(page, "entries", [&](const json::Value& each) -> Result<void> {
      const std::string text = TextAt(each, "entry");
      if (static_cast<uint64_t>(IntAt(each, "number")) != head.size + 1) {
        return base::Fail(base::ErrorCode::kStorage, "number", "must be the next of the journal",
                          TextAt(each, "number"));
      }
      const base::Digest before = head.link;
      const auto entry = json::Document::Parse(text);
      if (!entry || TextAt(entry->root(), "previous") != before.ToHex()) {
        return base::Fail(base::ErrorCode::kStorage, "previous",
                          "must be the link before entry " + std::to_string(head.size + 1),
                          text.substr(0, 100));
      }
      head.link = journal::LinkAfter(before, text);
      ++head.size;
      return visit(head.size, before, text);
    }));
    after = TextAt(page.root(), "next");
  }
  return head;
}

void PrintEntry(uint64_t number, const std::string& text) {
  const auto document = json::Document::Parse(text);
  const auto field = [&](std::string_view name) {
    return document ? Printable(TextAt(document->root(), name)) : std::string("?");
  };
  Print(fmt::format("{:>8}  {}  {:<22} {:<16} {}\n", number, field("at"), field("what"),
                    field("key"), field("details")));
}

}  // namespace

Result<int> RunJournalList(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  std::string all;
  json::Writer json(&all);
  json.BeginObject();
  json.Key("entries");
  json.BeginArray();
  const auto visit = [&](uint64_t number, const base::Digest&, const std::string& text) {
    if (!session.json) PrintEntry(number, text);
    json.String(text);
    return Result<void>();
  };
  WB_ASSIGN_OR_RETURN(const Head head, WalkJournal(&remote, visit));
  json.EndArray();
  json.StringField("head", head.ToString());
  json.EndObject();
  if (session.json) Print(all + "\n");
  return kExitOk;
}

Result<int> RunJournalHead(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  const auto pass = [](uint64_t, const base::Digest&, const std::string&) {
    return Result<void>();
  };
  WB_ASSIGN_OR_RETURN(const Head head, WalkJournal(&remote, pass));
  Print(session.json ? fmt::format("{{\"head\":\"{}\"}}\n", head.ToString())
                     : head.ToString() + "\n");
  return kExitOk;
}

Result<int> RunJournalDisclose(const Session& session, const JournalOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  std::optional<Head> up_to;
  if (!options.head.empty()) {
    auto head = Head::Parse(options.head);
    if (!head) return base::Fail(std::move(head).error().Under("--head"));
    up_to = *head;
  }
  journal::Disclosure disclosure;
  base::Digest at_head;
  const auto visit = [&](uint64_t number, const base::Digest& before,
                         const std::string& text) -> Result<void> {
    if (number == options.number) disclosure = {number, before, text, {}};
    if (up_to && number > up_to->size) return {};
    if (number > options.number && options.number > 0) {
      disclosure.after.push_back(crypto::Sha256(base::AsBytes(text)));
    }
    at_head = journal::LinkAfter(before, text);
    return {};
  };
  WB_ASSIGN_OR_RETURN(const Head head, WalkJournal(&remote, visit));
  if (disclosure.number == 0 || (up_to && disclosure.number > up_to->size)) {
    return base::Fail(base::ErrorCode::kNotFound, "NUMBER",
                      "must be an entry up to " + (up_to ? *up_to : head).ToString(),
                      std::to_string(options.number));
  }
  if (up_to && (up_to->size > head.size || up_to->link != at_head)) {
    return base::Fail(base::ErrorCode::kConflict, "--head", "must be a head of this journal",
                      options.head);
  }
  const std::string file = journal::FormatDisclosure(disclosure) + "\n";
  if (options.output.empty()) {
    Print(file);
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(WriteOutput(options.output, file, true, false));
  if (!session.json) {
    Print(fmt::format("{}: entry {} under head {}\n", options.output, disclosure.number,
                      journal::HeadOf(disclosure).ToString()));
  }
  return kExitOk;
}

Result<int> RunJournalVerify(const Session& session, const JournalOptions& options) {
  WB_ASSIGN_OR_RETURN(std::string file, ReadInput(options.file));
  std::optional<Head> pinned;
  if (!options.head.empty()) {
    auto head = Head::Parse(options.head);
    if (!head) return base::Fail(std::move(head).error().Under("--head"));
    pinned = *head;
  }
  auto verified = journal::VerifyDisclosure(file, pinned);
  if (!verified) return base::Fail(std::move(verified).error().Under(options.file + ": "));
  const Head head = journal::HeadOf(*verified);
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Uint64Field("number", verified->number);
    json.StringField("entry", verified->text);
    json.StringField("head", head.ToString());
    json.BoolField("pinned", pinned.has_value());
    json.EndObject();
    Print(text + "\n");
    return kExitOk;
  }
  PrintEntry(verified->number, verified->text);
  Print(pinned
            ? fmt::format("it stood there under the deposited head {}\n", head.ToString())
            : fmt::format("it is consistent with the head {}, which nothing here pins: compare it "
                          "with one that was deposited before\n",
                          head.ToString()));
  return kExitOk;
}

namespace {

Result<int> ReportHandover(const Session& session, const std::string& body) {
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value note = document.root();
  const auto text = [&](std::string_view pointer) { return TextAt(note, pointer); };
  if (text("handover.number").empty()) {
    Print("no note has been left\n");
    return kExitOk;
  }
  const std::string by = text("handover.acknowledged_by");
  Print(Printable(fmt::format("note {}, {} by {}; open then: {} matters, {} calls, {} conflicts\n",
                              text("handover.number"), text("handover.at"), text("handover.key"),
                              text("handover.open.matters"), text("handover.open.calls"),
                              text("handover.open.conflicts"))));
  const std::string said = text("handover.text");
  for (size_t begin = 0; begin <= said.size();) {
    const size_t end = std::min(said.find('\n', begin), said.size());
    Print("  " + Printable(said.substr(begin, end - begin)) + "\n");
    begin = end + 1;
  }
  Print(by.empty() ? "waits for the next watch\n"
                   : Printable(fmt::format("acknowledged {} by {}\n",
                                           text("handover.acknowledged_at"), by)));
  return kExitOk;
}

}  // namespace

Result<int> RunHandoverShow(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/handover"));
  return ReportHandover(session, body);
}

Result<int> RunHandoverGive(const Session& session, const HandoverOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_RETURN_IF_ERROR(PostActOf(
      &remote, "hand_over", [&](json::Writer* json) { json->StringField("text", options.text); }));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/handover"));
  return ReportHandover(session, body);
}

Result<int> RunHandoverAcknowledge(const Session& session, const HandoverOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_RETURN_IF_ERROR(PostActOf(&remote, "acknowledge_handover", [&](json::Writer* json) {
    json->Uint64Field("number", options.number);
  }));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/handover"));
  return ReportHandover(session, body);
}

}  // namespace wideberth::cli
