// Reading the desk: matters, calls, counts, and by what each side judges a conflict.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "mechanism/basis.h"

namespace wideberth::api::node {
namespace {

using airspace::Conflict;
using airspace::State;
using base::Result;
using mechanism::Desk;

void Answer(Call& call, uint64_t seq, std::string body) {
  AnswerWhenDurable(&call.context.node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
}

// Matters of one page, looked at under short holds of the lock.
struct Matters {
  std::vector<mechanism::Matter> items;
  std::optional<uint64_t> next;
  uint64_t seq = 0;
};
Matters ReadMatters(const service::Node& node, const PageRequest& page, std::optional<bool> open) {
  Matters read;
  uint64_t after = page.after;
  size_t scanned = 0;
  bool more = true;
  while (more && read.items.size() < page.limit && scanned < limits::kPageRecordsScannedMax) {
    const auto [left, seq] = node.ReadDesk([&](const State&, const Desk& desk) {
      auto it = desk.matters().upper_bound(after);
      for (size_t i = 0; i < kPageRecordsPerHold && it != desk.matters().end(); ++i, ++it) {
        if (read.items.size() == page.limit) return true;
        after = it->first;
        ++scanned;
        if (!open || it->second.open() == *open) read.items.push_back(it->second);
      }
      return it != desk.matters().end();
    });
    more = left;
    read.seq = std::max(read.seq, seq);
  }
  if (more) read.next = after;
  return read;
}

// ---- Bases ----

void WriteSide(json::Writer* json, std::string_view key, const mechanism::Basis& basis) {
  json->Key(key);
  json->BeginObject();
  json->StringField("agreement", basis.agreement.ToHex());
  json->StringField("verdict", airspace::Name(basis.verdict));
  mechanism::WriteConflictVersions(basis.versions, json);
  json->EndObject();
}

// What differs, as pointers into both: "/agreement", "/verdict", "/versions/1/version".
std::vector<std::string> Differences(const mechanism::Basis& ours, const mechanism::Basis& theirs) {
  std::vector<std::string> found;
  if (ours.agreement != theirs.agreement) found.emplace_back("/agreement");
  if (ours.verdict != theirs.verdict) found.emplace_back("/verdict");
  for (size_t i = 0; i < ours.versions.size(); ++i) {
    if (ours.versions[i] == theirs.versions[i]) continue;
    const bool same_notice = ours.versions[i].notice == theirs.versions[i].notice;
    found.push_back("/versions/" + std::to_string(i) + (same_notice ? "/version" : ""));
  }
  return found;
}

struct Bases {
  std::optional<mechanism::Basis> ours;
  std::optional<std::string> theirs;
};

// ---- Counts ----

struct CountRow {
  std::string_view name;
  uint64_t mechanism::Counts::*value;
};
constexpr std::array kCountRows = {
    CountRow{"sent", &mechanism::Counts::sent},
    CountRow{"received", &mechanism::Counts::received},
    CountRow{"sent_late", &mechanism::Counts::sent_late},
    CountRow{"received_late", &mechanism::Counts::received_late},
    CountRow{"read_back_mismatches", &mechanism::Counts::read_back_mismatches},
    CountRow{"release_blocked", &mechanism::Counts::release_blocked},
    CountRow{"checks_made", &mechanism::Counts::checks_made},
    CountRow{"checks_missed", &mechanism::Counts::checks_missed},
    CountRow{"stop_calls", &mechanism::Counts::stop_calls},
    CountRow{"stop_calls_unanswered", &mechanism::Counts::stop_calls_unanswered},
    CountRow{"incursion_warnings", &mechanism::Counts::incursion_warnings},
    CountRow{"incursion_warnings_unanswered", &mechanism::Counts::incursion_warnings_unanswered},
    CountRow{"times_lost", &mechanism::Counts::times_lost},
    CountRow{"climbed", &mechanism::Counts::climbed},
};
struct DurationRow {
  std::string_view name;
  mechanism::Durations mechanism::Counts::*value;
};
constexpr std::array kDurationRows = {
    DurationRow{"lead_at_r1", &mechanism::Counts::lead_at_r1},
    DurationRow{"lead_at_r3", &mechanism::Counts::lead_at_r3},
    DurationRow{"receipt", &mechanism::Counts::receipt},
    DurationRow{"read_back", &mechanism::Counts::read_back},
    DurationRow{"read_back_by_us", &mechanism::Counts::read_back_by_us},
};

void WriteCounts(json::Writer* json, const mechanism::CountsKey& key,
                 const mechanism::Counts& counts, const airspace::RuleBook& rules) {
  json->BeginObject();
  // What is counted before a notice has a recipient is nobody's.
  if (!key.peer.uuid.is_nil()) {
    json->Key("peer");
    json->BeginObject();
    json->StringField("id", key.peer.ToString());
    if (const auto* party = rules.FindParty(key.peer)) json->StringField("name", party->name);
    json->EndObject();
  }
  json->StringField("data_mode", airspace::Name(key.data_mode));
  for (const CountRow& row : kCountRows) json->Uint64Field(row.name, counts.*row.value);
  for (const DurationRow& row : kDurationRows) {
    json->Key(row.name);
    WriteDurations(json, counts.*row.value);
  }
  json->EndObject();
}

}  // namespace

Result<void> ListMatters(Call& call) {
  Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const PageRequest page, TakePageRequest(&query));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> open, query.Bool("open"));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const Matters read = ReadMatters(call.context.node, page, open);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("matters");
  json.BeginArray();
  for (const auto& matter : read.items) WriteMatter(&json, matter, call.context.node.rules());
  json.EndArray();
  if (read.next) json.Uint64Field("next", *read.next);
  json.EndObject();
  Answer(call, read.seq, std::move(body));
  return {};
}

Result<void> ListCalls(Call& call) {
  Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const auto given, query.Uint64("limit", 1, limits::kPageItemsMax));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> open, query.Bool("open"));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const size_t limit = static_cast<size_t>(given.value_or(limits::kPageItemsDefault));
  auto [calls, seq] = call.context.node.ReadDesk([&](const State&, const Desk& desk) {
    std::vector<const mechanism::Call*> found;
    for (const auto& [id, each] : desk.calls()) {
      if (!open || each.closed_at.has_value() != *open) found.push_back(&each);
    }
    const size_t count = std::min(limit, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(count), found.end(),
                      [](const auto* a, const auto* b) {
                        return std::pair(a->stored_at, a->id) > std::pair(b->stored_at, b->id);
                      });
    std::vector<mechanism::Call> copies;
    for (size_t i = 0; i < count; ++i) copies.push_back(*found[i]);
    return copies;
  });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("calls");
  json.BeginArray();
  for (const mechanism::Call& each : calls) WriteCall(&json, each, call.context.node.rules());
  json.EndArray();
  json.EndObject();
  Answer(call, seq, std::move(body));
  return {};
}

Result<void> GetStatistics(Call& call) {
  WB_RETURN_IF_ERROR(Query(call.request.target).ExpectNoOthers());
  const auto [counts, seq] =
      call.context.node.ReadDesk([](const State&, const Desk& desk) { return desk.counts(); });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("statistics");
  json.BeginArray();
  for (const auto& [key, each] : counts) WriteCounts(&json, key, each, call.context.node.rules());
  json.EndArray();
  json.EndObject();
  Answer(call, seq, std::move(body));
  return {};
}

Result<void> GetConflictBases(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Digest id, ConflictIdOf(call));
  WB_RETURN_IF_ERROR(Query(call.request.target).ExpectNoOthers());
  const service::Node& node = call.context.node;
  const auto [bases, seq] = node.ReadDesk([&](const State& state, const Desk& desk) {
    Bases found;
    const Conflict* conflict = state.FindConflict(id);
    // What is held has no basis: the peer never hears of it.
    if (conflict != nullptr && !conflict->local()) {
      found.ours = mechanism::BasisOf(*conflict, node.terms().agreement);
    }
    if (const std::string* heard = desk.HeardBasis(id)) found.theirs = *heard;
    return found;
  });
  if (!bases.ours && !bases.theirs) {
    return base::Fail(base::ErrorCode::kNotFound, "id",
                      "must name a conflict between declared notices", id.ToHex());
  }
  std::optional<mechanism::Basis> theirs;
  if (bases.theirs) {
    WB_ASSIGN_OR_RETURN(theirs, mechanism::ReadBasis(*bases.theirs));
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("conflict", id.ToHex());
  if (bases.ours) WriteSide(&json, "ours", *bases.ours);
  if (theirs) WriteSide(&json, "theirs", *theirs);
  if (bases.ours && theirs) {
    const std::vector<std::string> differences = Differences(*bases.ours, *theirs);
    json.BoolField("equal", differences.empty());
    json.Key("differences");
    json.BeginArray();
    for (const std::string& each : differences) json.String(each);
    json.EndArray();
  }
  json.EndObject();
  Answer(call, seq, std::move(body));
  return {};
}

}  // namespace wideberth::api::node
