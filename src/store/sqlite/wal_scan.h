// Looks for damage in a write-ahead log before SQLite recovers it.
//
// SQLite ends its recovery at the first frame whose checksum is wrong, because that is how a commit
// looks that a crash tore; a flipped bit further up would cost every commit behind it without a
// word. But a torn commit is the last one: each is synced before the next begins. So frames of a
// later commit behind a bad frame prove damage.
//
// What cannot be told from a torn write is damage to the very last commit of a log that a crash
// left behind, or a log cut at a frame's border.
//
// Source of the layout: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#ifndef WIDEBERTH_STORE_SQLITE_WAL_SCAN_H_
#define WIDEBERTH_STORE_SQLITE_WAL_SCAN_H_

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::store::sqlite {

// Refuses a damaged log, naming `path` and the frame. An absent or empty file is no damage. Reads
// the file once, into memory; its size is bounded by the largest commit and the checkpoint
// threshold.
base::Result<void> ScanWal(const std::string& path);

// The same over the file's content.
base::Result<void> ScanWalBytes(const std::string& path, base::ByteView wal);

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_WAL_SCAN_H_
