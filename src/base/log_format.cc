#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "base/log.h"
#include "base/quote.h"
#include "base/time.h"
#include "base/utf8.h"

namespace wideberth::base {
namespace {

template <class T>
void AppendNumber(std::string* line, T number) {
  char buffer[32];
  line->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), number).ptr);
}

void AppendText(std::string* line, std::string_view text) {
  AppendJsonQuoted(line, CutUtf8(text, limits::kLogValueBytesMax));
}

void AppendValue(std::string* line, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendText(line, *text);
  } else if (const auto* boolean = std::get_if<bool>(&field.value)) {
    line->append(*boolean ? "true" : "false");
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    AppendNumber(line, *integer);
  } else if (const auto* natural = std::get_if<uint64_t>(&field.value)) {
    AppendNumber(line, *natural);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    if (std::isfinite(*real)) {
      AppendNumber(line, *real);
    } else {
      line->append("null");
    }
  }
}

// A word that needs no quotes to be told from its neighbours.
bool IsPlainWord(std::string_view text) {
  if (text.empty() || text.size() > limits::kLogValueBytesMax) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

}  // namespace

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string FormatLogJson(int64_t time_us, LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"";
  line.append(FormatRfc3339(UtcMicros{time_us}));
  line.append("\",\"level\":\"").append(LogLevelName(level)).append("\",\"event\":");
  AppendText(&line, event);
  for (const LogField& field : fields) {
    line.push_back(',');
    AppendText(&line, field.key);
    line.push_back(':');
    AppendValue(&line, field);
  }
  line.push_back('}');
  return line;
}

std::string FormatLogForPeople(int64_t time_us, LogLevel level, std::string_view event,
                               std::initializer_list<LogField> fields) {
  // The time of day alone: whoever watches a terminal knows the date.
  const UtcMicros whole_second{time_us - time_us % kMicrosPerSecond};
  std::string line = FormatRfc3339(whole_second).substr(11, 8);
  line.push_back('.');
  const int64_t ms = time_us / 1000 % 1000;
  line.append(ms < 10 ? "00" : ms < 100 ? "0" : "").append(std::to_string(ms)).push_back(' ');
  line.append(LogLevelName(level))
      .append(level == LogLevel::kInfo || level == LogLevel::kWarn ? "  " : " ");
  line.append(event);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=");
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr && IsPlainWord(*text)) {
      line.append(*text);
    } else {
      AppendValue(&line, field);
    }
  }
  return line;
}

}  // namespace wideberth::base
