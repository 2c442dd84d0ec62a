#include "service/agreements.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agreement/signed.h"
#include "base/limits.h"
#include "json/reader.h"
#include "line/party_card.h"

namespace wideberth::service {
namespace {

using airspace::PartyEntry;
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

PartyEntry EntryOf(const line::PartyCard& card) {
  return {card.party, card.name};
}

Result<AgreementFile> ReadAgreementFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(std::string text, ReadFile(path, 8 * limits::kAgreementBytesMax));
  return AgreementFile{path, std::move(text)};
}

// Signed by both, of whatever time.
Result<void> AddAgreement(const AgreementFile& file, const agreement::PartyKeys& self,
                          const agreement::PartyKeys& peer, agreement::LineAgreements* agreed) {
  auto read = agreement::ReadSignedAgreement(file.text, {self, peer});
  if (!read) return InFile(file.path, std::move(read).error());
  if (auto complete = agreement::RequireComplete(*read); !complete) {
    return InFile(file.path, std::move(complete).error());
  }
  if (auto added = agreed->Add(std::move(read->agreement)); !added) {
    return InFile(file.path, std::move(added).error());
  }
  return {};
}

// agreement_file names no peer: its text does.
Result<void> AddToItsPeer(const std::string& path, AgreementFiles* files) {
  WB_ASSIGN_OR_RETURN(AgreementFile file, ReadAgreementFile(path));
  const auto parse = [&]() -> Result<agreement::Agreement> {
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(file.text, 8 * limits::kAgreementBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view text,
                        object.RequiredString("text", limits::kAgreementBytesMax));
    return agreement::ParseAgreement(text);
  };
  Result<agreement::Agreement> agreement = parse();
  if (!agreement) return InFile(path, std::move(agreement).error());
  for (const PartyEntry& party : agreement->parties()) {
    const auto peer = files->peers.find(party.id);
    if (peer == files->peers.end()) continue;
    peer->second.files.push_back(std::move(file));
    return {};
  }
  return base::Fail(base::ErrorCode::kInvalid, path,
                    "must be with a peer: there is no [[peer]] that its text names");
}

Result<std::vector<agreement::PartyKey>> MessageKeysOf(
    std::string_view in_force, std::span<const mechanism::FormerCard> former) {
  std::vector<agreement::PartyKey> keys;
  const auto add = [&](std::string_view text,
                       std::optional<base::UtcMicros> until) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(text));
    const crypto::PublicKey& key = card.key(line::KeyRole::kMessage);
    const bool known = std::any_of(
        keys.begin(), keys.end(), [&](const agreement::PartyKey& each) { return each.key == key; });
    if (known) return {};
    keys.emplace_back(key, until);
    return {};
  };
  WB_RETURN_IF_ERROR(add(in_force, std::nullopt));
  // The newest first: a key that outlived a change of others was in force as long as any card had it.
  for (size_t i = former.size(); i-- > 0;) {
    WB_RETURN_IF_ERROR(add(former[i].card, former[i].ended_at));
  }
  return keys;
}

}  // namespace

Result<AgreementFiles> ReadAgreementFiles(const NodeConfig& config) {
  AgreementFiles files;
  if (!config.line) return files;
  WB_ASSIGN_OR_RETURN(const line::PartyCard self,
                      ReadCardFile(config.line->keys_folder + "/party-card.json"));
  files.self = EntryOf(self);
  files.cards.emplace(self.party, self);
  for (const PeerConfig& peer : config.line->peers) {
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, ReadCardFile(peer.card_file));
    if (card.party == self.party || card.name == self.name) {
      return base::Fail(base::ErrorCode::kInvalid, peer.card_file,
                        "must be the card of another party, by id and by name", card.name);
    }
    AgreementFiles::OfPeer& of_peer = files.peers[card.party];
    of_peer.peer = EntryOf(card);
    for (const std::string& path : peer.agreement_files) {
      WB_ASSIGN_OR_RETURN(AgreementFile file, ReadAgreementFile(path));
      of_peer.files.push_back(std::move(file));
    }
    files.cards.insert_or_assign(card.party, card);
  }
  if (!config.agreement_file.empty()) {
    WB_RETURN_IF_ERROR(AddToItsPeer(config.agreement_file, &files));
  }
  return files;
}

Result<AgreementsOfPeers> VerifyAgreements(const AgreementFiles& files, const MessageKeys& keys) {
  AgreementsOfPeers agreed;
  const auto keys_of = [&](base::PartyId party) -> agreement::PartyKeys {
    if (const auto known = keys.find(party); known != keys.end()) return {party, known->second};
    return {party, {files.cards.at(party).key(line::KeyRole::kMessage)}};
  };
  for (const auto& [id, of_peer] : files.peers) {
    agreement::LineAgreements of_line(files.self, of_peer.peer);
    for (const AgreementFile& file : of_peer.files) {
      WB_RETURN_IF_ERROR(AddAgreement(file, keys_of(files.self.id), keys_of(id), &of_line));
    }
    agreed.insert_or_assign(id, std::move(of_line));
  }
  return agreed;
}

Result<AgreementsOfPeers> ReadAgreements(const NodeConfig& config) {
  WB_ASSIGN_OR_RETURN(const AgreementFiles files, ReadAgreementFiles(config));
  return VerifyAgreements(files, {});
}

Result<MessageKeys> MessageKeysOf(const mechanism::Desk& desk) {
  MessageKeys keys;
  if (const mechanism::OwnCard* own = desk.own_card()) {
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(own->card));
    WB_ASSIGN_OR_RETURN(keys[card.party], MessageKeysOf(own->card, own->former));
  }
  for (const auto& [id, peer] : desk.peers()) {
    WB_ASSIGN_OR_RETURN(keys[id], MessageKeysOf(peer.card, peer.former));
  }
  return keys;
}

}  // namespace wideberth::service
