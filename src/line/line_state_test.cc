#include "line/line_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "crypto/sha256.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

LogEntry DrawEntry(base::SeededRandom* random) {
  LogEntry entry;
  entry.envelope =
      std::make_shared<const std::string>(1 + random->Below(60), static_cast<char>(random->Next()));
  if (random->Below(3) == 0) {
    entry.body_beside = std::make_shared<const std::string>(random->Below(300), 'b');
  }
  return entry;
}

// An effect that fits the state.
Effect DrawEffect(const LineState& state, base::SeededRandom* random) {
  switch (random->Below(4)) {
    case 0:
      return EntryWritten{
          state.own.size() + 1, DrawEntry(random), {random->Between(0, testing::kNoon.us)}};
    case 1:
      return EntryMirrored{state.mirror.size() + 1, DrawEntry(random)};
    case 2: {
      const bool by_peer = random->Below(2) == 0;
      const LogState& log = by_peer ? state.mirror : state.own;
      return MessageKeyChanged{
          by_peer, log.keys.empty() ? 1 : log.size() + 1,
          testing::TestKey(static_cast<uint8_t>(1 + random->Below(200))).public_key()};
    }
    default:
      return PolicyLaneChanged{random->Below(2) == 0, random->Below(2) == 0};
  }
}

base::Bytes Encoded(const Effect& effect) {
  base::Bytes bytes;
  EncodeEffect(effect, &bytes);
  return bytes;
}
base::Bytes Encoded(const LineState& state) {
  base::Bytes bytes;
  state.Encode(&bytes);
  return bytes;
}

void ExpectSame(const LogEntry& a, const LogEntry& b) {
  EXPECT_EQ(*a.envelope, *b.envelope);
  ASSERT_EQ(a.body_beside == nullptr, b.body_beside == nullptr);
  if (a.body_beside == nullptr) return;
  EXPECT_EQ(*a.body_beside, *b.body_beside);
}

void ExpectSame(const Effect& a, const Effect& b) {
  ASSERT_EQ(a.index(), b.index());
  if (const auto* written = std::get_if<EntryWritten>(&a)) {
    const auto& other = std::get<EntryWritten>(b);
    EXPECT_EQ(written->seq, other.seq);
    EXPECT_EQ(written->sent_at, other.sent_at);
    ExpectSame(written->entry, other.entry);
  } else if (const auto* mirrored = std::get_if<EntryMirrored>(&a)) {
    EXPECT_EQ(mirrored->seq, std::get<EntryMirrored>(b).seq);
    ExpectSame(mirrored->entry, std::get<EntryMirrored>(b).entry);
  } else if (const auto* key = std::get_if<MessageKeyChanged>(&a)) {
    EXPECT_EQ(key->by_peer, std::get<MessageKeyChanged>(b).by_peer);
    EXPECT_EQ(key->first_seq, std::get<MessageKeyChanged>(b).first_seq);
    EXPECT_EQ(key->key, std::get<MessageKeyChanged>(b).key);
  } else {
    EXPECT_EQ(std::get<PolicyLaneChanged>(a).by_peer, std::get<PolicyLaneChanged>(b).by_peer);
    EXPECT_EQ(std::get<PolicyLaneChanged>(a).suspended, std::get<PolicyLaneChanged>(b).suspended);
  }
}

TEST(LineState, EffectsMakeTheRoundTripAndNoBeginningOfOneIsOne) {
  base::SeededRandom random(14);
  const LineState state;
  for (int i = 0; i < 300; ++i) {
    const Effect effect = DrawEffect(state, &random);
    base::Bytes bytes = Encoded(effect);
    const size_t size = bytes.size();
    bytes.push_back(0x5A);  // what stands behind it is left alone
    base::ByteView rest(bytes);
    ExpectSame(DecodeEffect(&rest).value(), effect);
    EXPECT_EQ(rest.size(), 1u);
    for (size_t cut = 0; cut < size; ++cut) {
      base::ByteView part(bytes.data(), cut);
      const auto read = DecodeEffect(&part);
      ASSERT_FALSE(read.has_value()) << cut;
      EXPECT_EQ(read.error().field, "effect");
      EXPECT_EQ(read.error().code, base::ErrorCode::kStorage);
      EXPECT_EQ(part.size(), cut);  // nothing was taken
    }
  }
}

TEST(LineState, RefusesEffectsThatNoOneWrites) {
  const auto refused = [](base::Bytes bytes) {
    base::ByteView rest(bytes);
    return !DecodeEffect(&rest).has_value();
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({4}));                // no such kind
  EXPECT_TRUE(refused({1, 0, 1, 'e', 0}));  // entries count from 1
  EXPECT_FALSE(refused({1, 1, 1, 'e', 0}));
  EXPECT_TRUE(refused({1, 1, 0, 0}));             // an empty envelope
  EXPECT_TRUE(refused({1, 0x81, 0, 1, 'e', 0}));  // a longer spelling of 1
  EXPECT_TRUE(refused({1, 1, 1, 'e', 2}));        // neither false nor true
  EXPECT_TRUE(refused({1, 1, 9, 'e', 0}));        // longer than what is there
  EXPECT_TRUE(refused({2, 2, 0}));
  EXPECT_FALSE(refused({2, 1, 0}));
  EXPECT_TRUE(refused({2, 1}));
  EntryMirrored large{1, {}};
  large.entry.envelope = std::make_shared<const std::string>(limits::kEnvelopeBytesMax, 'e');
  EXPECT_FALSE(refused(Encoded(large)));
  large.entry.envelope = std::make_shared<const std::string>(limits::kEnvelopeBytesMax + 1, 'e');
  EXPECT_TRUE(refused(Encoded(large)));
}

TEST(LineState, BytesOfFixedEffects) {
  LogEntry entry;
  entry.envelope = std::make_shared<const std::string>("env");
  entry.body_beside = std::make_shared<const std::string>("bo");
  EXPECT_EQ(base::HexEncode(Encoded(EntryWritten{300, entry, {0x0102030405060708}})),
            "00ac0203656e760102626f0807060504030201");
  entry.body_beside = nullptr;
  EXPECT_EQ(base::HexEncode(Encoded(EntryMirrored{7, entry})), "010703656e7600");
  EXPECT_EQ(base::HexEncode(Encoded(PolicyLaneChanged{true, false})), "020100");
  const crypto::PublicKey key = testing::TestKey(1).public_key();
  EXPECT_EQ(base::HexEncode(Encoded(MessageKeyChanged{true, 300, key})), "0301ac02" + key.ToHex());
  base::Bytes low_order = Encoded(MessageKeyChanged{false, 1, key});
  std::fill(low_order.end() - 32, low_order.end(), 0);
  base::ByteView rest(low_order);
  EXPECT_FALSE(DecodeEffect(&rest).has_value());
}

TEST(LineState, ReplayAndDecodingGiveTheSameState) {
  base::SeededRandom random(15);
  LineState state;
  LineState decoded;  // goes through its binary form now and then
  std::vector<base::Bytes> log;
  std::vector<base::Digest> own_leaves;
  for (int i = 0; i < 400; ++i) {
    const Effect effect = DrawEffect(state, &random);
    if (const auto* written = std::get_if<EntryWritten>(&effect)) {
      own_leaves.push_back(record::LeafHash(base::AsBytes(*written->entry.envelope)));
    }
    state.Apply(effect);
    decoded.Apply(effect);
    log.push_back(Encoded(effect));
    if (random.Below(10) == 0) {
      base::Bytes bytes = Encoded(decoded);
      bytes.push_back(7);
      base::ByteView rest(bytes);
      decoded = LineState::Decode(&rest).value();
      EXPECT_EQ(rest.size(), 1u);
    }
  }
  LineState replayed;
  for (const base::Bytes& bytes : log) {
    base::ByteView rest(bytes);
    replayed.Apply(DecodeEffect(&rest).value());
  }
  EXPECT_EQ(Encoded(replayed), Encoded(state));
  EXPECT_EQ(Encoded(decoded), Encoded(state));
  record::MemoryNodes nodes;
  for (const base::Digest& leaf : own_leaves) nodes.Append(leaf);
  EXPECT_EQ(state.own.tree.Root(), record::RootAt(nodes, own_leaves.size()).value());
}

TEST(LineState, NoBeginningOfAStateIsOne) {
  base::SeededRandom random(16);
  LineState state;
  for (int i = 0; i < 30; ++i) state.Apply(DrawEffect(state, &random));
  const base::Bytes bytes = Encoded(state);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    base::ByteView part(bytes.data(), cut);
    EXPECT_FALSE(LineState::Decode(&part).has_value()) << cut;
  }
  // A flag that is neither, and a tree whose hashes do not fit its size.
  base::Bytes other = bytes;
  other.back() = 2;
  base::ByteView flag(other);
  EXPECT_EQ(LineState::Decode(&flag).error().field, "line_state");
  other = bytes;
  other[32 + 1 + 7] ^=
      1;  // behind the digest and the length of the tree, the last byte of its size
  base::ByteView tree(other);
  EXPECT_FALSE(LineState::Decode(&tree).has_value());
}

TEST(LineState, EitherSideClosesThePolicyLane) {
  LineState state;
  EXPECT_FALSE(state.policy_suspended());
  state.Apply(PolicyLaneChanged{false, true});
  state.Apply(PolicyLaneChanged{true, true});
  state.Apply(PolicyLaneChanged{false, false});
  EXPECT_TRUE(state.policy_suspended());  // the peer has it closed
  state.Apply(PolicyLaneChanged{true, false});
  EXPECT_FALSE(state.policy_suspended());
}

TEST(LineStateDeathTest, EntriesComeWithoutAGap) {
  base::SeededRandom random(17);
  LineState state;
  EXPECT_DEATH(state.Apply(EntryMirrored{2, DrawEntry(&random)}), "seq");
  EXPECT_DEATH(state.Apply(EntryWritten{0, DrawEntry(&random), {}}), "seq");
}

TEST(LineState, SaysWhichKeySignsWhichEntry) {
  const auto key = [](uint8_t n) { return testing::TestKey(n).public_key(); };
  LineState state;
  state.Apply(MessageKeyChanged{true, 1, key(1)});
  state.Apply(MessageKeyChanged{true, 5, key(2)});
  state.Apply(MessageKeyChanged{true, 9, key(3)});
  state.Apply(MessageKeyChanged{false, 1, key(4)});
  for (uint64_t seq = 1; seq <= 20; ++seq) {
    const crypto::PublicKey expected = key(seq < 5 ? 1 : seq < 9 ? 2 : 3);
    EXPECT_EQ(state.mirror.EpochAt(seq).key, expected) << seq;
    EXPECT_EQ(state.own.EpochAt(seq).key, key(4)) << seq;
  }
  EXPECT_EQ(state.mirror.ReplacedAt(key(1)), 4u);
  EXPECT_EQ(state.mirror.ReplacedAt(key(2)), 8u);
  EXPECT_EQ(state.mirror.ReplacedAt(key(3)), std::nullopt);
  EXPECT_EQ(state.mirror.ReplacedAt(key(4)), std::nullopt);
  // The same effects over again, as a log behind a row that is ahead of it gives them.
  const base::Bytes before = Encoded(state);
  state.Apply(MessageKeyChanged{true, 5, key(2)});
  EXPECT_EQ(state.mirror.keys.size(), 2u);
  state.Apply(MessageKeyChanged{true, 9, key(3)});
  EXPECT_EQ(Encoded(state), before);
  // Epochs that are out of order, or do not begin with the first entry, are no state.
  for (const uint64_t first : {uint64_t{0}, uint64_t{2}, uint64_t{9}, uint64_t{12}}) {
    LineState bad = state;
    bad.mirror.keys.front().first_seq = first;
    const base::Bytes bytes = Encoded(bad);
    base::ByteView rest(bytes);
    EXPECT_FALSE(LineState::Decode(&rest).has_value()) << first;
  }
}

}  // namespace
}  // namespace wideberth::line
