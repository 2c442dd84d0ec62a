#include "agreement/floor.h"

#include <algorithm>
#include <utility>

#include "crypto/sha256.h"

namespace wideberth::agreement {
namespace {

using airspace::KindPattern;
using airspace::NoticeKind;
using airspace::PartyEntry;
using airspace::Rules;
using base::Result;

constexpr std::string_view kDomain = "wideberth safety floor 1\n";

base::Digest FloorDigest(const PartyEntry& first, const PartyEntry& second, const Agreement* last) {
  crypto::Sha256Hasher hasher;
  hasher.Update(base::AsBytes(kDomain));
  hasher.Update(first.id.uuid.bytes);
  hasher.Update(second.id.uuid.bytes);
  hasher.Update((last != nullptr ? last->digest : base::Digest{}).bytes);
  return hasher.Finish();
}

}  // namespace

Result<Terms> SafetyFloor(const PartyEntry& a, const PartyEntry& b, const Agreement* last) {
  const PartyEntry& first = a.id < b.id ? a : b;
  const PartyEntry& second = a.id < b.id ? b : a;
  Terms terms;
  Rules::Content content;
  airspace::Separation widest = kFloorSeparation;
  content.hazard_dwell_us.fill(kFloorDwellUs);
  if (last != nullptr) {
    for (const PartyEntry* party : {&first, &second}) {
      if (last->terms.rules.FindParty(party->id) != nullptr) continue;
      return base::Invalid("last", "must be an agreement of the two parties", party->name);
    }
    terms = last->terms;
    content = last->terms.rules.content();
    // An agreement without a single separation has no widest one to leave behind.
    if (terms.rules.widest() != airspace::Separation{}) widest = terms.rules.widest();
  }
  content.parties = {first, second};
  // One row is the widest of all rows, which is what every pair without a row of its own gets (airspace/rules.h).
  content.separations = {{{NoticeKind::kActivity, ""}, {NoticeKind::kHazard, ""}, widest}};
  WB_ASSIGN_OR_RETURN(terms.rules,
                      Rules::Make(std::move(content), FloorDigest(first, second, last)));
  return terms;
}

}  // namespace wideberth::agreement
