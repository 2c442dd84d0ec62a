#include "store/sqlite/wal_scan.h"

#include <algorithm>

#include "store/sqlite/directory.h"

namespace wideberth::store::sqlite {
namespace {

constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
constexpr uint32_t kMagic = 0x377f0682;  // the lowest bit says that checksums read big-endian words

uint32_t BigEndian32(base::ByteView bytes, size_t offset) {
  return uint32_t{bytes[offset]} << 24 | uint32_t{bytes[offset + 1]} << 16 |
         uint32_t{bytes[offset + 2]} << 8 | uint32_t{bytes[offset + 3]};
}

uint32_t LittleEndian32(base::ByteView bytes, size_t offset) {
  return uint32_t{bytes[offset + 3]} << 24 | uint32_t{bytes[offset + 2]} << 16 |
         uint32_t{bytes[offset + 1]} << 8 | uint32_t{bytes[offset]};
}

// The running checksum of the format: over pairs of 32-bit words.
struct WalChecksum {
  bool big_endian = false;
  uint32_t s0 = 0;
  uint32_t s1 = 0;

  void Add(base::ByteView bytes) {
    for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      s0 += (big_endian ? BigEndian32(bytes, i) : LittleEndian32(bytes, i)) + s1;
      s1 += (big_endian ? BigEndian32(bytes, i + 4) : LittleEndian32(bytes, i + 4)) + s0;
    }
  }
  bool Matches(base::ByteView bytes, size_t offset) const {
    return BigEndian32(bytes, offset) == s0 && BigEndian32(bytes, offset + 4) == s1;
  }
};

base::Unexpected Damaged(const std::string& path, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, found);
}

}  // namespace

base::Result<void> ScanWalBytes(const std::string& path, base::ByteView wal) {
  if (wal.size() < kHeaderBytes) return {};  // a crash cut its first write short
  const base::ByteView header = wal.first(kHeaderBytes);
  const uint32_t magic = BigEndian32(header, 0);
  const size_t page_bytes = BigEndian32(header, 8);
  WalChecksum checksum{(magic & 1) != 0};
  checksum.Add(header.first(24));
  if ((magic & ~1u) != kMagic || !checksum.Matches(header, 24) || page_bytes < 512 ||
      page_bytes > 65536) {
    // A file that grew before its first bytes arrived reads as zeros, and nothing was promised from
    // it.
    if (std::all_of(wal.begin(), wal.end(), [](uint8_t byte) { return byte == 0; })) return {};
    return Damaged(path, "must begin with the header of a write-ahead log",
                   "a header with a wrong checksum");
  }
  const size_t frame_bytes = kFrameHeaderBytes + page_bytes;
  const size_t frames = (wal.size() - kHeaderBytes) / frame_bytes;
  size_t first_bad = frames;
  bool commit_behind = false;
  for (size_t i = 0; i < frames; ++i) {
    const base::ByteView frame = wal.subspan(kHeaderBytes + i * frame_bytes, frame_bytes);
    const bool salt1 = BigEndian32(frame, 8) == BigEndian32(header, 16);
    const bool salt2 = BigEndian32(frame, 12) == BigEndian32(header, 20);
    if (first_bad == frames) {
      checksum.Add(frame.first(8));
      checksum.Add(frame.subspan(kFrameHeaderBytes));
      if (salt1 && salt2 && checksum.Matches(frame, 16)) continue;
      first_bad = i;
    }
    // Frames of the log's earlier rounds have other salts, both of them.
    if (!salt1 && !salt2) continue;
    if (commit_behind) {
      return Damaged(path,
                     "must be whole up to its last commit; commits that were promised are lost",
                     "a damaged frame " + std::to_string(first_bad + 1) + " of " +
                         std::to_string(frames) + " with a later commit behind it");
    }
    commit_behind = BigEndian32(frame, 4) != 0;
  }
  return {};
}

base::Result<void> ScanWal(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const base::Bytes wal, ReadFileIfAny(path));
  return ScanWalBytes(path, wal);
}

}  // namespace wideberth::store::sqlite
