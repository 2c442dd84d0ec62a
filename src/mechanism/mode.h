// At what time a command is decided: each data mode has a time of its own, which never runs backwards.
#ifndef WIDEBERTH_MECHANISM_MODE_H_
#define WIDEBERTH_MECHANISM_MODE_H_

#include "airspace/command.h"
#include "airspace/state.h"
#include "base/time.h"

namespace wideberth::mechanism {

// The mode of what the command is about; REAL where it is about nothing that is there.
airspace::DataMode ModeOf(const airspace::State& state, const airspace::Command& command);

// max(last decided, clock): REAL follows `clock`; EXERCISE and TEST follow it too until a SetClock gives them a clock
// of their own.
base::UtcMicros NowOf(const airspace::State& state, airspace::DataMode mode, base::UtcMicros clock);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_MODE_H_
