// Files that are there whole or not at all, and durably: what a function here has done, a power cut does not take back.
//
//   WB_RETURN_IF_ERROR(ReplaceFile("ledger.json", text));                 // in place of what is there
//   WB_RETURN_IF_ERROR(WriteNewFile("keys/log.key", text));               // or kConflict
//   WB_ASSIGN_OR_RETURN(const std::string text, ReadFile("ledger.json", kBytesMax));
//
// A file is written beside its name, synced, put in its place and its folder synced; a crash can leave the file beside
// it ("ledger.json.part-1f0a..."), which nothing reads. Refusals name the path, with kStorage unless it says otherwise.
// Functions are thread-safe.
#ifndef WIDEBERTH_BASE_DURABLE_FILE_H_
#define WIDEBERTH_BASE_DURABLE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace wideberth::base {

// Closes what it holds.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Modes are made smaller by the process's umask.
inline constexpr unsigned kOwnerOnly = 0600;
inline constexpr unsigned kOwnerOnlyFolder = 0700;

// Refuses with kNotFound what is not there, with kTooLarge what has more bytes.
Result<std::string> ReadFile(const std::string& path, size_t bytes_max);
// What is left to be read; `path` is what refusals call it.
Result<std::string> ReadAll(int fd, const std::string& path, size_t bytes_max);

// False where a write failed, with errno; nothing is known then of what was written.
bool WriteAll(int fd, std::string_view bytes);

Result<void> ReplaceFile(const std::string& path, std::string_view bytes,
                         unsigned mode = kOwnerOnly);
// Refuses with kConflict where something is there, and leaves that alone.
Result<void> WriteNewFile(const std::string& path, std::string_view bytes,
                          unsigned mode = kOwnerOnly);
// Both stand in one folder.
Result<void> RenameFile(const std::string& from, const std::string& to);

// Makes the folder where it is missing; its parent must be there.
Result<void> MakeFolder(const std::string& path, unsigned mode = kOwnerOnlyFolder);
// What was made, renamed or removed in the folder is durable then.
Result<void> SyncFolder(const std::string& path);
// "." for a name alone.
std::string FolderOf(const std::string& path);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_DURABLE_FILE_H_
