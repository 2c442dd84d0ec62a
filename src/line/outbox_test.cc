#include "line/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "line/testing/pair.h"

namespace wideberth::line {
namespace {

using testing::MemoryLog;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kAtOnce = std::numeric_limits<int64_t>::min();

LogEntry Entry(uint64_t seq, size_t padding = 0) {
  LogEntry entry;
  entry.envelope =
      std::make_shared<const std::string>(std::to_string(seq) + std::string(padding, '.'));
  return entry;
}

std::vector<uint64_t> Numbers(const std::vector<Outbox::Due>& due) {
  std::vector<uint64_t> numbers;
  for (const Outbox::Due& one : due) numbers.push_back(one.seq);
  return numbers;
}

// An outbox, and its log, which has an entry one turn after it was added: a test that asks for more would find the
// outbox reading what is not yet durable.
class Sender {
 public:
  explicit Sender(uint64_t restored = 0) : outbox(log) {
    for (uint64_t seq = 1; seq <= restored; ++seq) log.Append(Entry(seq));
    outbox.Restore(restored);
  }
  void Add(size_t count = 1, size_t padding = 0) {
    for (size_t i = 0; i < count; ++i) {
      outbox.Add(Entry(outbox.written() + 1, padding));
      pending_.push_back(Entry(outbox.written(), padding));
    }
  }
  std::vector<uint64_t> Take(int64_t now_us) {
    const std::vector<Outbox::Due> due = outbox.Take(now_us).value();
    for (const Outbox::Due& one : due) {
      const std::string& text = *one.entry.envelope;
      EXPECT_EQ(text.substr(0, text.find('.')), std::to_string(one.seq));
    }
    for (LogEntry& entry : pending_) log.Append(std::move(entry));
    pending_.clear();
    return Numbers(due);
  }

  MemoryLog log;
  Outbox outbox;

 private:
  std::vector<LogEntry> pending_;
};

std::vector<uint64_t> UpTo(uint64_t first, uint64_t last) {
  std::vector<uint64_t> numbers;
  for (uint64_t seq = first; seq <= last; ++seq) numbers.push_back(seq);
  return numbers;
}

TEST(Outbox, SendsNothingBeforeThePeerIsKnown) {
  Sender sender(3);
  sender.Add(2);
  EXPECT_EQ(sender.Take(0), UpTo(1, 0));
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kNever);
  sender.outbox.Hurry();
  EXPECT_EQ(sender.Take(1'000'000'000), UpTo(1, 0));
  ASSERT_TRUE(sender.outbox.Acknowledge({2, {}}).has_value());
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kAtOnce);
  EXPECT_EQ(sender.Take(1'000'000'000), UpTo(3, 5));
  EXPECT_EQ(sender.log.reads(), 3u);  // what the peer holds is not read again
}

TEST(Outbox, RetryPausesGrowToTheCapAndStayThere) {
  Sender sender;
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.Add(200);
  std::map<uint64_t, std::vector<int64_t>> sent_us;
  for (int64_t now_us = 0; now_us < 60'000'000;) {
    for (const uint64_t seq : sender.Take(now_us)) sent_us[seq].push_back(now_us);
    const int64_t next_us = sender.outbox.next_due_monotonic_us();
    ASSERT_GT(next_us, now_us);
    now_us = next_us;
  }
  ASSERT_EQ(sent_us.size(), 200u);
  std::set<int64_t> firsts;
  for (const auto& [seq, times] : sent_us) {
    EXPECT_EQ(times.front(), 0);
    int64_t nominal_us = limits::kLineRetryFirstUs;
    for (size_t i = 1; i < times.size(); ++i) {
      const int64_t pause_us = times[i] - times[i - 1];
      EXPECT_GE(pause_us, nominal_us * 3 / 4);
      EXPECT_LE(pause_us, std::min(limits::kLineRetryMaxUs, nominal_us * 5 / 4));
      nominal_us = std::min(limits::kLineRetryMaxUs, 2 * nominal_us);
    }
    EXPECT_GE(times.size(), 60'000'000u / limits::kLineRetryMaxUs);
    firsts.insert(times[1]);
  }
  // The pauses differ, so that a burst does not come back as a burst.
  EXPECT_GT(firsts.size(), 100u);
  EXPECT_LT(*firsts.begin(), 400'000);
  EXPECT_GT(*firsts.rbegin(), 600'000);
}

TEST(Outbox, HurrySendsWhatIsNotAcknowledgedAtOnce) {
  Sender sender;
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.outbox.Hurry();
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kNever);  // there is nothing
  EXPECT_EQ(sender.Take(0), UpTo(1, 0));
  sender.Add(5);
  EXPECT_EQ(sender.Take(0), UpTo(1, 5));
  EXPECT_EQ(sender.Take(1'000), UpTo(1, 0));
  ASSERT_TRUE(sender.outbox.Acknowledge({2, {{4, 4}}}).has_value());
  sender.outbox.Hurry();
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kAtOnce);
  EXPECT_EQ(sender.Take(2'000), UpTo(3, 5));  // 4 too: who comes up again may have lost its memory
  EXPECT_EQ(sender.Take(3'000), UpTo(1, 0));
}

TEST(Outbox, TheWindowBoundsWhatIsUnderWay) {
  Sender sender;
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.Add(limits::kLineWindowEntries + 500);
  EXPECT_EQ(sender.Take(0), UpTo(1, limits::kLineWindowEntries));
  EXPECT_EQ(sender.log.reads(), 0u);
  EXPECT_GT(sender.outbox.next_due_monotonic_us(), 0);  // it is full: only a retry is due
  ASSERT_TRUE(sender.outbox.Acknowledge({100, {}}).has_value());
  EXPECT_EQ(sender.Take(1'000),
            UpTo(limits::kLineWindowEntries + 1, limits::kLineWindowEntries + 100));
  EXPECT_EQ(sender.log.reads(), 100u);
  ASSERT_TRUE(sender.outbox.Acknowledge({sender.outbox.written(), {}}).has_value());
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kNever);
}

TEST(Outbox, TheWindowBoundsBytesToo) {
  constexpr size_t kEach = 1024 * 1024;
  Sender sender;
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.Add(20, kEach);
  const size_t fits = limits::kLineWindowBytes / kEach;
  EXPECT_EQ(sender.Take(0), UpTo(1, fits));
  ASSERT_TRUE(sender.outbox.Acknowledge({3, {}}).has_value());
  EXPECT_EQ(sender.Take(1), UpTo(fits + 1, fits + 3));
}

TEST(Outbox, RefusesAcknowledgementsOfWhatWasNeverWritten) {
  Sender sender;
  sender.Add(3);
  for (const Ack& ack :
       {Ack{4, {}}, Ack{0, {{2, 4}}}, Ack{std::numeric_limits<uint64_t>::max(), {}}}) {
    const auto taken = sender.outbox.Acknowledge(ack);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().field, "ack");
    EXPECT_EQ(taken.error().code, base::ErrorCode::kInvalid);
    EXPECT_FALSE(sender.outbox.peer_known());
    EXPECT_EQ(sender.outbox.acknowledged(), 0u);
  }
  ASSERT_TRUE(sender.outbox.Acknowledge({3, {}}).has_value());
  ASSERT_TRUE(sender.outbox.Acknowledge({1, {}}).has_value());  // older: nothing changes
  EXPECT_EQ(sender.outbox.acknowledged(), 3u);
  EXPECT_EQ(sender.Take(0), UpTo(1, 0));
}

TEST(Outbox, HoldsBackWhatThePeerHoldsBeyondAGap) {
  Sender sender;
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.Add(10);
  EXPECT_EQ(sender.Take(0), UpTo(1, 10));
  ASSERT_TRUE(sender.outbox.Acknowledge({1, {{4, 6}, {9, 9}}}).has_value());
  ASSERT_TRUE(sender.outbox.Acknowledge({1, {{4, 6}, {9, 9}}}).has_value());  // no further delay
  std::map<uint64_t, int64_t> again_us;
  for (int64_t now_us = 1'000; now_us <= 12'000'000; now_us += 1'000) {
    for (const uint64_t seq : sender.Take(now_us)) again_us.try_emplace(seq, now_us);
  }
  for (const uint64_t seq : {2u, 3u, 7u, 8u, 10u}) EXPECT_LE(again_us.at(seq), 626'000) << seq;
  for (const uint64_t seq : {4u, 5u, 6u, 9u}) {
    EXPECT_GE(again_us.at(seq), limits::kLineRetryMaxUs) << seq;
    EXPECT_LE(again_us.at(seq), limits::kLineRetryMaxUs + 626'000) << seq;
  }
  EXPECT_FALSE(again_us.contains(1));
}

// The log has what was added in a turn only when the turn is over.
TEST(Outbox, NeverReadsWhatMayNotBeDurable) {
  Sender sender(5);
  sender.Add(2);  // 6 and 7 are written in the turn in which the peer becomes known
  ASSERT_TRUE(sender.outbox.Acknowledge({3, {}}).has_value());
  EXPECT_EQ(sender.Take(0), UpTo(4, 5));
  EXPECT_EQ(sender.outbox.next_due_monotonic_us(), kAtOnce);
  EXPECT_EQ(sender.Take(0), UpTo(6, 7));
  // Under a steady load behind a full window every turn sends what the one before has written.
  ASSERT_TRUE(sender.outbox.Acknowledge({7, {}}).has_value());
  sender.Add(limits::kLineWindowEntries + 50);
  uint64_t sent = 7 + sender.Take(1).size();
  for (int turn = 0; turn < 100; ++turn) {
    sender.Add(20);
    ASSERT_TRUE(sender.outbox.Acknowledge({sent, {}}).has_value());
    sent += sender.Take(1).size();
    EXPECT_GE(sent + 20, sender.outbox.written());
  }
}

TEST(Outbox, SaysWhenTheLogCannotBeRead) {
  Sender sender(3);
  ASSERT_TRUE(sender.outbox.Acknowledge({}).has_value());
  sender.log.set_damaged(true);
  const auto due = sender.outbox.Take(0);
  ASSERT_FALSE(due.has_value());
  EXPECT_EQ(due.error().code, base::ErrorCode::kStorage);
  sender.log.set_damaged(false);
  EXPECT_EQ(sender.Take(0), UpTo(1, 3));
}

// Against a model that remembers of each entry when it may be sent next at the earliest and at the latest.
TEST(Outbox, KeepsToANaiveModel) {
  base::SeededRandom random(9);
  for (int run = 0; run < 40; ++run) {
    const uint64_t restored = random.Below(50);
    Sender sender(restored);
    std::map<uint64_t, std::pair<int64_t, int>> sent;  // when last, and how often
    int64_t now_us = 0;
    bool known = false;
    for (int step = 0; step < 300; ++step) {
      now_us += random.Between(0, 400'000);
      if (random.Below(3) == 0) sender.Add(random.Below(30));
      const uint64_t written = sender.outbox.written();
      if (random.Below(4) == 0) {
        const uint64_t through = std::min(written, sender.outbox.acknowledged() + random.Below(20));
        ASSERT_TRUE(sender.outbox.Acknowledge({through, {}}).has_value());
        known = true;
        EXPECT_EQ(sender.outbox.acknowledged(), through);
      }
      const std::vector<uint64_t> taken = sender.Take(now_us);
      EXPECT_TRUE(known || taken.empty());
      EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
      const uint64_t first = sender.outbox.acknowledged() + 1;
      const std::set<uint64_t> chosen(taken.begin(), taken.end());
      EXPECT_EQ(chosen.size(), taken.size());
      for (uint64_t seq = first; known && seq <= written; ++seq) {
        const auto last = sent.find(seq);
        if (last == sent.end()) continue;
        const int64_t nominal_us =
            std::min<int64_t>(limits::kLineRetryMaxUs,
                              limits::kLineRetryFirstUs << std::min(last->second.second - 1, 10));
        const int64_t pause_us = now_us - last->second.first;
        if (chosen.contains(seq)) {
          EXPECT_GE(pause_us, nominal_us * 3 / 4);
        } else {
          EXPECT_LT(pause_us, std::min(limits::kLineRetryMaxUs, nominal_us * 5 / 4));
        }
      }
      for (const uint64_t seq : taken) {
        EXPECT_GE(seq, first);
        EXPECT_LE(seq,
                  std::min(written, sender.outbox.acknowledged() + limits::kLineWindowEntries));
        sent[seq] = {now_us, sent[seq].second + 1};
      }
    }
    // A last turn for what the last one has written: the whole window has been sent.
    if (!known) continue;
    for (const uint64_t seq : sender.Take(now_us)) ++sent[seq].second;
    const uint64_t acknowledged = sender.outbox.acknowledged();
    const uint64_t last =
        std::min(sender.outbox.written(), acknowledged + limits::kLineWindowEntries);
    for (uint64_t seq = acknowledged + 1; seq <= last; ++seq) {
      EXPECT_GE(sent[seq].second, 1) << seq;
    }
  }
}

}  // namespace
}  // namespace wideberth::line
