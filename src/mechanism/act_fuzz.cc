// Invariants checked: opening an act never crashes and a refusal names its rule; nobody forges a signature; an act that
// is opened is one its role may do, is sealed again, and opens as the same.
// Input: a byte that chooses who signs, and a payload, which that operator's key signs here so that the fuzzer need not
// forge signatures. The whole input is also read as an envelope.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "airspace/testing/world.h"
#include "base/check.h"
#include "crypto/dsse.h"
#include "mechanism/act.h"
#include "mechanism/testing/values.h"

namespace mechanism = wideberth::mechanism;
using wideberth::airspace::testing::TestParty;
using wideberth::operators::Role;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  static constexpr Role kRoles[] = {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief};
  static const std::vector<wideberth::operators::OperatorKey> keys = [] {
    std::vector<wideberth::operators::OperatorKey> all;
    for (const Role role : kRoles) all.push_back(mechanism::testing::OperatorKeyFor(1, role));
    return all;
  }();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(!mechanism::OpenAct(input, TestParty(1), keys).has_value());
  if (input.empty()) return 0;
  const Role role = kRoles[data[0] % std::size(kRoles)];
  const auto secret = mechanism::testing::OperatorSecret(1, role);
  const auto envelope = wideberth::crypto::SignEnvelope("application/vnd.wideberth.act.v1+json",
                                                        base::AsBytes(input.substr(1)), secret);
  if (!envelope) return 0;
  const auto opened = mechanism::OpenAct(*envelope, TestParty(1), keys);
  if (!opened) {
    CHECK(!opened.error().rule.empty());
    return 0;
  }
  CHECK(opened->act.role == role && opened->act.party == TestParty(1));
  CHECK(wideberth::operators::MayDo(role, opened->act.kind()));
  // What was read in its shortest form may be written in a longer one (a double), so it may be too large again.
  const auto sealed = mechanism::SealAct(opened->act, secret);
  if (!sealed) {
    CHECK(sealed.error().code == base::ErrorCode::kTooLarge);
    return 0;
  }
  const auto again = mechanism::OpenAct(sealed->envelope, TestParty(1), keys);
  CHECK(again.has_value() && again->act.kind() == opened->act.kind());
  CHECK(mechanism::SealAct(again->act, secret)->envelope == sealed->envelope);
  return 0;
}
