// The sequencer: the one place where state changes.
//
// It takes every queued command, decides in order on the state in memory, applies, writes the
// effects of all of them as one batch with one fsync, and only then answers. So a command costs a
// share of an fsync, and an answer "yes" means that a power cut cannot take it back. While one batch
// is written the next turn is decided; it ends when the batch before it is durable, so that it takes
// in all that arrived meanwhile.
//
// Readers never act on what is not durable: a read is made under the shared lock on whatever has
// been applied, notes the number of the batch that it saw, and its answer is held until that batch
// is durable (WhenDurable).
//
// A failed append is the end: nobody knows what the disk holds. Every command of the batch and of
// the queue is refused with kStorage, `on_failure` is called once, and the process is expected to
// exit and recover by restart.
//
// In line mode a turn also takes in what the peers sent, and what goes to them leaves after the turn is durable:
// nothing is acknowledged, receipted or said that a power cut could take back.
//
// Step() is one turn of the wheel, whole, and may be driven by a simulator on one thread; Run() decides
// on the calling thread until Stop(), and has another one write and answer whenever more is waiting.
//
// Time of a data mode is max(last decided, its clock): it never runs backwards. REAL follows the
// clock; EXERCISE and TEST follow it too until a SetClock gives them one of their own.
#ifndef WIDEBERTH_SERVICE_SEQUENCER_H_
#define WIDEBERTH_SERVICE_SEQUENCER_H_

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/decide.h"
#include "airspace/state.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/decide.h"
#include "mechanism/core.h"
#include "mechanism/desk.h"
#include "record/signed_note.h"
#include "service/batch.h"
#include "service/contents.h"
#include "service/line_logs.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

class Sequencer final : private mechanism::Applier {
 public:
  // Called once, after the batch is durable (or has failed), while later turns may be decided: it must not read the
  // state, nor block.
  using Answer = std::function<void(base::Result<airspace::Decision>)>;

  using Publish = std::function<void()>;

  // Anything else that is done to the core, in its turn, with the state as that turn finds it. What it returns is
  // called once, as an Answer: with nothing after the batch is durable, with the error if that failed or the work was
  // never done.
  using Done = std::function<void(const std::optional<base::Error>& failure)>;
  using Work = std::function<Done(mechanism::Core& core, line::Now now)>;

  // All but the first are called when a turn is durable, in the order of turns and one turn at a time, and must not
  // block.
  struct Hooks {
    // What a turn has changed, for subscribers: called as it ends, with the state exactly as it left it, on the thread
    // that decides. What it returns, if anything, is called once the turn is durable, before its answers, and dropped
    // if that failed.
    std::function<Publish(uint64_t seq, std::span<const airspace::Effect> effects,
                          std::span<const mechanism::DeskEffect> desk_effects)>
        describe;
    // To the peers, in order; what they cause here comes back by Receive.
    std::function<void(std::vector<mechanism::ToSend> frames)> on_frames;
    // So much of what Receive was given has been dealt with.
    std::function<void(base::PartyId peer, size_t path, size_t frames, size_t bytes)> on_handled;
    std::function<void(const mechanism::PeerTrouble& trouble)> on_trouble;
    // Around what a turn publishes and answers: must call `give` once, on this thread.
    // Lets the network wake its loops once for all of them.
    std::function<void(const std::function<void()>& give)> answer_together;
    // Once, when the store has failed.
    std::function<void(const base::Error&)> on_failure;
  };

  struct Statistics {
    uint64_t batches = 0;
    uint64_t commands = 0;
    uint64_t refused = 0;     // by a rule
    uint64_t overloaded = 0;  // queue full or deadline passed
    uint64_t append_us = 0;   // in the store, summed
  };

  // `rules` are those every decision is judged under, save on lines that SetAgreements names. All references outlive
  // the sequencer.
  Sequencer(Contents& contents, StateLock& lock, store::Store& store, mechanism::Self self,
            mechanism::Terms terms, const airspace::RuleBook& rules,
            const geo::HeightModel& heights, const base::Clock& clock, base::RandomSource& random,
            Hooks hooks);
  ~Sequencer() override;

  // As mechanism::Core's, at the time of the clock. Before Run.
  void SetAgreements(base::PartyId peer, agreement::LineAgreements agreements) {
    core_.SetAgreements(peer, std::move(agreements), clock_.Now());
  }
  // Those that the next decision is made under. From any thread.
  airspace::RuleBook rules() const;

  // Opens the line to a peer that the desk knows. Before Run, or in a Work.
  void OpenLine(base::PartyId peer, size_t paths);

  // Queues a command, from any thread. Refuses with kBusy at limits::kSequencerQueueCommandsMax,
  // kStorage after a failure; `answer` is then not called. A command that waited longer than
  // limits::kCommandDeadlineUs is answered kBusy and not applied.
  base::Result<void> Submit(airspace::Command command, Answer answer);

  // The same for a command to the DSS.
  using DssAnswer = std::function<void(base::Result<dss::Answer>)>;
  base::Result<void> SubmitDss(dss::Command command, DssAnswer answer);
  // Before Run.
  void SetDssPolicy(const dss::Policy& policy) { dss_policy_ = policy; }
  // From now on each accepted write of the DSS has its entry in the log, and the log's head is signed by `key` whenever
  // it has grown, once a tick. Begins the log anew where the store has it under another name. Before Run.
  void KeepDssLog(std::shared_ptr<const record::SignerKey> key);

  // The same for other work; `never_done` is called with the reason if the work is not done.
  base::Result<void> SubmitWork(Work work, Done never_done);
  // What the transport of a line says, from any thread. Never refused: the transport holds back what is not handled.
  void Receive(base::PartyId peer, size_t path, std::string frame);
  void SetPath(base::PartyId peer, size_t path, bool up);

  // Decides and makes durable at most one batch. False when there was nothing to do. Not while Run runs.
  bool Step();

  // Steps whenever there is something to do, and submits a Tick of each mode every
  // limits::kTickPeriodUs.
  void Run();
  // Makes Run finish what is queued and return; later commands are refused with kBusy. From any
  // thread.
  void Stop();

  uint64_t applied_seq() const { return applied_seq_.load(std::memory_order_acquire); }
  uint64_t durable_seq() const { return durable_seq_.load(std::memory_order_acquire); }
  bool failed() const { return failed_.load(std::memory_order_acquire); }

  // Calls `done` as soon as batch `seq` is durable: at once, on this thread, if it is; else as an
  // Answer. After a failure `done` gets false, and what was read must not be shown.
  void WhenDurable(uint64_t seq, std::function<void(bool durable)> done);

  // The time a decision of that mode would be made at. Needs the shared lock.
  base::UtcMicros NowOf(airspace::DataMode mode) const;

  // While set, commands other than the node's own are refused with this error (disk nearly full).
  // From any thread.
  void SetRefusal(std::optional<base::Error> refusal);
  std::optional<base::Error> refusal() const;

  Statistics GetStatistics() const;
  // A Work came to nothing by a rule.
  void CountRefused() { refused_.fetch_add(1, std::memory_order_relaxed); }

 private:
  struct Asked {
    airspace::Command command;
    Answer answer;
    int64_t deadline_monotonic_us = 0;
  };
  struct Working {
    Work work;
    Done never_done;
    int64_t deadline_monotonic_us = 0;
  };
  struct DssAsked {
    dss::Command command;
    DssAnswer answer;
    int64_t deadline_monotonic_us = 0;
  };
  struct Frame {
    base::PartyId peer;
    size_t path = 0;
    std::string bytes;
    line::Now at;
  };
  struct PathChange {
    base::PartyId peer;
    size_t path = 0;
    bool up = false;
  };
  using Queued = std::variant<Asked, Working, DssAsked, Frame, PathChange>;
  struct Decided {
    Answer answer;
    base::Result<airspace::Decision> result;
  };
  struct Handled {
    size_t frames = 0;
    size_t bytes = 0;
  };
  // A turn that has been decided, and what is said once it is durable.
  struct Turn {
    uint64_t seq = 0;
    base::UtcMicros time;
    base::Bytes batch;  // empty if nothing changed
    std::map<uint32_t, LineLogs::BothLogs> logs;
    std::optional<dss::LogHead> dss_log_head;
    mechanism::TurnEnd end;
    std::map<std::pair<base::PartyId, size_t>, Handled> handled;
    Publish publish;
    std::vector<Decided> decided;
    std::vector<Done> done;
  };
  class DurableSource;

  // mechanism::Applier: into the batch of this turn, and into what readers see.
  void Apply(std::vector<airspace::Effect> effects) override;
  void Apply(mechanism::DeskEffect effect) override;
  void Apply(uint32_t line, const line::Effect& effect) override;
  void RulesChanged(const airspace::RuleBook& rules) override;
  void Apply(std::span<const dss::Effect> effects);

  base::Result<void> CheckRoom(bool of_the_node) const;  // needs queue_mutex_
  line::Now Now() const { return {clock_.Now(), clock_.MonotonicMicros()}; }
  std::vector<Queued> TakeQueued();
  bool Decide();
  void Take(Queued queued);
  void TakeCommand(Asked asked);
  void TakeDss(DssAsked asked);
  void AddToDssLog(const dss::Command& command, base::UtcMicros now, dss::Decision* decision);
  void SignDssLog();
  bool IsLate(int64_t deadline_monotonic_us);
  Turn FinishTurn();
  void Commit(Turn turn);
  void SendTurn(Turn* turn);
  bool MayTakeMore();
  void CommitOrHandOver(Turn turn);
  void CommitTurns();
  void DecideUntilStopped();
  void WaitForCommit();
  void AnswerTogether(const std::function<void()>& give);
  void Fail(const base::Error& error);
  void ReleaseReaders(bool durable);
  void SubmitTicks();
  int64_t WaitUs() const;

  Contents& contents_;
  StateLock& lock_;
  store::Store& store_;
  const base::Clock& clock_;
  base::RandomSource& random_;
  Hooks hooks_;
  mutable std::mutex rules_mutex_;
  airspace::RuleBook rules_;  // the core's, for other threads
  mechanism::Core core_;
  dss::Policy dss_policy_;
  std::shared_ptr<const record::SignerKey> dss_log_key_;  // null: no log is kept

  // This turn.
  uint64_t batch_seq_;
  BatchWriter batch_;
  size_t taken_in_turn_ = 0;
  std::vector<airspace::Effect> effects_;
  std::vector<mechanism::DeskEffect> desk_effects_;
  std::vector<Decided> decided_;
  std::vector<Done> done_;
  std::map<std::pair<base::PartyId, size_t>, Handled> handled_;
  std::set<uint32_t> lines_changed_;
  bool dss_log_signed_ = false;
  std::map<uint32_t, base::PartyId> peers_of_lines_;
  std::map<base::PartyId, std::array<std::unique_ptr<line::LogSource>, 2>> sources_;
  bool two_threads_ = false;  // while Run runs

  mutable std::mutex queue_mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  bool stopping_ = false;
  std::optional<base::Error> refusal_;
  // The turn that the committing thread is given, and whether it still has one.
  std::condition_variable handed_over_;
  std::optional<Turn> handed_;
  bool committing_ = false;
  bool no_more_turns_ = false;

  std::atomic<uint64_t> applied_seq_;
  std::atomic<uint64_t> durable_seq_;
  std::atomic<bool> failed_ = false;

  std::mutex readers_mutex_;
  std::multimap<uint64_t, std::function<void(bool)>> readers_;

  std::atomic<uint64_t> batches_ = 0;
  std::atomic<uint64_t> commands_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  std::atomic<uint64_t> overloaded_ = 0;
  std::atomic<uint64_t> append_us_ = 0;
  int64_t next_tick_us_ = 0;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_SEQUENCER_H_
