// What must hold among whole nodes, after every turn and at rest, whatever networks, disks and people did.
//
// Always: a node that starts holds what it held, projection and log together give what the whole log gives, and every
// act that it had answered to be durable stands in the log once; a line that carries nothing one way for 10 s is lost
// on both sides, and each has a matter that says so; every matter has the deadline and stands on the level that the
// ladder gives, worked out here anew; nobody reports trouble, since nobody lies.
// At rest: both sides of a line hold the same logs, agreements, notices, receipts, assessments and live conflicts, have
// signed and heard the same bases, and are and will be under the same agreement; every version was counted once.
// Of everything that was ever handed to the network: nothing held is in it, and nothing of another line.
//
// The first thing that is broken is kept; the world stops there.
#ifndef WIDEBERTH_SIM_NODE_INVARIANTS_H_
#define WIDEBERTH_SIM_NODE_INVARIANTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agreement/in_force.h"
#include "line/log_entry.h"
#include "service/contents.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/people.h"
#include "sim/timeline.h"
#include "sim/trace.h"

namespace wideberth::sim {

struct NodeLine {
  size_t a = 0;
  size_t b = 0;
  std::unique_ptr<Network> network;  // a is its node 0
  // From the configurations; none: the rules and terms of the machines hold.
  std::optional<agreement::LineAgreements> agreements = {};
};

// What the whole log of a machine gives.
struct Replayed {
  explicit Replayed(store::Store& store) : contents(store) {}

  service::Contents contents;
  // Of each line, the own log and the mirror.
  std::map<std::pair<uint32_t, bool>, std::vector<line::LogEntry>> entries;
};

struct NodeCounts {
  uint64_t crashes = 0;
  uint64_t restarts_checked = 0;
  uint64_t set_back = 0;
  uint64_t levels_checked = 0;
  uint64_t climbed = 0;
  uint64_t lost_checks = 0;
  uint64_t entries = 0;
  uint64_t cosigned = 0;  // of them, by the other side
  uint64_t versions = 0;
  uint64_t conflicts = 0;
  uint64_t agreements = 0;  // that both sides count
  uint64_t held_plans = 0;
  uint64_t frames_searched = 0;
};

class NodeInvariants {
 public:
  NodeInvariants(Timeline* timeline, const Trace* trace, People* people)
      : timeline_(*timeline), trace_(*trace), people_(*people) {}

  void Watch(const Machine* machine) { machines_.push_back(machine); }
  void Watch(const NodeLine* line);

  void OnFrame(const Machine& from, base::PartyId to, const line::SharedBytes& frame);
  void OnTurn(const Machine& machine, bool ticked);
  void OnStart(const Machine& machine);
  void OnSetBack(const Machine& machine) {
    set_back_.insert(machine.index());
    ++counts_.set_back;
  }
  void OnJournal(const Machine& machine, const std::string& text);
  void OnCrash() { ++counts_.crashes; }
  // A cut begins or ends, an end of a path goes up or down, a node starts or stops.
  void ConnectivityChanged();

  // Nothing is under way and nothing waits that people here could deal with.
  bool AtRest() const;
  // Why not, for people.
  std::string Unrest() const;
  void CheckAtRest();
  void SearchFrames();

  void Break(std::string what);
  const std::optional<std::string>& broken() const { return broken_; }
  const NodeCounts& counts() const { return counts_; }

 private:
  struct Ladder {
    mechanism::MatterKind kind;
    base::UtcMicros opened_at;
    mechanism::Level floor;  // where it stood when its time began anew
    mechanism::Level level;
  };
  struct Watched {
    const NodeLine* line;
    std::optional<int64_t> dead_since_us[2];  // the way from a, from b
  };

  void FollowMatters(const Machine& machine, bool ticked);
  const mechanism::Terms& TermsUnder(const Machine& machine, const mechanism::Matter& matter);
  void CheckMatter(const Machine& machine, const mechanism::Matter& matter, const Ladder& ladder);
  void CheckLost();
  void CheckRaised(const Machine& machine, const Machine& peer, int64_t since_us);
  std::unique_ptr<Replayed> CheckAgainstLog(const Machine& machine);
  void CheckLogs(const Machine& from, const Machine& to);
  void CheckRecord(const Machine& a, const Machine& b);
  bool IsUntold(const airspace::Notice& notice, const Machine& from, const Machine& to) const;
  void CheckNotices(const Machine& from, const Machine& to);
  void CheckNotice(const airspace::Notice& ours, const airspace::Notice& theirs,
                   const Machine& from, const Machine& to);
  void CheckAgreements(const Machine& a, const Machine& b);
  void CheckConflicts(const Machine& a, const Machine& b);
  void CheckCounts(const Machine& from, const Machine& to);
  const Machine& machine(size_t index) const { return *machines_[index]; }
  const Machine* MachineOf(base::PartyId party) const;

  Timeline& timeline_;
  const Trace& trace_;
  People& people_;
  std::vector<const Machine*> machines_;
  std::vector<Watched> lines_;
  std::map<size_t, std::map<uint64_t, Ladder>> ladders_;
  std::map<base::Digest, mechanism::Terms> terms_;  // of agreements and floors
  std::set<size_t> set_back_;  // whose matters are to be taken as they stand, once
  std::map<size_t, std::vector<std::string>> never_told_;  // what journals say of it
  std::map<size_t, std::unique_ptr<Replayed>> replayed_;   // at rest
  std::map<std::pair<size_t, size_t>, std::vector<line::SharedBytes>> frames_;
  std::map<std::pair<size_t, size_t>, std::unordered_set<std::string_view>> seen_;
  std::optional<std::string> broken_;
  NodeCounts counts_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_NODE_INVARIANTS_H_
