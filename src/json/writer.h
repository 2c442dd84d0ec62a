// Writing JSON: append-only, no tree in between.
//
//   std::string body;
//   json::Writer json(&body);
//   json.BeginObject();
//   json.StringField("mode", "REAL");
//   json.Key("rings");
//   json.BeginArray();
//   json.Double(12.5);
//   json.EndArray();
//   json.EndObject();        // {"mode":"REAL","rings":[12.5]}
//
// Guarantees: what comes out is valid JSON in UTF-8. Doubles are written in the fewest digits that
// read back as the same double (std::to_chars), independent of the locale; -0.0 is written "-0.0".
// Bytes of a string that are not UTF-8 become U+FFFD. Calls in a wrong order (a value without its
// key, an End that matches no Begin), NaN and infinities are defects of the caller and stop the
// process (CHECK). Nesting is limited to 63 levels. Not thread-safe.
#ifndef WIDEBERTH_JSON_WRITER_H_
#define WIDEBERTH_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace wideberth::json {

// Appends `text` as a JSON string with its quotes.
void AppendQuoted(std::string* json, std::string_view text);
// Appends the shortest decimal that reads back as `value`, which must be finite.
void AppendDouble(std::string* json, double value);
void AppendInt64(std::string* json, int64_t value);
void AppendUint64(std::string* json, uint64_t value);

enum class Layout { kCompact, kPretty };  // pretty: two spaces a level, one item a line

class Writer {
 public:
  // Appends to *out, which must outlive the Writer.
  explicit Writer(std::string* out, Layout layout = Layout::kCompact)
      : out_(out), layout_(layout) {}

  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  void Key(std::string_view key);

  void String(std::string_view text);
  void Int64(int64_t value);
  void Uint64(uint64_t value);
  void Double(double value);
  void Bool(bool value);
  void Null();
  // `json` must be one valid JSON value, such as json::Value::AppendTo gives.
  void Raw(std::string_view json);

  void StringField(std::string_view key, std::string_view text);
  void Int64Field(std::string_view key, int64_t value);
  void Uint64Field(std::string_view key, uint64_t value);
  void DoubleField(std::string_view key, double value);
  void BoolField(std::string_view key, bool value);

  // One whole value has been written and every Begin has its End.
  bool complete() const { return depth_ == 0 && wrote_root_; }

 private:
  void BeforeValue();
  void Begin(char open, bool is_object);
  void End(char close, bool is_object);
  void NewLine();

  std::string* out_;
  Layout layout_;
  uint32_t depth_ = 0;
  uint64_t is_object_ = 0;  // bit d: level d is an object
  uint64_t has_item_ = 0;   // bit d: level d has an item
  bool after_key_ = false;
  bool wrote_root_ = false;
};

}  // namespace wideberth::json

#endif  // WIDEBERTH_JSON_WRITER_H_
