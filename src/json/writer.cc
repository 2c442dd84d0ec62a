#include "json/writer.h"

#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/quote.h"

namespace wideberth::json {
namespace {

constexpr uint32_t kDepthMax = 63;
}  // namespace

void AppendQuoted(std::string* json, std::string_view text) {
  base::AppendJsonQuoted(json, text);
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
