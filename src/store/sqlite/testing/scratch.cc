#include "store/sqlite/testing/scratch.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/check.h"

namespace wideberth::store::sqlite::testing {

Scratch::Scratch(Place place) {
  const std::filesystem::path memory = "/dev/shm";
  const bool in_memory = place == Place::kMemory && access(memory.c_str(), W_OK) == 0;
  const auto parent = in_memory ? memory : std::filesystem::temp_directory_path();
  path_ = (parent / "wideberth-store-XXXXXX").string();
  CHECK(mkdtemp(path_.data()) != nullptr);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

base::Bytes ReadWholeFile(const std::string& path) {
  base::Bytes bytes(std::filesystem::file_size(path));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  CHECK(in.good());
  return bytes;
}

void WriteWholeFile(const std::string& path, base::ByteView content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  CHECK(out.good());
}

}  // namespace wideberth::store::sqlite::testing
