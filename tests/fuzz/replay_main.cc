// Runs a fuzz target over its kept corpus, without a fuzzer: how the fuzz targets are tested under
// every preset but fuzz.
//
//   json_reader_fuzz tests/fuzz/corpus/json_reader_fuzz [FILE_OR_FOLDER...]
//
// Each file goes through LLVMFuzzerTestOneInput once, after the empty input; a failure is a crash,
// as it is under libFuzzer, and the name of the input stands before it. Exit code 2: a folder is
// missing or empty, or a file cannot be read, since a corpus that is not replayed tests nothing.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// A target may define it; libFuzzer calls it once before the first input.
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

// The files at or under `path`, sorted so that a run is repeatable; empty when there are none.
std::vector<std::string> FilesUnder(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return {path};
  for (std::filesystem::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool Replay(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    return false;
  }
  // Before the call, so that a crash is preceded by the name of its input.
  std::fprintf(stderr, "replay %s (%zu bytes)\n", path.c_str(), content.size());
  // A copy without slack, so that a sanitizer sees a read past the end.
  const std::vector<uint8_t> bytes(content.begin(), content.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FILE_OR_FOLDER...\n", argv[0]);
    return 2;
  }
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  const uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  size_t replayed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> files = FilesUnder(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "%s: no corpus there; keep at least one input\n", argv[i]);
      return 2;
    }
    for (const std::string& file : files) {
      if (!Replay(file)) return 2;
      ++replayed;
    }
  }
  std::printf("replayed %zu inputs and the empty one\n", replayed);
  return 0;
}
