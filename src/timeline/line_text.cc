#include "timeline/line_text.h"

#include <algorithm>
#include <utility>

#include "crypto/sha256.h"
#include "line/cosigning.h"
#include "line/party_card.h"
#include "operators/role.h"
#include "record/checkpoint.h"

namespace wideberth::timeline {
namespace {

using base::Fail;
using base::Invalid;
using base::Result;
using base::UtcMicros;

Result<std::vector<line::PartyCard>> ReadCards(const LogText& text) {
  std::vector<line::PartyCard> cards;
  for (const std::string& each : text.cards) {
    auto card = line::ReadCard(each);
    if (!card) return Fail(std::move(card).error().Under("card"));
    if (card->party != text.writer) {
      return Invalid("card", "must be of the party it stands with", card->party.ToString());
    }
    cards.push_back(*std::move(card));
  }
  if (!cards.empty()) return cards;
  return Invalid("card", "must be there for both parties", text.writer.ToString());
}

// Under any of the keys that the two have had: which was in force when is not asked here.
Result<CosignedHead> ReadHead(const std::string& note, const std::vector<line::PartyCard>& writer,
                              const std::vector<line::PartyCard>& other) {
  std::vector<record::VerifierKey> cosigners;
  for (const line::PartyCard& card : other) {
    const record::VerifierKey key = line::CosignerKeyOf(card);
    if (std::find(cosigners.begin(), cosigners.end(), key) == cosigners.end()) {
      cosigners.push_back(key);
    }
  }
  Result<record::OpenedCheckpoint> opened = Invalid("", "must be signed");
  for (const line::PartyCard& card : writer) {
    opened = record::OpenCheckpoint(note, {line::LogKeyOf(card, other.front().party), cosigners});
    if (opened) break;
  }
  if (!opened) return Fail(std::move(opened).error());
  if (opened->cosignatures.empty()) {
    return Fail(base::ErrorCode::kUnauthorized, "", "must be cosigned by the other side");
  }
  const record::TreeHead& head = opened->checkpoint.head;
  const auto at =
      record::IntervalOf(std::nullopt, opened->cosignatures.front().time_s);  // bounds its range
  if (!at) return Fail(base::Error(at.error()));
  return CosignedHead{head.size, {at->not_after.us + 1 - base::kMicrosPerSecond}, head.root};
}

}  // namespace

Result<CheckedLine> CheckLine(std::array<LogText, 2> texts) {
  CheckedLine line;
  std::array<std::vector<line::PartyCard>, 2> cards;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    WB_ASSIGN_OR_RETURN(cards[i], ReadCards(texts[i]));
    const line::PartyCard& in_force = cards[i].front();
    line.parties[i] = {texts[i].writer, in_force.name, line::FingerprintOf(in_force).ToString()};
    Log& log = line.logs[i];
    log.writer = texts[i].writer;
    for (const line::PartyCard& card : cards[i]) {
      log.message_keys.push_back(card.key(line::KeyRole::kMessage));
    }
    log.entries = std::move(texts[i].entries);
  }
  for (const size_t i : {size_t{0}, size_t{1}}) {
    std::vector<CosignedHead>& heads = line.logs[i].heads;
    for (const std::string& note : texts[i].heads) {
      const std::string place = std::to_string(i) + "/heads/" + std::to_string(heads.size());
      Result<CosignedHead> head = ReadHead(note, cards[i], cards[1 - i]);
      if (!head) return Fail(std::move(head).error().Under(place + "/"));
      if (!heads.empty() && head->size <= heads.back().size) {
        return Invalid(place, "must be larger than the head before",
                       std::to_string(head->size) + " entries");
      }
      heads.push_back(*head);
    }
  }
  return line;
}

void WriteEvent(const Event& event, const std::array<Party, 2>& parties, json::Writer* json) {
  const auto time = [&](std::string_view key, const std::optional<UtcMicros>& at) {
    if (!at || *at == base::kTimeOpenStart || *at == base::kTimeOpenEnd) return;
    json->StringField(key, base::FormatRfc3339(*at));
  };
  json->BeginObject();
  json->StringField("writer", parties[event.log].name);
  json->Uint64Field("index", event.index);
  json->StringField("message", event.message.ToHex());
  json->StringField("type", event.type);
  json->StringField("data_mode", airspace::Name(event.data_mode));
  json->StringField("words", Words(event));
  time("said_at", event.said_at);
  time("received_at", event.received_at);
  time("not_before", event.when.not_before);
  time("not_after", event.when.not_after);
  time("cosigned_at", event.cosigned_at);
  if (event.act) {
    json->StringField("act", event.act->digest.ToHex());
    json->StringField("role", operators::Name(event.act->act.role));
    json->StringField("key", event.act->act.key_id);
  }
  if (event.notice) json->StringField("notice", event.notice->ToString());
  if (event.matter) json->StringField("matter", event.matter->ToString());
  if (!event.unusable.empty()) json->StringField("unusable", event.unusable);
  json->EndObject();
}

void WritePrefix(const Timeline& timeline, const std::array<Party, 2>& parties,
                 json::Writer* json) {
  json->Key("logs");
  json->BeginArray();
  for (const size_t i : {size_t{0}, size_t{1}}) {
    json->BeginObject();
    json->StringField("writer", parties[i].name);
    json->StringField("party", parties[i].id.ToString());
    json->StringField("fingerprint", parties[i].fingerprint);
    json->Uint64Field("size", timeline.size(i));
    json->StringField("root", timeline.root(i).ToHex());
    json->EndObject();
  }
  json->EndArray();
  json->StringField("joint_view_sha256",
                    crypto::Sha256(base::AsBytes(timeline.joint_view())).ToHex());
}

void WriteTold(const std::vector<Told>& told, const std::array<Party, 2>& parties,
               json::Writer* json) {
  json->Key("told");
  json->BeginArray();
  for (const Told& item : told) {
    json->BeginObject();
    json->StringField("verdict", airspace::Name(item.verdict));
    const auto time = [&](std::string_view key, const std::optional<UtcMicros>& at) {
      if (at) json->StringField(key, base::FormatRfc3339(*at));
    };
    time("received_at", item.received_at);
    time("cosigned_at", item.cosigned_at);
    time("read_back_at", item.read_back_at);
    time("withdrawn_at", item.withdrawn_at);
    json->DoubleField("lead_time_s", static_cast<double>(item.lead_time_us) / 1e6);
    json->Key("release");
    WriteEvent(*item.release, parties, json);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace wideberth::timeline
