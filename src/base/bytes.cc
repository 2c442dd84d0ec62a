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
  const size_t whole = bytes.size() / 3;
  const size_t left = bytes.size() % 3;
  std::string text(whole * 4 + (left == 0 ? 0 : pad ? 4 : left + 1), '=');
  char* out = text.data();
  const uint8_t* in = bytes.data();
  const auto digit = [&](uint32_t group, int shift) { return alphabet[(group >> shift) & 63]; };
  for (size_t i = 0; i < whole; ++i, in += 3, out += 4) {
    const uint32_t group = uint32_t{in[0]} << 16 | uint32_t{in[1]} << 8 | in[2];
    out[0] = digit(group, 18);
    out[1] = digit(group, 12);
    out[2] = digit(group, 6);
    out[3] = digit(group, 0);
  }
  if (left > 0) {
    const uint32_t group = uint32_t{in[0]} << 16 | (left == 2 ? uint32_t{in[1]} << 8 : 0);
    for (size_t k = 0; k <= left; ++k) out[k] = digit(group, static_cast<int>(18 - 6 * k));
  }
  return text;
}

// The value of each digit; 64 and more for what is none.
using DigitValues = std::array<uint8_t, 256>;
constexpr DigitValues ValuesOf(std::string_view alphabet) {
  DigitValues values{};
  values.fill(0xff);
  for (size_t i = 0; i < 64; ++i) {
    values[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr DigitValues kBase64Values = ValuesOf(kBase64);
constexpr DigitValues kBase64UrlValues = ValuesOf(kBase64Url);

Result<Bytes> DecodeBase64(std::string_view text, const DigitValues& values, bool pad,
                           std::string_view rule) {
  std::string_view body = text;
  if (pad) {
    if (text.size() % 4 != 0) return Invalid("", rule, text);
    while (!body.empty() && body.back() == '=' && text.size() - body.size() < 2) {
      body.remove_suffix(1);
    }
  }
  const size_t whole = body.size() / 4;
  const size_t left = body.size() % 4;
  if (left == 1) return Invalid("", rule, text);
  Bytes bytes(whole * 3 + (left == 0 ? 0 : left - 1));
  uint8_t* out = bytes.data();
  const char* in = body.data();
  const auto value = [&](size_t k) { return uint32_t{values[static_cast<uint8_t>(in[k])]}; };
  uint32_t seen = 0;  // of all digits: a bit above the six says that one was none
  for (size_t i = 0; i < whole; ++i, in += 4, out += 3) {
    const uint32_t a = value(0), b = value(1), c = value(2), d = value(3);
    seen |= a | b | c | d;
    const uint32_t group = a << 18 | b << 12 | c << 6 | d;
    out[0] = static_cast<uint8_t>(group >> 16);
    out[1] = static_cast<uint8_t>(group >> 8);
    out[2] = static_cast<uint8_t>(group);
  }
  uint32_t spare = 0;  // bits of the last digit that belong to no byte
  if (left > 0) {
    const uint32_t a = value(0), b = value(1), c = left == 3 ? value(2) : 0;
    seen |= a | b | c;
    const uint32_t group = a << 18 | b << 12 | c << 6;
    out[0] = static_cast<uint8_t>(group >> 16);
    if (left == 3) out[1] = static_cast<uint8_t>(group >> 8);
    spare = left == 3 ? c & 3 : b & 15;
  }
  if (seen > 63 || spare != 0) return Invalid("", rule, text);
  return bytes;
}

}  // namespace

std::string HexEncode(ByteView bytes) {
  std::string text(bytes.size() * 2, '\0');
  char* at = text.data();
  for (const uint8_t byte : bytes) {
    *at++ = kHexDigits[byte >> 4];
    *at++ = kHexDigits[byte & 15];
  }
  return text;
}

Result<Bytes> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return Invalid("", "must be hex: an even number of digits", text);
  Bytes bytes(text.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return Invalid("", "must be hex: digits 0-9 and a-f", text);
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return bytes;
}

std::string Base64Encode(ByteView bytes) {
  return EncodeBase64(bytes, kBase64, true);
}

Result<Bytes> Base64Decode(std::string_view text) {
  return DecodeBase64(text, kBase64Values, true,
                      "must be base64 with padding (RFC 4648 section 4)");
}

std::string Base64UrlEncode(ByteView bytes) {
  return EncodeBase64(bytes, kBase64Url, false);
}

Result<Bytes> Base64UrlDecode(std::string_view text) {
  return DecodeBase64(text, kBase64UrlValues, false,
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
