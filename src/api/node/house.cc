#include <array>
#include <string>
#include <utility>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "base/version.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using airspace::DataMode;
using base::Result;

constexpr std::array kModes = {DataMode::kReal, DataMode::kExercise, DataMode::kTest};

void WriteParty(json::Writer* json, const airspace::PartyEntry& party) {
  json->BeginObject();
  json->StringField("id", party.id.ToString());
  json->StringField("name", party.name);
  json->EndObject();
}

void WriteCounts(json::Writer* json, const airspace::State::Statistics& counts) {
  json->Key("counts");
  json->BeginObject();
  json->Uint64Field("notices", counts.notices);
  json->Uint64Field("in_force", counts.in_force);
  json->Uint64Field("conflicts", counts.conflicts);
  json->Uint64Field("live_conflicts", counts.live_conflicts);
  json->Uint64Field("index_volumes", counts.index.volumes);
  json->EndObject();
}

void WriteSeparations(json::Writer* json, const airspace::Rules::Content& rules) {
  json->Key("separations");
  json->BeginArray();
  for (const airspace::SeparationRow& row : rules.separations) {
    json->BeginObject();
    json->StringField("a", airspace::ToString(row.a));
    json->StringField("b", airspace::ToString(row.b));
    json->DoubleField("lateral_m", static_cast<double>(row.separation.lateral_mm) / 1e3);
    json->DoubleField("vertical_m", static_cast<double>(row.separation.vertical_mm) / 1e3);
    WriteSeconds(json, "time_s", row.separation.time_us);
    json->EndObject();
  }
  json->EndArray();
}

// A table by the words of an enumeration: {"live_firing":1800.0,...}
template <class Enum, size_t N>
void WriteSecondsByWord(json::Writer* json, std::string_view key,
                        const std::array<int64_t, N>& values_us) {
  json->Key(key);
  json->BeginObject();
  for (size_t i = 0; i < N; ++i) {
    WriteSeconds(json, airspace::Name(static_cast<Enum>(i)), values_us[i]);
  }
  json->EndObject();
}

void WriteRules(json::Writer* json, const airspace::Rules& rules,
                const std::vector<std::string>& activity_classes) {
  const airspace::Rules::Content& content = rules.content();
  json->StringField("digest", rules.digest().ToHex());
  json->Key("parties");
  json->BeginArray();
  for (const airspace::PartyEntry& party : content.parties) WriteParty(json, party);
  json->EndArray();
  json->Key("activity_classes");
  json->BeginArray();
  for (const std::string& name : activity_classes) json->String(name);
  json->EndArray();
  WriteSeparations(json, content);
  json->Key("zone_treatment");
  json->BeginObject();
  for (size_t i = 0; i < content.zone_treatment.size(); ++i) {
    json->StringField(airspace::Name(static_cast<airspace::Restriction>(i)),
                      airspace::Name(content.zone_treatment[i]));
  }
  json->EndObject();
  WriteSecondsByWord<airspace::HazardClass>(json, "hazard_dwell_s", content.hazard_dwell_us);
  WriteSecondsByWord<airspace::NoticeKind>(json, "lead_time_min_s", content.lead_time_min_us);
}

Result<void> ExpectNoQuery(const Call& call) {
  return net::Query(call.request.target).ExpectNoOthers();
}

}  // namespace

Result<void> GetHealthy(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  if (call.context.node.sequencer().failed()) {
    return base::Fail(base::ErrorCode::kStorage, "", "the store has failed; restart the node");
  }
  call.responder(net::TextResponse(200, "ok\n"));
  return {};
}

Result<void> GetMetrics(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  net::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = call.context.metrics.Scrape();
  call.responder(std::move(response));
  return {};
}

Result<void> GetOpenApi(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  call.responder(net::JsonResponse(200, std::string(OpenApiDocument())));
  return {};
}

Result<void> GetStatus(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  service::Node& node = call.context.node;
  struct Facts {
    std::array<base::UtcMicros, airspace::kDataModes> times;
    airspace::State::Statistics counts;
  };
  const bool admin = call.caller.is_administrator();
  const auto [facts, seq] = node.Read([&](const airspace::State& state) {
    Facts read;
    for (size_t i = 0; i < kModes.size(); ++i) read.times[i] = node.sequencer().NowOf(kModes[i]);
    if (admin) read.counts = state.GetStatistics();
    return read;
  });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("version", base::kVersion);
  json.Key("party");
  WriteParty(&json, *call.caller.party);
  json.Key("times");
  json.BeginObject();
  for (size_t i = 0; i < kModes.size(); ++i) {
    json.StringField(airspace::Name(kModes[i]), base::FormatRfc3339(facts.times[i]));
  }
  json.EndObject();
  json.Uint64Field("durable_seq", seq);
  json.StringField("rules", node.rules().digest().ToHex());
  if (const auto refusal = node.sequencer().refusal()) {
    json.StringField("refusing_writes", refusal->ToString());
  }
  // How much others have stored is theirs to tell.
  if (admin) WriteCounts(&json, facts.counts);
  json.EndObject();
  AnswerWhenDurable(&node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> GetRules(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  const airspace::RuleBook book = call.context.node.rules();
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  WriteRules(&json, book.common(),
             book.single() ? book.common().content().activity_classes : book.activity_classes());
  if (!book.single()) {
    json.Key("lines");
    json.BeginArray();
    for (const airspace::LineRules& line : book.lines()) {
      json.BeginObject();
      WriteRules(&json, line.rules, line.rules.content().activity_classes);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> GetEvents(Call& call) {
  net::Query query(call.request.target);
  Subscription subscription;
  subscription.party = call.caller.id();
  subscription.session = call.caller.session;
  WB_ASSIGN_OR_RETURN(subscription.data_mode,
                      query.Parsed("data_mode", airspace::ParseName<DataMode>));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  if (const auto last = call.request.headers.Find("last-event-id"); last && !last->empty()) {
    WB_ASSIGN_OR_RETURN(subscription.last_seq,
                        net::ParseNumber("last-event-id", *last, 0, UINT64_MAX));
  }
  // HEAD is served by GET's handlers; a stream behind its answer would be taken for the next one.
  if (call.request.method == net::Method::kHead) {
    net::Response response;
    response.content_type = "text/event-stream";
    call.responder(std::move(response));
    return {};
  }
  // A refusal has been answered by the server when there are too many streams already.
  base::Result<net::EventStream> stream = call.responder.StartEventStream();
  if (stream) call.context.events.Subscribe(std::move(stream).value(), subscription);
  return {};
}

// Batches of the store that are looked at for one page.
constexpr size_t kJournalBatchesAPage = 2'000;

Result<void> ListJournal(Call& call) {
  if (!call.caller.is_administrator()) {
    return base::Fail(base::ErrorCode::kForbidden, "role",
                      "must be administrator: the journal has what nobody else is told");
  }
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const auto after, query.Uint64("after", 0, UINT64_MAX >> 1));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(
      const service::JournalPage page,
      call.context.node.entries().ReadJournal(after.value_or(0), kJournalBatchesAPage));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("entries");
  json.BeginArray();
  for (const mechanism::JournalWritten& entry : page.entries) {
    json.BeginObject();
    json.Uint64Field("number", entry.seq);
    json.StringField("entry", entry.text);
    json.EndObject();
  }
  json.EndArray();
  if (page.next) json.Uint64Field("next", *page.next);
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(body)));
  return {};
}

namespace {

void WriteHandover(const mechanism::Handover& handover, json::Writer* json) {
  json->Key("handover");
  json->BeginObject();
  json->Uint64Field("number", handover.number);
  json->StringField("text", handover.text);
  json->StringField("key", handover.key_id);
  json->StringField("at", base::FormatRfc3339(handover.at));
  json->Key("open");
  json->BeginObject();
  json->Uint64Field("matters", handover.matters);
  json->Uint64Field("calls", handover.calls);
  json->Uint64Field("conflicts", handover.conflicts);
  json->EndObject();
  if (!handover.waits()) {
    json->StringField("acknowledged_by", handover.acknowledged_by);
    json->StringField("acknowledged_at", base::FormatRfc3339(handover.acknowledged_at));
  }
  json->EndObject();
}

}  // namespace

Result<void> GetHandover(Call& call) {
  WB_RETURN_IF_ERROR(ExpectNoQuery(call));
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  call.context.node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
    if (const mechanism::Handover* handover = desk.handover()) WriteHandover(*handover, &json);
    return 0;
  });
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(text)));
  return {};
}

}  // namespace wideberth::api::node
