#include "link/bundle.h"

#include <gtest/gtest.h>

namespace wideberth::link {
namespace {

using std::string_literals::operator""s;

std::string Refusal(std::string_view message) {
  const auto frames = ReadBundle(message);
  return frames ? "" : frames.error().rule;
}

TEST(BundleTest, FramesStandBehindTheirLengths) {
  Bundle bundle;
  bundle.Add("E1");
  bundle.Add("");
  bundle.Add("A");
  EXPECT_EQ(bundle.frames(), 3u);
  EXPECT_EQ(bundle.bytes(), 3u);
  const std::string message = bundle.Take();
  EXPECT_EQ(message, "\0\0\0\x02"s + "E1" + "\0\0\0\0\0\0\0\x01"s + "A");
  EXPECT_EQ(ReadBundle(message).value(), (std::vector<std::string_view>{"E1", "", "A"}));
  EXPECT_EQ(bundle.frames(), 0u);
  EXPECT_EQ(bundle.bytes(), 0u);
}

TEST(BundleTest, ALongFrameStandsAlone) {
  const std::string longest(limits::kLineFrameBytesMax, 'x');
  Bundle bundle;
  EXPECT_TRUE(bundle.HasRoomFor(longest));
  bundle.Add(longest);
  EXPECT_FALSE(bundle.HasRoomFor("x"));
  const std::string message = bundle.Take();
  EXPECT_EQ(message.size(), kBundleBytesMax);
  EXPECT_EQ(ReadBundle(message).value(), std::vector<std::string_view>{longest});
  bundle.Add("x");
  EXPECT_FALSE(bundle.HasRoomFor(longest));
  EXPECT_EQ(Refusal(bundle.Take() + message), "must be shorter, or one frame");
  EXPECT_EQ(Refusal("\x01\0\0\0"s + std::string(size_t{1} << 24, 'x')), "must have shorter frames");
}

TEST(BundleTest, HasRoomUpToItsLimits) {
  Bundle many;
  for (size_t i = 0; i < limits::kLinkBundleFramesMax; ++i) {
    ASSERT_TRUE(many.HasRoomFor("x"));
    many.Add("x");
  }
  EXPECT_FALSE(many.HasRoomFor("x"));
  const std::string message = many.Take();
  EXPECT_EQ(ReadBundle(message)->size(), limits::kLinkBundleFramesMax);
  EXPECT_EQ(Refusal(message + message.substr(0, 5)), "must have fewer frames");

  Bundle full;
  full.Add("x");
  const std::string rest(limits::kLinkBundleBytesMax - 2 * kFrameLengthBytes - 1, 'y');
  EXPECT_FALSE(full.HasRoomFor(rest + "y"));
  ASSERT_TRUE(full.HasRoomFor(rest));
  full.Add(rest);
  EXPECT_EQ(full.Take().size(), limits::kLinkBundleBytesMax);
}

TEST(BundleTest, RefusesWhatNobodyWrites) {
  EXPECT_EQ(Refusal(""), "must have a frame");
  EXPECT_EQ(Refusal("\0\0\0"s), "must be frames behind their lengths");
  EXPECT_EQ(Refusal("\0\0\0\x02x"s), "must be frames behind their lengths");
  EXPECT_EQ(Refusal("\0\0\0\x01xy"s), "must be frames behind their lengths");
  EXPECT_EQ(Refusal("\xFF\xFF\xFF\xFFx"s), "must be frames behind their lengths");
}

}  // namespace
}  // namespace wideberth::link
