#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace wideberth::sim {

Network::Network(size_t nodes, size_t paths, Timeline* timeline, base::SeededRandom* random,
                 Deliver deliver)
    : nodes_(nodes),
      paths_(paths),
      timeline_(timeline),
      random_(random),
      deliver_(std::move(deliver)),
      ways_(nodes * nodes * paths) {}

void Network::SetConditions(size_t from, size_t to, size_t path, const Conditions& conditions) {
  At(from, to, path).conditions = conditions;
}

void Network::BeginCut(size_t from, size_t to, size_t path) {
  ++At(from, to, path).cuts;
}

void Network::EndCut(size_t from, size_t to, size_t path) {
  Way& way = At(from, to, path);
  CHECK(way.cuts > 0);
  --way.cuts;
  way.unhealthy_at_us = timeline_->now_us();
}

void Network::SetEnd(size_t node, size_t peer, size_t path, bool up) {
  Way& way = At(node, peer, path);
  way.end_up = up;
  way.unhealthy_at_us = timeline_->now_us();
}

bool Network::end_up(size_t node, size_t peer, size_t path) const {
  return At(node, peer, path).end_up;
}

bool Network::CarriesOn(size_t from, size_t to, size_t path) const {
  return At(from, to, path).cuts == 0 && At(from, to, path).end_up && At(to, from, path).end_up;
}

bool Network::Carries(size_t from, size_t to) const {
  for (size_t path = 0; path < paths_; ++path) {
    if (CarriesOn(from, to, path)) return true;
  }
  return false;
}

int64_t Network::HealthyForUs(size_t a, size_t b) const {
  int64_t longest_us = -1;
  for (size_t path = 0; path < paths_; ++path) {
    if (!CarriesOn(a, b, path) || !CarriesOn(b, a, path)) continue;
    const int64_t since_us =
        std::max(At(a, b, path).unhealthy_at_us, At(b, a, path).unhealthy_at_us);
    longest_us = std::max(longest_us, timeline_->now_us() - since_us);
  }
  return longest_us;
}

void Network::Lose(Way* way) {
  ++counts_.lost;
  way->unhealthy_at_us = timeline_->now_us();
}

void Network::Send(size_t from, size_t to, size_t path, line::SharedBytes frame) {
  Way& way = At(from, to, path);
  if (!way.end_up) return;
  ++counts_.sent;
  if (random_->Unit() < way.conditions.duplication) {
    ++counts_.duplicated;
    SendOnce(from, to, path, frame);
  }
  SendOnce(from, to, path, frame);
}

void Network::SendOnce(size_t from, size_t to, size_t path, const line::SharedBytes& frame) {
  Way& way = At(from, to, path);
  const Conditions& conditions = way.conditions;
  if (!CarriesOn(from, to, path) || random_->Unit() < conditions.loss) return Lose(&way);
  int64_t delay_us = conditions.delay_us + random_->Between(0, conditions.jitter_us);
  if (random_->Unit() < conditions.straying) {
    delay_us += random_->Between(0, conditions.straying_us);
  }
  if (delay_us >= kHealthyDelayUs) way.unhealthy_at_us = timeline_->now_us();
  timeline_->After(delay_us, [this, from, to, path, frame] {
    Way& then = At(from, to, path);
    const bool swallowed = then.cuts > 0 && random_->Below(2) == 0;
    if (swallowed || !At(to, from, path).end_up) return Lose(&then);
    deliver_(to, path, frame);
  });
}

}  // namespace wideberth::sim
