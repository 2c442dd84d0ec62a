// One line inside the core; inside mechanism only.
#ifndef WIDEBERTH_MECHANISM_CORE_LINE_H_
#define WIDEBERTH_MECHANISM_CORE_LINE_H_

#include <bitset>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "mechanism/core.h"

namespace wideberth::mechanism {

inline constexpr std::string_view kActType = "act";
inline constexpr std::string_view kOperatorKeysType = "operator-keys";
inline constexpr std::string_view kBasisType = "basis";
inline constexpr std::string_view kLineCheckType = "line-check";
inline constexpr std::string_view kIncursionRepeatType = "incursion-repeat";
inline constexpr std::string_view kForwardedType = "forwarded";
inline constexpr std::string_view kStandingHazardType = "standing-hazard";

// Free text takes the policy lane, and so does what belongs to dealings that are not about the present moment.
inline bool IsOnPolicyLane(operators::ActKind kind) {
  return kind == operators::ActKind::kSendPolicyText ||
         kind == operators::ActKind::kEnterExchange ||
         kind == operators::ActKind::kProposeReadout || kind == operators::ActKind::kSignReadout ||
         kind == operators::ActKind::kPublishStatement;
}

// Matters about a line as a whole have the peer's id as their subject.
inline base::Digest SubjectOf(base::PartyId peer) {
  return crypto::Sha256(peer.uuid.bytes);
}

inline bool IsAboutAgreements(operators::ActKind kind) {
  return kind == operators::ActKind::kProposeAgreement ||
         kind == operators::ActKind::kSignAgreement ||
         kind == operators::ActKind::kDenounceAgreement;
}

// When something was said (airspace::Command): as it was signed. A drill has a clock of its own on each side.
inline std::optional<base::UtcMicros> SaidAt(airspace::DataMode mode, base::UtcMicros at) {
  return mode == airspace::DataMode::kReal ? std::optional(at) : std::nullopt;
}
inline std::optional<base::UtcMicros> SaidAt(const Act& act) {
  return SaidAt(act.data_mode, act.at);
}

struct Core::Line {
  Line(base::PartyId peer_id, uint32_t line_number, size_t path_count, line::Endpoint machine)
      : peer(peer_id), number(line_number), paths(path_count), endpoint(std::move(machine)) {}

  // Whether nothing is signed on this line (line::OldCopy) while the others are told; then it is noted, and a person is
  // to see to it that the peer hears of it in another way.
  bool HoldsBack(Core* core, const ActRequest& request, base::NoticeId notice,
                 base::UtcMicros now) const;

  const base::PartyId peer;
  const uint32_t number;
  const size_t paths;
  std::bitset<limits::kLinePathsMax> paths_up;
  // The operators' keys are still to be sent: at every start, which is how a peer that was enrolled later learns them.
  bool announce = true;
  bool keys_refused = false;            // said once
  std::optional<uint64_t> old_copy_of;  // while nothing is signed: how much of our log was here
  line::Endpoint endpoint;
};

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_CORE_LINE_H_
