// The transparency log of a pool, as one of its nodes keeps and shows it.
//
// Accepts stage the entries of their writes in their own transactions (accept.h). One node at a time gives them indices
// and signs (integrator.h). Every node shows what is in the database, by these rules:
//
//   - a head is shown when its tiles make it, when the tree that this node has shown before is what it begins with, and
//     once the node has written down, in a file of its own, that it shows it;
//   - where another server answers, or the same one started again, the log may be an older copy of itself. Nothing is
//     signed there before every node that shows the log has compared what it had shown (dss_log_node);
//   - what does not fit is written into the log's row. From then on no node signs or shows anything, and the log can
//     only begin again under another name. Writes go on, and their entries wait.
#ifndef WIDEBERTH_STORE_POSTGRES_POOL_LOG_H_
#define WIDEBERTH_STORE_POSTGRES_POOL_LOG_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "dss/transparency_log.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "store/postgres/connection.h"
#include "store/postgres/integrator.h"
#include "store/postgres/log_tables.h"

namespace wideberth::store::postgres {

inline constexpr int64_t kLogTickUs = 250'000;
inline constexpr size_t kLogReadsMax = 1'024;  // that wait

struct PoolLogOptions {
  std::shared_ptr<const record::SignerKey> key;  // of the log, the same on every node
  std::string shown_file;  // where the node writes down what it has shown; its folder must be there
};

class PoolLog final : public dss::TransparencyLog {
 public:
  // Begins the log where the database has none, or has one that is in trouble under another name. Refuses a log of
  // another name or key.
  static base::Result<std::unique_ptr<PoolLog>> Open(PoolLogOptions options, Address address,
                                                     std::string locality,
                                                     const base::Clock& clock);
  ~PoolLog() override;

  const record::VerifierKey& key() const override { return options_.key->verifier(); }
  void ReadCheckpoint(Text done) override;
  void ReadTile(const record::TilePath& path, Text done) override;
  void Prove(std::string entry, Text done) override;
  Statistics GetStatistics() const override;

  // Refuses what waits, ends the threads, and lets another node sign at once.
  void Stop();

 private:
  struct Shown {
    record::TreeHead head;
    std::string note;
  };
  // On the connection of those who read; null if there is none.
  using Job = std::function<void(Connection* connection)>;

  PoolLog(PoolLogOptions options, Address address, std::string locality, const base::Clock& clock);
  base::Result<void> ReadShownFile();
  base::Result<void> Begin(Connection* connection);
  void KeepUntilStopped();
  bool Keep(std::unique_ptr<Connection>* connection);
  base::Result<bool> Follow(Connection* connection);
  base::Result<bool> Integrate(Connection* connection);
  base::Result<void> Accuse(Connection* connection, const std::string& trouble);
  void Hide(std::string why);
  void ServeUntilStopped();
  void Ask(Text done, std::function<base::Result<std::string>(Connection*, const Shown&)> read);
  base::Result<Shown> ReadShown() const;

  const PoolLogOptions options_;
  const Address address_;
  const std::string locality_;
  const base::Clock& clock_;

  // The keeper's own.
  Integrator integrator_;
  std::optional<Shown> known_;  // what was shown last, also before a start
  std::string compared_;        // the identity of the server that was compared with it
  std::string waits_for_;       // the nodes, as was said
  std::string said_;            // why it could not be kept

  mutable std::mutex mutex_;  // of all below
  std::optional<Shown> shown_;
  std::string hidden_;  // why it is not shown; empty: it is
  uint64_t staged_ = 0;
  bool stopping_ = false;
  std::condition_variable keep_wake_;
  std::condition_variable serve_wake_;
  std::deque<Job> jobs_;

  std::thread keeper_;
  std::thread server_;
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_POOL_LOG_H_
