#include "exchange/acts.h"

#include "exchange/readout.h"

namespace wideberth::exchange {
namespace {

using base::Result;

constexpr size_t kUuidBytes = 36;
constexpr size_t kDigestBytes = 64;
constexpr std::string_view kAgreed = "agreed";
constexpr std::string_view kNotAgreed = "not_agreed";

void WriteNamed(const base::Uuid& exchange, std::string_view key, const base::Digest& digest,
                json::Writer* json) {
  json->StringField("exchange", exchange.ToString());
  json->StringField(key, digest.ToHex());
}

Result<void> ReadNamed(json::Object* object, std::string_view key, base::Uuid* exchange,
                       base::Digest* digest) {
  WB_ASSIGN_OR_RETURN(*exchange,
                      object->RequiredParsed("exchange", kUuidBytes, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(*digest, object->RequiredParsed(key, kDigestBytes, base::Digest::FromHex));
  return {};
}

}  // namespace

void Write(const EnterExchange& act, json::Writer* json) {
  WriteAccount(act.account, json);
}
void Write(const ProposeReadout& act, json::Writer* json) {
  WriteNamed(act.exchange, "readout_sha256", act.readout_sha256, json);
}
void Write(const SignReadout& act, json::Writer* json) {
  WriteNamed(act.exchange, "readout_sha256", act.readout_sha256, json);
  json->Key("paragraphs");
  json->BeginArray();
  for (const bool agreed : act.agreed) json->String(agreed ? kAgreed : kNotAgreed);
  json->EndArray();
}
void Write(const PublishStatement& act, json::Writer* json) {
  WriteNamed(act.exchange, "statement_sha256", act.statement_sha256, json);
}

Result<void> Read(json::Object* object, EnterExchange* act) {
  WB_ASSIGN_OR_RETURN(act->account, ReadAccount(object));
  return {};
}
Result<void> Read(json::Object* object, ProposeReadout* act) {
  return ReadNamed(object, "readout_sha256", &act->exchange, &act->readout_sha256);
}
Result<void> Read(json::Object* object, SignReadout* act) {
  WB_RETURN_IF_ERROR(ReadNamed(object, "readout_sha256", &act->exchange, &act->readout_sha256));
  WB_ASSIGN_OR_RETURN(const json::Array paragraphs,
                      object->RequiredArray("paragraphs", kReadoutParagraphsMax));
  for (const json::Value value : paragraphs) {
    WB_ASSIGN_OR_RETURN(const std::string_view verdict, value.AsString(16));
    if (verdict != kAgreed && verdict != kNotAgreed) {
      return value.Refuse("must be agreed or not_agreed");
    }
    act->agreed.push_back(verdict == kAgreed);
  }
  if (act->agreed.empty()) return object->Refuse("paragraphs", "must be at least one");
  return {};
}
Result<void> Read(json::Object* object, PublishStatement* act) {
  return ReadNamed(object, "statement_sha256", &act->exchange, &act->statement_sha256);
}

}  // namespace wideberth::exchange
