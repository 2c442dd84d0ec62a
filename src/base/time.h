// Time: UTC microseconds, strict RFC 3339 text, and a Clock that is always a parameter.
//
// A UtcMicros counts microseconds since 1970-01-01T00:00:00Z on the UTC scale without leap seconds (POSIX time). The
// accepted range is the years 1970 to 9998; year 9999 is refused because real files use it to mean "for ever", which
// has a value of its own here (an open end).
//
// Text: "2026-11-21T10:00:00Z", "2026-11-21T11:00:00.25+01:00". A time without a zone is refused, never guessed; so
// are leap seconds (":60"), a space instead of "T", and more than six digits of a second.
#ifndef WIDEBERTH_BASE_TIME_H_
#define WIDEBERTH_BASE_TIME_H_

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::base {

struct UtcMicros {
  int64_t us = 0;
  auto operator<=>(const UtcMicros&) const = default;
};

// The open ends of a window: "always has been" and "until further notice".
inline constexpr UtcMicros kTimeOpenStart{std::numeric_limits<int64_t>::min()};
inline constexpr UtcMicros kTimeOpenEnd{std::numeric_limits<int64_t>::max()};

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// A civil date of the proleptic Gregorian calendar, and what day of the week it is (0 = Monday).
struct CivilDate {
  int year = 1970;
  int month = 1;
  int day = 1;
  auto operator<=>(const CivilDate&) const = default;
};
int64_t DaysFromCivil(CivilDate date);  // days since 1970-01-01
CivilDate CivilFromDays(int64_t days);
int WeekdayFromDays(int64_t days);
bool IsValidDate(CivilDate date);

// Reads RFC 3339. Refusals name what is wrong: no zone, leap second, impossible date, year out of range.
Result<UtcMicros> ParseRfc3339(std::string_view text);

// Writes "2026-11-21T10:00:00Z", with exactly as many digits of a second as the value needs (none, 3 or 6).
// The open ends, and times outside the accepted range, are written "-inf" and "+inf"; callers that speak a format with
// its own word replace them first. What is written otherwise reads back as the same time.
std::string FormatRfc3339(UtcMicros time);

// Where a time comes from. The pure modules never see a Clock: they are handed a UtcMicros.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcMicros Now() const = 0;
  // For ages and deadlines: never steps back, no relation to any calendar.
  virtual int64_t MonotonicMicros() const = 0;
};

class SystemClock final : public Clock {
 public:
  UtcMicros Now() const override;
  int64_t MonotonicMicros() const override;
};

// A clock that stands still until it is told otherwise; for tests and the simulator. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UtcMicros start) : now_(start) {}
  UtcMicros Now() const override { return now_; }
  int64_t MonotonicMicros() const override { return now_.us; }
  void Set(UtcMicros now) { now_ = now; }
  void Advance(int64_t micros) { now_.us += micros; }

 private:
  UtcMicros now_;
};

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_TIME_H_
