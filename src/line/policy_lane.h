// Closing and opening the policy lane: the body of "policy-lane.v1", {"suspended": bool}, sent on the safety lane,
// which is never closed. Each side opens only what it has closed itself. Pure.
#ifndef WIDEBERTH_LINE_POLICY_LANE_H_
#define WIDEBERTH_LINE_POLICY_LANE_H_

#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::line {

inline constexpr std::string_view kPolicyLaneType = "policy-lane";

std::string WritePolicyLane(bool suspended);
base::Result<bool> ReadPolicyLane(std::string_view body);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_POLICY_LANE_H_
