#include "apps/wideberth/show/table.h"

#include <gtest/gtest.h>

namespace wideberth::cli {
namespace {

TEST(TableTest, WidthIsWhatATerminalShows) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("Bern"), 4u);
  EXPECT_EQ(DisplayWidth("Zürich"), 6u);
  EXPECT_EQ(DisplayWidth("Zu\u0308rich"), 6u);  // u and a combining diaeresis
  EXPECT_EQ(DisplayWidth("東京"), 4u);
  EXPECT_EQ(DisplayWidth("\U0001F681"), 2u);  // helicopter
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2u);    // not UTF-8: a column a byte
  EXPECT_EQ(DisplayWidth("\xe6\x9d"), 2u);    // cut off
}

TEST(TableTest, ColumnsAlignWhateverTheScript) {
  Table table({{"NAME"}, {"N", Fit::kRight}, {"LAST"}});
  table.AddRow({{"Bern"}, {"7"}, {"a"}});
  table.AddRow({{"東京都"}, {"12"}, {"b"}});
  table.AddRow({{"Zürich"}, {"345"}, {""}});
  EXPECT_EQ(table.ToString(0, false),
            "NAME      N  LAST\n"
            "Bern      7  a\n"
            "東京都   12  b\n"
            "Zürich  345\n");
}

TEST(TableTest, OnlyWrappingColumnsGiveWay) {
  Table table({{"ID"}, {"WORDS", Fit::kWrap}});
  table.AddRow({{"0123456789"}, {"one two three four five six seven"}});
  EXPECT_EQ(table.ToString(30, false),
            "ID          WORDS\n"
            "0123456789  one two three four\n"
            "            five six seven\n");
}

TEST(TableTest, NoLineIsWiderThanTheTerminalWhereWrappingCanHelp) {
  for (size_t width = 41; width < 120; ++width) {
    Table table({{"A", Fit::kWrap}, {"B"}, {"C", Fit::kWrap}});
    table.AddRow({{"some words that are to be wrapped in this column"},
                  {"whole"},
                  {"averylongwordthatdoesnotfitanywhereandhastobecut 東京 東京 東京"}});
    const std::string text = table.ToString(width, false);
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = text.find('\n', begin);
      EXPECT_LE(DisplayWidth(text.substr(begin, end - begin)), width) << text;
      begin = end + 1;
    }
  }
}

TEST(TableTest, ColoursTakeNoColumns) {
  Table table({{"A"}, {"B"}});
  table.AddRow({{"red", Style::kRed}, {"x"}});
  EXPECT_EQ(table.ToString(0, true),
            "\x1b[2mA\x1b[0m    \x1b[2mB\x1b[0m\n\x1b[31;1mred\x1b[0m  x\n");
}

TEST(TableTest, WrapKeepsEveryWordInOrder) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (size_t width = 6; width < 50; ++width) {
    std::string joined;
    for (const std::string& line : WrapText(text, width)) {
      EXPECT_LE(DisplayWidth(line), width);
      joined.append(joined.empty() ? "" : " ").append(line);
    }
    EXPECT_EQ(joined, text) << width;
  }
  EXPECT_EQ(WrapText("", 10), std::vector<std::string>{""});
}

TEST(TableTest, NothingMovesTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb\r\n\tc"), "a?[2Jb???c");
  EXPECT_EQ(Printable("Zürich \u202Etxt"), "Zürich ?txt");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "?2J");  // CSI in one character
  EXPECT_EQ(Printable("\xff"), "?");
}

}  // namespace
}  // namespace wideberth::cli
