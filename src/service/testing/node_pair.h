// Two nodes over stores in memory, joined by hand: what one sends reaches the other while Run lets time pass.
#ifndef WIDEBERTH_SERVICE_TESTING_NODE_PAIR_H_
#define WIDEBERTH_SERVICE_TESTING_NODE_PAIR_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "airspace/testing/world.h"
#include "base/log.h"
#include "base/random.h"
#include "mechanism/testing/values.h"
#include "service/contents.h"
#include "service/node.h"
#include "service/testing/memory_keys.h"
#include "store/memory/memory_store.h"

namespace wideberth::service::testing {

inline constexpr int64_t kSecond = base::kMicrosPerSecond;
inline constexpr size_t kBoth[] = {0, 1};

inline std::shared_ptr<MemoryKeys> KeysOf(uint8_t party) {
  return std::make_shared<MemoryKeys>(
      airspace::testing::TestParty(party), party == 1 ? "north" : "south",
      mechanism::testing::MessageSeed(party), airspace::testing::kNoon);
}

class NodePairTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  }
  static void TearDownTestSuite() { base::StopLogging(); }
  NodePairTest() {
    Open(0);
    Open(1);
  }

  void Open(size_t n) {
    const auto party = static_cast<uint8_t>(n + 1);
    const auto peer = static_cast<uint8_t>(2 - n);
    NodeOptions options;
    options.hooks.on_frames = [this, n](std::vector<mechanism::ToSend> frames) {
      for (const mechanism::ToSend& each : frames) flights_.push_back({1 - n, *each.frame.bytes});
    };
    options.hooks.on_trouble = [this, n](const mechanism::PeerTrouble& trouble) {
      if (expects_trouble_) {
        troubles_of_[n].push_back(trouble.trouble);
        return troubles_.push_back(trouble.trouble);
      }
      ADD_FAILURE() << line::Name(trouble.trouble.kind) << " " << trouble.trouble.error.ToString();
    };
    options.line.emplace();
    options.line->party = airspace::testing::TestParty(party);
    options.line->keys = keys_[n];
    options.line->peers = {{keys_[1 - n]->FirstCard().value(), 1}};
    auto node = Node::Open(store::memory::MemoryStore::Open(disks_[n]).value(), rules_, {}, clock_,
                           std::move(options));
    ASSERT_TRUE(node.has_value()) << node.error().ToString();
    nodes_[n] = std::move(*node);
    nodes_[n]->sequencer().SetPath(airspace::testing::TestParty(peer), 0, true);
    if (nodes_[1 - n] != nullptr) {
      nodes_[1 - n]->sequencer().SetPath(airspace::testing::TestParty(party), 0, false);
      nodes_[1 - n]->sequencer().SetPath(airspace::testing::TestParty(party), 0, true);
    }
    Work(n, [&](mechanism::Core& core, line::Now now) {
      core.ChangeAccount(mechanism::testing::TestAccount(party, operators::Role::kDutyOfficer),
                         now);
    });
  }
  // The process is gone: nothing is finished, and what was on its way to it is lost.
  void Crash(size_t n) {
    // Stop would write the projection; a node whose store refuses it is as good as killed.
    disks_[n]->CutPower();
    nodes_[n].reset();
    std::erase_if(flights_, [&](const Flight& flight) { return flight.to == n; });
  }
  void Work(size_t n, const std::function<void(mechanism::Core&, line::Now)>& work) {
    ASSERT_TRUE(nodes_[n]
                    ->sequencer()
                    .SubmitWork(
                        [work](mechanism::Core& core, line::Now now) -> Sequencer::Done {
                          work(core, now);
                          return nullptr;
                        },
                        nullptr)
                    .has_value());
    Steps(n);
  }
  void Steps(size_t n) {
    for (int i = 0; i < 1'000 && nodes_[n]->sequencer().Step(); ++i) {
    }
  }
  void Run(int64_t us) {
    for (const base::UtcMicros until{clock_.Now().us + us}; clock_.Now() < until;) {
      clock_.Advance(100'000);
      for (const size_t n : kBoth) {
        if (nodes_[n] == nullptr) continue;
        if (clock_.Now().us % kSecond == 0) {
          Work(n,
               [&](mechanism::Core& core, line::Now now) { core.Tick(random_.NewUuidV4(), now); });
        }
        Steps(n);
      }
      for (size_t passes = 0; !flights_.empty() && passes < 100'000; ++passes) {
        const Flight flight = std::move(flights_.front());
        flights_.pop_front();
        if (nodes_[flight.to] == nullptr) continue;
        nodes_[flight.to]->sequencer().Receive(
            airspace::testing::TestParty(static_cast<uint8_t>(2 - flight.to)), 0, flight.bytes);
        Steps(flight.to);
      }
    }
  }
  // A text for the peer; true when it was answered as durable.
  bool Say(size_t n, std::string text) {
    const auto party = static_cast<uint8_t>(n + 1);
    mechanism::Act act;
    act.id = random_.NewUuidV4();
    act.party = airspace::testing::TestParty(party);
    act.role = operators::Role::kDutyOfficer;
    act.at = clock_.Now();
    act.body = mechanism::SendPolicyText{std::move(text)};
    const mechanism::SealedAct sealed =
        mechanism::SealAct(act,
                           mechanism::testing::OperatorSecret(party, operators::Role::kDutyOfficer))
            .value();
    bool durable = false;
    const auto submitted = nodes_[n]->sequencer().SubmitWork(
        [&durable, sealed](mechanism::Core& core, line::Now now) -> Sequencer::Done {
          const auto done = core.Do({sealed, nullptr, {}, {}, {}}, now);
          EXPECT_TRUE(done.has_value()) << done.error().ToString();
          return [&durable](const std::optional<base::Error>& failure) { durable = !failure; };
        },
        nullptr);
    EXPECT_TRUE(submitted.has_value());
    Steps(n);
    return durable;
  }
  std::set<std::string> Heard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
          std::set<std::string> texts;
          for (const auto& [id, call] : desk.calls()) {
            if (!call.by_us && call.kind == operators::ActKind::kSendPolicyText) {
              texts.insert(call.words);
            }
          }
          return texts;
        })
        .first;
  }
  base::Bytes Canonical(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State& state, const mechanism::Desk& desk) {
          base::Bytes all = state.Canonical();
          const base::Bytes of_desk = desk.Canonical();
          all.insert(all.end(), of_desk.begin(), of_desk.end());
          return all;
        })
        .first;
  }
  // What is on a disk that no node has, made both ways.
  base::Bytes OnDisk(size_t n, bool with_projection) {
    const auto store = store::memory::MemoryStore::Open(disks_[n]).value();
    Contents contents(*store);
    uint64_t from = 1;
    if (with_projection) {
      EXPECT_TRUE(
          store
              ->ReadProjection([&](uint64_t key, base::ByteView bytes) -> base::Result<void> {
                WB_ASSIGN_OR_RETURN(const bool taken, contents.LoadRow(key, bytes));
                if (taken) return {};
                WB_ASSIGN_OR_RETURN(auto row, airspace::State::DecodeRow(key, bytes));
                return contents.airspace().LoadRow(row);
              })
              .has_value());
      contents.airspace().FinishLoading();
      from = store->projected_seq() + 1;
    }
    EXPECT_TRUE(
        store->Replay(from, [&](const store::Batch& batch) { return contents.Replay(batch); })
            .has_value());
    return contents.Canonical();
  }

  // New keys for a node. False when it went down before the change was durable.
  bool ChangeKeys(size_t n, std::set<line::KeyRole> roles = {line::KeyRole::kMessage,
                                                             line::KeyRole::kTransport}) {
    std::optional<bool> changed;
    nodes_[n]->ChangeKeys(
        {std::move(roles), false, std::nullopt, "admin"},
        [&](const base::Result<line::PartyCard>& card) { changed = card.has_value(); });
    Steps(n);
    return changed.value_or(false);
  }
  std::string OwnCard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
          return desk.own_card()->card;
        })
        .first;
  }
  // The card of the other node, as node n has it.
  std::string PeerCard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
          return desk.FindPeer(airspace::testing::TestParty(static_cast<uint8_t>(2 - n)))->card;
        })
        .first;
  }

  struct Flight {
    size_t to = 0;
    std::string bytes;
  };
  base::SeededRandom random_{11};
  base::ManualClock clock_{airspace::testing::kNoon};
  airspace::Rules rules_ = airspace::testing::TestRules();  // of nodes that are opened from now on
  std::array<std::shared_ptr<store::memory::MemoryDisk>, 2> disks_ = {
      std::make_shared<store::memory::MemoryDisk>(), std::make_shared<store::memory::MemoryDisk>()};
  std::array<std::shared_ptr<MemoryKeys>, 2> keys_ = {KeysOf(1), KeysOf(2)};
  std::deque<Flight> flights_;
  bool expects_trouble_ = false;
  std::vector<line::Trouble> troubles_;                    // of both
  std::array<std::vector<line::Trouble>, 2> troubles_of_;  // as each node reported them
  std::array<std::unique_ptr<Node>, 2> nodes_;
};

}  // namespace wideberth::service::testing

#endif  // WIDEBERTH_SERVICE_TESTING_NODE_PAIR_H_
