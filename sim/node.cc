#include "sim/node.h"

#include <fmt/core.h>

#include <array>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "base/check.h"
#include "line/key_change.h"
#include "line/party_card.h"

namespace wideberth::sim {
namespace {

// 2026-11-21T10:00:00Z
constexpr int64_t kWorldStartUs = 1'795'255'200'000'000;
// How late a turn begins after what it is for.
constexpr int64_t kTurnDelayMaxUs = 5'000;
constexpr int64_t kBusyTurnDelayMaxUs = 100'000;  // one turn in 64
constexpr int64_t kTimerDelayMaxUs = 20'000;

// The keys and the card of a node after so many changes, made once: they would cost more than a run.
struct Identity {
  std::shared_ptr<const crypto::SecretKey> message_key;
  std::string card_text;
  line::PartyCard card;
};
const Identity& IdentityOf(size_t index, base::PartyId party, uint32_t changes) {
  static std::map<std::pair<size_t, uint32_t>, Identity> made;
  const auto found = made.find({index, changes});
  if (found != made.end()) return found->second;
  const auto key = [&](uint8_t role) {
    std::array<uint8_t, crypto::kEd25519KeyBytes> seed{};
    seed[0] = static_cast<uint8_t>(index + 1);
    seed[1] = role;
    seed[2] = static_cast<uint8_t>(changes);
    seed[3] = static_cast<uint8_t>(changes >> 8);
    return crypto::SecretKey::FromSeed(seed).value();
  };
  const std::array<crypto::SecretKey, line::kKeyRoles.size()> keys = {key(0), key(1), key(2),
                                                                      key(3)};
  std::string text = line::MakeCard(party, std::string(1, static_cast<char>('a' + index)), keys,
                                    {kWorldStartUs + static_cast<int64_t>(changes)})
                         .value();
  line::PartyCard card = line::ReadCard(text).value();
  return made
      .emplace(std::pair(index, changes),
               Identity{std::make_shared<const crypto::SecretKey>(key(0)), std::move(text),
                        std::move(card)})
      .first->second;
}

// How many changes have made that key the one in force.
uint32_t ChangesOf(size_t index, base::PartyId party, const std::vector<line::KeyEpoch>& epochs) {
  uint32_t changes = 0;
  while (!epochs.empty() &&
         IdentityOf(index, party, changes).message_key->public_key() != epochs.back().key) {
    ++changes;
  }
  return changes;
}

base::Bytes EncodeEffects(const std::vector<line::Effect>& effects) {
  base::Bytes bytes;
  for (const line::Effect& effect : effects) line::EncodeEffect(effect, &bytes);
  return bytes;
}

std::vector<line::Effect> DecodeEffects(base::ByteView bytes) {
  std::vector<line::Effect> effects;
  while (!bytes.empty()) {
    auto effect = line::DecodeEffect(&bytes);
    CHECK_MSG(effect.has_value(), "a whole batch holds what was encoded into it");
    effects.push_back(std::move(*effect));
  }
  return effects;
}

base::Bytes Encode(const line::LineState& state) {
  base::Bytes bytes;
  state.Encode(&bytes);
  return bytes;
}

}  // namespace

base::Result<line::LogEntry> Node::Log::ReadEntry(uint64_t seq) const {
  if (seq == 0 || seq > entries.size()) {
    return base::Fail(base::ErrorCode::kStorage, "seq", "must have been written",
                      std::to_string(seq) + " of " + std::to_string(entries.size()));
  }
  return entries[static_cast<size_t>(seq - 1)];
}

Node::Node(NodeConfig config, Timeline* timeline, base::SeededRandom* random, const Trace* trace,
           Network* network, NodeWatcher* watcher)
    : config_(std::move(config)),
      timeline_(timeline),
      random_(random),
      trace_(trace),
      network_(network),
      watcher_(watcher) {}

line::Now Node::now() const {
  const int64_t true_us = timeline_->now_us();
  const int64_t alive_us = true_us - started_us_;
  return {{kWorldStartUs + config_.wall_offset_us + wall_step_us_ + true_us +
           true_us * config_.wall_drift_ppm / 1'000'000},
          monotonic_start_us_ + alive_us + alive_us * config_.monotonic_drift_ppm / 1'000'000};
}

void Node::After(int64_t delay_us, Timeline::Action action) {
  timeline_->After(delay_us, [this, life = life_, action = std::move(action)] {
    if (life == life_ && running()) action();
  });
}

// ---- Life ----

void Node::Start() {
  CHECK(!running());
  ++life_;
  started_us_ = timeline_->now_us();
  monotonic_start_us_ = random_->Between(0, int64_t{1} << 40);
  std::vector<base::Bytes> batches = disk_.Recover();
  line::LineState state = Replay(batches);
  states_.resize(batches.size());
  // What was not known to be durable and is on the disk all the same is durable from here on.
  for (const Batch& batch : not_durable_) {
    if (batch.number > batches.size()) break;
    for (const line::Effect& effect : batch.effects) watcher_->OnDurable(*this, effect);
  }
  not_durable_.clear();
  watcher_->OnStart(*this, state, states_.empty() ? Encode(line::LineState()) : states_.back());
  if (config_.fault == Fault::kForgetEffectAtCrash && !batches.empty()) {
    ForgetLastEffect(&batches);
    state = Replay(batches);
    states_.back() = Encode(state);
  }
  line::EndpointConfig config;
  config.self = config_.self;
  config.peer = config_.peer_party;
  config.boot = random_->NewUuidV4();
  config.understands = {{{"note", 1}, {"text"}},
                        {{"policy-lane", 1}, {}},
                        {{"receipt", 1}, {}},
                        {{"key-change", 1}, {}}};
  key_changes_ = ChangesOf(config_.index, config_.self, state.own.keys);
  line::OwnKeys keys;
  for (uint32_t i = key_changes_ + 1; i-- > 0;) {
    keys.push_back(IdentityOf(config_.index, config_.self, i).message_key);
  }
  const uint32_t of_peer = ChangesOf(config_.peer, config_.peer_party, state.mirror.keys);
  endpoint_ =
      std::make_unique<line::Endpoint>(std::move(config), std::move(keys),
                                       IdentityOf(config_.peer, config_.peer_party, of_peer).card,
                                       std::move(state), own_, mirror_, now());
  trace_->Say([&] {
    return fmt::format("{} starts with {} batches: {} own entries, {} of the peer", name(),
                       batches.size(), own_.entries.size(), mirror_.entries.size());
  });
  TurnSoon(0);
}

void Node::Crash() {
  CHECK(running());
  endpoint_.reset();
  inbox_.clear();
  held_.clear();
  turn_due_ = false;
  syncing_ = false;
  crash_in_sync_ = nullptr;
  const bool torn = disk_.Crash(random_);
  trace_->Say([&] { return fmt::format("{} crashes{}", name(), torn ? ", a batch torn" : ""); });
  watcher_->OnCrash(*this, torn);
}

line::LineState Node::Replay(const std::vector<base::Bytes>& batches) {
  own_.entries.clear();
  mirror_.entries.clear();
  line::LineState state;
  for (const base::Bytes& batch : batches) {
    for (const line::Effect& effect : DecodeEffects(batch)) {
      state.Apply(effect);
      Remember(effect);
    }
  }
  return state;
}

void Node::ForgetLastEffect(std::vector<base::Bytes>* batches) {
  std::vector<line::Effect> effects = DecodeEffects(batches->back());
  if (!effects.empty()) effects.pop_back();
  batches->back() = EncodeEffects(effects);
  disk_.Replace(*batches);
}

void Node::Remember(const line::Effect& effect) {
  if (const auto* written = std::get_if<line::EntryWritten>(&effect)) {
    own_.entries.push_back(written->entry);
  } else if (const auto* mirrored = std::get_if<line::EntryMirrored>(&effect)) {
    mirror_.entries.push_back(mirrored->entry);
  }
}

// ---- What comes in ----

void Node::SetPath(size_t path, bool up) {
  CHECK(running());
  trace_->Say([&] { return fmt::format("{} path {} {}", name(), path, up ? "up" : "down"); });
  endpoint_->SetPath(path, up);
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
}

void Node::Receive(size_t path, const line::SharedBytes& frame) {
  CHECK(running());
  trace_->Say([&] {
    return fmt::format("{} path {} gets {} of {} bytes", name(), path, (*frame)[0], frame->size());
  });
  inbox_.emplace_back(path, frame);
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
}

base::Result<base::Digest> Node::Write(line::Draft draft) {
  CHECK(running());
  trace_->Say([&] {
    return fmt::format("{} writes {} of {} bytes on the {} lane", name(), draft.type.ShortName(),
                       draft.body.size(), draft.lane == line::Lane::kPolicy ? "policy" : "safety");
  });
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
  return endpoint_->Write(std::move(draft), now());
}

base::Result<void> Node::SetPolicyLane(bool suspended) {
  CHECK(running());
  trace_->Say([&] {
    return fmt::format("{} {} the policy lane", name(), suspended ? "suspends" : "opens");
  });
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
  return endpoint_->SetPolicyLane(suspended, now());
}

base::Result<base::Digest> Node::ChangeKeys() {
  CHECK(running());
  const Identity& next = IdentityOf(config_.index, config_.self, ++key_changes_);
  trace_->Say([&] { return fmt::format("{} changes its keys, {}", name(), key_changes_); });
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
  return endpoint_->ChangeKeys(line::WriteKeyChange({next.card_text, {}, std::nullopt}),
                               next.message_key, now());
}

base::Result<void> Node::ConfirmRecovered() {
  CHECK(running());
  TurnSoon(random_->Between(0, kTurnDelayMaxUs));
  return endpoint_->ConfirmRecovered();
}

// ---- Turns ----

void Node::TurnSoon(int64_t delay_us) {
  if (turn_due_) return;
  turn_due_ = true;
  if (random_->Below(64) == 0) delay_us += random_->Between(0, kBusyTurnDelayMaxUs);
  After(delay_us, [this] { Turn(); });
}

void Node::Turn() {
  turn_due_ = false;
  ++turns_;
  for (const auto& [path, frame] : std::exchange(inbox_, {})) {
    endpoint_->Receive(path, *frame, now());
  }
  line::Output output = endpoint_->Finish(now());
  trace_->Say([&] {
    return fmt::format("{} turn: {} effects, {} frames, {} received, {}", name(),
                       output.effects.size(), output.frames.size(), output.received.size(),
                       line::Name(endpoint_->liveness().state()));
  });
  watcher_->OnTurn(*this, output);
  if (!output.effects.empty()) Append(std::move(output.effects));
  if (not_durable_.empty() || config_.fault == Fault::kSendBeforeDurable) {
    SendFrames(output.frames);
  } else if (!output.frames.empty()) {
    held_.push_back({disk_.batches(), std::move(output.frames)});
  }
  StartSync();
  WakeInTime();
}

void Node::WakeInTime() {
  const int64_t wake_us = endpoint_->next_wake_monotonic_us();
  if (wake_us == std::numeric_limits<int64_t>::max()) return;
  const int64_t now_us = now().monotonic_us;
  int64_t wait_us = wake_us > now_us ? wake_us - now_us : 0;
  wait_us += wait_us * -config_.monotonic_drift_ppm / 1'000'000;
  After(wait_us + random_->Between(0, kTimerDelayMaxUs), [this, turn = turns_] {
    if (turn == turns_) TurnSoon(0);
  });
}

void Node::Append(std::vector<line::Effect> effects) {
  for (const line::Effect& effect : effects) Remember(effect);
  const size_t number = disk_.Append(EncodeEffects(effects));
  states_.push_back(Encode(endpoint_->state()));
  not_durable_.push_back({number, std::move(effects)});
}

void Node::StartSync() {
  if (syncing_ || not_durable_.empty()) return;
  syncing_ = true;
  int64_t sync_us = random_->Between(config_.sync_us, 3 * config_.sync_us);
  if (random_->Below(16) == 0) sync_us += random_->Between(0, config_.slow_sync_us);
  After(sync_us, [this, batches = disk_.BeginSync()] { EndSync(batches); });
  if (crash_in_sync_ != nullptr) {
    After(random_->Between(0, sync_us - 1), [this] {
      const Timeline::Action then = std::exchange(crash_in_sync_, nullptr);
      if (then == nullptr) return;
      Crash();
      then();
    });
  }
}

void Node::EndSync(size_t batches) {
  syncing_ = false;
  disk_.EndSync(batches);
  while (!not_durable_.empty() && not_durable_.front().number <= batches) {
    for (const line::Effect& effect : not_durable_.front().effects) {
      watcher_->OnDurable(*this, effect);
    }
    not_durable_.pop_front();
  }
  while (!held_.empty() && held_.front().batch <= batches) {
    SendFrames(held_.front().frames);
    held_.pop_front();
  }
  StartSync();
}

void Node::SendFrames(const std::vector<line::Outgoing>& frames) {
  for (const line::Outgoing& frame : frames) {
    network_->Send(config_.index, config_.peer, frame.path, frame.bytes);
  }
}

}  // namespace wideberth::sim
