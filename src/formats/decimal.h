// Decimal text of the integers that hold our quantities, exact: 46'430'758'000 (1e-9 degree)
// is written "46.430758", never "46.430758000000004".
#ifndef WIDEBERTH_FORMATS_DECIMAL_H_
#define WIDEBERTH_FORMATS_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wideberth::formats {

// Appends value / 10^decimals without trailing zeros: AppendScaled(&s, -1500, 3) appends "-1.5". A valid JSON number.
// `decimals` is in [0, 18].
void AppendScaled(std::string* out, int64_t value, int decimals);
std::string ScaledText(int64_t value, int decimals);

// Reads a whole text as a decimal number (no exponent needed, none refused); empty for anything else, NaN and infinity
// included. Independent of the locale.
std::optional<double> ParseDecimal(std::string_view text);
std::optional<int64_t> ParseInteger(std::string_view text);

// Text helpers for line formats; ASCII only.
std::string_view TrimSpace(std::string_view text);
std::string AsciiUpper(std::string_view text);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_DECIMAL_H_
