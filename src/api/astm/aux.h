// The auxiliary interface of a pool's operators, and the versioning interface. (/healthy is the node's own.)
//
// A node with an embedded store is a pool of its own: its dar_id is the id of its store, and it lists itself.
#ifndef WIDEBERTH_API_ASTM_AUX_H_
#define WIDEBERTH_API_ASTM_AUX_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "api/astm/context.h"
#include "net/router.h"

namespace wideberth::api::astm {

// The heartbeats of this node, since it was started. Thread-safe.
class Heartbeats {
 public:
  struct Heartbeat {
    base::UtcMicros time;
    std::string source;
    std::string reporter;  // empty: the node itself
    uint64_t index = 0;
    std::optional<base::UtcMicros> next_expected;
  };
  explicit Heartbeats(base::UtcMicros started) : last_{started, "Startup", "", 0, std::nullopt} {}

  void Add(Heartbeat heartbeat);  // its index is given here
  Heartbeat last() const;

 private:
  mutable std::mutex mutex_;
  Heartbeat last_;
};

// `context` and `heartbeats` outlive the router.
void AddAuxRoutes(net::Router* router, const Context* context, Heartbeats* heartbeats);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_AUX_H_
