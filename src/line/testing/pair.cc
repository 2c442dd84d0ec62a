#include "line/testing/pair.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "line/key_change.h"
#include "line/testing/values.h"

namespace wideberth::line::testing {
namespace {

Node MakeNode(uint8_t n, uint8_t peer, const PairConfig& config) {
  return {.config = {.self = TestParty(n),
                     .peer = TestParty(peer),
                     .boot = {},
                     .clock_error_ms = 5,
                     .understands = config.understands,
                     .record_keys = config.cosigning ? TestRecordKeys(n) : RecordKeys()},
          .keys = {std::make_shared<const crypto::SecretKey>(TestKey(n))},
          .key_changes = 0,
          .peer_card = TestCard(peer),
          .peer_keys = {TestKey(peer).public_key()},
          .disk = {},
          .endpoint = nullptr,
          .received = {},
          .troubles = {}};
}

}  // namespace

base::Result<LogEntry> MemoryLog::ReadEntry(uint64_t seq) const {
  ++reads_;
  if (damaged_ || seq == 0 || seq > entries_.size()) {
    return base::Fail(base::ErrorCode::kStorage, "seq", "must be readable", std::to_string(seq));
  }
  return entries_[static_cast<size_t>(seq - 1)];
}

void Disk::Commit(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    base::Bytes bytes;
    EncodeEffect(effect, &bytes);
    base::ByteView rest(bytes);
    const Effect read = DecodeEffect(&rest).value();
    CHECK(rest.empty());
    state.Apply(read);
    if (const auto* written = std::get_if<EntryWritten>(&read)) own.Append(written->entry);
    if (const auto* mirrored = std::get_if<EntryMirrored>(&read)) mirror.Append(mirrored->entry);
  }
}

std::vector<std::string> Node::notes() const {
  std::vector<std::string> bodies;
  for (const Received& one : received) {
    if (one.opened.message.type.name == "note") bodies.emplace_back(one.body());
  }
  return bodies;
}

size_t Node::Count(TroubleKind kind) const {
  return static_cast<size_t>(
      std::count_if(troubles.begin(), troubles.end(),
                    [&](const Trouble& trouble) { return trouble.kind == kind; }));
}

Pair::Pair(PairConfig config)
    : config_(std::move(config)),
      nodes_{MakeNode(1, 2, config_), MakeNode(2, 1, config_)},
      path_up_(config_.paths, false) {
  Start(0);
  Start(1);
}

Now Pair::now(size_t side) const {
  return {{kNoon.us + now_us_ + nodes_[side].clock_offset_us}, now_us_};
}

void Pair::SetPath(size_t path, bool up) {
  path_up_[path] = up;
  if (!up) {
    std::erase_if(flights_, [&](const Flight& flight) { return flight.path == path; });
  }
  for (Node& node : nodes_) {
    if (node.endpoint != nullptr) node.endpoint->SetPath(path, up);
  }
}

void Pair::ConnectAll() {
  for (size_t path = 0; path < path_up_.size(); ++path) SetPath(path, true);
}

void Pair::Crash(size_t side) {
  nodes_[side].endpoint.reset();
  flights_.clear();
  for (size_t path = 0; path < path_up_.size(); ++path) {
    Node& other = nodes_[1 - side];
    if (other.endpoint != nullptr) other.endpoint->SetPath(path, false);
  }
}

void Pair::Start(size_t side) {
  Node& node = nodes_[side];
  node.config.boot = TestBoot(static_cast<uint8_t>(side), ++node.starts);
  base::Bytes bytes;
  node.disk.state.Encode(&bytes);
  base::ByteView rest(bytes);
  LineState state = LineState::Decode(&rest).value();
  node.endpoint =
      std::make_unique<Endpoint>(node.config, node.keys, node.peer_card, std::move(state),
                                 node.disk.own, node.disk.mirror, now(side));
  if (nodes_[1 - side].endpoint == nullptr) return;
  for (size_t path = 0; path < path_up_.size(); ++path) {
    if (path_up_[path]) SetPath(path, true);
  }
}

base::Result<base::Digest> Pair::Write(size_t side, std::string body, Lane lane) {
  Draft draft;
  draft.type = {"note", 1};
  draft.lane = lane;
  draft.body = std::move(body);
  return Write(side, std::move(draft));
}

base::Result<base::Digest> Pair::Write(size_t side, Draft draft) {
  auto written = endpoint(side).Write(std::move(draft), now(side));
  Turn(side);
  return written;
}

base::Result<base::Digest> Pair::ChangeKeys(size_t side, const std::function<void()>& also) {
  Node& node = nodes_[side];
  const auto n = static_cast<uint8_t>(side + 1);
  const uint8_t change = ++node.key_changes;
  auto key = std::make_shared<const crypto::SecretKey>(std::move(TestKeys(n, change)[0]));
  node.keys.insert(node.keys.begin(), key);
  nodes_[1 - side].peer_keys.push_back(key->public_key());
  const KeyChange body{TestCardText(n, change), {}, std::nullopt};
  if (config_.cosigning) node.config.record_keys = TestRecordKeys(n, change);
  auto written =
      endpoint(side).ChangeKeys(WriteKeyChange(body), key, now(side), node.config.record_keys);
  if (also) also();
  Turn(side);
  return written;
}

std::vector<Trouble> Pair::Deliver(size_t side, std::string_view frame, size_t path) {
  endpoint(side).Receive(path, frame, now(side));
  const size_t troubles = Turn(side);
  const std::vector<Trouble>& all = nodes_[side].troubles;
  return {all.end() - static_cast<std::ptrdiff_t>(troubles), all.end()};
}

size_t Pair::Turn(size_t side) {
  Node& node = nodes_[side];
  Output output = node.endpoint->Finish(now(side));
  node.disk.Commit(output.effects);
  node.peer_card = node.endpoint->peer_card();
  for (Outgoing& outgoing : output.frames) {
    Flight flight{1 - side, outgoing.path, std::move(outgoing.bytes), now_us_ + delay_us[1 - side]};
    if (nodes_[1 - side].endpoint != nullptr && passes(flight)) {
      flights_.push_back(std::move(flight));
    }
  }
  std::move(output.received.begin(), output.received.end(), std::back_inserter(node.received));
  const size_t troubles = output.troubles.size();
  std::move(output.troubles.begin(), output.troubles.end(), std::back_inserter(node.troubles));
  if (output.link_changed) ++node.link_changes;
  return troubles;
}

void Pair::Run(int64_t us) {
  const int64_t until_us = now_us_ + us;
  int64_t instant_us = now_us_;
  for (size_t steps = 0; Step(until_us); ++steps) {
    if (now_us_ != instant_us) steps = 0;
    instant_us = now_us_;
    CHECK_MSG(steps < 10'000, "a node asks to be called again and again at one moment");
  }
  now_us_ = until_us;
}

// One event, if there is one in time.
bool Pair::Step(int64_t until_us) {
  const auto flight =
      std::min_element(flights_.begin(), flights_.end(),
                       [](const Flight& a, const Flight& b) { return a.due_us < b.due_us; });
  int64_t next_us = flight != flights_.end() ? flight->due_us : std::numeric_limits<int64_t>::max();
  size_t wakes = nodes_.size();
  for (size_t side = 0; side < nodes_.size(); ++side) {
    if (nodes_[side].endpoint == nullptr) continue;
    const int64_t wake_us = nodes_[side].endpoint->next_wake_monotonic_us();
    if (wake_us < next_us) {
      next_us = wake_us;
      wakes = side;
    }
  }
  if (next_us > until_us) return false;
  now_us_ = std::max(now_us_, next_us);
  if (wakes < nodes_.size()) {
    Turn(wakes);
    return true;
  }
  const Flight arrived = *flight;
  flights_.erase(flight);
  if (nodes_[arrived.to].endpoint != nullptr) {
    endpoint(arrived.to).Receive(arrived.path, *arrived.bytes, now(arrived.to));
    Turn(arrived.to);
  }
  return true;
}

}  // namespace wideberth::line::testing
