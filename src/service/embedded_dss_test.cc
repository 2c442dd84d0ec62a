#include "service/embedded_dss.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "airspace/testing/world.h"
#include "dss/testing/host_contract.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using dss::testing::HarnessFactory;
using dss::testing::HostContract;

class OneNode final : public dss::testing::HostHarness {
 public:
  OneNode(const base::Clock& clock, const dss::Policy& policy) : policy_(policy) {
    NodeOptions options;
    options.dss = policy;
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
