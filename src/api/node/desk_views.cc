#include <string>

#include "api/node/views.h"
#include "line/party_card.h"

namespace wideberth::api::node {
namespace {

void WriteParty(json::Writer* json, std::string_view key, base::PartyId id,
                const airspace::RuleBook& rules) {
  json->Key(key);
  json->BeginObject();
  json->StringField("id", id.ToString());
  if (const airspace::PartyEntry* party = rules.FindParty(id)) {
    json->StringField("name", party->name);
  }
  json->EndObject();
}

void WriteTime(json::Writer* json, std::string_view key,
               const std::optional<base::UtcMicros>& time) {
  if (!time || *time == base::kTimeOpenEnd || *time == base::kTimeOpenStart) return;
  json->StringField(key, base::FormatRfc3339(*time));
}

void WriteMs(json::Writer* json, std::string_view key, double us) {
  json->DoubleField(key, us / 1e3);
}

}  // namespace

void WriteMatter(json::Writer* json, const mechanism::Matter& matter,
                 const airspace::RuleBook& rules) {
  json->BeginObject();
  json->Uint64Field("number", matter.number);
  json->StringField("kind", mechanism::Name(matter.kind));
  json->BoolField("owed_by_peer", matter.owed_by_peer);
  WriteParty(json, "peer", matter.peer, rules);
  json->StringField("data_mode", airspace::Name(matter.data_mode));
  if (matter.notice) json->StringField("notice", matter.notice->ToString());
  json->StringField("subject", matter.subject.ToHex());
  if (!matter.third_party.empty()) json->StringField("third_party", matter.third_party);
  json->BoolField("urgent", matter.urgent);
  WriteTime(json, "starts_at", matter.starts_at);
  json->StringField("opened_at", base::FormatRfc3339(matter.opened_at));
  WriteMs(json, "deadline_ms", static_cast<double>(matter.deadline_us));
  if (matter.open()) WriteTime(json, "next_climb_at", matter.next_climb_at);
  json->StringField("level", mechanism::Name(matter.level));
  json->BoolField("alarmed", matter.alarmed);
  WriteTime(json, "closed_at", matter.closed_at);
  if (matter.closed_at) json->StringField("closed_as", matter.closed_as);
  json->EndObject();
}

void WriteForwarding(json::Writer* json, const mechanism::Provenance& known,
                     const mechanism::Peer* issuer, const airspace::RuleBook& rules) {
  json->BeginObject();
  if (known.forwarder) {
    WriteParty(json, "forwarder", *known.forwarder, rules);
    json->StringField("forwarded_at", base::FormatRfc3339(known.forwarded_at));
  }
  if (const auto card = line::ReadCard(known.card); card) {
    const line::Fingerprint fingerprint = line::FingerprintOf(*card);
    const auto is_it = [&](const std::string& text) {
      const auto enrolled = line::ReadCard(text);
      return enrolled.has_value() && line::FingerprintOf(*enrolled) == fingerprint;
    };
    const bool compared =
        issuer != nullptr &&
        (is_it(issuer->card) || std::any_of(issuer->former.begin(), issuer->former.end(),
                                            [&](const auto& each) { return is_it(each.card); }));
    json->Key("issuer");
    json->BeginObject();
    json->StringField("id", known.issuer.ToString());
    json->StringField("name", card->name);
    json->StringField("fingerprint", fingerprint.ToString());
    json->BoolField("compared", compared);
    json->EndObject();
  }
  json->Key("forwarded_to");
  json->BeginArray();
  for (const mechanism::ForwardedTo& to : known.to) {
    json->BeginObject();
    WriteParty(json, "peer", to.peer, rules);
    json->StringField("since", base::FormatRfc3339(to.since));
    json->StringField("role", operators::Name(to.role));
    WriteTime(json, "received_at", to.receipted_at);
    WriteTime(json, "stopped_at", to.stopped_at);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

void WriteThirdParty(json::Writer* json, const mechanism::ThirdPartyDuty& duty,
                     const airspace::RuleBook& rules) {
  json->BeginObject();
  json->StringField("name", duty.name);
  WriteParty(json, "told_by", duty.told_by, rules);
  json->StringField("version", duty.version.ToHex());
  json->StringField("due_at", base::FormatRfc3339(duty.due_at));
  if (duty.told_at) {
    json->StringField("told_at", base::FormatRfc3339(*duty.told_at));
    json->StringField("act", duty.act.ToHex());
    json->StringField("role", operators::Name(duty.role));
    if (!duty.receipt.empty()) json->StringField("receipt", duty.receipt);
  }
  json->EndObject();
}

void WriteCall(json::Writer* json, const mechanism::Call& call, const airspace::RuleBook& rules) {
  json->BeginObject();
  json->StringField("id", call.id.ToString());
  json->StringField("kind", operators::Name(call.kind));
  WriteParty(json, "peer", call.peer, rules);
  json->BoolField("by_us", call.by_us);
  json->StringField("data_mode", airspace::Name(call.data_mode));
  json->StringField("act", call.act.ToHex());
  json->StringField("role", operators::Name(call.role));
  json->StringField("at", base::FormatRfc3339(call.at));
  json->StringField("stored_at", base::FormatRfc3339(call.stored_at));
  if (call.place.radius_mm > 0) {
    json->Key("centre");
    json->BeginObject();
    json->DoubleField("lat", call.place.centre.lat_deg());
    json->DoubleField("lng", call.place.centre.lng_deg());
    json->EndObject();
    json->DoubleField("radius_m", static_cast<double>(call.place.radius_mm) / 1e3);
  }
  if (!call.words.empty()) json->StringField("words", call.words);
  if (call.about) {
    json->StringField("notice", call.about->notice.ToString());
    json->StringField("version", call.about->version.ToHex());
    json->BoolField("no_longer_observed", call.no_longer_observed);
  }
  if (call.entry_at) {
    WriteTime(json, "entry_at", call.entry_at);
    json->Uint64Field("repeats", call.sending.repeats);
    WriteTime(json, "repeated_at", call.sending.repeated_at);
    json->Uint64Field("receipts", call.sending.receipts);
    WriteTime(json, "receipted_at", call.sending.receipted_at);
    if (!call.closed_at) WriteTime(json, "next_repeat_at", call.sending.next_repeat_at);
  }
  json->Key("answers");
  json->BeginArray();
  for (const mechanism::CallAnswer& answer : call.answers) {
    json->BeginObject();
    json->StringField("at", base::FormatRfc3339(answer.at));
    json->StringField("act", answer.act.ToHex());
    json->BoolField("by_us", answer.by_us);
    json->StringField("role", operators::Name(answer.role));
    json->StringField("answer", answer.answer);
    json->EndObject();
  }
  json->EndArray();
  WriteTime(json, "closed_at", call.closed_at);
  if (call.closed_at) json->StringField("closed_as", call.closed_as);
  json->EndObject();
}

void WriteDurations(json::Writer* json, const mechanism::Durations& durations) {
  json->BeginObject();
  json->Uint64Field("count", durations.count);
  if (durations.count > 0) {
    WriteMs(json, "mean_ms",
            static_cast<double>(durations.sum_us) / static_cast<double>(durations.count));
    WriteMs(json, "p50_ms", static_cast<double>(durations.QuantileUs(0.5)));
    WriteMs(json, "p95_ms", static_cast<double>(durations.QuantileUs(0.95)));
    WriteMs(json, "max_ms", static_cast<double>(durations.max_us));
  }
  json->EndObject();
}

}  // namespace wideberth::api::node
