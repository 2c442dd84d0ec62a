#include "base/ids.h"

#include "base/bytes.h"

namespace wideberth::base {
namespace {

constexpr size_t kUuidTextBytes = 36;

bool IsDashPlace(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::string Uuid::ToString() const {
  const std::string hex = HexEncode(bytes);
  std::string text;
  text.reserve(kUuidTextBytes);
  for (const char c : hex) {
    if (IsDashPlace(text.size())) text.push_back('-');
    text.push_back(c);
  }
  return text;
}

Result<Uuid> Uuid::Parse(std::string_view text) {
  constexpr std::string_view kRule = "must be a UUID like f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
  if (text.size() != kUuidTextBytes) return Invalid("", kRule, text);
  std::string hex;
  hex.reserve(32);
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDashPlace(i) != (text[i] == '-')) return Invalid("", kRule, text);
    if (!IsDashPlace(i)) hex.push_back(text[i]);
  }
  const Result<Bytes> decoded = HexDecode(hex);
  if (!decoded) return Invalid("", kRule, text);
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), decoded->data(), uuid.bytes.size());
  return uuid;
}

Result<Uuid> Uuid::ParseV4(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const Uuid uuid, Parse(text));
  if ((uuid.bytes[6] >> 4) != 4 || (uuid.bytes[8] >> 6) != 2) {
    return Invalid("", "must be a version 4 UUID of the RFC 9562 variant", text);
  }
  return uuid;
}

Uuid Uuid::V4FromRandom(std::array<uint8_t, 16> random) {
  random[6] = static_cast<uint8_t>((random[6] & 0x0F) | 0x40);
  random[8] = static_cast<uint8_t>((random[8] & 0x3F) | 0x80);
  return Uuid{random};
}

}  // namespace wideberth::base
