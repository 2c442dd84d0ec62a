// Whether every entry of the logs of the lines is signed by the key that was in force at its number.
//
// A node verifies a message once, when it comes; this does it again, over a whole store. Costs a signature check an
// entry (60 us). Not thread-safe.
#ifndef WIDEBERTH_SERVICE_LINE_SIGNATURES_H_
#define WIDEBERTH_SERVICE_LINE_SIGNATURES_H_

#include <cstdint>
#include <map>

#include "base/result.h"
#include "line/line_state.h"
#include "store/store.h"

namespace wideberth::service {

class LineSignatures {
 public:
  // Batches from the first on, in order. Refuses (kStorage; the line, whose log and the number) an entry that is out of
  // order, under another key than that of its number, or in a log whose keys are not known.
  base::Result<void> Check(const store::Batch& batch);

  uint64_t checked() const { return checked_; }

 private:
  base::Result<void> CheckEffect(uint32_t line, const line::Effect& effect);

  std::map<uint32_t, line::LineState> lines_;
  uint64_t checked_ = 0;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_LINE_SIGNATURES_H_
