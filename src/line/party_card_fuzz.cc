// Invariants checked: reading never crashes; a card that is read has four different keys and a name within its limit,
// and its fingerprint makes the round trip through its text. The input is read as a card, as the payload of an envelope
// that four known keys have signed (so that the fuzzer need not forge signatures) and as a fingerprint; a payload of
// those four keys that is read is made again as the same card.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crypto/dsse.h"
#include "line/party_card.h"

namespace {

namespace base = wideberth::base;
namespace crypto = wideberth::crypto;
namespace line = wideberth::line;

crypto::SecretKey Key(uint8_t seed) {
  return crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value();
}

void CheckCard(const base::Result<line::PartyCard>& card) {
  if (!card) {
    CHECK(!card.error().rule.empty());
    return;
  }
  CHECK(!card->name.empty() && card->name.size() <= 63);
  for (size_t i = 0; i < card->keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) CHECK(card->keys[i] != card->keys[j]);
  }
  const line::Fingerprint fingerprint = line::FingerprintOf(*card);
  const auto again = line::Fingerprint::Parse(fingerprint.ToString());
  CHECK(again.has_value() && *again == fingerprint);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array keys = {Key(1), Key(2), Key(3), Key(4)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckCard(line::ReadCard(text));

  const auto envelope = crypto::SignEnvelope("application/vnd.wideberth.party-card.v1+json",
                                             base::AsBytes(text), keys);
  if (envelope) {
    const auto card = line::ReadCard(*envelope);
    CheckCard(card);
    if (card) {
      // The keys of a card have signed it, so these are ours, in whichever roles.
      for (const crypto::PublicKey& key : card->keys) {
        bool ours = false;
        for (const crypto::SecretKey& known : keys) ours = ours || known.public_key() == key;
        CHECK(ours);
      }
      if (card->keys[0] == keys[0].public_key() && card->keys[1] == keys[1].public_key() &&
          card->keys[2] == keys[2].public_key()) {
        const auto made = line::MakeCard(card->party, card->name, keys, card->created_at);
        CHECK(made.has_value() && line::ReadCard(*made).value() == *card);
      }
    }
  }

  const auto fingerprint = line::Fingerprint::Parse(text);
  if (fingerprint) {
    CHECK(line::Fingerprint::Parse(fingerprint->ToString()).value() == *fingerprint);
  }
  return 0;
}
