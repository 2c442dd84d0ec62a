#include "service/sequencer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "dss/log_entry.h"
#include "mechanism/mode.h"
#include "record/checkpoint.h"

namespace wideberth::service {
namespace {

using airspace::Command;
using airspace::DataMode;

constexpr std::array<DataMode, airspace::kDataModes> kModes = {DataMode::kReal, DataMode::kExercise,
                                                               DataMode::kTest};

base::Error Busy(std::string_view rule) {
  return base::Fail(base::ErrorCode::kBusy, "", rule).value();
}

base::Error StoreFailed() {
  return base::Fail(base::ErrorCode::kStorage, "", "the store has failed; nothing was applied")
      .value();
}

}  // namespace

// What an entry is read from may still be on its way to the disk.
class Sequencer::DurableSource final : public line::LogSource {
 public:
  DurableSource(Sequencer& sequencer, std::unique_ptr<line::LogSource> stored)
      : sequencer_(sequencer), stored_(std::move(stored)) {}
  base::Result<line::LogEntry> ReadEntry(uint64_t seq) const override {
    sequencer_.WaitForCommit();
    return stored_->ReadEntry(seq);
  }

 private:
  Sequencer& sequencer_;
  const std::unique_ptr<line::LogSource> stored_;
};

Sequencer::Sequencer(Contents& contents, StateLock& lock, store::Store& store, mechanism::Self self,
                     mechanism::Terms terms, const airspace::RuleBook& rules,
                     const geo::HeightModel& heights, const base::Clock& clock,
                     base::RandomSource& random, Hooks hooks)
    : contents_(contents),
      lock_(lock),
      store_(store),
      clock_(clock),
      random_(random),
      hooks_(std::move(hooks)),
      rules_(rules),
      core_(std::move(self), std::move(terms), contents.airspace(), contents.desk(), rules, heights,
            *this),
      batch_seq_(store.last_seq() + 1),
      applied_seq_(store.last_seq()),
      durable_seq_(store.last_seq()) {}

Sequencer::~Sequencer() = default;

void Sequencer::OpenLine(base::PartyId peer, size_t paths) {
  const mechanism::Peer* known = contents_.desk().FindPeer(peer);
  CHECK(known != nullptr);
  auto& [own, mirror] = sources_[peer];
  own = std::make_unique<DurableSource>(*this, contents_.line_logs().OwnLog(known->line));
  mirror = std::make_unique<DurableSource>(*this, contents_.line_logs().Mirror(known->line));
  peers_of_lines_[known->line] = peer;
  core_.OpenLine(peer, paths, contents_.line_logs().StateOf(known->line), *own, *mirror, Now());
}

// ---- The queue ----

base::Result<void> Sequencer::CheckRoom(bool of_the_node) const {
  if (failed()) {
    return base::Fail(StoreFailed());
  }
  if (refusal_ && !of_the_node) return base::Fail(*refusal_);
  if (stopping_) return base::Fail(Busy("the node is stopping; nothing was applied"));
  if (queue_.size() < limits::kSequencerQueueCommandsMax) return {};
  return base::Fail(Busy("the queue is full; nothing was applied"));
}

base::Result<void> Sequencer::Submit(Command command, Answer answer) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (auto room = CheckRoom(command.party.uuid.is_nil()); !room) {
      if (room.error().code == base::ErrorCode::kBusy && !stopping_) {
        overloaded_.fetch_add(1, std::memory_order_relaxed);
      }
      return room;
    }
    queue_.push_back(Asked{std::move(command), std::move(answer),
                           clock_.MonotonicMicros() + limits::kCommandDeadlineUs});
  }
  wake_.notify_one();
  return {};
}

base::Result<void> Sequencer::SubmitDss(dss::Command command, DssAnswer answer) {
  {
    const std::lock_guard lock(queue_mutex_);
    WB_RETURN_IF_ERROR(CheckRoom(command.caller.empty()));
    queue_.push_back(DssAsked{std::move(command), std::move(answer),
                              clock_.MonotonicMicros() + limits::kCommandDeadlineUs});
  }
  wake_.notify_one();
  return {};
}

base::Result<void> Sequencer::SubmitWork(Work work, Done never_done) {
  {
    const std::lock_guard lock(queue_mutex_);
    WB_RETURN_IF_ERROR(CheckRoom(false));
    queue_.push_back(Working{std::move(work), std::move(never_done),
                             clock_.MonotonicMicros() + limits::kCommandDeadlineUs});
  }
  wake_.notify_one();
  return {};
}

void Sequencer::Receive(base::PartyId peer, size_t path, std::string frame) {
  {
    const std::lock_guard lock(queue_mutex_);
    queue_.push_back(Frame{peer, path, std::move(frame), Now()});
  }
  wake_.notify_one();
}

void Sequencer::SetPath(base::PartyId peer, size_t path, bool up) {
  {
    const std::lock_guard lock(queue_mutex_);
    queue_.push_back(PathChange{peer, path, up});
  }
  wake_.notify_one();
}

std::vector<Sequencer::Queued> Sequencer::TakeQueued() {
  const std::lock_guard lock(queue_mutex_);
  std::vector<Queued> taken;
  const size_t count = std::min(queue_.size(), limits::kSequencerBatchCommandsMax - taken_in_turn_);
  taken.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

base::UtcMicros Sequencer::NowOf(DataMode mode) const {
  return mechanism::NowOf(contents_.airspace(), mode, clock_.Now());
}

// ---- A turn ----

void Sequencer::Apply(std::vector<airspace::Effect> effects) {
  batch_.Add(effects);
  {
    const auto write = lock_.Write();
    contents_.airspace().Apply(effects);
    // Readers that look from here on see this batch, and wait for it to be durable.
    applied_seq_.store(batch_seq_, std::memory_order_release);
  }
  if (!hooks_.describe) return;
  std::move(effects.begin(), effects.end(), std::back_inserter(effects_));
}

void Sequencer::Apply(mechanism::DeskEffect effect) {
  batch_.Add(effect);
  const auto write = lock_.Write();
  contents_.desk().Apply(effect);
  applied_seq_.store(batch_seq_, std::memory_order_release);
  if (hooks_.describe) desk_effects_.push_back(std::move(effect));
}

void Sequencer::Apply(std::span<const dss::Effect> effects) {
  for (const dss::Effect& effect : effects) batch_.Add(effect);
  const auto write = lock_.Write();
  for (const dss::Effect& effect : effects) contents_.Apply(effect, batch_seq_);
  applied_seq_.store(batch_seq_, std::memory_order_release);
}

void Sequencer::Apply(uint32_t line, const line::Effect& effect) {
  batch_.Add(line, effect);
  const auto write = lock_.Write();
  contents_.line_logs().Index(line, effect, batch_seq_);
  applied_seq_.store(batch_seq_, std::memory_order_release);
  lines_changed_.insert(line);
}

void Sequencer::RulesChanged(const airspace::RuleBook& rules) {
  const std::lock_guard lock(rules_mutex_);
  rules_ = rules;
}

airspace::RuleBook Sequencer::rules() const {
  const std::lock_guard lock(rules_mutex_);
  return rules_;
}

bool Sequencer::IsLate(int64_t deadline_monotonic_us) {
  if (clock_.MonotonicMicros() <= deadline_monotonic_us) return false;
  overloaded_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Sequencer::TakeCommand(Asked asked) {
  if (IsLate(asked.deadline_monotonic_us)) {
    decided_.push_back({std::move(asked.answer),
                        base::Fail(Busy("the command waited too long; nothing was applied"))});
    return;
  }
  base::Result<airspace::Decision> decision = core_.Decide(asked.command, clock_.Now());
  commands_.fetch_add(1, std::memory_order_relaxed);
  if (!decision) refused_.fetch_add(1, std::memory_order_relaxed);
  decided_.push_back({std::move(asked.answer), std::move(decision)});
}

void Sequencer::KeepDssLog(std::shared_ptr<const record::SignerKey> key) {
  dss_log_key_ = std::move(key);
  const std::string& origin = dss_log_key_->verifier().name();
  if (contents_.dss_log().origin() == origin) return;
  const dss::Effect begun = dss::LogBegun{origin};
  Apply({&begun, 1});
}

void Sequencer::AddToDssLog(const dss::Command& command, base::UtcMicros now,
                            dss::Decision* decision) {
  decision->answer.logged = dss::LogOf(contents_.dss(), command, *decision, now);
  if (!decision->answer.logged) return;
  decision->effects.emplace_back(
      dss::LogEntry{contents_.dss_log().size(), decision->answer.logged->entry});
}

// The head of all entries so far, in the batch that holds the last of them or a later one; it leaves when that is
// durable.
void Sequencer::SignDssLog() {
  const DssLog& log = contents_.dss_log();
  if (dss_log_key_ == nullptr || log.size() == (log.head() ? log.head()->size : 0)) return;
  dss::LogHead head{log.size(), log.Root(), {}};
  const auto note = record::SignCheckpoint({head.size, head.root}, *dss_log_key_);
  head.note = record::FormatNote(note.value()).value();
  const dss::Effect effect = std::move(head);
  Apply({&effect, 1});
  dss_log_signed_ = true;
}

void Sequencer::TakeDss(DssAsked asked) {
  base::Result<dss::Answer> answer =
      base::Fail(Busy("the command waited too long; nothing was applied"));
  if (!IsLate(asked.deadline_monotonic_us)) {
    const base::UtcMicros now = NowOf(DataMode::kReal);
    base::Result<dss::Decision> decision =
        dss::Decide(contents_.dss(), asked.command, dss_policy_, now);
    commands_.fetch_add(1, std::memory_order_relaxed);
    if (!decision) refused_.fetch_add(1, std::memory_order_relaxed);
    if (!decision) {
      answer = base::Fail(std::move(decision).error());
    } else {
      if (dss_log_key_ != nullptr) AddToDssLog(asked.command, now, &*decision);
      answer = std::move(decision->answer);
      if (!decision->effects.empty()) Apply(decision->effects);
    }
  }
  if (std::holds_alternative<dss::Evict>(asked.command.request)) SignDssLog();
  if (!asked.answer) return;
  done_.push_back([give = std::move(asked.answer),
                   answer = std::move(answer)](const std::optional<base::Error>& failure) mutable {
    give(failure ? base::Fail(*failure) : std::move(answer));
  });
}

void Sequencer::Take(Queued queued) {
  if (auto* asked = std::get_if<Asked>(&queued)) return TakeCommand(std::move(*asked));
  if (auto* asked = std::get_if<DssAsked>(&queued)) return TakeDss(std::move(*asked));
  if (auto* working = std::get_if<Working>(&queued)) {
    if (IsLate(working->deadline_monotonic_us)) {
      const base::Error late = Busy("the command waited too long; nothing was applied");
      done_.push_back([late, never_done = std::move(working->never_done)](const auto& failure) {
        if (never_done) never_done(failure ? failure : late);
      });
      return;
    }
    commands_.fetch_add(1, std::memory_order_relaxed);
    done_.push_back(working->work(core_, Now()));
    return;
  }
  if (auto* frame = std::get_if<Frame>(&queued)) {
    core_.Receive(frame->peer, frame->path, frame->bytes, frame->at);
    Handled& handled = handled_[{frame->peer, frame->path}];
    ++handled.frames;
    handled.bytes += frame->bytes.size();
    return;
  }
  const auto& change = std::get<PathChange>(queued);
  core_.SetPath(change.peer, change.path, change.up);
}

bool Sequencer::Decide() {
  std::vector<Queued> taken = TakeQueued();
  if (taken.empty()) return false;
  size_t done = 0;
  for (; done < taken.size() && batch_.size() < limits::kSequencerBatchBytesMax; ++done) {
    Take(std::move(taken[done]));
  }
  taken_in_turn_ += done;
  if (done < taken.size()) {
    const std::lock_guard lock(queue_mutex_);
    queue_.insert(queue_.begin(), std::make_move_iterator(taken.begin() + static_cast<long>(done)),
                  std::make_move_iterator(taken.end()));
  }
  return true;
}

bool Sequencer::Step() {
  if (failed()) return false;
  if (!Decide() && clock_.MonotonicMicros() < core_.next_wake_monotonic_us()) return false;
  while (MayTakeMore()) Decide();
  CommitOrHandOver(FinishTurn());
  return true;
}

// While the turn before this one is written there is time to take in more.
bool Sequencer::MayTakeMore() {
  if (!two_threads_) return false;
  const bool full = taken_in_turn_ >= limits::kSequencerBatchCommandsMax ||
                    batch_.size() >= limits::kSequencerBatchBytesMax;
  std::unique_lock lock(queue_mutex_);
  wake_.wait(lock, [&] { return !committing_ || (!full && !queue_.empty()); });
  return committing_;
}

Sequencer::Turn Sequencer::FinishTurn() {
  Turn turn;
  turn.end = core_.Finish(Now());
  taken_in_turn_ = 0;
  const std::set<uint32_t> lines_changed = std::exchange(lines_changed_, {});
  if (!lines_changed.empty()) {
    const auto write = lock_.Write();
    for (const uint32_t line : lines_changed) {
      contents_.line_logs().SetState(line, core_.FindLine(peers_of_lines_.at(line))->state());
    }
  }
  for (const uint32_t line : lines_changed) turn.logs[line] = contents_.line_logs().SoFar(line);
  if (std::exchange(dss_log_signed_, false)) turn.dss_log_head = contents_.dss_log().head();
  turn.seq = batch_seq_;
  turn.time = clock_.Now();
  if (!batch_.empty()) {
    turn.batch = std::exchange(batch_, {}).Encode();
    ++batch_seq_;
  }
  const auto effects = std::exchange(effects_, {});
  const auto desk_effects = std::exchange(desk_effects_, {});
  if (!effects.empty() || !desk_effects.empty()) {
    turn.publish = hooks_.describe(turn.seq, effects, desk_effects);
  }
  turn.decided = std::exchange(decided_, {});
  turn.done = std::exchange(done_, {});
  turn.handled = std::exchange(handled_, {});
  return turn;
}

void Sequencer::CommitOrHandOver(Turn turn) {
  std::unique_lock lock(queue_mutex_);
  // With nothing else to decide, another thread would only have to be woken.
  if (!two_threads_ || queue_.empty()) {
    lock.unlock();
    return Commit(std::move(turn));
  }
  handed_ = std::move(turn);
  committing_ = true;
  handed_over_.notify_one();
}

void Sequencer::CommitTurns() {
  std::unique_lock lock(queue_mutex_);
  while (true) {
    handed_over_.wait(lock, [this] { return handed_.has_value() || no_more_turns_; });
    if (!handed_) return;
    Turn turn = *std::exchange(handed_, std::nullopt);
    lock.unlock();
    Commit(std::move(turn));
    lock.lock();
    committing_ = false;
    wake_.notify_all();
  }
}

void Sequencer::WaitForCommit() {
  std::unique_lock lock(queue_mutex_);
  wake_.wait(lock, [this] { return !committing_; });
}

void Sequencer::Commit(Turn turn) {
  std::optional<base::Error> failure;
  if (failed()) {
    // That of the turn before, while this one was decided.
    failure = StoreFailed();
  } else if (!turn.batch.empty()) {
    const int64_t started_us = clock_.MonotonicMicros();
    const base::Result<void> appended = store_.Append(turn.seq, turn.time, turn.batch);
    append_us_.fetch_add(static_cast<uint64_t>(clock_.MonotonicMicros() - started_us),
                         std::memory_order_relaxed);
    if (!appended) {
      failure = appended.error();
    } else {
      batches_.fetch_add(1, std::memory_order_relaxed);
      durable_seq_.store(turn.seq, std::memory_order_release);
      if (!turn.logs.empty()) {
        const auto write = lock_.Write();
        for (const auto& [line, logs] : turn.logs) contents_.line_logs().MarkDurable(line, logs);
      }
      if (turn.dss_log_head) {
        const auto write = lock_.Write();
        contents_.dss_log().MarkDurable(turn.dss_log_head);
      }
    }
  }
  if (!failure) SendTurn(&turn);
  AnswerTogether([&] {
    if (turn.publish && !failure) turn.publish();
    for (Decided& each : turn.decided) {
      if (!each.answer) continue;
      each.answer(failure ? base::Fail(*failure) : std::move(each.result));
    }
    for (const Done& each : turn.done) {
      if (each) each(failure);
    }
    if (!failure) ReleaseReaders(true);
  });
  if (failure) Fail(*failure);
}

void Sequencer::SendTurn(Turn* turn) {
  if (!turn->end.frames.empty() && hooks_.on_frames) hooks_.on_frames(std::move(turn->end.frames));
  for (const auto& [whose, handled] : turn->handled) {
    if (hooks_.on_handled) {
      hooks_.on_handled(whose.first, whose.second, handled.frames, handled.bytes);
    }
  }
  if (!hooks_.on_trouble) return;
  for (const mechanism::PeerTrouble& trouble : turn->end.troubles) hooks_.on_trouble(trouble);
}

void Sequencer::AnswerTogether(const std::function<void()>& give) {
  if (hooks_.answer_together) {
    hooks_.answer_together(give);
  } else {
    give();
  }
}

void Sequencer::Fail(const base::Error& error) {
  std::deque<Queued> refused;
  bool first = false;
  {
    const std::lock_guard lock(queue_mutex_);
    first = !failed_.exchange(true, std::memory_order_acq_rel);
    refused.swap(queue_);
  }
  AnswerTogether([&] {
    for (Queued& queued : refused) {
      if (const auto* asked = std::get_if<Asked>(&queued); asked && asked->answer) {
        asked->answer(base::Fail(error));
      } else if (const auto* working = std::get_if<Working>(&queued);
                 working && working->never_done) {
        working->never_done(error);
      } else if (const auto* dss = std::get_if<DssAsked>(&queued); dss && dss->answer) {
        dss->answer(base::Fail(error));
      }
    }
    ReleaseReaders(false);
  });
  // The turn that was in the making meanwhile fails as well.
  if (first && hooks_.on_failure) hooks_.on_failure(error);
}

void Sequencer::WhenDurable(uint64_t seq, std::function<void(bool)> done) {
  {
    const std::lock_guard lock(readers_mutex_);
    if (seq > durable_seq() && !failed()) {
      readers_.emplace(seq, std::move(done));
      return;
    }
  }
  done(seq <= durable_seq());
}

void Sequencer::ReleaseReaders(bool durable) {
  std::vector<std::function<void(bool)>> released;
  {
    const std::lock_guard lock(readers_mutex_);
    const auto end = durable ? readers_.upper_bound(durable_seq()) : readers_.end();
    for (auto it = readers_.begin(); it != end; ++it) released.push_back(std::move(it->second));
    readers_.erase(readers_.begin(), end);
  }
  for (const auto& done : released) done(durable);
}

void Sequencer::SubmitTicks() {
  const int64_t now_us = clock_.MonotonicMicros();
  if (now_us < next_tick_us_) return;
  next_tick_us_ = now_us + limits::kTickPeriodUs;
  for (const DataMode mode : kModes) {
    // A full queue drops the tick: the next one does its work.
    (void)Submit({base::PartyId{}, airspace::Tick{mode}}, nullptr).has_value();
  }
  (void)SubmitDss({"", dss::Evict{}}, nullptr).has_value();
  const base::Uuid drawn = random_.NewUuidV4();
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back(Working{[drawn](mechanism::Core& core, line::Now now) -> Done {
                             core.Tick(drawn, now);
                             return nullptr;
                           },
                           nullptr, now_us + limits::kCommandDeadlineUs});
}

int64_t Sequencer::WaitUs() const {
  const int64_t now_us = clock_.MonotonicMicros();
  return std::clamp<int64_t>(std::min(next_tick_us_, core_.next_wake_monotonic_us()) - now_us, 1,
                             limits::kTickPeriodUs);
}

void Sequencer::Run() {
  two_threads_ = true;
  std::thread committer([this] { CommitTurns(); });
  DecideUntilStopped();
  {
    const std::lock_guard lock(queue_mutex_);
    no_more_turns_ = true;
  }
  handed_over_.notify_one();
  committer.join();
  two_threads_ = false;
}

void Sequencer::DecideUntilStopped() {
  while (true) {
    SubmitTicks();
    if (Step()) continue;
    std::unique_lock lock(queue_mutex_);
    if ((stopping_ && queue_.empty()) || failed()) return;
    wake_.wait_for(lock, std::chrono::microseconds(WaitUs()),
                   [this] { return !queue_.empty() || stopping_; });
  }
}

void Sequencer::Stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Sequencer::SetRefusal(std::optional<base::Error> refusal) {
  const std::lock_guard lock(queue_mutex_);
  refusal_ = std::move(refusal);
}

std::optional<base::Error> Sequencer::refusal() const {
  const std::lock_guard lock(queue_mutex_);
  return refusal_;
}

Sequencer::Statistics Sequencer::GetStatistics() const {
  return {batches_.load(std::memory_order_relaxed), commands_.load(std::memory_order_relaxed),
          refused_.load(std::memory_order_relaxed), overloaded_.load(std::memory_order_relaxed),
          append_us_.load(std::memory_order_relaxed)};
}

}  // namespace wideberth::service
