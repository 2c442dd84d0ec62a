// The contract of a store: an append-only log of batches, which is the truth, and a projection,
// which makes restart fast.
//
// **Log.** A batch is what the sequencer decided in one go: opaque bytes (encoded effects) with a
// gapless sequence number that starts at 1 and the sequencer's time. Append returns only when the
// batch is durable: a crash at any instant leaves either the whole batch or nothing of it. A failed
// Append is final: the store is *poisoned*, every later call refuses with kStorage, and the process
// is expected to stop and recover by restart, because after a failed fsync nobody knows what the
// disk holds. Opening writes what it recovers to the disk again before it is served. Each batch is
// chained to the one before it by SHA-256, so that a flipped bit, a missing or a swapped batch is
// found when it is read.
//
// **Projection.** Rows of opaque bytes under 64-bit keys, plus the sequence number up to which they
// are complete. It is a *fuzzy checkpoint*: every row reflects at least `projected_seq` and at most
// the last durable batch, and applying the log after projected_seq to it gives the state (effects
// are idempotent, airspace/effects.h). A big projection may therefore be written in several calls
// that keep the old projected_seq until the last one. It can be deleted at any time and is rebuilt
// from the log. Each row carries a checksum, and so does the set of rows. A failed WriteProjection
// poisons the projection alone: the log goes on, and the projection refuses until it is cleared or
// reopened.
//
// A projection that is complete further than the log goes proves that durable batches are lost:
// opening refuses.
//
// All stores pass the same tests: store/testing/contract.h.
//
// Threads: Append from one thread at a time (the sequencer). WriteProjection from one other thread.
// The rest from any thread, except that ReadProjection and Replay are meant for start-up and fsck.
// A visitor must not call its store.
#ifndef WIDEBERTH_STORE_STORE_H_
#define WIDEBERTH_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::store {

struct Batch {
  uint64_t seq = 0;
  base::UtcMicros time;
  base::ByteView bytes;  // valid during the callback
  base::Digest chain;    // ChainBatch of store/chain.h; all zero before batch 1
};

struct ProjectionRow {
  uint64_t key = 0;
  std::optional<base::ByteView> bytes;  // absent: the row is removed
};

using BatchVisitor = std::function<base::Result<void>(const Batch&)>;
using RowVisitor = std::function<base::Result<void>(uint64_t key, base::ByteView bytes)>;

// The meta fact of a store that may be an old copy of itself: "yes" from when that was found, or said, until whoever
// runs it has made sure.
inline constexpr std::string_view kRestoredFact = "restored";

class Store {
 public:
  virtual ~Store() = default;

  // Durable when it returns. REQUIRES (CHECK): seq == last_seq() + 1 (unless poisoned). More than
  // limits::kStoreBatchBytesMax is refused with kTooLarge, and nothing else changes.
  virtual base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) = 0;
  virtual uint64_t last_seq() const = 0;
  virtual base::Digest last_chain() const = 0;

  // Calls `visit` for every batch with seq >= from_seq in order, verifying the chain; stops at the
  // first error, which may be the visitor's. Starts from the stored chain value of from_seq - 1.
  // REQUIRES (CHECK): from_seq >= 1.
  virtual base::Result<void> Replay(uint64_t from_seq, const BatchVisitor& visit) = 0;

  // One transaction: the rows, in order (of two rows with one key the later holds), and the number
  // that they are complete up to. REQUIRES (CHECK): projected_seq() <= projected_seq <= last_seq()
  // (unless poisoned). A row of more than limits::kStoreRowBytesMax is refused with kTooLarge, and
  // nothing else changes.
  virtual base::Result<void> WriteProjection(uint64_t projected_seq,
                                             std::span<const ProjectionRow> rows) = 0;
  virtual uint64_t projected_seq() const = 0;
  // In ascending key order. A row with a wrong checksum is an error, and so is, at the end, a set
  // of rows that is not the one written: on an error the caller drops what it was given, clears the
  // projection and replays the log.
  virtual base::Result<void> ReadProjection(const RowVisitor& visit) = 0;
  // Forgets the projection: the next start replays the whole log.
  virtual base::Result<void> ClearProjection() = 0;

  // Bytes free where the store lives; refuses when it cannot be told.
  virtual base::Result<int64_t> FreeBytes() const = 0;

  // Small facts of the node that must be durable before it serves (format of the payload, rules
  // digest). Keys of 1 to limits::kStoreMetaKeyBytesMax bytes, values up to
  // kStoreMetaValueBytesMax, at most kStoreMetaKeysMax of them; beyond that kTooLarge, and nothing
  // changes. A failed write poisons, as Append does.
  virtual base::Result<void> PutMeta(std::string_view key, std::string_view value) = 0;
  virtual base::Result<std::optional<std::string>> GetMeta(std::string_view key) = 0;
};

// What every store refuses before it touches a disk, so that all refuse alike.
base::Result<void> CheckBatchLimits(base::ByteView bytes);
base::Result<void> CheckRowLimits(std::span<const ProjectionRow> rows);
// `keys` is the number of keys there would be afterwards.
base::Result<void> CheckMetaLimits(std::string_view key, std::string_view value, size_t keys);
// The refusal of a poisoned store or projection; `cause` is what failed first.
base::Unexpected Poisoned(std::string_view what, const base::Error& cause);

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_STORE_H_
