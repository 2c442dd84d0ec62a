// One batch of the log: everything one turn of the sequencer changed, in four parts.
//
//   varint length, effects of the airspace (airspace/codec.h)
//   varint length, effects of the lines: varint of the line, effect (line/line_state.h), and so on
//   varint length, effects of the DSS (dss/effects.h)
//   effects of the desk (mechanism/desk.h) to the end
//
// Every effect is absolute, so the parts may be applied one after another.
#ifndef WIDEBERTH_SERVICE_BATCH_H_
#define WIDEBERTH_SERVICE_BATCH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "airspace/effects.h"
#include "base/bytes.h"
#include "base/result.h"
#include "dss/effects.h"
#include "line/line_state.h"
#include "mechanism/desk.h"
#include "store/store.h"

namespace wideberth::service {

class BatchWriter {
 public:
  void Add(std::span<const airspace::Effect> effects);
  void Add(uint32_t line, const line::Effect& effect);
  void Add(const dss::Effect& effect);
  void Add(const mechanism::DeskEffect& effect);

  bool empty() const { return size() == 0; }
  size_t size() const { return airspace_.size() + lines_.size() + dss_.size() + desk_.size(); }
  base::Bytes Encode() const;

 private:
  base::Bytes airspace_;
  base::Bytes lines_;
  base::Bytes dss_;
  base::Bytes desk_;
};

struct BatchVisitor {
  std::function<void(std::vector<airspace::Effect>)> airspace;
  std::function<void(uint32_t line, line::Effect)> line;
  std::function<void(dss::Effect)> dss;
  std::function<void(mechanism::DeskEffect)> desk;
};

// Strict; refuses (kStorage) what BatchWriter did not write. Parts without a function are checked for their form alone,
// or passed over where that needs decoding.
base::Result<void> ReadBatch(base::ByteView bytes, const BatchVisitor& visitor);

// The batch of that number in the store. Refuses (kStorage) one that is not there.
base::Result<void> ReadStoredBatch(store::Store& store, uint64_t seq, const BatchVisitor& visitor);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_BATCH_H_
