// Pools of one process over the throw-away server, and what a log of theirs needs.
#ifndef WIDEBERTH_STORE_POSTGRES_TESTING_POOLS_H_
#define WIDEBERTH_STORE_POSTGRES_TESTING_POOLS_H_

#include <memory>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "dss/decide.h"
#include "store/postgres/pool.h"

namespace wideberth::store::postgres::testing {

// An empty pool, migrated to this release.
Address NewPool(base::RandomSource* random);

// A node of it; the test fails, and the process ends, where it does not open.
std::unique_ptr<Pool> OpenPool(const Address& address, const std::string& locality,
                               const base::Clock& clock, base::RandomSource& random,
                               dss::Policy policy = {},
                               std::optional<PoolLogOptions> log = std::nullopt);

// A folder where nodes write down what they have shown; gone with the object.
class LogFolder {
 public:
  LogFolder();
  ~LogFolder();
  // The options of the node of that name; `seed` makes the key.
  PoolLogOptions Of(const std::string& locality, const std::string& origin = "pool.test/log",
                    uint8_t seed = 7) const;

 private:
  std::string folder_;
};

}  // namespace wideberth::store::postgres::testing

#endif  // WIDEBERTH_STORE_POSTGRES_TESTING_POOLS_H_
