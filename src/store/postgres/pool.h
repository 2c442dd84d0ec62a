// The DSS over a database that several nodes share: a pool. Each node serves all of it.
//
// Writes are queued and taken by a few threads, each with a connection, which put what may share a transaction into
// one (accept.h). What would wait there for another transaction of this node waits in the queue, and goes into one with
// all that has come meanwhile. Reads are answered from memory (read_index.h): one that arrives waits for a fetch that
// began after it, which all that wait share, and so shows whatever any node has answered before it. The node itself
// takes away what ended long ago, and changes that every node has long seen.
//
// While the database is away writes and reads are answered kBusy, after a while: nothing is guessed from memory.
#ifndef WIDEBERTH_STORE_POSTGRES_POOL_H_
#define WIDEBERTH_STORE_POSTGRES_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/host.h"
#include "store/postgres/accept.h"
#include "store/postgres/connection.h"
#include "store/postgres/pool_log.h"
#include "store/postgres/read_index.h"

namespace wideberth::store::postgres {

inline constexpr int64_t kPollUs = 10'000;  // of the change feed, while nobody reads
inline constexpr int64_t kReadDeadlineUs = 8 * base::kMicrosPerSecond;
inline constexpr int64_t kWriteDeadlineUs = 8 * base::kMicrosPerSecond;
inline constexpr size_t kQueueCommandsMax = 16'384;
inline constexpr size_t kTransactionCommandsMax = 64;
inline constexpr int64_t kChangesKeptUs = 15 * base::kMicrosPerMinute;

struct PoolOptions {
  Address address;
  std::string locality;  // of this node; no other's
  std::string public_endpoint;
  dss::Policy policy;  // notification indices are times in a pool, whatever it says
  int writers = 4;     // connections that accept
  std::optional<PoolLogOptions>
      log;  // of the accepted writes; all nodes of the pool have it, or none
  // Around answers that are given together; must call `give` once, on this thread.
  std::function<void(const std::function<void()>& give)> answer_together;
};

class Pool final : public dss::Host {
 public:
  // Refuses a database that is not migrated, whose locks hold nothing (schema.h), that is away, or that has another
  // log. Reads all of it.
  static base::Result<std::unique_ptr<Pool>> Open(PoolOptions options, const base::Clock& clock,
                                                  base::RandomSource& random);
  ~Pool() override;

  base::Result<void> Submit(dss::Command command, Answered answered) override;
  void Read(Reading reading, Prepare prepare) override;
  dss::State::Statistics GetStatistics() const override;
  std::string dar_id() const override { return dar_id_; }
  std::string locality() const override { return options_.locality; }
  void ListInstances(Listed listed) override;
  void AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) override;
  std::optional<dss::PoolStatistics> GetPoolStatistics() const override;
  dss::TransparencyLog* log() override { return log_.get(); }

  // Finishes what is being decided, refuses what is queued, ends the threads.
  void Stop() override;

 private:
  struct Asked {
    dss::Command command;
    Answered answered;
    int64_t deadline_monotonic_us = 0;
    std::optional<int64_t>
        behind;  // a lock that another transaction of this node had when it was looked at
  };
  struct Waiting {
    Reading reading;
    Prepare prepare;
    int64_t deadline_monotonic_us = 0;
  };
  // Done by the keeper on its connection; null if there is none.
  using Chore = std::function<void(Connection* connection)>;

  Pool(PoolOptions options, const base::Clock& clock, base::RandomSource& random);
  void StartThreads();
  void AcceptUntilStopped();
  bool IsBehind(const Asked& asked) const;
  std::vector<Asked> AwaitQueued();
  std::vector<Asked> TakeQueued(const Acceptor& acceptor, Plan* plan);
  void Release(const std::map<int64_t, bool>& locks);
  void GiveBack(std::vector<Asked> asked);
  void AnswerAll(std::vector<Asked>* asked,
                 base::Result<std::vector<base::Result<dss::Answer>>> answers);
  void FollowUntilStopped();
  bool Follow(std::unique_ptr<Connection>* connection);
  void ReadUntilStopped();
  void Show(const Waiting& waiting);
  void KeepUntilStopped();
  void Prune(Connection* connection);
  void RefuseLate();
  void AnswerTogether(const std::function<void()>& give) const;

  PoolOptions options_;
  const base::Clock& clock_;
  base::RandomSource& random_;
  std::string dar_id_;
  std::string log_origin_;  // empty: no log is kept
  std::unique_ptr<PoolLog> log_;
  ReadIndex index_;
  AcceptCounts counts_;
  std::atomic<uint64_t> fetches_ = 0;
  std::atomic<bool> reachable_ = true;

  mutable std::mutex mutex_;  // of all below
  bool stopping_ = false;
  std::condition_variable queue_wake_;
  std::deque<Asked> queue_;
  std::map<int64_t, int>
      held_;  // locks of transactions that this node has begun: how many hold them
  std::condition_variable follow_wake_;
  std::deque<Waiting> waiting_;  // for a fetch that begins after they came
  uint64_t arrived_ = 0;         // all that ever were in it
  std::condition_variable read_wake_;
  std::deque<Waiting> readable_;
  std::condition_variable keep_wake_;
  std::deque<Chore> chores_;

  std::vector<std::thread> threads_;
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_POOL_H_
