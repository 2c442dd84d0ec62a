#include "net/http.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "net/http_wire.h"

namespace wideberth::net {
namespace {

TEST(Target, IsSplitAndDecoded) {
  const auto target =
      ParseTarget("/v1/notices/a%20b%C3%A9?limit=10&at=2026-11-21T11:00:00+01:00&x");
  ASSERT_TRUE(target) << target.error().ToString();
  EXPECT_EQ(target->path, "/v1/notices/a b\xC3\xA9");
  EXPECT_EQ(target->Find("limit"), "10");
  EXPECT_EQ(target->Find("at"), "2026-11-21T11:00:00+01:00");  // '+' is a plus
  EXPECT_EQ(target->Find("x"), "");
  EXPECT_EQ(target->Find("y"), std::nullopt);
}

TEST(Target, CountsRepeatedParameters) {
  const auto target = ParseTarget("/?a=1&&a=2&b=3");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->Count("a"), 2u);
  EXPECT_EQ(target->Find("a"), "1");
  EXPECT_EQ(target->query.size(), 3u);
}

TEST(Target, AbsoluteFormLosesItsAuthority) {
  EXPECT_EQ(ParseTarget("http://node.example:80/v1/x?y=1")->path, "/v1/x");
  EXPECT_EQ(ParseTarget("HTTPS://node.example")->path, "/");
}

TEST(Target, RefusesWhatCouldBeReadInTwoWays) {
  struct Case {
    std::string target;
    std::string rule;
  };
  const std::vector<Case> cases = {
      {"", "must start with '/'"},
      {"v1/x", "must start with '/'"},
      {"*", "must start with '/'"},
      {"ftp://h/x", "must start with '/'"},
      {"http:///x", "must name a host"},
      {"http://user@host/x", "without user information"},
      {"http://host?x", "must have a path"},
      {"/a%", "two hex digits"},
      {"/a%4", "two hex digits"},
      {"/a%zz", "two hex digits"},
      {"/a%00b", "control bytes"},
      {"/a%0d%0aSet-Cookie", "control bytes"},
      {"/?q=%1f", "control bytes"},
      {"/?q=%7F", "control bytes"},
      {"/a%2fb", "encoded slash"},
      {"/a%5Cb", "encoded slash"},
      {"/a\\b", "backslashes"},
      {"/a b", "blanks"},
      {"/a\tb", "blanks"},
      {"/caf\xC3\xA9", "printable ASCII"},
      {"/%C3", "UTF-8"},
      {"/%C0%AF", "UTF-8"},
      {"/%ED%A0%80", "UTF-8"},
      {"/a/../b", "'.' or '..'"},
      {"/a/%2e%2e/b", "'.' or '..'"},
      {"/./b", "'.' or '..'"},
      {"/a//b", "empty segments"},
      {"//a", "empty segments"},
      {"/a#b", "fragment"},
      {"/?=1", "must have a name"},
  };
  for (const Case& c : cases) {
    const auto target = ParseTarget(c.target);
    ASSERT_FALSE(target) << c.target;
    EXPECT_NE(target.error().rule.find(c.rule), std::string::npos)
        << c.target << ": " << target.error().ToString();
  }
}

TEST(Target, HoldsItsLimits) {
  std::string query = "/?";
  for (size_t i = 0; i < limits::kHttpQueryParametersMax; ++i) query += "a=1&";
  EXPECT_TRUE(ParseTarget(query));
  const auto many = ParseTarget(query + "b=1");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, base::ErrorCode::kTooLarge);
  EXPECT_TRUE(ParseTarget("/" + std::string(limits::kHttpTargetBytesMax - 1, 'a')));
  EXPECT_FALSE(ParseTarget("/" + std::string(limits::kHttpTargetBytesMax, 'a')));
}

TEST(Percent, DecodesWhatItEncodes) {
  base::SeededRandom random(7);
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(20); n > 0; --n) {
      text.push_back(static_cast<char>(0x20 + random.Below(0x5F)));
    }
    const std::string encoded = PercentEncode(text);
    EXPECT_EQ(PercentDecode(encoded, "query").value(), text);
    const auto target = ParseTarget("/?" + PercentEncode("name" + text) + "=" + encoded);
    ASSERT_TRUE(target) << encoded;
    EXPECT_EQ(target->query.at(0), (QueryParameter{"name" + text, text}));
  }
}

TEST(Headers, FindWithoutRegardToCaseAndCount) {
  Headers headers;
  headers.Add("Content-Type", "text/plain");
  headers.Add("X-A", "1");
  headers.Add("x-a", "2");
  EXPECT_EQ(headers.Find("content-TYPE"), "text/plain");
  EXPECT_EQ(headers.Find("X-a"), "1");
  EXPECT_EQ(headers.Count("X-A"), 2u);
  EXPECT_EQ(headers.Find("X-B"), std::nullopt);
  EXPECT_EQ(headers.at(2).name, "x-a");
  headers.Clear();
  EXPECT_EQ(headers.Find("X-A"), std::nullopt);
}

TEST(Headers, TokensOfLists) {
  Headers headers;
  headers.Add("Connection", "keep-alive, Upgrade");
  headers.Add("Connection", "close");
  EXPECT_TRUE(headers.HasToken("connection", "upgrade"));
  EXPECT_TRUE(headers.HasToken("connection", "close"));
  EXPECT_FALSE(headers.HasToken("connection", "keep"));
}

TEST(HttpDate, IsImfFixdate) {
  // RFC 9110 5.6.7 gives the first.
  EXPECT_EQ(HttpDate(784'111'777'000'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace wideberth::net
