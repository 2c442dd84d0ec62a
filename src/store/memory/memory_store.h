// The store of the simulator and of tests: the contract of store/store.h over a MemoryDisk.
//
// Thread-safe. Append costs a copy of the batch and its SHA-256; nothing sleeps and nothing is
// drawn at random, so a run with one seed is the same run every time.
#ifndef WIDEBERTH_STORE_MEMORY_MEMORY_STORE_H_
#define WIDEBERTH_STORE_MEMORY_MEMORY_STORE_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/memory/memory_disk.h"
#include "store/store.h"

namespace wideberth::store::memory {

class MemoryStore final : public Store {
 public:
  // Recovers what the disk holds. Refuses with kStorage while another store is open on the disk, on
  // damage, and when the projection is complete further than the log goes. A record that a crash
  // cut short is dropped.
  static base::Result<std::unique_ptr<MemoryStore>> Open(std::shared_ptr<MemoryDisk> disk);
  ~MemoryStore() override;

  base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) override;
  uint64_t last_seq() const override;
  base::Digest last_chain() const override;
  base::Result<void> Replay(uint64_t from_seq, const BatchVisitor& visit) override;
  base::Result<void> WriteProjection(uint64_t projected_seq,
                                     std::span<const ProjectionRow> rows) override;
  uint64_t projected_seq() const override;
  base::Result<void> ReadProjection(const RowVisitor& visit) override;
  base::Result<void> ClearProjection() override;
  base::Result<int64_t> FreeBytes() const override;
  base::Result<void> PutMeta(std::string_view key, std::string_view value) override;
  base::Result<std::optional<std::string>> GetMeta(std::string_view key) override;

 private:
  MemoryStore(std::shared_ptr<MemoryDisk> disk, MemoryDisk::Session session)
      : disk_(std::move(disk)), session_(session) {}

  base::Result<void> RecoverLog();
  base::Result<void> RecoverProjection();
  base::Result<void> VisitBatch(base::ByteView payload, uint64_t seq, const BatchVisitor& visit,
                                base::Digest& chain) const;
  base::Result<void> WriteRecord(std::string_view file, base::ByteView record);
  base::Digest LastChain() const;
  base::Result<void> Poison(base::Error cause);

  const std::shared_ptr<MemoryDisk> disk_;
  const MemoryDisk::Session session_;
  mutable std::mutex mutex_;
  std::optional<base::Error> poison_;
  std::optional<base::Error> projection_poison_;
  // Of each batch, the first that has number 1: where its record stands in the log, and its chain value.
  struct Place {
    size_t offset;
    size_t bytes;
    base::Digest chain;
  };
  std::vector<Place> places_;
  std::map<std::string, std::string, std::less<>> meta_;
  uint64_t projected_seq_ = 0;
  std::map<uint64_t, base::Bytes> rows_;
  size_t projection_file_bytes_ = 0;
};

}  // namespace wideberth::store::memory

#endif  // WIDEBERTH_STORE_MEMORY_MEMORY_STORE_H_
