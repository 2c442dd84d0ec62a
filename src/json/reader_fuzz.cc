// Invariants checked:
// - Parse never crashes; it accepts what the scalar validator accepts, save duplicate keys and
// sizes;
// - every refusal has a rule;
// - whatever is accepted re-emits, and the emitted text parses and re-emits to the same text;
// - reading any value by any getter never crashes and refuses with the pointer of that value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "json/diagnose.h"
#include "json/reader.h"

namespace {

using wideberth::json::Array;
using wideberth::json::Document;
using wideberth::json::Field;
using wideberth::json::Kind;
using wideberth::json::Object;
using wideberth::json::Value;

void Visit(const Value& value, int* budget) {
  if (--*budget < 0) return;
  const auto number = value.AsDouble(-1, 1);
  if (!number) CHECK(number.error().field == value.Pointer());
  const auto integer = value.AsInt64(0, 1);
  if (!integer) CHECK(!integer.error().rule.empty());
  (void)value.AsString(4);
  if (value.kind() == Kind::kArray) {
    const auto array = value.AsArray(1'000'000);
    CHECK(array.has_value());
    size_t items = 0;
    for (const Value item : *array) {
      Visit(item, budget);
      ++items;
    }
    CHECK(items == array->size());
  }
  if (value.kind() != Kind::kObject) return;
  auto object = value.AsObject();
  CHECK(object.has_value());
  size_t fields = 0;
  for (const Field field : *object) {
    const auto found = object->Find(field.key);
    CHECK(found.has_value() && found->kind() == field.value.kind());
    Visit(field.value, budget);
    ++fields;
  }
  CHECK(fields > 64 || object->ExpectNoOtherFields().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = Document::Parse(text);
  const auto diagnosis = wideberth::json::internal::Diagnose(text);
  if (!document) {
    CHECK(!document.error().rule.empty());
    CHECK(!diagnosis.has_value() || document.error().rule.starts_with("must stand only once") ||
          document.error().rule.starts_with("must have at most"));
    return 0;
  }
  CHECK(diagnosis.has_value());
  const std::string once = document->root().ToJson();
  const auto again = Document::Parse(once, 2 * size + 64 + 16 * size);
  CHECK(again.has_value());
  CHECK(again->root().ToJson() == once);
  int budget = 200;
  Visit(document->root(), &budget);
  return 0;
}
