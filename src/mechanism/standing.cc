#include "mechanism/standing.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::mechanism {
namespace {

using base::Digest;
using base::ErrorCode;
using base::Result;

constexpr std::string_view kPayloadType = "application/vnd.wideberth.standing-hazard.v1+json";
constexpr size_t kUuidBytes = 36;
constexpr size_t kDigestDigits = 64;
constexpr size_t kTimeBytes = 40;

std::string WritePayload(const StandingHazard& hazard) {
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("party", hazard.party.ToString());
  json.StringField("notice", hazard.notice.ToString());
  json.StringField("release", hazard.release);
  json.StringField("declaration_sha256", hazard.declaration_sha256.ToHex());
  json.StringField("at", base::FormatRfc3339(hazard.at));
  json.EndObject();
  return payload;
}

Result<StandingHazard> ReadPayload(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  StandingHazard hazard;
  WB_ASSIGN_OR_RETURN(hazard.party,
                      object.RequiredParsed("party", kUuidBytes, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(hazard.notice,
                      object.RequiredParsed("notice", kUuidBytes, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(const std::string_view release,
                      object.RequiredString("release", limits::kNoticeNameBytesMax));
  hazard.release = release;
  WB_ASSIGN_OR_RETURN(hazard.declaration_sha256,
                      object.RequiredParsed("declaration_sha256", kDigestDigits, Digest::FromHex));
  WB_ASSIGN_OR_RETURN(hazard.at, object.RequiredParsed("at", kTimeBytes, base::ParseRfc3339));
  return hazard;
}

}  // namespace

Result<SealedStandingHazard> SealStandingHazard(StandingHazard hazard,
                                                const crypto::SecretKey& message_key) {
  const std::string payload = WritePayload(hazard);
  WB_RETURN_IF_ERROR(ReadPayload(payload));
  WB_ASSIGN_OR_RETURN(std::string envelope,
                      crypto::SignEnvelope(kPayloadType, base::AsBytes(payload), message_key));
  const Digest digest = crypto::Sha256(base::AsBytes(envelope));
  return SealedStandingHazard{std::move(hazard), std::move(envelope), digest};
}

Result<SealedStandingHazard> OpenStandingHazard(std::string_view envelope, base::PartyId party,
                                                std::span<const crypto::PublicKey> message_keys) {
  WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                      crypto::VerifyEnvelope(envelope, message_keys));
  if (message.payload_type != kPayloadType) {
    return base::Invalid("/payloadType", "must be " + std::string(kPayloadType),
                         message.payload_type);
  }
  auto hazard = ReadPayload(base::AsText(message.payload));
  if (!hazard) return base::Fail(std::move(hazard).error().Under("/payload"));
  if (hazard->party != party) {
    return base::Fail(ErrorCode::kUnauthorized, "/payload/party", "must be the party that signed",
                      hazard->party.ToString());
  }
  return SealedStandingHazard{std::move(*hazard), std::string(envelope),
                              crypto::Sha256(base::AsBytes(envelope))};
}

std::string WriteStandingHazardMessage(const StandingHazardMessage& message) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("standing_hazard", message.envelope);
  json.StringField("agreement", message.agreement.ToHex());
  json.StringField("declaration", message.declaration);
  json.EndObject();
  return body;
}

Result<StandingHazardMessage> ReadStandingHazardMessage(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  StandingHazardMessage message;
  WB_ASSIGN_OR_RETURN(const std::string_view envelope,
                      object.RequiredString("standing_hazard", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(message.agreement,
                      object.RequiredParsed("agreement", kDigestDigits, Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const std::string_view declaration,
                      object.RequiredString("declaration", limits::kMessageBodyBesideBytesMax));
  message.envelope = envelope;
  message.declaration = declaration;
  return message;
}

const agreement::StandingRelease* FindDeadManArea(
    std::span<const agreement::StandingRelease> releases, base::PartyId party,
    std::string_view name) {
  const auto found = std::find_if(releases.begin(), releases.end(), [&](const auto& release) {
    return release.kind == agreement::StandingReleaseKind::kDeadMan && release.party == party &&
           release.name == name;
  });
  return found == releases.end() ? nullptr : &*found;
}

airspace::Declaration DeclarationOf(const agreement::StandingRelease& release, base::UtcMicros at) {
  CHECK(release.kind == agreement::StandingReleaseKind::kDeadMan && release.area.has_value());
  airspace::Declaration declaration;
  declaration.kind = airspace::NoticeKind::kHazard;
  declaration.hazard_class = release.hazard_class;
  // Nobody has seen it: it is what a silence means.
  declaration.confidence = airspace::Confidence::kExpected;
  declaration.unplanned = true;
  declaration.volumes.push_back({*release.area,
                                 {{0, geo::AltitudeReference::kAgl}, {geo::kUnlimitedUp}},
                                 {at, base::kTimeOpenEnd},
                                 {},
                                 {}});
  json::Writer json(&declaration.original);
  formats::WriteDeclaration(&json, declaration);
  return declaration;
}

Result<void> CheckAsAgreed(const airspace::Declaration& declaration,
                           const agreement::StandingRelease& release, base::UtcMicros at) {
  // By the way of its text, as the other has come.
  WB_ASSIGN_OR_RETURN(airspace::Declaration agreed,
                      formats::ParseDeclaration(DeclarationOf(release, at).original));
  if (declaration.volumes.size() != 1 ||
      declaration.volumes[0].outline != agreed.volumes[0].outline) {
    return base::Invalid("/declaration/volumes", "must be the one agreed outline", release.name);
  }
  if (declaration.hazard_class != agreed.hazard_class) {
    return base::Invalid("/declaration/hazard/class", "must be the agreed one",
                         airspace::Name(declaration.hazard_class));
  }
  agreed.original = declaration.original;
  if (declaration == agreed) return {};
  return base::Invalid("/declaration",
                       "must be an unplanned own hazard that is REAL and expected, from the "
                       "surface without an upper limit, from `at` until further notice",
                       release.name);
}

}  // namespace wideberth::mechanism
