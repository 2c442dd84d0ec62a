#include "line/party_card.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::line {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using crypto::PublicKey;

namespace {

constexpr std::string_view kCardType = "application/vnd.wideberth.party-card.v1+json";
constexpr std::string_view kVersionField = "wideberth_party_card";
constexpr int64_t kVersion = 1;
constexpr std::string_view kFingerprintDomain = "wideberth party fingerprint 1\n";
constexpr size_t kUuidBytes = 36;
constexpr size_t kTimeBytesMax = 40;
constexpr size_t kGroupDigits = 5;
constexpr uint32_t kGroupMax = 65'535;

Result<std::string> ParsePartyName(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-";
  if (text.empty() || text.find_first_not_of(kLetters) != std::string_view::npos) {
    return Invalid("", "must be 1 to 63 of a-z, 0-9, '.' and '-'", text);
  }
  return std::string(text);
}

Result<PublicKey> ReadKey(json::Object& keys, KeyRole role) {
  return keys.RequiredParsed(KeyRoleName(role), 2 * crypto::kEd25519KeyBytes, PublicKey::FromHex);
}

Result<PartyCard> DecodePayload(base::ByteView payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(base::AsText(payload), limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const int64_t version,
                      object.RequiredInt64(kVersionField, INT64_MIN, INT64_MAX));
  if (version != kVersion) {
    return object.Refuse(kVersionField, "must be 1, the version that is known here",
                         std::to_string(version));
  }
  WB_ASSIGN_OR_RETURN(const base::PartyId party,
                      object.RequiredParsed("party", kUuidBytes, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(std::string name,
                      object.RequiredParsed("name", limits::kPartyNameBytesMax, ParsePartyName));
  WB_ASSIGN_OR_RETURN(json::Object keys, object.RequiredObject("keys"));
  WB_ASSIGN_OR_RETURN(const PublicKey message, ReadKey(keys, KeyRole::kMessage));
  WB_ASSIGN_OR_RETURN(const PublicKey log, ReadKey(keys, KeyRole::kLog));
  WB_ASSIGN_OR_RETURN(const PublicKey cosignature, ReadKey(keys, KeyRole::kCosignature));
  WB_ASSIGN_OR_RETURN(const PublicKey transport, ReadKey(keys, KeyRole::kTransport));
  WB_RETURN_IF_ERROR(keys.ExpectNoOtherFields());
  WB_ASSIGN_OR_RETURN(const base::UtcMicros created_at,
                      object.RequiredParsed("created_at", kTimeBytesMax, base::ParseRfc3339));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  PartyCard card{party, std::move(name), {message, log, cosignature, transport}, created_at};
  for (size_t i = 1; i < card.keys.size(); ++i) {
    const auto same = std::find(card.keys.begin(), card.keys.begin() + i, card.keys[i]);
    if (same == card.keys.begin() + i) continue;
    const KeyRole other = kKeyRoles[static_cast<size_t>(same - card.keys.begin())];
    return keys.Refuse(KeyRoleName(kKeyRoles[i]), "must be a key that has no other role",
                       "the key of " + std::string(KeyRoleName(other)));
  }
  return card;
}

// The payload of an envelope before anything is verified: good for nothing but to say which keys it has to be verified
// under.
Result<base::Bytes> UnverifiedPayload(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view type,
                      object.RequiredString("payloadType", limits::kEnvelopeTypeBytesMax));
  if (type != kCardType) {
    return object.Refuse("payloadType", "must be " + std::string(kCardType), type);
  }
  WB_ASSIGN_OR_RETURN(const json::Array signatures,
                      object.RequiredArray("signatures", limits::kEnvelopeSignaturesMax));
  if (signatures.size() != kKeyRoles.size()) {
    return object.Refuse("signatures", "must be 4: one of each key of the card",
                         std::to_string(signatures.size()));
  }
  return object.RequiredParsed("payload", limits::kEnvelopeBytesMax, base::Base64Decode);
}

}  // namespace

std::string_view KeyRoleName(KeyRole role) {
  switch (role) {
    case KeyRole::kMessage:
      return "message";
    case KeyRole::kLog:
      return "log";
    case KeyRole::kCosignature:
      return "cosignature";
    case KeyRole::kTransport:
      return "transport";
  }
  CHECK_MSG(false, "a role without a name");
}

Result<std::string> MakeCard(base::PartyId party, std::string_view name,
                             std::span<const crypto::SecretKey, kKeyRoles.size()> keys,
                             base::UtcMicros created_at) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.Int64Field(kVersionField, kVersion);
  json.StringField("party", party.ToString());
  json.StringField("name", name);
  json.Key("keys");
  json.BeginObject();
  for (const KeyRole role : kKeyRoles) {
    const PublicKey& key = keys[static_cast<size_t>(role)].public_key();
    json.StringField(KeyRoleName(role), key.ToHex());
  }
  json.EndObject();
  json.StringField("created_at", base::FormatRfc3339(created_at));
  json.EndObject();
  // The reader's rules are the only ones: what is made is what will be read.
  WB_RETURN_IF_ERROR(DecodePayload(base::AsBytes(payload)));
  return crypto::SignEnvelope(kCardType, base::AsBytes(payload),
                              std::span<const crypto::SecretKey>(keys));
}

Result<PartyCard> ReadCard(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const base::Bytes unverified, UnverifiedPayload(text));
  const Result<PartyCard> claimed = DecodePayload(unverified);
  if (!claimed) return Fail(base::Error(claimed.error()).Under("/payload"));
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(text, claimed->keys));
  std::string missing;
  for (const KeyRole role : kKeyRoles) {
    const auto& signers = message.signers;
    if (std::find(signers.begin(), signers.end(), claimed->key(role)) != signers.end()) continue;
    missing.append(missing.empty() ? "none of " : ", ").append(KeyRoleName(role));
  }
  if (!missing.empty()) {
    return Fail(ErrorCode::kUnauthorized, "/signatures", "must be one of each key of the card",
                missing);
  }
  return DecodePayload(message.payload);
}

// ------------------------------------------------------------------------------------ Fingerprint

std::string Fingerprint::ToString() const {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const std::string digits = std::to_string(bytes[i] << 8 | bytes[i + 1]);
    if (i > 0) text.push_back(' ');
    text.append(kGroupDigits - digits.size(), '0').append(digits);
  }
  return text;
}

Result<Fingerprint> Fingerprint::Parse(std::string_view text) {
  constexpr std::string_view kRule = "must be 8 groups of 5 digits, each at most 65535";
  Fingerprint fingerprint;
  size_t digits = 0;
  uint32_t group = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9') return Invalid("", kRule, text);
    group = group * 10 + static_cast<uint32_t>(c - '0');
    if (++digits % kGroupDigits != 0) continue;
    const size_t byte = 2 * (digits / kGroupDigits - 1);
    if (group > kGroupMax || byte >= fingerprint.bytes.size()) return Invalid("", kRule, text);
    fingerprint.bytes[byte] = static_cast<uint8_t>(group >> 8);
    fingerprint.bytes[byte + 1] = static_cast<uint8_t>(group);
    group = 0;
  }
  if (digits != kGroupDigits * fingerprint.bytes.size() / 2) return Invalid("", kRule, text);
  return fingerprint;
}

Fingerprint FingerprintOf(const PartyCard& card) {
  // A card that was read or made has a name of 1 to 63 bytes.
  const uint8_t name_bytes = static_cast<uint8_t>(card.name.size());
  crypto::Sha256Hasher hasher;
  hasher.Update(base::AsBytes(kFingerprintDomain));
  hasher.Update(card.party.uuid.bytes);
  hasher.Update({&name_bytes, 1});
  hasher.Update(base::AsBytes(card.name));
  for (const PublicKey& key : card.keys) hasher.Update(key.bytes());
  const base::Digest digest = hasher.Finish();
  Fingerprint fingerprint;
  std::copy_n(digest.bytes.begin(), fingerprint.bytes.size(), fingerprint.bytes.begin());
  return fingerprint;
}

}  // namespace wideberth::line
