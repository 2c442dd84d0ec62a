#include "line/message.h"

#include <charconv>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/payload.h"

namespace wideberth::line {
namespace {

constexpr std::string_view kTypePrefix = "application/vnd.wideberth.";
constexpr std::string_view kTypeSuffix = "+json";

constexpr json::EnumName<Lane> kLanes[] = {{"safety", Lane::kSafety}, {"policy", Lane::kPolicy}};

bool IsTypeName(std::string_view name) {
  if (name.empty() || name.size() > limits::kMessageTypeNameBytesMax) return false;
  if (name[0] < 'a' || name[0] > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string WritePayload(const Message& message) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("from", message.from.ToString());
  json.StringField("to", message.to.ToString());
  json.Uint64Field("seq", message.seq);
  if (message.seq > 1) json.StringField("previous", message.previous.ToHex());
  json.StringField("sent_at", base::FormatRfc3339(message.sent_at));
  json.Int64Field("clock_error_ms", message.clock_error_ms);
  json.StringField("lane", kLanes[static_cast<size_t>(message.lane)].name);
  json.StringField("data_mode", airspace::Name(message.data_mode));
  WriteHead("peer_head", message.peer_head, &json);
  if (message.in_reply_to) json.StringField("in_reply_to", message.in_reply_to->ToHex());
  if (!message.crit.empty()) {
    json.Key("crit");
    json.BeginArray();
    for (const std::string& field : message.crit) json.String(field);
    json.EndArray();
  }
  if (const auto* text = std::get_if<std::string>(&message.body)) {
    json.Key("body");
    json.Raw(*text);
  } else {
    const auto& beside = std::get<BodyBeside>(message.body);
    json.Key("body_beside");
    json.BeginObject();
    json.StringField("sha256", beside.sha256.ToHex());
    json.Uint64Field("bytes", beside.bytes);
    json.EndObject();
  }
  json.EndObject();
  return payload;
}

base::Result<std::vector<std::string>> ReadCrit(json::Object* object) {
  std::vector<std::string> crit;
  WB_ASSIGN_OR_RETURN(const auto array,
                      object->OptionalArray("crit", limits::kMessageCritFieldsMax));
  if (!array) return crit;
  for (const json::Value value : *array) {
    WB_ASSIGN_OR_RETURN(const std::string_view field, value.AsString(limits::kMessageCritBytesMax));
    crit.emplace_back(field);
  }
  return crit;
}

base::Result<std::variant<std::string, BodyBeside>> ReadBody(json::Object* object) {
  const std::optional<json::Value> body = object->Find("body");
  WB_ASSIGN_OR_RETURN(auto beside_object, object->OptionalObject("body_beside"));
  if (body.has_value() == beside_object.has_value()) {
    return object->Refuse("body", "must be present, or body_beside, and not both");
  }
  if (body) {
    WB_RETURN_IF_ERROR(body->AsObject());
    return std::variant<std::string, BodyBeside>(body->ToJson());
  }
  BodyBeside beside;
  WB_ASSIGN_OR_RETURN(beside.sha256,
                      beside_object->RequiredParsed("sha256", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const int64_t bytes,
                      beside_object->RequiredInt64(
                          "bytes", 1, static_cast<int64_t>(limits::kMessageBodyBesideBytesMax)));
  beside.bytes = static_cast<uint64_t>(bytes);
  return std::variant<std::string, BodyBeside>(beside);
}

base::Result<Message> ReadPayload(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Message message;
  WB_ASSIGN_OR_RETURN(message.from, object.RequiredParsed("from", 36, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(message.to, object.RequiredParsed("to", 36, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(message.seq, ReadCount("seq", 1, &object));
  WB_ASSIGN_OR_RETURN(const auto previous,
                      object.OptionalParsed("previous", 64, base::Digest::FromHex));
  if (previous.has_value() != (message.seq > 1)) {
    return object.Refuse("previous", "must be present in every message but the first");
  }
  message.previous = previous.value_or(base::Digest{});
  WB_ASSIGN_OR_RETURN(message.sent_at, object.RequiredParsed("sent_at", 40, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(message.clock_error_ms,
                      object.RequiredInt64("clock_error_ms", 0, limits::kClockErrorMaxMs));
  WB_ASSIGN_OR_RETURN(message.lane, object.RequiredEnum("lane", kLanes));
  WB_ASSIGN_OR_RETURN(message.data_mode,
                      object.RequiredParsed("data_mode", limits::kClassNameBytesMax,
                                            airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(message.peer_head, ReadHead("peer_head", &object));
  WB_ASSIGN_OR_RETURN(message.in_reply_to,
                      object.OptionalParsed("in_reply_to", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(message.crit, ReadCrit(&object));
  WB_ASSIGN_OR_RETURN(message.body, ReadBody(&object));
  return message;
}

}  // namespace

std::string MessageType::ShortName() const {
  std::string text = name + ".v";
  json::AppendUint64(&text, major);
  return text;
}

std::string MessageType::PayloadType() const {
  return std::string(kTypePrefix) + ShortName() + std::string(kTypeSuffix);
}

base::Result<MessageType> MessageType::FromShortName(std::string_view text) {
  const auto refuse = [&] {
    return base::Invalid("", "must be NAME.vMAJOR, NAME of a-z, 0-9 and -, MAJOR from 1 to 999",
                         text);
  };
  const size_t dot = text.rfind(".v");
  if (dot == std::string_view::npos || !IsTypeName(text.substr(0, dot))) return refuse();
  const std::string_view digits = text.substr(dot + 2);
  MessageType type;
  type.name = text.substr(0, dot);
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, type.major);
  if (error != std::errc() || end != last || digits[0] == '0' ||
      type.major > limits::kMessageMajorMax) {
    return refuse();
  }
  return type;
}

base::Result<MessageType> MessageType::FromPayloadType(std::string_view text) {
  if (!text.starts_with(kTypePrefix) || !text.ends_with(kTypeSuffix) ||
      text.size() < kTypePrefix.size() + kTypeSuffix.size()) {
    return base::Invalid("/payloadType", "must be application/vnd.wideberth.NAME.vMAJOR+json",
                         text);
  }
  std::string_view name = text.substr(kTypePrefix.size());
  name.remove_suffix(kTypeSuffix.size());
  auto type = FromShortName(name);
  if (!type) return base::Fail(std::move(type).error().Under("/payloadType"));
  return type;
}

base::Result<std::string> SealMessage(const Message& message, const crypto::SecretKey& key) {
  CHECK(message.seq >= 1 && IsTypeName(message.type.name));
  CHECK(message.type.major >= 1 && message.type.major <= limits::kMessageMajorMax);
  CHECK((message.seq > 1) == (message.previous != base::Digest{}));
  const std::string payload = WritePayload(message);
  WB_RETURN_IF_ERROR(ReadPayload(payload));
  return crypto::SignEnvelope(message.type.PayloadType(), base::AsBytes(payload), key);
}

base::Result<Message> ReadUnverifiedMessage(std::string_view envelope) {
  WB_ASSIGN_OR_RETURN(const base::Bytes payload, crypto::UnverifiedPayload(envelope));
  return ReadPayload(base::AsText(payload));
}

base::Result<OpenedMessage> OpenMessage(std::string_view envelope,
                                        std::span<const crypto::PublicKey> keys) {
  WB_ASSIGN_OR_RETURN(crypto::VerifiedMessage verified, crypto::VerifyEnvelope(envelope, keys));
  OpenedMessage opened;
  WB_ASSIGN_OR_RETURN(MessageType type, MessageType::FromPayloadType(verified.payload_type));
  WB_ASSIGN_OR_RETURN(opened.message, ReadPayload(base::AsText(verified.payload)));
  opened.message.type = std::move(type);
  opened.digest = crypto::Sha256(base::AsBytes(envelope));
  opened.signers = std::move(verified.signers);
  return opened;
}

}  // namespace wideberth::line
