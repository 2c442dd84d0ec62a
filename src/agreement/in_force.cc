#include "agreement/in_force.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "agreement/floor.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace wideberth::agreement {
namespace {

using airspace::KindPattern;
using airspace::NoticeKind;
using airspace::Rules;
using airspace::Separation;
using base::ErrorCode;
using base::Fail;
using base::Result;

// By which the later of two wins.
auto Rank(const Agreement& agreement) {
  return std::tie(agreement.effective_from, agreement.number, agreement.digest);
}

Separation Sum(const Separation& a, const Separation& b) {
  return {std::min(a.lateral_mm + b.lateral_mm, limits::kSeparationLateralMaxMm),
          std::min(a.vertical_mm + b.vertical_mm, limits::kSeparationVerticalMaxMm),
          std::min(a.time_us + b.time_us, limits::kSeparationTimeMaxUs)};
}

}  // namespace

LineAgreements::LineAgreements(airspace::PartyEntry a, airspace::PartyEntry b)
    : a_(std::move(a)), b_(std::move(b)) {
  CHECK_MSG(SafetyFloor(a_, b_).has_value(), "the parties of a line are two, with names");
}

Result<void> LineAgreements::RequireParties(const Agreement& agreement) const {
  for (const airspace::PartyEntry& party : agreement.parties()) {
    if (party == a_ || party == b_) continue;
    return base::Invalid(
        "/parties",
        "must be " + a_.name + " and " + b_.name + ", by the ids and names of their cards",
        party.name + " " + party.id.ToString());
  }
  return {};
}

Result<void> LineAgreements::Add(Agreement agreement) {
  WB_RETURN_IF_ERROR(RequireParties(agreement));
  if (Find(agreement.digest) != nullptr) return {};
  if (agreements_.size() >= kAgreementsOfLineMax) {
    return Fail(ErrorCode::kTooLarge, "/agreements",
                "must be at most " + std::to_string(kAgreementsOfLineMax) + " for a line");
  }
  auto shared = std::make_shared<const Agreement>(std::move(agreement));
  const auto place =
      std::upper_bound(agreements_.begin(), agreements_.end(), shared,
                       [](const auto& x, const auto& y) { return Rank(*x) < Rank(*y); });
  agreements_.insert(place, std::move(shared));
  return {};
}

void LineAgreements::Denounce(const base::Digest& digest, base::UtcMicros until) {
  const auto [it, inserted] = denounced_.try_emplace(digest, until);
  if (!inserted) it->second = std::min(it->second, until);
}

InForce LineAgreements::At(base::UtcMicros now) const {
  InForce found;
  for (auto it = agreements_.rbegin(); it != agreements_.rend(); ++it) {
    const Agreement& agreement = **it;
    const auto denounced = denounced_.find(agreement.digest);
    const bool ends = denounced != denounced_.end() &&
                      (!agreement.expires || denounced->second < *agreement.expires);
    if (ends && denounced->second <= agreement.effective_from) continue;
    const bool over = ends && denounced->second <= now;
    if (agreement.RunsAt(now) && !over) return {*it, nullptr};
    if (found.last == nullptr && agreement.effective_from <= now) found.last = *it;
    if (over) break;
  }
  return found;
}

Terms LineAgreements::TermsOf(const InForce& in_force) const {
  if (in_force.agreement != nullptr) return in_force.agreement->terms;
  Result<Terms> floor = SafetyFloor(a_, b_, in_force.last.get());
  CHECK_MSG(floor.has_value(), "an agreement that was added is of these parties");
  return std::move(*floor);
}

const Agreement* LineAgreements::Find(const base::Digest& digest) const {
  for (const auto& agreement : agreements_) {
    if (agreement->digest == digest) return agreement.get();
  }
  return nullptr;
}

Rules WhileLost(const Terms& terms) {
  const Separation& widening = terms.lost_link.widening;
  if (widening == Separation{}) return terms.rules;
  Rules::Content content = terms.rules.content();
  for (airspace::SeparationRow& row : content.separations) {
    row.separation = Sum(row.separation, widening);
  }
  // Without a table every separation is 0, and one row is what every pair gets.
  if (content.separations.empty()) {
    content.separations = {{{NoticeKind::kActivity, ""}, {NoticeKind::kActivity, ""}, widening}};
  }
  crypto::Sha256Hasher hasher;
  hasher.Update(base::AsBytes("wideberth lost line 1\n"));
  hasher.Update(terms.rules.digest().bytes);
  Result<Rules> wider = Rules::Make(std::move(content), hasher.Finish(), terms.rules.digest());
  CHECK_MSG(wider.has_value(), "wider rules within the limits are rules");
  return std::move(*wider);
}

}  // namespace wideberth::agreement
