// A simulated machine that runs one side of a line as a daemon would: clocks of its own, a disk, and turns. In a turn
// it hands the endpoint everything that has come since the last, calls Finish once, appends the effects to the disk as
// one batch, and lets the frames go when that batch and all before it are durable; turns go on while syncs are under
// way.
//
// A crash takes what is not durable. A start replays the disk into a LineState and draws a fresh boot id.
#ifndef WIDEBERTH_SIM_NODE_H_
#define WIDEBERTH_SIM_NODE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "crypto/ed25519.h"
#include "line/endpoint.h"
#include "sim/disk.h"
#include "sim/network.h"
#include "sim/timeline.h"
#include "sim/trace.h"

namespace wideberth::sim {

// Deliberate defects of the machine, which the invariants must find.
enum class Fault : uint8_t {
  kNone,
  kSendBeforeDurable,    // frames leave at once
  kForgetEffectAtCrash,  // the last effect on the disk is gone after a crash
};

struct NodeConfig {
  size_t index = 0;
  size_t peer = 1;
  base::PartyId self;
  base::PartyId peer_party;
  int64_t wall_offset_us = 0;
  int64_t wall_drift_ppm = 0;
  int64_t monotonic_drift_ppm = 0;
  int64_t sync_us = 2'000;         // at least; up to three times as long
  int64_t slow_sync_us = 150'000;  // one in sixteen is up to so much longer
  Fault fault = Fault::kNone;
};

class Node;

// What a node tells of itself, in the order of happening.
class NodeWatcher {
 public:
  virtual ~NodeWatcher() = default;
  virtual void OnTurn(const Node& node, const line::Output& output) = 0;
  virtual void OnDurable(const Node& node, const line::Effect& effect) = 0;
  // A node starts; `replayed` is what it recovered, `saved` the state it had when it appended the last of that.
  virtual void OnStart(const Node& node, const line::LineState& replayed,
                       const base::Bytes& saved) = 0;
  virtual void OnCrash(const Node& node, bool torn) = 0;
};

class Node {
 public:
  Node(NodeConfig config, Timeline* timeline, base::SeededRandom* random, const Trace* trace,
       Network* network, NodeWatcher* watcher);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // REQUIRES (CHECK): it is not running for Start, it is for Crash and everything that speaks to the endpoint.
  void Start();
  void Crash();
  bool running() const { return endpoint_ != nullptr; }
  // It crashes while its next batch is being synced. `then` is called after it.
  void CrashInNextSync(Timeline::Action then) { crash_in_sync_ = std::move(then); }
  void CancelCrash() { crash_in_sync_ = nullptr; }

  void SetPath(size_t path, bool up);
  void Receive(size_t path, const line::SharedBytes& frame);
  base::Result<base::Digest> Write(line::Draft draft);
  base::Result<void> SetPolicyLane(bool suspended);
  base::Result<void> ConfirmRecovered();
  // To the next keys of this node, which are the same in every run.
  base::Result<base::Digest> ChangeKeys();

  size_t index() const { return config_.index; }
  char name() const { return static_cast<char>('A' + config_.index); }
  const NodeConfig& config() const { return config_; }
  const line::Endpoint& endpoint() const { return *endpoint_; }
  const std::vector<line::LogEntry>& own_log() const { return own_.entries; }
  const std::vector<line::LogEntry>& mirror() const { return mirror_.entries; }
  int64_t started_us() const { return started_us_; }  // in true time
  line::Now now() const;
  // Somebody sets its calendar clock.
  void StepWallClock(int64_t by_us) { wall_step_us_ += by_us; }
  int64_t wall_step_us() const { return wall_step_us_; }

 private:
  // Both logs as the store would serve them: what has been appended, durable or not.
  struct Log final : line::LogSource {
    base::Result<line::LogEntry> ReadEntry(uint64_t seq) const override;
    std::vector<line::LogEntry> entries;
  };
  struct Batch {
    size_t number;
    std::vector<line::Effect> effects;
  };
  struct Held {
    size_t batch;
    std::vector<line::Outgoing> frames;
  };

  void TurnSoon(int64_t delay_us);
  void Turn();
  void WakeInTime();
  void Append(std::vector<line::Effect> effects);
  void StartSync();
  void EndSync(size_t batches);
  void SendFrames(const std::vector<line::Outgoing>& frames);
  void Remember(const line::Effect& effect);
  line::LineState Replay(const std::vector<base::Bytes>& batches);
  void ForgetLastEffect(std::vector<base::Bytes>* batches);
  // Something of this life: it does not happen after a crash.
  void After(int64_t delay_us, Timeline::Action action);

  const NodeConfig config_;
  Timeline* const timeline_;
  base::SeededRandom* const random_;
  const Trace* const trace_;
  Network* const network_;
  NodeWatcher* const watcher_;

  Disk disk_;
  std::vector<base::Bytes> states_;  // encoded, after each batch of the disk
  std::deque<Batch> not_durable_;
  bool syncing_ = false;
  Timeline::Action crash_in_sync_;

  uint32_t key_changes_ = 0;
  Log own_;
  Log mirror_;
  std::unique_ptr<line::Endpoint> endpoint_;
  uint64_t life_ = 0;
  int64_t started_us_ = 0;
  int64_t monotonic_start_us_ = 0;
  int64_t wall_step_us_ = 0;
  std::vector<std::pair<size_t, line::SharedBytes>> inbox_;
  bool turn_due_ = false;
  uint64_t turns_ = 0;
  std::deque<Held> held_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_NODE_H_
