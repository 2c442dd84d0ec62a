#include "store/sqlite/testing/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "store/sqlite/testing/scratch.h"

namespace wideberth::store::sqlite::testing {
namespace {

constexpr size_t kSectorBytes = 512;

struct Change {
  size_t offset = 0;
  base::Bytes bytes;
  bool truncate = false;  // to `offset`
};

void Apply(const Change& change, base::Bytes& content) {
  if (change.truncate) {
    content.resize(std::min(content.size(), change.offset));
    return;
  }
  content.resize(std::max(content.size(), change.offset + change.bytes.size()));
  std::copy(change.bytes.begin(), change.bytes.end(),
            content.begin() + static_cast<ptrdiff_t>(change.offset));
}

struct Tracked {
  base::Bytes safe;
  std::vector<Change> unsynced;

  base::Bytes Written() const {
    base::Bytes content = safe;
    for (const Change& change : unsynced) Apply(change, content);
    return content;
  }

  // A file that somebody else has made or changed in the meantime is taken as it is.
  void MeetFile(const std::string& path) {
    base::Bytes content = ReadWholeFile(path);
    if (Written() != content) *this = Tracked{std::move(content), {}};
  }
};

// What of a file survives: all that is safe, and of the rest nothing, a prefix, or any sectors.
base::Bytes Survivor(const Tracked& file, base::SeededRandom& random) {
  base::Bytes content = file.safe;
  const uint64_t kind = random.Below(3);
  if (kind == 0) return content;
  const uint64_t kept = random.Below(file.unsynced.size() + 1);
  for (size_t i = 0; i < file.unsynced.size(); ++i) {
    const Change& change = file.unsynced[i];
    if (kind == 1) {
      if (i < kept) Apply(change, content);
      continue;
    }
    if (change.truncate) {
      if (random.Below(2) == 0) Apply(change, content);
      continue;
    }
    for (size_t begin = 0; begin < change.bytes.size();) {
      const size_t sector_end =
          ((change.offset + begin) / kSectorBytes + 1) * kSectorBytes - change.offset;
      const size_t end = std::min(sector_end, change.bytes.size());
      if (random.Below(2) == 0) {
        const auto from = change.bytes.begin();
        Apply(
            {change.offset + begin,
             base::Bytes(from + static_cast<ptrdiff_t>(begin), from + static_cast<ptrdiff_t>(end)),
             false},
            content);
      }
      begin = end;
    }
  }
  return content;
}

}  // namespace

struct FaultVfs::State {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::string name;
  // Around every operation that counts or changes what is tracked; a power cut comes from inside one.
  std::recursive_mutex mutex;
  std::map<std::string, Tracked> files;
  uint64_t generation = 0;  // files of an earlier one are dead

  uint64_t until_fault = 0;  // 0: none
  Fault fault = Fault::kIoError;
  uint64_t fault_seed = 0;
  bool fault_reads = false;
  bool fired = false;

  // The fault that hits this operation.
  std::optional<Fault> Begin(bool is_read = false) {
    if (until_fault == 0 || (is_read && !fault_reads) || --until_fault > 0) return std::nullopt;
    fired = true;
    if (fault == Fault::kPowerCut) CutPower(fault_seed);
    return fault;
  }

  void CutPower(uint64_t seed) {
    base::SeededRandom random(seed);
    for (auto& [path, file] : files) {
      if (!std::filesystem::exists(path)) continue;
      file.MeetFile(path);
      file.safe = Survivor(file, random);
      file.unsynced.clear();
      WriteWholeFile(path, file.safe);
    }
    ++generation;
  }
};

namespace {

using Fault = FaultVfs::Fault;

struct FaultFile {
  sqlite3_file base;
  FaultVfs::State* state;
  Tracked* tracked;
  uint64_t generation;
  sqlite3_file* real;
};

FaultFile& Self(sqlite3_file* file) {
  return *reinterpret_cast<FaultFile*>(file);
}
bool Dead(const FaultFile& file) {
  return file.generation != file.state->generation;
}

int Close(sqlite3_file* file) {
  return Self(file).real->pMethods->xClose(Self(file).real);
}

int Read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  if (Dead(self) || self.state->Begin(true)) return SQLITE_IOERR_READ;
  return self.real->pMethods->xRead(self.real, out, amount, offset);
}

int Write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  if (Dead(self)) return SQLITE_IOERR_WRITE;
  const std::optional<Fault> fault = self.state->Begin();
  size_t size = static_cast<size_t>(amount);
  if (fault == Fault::kIoError || fault == Fault::kPowerCut) return SQLITE_IOERR_WRITE;
  if (fault == Fault::kDiskFull) return SQLITE_FULL;
  // A sector is written or is not.
  if (fault == Fault::kShortWrite) size = size / 2 / kSectorBytes * kSectorBytes;
  if (size > 0) {
    const int code = self.real->pMethods->xWrite(self.real, data, static_cast<int>(size), offset);
    if (code != SQLITE_OK) return code;
    const auto* bytes = static_cast<const uint8_t*>(data);
    self.tracked->unsynced.push_back(
        {static_cast<size_t>(offset), base::Bytes(bytes, bytes + size), false});
  }
  return fault ? SQLITE_FULL : SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  if (Dead(self) || self.state->Begin()) return SQLITE_IOERR_TRUNCATE;
  self.tracked->unsynced.push_back({static_cast<size_t>(size), {}, true});
  return self.real->pMethods->xTruncate(self.real, size);
}

int Sync(sqlite3_file* file, int) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  if (Dead(self) || self.state->Begin()) return SQLITE_IOERR_FSYNC;
  for (const Change& change : self.tracked->unsynced) Apply(change, self.tracked->safe);
  self.tracked->unsynced.clear();
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  if (Dead(self)) return SQLITE_IOERR_FSTAT;
  return self.real->pMethods->xFileSize(self.real, size);
}

int Lock(sqlite3_file* file, int level) {
  FaultFile& self = Self(file);
  const std::lock_guard lock(self.state->mutex);
  return Dead(self) ? SQLITE_IOERR_LOCK : self.real->pMethods->xLock(self.real, level);
}

int Unlock(sqlite3_file* file, int level) {
  return Self(file).real->pMethods->xUnlock(Self(file).real, level);
}

int CheckReservedLock(sqlite3_file* file, int* out) {
  return Self(file).real->pMethods->xCheckReservedLock(Self(file).real, out);
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Self(file).real->pMethods->xFileControl(Self(file).real, operation, argument);
}

int SectorSize(sqlite3_file* file) {
  return Self(file).real->pMethods->xSectorSize(Self(file).real);
}

int DeviceCharacteristics(sqlite3_file* file) {
  return Self(file).real->pMethods->xDeviceCharacteristics(Self(file).real);
}

// Version 1 has no shared memory, which locking_mode EXCLUSIVE does without.
const sqlite3_io_methods kMethods = {
    1,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

FaultVfs::State& StateOf(sqlite3_vfs* vfs) {
  return *static_cast<FaultVfs::State*>(vfs->pAppData);
}

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  FaultVfs::State& state = StateOf(vfs);
  const std::lock_guard lock(state.mutex);
  FaultFile& self = Self(file);
  std::memset(file, 0, sizeof(FaultFile));
  if (state.Begin()) return SQLITE_CANTOPEN;
  self.real = reinterpret_cast<sqlite3_file*>(&self + 1);
  const bool existed = path != nullptr && std::filesystem::exists(path);
  const int code = state.real->xOpen(state.real, path, self.real, flags, out_flags);
  if (code != SQLITE_OK) return code;
  self.base.pMethods = &kMethods;
  self.state = &state;
  self.generation = state.generation;
  self.tracked = &state.files[path == nullptr ? "" : path];
  if (!existed) *self.tracked = Tracked();  // a new file, whatever one of its name once held
  if (path != nullptr) self.tracked->MeetFile(path);
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  FaultVfs::State& state = StateOf(vfs);
  const std::lock_guard lock(state.mutex);
  if (state.Begin()) return SQLITE_IOERR_DELETE;
  state.files[path] = Tracked();
  static_cast<void>(sync_directory);
  return state.real->xDelete(state.real, path, 0);
}

int Access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return StateOf(vfs).real->xAccess(StateOf(vfs).real, path, flags, out);
}

int FullPathname(sqlite3_vfs* vfs, const char* path, int size, char* out) {
  return StateOf(vfs).real->xFullPathname(StateOf(vfs).real, path, size, out);
}

int Randomness(sqlite3_vfs* vfs, int size, char* out) {
  return StateOf(vfs).real->xRandomness(StateOf(vfs).real, size, out);
}

int Sleep(sqlite3_vfs* vfs, int micros) {
  return StateOf(vfs).real->xSleep(StateOf(vfs).real, micros);
}

int CurrentTime(sqlite3_vfs* vfs, double* out) {
  return StateOf(vfs).real->xCurrentTime(StateOf(vfs).real, out);
}

}  // namespace

FaultVfs::FaultVfs() : state_(std::make_unique<State>()) {
  static std::atomic<int> count = 0;
  State& state = *state_;
  state.name = "fault-" + std::to_string(++count);
  state.real = sqlite3_vfs_find(nullptr);
  CHECK(state.real != nullptr);
  state.vfs.iVersion = 1;
  state.vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + state.real->szOsFile;
  state.vfs.mxPathname = state.real->mxPathname;
  state.vfs.zName = state.name.c_str();
  state.vfs.pAppData = &state;
  state.vfs.xOpen = Open;
  state.vfs.xDelete = Delete;
  state.vfs.xAccess = Access;
  state.vfs.xFullPathname = FullPathname;
  state.vfs.xRandomness = Randomness;
  state.vfs.xSleep = Sleep;
  state.vfs.xCurrentTime = CurrentTime;
  CHECK(sqlite3_vfs_register(&state.vfs, 0) == SQLITE_OK);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& FaultVfs::name() const {
  return state_->name;
}

void FaultVfs::FailAt(uint64_t nth, Fault fault, uint64_t seed, bool reads) {
  const std::lock_guard lock(state_->mutex);
  state_->until_fault = nth;
  state_->fault = fault;
  state_->fault_seed = seed;
  state_->fault_reads = reads;
  state_->fired = false;
}

void FaultVfs::ClearFault() {
  state_->until_fault = 0;
}

bool FaultVfs::fired() const {
  return state_->fired;
}

void FaultVfs::Kill() {
  ++state_->generation;
}

void FaultVfs::CutPower(uint64_t seed) {
  state_->CutPower(seed);
}

}  // namespace wideberth::store::sqlite::testing
