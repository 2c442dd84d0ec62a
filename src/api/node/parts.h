// What a node is made of, and reading it from the files that a configuration names.
#ifndef WIDEBERTH_API_NODE_PARTS_H_
#define WIDEBERTH_API_NODE_PARTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/rules.h"
#include "api/cosign/witnesses.h"
#include "api/web/console.h"
#include "base/result.h"
#include "crypto/token.h"
#include "dss/host.h"
#include "geo/altitude.h"
#include "link/peers.h"
#include "operators/account.h"
#include "record/signed_note.h"
#include "service/config.h"
#include "service/node.h"
#include "store/store.h"

namespace wideberth::api::node {

// What line mode needs beside the node.
struct LineParts {
  service::LineOptions node;
  std::string listen_address;
  uint16_t listen_port = 0;
  std::vector<link::PeerPaths> peers;
  cosign::WitnessesOfPeers witnesses = {};
  // What guessing an operator's password costs.
  crypto::KdfCost account_cost = operators::kAccountKdfCost;
};

struct Parts {
  std::unique_ptr<store::Store> store;
  std::unique_ptr<dss::Host> dss;  // null: in the store
  airspace::RuleBook rules;
  geo::HeightModel heights;
  std::unique_ptr<crypto::TokenVerifier> tokens;
  std::optional<LineParts> line;
  std::optional<web::Console> console;                   // none: / is 404
  std::unique_ptr<crypto::TokenVerifier> dss_tokens;     // where a DSS is served
  crypto::TokenKeys dss_keys;                            // those of its files, which it has
  std::shared_ptr<const record::SignerKey> dss_log_key;  // null: no log is kept
  // As NodeOptions.
  std::function<void(std::string_view what, uint64_t done, uint64_t total)> progress;
  // Once, on the sequencer's thread, when the store has failed: nothing more is accepted, and the
  // process should end.
  std::function<void(const base::Error&)> on_failure;
};

// Everything but the store, which the program chooses. Refusals name the file.
base::Result<Parts> ReadParts(const service::NodeConfig& config);

// The keys of auth.* alone, to replace them while the node runs.
base::Result<crypto::TokenKeys> ReadTokenKeys(const service::NodeConfig& config);
// Those of the files of dss.*.
base::Result<crypto::TokenKeys> ReadDssTokenKeys(const service::DssConfig& config);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_PARTS_H_
