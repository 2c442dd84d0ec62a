#include "service/node.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "airspace/testing/world.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using airspace::Declaration;
using airspace::State;
using airspace::testing::kNoon;
using airspace::testing::TestActivity;
using airspace::testing::TestNotice;
using airspace::testing::TestParty;
using airspace::testing::TestRules;
using store::memory::MemoryDisk;
using store::memory::MemoryStore;

constexpr int64_t kMinute = base::kMicrosPerMinute;

// A store that lets a test look around in the middle of an append.
class WatchedStore final : public store::Store {
 public:
  WatchedStore(std::unique_ptr<store::Store> inner, std::function<void()>* during_append)
      : inner_(std::move(inner)), during_append_(during_append) {}

  base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) override {
    if (*during_append_) (*during_append_)();
    return inner_->Append(seq, time, bytes);
  }
  uint64_t last_seq() const override { return inner_->last_seq(); }
  base::Digest last_chain() const override { return inner_->last_chain(); }
  base::Result<void> Replay(uint64_t from, const store::BatchVisitor& visit) override {
    return inner_->Replay(from, visit);
  }
  base::Result<void> WriteProjection(uint64_t seq,
                                     std::span<const store::ProjectionRow> rows) override {
    return inner_->WriteProjection(seq, rows);
  }
  uint64_t projected_seq() const override { return inner_->projected_seq(); }
  base::Result<void> ReadProjection(const store::RowVisitor& visit) override {
    return inner_->ReadProjection(visit);
  }
  base::Result<void> ClearProjection() override { return inner_->ClearProjection(); }
  base::Result<int64_t> FreeBytes() const override { return inner_->FreeBytes(); }
  base::Result<void> PutMeta(std::string_view key, std::string_view value) override {
    return inner_->PutMeta(key, value);
  }
  base::Result<std::optional<std::string>> GetMeta(std::string_view key) override {
    return inner_->GetMeta(key);
  }

 private:
  std::unique_ptr<store::Store> inner_;
  std::function<void()>* during_append_;
};

// A node over a disk in memory that is stepped by hand.
class NodeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  }
  static void TearDownTestSuite() { base::StopLogging(); }

  std::unique_ptr<Node> Open(airspace::RuleBook rules = TestRules(), NodeOptions options = {}) {
    auto memory = MemoryStore::Open(disk_);
    EXPECT_TRUE(memory.has_value()) << memory.error().ToString();
    auto watched = std::make_unique<WatchedStore>(std::move(*memory), &during_append_);
    auto node = Node::Open(std::move(watched), std::move(rules), {}, clock_, std::move(options));
    EXPECT_TRUE(node.has_value()) << node.error().ToString();
    if (!node) return nullptr;
    return std::move(*node);
  }

  static airspace::Command DeclareCommand(const Node& node, uint8_t party, uint8_t notice,
                                          const Declaration& declaration) {
    auto prepared = node.Prepare(declaration);
    EXPECT_TRUE(prepared.has_value());
    const airspace::Notice* held = nullptr;
    std::optional<base::Digest> replaces;
    node.Read([&](const State& state) {
      held = state.FindNotice(TestNotice(notice));
      if (held != nullptr) replaces = held->latest().digest;
      return 0;
    });
    return {TestParty(party),
            airspace::Declare{TestNotice(notice), std::move(*prepared), false, replaces}};
  }

  struct Outcome {
    int answers = 0;
    std::optional<base::Error> error;
    size_t conflicts = 0;
  };
  static Sequencer::Answer Into(Outcome* outcome) {
    return [outcome](base::Result<airspace::Decision> result) {
      ++outcome->answers;
      if (result) {
        outcome->conflicts = result->conflicts.size();
      } else {
        outcome->error = result.error();
      }
    };
  }

  static base::Bytes Canonical(const Node& node) {
    return node.Read([](const State& state) { return state.Canonical(); }).first;
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  base::ManualClock clock_{kNoon};
  std::function<void()> during_append_;
};

TEST_F(NodeTest, AnswersWhenDurableAndReadersWaitForIt) {
  const std::unique_ptr<Node> node = Open();
  const uint64_t before = node->sequencer().durable_seq();
  Outcome outcome;
  ASSERT_TRUE(node->sequencer()
                  .Submit(DeclareCommand(*node, 1, 1, TestActivity()), Into(&outcome))
                  .has_value());
  EXPECT_EQ(outcome.answers, 0);
  bool shown = false;
  bool looked = false;
  during_append_ = [&] {
    looked = true;
    EXPECT_EQ(outcome.answers, 0) << "answered before it was durable";
    const auto [found, seq] =
        node->Read([](const State& state) { return state.FindNotice(TestNotice(1)) != nullptr; });
    EXPECT_TRUE(found);
    EXPECT_EQ(seq, before + 1);
    node->sequencer().WhenDurable(seq, [&](bool durable) { shown = durable; });
    EXPECT_FALSE(shown) << "shown before it was durable";
  };
  ASSERT_TRUE(node->sequencer().Step());
  during_append_ = nullptr;
  EXPECT_TRUE(looked);
  EXPECT_EQ(outcome.answers, 1);
  EXPECT_FALSE(outcome.error.has_value());
  EXPECT_TRUE(shown);
  EXPECT_EQ(node->sequencer().durable_seq(), before + 1);
  EXPECT_FALSE(node->sequencer().Step()) << "nothing is left to do";
}

TEST_F(NodeTest, OneBatchHoldsManyCommandsAndLaterOnesSeeEarlierOnes) {
  const std::unique_ptr<Node> node = Open();
  const uint64_t before = node->sequencer().durable_seq();
  std::vector<Outcome> outcomes(40);
  for (uint8_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(node->sequencer()
                    .Submit(DeclareCommand(*node, static_cast<uint8_t>(1 + i % 2),
                                           static_cast<uint8_t>(i + 1), TestActivity()),
                            Into(&outcomes[i]))
                    .has_value());
  }
  ASSERT_TRUE(node->sequencer().Step());
  EXPECT_EQ(node->sequencer().durable_seq(), before + 1);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(outcomes[i].answers, 1);
    EXPECT_EQ(outcomes[i].conflicts, (i + 1) / 2) << "with every earlier one of the other party";
  }
}

TEST_F(NodeTest, AFailedSyncIsNeverAYes) {
  std::optional<base::Error> reported;
  NodeOptions options;
  options.hooks.on_failure = [&](const base::Error& error) { reported = error; };
  std::unique_ptr<Node> node = Open(TestRules(), std::move(options));
  const base::Bytes before = Canonical(*node);
  disk_->FailSync(1);
  Outcome first;
  ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), Into(&first)));
  std::optional<bool> reader;
  during_append_ = [&] {
    const uint64_t seq = node->Read([](const State&) { return 0; }).second;
    node->sequencer().WhenDurable(seq, [&](bool durable) { reader = durable; });
    Outcome* never = new Outcome;  // leaked on purpose if the queue forgot it; freed below
    ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 1, 2, TestActivity()),
                                         [never](base::Result<airspace::Decision> result) {
                                           EXPECT_FALSE(result.has_value());
                                           delete never;
                                         }));
  };
  node->sequencer().Step();
  during_append_ = nullptr;
  ASSERT_TRUE(first.error.has_value());
  EXPECT_EQ(first.error->code, base::ErrorCode::kStorage);
  EXPECT_EQ(reader, std::optional<bool>(false)) << "what was read must not be shown";
  EXPECT_TRUE(node->sequencer().failed());
  EXPECT_TRUE(reported.has_value());
  const auto later = node->sequencer().Submit({TestParty(1), airspace::Tick{}}, nullptr);
  ASSERT_FALSE(later.has_value());
  EXPECT_EQ(later.error().code, base::ErrorCode::kStorage);
  EXPECT_FALSE(node->sequencer().Step());
  node.reset();
  disk_->CutPower(0);
  EXPECT_EQ(Canonical(*Open()), before);
}

// The rows of a turn that is half decided must not pass for all of it.
TEST_F(NodeTest, AProjectionInTheMiddleOfATurnClaimsNothingOfIt) {
  std::unique_ptr<Node> node = Open();
  ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), nullptr));
  std::thread projector;
  const auto project = [&](mechanism::Core&, line::Now) -> Sequencer::Done {
    projector = std::thread([&] { EXPECT_TRUE(node->WriteProjection().has_value()); });
    // It takes the rows that are dirty, and then waits for this turn.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return nullptr;
  };
  ASSERT_TRUE(node->sequencer().SubmitWork(project, nullptr));
  ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 2, 2, TestActivity()), nullptr));
  ASSERT_TRUE(node->sequencer().Step());
  projector.join();
  const base::Bytes answered = Canonical(*node);
  disk_->CutPower(0);
  node.reset();
  EXPECT_EQ(Canonical(*Open()), answered);
}

// Two turns, the second of which is decided while the first is written.
class TwoTurnsTest : public NodeTest {
 protected:
  // The first turn puts the command of the second into the queue. Returns when both are answered.
  void Run(Node& node) {
    ASSERT_TRUE(node.sequencer().Submit(DeclareCommand(node, 1, 1, TestActivity()), Into(&first_)));
    const airspace::Command second = DeclareCommand(node, 2, 2, TestActivity());
    const auto work = [&, second](mechanism::Core&, line::Now) -> Sequencer::Done {
      const auto into = Into(&second_);
      EXPECT_TRUE(
          node.sequencer().Submit(second, [&, into](base::Result<airspace::Decision> result) {
            first_before_second_ = first_.answers == 1;
            into(std::move(result));
            node.sequencer().Stop();
          }));
      return nullptr;
    };
    ASSERT_TRUE(node.sequencer().SubmitWork(work, nullptr));
    const uint64_t before = node.sequencer().durable_seq();
    during_append_ = [&, before] {
      if (overlapped_) return;
      while (node.sequencer().applied_seq() < before + 2) std::this_thread::yield();
      overlapped_ = true;
      EXPECT_EQ(node.sequencer().durable_seq(), before);
      EXPECT_EQ(first_.answers, 0);
    };
    node.sequencer().Run();
  }

  Outcome first_;
  Outcome second_;
  bool first_before_second_ = false;
  bool overlapped_ = false;
};

TEST_F(TwoTurnsTest, TheSecondIsDecidedWhileTheFirstIsWritten) {
  const std::unique_ptr<Node> node = Open();
  const uint64_t before = node->sequencer().durable_seq();
  Run(*node);
  EXPECT_TRUE(overlapped_);
  EXPECT_FALSE(first_.error.has_value());
  EXPECT_FALSE(second_.error.has_value());
  EXPECT_EQ(second_.conflicts, 1u) << "it is decided on what the first has changed";
  EXPECT_TRUE(first_before_second_);
  EXPECT_GE(node->sequencer().durable_seq(), before + 2);
}

TEST_F(TwoTurnsTest, WhenTheFirstFailsTheSecondIsRefusedToo) {
  int reported = 0;
  NodeOptions options;
  options.hooks.on_failure = [&](const base::Error&) { ++reported; };
  std::unique_ptr<Node> node = Open(TestRules(), std::move(options));
  const base::Bytes before = Canonical(*node);
  disk_->FailSync(1);
  Run(*node);
  EXPECT_TRUE(overlapped_);
  for (const Outcome* outcome : {&first_, &second_}) {
    EXPECT_EQ(outcome->answers, 1);
    ASSERT_TRUE(outcome->error.has_value());
    EXPECT_EQ(outcome->error->code, base::ErrorCode::kStorage);
  }
  EXPECT_TRUE(first_before_second_);
  EXPECT_EQ(reported, 1);
  node.reset();
  disk_->CutPower(0);
  EXPECT_EQ(Canonical(*Open()), before);
}

// What a turn is said to have changed is what that turn left, not the one after it.
TEST_F(TwoTurnsTest, EachIsDescribedAsItLeftTheStateAndPublishedWhenDurable) {
  std::vector<std::pair<size_t, size_t>>
      published;  // notices when described, turns durable when published
  Node* opened = nullptr;
  NodeOptions options;
  options.hooks.describe = [&](uint64_t seq, std::span<const airspace::Effect>,
                               std::span<const mechanism::DeskEffect>) -> Sequencer::Publish {
    if (opened == nullptr) return [] {};
    const size_t notices =
        opened->Read([](const State& state) { return state.GetStatistics().notices; }).first;
    return [&, seq, notices] {
      EXPECT_GE(opened->sequencer().durable_seq(), seq);
      published.emplace_back(notices, opened->sequencer().durable_seq() - seq);
    };
  };
  const std::unique_ptr<Node> node = Open(TestRules(), std::move(options));
  opened = node.get();
  Run(*node);
  ASSERT_GE(published.size(), 2u);
  EXPECT_EQ(published[0], std::pair(size_t{1}, size_t{0}));
  EXPECT_EQ(published[1], std::pair(size_t{2}, size_t{0}));
}

// Random commands, projections and crashes; what comes back is what was answered.
TEST_F(NodeTest, CrashesLoseNothingThatWasAnswered) {
  size_t crashes = 0;
  size_t torn = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    base::SeededRandom random(seed);
    disk_ = std::make_shared<MemoryDisk>();
    clock_.Set(kNoon);
    std::unique_ptr<Node> node = Open();
    base::Bytes answered = Canonical(*node);
    for (int step = 0; step < 60; ++step) {
      clock_.Advance(random.Between(0, 5 * kMinute));
      if (random.Below(8) == 0) disk_->FailWrite(1 + random.Below(3), random.Below(200));
      const uint64_t commands = 1 + random.Below(3);
      for (uint64_t i = 0; i < commands; ++i) {
        const auto notice = static_cast<uint8_t>(1 + random.Below(9));
        Declaration declaration = TestActivity(static_cast<double>(random.Below(20)) * 1'000);
        declaration.volumes[0].window = {{clock_.Now().us + kMinute},
                                         {clock_.Now().us + random.Between(2, 90) * kMinute}};
        // A queue or a store that refuses is part of what is tested.
        (void)node->sequencer()
            .Submit(
                DeclareCommand(*node, static_cast<uint8_t>(1 + notice % 3), notice, declaration),
                nullptr)
            .has_value();
      }
      (void)node->sequencer()
          .Submit({base::PartyId{}, airspace::Tick{airspace::DataMode::kReal}}, nullptr)
          .has_value();
      node->sequencer().Step();
      const bool failed = node->sequencer().failed();
      const base::Bytes possible = Canonical(*node);
      if (!failed) answered = possible;
      if (!failed && random.Below(4) == 0) (void)node->WriteProjection().has_value();
      if (!failed && random.Below(10) != 0) continue;
      ++crashes;
      torn += failed ? 1 : 0;
      // Destroying a node whose store works writes its projection, as a clean stop does; pulling the plug first is
      // the crash.
      disk_->CutPower(random.Below(300));
      node.reset();
      node = Open();
      const base::Bytes recovered = Canonical(*node);
      // What was being written when it failed was not answered: it may be there whole, or not at all.
      EXPECT_TRUE(recovered == answered || (failed && recovered == possible));
      node->Read([](const State& state) {
        state.SanityCheck();
        return 0;
      });
      answered = recovered;
    }
  }
  EXPECT_GT(crashes, 100u);
  EXPECT_GT(torn, 50u);
}

TEST_F(NodeTest, AProjectionThatCannotBeReadIsGivenUpAndTheLogReplayed) {
  base::Bytes expected;
  {
    const std::unique_ptr<Node> node = Open();
    for (uint8_t n = 1; n <= 3; ++n) {
      Outcome outcome;
      ASSERT_TRUE(node->sequencer()
                      .Submit(DeclareCommand(*node, n, n, TestActivity()), Into(&outcome))
                      .has_value());
      ASSERT_TRUE(node->sequencer().Step());
    }
    expected = Canonical(*node);
    ASSERT_TRUE(node->WriteProjection().has_value());
  }
  {
    auto store = MemoryStore::Open(disk_);
    ASSERT_TRUE(store.has_value());
    const base::Bytes junk = {1, 2, 3};
    // The last of the notices' rows: others have been loaded when it comes.
    const store::ProjectionRow row{(uint64_t{1} << 56) + 999, junk};
    ASSERT_TRUE((*store)->WriteProjection((*store)->projected_seq(), {&row, 1}).has_value());
  }
  for (int start = 0; start < 2; ++start) {
    const std::unique_ptr<Node> node = Open();
    ASSERT_NE(node, nullptr);
    EXPECT_EQ(Canonical(*node), expected);
    ASSERT_TRUE(node->WriteProjection().has_value());
  }
}

TEST_F(NodeTest, ChangedRulesAreAppliedBeforeAnythingIsAnswered) {
  {
    const std::unique_ptr<Node> node = Open();
    for (uint8_t n = 1; n <= 2; ++n) {
      ASSERT_TRUE(node->sequencer().Submit(
          DeclareCommand(*node, n, n, TestActivity(n == 1 ? 0 : 20'000)), nullptr));
    }
    node->sequencer().Step();
    EXPECT_EQ(node->Read([](const State& s) { return s.GetStatistics().live_conflicts; }).first,
              0u);
  }
  airspace::Rules::Content wider = TestRules().content();
  wider.separations[0].separation.lateral_mm = 50'000'000;
  const base::Digest digest = airspace::testing::TestDigest(base::AsBytes("wider"));
  const auto rules = airspace::Rules::Make(wider, digest);
  ASSERT_TRUE(rules.has_value());
  uint64_t seq = 0;
  {
    const std::unique_ptr<Node> node = Open(*rules);
    EXPECT_EQ(node->Read([](const State& s) { return s.GetStatistics().live_conflicts; }).first,
              1u);
    EXPECT_EQ(node->Read([](const State& s) { return s.rules(); }).first, digest);
    seq = node->sequencer().durable_seq();
  }
  EXPECT_EQ(Open(*rules)->sequencer().durable_seq(), seq) << "the same rules cost nothing";
}

TEST_F(NodeTest, AFullQueueAndALateCommandAreBusyAndNotApplied) {
  const std::unique_ptr<Node> node = Open();
  Outcome late;
  ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), Into(&late)));
  clock_.Advance(limits::kCommandDeadlineUs + 1);
  node->sequencer().Step();
  ASSERT_TRUE(late.error.has_value());
  EXPECT_EQ(late.error->code, base::ErrorCode::kBusy);
  EXPECT_EQ(node->Read([](const State& s) { return s.GetStatistics().notices; }).first, 0u);
  base::Result<void> submitted;
  size_t accepted = 0;
  while (submitted && accepted <= limits::kSequencerQueueCommandsMax) {
    submitted = node->sequencer().Submit({base::PartyId{}, airspace::Tick{}}, nullptr);
    accepted += submitted ? 1 : 0;
  }
  EXPECT_EQ(accepted, limits::kSequencerQueueCommandsMax);
  ASSERT_FALSE(submitted.has_value());
  EXPECT_EQ(submitted.error().code, base::ErrorCode::kBusy);
  while (node->sequencer().Step()) {
  }
  EXPECT_TRUE(node->sequencer().Submit({base::PartyId{}, airspace::Tick{}}, nullptr).has_value());
}

TEST_F(NodeTest, TimeNeverRunsBackwardsAndOtherModesMayRunFaster) {
  const std::unique_ptr<Node> node = Open();
  ASSERT_TRUE(node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), nullptr));
  node->sequencer().Step();
  clock_.Advance(-10 * kMinute);
  EXPECT_EQ(node->sequencer().NowOf(airspace::DataMode::kReal), kNoon);
  clock_.Set(kNoon);
  const base::UtcMicros shown{kNoon.us + base::kMicrosPerDay};
  ASSERT_TRUE(node->sequencer().Submit(
      {TestParty(1), airspace::SetClock{airspace::DataMode::kExercise, kNoon, shown, 60}},
      nullptr));
  node->sequencer().Step();
  clock_.Advance(kMinute);
  EXPECT_EQ(node->sequencer().NowOf(airspace::DataMode::kExercise).us, shown.us + 60 * kMinute);
  EXPECT_EQ(node->sequencer().NowOf(airspace::DataMode::kReal).us, kNoon.us + kMinute);
}

TEST_F(NodeTest, ANearlyFullDiskRefusesWritesAndStaysUp) {
  const std::unique_ptr<Node> node = Open();
  node->sequencer().SetRefusal(
      base::Error{base::ErrorCode::kStorage, "", "the disk is nearly full", ""});
  const auto refused =
      node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), nullptr);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStorage);
  EXPECT_TRUE(node->sequencer().Submit({base::PartyId{}, airspace::Tick{}}, nullptr).has_value())
      << "the node's own business goes on";
  node->sequencer().SetRefusal(std::nullopt);
  EXPECT_TRUE(
      node->sequencer().Submit(DeclareCommand(*node, 1, 1, TestActivity()), nullptr).has_value());
}

// Real threads, for ThreadSanitizer: writers, readers and the projector at once.
TEST_F(NodeTest, ThreadsWorkTogether) {
  const base::SystemClock clock;
  NodeOptions options;
  options.projection_period_us = 1;
  auto memory = MemoryStore::Open(disk_);
  ASSERT_TRUE(memory.has_value());
  auto opened = Node::Open(std::move(*memory), TestRules(), {}, clock, std::move(options));
  ASSERT_TRUE(opened.has_value());
  Node& node = **opened;
  node.Start();
  std::atomic<int> yes = 0;
  std::atomic<int> answered = 0;
  constexpr int kWriters = 3;
  constexpr int kEach = 60;
  std::vector<std::thread> threads;
  for (uint8_t w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (uint8_t i = 0; i < kEach; ++i) {
        Declaration declaration = TestActivity(i * 1'000.0);
        const int64_t now_us = clock.Now().us;
        declaration.volumes[0].window = {{now_us + kMinute}, {now_us + 60 * kMinute}};
        const auto notice = static_cast<uint8_t>(w * kEach + i + 1);
        const auto submitted = node.sequencer().Submit(
            DeclareCommand(node, static_cast<uint8_t>(w + 1), notice, declaration),
            [&](base::Result<airspace::Decision> result) {
              yes += result ? 1 : 0;
              ++answered;
            });
        EXPECT_TRUE(submitted.has_value());
      }
    });
  }
  std::atomic<bool> reading = true;
  std::thread reader([&] {
    while (reading) {
      const auto [count, seq] =
          node.Read([](const State& state) { return state.GetStatistics().notices; });
      (void)count;
      node.sequencer().WhenDurable(seq, [](bool) {});
    }
  });
  // Beside the node's own projector: the one waits for the other.
  std::thread projector([&] {
    while (reading) EXPECT_TRUE(node.WriteProjection().has_value());
  });
  std::thread another([&] {
    while (reading) EXPECT_TRUE(node.WriteProjection().has_value());
  });
  for (std::thread& thread : threads) thread.join();
  while (answered < kWriters * kEach) std::this_thread::yield();
  reading = false;
  reader.join();
  projector.join();
  another.join();
  ASSERT_TRUE(node.WriteProjection().has_value());
  node.Stop();
  EXPECT_EQ(yes, kWriters * kEach);
  const base::Bytes state = Canonical(node);
  opened->reset();
  EXPECT_EQ(Canonical(*Open()), state);
}

}  // namespace
}  // namespace wideberth::service
