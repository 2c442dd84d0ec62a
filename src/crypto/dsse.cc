#include "crypto/dsse.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::crypto {

using base::ErrorCode;
using base::Fail;
using base::Result;

namespace {

struct EnvelopeSignature {
  std::string key_id;
  base::Bytes bytes;
};

struct Envelope {
  std::string payload_type;
  base::Bytes payload;
  std::vector<EnvelopeSignature> signatures;
};

Result<EnvelopeSignature> DecodeSignature(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  // The key id is optional in DSSE; without it no trusted key is named, so the signature counts for nobody.
  WB_ASSIGN_OR_RETURN(const auto key_id,
                      object.OptionalString("keyid", limits::kEnvelopeKeyIdBytesMax));
  WB_ASSIGN_OR_RETURN(base::Bytes bytes,
                      object.RequiredParsed("sig", limits::kEnvelopeBytesMax, base::Base64Decode));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return EnvelopeSignature{std::string(key_id.value_or("")), std::move(bytes)};
}

Result<Envelope> DecodeEnvelope(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Envelope envelope;
  WB_ASSIGN_OR_RETURN(envelope.payload, object.RequiredParsed("payload", limits::kEnvelopeBytesMax,
                                                              base::Base64Decode));
  WB_ASSIGN_OR_RETURN(envelope.payload_type,
                      object.RequiredString("payloadType", limits::kEnvelopeTypeBytesMax));
  WB_ASSIGN_OR_RETURN(const json::Array signatures,
                      object.RequiredArray("signatures", limits::kEnvelopeSignaturesMax));
  for (const json::Value value : signatures) {
    WB_ASSIGN_OR_RETURN(EnvelopeSignature signature, DecodeSignature(value));
    envelope.signatures.push_back(std::move(signature));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return envelope;
}

}  // namespace

base::Bytes PreAuthenticationEncoding(std::string_view payload_type, base::ByteView payload) {
  std::string head = "DSSEv1 ";
  json::AppendUint64(&head, payload_type.size());
  head.append(" ").append(payload_type).append(" ");
  json::AppendUint64(&head, payload.size());
  head.push_back(' ');
  base::Bytes encoding;
  encoding.reserve(head.size() + payload.size());
  encoding.assign(head.begin(), head.end());
  encoding.insert(encoding.end(), payload.begin(), payload.end());
  return encoding;
}

Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                 const SecretKey& key) {
  return SignEnvelope(payload_type, payload, std::span(&key, 1));
}

Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                 std::span<const SecretKey> keys) {
  std::vector<const SecretKey*> pointers;
  for (const SecretKey& key : keys) pointers.push_back(&key);
  return SignEnvelope(payload_type, payload, pointers);
}

Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                 std::span<const SecretKey* const> keys) {
  CHECK(!keys.empty() && keys.size() <= limits::kEnvelopeSignaturesMax);
  if (payload_type.size() > limits::kEnvelopeTypeBytesMax) {
    return Fail(ErrorCode::kTooLarge, "/payloadType",
                "must have at most " + std::to_string(limits::kEnvelopeTypeBytesMax) + " bytes",
                payload_type);
  }
  if (!base::IsUtf8(payload_type)) {
    return base::Invalid("/payloadType", "must be UTF-8",
                         base::HexEncode(base::AsBytes(payload_type)));
  }
  const base::Bytes signed_bytes = PreAuthenticationEncoding(payload_type, payload);
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("payload", base::Base64Encode(payload));
  json.StringField("payloadType", payload_type);
  json.Key("signatures");
  json.BeginArray();
  for (const SecretKey* key : keys) {
    json.BeginObject();
    json.StringField("keyid", key->public_key().KeyId());
    json.StringField("sig", base::Base64Encode(key->Sign(signed_bytes)));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  if (text.size() > limits::kEnvelopeBytesMax) {
    return Fail(
        ErrorCode::kTooLarge, "/payload",
        "must make an envelope of at most " + std::to_string(limits::kEnvelopeBytesMax) + " bytes",
        std::to_string(text.size()) + " bytes");
  }
  return text;
}

Result<base::Bytes> UnverifiedPayload(std::string_view text) {
  WB_ASSIGN_OR_RETURN(Envelope envelope, DecodeEnvelope(text));
  return std::move(envelope.payload);
}

Result<VerifiedMessage> VerifyEnvelope(std::string_view text, std::span<const PublicKey> trusted) {
  WB_ASSIGN_OR_RETURN(Envelope envelope, DecodeEnvelope(text));
  const base::Bytes signed_bytes =
      PreAuthenticationEncoding(envelope.payload_type, envelope.payload);
  std::vector<PublicKey> signers;
  for (const PublicKey& key : trusted) {
    const std::string key_id = key.KeyId();
    bool signed_by_key = false;
    for (size_t i = 0; i < envelope.signatures.size(); ++i) {
      const EnvelopeSignature& signature = envelope.signatures[i];
      if (signature.key_id != key_id) continue;
      if (!key.Verify(signed_bytes, signature.bytes)) {
        return Fail(ErrorCode::kUnauthorized, "/signatures/" + std::to_string(i) + "/sig",
                    "must be a valid signature of the key it names", key_id);
      }
      signed_by_key = true;
    }
    if (signed_by_key) signers.push_back(key);
  }
  if (signers.empty()) {
    return Fail(ErrorCode::kUnauthorized, "/signatures",
                "must include a signature of a trusted key",
                std::to_string(envelope.signatures.size()) + " signatures of other keys");
  }
  return VerifiedMessage{std::move(envelope.payload_type), std::move(envelope.payload),
                         std::move(signers)};
}

}  // namespace wideberth::crypto
