#include "base/result.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/quote.h"
#include "base/utf8.h"

namespace wideberth::base {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Invalid("/n", "must be even", std::to_string(n));
  return n / 2;
}

Result<int> Quarter(int n) {
  WB_ASSIGN_OR_RETURN(const int half, Half(n));
  WB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Result<void> CheckQuarter(int n) {
  WB_RETURN_IF_ERROR(Quarter(n));
  return {};
}

TEST(Result, MacrosPassValuesAndErrorsOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().found, "3");
  EXPECT_TRUE(CheckQuarter(8).has_value());
  EXPECT_EQ(CheckQuarter(7).error().ToString(), "/n: must be even (found 7)");
}

TEST(Result, ErrorsGainTheirPlaceOnTheWayUp) {
  const Error error = Quarter(7).error();
  EXPECT_EQ(Error(error).Under("/outline").field, "/outline/n");
  EXPECT_EQ((Error{ErrorCode::kBusy, "", "must wait", ""}).ToString(), "must wait");
}

TEST(Result, WhatWasFoundIsCutBetweenCharacters) {
  std::string found(limits::kErrorFoundBytesMax - 1, 'a');
  found += "\xC3\xA9\xC3\xA9";
  const Result<int> result = Invalid("", "rule", found);
  EXPECT_EQ(result.error().found, std::string(limits::kErrorFoundBytesMax - 1, 'a'));
}

TEST(Result, EveryCodeHasAName) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInvalid), "invalid");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kUnauthorized), "unauthorized");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kForbidden), "forbidden");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNotFound), "not_found");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kConflict), "conflict");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kTooLarge), "too_large");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kBusy), "busy");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kStorage), "storage");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInternal), "internal");
}

TEST(Utf8, AcceptsExactlyTheWellFormedSequences) {
  // Every code point encodes to a sequence of its length; surrogates and what lies behind U+10FFFF do not.
  for (uint32_t c = 0; c < 0x110100; ++c) {
    std::string text;
    const auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | c >> 6);
    } else if (c < 0x10000) {
      put(0xE0 | c >> 12);
      put(0x80 | (c >> 6 & 63));
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 63));
      put(0x80 | (c >> 6 & 63));
    }
    if (c >= 0x80) put(0x80 | (c & 63));
    const bool valid = (c < 0xD800 || c > 0xDFFF) && c <= 0x10FFFF;
    ASSERT_EQ(Utf8SequenceBytes(text), valid ? text.size() : 0) << c;
    if (valid && text.size() > 1) {
      ASSERT_EQ(Utf8SequenceBytes(text.substr(0, text.size() - 1)), 0u);
    }
  }
  for (const std::string_view overlong :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_EQ(Utf8SequenceBytes(overlong), 0u);
    EXPECT_FALSE(IsUtf8(overlong));
  }
  EXPECT_EQ(Utf8SequenceBytes(""), 0u);
  EXPECT_TRUE(IsUtf8("a\xC3\xA9\xF0\x9F\x9A\x80"));
}

TEST(Utf8, CutsBetweenSequences) {
  const std::string_view text = "a\xC3\xA9\xF0\x9F\x9A\x80z";
  const size_t kExpected[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  for (size_t n = 0; n < std::size(kExpected); ++n)
    EXPECT_EQ(CutUtf8(text, n).size(), kExpected[n]) << n;
  EXPECT_EQ(CutUtf8("\x80\x80\x80\x80\x80\x80", 4).size(), 4u);
}

TEST(Quote, EscapesWhatJsonMust) {
  std::string out;
  AppendJsonQuoted(&out, std::string_view("\"\\/\b\f\n\r\t\x01\x7F\0é", 13));
  EXPECT_EQ(out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F\\u0000\xC3\xA9\"");
}

// Every byte at every place of a word, and behind it.
TEST(Quote, FindsWhatItMustEscapeWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    std::string quoted_alone;
    AppendJsonQuoted(&quoted_alone, one);
    const std::string escaped = quoted_alone.substr(1, quoted_alone.size() - 2);
    const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    if (byte < 0x80) {
      EXPECT_EQ(escaped == one, plain);
    }
    for (size_t before = 0; before < 20; ++before) {
      for (const size_t after : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{15}}) {
        // Neighbours that differ from what is looked for by one bit, or carry.
        const std::string head = std::string("!#[]\x7F !#[]~ !#[]").substr(0, before);
        const std::string tail(after, '!');
        std::string out;
        AppendJsonQuoted(&out, head + one + tail);
        EXPECT_EQ(out, "\"" + head + escaped + tail + "\"") << byte << " after " << before;
      }
    }
  }
}

TEST(CheckDeathTest, StopsWithThePlaceAndTheCondition) {
  EXPECT_DEATH(CHECK_MSG(1 + 1 == 3, "sums are wrong"),
               "CHECK failed at .*result_test.cc:[0-9]+: 1 \\+ 1 == 3: sums are wrong");
  CHECK(1 + 1 == 2);
}

}  // namespace
}  // namespace wideberth::base
