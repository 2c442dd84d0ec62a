// A structured log: events with named fields, one JSON object a line on standard error, which
// journald keeps.
//
//   base::Log(base::LogLevel::kInfo, "store_opened", {{"path", path}, {"notices", count},
//   {"took_ms", 12.5}});
//   {"time":"2026-11-21T10:00:00.123456Z","level":"info","event":"store_opened","path":"/var/...","notices":12,...}
//
// Events are snake_case words that never change their meaning: operators search and alarm by them.
// On a terminal the same record is written for people instead: `10:00:00.123 info  store_opened
// path=/var/... notices=12`.
//
// No secrets, and no held plans: a key, a passphrase, a token, a salt, a request body or a volume
// that a party holds back never becomes a field, at any level. Log the id, the size or the SHA-256
// instead.
//
// Between StartLogging and StopLogging records pass through a queue of limits::kLogQueueRecordsMax
// to a thread that writes them. When the disk or the terminal is slower than the log, the oldest
// records are dropped and counted; a caller never waits. Outside that span records are written at
// once. A string value is cut to limits::kLogValueBytesMax. All functions may be called from any
// thread. PURE modules do not log.
#ifndef WIDEBERTH_BASE_LOG_H_
#define WIDEBERTH_BASE_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace wideberth::base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

  // Text is viewed, not copied: it must live until Log returns.
  LogField(std::string_view k, std::string_view text) : key(k), value(text) {}
  LogField(std::string_view k, const std::string& text) : key(k), value(std::string_view(text)) {}
  LogField(std::string_view k, const char* text) : key(k), value(std::string_view(text)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  LogField(std::string_view k, T number) : key(k) {
    if constexpr (std::same_as<T, bool>) {
      value = number;
    } else if constexpr (std::floating_point<T>) {
      value = double{number};
    } else if constexpr (std::is_signed_v<T>) {
      value = int64_t{number};
    } else {
      value = uint64_t{number};
    }
  }
};

// Writes a record if `level` is at or above the level of StartLogging (kInfo until then).
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

enum class LogForm {
  kAuto,  // for people if standard error is a terminal, otherwise JSON lines
  kJsonLines,
  kForPeople,
};

struct LogOptions {
  LogLevel level_min = LogLevel::kInfo;
  LogForm form = LogForm::kAuto;
};

// Starts the queue and its thread. Calling it again changes the options.
void StartLogging(const LogOptions& options);
// Writes what is queued and ends the thread; call it before main returns.
void StopLogging();

// Records dropped since the process started; also the metric wideberth_log_records_dropped_total of
// the node.
uint64_t LogRecordsDropped();

// Collects the JSON lines of this process instead of writing them, for tests. One at a time.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::vector<std::string> lines() const;
};

// One record as a JSON line without its line end; `time_us` is UTC.
std::string FormatLogJson(int64_t time_us, LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields);
// One record as a line for people; control characters in values are escaped, so a value cannot
// forge a record.
std::string FormatLogForPeople(int64_t time_us, LogLevel level, std::string_view event,
                               std::initializer_list<LogField> fields);

// "debug", "info", "warn", "error".
std::string_view LogLevelName(LogLevel level);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_LOG_H_
