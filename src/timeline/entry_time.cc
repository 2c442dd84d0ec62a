#include "timeline/entry_time.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/cosigning.h"
#include "line/payload.h"

namespace wideberth::timeline {
namespace {

using base::Fail;
using base::Invalid;
using base::Result;
using line::Message;
using line::OriginOf;
using line::PartyCard;

constexpr size_t kHashTextBytes = 44;  // 32 bytes in base64

std::vector<crypto::PublicKey> KeysOf(std::span<const PartyCard> cards,
                                      std::optional<base::PartyId> party) {
  std::vector<crypto::PublicKey> keys;
  for (const PartyCard& card : cards) {
    const crypto::PublicKey& key = card.key(line::KeyRole::kMessage);
    if ((!party || card.party == *party) && std::find(keys.begin(), keys.end(), key) == keys.end())
      keys.push_back(key);
  }
  return keys;
}

Result<base::Digest> ParseHash(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kHashTextBytes));
  const auto bytes = base::Base64Decode(text);
  base::Digest hash;
  if (!bytes || bytes->size() != hash.bytes.size()) {
    return Invalid("/seen/proof", "must be of hashes: 32 bytes in base64", text);
  }
  std::copy(bytes->begin(), bytes->end(), hash.bytes.begin());
  return hash;
}

// The message of one side of a line, by a key of that side.
Result<Message> OpenOf(std::string_view envelope, std::string_view origin,
                       std::span<const PartyCard> cards) {
  WB_ASSIGN_OR_RETURN(const line::OpenedMessage opened,
                      line::OpenMessage(envelope, KeysOf(cards, {})));
  const Message& message = opened.message;
  if (OriginOf(message.from, message.to) != origin) {
    return Invalid("/from", "must be of the log " + std::string(origin),
                   OriginOf(message.from, message.to));
  }
  const auto keys = KeysOf(cards, message.from);
  const bool by_writer = std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
    return std::find(opened.signers.begin(), opened.signers.end(), key) != opened.signers.end();
  });
  if (by_writer) return message;
  return Fail(base::ErrorCode::kUnauthorized, "/signatures", "must be by a key of the writer",
              message.from.ToString());
}

Result<base::UtcMicros> SeenAt(const SeenEntry& seen, const Message& by,
                               std::span<const PartyCard> cards) {
  WB_ASSIGN_OR_RETURN(const Message message,
                      OpenOf(seen.envelope, OriginOf(by.to, by.from), cards));
  if (message.seq != by.peer_head.size) {
    return Invalid("/seq", "must be the last under the head: " + std::to_string(by.peer_head.size),
                   std::to_string(message.seq));
  }
  WB_RETURN_IF_ERROR(record::VerifyInclusion(
      message.seq - 1, record::LeafHash(base::AsBytes(seen.envelope)), seen.proof, by.peer_head));
  return message.sent_at;
}

}  // namespace

Result<record::TreeHead> NamedHead(std::string_view envelope) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(envelope, limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view payload,
                      object.RequiredString("payload", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, base::Base64Decode(payload));
  WB_ASSIGN_OR_RETURN(const json::Document inner, json::Document::Parse(base::AsText(bytes)));
  WB_ASSIGN_OR_RETURN(json::Object message, inner.root().AsObject());
  return line::ReadHead("peer_head", &message);
}

Result<base::Bytes> FormatSeen(const SeenEntry& seen) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Key("seen");
  json.BeginObject();
  json.StringField("entry", seen.envelope);
  json.Key("proof");
  json.BeginArray();
  for (const base::Digest& hash : seen.proof) json.String(base::Base64Encode(hash.bytes));
  json.EndArray();
  json.EndObject();
  json.EndObject();
  const base::ByteView bytes = base::AsBytes(text);
  WB_RETURN_IF_ERROR(ParseSeen(bytes));
  return base::Bytes(bytes.begin(), bytes.end());
}

Result<SeenEntry> ParseSeen(base::ByteView extra) {
  if (extra.size() > record::kProofExtraBytesMax) {
    return Fail(base::ErrorCode::kTooLarge, "/seen",
                "must have at most " + std::to_string(record::kProofExtraBytesMax) + " bytes",
                std::to_string(extra.size()));
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(base::AsText(extra)));
  WB_ASSIGN_OR_RETURN(json::Object root, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(json::Object object, root.RequiredObject("seen"));
  SeenEntry seen;
  WB_ASSIGN_OR_RETURN(const std::string_view entry,
                      object.RequiredString("entry", limits::kEnvelopeBytesMax));
  seen.envelope = entry;
  WB_ASSIGN_OR_RETURN(const json::Array proof,
                      object.RequiredArray("proof", record::kProofHashesMax));
  for (const json::Value hash : proof) {
    WB_ASSIGN_OR_RETURN(seen.proof.emplace_back(), ParseHash(hash));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  WB_RETURN_IF_ERROR(root.ExpectNoOtherFields());
  return seen;
}

Result<DatedEntry> DateEntry(const record::ProvenEntry& proven, std::string_view envelope,
                             const std::optional<SeenEntry>& seen,
                             std::span<const PartyCard> cards) {
  DatedEntry dated;
  dated.origin = proven.origin;
  dated.index = proven.index;
  WB_ASSIGN_OR_RETURN(dated.message, OpenOf(envelope, proven.origin, cards));
  if (dated.message.seq != proven.index + 1) {
    return Invalid("/seq", "must be " + std::to_string(proven.index + 1),
                   std::to_string(dated.message.seq));
  }
  std::optional<base::UtcMicros> seen_at;
  if (seen) {
    auto read = SeenAt(*seen, dated.message, cards);
    if (!read) return Fail(std::move(read).error().Under("/seen"));
    seen_at = *read;
  }
  auto interval = record::IntervalOf(seen_at, proven.not_after_s);
  dated.clocks_disagree = !interval && interval.error().code == base::ErrorCode::kConflict;
  if (dated.clocks_disagree) interval = record::IntervalOf({}, proven.not_after_s);
  WB_ASSIGN_OR_RETURN(dated.when, std::move(interval));
  return dated;
}

record::CausalLink LinkBetween(const DatedEntry& first, const DatedEntry& second) {
  const auto precedes = [](const DatedEntry& earlier, const DatedEntry& later) {
    if (earlier.origin == later.origin) return earlier.index < later.index;
    return earlier.message.from == later.message.to && earlier.message.to == later.message.from &&
           later.message.peer_head.size > earlier.index;
  };
  if (precedes(first, second)) return record::CausalLink::kFirstToSecond;
  return precedes(second, first) ? record::CausalLink::kSecondToFirst : record::CausalLink::kNone;
}

record::EventOrder OrderOf(const DatedEntry& first, const DatedEntry& second) {
  return record::OrderOf(first.when, second.when, LinkBetween(first, second));
}

}  // namespace wideberth::timeline
