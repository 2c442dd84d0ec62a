#include "mechanism/act.h"

#include <algorithm>

#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::mechanism {
namespace {

using base::Digest;
using base::ErrorCode;
using base::Result;
using operators::ActKind;

constexpr std::string_view kPayloadType = "application/vnd.wideberth.act.v1+json";
constexpr size_t kUuidBytes = 36;
constexpr size_t kTimeBytes = 40;

std::string WritePayload(const Act& act) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("act", operators::Name(act.kind()));
  json.StringField("id", act.id.ToString());
  json.StringField("party", act.party.ToString());
  json.StringField("key", act.key_id);
  json.StringField("role", operators::Name(act.role));
  json.StringField("data_mode", airspace::Name(act.data_mode));
  json.StringField("at", base::FormatRfc3339(act.at));
  WriteActBody(act.body, &json);
  json.EndObject();
  return payload;
}

Result<Act> ReadPayload(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Act act;
  WB_ASSIGN_OR_RETURN(const ActKind kind,
                      object.RequiredParsed("act", 64, operators::ParseActKind));
  WB_ASSIGN_OR_RETURN(act.id, object.RequiredParsed("id", kUuidBytes, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(act.party, object.RequiredParsed("party", kUuidBytes, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(const std::string_view key_id, object.RequiredString("key", 16));
  act.key_id = key_id;
  WB_ASSIGN_OR_RETURN(act.role, object.RequiredParsed("role", 32, operators::ParseRole));
  WB_ASSIGN_OR_RETURN(act.data_mode, object.RequiredParsed(
                                         "data_mode", 16, airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(act.at, object.RequiredParsed("at", kTimeBytes, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(act.body, ReadActBody(kind, &object));
  return act;
}

Result<void> CheckRoles(const Act& act, const operators::OperatorKey& key) {
  if (act.role != key.role) {
    return base::Fail(ErrorCode::kUnauthorized, "/role",
                      "must be the role of the key: " + std::string(operators::Name(key.role)),
                      operators::Name(act.role));
  }
  if (!operators::MayDo(act.role, act.kind())) {
    return base::Fail(ErrorCode::kUnauthorized, "/act",
                      "must be one that a " + std::string(operators::Name(act.role)) + " may do",
                      operators::Name(act.kind()));
  }
  if (act.at < key.valid_from || (key.revoked_at && act.at >= *key.revoked_at)) {
    return base::Fail(ErrorCode::kUnauthorized, "/at", "must be a time when the key was valid",
                      base::FormatRfc3339(act.at));
  }
  return {};
}

}  // namespace

// A time and a place must survive the way through text, or the peer would hold another act than was signed.
Result<SealedAct> SealAct(Act act, const crypto::SecretKey& key) {
  act.key_id = key.public_key().KeyId();
  const std::string payload = WritePayload(act);
  WB_ASSIGN_OR_RETURN(Act read, ReadPayload(payload));
  WB_ASSIGN_OR_RETURN(std::string envelope,
                      crypto::SignEnvelope(kPayloadType, base::AsBytes(payload), key));
  const Digest digest = crypto::Sha256(base::AsBytes(envelope));
  return SealedAct{std::move(read), std::move(envelope), digest};
}

Result<SealedAct> OpenAct(std::string_view envelope, base::PartyId party,
                          std::span<const operators::OperatorKey> keys) {
  std::vector<crypto::PublicKey> trusted;
  trusted.reserve(keys.size());
  for (const operators::OperatorKey& key : keys) trusted.push_back(key.public_key);
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(envelope, trusted));
  if (message.payload_type != kPayloadType) {
    return base::Invalid("/payloadType", "must be " + std::string(kPayloadType),
                         message.payload_type);
  }
  auto act = ReadPayload(base::AsText(message.payload));
  if (!act) return base::Fail(std::move(act).error().Under("/payload"));
  if (act->party != party) {
    return base::Fail(ErrorCode::kUnauthorized, "/payload/party",
                      "must be the party whose operator signed", act->party.ToString());
  }
  const crypto::PublicKey& signer = message.signers.front();
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const auto& each) { return each.public_key == signer; });
  if (message.signers.size() != 1 || act->key_id != key->key_id) {
    return base::Fail(ErrorCode::kUnauthorized, "/payload/key", "must be the one key that signed",
                      act->key_id);
  }
  if (auto allowed = CheckRoles(*act, *key); !allowed) {
    return base::Fail(std::move(allowed).error().Under("/payload"));
  }
  return SealedAct{std::move(*act), std::string(envelope), crypto::Sha256(base::AsBytes(envelope))};
}

}  // namespace wideberth::mechanism
