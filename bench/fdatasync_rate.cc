// The floor under every durable answer: how often a second this disk makes 1 kB durable.
//
//   fdatasync_rate FILE
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: fdatasync_rate FILE\n");
    return 2;
  }
  constexpr double kSeconds = 3;
  const int fd = open(argv[1], O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (fd < 0) {
    std::perror(argv[1]);
    return 1;
  }
  const std::vector<char> record(1024, 'x');
  std::vector<double> micros;
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::duration<double>(kSeconds)) {
    const auto start = std::chrono::steady_clock::now();
    if (pwrite(fd, record.data(), record.size(), static_cast<off_t>(micros.size() * 1024)) < 0 ||
        fdatasync(fd) != 0) {
      std::perror("write");
      return 1;
    }
    micros.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
  }
  close(fd);
  unlink(argv[1]);
  std::sort(micros.begin(), micros.end());
  fmt::print("fdatasync of 1 kB: {:.0f} a second, p50 {:.0f} us, p99 {:.0f} us\n",
             static_cast<double>(micros.size()) / kSeconds, micros[micros.size() / 2],
             micros[micros.size() * 99 / 100]);
  return 0;
}
