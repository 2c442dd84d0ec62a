#include "line/heartbeat.h"

#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/payload.h"

namespace wideberth::line {
namespace {

constexpr std::string_view kPayloadType = "application/vnd.wideberth.heartbeat.v1+json";

constexpr json::EnumName<LinkState> kLinkStates[] = {{"connecting", LinkState::kConnecting},
                                                     {"up", LinkState::kUp},
                                                     {"lost", LinkState::kLost},
                                                     {"recovering", LinkState::kRecovering}};
constexpr json::EnumName<bool> kPolicyLane[] = {{"open", false}, {"suspended", true}};

void WriteName(const HeartbeatName& name, json::Writer* json) {
  json->StringField("boot", name.boot.ToString());
  json->Uint64Field("number", name.number);
}

base::Result<HeartbeatName> ReadName(json::Object* object) {
  HeartbeatName name;
  WB_ASSIGN_OR_RETURN(name.boot, object->RequiredParsed("boot", 36, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(name.number, ReadCount("number", 1, object));
  return name;
}

base::Result<std::optional<Heartbeat::Echo>> ReadEcho(json::Object* object) {
  WB_ASSIGN_OR_RETURN(auto inner, object->OptionalObject("echo"));
  if (!inner) return std::optional<Heartbeat::Echo>();
  Heartbeat::Echo echo;
  WB_ASSIGN_OR_RETURN(echo.name, ReadName(&*inner));
  WB_ASSIGN_OR_RETURN(echo.received_at,
                      inner->RequiredParsed("received_at", 40, base::ParseRfc3339));
  return std::optional<Heartbeat::Echo>(echo);
}

base::Result<std::vector<MessageType>> ReadSpeaks(json::Object* object) {
  std::vector<MessageType> speaks;
  WB_ASSIGN_OR_RETURN(const json::Array array,
                      object->RequiredArray("speaks", limits::kSpokenTypesMax));
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(const std::string_view text,
                        value.AsString(limits::kMessageTypeNameBytesMax + 5));
    auto type = MessageType::FromShortName(text);
    if (!type) return value.Refuse(std::move(type).error());
    speaks.push_back(std::move(*type));
  }
  return speaks;
}

base::Result<Heartbeat> ReadPayload(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Heartbeat heartbeat;
  WB_ASSIGN_OR_RETURN(heartbeat.from, object.RequiredParsed("from", 36, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(heartbeat.to, object.RequiredParsed("to", 36, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(heartbeat.name, ReadName(&object));
  WB_ASSIGN_OR_RETURN(heartbeat.sent_at, object.RequiredParsed("sent_at", 40, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(heartbeat.clock_error_ms,
                      object.RequiredInt64("clock_error_ms", 0, limits::kClockErrorMaxMs));
  WB_ASSIGN_OR_RETURN(heartbeat.echo, ReadEcho(&object));
  WB_ASSIGN_OR_RETURN(heartbeat.own_head, ReadHead("own_head", &object));
  WB_ASSIGN_OR_RETURN(heartbeat.peer_head, ReadHead("peer_head", &object));
  WB_ASSIGN_OR_RETURN(heartbeat.link, object.RequiredEnum("link", kLinkStates));
  WB_ASSIGN_OR_RETURN(heartbeat.policy_suspended, object.RequiredEnum("policy_lane", kPolicyLane));
  WB_ASSIGN_OR_RETURN(heartbeat.speaks, ReadSpeaks(&object));
  return heartbeat;
}

}  // namespace

std::string_view Name(LinkState state) {
  return kLinkStates[static_cast<size_t>(state)].name;
}

std::string SealHeartbeat(const Heartbeat& heartbeat, const crypto::SecretKey& key) {
  const crypto::SecretKey* const only = &key;
  return SealHeartbeat(heartbeat, std::span(&only, 1));
}

std::string SealHeartbeat(const Heartbeat& heartbeat,
                          std::span<const crypto::SecretKey* const> keys) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("from", heartbeat.from.ToString());
  json.StringField("to", heartbeat.to.ToString());
  WriteName(heartbeat.name, &json);
  json.StringField("sent_at", base::FormatRfc3339(heartbeat.sent_at));
  json.Int64Field("clock_error_ms", heartbeat.clock_error_ms);
  if (heartbeat.echo) {
    json.Key("echo");
    json.BeginObject();
    WriteName(heartbeat.echo->name, &json);
    json.StringField("received_at", base::FormatRfc3339(heartbeat.echo->received_at));
    json.EndObject();
  }
  WriteHead("own_head", heartbeat.own_head, &json);
  WriteHead("peer_head", heartbeat.peer_head, &json);
  json.StringField("link", Name(heartbeat.link));
  json.StringField("policy_lane", kPolicyLane[heartbeat.policy_suspended ? 1 : 0].name);
  json.Key("speaks");
  json.BeginArray();
  for (const MessageType& type : heartbeat.speaks) json.String(type.ShortName());
  json.EndArray();
  json.EndObject();
  auto envelope = crypto::SignEnvelope(kPayloadType, base::AsBytes(payload), keys);
  CHECK_MSG(envelope.has_value(), "a heartbeat with its bounded lists fits an envelope");
  return std::move(*envelope);
}

base::Result<Heartbeat> OpenHeartbeat(std::string_view envelope,
                                      std::span<const crypto::PublicKey> keys) {
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage verified,
                      crypto::VerifyEnvelope(envelope, keys));
  if (verified.payload_type != kPayloadType) {
    return base::Invalid("/payloadType", "must be " + std::string(kPayloadType),
                         verified.payload_type);
  }
  return ReadPayload(base::AsText(verified.payload));
}

}  // namespace wideberth::line
