// Inside the json module only: how to read the tape that simdjson's DOM parser leaves behind.
//
// The layout is the one simdjson documents in its doc/tape.md: 64-bit words, the type in the top
// byte. A container's opening word holds the index behind its closing word (low 32 bits) and its
// item count (next 24 bits, saturating); a string's word holds its offset in the string buffer
// (4-byte length, bytes, NUL); a number is a type word and a value word. Reading it ourselves keeps
// simdjson out of the public header and makes a Value two words with no parent pointer: the JSON
// pointer of a value is found from its index alone, and only when a refusal needs it.
#ifndef WIDEBERTH_JSON_TAPE_H_
#define WIDEBERTH_JSON_TAPE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wideberth::json::internal {

struct Tape {
  const uint64_t* words = nullptr;
  const uint8_t* strings = nullptr;

  static constexpr uint32_t kRootIndex = 1;
  static constexpr uint32_t kCountSaturated = 0xFFFFFF;

  char Type(uint32_t i) const { return static_cast<char>(words[i] >> 56); }
  uint64_t Payload(uint32_t i) const { return words[i] & 0x00FF'FFFF'FFFF'FFFFu; }
  bool IsContainer(uint32_t i) const { return Type(i) == '{' || Type(i) == '['; }

  // The index behind the value at i.
  uint32_t After(uint32_t i) const {
    switch (Type(i)) {
      case '{':
      case '[':
        return static_cast<uint32_t>(words[i]);
      case 'l':
      case 'u':
      case 'd':
        return i + 2;
      default:
        return i + 1;
    }
  }
  // The index of the closing word of the container at i.
  uint32_t Close(uint32_t i) const { return static_cast<uint32_t>(words[i]) - 1; }
  uint32_t Count(uint32_t i) const {
    return static_cast<uint32_t>(words[i] >> 32) & kCountSaturated;
  }

  std::string_view String(uint32_t i) const {
    const uint8_t* at = strings + Payload(i);
    uint32_t size = 0;
    std::memcpy(&size, at, sizeof(size));
    return {reinterpret_cast<const char*>(at) + sizeof(size), size};
  }
  int64_t Int64(uint32_t i) const { return static_cast<int64_t>(words[i + 1]); }
  uint64_t Uint64(uint32_t i) const { return words[i + 1]; }
  double Double(uint32_t i) const { return std::bit_cast<double>(words[i + 1]); }
};

}  // namespace wideberth::json::internal

#endif  // WIDEBERTH_JSON_TAPE_H_
