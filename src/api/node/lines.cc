// How the lines of a node stand, what people do about a line as a whole, and its record.
#include <algorithm>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "line/cosigning.h"
#include "line/party_card.h"
#include "net/query.h"
#include "record/tile_path.h"
#include "service/record_evidence.h"
#include "service/record_reader.h"

namespace wideberth::api::node {
namespace {

using base::Result;
using mechanism::Desk;
using mechanism::Peer;
using operators::ActKind;
using service::RecordReader;
using service::Writer;

// Beyond it a silence is as unlikely as a display can say.
constexpr double kSuspicionMax = 100;

int64_t Milliseconds(int64_t us) {
  return us / 1'000;
}

// Reading a card costs a millisecond, so it is done on the loop.
struct PeerFacts {
  Peer peer;
  std::string fingerprint;
  base::UtcMicros next_check;  // ours; kTimeOpenStart: none has been planned
  base::UtcMicros next_check_of_peer;
  std::optional<mechanism::Exercise> exercise;
};

std::vector<PeerFacts> ReadPeers(const service::Node& node, std::optional<base::PartyId> only) {
  std::vector<PeerFacts> peers =
      node.ReadDesk([&](const airspace::State&, const Desk& desk) {
            std::vector<PeerFacts> found;
            for (const auto& [id, peer] : desk.peers()) {
              if (only && id != *only) continue;
              found.push_back(
                  {peer, {}, desk.NextLineCheck(id, false), desk.NextLineCheck(id, true), {}});
              if (const auto* exercise = desk.FindExercise(id)) found.back().exercise = *exercise;
            }
            return found;
          })
          .first;
  for (PeerFacts& each : peers) {
    const auto card = line::ReadCard(each.peer.card);
    if (card) each.fingerprint = line::FingerprintOf(*card).ToString();
  }
  return peers;
}

void WriteLiveness(const line::Liveness& liveness, line::Now now, json::Writer* json) {
  json->StringField("state", line::Name(liveness.state()));
  json->Int64Field("echo_age_ms", Milliseconds(liveness.echo_age_us(now.monotonic_us)));
  json->DoubleField("suspicion", std::min(liveness.Suspicion(now.monotonic_us), kSuspicionMax));
  const auto& offset = liveness.clock_offset();
  if (!offset) return;
  json->Int64Field("clock_offset_ms", Milliseconds(offset->offset_us));
  json->Int64Field("clock_error_ms", Milliseconds(offset->error_us));
  json->BoolField("clock_alarm", offset->alarm());
}

void WriteEndpoint(const line::Endpoint& endpoint, line::Now now, json::Writer* json) {
  WriteLiveness(endpoint.liveness(), now, json);
  const line::LineState& state = endpoint.state();
  json->Uint64Field("own_size", state.own.size());
  json->Uint64Field("acknowledged", endpoint.acknowledged());
  json->Uint64Field("mirror_size", state.mirror.size());
  json->BoolField("in_step", endpoint.in_step());
  if (const auto old = endpoint.old_copy()) {
    json->Key("old_copy");
    json->BeginObject();
    json->BoolField("peer_heard", old->peer_heard);
    json->Uint64Field("held", old->held);
    json->Uint64Field("peer_holds", old->peer_holds);
    json->BoolField("differs", old->differs);
    json->BoolField("keys_changed", old->keys_changed);
    json->BoolField("this_line_only", old->this_line_only);
    json->EndObject();
  }
  json->Key("policy_suspended");
  json->BeginObject();
  json->BoolField("by_us", state.suspended_by_self);
  json->BoolField("by_peer", state.suspended_by_peer);
  json->EndObject();
}

void WritePath(const link::PathStatus& path, json::Writer* json) {
  json->BeginObject();
  json->StringField("name", path.name);
  json->BoolField("up", path.up);
  json->StringField("since", base::FormatRfc3339(path.since));
  if (!path.remote_address.empty()) json->StringField("remote_address", path.remote_address);
  if (!path.last_error.empty()) json->StringField("last_error", path.last_error);
  json->Uint64Field("frames_sent", path.frames_sent);
  json->Uint64Field("frames_received", path.frames_received);
  json->Uint64Field("bytes_sent", path.bytes_sent);
  json->Uint64Field("bytes_received", path.bytes_received);
  json->EndObject();
}

void WriteCheckTime(std::string_view key, base::UtcMicros at, json::Writer* json) {
  if (at != base::kTimeOpenStart) json->StringField(key, base::FormatRfc3339(at));
}

void WriteWindow(const airspace::TimeWindow& window, json::Writer* json) {
  json->StringField("from", base::FormatRfc3339(window.start));
  json->StringField("to", base::FormatRfc3339(window.end));
}

void WriteProposal(std::string_view key, const std::optional<mechanism::ExerciseProposal>& proposal,
                   json::Writer* json) {
  if (!proposal) return;
  json->Key(key);
  json->BeginObject();
  json->StringField("id", proposal->id.ToString());
  WriteWindow(proposal->window, json);
  json->StringField("role", operators::Name(proposal->role));
  json->EndObject();
}

void WriteExercise(const mechanism::Exercise& exercise, base::UtcMicros now, json::Writer* json) {
  json->Key("exercise");
  json->BeginObject();
  json->BoolField("open", exercise.IsOpenAt(now));
  if (exercise.window) {
    json->Key("window");
    json->BeginObject();
    WriteWindow(*exercise.window, json);
    json->EndObject();
  }
  WriteProposal("ours", exercise.ours, json);
  WriteProposal("theirs", exercise.theirs, json);
  if (!exercise.ended_as.empty()) json->StringField("ended_as", exercise.ended_as);
  json->StringField("changed_at", base::FormatRfc3339(exercise.changed_at));
  json->EndObject();
}

// In the core's turn.
void WriteLine(const Context& context, const PeerFacts& facts, const mechanism::Core& core,
               line::Now now, json::Writer* json) {
  json->BeginObject();
  json->Key("peer");
  json->BeginObject();
  json->StringField("id", facts.peer.id.ToString());
  json->StringField("name", facts.peer.name);
  json->EndObject();
  json->StringField("fingerprint", facts.fingerprint);
  json->StringField("enrolled_at", base::FormatRfc3339(facts.peer.enrolled_at));
  const auto& keys = facts.peer.operator_keys;
  const auto valid = std::count_if(keys.begin(), keys.end(),
                                   [](const auto& key) { return !key.revoked_at.has_value(); });
  json->Uint64Field("operator_keys", static_cast<uint64_t>(valid));
  if (const line::Endpoint* endpoint = core.FindLine(facts.peer.id)) {
    WriteEndpoint(*endpoint, now, json);
  } else {
    json->StringField("state", "not_configured");
  }
  json->Key("paths");
  json->BeginArray();
  if (const link::Transport* transport = context.line->transport) {
    for (const auto& path : transport->Status(facts.peer.id)) WritePath(path, json);
  }
  json->EndArray();
  if (facts.exercise) WriteExercise(*facts.exercise, now.utc, json);
  WriteCheckTime("next_line_check", facts.next_check, json);
  WriteCheckTime("next_line_check_of_peer", facts.next_check_of_peer, json);
  json->EndObject();
}

using Change = Result<void> (*)(mechanism::Core& core, base::PartyId peer, line::Now now);

// Changes the line to {peer} and shows how it stands then.
Result<void> ChangeLine(Call& call, ActKind act, Change change) {
  WB_RETURN_IF_ERROR(RequireRole(call, act));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  Result<base::PartyId> peer = FindPeer(call.context, call.params.Get("peer"));
  if (!peer) return base::Fail(std::move(peer).error().Under("peer"));
  const std::vector<PeerFacts> facts = ReadPeers(call.context.node, *peer);
  const auto work = [&context = call.context, change, facts](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    WB_RETURN_IF_ERROR(change(core, facts.front().peer.id, now));
    std::string text;
    json::Writer json(&text);
    WriteLine(context, facts.front(), core, now, &json);
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work, [](base::Error error) {
    if (error.field == "/to") error.field = "peer";
    return error;
  });
}

// ---- The record ----

Result<RecordReader::Log> LogOf(const Call& call, std::string_view writer_text) {
  Result<base::PartyId> peer = FindPeer(call.context, call.params.Get("peer"));
  if (!peer) return base::Fail(std::move(peer).error().Under("peer"));
  Result<Writer> writer = service::ParseWriter(writer_text);
  if (!writer) return base::Fail(std::move(writer).error().Under("writer"));
  return call.context.node.record().Find(*peer, *writer);
}

void WriteHead(std::string_view key, const std::optional<line::KnownHead>& head, bool cosigned,
               json::Writer* json) {
  if (!head) return;
  json->Key(key);
  json->BeginObject();
  json->Uint64Field("size", head->head.size);
  json->StringField("root", head->head.root.ToHex());
  if (cosigned) {
    const base::UtcMicros at{static_cast<int64_t>(head->time_s) * base::kMicrosPerSecond};
    json->StringField("cosigned_at", base::FormatRfc3339(at));
  }
  json->EndObject();
}

void WriteWitnesses(const std::vector<cosign::WitnessState>& states, json::Writer* json) {
  json->Key("witnesses");
  json->BeginArray();
  for (const cosign::WitnessState& state : states) {
    json->BeginObject();
    json->StringField("name", state.witness.key.name());
    json->StringField("key", state.witness.key.Format());
    json->StringField("url", state.witness.url);
    json->Uint64Field("size", state.size);
    if (state.time_s > 0) {
      const base::UtcMicros at{static_cast<int64_t>(state.time_s) * base::kMicrosPerSecond};
      json->StringField("cosigned_at", base::FormatRfc3339(at));
    }
    if (!state.trouble.empty()) json->StringField("trouble", state.trouble);
    json->EndObject();
  }
  json->EndArray();
}

void WriteLog(const RecordReader::Log& log, const line::PartyCard& writer,
              const line::PartyCard& cosigner, const std::vector<cosign::WitnessState>& witnesses,
              json::Writer* json) {
  json->Key(service::Name(log.writer));
  json->BeginObject();
  json->StringField("origin", line::OriginOf(writer.party, cosigner.party));
  json->StringField("log_key", line::LogKeyOf(writer, cosigner.party).Format());
  json->StringField("cosigner_key", line::CosignerKeyOf(cosigner).Format());
  json->Uint64Field("size", log.size);
  WriteHead("signed", log.signed_head, false, json);
  WriteHead("cosigned", log.cosigned, true, json);
  if (!witnesses.empty()) WriteWitnesses(witnesses, json);
  json->EndObject();
}

// The checkpoint that the query asks for.
Result<line::SharedBytes> NoteOf(const RecordReader& record, const RecordReader::Log& log,
                                 std::optional<uint64_t> covering, std::optional<uint64_t> up_to) {
  if (covering) {
    WB_ASSIGN_OR_RETURN(const line::KnownHead head, record.FirstCosignedFrom(log, *covering + 1));
    return head.note;
  }
  if (up_to) {
    WB_ASSIGN_OR_RETURN(const auto head, record.LastCosignedUpTo(log, *up_to));
    if (head) return head->note;
  } else if (log.cosigned) {
    return log.cosigned->note;
  }
  return base::Fail(base::ErrorCode::kNotFound, "path",
                    "must be of a log that the other side has cosigned once");
}

Result<std::string> WitnessedNote(const Call& call, const RecordReader::Log& log,
                                  std::optional<uint64_t> covering) {
  const cosign::Witnesses* witnesses = call.context.line->witnesses;
  if (witnesses == nullptr || log.writer != service::Writer::kOurs) {
    return base::Fail(base::ErrorCode::kNotFound, "witnessed",
                      "must be of a log of ours that has witnesses");
  }
  return witnesses->Checkpoint(log.peer, covering ? std::optional(*covering + 1) : std::nullopt);
}

net::Response Bytes(base::Bytes bytes) {
  net::Response response;
  response.content_type = "application/octet-stream";
  response.body.assign(base::AsText(bytes));
  return response;
}

}  // namespace

Result<void> ListLines(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const auto work = [&context = call.context, peers = ReadPeers(call.context.node, std::nullopt)](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("at", base::FormatRfc3339(now.utc));
    json.Key("lines");
    json.BeginArray();
    for (const PeerFacts& facts : peers) WriteLine(context, facts, core, now, &json);
    json.EndArray();
    json.EndObject();
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work);
}

Result<void> SuspendLine(Call& call) {
  return ChangeLine(call, ActKind::kSuspendPolicyLane,
                    [](mechanism::Core& core, base::PartyId peer, line::Now now) {
                      return core.SetPolicyLane(peer, true, now);
                    });
}

Result<void> ResumeLine(Call& call) {
  return ChangeLine(call, ActKind::kResumePolicyLane,
                    [](mechanism::Core& core, base::PartyId peer, line::Now now) {
                      return core.SetPolicyLane(peer, false, now);
                    });
}

Result<void> ConfirmLine(Call& call) {
  return ChangeLine(call, ActKind::kConfirmRecovery,
                    [](mechanism::Core& core, base::PartyId peer, line::Now now) {
                      return core.ConfirmRecovered(peer, now);
                    });
}

// ---- What stands in the logs

namespace {

constexpr size_t kEntriesAPage = 500;
constexpr size_t kPageBytes = 8 * 1024 * 1024;

// The cards that a party has had, the one in force first.
struct Cards {
  base::PartyId party;
  std::vector<std::string> texts;

  void Add(const std::string& card, const std::vector<mechanism::FormerCard>& former) {
    texts.push_back(card);
    for (auto it = former.rbegin(); it != former.rend(); ++it) texts.push_back(it->card);
  }
};

void WriteCards(json::Writer* json, const Cards& cards, const airspace::RuleBook& rules) {
  json->BeginObject();
  json->StringField("id", cards.party.ToString());
  if (const auto* party = rules.FindParty(cards.party)) json->StringField("name", party->name);
  json->Key("cards");
  json->BeginArray();
  for (const std::string& each : cards.texts) json->String(each);
  json->EndArray();
  json->EndObject();
}

// The cosigned heads of more than `above` and at most `up_to` entries.
Result<void> WriteHeads(const RecordReader& record, const RecordReader::Log& log, uint64_t above,
                        uint64_t up_to, json::Writer* json) {
  json->Key("heads");
  json->BeginArray();
  const uint64_t last = std::min(up_to, log.cosigned ? log.cosigned->head.size : 0);
  while (above < last) {
    WB_ASSIGN_OR_RETURN(const line::KnownHead head, record.FirstCosignedFrom(log, above + 1));
    if (head.head.size > last) break;
    json->String(*head.note);
    above = head.head.size;
  }
  json->EndArray();
  return {};
}

Result<bool> TakeTheirs(net::Query* query) {
  WB_ASSIGN_OR_RETURN(const auto writer, query->Text("writer"));
  if (writer == "ours") return false;
  if (writer == "theirs") return true;
  return base::Invalid("writer", "must be ours or theirs", writer.value_or(""));
}

}  // namespace

Result<void> ListEntries(Call& call) {
  service::Node& node = call.context.node;
  Result<base::PartyId> peer = FindPeer(call.context, call.params.Get("peer"));
  if (!peer) return base::Fail(std::move(peer).error().Under("peer"));
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const bool theirs, TakeTheirs(&query));
  WB_ASSIGN_OR_RETURN(const auto after, query.Uint64("after", 0, UINT32_MAX));
  WB_ASSIGN_OR_RETURN(const auto limit, query.Uint64("limit", 1, kEntriesAPage));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const uint64_t first = after.value_or(0) + 1;
  const size_t count = static_cast<size_t>(limit.value_or(kEntriesAPage));
  const auto cards = node.ReadDesk([&](const airspace::State&, const Desk& desk) {
                           std::vector<Cards> both(2);
                           both[0].party = *node.party();
                           if (const auto* own = desk.own_card())
                             both[0].Add(own->card, own->former);
                           both[1].party = *peer;
                           const mechanism::Peer& known = *desk.FindPeer(*peer);
                           both[1].Add(known.card, known.former);
                           return both;
                         })
                         .first;
  WB_ASSIGN_OR_RETURN(const std::vector<line::LogEntry> entries,
                      node.entries().ReadLog(*peer, theirs, first, count));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("parties");
  json.BeginArray();
  const airspace::RuleBook rules = node.rules();
  for (const Cards& each : cards) WriteCards(&json, each, rules);
  json.EndArray();
  json.Key("entries");
  json.BeginArray();
  size_t written = 0;
  for (const line::LogEntry& entry : entries) {
    if (written > 0 && body.size() + entry.size() > kPageBytes) break;
    json.BeginObject();
    json.StringField("envelope", *entry.envelope);
    if (entry.body_beside != nullptr) json.StringField("beside", *entry.body_beside);
    json.EndObject();
    ++written;
  }
  json.EndArray();
  WB_ASSIGN_OR_RETURN(
      const RecordReader::Log log,
      node.record().Find(*peer, theirs ? service::Writer::kTheirs : service::Writer::kOurs));
  WB_RETURN_IF_ERROR(WriteHeads(node.record(), log, first - 1, first - 1 + written, &json));
  if (written > 0 && (written < entries.size() || entries.size() == count)) {
    json.Uint64Field("next", first + written - 1);
  }
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(body)));
  return {};
}

// The logs under the paths of C2SP tlog-tiles, and how far each is signed and cosigned.
Result<void> GetLineRecord(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const RecordReader::Log ours, LogOf(call, "ours"));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log theirs, LogOf(call, "theirs"));
  const auto cards = call.context.node
                         .ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
                           return std::pair(desk.own_card()->card, desk.FindPeer(ours.peer)->card);
                         })
                         .first;
  WB_ASSIGN_OR_RETURN(const line::PartyCard own, line::ReadCard(cards.first));
  WB_ASSIGN_OR_RETURN(const line::PartyCard peer, line::ReadCard(cards.second));
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Key("peer");
  json.BeginObject();
  json.StringField("id", peer.party.ToString());
  json.StringField("name", peer.name);
  json.EndObject();
  const cosign::Witnesses* witnesses = call.context.line->witnesses;
  const auto states =
      witnesses != nullptr ? witnesses->StateOf(ours.peer) : std::vector<cosign::WitnessState>();
  WriteLog(ours, own, peer, states, &json);
  WriteLog(theirs, peer, own, {}, &json);
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(text)));
  return {};
}

Result<void> GetCheckpoint(Call& call) {
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const std::optional<uint64_t> covering,
                      query.Uint64("covering", 0, record::kTreeSizeMax - 1));
  WB_ASSIGN_OR_RETURN(const std::optional<uint64_t> up_to,
                      query.Uint64("up_to", 0, record::kTreeSizeMax));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> witnessed, query.Bool("witnessed"));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  if (up_to && (covering || witnessed.value_or(false))) {
    return base::Invalid("up_to", "must not be given beside covering or witnessed",
                         std::to_string(*up_to));
  }
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, LogOf(call, call.params.Get("writer")));
  line::SharedBytes note;
  if (witnessed.value_or(false)) {
    WB_ASSIGN_OR_RETURN(std::string text, WitnessedNote(call, log, covering));
    note = std::make_shared<const std::string>(std::move(text));
  } else {
    WB_ASSIGN_OR_RETURN(note, NoteOf(call.context.node.record(), log, covering, up_to));
  }
  net::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.Add("Cache-Control", "no-cache");
  response.body = *note;
  call.responder(std::move(response));
  return {};
}

Result<void> GetTile(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, LogOf(call, call.params.Get("writer")));
  const std::string_view path = call.request.path();
  const size_t at = path.rfind("/tile/");
  Result<record::TilePath> tile = record::ParseTilePath(path.substr(at + 1));
  if (!tile) {
    base::Error error = std::move(tile).error();
    error.code = base::ErrorCode::kNotFound;
    return base::Fail(std::move(error));
  }
  WB_ASSIGN_OR_RETURN(base::Bytes bytes, call.context.node.record().ReadTile(log, *tile));
  net::Response response = Bytes(std::move(bytes));
  response.headers.Add("Cache-Control", "private, max-age=31536000, immutable");
  call.responder(std::move(response));
  return {};
}

Result<void> GetEntry(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, LogOf(call, call.params.Get("writer")));
  WB_ASSIGN_OR_RETURN(const uint64_t index, net::ParseNumber("index", call.params.Get("index"), 0,
                                                             record::kTreeSizeMax - 1));
  WB_ASSIGN_OR_RETURN(const auto entries, call.context.node.record().ReadEntries(log, index, 1));
  call.responder(net::JsonResponse(200, *entries.front().envelope));
  return {};
}

Result<void> ListEvidence(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const auto entries,
                      service::ListEvidence(call.context.line->evidence_folder));
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Key("evidence");
  json.BeginArray();
  for (const service::EvidenceEntry& entry : entries) {
    json.BeginObject();
    json.StringField("name", entry.name);
    json.Uint64Field("bytes", entry.bytes);
    json.StringField("kept_at", base::FormatRfc3339(entry.kept_at));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(text)));
  return {};
}

Result<void> GetEvidence(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(std::string file, service::ReadEvidence(call.context.line->evidence_folder,
                                                              call.params.Get("name")));
  call.responder(net::JsonResponse(200, std::move(file)));
  return {};
}

}  // namespace wideberth::api::node
