#include "sim/machine.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/limits.h"
#include "store/memory/memory_store.h"

namespace wideberth::sim {
namespace {

// Ten minutes after the accounts were made, so that no clock that is off takes them for younger than an act.
constexpr base::UtcMicros kStart{1'800'015'000'000'000};  // 2027-01-15T12:10:00Z
constexpr int64_t kMonotonicStartUs = 1'000'000'000;
constexpr int64_t kMillion = 1'000'000;
// A node that asks to be called for ever at one moment is broken.
constexpr int kStepsAtOnceMax = 10'000;

// Says yes to a batch and writes it when the next comes; reads what it should have.
class LateStore final : public store::Store {
 public:
  explicit LateStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}

  base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) override {
    WB_RETURN_IF_ERROR(Flush());
    late_ = Late{seq, time, base::Bytes(bytes.begin(), bytes.end())};
    return {};
  }
  uint64_t last_seq() const override { return late_ ? late_->seq : inner_->last_seq(); }
  base::Digest last_chain() const override { return inner_->last_chain(); }
  base::Result<void> Replay(uint64_t from, const store::BatchVisitor& visit) override {
    WB_RETURN_IF_ERROR(Flush());
    return inner_->Replay(from, visit);
  }
  base::Result<void> WriteProjection(uint64_t, std::span<const store::ProjectionRow>) override {
    return {};
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
  struct Late {
    uint64_t seq;
    base::UtcMicros time;
    base::Bytes bytes;
  };
  base::Result<void> Flush() {
    if (!late_) return {};
    const Late late = *std::exchange(late_, std::nullopt);
    return inner_->Append(late.seq, late.time, late.bytes);
  }

  const std::unique_ptr<store::Store> inner_;
  std::optional<Late> late_;
};

base::Bytes CanonicalOf(const airspace::State& state, const mechanism::Desk& desk) {
  base::Bytes all = state.Canonical();
  const base::Bytes of_desk = desk.Canonical();
  all.insert(all.end(), of_desk.begin(), of_desk.end());
  return all;
}

}  // namespace

class Machine::SkewedClock final : public base::Clock {
 public:
  SkewedClock(const MachineConfig& config, const Timeline& timeline)
      : config_(config), timeline_(timeline) {}

  base::UtcMicros Now() const override {
    return {kStart.us + Drifted(config_.wall_drift_ppm) + config_.wall_offset_us};
  }
  int64_t MonotonicMicros() const override {
    return kMonotonicStartUs + Drifted(config_.monotonic_drift_ppm);
  }
  // The true time at which the monotonic clock shows at least this.
  int64_t TrueUs(int64_t monotonic_us) const {
    const int64_t since_us = monotonic_us - kMonotonicStartUs;
    return since_us * kMillion / (kMillion + config_.monotonic_drift_ppm) + 2;
  }

 private:
  int64_t Drifted(int64_t ppm) const {
    return timeline_.now_us() + timeline_.now_us() * ppm / kMillion;
  }

  const MachineConfig& config_;
  const Timeline& timeline_;
};

Machine::Machine(MachineConfig config, const airspace::RuleBook& rules, Timeline* timeline,
                 base::SeededRandom* random, MachineWatcher* watcher)
    : config_(std::move(config)),
      rules_(rules),
      timeline_(timeline),
      random_(random),
      watcher_(watcher),
      clock_(std::make_unique<SkewedClock>(config_, *timeline)),
      disk_(std::make_shared<store::memory::MemoryDisk>()) {}

Machine::~Machine() {
  // What an orderly stop would still write is nobody's business any more.
  disk_->CutPower();
}

base::UtcMicros Machine::utc() const {
  return clock_->Now();
}

const airspace::State& Machine::state() const {
  const airspace::State* state = nullptr;
  node_->Read([&](const airspace::State& read) { return (state = &read, 0); });
  return *state;  // one thread: nobody changes it behind the reader's back
}

const mechanism::Desk& Machine::desk() const {
  const mechanism::Desk* desk = nullptr;
  node_->ReadDesk(
      [&](const airspace::State&, const mechanism::Desk& read) { return (desk = &read, 0); });
  return *desk;
}

base::Bytes Machine::Canonical() const {
  return CanonicalOf(state(), desk());
}

base::Result<void> Machine::Start() {
  CHECK(!running());
  WB_ASSIGN_OR_RETURN(std::unique_ptr<store::Store> opened,
                      store::memory::MemoryStore::Open(disk_));
  if (config_.fault == NodeFault::kAcknowledgeBeforeDurable) {
    opened = std::make_unique<LateStore>(std::move(opened));
  }
  if (std::exchange(tell_restored_, false)) {
    WB_RETURN_IF_ERROR(opened->PutMeta(store::kRestoredFact, "yes"));
  }
  store_ = opened.get();
  // What is in force may have changed while it was down, and then it checks its notices before it is open.
  service::Contents recovered(*store_);
  WB_RETURN_IF_ERROR(
      store_->Replay(1, [&](const store::Batch& batch) { return recovered.Replay(batch); }));
  recovered_ = CanonicalOf(recovered.airspace(), recovered.desk());
  failed_ = false;
  service::NodeOptions options;
  options.random = random_;
  options.line = service::LineOptions{config_.party, config_.keys, config_.terms, config_.peers,
                                      config_.agreements};
  options.hooks.on_frames = [this](std::vector<mechanism::ToSend> frames) {
    watcher_->OnFrames(*this, std::move(frames));
  };
  options.hooks.on_trouble = [this](const mechanism::PeerTrouble& trouble) {
    watcher_->OnTrouble(*this, trouble);
  };
  options.hooks.describe =
      [this](uint64_t, std::span<const airspace::Effect>,
             std::span<const mechanism::DeskEffect> effects) -> service::Sequencer::Publish {
    std::vector<std::string> notes;
    for (const mechanism::DeskEffect& effect : effects) {
      const auto* written = std::get_if<mechanism::JournalWritten>(&effect);
      if (written != nullptr) notes.push_back(written->text);
    }
    if (notes.empty()) return nullptr;
    return [this, notes = std::move(notes)] {
      for (const std::string& note : notes) watcher_->OnJournal(*this, note);
    };
  };
  options.hooks.on_failure = [this](const base::Error&) { failed_ = true; };
  WB_ASSIGN_OR_RETURN(
      node_, service::Node::Open(std::move(opened), rules_, {}, *clock_, std::move(options)));
  started_us_ = timeline_->now_us();
  ++starts_;
  turn_planned_ = false;
  core_ = nullptr;
  // Everything about the core goes through its turns; what it is asked between them is read only.
  Do([this](mechanism::Core& core, line::Now) -> service::Sequencer::Done {
    core_ = &core;
    return nullptr;
  });
  while (node_->sequencer().Step()) {
  }
  CHECK(core_ != nullptr);
  TickInTime();
  return {};
}

void Machine::Crash() {
  CHECK(running());
  if (!failed_) may_recover_ = {Canonical()};
  if (failed_) may_recover_.push_back(Canonical());
  disk_->CutPower(static_cast<size_t>(random_->Below(4) == 0 ? 1 << 20 : random_->Below(600)));
  node_ = nullptr;
  core_ = nullptr;
  store_ = nullptr;
  ++starts_;
}

void Machine::KeepCopy() {
  CHECK(running());
  copy_ = disk_->Durable();
}

void Machine::SetBack() {
  CHECK(!running() && copy_);
  disk_->BringBack(*copy_);
  may_recover_.clear();
  tell_restored_ = true;
  ++set_back_;
}

void Machine::FailNextTurn() {
  may_recover_ = {Canonical()};
  if (random_->Below(2) == 0) {
    disk_->FailSync(1);
  } else {
    disk_->FailWrite(1, static_cast<size_t>(random_->Below(500)));
  }
}

void Machine::SetPath(base::PartyId peer, size_t path, bool up) {
  node_->sequencer().SetPath(peer, path, up);
  TurnSoon(0);
}

void Machine::Receive(base::PartyId peer, size_t path, const std::string& frame) {
  node_->sequencer().Receive(peer, path, frame);
  TurnSoon(random_->Between(0, 2'000));
}

void Machine::Do(service::Sequencer::Work work) {
  if (node_->sequencer().SubmitWork(std::move(work), nullptr)) TurnSoon(0);
}

void Machine::ChangeKeys(bool all) {
  using line::KeyRole;
  std::set<KeyRole> roles = {KeyRole::kMessage};
  if (all) roles.insert(line::kKeyRoles.begin(), line::kKeyRoles.end());
  node_->ChangeKeys({std::move(roles), false, std::nullopt, "admin"},
                    [](const base::Result<line::PartyCard>&) {});
  TurnSoon(0);
}

void Machine::Decide(airspace::Command command, service::Sequencer::Answer answer) {
  if (node_->sequencer().Submit(std::move(command), std::move(answer))) TurnSoon(0);
}

void Machine::TurnSoon(int64_t delay_us) {
  if (std::exchange(turn_planned_, true)) return;
  timeline_->After(delay_us, [this, start = starts_] {
    if (start == starts_ && running()) Turn();
  });
}

void Machine::Turn() {
  turn_planned_ = false;
  int steps = 0;
  while (node_->sequencer().Step()) {
    CHECK_MSG(++steps < kStepsAtOnceMax, "a node asks to be called again and again at one moment");
  }
  if (failed_) return watcher_->OnDiskFailure(*this);
  watcher_->OnTurn(*this, std::exchange(ticked_, false));
  WakeInTime();
}

void Machine::WakeInTime() {
  const int64_t wake_us = core_->next_wake_monotonic_us();
  if (wake_us == std::numeric_limits<int64_t>::max()) return;
  timeline_->At(clock_->TrueUs(wake_us), [this, wake = ++wake_, start = starts_] {
    if (start == starts_ && wake == wake_ && running()) TurnSoon(0);
  });
}

// As Sequencer::Run does by itself.
void Machine::TickInTime() {
  if (config_.fault != NodeFault::kTimeStands || timeline_->now_us() == 0) {
    for (size_t mode = 0; mode < airspace::kDataModes; ++mode) {
      Decide({base::PartyId{}, airspace::Tick{static_cast<airspace::DataMode>(mode)}}, nullptr);
    }
    Do([this, drawn = random_->NewUuidV4()](mechanism::Core& core,
                                            line::Now now) -> service::Sequencer::Done {
      core.Tick(drawn, now);
      ticked_ = true;
      return nullptr;
    });
  } else {
    ticked_ = true;
    TurnSoon(0);
  }
  timeline_->After(limits::kTickPeriodUs, [this, start = starts_] {
    if (start == starts_ && running()) TickInTime();
  });
}

}  // namespace wideberth::sim
