#include "agreement/signed.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "crypto/dsse.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::agreement {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;

constexpr std::string_view kType = "application/vnd.wideberth.agreement-signature.v1+json";
constexpr std::string_view kVersionField = "wideberth_signed_agreement";
constexpr size_t kPartiesOfLine = 2;
constexpr size_t kTimeBytesMax = 40;

// What is signed. Written alike by everyone who holds the text, so it is compared as bytes.
std::string Statement(const Agreement& agreement, std::string_view signed_at) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("agreement_sha256", agreement.digest.ToHex());
  json.Int64Field("number", agreement.number);
  json.Key("parties");
  json.BeginArray();
  for (const airspace::PartyEntry& party : agreement.parties()) json.String(party.id.ToString());
  json.EndArray();
  json.StringField("signed_at", signed_at);
  json.EndObject();
  return text;
}

// Which of the two parties each key belongs to.
struct KnownKeys {
  std::vector<PartyKey> keys;
  std::vector<size_t> party;
};

Result<KnownKeys> KeysOfParties(const Agreement& agreement,
                                const std::array<PartyKeys, kPartiesOfLine>& given) {
  KnownKeys known;
  for (size_t i = 0; i < kPartiesOfLine; ++i) {
    const airspace::PartyEntry& party = agreement.parties()[i];
    const auto of = std::find_if(given.begin(), given.end(),
                                 [&](const PartyKeys& keys) { return keys.party == party.id; });
    if (of == given.end()) {
      return base::Invalid("/text/party", "must be the two parties of this line", party.name);
    }
    for (const PartyKey& key : of->keys) {
      const auto same = std::find_if(known.keys.begin(), known.keys.end(),
                                     [&](const PartyKey& other) { return other.key == key.key; });
      if (same != known.keys.end() &&
          known.party[static_cast<size_t>(same - known.keys.begin())] != i) {
        return base::Invalid("keys", "must not be of both parties", key.key.KeyId());
      }
      known.keys.push_back(key);
      known.party.push_back(i);
    }
  }
  return known;
}

struct Opened {
  std::vector<size_t> keys;  // that signed, at least one: their places in what was given
  base::UtcMicros signed_at;
};

Result<Opened> OpenSignature(std::string_view signature, const Agreement& agreement,
                             std::span<const PartyKey> keys) {
  std::vector<crypto::PublicKey> trusted;
  for (const PartyKey& key : keys) trusted.push_back(key.key);
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(signature, trusted));
  if (message.payload_type != kType) {
    return Fail(ErrorCode::kUnauthorized, "/payloadType", "must be " + std::string(kType),
                message.payload_type);
  }
  const std::string_view payload = base::AsText(message.payload);
  const auto read_time = [&]() -> Result<std::string> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view text,
                        object.RequiredString("signed_at", kTimeBytesMax));
    return std::string(text);
  };
  const Result<std::string> signed_at = read_time();
  if (!signed_at || payload != Statement(agreement, *signed_at)) {
    return Fail(ErrorCode::kUnauthorized, "/payload", "must be of this text", payload);
  }
  Opened opened;
  WB_ASSIGN_OR_RETURN(opened.signed_at, base::ParseRfc3339(*signed_at));
  for (const crypto::PublicKey& signer : message.signers) {
    const auto key = std::find(trusted.begin(), trusted.end(), signer);
    opened.keys.push_back(static_cast<size_t>(key - trusted.begin()));
    const std::optional<base::UtcMicros>& until = keys[opened.keys.back()].until;
    if (until && opened.signed_at > *until) {
      return Fail(ErrorCode::kUnauthorized, "/payload/signed_at",
                  "must be a time when the key was in force: it was replaced at " +
                      base::FormatRfc3339(*until),
                  *signed_at);
    }
  }
  return opened;
}

// The party that made a signature.
Result<size_t> Signer(std::string_view signature, const Agreement& agreement,
                      const KnownKeys& known) {
  WB_ASSIGN_OR_RETURN(const Opened opened, OpenSignature(signature, agreement, known.keys));
  const size_t party = known.party[opened.keys.front()];
  for (const size_t key : opened.keys) {
    if (known.party[key] != party) {
      return Fail(ErrorCode::kUnauthorized, "/signatures", "must be of one party");
    }
  }
  return party;
}

}  // namespace

Result<std::string> SignAgreement(std::string_view text, const crypto::SecretKey& key,
                                  base::UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text));
  const std::string statement = Statement(agreement, base::FormatRfc3339(now));
  return crypto::SignEnvelope(kType, base::AsBytes(statement), key);
}

Result<base::UtcMicros> VerifyAgreementSignature(std::string_view signature,
                                                 const Agreement& agreement,
                                                 std::span<const PartyKey> keys) {
  WB_ASSIGN_OR_RETURN(const Opened opened, OpenSignature(signature, agreement, keys));
  return opened.signed_at;
}

std::string WriteSignedAgreement(std::string_view text, std::span<const std::string> signatures) {
  std::string file;
  json::Writer json(&file);
  json.BeginObject();
  json.Int64Field(kVersionField, 1);
  json.StringField("text", text);
  json.Key("signatures");
  json.BeginArray();
  for (const std::string& signature : signatures) json.String(signature);
  json.EndArray();
  json.EndObject();
  return file;
}

Result<SignedAgreement> ReadSignedAgreement(std::string_view file,
                                            const std::array<PartyKeys, 2>& keys) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(file));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_RETURN_IF_ERROR(object.RequiredInt64(kVersionField, 1, 1));
  WB_ASSIGN_OR_RETURN(const std::string_view text,
                      object.RequiredString("text", limits::kAgreementBytesMax));
  WB_ASSIGN_OR_RETURN(const json::Array signatures,
                      object.RequiredArray("signatures", kPartiesOfLine));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  auto agreement = ParseAgreement(text);
  if (!agreement) return Fail(std::move(agreement).error().Under("/text/"));
  SignedAgreement read{std::move(agreement).value(), {}, {}};
  WB_ASSIGN_OR_RETURN(const KnownKeys known, KeysOfParties(read.agreement, keys));
  for (const json::Value value : signatures) {
    WB_ASSIGN_OR_RETURN(const std::string_view signature,
                        value.AsString(limits::kEnvelopeBytesMax));
    auto signer = Signer(signature, read.agreement, known);
    if (!signer) return Fail(std::move(signer).error().Under(value.Pointer()));
    if (read.signed_by[*signer]) {
      return Fail(ErrorCode::kUnauthorized, value.Pointer(), "must be of the other party",
                  read.agreement.parties()[*signer].name);
    }
    read.signed_by[*signer] = true;
    read.signatures.emplace_back(signature);
  }
  return read;
}

Result<void> RequireComplete(const SignedAgreement& agreement) {
  if (agreement.complete()) return {};
  std::string signers;
  for (size_t i = 0; i < kPartiesOfLine; ++i) {
    if (!agreement.signed_by[i]) continue;
    signers = "only " + agreement.agreement.parties()[i].name + " signed";
  }
  return Fail(ErrorCode::kConflict, "signatures",
              "must be of both parties: what one side signed is not in force",
              signers.empty() ? "nobody signed" : signers);
}

Result<void> RequireInForce(const SignedAgreement& agreement, base::UtcMicros now) {
  const Agreement& content = agreement.agreement;
  WB_RETURN_IF_ERROR(RequireComplete(agreement));
  if (now < content.effective_from) {
    return Fail(ErrorCode::kConflict, "effective_from", "must have come",
                base::FormatRfc3339(content.effective_from));
  }
  if (!content.RunsAt(now)) {
    return Fail(ErrorCode::kConflict, "expires", "must not have come",
                base::FormatRfc3339(*content.expires));
  }
  return {};
}

}  // namespace wideberth::agreement
