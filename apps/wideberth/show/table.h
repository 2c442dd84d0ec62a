// Tables for people: columns aligned by what a terminal shows, whatever the script.
//
//   Table table({{"WHEN"}, {"WHO", Fit::kWrap}});
//   table.AddRow({{"10:42Z"}, {"north survey", Style::kBold}});
//   Print(table.ToString(TerminalWidth(), ColoursOn()));
//
// Pure: no terminal is asked for anything.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_TABLE_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wideberth::cli {

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// `text` in that style, or as it is when `colours` is false.
std::string Paint(Style style, std::string_view text, bool colours);

// The columns that a terminal needs for a UTF-8 text: 2 for East Asian wide characters and emoji, 0 for combining
// marks. A byte that is not UTF-8 takes one.
size_t DisplayWidth(std::string_view text);

// Words laid out in lines of at most `width` columns; a longer word is cut. At least one line.
std::vector<std::string> WrapText(std::string_view text, size_t width);

// Control characters as '?', so that no text of a file or of a stranger moves the cursor.
std::string Printable(std::string_view text);

enum class Fit {
  kWhole,  // as wide as its widest cell
  kWrap,   // gives way when the table is wider than the terminal
  kRight,  // whole, aligned to the right
};

struct Column {
  std::string title;
  Fit fit = Fit::kWhole;
};

struct Cell {
  std::string text;
  Style style = Style::kPlain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void AddRow(std::vector<Cell> cells);  // one for each column
  size_t rows() const { return rows_.size(); }

  // `width_max` 0: as wide as it gets, and no line is broken.
  std::string ToString(size_t width_max, bool colours) const;

 private:
  std::vector<size_t> Widths(size_t width_max) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_TABLE_H_
