#include "sim/disk.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "crypto/sha256.h"

namespace wideberth::sim {
namespace {

constexpr size_t kSumBytes = 8;
constexpr size_t kHeaderBytes = sizeof(uint32_t) + kSumBytes;

}  // namespace

size_t Disk::Append(base::ByteView batch) {
  const auto length = static_cast<uint32_t>(batch.size());
  const base::Digest sum = crypto::Sha256(batch);
  const size_t begin = file_.size();
  file_.resize(begin + kHeaderBytes);
  std::memcpy(file_.data() + begin, &length, sizeof length);
  std::memcpy(file_.data() + begin + sizeof length, sum.bytes.data(), kSumBytes);
  file_.insert(file_.end(), batch.begin(), batch.end());
  ends_.push_back(file_.size());
  return ends_.size();
}

bool Disk::Crash(base::SeededRandom* random) {
  const size_t safe = durable_ == 0 ? 0 : ends_[durable_ - 1];
  const size_t kept = static_cast<size_t>(random->Below(file_.size() - safe + 1));
  file_.resize(safe + kept);
  if (kept > 0 && random->Below(4) == 0) {
    file_[safe + static_cast<size_t>(random->Below(kept))] ^=
        static_cast<uint8_t>(1u << random->Below(8));
  }
  return kept > 0 && std::find(ends_.begin(), ends_.end(), file_.size()) == ends_.end();
}

std::vector<base::Bytes> Disk::Recover() {
  std::vector<base::Bytes> batches;
  ends_.clear();
  size_t at = 0;
  while (file_.size() - at >= kHeaderBytes) {
    uint32_t length = 0;
    std::memcpy(&length, file_.data() + at, sizeof length);
    if (length > file_.size() - at - kHeaderBytes) break;
    const base::ByteView batch = base::ByteView(file_).subspan(at + kHeaderBytes, length);
    const base::Digest sum = crypto::Sha256(batch);
    if (std::memcmp(file_.data() + at + sizeof length, sum.bytes.data(), kSumBytes) != 0) break;
    batches.emplace_back(batch.begin(), batch.end());
    at += kHeaderBytes + length;
    ends_.push_back(at);
  }
  file_.resize(at);
  CHECK_MSG(batches.size() >= durable_, "the simulated disk lost what it had called durable");
  durable_ = batches.size();
  return batches;
}

void Disk::Replace(const std::vector<base::Bytes>& batches) {
  file_.clear();
  ends_.clear();
  for (const base::Bytes& batch : batches) Append(batch);
  durable_ = ends_.size();
}

}  // namespace wideberth::sim
