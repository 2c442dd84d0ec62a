// Reading the desk: matters, calls, counts, by what each side judges a conflict, and exchanges. These are entered,
// proposed, signed and published as acts (person_acts.cc).
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "exchange/compare.h"
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
    CountRow{"breaches_accepted", &mechanism::Counts::breaches_accepted},
    CountRow{"breaches_rejected", &mechanism::Counts::breaches_rejected},
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
  net::Query query(call.request.target);
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
  net::Query query(call.request.target);
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
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
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
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const service::Node& node = call.context.node;
  const auto [bases, seq] = node.ReadDesk([&](const State& state, const Desk& desk) {
    Bases found;
    const Conflict* conflict = state.FindConflict(id);
    // What is held has no basis: the peer never hears of it.
    if (conflict != nullptr && !conflict->local()) {
      found.ours = mechanism::BasisOf(*conflict);
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

// ---- Exchanges

namespace {

using exchange::Exchange;
using exchange::kOurs;
using exchange::kTheirs;

// Looked at under one hold of the state's lock.
constexpr size_t kExchangesPerHold = 500;

void WriteParty(json::Writer* json, std::string_view key, base::PartyId id,
                const airspace::RuleBook& rules) {
  json->Key(key);
  json->BeginObject();
  json->StringField("id", id.ToString());
  if (const auto* party = rules.FindParty(id)) json->StringField("name", party->name);
  json->EndObject();
}

void WriteSaid(json::Writer* json, const exchange::Said& said) {
  json->StringField("act", said.act.ToHex());
  json->StringField("role", operators::Name(said.role));
  json->StringField("at", base::FormatRfc3339(said.at));
  json->StringField("stored_at", base::FormatRfc3339(said.stored_at));
}

void WriteStated(json::Writer* json, std::string_view key,
                 const std::optional<exchange::StatedAccount>& stated) {
  if (!stated) return;
  json->Key(key);
  json->BeginObject();
  WriteSaid(json, stated->said);
  json->Uint64Field("entered", stated->entered);
  json->Key("account");
  json->BeginObject();
  exchange::WriteAccount(stated->account, json);
  json->EndObject();
  json->EndObject();
}

void WriteSignature(json::Writer* json, std::string_view key,
                    const std::optional<exchange::Signature>& signature) {
  if (!signature) return;
  json->Key(key);
  json->BeginObject();
  WriteSaid(json, signature->said);
  json->Key("paragraphs");
  json->BeginArray();
  for (const bool agreed : signature->agreed) json->String(agreed ? "agreed" : "not_agreed");
  json->EndArray();
  json->EndObject();
}

// "agreed" by both, "not_agreed" by at least one, "open" while somebody has not signed and nobody has refused it.
std::string_view StandingOf(const exchange::Readout& readout, size_t paragraph) {
  for (const auto& signature : readout.signatures) {
    if (signature && paragraph < signature->agreed.size() && !signature->agreed[paragraph]) {
      return "not_agreed";
    }
  }
  return readout.IsAgreed(paragraph) ? "agreed" : "open";
}

void WriteReadout(json::Writer* json, const exchange::Readout& readout) {
  json->BeginObject();
  json->StringField("sha256", readout.digest.ToHex());
  json->BoolField("by_us", readout.by_us);
  WriteSaid(json, readout.said);
  json->BoolField("signed", readout.is_signed());
  WriteSignature(json, "ours", readout.signatures[kOurs]);
  WriteSignature(json, "theirs", readout.signatures[kTheirs]);
  const auto minutes = exchange::ParseMinutes(readout.text);
  json->Key("standing");
  json->BeginArray();
  for (size_t i = 0; minutes && i < minutes->paragraphs.size(); ++i) {
    json->String(StandingOf(readout, i));
  }
  json->EndArray();
  json->Key("readout");
  json->Raw(readout.text);
  json->EndObject();
}

void WriteStatement(json::Writer* json, const exchange::StoredStatement& statement) {
  json->BeginObject();
  json->StringField("sha256", statement.digest.ToHex());
  json->BoolField("by_us", statement.by_us);
  WriteSaid(json, statement.said);
  json->Key("statement");
  json->Raw(statement.text);
  json->EndObject();
}

void WriteExchange(json::Writer* json, const Exchange& exchange, const airspace::RuleBook& rules,
                   bool whole) {
  json->BeginObject();
  json->StringField("id", exchange.id.ToString());
  json->Uint64Field("number", exchange.number);
  WriteParty(json, "peer", exchange.peer, rules);
  json->StringField("entered_at", base::FormatRfc3339(exchange.entered_at));
  WriteStated(json, "ours", exchange.accounts[kOurs]);
  WriteStated(json, "theirs", exchange.accounts[kTheirs]);
  const auto is_signed = [](const exchange::Readout& readout) { return readout.is_signed(); };
  json->Uint64Field("readouts_signed",
                    static_cast<uint64_t>(std::count_if(exchange.readouts.begin(),
                                                        exchange.readouts.end(), is_signed)));
  if (whole) {
    json->Key("readouts");
    json->BeginArray();
    for (const auto& each : exchange.readouts) WriteReadout(json, each);
    json->EndArray();
    json->Key("statements");
    json->BeginArray();
    for (const auto& each : exchange.statements) WriteStatement(json, each);
    json->EndArray();
  }
  json->EndObject();
}

Result<base::Uuid> ExchangeIdOf(const Call& call) {
  Result<base::Uuid> id = base::Uuid::ParseV4(call.params.Get("id"));
  if (!id) return base::Fail(std::move(id).error().Under("id"));
  return id;
}

base::Unexpected NoSuchExchange(base::Uuid id) {
  return base::Fail(base::ErrorCode::kNotFound, "id", "must name an exchange", id.ToString());
}

// What this node has of the notices that accounts and statements name.
std::vector<exchange::RecordFacts> RecordFactsOf(const State& state, const Exchange& exchange,
                                                 base::PartyId self) {
  std::vector<base::NoticeId> named;
  for (const auto& stated : exchange.accounts) {
    if (stated && stated->account.notice) named.push_back(*stated->account.notice);
  }
  for (const auto& each : exchange.statements) {
    const auto statement = exchange::ParseStatement(each.text);
    if (statement && statement->account.notice) named.push_back(*statement->account.notice);
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::vector<exchange::RecordFacts> facts;
  for (const base::NoticeId& id : named) {
    const airspace::Notice* notice = state.FindNotice(id);
    if (notice == nullptr || (notice->party != self && notice->party != exchange.peer)) continue;
    const airspace::NoticeVersion* version = airspace::LatestDeclared(*notice);
    if (version == nullptr) continue;
    exchange::RecordFacts fact;
    fact.notice = id;
    if (notice->party == self) {
      const auto delivery = notice->delivery.find(exchange.peer);
      if (delivery != notice->delivery.end() && delivery->second.r1) {
        const airspace::Receipt& receipt = *delivery->second.r1;
        if (const auto* received = airspace::FindVersion(*notice, receipt.version)) {
          version = received;
        }
        fact.received_at = receipt.at;
      }
      fact.released_at = version->stored_at;
    } else {
      fact.received_at = version->stored_at;
    }
    fact.starts_at = airspace::EarliestStart(version->declaration);
    for (const auto& volume : version->declaration.volumes) {
      fact.outlines.push_back(volume.outline);
    }
    facts.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace

Result<void> ListExchanges(Call& call) {
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(PageRequest page, TakePageRequest(&query));
  page.limit = std::min(page.limit, kExchangesPerHold);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  std::optional<uint64_t> next;
  const auto [items, seq] = call.context.node.ReadDesk([&](const State&, const Desk& desk) {
    std::vector<Exchange> found;
    const auto& all = desk.exchanges();
    for (auto it = all.upper_bound(page.after); it != all.end(); ++it) {
      if (found.size() == page.limit) {
        next = found.back().number;
        break;
      }
      Exchange& copy = found.emplace_back();
      copy.id = it->second.id;
      copy.number = it->second.number;
      copy.peer = it->second.peer;
      copy.entered_at = it->second.entered_at;
      copy.accounts = it->second.accounts;
      for (const exchange::Readout& each : it->second.readouts) {
        copy.readouts.emplace_back().signatures = each.signatures;
      }
    }
    return found;
  });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("exchanges");
  json.BeginArray();
  for (const Exchange& each : items) WriteExchange(&json, each, call.context.node.rules(), false);
  json.EndArray();
  if (next) json.Uint64Field("next", *next);
  json.EndObject();
  Answer(call, seq, std::move(body));
  return {};
}

Result<void> GetExchange(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Uuid id, ExchangeIdOf(call));
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const auto [found, seq] =
      call.context.node.ReadDesk([&](const State&, const Desk& desk) -> std::optional<Exchange> {
        const Exchange* exchange = desk.FindExchange(id);
        return exchange == nullptr ? std::nullopt : std::optional(*exchange);
      });
  if (!found) return NoSuchExchange(id);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("exchange");
  WriteExchange(&json, *found, call.context.node.rules(), true);
  json.EndObject();
  Answer(call, seq, std::move(body));
  return {};
}

// In the core's turn, which knows the agreement of now.
Result<void> CompareExchange(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Uuid id, ExchangeIdOf(call));
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const auto work = [&context = call.context, id, self = call.caller.id()](
                        mechanism::Core& core, line::Now) -> Result<net::Response> {
    std::vector<exchange::RecordFacts> facts;
    const auto found =
        context.node
            .ReadDesk([&](const State& state, const Desk& desk) -> std::optional<Exchange> {
              const Exchange* exchange = desk.FindExchange(id);
              if (exchange == nullptr) return std::nullopt;
              facts = RecordFactsOf(state, *exchange, self);
              return *exchange;
            })
            .first;
    if (!found) return NoSuchExchange(id);
    const agreement::InForce* in_force = core.FindInForce(found->peer);
    const agreement::Gazetteer* gazetteer =
        in_force == nullptr || in_force->on_floor() ? nullptr : &in_force->agreement->gazetteer;
    std::string body;
    json::Writer json(&body);
    json.BeginObject();
    json.StringField("exchange", id.ToString());
    json.Key("parties");
    json.BeginArray();
    const airspace::RuleBook rules = context.node.rules();
    for (const base::PartyId party : {std::min(self, found->peer), std::max(self, found->peer)}) {
      json.BeginObject();
      json.StringField("id", party.ToString());
      if (const auto* entry = rules.FindParty(party)) json.StringField("name", entry->name);
      json.EndObject();
    }
    json.EndArray();
    json.Key("facts");
    exchange::WriteFacts(exchange::Compare(*found, self, facts, gazetteer), &json);
    json.EndObject();
    return net::JsonResponse(200, std::move(body));
  };
  return SubmitWork(call, work);
}

}  // namespace wideberth::api::node
