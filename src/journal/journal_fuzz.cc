// Invariants checked: reading a disclosure never crashes and a refusal names its rule; what is read follows to its own
// head, is written and read again as the same, and no other head is believed.
// Input: the file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "journal/journal.h"

namespace journal = wideberth::journal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto read = journal::ParseDisclosure(file);
  if (!read) {
    CHECK(!read.error().rule.empty());
    return 0;
  }
  journal::Head head = journal::HeadOf(*read);
  CHECK(journal::VerifyDisclosure(journal::FormatDisclosure(*read), head).value() == *read);
  head.link.bytes[0] ^= 1;
  CHECK(!journal::VerifyDisclosure(file, head).has_value());
  CHECK(journal::Head::Parse(head.ToString()).value() == head);
  return 0;
}
