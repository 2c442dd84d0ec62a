// The contract of a store: an append-only log of batches, which is the truth, and a projection, which makes restart fast.
//
// **Log.** A batch is what the sequencer decided in one go: opaque bytes (encoded effects) with a gapless sequence number
// that starts at 1 and the sequencer's time. Append returns only when the batch is durable: a crash at any instant leaves
// either the whole batch or nothing of it. A failed Append is final: the store is *poisoned*, every later call refuses
// with kStorage, and the process is expected to stop and recover by restart, because after a failed fsync nobody knows
// what the disk holds. Each batch is chained to the one before it by SHA-256, so that a flipped bit, a missing or a
// swapped batch is found when it is read.
//
// **Projection.** Rows of opaque bytes under 64-bit keys, plus the sequence number up to which they are complete. It is a
// *fuzzy checkpoint*: every row reflects at least `projected_seq` and at most the last durable batch, and applying the
// log after projected_seq to it gives the state (effects are idempotent, airspace/effects.h). It can be deleted at any
// time and is rebuilt from the log. Each row carries a checksum.
//
// All stores pass the same tests: store/testing/contract.h.
//
// Threads: Append from one thread at a time (the sequencer). WriteProjection from one other thread. The rest from any
// thread, except that ReadProjection and Replay are meant for start-up and fsck.
#ifndef WIDEBERTH_STORE_STORE_H_
#define WIDEBERTH_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::store {

struct Batch {
  uint64_t seq = 0;
  base::UtcMicros time;
  base::ByteView bytes;  // valid during the callback
  base::Digest chain;    // SHA-256(previous chain || seq u64be || time i64be || bytes); all zero before batch 1
};

struct ProjectionRow {
  uint64_t key = 0;
  std::optional<base::ByteView> bytes;  // absent: the row is removed
};

class Store {
 public:
  virtual ~Store() = default;

  // Durable when it returns. REQUIRES (CHECK): seq == last_seq() + 1.
  virtual base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) = 0;
  virtual uint64_t last_seq() const = 0;
  virtual base::Digest last_chain() const = 0;

  // Calls `visit` for every batch with seq >= from_seq in order, verifying the chain; stops at the first error.
  virtual base::Result<void> Replay(
      uint64_t from_seq, const std::function<base::Result<void>(const Batch&)>& visit) = 0;

  // One transaction: the rows and the number that they are complete up to.
  virtual base::Result<void> WriteProjection(uint64_t projected_seq,
                                             std::span<const ProjectionRow> rows) = 0;
  virtual uint64_t projected_seq() const = 0;
  // In ascending key order; rows with a wrong checksum are an error.
  virtual base::Result<void> ReadProjection(
      const std::function<base::Result<void>(uint64_t key, base::ByteView bytes)>& visit) = 0;
  // Forgets the projection: the next start replays the whole log.
  virtual base::Result<void> ClearProjection() = 0;

  // Bytes free where the store lives; refuses when it cannot be told.
  virtual base::Result<int64_t> FreeBytes() const = 0;

  // Small facts of the node that must be durable before it serves (format of the payload, rules digest): at most 64
  // keys of 64 bytes, values of 4 kB.
  virtual base::Result<void> PutMeta(std::string_view key, std::string_view value) = 0;
  virtual base::Result<std::optional<std::string>> GetMeta(std::string_view key) = 0;
};

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_STORE_H_
