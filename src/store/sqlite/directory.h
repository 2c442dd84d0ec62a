// The directory of a store: looked at, locked, measured.
#ifndef WIDEBERTH_STORE_SQLITE_DIRECTORY_H_
#define WIDEBERTH_STORE_SQLITE_DIRECTORY_H_

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::store::sqlite {

base::Result<bool> Exists(const std::string& path);
base::Result<void> RemoveIfAny(const std::string& path);
// The whole content; empty when there is no such file.
base::Result<base::Bytes> ReadFileIfAny(const std::string& path);
// Tells the file from every copy of it, on this machine, and is the same as long as it lives.
base::Result<std::string> IdentityOf(const std::string& path);
// Free to us, not to root alone.
base::Result<int64_t> FreeBytesAt(const std::string& path);

// An exclusive flock on a file that names the process holding it. The kernel drops it with the
// process, so a crash leaves nothing to clean up.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

  // Refuses with the holder's process id while another process, or another store in this one, holds
  // it.
  static base::Result<DirectoryLock> Take(const std::string& path);

 private:
  int fd_ = -1;
};

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_DIRECTORY_H_
