// What the contract tests need of a store's disk, and the naive model that they hold a store against.
#ifndef WIDEBERTH_STORE_TESTING_HARNESS_H_
#define WIDEBERTH_STORE_TESTING_HARNESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "store/store.h"

namespace wideberth::store::testing {

// One disk with one store on it, and what can happen to it.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  // The store opened before must be destroyed.
  virtual base::Result<std::unique_ptr<Store>> Open() = 0;
  // The process dies: the open store does nothing more, not even when it is destroyed. What it wrote is there.
  virtual void Kill() = 0;
  // The machine dies: of what was not synced some is lost; `seed` chooses.
  virtual void CutPower(uint64_t seed) = 0;
  // The nth write or sync from now fails, once; 0 for none.
  virtual void FailOperation(uint64_t nth) = 0;
};
using HarnessFactory = std::function<std::unique_ptr<StoreHarness>()>;

// All that a store holds, read through its contract.
struct Content {
  std::vector<std::pair<base::UtcMicros, base::Bytes>> batches;
  std::map<std::string, std::string> meta;
  uint64_t projected_seq = 0;
  std::map<uint64_t, base::Bytes> rows;

  bool operator==(const Content&) const = default;
};

base::Bytes RandomBytes(base::SeededRandom& random, size_t size);
// Reads all batches from `from_seq`, checking seq and chain against an independent computation.
base::Result<Content> ReadContent(Store& store, const std::vector<std::string>& meta_keys = {});
// Batches 1 to n, of `size` bytes each, drawn from `seed`.
void AppendBatches(Store& store, uint64_t count, size_t size, uint64_t seed);
// Random operations, faults, kills and power cuts against a naive model.
void RunModel(StoreHarness& harness, uint64_t seed);

}  // namespace wideberth::store::testing

#endif  // WIDEBERTH_STORE_TESTING_HARNESS_H_
