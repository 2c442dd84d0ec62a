#include "witness/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace wideberth::witness {
namespace {

base::Unexpected Failed(const std::string& path, std::string_view rule) {
  const bool missing = errno == ENOENT;
  return base::Fail(missing ? base::ErrorCode::kNotFound : base::ErrorCode::kStorage, path, rule,
                    std::system_category().message(errno));
}

// Closes what it opened, whatever happens.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

}  // namespace

base::Result<std::string> ReadWhole(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failed(path, "must be a file that can be read");
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path, "must be a file that can be read");
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > bytes_max) {
      return base::Fail(base::ErrorCode::kTooLarge, path,
                        "must have at most " + std::to_string(bytes_max) + " bytes");
    }
  }
}

base::Result<void> ReplaceDurably(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".part";
  {
    const Descriptor file(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0 || !WriteAll(file.get(), bytes) || fsync(file.get()) != 0) {
      return Failed(part, "must be a file that can be written");
    }
  }
  if (rename(part.c_str(), path.c_str()) != 0) return Failed(path, "must be replaced");
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const Descriptor folder(
      open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return Failed(parent, "must be synced");
  return {};
}

}  // namespace wideberth::witness
