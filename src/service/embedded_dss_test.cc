#include "service/embedded_dss.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "airspace/testing/world.h"
#include "crypto/ed25519.h"
#include "dss/testing/host_contract.h"
#include "dss/testing/log_contract.h"
#include "record/signed_note.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using dss::testing::HarnessFactory;
using dss::testing::HostContract;

std::shared_ptr<const record::SignerKey> TestLogKey() {
  return std::make_shared<const record::SignerKey>(
      record::SignerKey::Make("dss.test/log", record::KeyAlgorithm::kEd25519,
                              crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value())
          .value());
}

class OneNode final : public dss::testing::HostHarness {
 public:
  OneNode(const base::Clock& clock, const dss::Policy& policy) : policy_(policy) {
    NodeOptions options;
    options.dss = policy;
    options.dss_log_key = TestLogKey();
    node_ = std::move(*Node::Open(store::memory::MemoryStore::Open(disk_).value(),
                                  airspace::testing::TestRules(), {}, clock, std::move(options)));
    host_ = std::make_unique<EmbeddedDss>(
        *node_, EmbeddedDss::Names{"the-pool", "here", "https://here.test"});
    node_->Start();
  }
  std::vector<dss::Host*> hosts() override { return {host_.get()}; }
  dss::Policy policy() const override { return policy_; }

 private:
  std::shared_ptr<store::memory::MemoryDisk> disk_ = std::make_shared<store::memory::MemoryDisk>();
  dss::Policy policy_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<EmbeddedDss> host_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, HostContract,
                         ::testing::Values(HarnessFactory(
                             [](const base::Clock& clock, const dss::Policy& policy, std::string*) {
                               return std::make_unique<OneNode>(clock, policy);
                             })));

}  // namespace
}  // namespace wideberth::service
