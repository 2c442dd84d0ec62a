// How what is on the desk is written; inside api/node only.
#ifndef WIDEBERTH_API_NODE_DESK_VIEWS_H_
#define WIDEBERTH_API_NODE_DESK_VIEWS_H_

#include "airspace/rules.h"
#include "json/writer.h"
#include "mechanism/desk.h"

namespace wideberth::api::node {

void WriteMatter(json::Writer* json, const mechanism::Matter& matter,
                 const airspace::RuleBook& rules);
void WriteThirdParty(json::Writer* json, const mechanism::ThirdPartyDuty& duty,
                     const airspace::RuleBook& rules);
void WriteCall(json::Writer* json, const mechanism::Call& call, const airspace::RuleBook& rules);
// In milliseconds: {"count": 3, "mean_ms": 12.5, "p50_ms": ..., "p95_ms": ..., "max_ms": ...}; without those when
// nothing was counted. Quantiles are upper bounds within a factor of two.
void WriteDurations(json::Writer* json, const mechanism::Durations& durations);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_DESK_VIEWS_H_
