// The DSS in the store of one node: the sequencer decides, the state in memory is read. A pool of its own.
#ifndef WIDEBERTH_SERVICE_EMBEDDED_DSS_H_
#define WIDEBERTH_SERVICE_EMBEDDED_DSS_H_

#include <mutex>
#include <string>

#include "dss/host.h"
#include "service/node.h"

namespace wideberth::service {

class EmbeddedDss final : public dss::Host {
 public:
  struct Names {
    std::string dar_id;
    std::string locality;
    std::string public_endpoint;
  };
  // `node` outlives it.
  EmbeddedDss(Node& node, Names names);

  base::Result<void> Submit(dss::Command command, Answered answered) override;
  void Read(Reading reading, Prepare prepare) override;
  dss::State::Statistics GetStatistics() const override;
  std::string dar_id() const override { return names_.dar_id; }
  std::string locality() const override { return names_.locality; }
  void ListInstances(Listed listed) override;
  // Kept since the node was started.
  void AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) override;

 private:
  Node& node_;
  const Names names_;
  std::mutex mutex_;
  dss::Heartbeat last_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_EMBEDDED_DSS_H_
