// What changes from one agreement to another, in lines that a person reads before signing.
//
//   separation activity x hazard: lateral 9,260 m -> 18,520 m
//   deadline stop_call: routine 30 s -> 20 s
//   contact north duty: extension 4 (none) -> second duty officer
//
// Pure; any thread.
#ifndef WIDEBERTH_AGREEMENT_DIFF_H_
#define WIDEBERTH_AGREEMENT_DIFF_H_

#include <map>
#include <string>
#include <vector>

#include "agreement/agreement.h"

namespace wideberth::agreement {

// Everything an agreement says, as what -> value ("separation activity x hazard: lateral" -> "9,260 m"). Two texts that
// mean the same give the same, however they write it.
std::map<std::string, std::string> Describe(const Agreement& agreement);

// One line for each difference, in order of what. Empty exactly when the two mean the same; their texts may still
// differ in comments, order and spelling.
std::vector<std::string> Diff(const Agreement& a, const Agreement& b);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_DIFF_H_
