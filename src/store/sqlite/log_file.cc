#include "store/sqlite/log_file.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/limits.h"
#include "store/chain.h"

namespace wideberth::store::sqlite {
namespace {

// The chain stands before the bytes, so that reading it does not walk through them. 64-bit unsigned
// values are kept as the signed integers of the same bits.
constexpr const char* kSteps[] = {
    "CREATE TABLE batch(seq INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, chain BLOB NOT NULL,"
    " bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE head(id INTEGER PRIMARY KEY CHECK (id = 1), last_seq INTEGER NOT NULL,"
    " last_chain BLOB NOT NULL, meta_count INTEGER NOT NULL, meta_sum INTEGER NOT NULL,"
    " closed INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT",
};
constexpr Format kFormat{0x57424c47, kSteps};  // "WBLG"

uint64_t MetaChecksum(std::string_view key, std::string_view value) {
  return Checksum64(base::AsBytes(value), Checksum64(base::AsBytes(key), 0));
}

bool ReadDigest(base::ByteView bytes, base::Digest& digest) {
  if (bytes.size() != digest.bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return true;
}

base::Unexpected Damaged(const std::string& path, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, found);
}

std::string BatchName(uint64_t seq) {
  return "batch " + std::to_string(seq);
}

void PutWord(uint64_t value, uint8_t* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace

uint64_t LogFile::Head::Checksum() const {
  std::array<uint8_t, 64> bytes{};
  PutWord(last_seq, bytes.data());
  PutWord(meta.count, bytes.data() + 8);
  PutWord(meta.sum, bytes.data() + 16);
  PutWord(closed ? 1 : 0, bytes.data() + 24);
  std::copy(last_chain.bytes.begin(), last_chain.bytes.end(), bytes.begin() + 32);
  return Checksum64(bytes, 0);
}

base::Result<void> LogFile::Create(const std::string& path, const Database::Options& options) {
  WB_RETURN_IF_ERROR(Database::Create(path, kFormat, options));
  WB_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path, kFormat, options));
  LogFile log(std::move(database));
  WB_RETURN_IF_ERROR(log.database_->Execute(
      "INSERT INTO head(id, last_seq, last_chain, meta_count, meta_sum, closed, checksum)"
      " VALUES(1, 0, x'', 0, 0, 1, 0)"));
  WB_RETURN_IF_ERROR(log.PrepareAll());
  WB_RETURN_IF_ERROR(log.database_->Begin());
  WB_RETURN_IF_ERROR(log.CommitWith(Head()));
  return log.database_->CheckpointAndTruncate();
}

base::Result<std::unique_ptr<LogFile>> LogFile::Open(const std::string& path, bool wal_was_there,
                                                     const Database::Options& options) {
  WB_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path, kFormat, options));
  std::unique_ptr<LogFile> log(new LogFile(std::move(database)));
  auto opened = [&]() -> base::Result<void> {
    WB_RETURN_IF_ERROR(log->PrepareAll());
    WB_RETURN_IF_ERROR(log->ReadHead());
    if (!log->head_.closed && !wal_was_there) {
      return Damaged(path + "-wal",
                     "must be beside its file: the node that wrote it did not close it, and what "
                     "it promised last is there",
                     "nothing");
    }
    WB_RETURN_IF_ERROR(log->ReadMeta());
    WB_RETURN_IF_ERROR(log->CheckTail());
    // On the disk itself, not in the write-ahead log alone: that is what may get lost.
    Head head = log->head_;
    head.closed = false;
    WB_RETURN_IF_ERROR(log->database_->Begin());
    WB_RETURN_IF_ERROR(log->CommitWith(head));
    return log->database_->CheckpointAndTruncate();
  }();
  if (!opened) {
    log->Abandon();
    return base::Fail(std::move(opened).error());
  }
  return log;
}

base::Result<void> LogFile::PrepareAll() {
  WB_ASSIGN_OR_RETURN(
      insert_batch_,
      database_->Prepare("INSERT INTO batch(seq, time_us, chain, bytes) VALUES(?, ?, ?, ?)"));
  WB_ASSIGN_OR_RETURN(
      update_head_,
      database_->Prepare("UPDATE head SET last_seq = ?, last_chain = ?, meta_count = ?,"
                         " meta_sum = ?, closed = ?, checksum = ? WHERE id = 1"));
  WB_ASSIGN_OR_RETURN(put_meta_,
                      database_->Prepare("INSERT INTO meta(key, value) VALUES(?, ?)"
                                         " ON CONFLICT(key) DO UPDATE SET value = excluded.value"));
  WB_ASSIGN_OR_RETURN(chain_at_, database_->Prepare("SELECT chain FROM batch WHERE seq = ?"));
  WB_ASSIGN_OR_RETURN(replay_, database_->Prepare("SELECT seq, time_us, chain, bytes FROM batch"
                                                  " WHERE seq >= ? ORDER BY seq"));
  return {};
}

base::Result<void> LogFile::ReadHead() {
  WB_ASSIGN_OR_RETURN(
      Statement query,
      database_->Prepare("SELECT last_seq, last_chain, meta_count, meta_sum, closed, checksum"
                         " FROM head WHERE id = 1"));
  WB_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return Damaged(path(), "must have a head", "none");
  head_.last_seq = query.U64(0);
  const bool chain_whole = ReadDigest(query.Blob(1), head_.last_chain);
  head_.meta = {query.U64(2), query.U64(3)};
  head_.closed = query.Int(4) != 0;
  if (!chain_whole || query.U64(5) != head_.Checksum()) {
    return Damaged(path(), "must have a head with a right checksum", "another");
  }
  return {};
}

base::Result<void> LogFile::ReadMeta() {
  WB_ASSIGN_OR_RETURN(Statement query, database_->Prepare("SELECT key, value FROM meta"));
  SetChecksum found;
  while (true) {
    WB_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    std::string key(query.Text(0));
    std::string value(query.Text(1));
    found.Add(MetaChecksum(key, value));
    // Whatever is wrong shows in the checksum; here memory is kept within bounds.
    if (found.count > limits::kStoreMetaKeysMax) break;
    meta_.emplace(std::move(key), std::move(value));
  }
  if (found != head_.meta) {
    return Damaged(path(), "must hold the meta facts that its head counts, unchanged",
                   std::to_string(found.count) + " of " + std::to_string(head_.meta.count));
  }
  return {};
}

base::Result<void> LogFile::CheckTail() {
  WB_ASSIGN_OR_RETURN(Statement query, database_->Prepare("SELECT seq, chain FROM batch"
                                                          " ORDER BY seq DESC LIMIT 1"));
  WB_ASSIGN_OR_RETURN(const bool row, query.Step());
  const uint64_t seq = row ? query.U64(0) : 0;
  base::Digest chain;
  const bool chain_whole = !row || ReadDigest(query.Blob(1), chain);
  if (seq != head_.last_seq) {
    return Damaged(path(), "must end with " + BatchName(head_.last_seq) + ", as its head says",
                   BatchName(seq));
  }
  if (!chain_whole || chain != head_.last_chain) {
    return Damaged(path(), BatchName(seq) + " must have the chain value that the head names",
                   chain.ToHex());
  }
  return {};
}

base::Result<void> LogFile::CommitWith(const Head& head) {
  WB_RETURN_IF_ERROR(update_head_.Bind(1, head.last_seq)
                         .Bind(2, base::ByteView(head.last_chain.bytes))
                         .Bind(3, head.meta.count)
                         .Bind(4, head.meta.sum)
                         .Bind(5, int64_t{head.closed ? 1 : 0})
                         .Bind(6, head.Checksum())
                         .Run());
  WB_RETURN_IF_ERROR(database_->Commit());
  head_ = head;
  return {};
}

base::Result<void> LogFile::Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) {
  CHECK_MSG(seq == head_.last_seq + 1, "batches are appended without a gap");
  // Before the batch, not after it: the answers to the last one are out by now, and a failure here
  // leaves nothing of this one behind.
  WB_RETURN_IF_ERROR(database_->CheckpointIfLarge());
  Head head = head_;
  head.last_seq = seq;
  head.last_chain = ChainBatch(head_.last_chain, seq, time, bytes);
  WB_RETURN_IF_ERROR(database_->Begin());
  WB_RETURN_IF_ERROR(insert_batch_.Bind(1, seq)
                         .Bind(2, time.us)
                         .Bind(3, base::ByteView(head.last_chain.bytes))
                         .Bind(4, bytes)
                         .Run());
  return CommitWith(head);
}

base::Result<void> LogFile::PutMeta(std::string_view key, std::string_view value) {
  Head head = head_;
  const auto old = meta_.find(key);
  if (old != meta_.end()) head.meta.Remove(MetaChecksum(key, old->second));
  head.meta.Add(MetaChecksum(key, value));
  WB_RETURN_IF_ERROR(database_->Begin());
  WB_RETURN_IF_ERROR(put_meta_.Bind(1, key).Bind(2, base::AsBytes(value)).Run());
  WB_RETURN_IF_ERROR(CommitWith(head));
  meta_.insert_or_assign(std::string(key), std::string(value));
  return {};
}

base::Result<void> LogFile::Close() {
  Head head = head_;
  head.closed = true;
  WB_RETURN_IF_ERROR(database_->Begin());
  WB_RETURN_IF_ERROR(CommitWith(head));
  return database_->CheckpointAndTruncate();
}

base::Result<base::Digest> LogFile::ChainAt(uint64_t seq) {
  if (seq == 0) return base::Digest();
  const Resetter resetter(chain_at_);
  WB_ASSIGN_OR_RETURN(const bool row, chain_at_.Bind(1, seq).Step());
  base::Digest chain;
  if (!row || !ReadDigest(chain_at_.Blob(0), chain)) {
    return Damaged(path(), "must hold " + BatchName(seq), row ? "a broken chain value" : "nothing");
  }
  return chain;
}

base::Result<void> LogFile::Replay(uint64_t from_seq, const BatchVisitor& visit) {
  if (from_seq > head_.last_seq) return {};
  WB_ASSIGN_OR_RETURN(base::Digest chain, ChainAt(from_seq - 1));
  const Resetter resetter(replay_);
  replay_.Bind(1, from_seq);
  for (uint64_t seq = from_seq; seq <= head_.last_seq; ++seq) {
    WB_ASSIGN_OR_RETURN(const bool row, replay_.Step());
    if (!row || replay_.U64(0) != seq) {
      return Damaged(path(), "must hold " + BatchName(seq),
                     row ? BatchName(replay_.U64(0)) : "the end of the log");
    }
    const Batch batch{seq, base::UtcMicros{replay_.Int(1)}, replay_.Blob(3),
                      ChainBatch(chain, seq, base::UtcMicros{replay_.Int(1)}, replay_.Blob(3))};
    base::Digest stored;
    if (!ReadDigest(replay_.Blob(2), stored) || stored != batch.chain) {
      return Damaged(path(), BatchName(seq) + " must continue the chain", stored.ToHex());
    }
    chain = stored;
    WB_RETURN_IF_ERROR(visit(batch));
  }
  if (chain != head_.last_chain) {
    return Damaged(path(), "must end with the chain value that its head names", chain.ToHex());
  }
  return {};
}

}  // namespace wideberth::store::sqlite
