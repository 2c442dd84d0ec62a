// The agreements that a configuration names.
//
// A file is verified by the message keys that the parties have, and had: the store knows those that came after the
// cards of the configuration. A key that was revoked verifies what says that it was signed before: whoever stole it can
// write any time, but not the other party's signature of the same text, and a node that stops judging by an agreement
// because a key was revoked would judge by other rules than its peer.
#ifndef WIDEBERTH_SERVICE_AGREEMENTS_H_
#define WIDEBERTH_SERVICE_AGREEMENTS_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/in_force.h"
#include "agreement/signed.h"
#include "airspace/rules.h"
#include "base/ids.h"
#include "base/result.h"
#include "line/party_card.h"
#include "mechanism/desk.h"
#include "service/config.h"

namespace wideberth::service {

using AgreementsOfPeers = std::map<base::PartyId, agreement::LineAgreements>;
using MessageKeys = std::map<base::PartyId, std::vector<agreement::PartyKey>>;

struct AgreementFile {
  std::string path;
  std::string text;  // agreement/signed.h; not verified
};
struct AgreementFiles {
  struct OfPeer {
    airspace::PartyEntry peer;
    std::vector<AgreementFile> files;
  };
  airspace::PartyEntry self;
  std::map<base::PartyId, OfPeer> peers;
  std::map<base::PartyId, line::PartyCard> cards;  // of all of them, as the configuration has them
};

// Nothing in pool mode.
base::Result<AgreementFiles> ReadAgreementFiles(const NodeConfig& config);
// Those of every peer, by peer; a peer without any is there too, under the safety floor. Refuses, naming the file, one
// that is not signed by both parties of its line, whenever it runs. Who is not in `keys` has the key of its card.
base::Result<AgreementsOfPeers> VerifyAgreements(const AgreementFiles& files,
                                                 const MessageKeys& keys);
// Both, by the keys of the cards alone.
base::Result<AgreementsOfPeers> ReadAgreements(const NodeConfig& config);

// Of everyone whom the desk knows.
base::Result<MessageKeys> MessageKeysOf(const mechanism::Desk& desk);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_AGREEMENTS_H_
