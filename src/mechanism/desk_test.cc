#include "mechanism/desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "airspace/testing/world.h"
#include "base/random.h"
#include "mechanism/desk_codec.h"
#include "mechanism/testing/values.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestParty;
using testing::DrawDigest;
using testing::DrawEffect;
using testing::kNoon;

base::Bytes Encoded(const DeskEffect& effect) {
  base::Bytes bytes;
  EncodeDeskEffect(effect, &bytes);
  return bytes;
}

base::Uuid CallId(uint32_t n) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 4; ++i) bytes[15 - i] = static_cast<uint8_t>(n >> (8 * i));
  return base::Uuid::V4FromRandom(bytes);
}

TEST(DeskCodecTest, EveryEffectMakesTheRoundTrip) {
  base::SeededRandom random(1);
  std::array<size_t, std::variant_size_v<DeskEffect>> seen{};
  for (int i = 0; i < 3'000; ++i) {
    const DeskEffect effect = DrawEffect(&random);
    ++seen[effect.index()];
    const base::Bytes bytes = Encoded(effect);
    base::Bytes two = bytes;
    two.insert(two.end(), bytes.begin(), bytes.end());
    base::ByteView rest(two);
    const auto read = DecodeDeskEffect(&rest);
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    EXPECT_EQ(rest.size(), bytes.size()) << "takes its own bytes and no more";
    EXPECT_EQ(read->index(), effect.index());
    EXPECT_EQ(Encoded(*read), bytes);
    // Nothing is left out: one byte less is damage.
    base::ByteView cut(bytes.data(), bytes.size() - 1);
    EXPECT_FALSE(DecodeDeskEffect(&cut).has_value());
  }
  for (const size_t count : seen) EXPECT_GT(count, 0u);
}

TEST(DeskCodecTest, FieldsAreNotMixedUp) {
  Matter matter;
  matter.number = 70;
  matter.kind = MatterKind::kStopCall;
  matter.owed_by_peer = true;
  matter.peer = TestParty(2);
  matter.notice = airspace::testing::TestNotice(3);
  matter.urgent = true;
  matter.starts_at = kNoon;
  matter.opened_at = {kNoon.us + 1};
  matter.deadline_us = 5;
  matter.next_climb_at = {kNoon.us + 2};
  matter.level = Level::kCellHead;
  matter.alarmed = true;
  matter.closed_at = {kNoon.us + 3};
  matter.closed_as = "unanswered";
  Call call;
  call.id = CallId(1);
  call.peer = TestParty(3);
  call.by_us = true;
  call.place = {{1, 2}, 3};
  call.words = "words";
  call.no_longer_observed = true;
  call.answers = {{kNoon, {}, true, operators::Role::kDeputyChief, "wait 60"}};
  call.closed_as = "answered";
  Counts counts;
  counts.stop_calls_unanswered = 4;
  counts.breaches_accepted = 5;
  counts.breaches_rejected = 6;
  counts.read_back.Add(1'000'000);
  const Peer peer{TestParty(2), 7,     "south",
                  "card",       kNoon, {testing::OperatorKeyFor(2, operators::Role::kDutyOfficer)}};
  Desk desk;
  for (const DeskEffect& effect :
       {DeskEffect(MatterChanged{matter}), DeskEffect(CallChanged{call}),
        DeskEffect(CountsChanged{{TestParty(2), airspace::DataMode::kTest}, counts}),
        DeskEffect(PeerChanged{peer})}) {
    const base::Bytes bytes = Encoded(effect);
    base::ByteView rest(bytes);
    desk.Apply(DecodeDeskEffect(&rest).value());
  }
  EXPECT_EQ(*desk.FindMatter(70), matter);
  EXPECT_EQ(*desk.FindCall(call.id), call);
  EXPECT_EQ(desk.CountsOf({TestParty(2), airspace::DataMode::kTest}), counts);
  EXPECT_EQ(desk.CountsOf({TestParty(2), airspace::DataMode::kReal}), Counts()) << "drills apart";
  EXPECT_EQ(*desk.FindPeer(TestParty(2)), peer);
}

// A store may hold counts from before breaches were counted.
TEST(DeskCodecTest, OlderCountsAreRead) {
  constexpr uint8_t kKindOfOlder = 5;
  CountsChanged changed{{TestParty(2), airspace::DataMode::kReal}, {}};
  changed.counts.stop_calls = 3;
  changed.counts.lead_at_r1.Add(1'000'000);
  base::Bytes bytes = Encoded(changed);
  bytes[0] = kKindOfOlder;
  bytes.resize(bytes.size() - 2);  // the two that it did not have, each one byte of zero
  base::ByteView rest(bytes);
  Desk desk;
  desk.Apply(DecodeDeskEffect(&rest).value());
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(desk.CountsOf(changed.key), changed.counts);
}

// A desk from the rows of `desk`.
std::unique_ptr<Desk> FromRows(const std::map<uint64_t, base::Bytes>& rows) {
  auto copy = std::make_unique<Desk>();
  for (const auto& [row, bytes] : rows) EXPECT_TRUE(copy->LoadRow(row, bytes).has_value());
  return copy;
}

TEST(DeskTest, RowsGiveTheSameAndWhatIsBehindThemMayBeAppliedAgain) {
  base::SeededRandom random(2);
  for (int run = 0; run < 30; ++run) {
    Desk desk;
    std::vector<DeskEffect> log;
    std::map<uint64_t, base::Bytes> rows;
    size_t complete_to = 0;
    for (int i = 0; i < 400; ++i) {
      DeskEffect effect = DrawEffect(&random);
      if (auto* journal = std::get_if<JournalWritten>(&effect)) {
        journal->seq = desk.journal_size() + 1;
      }
      // What the mechanism never does: a closed matter opens, a call is answered that was closed.
      if (auto* matter = std::get_if<MatterChanged>(&effect)) {
        const Matter* old = desk.FindMatter(matter->matter.number);
        if (old != nullptr && !old->open()) continue;
      }
      // Or something is said of an exchange that is not there.
      if (const auto* readout = std::get_if<ReadoutChanged>(&effect)) {
        if (desk.FindExchange(readout->exchange) == nullptr) continue;
      }
      if (const auto* statement = std::get_if<StatementAdded>(&effect)) {
        if (desk.FindExchange(statement->exchange) == nullptr) continue;
      }
      desk.Apply(effect);
      log.push_back(std::move(effect));
      if (random.Below(20) != 0) continue;
      // A fuzzy checkpoint: dirty rows are taken, and written as they are some effects later.
      const std::vector<uint64_t> dirty = desk.TakeDirty();
      complete_to = log.size();
      for (uint64_t more = random.Below(4); more > 0; --more) {
        log.push_back(LineCheckScheduled{TestParty(2), false, {random.Between(0, 1'000)}});
        desk.Apply(log.back());
      }
      for (const uint64_t row : dirty) {
        if (auto bytes = desk.EncodeRow(row)) {
          rows[row] = *bytes;
        } else {
          rows.erase(row);
        }
      }
    }
    const auto restored = FromRows(rows);
    for (size_t i = complete_to; i < log.size(); ++i) restored->Apply(log[i]);
    ASSERT_EQ(restored->Canonical(), desk.Canonical()) << run;
    // The whole log on top of nothing; and any tail of it once more changes nothing.
    Desk replayed;
    for (const DeskEffect& effect : log) replayed.Apply(effect);
    EXPECT_EQ(replayed.Canonical(), desk.Canonical());
    for (size_t i = log.size() - random.Below(log.size()); i < log.size(); ++i) {
      replayed.Apply(log[i]);
    }
    EXPECT_EQ(replayed.Canonical(), desk.Canonical());
    EXPECT_EQ(replayed.next_climb_at(), desk.next_climb_at());
    EXPECT_EQ(replayed.open_matters(), desk.open_matters());
  }
}

TEST(DeskTest, MattersAreFoundBySubjectAndWhenTheyAreDue) {
  base::SeededRandom random(4);
  Desk desk;
  std::map<uint64_t, Matter> model;
  for (int i = 0; i < 4'000; ++i) {
    DeskEffect effect = DrawEffect(&random);
    const auto* changed = std::get_if<MatterChanged>(&effect);
    if (changed == nullptr) continue;
    desk.Apply(effect);
    model[changed->matter.number] = changed->matter;
    const base::Digest subject = changed->matter.subject;
    std::vector<Matter> found;
    for (const Matter* matter : desk.OpenMattersOf(subject)) found.push_back(*matter);
    std::vector<Matter> expected;
    std::vector<std::pair<base::UtcMicros, uint64_t>> due;
    const base::UtcMicros now{random.Between(0, 253'370'764'799'999'999)};
    for (const auto& [number, matter] : model) {
      if (matter.open() && matter.subject == subject) expected.push_back(matter);
      if (matter.open() && matter.next_climb_at <= now)
        due.push_back({matter.next_climb_at, number});
    }
    EXPECT_EQ(found, expected);
    std::sort(due.begin(), due.end());
    const size_t max = random.Below(20);
    if (due.size() > max) due.resize(max);
    const std::vector<uint64_t> numbers = desk.DueMatters(now, max);
    ASSERT_EQ(numbers.size(), due.size());
    for (size_t n = 0; n < due.size(); ++n) EXPECT_EQ(numbers[n], due[n].second);
  }
}

TEST(DeskTest, ClosedMattersAreBoundedAndOpenOnesStay) {
  Desk desk;
  const auto put = [&](uint64_t number, bool closed) {
    Matter matter;
    matter.number = number;
    if (closed) matter.closed_at = kNoon;
    desk.Apply(MatterChanged{matter});
  };
  put(1, false);
  for (uint64_t number = 2; number <= 12'001; ++number) put(number, true);
  EXPECT_EQ(desk.matters().size(), 10'001u);
  EXPECT_NE(desk.FindMatter(1), nullptr) << "it is open";
  EXPECT_EQ(desk.FindMatter(2'001), nullptr);
  EXPECT_NE(desk.FindMatter(2'002), nullptr);
  EXPECT_EQ(desk.next_matter_number(), 12'002u);
  put(1, true);
  EXPECT_EQ(desk.FindMatter(1), nullptr);
  EXPECT_EQ(desk.matters().size(), 10'000u);
}

TEST(DeskTest, ClosedCallsAreBoundedAndNoOpenOneIsForgotten) {
  std::vector<DeskEffect> log;
  Desk desk;
  const auto put = [&](uint32_t n, bool closed) {
    Call call;
    call.id = CallId(n);
    call.stored_at = {kNoon.us + n};
    if (closed) call.closed_at = kNoon;
    log.push_back(CallChanged{std::move(call)});
    desk.Apply(log.back());
  };
  // A stop call that nobody has answered while ten thousand others came and went.
  put(1, false);
  for (uint32_t n = 2; n <= 10'100; ++n) {
    put(n, false);
    put(n, true);
  }
  ASSERT_NE(desk.FindCall(CallId(1)), nullptr);
  EXPECT_EQ(desk.calls().size(), 10'001u);
  put(1, true);
  EXPECT_EQ(desk.calls().size(), 10'000u);
  EXPECT_EQ(desk.FindCall(CallId(1)), nullptr);
  EXPECT_NE(desk.FindCall(CallId(10'100)), nullptr);
  // A row may be ahead of the log: applying its last part again forgets nothing else.
  const base::Bytes before = desk.Canonical();
  for (size_t i = log.size() - 400; i < log.size(); ++i) desk.Apply(log[i]);
  EXPECT_TRUE(before == desk.Canonical());
}

TEST(DeskTest, TheJournalIsAChain) {
  Desk desk;
  desk.Apply(JournalWritten{1, "one"});
  const base::Digest first = desk.journal_last();
  desk.Apply(JournalWritten{2, "two"});
  EXPECT_EQ(desk.journal_size(), 2u);
  EXPECT_NE(desk.journal_last(), first);
  const base::Digest last = desk.journal_last();
  desk.Apply(JournalWritten{1, "one"});  // a row was ahead
  EXPECT_EQ(desk.journal_last(), last);
}

TEST(DurationsTest, AQuantileIsAnUpperBoundWithinTwo) {
  base::SeededRandom random(6);
  for (int run = 0; run < 300; ++run) {
    Durations durations;
    std::vector<int64_t> model;
    const int bits = static_cast<int>(10 + random.Below(38));
    for (uint64_t n = 1 + random.Below(60); n > 0; --n) {
      const int64_t us =
          random.Between(-5'000, int64_t{1} << random.Below(static_cast<uint64_t>(bits)));
      durations.Add(us);
      model.push_back(us);
    }
    std::sort(model.begin(), model.end());
    EXPECT_EQ(durations.count, model.size());
    EXPECT_EQ(durations.max_us, std::max<int64_t>(0, model.back()));
    for (const double share : {0.01, 0.25, 0.5, 0.9, 0.94, 0.99, 1.0}) {
      // The smallest value that at least this share of all do not exceed.
      const auto rank =
          static_cast<size_t>(std::ceil(share * static_cast<double>(model.size()) - 1e-9));
      const int64_t exact = model[std::max<size_t>(rank, 1) - 1];
      const int64_t bound = durations.QuantileUs(share);
      EXPECT_GE(bound, exact) << share << " of " << model.size();
      EXPECT_LE(bound, std::max<int64_t>(2'000, 2 * exact + 2'000)) << share;
    }
  }
  EXPECT_EQ(Durations().QuantileUs(0.5), 0);
}

TEST(DurationsTest, EvenTheLongestIsBounded) {
  Durations durations;
  durations.Add(int64_t{1} << 61);
  durations.Add(int64_t{1} << 61);
  EXPECT_GE(durations.QuantileUs(0.5), int64_t{1} << 61);
}

// A peer may sign any times.
TEST(DurationsTest, ASumStaysAtItsEnds) {
  for (const int64_t us : {int64_t{1} << 62, -(int64_t{1} << 62)}) {
    Durations durations;
    for (int i = 0; i < 5; ++i) durations.Add(us);
    EXPECT_EQ(durations.count, 5u);
    EXPECT_EQ(durations.sum_us,
              us > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min());
  }
}

}  // namespace
}  // namespace wideberth::mechanism
