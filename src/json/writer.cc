#include "json/writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace wideberth::json {
namespace {

constexpr uint32_t kDepthMax = 63;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// 0: copy as it is; 1: needs an escape; 2: starts a multi-byte sequence (or is no UTF-8 at all).
constexpr std::array<uint8_t, 256> kByteClass = [] {
  std::array<uint8_t, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = 1;
  table['"'] = 1;
  table['\\'] = 1;
  for (size_t i = 0x80; i < 256; ++i) table[i] = 2;
  return table;
}();

void AppendEscape(std::string* json, char c) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      json->append("\\\"");
      return;
    case '\\':
      json->append("\\\\");
      return;
    case '\b':
      json->append("\\b");
      return;
    case '\f':
      json->append("\\f");
      return;
    case '\n':
      json->append("\\n");
      return;
    case '\r':
      json->append("\\r");
      return;
    case '\t':
      json->append("\\t");
      return;
    default:
      json->append("\\u00");
      json->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
      json->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
  }
}

}  // namespace

void AppendQuoted(std::string* json, std::string_view text) {
  json->push_back('"');
  size_t copied = 0;
  size_t i = 0;
  while (i < text.size()) {
    const uint8_t byte_class = kByteClass[static_cast<uint8_t>(text[i])];
    if (byte_class == 0) {
      ++i;
      continue;
    }
    if (byte_class == 2) {
      const size_t bytes = base::Utf8SequenceBytes(text.substr(i));
      if (bytes != 0) {
        i += bytes;
        continue;
      }
    }
    json->append(text, copied, i - copied);
    if (byte_class == 1) {
      AppendEscape(json, text[i]);
    } else {
      json->append(kReplacement);
    }
    copied = ++i;
  }
  json->append(text, copied, text.size() - copied);
  json->push_back('"');
}

void AppendDouble(std::string* json, double value) {
  CHECK_MSG(std::isfinite(value), "JSON has no NaN and no infinity");
  if (value == 0 && std::signbit(value)) {
    json->append("-0.0");
    return;
  }
  char buffer[32];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  json->append(buffer, end.ptr);
}

void AppendInt64(std::string* json, int64_t value) {
  char buffer[24];
  json->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

void AppendUint64(std::string* json, uint64_t value) {
  char buffer[24];
  json->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

void Writer::NewLine() {
  if (layout_ == Layout::kCompact) return;
  out_->push_back('\n');
  out_->append(size_t{depth_} * 2, ' ');
}

void Writer::BeforeValue() {
  if (depth_ == 0) {
    CHECK_MSG(!wrote_root_, "a JSON text is one value");
    wrote_root_ = true;
    return;
  }
  const uint64_t bit = uint64_t{1} << depth_;
  if ((is_object_ & bit) != 0) {
    CHECK_MSG(after_key_, "a value in an object needs a key");
    after_key_ = false;
    return;
  }
  if ((has_item_ & bit) != 0) out_->push_back(',');
  has_item_ |= bit;
  NewLine();
}

void Writer::Begin(char open, bool is_object) {
  BeforeValue();
  CHECK_MSG(depth_ < kDepthMax, "JSON nested too deeply");
  out_->push_back(open);
  ++depth_;
  const uint64_t bit = uint64_t{1} << depth_;
  has_item_ &= ~bit;
  is_object_ = is_object ? is_object_ | bit : is_object_ & ~bit;
}

void Writer::End(char close, bool is_object) {
  const uint64_t bit = uint64_t{1} << depth_;
  CHECK_MSG(depth_ > 0 && ((is_object_ & bit) != 0) == is_object && !after_key_,
            "an End without its Begin");
  const bool had_item = (has_item_ & bit) != 0;
  --depth_;
  if (had_item) NewLine();
  out_->push_back(close);
}

void Writer::BeginObject() {
  Begin('{', true);
}
void Writer::EndObject() {
  End('}', true);
}
void Writer::BeginArray() {
  Begin('[', false);
}
void Writer::EndArray() {
  End(']', false);
}

void Writer::Key(std::string_view key) {
  const uint64_t bit = uint64_t{1} << depth_;
  CHECK_MSG(depth_ > 0 && (is_object_ & bit) != 0 && !after_key_, "a key outside an object");
  if ((has_item_ & bit) != 0) out_->push_back(',');
  has_item_ |= bit;
  NewLine();
  AppendQuoted(out_, key);
  out_->push_back(':');
  if (layout_ == Layout::kPretty) out_->push_back(' ');
  after_key_ = true;
}

void Writer::String(std::string_view text) {
  BeforeValue();
  AppendQuoted(out_, text);
}

void Writer::Int64(int64_t value) {
  BeforeValue();
  AppendInt64(out_, value);
}

void Writer::Uint64(uint64_t value) {
  BeforeValue();
  AppendUint64(out_, value);
}

void Writer::Double(double value) {
  BeforeValue();
  AppendDouble(out_, value);
}

void Writer::Bool(bool value) {
  BeforeValue();
  out_->append(value ? "true" : "false");
}

void Writer::Null() {
  BeforeValue();
  out_->append("null");
}

void Writer::Raw(std::string_view json) {
  BeforeValue();
  out_->append(json);
}

void Writer::StringField(std::string_view key, std::string_view text) {
  Key(key);
  String(text);
}

void Writer::Int64Field(std::string_view key, int64_t value) {
  Key(key);
  Int64(value);
}

void Writer::Uint64Field(std::string_view key, uint64_t value) {
  Key(key);
  Uint64(value);
}

void Writer::DoubleField(std::string_view key, double value) {
  Key(key);
  Double(value);
}

void Writer::BoolField(std::string_view key, bool value) {
  Key(key);
  Bool(value);
}

}  // namespace wideberth::json
