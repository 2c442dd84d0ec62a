#include "apps/wideberth/flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "base/limits.h"

namespace wideberth::cli {
namespace {

using base::Invalid;
using base::Result;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// Takes a decimal number, finite and without an exponent, from the front.
std::optional<double> TakeNumber(std::string_view* text) {
  double value = 0;
  const char* const begin = text->data();
  const char* const end = begin + text->size();
  const auto [stop, error] = std::from_chars(begin, end, value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(stop - begin));
  return value;
}

std::optional<int> TakeDigits(std::string_view* text, size_t digits) {
  if (text->size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text->substr(0, digits)) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return value;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

Result<std::vector<geo::Position>> ParsePlaces(const std::vector<std::string_view>& words) {
  std::vector<geo::Position> places;
  for (const std::string_view word : words) {
    WB_ASSIGN_OR_RETURN(const geo::Position place, ParsePlace(word));
    places.push_back(place);
  }
  return places;
}

// geo names fields of an outline; on a command line the option is the field.
Result<geo::Outline> WithoutField(Result<geo::Outline> outline) {
  if (outline) return outline;
  base::Error error = std::move(outline).error();
  if (!error.field.empty()) error.rule = error.field.substr(1) + " " + error.rule;
  error.field.clear();
  return base::Fail(std::move(error));
}

}  // namespace

Result<geo::Position> ParsePlace(std::string_view text) {
  constexpr std::string_view kRule = "must be latitude,longitude in degrees, such as 46.912,7.498";
  std::string_view rest = text;
  const std::optional<double> lat = TakeNumber(&rest);
  if (!lat || !rest.starts_with(',')) return Invalid("", kRule, text);
  rest.remove_prefix(1);
  const std::optional<double> lng = TakeNumber(&rest);
  if (!lng || !rest.empty()) return Invalid("", kRule, text);
  Result<geo::Position> place = geo::MakePosition(*lat, *lng);
  if (place) return place;
  base::Error error = std::move(place).error();
  error.rule = (error.field == "/lat" ? "latitude " : "longitude ") + error.rule;
  error.field.clear();
  return base::Fail(std::move(error));
}

Result<int64_t> ParseLengthMm(std::string_view text) {
  std::string_view rest = text;
  const std::optional<double> value = TakeNumber(&rest);
  const std::string unit = Upper(rest);
  double mm = 0;
  if (unit.empty() || unit == "M") {
    mm = 1e3;
  } else if (unit == "KM") {
    mm = 1e6;
  } else if (unit == "NM") {
    mm = 1'852'000;
  } else if (unit == "FT") {
    mm = 304.8;
  }
  if (!value || mm == 0 || *value < 0 || *value * mm > 1e12) {
    return Invalid("", "must be a length in m, km, nm or ft, such as 1.5nm", text);
  }
  return std::llround(*value * mm);
}

Result<geo::Outline> ParseCircle(std::string_view text) {
  const size_t comma = text.rfind(',');
  if (comma == std::string_view::npos || std::count(text.begin(), text.end(), ',') != 2) {
    return Invalid("", "must be latitude,longitude,radius, such as 46.912,7.498,3km", text);
  }
  WB_ASSIGN_OR_RETURN(const geo::Position centre, ParsePlace(text.substr(0, comma)));
  WB_ASSIGN_OR_RETURN(const int64_t radius_mm, ParseLengthMm(text.substr(comma + 1)));
  return WithoutField(geo::Outline::Circle(centre, radius_mm));
}

Result<geo::Outline> ParsePolygon(std::string_view text) {
  WB_ASSIGN_OR_RETURN(std::vector<geo::Position> places, ParsePlaces(Split(text, ' ')));
  return WithoutField(geo::Outline::Polygon(std::move(places)));
}

Result<geo::Outline> ParseCorridor(std::string_view text) {
  std::vector<std::string_view> words = Split(text, ' ');
  if (words.empty() || words.back().find(',') != std::string_view::npos) {
    return Invalid("", "must end with half the width, such as \"46.9,7.4 47.0,7.6 1nm\"", text);
  }
  WB_ASSIGN_OR_RETURN(const int64_t half_width_mm, ParseLengthMm(words.back()));
  words.pop_back();
  WB_ASSIGN_OR_RETURN(std::vector<geo::Position> places, ParsePlaces(words));
  return WithoutField(geo::Outline::Corridor(std::move(places), half_width_mm));
}

Result<geo::Altitude> ParseAltitude(std::string_view text, bool is_upper) {
  constexpr std::string_view kRule =
      "must be an altitude with its reference: 300mAGL, 1500ftAMSL, 2000mW84, FL095, SFC or UNL";
  std::string upper = Upper(text);
  std::erase(upper, ' ');
  if (upper == "UNL") {
    return geo::Altitude{is_upper ? geo::kUnlimitedUp : geo::kUnlimitedDown,
                         geo::AltitudeReference::kW84};
  }
  if (upper == "SFC" || upper == "GND") return geo::Altitude{0, geo::AltitudeReference::kAgl};
  std::string_view rest = upper;
  geo::AltitudeReference reference = geo::AltitudeReference::kStd;
  double unit_mm = 30'480;
  const bool flight_level = rest.starts_with("FL");
  if (flight_level) rest.remove_prefix(2);
  const std::optional<double> value = TakeNumber(&rest);
  if (!value) return Invalid("", kRule, text);
  if (flight_level) {
    if (!rest.empty()) return Invalid("", kRule, text);
  } else {
    if (!rest.starts_with("FT") && !rest.starts_with("M")) return Invalid("", kRule, text);
    unit_mm = rest.starts_with("FT") ? 304.8 : 1e3;
    rest.remove_prefix(std::min(rest.size(), unit_mm == 1e3 ? size_t{1} : size_t{2}));
    const Result<geo::AltitudeReference> named = geo::ParseAltitudeReference(rest);
    if (!named) return Invalid("", kRule, text);
    reference = *named;
  }
  const double mm = *value * unit_mm;
  if (mm < static_cast<double>(limits::kAltitudeMinMm) ||
      mm > static_cast<double>(limits::kAltitudeMaxMm)) {
    return Invalid("", "must be between -8000 m and 1000000 m", text);
  }
  return geo::Altitude{std::llround(mm), reference};
}

Result<int64_t> ParseDurationUs(std::string_view text) {
  struct Unit {
    std::string_view name;
    int64_t us;
  };
  // The longer name first where one begins with the other.
  constexpr Unit kUnits[] = {{"min", base::kMicrosPerMinute},
                             {"d", base::kMicrosPerDay},
                             {"h", base::kMicrosPerHour},
                             {"m", base::kMicrosPerMinute},
                             {"s", base::kMicrosPerSecond}};
  double total_us = 0;
  std::string_view rest = text;
  do {
    const std::optional<double> value = TakeNumber(&rest);
    const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                          [&](const Unit& u) { return rest.starts_with(u.name); });
    if (!value || *value < 0 || unit == std::end(kUnits)) {
      return Invalid("", "must be a duration in s, min, h or d, such as 1h30min", text);
    }
    total_us += *value * static_cast<double>(unit->us);
    rest.remove_prefix(unit->name.size());
  } while (!rest.empty());
  if (total_us > 3.2e15) return Invalid("", "must be at most 100 years", text);
  return std::llround(total_us);
}

Result<base::UtcMicros> ParseTime(std::string_view text, base::UtcMicros now,
                                  base::UtcMicros origin) {
  if (text == "now") return now;
  if (!text.starts_with('+')) return base::ParseRfc3339(text);
  WB_ASSIGN_OR_RETURN(const int64_t us, ParseDurationUs(text.substr(1)));
  return base::UtcMicros{origin.us + us};
}

Result<int> ParseZoneMinutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const auto refuse = [&] { return Invalid("", "must be Z, or hours from UTC as +01:00", text); };
  if (!text.starts_with('+') && !text.starts_with('-')) return refuse();
  std::string_view rest = text.substr(1);
  const std::optional<int> hours = TakeDigits(&rest, 2);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const std::optional<int> minutes = rest.empty() ? 0 : TakeDigits(&rest, 2);
  if (!hours || !minutes || !rest.empty() || *hours > 14 || *minutes > 59) return refuse();
  const int total = *hours * 60 + *minutes;
  return text[0] == '-' ? -total : total;
}

Result<base::CivilDate> ParseDate(std::string_view text) {
  std::string_view rest = text;
  const std::optional<int> year = TakeDigits(&rest, 4);
  const bool first_dash = rest.starts_with('-');
  rest.remove_prefix(first_dash ? 1 : 0);
  const std::optional<int> month = TakeDigits(&rest, 2);
  const bool second_dash = rest.starts_with('-');
  rest.remove_prefix(second_dash ? 1 : 0);
  const std::optional<int> day = TakeDigits(&rest, 2);
  const bool whole = year && month && day && first_dash && second_dash && rest.empty();
  const base::CivilDate date{year.value_or(0), month.value_or(0), day.value_or(0)};
  if (!whole || !base::IsValidDate(date)) return Invalid("", "must be a date as 2026-11-21", text);
  return date;
}

}  // namespace wideberth::cli
