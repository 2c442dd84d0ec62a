#include "apps/wideberth/show/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/time.h"

namespace wideberth::cli {
namespace {

constexpr size_t kBarWidth = 24;
constexpr int64_t kDrawPeriodUs = 100'000;

}  // namespace

bool StdoutIsTerminal() {
  static const bool is = isatty(STDOUT_FILENO) == 1;
  return is;
}

bool StderrIsTerminal() {
  static const bool is = isatty(STDERR_FILENO) == 1;
  return is;
}

size_t TerminalWidth() {
  if (!StdoutIsTerminal()) return 0;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool ColoursOn() {
  static const bool on = [] {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    if (no_color != nullptr && *no_color != '\0') return false;
    if (term != nullptr && std::string_view(term) == "dumb") return false;
    return StdoutIsTerminal();
  }();
  return on;
}

std::string Paint(Style style, std::string_view text) {
  return Paint(style, text, ColoursOn());
}

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (StdoutIsTerminal()) std::fflush(stdout);
}

void PrintError(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void PrintTable(const Table& table) {
  Print(table.ToString(TerminalWidth(), ColoursOn()));
}

void DrawStatus(std::string_view text) {
  if (StderrIsTerminal()) PrintError("\r" + std::string(text) + "\x1b[K");
}

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)), shown_(StderrIsTerminal()), total_(total) {}

Progress::~Progress() {
  if (shown_ && drawn_us_ != 0) DrawStatus("");
}

void Progress::Set(uint64_t done) {
  Set(done, total_);
}

void Progress::Set(uint64_t done, uint64_t total) {
  done_ = done;
  total_ = total;
  if (!shown_) return;
  const int64_t now_us = base::SystemClock().MonotonicMicros();
  if (drawn_us_ != 0 && now_us - drawn_us_ < kDrawPeriodUs) return;
  drawn_us_ = now_us;
  Draw();
}

void Progress::Draw() {
  if (total_ == 0) return DrawStatus(fmt::format("{} {}", what_, done_));
  const size_t filled = std::min<uint64_t>(kBarWidth, done_ * kBarWidth / total_);
  DrawStatus(fmt::format("{} [{:=<{}}{:<{}}] {}/{}", what_, "", filled, "", kBarWidth - filled,
                         done_, total_));
}

}  // namespace wideberth::cli
