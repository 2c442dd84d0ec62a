#include "dss/entities.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace wideberth::dss {

bool TimesMeet(const Extent& a, const Extent& b) {
  return a.start <= b.end && b.start <= a.end;
}

bool AltitudesMeet(const Extent& a, const Extent& b) {
  return a.lower_mm <= b.upper_mm && b.lower_mm <= a.upper_mm;
}

bool CellsMeet(const Extent& a, const Extent& b) {
  auto i = a.cells.begin();
  auto j = b.cells.begin();
  while (i != a.cells.end() && j != b.cells.end()) {
    if (*i == *j) return true;
    *i < *j ? ++i : ++j;
  }
  return false;
}

bool CellsContain(const Extent& outer, const Extent& inner) {
  return std::includes(outer.cells.begin(), outer.cells.end(), inner.cells.begin(),
                       inner.cells.end());
}

Extent Union(const Extent& a, const Extent& b) {
  Extent both;
  both.cells.reserve(a.cells.size() + b.cells.size());
  std::set_union(a.cells.begin(), a.cells.end(), b.cells.begin(), b.cells.end(),
                 std::back_inserter(both.cells));
  both.lower_mm = std::min(a.lower_mm, b.lower_mm);
  both.upper_mm = std::max(a.upper_mm, b.upper_mm);
  both.start = std::min(a.start, b.start);
  both.end = std::max(a.end, b.end);
  return both;
}

std::string_view Name(IntentState state) {
  switch (state) {
    case IntentState::kAccepted:
      return "Accepted";
    case IntentState::kActivated:
      return "Activated";
    case IntentState::kNonconforming:
      return "Nonconforming";
    case IntentState::kContingent:
      break;
  }
  return "Contingent";
}

std::string_view Name(Availability availability) {
  switch (availability) {
    case Availability::kUnknown:
      return "Unknown";
    case Availability::kNormal:
      return "Normal";
    case Availability::kDown:
      break;
  }
  return "Down";
}

std::string RidVersion(int64_t version_us) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  // From 2001 to 2262 this is 12 or 13 digits; the interface asks for at least 10.
  auto left = static_cast<uint64_t>(version_us) * 1'000;
  std::string text;
  do {
    text.push_back(kDigits[left % 32]);
    left /= 32;
  } while (left > 0);
  std::reverse(text.begin(), text.end());
  return text;
}

bool IsRidVersion(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value, 32);
  return error == std::errc() && parsed == end;
}

}  // namespace wideberth::dss
