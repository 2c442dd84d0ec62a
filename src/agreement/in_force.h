// What is in force between two parties, at any time: the latest of their agreements that runs, or the safety floor
// (MECHANISM 8.1).
//
//   LineAgreements agreed({north, "north"}, {south, "south"});
//   WB_RETURN_IF_ERROR(agreed.Add(first));      // signed by both (agreement/signed.h)
//   const InForce in_force = agreed.At(now);
//   if (in_force != before) terms = agreed.TermsOf(in_force);
//
// Of agreements that run at one time the one that came into force last holds; with equal times the higher number, then
// the greater digest, so that both sides choose the same among the same. Where none runs the floor holds: the floor
// that the last one leaves behind, or the floor before the first.
//
// An agreement that was denounced ends at its time and leaves the floor: those that came into force before it are not
// revived. One that ends before it would have come into force never does.
//
// Pure; const methods from any thread.
#ifndef WIDEBERTH_AGREEMENT_IN_FORCE_H_
#define WIDEBERTH_AGREEMENT_IN_FORCE_H_

#include <map>
#include <memory>
#include <vector>

#include "agreement/agreement.h"
#include "agreement/terms.h"
#include "airspace/rules.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::agreement {

inline constexpr size_t kAgreementsOfLineMax = 100;

struct InForce {
  std::shared_ptr<const Agreement> agreement;  // null: the safety floor
  std::shared_ptr<const Agreement> last;       // which the floor follows; null: before the first

  bool on_floor() const { return agreement == nullptr; }
  bool operator==(const InForce&) const = default;
};

class LineAgreements {
 public:
  // REQUIRES (CHECK): two parties with ids and names of their own.
  LineAgreements(airspace::PartyEntry a, airspace::PartyEntry b);

  // One that both have signed; the same one again changes nothing. Refuses (kInvalid, "/parties") one of other parties
  // or other names, (kTooLarge) more than kAgreementsOfLineMax.
  base::Result<void> Add(Agreement agreement);
  base::Result<void> RequireParties(const Agreement& agreement) const;
  // That of this digest, known or not, ends at `until`; of two such times at the earlier.
  void Denounce(const base::Digest& digest, base::UtcMicros until);

  InForce At(base::UtcMicros now) const;
  // What `in_force` means, which At gave.
  Terms TermsOf(const InForce& in_force) const;
  // Null for one that was never added.
  const Agreement* Find(const base::Digest& digest) const;
  // All that were added, the one that wins last.
  const std::vector<std::shared_ptr<const Agreement>>& all() const { return agreements_; }

 private:
  airspace::PartyEntry a_, b_;
  std::vector<std::shared_ptr<const Agreement>> agreements_;  // the one that wins last
  std::map<base::Digest, base::UtcMicros> denounced_;
};

// The rules while the line is lost: every separation wider by what the parties agreed on (MECHANISM 6.2), within
// limits.h. Their digest is the SHA-256 of "wideberth lost line 1\n" and the digest of the rules, so that both sides
// name alike what they judge under. Without a widening they are the same rules.
airspace::Rules WhileLost(const Terms& terms);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_IN_FORCE_H_
