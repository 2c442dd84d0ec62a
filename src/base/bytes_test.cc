#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace wideberth::base {
namespace {

Bytes FromText(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST(Bytes, HexIsLowerCaseAndReadsBothCases) {
  EXPECT_EQ(HexEncode(Bytes{0x00, 0xAB, 0xFF}), "00abff");
  EXPECT_EQ(HexDecode("00ABff").value(), (Bytes{0x00, 0xAB, 0xFF}));
  EXPECT_TRUE(HexDecode("").value().empty());
  for (const std::string_view bad : {"0", "0g", "0x00", " 00", "00 ", "-1"}) {
    EXPECT_FALSE(HexDecode(bad).has_value()) << bad;
  }
}

// RFC 4648 section 10.
TEST(Bytes, Base64MatchesTheVectorsOfTheRfc) {
  const std::pair<std::string, std::string> kVectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(Base64Encode(AsBytes(bytes)), text);
    EXPECT_EQ(Base64Decode(text).value(), FromText(bytes));
    const std::string unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(Base64UrlEncode(AsBytes(bytes)), unpadded);
    EXPECT_EQ(Base64UrlDecode(unpadded).value(), FromText(bytes));
  }
  EXPECT_EQ(Base64Encode(Bytes{0xFB, 0xFF}), "+/8=");
  EXPECT_EQ(Base64UrlEncode(Bytes{0xFB, 0xFF}), "-_8");
}

TEST(Bytes, Base64HasOneSpellingOnly) {
  for (const std::string_view bad :
       {"Zg", "Zg=", "Zg===", "Zg==\n", "Z g==", "Zh==", "Zm9=", "=", "==", "===", "====", "Z===",
        "Zg==Zg==", "Zm9v=", "-_8=", "Zm9v====", "\xC3\xA9==", "Zm=v"}) {
    EXPECT_FALSE(Base64Decode(bad).has_value()) << bad;
  }
  for (const std::string_view bad : {"Zg==", "Z", "Zh", "Zm9", "+/8", "Zg\n", "Zm9vY"}) {
    EXPECT_FALSE(Base64UrlDecode(bad).has_value()) << bad;
  }
}

TEST(Bytes, EveryAcceptedTextIsTheTextOfItsBytes) {
  SeededRandom random(2);
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes(random.Below(40));
    random.Fill(bytes);
    ASSERT_EQ(HexDecode(HexEncode(bytes)).value(), bytes);
    ASSERT_EQ(Base64Decode(Base64Encode(bytes)).value(), bytes);
    std::string text = Base64UrlEncode(bytes);
    ASSERT_EQ(Base64UrlDecode(text).value(), bytes);
    if (text.empty()) continue;
    text[random.Below(text.size())] = "Aaz09-_+/="[random.Below(10)];
    const auto changed = Base64UrlDecode(text);
    if (changed) {
      ASSERT_EQ(Base64UrlEncode(*changed), text);
    }
  }
}

TEST(Bytes, DigestsReadBack) {
  Digest digest;
  for (size_t i = 0; i < digest.bytes.size(); ++i) digest.bytes[i] = static_cast<uint8_t>(i * 7);
  EXPECT_EQ(Digest::FromHex(digest.ToHex()).value(), digest);
  EXPECT_FALSE(Digest::FromHex(digest.ToHex().substr(2)).has_value());
  EXPECT_FALSE(Digest::FromHex(digest.ToHex() + "00").has_value());
}

}  // namespace
}  // namespace wideberth::base
