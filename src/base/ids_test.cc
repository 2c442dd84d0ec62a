#include "base/ids.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

#include "base/random.h"

namespace wideberth::base {
namespace {

constexpr std::string_view kText = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

TEST(Uuid, ReadsTheCanonicalFormInEitherCase) {
  EXPECT_EQ(Uuid::Parse(kText).value().ToString(), kText);
  EXPECT_EQ(Uuid::Parse("F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6").value().ToString(), kText);
  EXPECT_TRUE(Uuid::Parse("00000000-0000-0000-0000-000000000000").value().is_nil());
}

TEST(Uuid, RefusesEveryOtherSpelling) {
  for (const std::string_view bad :
       {"", "f81d4fae", "{f81d4fae-7dec-41d0-a765-00a0c91e6bf6}",
        "f81d4fae7dec41d0a76500a0c91e6bf6", "f81d4fae-7dec-41d0-a765-00a0c91e6bf",
        "f81d4fae-7dec-41d0-a765-00a0c91e6bf6 ", "f81d4fae-7dec-41d0-a76500-a0c91e6bf6",
        "g81d4fae-7dec-41d0-a765-00a0c91e6bf6", "f81d4fae--dec-41d0-a765-00a0c91e6bf6",
        "urn:uuid:f81d4fae-7dec-41d0-a765-00a0c9"}) {
    const auto uuid = Uuid::Parse(bad);
    ASSERT_FALSE(uuid.has_value()) << bad;
    EXPECT_EQ(uuid.error().found, bad);
  }
}

TEST(Uuid, IdsAreVersion4) {
  EXPECT_TRUE(NoticeId::Parse(kText).has_value());
  EXPECT_FALSE(NoticeId::Parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6").has_value());  // version 1
  EXPECT_FALSE(NoticeId::Parse("f81d4fae-7dec-41d0-c765-00a0c91e6bf6").has_value());  // variant
  EXPECT_FALSE(NoticeId::Parse("00000000-0000-0000-0000-000000000000").has_value());
  SystemRandom random;
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = random.NewUuidV4();
    ASSERT_EQ(Uuid::ParseV4(uuid.ToString()).value(), uuid);
  }
}

TEST(Uuid, HashesSpreadIdsThatDifferInOneBit) {
  std::unordered_set<size_t> hashes;
  std::unordered_set<size_t> low_bytes;
  const Uuid base = Uuid::Parse(kText).value();
  for (size_t bit = 0; bit < 128; ++bit) {
    Uuid uuid = base;
    uuid.bytes[bit / 8] = static_cast<uint8_t>(uuid.bytes[bit / 8] ^ (1 << (bit % 8)));
    const size_t hash = std::hash<Uuid>()(uuid);
    hashes.insert(hash);
    low_bytes.insert(hash & 255);
  }
  EXPECT_EQ(hashes.size(), 128u);
  EXPECT_GT(low_bytes.size(), 70u);  // 128 throws into 256 boxes fill 101 on average
}

TEST(SeededRandom, OneSeedReplaysARun) {
  SeededRandom a(42);
  SeededRandom b(42);
  SeededRandom c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = a.Next();
    ASSERT_EQ(value, b.Next());
    differs = differs || value != c.Next();
  }
  EXPECT_TRUE(differs);
}

TEST(SeededRandom, StaysInItsBounds) {
  SeededRandom random(9);
  int seen[7] = {};
  for (int i = 0; i < 70'000; ++i) {
    const int64_t value = random.Between(-3, 3);
    ASSERT_GE(value, -3);
    ASSERT_LE(value, 3);
    ++seen[value + 3];
    const double unit = random.Unit();
    ASSERT_GE(unit, 0);
    ASSERT_LT(unit, 1);
  }
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.Between(5, 5), 5);
}

}  // namespace
}  // namespace wideberth::base
