#include "record/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/random.h"

namespace wideberth::record {
namespace {

using base::SeededRandom;

struct Logs {
  WriterLog a{"a.example/line/b", {}};
  WriterLog b{"b.example/line/a", {}};
};

// Two writers with clocks of their own that hear of each other late, never, or at once.
Logs Converse(uint64_t seed) {
  SeededRandom random(seed);
  Logs logs;
  const int64_t skew_us = random.Between(-3, 3) * base::kMicrosPerSecond;
  uint64_t heard[2] = {0, 0};
  int64_t now_us = 1'800'000'000'000'000;
  const uint64_t entries = random.Below(60);
  for (uint64_t i = 0; i < entries; ++i) {
    now_us += random.Between(0, 1) * random.Between(0, 1'500'000);
    const size_t writer = random.Below(2);
    WriterLog& own = writer == 0 ? logs.a : logs.b;
    const uint64_t written = (writer == 0 ? logs.b : logs.a).entries.size();
    if (random.Below(2) == 0) {
      heard[writer] += random.Below(written - heard[writer] + 1);
    }
    LoggedEntry entry;
    random.Fill(entry.digest.bytes);
    // Whole seconds at times, so that equal times occur.
    entry.sent_at.us = (now_us + (writer == 0 ? skew_us : 0)) / 1'000'000 * 1'000'000;
    entry.peer_seen = heard[writer];
    own.entries.push_back(entry);
  }
  return logs;
}

// The rule as a person would apply it: of all entries that are left, those whose every predecessor is placed; of those
// the first by time, digest, origin.
std::string NaiveView(const WriterLog& a, const WriterLog& b) {
  struct Left {
    const WriterLog* log;
    const WriterLog* other;
    size_t index;
  };
  std::vector<Left> left;
  for (size_t i = 0; i < a.entries.size(); ++i) left.push_back({&a, &b, i});
  for (size_t i = 0; i < b.entries.size(); ++i) left.push_back({&b, &a, i});
  std::set<std::pair<std::string, size_t>> placed;
  std::string text;
  while (!left.empty()) {
    const Left* best = nullptr;
    const auto key = [](const Left& each) {
      const LoggedEntry& entry = each.log->entries[each.index];
      return std::tuple(entry.sent_at.us, entry.digest.ToHex(), each.log->origin);
    };
    for (const Left& each : left) {
      bool ready = true;
      for (size_t i = 0; i < each.index; ++i) ready &= placed.contains({each.log->origin, i});
      const uint64_t seen =
          std::min<uint64_t>(each.log->entries[each.index].peer_seen, each.other->entries.size());
      for (size_t i = 0; i < seen; ++i) ready &= placed.contains({each.other->origin, i});
      if (ready && (best == nullptr || key(each) < key(*best))) best = &each;
    }
    if (best == nullptr) return "cycle";
    const LoggedEntry& entry = best->log->entries[best->index];
    text += best->log->origin + " " + std::to_string(best->index) + " " +
            base::FormatRfc3339(entry.sent_at) + " " + entry.digest.ToHex() + "\n";
    placed.insert({best->log->origin, best->index});
    left.erase(left.begin() + (best - left.data()));
  }
  return text;
}

WriterLog Prefix(const WriterLog& log, size_t size) {
  return {log.origin, {log.entries.begin(), log.entries.begin() + static_cast<ptrdiff_t>(size)}};
}

std::string View(const WriterLog& a, const WriterLog& b) {
  const auto view = MergeLogs(a, b);
  return view ? FormatJointView(*view) : "cycle";
}

TEST(Merge, IsTheNaiveModelForEveryConversation) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Logs logs = Converse(seed);
    const std::string view = View(logs.a, logs.b);
    EXPECT_EQ(view, NaiveView(logs.a, logs.b)) << seed;
    EXPECT_NE(view, "cycle") << seed;
  }
}

TEST(Merge, EqualPrefixesGiveEqualBytesOnBothNodes) {
  SeededRandom random(7);
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Logs logs = Converse(seed);
    // Each node holds all of its own log and some of the other's; both have what was cosigned of each.
    for (int i = 0; i < 10; ++i) {
      const size_t of_a = random.Below(logs.a.entries.size() + 1);
      const size_t of_b = random.Below(logs.b.entries.size() + 1);
      const std::string at_a = View(Prefix(logs.a, of_a), Prefix(logs.b, of_b));
      const std::string at_b = View(Prefix(logs.b, of_b), Prefix(logs.a, of_a));
      EXPECT_EQ(at_a, at_b) << seed;
      EXPECT_EQ(at_a, NaiveView(Prefix(logs.a, of_a), Prefix(logs.b, of_b))) << seed;
      EXPECT_EQ(std::count(at_a.begin(), at_a.end(), '\n'), static_cast<ptrdiff_t>(of_a + of_b));
    }
  }
}

TEST(Merge, KeepsBothLogsInTheirOrderAndCausesBeforeEffects) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Logs logs = Converse(seed);
    const auto view = MergeLogs(logs.a, logs.b).value();
    ASSERT_EQ(view.size(), logs.a.entries.size() + logs.b.entries.size());
    size_t placed[2] = {0, 0};
    for (const JointEntry& joint : view) {
      const size_t writer = joint.origin == logs.a.origin ? 0 : 1;
      EXPECT_EQ(joint.index, placed[writer]++);
      EXPECT_GE(placed[1 - writer], joint.entry->peer_seen);
    }
  }
}

TEST(Merge, CausalityIsAboveClocksAndClocksAboveDigests) {
  Logs logs;
  logs.a.entries = {{{}, {500}, 1}};  // an answer, by a clock that is slow
  logs.b.entries = {{{}, {900}, 0}, {{}, {950}, 0}};
  auto view = MergeLogs(logs.a, logs.b).value();
  EXPECT_EQ(view[0].origin, logs.b.origin);
  EXPECT_EQ(view[1].origin, logs.a.origin);
  EXPECT_EQ(view[2].index, 1u);

  logs.a.entries = {{{}, {900}, 0}};
  logs.a.entries[0].digest.bytes[0] = 9;
  logs.b.entries = {{{}, {900}, 0}};
  view = MergeLogs(logs.a, logs.b).value();
  EXPECT_EQ(view[0].origin, logs.b.origin);  // the smaller digest
  logs.a.entries[0].sent_at.us = 899;
  EXPECT_EQ(MergeLogs(logs.a, logs.b).value()[0].origin, logs.a.origin);
}

TEST(Merge, WhatIsNamedBeyondTheEndStandsBehindAllThatThereIs) {
  Logs logs;
  logs.a.entries = {{{}, {1}, 100}};
  logs.b.entries = {{{}, {5}, 0}, {{}, {6}, 0}};
  const auto view = MergeLogs(logs.a, logs.b).value();
  EXPECT_EQ(view.back().origin, logs.a.origin);
}

TEST(Merge, EntriesBehindEachOtherAreRefused) {
  Logs logs;
  logs.a.entries = {{{}, {1}, 1}};
  logs.b.entries = {{{}, {2}, 1}};
  const auto refused = MergeLogs(logs.a, logs.b);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field, "entries");
  EXPECT_EQ(NaiveView(logs.a, logs.b), "cycle");
  EXPECT_EQ(MergeLogs(logs.a, logs.a).error().field, "origin");
  // Random lies: either both refuse, or both say the same.
  SeededRandom random(8);
  int cycles = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Logs lying = Converse(seed);
    for (WriterLog* log : {&lying.a, &lying.b}) {
      for (LoggedEntry& entry : log->entries) {
        if (random.Below(8) == 0) entry.peer_seen = random.Below(40);
      }
    }
    const std::string view = View(lying.a, lying.b);
    EXPECT_EQ(view, NaiveView(lying.a, lying.b)) << seed;
    EXPECT_EQ(view, View(lying.b, lying.a)) << seed;
    cycles += view == "cycle" ? 1 : 0;
  }
  EXPECT_GT(cycles, 30);
  EXPECT_LT(cycles, 270);
}

}  // namespace
}  // namespace wideberth::record
