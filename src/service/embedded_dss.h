// The DSS in the store of one node: the sequencer decides, the state in memory is read. A pool of its own.
#ifndef WIDEBERTH_SERVICE_EMBEDDED_DSS_H_
#define WIDEBERTH_SERVICE_EMBEDDED_DSS_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dss/host.h"
#include "dss/transparency_log.h"
#include "record/merkle.h"
#include "service/contents.h"
#include "service/node.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

// Its transparency log. Hash tiles from level 1 up are made of what is in memory, under the shared lock; entries,
// level 0 and proofs are read from the store without it, 256 entries at a time: about as many batches as there were
// between them. Answers before it returns.
class DssLogReader final : public dss::TransparencyLog {
 public:
  // All outlive it.
  DssLogReader(const Contents& contents, StateLock& lock, store::Store& store,
               record::VerifierKey key)
      : contents_(contents), lock_(lock), store_(store), key_(std::move(key)) {}

  const record::VerifierKey& key() const override { return key_; }
  void ReadCheckpoint(Text done) override;
  void ReadTile(const record::TilePath& path, Text done) override;
  void Prove(std::string entry, Text done) override;
  Statistics GetStatistics() const override;

  // The root of the first `size` entries, which are durable.
  base::Result<base::Digest> RootAt(uint64_t size) const;

 private:
  class Nodes;
  base::Result<dss::LogHead> Head() const;
  base::Result<std::vector<std::string>> ReadBundle(uint64_t bundle, size_t count) const;
  base::Result<std::string> MakeTile(const record::TilePath& path) const;
  base::Result<uint64_t> IndexOf(const std::string& entry, uint64_t size) const;
  base::Result<std::string> MakeProof(const std::string& entry) const;

  const Contents& contents_;
  StateLock& lock_;
  store::Store& store_;
  const record::VerifierKey key_;
};

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
  dss::TransparencyLog* log() override { return log_.get(); }
  std::string dar_id() const override { return names_.dar_id; }
  std::string locality() const override { return names_.locality; }
  void ListInstances(Listed listed) override;
  // Kept since the node was started.
  void AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) override;

 private:
  Node& node_;
  const Names names_;
  const std::unique_ptr<dss::TransparencyLog> log_;
  std::mutex mutex_;
  dss::Heartbeat last_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_EMBEDDED_DSS_H_
