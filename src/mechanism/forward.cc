#include "mechanism/forward.h"

#include "base/limits.h"
#include "crypto/dsse.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::Result;
using operators::ActKind;

constexpr std::string_view kPayloadType = "application/vnd.wideberth.endorsement.v1+json";
constexpr size_t kUuidDigits = 36;
constexpr size_t kDigestDigits = 64;

struct Endorsement {
  base::PartyId party;
  base::Digest act;
  operators::OperatorKey key;
};

Result<Endorsement> ReadEndorsement(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const auto party,
                      object.RequiredParsed("party", kUuidDigits, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(const auto act,
                      object.RequiredParsed("act", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(auto keys, operators::ReadOperatorKeys(payload));
  if (keys.size() != 1) {
    return base::Invalid("/operators", "must be the one key that signed",
                         std::to_string(keys.size()));
  }
  return Endorsement{party, act, std::move(keys.front())};
}

base::Unexpected Refuse(std::string_view field, std::string_view rule, std::string_view found) {
  return base::Fail(ErrorCode::kUnauthorized, field, rule, found);
}

}  // namespace

Result<std::string> Endorse(const SealedAct& act, const operators::OperatorKey& operator_key,
                            const crypto::SecretKey& message_key) {
  WB_ASSIGN_OR_RETURN(const std::string keys, operators::WriteOperatorKeys({&operator_key, 1}));
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("party", act.act.party.ToString());
  json.StringField("act", act.digest.ToHex());
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(keys));
  json.Key("operators");
  json.Raw(document.root().AsObject()->Find("operators")->ToJson());
  json.EndObject();
  return crypto::SignEnvelope(kPayloadType, base::AsBytes(payload), message_key);
}

Result<SealedAct> OpenEndorsed(std::string_view envelope, std::string_view endorsement,
                               const line::PartyCard& card) {
  const crypto::PublicKey key = card.key(line::KeyRole::kMessage);
  auto message = crypto::VerifyEnvelope(endorsement, {&key, 1});
  if (!message) return base::Fail(std::move(message).error().Under("/endorsement"));
  if (message->payload_type != kPayloadType) {
    return Refuse("/endorsement/payloadType", "must be " + std::string(kPayloadType),
                  message->payload_type);
  }
  auto endorsed = ReadEndorsement(base::AsText(message->payload));
  if (!endorsed) return base::Fail(std::move(endorsed).error().Under("/endorsement/payload"));
  if (endorsed->party != card.party) {
    return Refuse("/endorsement/payload/party", "must be the party of the card",
                  endorsed->party.ToString());
  }
  auto act = OpenAct(envelope, card.party, {&endorsed->key, 1});
  if (!act) return base::Fail(std::move(act).error().Under("/signed"));
  if (act->digest != endorsed->act) {
    return Refuse("/endorsement/payload/act", "must be the act beside it", endorsed->act.ToHex());
  }
  return act;
}

std::string WriteForwarded(const Forwarded& forwarded) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", forwarded.act);
  json.StringField("signed", forwarded.envelope);
  json.StringField("endorsement", forwarded.endorsement);
  json.StringField("card", forwarded.card);
  if (!forwarded.declaration.empty()) json.StringField("declaration", forwarded.declaration);
  json.EndObject();
  return body;
}

Result<Forwarded> ReadForwarded(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Forwarded forwarded;
  WB_ASSIGN_OR_RETURN(forwarded.act, object.RequiredString("act", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.envelope,
                      object.RequiredString("signed", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.endorsement,
                      object.RequiredString("endorsement", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.card, object.RequiredString("card", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> declaration,
                      object.OptionalString("declaration", limits::kMessageBodyBesideBytesMax));
  forwarded.declaration = declaration.value_or(std::string_view());
  return forwarded;
}

bool MayForward(ActKind kind) {
  return kind == ActKind::kRelease || kind == ActKind::kSetActive || kind == ActKind::kSetEnded ||
         kind == ActKind::kWithdraw || kind == ActKind::kAllClear;
}

base::NoticeId NoticeOf(const ActBody& body) {
  return std::visit(
      [](const auto& each) -> base::NoticeId {
        if constexpr (requires { each.notice; }) {
          if constexpr (std::is_convertible_v<decltype(each.notice), base::NoticeId>) {
            return each.notice;
          }
        }
        return {};
      },
      body);
}

}  // namespace wideberth::mechanism
