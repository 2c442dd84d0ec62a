// Fails on purpose, on the input "wide": a fuzzing run that does not notice this one notices
// nothing. script/fuzz --ci must see libFuzzer find the input from an empty corpus, and
// canary_test.sh must see the replay of the kept input crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // One comparison after another: each new byte is new coverage, which is how a fuzzer finds it.
  if (size >= 4 && data[0] == 'w' && data[1] == 'i' && data[2] == 'd' && data[3] == 'e') {
    std::abort();
  }
  return 0;
}
