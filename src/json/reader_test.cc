#include "json/reader.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"
#include "json/diagnose.h"
#include "json/writer.h"

namespace wideberth::json {
namespace {

using base::ErrorCode;

Document MustParse(std::string_view text) {
  auto document = Document::Parse(text);
  EXPECT_TRUE(document.has_value()) << text << ": " << document.error().ToString();
  return std::move(document).value();
}

struct Refused {
  std::string text;
  std::string pointer;
  std::string rule;  // how it begins
  std::string found;
};

TEST(JsonDocument, RefusesWhatIsNotJsonAndNamesThePlace) {
  const std::string kUtf8 = "must be UTF-8";
  const std::vector<Refused> cases = {
      {"", "", "must be one JSON value", "nothing"},
      {" \n", "", "must be one JSON value", "nothing"},
      {"{} x", "", "must be one JSON value with nothing behind it", "x at byte 3"},
      {"{}{}", "", "must be one JSON value with nothing behind it", "{} at byte 2"},
      {"[1,2", "", "must have a comma or ]", "the end of the text"},
      {"[1 2]", "", "must have a comma or ]", "2] at byte 3"},
      {"[1,]", "/1", "must be a JSON value", "] at byte 3"},
      {R"({"a":1,})", "", "must have a key in double quotes", "} at byte 7"},
      {R"({"a" 1})", "", "must have a colon", "1} at byte 5"},
      {R"({"a":{"b":[0,nul]}})", "/a/b/1", "must be a JSON value", "nul]}} at byte 13"},
      {R"({"lower":NaN})", "/lower", "must be a JSON value", "NaN} at byte 9"},
      {R"({"lower":-Infinity})", "/lower", "must be a JSON value", "-Infinity} at byte 9"},
      {R"({"lower":1e400})", "/lower", "must be a number that a 64-bit float can hold", "1e400"},
      {R"({"a/b~c":-1e400})", "/a~1b~0c", "must be a number that a 64-bit float", "-1e400"},
      {R"({"a":14e9223372036854775807})", "/a", "must be a number that a 64-bit float",
       "14e9223372036854775807"},
      {R"([100000000000000000000])", "/0", "must be an integer of at most 64 bits",
       "100000000000000000000"},
      {R"([01])", "/0", "must be a number as JSON writes it", "01] at byte 1"},
      {R"([1.])", "/0", "must be a number as JSON writes it", "1.] at byte 1"},
      {R"([1e])", "/0", "must be a number as JSON writes it", "1e] at byte 1"},
      {R"([.5])", "/0", "must be a JSON value", ".5] at byte 1"},
      {R"([+1])", "/0", "must be a JSON value", "+1] at byte 1"},
      {R"([0x10])", "/0", "must be a number as JSON writes it", "0x10] at byte 1"},
      {"[\"a\nb\"]", "/0", "must not have control characters", "byte value 10 at byte 3"},
      {"[\"a\xFFz\"]", "/0", kUtf8, "byte value 255 at byte 3"},
      {"[\"\xC0\x80\"]", "/0", kUtf8, "byte value 192 at byte 2"},
      {"[\"\xED\xA0\x80\"]", "/0", kUtf8, "byte value 237 at byte 2"},
      {"[\"\xF4\x90\x80\x80\"]", "/0", kUtf8, "byte value 244 at byte 2"},
      {"\xEF\xBB\xBF{}", "", "must be a JSON value", "\xEF\xBB\xBF{} at byte 0"},
      {R"(["\ud800"])", "/0", "must be four hex digits", R"(\ud800"] at byte 2)"},
      {R"(["\udc00"])", "/0", "must be four hex digits", R"(\udc00"] at byte 2)"},
      {R"(["\ud800A"])", "/0", "must be four hex digits", R"(\ud800A"] at byte 2)"},
      {R"(["\uD800\uD800"])", "/0", "must be four hex digits", R"(\uD800\uD800"] at byte 2)"},
      {R"(["\u12g4"])", "/0", "must be four hex digits", R"(\u12g4"] at byte 2)"},
      {R"(["\x"])", "/0", "must use an escape that JSON knows", R"(\x"] at byte 2)"},
      {R"(["abc)", "/0", "must have a closing quote", "the end of the text"},
      {"'a'", "", "must be a JSON value", "'a' at byte 0"},
      {"[1] // why", "", "must be one JSON value with nothing", "// why at byte 4"},
      {R"({"a":1,"a":2})", "/a", "must stand only once in its object", "a second one"},
      {R"({"a":1,"\u0061":2})", "/a", "must stand only once in its object", "a second one"},
      {R"([{},{"v":[{"x":1,"abcdefg":2,"abcdefh":3,"abcdefg":4}]}])", "/1/v/0/abcdefg",
       "must stand only once in its object", "a second one"},
  };
  for (const Refused& c : cases) {
    const auto document = Document::Parse(c.text);
    ASSERT_FALSE(document.has_value()) << c.text;
    EXPECT_EQ(document.error().code, ErrorCode::kInvalid) << c.text;
    EXPECT_EQ(document.error().field, c.pointer) << c.text;
    EXPECT_EQ(document.error().rule.substr(0, c.rule.size()), c.rule) << c.text;
    EXPECT_EQ(document.error().found, c.found) << c.text;
  }
}

TEST(JsonDocument, FindsDuplicateKeysInLargeObjects) {
  for (const int fields : {2, 16, 17, 500}) {
    std::string text = "{";
    for (int i = 0; i < fields; ++i)
      text += "\"key" + std::to_string(i) + "\":[" + std::to_string(i) + "],";
    EXPECT_TRUE(Document::Parse(text + "\"last\":0}").has_value());
    const auto twice = Document::Parse(text + "\"key1\":0}");
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().field, "/key1");
  }
}

TEST(JsonDocument, RefusesNestingBombsAtTheNamedDepth) {
  const auto nested = [](size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(Document::Parse(nested(limits::kJsonDepthMax)).has_value());
  for (const size_t levels : {limits::kJsonDepthMax + 1, size_t{100'000}}) {
    const auto document = Document::Parse(nested(levels));
    ASSERT_FALSE(document.has_value());
    EXPECT_EQ(document.error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(document.error().rule, "must not be nested deeper than 32 levels");
  }
  std::string objects;
  for (size_t i = 0; i <= limits::kJsonDepthMax; ++i) objects += R"({"a":)";
  objects += "1" + std::string(limits::kJsonDepthMax + 1, '}');
  EXPECT_EQ(Document::Parse(objects).error().code, ErrorCode::kTooLarge);
}

TEST(JsonDocument, RefusesTextsBeyondTheirLimit) {
  EXPECT_TRUE(Document::Parse("[1,2,3]", 7).has_value());
  const auto document = Document::Parse("[1,2,3]", 6);
  ASSERT_FALSE(document.has_value());
  EXPECT_EQ(document.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(document.error().rule, "must have at most 6 bytes of JSON");
  EXPECT_EQ(document.error().found, "7 bytes");
}

TEST(JsonDocument, AcceptsTheCornersOfTheGrammar) {
  for (const std::string_view text :
       {"0", "-0", "null", "true", "\"\"", " [ ] ", "{\r\n\t}", R"({"":1})", "1e-400",
        "-1e-999999999999", "0.0e400", "1E+2", "9223372036854775807", "-9223372036854775808",
        "18446744073709551615", R"("\ud83d\ude80")", R"("\u0000")", "\"\xF0\x9F\x9A\x80\"",
        "1.7976931348623157e308"}) {
    EXPECT_TRUE(Document::Parse(text).has_value()) << text;
  }
}

TEST(JsonObject, ReadsEveryKind) {
  const Document document = MustParse(
      R"({"s":"hé\n","i":-5,"u":18446744073709551615,"d":2.5,"b":true,"n":null,"o":{"x":1},"a":[1,2]})");
  Object object = document.root().AsObject().value();
  EXPECT_EQ(object.RequiredString("s", 10).value(), "h\xC3\xA9\n");
  EXPECT_EQ(object.RequiredInt64("i", -5, 5).value(), -5);
  EXPECT_EQ(object.RequiredDouble("i", -10, 10).value(), -5.0);
  EXPECT_EQ(object.RequiredDouble("u", 0, 1e30).value(), 18446744073709551616.0);
  EXPECT_EQ(object.RequiredDouble("d", 2.5, 2.5).value(), 2.5);
  EXPECT_TRUE(object.RequiredBool("b").value());
  EXPECT_TRUE(object.Find("n")->is_null());
  EXPECT_EQ(object.RequiredObject("o").value().RequiredInt64("x", 0, 9).value(), 1);
  std::vector<int64_t> items;
  const Array array = object.RequiredArray("a", 2).value();
  for (const Value item : array) {
    items.push_back(item.AsInt64(0, 9).value());
  }
  EXPECT_EQ(items, (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(object.ExpectNoOtherFields().has_value());
  std::string keys;
  for (const Field field : object) keys += field.key;
  EXPECT_EQ(keys, "siudbnoa");
  EXPECT_FALSE(object.Find("absent").has_value());
  EXPECT_FALSE(object.OptionalInt64("absent", 0, 1).value().has_value());
  EXPECT_EQ(object.OptionalString("s", 10).value(), "h\xC3\xA9\n");
}

TEST(JsonObject, FindsFieldsInAnyOrder) {
  base::SeededRandom random(7);
  for (int fields = 0; fields <= 70; fields += 7) {
    std::string text = "{";
    for (int i = 0; i < fields; ++i) {
      text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
    }
    const Document document = MustParse(text + "}");
    Object object = document.root().AsObject().value();
    for (int look = 0; look < 300; ++look) {
      const int64_t i = random.Between(0, fields + 3);
      const auto value = object.Find("k" + std::to_string(i));
      ASSERT_EQ(value.has_value(), i < fields);
      if (value) {
        ASSERT_EQ(value->AsInt64(0, 100).value(), i);
      }
    }
  }
}

struct FieldRefused {
  std::string pointer;
  std::string rule;
  std::string found;
};

void ExpectError(const base::Error& error, const FieldRefused& expected) {
  EXPECT_EQ(error.field, expected.pointer);
  EXPECT_EQ(error.rule, expected.rule);
  EXPECT_EQ(error.found, expected.found);
}

TEST(JsonObject, EveryRefusalNamesPointerRuleAndFound) {
  const Document document = MustParse(
      R"({"v":[{"lat":91,"name":"abcdef","n":1.5,"big":18446744073709551615,"z":null,"l":[1,2,3]}]})");
  Object root = document.root().AsObject().value();
  Object v = (*root.RequiredArray("v", 1).value().begin()).AsObject().value();
  ExpectError(v.RequiredDouble("lat", -90, 90).error(),
              {"/v/0/lat", "must be between -90 and 90", "91"});
  ExpectError(v.RequiredDouble("lat", 100, std::numeric_limits<double>::infinity()).error(),
              {"/v/0/lat", "must be at least 100", "91"});
  ExpectError(v.RequiredDouble("lat", -std::numeric_limits<double>::infinity(), 1).error(),
              {"/v/0/lat", "must be at most 1", "91"});
  ExpectError(v.RequiredDouble("name", 0, 1).error(),
              {"/v/0/name", "must be a number", "\"abcdef\""});
  ExpectError(v.RequiredString("name", 5).error(),
              {"/v/0/name", "must have at most 5 bytes", "6 bytes"});
  ExpectError(v.RequiredString("lat", 5).error(), {"/v/0/lat", "must be a string", "91"});
  ExpectError(v.RequiredInt64("n", 0, 9).error(), {"/v/0/n", "must be an integer", "1.5"});
  ExpectError(v.RequiredInt64("lat", 0, 9).error(), {"/v/0/lat", "must be between 0 and 9", "91"});
  ExpectError(v.RequiredInt64("big", 0, 9).error(),
              {"/v/0/big", "must be between 0 and 9", "18446744073709551615"});
  ExpectError(v.RequiredBool("z").error(), {"/v/0/z", "must be true or false", "null"});
  ExpectError(v.OptionalBool("z").error(), {"/v/0/z", "must be true or false", "null"});
  ExpectError(v.RequiredObject("l").error(),
              {"/v/0/l", "must be an object", "an array of 3 items"});
  ExpectError(v.RequiredArray("l", 2).error(), {"/v/0/l", "must have at most 2 items", "3"});
  ExpectError(root.RequiredObject("v").error(), {"/v", "must be an object", "an array of 1 items"});
  ExpectError(v.RequiredString("a/b", 9).error(), {"/v/0/a~1b", "must be present", ""});
  ExpectError(document.root().AsArray(9).error(), {"", "must be an array", "an object"});
}

TEST(JsonObject, StrictReadingNamesTheFirstUnknownField) {
  const Document document = MustParse(R"({"o":{"a":1,"weapon":{"x":1},"b":2}})");
  Object root = document.root().AsObject().value();
  Object o = root.RequiredObject("o").value();
  EXPECT_TRUE(root.ExpectNoOtherFields().has_value());
  (void)o.Find("b");
  (void)o.Find("a");
  (void)o.Find("a");
  ExpectError(o.ExpectNoOtherFields().error(),
              {"/o/weapon", "must not be present: the field is unknown", "an object"});
  (void)o.Find("weapon");
  EXPECT_TRUE(o.ExpectNoOtherFields().has_value());
}

enum class Mode { kReal, kTest };
constexpr EnumName<Mode> kModes[] = {{"REAL", Mode::kReal}, {"TEST", Mode::kTest}};

TEST(JsonObject, ReadsEnumsTimesAndIds) {
  const Document document = MustParse(
      R"({"mode":"TEST","other":"real","t":"2026-11-21T10:00:00Z","local":"2026-11-21T10:00:00",)"
      R"("id":"f81d4fae-7dec-41d0-a765-00a0c91e6bf6"})");
  Object object = document.root().AsObject().value();
  EXPECT_EQ(object.RequiredEnum("mode", kModes).value(), Mode::kTest);
  EXPECT_EQ(object.OptionalEnum("mode", kModes).value(), Mode::kTest);
  EXPECT_FALSE(object.OptionalEnum("none", kModes).value().has_value());
  ExpectError(object.RequiredEnum("other", kModes).error(),
              {"/other", "must be one of REAL TEST", "\"real\""});
  EXPECT_EQ(object.RequiredParsed("t", 40, base::ParseRfc3339).value(),
            base::ParseRfc3339("2026-11-21T10:00:00Z").value());
  EXPECT_EQ(object.RequiredParsed("local", 40, base::ParseRfc3339).error().field, "/local");
  EXPECT_EQ(object.RequiredParsed("id", 36, base::NoticeId::Parse).value().ToString(),
            "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
  EXPECT_FALSE(object.OptionalParsed("gone", 36, base::NoticeId::Parse).value().has_value());
}

// A random value of all kinds, written by the Writer.
void WriteRandom(base::SeededRandom& random, int depth, Writer* json) {
  switch (random.Below(depth > 4 ? 6 : 8)) {
    case 0:
      return json->Null();
    case 1:
      return json->Bool(random.Below(2) == 1);
    case 2:
      return json->Int64(static_cast<int64_t>(random.Next()) >> random.Below(64));
    case 3:
      return json->Uint64(random.Next() >> random.Below(64));
    case 4:
      return json->Double((random.Unit() - 0.5) * 1e9);
    case 5: {
      std::string text;
      for (uint64_t n = random.Below(12); n > 0; --n) {
        constexpr std::string_view kPieces[] = {"a",    "\"",       "\\", "\n",
                                                "\x01", "\xC3\xA9", "/",  "\xF0\x9F\x9A\x80"};
        text += kPieces[random.Below(std::size(kPieces))];
      }
      return json->String(text);
    }
    case 6:
      json->BeginArray();
      for (uint64_t n = random.Below(5); n > 0; --n) WriteRandom(random, depth + 1, json);
      return json->EndArray();
    default:
      json->BeginObject();
      for (uint64_t n = random.Below(5); n > 0; --n) {
        json->Key("k" + std::to_string(n));
        WriteRandom(random, depth + 1, json);
      }
      return json->EndObject();
  }
}

TEST(JsonValue, EmittingAndParsingIsTheIdentity) {
  base::SeededRandom random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    Writer json(&text, round % 2 == 0 ? Layout::kCompact : Layout::kPretty);
    WriteRandom(random, 0, &json);
    ASSERT_TRUE(json.complete());
    ASSERT_TRUE(internal::Diagnose(text).has_value()) << text;
    const Document document = MustParse(text);
    const std::string once = document.root().ToJson();
    ASSERT_EQ(MustParse(once).root().ToJson(), once);
    if (round % 2 == 0) {
      ASSERT_EQ(once, text);
    }
  }
}

TEST(JsonValue, EmitsSubValuesCompactly) {
  const Document document =
      MustParse(R"({ "a" : [ 1, 5.0, 1e22, -0.0, "\u00e9\/", { } ] , "b": 1.50 })");
  Object object = document.root().AsObject().value();
  EXPECT_EQ(object.Find("a")->ToJson(), "[1,5.0,1e+22,-0.0,\"\xC3\xA9/\",{}]");
  EXPECT_EQ(object.Find("b")->ToJson(), "1.5");
}

TEST(JsonDocument, DocumentsMoveAndLiveSideBySide) {
  std::vector<Document> documents;
  std::vector<Value> values;
  for (int i = 0; i < 20; ++i) {
    documents.push_back(MustParse("[\"text " + std::to_string(i) + "\"]"));
    values.push_back(documents.back().root());
  }
  for (int i = 0; i < 20; ++i) {
    const Array array = values[static_cast<size_t>(i)].AsArray(1).value();
    EXPECT_EQ((*array.begin()).AsString(20).value(), "text " + std::to_string(i));
  }
}

TEST(JsonDocument, MayBeDestroyedOnAnotherThread) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([document = MustParse("[1]")]() mutable {
      for (int i = 0; i < 200; ++i) document = MustParse("[1,[2,{\"a\":3}]]");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace wideberth::json
