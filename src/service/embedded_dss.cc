#include "service/embedded_dss.h"

#include <utility>

namespace wideberth::service {

EmbeddedDss::EmbeddedDss(Node& node, Names names)
    : node_(node),
      names_(std::move(names)),
      last_{node.clock().Now(), "Startup", "", 0, std::nullopt} {}

base::Result<void> EmbeddedDss::Submit(dss::Command command, Answered answered) {
  return node_.sequencer().SubmitDss(std::move(command), std::move(answered));
}

void EmbeddedDss::Read(Reading reading, Prepare prepare) {
  auto [answer, seq] = node_.ReadDss(
      [&](const dss::State& state, base::UtcMicros now) { return reading(state, now); });
  Show show = prepare(std::move(answer));
  Sequencer& sequencer = node_.sequencer();
  if (seq <= sequencer.durable_seq()) return show(std::nullopt);
  sequencer.WhenDurable(seq, [show = std::move(show)](bool durable) {
    if (durable) return show(std::nullopt);
    show(base::Error{base::ErrorCode::kStorage, "",
                     "the store has failed; what was read is not durable", ""});
  });
}

dss::State::Statistics EmbeddedDss::GetStatistics() const {
  return node_
      .ReadDss([](const dss::State& state, base::UtcMicros) { return state.GetStatistics(); })
      .first;
}

void EmbeddedDss::ListInstances(Listed listed) {
  std::vector<dss::Instance> instances(1);
  instances[0].locality = names_.locality;
  instances[0].public_endpoint = names_.public_endpoint;
  {
    const std::lock_guard lock(mutex_);
    instances[0].heartbeat = last_;
  }
  listed(std::move(instances));
}

void EmbeddedDss::AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) {
  {
    const std::lock_guard lock(mutex_);
    heartbeat.index = last_.index + 1;
    last_ = std::move(heartbeat);
  }
  ListInstances(std::move(listed));
}

}  // namespace wideberth::service
