#include "service/testing/memory_keys.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace wideberth::service::testing {

using base::Result;

MemoryKeys::MemoryKeys(base::PartyId party, std::string name, uint8_t seed, base::UtcMicros made_at)
    : party_(party), name_(std::move(name)), seed_(seed) {
  first_ = Add({}, made_at);
}

std::array<crypto::SecretKey, line::kKeyRoles.size()> MemoryKeys::KeysOf(
    const Numbers& numbers) const {
  const auto key = [&](size_t role) {
    base::Bytes bytes(crypto::kEd25519KeyBytes, static_cast<uint8_t>(seed_ + role));
    for (size_t i = 0; i < 4 && numbers[role] > 0; ++i) {
      bytes[i] = static_cast<uint8_t>(numbers[role] >> (8 * i));
    }
    return crypto::SecretKey::FromSeed(bytes).value();
  };
  return {key(0), key(1), key(2), key(3)};
}

std::string MemoryKeys::Add(const Numbers& numbers, base::UtcMicros made_at) {
  std::string text = line::MakeCard(party_, name_, KeysOf(numbers), made_at).value();
  last_ = line::FingerprintOf(line::ReadCard(text).value());
  held_[last_] = numbers;
  return text;
}

Result<std::string> MemoryKeys::FirstCard() const {
  return first_;
}

Result<PartySecrets> MemoryKeys::Load(const line::PartyCard& card) const {
  const auto held = held_.find(line::FingerprintOf(card));
  if (held == held_.end()) {
    return base::Fail(base::ErrorCode::kNotFound, "keys", "must be those of the card",
                      line::FingerprintOf(card).ToString());
  }
  auto keys = KeysOf(held->second);
  return PartySecrets{std::make_shared<const crypto::SecretKey>(std::move(keys[0])),
                      std::make_shared<const crypto::SecretKey>(std::move(keys[3])),
                      std::make_shared<const crypto::SecretKey>(std::move(keys[1])),
                      std::make_shared<const crypto::SecretKey>(std::move(keys[2]))};
}

Result<std::string> MemoryKeys::Make(const line::PartyCard& card,
                                     const std::set<line::KeyRole>& roles, base::UtcMicros now) {
  WB_RETURN_IF_ERROR(Load(card));
  Numbers numbers = held_.at(line::FingerprintOf(card));
  for (const line::KeyRole role : roles) numbers[static_cast<size_t>(role)] = next_++;
  return Add(numbers, std::max(now, {card.created_at.us + 1}));
}

void MemoryKeys::ForgetFormer() {
  std::erase_if(held_, [&](const auto& each) { return each.first != last_; });
}

}  // namespace wideberth::service::testing
