// The keys of a party in memory, drawn by number: the same for tests and simulations at every call.
#ifndef WIDEBERTH_SERVICE_TESTING_MEMORY_KEYS_H_
#define WIDEBERTH_SERVICE_TESTING_MEMORY_KEYS_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/ids.h"
#include "service/party_keys.h"

namespace wideberth::service::testing {

class MemoryKeys final : public PartyKeys {
 public:
  // `seed`: of the message key; the others count on from it. As mechanism/testing/values.h, MessageSeed.
  MemoryKeys(base::PartyId party, std::string name, uint8_t seed, base::UtcMicros made_at);

  base::Result<std::string> FirstCard() const override;
  base::Result<PartySecrets> Load(const line::PartyCard& card) const override;
  base::Result<std::string> Make(const line::PartyCard& card, const std::set<line::KeyRole>& roles,
                                 base::UtcMicros now) override;

  // The keys of every card but the last that was made are lost.
  void ForgetFormer();

 private:
  using Numbers =
      std::array<uint32_t, line::kKeyRoles.size()>;  // of each key: 0 at first, then drawn on
  std::array<crypto::SecretKey, line::kKeyRoles.size()> KeysOf(const Numbers& numbers) const;
  std::string Add(const Numbers& numbers, base::UtcMicros made_at);

  base::PartyId party_;
  std::string name_;
  uint8_t seed_;
  uint32_t next_ = 1;
  std::string first_;
  std::map<line::Fingerprint, Numbers> held_;
  line::Fingerprint last_;
};

}  // namespace wideberth::service::testing

#endif  // WIDEBERTH_SERVICE_TESTING_MEMORY_KEYS_H_
