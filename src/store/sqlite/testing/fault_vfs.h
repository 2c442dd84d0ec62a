// A file system layer for SQLite that fails on demand and forgets what was not synced.
//
// It passes everything to the real one, except syncs, which cost nothing here, and keeps beside each file what a sync
// has made safe and what was written since. So "power cut" can put on the disk any state that a real one might leave:
// all that was synced, and any part of the rest, in sectors of 512 bytes.
//
//   FaultVfs vfs;
//   SqliteOptions options{.vfs = vfs.name()};
//   vfs.FailAt(7, FaultVfs::Fault::kDiskFull);
//
// Thread-safe. Removing and renaming files behind its back (as the store's directory code does) is durable at once.
#ifndef WIDEBERTH_STORE_SQLITE_TESTING_FAULT_VFS_H_
#define WIDEBERTH_STORE_SQLITE_TESTING_FAULT_VFS_H_

#include <cstdint>
#include <memory>
#include <string>

namespace wideberth::store::sqlite::testing {

class FaultVfs {
 public:
  enum class Fault {
    kIoError,     // the operation does nothing and says EIO
    kDiskFull,    // a write does nothing and says ENOSPC; other operations as kIoError
    kShortWrite,  // a write stops halfway, at a sector, and says ENOSPC; other operations as kIoError
    kPowerCut,    // the machine dies instead of doing it
  };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const std::string& name() const;

  // The nth operation from now fails: an open, write, truncation, sync or deletion; with `reads`, a read too.
  void FailAt(uint64_t nth, Fault fault, uint64_t seed = 0, bool reads = false);
  void ClearFault();
  bool fired() const;  // since the last FailAt

  // Open files fail everything from here on; what they wrote stays.
  void Kill();
  // The same, and what was not synced is lost in part: `seed` says what.
  void CutPower(uint64_t seed);

  struct State;  // for fault_vfs.cc

 private:
  std::unique_ptr<State> state_;
};

}  // namespace wideberth::store::sqlite::testing

#endif  // WIDEBERTH_STORE_SQLITE_TESTING_FAULT_VFS_H_
