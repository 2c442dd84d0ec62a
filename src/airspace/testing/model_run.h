// Decide, Apply and the index against a naive reimplementation: a list of notices, every pair of volumes looked at.
#ifndef WIDEBERTH_AIRSPACE_TESTING_MODEL_RUN_H_
#define WIDEBERTH_AIRSPACE_TESTING_MODEL_RUN_H_

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace wideberth::airspace::testing {

struct ModelCoverage {
  size_t commands = 0;
  size_t refusals = 0;
  size_t conflicts_seen = 0;   // live conflicts, summed over all comparisons
  size_t local_conflicts = 0;  // of those, with a held notice
  size_t unions = 0;           // notices of which several versions were checked, likewise
  size_t bilateral =
      0;  // of a union, that are fewer against one recipient than against another, likewise
  size_t read_backs = 0;  // that were not refused
};

// Turns `bytes` into commands (4 to 8 bytes each), runs them, and compares after each. Invariants checked:
//
//   - the live conflicts after a tick are those of the naive model, with its treatments and verdicts;
//   - the versions that are checked are those of the model, which keeps its own book of declarations and read-backs;
//   - no answer has a conflict that is not the asker's to know;
//   - a refused command changes nothing;
//   - State::SanityCheck holds;
//   - at the end, replaying the log, and restoring from a fuzzy checkpoint and the rest of the log, each give the same
//     canonical bytes.
//
// Returns what differs, in words; empty when all agree.
std::string RunAgainstModel(base::ByteView bytes, ModelCoverage* coverage);

}  // namespace wideberth::airspace::testing

#endif  // WIDEBERTH_AIRSPACE_TESTING_MODEL_RUN_H_
