// What every dss::Host that keeps a transparency log keeps to besides: more tests of HostContract
// (dss/testing/host_contract.h), for whoever instantiates it with this header included.
#ifndef WIDEBERTH_DSS_TESTING_LOG_CONTRACT_H_
#define WIDEBERTH_DSS_TESTING_LOG_CONTRACT_H_

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "dss/log_entry.h"
#include "dss/testing/host_contract.h"
#include "dss/testing/log_reading.h"
#include "dss/transparency_log.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/tile.h"

namespace wideberth::dss::testing {

// Until so many entries are signed, which takes a tick of the host's.
inline bool AwaitSigned(StillClock* clock, Host* host, uint64_t size) {
  for (int wait = 0; wait < 3'000; ++wait) {
    if (host->log()->GetStatistics().signed_size >= size) return true;
    clock->Advance(base::kMicrosPerSecond);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST_P(HostContract, EveryAcceptedWriteHasOneEntryInTheLogAndARefusedOneNone) {
  if (hosts()[0]->log() == nullptr) GTEST_SKIP() << "keeps no log";
  NaiveView model;
  const Policy policy = harness_->policy();
  RandomRequests requests(20'261'123, clock_.Now());
  std::vector<std::string> wanted;
  std::set<std::string> secrets;
  size_t refused = 0;
  for (int i = 0; i < 700; ++i) {
    clock_.Advance(1'000);
    Host* host = hosts()[requests.random().Below(hosts().size())];
    Command command = requests.Next(model);
    requests.random().Fill(command.log_salt);
    const auto expected = Decide(model, command, policy, clock_.Now());
    const base::Result<Answer> answer = Ask(host, command);
    const bool is_write = expected && !expected->effects.empty() &&
                          !std::holds_alternative<Report>(command.request) &&
                          !std::holds_alternative<Evict>(command.request);
    ASSERT_EQ(answer.has_value() && answer->logged.has_value(), is_write) << i;
    refused += expected ? 0 : 1;
    if (!expected) continue;
    for (const Effect& effect : expected->effects) {
      model.Apply(effect);
      if (const auto* intent = std::get_if<Intent>(&effect)) {
        secrets.insert({intent->ovn, intent->base_url, intent->manager});
      }
    }
    if (!is_write) continue;
    ASSERT_TRUE(OpenLogEntry(answer->logged->entry, answer->logged->opening).has_value());
    wanted.push_back(answer->logged->entry);
  }
  ASSERT_GT(wanted.size(), 256u);
  EXPECT_GT(refused, 20u);
  for (Host* host : hosts()) {
    ASSERT_TRUE(AwaitSigned(&clock_, host, wanted.size()));
    const auto entries = EntriesOf(host->log());
    ASSERT_TRUE(entries.has_value()) << entries.error().ToString();
    // One after the other asked: so in that order.
    ASSERT_EQ(*entries, wanted);
    const auto policy_of_log = record::Policy::AllOf(host->log()->key(), {});
    for (size_t index = 0; index < wanted.size(); index += 37) {
      const auto proof = Await([&](auto done) { host->log()->Prove(wanted[index], done); });
      ASSERT_TRUE(proof.has_value()) << proof.error().ToString();
      const auto proven =
          record::VerifyProofFile(*proof, base::AsBytes(wanted[index]), *policy_of_log);
      ASSERT_TRUE(proven.has_value()) << proven.error().ToString();
      EXPECT_EQ(proven->index, index);
    }
    std::string absent = wanted[0];
    absent[absent.size() - 10] = absent[absent.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Await([&](auto done) { host->log()->Prove(absent, done); }).has_value());
  }
  std::string all;
  for (const std::string& entry : wanted) all += entry;
  for (const std::string& secret : secrets) EXPECT_EQ(all.find(secret), std::string::npos);
}

// What was signed earlier is what a later tree begins with, whichever host is asked.
TEST_P(HostContract, TheLogOnlyGrows) {
  if (hosts()[0]->log() == nullptr) GTEST_SKIP() << "keeps no log";
  RandomRequests requests(9, clock_.Now());
  std::vector<record::TreeHead> heads;
  uint64_t written = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 70; ++i) {
      clock_.Advance(1'000);
      PutSubscription put;
      put.id = requests.random().NewUuidV4();
      put.base_url = "https://uss.test";
      put.extent = requests.Where();
      put.for_intents = true;
      Command command{"uss1", put, {}};
      requests.random().Fill(command.log_salt);
      const auto answer = Ask(hosts()[static_cast<size_t>(i) % hosts().size()], command);
      written += answer && answer->logged ? 1 : 0;
    }
    for (Host* host : hosts()) {
      ASSERT_TRUE(AwaitSigned(&clock_, host, written));
      const auto head = HeadOf(host->log());
      ASSERT_TRUE(head.has_value());
      heads.push_back(*head);
    }
  }
  ASSERT_GT(written, 256u);
  const LogTiles tiles(hosts()[0]->log());
  const record::TileNodes nodes(tiles, heads.back().size);
  for (const record::TreeHead& head : heads) {
    EXPECT_EQ(record::RootAt(nodes, head.size).value(), head.root);
  }
}

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_LOG_CONTRACT_H_
