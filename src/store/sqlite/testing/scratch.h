// A directory of a test's own, removed at the end.
#ifndef WIDEBERTH_STORE_SQLITE_TESTING_SCRATCH_H_
#define WIDEBERTH_STORE_SQLITE_TESTING_SCRATCH_H_

#include <string>

#include "base/bytes.h"

namespace wideberth::store::sqlite::testing {

class Scratch {
 public:
  // kMemory: where syncs cost nothing, if the machine has such a place; for tests that bring their own disk's faults.
  enum class Place { kDisk, kMemory };
  explicit Scratch(Place place = Place::kDisk);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  // The store's directory in it, and files of that.
  std::string store() const { return path_ + "/store"; }
  std::string file(const std::string& name) const { return store() + "/" + name; }

 private:
  std::string path_;
};

base::Bytes ReadWholeFile(const std::string& path);
void WriteWholeFile(const std::string& path, base::ByteView content);

}  // namespace wideberth::store::sqlite::testing

#endif  // WIDEBERTH_STORE_SQLITE_TESTING_SCRATCH_H_
