// Exchanges: what each side enters of a call or a meeting, the minutes that both sign, what each says of it in public,
// and how those accounts compare.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "exchange/account.h"
#include "exchange/readout.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr size_t kPrefixMin = 4;

// A whole id from its beginning.
Result<std::string> ResolveExchange(Remote* remote, const std::string& text) {
  if (base::Uuid::ParseV4(text)) return text;
  if (text.size() < kPrefixMin) {
    return base::Invalid("ID", "must be an exchange's id, or its first 4 characters or more", text);
  }
  std::string found;
  size_t count = 0;
  WB_RETURN_IF_ERROR(
      remote->Walk("/v1/exchanges", "", "exchanges", [&](const json::Value& each) -> Result<bool> {
        const std::string id = TextAt(each, "id");
        if (!id.starts_with(text)) return true;
        found = id;
        return ++count < 2;
      }));
  if (count == 1) return found;
  if (count > 1) return base::Invalid("ID", "must be longer: several exchanges fit", text);
  return base::Fail(base::ErrorCode::kNotFound, "ID", "must be an exchange of this node", text);
}

Result<json::Document> ReadExchange(Remote* remote, const std::string& id) {
  return remote->GetJson("/v1/exchanges/" + id);
}

// ---- Entering

Result<void> TakeTime(const std::string& text, const char* option, base::UtcMicros now,
                      std::optional<base::UtcMicros>* time) {
  if (text.empty()) return {};
  const Result<base::UtcMicros> parsed = ParseTime(text, now, now);
  if (!parsed) return base::Fail(base::Error(parsed.error()).Under(option));
  *time = *parsed;
  return {};
}

Result<void> TakeLead(const std::string& text, const char* option, std::optional<int64_t>* lead_s) {
  if (text.empty()) return {};
  const Result<int64_t> us = ParseDurationUs(text);
  if (!us) return base::Fail(base::Error(us.error()).Under(option));
  *lead_s = *us / base::kMicrosPerSecond;
  return {};
}

template <class E>
E WordOf(const std::string& word, std::initializer_list<E> all, E otherwise) {
  for (const E each : all) {
    if (exchange::Name(each) == word) return each;
  }
  return otherwise;
}

Result<exchange::Account> AccountOf(const ExchangeOptions& options, base::UtcMicros now) {
  using exchange::Channel;
  using exchange::Initiator;
  using exchange::Level;
  exchange::Account account;
  account.level = WordOf(
      options.level, {Level::kDuty, Level::kCell, Level::kDeputy, Level::kPrincipal}, Level::kDuty);
  account.channel = WordOf(
      options.channel, {Channel::kData, Channel::kVoice, Channel::kMeeting, Channel::kDiplomatic},
      Channel::kVoice);
  account.initiated_by =
      WordOf(options.initiated_by, {Initiator::kSelf, Initiator::kPeer, Initiator::kBoth},
             Initiator::kNotStated);
  WB_RETURN_IF_ERROR(TakeTime(options.scheduled, "--scheduled", now, &account.scheduled_at));
  WB_RETURN_IF_ERROR(TakeTime(options.held, "--held", now, &account.held_at));
  if (account.scheduled_at) account.form = exchange::Form::kScheduled;
  if (!account.scheduled_at && !account.held_at) account.held_at = now;
  account.subjects = options.subjects;
  account.area = options.area;
  if (!options.at.empty()) {
    const Result<geo::Position> centre = ParsePlace(options.at);
    if (!centre) return base::Fail(base::Error(centre.error()).Under("--at"));
    const Result<int64_t> radius_mm = ParseLengthMm(options.radius);
    if (!radius_mm) return base::Fail(base::Error(radius_mm.error()).Under("--radius"));
    account.place = exchange::Place{*centre, *radius_mm};
  }
  WB_RETURN_IF_ERROR(TakeTime(options.starts, "--starts", now, &account.starts_at));
  WB_RETURN_IF_ERROR(TakeLead(options.lead_min, "--lead-min", &account.lead_time_min_s));
  WB_RETURN_IF_ERROR(TakeLead(options.lead_max, "--lead-max", &account.lead_time_max_s));
  return account;
}

Result<exchange::Account> ReadAccountFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
  const auto read = [&]() -> Result<exchange::Account> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(exchange::Account account, exchange::ReadAccount(&object));
    WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
    return account;
  };
  Result<exchange::Account> account = read();
  if (!account) return base::Fail(std::move(account).error().Under(path + ": "));
  return account;
}

// ---- Showing

std::string ShortTime(const std::string& time) {
  return time.empty() ? "-" : time;
}

// "2027-01-15T12:00:00Z voice duty", as its side has it.
std::string AccountLine(const json::Value& account) {
  std::string when = TextAt(account, "held_at");
  if (when.empty()) when = TextAt(account, "scheduled_at") + " (scheduled)";
  std::string line = fmt::format("{}  {} {}, initiated by {}", when, TextAt(account, "level"),
                                 TextAt(account, "channel"), TextAt(account, "initiated_by"));
  const auto add = [&](std::string_view field, std::string_view label) {
    const std::string text = TextAt(account, field);
    if (!text.empty()) line += fmt::format("; {} {}", label, Printable(text));
  };
  add("subjects", "subjects");
  add("notice", "notice");
  add("area", "area");
  add("centre", "at");
  add("starts_at", "starts");
  add("lead_time_min_s", "lead time from s");
  add("lead_time_max_s", "to s");
  return line;
}

void PrintSide(const json::Value& exchange, const std::string& side, std::string_view label) {
  const auto stated = At(exchange, side);
  if (!stated) return Print(fmt::format("  {:<7} has entered nothing\n", label));
  Print(fmt::format("  {:<7} {}\n", label, AccountLine(*At(*stated, "account"))));
  Print(fmt::format("          entered {} by a {}, act {}\n", TextAt(*stated, "at"),
                    TextAt(*stated, "role"), TextAt(*stated, "act").substr(0, 12)));
}

Style StandingStyle(std::string_view standing) {
  if (standing == "agreed") return Style::kGreen;
  return standing == "not_agreed" ? Style::kRed : Style::kYellow;
}

Result<void> PrintReadout(const json::Value& readout, bool public_only) {
  WB_ASSIGN_OR_RETURN(const exchange::Minutes minutes,
                      exchange::ParseMinutes(At(readout, "readout")->ToJson()));
  const auto standing = At(readout, "standing");
  WB_ASSIGN_OR_RETURN(const json::Array standings, standing->AsArray(SIZE_MAX));
  Print(fmt::format("readout {}  proposed {} by {}{}\n", TextAt(readout, "sha256").substr(0, 12),
                    TextAt(readout, "at"), IsTrueAt(readout, "by_us") ? "us" : "them",
                    IsTrueAt(readout, "signed") ? ", signed by both" : ""));
  size_t i = 0;
  for (const json::Value each : standings) {
    const exchange::Paragraph& paragraph = minutes.paragraphs.at(i++);
    const std::string word(each.AsString(SIZE_MAX).value_or(std::string_view()));
    if (public_only && (word != "agreed" || !paragraph.is_public)) continue;
    Print(fmt::format("  {}. {}{}\n", i, Paint(StandingStyle(word), word),
                      paragraph.is_public ? ", public" : ", private"));
    for (size_t language = 0; language < minutes.languages.size(); ++language) {
      for (size_t from = 0; from <= paragraph.texts[language].size();) {
        size_t end = paragraph.texts[language].find('\n', from);
        if (end == std::string::npos) end = paragraph.texts[language].size();
        Print(fmt::format("     {:<4} {}\n", from == 0 ? minutes.languages[language] : "",
                          Printable(paragraph.texts[language].substr(from, end - from))));
        from = end + 1;
      }
    }
  }
  return {};
}

Result<void> ForEachIn(const json::Value& value, std::string_view items,
                       const std::function<Result<void>(const json::Value&)>& visit) {
  const auto list = At(value, items);
  if (!list) return {};
  WB_ASSIGN_OR_RETURN(const json::Array array, list->AsArray(SIZE_MAX));
  for (const json::Value each : array) WB_RETURN_IF_ERROR(visit(each));
  return {};
}

// A readout of the exchange by the beginning of its SHA-256; the last one if nothing is given.
Result<std::string> ResolveReadout(const json::Value& exchange, const std::string& text,
                                   size_t* paragraphs) {
  std::string found;
  size_t count = 0;
  WB_RETURN_IF_ERROR(ForEachIn(exchange, "readouts", [&](const json::Value& each) -> Result<void> {
    const std::string digest = TextAt(each, "sha256");
    if (!digest.starts_with(text)) return {};
    found = digest;
    ++count;
    WB_ASSIGN_OR_RETURN(const json::Array standing, At(each, "standing")->AsArray(SIZE_MAX));
    *paragraphs = standing.size();
    return {};
  }));
  if (count == 0) {
    return base::Fail(base::ErrorCode::kNotFound, "--readout",
                      "must be a readout that was proposed for this exchange", text);
  }
  if (count > 1 && !text.empty()) {
    return base::Invalid("--readout", "must be longer: several readouts fit", text);
  }
  return found;
}

// ---- Minutes

// What both have entered alike, in codes, which stand the same in every language.
std::vector<std::string> CommonFacts(const json::Value& exchange) {
  std::vector<std::string> facts;
  for (const char* field : {"scheduled_at", "held_at", "level", "channel", "form", "area",
                            "starts_at", "lead_time_min_s", "lead_time_max_s"}) {
    const std::string ours = TextAt(exchange, std::string("ours.account.") + field);
    const std::string theirs = TextAt(exchange, std::string("theirs.account.") + field);
    if (ours.empty() || (!theirs.empty() && theirs != ours)) continue;
    facts.push_back(std::string(field) + ": " + ours);
  }
  return facts;
}

// As one says them: hazard, notice.
std::string SubjectsAt(const json::Value& each, std::string_view path) {
  const std::optional<json::Value> at = At(each, path);
  if (!at || at->kind() != json::Kind::kArray) return {};
  std::string subjects;
  const Result<json::Array> all = at->AsArray(SIZE_MAX);
  if (!all) return {};
  for (const json::Value subject : *all) {
    const Result<std::string_view> word = subject.AsString(SIZE_MAX);
    if (!word) continue;
    if (!subjects.empty()) subjects += ", ";
    subjects += *word;
  }
  return subjects;
}

}  // namespace

Result<int> RunExchangeEnter(const Session& session, const ExchangeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
  exchange::Account account;
  if (options.file.empty()) {
    WB_ASSIGN_OR_RETURN(account, AccountOf(options, now));
    if (!options.notice.empty()) {
      WB_ASSIGN_OR_RETURN(const std::string notice, remote.ResolveNotice(options.notice));
      WB_ASSIGN_OR_RETURN(account.notice, base::NoticeId::Parse(notice));
    }
    account.exchange = base::SystemRandom().NewUuidV4();
    if (!options.id.empty()) {
      WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
      WB_ASSIGN_OR_RETURN(account.exchange, base::Uuid::ParseV4(id));
    }
  } else {
    WB_ASSIGN_OR_RETURN(account, ReadAccountFile(options.file));
  }
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "enter_exchange", [&](json::Writer* json) {
                        exchange::WriteAccount(account, json);
                        if (!options.peer.empty()) json->StringField("to", options.peer);
                      }));
  return ReportActed(
      session, acted,
      fmt::format("exchange {}: entered as act {}",
                  Paint(Style::kBold, account.exchange.ToString()), acted.act.substr(0, 12)));
}

Result<int> RunExchangeList(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  if (session.json) {
    WB_ASSIGN_OR_RETURN(const std::string all, remote.Collect("/v1/exchanges", "", "exchanges"));
    Print(all + "\n");
    return kExitOk;
  }
  Table table({{"EXCHANGE"},
               {"PEER"},
               {"HELD (OURS)"},
               {"HELD (THEIRS)"},
               {"SUBJECTS", Fit::kWrap},
               {"SIGNED", Fit::kRight}});
  WB_RETURN_IF_ERROR(
      remote.Walk("/v1/exchanges", "", "exchanges", [&](const json::Value& each) -> Result<bool> {
        std::string subjects = SubjectsAt(each, "ours.account.subjects");
        if (subjects.empty()) subjects = SubjectsAt(each, "theirs.account.subjects");
        table.AddRow({{TextAt(each, "id").substr(0, 8), Style::kBold},
                      {TextAt(each, "peer.name")},
                      {ShortTime(TextAt(each, "ours.account.held_at"))},
                      {ShortTime(TextAt(each, "theirs.account.held_at"))},
                      {Printable(subjects)},
                      {TextAt(each, "readouts_signed")}});
        return true;
      }));
  PrintTable(table);
  return kExitOk;
}

Result<int> RunExchangeShow(const Session& session, const ExchangeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
  WB_ASSIGN_OR_RETURN(const json::Document answer, ReadExchange(&remote, id));
  if (session.json) {
    Print(answer.root().ToJson() + "\n");
    return kExitOk;
  }
  const json::Value exchange = *At(answer.root(), "exchange");
  Print(
      fmt::format("exchange {} with {}\n", Paint(Style::kBold, id), TextAt(exchange, "peer.name")));
  PrintSide(exchange, "ours", "ours");
  PrintSide(exchange, "theirs", "theirs");
  WB_RETURN_IF_ERROR(ForEachIn(exchange, "readouts",
                               [&](const json::Value& each) { return PrintReadout(each, false); }));
  WB_RETURN_IF_ERROR(
      ForEachIn(exchange, "statements", [&](const json::Value& each) -> Result<void> {
        Print(fmt::format(
            "statement {}  published {} by {}{}\n", TextAt(each, "sha256").substr(0, 12),
            TextAt(each, "statement.published_at"), IsTrueAt(each, "by_us") ? "us" : "them",
            At(each, "statement.where") ? " in " + Printable(TextAt(each, "statement.where"))
                                        : ""));
        Print(fmt::format("     {:<4} {}\n", TextAt(each, "statement.language"),
                          Printable(TextAt(each, "statement.text"))));
        return {};
      }));
  return kExitOk;
}

Result<int> RunReadoutDraft(const Session& session, const ReadoutOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
  WB_ASSIGN_OR_RETURN(const json::Document answer, ReadExchange(&remote, id));
  const json::Value found = *At(answer.root(), "exchange");
  exchange::Minutes minutes;
  WB_ASSIGN_OR_RETURN(minutes.exchange, base::Uuid::ParseV4(id));
  minutes.languages = options.languages;
  if (minutes.languages.empty()) minutes.languages = {"en"};
  for (const std::string& fact : CommonFacts(found)) {
    minutes.paragraphs.push_back({std::vector(minutes.languages.size(), fact), false});
  }
  // What was said in words: each --paragraph has one text for each language, in their order.
  if (options.paragraphs.size() % minutes.languages.size() != 0) {
    return base::Invalid("--paragraph", "must be given once for each of the languages");
  }
  for (size_t i = 0; i < options.paragraphs.size(); i += minutes.languages.size()) {
    const auto first = options.paragraphs.begin() + static_cast<ptrdiff_t>(i);
    minutes.paragraphs.push_back(
        {{first, first + static_cast<ptrdiff_t>(minutes.languages.size())}, false});
  }
  const std::string compact = exchange::FormatMinutes(minutes);
  WB_RETURN_IF_ERROR(exchange::ParseMinutes(compact));
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(compact, exchange::kReadoutBytesMax));
  const std::string text = document.root().ToJson() + "\n";
  if (options.output.empty()) {
    Print(text);
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(WriteOutput(options.output, text, false, false));
  if (!session.json) Print(fmt::format("{}: written; edit it, then propose it\n", options.output));
  return kExitOk;
}

namespace {

using Names = std::map<std::string, std::string>;  // of the parties, by their ids

std::string Named(const Names& names, const std::string& text) {
  const auto found = names.find(text);
  return Printable(found == names.end() ? text : found->second);
}

Result<void> PrintFact(const json::Value& fact, const Names& names) {
  const std::string finding = TextAt(fact, "finding");
  if (finding == "not_said" && TextAt(fact, "record") == "[]") return {};
  Print(fmt::format("{}: {}\n", Paint(Style::kBold, TextAt(fact, "fact")),
                    Paint(finding == "differs" ? Style::kYellow : Style::kPlain, finding)));
  const auto print_value = [&](const json::Value& value) -> Result<void> {
    Print(fmt::format("  {:<12} {:<10} {}\n", Named(names, TextAt(value, "party")),
                      TextAt(value, "in"), Named(names, TextAt(value, "said"))));
    return {};
  };
  WB_RETURN_IF_ERROR(ForEachIn(fact, "values", print_value));
  for (const std::string_view list : {"record", "by"}) {
    const auto print_words = [&](const json::Value& words) -> Result<void> {
      Print(fmt::format("  {:<23} {}\n", list == "by" ? "differs by" : "record",
                        Printable(TextAt(words, ""))));
      return {};
    };
    WB_RETURN_IF_ERROR(ForEachIn(fact, list, print_words));
  }
  return {};
}

// The file is read here first, so that a refusal names it.
template <class Parse>
Result<std::string> ReadTextFile(const std::string& path, Parse parse) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
  auto parsed = parse(text);
  if (!parsed) return base::Fail(std::move(parsed).error().Under(path + ": "));
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, exchange::kReadoutBytesMax));
  return document.root().ToJson();
}

// The act `act` whose `field` is the text of a file that `parse` accepts.
template <class Parse>
Result<int> PostTextFile(const Session& session, const std::string& path, Parse parse,
                         std::string_view act, std::string_view field, std::string_view done) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, parse));
  WB_ASSIGN_OR_RETURN(const Acted acted, PostActOf(&remote, act, [&](json::Writer* json) {
                        json->Key(field);
                        json->Raw(text);
                      }));
  return ReportActed(session, acted, done);
}

}  // namespace

Result<int> RunReadoutPropose(const Session& session, const ReadoutOptions& options) {
  return PostTextFile(session, options.file, exchange::ParseMinutes, "propose_readout", "readout",
                      "proposed; both sides sign it with `wideberth readout sign`");
}

Result<int> RunReadoutSign(const Session& session, const ReadoutOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
  WB_ASSIGN_OR_RETURN(const json::Document answer, ReadExchange(&remote, id));
  size_t paragraphs = 0;
  WB_ASSIGN_OR_RETURN(const std::string digest,
                      ResolveReadout(*At(answer.root(), "exchange"), options.readout, &paragraphs));
  std::vector<bool> agreed(paragraphs, true);
  for (const int64_t number : options.not_agreed) {
    if (number < 1 || static_cast<size_t>(number) > paragraphs) {
      return base::Invalid("--not-agreed",
                           fmt::format("must be a paragraph from 1 to {}", paragraphs),
                           std::to_string(number));
    }
    agreed[static_cast<size_t>(number - 1)] = false;
  }
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "sign_readout", [&](json::Writer* json) {
                        json->StringField("exchange", id);
                        json->StringField("readout_sha256", digest);
                        json->Key("paragraphs");
                        json->BeginArray();
                        for (const bool each : agreed) json->String(each ? "agreed" : "not_agreed");
                        json->EndArray();
                      }));
  return ReportActed(session, acted, fmt::format("{}: signed", digest.substr(0, 12)));
}

Result<int> RunReadoutPublish(const Session& session, const ReadoutOptions& options) {
  return PostTextFile(session, options.file, exchange::ParseStatement, "publish_statement",
                      "statement", "stored beside the exchange, on both sides");
}

Result<int> RunReadoutShow(const Session& session, const ReadoutOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
  WB_ASSIGN_OR_RETURN(const json::Document answer, ReadExchange(&remote, id));
  if (session.json) {
    Print(answer.root().ToJson() + "\n");
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(
      ForEachIn(*At(answer.root(), "exchange"), "readouts",
                [&](const json::Value& each) { return PrintReadout(each, options.is_public); }));
  return kExitOk;
}

Result<int> RunReadoutCompare(const Session& session, const ReadoutOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, ResolveExchange(&remote, options.id));
  WB_ASSIGN_OR_RETURN(const json::Document answer,
                      remote.GetJson("/v1/exchanges/" + id + "/comparison"));
  if (session.json) {
    Print(answer.root().ToJson() + "\n");
    return kExitOk;
  }
  Names names;
  WB_RETURN_IF_ERROR(ForEach(answer, "parties", [&](const json::Value& party) -> Result<void> {
    const std::string party_id = TextAt(party, "id");
    const std::string name = TextAt(party, "name");
    names[party_id] = name.empty() ? party_id : name;
    return {};
  }));
  const auto print = [&](const json::Value& fact) { return PrintFact(fact, names); };
  WB_RETURN_IF_ERROR(ForEach(answer, "facts", print));
  return kExitOk;
}

}  // namespace wideberth::cli
