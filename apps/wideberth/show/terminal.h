// The terminal: whether there is one, how wide it is, whether it is to be coloured, and a line of progress on it.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_TERMINAL_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_TERMINAL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/wideberth/show/table.h"

namespace wideberth::cli {

bool StdoutIsTerminal();
bool StderrIsTerminal();
// Of the terminal on stdout; 0 where there is none: nothing is then wrapped.
size_t TerminalWidth();
// On a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
bool ColoursOn();

// Paint for stdout.
std::string Paint(Style style, std::string_view text);

void Print(std::string_view text);       // to stdout
void PrintError(std::string_view text);  // to stderr
// Table::ToString for this terminal.
void PrintTable(const Table& table);

// One line on stderr that the next one is drawn over; an empty text clears it. Nothing where stderr is no terminal.
void DrawStatus(std::string_view text);

// A line on stderr that is drawn over itself at most ten times a second; nothing where stderr is no terminal. Cleared
// when it is destroyed. Not thread-safe.
class Progress {
 public:
  explicit Progress(std::string what, uint64_t total = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Set(uint64_t done);
  void Set(uint64_t done, uint64_t total);

 private:
  void Draw();

  const std::string what_;
  const bool shown_;
  uint64_t done_ = 0;
  uint64_t total_;
  int64_t drawn_us_ = 0;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_TERMINAL_H_
