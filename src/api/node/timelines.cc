// What the record of a line shows: its timeline, and whether somebody was told. Both are made of the signed entries and
// cosigned heads as they are in the store, checked again (timeline/timeline.h); nothing else of the node is asked.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "formats/decimal.h"
#include "formats/notice_json.h"
#include "net/query.h"
#include "timeline/line_text.h"
#include "timeline/timeline.h"

namespace wideberth::api::node {
namespace {

using base::Result;
using service::RecordReader;
using timeline::Timeline;

// A check of an entry costs 0.1 ms, and this is done on a thread of its own, not on a network loop; longer logs are for
// `wideberth timeline`, which reads them page by page.
constexpr uint64_t kEntriesMax = 20'000;
constexpr size_t kEntriesARead = 500;
constexpr size_t kVerticesMax = 100;

struct Shown {
  std::array<timeline::Party, 2> parties;
  Timeline timeline;
};

Result<void> ReadText(const RecordReader& record, const RecordReader::Log& log,
                      timeline::LogText* text) {
  while (text->entries.size() < log.size) {
    const uint64_t left = log.size - text->entries.size();
    WB_ASSIGN_OR_RETURN(
        std::vector<line::LogEntry> entries,
        record.ReadEntries(log, text->entries.size(),
                           static_cast<size_t>(std::min<uint64_t>(left, kEntriesARead))));
    std::move(entries.begin(), entries.end(), std::back_inserter(text->entries));
  }
  const uint64_t last = log.cosigned ? log.cosigned->head.size : 0;
  for (uint64_t above = 0; above < last;) {
    WB_ASSIGN_OR_RETURN(const line::KnownHead head, record.FirstCosignedFrom(log, above + 1));
    if (head.head.size > last) break;
    text->heads.push_back(*head.note);
    above = head.head.size;
  }
  return {};
}

void AddCards(const std::string& card, const std::vector<mechanism::FormerCard>& former,
              timeline::LogText* text) {
  text->cards.push_back(card);
  for (auto it = former.rbegin(); it != former.rend(); ++it) text->cards.push_back(it->card);
}

Result<Shown> Make(service::Node& node, base::PartyId peer) {
  const RecordReader record = node.record();
  // The peer's first: what it names of ours is then there.
  WB_ASSIGN_OR_RETURN(const RecordReader::Log theirs, record.Find(peer, service::Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log ours, record.Find(peer, service::Writer::kOurs));
  if (ours.size + theirs.size > kEntriesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "peer",
                      "must be of a line of at most " + std::to_string(kEntriesMax) +
                          " entries; `wideberth timeline` reads any",
                      std::to_string(ours.size + theirs.size));
  }
  std::array<timeline::LogText, 2> texts;
  texts[0].writer = *node.party();
  texts[1].writer = peer;
  node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
    if (const auto* own = desk.own_card()) AddCards(own->card, own->former, &texts[0]);
    const mechanism::Peer& known = *desk.FindPeer(peer);
    AddCards(known.card, known.former, &texts[1]);
    return true;
  });
  WB_RETURN_IF_ERROR(ReadText(record, ours, &texts[0]));
  WB_RETURN_IF_ERROR(ReadText(record, theirs, &texts[1]));
  WB_ASSIGN_OR_RETURN(timeline::CheckedLine line, timeline::CheckLine(std::move(texts)));
  WB_ASSIGN_OR_RETURN(Timeline made, Timeline::Make(std::move(line.logs)));
  return Shown{std::move(line.parties), std::move(made)};
}

// Makes the timeline elsewhere, and answers with what `write` makes of it.
using WriteShown = std::function<Result<void>(const Shown& shown, json::Writer* json)>;
Result<void> AnswerFrom(Call& call, WriteShown write) {
  Result<base::PartyId> peer = FindPeer(call.context, call.params.Get("peer"));
  if (!peer) return base::Fail(std::move(peer).error().Under("peer"));
  const auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto answer = [&node = call.context.node, peer = *peer, responder,
                       write = std::move(write)]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const Shown shown, Make(node, peer));
    std::string body;
    json::Writer json(&body);
    json.BeginObject();
    WB_RETURN_IF_ERROR(write(shown, &json));
    timeline::WritePrefix(shown.timeline, shown.parties, &json);
    json.EndObject();
    (*responder)(net::JsonResponse(200, std::move(body)));
    return {};
  };
  const Result<void> posted = call.context.line->timelines.Post([answer, responder] {
    if (const Result<void> done = answer(); !done) Refuse(responder.get(), done.error());
  });
  if (!posted) Refuse(responder.get(), posted.error());
  return {};
}

// "46.9,7.2,1000": numbers between commas.
Result<std::vector<double>> ParseNumbers(std::string_view text) {
  std::vector<double> numbers;
  while (true) {
    const size_t comma = text.find(',');
    const auto number = formats::ParseDecimal(text.substr(0, comma));
    if (!number || numbers.size() == 2 * kVerticesMax) {
      return base::Invalid(
          "", "must be numbers between commas, at most " + std::to_string(2 * kVerticesMax));
    }
    numbers.push_back(*number);
    if (comma == std::string_view::npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

Result<geo::Outline> ParseCircle(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const std::vector<double> numbers, ParseNumbers(text));
  if (numbers.size() != 3 || !(std::abs(numbers[2]) < 1e9)) {
    return base::Invalid("", "must be latitude, longitude and radius in metres");
  }
  WB_ASSIGN_OR_RETURN(const geo::Position centre, geo::MakePosition(numbers[0], numbers[1]));
  return geo::Outline::Circle(centre, std::llround(numbers[2] * 1'000));
}

Result<geo::Outline> ParsePolygon(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const std::vector<double> numbers, ParseNumbers(text));
  if (numbers.size() % 2 != 0) return base::Invalid("", "must be latitudes and longitudes");
  std::vector<geo::Position> ring;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    WB_ASSIGN_OR_RETURN(ring.emplace_back(), geo::MakePosition(numbers[i], numbers[i + 1]));
  }
  return geo::Outline::Polygon(std::move(ring));
}

Result<timeline::Filter> TakeFilter(net::Query* query) {
  timeline::Filter filter;
  WB_ASSIGN_OR_RETURN(filter.notice, query->Parsed("notice", base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(filter.matter, query->Parsed("matter", base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(const auto start, query->Parsed("start", base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const auto end, query->Parsed("end", base::ParseRfc3339));
  if (start || end) {
    filter.window = airspace::TimeWindow{start.value_or(base::kTimeOpenStart),
                                         end.value_or(base::kTimeOpenEnd)};
    if (filter.window->end <= filter.window->start) {
      return base::Invalid("end", "must be after start");
    }
  }
  WB_ASSIGN_OR_RETURN(filter.area, query->Parsed("circle", ParseCircle));
  WB_ASSIGN_OR_RETURN(auto polygon, query->Parsed("polygon", ParsePolygon));
  if (polygon && filter.area) return base::Invalid("polygon", "must not be given beside circle");
  if (polygon) filter.area = std::move(polygon);
  WB_ASSIGN_OR_RETURN(const auto machines, query->Bool("machines"));
  filter.with_machines = machines.value_or(false);
  WB_RETURN_IF_ERROR(query->ExpectNoOthers());
  return filter;
}

}  // namespace

Result<void> GetTimeline(Call& call) {
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const timeline::Filter filter, TakeFilter(&query));
  return AnswerFrom(call, [filter](const Shown& shown, json::Writer* json) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const std::vector<const timeline::Event*> events,
                        timeline::Select(shown.timeline, filter));
    json->Key("events");
    json->BeginArray();
    for (const timeline::Event* event : events) {
      timeline::WriteEvent(*event, shown.parties, json);
    }
    json->EndArray();
    return {};
  });
}

Result<void> AskWasNotified(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const json::Value volume_json, body.Required("volume"));
  // A hazard's, since the question may be of any time.
  WB_ASSIGN_OR_RETURN(airspace::Volume4D volume,
                      formats::DecodeVolume(volume_json, airspace::NoticeKind::kHazard));
  WB_ASSIGN_OR_RETURN(const auto told_by, body.OptionalString("told_by", 16));
  if (told_by && *told_by != "us" && *told_by != "them") {
    return body.Refuse("told_by", "must be us or them");
  }
  WB_ASSIGN_OR_RETURN(
      const auto mode,
      body.OptionalParsed("data_mode", 16, airspace::ParseName<airspace::DataMode>));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const timeline::Question question{size_t{told_by == "them" ? 1U : 0U},
                                    mode.value_or(airspace::DataMode::kReal), std::move(volume)};
  return AnswerFrom(call,
                    [question, heights = call.context.node.heights()](
                        const Shown& shown, json::Writer* json) -> Result<void> {
                      WB_ASSIGN_OR_RETURN(const std::vector<timeline::Told> told,
                                          timeline::WasNotified(shown.timeline, question, heights));
                      json->StringField("teller", shown.parties[question.teller].name);
                      timeline::WriteTold(told, shown.parties, json);
                      return {};
                    });
}

}  // namespace wideberth::api::node
