// The agreements of simulated lines: texts that two parties may sign. They differ in what nodes work by: separations,
// deadlines, and by how much a lost line widens. Each ends at once when it is denounced.
#ifndef WIDEBERTH_SIM_AGREEMENTS_H_
#define WIDEBERTH_SIM_AGREEMENTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "airspace/rules.h"
#include "base/random.h"
#include "base/time.h"

namespace wideberth::sim {

struct AgreementTimes {
  base::UtcMicros from;
  std::optional<base::UtcMicros> expires;
};

// The whole text, for agreement::ParseAgreement. What is not asked for is drawn.
std::string DrawAgreement(const std::array<airspace::PartyEntry, 2>& parties,
                          const AgreementTimes& times, base::SeededRandom* random);

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_AGREEMENTS_H_
