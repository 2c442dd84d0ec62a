// A disk in memory, for the simulator and for tests: what is written reaches it at once, and
// survives a power cut only after a sync. It outlives the stores opened on it: destroying a
// MemoryStore is the crash of the process, CutPower the crash of the machine.
//
//   auto disk = std::make_shared<MemoryDisk>();
//   auto store = MemoryStore::Open(disk);
//   disk->FailSync(1);           // the next sync fails
//   store->Append(1, now, bytes) // refused; the store is poisoned
//   disk->CutPower(0);
//   store = MemoryStore::Open(disk);  // what was durable, and nothing else
//
// Deterministic: no thread, no clock, no randomness of its own. Not thread-safe beyond what
// MemoryStore promises.
#ifndef WIDEBERTH_STORE_MEMORY_MEMORY_DISK_H_
#define WIDEBERTH_STORE_MEMORY_MEMORY_DISK_H_

#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::store::memory {

class MemoryDisk {
 public:
  // Faults. `nth` counts from now, 1 being the next operation of the kind; each fires once.
  // A failing write leaves its first `bytes_kept` bytes on the disk.
  void FailWrite(uint64_t nth, size_t bytes_kept = 0);
  void FailSync(uint64_t nth);

  // The machine stops: of the bytes not synced the first `unsynced_bytes_kept` of each file
  // survive. A store that is open refuses from here on.
  void CutPower(size_t unsynced_bytes_kept = 0);

  // What a backup holds: the bytes that were synced. To bring it back is another disk, on which no fault is planned.
  // REQUIRES (CHECK): no store has this one.
  using Files = std::map<std::string, base::Bytes, std::less<>>;
  Files Durable() const;
  void BringBack(const Files& files);

  // Damage: flips bit `bit` (0 to 7) of a byte, or cuts a file to `size` bytes. The files are "log"
  // and "projection".
  void FlipBit(std::string_view file, size_t offset, int bit);
  void Truncate(std::string_view file, size_t size);
  size_t FileSize(std::string_view file) const;

  void set_free_bytes(int64_t bytes);
  int64_t free_bytes() const;

  // For MemoryStore. Writes append; reading past the end gives what there is.
  using Session = uint64_t;
  base::Result<Session> Mount();  // refuses while another store has the disk
  void Unmount(Session session);
  base::Bytes Read(std::string_view file, size_t offset = 0,
                   size_t size_max = std::numeric_limits<size_t>::max()) const;
  base::Result<void> Write(Session session, std::string_view file, base::ByteView bytes);
  base::Result<void> Sync(Session session, std::string_view file);
  // Replaces the whole content, durable when it returns (the write-sync-rename of a real disk as
  // one step: it counts as one write and one sync).
  base::Result<void> Replace(Session session, std::string_view file, base::ByteView bytes);

 private:
  struct File {
    base::Bytes bytes;
    size_t synced = 0;
  };
  base::Result<void> BeginOperation(Session session, uint64_t& countdown, std::string_view what);

  mutable std::mutex mutex_;
  std::map<std::string, File, std::less<>> files_;
  uint64_t writes_until_failure_ = 0;  // 0: none
  uint64_t syncs_until_failure_ = 0;
  size_t failing_write_bytes_kept_ = 0;
  int64_t free_bytes_ = std::numeric_limits<int64_t>::max();
  Session mounted_ = 0;  // 0: by no store
  Session last_session_ = 0;
};

}  // namespace wideberth::store::memory

#endif  // WIDEBERTH_STORE_MEMORY_MEMORY_DISK_H_
