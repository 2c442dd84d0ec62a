#include "store/memory/memory_disk.h"

#include <algorithm>

#include "base/check.h"

namespace wideberth::store::memory {

void MemoryDisk::FailWrite(uint64_t nth, size_t bytes_kept) {
  const std::lock_guard lock(mutex_);
  writes_until_failure_ = nth;
  failing_write_bytes_kept_ = bytes_kept;
}

void MemoryDisk::FailSync(uint64_t nth) {
  const std::lock_guard lock(mutex_);
  syncs_until_failure_ = nth;
}

void MemoryDisk::CutPower(size_t unsynced_bytes_kept) {
  const std::lock_guard lock(mutex_);
  mounted_ = 0;
  writes_until_failure_ = 0;
  syncs_until_failure_ = 0;
  for (auto& [name, file] : files_) {
    const size_t kept = std::min(file.bytes.size() - file.synced, unsynced_bytes_kept);
    file.bytes.resize(file.synced + kept);
    file.synced = file.bytes.size();
  }
}

MemoryDisk::Files MemoryDisk::Durable() const {
  const std::lock_guard lock(mutex_);
  Files files;
  for (const auto& [name, file] : files_) {
    const auto begin = file.bytes.begin();
    files[name] = base::Bytes(begin, begin + static_cast<ptrdiff_t>(file.synced));
  }
  return files;
}

void MemoryDisk::BringBack(const Files& files) {
  const std::lock_guard lock(mutex_);
  CHECK(mounted_ == 0);
  writes_until_failure_ = 0;
  syncs_until_failure_ = 0;
  files_.clear();
  for (const auto& [name, bytes] : files) files_[name] = File{bytes, bytes.size()};
}

void MemoryDisk::FlipBit(std::string_view file, size_t offset, int bit) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(file);
  CHECK(found != files_.end() && offset < found->second.bytes.size());
  found->second.bytes[offset] ^= static_cast<uint8_t>(1 << bit);
}

void MemoryDisk::Truncate(std::string_view file, size_t size) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(file);
  CHECK(found != files_.end() && size <= found->second.bytes.size());
  found->second.bytes.resize(size);
  found->second.synced = std::min(found->second.synced, size);
}

size_t MemoryDisk::FileSize(std::string_view file) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.bytes.size();
}

void MemoryDisk::set_free_bytes(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

int64_t MemoryDisk::free_bytes() const {
  const std::lock_guard lock(mutex_);
  return free_bytes_;
}

base::Result<MemoryDisk::Session> MemoryDisk::Mount() {
  const std::lock_guard lock(mutex_);
  if (mounted_ != 0) {
    return base::Fail(base::ErrorCode::kStorage, "memory disk", "must not be in use by a store",
                      "session " + std::to_string(mounted_));
  }
  mounted_ = ++last_session_;
  return mounted_;
}

void MemoryDisk::Unmount(Session session) {
  const std::lock_guard lock(mutex_);
  if (mounted_ == session) mounted_ = 0;
}

base::Bytes MemoryDisk::Read(std::string_view file, size_t offset, size_t size_max) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(file);
  if (found == files_.end() || found->second.bytes.size() <= offset) return {};
  const base::ByteView rest = base::ByteView(found->second.bytes).subspan(offset);
  const base::ByteView read = rest.first(std::min(rest.size(), size_max));
  return {read.begin(), read.end()};
}

base::Result<void> MemoryDisk::BeginOperation(Session session, uint64_t& countdown,
                                              std::string_view what) {
  if (session != mounted_) {
    return base::Fail(base::ErrorCode::kStorage, "memory disk", "must be under power");
  }
  if (countdown > 0 && --countdown == 0) {
    return base::Fail(base::ErrorCode::kStorage, "memory disk", what, "an injected fault");
  }
  return {};
}

base::Result<void> MemoryDisk::Write(Session session, std::string_view file, base::ByteView bytes) {
  const std::lock_guard lock(mutex_);
  const bool mounted = session == mounted_;
  const auto begun = BeginOperation(session, writes_until_failure_, "must accept a write");
  const size_t kept =
      begun ? bytes.size() : (mounted ? std::min(bytes.size(), failing_write_bytes_kept_) : 0);
  base::Bytes& content = files_[std::string(file)].bytes;
  content.insert(content.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(kept));
  return begun;
}

base::Result<void> MemoryDisk::Sync(Session session, std::string_view file) {
  const std::lock_guard lock(mutex_);
  WB_RETURN_IF_ERROR(BeginOperation(session, syncs_until_failure_, "must accept a sync"));
  File& synced = files_[std::string(file)];
  synced.synced = synced.bytes.size();
  return {};
}

base::Result<void> MemoryDisk::Replace(Session session, std::string_view file,
                                       base::ByteView bytes) {
  const std::lock_guard lock(mutex_);
  WB_RETURN_IF_ERROR(BeginOperation(session, writes_until_failure_, "must accept a write"));
  WB_RETURN_IF_ERROR(BeginOperation(session, syncs_until_failure_, "must accept a sync"));
  files_[std::string(file)] = File{base::Bytes(bytes.begin(), bytes.end()), bytes.size()};
  return {};
}

}  // namespace wideberth::store::memory
