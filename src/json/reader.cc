#include "json/reader.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "json/diagnose.h"
#include "json/tape.h"
#include "json/writer.h"

namespace wideberth::json {

using base::Invalid;
using base::Result;
using internal::Tape;

namespace {

void AppendValue(const Tape& tape, uint32_t i, std::string* json);

void AppendContainer(const Tape& tape, uint32_t i, std::string* json) {
  const bool is_object = tape.Type(i) == '{';
  json->push_back(is_object ? '{' : '[');
  const uint32_t close = tape.Close(i);
  for (uint32_t at = i + 1; at != close;) {
    if (at != i + 1) json->push_back(',');
    if (is_object) {
      AppendQuoted(json, tape.String(at++));
      json->push_back(':');
    }
    AppendValue(tape, at, json);
    at = tape.After(at);
  }
  json->push_back(is_object ? '}' : ']');
}

// Recursion is bounded: the parser admits limits::kJsonDepthMax levels.
void AppendValue(const Tape& tape, uint32_t i, std::string* json) {
  switch (tape.Type(i)) {
    case '{':
    case '[':
      return AppendContainer(tape, i, json);
    case '"':
      return AppendQuoted(json, tape.String(i));
    case 'l':
      return AppendInt64(json, tape.Int64(i));
    case 'u':
      return AppendUint64(json, tape.Uint64(i));
    case 't':
      json->append("true");
      return;
    case 'f':
      json->append("false");
      return;
    case 'n':
      json->append("null");
      return;
    case 'd':
      break;
  }
  const size_t start = json->size();
  AppendDouble(json, tape.Double(i));
  // A double that looks like an integer would be read back as one.
  if (json->find_first_of(".e", start) == std::string::npos) json->append(".0");
}

// What a refusal shows of a value: its text if it is a scalar, otherwise its kind.
std::string Shown(const Tape& tape, uint32_t i) {
  if (tape.Type(i) == '{') return "an object";
  if (tape.Type(i) == '[') return "an array of " + std::to_string(tape.Count(i)) + " items";
  std::string json;
  if (tape.Type(i) == '"') {
    AppendQuoted(&json, tape.String(i).substr(0, limits::kErrorFoundBytesMax));
  } else {
    AppendValue(tape, i, &json);
  }
  return json;
}

// Appends to *pointer the way from the root to the value at `target`, or to the key at `target`.
void AppendPath(const Tape& tape, uint32_t target, std::string* pointer) {
  uint32_t i = Tape::kRootIndex;
  while (i != target) {
    const bool is_object = tape.Type(i) == '{';
    CHECK(is_object || tape.Type(i) == '[');
    const uint32_t close = tape.Close(i);
    size_t item = 0;
    uint32_t at = i + 1;
    while (at != close) {
      const uint32_t value = is_object ? at + 1 : at;
      if (target < tape.After(value)) break;
      at = tape.After(value);
      ++item;
    }
    CHECK(at != close);
    if (is_object) {
      AppendPointerToken(pointer, tape.String(at));
      if (at == target) return;
      i = at + 1;
    } else {
      pointer->append("/").append(std::to_string(item));
      i = at;
    }
  }
}

// The length and the first four bytes of the string at i: unequal for most unequal strings.
uint64_t Signature(const Tape& tape, uint32_t i) {
  const std::string_view text = tape.String(i);
  uint32_t head = 0;
  std::memcpy(&head, text.data(), std::min<size_t>(text.size(), sizeof(head)));
  return (uint64_t{text.size()} << 32) | head;
}

// The index of a key of the object at i that stands there for the second time; 0 when there is
// none.
uint32_t FindDuplicateKey(const Tape& tape, uint32_t i) {
  constexpr uint32_t kSmallFields = 16;
  const uint32_t close = tape.Close(i);
  const uint32_t count = tape.Count(i);
  if (count < 2) return 0;
  if (count <= kSmallFields) {
    uint64_t signatures[kSmallFields];
    uint32_t keys[kSmallFields];
    uint32_t n = 0;
    for (uint32_t key = i + 1; key != close; key = tape.After(key + 1)) {
      const uint64_t signature = Signature(tape, key);
      for (uint32_t k = 0; k < n; ++k) {
        if (signatures[k] == signature && tape.String(keys[k]) == tape.String(key)) return key;
      }
      signatures[n] = signature;
      keys[n++] = key;
    }
    return 0;
  }
  std::vector<uint32_t> keys;
  keys.reserve(count);
  for (uint32_t key = i + 1; key != close; key = tape.After(key + 1)) keys.push_back(key);
  std::sort(keys.begin(), keys.end(), [&](uint32_t a, uint32_t b) {
    const int order = tape.String(a).compare(tape.String(b));
    return order != 0 ? order < 0 : a < b;
  });
  for (size_t k = 1; k < keys.size(); ++k) {
    if (tape.String(keys[k - 1]) == tape.String(keys[k])) return keys[k];
  }
  return 0;
}

Result<void> RefuseDuplicateKeys(const Tape& tape) {
  const uint32_t end = tape.After(Tape::kRootIndex);
  for (uint32_t i = Tape::kRootIndex; i < end;) {
    if (tape.Type(i) == '{') {
      const uint32_t key = FindDuplicateKey(tape, i);
      if (key != 0) {
        std::string pointer;
        AppendPath(tape, key, &pointer);
        return Invalid(pointer, "must stand only once in its object", "a second one");
      }
    }
    i = tape.IsContainer(i) ? i + 1 : tape.After(i);
  }
  return {};
}

// A \u escape of a surrogate. simdjson lets some unpaired ones through.
bool MayHaveSurrogates(std::string_view text) {
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
    if (at + 3 < text.size() && text[at + 1] == 'u' && (text[at + 2] | 0x20) == 'd' &&
        text[at + 3] >= '8') {
      return true;
    }
  }
  return false;
}

std::string BoundsRule(double min, double max) {
  std::string rule;
  if (std::isinf(max)) {
    rule = "must be at least ";
    AppendDouble(&rule, min);
  } else if (std::isinf(min)) {
    rule = "must be at most ";
    AppendDouble(&rule, max);
  } else {
    rule = "must be between ";
    AppendDouble(&rule, min);
    rule.append(" and ");
    AppendDouble(&rule, max);
  }
  return rule;
}

}  // namespace

void AppendPointerToken(std::string* pointer, std::string_view key) {
  pointer->push_back('/');
  for (const char c : key) {
    if (c == '~') {
      pointer->append("~0");
    } else if (c == '/') {
      pointer->append("~1");
    } else {
      pointer->push_back(c);
    }
  }
}

// -----------------------------------------------------------------------------------------------------------
// Value

Kind Value::kind() const {
  switch (tape_->Type(index_)) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 'l':
    case 'u':
      return Kind::kInteger;
    case 'd':
      return Kind::kDouble;
    case 't':
    case 'f':
      return Kind::kBool;
    default:
      return Kind::kNull;
  }
}

base::Unexpected Value::Refuse(std::string_view rule) const {
  return Invalid(Pointer(), rule, Shown(*tape_, index_));
}

base::Unexpected Value::Refuse(base::Error error) const {
  return base::Fail(std::move(error).Under(Pointer()));
}

Result<Object> Value::AsObject() const {
  if (tape_->Type(index_) != '{') return Refuse("must be an object");
  return Object(tape_, index_);
}

Result<Array> Value::AsArray(size_t max_items) const {
  if (tape_->Type(index_) != '[') return Refuse("must be an array");
  const uint32_t count = tape_->Count(index_);
  if (count > max_items || count == Tape::kCountSaturated) {
    return base::Fail(base::ErrorCode::kTooLarge, Pointer(),
                      "must have at most " + std::to_string(max_items) + " items",
                      std::to_string(count));
  }
  return Array(tape_, index_, count);
}

Result<std::string_view> Value::AsString(size_t max_bytes) const {
  if (tape_->Type(index_) != '"') return Refuse("must be a string");
  const std::string_view text = tape_->String(index_);
  if (text.size() > max_bytes) {
    return base::Fail(base::ErrorCode::kTooLarge, Pointer(),
                      "must have at most " + std::to_string(max_bytes) + " bytes",
                      std::to_string(text.size()) + " bytes");
  }
  return text;
}

Result<int64_t> Value::AsInt64(int64_t min, int64_t max) const {
  const char type = tape_->Type(index_);
  if (type == 'l') {
    const int64_t value = tape_->Int64(index_);
    if (value >= min && value <= max) return value;
  } else if (type != 'u') {
    return Refuse("must be an integer");
  }
  std::string rule = "must be between ";
  AppendInt64(&rule, min);
  rule.append(" and ");
  AppendInt64(&rule, max);
  return Refuse(rule);
}

Result<double> Value::AsDouble(double min, double max) const {
  double value = 0;
  switch (tape_->Type(index_)) {
    case 'd':
      value = tape_->Double(index_);
      break;
    case 'l':
      value = static_cast<double>(tape_->Int64(index_));
      break;
    case 'u':
      value = static_cast<double>(tape_->Uint64(index_));
      break;
    default:
      return Refuse("must be a number");
  }
  if (!(value >= min && value <= max)) return Refuse(BoundsRule(min, max));
  return value;
}

Result<bool> Value::AsBool() const {
  const char type = tape_->Type(index_);
  if (type != 't' && type != 'f') return Refuse("must be true or false");
  return type == 't';
}

std::string Value::Pointer() const {
  std::string pointer;
  AppendPath(*tape_, index_, &pointer);
  return pointer;
}

void Value::AppendTo(std::string* json) const {
  AppendValue(*tape_, index_, json);
}

std::string Value::ToJson() const {
  std::string json;
  AppendTo(&json);
  return json;
}

// -----------------------------------------------------------------------------------------------------------
// Array

Array::Iterator& Array::Iterator::operator++() {
  index_ = tape_->After(index_);
  return *this;
}

Array::Iterator Array::end() const {
  return {tape_, tape_->Close(index_)};
}

// ----------------------------------------------------------------------------------------------------------
// Object

Object::Iterator Object::end() const {
  return {tape_, tape_->Close(index_)};
}

Field Object::Iterator::operator*() const {
  return {tape_->String(index_), Value(tape_, index_ + 1)};
}

Object::Iterator& Object::Iterator::operator++() {
  index_ = tape_->After(index_ + 1);
  return *this;
}

std::optional<Value> Object::Find(std::string_view key) {
  const uint32_t first = index_ + 1;
  const uint32_t close = tape_->Close(index_);
  const uint32_t start = next_index_;
  uint32_t at = start;
  uint32_t ordinal = next_ordinal_;
  bool wrapped = false;
  while (true) {
    if (at == close) {
      if (wrapped || start == first) return std::nullopt;
      wrapped = true;
      at = first;
      ordinal = 0;
    }
    if (wrapped && at == start) return std::nullopt;
    const uint32_t after = tape_->After(at + 1);
    if (tape_->String(at) == key) {
      if (ordinal < 64) known_ |= uint64_t{1} << ordinal;
      next_index_ = after;
      next_ordinal_ = ordinal + 1;
      return Value(tape_, at + 1);
    }
    at = after;
    ++ordinal;
  }
}

base::Unexpected Object::Refuse(std::string_view key, std::string_view rule,
                                std::string_view found) const {
  std::string pointer = AsValue().Pointer();
  AppendPointerToken(&pointer, key);
  return Invalid(pointer, rule, found);
}

base::Unexpected Object::RefuseChoice(const Value& value,
                                      std::span<const std::string_view> names) const {
  std::string rule = "must be one of";
  for (const std::string_view name : names) rule.append(" ").append(name);
  return value.Refuse(rule);
}

Result<Value> Object::Required(std::string_view key) {
  const std::optional<Value> value = Find(key);
  if (!value) return Refuse(key, "must be present");
  return *value;
}

Result<Object> Object::RequiredObject(std::string_view key) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsObject();
}

Result<Array> Object::RequiredArray(std::string_view key, size_t max_items) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsArray(max_items);
}

Result<std::string_view> Object::RequiredString(std::string_view key, size_t max_bytes) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsString(max_bytes);
}

Result<int64_t> Object::RequiredInt64(std::string_view key, int64_t min, int64_t max) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsInt64(min, max);
}

Result<double> Object::RequiredDouble(std::string_view key, double min, double max) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsDouble(min, max);
}

Result<bool> Object::RequiredBool(std::string_view key) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  return value.AsBool();
}

namespace {

// nullopt when the field is absent, otherwise what `read` makes of it.
template <class T, class Read>
Result<std::optional<T>> IfPresent(const std::optional<Value>& value, Read read) {
  if (!value) return std::optional<T>();
  WB_ASSIGN_OR_RETURN(T read_value, read(*value));
  return std::optional<T>(std::move(read_value));
}

}  // namespace

Result<std::optional<Object>> Object::OptionalObject(std::string_view key) {
  return IfPresent<Object>(Find(key), [](const Value& v) { return v.AsObject(); });
}

Result<std::optional<Array>> Object::OptionalArray(std::string_view key, size_t max_items) {
  return IfPresent<Array>(Find(key), [&](const Value& v) { return v.AsArray(max_items); });
}

Result<std::optional<std::string_view>> Object::OptionalString(std::string_view key,
                                                               size_t max_bytes) {
  return IfPresent<std::string_view>(Find(key),
                                     [&](const Value& v) { return v.AsString(max_bytes); });
}

Result<std::optional<int64_t>> Object::OptionalInt64(std::string_view key, int64_t min,
                                                     int64_t max) {
  return IfPresent<int64_t>(Find(key), [&](const Value& v) { return v.AsInt64(min, max); });
}

Result<std::optional<double>> Object::OptionalDouble(std::string_view key, double min, double max) {
  return IfPresent<double>(Find(key), [&](const Value& v) { return v.AsDouble(min, max); });
}

Result<std::optional<bool>> Object::OptionalBool(std::string_view key) {
  return IfPresent<bool>(Find(key), [](const Value& v) { return v.AsBool(); });
}

Result<void> Object::ExpectNoOtherFields() const {
  if (static_cast<uint32_t>(std::popcount(known_)) == tape_->Count(index_)) return {};
  uint32_t ordinal = 0;
  for (const Field& field : *this) {
    const bool known = ordinal < 64 && (known_ >> ordinal & 1) != 0;
    if (!known) return field.value.Refuse("must not be present: the field is unknown");
    ++ordinal;
  }
  return {};
}

// --------------------------------------------------------------------------------------------------------
// Document

struct Document::Impl {
  simdjson::dom::parser parser;
  Tape tape;

  // Parsers that this thread has used and will use again: their buffers are the price of a parse.
  struct Kept {
    std::vector<std::unique_ptr<Impl>> free;
    ~Kept() { kept_is_gone = true; }
  };
  static thread_local Kept kept;
  // A Document may outlive the thread's other objects; it is trivially destructible and stays
  // readable.
  static thread_local bool kept_is_gone;

  static std::unique_ptr<Impl> Take();
  static void GiveBack(std::unique_ptr<Impl> impl);
};

thread_local bool Document::Impl::kept_is_gone = false;
thread_local Document::Impl::Kept Document::Impl::kept;

std::unique_ptr<Document::Impl> Document::Impl::Take() {
  if (kept_is_gone || kept.free.empty()) return std::make_unique<Impl>();
  std::unique_ptr<Impl> impl = std::move(kept.free.back());
  kept.free.pop_back();
  return impl;
}

void Document::Impl::GiveBack(std::unique_ptr<Impl> impl) {
  constexpr size_t kKeptMax = 4;
  constexpr size_t kKeptTextBytesMax = 64 * 1024;
  if (impl == nullptr || kept_is_gone || kept.free.size() >= kKeptMax ||
      impl->parser.capacity() > kKeptTextBytesMax) {
    return;
  }
  kept.free.push_back(std::move(impl));
}

Document::Document(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}
Document::~Document() {
  Impl::GiveBack(std::move(impl_));
}

Value Document::root() const {
  return {&impl_->tape, Tape::kRootIndex};
}

Result<Document> Document::Parse(std::string_view text, size_t max_bytes) {
  constexpr size_t kTextBytesMax = size_t{2} << 30;  // the tape counts in 32 bits
  max_bytes = std::min(max_bytes, kTextBytesMax);
  if (text.size() > max_bytes) {
    return base::Fail(base::ErrorCode::kTooLarge, "",
                      "must have at most " + std::to_string(max_bytes) + " bytes of JSON",
                      std::to_string(text.size()) + " bytes");
  }
  if (text.empty()) return Invalid("", "must be one JSON value", "nothing");
  Document document(Impl::Take());
  simdjson::dom::parser& parser = document.impl_->parser;
  if (parser.capacity() < text.size() &&
      parser.allocate(text.size(), limits::kJsonDepthMax) != simdjson::SUCCESS) {
    return base::Fail(base::ErrorCode::kBusy, "", "must find memory to be read",
                      std::to_string(text.size()) + " bytes");
  }
  const simdjson::error_code error =
      parser.parse(text.data(), text.size(), /*realloc_if_needed=*/true).error();
  if (error != simdjson::SUCCESS || MayHaveSurrogates(text)) {
    WB_RETURN_IF_ERROR(internal::Diagnose(text));
    if (error != simdjson::SUCCESS) {
      return Invalid("", "must be JSON", simdjson::error_message(error));
    }
  }
  document.impl_->tape = {parser.doc.tape.get(), parser.doc.string_buf.get()};
  WB_RETURN_IF_ERROR(RefuseDuplicateKeys(document.impl_->tape));
  return document;
}

}  // namespace wideberth::json
