// What stands in a store, beyond that it stands whole: every batch and row decodes, and the projection with the log
// behind it gives the same state, byte for byte, as the whole log alone; and every entry of a line is signed by the key
// that was in force at its number.
#ifndef WIDEBERTH_APPS_WIDEBERTH_FSCK_PAYLOAD_H_
#define WIDEBERTH_APPS_WIDEBERTH_FSCK_PAYLOAD_H_

#include <vector>

#include "airspace/state.h"
#include "base/result.h"
#include "service/contents.h"
#include "service/line_signatures.h"
#include "store/check.h"
#include "store/store.h"

namespace wideberth::fsck {

class PayloadCheck {
 public:
  // The store outlives it.
  explicit PayloadCheck(store::Store& store) : replayed_(store), restored_(store) {}

  // For CheckStore: they decode what it reads and build the two states.
  store::CheckVisitors Visitors();

  // Once CheckStore has found the store whole: applies the log behind the projection and compares.
  std::vector<base::Error> Compare(store::Store& store);

  airspace::State::Statistics statistics() const { return replayed_.airspace().GetStatistics(); }

 private:
  service::Contents replayed_;  // from the log alone
  service::Contents restored_;  // from the projection and the log behind it
  service::LineSignatures signatures_;
};

}  // namespace wideberth::fsck

#endif  // WIDEBERTH_APPS_WIDEBERTH_FSCK_PAYLOAD_H_
