#include "service/sequencer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "airspace/codec.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace wideberth::service {
namespace {

using airspace::Command;
using airspace::DataMode;

constexpr std::array<DataMode, airspace::kDataModes> kModes = {DataMode::kReal, DataMode::kExercise,
                                                               DataMode::kTest};

// The data mode whose time a command is decided at.
struct ModeOf {
  const airspace::State& state;

  DataMode OfNotice(base::NoticeId id) const {
    const airspace::Notice* notice = state.FindNotice(id);
    return notice == nullptr ? DataMode::kReal : notice->data_mode();
  }
  DataMode OfConflict(const base::Digest& id) const {
    const airspace::Conflict* conflict = state.FindConflict(id);
    return conflict == nullptr ? DataMode::kReal : conflict->data_mode;
  }
  DataMode operator()(const airspace::Declare& c) const {
    return c.prepared->declaration().data_mode;
  }
  DataMode operator()(const airspace::Withdraw& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::SetActivity& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AllClear& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Assess& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Disseminate& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::MarkConflictSeen& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::ProposeMeasures& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::Recheck& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AdoptRules&) const { return DataMode::kReal; }
  DataMode operator()(const airspace::SetClock& c) const { return c.mode; }
  DataMode operator()(const airspace::Tick& c) const { return c.mode; }
};

// The end of the year 9998, after which there is no time to write (base/time.h).
constexpr base::UtcMicros kLastTime{253'370'764'800 * base::kMicrosPerSecond - 1};

base::Error Busy(std::string_view rule) {
  return base::Fail(base::ErrorCode::kBusy, "", rule).value();
}

}  // namespace

Sequencer::Sequencer(airspace::State& state, StateLock& lock, store::Store& store,
                     const airspace::Rules& rules, const base::Clock& clock, Hooks hooks)
    : state_(state),
      lock_(lock),
      store_(store),
      rules_(rules),
      clock_(clock),
      hooks_(std::move(hooks)),
      applied_seq_(store.last_seq()),
      durable_seq_(store.last_seq()) {}

base::Result<void> Sequencer::Submit(Command command, Answer answer) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (failed()) {
      return base::Fail(base::ErrorCode::kStorage, "", "the store has failed; nothing was applied");
    }
    if (refusal_ && !command.party.uuid.is_nil()) return base::Fail(*refusal_);
    if (stopping_) return base::Fail(Busy("the node is stopping; nothing was applied"));
    if (queue_.size() >= limits::kSequencerQueueCommandsMax) {
      overloaded_.fetch_add(1, std::memory_order_relaxed);
      return base::Fail(Busy("the queue is full; nothing was applied"));
    }
    queue_.push_back({std::move(command), std::move(answer),
                      clock_.MonotonicMicros() + limits::kCommandDeadlineUs});
  }
  wake_.notify_one();
  return {};
}

std::vector<Sequencer::Queued> Sequencer::TakeQueued() {
  const std::lock_guard lock(queue_mutex_);
  std::vector<Queued> taken;
  const size_t count = std::min(queue_.size(), limits::kSequencerBatchCommandsMax);
  taken.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

base::UtcMicros Sequencer::NowOf(DataMode mode) const {
  base::UtcMicros now = clock_.Now();
  const airspace::SetClock set = state_.clock(mode);
  if (mode != DataMode::kReal && set.real.us != 0) {
    const double elapsed_us = static_cast<double>(now.us - set.real.us) * set.rate;
    // A fast clock stops where times end, long before it would overflow.
    const double room_us = static_cast<double>(kLastTime.us - set.shown.us);
    now.us = set.shown.us + static_cast<int64_t>(std::clamp(elapsed_us, -room_us, room_us));
  }
  return std::max(now, state_.LastTime(mode));
}

void Sequencer::DecideAndApply(Queued& queued, std::vector<airspace::Effect>* effects,
                               base::Bytes* bytes, std::vector<Decided>* decided) {
  if (clock_.MonotonicMicros() > queued.deadline_monotonic_us) {
    overloaded_.fetch_add(1, std::memory_order_relaxed);
    decided->push_back({std::move(queued.answer),
                        base::Fail(Busy("the command waited too long; nothing was applied"))});
    return;
  }
  // Only this thread changes the state, so reading it here needs no lock.
  const DataMode mode = std::visit(ModeOf{state_}, queued.command.body);
  const base::UtcMicros now = NowOf(mode);
  base::Result<airspace::Decision> decision =
      airspace::Decide(state_, rules_, crypto::Sha256, queued.command, now);
  commands_.fetch_add(1, std::memory_order_relaxed);
  if (!decision) {
    refused_.fetch_add(1, std::memory_order_relaxed);
  } else if (!decision->effects.empty()) {
    decision->effects.push_back(airspace::TimeAdvanced{mode, now});
    airspace::EncodeEffects(decision->effects, bytes);
    const auto write = lock_.Write();
    state_.Apply(decision->effects);
    // Readers that look from here on see this batch, and wait for it to be durable.
    applied_seq_.store(durable_seq() + 1, std::memory_order_release);
    for (airspace::Effect& effect : decision->effects) effects->push_back(std::move(effect));
    decision->effects.clear();
  }
  decided->push_back({std::move(queued.answer), std::move(decision)});
}

bool Sequencer::Step() {
  if (failed()) return false;
  std::vector<Queued> taken = TakeQueued();
  if (taken.empty()) return false;
  std::vector<airspace::Effect> effects;
  base::Bytes bytes;
  std::vector<Decided> decided;
  decided.reserve(taken.size());
  size_t done = 0;
  for (; done < taken.size() && bytes.size() < limits::kSequencerBatchBytesMax; ++done) {
    DecideAndApply(taken[done], &effects, &bytes, &decided);
  }
  if (done < taken.size()) {
    const std::lock_guard lock(queue_mutex_);
    queue_.insert(queue_.begin(), std::make_move_iterator(taken.begin() + static_cast<long>(done)),
                  std::make_move_iterator(taken.end()));
  }
  FinishBatch(effects, bytes, &decided);
  return true;
}

void Sequencer::FinishBatch(std::span<const airspace::Effect> effects, base::ByteView bytes,
                            std::vector<Decided>* decided) {
  std::optional<base::Error> failure;
  const uint64_t seq = durable_seq() + 1;
  if (!effects.empty()) {
    const int64_t started_us = clock_.MonotonicMicros();
    const base::Result<void> appended = store_.Append(seq, clock_.Now(), bytes);
    append_us_.fetch_add(static_cast<uint64_t>(clock_.MonotonicMicros() - started_us),
                         std::memory_order_relaxed);
    if (!appended) {
      failure = appended.error();
    } else {
      batches_.fetch_add(1, std::memory_order_relaxed);
      durable_seq_.store(seq, std::memory_order_release);
    }
  }
  AnswerTogether([&] {
    if (!effects.empty() && !failure && hooks_.on_durable) hooks_.on_durable(seq, effects);
    for (Decided& each : *decided) {
      if (!each.answer) continue;
      each.answer(failure ? base::Fail(*failure) : std::move(each.result));
    }
    if (!failure) ReleaseReaders(true);
  });
  if (failure) Fail(*failure);
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
  {
    const std::lock_guard lock(queue_mutex_);
    failed_.store(true, std::memory_order_release);
    refused.swap(queue_);
  }
  AnswerTogether([&] {
    for (Queued& queued : refused) {
      if (queued.answer) queued.answer(base::Fail(error));
    }
    ReleaseReaders(false);
  });
  if (hooks_.on_failure) hooks_.on_failure(error);
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
}

void Sequencer::Run() {
  while (true) {
    SubmitTicks();
    if (Step()) continue;
    std::unique_lock lock(queue_mutex_);
    if ((stopping_ && queue_.empty()) || failed()) return;
    wake_.wait_for(lock, std::chrono::microseconds(limits::kTickPeriodUs),
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
