#include "store/memory/memory_store.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "store/chain.h"
#include "store/checksum.h"

namespace wideberth::store::memory {
namespace {

constexpr std::string_view kLog = "log";
constexpr std::string_view kProjection = "projection";

// A file is a row of records: kind, payload size, checksum of both and of the payload, payload. A
// write that was cut short leaves a prefix of a record, so an incomplete last record is a crash and
// a wrong checksum is damage.
enum class Kind : uint64_t { kBatch = 1, kMeta = 2, kRows = 3 };
constexpr size_t kHeaderBytes = 32;
// Below this the projection's file is not worth rewriting.
constexpr size_t kProjectionRewriteBytesMin = 1024 * 1024;

class Writer {
 public:
  void U64(uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  void Raw(base::ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void Sized(base::ByteView bytes) {
    U64(bytes.size());
    Raw(bytes);
  }
  base::ByteView bytes() const { return bytes_; }

 private:
  base::Bytes bytes_;
};

// Reads only payloads whose checksum was right, so running over the end is a defect of ours.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : rest_(bytes) {}
  bool AtEnd() const { return rest_.empty(); }
  uint64_t U64() {
    const base::ByteView eight = Raw(8);
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value |= uint64_t{eight[i]} << (8 * i);
    return value;
  }
  base::ByteView Raw(size_t n) {
    CHECK(n <= rest_.size());
    const base::ByteView head = rest_.first(n);
    rest_ = rest_.subspan(n);
    return head;
  }
  base::ByteView Sized() { return Raw(U64()); }
  base::ByteView Rest() { return Raw(rest_.size()); }

 private:
  base::ByteView rest_;
};

base::Bytes EncodeRecord(Kind kind, base::ByteView payload) {
  Writer header;
  header.U64(static_cast<uint64_t>(kind));
  header.U64(payload.size());
  const uint64_t header_checksum = Checksum64(header.bytes(), 0);
  header.U64(header_checksum);
  header.U64(Checksum64(payload, header_checksum));
  base::Bytes record(header.bytes().begin(), header.bytes().end());
  record.insert(record.end(), payload.begin(), payload.end());
  return record;
}

base::Unexpected Damaged(std::string_view file, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, file, rule, found);
}

struct Record {
  Kind kind;
  base::ByteView payload;
};

// The next record at `offset`, which it moves on; nothing when the file ends there or inside the
// record.
base::Result<std::optional<Record>> NextRecord(std::string_view file, base::ByteView bytes,
                                               size_t& offset) {
  if (bytes.size() - offset < kHeaderBytes) return std::optional<Record>();
  Reader header(bytes.subspan(offset, kHeaderBytes));
  const auto kind = static_cast<Kind>(header.U64());
  const uint64_t size = header.U64();
  const uint64_t header_checksum = header.U64();
  const uint64_t payload_checksum = header.U64();
  const std::string at = "offset " + std::to_string(offset);
  if (Checksum64(bytes.subspan(offset, 16), 0) != header_checksum) {
    return Damaged(file, "must hold records with a right header checksum", at);
  }
  if (bytes.size() - offset - kHeaderBytes < size) return std::optional<Record>();
  const base::ByteView payload = bytes.subspan(offset + kHeaderBytes, size);
  if (Checksum64(payload, header_checksum) != payload_checksum) {
    return Damaged(file, "must hold records with a right checksum", at);
  }
  offset += kHeaderBytes + size;
  return std::optional<Record>(Record{kind, payload});
}

}  // namespace

base::Result<std::unique_ptr<MemoryStore>> MemoryStore::Open(std::shared_ptr<MemoryDisk> disk) {
  WB_ASSIGN_OR_RETURN(const MemoryDisk::Session session, disk->Mount());
  // From here the destructor unmounts.
  std::unique_ptr<MemoryStore> store(new MemoryStore(std::move(disk), session));
  WB_RETURN_IF_ERROR(store->RecoverLog());
  WB_RETURN_IF_ERROR(store->RecoverProjection());
  return store;
}

MemoryStore::~MemoryStore() {
  disk_->Unmount(session_);
}

// `chain`: that of the batch before, then of this one.
base::Result<void> MemoryStore::VisitBatch(base::ByteView payload, uint64_t seq,
                                           const BatchVisitor& visit, base::Digest& chain) const {
  Reader reader(payload);
  const uint64_t found_seq = reader.U64();
  const base::UtcMicros time{static_cast<int64_t>(reader.U64())};
  const base::ByteView stored_chain = reader.Raw(chain.bytes.size());
  const base::ByteView bytes = reader.Rest();
  if (found_seq != seq) {
    return Damaged(kLog, "must hold batch " + std::to_string(seq), std::to_string(found_seq));
  }
  chain = ChainBatch(chain, seq, time, bytes);
  if (!std::equal(stored_chain.begin(), stored_chain.end(), chain.bytes.begin())) {
    return Damaged(kLog, "batch " + std::to_string(seq) + " must continue the chain",
                   chain.ToHex());
  }
  return visit(Batch{seq, time, bytes, chain});
}

base::Result<void> MemoryStore::RecoverLog() {
  const base::Bytes log = disk_->Read(kLog);
  const auto visit = [](const Batch&) -> base::Result<void> { return {}; };
  size_t whole_bytes = 0;
  base::Digest chain;
  while (true) {
    const size_t offset = whole_bytes;
    WB_ASSIGN_OR_RETURN(const std::optional<Record> record, NextRecord(kLog, log, whole_bytes));
    if (!record) break;
    if (record->kind == Kind::kBatch) {
      WB_RETURN_IF_ERROR(VisitBatch(record->payload, places_.size() + 1, visit, chain));
      places_.push_back({offset, whole_bytes - offset, chain});
    } else if (record->kind == Kind::kMeta) {
      Reader payload(record->payload);
      const std::string key(base::AsText(payload.Sized()));
      meta_[key] = std::string(base::AsText(payload.Sized()));
    }
  }
  if (whole_bytes < log.size()) {
    return disk_->Replace(session_, kLog, base::ByteView(log).first(whole_bytes));
  }
  return log.empty() ? base::Result<void>() : disk_->Sync(session_, kLog);
}

base::Result<void> MemoryStore::RecoverProjection() {
  const base::Bytes file = disk_->Read(kProjection);
  size_t offset = 0;
  while (true) {
    WB_ASSIGN_OR_RETURN(const std::optional<Record> record, NextRecord(kProjection, file, offset));
    if (!record) break;
    Reader payload(record->payload);
    projected_seq_ = payload.U64();
    while (!payload.AtEnd()) {
      const uint64_t key = payload.U64();
      if (payload.U64() == 0) {
        rows_.erase(key);
      } else {
        const base::ByteView bytes = payload.Sized();
        rows_[key].assign(bytes.begin(), bytes.end());
      }
    }
  }
  if (projected_seq_ > places_.size()) {
    return Damaged(kLog,
                   "must reach batch " + std::to_string(projected_seq_) +
                       ", as the projection does; durable batches are lost",
                   "batch " + std::to_string(places_.size()));
  }
  projection_file_bytes_ = offset;
  if (offset < file.size()) {
    return disk_->Replace(session_, kProjection, base::ByteView(file).first(offset));
  }
  return file.empty() ? base::Result<void>() : disk_->Sync(session_, kProjection);
}

base::Result<void> MemoryStore::WriteRecord(std::string_view file, base::ByteView record) {
  WB_RETURN_IF_ERROR(disk_->Write(session_, file, record));
  return disk_->Sync(session_, file);
}

base::Result<void> MemoryStore::Poison(base::Error cause) {
  poison_ = cause;
  return base::Fail(std::move(cause));
}

base::Digest MemoryStore::LastChain() const {
  return places_.empty() ? base::Digest() : places_.back().chain;
}

base::Result<void> MemoryStore::Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  CHECK_MSG(seq == places_.size() + 1, "batches are appended without a gap");
  WB_RETURN_IF_ERROR(CheckBatchLimits(bytes));
  const base::Digest chain = ChainBatch(LastChain(), seq, time, bytes);
  Writer payload;
  payload.U64(seq);
  payload.U64(static_cast<uint64_t>(time.us));
  payload.Raw(chain.bytes);
  payload.Raw(bytes);
  const base::Bytes record = EncodeRecord(Kind::kBatch, payload.bytes());
  const size_t offset = disk_->FileSize(kLog);
  if (auto written = WriteRecord(kLog, record); !written) {
    return Poison(std::move(written).error());
  }
  places_.push_back({offset, record.size(), chain});
  return {};
}

uint64_t MemoryStore::last_seq() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

base::Digest MemoryStore::last_chain() const {
  const std::lock_guard lock(mutex_);
  return LastChain();
}

base::Result<void> MemoryStore::Replay(uint64_t from_seq, const BatchVisitor& visit) {
  CHECK(from_seq >= 1);
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  base::Digest chain =
      from_seq >= 2 && from_seq - 2 < places_.size() ? places_[from_seq - 2].chain : base::Digest();
  for (uint64_t seq = from_seq; seq <= places_.size(); ++seq) {
    const Place& place = places_[seq - 1];
    const base::Bytes bytes = disk_->Read(kLog, place.offset, place.bytes);
    size_t read = 0;
    WB_ASSIGN_OR_RETURN(const std::optional<Record> record, NextRecord(kLog, bytes, read));
    if (!record || record->kind != Kind::kBatch) {
      return Damaged(kLog, "must end with batch " + std::to_string(places_.size()),
                     "batch " + std::to_string(seq) + " is not there");
    }
    WB_RETURN_IF_ERROR(VisitBatch(record->payload, seq, visit, chain));
  }
  return {};
}

base::Result<void> MemoryStore::WriteProjection(uint64_t projected_seq,
                                                std::span<const ProjectionRow> rows) {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  if (projection_poison_) return Poisoned("projection", *projection_poison_);
  CHECK(projected_seq_ <= projected_seq && projected_seq <= places_.size());
  WB_RETURN_IF_ERROR(CheckRowLimits(rows));
  Writer payload;
  payload.U64(projected_seq);
  for (const ProjectionRow& row : rows) {
    payload.U64(row.key);
    payload.U64(row.bytes ? 1 : 0);
    if (row.bytes) payload.Sized(*row.bytes);
  }
  const base::Bytes record = EncodeRecord(Kind::kRows, payload.bytes());
  if (auto written = WriteRecord(kProjection, record); !written) {
    projection_poison_ = written.error();
    return written;
  }
  projection_file_bytes_ += record.size();
  projected_seq_ = projected_seq;
  for (const ProjectionRow& row : rows) {
    if (row.bytes) {
      rows_[row.key].assign(row.bytes->begin(), row.bytes->end());
    } else {
      rows_.erase(row.key);
    }
  }
  if (projection_file_bytes_ < kProjectionRewriteBytesMin) return {};
  Writer whole;
  whole.U64(projected_seq_);
  for (const auto& [key, bytes] : rows_) {
    whole.U64(key);
    whole.U64(1);
    whole.Sized(bytes);
  }
  if (projection_file_bytes_ < 2 * whole.bytes().size()) return {};
  const base::Bytes rewritten = EncodeRecord(Kind::kRows, whole.bytes());
  if (auto replaced = disk_->Replace(session_, kProjection, rewritten); !replaced) {
    projection_poison_ = replaced.error();
    return replaced;
  }
  projection_file_bytes_ = rewritten.size();
  return {};
}

uint64_t MemoryStore::projected_seq() const {
  const std::lock_guard lock(mutex_);
  return projected_seq_;
}

base::Result<void> MemoryStore::ReadProjection(const RowVisitor& visit) {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  if (projection_poison_) return Poisoned("projection", *projection_poison_);
  for (const auto& [key, bytes] : rows_) WB_RETURN_IF_ERROR(visit(key, bytes));
  return {};
}

base::Result<void> MemoryStore::ClearProjection() {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  if (auto replaced = disk_->Replace(session_, kProjection, {}); !replaced) {
    projection_poison_ = replaced.error();
    return replaced;
  }
  projection_poison_.reset();
  projection_file_bytes_ = 0;
  projected_seq_ = 0;
  rows_.clear();
  return {};
}

base::Result<int64_t> MemoryStore::FreeBytes() const {
  return disk_->free_bytes();
}

base::Result<void> MemoryStore::PutMeta(std::string_view key, std::string_view value) {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  WB_RETURN_IF_ERROR(CheckMetaLimits(key, value, meta_.size() + (meta_.contains(key) ? 0 : 1)));
  Writer payload;
  payload.Sized(base::AsBytes(key));
  payload.Sized(base::AsBytes(value));
  if (auto written = WriteRecord(kLog, EncodeRecord(Kind::kMeta, payload.bytes())); !written) {
    return Poison(std::move(written).error());
  }
  meta_[std::string(key)] = std::string(value);
  return {};
}

base::Result<std::optional<std::string>> MemoryStore::GetMeta(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (poison_) return Poisoned("store", *poison_);
  const auto found = meta_.find(key);
  return found == meta_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace wideberth::store::memory
