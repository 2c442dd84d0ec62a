#include "line/key_change.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::line {
namespace {

using base::Error;
using base::Result;
using crypto::PublicKey;

constexpr size_t kKeyHexBytes = 2 * crypto::kEd25519KeyBytes;
constexpr size_t kTimeBytesMax = 40;

bool Holds(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

Result<void> CheckFollows(const json::Object& object, const PartyCard& card,
                          const PartyCard& before) {
  if (card.party != before.party || card.name != before.name) {
    return object.Refuse("card", "must be of the party and the name that the keys belong to",
                         card.name + " " + card.party.ToString());
  }
  if (card.created_at <= before.created_at) {
    return object.Refuse("card", "must be made later than the one before it",
                         base::FormatRfc3339(card.created_at));
  }
  if (card.keys == before.keys) {
    return object.Refuse("card", "must have another key than the one before it");
  }
  for (const KeyRole role : kKeyRoles) {
    for (const KeyRole other : kKeyRoles) {
      if (role == other || card.key(role) != before.key(other)) continue;
      return object.Refuse(
          "card", "must not give a key another role",
          std::string(KeyRoleName(other)) + " as " + std::string(KeyRoleName(role)));
    }
  }
  return {};
}

}  // namespace

std::string WriteKeyChange(const KeyChange& change) {
  CHECK(change.revoked.size() <= kRevokedKeysMax);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("card", change.card);
  json.Key("revoked");
  json.BeginArray();
  for (const PublicKey& key : change.revoked) json.String(key.ToHex());
  json.EndArray();
  if (change.compromised_since) {
    json.StringField("compromised_since", base::FormatRfc3339(*change.compromised_since));
  }
  json.EndObject();
  return body;
}

Result<PartyCard> ReadKeyChangeCard(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view card,
                      object.RequiredString("card", limits::kEnvelopeBytesMax));
  return ReadCard(card);
}

Result<KeyChange> ReadKeyChange(std::string_view body, const PartyCard& before) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  KeyChange change;
  WB_ASSIGN_OR_RETURN(change.card, object.RequiredString("card", limits::kEnvelopeBytesMax));
  const Result<PartyCard> card = ReadCard(change.card);
  if (!card) return base::Fail(Error(card.error()).Under("/card"));
  WB_ASSIGN_OR_RETURN(const json::Array revoked, object.RequiredArray("revoked", kRevokedKeysMax));
  for (const json::Value item : revoked) {
    WB_ASSIGN_OR_RETURN(const std::string_view hex, item.AsString(kKeyHexBytes));
    const Result<PublicKey> key = PublicKey::FromHex(hex);
    if (!key) return item.Refuse(key.error());
    change.revoked.push_back(*key);
  }
  WB_ASSIGN_OR_RETURN(
      change.compromised_since,
      object.OptionalParsed("compromised_since", kTimeBytesMax, base::ParseRfc3339));
  WB_RETURN_IF_ERROR(CheckFollows(object, *card, before));
  for (const KeyRole role : kKeyRoles) {
    if (!Holds(change.revoked, card->key(role))) continue;
    return object.Refuse("revoked", "must not hold a key of the card", card->key(role).ToHex());
  }
  return change;
}

}  // namespace wideberth::line
