#include "airspace/codec.h"

#include <gtest/gtest.h>

#include <set>

#include "airspace/testing/world.h"
#include "airspace/wire.h"

namespace wideberth::airspace {
namespace {

using base::Bytes;
using base::ByteView;
using testing::TestActivity;
using testing::TestNotice;
using testing::TestParty;
using testing::World;

// Every kind of effect, with something in every optional place.
std::vector<Effect> EveryEffect() {
  World world;
  Declaration zone = testing::TestZone(Restriction::kReqAuthorisation);
  zone.name = "Zone \xC3\xA9";
  zone.volumes[0].band.upper = {geo::kUnlimitedUp, geo::AltitudeReference::kAgl};
  EXPECT_TRUE(world.Put(3, 9, zone).has_value());
  EXPECT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  auto decision = world.Put(2, 2, TestActivity());
  EXPECT_TRUE(decision.has_value());
  std::vector<Effect> effects = decision->effects;
  const auto append = [&](base::Result<Decision> more) {
    EXPECT_TRUE(more.has_value());
    for (Effect& effect : more->effects) effects.push_back(std::move(effect));
  };
  append(world.Do(TestParty(1), Assess{TestNotice(2), world.Latest(2), Assessment::kNeedTime,
                                       base::UtcMicros{world.now().us + 5}}));
  append(world.Do(TestParty(1), Disseminate{TestNotice(2), true, true}));
  Declaration hazard = testing::TestHazard();
  hazard.unplanned = true;
  hazard.on_behalf_of = true;
  hazard.may_tell = {TestParty(3), TestParty(1)};
  Declare line;
  line.name = testing::TestDigest(base::AsBytes("envelope"));
  line.until_read_back = true;
  append(world.Store(2, 4, hazard, line));
  append(world.Do({}, RecordReceipt{TestNotice(4), *line.name, TestParty(1)}));
  append(world.Do({}, RecordCosigned{TestNotice(4), *line.name, TestParty(1), {5'000'000}}));
  append(world.Do({}, RecordReadBack{TestNotice(4), *line.name, TestParty(1)}));
  append(world.Do({}, Disregard{TestNotice(4), TestParty(1)}));
  Declare held;
  held.held = true;
  append(world.Store(1, 5, TestActivity(), held));
  append(world.Put(1, 6, TestActivity(), /*draft=*/true));
  for (const Conflict& conflict : world.Live()) {
    if (conflict.sides[1].notice != TestNotice(2)) continue;
    append(world.Do(TestParty(1), MarkConflictSeen{conflict.id}));
    append(world.Do(TestParty(2), ProposeMeasures{conflict.id, "south:change_time"}));
  }
  effects.push_back(NoticeRetired{TestNotice(1)});
  effects.push_back(NoticeEvicted{TestNotice(1)});
  effects.push_back(TimeAdvanced{DataMode::kTest, world.now()});
  effects.push_back(RulesAdopted{world.rules().digest()});
  effects.push_back(ClockSet{{DataMode::kExercise, world.now(), world.now(), 12.5}});
  return effects;
}

TEST(CodecTest, EveryEffectReadsBackAsItWasWritten) {
  const std::vector<Effect> effects = EveryEffect();
  std::set<size_t> kinds;
  for (const Effect& effect : effects) kinds.insert(effect.index());
  ASSERT_EQ(kinds.size(), std::variant_size_v<Effect>);
  Bytes once;
  EncodeEffects(effects, &once);
  const auto decoded = DecodeEffects(once);
  ASSERT_TRUE(decoded.has_value());
  Bytes twice;
  EncodeEffects(*decoded, &twice);
  EXPECT_EQ(once, twice);
  State direct;
  direct.Apply(effects);
  State through;
  through.Apply(*decoded);
  EXPECT_EQ(direct.Canonical(), through.Canonical());
}

TEST(CodecTest, BlocksBehindOneAnotherAreOneBatch) {
  const std::vector<Effect> effects = EveryEffect();
  Bytes bytes;
  for (const Effect& effect : effects) EncodeEffects({&effect, 1}, &bytes);
  const auto decoded = DecodeEffects(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->size(), effects.size());
  EXPECT_TRUE(DecodeEffects({})->empty());
}

TEST(CodecTest, NoPrefixAndNoFlippedBitCrashesTheDecoder) {
  Bytes bytes;
  EncodeEffects(EveryEffect(), &bytes);
  for (size_t length = 1; length < bytes.size(); ++length) {
    EXPECT_FALSE(DecodeEffects(ByteView(bytes).first(length)).has_value()) << length;
  }
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    Bytes flipped = bytes;
    flipped[i] ^= static_cast<uint8_t>(1 << (i % 8));
    // Numbers have no check of their own here: the store's chain finds what this cannot.
    refused += DecodeEffects(flipped).has_value() ? 0 : 1;
  }
  EXPECT_GT(refused, 50u);
}

TEST(CodecTest, RefusalsAreOfTheStore) {
  const auto refused = DecodeEffects(base::AsBytes("\x02"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStorage);
}

TEST(WireTest, VarintsHaveOneSpelling) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 35, ~uint64_t{0}}) {
    Bytes bytes;
    WireWriter(&bytes).Varint(value);
    WireReader in(bytes);
    EXPECT_EQ(in.Varint(), value);
    EXPECT_TRUE(in.ok() && in.left() == 0);
  }
  for (const Bytes& bad : {Bytes{0x80, 0x00}, Bytes{0x80}, Bytes(11, 0xFF)}) {
    WireReader in(bad);
    EXPECT_EQ(in.Varint(), 0u);
    EXPECT_FALSE(in.ok());
  }
}

TEST(WireTest, CountsAreBoundedByWhatIsLeft) {
  Bytes bytes;
  WireWriter(&bytes).Varint(uint64_t{1} << 40);
  WireReader in(bytes);
  EXPECT_EQ(in.Count(16), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.U8(), 0) << "a failed reader gives zeros";
}

}  // namespace
}  // namespace wideberth::airspace
