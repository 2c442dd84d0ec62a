// Reading JSON whose every refusal names the JSON pointer, the rule and what was found.
//
// A Document is parsed and validated whole (RFC 8259, UTF-8, one value and nothing behind it)
// before anything is read from it. Always refused, whoever reads: an empty text, broken UTF-8, a
// byte order mark, unpaired surrogates, more than limits::kJsonDepthMax levels, a text longer than
// its limit, a key that stands twice in one object, an integer outside 64 bits, a number too large
// for a double (1e400), NaN and Infinity (they are not JSON).
//
//   WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
//   WB_ASSIGN_OR_RETURN(json::Object circle, document.root().AsObject());
//   WB_ASSIGN_OR_RETURN(const double lat_deg, circle.RequiredDouble("lat", -90, 90));
//   WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> name, circle.OptionalString("name",
//   63)); WB_ASSIGN_OR_RETURN(const UtcMicros start, circle.RequiredParsed("start", 40,
//   base::ParseRfc3339)); WB_RETURN_IF_ERROR(circle.ExpectNoOtherFields());
//
// A reader of our own API is strict: it ends with ExpectNoOtherFields(). A reader of files made
// elsewhere simply does not call it, and unknown fields are passed over.
//
// Lifetime: Value, Object, Array and every std::string_view point into the Document and live as
// long as it does; moving the Document does not disturb them. Threads: a Document may be read from
// several threads; one Object may not (it remembers which fields were asked for). Cost: parsing and
// reading a 4 kB body takes a few microseconds (json_bench); buffers are kept for each thread, so a
// node that serves requests does not allocate for them. Looking up fields in the order in which
// they stand costs O(1) each, otherwise O(fields).
#ifndef WIDEBERTH_JSON_READER_H_
#define WIDEBERTH_JSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/result.h"

namespace wideberth::json {

namespace internal {
struct Tape;
}

class Object;
class Array;

enum class Kind { kNull, kBool, kInteger, kDouble, kString, kArray, kObject };

// One word of a closed list and what it stands for; see Object::RequiredEnum.
template <class E>
struct EnumName {
  std::string_view name;
  E value;
};

// A value inside a Document. Two words; copy it freely.
class Value {
 public:
  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }

  base::Result<Object> AsObject() const;
  base::Result<Array> AsArray(size_t max_items) const;
  base::Result<std::string_view> AsString(size_t max_bytes) const;
  // An integer as written: 5, not 5.0 or 5e0. Bounds are inclusive.
  base::Result<int64_t> AsInt64(int64_t min, int64_t max) const;
  // Any JSON number; integers beyond 2^53 are rounded to the nearest double, as for any reader of
  // doubles. Bounds are inclusive.
  base::Result<double> AsDouble(double min, double max) const;
  base::Result<bool> AsBool() const;

  // Where the value stands, by RFC 6901: "/volumes/0/lower"; "" for the root. Takes time in the
  // size of the document.
  std::string Pointer() const;
  // A refusal of this value: its pointer, `rule`, and its text as what was found.
  base::Unexpected Refuse(std::string_view rule) const;
  // A refusal of `error` at this value: its field is put behind the pointer of this value.
  base::Unexpected Refuse(base::Error error) const;

  // Appends the value as compact JSON: the same keys in the same order, the same strings, the same
  // doubles (in their shortest spelling; 5.0 stays a double). Parsing the result gives an equal
  // value.
  void AppendTo(std::string* json) const;
  std::string ToJson() const;

 private:
  friend class Array;
  friend class Document;
  friend class Object;
  Value(const internal::Tape* tape, uint32_t index) : tape_(tape), index_(index) {}

  base::Unexpected RefuseKind(std::string_view rule) const;

  const internal::Tape* tape_;
  uint32_t index_;
};

struct Field {
  std::string_view key;
  Value value;
};

class Array {
 public:
  class Iterator {
   public:
    Value operator*() const { return {tape_, index_}; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    friend class Array;
    Iterator(const internal::Tape* tape, uint32_t index) : tape_(tape), index_(index) {}
    const internal::Tape* tape_;
    uint32_t index_;
  };

  size_t size() const { return size_; }
  Iterator begin() const { return {tape_, index_ + 1}; }
  Iterator end() const;
  Value AsValue() const { return {tape_, index_}; }

 private:
  friend class Value;
  Array(const internal::Tape* tape, uint32_t index, size_t size)
      : tape_(tape), index_(index), size_(size) {}

  const internal::Tape* tape_;
  uint32_t index_;
  size_t size_;
};

class Object {
 public:
  // The field of this name, of any kind, if it is there; asking for it makes it a known field. Null
  // counts as there.
  std::optional<Value> Find(std::string_view key);
  base::Result<Value> Required(std::string_view key);

  // Each refuses an absent field ("must be present"), a value of another kind (null too) and one
  // outside the bounds.
  base::Result<Object> RequiredObject(std::string_view key);
  base::Result<Array> RequiredArray(std::string_view key, size_t max_items);
  base::Result<std::string_view> RequiredString(std::string_view key, size_t max_bytes);
  base::Result<int64_t> RequiredInt64(std::string_view key, int64_t min, int64_t max);
  base::Result<double> RequiredDouble(std::string_view key, double min, double max);
  base::Result<bool> RequiredBool(std::string_view key);

  // As above; an absent field is nullopt. A null is refused: leave the field out instead.
  base::Result<std::optional<Object>> OptionalObject(std::string_view key);
  base::Result<std::optional<Array>> OptionalArray(std::string_view key, size_t max_items);
  base::Result<std::optional<std::string_view>> OptionalString(std::string_view key,
                                                               size_t max_bytes);
  base::Result<std::optional<int64_t>> OptionalInt64(std::string_view key, int64_t min,
                                                     int64_t max);
  base::Result<std::optional<double>> OptionalDouble(std::string_view key, double min, double max);
  base::Result<std::optional<bool>> OptionalBool(std::string_view key);

  // A string that `parse` (string_view -> Result<T>) understands; its refusal gets this field's
  // pointer:
  //   object.RequiredParsed("id", 36, base::NoticeId::Parse)
  template <class Parse>
  auto RequiredParsed(std::string_view key, size_t max_bytes, Parse parse)
      -> decltype(parse(std::string_view()));
  template <class Parse>
  auto OptionalParsed(std::string_view key, size_t max_bytes, Parse parse)
      -> base::Result<std::optional<typename decltype(parse(std::string_view()))::value_type>>;

  // A string of a closed list:
  //   constexpr json::EnumName<Mode> kModes[] = {{"REAL", Mode::kReal}, {"TEST", Mode::kTest}};
  //   object.RequiredEnum("mode", kModes)
  template <class E, size_t N>
  base::Result<E> RequiredEnum(std::string_view key, const EnumName<E> (&names)[N]);
  template <class E, size_t N>
  base::Result<std::optional<E>> OptionalEnum(std::string_view key, const EnumName<E> (&names)[N]);

  // Refuses the first field that was never asked for. An object that is read strictly has at most
  // 64 known fields.
  base::Result<void> ExpectNoOtherFields() const;

  // Walks the fields in the order in which they stand; does not make them known.
  class Iterator {
   public:
    Field operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    friend class Object;
    Iterator(const internal::Tape* tape, uint32_t index) : tape_(tape), index_(index) {}
    const internal::Tape* tape_;
    uint32_t index_;
  };
  Iterator begin() const { return {tape_, index_ + 1}; }
  Iterator end() const;

  Value AsValue() const { return {tape_, index_}; }
  // A refusal of the field `key`, whether it is there or not.
  base::Unexpected Refuse(std::string_view key, std::string_view rule,
                          std::string_view found = {}) const;

 private:
  friend class Value;
  Object(const internal::Tape* tape, uint32_t index)
      : tape_(tape), index_(index), next_index_(index + 1) {}

  base::Unexpected RefuseChoice(const Value& value, std::span<const std::string_view> names) const;

  const internal::Tape* tape_;
  uint32_t index_;
  uint32_t next_index_;        // where the next look-up starts
  uint32_t next_ordinal_ = 0;  // which field of the object that is
  uint64_t known_ = 0;         // bit n: the n-th field was asked for
};

// A parsed text and everything that points into it.
class Document {
 public:
  // Refuses with kInvalid (field = JSON pointer of the place, with the byte offset in `found`), or
  // with kTooLarge when the text exceeds `max_bytes`. The text is copied where needed and may go
  // away. `max_bytes` is at most 2 GiB.
  static base::Result<Document> Parse(std::string_view text,
                                      size_t max_bytes = limits::kJsonBodyBytesMax);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  Value root() const;

 private:
  struct Impl;
  explicit Document(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Appends `key` to a JSON pointer, escaped by RFC 6901.
void AppendPointerToken(std::string* pointer, std::string_view key);

// ---------------------------------------------------------------------------------------------------------------------

template <class Parse>
auto Object::RequiredParsed(std::string_view key, size_t max_bytes, Parse parse)
    -> decltype(parse(std::string_view())) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(max_bytes));
  auto parsed = parse(text);
  if (!parsed.has_value()) return value.Refuse(std::move(parsed).error());
  return parsed;
}

template <class Parse>
auto Object::OptionalParsed(std::string_view key, size_t max_bytes, Parse parse)
    -> base::Result<std::optional<typename decltype(parse(std::string_view()))::value_type>> {
  using T = typename decltype(parse(std::string_view()))::value_type;
  const std::optional<Value> value = Find(key);
  if (!value) return std::optional<T>();
  WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(max_bytes));
  auto parsed = parse(text);
  if (!parsed.has_value()) return value->Refuse(std::move(parsed).error());
  return std::optional<T>(std::move(parsed).value());
}

template <class E, size_t N>
base::Result<E> Object::RequiredEnum(std::string_view key, const EnumName<E> (&names)[N]) {
  WB_ASSIGN_OR_RETURN(const Value value, Required(key));
  const auto text = value.AsString(std::numeric_limits<size_t>::max());
  if (!text) return base::Fail(text.error());
  for (const EnumName<E>& entry : names) {
    if (entry.name == *text) return entry.value;
  }
  std::string_view words[N];
  for (size_t i = 0; i < N; ++i) words[i] = names[i].name;
  return RefuseChoice(value, words);
}

template <class E, size_t N>
base::Result<std::optional<E>> Object::OptionalEnum(std::string_view key,
                                                    const EnumName<E> (&names)[N]) {
  if (!Find(key)) return std::optional<E>();
  WB_ASSIGN_OR_RETURN(const E value, RequiredEnum(key, names));
  return std::optional<E>(value);
}

}  // namespace wideberth::json

#endif  // WIDEBERTH_JSON_READER_H_
