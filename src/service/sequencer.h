// The sequencer: the one place where state changes.
//
// It takes every queued command, decides in order on the state in memory, applies, writes the
// effects of all of them as one batch with one fsync, and only then answers. So a command costs a
// share of an fsync, and an answer "yes" means that a power cut cannot take it back.
//
// Readers never act on what is not durable: a read is made under the shared lock on whatever has
// been applied, notes the number of the batch that it saw, and its answer is held until that batch
// is durable (WhenDurable).
//
// A failed append is the end: nobody knows what the disk holds. Every command of the batch and of
// the queue is refused with kStorage, `on_failure` is called once, and the process is expected to
// exit and recover by restart.
//
// Step() is one turn of the wheel and may be driven by a simulator on one thread; Run() drives it
// on the calling thread until Stop().
//
// Time of a data mode is max(last decided, its clock): it never runs backwards. REAL follows the
// clock; EXERCISE and TEST follow it too until a SetClock gives them one of their own.
#ifndef WIDEBERTH_SERVICE_SEQUENCER_H_
#define WIDEBERTH_SERVICE_SEQUENCER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "airspace/decide.h"
#include "airspace/state.h"
#include "base/result.h"
#include "base/time.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

class Sequencer {
 public:
  // Called once, on the sequencer's thread, after the batch is durable (or has failed). Must not
  // block.
  using Answer = std::function<void(base::Result<airspace::Decision>)>;

  struct Hooks {
    // After a batch is durable, before its answers: what changed, for subscribers. On the
    // sequencer's thread, which may read the state.
    std::function<void(uint64_t seq, std::span<const airspace::Effect>)> on_durable;
    // Around everything above and all answers of a batch: must call `give` once, on this thread.
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

  // `rules` are those every decision is judged under. All references outlive the sequencer.
  Sequencer(airspace::State& state, StateLock& lock, store::Store& store,
            const airspace::Rules& rules, const base::Clock& clock, Hooks hooks);

  // Queues a command, from any thread. Refuses with kBusy at limits::kSequencerQueueCommandsMax,
  // kStorage after a failure; `answer` is then not called. A command that waited longer than
  // limits::kCommandDeadlineUs is answered kBusy and not applied.
  base::Result<void> Submit(airspace::Command command, Answer answer);

  // Decides and makes durable at most one batch. False when there was nothing to do.
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

  // Calls `done` as soon as batch `seq` is durable: at once, on this thread, if it is; else on the
  // sequencer's thread. After a failure `done` gets false, and what was read must not be shown.
  void WhenDurable(uint64_t seq, std::function<void(bool durable)> done);

  // The time a decision of that mode would be made at. Needs the shared lock.
  base::UtcMicros NowOf(airspace::DataMode mode) const;

  // While set, commands other than the node's own are refused with this error (disk nearly full).
  // From any thread.
  void SetRefusal(std::optional<base::Error> refusal);
  std::optional<base::Error> refusal() const;

  Statistics GetStatistics() const;

 private:
  struct Queued {
    airspace::Command command;
    Answer answer;
    int64_t deadline_monotonic_us = 0;
  };
  struct Decided {
    Answer answer;
    base::Result<airspace::Decision> result;
  };

  std::vector<Queued> TakeQueued();
  void DecideAndApply(Queued& queued, std::vector<airspace::Effect>* effects, base::Bytes* bytes,
                      std::vector<Decided>* decided);
  // `effects` and `bytes` are the same, applied already and encoded.
  void FinishBatch(std::span<const airspace::Effect> effects, base::ByteView bytes,
                   std::vector<Decided>* decided);
  void AnswerTogether(const std::function<void()>& give);
  void Fail(const base::Error& error);
  void ReleaseReaders(bool durable);
  void SubmitTicks();

  airspace::State& state_;
  StateLock& lock_;
  store::Store& store_;
  const airspace::Rules& rules_;
  const base::Clock& clock_;
  Hooks hooks_;

  mutable std::mutex queue_mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  bool stopping_ = false;
  std::optional<base::Error> refusal_;

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
