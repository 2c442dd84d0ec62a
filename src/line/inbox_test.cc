#include "line/inbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "crypto/sha256.h"

namespace wideberth::line {
namespace {

using Place = Inbox::Place;

// Entry `seq`; those of other variants have other bytes.
Arrival Make(uint64_t seq, int variant = 0, size_t padding = 0) {
  Arrival arrival;
  const std::string bytes =
      std::to_string(seq) + "/" + std::to_string(variant) + std::string(padding, '.');
  arrival.opened.message.seq = seq;
  arrival.opened.digest = crypto::Sha256(base::AsBytes(bytes));
  arrival.entry.envelope = std::make_shared<const std::string>(bytes);
  return arrival;
}

void Through(uint64_t last, Inbox* inbox) {
  while (inbox->through() < last) {
    ASSERT_EQ(inbox->Offer(Make(inbox->through() + 1)), Place::kNext);
    inbox->TakeNext();
  }
}

TEST(Inbox, DeliversEachOnceInOrderWhateverTheOrderOfArrival) {
  base::SeededRandom random(8);
  for (int run = 0; run < 60; ++run) {
    const uint64_t entries = 1 + random.Below(200);
    std::vector<uint64_t> arrivals;
    for (uint64_t seq = 1; seq <= entries; ++seq) {
      for (uint64_t copies = 1 + random.Below(3); copies > 0; --copies) arrivals.push_back(seq);
    }
    for (size_t i = arrivals.size(); i > 1; --i) {
      std::swap(arrivals[i - 1], arrivals[random.Below(i)]);
    }
    Inbox inbox;
    std::set<uint64_t> arrived;
    std::vector<uint64_t> taken;
    for (const uint64_t seq : arrivals) {
      const bool known = !arrived.insert(seq).second;
      EXPECT_EQ(inbox.SeenLately(Make(seq).opened.digest), known);
      const Place place = inbox.Offer(Make(seq));
      EXPECT_EQ(place, known                        ? Place::kDuplicate
                       : seq == inbox.through() + 1 ? Place::kNext
                                                    : Place::kHeld);
      while (inbox.Next() != nullptr) taken.push_back(inbox.TakeNext().opened.message.seq);

      // The acknowledgement says exactly what has arrived, as far as its ranges go.
      uint64_t through = 0;
      while (arrived.contains(through + 1)) ++through;
      const Ack ack = inbox.MakeAck();
      EXPECT_EQ(ack.through, through);
      EXPECT_LE(ack.ranges.size(), limits::kLineAckRangesMax);
      std::set<uint64_t> said;
      for (const Ack::Range& range : ack.ranges) {
        for (uint64_t s = range.first; s <= range.last; ++s) said.insert(s);
      }
      std::set<uint64_t> beyond(arrived.upper_bound(through), arrived.end());
      if (ack.ranges.size() == limits::kLineAckRangesMax) {
        beyond.erase(beyond.upper_bound(ack.ranges.back().last), beyond.end());
      }
      EXPECT_EQ(said, beyond);
      EXPECT_EQ(DecodeAck(EncodeAck(ack)).value(), ack);
    }
    ASSERT_EQ(taken.size(), entries);
    EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
  }
}

TEST(Inbox, TellsAForkFromADuplicate) {
  Inbox inbox;
  Through(3, &inbox);
  EXPECT_EQ(inbox.Offer(Make(5)), Place::kHeld);
  EXPECT_EQ(inbox.Offer(Make(5)), Place::kDuplicate);
  EXPECT_EQ(inbox.Offer(Make(5, 1)), Place::kOther);  // of one that is held
  EXPECT_EQ(inbox.Offer(Make(2)), Place::kDuplicate);
  EXPECT_EQ(inbox.Offer(Make(2, 1)), Place::kOther);  // of one that was taken
  // What was refused is not remembered as seen: the caller reports it every time.
  EXPECT_FALSE(inbox.SeenLately(Make(2, 1).opened.digest));
  EXPECT_EQ(inbox.Offer(Make(4)), Place::kNext);
  EXPECT_EQ(inbox.Offer(Make(4, 1)), Place::kOther);  // of one that waits to be taken
  inbox.TakeNext();
  EXPECT_EQ(*inbox.TakeNext().entry.envelope, "5/0");
  EXPECT_EQ(inbox.through(), 5u);
}

TEST(Inbox, ForgetsWhatIsDropped) {
  Inbox inbox;
  Through(1, &inbox);
  EXPECT_EQ(inbox.Offer(Make(3)), Place::kHeld);
  EXPECT_EQ(inbox.Offer(Make(2, 1)), Place::kNext);
  inbox.DropNext();
  EXPECT_EQ(inbox.through(), 1u);
  EXPECT_EQ(inbox.Next(), nullptr);
  EXPECT_FALSE(inbox.SeenLately(Make(2, 1).opened.digest));
  EXPECT_TRUE(inbox.SeenLately(Make(3).opened.digest));
  EXPECT_EQ(inbox.Offer(Make(2)), Place::kNext);  // another one may take its place
  inbox.TakeNext();
  EXPECT_EQ(inbox.TakeNext().opened.message.seq, 3u);
}

TEST(Inbox, HoldsSoManyAndNoMore) {
  Inbox inbox;
  Through(10, &inbox);
  const uint64_t furthest = 10 + limits::kLineHeldEntriesMax;
  EXPECT_EQ(inbox.Offer(Make(furthest + 1)), Place::kNoRoom);
  EXPECT_FALSE(inbox.SeenLately(Make(furthest + 1).opened.digest));
  EXPECT_EQ(inbox.Offer(Make(std::numeric_limits<int64_t>::max())), Place::kNoRoom);
  for (uint64_t seq = 12; seq <= furthest; ++seq) {
    ASSERT_EQ(inbox.Offer(Make(seq)), Place::kHeld) << seq;
  }
  EXPECT_EQ(inbox.Offer(Make(furthest + 1)), Place::kNoRoom);
  EXPECT_EQ(inbox.Offer(Make(11)), Place::kNext);  // for this one there is room
  while (inbox.Next() != nullptr) inbox.TakeNext();
  EXPECT_EQ(inbox.through(), furthest);
}

TEST(Inbox, HoldsSoManyBytesAndNoMore) {
  constexpr size_t kEach = 1024 * 1024 - 16;
  Inbox inbox;
  size_t held = 0;
  uint64_t seq = 2;
  while (inbox.Offer(Make(seq, 0, kEach)) == Place::kHeld) {
    held += Make(seq, 0, kEach).entry.size();
    ++seq;
  }
  EXPECT_LE(held, limits::kLineHeldBytesMax);
  EXPECT_GT(held + kEach + 16, limits::kLineHeldBytesMax);
  EXPECT_EQ(inbox.Offer(Make(seq + 1, 0, kEach)), Place::kNoRoom);
  EXPECT_EQ(inbox.Offer(Make(seq + 1)), Place::kHeld);                // a small one
  EXPECT_EQ(inbox.Offer(Make(1, 0, 4 * 1024 * 1024)), Place::kNext);  // the one that makes room
  while (inbox.Next() != nullptr) inbox.TakeNext();
  EXPECT_EQ(inbox.through(), seq - 1);
  // All bytes were given back.
  EXPECT_EQ(inbox.Offer(Make(seq + 2, 0, limits::kLineHeldBytesMax - 100)), Place::kHeld);
}

TEST(Inbox, RemembersTheLatestOnly) {
  Inbox inbox;
  const uint64_t last = limits::kLineTakenRemembered + 100;
  Through(last, &inbox);
  const uint64_t oldest = last - limits::kLineTakenRemembered + 1;
  EXPECT_TRUE(inbox.SeenLately(Make(oldest).opened.digest));
  EXPECT_FALSE(inbox.SeenLately(Make(oldest - 1).opened.digest));
  EXPECT_EQ(inbox.Offer(Make(oldest, 1)), Place::kOther);
  EXPECT_EQ(inbox.Offer(Make(oldest)), Place::kDuplicate);
  EXPECT_EQ(inbox.Offer(Make(oldest - 1, 1)), Place::kLongTaken);  // the caller asks the mirror
}

TEST(Inbox, GoesOnWhereItWasRestored) {
  Inbox inbox;
  inbox.Restore(40);
  EXPECT_EQ(inbox.MakeAck(), (Ack{40, {}}));
  EXPECT_EQ(inbox.Offer(Make(40, 1)), Place::kLongTaken);  // not remembered: ask the mirror
  EXPECT_EQ(inbox.Offer(Make(42)), Place::kHeld);
  EXPECT_EQ(inbox.Offer(Make(41)), Place::kNext);
  EXPECT_EQ(inbox.TakeNext().opened.message.seq, 41u);
  EXPECT_EQ(inbox.Offer(Make(41, 1)), Place::kOther);
}

TEST(Inbox, WhatItsWriterHasLostMayComeAsAnother) {
  Inbox inbox;
  Through(3, &inbox);
  EXPECT_EQ(inbox.Offer(Make(5)), Place::kHeld);
  EXPECT_EQ(inbox.Offer(Make(7)), Place::kHeld);
  inbox.DropHeld();
  EXPECT_EQ(inbox.MakeAck(), (Ack{3, {}}));
  EXPECT_FALSE(inbox.SeenLately(Make(5).opened.digest));
  EXPECT_TRUE(inbox.SeenLately(Make(3).opened.digest));
  EXPECT_EQ(inbox.Offer(Make(5, 1)), Place::kHeld);
  EXPECT_EQ(inbox.Offer(Make(4, 1)), Place::kNext);
}

TEST(InboxDeathTest, NothingIsTakenThatIsNotHere) {
  Inbox inbox;
  EXPECT_EQ(inbox.Offer(Make(2)), Place::kHeld);
  EXPECT_DEATH(inbox.TakeNext(), "Next");
}

}  // namespace
}  // namespace wideberth::line
