// What every dss::Host keeps to, whatever stands behind it. In the tests of a module that has one:
//
//   INSTANTIATE_TEST_SUITE_P(Mine, HostContract, ::testing::Values(HarnessFactory{...}));
#ifndef WIDEBERTH_DSS_TESTING_HOST_CONTRACT_H_
#define WIDEBERTH_DSS_TESTING_HOST_CONTRACT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "dss/decide.h"
#include "dss/host.h"
#include "dss/testing/asking.h"
#include "dss/testing/naive.h"
#include "dss/testing/random_requests.h"
#include "dss/testing/still_clock.h"
#include "geo/covering.h"
#include "geo/position.h"

namespace wideberth::dss::testing {

class HostHarness {
 public:
  virtual ~HostHarness() = default;
  virtual std::vector<Host*> hosts() = 0;  // of one pool: all show the same
  virtual Policy policy() const = 0;       // as the hosts have it
};
// Gives null, with the reason in *why, where it cannot run.
using HarnessFactory = std::function<std::unique_ptr<HostHarness>(
    const base::Clock& clock, const Policy& policy, std::string* why)>;

class HostContract : public ::testing::TestWithParam<HarnessFactory> {
 protected:
  void SetUp() override {
    Start({});
    if (harness_ == nullptr) GTEST_SKIP() << why_;
  }
  void Start(const Policy& policy) {
    harness_.reset();
    harness_ = GetParam()(clock_, policy, &why_);
  }
  std::vector<Host*> hosts() { return harness_->hosts(); }

  StillClock clock_;
  std::string why_;
  std::unique_ptr<HostHarness> harness_;
};

// The rules are dss::Decide's, over a model that is as plain as it can be; whichever host is asked.
TEST_P(HostContract, AnswersAsDecideDoesWhicheverHostIsAsked) {
  NaiveView model;
  const Policy policy = harness_->policy();
  RandomRequests requests(20'261'122, clock_.Now());
  size_t granted = 0;
  for (int i = 0; i < 900; ++i) {
    clock_.Advance(1'000);
    Host* host = hosts()[requests.random().Below(hosts().size())];
    const Command command = requests.Next(model);
    const auto expected = Decide(model, command, policy, clock_.Now());
    const base::Result<Answer> answer = Ask(host, command);
    ASSERT_EQ(Say(answer),
              Say(expected ? base::Result<Answer>(expected->answer) : base::Fail(expected.error())))
        << "request " << i << ", kind " << command.request.index();
    if (!expected) continue;
    for (const Effect& effect : expected->effects) model.Apply(effect);
    granted += expected->effects.empty() ? 0 : 1;
    // What one has answered any of them shows.
    const Extent where = requests.Where();
    for (Host* each : hosts()) {
      const base::UtcMicros now = clock_.Now();
      ASSERT_EQ(Say(Look(each, [&](const View& view, auto) { return QueryIntents(view, where); })),
                Say(QueryIntents(model, where)))
          << i;
      ASSERT_EQ(Say(Look(each,
                         [&](const View& view, auto) {
                           return QuerySubscriptions(view, command.caller, where, now);
                         })),
                Say(QuerySubscriptions(model, command.caller, where, now)))
          << i;
      ASSERT_EQ(
          Say(Look(each, [&](const View& view, auto) { return QueryConstraints(view, where); })),
          Say(QueryConstraints(model, where)));
      ASSERT_EQ(Say(Look(each, [&](const View& view,
                                   auto) { return SearchServiceAreas(view, where, now); })),
                Say(SearchServiceAreas(model, where, now)));
    }
  }
  EXPECT_GT(granted, 300u);
}

// Of many who plan into one place at once, each knowing only what was there, one is accepted.
TEST_P(HostContract, OfWritersAtOnceEachIsKnownToTheNext) {
  constexpr int kWriters = 8;
  constexpr int kRounds = 12;
  struct Accepted {
    base::Uuid id;
    std::string ovn;
    std::set<std::string> key;
  };
  std::vector<std::vector<Accepted>> accepted(kWriters);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      RandomRequests requests(static_cast<uint64_t>(writer) + 1, clock_.Now());
      base::SeededRandom& random = requests.random();
      Host* host = hosts()[static_cast<size_t>(writer) % hosts().size()];
      for (int round = 0; round < kRounds; ++round) {
        PutIntent put;
        put.id = random.NewUuidV4();
        put.base_url = "https://uss.test";
        put.extent = {{geo::CellAt(geo::MakePosition(47.0, 8.0).value(), kCellLevel)},
                      0,
                      100'000,
                      {clock_.Now().us + base::kMicrosPerMinute},
                      {clock_.Now().us + base::kMicrosPerHour}};
        put.new_subscription = NewSubscription{"https://uss.test", false};
        put.drawn_subscription = random.NewUuidV4();
        random.Fill(put.drawn_ovn);
        random.Fill(put.drawn_subscription_version);
        const auto answer = Ask(host, {"uss" + std::to_string(writer), put});
        ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
        std::set<std::string> key;
        for (const Intent& missing : answer->intents) key.insert(missing.ovn);
        if (!answer->key_incomplete) {
          accepted[static_cast<size_t>(writer)].push_back({put.id, OpaqueText(put.drawn_ovn), {}});
          continue;
        }
        put.key.assign(key.begin(), key.end());
        const auto again = Ask(host, {"uss" + std::to_string(writer), put});
        ASSERT_TRUE(again.has_value()) << again.error().ToString();
        if (again->key_incomplete) continue;
        accepted[static_cast<size_t>(writer)].push_back({put.id, OpaqueText(put.drawn_ovn), key});
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::vector<Accepted> all;
  for (const auto& each : accepted) all.insert(all.end(), each.begin(), each.end());
  ASSERT_FALSE(all.empty());
  for (const Accepted& a : all) {
    for (const Accepted& b : all) {
      if (a.id < b.id) {
        EXPECT_TRUE(a.key.contains(b.ovn) || b.key.contains(a.ovn));
      }
    }
  }
  for (Host* host : hosts()) {
    for (const Accepted& each : all) {
      const auto found =
          Look(host, [&](const View& view, auto) { return GetIntent(view, each.id); });
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(std::get<Intent>(found->entity).ovn, each.ovn);
    }
  }
}

TEST_P(HostContract, TakesAwayByItselfWhatEndedLongAgo) {
  Policy policy;
  policy.retention_us = base::kMicrosPerHour;
  Start(policy);
  RandomRequests requests(5, clock_.Now());
  std::vector<base::Uuid> ids;
  for (int i = 0; i < 5; ++i) {
    PutIntent put;
    put.id = requests.random().NewUuidV4();
    put.base_url = "https://uss.test";
    put.extent = requests.Where();
    put.new_subscription = NewSubscription{"https://uss.test", false};
    put.drawn_subscription = requests.random().NewUuidV4();
    put.drawn_ovn[0] = static_cast<uint8_t>(i);
    const auto taken =
        Look(hosts()[0], [&](const View& view, auto) { return QueryIntents(view, put.extent); });
    for (const Intent& intent : taken->intents) put.key.push_back(intent.ovn);
    ids.push_back(put.id);
    ASSERT_TRUE(Ask(hosts()[0], {"uss1", put}).has_value());
  }
  clock_.Advance(24 * base::kMicrosPerHour);
  for (Host* host : hosts()) {
    bool gone = false;
    for (int wait = 0; wait < 3'000 && !gone; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const State::Statistics left = host->GetStatistics();
      gone = left.entities[static_cast<size_t>(Kind::kIntent)] == 0 &&
             left.entities[static_cast<size_t>(Kind::kSubscription)] == 0;
    }
    EXPECT_TRUE(gone);
    EXPECT_FALSE(
        Look(host, [&](const View& view, auto) { return GetIntent(view, ids[0]); }).has_value());
  }
}

TEST_P(HostContract, NamesItsPoolAndTheInstancesInIt) {
  std::set<std::string> pools;
  std::set<std::string> localities;
  for (Host* host : hosts()) {
    pools.insert(host->dar_id());
    localities.insert(host->locality());
    for (int beat = 1; beat <= 2; ++beat) {
      std::promise<base::Result<std::vector<Instance>>> promise;
      auto listed = promise.get_future();
      Heartbeat heartbeat{clock_.Now(), "test", "operator", 0, std::nullopt};
      if (beat == 2) heartbeat.next_expected = clock_.Now();
      host->AddHeartbeat(heartbeat, [&](auto got) { promise.set_value(std::move(got)); });
      const auto instances = listed.get();
      ASSERT_TRUE(instances.has_value()) << instances.error().ToString();
      ASSERT_EQ(instances->size(), hosts().size());
      const auto own =
          std::find_if(instances->begin(), instances->end(),
                       [&](const Instance& each) { return each.locality == host->locality(); });
      ASSERT_NE(own, instances->end());
      ASSERT_TRUE(own->heartbeat.has_value());
      EXPECT_EQ(own->heartbeat->source, "test");
      EXPECT_EQ(own->heartbeat->reporter, "operator");
      EXPECT_GE(own->heartbeat->index, static_cast<uint64_t>(beat));
      EXPECT_EQ(own->heartbeat->next_expected.has_value(), beat == 2);
    }
  }
  EXPECT_EQ(pools.size(), 1u);
  EXPECT_EQ(localities.size(), hosts().size());
}

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_HOST_CONTRACT_H_
