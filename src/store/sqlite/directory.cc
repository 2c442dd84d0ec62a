#include "store/sqlite/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/durable_file.h"

namespace wideberth::store::sqlite {
namespace {

base::Unexpected SystemError(const std::string& path, std::string_view rule, int error) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, std::generic_category().message(error));
}

}  // namespace

base::Result<bool> Exists(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT) return false;
  return SystemError(path, "must be reachable", errno);
}

base::Result<void> RemoveIfAny(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return SystemError(path, "must be possible to remove", errno);
}

base::Result<base::Bytes> ReadFileIfAny(const std::string& path) {
  const base::FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return base::Bytes();
    return SystemError(path, "must be readable", errno);
  }
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return SystemError(path, "must be readable", errno);
  base::Bytes bytes(static_cast<size_t>(info.st_size));
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n =
        pread(fd.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "must be readable", errno);
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

base::Result<std::string> IdentityOf(const std::string& path) {
  struct statx info {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) {
    return SystemError(path, "must be possible to look at", errno);
  }
  std::string identity = std::to_string(info.stx_ino);
  // Inode numbers are used again; the time of birth is not. Some file systems do not keep it.
  if ((info.stx_mask & STATX_BTIME) != 0) {
    identity +=
        " " + std::to_string(info.stx_btime.tv_sec) + " " + std::to_string(info.stx_btime.tv_nsec);
  }
  return identity;
}

base::Result<int64_t> FreeBytesAt(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) {
    return SystemError(path, "must tell how much of its disk is free", errno);
  }
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) close(fd_);
}

base::Result<DirectoryLock> DirectoryLock::Take(const std::string& path) {
  base::FileDescriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemError(path, "must be readable and writable", errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(path, "must be possible to lock", errno);
    WB_ASSIGN_OR_RETURN(const base::Bytes holder, ReadFileIfAny(path));
    return base::Fail(base::ErrorCode::kStorage, path,
                      "must not be held by another node: one store has one node",
                      "process " + std::string(base::AsText(holder)));
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd.get(), 0) != 0 ||
      pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return SystemError(path, "must be writable", errno);
  }
  DirectoryLock lock;
  lock.fd_ = fd.Release();
  return lock;
}

}  // namespace wideberth::store::sqlite
