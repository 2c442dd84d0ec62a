#include "base/time.h"

#include <array>
#include <chrono>

namespace wideberth::base {
namespace {

constexpr int kYearMin = 1970;
constexpr int kYearMax = 9998;
constexpr UtcMicros kTimeMin{0};
constexpr UtcMicros kTimeMax{int64_t{2'932'532} * kMicrosPerDay};  // 9999-01-01

bool IsLeapYear(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Reads exactly `digits` decimal digits at `pos`; -1 when they are not there.
int ReadDigits(std::string_view text, size_t pos, size_t digits) {
  if (pos + digits > text.size()) return -1;
  int value = 0;
  for (size_t i = pos; i < pos + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void AppendDigits(std::string* text, int64_t value, int digits) {
  std::string reversed;
  for (int i = 0; i < digits; ++i) {
    reversed.push_back(static_cast<char>('0' + value % 10));
    value /= 10;
  }
  text->append(reversed.rbegin(), reversed.rend());
}

struct ClockTime {
  int hour;
  int minute;
  int second;
};

Result<ClockTime> ReadClockTime(std::string_view text) {
  const ClockTime t{ReadDigits(text, 11, 2), ReadDigits(text, 14, 2), ReadDigits(text, 17, 2)};
  if (t.hour < 0 || t.minute < 0 || t.second < 0 || text[13] != ':' || text[16] != ':') {
    return Invalid("", "must be an RFC 3339 time: YYYY-MM-DDThh:mm:ssZ", text);
  }
  if (t.second == 60) return Invalid("", "must not be a leap second", text);
  if (t.hour > 23 || t.minute > 59 || t.second > 59) {
    return Invalid("", "must be an existing time of day", text);
  }
  return t;
}

// Reads the fraction at *pos, which stands after the seconds; moves *pos behind it.
Result<int64_t> ReadFractionMicros(std::string_view text, size_t* pos) {
  if (*pos >= text.size() || text[*pos] != '.') return int64_t{0};
  size_t end = *pos + 1;
  int64_t micros = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
    if (end - *pos > 6) return Invalid("", "must have at most 6 digits of a second", text);
    micros = micros * 10 + (text[end] - '0');
    ++end;
  }
  const size_t digits = end - *pos - 1;
  if (digits == 0) return Invalid("", "must have digits after the decimal point", text);
  for (size_t i = digits; i < 6; ++i) micros *= 10;
  *pos = end;
  return micros;
}

Result<int64_t> ReadZoneMicros(std::string_view text, size_t pos) {
  if (pos >= text.size()) {
    return Invalid("", "must carry a zone (Z or +hh:mm): a time without one is refused", text);
  }
  const std::string_view zone = text.substr(pos);
  if (zone == "Z" || zone == "z") return int64_t{0};
  const int hours = ReadDigits(zone, 1, 2);
  const int minutes = ReadDigits(zone, 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hours < 0 ||
      hours > 23 || minutes < 0 || minutes > 59) {
    return Invalid("", "must carry a zone written Z or +hh:mm", text);
  }
  const int64_t offset = (int64_t{hours} * 60 + minutes) * kMicrosPerMinute;
  return zone[0] == '-' ? -offset : offset;
}

}  // namespace

bool IsValidDate(CivilDate date) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date.month < 1 || date.month > 12 || date.day < 1) return false;
  const int days = kDays[static_cast<size_t>(date.month - 1)] +
                   (date.month == 2 && IsLeapYear(date.year) ? 1 : 0);
  return date.day <= days;
}

int64_t DaysFromCivil(CivilDate date) {
  return std::chrono::sys_days(std::chrono::year(date.year) /
                               std::chrono::month(static_cast<unsigned>(date.month)) /
                               std::chrono::day(static_cast<unsigned>(date.day)))
      .time_since_epoch()
      .count();
}

CivilDate CivilFromDays(int64_t days) {
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(days))};
  return {static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day()))};
}

int WeekdayFromDays(int64_t days) {
  // 1970-01-01 was a Thursday.
  return static_cast<int>(((days + 3) % 7 + 7) % 7);
}

Result<UtcMicros> ParseRfc3339(std::string_view text) {
  const CivilDate date{ReadDigits(text, 0, 4), ReadDigits(text, 5, 2), ReadDigits(text, 8, 2)};
  if (text.size() < 19 || date.year < 0 || date.month < 0 || date.day < 0 || text[4] != '-' ||
      text[7] != '-' || (text[10] != 'T' && text[10] != 't')) {
    return Invalid("", "must be an RFC 3339 time: YYYY-MM-DDThh:mm:ssZ", text);
  }
  if (date.year < kYearMin || date.year > kYearMax) {
    return Invalid("", "must lie in the years 1970 to 9998", text);
  }
  if (!IsValidDate(date)) return Invalid("", "must be an existing date", text);
  WB_ASSIGN_OR_RETURN(const ClockTime t, ReadClockTime(text));
  size_t pos = 19;
  WB_ASSIGN_OR_RETURN(const int64_t fraction, ReadFractionMicros(text, &pos));
  WB_ASSIGN_OR_RETURN(const int64_t zone, ReadZoneMicros(text, pos));
  const int64_t seconds = (t.hour * 60 + t.minute) * 60 + t.second;
  const UtcMicros time{DaysFromCivil(date) * kMicrosPerDay + seconds * kMicrosPerSecond + fraction -
                       zone};
  // A zone can carry the first and the last day of the range out of it.
  if (time < kTimeMin || time >= kTimeMax) {
    return Invalid("", "must lie in the years 1970 to 9998", text);
  }
  return time;
}

std::string FormatRfc3339(UtcMicros time) {
  if (time < kTimeMin) return "-inf";
  if (time >= kTimeMax) return "+inf";
  const int64_t days = time.us / kMicrosPerDay;
  const int64_t rest = time.us % kMicrosPerDay;
  const CivilDate date = CivilFromDays(days);
  std::string text;
  AppendDigits(&text, date.year, 4);
  text.push_back('-');
  AppendDigits(&text, date.month, 2);
  text.push_back('-');
  AppendDigits(&text, date.day, 2);
  text.push_back('T');
  AppendDigits(&text, rest / kMicrosPerHour, 2);
  text.push_back(':');
  AppendDigits(&text, rest / kMicrosPerMinute % 60, 2);
  text.push_back(':');
  AppendDigits(&text, rest / kMicrosPerSecond % 60, 2);
  const int64_t micros = rest % kMicrosPerSecond;
  if (micros != 0) {
    text.push_back('.');
    if (micros % 1000 == 0) {
      AppendDigits(&text, micros / 1000, 3);
    } else {
      AppendDigits(&text, micros, 6);
    }
  }
  text.push_back('Z');
  return text;
}

UtcMicros SystemClock::Now() const {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

int64_t SystemClock::MonotonicMicros() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace wideberth::base
