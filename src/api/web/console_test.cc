#include "api/web/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace wideberth::api::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConsoleTest : public ::testing::Test {
 protected:
  ConsoleTest() {
    std::filesystem::create_directories(folder_ + "/assets");
    Write("index.html", "<!doctype html><script src=/assets/main-1.js></script>");
    Write("assets/main-1.js", "let answer = 42;");
    Write("assets/main-1.js.gz", "packed");
    Write("assets/style-2.css", "body{}");
  }
  ~ConsoleTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, std::string_view content) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  static net::Headers With(std::string_view name, std::string_view value) {
    net::Headers headers;
    headers.Add(name, value);
    return headers;
  }

  const std::string folder_ = ::testing::TempDir() + "wideberth-console-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ConsoleTest, ThePageIsAskedForEachTimeAndItsFilesAreKeptForEver) {
  const Console console = Console::Read(folder_).value();
  const net::Response page = console.Answer("index.html", {});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.Find("cache-control"), "no-cache");
  const std::string policy(page.headers.Find("content-security-policy").value_or(""));
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, Not(HasSubstr("http")));
  const net::Response script = console.Answer("assets/main-1.js", {});
  EXPECT_THAT(std::string(*script.headers.Find("cache-control")), HasSubstr("immutable"));
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(script.headers.Find("x-content-type-options"), "nosniff");
}

TEST_F(ConsoleTest, WhatTheBrowserHasIsNotSentAgain) {
  const Console console = Console::Read(folder_).value();
  const std::string etag(*console.Answer("index.html", {}).headers.Find("etag"));
  const net::Response again = console.Answer("index.html", With("If-None-Match", etag));
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  Write("index.html", "<!doctype html>another");
  const Console upgraded = Console::Read(folder_).value();
  EXPECT_EQ(upgraded.Answer("index.html", With("If-None-Match", etag)).status, 200);
}

TEST_F(ConsoleTest, CompressedWhenTheBrowserTakesIt) {
  const Console console = Console::Read(folder_).value();
  const net::Response packed =
      console.Answer("assets/main-1.js", With("Accept-Encoding", "gzip, deflate, br"));
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(packed.headers.Find("content-encoding"), "gzip");
  EXPECT_EQ(console.Answer("assets/main-1.js", {}).body, "let answer = 42;");
  const net::Response plain = console.Answer("assets/style-2.css", With("Accept-Encoding", "gzip"));
  EXPECT_EQ(plain.body, "body{}");
  EXPECT_FALSE(plain.headers.Find("content-encoding"));
}

TEST_F(ConsoleTest, NothingElseIsServed) {
  const Console console = Console::Read(folder_).value();
  for (const std::string_view path : {"", "assets/", "assets/main-1.js.gz", "assets/../index.html",
                                      "../secret", "/etc/passwd", "index.htm"}) {
    EXPECT_EQ(console.Answer(path, {}).status, 404) << path;
  }
}

TEST_F(ConsoleTest, RefusesWhatIsNoConsole) {
  EXPECT_FALSE(Console::Read(folder_ + "/nowhere"));
  EXPECT_FALSE(Console::Read(folder_ + "/assets"));
  for (int i = 0; i < 501; ++i) Write("assets/" + std::to_string(i), "x");
  EXPECT_EQ(Console::Read(folder_).error().code, base::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace wideberth::api::web
