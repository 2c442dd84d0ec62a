#include "store/sqlite/testing/scratch.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
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
  std::ifstream in(path, std::ios::binary);
  CHECK(in.good());
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return base::Bytes(text.begin(), text.end());
}

void WriteWholeFile(const std::string& path, base::ByteView content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  CHECK(out.good());
}

}  // namespace wideberth::store::sqlite::testing
