#include "apps/wideberth/line/answers.h"

#include <gtest/gtest.h>

namespace wideberth::cli {
namespace {

TEST(At, FollowsNamesAndNothingElse) {
  const auto document = json::Document::Parse(
      R"({"a": {"b": {"c": "text", "n": 7, "yes": true, "none": null}}, "list": [1, 2]})");
  ASSERT_TRUE(document);
  const json::Value root = document->root();
  EXPECT_EQ(TextAt(root, "a.b.c"), "text");
  EXPECT_EQ(TextAt(root, "a.b.n"), "7");
  EXPECT_EQ(IntAt(root, "a.b.n"), 7);
  EXPECT_TRUE(IsTrueAt(root, "a.b.yes"));
  for (const char* path : {"a.b.none", "a.x", "a.b.c.d", "list.0", "x"}) {
    EXPECT_EQ(TextAt(root, path), "") << path;
    EXPECT_EQ(IntAt(root, path), 0) << path;
    EXPECT_FALSE(IsTrueAt(root, path)) << path;
  }
}

TEST(ForEach, VisitsInOrderAndPassesRefusalsOn) {
  const auto document = json::Document::Parse(R"({"list": [1, 2, 3]})");
  ASSERT_TRUE(document);
  std::string seen;
  const auto all = ForEach(*document, "list", [&](const json::Value& value) -> base::Result<void> {
    seen += value.ToJson();
    return {};
  });
  EXPECT_TRUE(all);
  EXPECT_EQ(seen, "123");
  const auto refused = ForEach(*document, "list", [](const json::Value& value) {
    return base::Result<void>(value.Refuse("must not be there"));
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "/list/0");
  EXPECT_FALSE(
      ForEach(*document, "other", [](const json::Value&) { return base::Result<void>(); }));
}

}  // namespace
}  // namespace wideberth::cli
