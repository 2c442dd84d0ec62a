#include "line/frame.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/random.h"
#include "line/ack.h"

namespace wideberth::line {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

LogEntry Entry(std::string envelope, std::string body = {}) {
  LogEntry entry;
  entry.envelope = std::make_shared<const std::string>(std::move(envelope));
  if (!body.empty()) entry.body_beside = std::make_shared<const std::string>(std::move(body));
  return entry;
}

Ack DrawAck(base::SeededRandom* random) {
  Ack ack;
  ack.through = random->Next() >> (1 + random->Below(63));
  uint64_t end = ack.through;
  const size_t ranges = random->Below(limits::kLineAckRangesMax + 1);
  for (size_t i = 0; i < ranges; ++i) {
    const uint64_t first = end + 2 + random->Below(1'000);
    ack.ranges.push_back({first, first + random->Below(1'000)});
    end = ack.ranges.back().last;
  }
  return ack;
}

std::string Varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}

TEST(Ack, WhatIsEncodedDecodesAsTheSame) {
  base::SeededRandom random(4);
  for (int i = 0; i < 2'000; ++i) {
    const Ack ack = DrawAck(&random);
    const std::string bytes = EncodeAck(ack);
    EXPECT_EQ(DecodeAck(bytes).value(), ack);
    EXPECT_FALSE(DecodeAck(bytes + '\0').has_value());
    // Every number's last byte is needed, so no beginning of an acknowledgement is one.
    EXPECT_FALSE(DecodeAck(bytes.substr(0, bytes.size() - 1)).has_value());
  }
}

TEST(Ack, BytesOfAFixedOne) {
  EXPECT_EQ(EncodeAck({300, {{302, 302}, {500, 627}}}),
            std::string("\xAC\x02\x02\x02\x00\xC6\x01\x7F", 8));
  EXPECT_EQ(EncodeAck({}), std::string(2, '\0'));
}

TEST(Ack, RefusesWhatNoOneWrites) {
  const auto refused = [](const std::string& bytes) {
    const auto ack = DecodeAck(bytes);
    return !ack.has_value() && ack.error().field == "ack";
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(Varint(5)));
  EXPECT_TRUE(refused(Varint(5) + Varint(1)));
  EXPECT_TRUE(refused(Varint(5) + Varint(1) + Varint(0) + Varint(0)));  // ranges inside `through`
  EXPECT_TRUE(refused(Varint(5) + Varint(1) + Varint(1) + Varint(0)));  // touching it
  EXPECT_FALSE(refused(Varint(5) + Varint(1) + Varint(2) + Varint(0)));
  EXPECT_TRUE(refused(Varint(5) + Varint(2) + Varint(2) + Varint(0) + Varint(1) + Varint(0)));
  EXPECT_TRUE(refused(Varint(5) + Varint(kMax)));                              // more than bytes
  EXPECT_TRUE(refused(Varint(kMax) + Varint(1) + Varint(2) + Varint(0)));      // wraps
  EXPECT_TRUE(refused(Varint(5) + Varint(1) + Varint(kMax - 4) + Varint(0)));  // wraps
  EXPECT_TRUE(refused(Varint(5) + Varint(1) + Varint(2) + Varint(kMax - 6)));  // wraps
  EXPECT_EQ(DecodeAck(Varint(5) + Varint(1) + Varint(2) + Varint(kMax - 7)).value(),
            (Ack{5, {{7, kMax}}}));
  EXPECT_TRUE(refused(std::string("\x80\x00\x00", 3)));  // a longer spelling of 0
}

TEST(Ack, HasALimitOfRanges) {
  std::string ranges;
  for (size_t i = 0; i < limits::kLineAckRangesMax; ++i) ranges += Varint(2) + Varint(0);
  const std::string at_limit = Varint(1) + Varint(limits::kLineAckRangesMax) + ranges;
  EXPECT_EQ(DecodeAck(at_limit).value().ranges.size(), limits::kLineAckRangesMax);
  const std::string beyond =
      Varint(1) + Varint(limits::kLineAckRangesMax + 1) + ranges + Varint(2) + Varint(0);
  ASSERT_FALSE(DecodeAck(beyond).has_value());
  EXPECT_EQ(DecodeAck(beyond).error().found, "33");
}

TEST(Frame, EntriesMakeTheRoundTrip) {
  base::SeededRandom random(5);
  for (int i = 0; i < 300; ++i) {
    const std::string envelope(random.Below(limits::kEnvelopeBytesMax + 1), 'e');
    const std::string body(random.Below(2) == 0 ? 0 : random.Below(100'000), 'b');
    const std::string bytes = WriteEntryFrame(Entry(envelope, body));
    const Frame frame = ReadFrame(bytes).value();
    const auto& entry = std::get<EntryFrame>(frame);
    EXPECT_EQ(entry.envelope, envelope);
    EXPECT_EQ(entry.body_beside, body);
    // It copies nothing.
    EXPECT_TRUE(envelope.empty() || (entry.envelope.data() > bytes.data() &&
                                     entry.envelope.data() < bytes.data() + bytes.size()));
  }
}

TEST(Frame, AcksAndHeartbeatsMakeTheRoundTrip) {
  base::SeededRandom random(6);
  for (int i = 0; i < 300; ++i) {
    const Ack ack = DrawAck(&random);
    EXPECT_EQ(std::get<Ack>(ReadFrame(WriteAckFrame(ack)).value()), ack);
  }
  const std::string bytes = WriteHeartbeatFrame("{}");
  EXPECT_EQ(bytes, "H{}");
  EXPECT_EQ(std::get<HeartbeatFrame>(ReadFrame(bytes).value()).envelope, "{}");
}

TEST(Frame, EachKindHasItsLimit) {
  const std::string envelope(limits::kEnvelopeBytesMax, 'x');
  EXPECT_TRUE(ReadFrame("E" + envelope).has_value());
  EXPECT_FALSE(ReadFrame("E" + envelope + "x").has_value());
  EXPECT_TRUE(ReadFrame("H" + envelope).has_value());
  EXPECT_FALSE(ReadFrame("H" + envelope + "x").has_value());
  // The largest entry there can be, and the largest frame.
  const std::string body(limits::kMessageBodyBesideBytesMax, 'b');
  EXPECT_TRUE(ReadFrame(WriteEntryFrame(Entry(envelope, body))).has_value());
  std::string frame = "B" + Varint(envelope.size()) + envelope;
  frame.resize(limits::kLineFrameBytesMax, 'b');
  EXPECT_TRUE(ReadFrame(frame).has_value());
  EXPECT_FALSE(ReadFrame(frame + "b").has_value());
  EXPECT_FALSE(
      ReadFrame("B" + Varint(limits::kEnvelopeBytesMax + 1) + envelope + "xb").has_value());
}

TEST(Frame, RefusesWhatIsNone) {
  for (const std::string& bytes :
       {std::string(), std::string("X"), std::string("e{}"), std::string(1, '\0'), std::string("B"),
        "B" + Varint(2) + "{}", "B" + Varint(3) + "{}", "B" + Varint(kMax) + "{}",
        std::string("B\xFF")}) {
    const auto frame = ReadFrame(bytes);
    ASSERT_FALSE(frame.has_value()) << bytes;
    EXPECT_EQ(frame.error().field, "frame") << bytes;
    EXPECT_FALSE(frame.error().rule.empty());
  }
  EXPECT_EQ(ReadFrame("A").error().field, "ack");
}

}  // namespace
}  // namespace wideberth::line
