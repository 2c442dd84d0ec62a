// Invariants checked: reading never crashes; a refusal has a rule. What is read is two parties with two contacts on
// each level and deadlines within their bounds, and climbs to no principal; it differs from itself in nothing, and
// neither does the same text with a comment in front; it is signed, written and read back as the same bytes; and its
// floor is no narrower than it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/agreement.h"
#include "agreement/diff.h"
#include "agreement/floor.h"
#include "agreement/signed.h"
#include "base/check.h"
#include "base/limits.h"

namespace agreement = wideberth::agreement;
namespace airspace = wideberth::airspace;
namespace base = wideberth::base;
namespace crypto = wideberth::crypto;

namespace {

void CheckTerms(const agreement::Agreement& read) {
  const agreement::Terms& terms = read.terms;
  CHECK(read.parties().size() == 2 && terms.rules.digest() == read.digest);
  for (const airspace::PartyEntry& party : read.parties()) {
    for (size_t level = 0; level < agreement::kLevels; ++level) {
      CHECK(terms.ContactsOf(party.id, static_cast<agreement::Level>(level)).size() >= 2);
    }
  }
  for (size_t i = 0; i < agreement::kDeadlineKinds; ++i) {
    const auto kind = static_cast<agreement::DeadlineKind>(i);
    const agreement::DeadlineRule& rule = terms.deadlines.rule(kind);
    const int64_t us = terms.deadlines.For(kind, {0}, base::UtcMicros{base::kMicrosPerHour});
    CHECK(us >= rule.min_us && us <= rule.routine_us && rule.min_us > 0);
    const auto climb = terms.ladder.After(INT64_MAX / 2, us, agreement::Level::kPrincipal);
    CHECK(climb.level < agreement::Level::kPrincipal && !climb.next_us);
  }
}

void CheckSigned(const agreement::Agreement& read) {
  static const crypto::SecretKey keys[] = {crypto::SecretKey::FromSeed(base::Bytes(32, 1)).value(),
                                           crypto::SecretKey::FromSeed(base::Bytes(32, 2)).value()};
  const std::vector<std::string> signatures = {
      agreement::SignAgreement(read.text, keys[0], {}).value(),
      agreement::SignAgreement(read.text, keys[1], {}).value()};
  const auto again =
      agreement::ReadSignedAgreement(agreement::WriteSignedAgreement(read.text, signatures),
                                     {{{read.parties()[0].id, {keys[0].public_key()}},
                                       {read.parties()[1].id, {keys[1].public_key()}}}});
  CHECK(again.has_value() && again->complete() && again->agreement.digest == read.digest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = agreement::ParseAgreement(text);
  if (!read) {
    CHECK(!read.error().rule.empty());
    (void)agreement::ReadSignedAgreement(text, {});
    return 0;
  }
  CheckTerms(*read);
  CHECK(agreement::Diff(*read, *read).empty());
  const auto commented = agreement::ParseAgreement(std::string("# comment\n").append(text));
  if (commented) CHECK(agreement::Diff(*read, *commented).empty());
  CheckSigned(*read);
  const auto floor = agreement::SafetyFloor(read->parties()[0], read->parties()[1], &*read);
  CHECK(floor.has_value());
  const airspace::Separation agreed = read->terms.rules.widest();
  CHECK(Widest(agreed, floor->rules.widest()) == floor->rules.widest());
  return 0;
}
