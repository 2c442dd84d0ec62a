#include "base/bytes.h"

#include <algorithm>

namespace wideberth::base {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string EncodeBase64(ByteView bytes, std::string_view alphabet, bool pad) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = uint32_t{bytes[i]} << 16;
    if (n > 1) group |= uint32_t{bytes[i + 1]} << 8;
    if (n > 2) group |= bytes[i + 2];
    for (size_t k = 0; k <= n; ++k) text.push_back(alphabet[(group >> (18 - 6 * k)) & 63]);
    if (pad) text.append(3 - n, '=');
  }
  return text;
}

Result<Bytes> DecodeBase64(std::string_view text, std::string_view alphabet, bool pad,
                           std::string_view rule) {
  std::string_view body = text;
  if (pad) {
    if (text.size() % 4 != 0) return Invalid("", rule, text);
    while (!body.empty() && body.back() == '=' && text.size() - body.size() < 2) {
      body.remove_suffix(1);
    }
  }
  if (body.size() % 4 == 1) return Invalid("", rule, text);
  std::array<int8_t, 256> value;
  value.fill(-1);
  for (size_t i = 0; i < 64; ++i) value[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  Bytes bytes;
  bytes.reserve(body.size() * 3 / 4);
  uint32_t group = 0;
  int bits = 0;
  for (const char c : body) {
    const int v = value[static_cast<uint8_t>(c)];
    if (v < 0) return Invalid("", rule, text);
    group = (group << 6) | static_cast<uint32_t>(v);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<uint8_t>(group >> bits));
      group &= (1u << bits) - 1;
    }
  }
  if (group != 0) return Invalid("", rule, text);
  return bytes;
}

}  // namespace

std::string HexEncode(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

Result<Bytes> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return Invalid("", "must be hex: an even number of digits", text);
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return Invalid("", "must be hex: digits 0-9 and a-f", text);
    bytes.push_back(static_cast<uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::string Base64Encode(ByteView bytes) {
  return EncodeBase64(bytes, kBase64, true);
}

Result<Bytes> Base64Decode(std::string_view text) {
  return DecodeBase64(text, kBase64, true, "must be base64 with padding (RFC 4648 section 4)");
}

std::string Base64UrlEncode(ByteView bytes) {
  return EncodeBase64(bytes, kBase64Url, false);
}

Result<Bytes> Base64UrlDecode(std::string_view text) {
  return DecodeBase64(text, kBase64Url, false,
                      "must be base64url without padding (RFC 4648 section 5)");
}

Result<Digest> Digest::FromHex(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const Bytes bytes, HexDecode(text));
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return Invalid("", "must be a SHA-256 value: 64 hex digits", text);
  }
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

}  // namespace wideberth::base
