#include "apps/wideberth/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

constexpr size_t kReadBytes = 1 << 16;

base::Unexpected SystemRefusal(const std::string& path, std::string_view rule) {
  const base::ErrorCode code =
      errno == ENOENT ? base::ErrorCode::kNotFound : base::ErrorCode::kStorage;
  return base::Fail(code, path, rule, std::strerror(errno));
}

// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

std::string FillSession(Session* session) {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (session->node.empty()) session->node = environment("WIDEBERTH_NODE");
  if (session->node.empty()) session->node = "http://127.0.0.1:8471";
  const std::string told = environment("WIDEBERTH_TOKEN_FILE");
  std::string folder = "local/node/tokens";
  if (!told.empty()) folder = std::filesystem::path(told).parent_path().string();
  if (folder.empty()) folder = ".";
  if (session->token_file.empty() && session->party.empty()) session->token_file = told;
  if (session->token_file.empty()) {
    session->token_file =
        folder + "/" + (session->party.empty() ? "north" : session->party) + ".token";
  }
  return folder;
}

int ExitCodeFor(const base::Error& error) {
  if (error.field == "--node" && error.code == base::ErrorCode::kBusy) return kExitUnreachable;
  return error.field.starts_with("--") ? kExitUsage : kExitRefused;
}

int ReportError(const Session& session, const base::Error& error) {
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("error");
    json.BeginObject();
    json.StringField("code", base::ErrorCodeName(error.code));
    json.StringField("field", error.field);
    json.StringField("rule", error.rule);
    if (!error.found.empty()) json.StringField("found", error.found);
    json.EndObject();
    json.EndObject();
    Print(text + "\n");
  } else {
    PrintError("wideberth: " + Printable(error.ToString()) + "\n");
  }
  return ExitCodeFor(error);
}

base::Result<std::string> ReadInput(const std::string& path) {
  const Descriptor file(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemRefusal(path, "must be a file that can be read");
  std::string content;
  while (true) {
    const size_t before = content.size();
    content.resize(before + kReadBytes);
    const ssize_t got = read(file.get(), content.data() + before, kReadBytes);
    if (got < 0 && errno == EINTR) {
      content.resize(before);
      continue;
    }
    if (got < 0) return SystemRefusal(path, "must be a file that can be read");
    content.resize(before + static_cast<size_t>(got));
    if (got == 0) return content;
    if (content.size() > limits::kImportFileBytesMax) {
      return base::Fail(base::ErrorCode::kTooLarge, path, "must have at most 64 MiB");
    }
  }
}

base::Result<bool> WriteOutput(const std::string& path, std::string_view content, bool secret,
                               bool keep) {
  const std::string part = path + ".part";
  {
    unlink(part.c_str());
    const Descriptor file(
        open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644));
    if (file.get() < 0) return SystemRefusal(path, "must be a path that can be written");
    if (!WriteAll(file.get(), content) || fsync(file.get()) != 0) {
      const base::Unexpected refusal = SystemRefusal(path, "must be a path that can be written");
      unlink(part.c_str());
      return refusal;
    }
  }
  if (!keep) {
    if (rename(part.c_str(), path.c_str()) != 0) {
      return SystemRefusal(path, "must be a path that can be written");
    }
    return true;
  }
  // link refuses to replace, which rename does not.
  const bool linked = link(part.c_str(), path.c_str()) == 0;
  const int error = errno;
  unlink(part.c_str());
  errno = error;
  if (!linked && error != EEXIST) return SystemRefusal(path, "must be a path that can be written");
  return linked;
}

}  // namespace wideberth::cli
