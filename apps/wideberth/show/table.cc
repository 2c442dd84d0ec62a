#include "apps/wideberth/show/table.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace wideberth::cli {
namespace {

constexpr size_t kWrapWidthMin = 16;
constexpr std::string_view kGap = "  ";

struct Range {
  uint32_t first;
  uint32_t last;
};
// Unicode: marks that stand on the character before them, and characters that formats take out of view.
constexpr Range kZeroWidth[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                                {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                                {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
// UAX 11: wide and full-width.
constexpr Range kDoubleWidth[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                                  {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                                  {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                  {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                  {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool In(const Range (&ranges)[N], uint32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges), [point](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

// The code point at the start of `text` and its bytes; a byte that starts none stands for itself.
struct Point {
  uint32_t value;
  size_t bytes;
};
Point FirstPoint(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t bytes = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
  if (bytes == 1) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {lead, 1};
  uint32_t value = lead & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if (byte(i) >> 6 != 2) return {lead, 1};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  return {value, bytes};
}

size_t WidthOf(uint32_t point) {
  if (In(kZeroWidth, point)) return 0;
  return In(kDoubleWidth, point) ? 2 : 1;
}

// How many bytes of `text` fit into `width` columns; at least one character.
size_t BytesThatFit(std::string_view text, size_t width) {
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Point point = FirstPoint(text.substr(bytes));
    used += WidthOf(point.value);
    if (used > width && bytes > 0) break;
    bytes += point.bytes;
  }
  return bytes;
}

void AppendPadded(std::string* line, const std::string& text, Style style, size_t width, bool right,
                  bool colours) {
  const size_t shown = DisplayWidth(text);
  const std::string pad(width > shown ? width - shown : 0, ' ');
  if (right) line->append(pad);
  line->append(Paint(style, text, colours));
  if (!right) line->append(pad);
}

}  // namespace

std::string Paint(Style style, std::string_view text, bool colours) {
  constexpr std::string_view kCodes[] = {"", "1", "2", "31;1", "32", "33", "36"};
  if (!colours || style == Style::kPlain || text.empty()) return std::string(text);
  return "\x1b[" + std::string(kCodes[static_cast<size_t>(style)]) + "m" + std::string(text) +
         "\x1b[0m";
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Point point = FirstPoint(text);
    width += WidthOf(point.value);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const Point point = FirstPoint(text);
    const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0) ||
                         (point.value >= 0x202A && point.value <= 0x202E) ||
                         (point.bytes == 1 && point.value >= 0x80);
    printable.append(control ? "?" : text.substr(0, point.bytes));
    text.remove_prefix(point.bytes);
  }
  return printable;
}

std::vector<std::string> WrapText(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  size_t used = 0;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const size_t needed = DisplayWidth(word) + (used > 0 ? 1 : 0);
    if (used > 0 && used + needed > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back() += ' ';
    while (used == 0 && DisplayWidth(word) > width) {
      const size_t bytes = BytesThatFit(word, width);
      lines.back() = word.substr(0, bytes);
      lines.emplace_back();
      word.remove_prefix(bytes);
    }
    lines.back().append(word);
    used = DisplayWidth(lines.back());
  }
  if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines;
}

void Table::AddRow(std::vector<Cell> cells) {
  CHECK(cells.size() == columns_.size());
  for (Cell& cell : cells) cell.text = Printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths(size_t width_max) const {
  std::vector<size_t> widths;
  size_t total = kGap.size() * (columns_.size() - 1);
  std::vector<size_t> wrapping;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i].text));
    widths.push_back(width);
    total += width;
    if (columns_[i].fit == Fit::kWrap) wrapping.push_back(i);
  }
  if (width_max == 0) return widths;
  // The widest of those that may give way gives way first.
  while (total > width_max && !wrapping.empty()) {
    const size_t widest =
        *std::max_element(wrapping.begin(), wrapping.end(),
                          [&](size_t a, size_t b) { return widths[a] < widths[b]; });
    if (widths[widest] <= kWrapWidthMin) break;
    --widths[widest];
    --total;
  }
  return widths;
}

std::string Table::ToString(size_t width_max, bool colours) const {
  const std::vector<size_t> widths = Widths(width_max);
  std::string text;
  const auto append_line = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += kGap;
      AppendPadded(&line, cells[i].text, cells[i].style, widths[i], columns_[i].fit == Fit::kRight,
                   colours);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Style::kDim});
  append_line(titles);
  for (const auto& row : rows_) {
    std::vector<std::vector<std::string>> wrapped;
    size_t lines = 1;
    for (size_t i = 0; i < row.size(); ++i) {
      wrapped.push_back(width_max == 0 ? std::vector<std::string>{row[i].text}
                                       : WrapText(row[i].text, widths[i]));
      lines = std::max(lines, wrapped.back().size());
    }
    for (size_t line = 0; line < lines; ++line) {
      std::vector<Cell> cells;
      for (size_t i = 0; i < row.size(); ++i) {
        cells.push_back({line < wrapped[i].size() ? wrapped[i][line] : "", row[i].style});
      }
      append_line(cells);
    }
  }
  return text;
}

}  // namespace wideberth::cli
