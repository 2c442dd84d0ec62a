// A disk with one file that batches are appended to, and that a power cut may tear.
//
// In the file a batch is its length (4 bytes), the first 8 bytes of its SHA-256, and its bytes. A batch is durable when
// a sync that began after it was appended has ended. A crash keeps what is durable, and of the rest any beginning,
// perhaps with a bit flipped in it; recovery reads whole batches and cuts the file off behind the last.
//
// Deterministic; knows no time: whoever uses it says when a sync begins and ends.
#ifndef WIDEBERTH_SIM_DISK_H_
#define WIDEBERTH_SIM_DISK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"

namespace wideberth::sim {

class Disk {
 public:
  // Returns the number of batches then in the file.
  size_t Append(base::ByteView batch);

  size_t batches() const { return ends_.size(); }
  size_t durable() const { return durable_; }
  // EndSync takes what BeginSync returned.
  size_t BeginSync() const { return ends_.size(); }
  void EndSync(size_t batches) { durable_ = batches; }

  // Power is gone. True when a batch was torn.
  bool Crash(base::SeededRandom* random);
  // The whole batches in the file; all are durable then.
  std::vector<base::Bytes> Recover();
  // A disk that forgets what it had called durable: for faults that must be caught.
  void Replace(const std::vector<base::Bytes>& batches);

 private:
  base::Bytes file_;
  std::vector<size_t> ends_;  // of each batch in the file
  size_t durable_ = 0;        // batches
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_DISK_H_
