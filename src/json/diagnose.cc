#include "json/diagnose.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/utf8.h"
#include "json/reader.h"

namespace wideberth::json::internal {
namespace {

using base::Result;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

class Validator {
 public:
  explicit Validator(std::string_view text) : text_(text) {}

  Result<void> Run() {
    SkipSpace();
    if (AtEnd()) return base::Invalid("", "must be one JSON value", "nothing");
    WB_RETURN_IF_ERROR(CheckValue(0));
    SkipSpace();
    if (!AtEnd()) return Refuse("must be one JSON value with nothing behind it");
    return {};
  }

 private:
  bool AtEnd() const { return pos_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[pos_]; }

  bool Take(char c) {
    if (AtEnd() || text_[pos_] != c) return false;
    ++pos_;
    return true;
  }

  void SkipSpace() {
    while (!AtEnd() && std::string_view(" \t\n\r").find(text_[pos_]) != std::string_view::npos) {
      ++pos_;
    }
  }

  // A refusal at pos_: what stands there and at which byte.
  base::Unexpected Refuse(std::string_view rule) const {
    std::string found;
    if (AtEnd()) {
      found = "the end of the text";
    } else {
      found = base::CutUtf8(text_.substr(pos_), 24);
      found.append(" at byte ").append(std::to_string(pos_));
    }
    return base::Invalid(pointer_, rule, found);
  }

  Result<void> CheckValue(size_t depth) {
    switch (Peek()) {
      case '{':
        return CheckObject(depth);
      case '[':
        return CheckArray(depth);
      case '"':
        return CheckString(nullptr);
      case 't':
        return CheckWord("true");
      case 'f':
        return CheckWord("false");
      case 'n':
        return CheckWord("null");
      default:
        return CheckNumber();
    }
  }

  Result<void> CheckWord(std::string_view word) {
    if (text_.substr(pos_, word.size()) != word) return Refuse("must be a JSON value");
    pos_ += word.size();
    return {};
  }

  Result<void> CheckDepth(size_t depth) const {
    if (depth < limits::kJsonDepthMax) return {};
    return base::Fail(
        base::ErrorCode::kTooLarge, pointer_,
        "must not be nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels",
        "a deeper level at byte " + std::to_string(pos_));
  }

  Result<void> CheckObject(size_t depth) {
    WB_RETURN_IF_ERROR(CheckDepth(depth));
    ++pos_;
    SkipSpace();
    if (Take('}')) return {};
    const size_t pointer_bytes = pointer_.size();
    do {
      SkipSpace();
      std::string key;
      if (Peek() != '"') return Refuse("must have a key in double quotes here");
      WB_RETURN_IF_ERROR(CheckString(&key));
      SkipSpace();
      if (!Take(':')) return Refuse("must have a colon behind a key");
      SkipSpace();
      AppendPointerToken(&pointer_, key);
      WB_RETURN_IF_ERROR(CheckValue(depth + 1));
      pointer_.resize(pointer_bytes);
      SkipSpace();
    } while (Take(','));
    if (!Take('}')) return Refuse("must have a comma or } behind a field");
    return {};
  }

  Result<void> CheckArray(size_t depth) {
    WB_RETURN_IF_ERROR(CheckDepth(depth));
    ++pos_;
    SkipSpace();
    if (Take(']')) return {};
    const size_t pointer_bytes = pointer_.size();
    size_t item = 0;
    do {
      SkipSpace();
      pointer_.append("/").append(std::to_string(item++));
      WB_RETURN_IF_ERROR(CheckValue(depth + 1));
      pointer_.resize(pointer_bytes);
      SkipSpace();
    } while (Take(','));
    if (!Take(']')) return Refuse("must have a comma or ] behind an item");
    return {};
  }

  // Reads the four digits of a \u escape at pos_; -1 when they are not there.
  int ReadHex4() {
    if (text_.size() - pos_ < 4) return -1;
    int value = 0;
    const char* const begin = text_.data() + pos_;
    const std::from_chars_result read = std::from_chars(begin, begin + 4, value, 16);
    if (read.ptr != begin + 4 || value < 0 || *begin == '-') return -1;
    pos_ += 4;
    return value;
  }

  Result<void> CheckEscape(std::string* key) {
    const size_t start = pos_++;
    const char c = Peek();
    const size_t which = std::string_view("\"\\/bfnrt").find(c);
    if (which != std::string_view::npos && !AtEnd()) {
      if (key != nullptr) key->push_back("\"\\/\b\f\n\r\t"[which]);
      ++pos_;
      return {};
    }
    if (c != 'u') {
      pos_ = start;
      return Refuse("must use an escape that JSON knows");
    }
    ++pos_;
    const int unit = ReadHex4();
    bool paired = unit >= 0;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      paired = Take('\\') && Take('u');
      const int low = paired ? ReadHex4() : -1;
      paired = low >= 0xDC00 && low <= 0xDFFF;
    } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
      paired = false;
    }
    if (!paired) {
      pos_ = start;
      return Refuse("must be four hex digits behind \\u, surrogates in pairs");
    }
    // Escaped characters of a key keep their escape in the pointer: it is shown to people.
    if (key != nullptr) key->append(text_.substr(start, pos_ - start));
    return {};
  }

  Result<void> CheckString(std::string* key) {
    ++pos_;
    while (!AtEnd()) {
      const char c = text_[pos_];
      if (c == '"') {
        ++pos_;
        return {};
      }
      if (c == '\\') {
        WB_RETURN_IF_ERROR(CheckEscape(key));
        continue;
      }
      if (static_cast<uint8_t>(c) < 0x20) {
        return base::Invalid(pointer_, "must not have control characters in a string",
                             "byte value " + std::to_string(static_cast<uint8_t>(c)) + " at byte " +
                                 std::to_string(pos_));
      }
      const size_t bytes = base::Utf8SequenceBytes(text_.substr(pos_));
      if (bytes == 0) {
        return base::Invalid(pointer_, "must be UTF-8",
                             "byte value " + std::to_string(static_cast<uint8_t>(c)) + " at byte " +
                                 std::to_string(pos_));
      }
      if (key != nullptr) key->append(text_.substr(pos_, bytes));
      pos_ += bytes;
    }
    return Refuse("must have a closing quote");
  }

  // A decimal whose power of ten is this or less cannot overflow; it became 0 by being too small.
  static bool IsTiny(std::string_view number) {
    int64_t exponent = 0;
    const size_t e = number.find_first_of("eE");
    if (e != std::string_view::npos) {
      std::string_view digits = number.substr(e + 1);
      const bool negative = digits[0] == '-';
      if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
      const std::from_chars_result read =
          std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
      if (read.ec != std::errc()) return negative;
      if (negative) exponent = -exponent;
    }
    const std::string_view mantissa = number.substr(0, e);
    const size_t point = std::min(mantissa.find('.'), mantissa.size());
    const size_t first = std::min(mantissa.find_first_of("123456789"), mantissa.size());
    return exponent < static_cast<int64_t>(first) - static_cast<int64_t>(point);
  }

  Result<void> CheckNumber() {
    const size_t start = pos_;
    Take('-');
    if (!IsDigit(Peek())) {
      pos_ = start;
      return Refuse("must be a JSON value");
    }
    const bool leading_zero = Peek() == '0';
    const size_t digits = SkipDigits();
    bool is_integer = true;
    bool bad = leading_zero && digits > 1;
    if (Take('.')) {
      is_integer = false;
      bad = SkipDigits() == 0 || bad;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++pos_;
      is_integer = false;
      if (Peek() == '+' || Peek() == '-') ++pos_;
      bad = SkipDigits() == 0 || bad;
    }
    const std::string_view number = text_.substr(start, pos_ - start);
    // Whatever clings to a number (12abc, 1.2.3) makes it no number.
    bad = bad ||
          (!AtEnd() && std::string_view(" \t\n\r,]}:[{").find(Peek()) == std::string_view::npos);
    if (bad) {
      pos_ = start;
      return Refuse("must be a number as JSON writes it");
    }
    return is_integer ? CheckIntegerRange(number) : CheckDoubleRange(number);
  }

  size_t SkipDigits() {
    const size_t start = pos_;
    while (IsDigit(Peek())) ++pos_;
    return pos_ - start;
  }

  Result<void> CheckIntegerRange(std::string_view number) const {
    const char* const end = number.data() + number.size();
    int64_t as_int64 = 0;
    uint64_t as_uint64 = 0;
    if (std::from_chars(number.data(), end, as_int64).ec == std::errc() ||
        std::from_chars(number.data(), end, as_uint64).ec == std::errc()) {
      return {};
    }
    return base::Invalid(pointer_, "must be an integer of at most 64 bits", number);
  }

  Result<void> CheckDoubleRange(std::string_view number) const {
    double value = 0;
    const std::from_chars_result read =
        std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec == std::errc() || IsTiny(number)) return {};
    return base::Invalid(pointer_, "must be a number that a 64-bit float can hold", number);
  }

  std::string_view text_;
  size_t pos_ = 0;
  std::string pointer_;
};

}  // namespace

Result<void> Diagnose(std::string_view text) {
  return Validator(text).Run();
}

}  // namespace wideberth::json::internal
