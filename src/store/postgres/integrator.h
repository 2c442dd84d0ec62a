// Gives the entries of a pool's log their indices and signs the head: one node at a time.
//
// Who does it holds a lease, a row with an epoch and a time by the database's clock. Time only says when another may
// try; what keeps a deposed holder from publishing is the epoch: a new holder raises it, and everything that a holder
// publishes is one transaction that first locks the row, by its own epoch, and ends with it.
//
//   integrator.Hold(connection)                 true while the lease is ours: taken, kept or renewed
//   integrator.Begin(connection)                locks the row, reads what waits, makes tiles and the signed head
//   integrator.Publish(connection)              stores them and commits
//
// A holder that stops between the two has the row locked until the server ends its session (kIdleInTransactionMs): that
// undoes the transaction, and nothing that it signed has left it. So a head is in the database before anybody sees it.
//
// Belongs to one thread.
#ifndef WIDEBERTH_STORE_POSTGRES_INTEGRATOR_H_
#define WIDEBERTH_STORE_POSTGRES_INTEGRATOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "record/tile.h"
#include "store/postgres/connection.h"

namespace wideberth::store::postgres {

inline constexpr int64_t kLeaseUs = 3'000'000;
inline constexpr int64_t kLeaseRenewedUs = 1'000'000;
inline constexpr int kLockWaitMs = 1'000;  // for the row
inline constexpr int64_t kEntriesAtOnceMax = 4'096;

class Integrator {
 public:
  // `key` outlives it. `holder` is for people who look into the row.
  Integrator(const record::SignerKey& key, std::string holder);
  ~Integrator();

  static std::span<const Statement> statements();
  // What a connection wants to be told once, before it is used here.
  static base::Result<void> Prepare(Connection* connection);

  // False while another holds it. After a failure nothing is known: as not held.
  base::Result<bool> Hold(Connection* connection, int64_t monotonic_us);

  struct Begun {
    uint64_t entries = 0;   // that get an index; 0: there is nothing to publish
    std::string waits_for;  // nodes that have yet to compare this server with what they have shown
  };
  // Fails with kConflict where the lease was lost (then epoch() is 0) or what is stored does not fit together. Without
  // entries the transaction has been ended.
  base::Result<Begun> Begin(Connection* connection);
  base::Result<void> Publish(Connection* connection);

  // Lets another have it at once.
  void Release(Connection* connection);

  int64_t epoch() const { return epoch_; }  // 0: not held

 private:
  struct Edge;
  struct Batch;
  base::Result<void> Resume(Connection* connection, const record::TreeHead& head);
  base::Result<void> Add(const Rows& staged, Connection* connection);
  void Forget(Connection* connection);

  const record::SignerKey& key_;
  const std::string holder_;
  int64_t epoch_ = 0;
  int64_t renewed_us_ = 0;
  std::unique_ptr<Edge> edge_;    // the right edge of what is published; null: to be read
  std::unique_ptr<Batch> batch_;  // begun and not published
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_INTEGRATOR_H_
