#include "service/agreements.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agreement/signed.h"
#include "base/limits.h"
#include "line/party_card.h"

namespace wideberth::service {
namespace {

using base::Result;

constexpr size_t kCardBytesMax = 1024 * 1024;

Result<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::Fail(base::ErrorCode::kNotFound, path, "must be a file that can be read");
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > bytes_max) {
    return base::Fail(base::ErrorCode::kTooLarge, path,
                      "must have at most " + std::to_string(bytes_max) + " bytes");
  }
  return text;
}

base::Unexpected InFile(const std::string& path, base::Error error) {
  return base::Fail(std::move(error).Under(path + ": "));
}

Result<line::PartyCard> ReadCardFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kCardBytesMax));
  Result<line::PartyCard> card = line::ReadCard(text);
  if (!card) return InFile(path, std::move(card).error());
  return card;
}

// Signed by both, of whatever time.
Result<void> AddAgreement(const std::string& path, const line::PartyCard& self,
                          const line::PartyCard& peer, agreement::LineAgreements* agreed) {
  WB_ASSIGN_OR_RETURN(const std::string file, ReadFile(path, 8 * limits::kAgreementBytesMax));
  const auto keys_of = [](const line::PartyCard& card) {
    return agreement::PartyKeys{card.party, {card.key(line::KeyRole::kMessage)}};
  };
  auto read = agreement::ReadSignedAgreement(file, {keys_of(self), keys_of(peer)});
  if (!read) return InFile(path, std::move(read).error());
  if (auto complete = agreement::RequireComplete(*read); !complete) {
    return InFile(path, std::move(complete).error());
  }
  if (auto added = agreed->Add(std::move(read->agreement)); !added) {
    return InFile(path, std::move(added).error());
  }
  return {};
}

// agreement_file names no peer: it is of the one who signed it.
Result<void> AddToAnyPeer(const std::string& path, const line::PartyCard& self,
                          const std::vector<line::PartyCard>& peers, AgreementsOfPeers* agreed) {
  std::optional<base::Error> error;
  for (const line::PartyCard& peer : peers) {
    const auto added = AddAgreement(path, self, peer, &agreed->at(peer.party));
    if (added) return {};
    if (!error || added.error().code != base::ErrorCode::kInvalid) error = added.error();
  }
  if (error) return base::Fail(std::move(*error));
  return base::Fail(base::ErrorCode::kInvalid, path,
                    "must be signed by a peer: there is no [[peer]]");
}

}  // namespace

Result<AgreementsOfPeers> ReadAgreements(const NodeConfig& config) {
  AgreementsOfPeers agreed;
  if (!config.line) return agreed;
  WB_ASSIGN_OR_RETURN(const line::PartyCard self,
                      ReadCardFile(config.line->keys_folder + "/party-card.json"));
  std::vector<line::PartyCard> peers;
  for (const PeerConfig& peer : config.line->peers) {
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, ReadCardFile(peer.card_file));
    if (card.party == self.party || card.name == self.name) {
      return base::Fail(base::ErrorCode::kInvalid, peer.card_file,
                        "must be the card of another party, by id and by name", card.name);
    }
    agreement::LineAgreements of_line({self.party, self.name}, {card.party, card.name});
    for (const std::string& path : peer.agreement_files) {
      WB_RETURN_IF_ERROR(AddAgreement(path, self, card, &of_line));
    }
    agreed.insert_or_assign(card.party, std::move(of_line));
    peers.push_back(card);
  }
  if (!config.agreement_file.empty()) {
    WB_RETURN_IF_ERROR(AddToAnyPeer(config.agreement_file, self, peers, &agreed));
  }
  return agreed;
}

}  // namespace wideberth::service
