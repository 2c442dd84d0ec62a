#include "base/toml.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/ids.h"

namespace wideberth::base {
namespace {

TomlDocument MustParse(std::string_view text) {
  auto document = TomlDocument::Parse(text);
  EXPECT_TRUE(document.has_value()) << document.error().ToString();
  return std::move(document).value();
}

constexpr std::string_view kConfig = R"(
store_path = "/var/lib/wideberth"   # where
start = 2026-11-21T11:00:00.5+01:00
text_start = "2026-11-21T10:00:00Z"
party = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"

[listen]
port = 8443
timeout_s = 2.5
keepalive_s = 60
tls = true
names = ["a", "b"]
weights = [1, 2.5]
counts = [1, 2]

[[separation]]
kind = "hazard"
[[separation]]
kind = "zone"
)";

TEST(Toml, ReadsEveryKind) {
  const TomlDocument document = MustParse(kConfig);
  TomlTable root = document.root();
  EXPECT_EQ(root.RequiredString("store_path", 100).value(), "/var/lib/wideberth");
  EXPECT_EQ(FormatRfc3339(root.RequiredTime("start").value()), "2026-11-21T10:00:00.500Z");
  EXPECT_EQ(FormatRfc3339(*root.OptionalTime("text_start").value()), "2026-11-21T10:00:00Z");
  EXPECT_TRUE(root.RequiredParsed("party", 36, PartyId::Parse).has_value());
  TomlTable listen = root.RequiredTable("listen").value();
  EXPECT_EQ(listen.RequiredInt64("port", 1, 65535).value(), 8443);
  EXPECT_EQ(listen.RequiredDouble("timeout_s", 0, 10).value(), 2.5);
  EXPECT_EQ(listen.Double("keepalive_s", 1, 0, 100).value(), 60);
  EXPECT_TRUE(listen.RequiredBool("tls").value());
  EXPECT_EQ(listen.Strings("names", 2, 5).value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(listen.Doubles("weights", 2, 0, 5).value(), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(listen.Int64s("counts", 2, 0, 5).value(), (std::vector<int64_t>{1, 2}));
  std::vector<TomlTable> rows = root.Tables("separation", 10).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].RequiredString("kind", 10).value(), "zone");
  EXPECT_EQ(rows[1].path(), "separation[1]");
  EXPECT_EQ(
      root.ExpectNoOtherKeys().error().ToString(),
      "separation[0].kind: must not be present: the key is unknown (found \"hazard\" at line 17)");
  EXPECT_EQ(rows[0].RequiredString("kind", 10).value(), "hazard");
  EXPECT_TRUE(root.ExpectNoOtherKeys().has_value());
  EXPECT_EQ(listen.Keys(), (std::vector<std::string>{"counts", "keepalive_s", "names", "port",
                                                     "timeout_s", "tls", "weights"}));
}

TEST(Toml, AbsentKeysReadAsTheirDefaults) {
  const TomlDocument document = MustParse("");
  TomlTable root = document.root();
  TomlTable listen = root.Table("listen").value();
  EXPECT_EQ(listen.Int64("port", 8443, 1, 65535).value(), 8443);
  EXPECT_EQ(listen.String("host", "::1", 100).value(), "::1");
  EXPECT_EQ(listen.Double("x", 1.5, 0, 2).value(), 1.5);
  EXPECT_TRUE(listen.Bool("tls", true).value());
  EXPECT_TRUE(listen.Tables("rows", 5).value().empty());
  EXPECT_TRUE(listen.Strings("names", 5, 5).value().empty());
  EXPECT_FALSE(listen.OptionalTime("t").value().has_value());
  EXPECT_TRUE(listen.Keys().empty());
  EXPECT_TRUE(listen.ExpectNoOtherKeys().has_value());
  EXPECT_TRUE(root.ExpectNoOtherKeys().has_value());
}

TEST(Toml, EveryRefusalNamesPathRuleFoundAndLine) {
  const TomlDocument document = MustParse(
      "[listen]\nport = 70000\nhost = \"abcdef\"\nlocal = 2026-11-21T10:00:00\nday = 2026-11-21\n"
      "x = nan\ny = inf\nlist = [1, \"two\"]\nleap = \"2016-12-31T23:59:60Z\"\nold = "
      "1969-01-01T00:00:00Z\n"
      "\"odd key\" = 1\nrows = [{a = 1}, 5]\n");
  TomlTable root = document.root();
  TomlTable listen = root.RequiredTable("listen").value();
  const auto text = [](const auto& result) { return result.error().ToString(); };
  EXPECT_EQ(text(listen.RequiredInt64("port", 1, 65535)),
            "listen.port: must be between 1 and 65535 (found 70000 at line 2)");
  EXPECT_EQ(text(listen.Int64("host", 1, 1, 2)),
            "listen.host: must be an integer (found \"abcdef\" at line 3)");
  EXPECT_EQ(text(listen.Int64("x", 1, 1, 2)), "listen.x: must be an integer (found nan at line 6)");
  EXPECT_EQ(text(listen.RequiredString("host", 5)),
            "listen.host: must have at most 5 bytes (found \"abcdef\" at line 3)");
  EXPECT_EQ(text(listen.String("port", "", 5)),
            "listen.port: must be a string (found 70000 at line 2)");
  EXPECT_EQ(text(listen.Bool("port", true)),
            "listen.port: must be true or false (found 70000 at line 2)");
  EXPECT_EQ(text(listen.RequiredTime("local")),
            "listen.local: must carry a zone (Z or +hh:mm) (found a date or time at line 4)");
  EXPECT_EQ(text(listen.RequiredTime("day")),
            "listen.day: must be a date and a time with a zone (found a date or time at line 5)");
  EXPECT_EQ(text(listen.RequiredTime("leap")),
            "listen.leap: must not be a leap second (found \"2016-12-31T23:59:60Z\" at line 9)");
  EXPECT_EQ(text(listen.RequiredTime("old")),
            "listen.old: must lie in the years 1970 to 9998 (found a date or time at line 10)");
  EXPECT_EQ(text(listen.RequiredDouble("x", 0, 1)),
            "listen.x: must be a finite number (found nan at line 6)");
  EXPECT_EQ(text(listen.RequiredDouble("y", 0, 1)),
            "listen.y: must be a finite number (found inf at line 7)");
  EXPECT_EQ(text(listen.Int64s("list", 5, 0, 9)),
            "listen.list[1]: must be an integer (found \"two\" at line 8)");
  EXPECT_EQ(text(listen.Int64s("list", 1, 0, 9)),
            "listen.list: must have at most 1 items (found an array of 2 items at line 8)");
  EXPECT_EQ(text(listen.Tables("rows", 5)), "listen.rows[1]: must be a table (found 5 at line 12)");
  EXPECT_EQ(text(listen.Tables("port", 5)),
            "listen.port: must be an array (found 70000 at line 2)");
  EXPECT_EQ(text(listen.RequiredInt64("odd key", 2, 3)),
            "listen.\"odd key\": must be between 2 and 3 (found 1 at line 11)");
  EXPECT_EQ(text(listen.RequiredInt64("absent", 2, 3)),
            "listen.absent: must be present (found a table at line 1)");
  EXPECT_EQ(text(root.RequiredInt64("absent", 2, 3)), "absent: must be present");
  EXPECT_EQ(text(root.RequiredParsed("listen", 9, ParseRfc3339)),
            "listen: must be a string (found a table at line 1)");
}

TEST(Toml, UnknownKeysAreErrors) {
  const TomlDocument document = MustParse("a = 1\n[b]\nc = 1\n[typo]\nd = 1\n");
  TomlTable root = document.root();
  (void)root.Has("a");
  EXPECT_EQ(root.ExpectNoOtherKeys().error().field, "b");
  TomlTable b = root.Table("b").value();
  EXPECT_EQ(root.ExpectNoOtherKeys().error().field, "b.c");
  (void)b.Has("c");
  EXPECT_EQ(root.ExpectNoOtherKeys().error().ToString(),
            "typo: must not be present: the key is unknown (found a table at line 4)");
}

TEST(Toml, RefusesWhatIsNotToml) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a = ", "line 1"},
      {"a = 1\na = 2\n", "line 2"},
      {"a = 1\n[a]\n", "line 2"},
      {"\n\nb = \"\xFF\"\n", "line 3"},
      {"a = 1e400\n", "line 1"},
      {"a = 99999999999999999999\n", "line 1"},
      {"t = 2026-02-30T00:00:00Z\n", "line 1"},
  };
  for (const auto& [text, line] : cases) {
    const auto document = TomlDocument::Parse(text);
    ASSERT_FALSE(document.has_value()) << text;
    EXPECT_EQ(document.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(document.error().field.substr(0, line.size()), line) << document.error().ToString();
    EXPECT_FALSE(document.error().found.empty());
  }
}

TEST(Toml, RefusesBombs) {
  EXPECT_EQ(TomlDocument::Parse("a = 1", 4).error().code, ErrorCode::kTooLarge);
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_EQ(TomlDocument::Parse(deep + " = 1").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(TomlDocument::Parse("[" + deep + "]").error().code, ErrorCode::kTooLarge);
  EXPECT_FALSE(TomlDocument::Parse("a = " + std::string(100'000, '[')).has_value());
  std::string tables = "a = ";
  for (int i = 0; i < 100'000; ++i) tables += "{a=";
  EXPECT_FALSE(TomlDocument::Parse(tables).has_value());
}

TEST(Toml, LoadsFilesAndNamesThem) {
  EXPECT_EQ(TomlDocument::Load("/nonexistent/node.toml").error().code, ErrorCode::kNotFound);
  const std::string path = testing::TempDir() + "/toml_test_bad.toml";
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  std::fputs("a = 1\nb =\n", file);
  std::fclose(file);
  EXPECT_EQ(TomlDocument::Load(path).error().field.substr(0, path.size() + 8), path + ": line 2");
  EXPECT_EQ(TomlDocument::Load(path, 5).error().code, ErrorCode::kTooLarge);
  std::remove(path.c_str());
  EXPECT_FALSE(TomlDocument::Load(testing::TempDir()).has_value());
}

}  // namespace
}  // namespace wideberth::base
