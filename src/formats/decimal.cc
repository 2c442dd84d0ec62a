#include "formats/decimal.h"

#include <charconv>
#include <cmath>

#include "base/check.h"

namespace wideberth::formats {
namespace {

char UpperChar(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

void AppendScaled(std::string* out, int64_t value, int decimals) {
  CHECK(decimals >= 0 && decimals <= 18);
  // The magnitude as unsigned, so that the most negative value has one too.
  const uint64_t magnitude =
      value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  uint64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  if (value < 0) out->push_back('-');
  out->append(std::to_string(magnitude / unit));
  uint64_t rest = magnitude % unit;
  if (rest == 0) return;
  std::string digits = std::to_string(rest);
  digits.insert(0, static_cast<size_t>(decimals) - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  out->append(".").append(digits);
}

std::string ScaledText(int64_t value, int decimals) {
  std::string text;
  AppendScaled(&text, value, decimals);
  return text;
}

std::optional<double> ParseDecimal(std::string_view text) {
  const std::optional<double> value = ParseWhole<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  return ParseWhole<int64_t>(text);
}

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = UpperChar(c);
  return upper;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (UpperChar(a[i]) != UpperChar(b[i])) return false;
  }
  return true;
}

}  // namespace wideberth::formats
