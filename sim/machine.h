// A simulated machine that runs a whole node: service::Node, driven turn by turn without threads, over a store on a
// simulated disk, with clocks that are off and drift.
//
// A crash cuts the power: what was not synced is gone, or torn. A start opens the node from its disk as the daemon
// does, with a fresh boot id.
#ifndef WIDEBERTH_SIM_MACHINE_H_
#define WIDEBERTH_SIM_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agreement/in_force.h"
#include "airspace/rules.h"
#include "base/random.h"
#include "base/time.h"
#include "mechanism/core.h"
#include "service/node.h"
#include "service/testing/memory_keys.h"
#include "sim/timeline.h"
#include "store/memory/memory_disk.h"

namespace wideberth::sim {

// Deliberate defects, which the invariants must find.
enum class NodeFault : uint8_t {
  kNone,
  kAcknowledgeBeforeDurable,  // the store says yes and writes a turn later
  kTimeStands,                // the node is not told that time passes
  kSayWhatIsHeld,             // somebody writes the id of a held plan into a text to the peer
};

struct MachineConfig {
  size_t index = 0;
  base::PartyId party;
  std::shared_ptr<service::testing::MemoryKeys> keys;
  std::vector<service::PeerOptions> peers;
  mechanism::Terms terms;
  std::map<base::PartyId, agreement::LineAgreements>
      agreements;  // none: `terms` and the rules hold
  int64_t wall_offset_us = 0;
  int64_t wall_drift_ppm = 0;
  int64_t monotonic_drift_ppm = 0;
  NodeFault fault = NodeFault::kNone;
};

class Machine;

class MachineWatcher {
 public:
  virtual ~MachineWatcher() = default;
  virtual void OnFrames(const Machine& machine, std::vector<mechanism::ToSend> frames) = 0;
  virtual void OnTrouble(const Machine& machine, const mechanism::PeerTrouble& trouble) = 0;
  virtual void OnJournal(const Machine& machine, const std::string& text) = 0;
  // After a turn. `ticked`: the node was told in it that time passes.
  virtual void OnTurn(const Machine& machine, bool ticked) = 0;
  // A turn could not be made durable; the machine is to crash.
  virtual void OnDiskFailure(const Machine& machine) = 0;
};

class Machine {
 public:
  Machine(MachineConfig config, const airspace::RuleBook& rules, Timeline* timeline,
          base::SeededRandom* random, MachineWatcher* watcher);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // REQUIRES (CHECK): it is not running for Start, it is for everything else.
  base::Result<void> Start();
  void Crash();
  // Keeps a copy of its disk, as a backup does. A start after SetBack has that copy for its disk, and is told so.
  // REQUIRES (CHECK): it runs for the one, and is down with a copy made for the other.
  void KeepCopy();
  void SetBack();
  // How often it has been set back.
  uint64_t set_back() const { return set_back_; }
  // The next turn that changes something fails on the disk, of which any beginning may survive.
  void FailNextTurn();
  bool running() const { return node_ != nullptr; }

  void SetPath(base::PartyId peer, size_t path, bool up);
  void Receive(base::PartyId peer, size_t path, const std::string& frame);
  void Do(service::Sequencer::Work work);
  void Decide(airspace::Command command, service::Sequencer::Answer answer);
  // New keys for its party: all four, or the message key alone.
  void ChangeKeys(bool all);
  base::Result<void> WriteProjection() { return node_->WriteProjection(); }

  size_t index() const { return config_.index; }
  char name() const { return static_cast<char>('A' + config_.index); }
  const MachineConfig& config() const { return config_; }
  const service::Node& node() const { return *node_; }
  const mechanism::Core& core() const { return *core_; }
  const airspace::State& state() const;
  const mechanism::Desk& desk() const;
  store::Store& store() const { return *store_; }
  int64_t started_us() const { return started_us_; }  // in true time
  base::UtcMicros utc() const;
  base::Bytes Canonical() const;  // of airspace and desk
  bool has_run() const { return starts_ > 0; }
  // What it held when it went down, or before the turn that failed; nothing once its disk was set back.
  const std::vector<base::Bytes>& may_recover() const { return may_recover_; }
  // What its log gave at its start.
  const base::Bytes& recovered() const { return recovered_; }

 private:
  class SkewedClock;
  void TurnSoon(int64_t delay_us);
  void Turn();
  void WakeInTime();
  void TickInTime();

  const MachineConfig config_;
  const airspace::RuleBook& rules_;
  Timeline* const timeline_;
  base::SeededRandom* const random_;
  MachineWatcher* const watcher_;
  const std::unique_ptr<SkewedClock> clock_;
  const std::shared_ptr<store::memory::MemoryDisk> disk_;
  std::unique_ptr<service::Node> node_;
  store::Store* store_ = nullptr;  // the node's
  mechanism::Core* core_ = nullptr;
  uint64_t starts_ = 0;
  uint64_t wake_ = 0;
  bool turn_planned_ = false;
  bool ticked_ = false;
  bool failed_ = false;
  std::optional<store::memory::MemoryDisk::Files> copy_;
  uint64_t set_back_ = 0;
  bool tell_restored_ = false;
  int64_t started_us_ = 0;
  std::vector<base::Bytes> may_recover_;
  base::Bytes recovered_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_MACHINE_H_
