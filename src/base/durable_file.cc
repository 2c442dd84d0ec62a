#include "base/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>

#include "base/bytes.h"
#include "base/random.h"

namespace wideberth::base {
namespace {

constexpr std::string_view kWritten = "must be a path that can be written";
constexpr std::string_view kRead = "must be a file that can be read";

Unexpected Failed(const std::string& path, std::string_view rule, int error,
                  ErrorCode code = ErrorCode::kStorage) {
  return Fail(code, path, rule, std::generic_category().message(error));
}

std::string NameBeside(const std::string& path) {
  std::array<uint8_t, 8> random{};
  SystemRandom().Fill(random);
  return path + ".part-" + HexEncode(random);
}

// A synced file of another name, gone again unless it was renamed.
class Part {
 public:
  explicit Part(const std::string& path) : name_(NameBeside(path)) {}
  ~Part() {
    if (made_) unlink(name_.c_str());
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  // With errno where it fails.
  bool Write(std::string_view bytes, unsigned mode) {
    const FileDescriptor file(
        open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
    made_ = file.get() >= 0;
    return made_ && WriteAll(file.get(), bytes) && fsync(file.get()) == 0;
  }
  bool RenameTo(const std::string& path) {
    if (rename(name_.c_str(), path.c_str()) != 0) return false;
    made_ = false;
    return true;
  }
  // Refuses, unlike a rename, to replace anything.
  bool LinkTo(const std::string& path) const { return link(name_.c_str(), path.c_str()) == 0; }

 private:
  const std::string name_;
  bool made_ = false;
};

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() >= 0) return ReadAll(file.get(), path, bytes_max);
  return Failed(path, kRead, errno, errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kStorage);
}

Result<std::string> ReadAll(int fd, const std::string& path, size_t bytes_max) {
  constexpr size_t kStep = size_t{64} * 1024;
  std::string text;
  while (true) {
    const size_t before = text.size();
    text.resize(before + kStep);
    const ssize_t got = read(fd, text.data() + before, kStep);
    const int error = errno;
    text.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return text;
    if (got < 0 && error != EINTR) return Failed(path, kRead, error);
    if (text.size() > bytes_max) {
      return Fail(ErrorCode::kTooLarge, path,
                  "must have at most " + std::to_string(bytes_max) + " bytes");
    }
  }
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

Result<void> ReplaceFile(const std::string& path, std::string_view bytes, unsigned mode) {
  Part part(path);
  if (!part.Write(bytes, mode) || !part.RenameTo(path)) return Failed(path, kWritten, errno);
  return SyncFolder(FolderOf(path));
}

Result<void> WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode) {
  {
    Part part(path);
    if (!part.Write(bytes, mode)) return Failed(path, kWritten, errno);
    if (!part.LinkTo(path)) {
      if (errno != EEXIST) return Failed(path, kWritten, errno);
      return Failed(path, "must not be there yet", EEXIST, ErrorCode::kConflict);
    }
  }
  return SyncFolder(FolderOf(path));
}

Result<void> RenameFile(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return Failed(from, "must be possible to rename", errno);
  }
  return SyncFolder(FolderOf(to));
}

Result<void> MakeFolder(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0) {
    const int error = errno;
    struct stat info {};
    if (error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return Failed(path, "must be a folder, or possible to make", error);
  }
  return SyncFolder(FolderOf(path));
}

Result<void> SyncFolder(const std::string& path) {
  const FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0 && fsync(folder.get()) == 0) return {};
  return Failed(path, "must be a folder that can be synced", errno);
}

std::string FolderOf(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  const size_t slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace wideberth::base
