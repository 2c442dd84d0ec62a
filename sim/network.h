// The network between simulated nodes: several paths between each two, and on each path two ways with faults of their
// own. It is worse than what a line runs on: frames of one path overtake each other and come twice.
//
// A frame is lost at random, in a cut, and where an end of the path is down when it is sent or when it comes. What was
// under way when a cut began may still come. Deterministic: chance comes from the seed. Not thread-safe.
#ifndef WIDEBERTH_SIM_NETWORK_H_
#define WIDEBERTH_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/random.h"
#include "line/log_entry.h"
#include "sim/timeline.h"

namespace wideberth::sim {

// How one way of one path treats a frame.
struct Conditions {
  double loss = 0;
  double duplication = 0;
  int64_t delay_us = 1'000;
  int64_t jitter_us = 0;    // up to so much more, uniform
  double straying = 0;      // frames that take up to
  int64_t straying_us = 0;  // so much longer
};

struct NetworkCounts {
  uint64_t sent = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;
};

class Network {
 public:
  using Deliver = std::function<void(size_t to, size_t path, const line::SharedBytes& frame)>;

  // A frame that is lost or takes this long makes its path unhealthy.
  static constexpr int64_t kHealthyDelayUs = 500'000;

  Network(size_t nodes, size_t paths, Timeline* timeline, base::SeededRandom* random,
          Deliver deliver);

  size_t paths() const { return paths_; }
  void SetConditions(size_t from, size_t to, size_t path, const Conditions& conditions);
  // Cuts of one way may overlap; it carries again when all have ended.
  void BeginCut(size_t from, size_t to, size_t path);
  void EndCut(size_t from, size_t to, size_t path);
  // The end of a path at `node` towards `peer`; all are down at first.
  void SetEnd(size_t node, size_t peer, size_t path, bool up);
  bool end_up(size_t node, size_t peer, size_t path) const;

  void Send(size_t from, size_t to, size_t path, line::SharedBytes frame);

  // Some path has both ends up and this way not cut.
  bool Carries(size_t from, size_t to) const;
  // How long some path has carried all of both ways within kHealthyDelayUs; negative when none does.
  int64_t HealthyForUs(size_t a, size_t b) const;
  const NetworkCounts& counts() const { return counts_; }

 private:
  struct Way {
    Conditions conditions;
    unsigned cuts = 0;
    bool end_up = false;          // at the sender
    int64_t unhealthy_at_us = 0;  // the latest moment
  };
  Way& At(size_t from, size_t to, size_t path) { return ways_[Index(from, to, path)]; }
  const Way& At(size_t from, size_t to, size_t path) const { return ways_[Index(from, to, path)]; }
  size_t Index(size_t from, size_t to, size_t path) const {
    return (from * nodes_ + to) * paths_ + path;
  }
  bool CarriesOn(size_t from, size_t to, size_t path) const;
  void SendOnce(size_t from, size_t to, size_t path, const line::SharedBytes& frame);
  void Lose(Way* way);

  const size_t nodes_;
  const size_t paths_;
  Timeline* const timeline_;
  base::SeededRandom* const random_;
  const Deliver deliver_;
  std::vector<Way> ways_;
  NetworkCounts counts_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_NETWORK_H_
