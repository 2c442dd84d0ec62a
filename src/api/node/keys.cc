// The keys of this party and of its peers, and what administrators do about them.
#include <algorithm>
#include <memory>
#include <utility>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "line/party_card.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using base::Result;
using operators::ActKind;

constexpr size_t kTimeBytesMax = 40;
constexpr size_t kFingerprintBytesMax = 64;

Result<line::KeyRole> ParseKeyRole(std::string_view text) {
  for (const line::KeyRole role : line::kKeyRoles) {
    if (line::KeyRoleName(role) == text) return role;
  }
  return base::Invalid("", "must be message, log, cosignature or transport", text);
}

// Who asks: the name of a session, or of the token.
std::string NameOf(const Caller& caller) {
  return caller.session ? caller.session->name : "a token of " + caller.party->name;
}

Result<service::Node::KeyRequest> ReadRequest(Call& call) {
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  service::Node::KeyRequest request;
  request.by = NameOf(call.caller);
  WB_ASSIGN_OR_RETURN(const auto keys, body.OptionalArray("keys", line::kKeyRoles.size()));
  if (!keys) request.roles.insert(line::kKeyRoles.begin(), line::kKeyRoles.end());
  if (keys) {
    for (const json::Value item : *keys) {
      WB_ASSIGN_OR_RETURN(const std::string_view name, item.AsString(kTimeBytesMax));
      const Result<line::KeyRole> role = ParseKeyRole(name);
      if (!role) return item.Refuse(role.error());
      request.roles.insert(*role);
    }
    if (request.roles.empty())
      return body.Refuse("keys", "must name a key, or be left out for all");
  }
  WB_ASSIGN_OR_RETURN(const auto revoke, body.OptionalBool("revoke"));
  request.revoke = revoke.value_or(false);
  WB_ASSIGN_OR_RETURN(request.compromised_since,
                      body.OptionalParsed("compromised_since", kTimeBytesMax, base::ParseRfc3339));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  if (request.compromised_since && !request.revoke) {
    return body.Refuse("compromised_since", "must come with revoke");
  }
  return request;
}

void WriteKeys(const line::PartyCard& card, json::Writer* json) {
  json->StringField("fingerprint", line::FingerprintOf(card).ToString());
  json->StringField("created_at", base::FormatRfc3339(card.created_at));
  json->Key("keys");
  json->BeginObject();
  for (const line::KeyRole role : line::kKeyRoles) {
    json->StringField(line::KeyRoleName(role), card.key(role).ToHex());
  }
  json->EndObject();
}

struct OwnFacts {
  mechanism::OwnCard own;
  std::vector<std::string> waiting;  // peers that have not receipted it
};

}  // namespace

Result<void> GetKeys(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  service::Node& node = call.context.node;
  const auto [facts, seq] = node.ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
    OwnFacts read{*desk.own_card(), {}};
    for (const auto& [message, awaited] : desk.awaited()) {
      if (awaited.kind != ActKind::kManagePeers) continue;
      read.waiting.push_back(desk.FindPeer(awaited.peer)->name);
    }
    return read;
  });
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(facts.own.card));
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  WriteKeys(card, &json);
  json.StringField("since", base::FormatRfc3339(facts.own.since));
  json.StringField("card", facts.own.card);
  json.Key("not_receipted_by");
  json.BeginArray();
  for (const std::string& peer : facts.waiting) json.String(peer);
  json.EndArray();
  json.EndObject();
  AnswerWhenDurable(&node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(text)));
  return {};
}

Result<void> RotateKeys(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kManagePeers));
  WB_ASSIGN_OR_RETURN(const service::Node::KeyRequest request, ReadRequest(call));
  const auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto done = [responder](Result<line::PartyCard> card) {
    if (!card) return Refuse(responder.get(), card.error());
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    WriteKeys(*card, &json);
    json.EndObject();
    (*responder)(net::JsonResponse(200, std::move(text)));
  };
  // Sealing four keys under a passphrase takes seconds.
  const Result<void> posted = call.context.line->passwords.Post(
      [&node = call.context.node, request, done] { node.ChangeKeys(request, done); });
  if (!posted) Refuse(responder.get(), posted.error());
  return {};
}

Result<void> ConfirmKeys(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kManagePeers));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(
      const line::Fingerprint fingerprint,
      body.RequiredParsed("fingerprint", kFingerprintBytesMax, line::Fingerprint::Parse));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  Result<base::PartyId> peer = FindPeer(call.context, call.params.Get("peer"));
  if (!peer) return base::Fail(std::move(peer).error().Under("peer"));
  return SubmitWork(call,
                    [peer = *peer, fingerprint, by = NameOf(call.caller)](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
                      WB_RETURN_IF_ERROR(core.ConfirmPeerKeys(peer, fingerprint, by, now));
                      return net::JsonResponse(200, "{}");
                    });
}

}  // namespace wideberth::api::node
