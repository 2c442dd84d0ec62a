#include "formats/decimal.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/random.h"

namespace wideberth::formats {
namespace {

TEST(ScaledText, WritesExactDecimals) {
  EXPECT_EQ(ScaledText(0, 3), "0");
  EXPECT_EQ(ScaledText(-1500, 3), "-1.5");
  EXPECT_EQ(ScaledText(-5, 3), "-0.005");
  EXPECT_EQ(ScaledText(46'430'758'000, 9), "46.430758");
  EXPECT_EQ(ScaledText(120'000, 3), "120");
  EXPECT_EQ(ScaledText(7, 0), "7");
  EXPECT_EQ(ScaledText(std::numeric_limits<int64_t>::min(), 3), "-9223372036854775.808");
}

TEST(ScaledText, ReadsBackToTheSameQuantity) {
  base::SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t e9 = random.Between(-180'000'000'000, 180'000'000'000);
    const std::optional<double> degrees = ParseDecimal(ScaledText(e9, 9));
    ASSERT_TRUE(degrees.has_value());
    ASSERT_EQ(std::llround(*degrees * 1e9), e9);
  }
}

TEST(ParseDecimal, TakesWholeNumbersOnly) {
  EXPECT_EQ(ParseDecimal("12.5"), 12.5);
  EXPECT_EQ(ParseDecimal("+3"), 3.0);
  EXPECT_EQ(ParseDecimal("-3e2"), -300.0);
  for (const char* text : {"", "1,5", "1.5m", "nan", "inf", "1e400", "+-3", " 1"}) {
    EXPECT_FALSE(ParseDecimal(text).has_value()) << text;
  }
  EXPECT_EQ(ParseInteger("-12"), -12);
  EXPECT_FALSE(ParseInteger("12.0").has_value());
  EXPECT_FALSE(ParseInteger("99999999999999999999").has_value());
}

TEST(Text, TrimsAndCompares) {
  EXPECT_EQ(TrimSpace(" \t a b\r\n"), "a b");
  EXPECT_EQ(TrimSpace("  "), "");
  EXPECT_EQ(AsciiUpper("Fl65\xC3\xA9"), "FL65\xC3\xA9");
  EXPECT_TRUE(EqualsIgnoringCase("gnd", "GND"));
  EXPECT_FALSE(EqualsIgnoringCase("gnd", "GN"));
}

}  // namespace
}  // namespace wideberth::formats
