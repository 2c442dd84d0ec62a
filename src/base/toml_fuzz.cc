// Invariants checked: parsing and reading never crash; refusals have a rule; a file whose keys were all asked for has
// no unknown key, and one whose keys were not has one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/toml.h"

namespace {

using wideberth::base::TomlDocument;
using wideberth::base::TomlTable;

void AskForEverything(TomlTable table) {
  for (const std::string& key : table.Keys()) {
    CHECK(table.Has(key));
    (void)table.RequiredString(key, 10);
    (void)table.RequiredInt64(key, -5, 5);
    (void)table.RequiredDouble(key, -5, 5);
    (void)table.RequiredTime(key);
    (void)table.Strings(key, 100, 10);
    (void)table.Doubles(key, 100, 0, 1);
    const auto child = table.RequiredTable(key);
    if (child) AskForEverything(*child);
    const auto rows = table.Tables(key, 100'000);
    if (!rows) continue;
    for (const TomlTable& row : *rows) AskForEverything(row);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto document = TomlDocument::Parse({reinterpret_cast<const char*>(data), size});
  if (!document) {
    CHECK(!document.error().rule.empty());
    return 0;
  }
  const TomlTable root = document->root();
  CHECK(root.ExpectNoOtherKeys().has_value() == root.Keys().empty());
  AskForEverything(root);
  return 0;
}
