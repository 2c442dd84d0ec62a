// One line inside the core; inside mechanism only.
#ifndef WIDEBERTH_MECHANISM_CORE_LINE_H_
#define WIDEBERTH_MECHANISM_CORE_LINE_H_

#include <bitset>
#include <map>
#include <optional>
#include <utility>
#include <vector>

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
inline line::Lane LaneOf(operators::ActKind kind) {
  using enum operators::ActKind;
  const bool policy = kind == kSendPolicyText || kind == kEnterExchange ||
                      kind == kProposeReadout || kind == kSignReadout || kind == kPublishStatement;
  return policy ? line::Lane::kPolicy : line::Lane::kSafety;
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

// All that have signed on a line.
inline std::vector<crypto::PublicKey> KeysOf(const line::LogState& log) {
  std::vector<crypto::PublicKey> keys;
  for (const line::KeyEpoch& epoch : log.keys) keys.push_back(epoch.key);
  return keys;
}

// Whether two keys are of one account: a person with a new key is no second person.
inline bool AreOfOnePerson(const Desk& desk, std::string_view a, std::string_view b) {
  if (a == b) return true;
  for (const auto& [name, account] : desk.accounts()) {
    size_t found = 0;
    for (const operators::OperatorKey& key : operators::OperatorKeysOf(account)) {
      if (key.key_id == a || key.key_id == b) ++found;
    }
    if (found > 0) return found == 2;
  }
  return false;
}

// When something was said (airspace::Command): as it was signed. A drill has a clock of its own on each side.
inline std::optional<base::UtcMicros> SaidAt(airspace::DataMode mode, base::UtcMicros at) {
  return mode == airspace::DataMode::kReal ? std::optional(at) : std::nullopt;
}
inline std::optional<base::UtcMicros> SaidAt(const Act& act) {
  return SaidAt(act.data_mode, act.at);
}

// Of one line: a peer may receipt what there never was, and speak of conflicts that there never will be.
inline constexpr size_t kReceiptsEarlyMax = 100'000;
inline constexpr size_t kSaidEarlyMax = 1'000;

struct Core::Line {
  Line(base::PartyId peer_id, uint32_t line_number, size_t path_count, line::Endpoint machine)
      : peer(peer_id), number(line_number), paths(path_count), endpoint(std::move(machine)) {}

  // core_again.cc. Whether nothing is signed on this line (line::OldCopy) while the others are told; then it is
  // noted, and a person is to see to it that the peer hears of it in another way, until it can be sent.
  bool HoldsBack(Core* core, const ActRequest& request, base::NoticeId notice,
                 base::UtcMicros now) const;
  void Hold(Core* core, const NoticeVersionRef& act, std::string_view envelope,
            bool standing) const;
  // What is held back on this line goes out, as far as it is still to be said, and is agreed.
  void SendHeldBack(Core* core, line::Now now);
  base::Result<bool> SendHeld(Core* core, const HeldBack& held, const airspace::Notice& notice,
                              line::Now now);
  // It was said on this line before the store was set back, and has been given back; whether it was known to be.
  bool TakeFromHeld(Core* core, const base::Digest& act) const;

  // core_conflicts.cc. The peer has marked a conflict as seen, or proposed measures, that is not live on this node,
  // or not yet; and when it is.
  void KeepSaid(const Core& core, const base::Digest& conflict, const ConflictVersions& looked_at,
                std::optional<std::string> measures);
  void TakeSaid(Core* core, const airspace::Conflict& conflict, base::UtcMicros now);

  const base::PartyId peer;
  const uint32_t number;
  const size_t paths;
  std::bitset<limits::kLinePathsMax> paths_up;
  // The operators' keys are still to be sent: at every start, which is how a peer that was enrolled later learns them.
  bool announce = true;
  bool keys_refused = false;            // said once
  std::optional<uint64_t> old_copy_of;  // while nothing is signed: how much of our log was here
  // Receipts of what is still to be given back: a peer that this node waits for no more comes before it.
  struct EarlyReceipt {
    base::UtcMicros at;  // by the peer, as it signed the receipt
    base::UtcMicros taken;
  };
  std::map<base::Digest, EarlyReceipt> receipts_early;  // while old_copy_of
  // What the peer comes to by its clock, or knew earlier, this node may come to later: another agreement, above all. In
  // memory alone: a start forgets it.
  struct SaidEarly {
    ConflictVersions looked_at;
    bool seen = false;
    std::optional<std::string> measures;
  };
  std::map<base::Digest, SaidEarly> said_early;  // by conflict
  line::Endpoint endpoint;
};

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_CORE_LINE_H_
