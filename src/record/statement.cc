#include "record/statement.h"

#include "crypto/dsse.h"
#include "json/reader.h"
#include "json/writer.h"
#include "record/json_fields.h"
#include "record/signed_note.h"

namespace wideberth::record {

using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kRefusalType = "application/vnd.wideberth.cosign-refusal.v1+json";
constexpr std::string_view kRevocationType = "application/vnd.wideberth.key-revocation.v1+json";
constexpr size_t kTimeTextBytesMax = 40;

constexpr json::EnumName<RefusalReason> kReasons[] = {
    {"other_tree", RefusalReason::kOtherTree},
    {"not_held", RefusalReason::kNotHeld},
    {"not_signed", RefusalReason::kNotSigned},
    {"unknown_log", RefusalReason::kUnknownLog},
};

Result<std::string> OpenPayload(std::string_view envelope, std::string_view type,
                                const crypto::PublicKey& key) {
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(envelope, {&key, 1}));
  if (message.payload_type != type) {
    return Invalid("payloadType", "must be " + std::string(type), message.payload_type);
  }
  return std::string(base::AsText(message.payload));
}

Result<TreeHead> ReadHead(std::string_view size_key, std::string_view root_key,
                          json::Object* object) {
  TreeHead head;
  WB_ASSIGN_OR_RETURN(head.size, ReadSize(size_key, object));
  WB_ASSIGN_OR_RETURN(head.root, object->RequiredParsed(root_key, 64, base::Digest::FromHex));
  if (const auto checked = CheckHead(head); !checked) {
    return object->Refuse(root_key, checked.error().rule, checked.error().found);
  }
  return head;
}

Result<CosignRefusal> ReadRefusal(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  CosignRefusal refusal;
  WB_ASSIGN_OR_RETURN(refusal.origin, object.RequiredString("origin", kKeyNameBytesMax));
  if (const auto checked = CheckKeyName(refusal.origin); !checked) {
    return object.Refuse("origin", checked.error().rule, checked.error().found);
  }
  WB_ASSIGN_OR_RETURN(refusal.refused, ReadHead("size", "root", &object));
  WB_ASSIGN_OR_RETURN(refusal.reason, object.RequiredEnum("reason", kReasons));
  WB_ASSIGN_OR_RETURN(refusal.known, ReadHead("known_size", "known_root", &object));
  WB_ASSIGN_OR_RETURN(refusal.refused_at,
                      object.RequiredParsed("refused_at", kTimeTextBytesMax, base::ParseRfc3339));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return refusal;
}

Result<KeyRevocation> ReadRevocation(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey key,
                      object.RequiredParsed("key", 64, crypto::PublicKey::FromHex));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros revoked_at,
                      object.RequiredParsed("revoked_at", kTimeTextBytesMax, base::ParseRfc3339));
  KeyRevocation revocation{key, revoked_at, std::nullopt};
  if (object.Find("last_size")) {
    WB_ASSIGN_OR_RETURN(revocation.last_size, ReadSize("last_size", &object));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return revocation;
}

}  // namespace

std::string_view RefusalReasonName(RefusalReason reason) {
  for (const auto& [name, value] : kReasons) {
    if (value == reason) return name;
  }
  return "";
}

Result<std::string> SignCosignRefusal(const CosignRefusal& refusal, const crypto::SecretKey& key) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("origin", refusal.origin);
  json.Uint64Field("size", refusal.refused.size);
  json.StringField("root", refusal.refused.root.ToHex());
  json.StringField("reason", RefusalReasonName(refusal.reason));
  json.Uint64Field("known_size", refusal.known.size);
  json.StringField("known_root", refusal.known.root.ToHex());
  json.StringField("refused_at", base::FormatRfc3339(refusal.refused_at));
  json.EndObject();
  WB_RETURN_IF_ERROR(ReadRefusal(payload));
  return crypto::SignEnvelope(kRefusalType, base::AsBytes(payload), key);
}

Result<std::string> SignKeyRevocation(const KeyRevocation& revocation,
                                      const crypto::SecretKey& key) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("key", revocation.key.ToHex());
  json.StringField("revoked_at", base::FormatRfc3339(revocation.revoked_at));
  if (revocation.last_size) json.Uint64Field("last_size", *revocation.last_size);
  json.EndObject();
  WB_RETURN_IF_ERROR(ReadRevocation(payload));
  return crypto::SignEnvelope(kRevocationType, base::AsBytes(payload), key);
}

Result<CosignRefusal> OpenCosignRefusal(std::string_view envelope, const crypto::PublicKey& key) {
  WB_ASSIGN_OR_RETURN(const std::string payload, OpenPayload(envelope, kRefusalType, key));
  return ReadRefusal(payload);
}

Result<KeyRevocation> OpenKeyRevocation(std::string_view envelope, const crypto::PublicKey& key) {
  WB_ASSIGN_OR_RETURN(const std::string payload, OpenPayload(envelope, kRevocationType, key));
  return ReadRevocation(payload);
}

}  // namespace wideberth::record
