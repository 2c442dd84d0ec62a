// Bytes and their two text forms.
//
// Hex is lower case. Base64 is RFC 4648 section 4 (with padding), base64url section 5 (without); decoders are strict:
// one spelling only, so a byte string has one text (no line breaks, no missing or non-zero trailing bits).
#ifndef WIDEBERTH_BASE_BYTES_H_
#define WIDEBERTH_BASE_BYTES_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::base {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string HexEncode(ByteView bytes);
Result<Bytes> HexDecode(std::string_view text);  // accepts lower and upper case

std::string Base64Encode(ByteView bytes);
Result<Bytes> Base64Decode(std::string_view text);
std::string Base64UrlEncode(ByteView bytes);
Result<Bytes> Base64UrlDecode(std::string_view text);

// A SHA-256 value: the name of a notice version, a conflict, a rules file.
struct Digest {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string ToHex() const { return HexEncode(bytes); }
  static Result<Digest> FromHex(std::string_view text);
};

// A digest is as good as random: its first bytes are a hash.
struct DigestHash {
  size_t operator()(const Digest& digest) const noexcept {
    size_t hash = 0;
    std::memcpy(&hash, digest.bytes.data(), sizeof hash);
    return hash;
  }
};

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_BYTES_H_
