// Identifiers. A Uuid is 128 bits; ids of notices and parties are random version 4 UUIDs (RFC 9562), drawn outside the
// pure core and carried into it by the command.
#ifndef WIDEBERTH_BASE_IDS_H_
#define WIDEBERTH_BASE_IDS_H_

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::base {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }

  // "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
  std::string ToString() const;

  // Reads the canonical form, upper or lower case. Refuses every other spelling.
  static Result<Uuid> Parse(std::string_view text);
  // As Parse, and refuses what is not version 4 of the RFC 9562 variant.
  static Result<Uuid> ParseV4(std::string_view text);
  // Turns 16 random bytes into a version 4 UUID.
  static Uuid V4FromRandom(std::array<uint8_t, 16> random);
};

// One type an id, so that a party is never passed where a notice is meant.
template <class Tag>
struct Id {
  Uuid uuid;
  auto operator<=>(const Id&) const = default;
  std::string ToString() const { return uuid.ToString(); }
  static Result<Id> Parse(std::string_view text) {
    WB_ASSIGN_OR_RETURN(const Uuid parsed, Uuid::ParseV4(text));
    return Id{parsed};
  }
};

using PartyId = Id<struct PartyTag>;
using NoticeId = Id<struct NoticeTag>;

}  // namespace wideberth::base

template <>
struct std::hash<wideberth::base::Uuid> {
  // The bytes of a version 4 UUID are random already; mixing keeps ids that a client counted up from crowding.
  size_t operator()(const wideberth::base::Uuid& uuid) const noexcept {
    uint64_t high = 0;
    uint64_t low = 0;
    std::memcpy(&high, uuid.bytes.data(), 8);
    std::memcpy(&low, uuid.bytes.data() + 8, 8);
    uint64_t x = (high * 0xC2B2AE3D27D4EB4Fu) ^ std::rotl(low * 0x9E3779B97F4A7C15u, 32);
    x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
    return static_cast<size_t>(x ^ (x >> 32));
  }
};

template <class Tag>
struct std::hash<wideberth::base::Id<Tag>> {
  size_t operator()(const wideberth::base::Id<Tag>& id) const noexcept {
    return std::hash<wideberth::base::Uuid>()(id.uuid);
  }
};

#endif  // WIDEBERTH_BASE_IDS_H_
