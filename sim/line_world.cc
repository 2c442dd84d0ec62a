#include "sim/line_world.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "crypto/sha256.h"

namespace wideberth::sim {
namespace {

constexpr int64_t kMs = 1'000;
constexpr int64_t kSecond = base::kMicrosPerSecond;
constexpr int64_t kRestWithinUs = 60 * kSecond;
// Above limits::kLineWindowEntries: a backlog that is read from the disk again.
constexpr int kBacklogMessages = 1'200;

class LineWorld {
 public:
  explicit LineWorld(const RunOptions& options);
  Report Run();

 private:
  void MakeNode(size_t index, Fault fault);
  void PlanConditions();
  void PlanCuts();
  void PlanPathsDown();
  void PlanCrashes();
  void PlanWriting();
  void PlanBacklog();
  void PlanPeople(size_t node);
  void Heal();
  bool AtRest() const;

  void Cut(size_t from, size_t path, bool begin);
  void SetEnd(size_t node, size_t path, bool up);
  void Connect(size_t path);
  void Disconnect(size_t path);
  void Crash(size_t node);
  void Crashed(size_t node);
  void Restart(size_t node);
  void Write(size_t node);
  line::Draft DrawDraft();
  void Confirm(size_t node);

  int64_t DrawTime() { return random_.Between(0, busy_us_); }
  bool OneIn(uint64_t n) { return random_.Below(n) == 0; }
  Node& node(size_t index) { return *nodes_[index]; }

  base::SeededRandom random_;
  Timeline timeline_;
  const Trace trace_;
  const int64_t busy_us_;  // then everything is healed
  Network network_;
  LineInvariants invariants_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::vector<unsigned> path_downs_;
  std::vector<uint64_t> path_changes_;
  uint64_t written_ = 0;
  Report report_;
};

base::PartyId PartyOf(size_t index) {
  std::array<uint8_t, 16> bytes{};
  bytes[0] = static_cast<uint8_t>(0xA0 + index);
  return {base::Uuid::V4FromRandom(bytes)};
}

LineWorld::LineWorld(const RunOptions& options)
    : random_(options.seed),
      trace_(timeline_, options.trace),
      busy_us_(random_.Between(30 * kSecond, 80 * kSecond)),
      network_(2, 1 + static_cast<size_t>(random_.Below(3)), &timeline_, &random_,
               [this](size_t to, size_t path, const line::SharedBytes& frame) {
                 node(to).Receive(path, frame);
               }),
      invariants_(&timeline_, network_, trace_),
      path_downs_(network_.paths()),
      path_changes_(network_.paths()) {
  for (size_t index = 0; index < nodes_.size(); ++index) MakeNode(index, options.fault);
  invariants_.Watch(node(0), node(1));
}

void LineWorld::MakeNode(size_t index, Fault fault) {
  NodeConfig config{.index = index,
                    .peer = 1 - index,
                    .self = PartyOf(index),
                    .peer_party = PartyOf(1 - index),
                    .wall_offset_us = random_.Between(-300 * kMs, 300 * kMs),
                    .wall_drift_ppm = random_.Between(-200, 200),
                    .monotonic_drift_ppm = random_.Between(-200, 200),
                    .sync_us = random_.Between(50, 20 * kMs),
                    .fault = fault};
  // A clock that is off by minutes: messages are labelled, and nothing else changes.
  if (OneIn(8)) config.wall_offset_us *= 1'000;
  nodes_[index] = std::make_unique<Node>(std::move(config), &timeline_, &random_, &trace_,
                                         &network_, &invariants_);
}

// ---- The plan ----

void LineWorld::PlanConditions() {
  const bool rough = !OneIn(4);
  for (size_t path = 0; path < network_.paths(); ++path) {
    for (size_t from = 0; from < 2; ++from) {
      Conditions conditions;
      conditions.delay_us = random_.Between(100, 80 * kMs);
      conditions.jitter_us = random_.Between(0, 100 * kMs);
      if (rough) {
        conditions.loss = random_.Unit() * random_.Unit() * 0.5;
        conditions.duplication = random_.Unit() * 0.2;
        conditions.straying = random_.Unit() * 0.1;
        conditions.straying_us = random_.Between(0, 4 * kSecond);
      }
      network_.SetConditions(from, 1 - from, path, conditions);
    }
  }
}

void LineWorld::PlanCuts() {
  for (uint64_t cut = random_.Below(4); cut > 0; --cut) {
    ++report_.cuts;
    const int64_t begin_us = DrawTime();
    const int64_t length_us =
        OneIn(2) ? random_.Between(0, 5 * kSecond) : random_.Between(8 * kSecond, 30 * kSecond);
    const int64_t end_us = std::min(begin_us + length_us, busy_us_);
    const uint64_t ways = random_.Below(3);  // from A, from B, both
    const bool all_paths = !OneIn(4);
    const size_t one_path = static_cast<size_t>(random_.Below(network_.paths()));
    for (size_t path = 0; path < network_.paths(); ++path) {
      if (!all_paths && path != one_path) continue;
      for (size_t from = 0; from < 2; ++from) {
        if (ways != 2 && ways != from) continue;
        timeline_.At(begin_us, [=, this] { Cut(from, path, true); });
        timeline_.At(end_us, [=, this] { Cut(from, path, false); });
      }
    }
  }
}

void LineWorld::PlanPathsDown() {
  for (uint64_t down = random_.Below(4); down > 0; --down) {
    ++report_.paths_down;
    const size_t path = static_cast<size_t>(random_.Below(network_.paths()));
    const int64_t begin_us = DrawTime();
    const int64_t end_us = std::min(begin_us + random_.Between(0, 20 * kSecond), busy_us_);
    timeline_.At(begin_us, [=, this] {
      ++path_downs_[path];
      Disconnect(path);
    });
    timeline_.At(end_us, [=, this] {
      if (--path_downs_[path] == 0) Connect(path);
    });
  }
}

void LineWorld::PlanCrashes() {
  for (uint64_t crash = random_.Below(5); crash > 0; --crash) {
    const size_t index = static_cast<size_t>(random_.Below(2));
    const bool in_sync = !OneIn(3);
    timeline_.At(DrawTime(), [=, this] {
      if (!node(index).running()) return;
      if (in_sync) {
        node(index).CrashInNextSync([=, this] { Crashed(index); });
      } else {
        Crash(index);
      }
    });
  }
}

void LineWorld::PlanWriting() {
  for (size_t index = 0; index < nodes_.size(); ++index) {
    for (uint64_t burst = random_.Below(10); burst > 0; --burst) {
      const int64_t begin_us = DrawTime();
      const uint64_t messages = OneIn(3) ? random_.Below(12) : 1;
      for (uint64_t i = 0; i < messages; ++i) {
        timeline_.At(begin_us + random_.Between(0, 300 * kMs), [=, this] { Write(index); });
      }
    }
    if (OneIn(4)) {
      timeline_.At(DrawTime(), [=, this] {
        node(index).StepWallClock(random_.Between(-60 * kSecond, 60 * kSecond));
      });
    }
    for (uint64_t change = OneIn(2) ? random_.Below(4) : 0; change > 0; --change) {
      timeline_.At(DrawTime(), [=, this] {
        if (!node(index).running()) return;
        ++report_.key_changes;
        if (!node(index).ChangeKeys()) invariants_.Break("the keys cannot be changed");
      });
    }
    for (uint64_t change = random_.Below(3); change > 0; --change) {
      timeline_.At(DrawTime(), [=, this] {
        if (!node(index).running()) return;
        const bool suspended = node(index).endpoint().state().suspended_by_self;
        if (!node(index).SetPolicyLane(!suspended)) {
          invariants_.Break("the policy lane cannot be changed");
        }
      });
    }
  }
}

// Rare and slow: more than a window of messages waits behind a cut, and the writer may be started anew meanwhile.
void LineWorld::PlanBacklog() {
  for (size_t path = 0; path < network_.paths(); ++path) {
    for (size_t from = 0; from < 2; ++from) {
      timeline_.At(5 * kSecond, [=, this] { Cut(from, path, true); });
      timeline_.At(18 * kSecond, [=, this] { Cut(from, path, false); });
    }
  }
  ++report_.cuts;
  for (int i = 0; i < kBacklogMessages; ++i) {
    timeline_.At(6 * kSecond + random_.Between(0, 8 * kSecond), [this] { Write(0); });
  }
  if (OneIn(2)) {
    timeline_.At(random_.Between(14 * kSecond, 17 * kSecond), [this] {
      if (node(0).running()) Crash(0);
    });
  }
}

// Somebody looks at the line every few seconds and confirms what can be confirmed.
void LineWorld::PlanPeople(size_t index) {
  timeline_.After(random_.Between(kSecond, 4 * kSecond), [=, this] {
    Confirm(index);
    PlanPeople(index);
  });
}

// ---- What happens ----

void LineWorld::Cut(size_t from, size_t path, bool begin) {
  trace_.Say([&] {
    return fmt::format("path {} from {} is {}", path, node(from).name(), begin ? "cut" : "mended");
  });
  if (begin) {
    network_.BeginCut(from, 1 - from, path);
  } else {
    network_.EndCut(from, 1 - from, path);
  }
  invariants_.ConnectivityChanged();
}

void LineWorld::SetEnd(size_t index, size_t path, bool up) {
  if (network_.end_up(index, 1 - index, path) == up) return;
  network_.SetEnd(index, 1 - index, path, up);
  if (node(index).running()) node(index).SetPath(path, up);
  invariants_.ConnectivityChanged();
}

void LineWorld::Connect(size_t path) {
  if (path_downs_[path] > 0 || !node(0).running() || !node(1).running()) return;
  const uint64_t change = ++path_changes_[path];
  const bool seen_anew = OneIn(2);  // else an end that was left open notices nothing
  for (size_t index = 0; index < nodes_.size(); ++index) {
    timeline_.After(random_.Between(0, 300 * kMs), [=, this] {
      if (path_changes_[path] != change || !node(index).running()) return;
      if (seen_anew) SetEnd(index, path, false);
      SetEnd(index, path, true);
    });
  }
}

void LineWorld::Disconnect(size_t path) {
  const uint64_t change = ++path_changes_[path];
  for (size_t index = 0; index < nodes_.size(); ++index) {
    timeline_.After(random_.Between(0, 2 * kSecond), [=, this] {
      if (path_changes_[path] == change) SetEnd(index, path, false);
    });
  }
}

void LineWorld::Crash(size_t index) {
  node(index).Crash();
  Crashed(index);
}

void LineWorld::Crashed(size_t index) {
  for (size_t path = 0; path < network_.paths(); ++path) {
    SetEnd(index, path, false);
    // Its peer may notice, or keep a connection that nobody is at the other end of.
    if (OneIn(2)) Disconnect(path);
  }
  invariants_.ConnectivityChanged();
  const int64_t down_us = OneIn(2) ? random_.Between(0, kSecond) : random_.Between(0, 15 * kSecond);
  timeline_.At(std::min(timeline_.now_us() + down_us, std::max(busy_us_, timeline_.now_us())),
               [=, this] { Restart(index); });
}

void LineWorld::Restart(size_t index) {
  node(index).Start();
  invariants_.ConnectivityChanged();
  for (size_t path = 0; path < network_.paths(); ++path) {
    timeline_.After(random_.Between(10 * kMs, 500 * kMs), [=, this] { Connect(path); });
  }
}

line::Draft LineWorld::DrawDraft() {
  line::Draft draft;
  draft.type = {OneIn(10) ? "odd" : "note", 1};
  if (OneIn(6)) draft.lane = line::Lane::kPolicy;
  if (OneIn(4)) draft.data_mode = airspace::DataMode::kExercise;
  if (OneIn(20)) draft.crit = {"unheard-of"};
  const size_t bytes =
      static_cast<size_t>(OneIn(20) ? random_.Between(33'000, 70'000) : random_.Between(0, 400));
  draft.body = fmt::format(R"({{"number":{},"text":"{}"}})", ++written_, std::string(bytes, 'x'));
  return draft;
}

void LineWorld::Write(size_t index) {
  if (!node(index).running()) return;
  line::Draft draft = DrawDraft();
  const bool refused =
      draft.lane == line::Lane::kPolicy && node(index).endpoint().state().policy_suspended();
  const auto written = node(index).Write(std::move(draft));
  if (written.has_value() == refused ||
      (refused && written.error().code != base::ErrorCode::kConflict)) {
    invariants_.Break(written ? "a suspended policy lane takes a message"
                              : "a message is refused: " + written.error().ToString());
  }
}

void LineWorld::Confirm(size_t index) {
  if (!node(index).running()) return;
  const line::Endpoint& endpoint = node(index).endpoint();
  const bool in_order =
      endpoint.in_step() && endpoint.liveness().state() == line::LinkState::kRecovering;
  const bool confirmed = node(index).ConfirmRecovered().has_value();
  if (confirmed) invariants_.Confirmed(node(index));
  if (confirmed != in_order) {
    invariants_.Break(fmt::format("{} {} a line that is {}", node(index).name(),
                                  confirmed ? "confirms" : "does not confirm",
                                  in_order ? "in order" : "not in order"));
  }
}

// ---- The run ----

void LineWorld::Heal() {
  trace_.Say([] { return "everything heals"; });
  for (size_t index = 0; index < nodes_.size(); ++index) {
    node(index).CancelCrash();
    for (size_t path = 0; path < network_.paths(); ++path) {
      network_.SetConditions(index, 1 - index, path, {.delay_us = 5 * kMs, .jitter_us = 20 * kMs});
    }
  }
}

bool LineWorld::AtRest() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
    return node->running() && node->endpoint().in_step() &&
           node->endpoint().liveness().state() == line::LinkState::kUp;
  });
}

Report LineWorld::Run() {
  const bool backlog = OneIn(128);
  const bool calm = OneIn(8);
  PlanConditions();
  if (backlog) PlanBacklog();
  if (!calm) {
    PlanCuts();
    PlanPathsDown();
    PlanCrashes();
  }
  PlanWriting();
  for (size_t index = 0; index < nodes_.size(); ++index) {
    PlanPeople(index);
    timeline_.After(random_.Between(0, 2 * kSecond), [=, this] { Restart(index); });
  }
  invariants_.ConnectivityChanged();
  timeline_.At(busy_us_, [this] { Heal(); });

  while (!invariants_.broken() && timeline_.now_us() < busy_us_ + kRestWithinUs) {
    if (timeline_.now_us() > busy_us_ + 3 * kSecond && AtRest()) break;
    CHECK_MSG(timeline_.Step(), "people look at the line for ever");
  }
  if (!invariants_.broken()) {
    if (node(0).running() && node(1).running()) {
      invariants_.CheckAtRest();
    } else {
      invariants_.Break("a node has not come back");
    }
  }

  report_.broken = invariants_.broken();
  report_.network = network_.counts();
  report_.line = invariants_.counts();
  report_.events = timeline_.steps();
  report_.simulated_us = timeline_.now_us();
  std::string all = fmt::format("{} {} {} {} {}", report_.events, report_.simulated_us,
                                report_.network.sent, report_.network.lost, report_.line.messages);
  for (const auto& node : nodes_) {
    for (const line::LogEntry& entry : node->own_log()) all += *entry.envelope;
  }
  report_.fingerprint = crypto::Sha256(base::AsBytes(all));
  return report_;
}

}  // namespace

Report RunLine(const RunOptions& options) {
  return LineWorld(options).Run();
}

}  // namespace wideberth::sim
