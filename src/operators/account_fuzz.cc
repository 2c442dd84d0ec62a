// Invariants checked: reading an account or the keys of operators never crashes; what is read is written and read again
// as the same; no key that is read acts on no line, and none stands twice.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "operators/account.h"

namespace operators = wideberth::operators;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto account = operators::DecodeAccount(text)) {
    CHECK(operators::ValidateName(account->name).has_value());
    CHECK(operators::DecodeAccount(operators::EncodeAccount(*account)).value() == *account);
  } else {
    CHECK(!account.error().rule.empty());
  }
  const auto keys = operators::ReadOperatorKeys(text);
  if (!keys) return 0;
  CHECK(keys->size() <= wideberth::limits::kOperatorsMax);
  std::set<std::string> ids;
  for (const operators::OperatorKey& key : *keys) {
    CHECK(operators::ActsOnLines(key.role));
    CHECK(ids.insert(key.key_id).second);
  }
  const std::string body = operators::WriteOperatorKeys(*keys).value();
  const auto again = operators::ReadOperatorKeys(body);
  CHECK(again.has_value() && again->size() == keys->size());
  CHECK(operators::WriteOperatorKeys(*again).value() == body);
  return 0;
}
