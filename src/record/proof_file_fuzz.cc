// Invariants checked: a proof file that parses has one spelling; none verifies under the policy of the corpus' log but
// for the entry and place that the log has; a policy that parses is written and read back as itself, and its quorum
// holds when everybody has cosigned.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "record/proof_file.h"
#include "record/testing/logs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  static const record::testing::TestLog log(3);
  static const record::Policy policy =
      record::Policy::AllOf(log.log.verifier(), {log.peer.verifier()}).value();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto file = record::ParseProofFile(input)) {
    CHECK(record::FormatProofFile(*file).value() == input);
  }
  const auto& entry = log.entries.entries[1];
  if (const auto proven = record::VerifyProofFile(input, entry, policy)) {
    CHECK(proven->index == 1);
    CHECK(proven->head == log.Head(proven->head.size));
    CHECK(proven->not_after_s.has_value());
  }
  if (const auto parsed = record::Policy::Parse(input)) {
    CHECK(record::Policy::Parse(parsed->Format()).value() == *parsed);
    CHECK(parsed->IsSatisfied(std::vector<bool>(parsed->witnesses().size(), true)));
  }
  return 0;
}
