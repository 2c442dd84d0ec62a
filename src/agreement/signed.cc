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

// What is signed. Written alike by everyone who holds the text, so it is compared as bytes.
std::string Statement(const Agreement& agreement) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("agreement_sha256", agreement.digest.ToHex());
  json.Int64Field("number", agreement.number);
  json.Key("parties");
  json.BeginArray();
  for (const airspace::PartyEntry& party : agreement.parties()) json.String(party.id.ToString());
  json.EndArray();
  json.EndObject();
  return text;
}

// Which of the two parties each key belongs to.
struct KnownKeys {
  std::vector<crypto::PublicKey> keys;
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
    for (const crypto::PublicKey& key : of->keys) {
      const auto same = std::find(known.keys.begin(), known.keys.end(), key);
      if (same != known.keys.end() &&
          known.party[static_cast<size_t>(same - known.keys.begin())] != i) {
        return base::Invalid("keys", "must not be of both parties", key.KeyId());
      }
      known.keys.push_back(key);
      known.party.push_back(i);
    }
  }
  return known;
}

// The party that made a signature.
Result<size_t> Signer(std::string_view signature, const std::string& statement,
                      const KnownKeys& known) {
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(signature, known.keys));
  if (message.payload_type != kType) {
    return Fail(ErrorCode::kUnauthorized, "/payloadType", "must be " + std::string(kType),
                message.payload_type);
  }
  if (base::AsText(message.payload) != statement) {
    return Fail(ErrorCode::kUnauthorized, "/payload", "must be of this text",
                base::AsText(message.payload));
  }
  std::optional<size_t> party;
  for (const crypto::PublicKey& key : message.signers) {
    const auto at = std::find(known.keys.begin(), known.keys.end(), key) - known.keys.begin();
    const size_t of = known.party[static_cast<size_t>(at)];
    if (party && *party != of) {
      return Fail(ErrorCode::kUnauthorized, "/signatures", "must be of one party");
    }
    party = of;
  }
  return *party;  // VerifyEnvelope names one at least
}

}  // namespace

Result<std::string> SignAgreement(std::string_view text, const crypto::SecretKey& key) {
  WB_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text));
  const std::string statement = Statement(agreement);
  return crypto::SignEnvelope(kType, base::AsBytes(statement), key);
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
  const std::string statement = Statement(read.agreement);
  for (const json::Value value : signatures) {
    WB_ASSIGN_OR_RETURN(const std::string_view signature,
                        value.AsString(limits::kEnvelopeBytesMax));
    auto signer = Signer(signature, statement, known);
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
