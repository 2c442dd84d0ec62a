// Where the secret keys of a node's party are kept, and where new ones are made.
//
// A folder, as `wideberth keygen` makes it: party-card.json and one file a key. The keys that follow are in folders of
// their own inside it, named 2, 3, 4...; nothing is ever replaced or removed. Which of them are in force is said by the
// card on the node's desk alone, so a folder whose card was never said on a line (the node went down before it could)
// lies there and means nothing.
//
//   FolderKeys keys("keys", passphrase);
//   WB_ASSIGN_OR_RETURN(const std::string first, keys.FirstCard());
//   WB_ASSIGN_OR_RETURN(const PartySecrets secrets, keys.Load(line::ReadCard(first).value()));
//
// Threads: Make may run beside Load.
#ifndef WIDEBERTH_SERVICE_PARTY_KEYS_H_
#define WIDEBERTH_SERVICE_PARTY_KEYS_H_

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/key_file.h"
#include "crypto/secret.h"
#include "line/cosigning.h"
#include "line/party_card.h"

namespace wideberth::service {

// What a node signs with.
struct PartySecrets {
  std::shared_ptr<const crypto::SecretKey> message;
  std::shared_ptr<const crypto::SecretKey> transport;
  std::shared_ptr<const crypto::SecretKey> log;
  std::shared_ptr<const crypto::SecretKey> cosignature;

  line::RecordKeys record_keys() const { return {log, cosignature, message}; }
};

class PartyKeys {
 public:
  virtual ~PartyKeys() = default;
  // The text of the card that the party began with.
  virtual base::Result<std::string> FirstCard() const = 0;
  // The keys of a card. Refuses with kNotFound a card whose keys are not here.
  virtual base::Result<PartySecrets> Load(const line::PartyCard& card) const = 0;
  // Makes a card that follows `card`, with new keys for those roles, durably; the others stay. Returns its text.
  virtual base::Result<std::string> Make(const line::PartyCard& card,
                                         const std::set<line::KeyRole>& roles,
                                         base::UtcMicros now) = 0;
};

class FolderKeys final : public PartyKeys {
 public:
  // Without a passphrase the keys are PEM files in the clear.
  FolderKeys(std::string folder, std::optional<crypto::SecretBytes> passphrase,
             crypto::KdfCost cost = crypto::KdfCost::Standard());

  base::Result<std::string> FirstCard() const override;
  base::Result<PartySecrets> Load(const line::PartyCard& card) const override;
  base::Result<std::string> Make(const line::PartyCard& card, const std::set<line::KeyRole>& roles,
                                 base::UtcMicros now) override;

  // The folder that holds the keys of that card.
  base::Result<std::string> FolderOf(const line::PartyCard& card) const;

 private:
  base::Result<crypto::SecretKey> ReadKey(const std::string& folder, const line::PartyCard& card,
                                          line::KeyRole role) const;

  const std::string folder_;
  const std::optional<crypto::SecretBytes> passphrase_;
  const crypto::KdfCost cost_;
};

inline constexpr std::string_view kPartyCardFile = "party-card.json";

// "message.key", or "message-key.pem" in the clear.
std::string KeyFileName(line::KeyRole role, bool encrypted);

// Makes a folder of four keys and their card, in the order of line::kKeyRoles, that is there whole or not at all: of
// mode 0700, its keys of mode 0600, all of it durable. An empty folder of that name is taken; refuses with kConflict
// any other.
base::Result<void> MakeKeysFolder(const std::string& folder,
                                  std::span<const crypto::SecretKey, line::kKeyRoles.size()> keys,
                                  std::string_view card,
                                  const std::optional<crypto::SecretBytes>& passphrase,
                                  crypto::KdfCost cost);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_PARTY_KEYS_H_
