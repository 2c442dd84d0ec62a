// What a line's two logs say, from two nodes that ran: the same on both, in the order of causes, with both clocks.
#include "timeline/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "airspace/testing/world.h"
#include "exchange/testing/values.h"
#include "line/party_card.h"
#include "mechanism/testing/parties.h"
#include "record/merkle.h"
#include "timeline/after_action.h"

namespace wideberth::timeline {
namespace {

using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using base::UtcMicros;
using mechanism::testing::kBoth;
using mechanism::testing::kMinute;
using mechanism::testing::kSecond;
using mechanism::testing::Parties;

// Both logs of the line of parties 0 and 1, as node n holds them: its own first.
std::array<Log, 2> LogsOf(Parties& parties, size_t n) {
  std::array<Log, 2> logs;
  auto& disk = parties.side(n).lines.begin()->second;
  const auto fill = [&](Log* log, size_t writer, const line::LogSource& source, uint64_t size) {
    log->writer = Parties::party(writer);
    log->message_keys = {parties.Card(writer).key(line::KeyRole::kMessage)};
    for (uint64_t seq = 1; seq <= size; ++seq) {
      log->entries.push_back(source.ReadEntry(seq).value());
    }
  };
  fill(&logs[0], n, disk.own, disk.state.own.size());
  fill(&logs[1], 1 - n, disk.mirror, disk.state.mirror.size());
  return logs;
}

base::Digest RootOf(const Log& log, uint64_t size) {
  record::Frontier tree;
  for (uint64_t i = 0; i < size; ++i) {
    tree.Append(record::LeafHash(base::AsBytes(*log.entries[static_cast<size_t>(i)].envelope)));
  }
  return tree.Root();
}

Timeline Made(Parties& parties, size_t n) {
  auto made = Timeline::Make(LogsOf(parties, n));
  EXPECT_TRUE(made.has_value()) << made.error().ToString();
  return *std::move(made);
}

const Event* Find(const Timeline& timeline, std::string_view words) {
  for (const Event& event : timeline.events()) {
    if (Words(event).starts_with(words)) return &event;
  }
  return nullptr;
}

class TimelineTest : public ::testing::Test {
 protected:
  TimelineTest() {
    parties.side(1).clock_offset_us = 3 * kSecond;
    parties.Settle();
    version = parties.Release(0, 1, TestHazard());
    parties.Run(10 * kSecond);
    EXPECT_TRUE(parties.ReadBack(1, 1).has_value());
    parties.Run(5 * kSecond);
    EXPECT_TRUE(parties
                    .Do(1, mechanism::StopCall{{{46'400'000'000, 6'500'000'000}, 1'000'000},
                                               "ANVIL 21",
                                               "121.500 MHz"})
                    .has_value());
    parties.Run(2 * kSecond);
    const auto* call = parties.LastCall(0, operators::ActKind::kStopCall);
    EXPECT_TRUE(
        parties.Do(0, mechanism::AnswerStopCall{call->id, mechanism::StopAnswer::kNotOurs, 0})
            .has_value());
    parties.Run(5 * kSecond);
  }

  Question AskedAt(double lat, UtcMicros from, UtcMicros to) const {
    const auto place = geo::MakePosition(lat, 6.5).value();
    Question question{0,
                      airspace::DataMode::kReal,
                      {geo::Outline::Circle(place, 1'000'000).value(),
                       TestHazard().volumes.front().band,
                       {from, to},
                       {},
                       {}}};
    return question;
  }

  Parties parties;
  base::Digest version;
};

TEST_F(TimelineTest, BothNodesMakeTheSame) {
  const Timeline at_north = Made(parties, 0);
  const Timeline at_south = Made(parties, 1);
  EXPECT_EQ(at_north.joint_view(), at_south.joint_view());
  ASSERT_EQ(at_north.events().size(), at_south.events().size());
  for (size_t i = 0; i < at_north.events().size(); ++i) {
    const Event& a = at_north.events()[i];
    const Event& b = at_south.events()[i];
    EXPECT_EQ(a.message, b.message);
    EXPECT_EQ(a.received_at, b.received_at);
    EXPECT_EQ(a.when, b.when);
    EXPECT_EQ(Words(a), Words(b));
  }
  EXPECT_EQ(at_north.root(0), at_south.root(1));
}

TEST_F(TimelineTest, ShowsBothClocksAndBoundsBySideThatDidNotWrite) {
  const Timeline timeline = Made(parties, 0);
  const Event* release = Find(timeline, "release hazard");
  ASSERT_NE(release, nullptr);
  ASSERT_TRUE(release->received_at.has_value());
  // South's clock is three seconds ahead, and the frame took a moment.
  EXPECT_GT(release->received_at->us - release->said_at.us, 3 * kSecond);
  EXPECT_LT(release->received_at->us - release->said_at.us, 4 * kSecond);
  EXPECT_LE(release->when.not_before, *release->received_at);
  EXPECT_LE(release->when.not_after, *release->received_at);
  EXPECT_GT(release->when.not_before.us, release->said_at.us - 60 * kSecond);
  for (const Event& event : timeline.events()) {
    EXPECT_LE(event.when.not_before, event.when.not_after) << Words(event);
  }
  // A cosignature that comes earlier than the other's next word bounds more closely.
  auto logs = LogsOf(parties, 0);
  logs[0].heads = {{release->index + 1,
                    {release->received_at->us - kSecond},
                    RootOf(logs[0], release->index + 1)}};
  auto forged = logs;
  forged[0].heads[0].root = timeline.root(1);
  EXPECT_EQ(Timeline::Make(std::move(forged)).error().field, "0/heads/0/root");
  const Timeline cosigned = Timeline::Make(std::move(logs)).value();
  const Event* again = Find(cosigned, "release hazard");
  EXPECT_EQ(again->cosigned_at, UtcMicros{release->received_at->us - kSecond});
  EXPECT_LE(again->when.not_after.us, release->received_at->us);
}

TEST_F(TimelineTest, WhatOneHadSeenCameBeforeAndTheRestIsConcurrent) {
  const Timeline timeline = Made(parties, 0);
  const Event* release = Find(timeline, "release hazard");
  const Event* read_back = Find(timeline, "read_back");
  ASSERT_TRUE(release != nullptr && read_back != nullptr);
  EXPECT_EQ(timeline.OrderOf(*release, *read_back), record::EventOrder::kBefore);
  EXPECT_EQ(timeline.OrderOf(*read_back, *release), record::EventOrder::kAfter);
  EXPECT_EQ(timeline.OrderOf(*release, *release), record::EventOrder::kConcurrent);
  for (const Event& a : timeline.events()) {
    for (const Event& b : timeline.events()) {
      const auto one = timeline.OrderOf(a, b);
      const auto other = timeline.OrderOf(b, a);
      EXPECT_EQ(one == record::EventOrder::kBefore, other == record::EventOrder::kAfter);
      if (a.log == b.log) continue;
      // Nothing stands before what its writer had.
      if (one == record::EventOrder::kBefore) {
        EXPECT_LT(&a, &b);
      }
    }
  }
}

TEST_F(TimelineTest, IsSelectedByNoticeMatterAreaAndTime) {
  const Timeline timeline = Made(parties, 0);
  const auto count = [&](const Filter& filter) { return Select(timeline, filter)->size(); };
  Filter notice;
  notice.notice = TestNotice(1);
  EXPECT_EQ(count(notice), 2u) << "its release and its read-back";
  Filter call;
  call.matter = Find(timeline, "stop_call")->matter;
  EXPECT_EQ(count(call), 2u) << "the call and its answer";
  Filter area;
  area.area = geo::Outline::Circle(*geo::MakePosition(46.4, 6.5), 5'000'000).value();
  EXPECT_GE(count(area), 2u);
  area.area = geo::Outline::Circle(*geo::MakePosition(-30, 6.5), 5'000'000).value();
  EXPECT_EQ(count(area), 0u);
  Filter window;
  window.window = {Find(timeline, "stop_call")->said_at, base::kTimeOpenEnd};
  EXPECT_EQ(count(window), 1u) << "its answer came later, by a clock that is three seconds behind";
  Filter machines;
  machines.with_machines = true;
  EXPECT_EQ(count(machines), timeline.events().size());
}

TEST_F(TimelineTest, SaysWhetherTheOtherSideWasInformed) {
  const Timeline timeline = Made(parties, 0);
  const airspace::Declaration hazard = TestHazard();
  const airspace::Volume4D& volume = hazard.volumes.front();
  const auto lat = volume.outline.vertices().front().lat_deg();
  Question inside = AskedAt(lat, volume.window.start, {volume.window.start.us + kMinute});
  inside.volume.outline = volume.outline;
  const auto told = WasNotified(timeline, inside, {});
  ASSERT_TRUE(told.has_value()) << told.error().ToString();
  ASSERT_EQ(told->size(), 1u);
  EXPECT_EQ(told->front().release->version, version);
  EXPECT_TRUE(told->front().received_at.has_value());
  EXPECT_TRUE(told->front().read_back_at.has_value());
  EXPECT_FALSE(told->front().withdrawn_at.has_value());
  EXPECT_EQ(told->front().lead_time_us, volume.window.start.us - told->front().received_at->us);
  // A hazard is there until its all-clear, whatever its planned end.
  Question later = inside;
  later.volume.window = {{volume.window.end.us + kMinute}, {volume.window.end.us + 2 * kMinute}};
  EXPECT_EQ(WasNotified(timeline, later, {})->size(), 1u);
  Question before = inside;
  before.volume.window = {{volume.window.start.us - 2 * kMinute}, volume.window.start};
  EXPECT_EQ(WasNotified(timeline, before, {})->size(), 0u) << "windows are half-open";
  EXPECT_EQ(
      WasNotified(timeline, AskedAt(lat - 5, volume.window.start, volume.window.end), {})->size(),
      0u);
  Question theirs = inside;
  theirs.teller = 1;
  EXPECT_EQ(WasNotified(timeline, theirs, {})->size(), 0u) << "they have told nothing";
  Question drill = inside;
  drill.data_mode = airspace::DataMode::kExercise;
  EXPECT_EQ(WasNotified(timeline, drill, {})->size(), 0u);
  Question bad = inside;
  bad.volume.window.end = bad.volume.window.start;
  EXPECT_EQ(WasNotified(timeline, bad, {}).error().field, "/window");
}

TEST_F(TimelineTest, RefusesWhatNobodySignedAndWhatDoesNotFollow) {
  const auto good = LogsOf(parties, 0);
  const auto code = [](std::array<Log, 2> logs) {
    const auto made = Timeline::Make(std::move(logs));
    return made ? std::optional<ErrorCode>() : made.error().code;
  };
  ASSERT_FALSE(code(good).has_value());
  // A bit of any entry.
  for (const size_t log : kBoth) {
    for (size_t i = 0; i < good[log].entries.size(); ++i) {
      auto logs = good;
      std::string bytes = *logs[log].entries[i].envelope;
      bytes[bytes.size() / 2] ^= 1;
      logs[log].entries[i].envelope = std::make_shared<const std::string>(bytes);
      EXPECT_TRUE(code(logs).has_value()) << log << " " << i;
    }
  }
  auto missing = good;
  missing[0].entries.erase(missing[0].entries.begin() + 1);
  EXPECT_EQ(code(missing), ErrorCode::kInvalid);
  auto swapped = good;
  std::swap(swapped[1].entries[0], swapped[1].entries[1]);
  EXPECT_EQ(code(swapped), ErrorCode::kInvalid);
  auto keys = good;
  keys[0].message_keys = keys[1].message_keys;
  EXPECT_EQ(code(keys), ErrorCode::kUnauthorized);
  auto turned = good;
  std::swap(turned[0].writer, turned[1].writer);
  EXPECT_TRUE(code(turned).has_value());
  // A prefix of either is a record of its own.
  auto prefix = good;
  prefix[0].entries.resize(2);
  EXPECT_FALSE(code(prefix).has_value());
}

TEST_F(TimelineTest, ABodyBesideIsTheOneThatWasNamed) {
  auto logs = LogsOf(parties, 0);
  for (line::LogEntry& entry : logs[0].entries) {
    if (entry.body_beside == nullptr) continue;
    entry.body_beside = std::make_shared<const std::string>("{}");
    EXPECT_EQ(Timeline::Make(logs).error().rule, "must be the bytes that the envelope names");
    return;
  }
}

TEST_F(TimelineTest, TheReportCountsWhatWasSaid) {
  const Timeline timeline = Made(parties, 0);
  LeadTimesMin minimum{};
  minimum.fill(3'650LL * base::kMicrosPerDay);
  const airspace::TimeWindow period{{0}, base::UtcMicros{4'000'000'000'000'000}};
  const AfterAction summary = Summarise(timeline, period, minimum);
  const Figures& ours = summary.real[0];
  const Figures& theirs = summary.real[1];
  EXPECT_EQ(ours.released, 1u);
  EXPECT_EQ(ours.late, 1u) << "by a minimum that nobody keeps";
  EXPECT_EQ(ours.lead_r1.size(), 1u);
  EXPECT_EQ(ours.read_back.size(), 1u);
  EXPECT_EQ(ours.never_read_back, 0u);
  EXPECT_EQ(theirs.stop_calls, 1u);
  EXPECT_EQ(theirs.stop_calls_unanswered, 0u);
  EXPECT_EQ(theirs.breaches_rejected, 1u);
  EXPECT_EQ(theirs.breaches_accepted, 0u);
  EXPECT_EQ(ours.checks + theirs.checks, 2u);
  EXPECT_EQ(ours.checks_unanswered + theirs.checks_unanswered, 0u);
  EXPECT_EQ(summary.drills[0].released + summary.drills[1].released, 0u);
  minimum.fill(0);
  EXPECT_EQ(Summarise(timeline, period, minimum).real[0].late, 0u);
  EXPECT_EQ(Summarise(timeline, {{0}, {1}}, minimum).real[0].released, 0u);
}

TEST_F(TimelineTest, TheReportNeedsNothingElseAndEscapesWhatCameFromOutside) {
  const Timeline timeline = Made(parties, 0);
  const airspace::TimeWindow period{{timeline.events().front().said_at.us},
                                    {timeline.events().back().said_at.us + 1}};
  const std::string html = ReportHtml(Summarise(timeline, period, {}),
                                      {"<script>alert(1)</script>", "south & \"east\"'"}, {0});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(html.find("south &amp; &quot;east&quot;&#39;"), std::string::npos);
  EXPECT_NE(html.find("<svg"), std::string::npos);
  for (const char* outside : {"http:", "https:", "src=", "href=", "@import", "url("}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
  for (const char* before : {"\"", ">", " ", "-", ","}) {
    for (const char* number : {"nan", "inf"}) {
      EXPECT_EQ(html.find(std::string(before) + number), std::string::npos) << before << number;
    }
  }
}

TEST(QuantileTest, IsASampleThatSoManyDoNotExceed) {
  std::vector<Sample> samples;
  EXPECT_EQ(QuantileUs(samples, 0.5), 0);
  for (int64_t us = 100; us >= 1; --us) samples.push_back({{}, us});
  EXPECT_EQ(QuantileUs(samples, 0), 1);
  EXPECT_EQ(QuantileUs(samples, 0.5), 50);
  EXPECT_EQ(QuantileUs(samples, 0.95), 95);
  EXPECT_EQ(QuantileUs(samples, 1), 100);
}

}  // namespace
}  // namespace wideberth::timeline
