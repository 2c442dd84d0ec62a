#include "json/writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "base/utf8.h"

namespace wideberth::json {
namespace {

std::string Quoted(std::string_view text) {
  std::string json;
  AppendQuoted(&json, text);
  return json;
}

std::string Doubled(double value) {
  std::string json;
  AppendDouble(&json, value);
  return json;
}

TEST(JsonWriter, WritesTheGoldenCompactText) {
  std::string out = "x:";
  Writer json(&out);
  json.BeginObject();
  json.StringField("s", "a\"b\\c/\x1F\n");
  json.Int64Field("i", std::numeric_limits<int64_t>::min());
  json.Uint64Field("u", std::numeric_limits<uint64_t>::max());
  json.DoubleField("d", 0.1);
  json.BoolField("t", true);
  json.Key("list");
  json.BeginArray();
  json.Null();
  json.Bool(false);
  json.BeginArray();
  json.EndArray();
  json.BeginObject();
  json.EndObject();
  json.Raw("{\"raw\":1}");
  json.EndArray();
  EXPECT_FALSE(json.complete());
  json.EndObject();
  EXPECT_TRUE(json.complete());
  EXPECT_EQ(
      out, R"(x:{"s":"a\"b\\c/\u001f\n","i":-9223372036854775808,"u":18446744073709551615,"d":0.1,)"
           R"("t":true,"list":[null,false,[],{},{"raw":1}]})");
}

TEST(JsonWriter, WritesTheGoldenPrettyText) {
  std::string out;
  Writer json(&out, Layout::kPretty);
  json.BeginObject();
  json.Key("a");
  json.BeginArray();
  json.Int64(1);
  json.Int64(2);
  json.EndArray();
  json.Key("e");
  json.BeginArray();
  json.EndArray();
  json.EndObject();
  EXPECT_EQ(out, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": []\n}");
}

TEST(JsonWriter, DoublesReadBackAsTheSameBits) {
  base::SeededRandom random(3);
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::bit_cast<double>(random.Next());
    if (!std::isfinite(value)) continue;
    const std::string text = Doubled(value);
    double back = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(read.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
  }
  EXPECT_EQ(Doubled(-0.0), "-0.0");
  EXPECT_EQ(Doubled(5), "5");
  EXPECT_EQ(Doubled(1e22), "1e+22");
  EXPECT_EQ(Doubled(5e-324), "5e-324");
}

TEST(JsonWriter, BrokenUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(Quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Quoted("\xC3"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xC3\xA9\xF0\x9F\x9A\x80"), "\"\xC3\xA9\xF0\x9F\x9A\x80\"");
  base::SeededRandom random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random.Below(12), '\0');
    for (char& c : text)
      c = static_cast<char>(random.Below(3) == 0 ? random.Below(256) : 0x80 + random.Below(128));
    ASSERT_TRUE(base::IsUtf8(Quoted(text)));
  }
}

TEST(JsonWriterDeathTest, DefectsOfTheCallerStop) {
  std::string out;
  EXPECT_DEATH({ Writer(&out).Double(std::nan("")); }, "no NaN");
  EXPECT_DEATH({ Writer(&out).Double(HUGE_VAL); }, "no NaN");
  EXPECT_DEATH({ Writer(&out).Key("a"); }, "key outside an object");
  EXPECT_DEATH({ Writer(&out).EndArray(); }, "without its Begin");
  EXPECT_DEATH(
      {
        Writer json(&out);
        json.BeginObject();
        json.Int64(1);
      },
      "needs a key");
  EXPECT_DEATH(
      {
        Writer json(&out);
        json.Int64(1);
        json.Int64(1);
      },
      "one value");
}

}  // namespace
}  // namespace wideberth::json
