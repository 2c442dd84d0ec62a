#include "store/postgres/testing/pools.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/ed25519.h"
#include "record/signed_note.h"
#include "store/postgres/schema.h"
#include "store/postgres/testing/throwaway_server.h"

namespace wideberth::store::postgres::testing {

Address NewPool(base::RandomSource* random) {
  Address address = ThrowawayServer::Get().NewDatabase();
  auto connection = Connection::Open(address, {});
  EXPECT_TRUE(connection.has_value()) << connection.error().ToString();
  EXPECT_TRUE(Migrate(connection->get(), kSchemaVersion, random).has_value());
  return address;
}

std::unique_ptr<Pool> OpenPool(const Address& address, const std::string& locality,
                               const base::Clock& clock, base::RandomSource& random,
                               dss::Policy policy, std::optional<PoolLogOptions> log) {
  PoolOptions options;
  options.address = address;
  options.locality = locality;
  options.public_endpoint = "https://" + locality + ".test";
  options.policy = policy;
  options.log = std::move(log);
  auto pool = Pool::Open(std::move(options), clock, random);
  EXPECT_TRUE(pool.has_value()) << pool.error().ToString();
  CHECK(pool.has_value());
  return std::move(*pool);
}

LogFolder::LogFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "wb-log-XXXXXX").string();
  CHECK(mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
}

LogFolder::~LogFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

PoolLogOptions LogFolder::Of(const std::string& locality, const std::string& origin,
                             uint8_t seed) const {
  PoolLogOptions options;
  options.key = std::make_shared<const record::SignerKey>(
      record::SignerKey::Make(origin, record::KeyAlgorithm::kEd25519,
                              crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value())
          .value());
  options.shown_file = folder_ + "/" + locality;
  return options;
}

}  // namespace wideberth::store::postgres::testing
