#include "api/node/parts.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "api/astm/key_source.h"
#include "base/limits.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"
#include "formats/rules_file.h"
#include "line/party_card.h"
#include "service/agreements.h"
#include "service/party_keys.h"

namespace wideberth::api::node {
namespace {

using base::Result;

constexpr size_t kKeyFileBytesMax = 1024 * 1024;
constexpr size_t kGeoidFileBytesMax = 256 * 1024 * 1024;  // EGM96 at 1 minute takes 230 MB

Result<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::Fail(base::ErrorCode::kNotFound, path, "must be a file that can be read");
  std::string text;
  constexpr size_t kChunkBytes = 64 * 1024;
  while (file && text.size() <= bytes_max) {
    const size_t before = text.size();
    text.resize(before + kChunkBytes);
    file.read(text.data() + before, kChunkBytes);
    text.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (text.size() > bytes_max) {
    return base::Fail(base::ErrorCode::kTooLarge, path,
                      "must have at most " + std::to_string(bytes_max) + " bytes");
  }
  if (!file.eof() || text.empty()) {
    return base::Fail(base::ErrorCode::kInvalid, path, "must be a file that can be read whole");
  }
  return text;
}

base::Unexpected InFile(const std::string& path, base::Error error) {
  return base::Fail(std::move(error).Under(path + ": "));
}

Result<crypto::TokenKeys> MergeKeys(const std::string& path, const crypto::TokenKeys& keys,
                                    Result<crypto::TokenKeys> more) {
  if (!more) return InFile(path, std::move(more).error());
  Result<crypto::TokenKeys> all = crypto::TokenKeys::Merge(keys, *more);
  if (!all) return InFile(path, std::move(all).error());
  return all;
}

Result<airspace::Rules> ReadRules(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, limits::kRulesFileBytesMax));
  Result<formats::RulesFile> file = formats::ParseRulesFile(text);
  if (!file) return InFile(path, std::move(file).error());
  const base::Digest digest = crypto::Sha256(base::AsBytes(file->canonical));
  Result<airspace::Rules> rules = airspace::Rules::Make(std::move(file->content), digest);
  if (!rules) return InFile(path, std::move(rules).error());
  return rules;
}

Result<LineParts> ReadLineParts(const service::LineConfig& config) {
  std::optional<crypto::SecretBytes> passphrase;
  if (!config.passphrase_file.empty()) {
    WB_ASSIGN_OR_RETURN(passphrase, crypto::ReadPassphraseFile(config.passphrase_file));
  }
  auto keys = std::make_shared<service::FolderKeys>(config.keys_folder, std::move(passphrase));
  WB_ASSIGN_OR_RETURN(const std::string card_text, keys->FirstCard());
  const Result<line::PartyCard> card = line::ReadCard(card_text);
  if (!card) return InFile(config.keys_folder, base::Error(card.error()));
  // Which keys are in force, the store says; that the passphrase is theirs is seen here.
  WB_RETURN_IF_ERROR(keys->Load(*card));
  LineParts parts{{card->party, std::move(keys), mechanism::Terms(), {}, {}, {}},
                  config.listen_address,
                  config.listen_port,
                  {},
                  {},
                  operators::kAccountKdfCost};
  for (const service::PeerConfig& peer : config.peers) {
    WB_ASSIGN_OR_RETURN(std::string text, ReadFile(peer.card_file, kKeyFileBytesMax));
    Result<line::PartyCard> theirs = line::ReadCard(text);
    if (!theirs) return InFile(peer.card_file, std::move(theirs).error());
    link::PeerPaths paths{theirs->party, theirs->key(line::KeyRole::kTransport), {}};
    for (const service::PathOfPeer& path : peer.paths) {
      paths.paths.push_back({path.name, path.connect});
    }
    parts.peers.push_back(std::move(paths));
    for (const service::WitnessOfPeer& each : peer.witnesses) {
      Result<witness::Witness> witness = witness::ParseWitness(each.vkey, each.url);
      if (!witness) return base::Fail(std::move(witness).error().Under("peer.witness."));
      parts.witnesses[theirs->party].push_back(*std::move(witness));
    }
    parts.node.peers.push_back({std::move(text), peer.paths.size()});
  }
  return parts;
}

// What holds for a party that has no line yet.
Result<airspace::RuleBook> RulesOfOneParty(const service::LineConfig& config) {
  const std::string path = config.keys_folder + "/party-card.json";
  WB_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kKeyFileBytesMax));
  const Result<line::PartyCard> read = line::ReadCard(text);
  if (!read) return InFile(path, read.error());
  const line::PartyCard& self = *read;
  airspace::Rules::Content content;
  content.parties = {{self.party, self.name}};
  WB_ASSIGN_OR_RETURN(
      airspace::Rules rules,
      airspace::Rules::Make(std::move(content), crypto::Sha256(self.party.uuid.bytes)));
  return airspace::RuleBook(std::move(rules));
}

Result<std::shared_ptr<const geo::Geoid>> ReadGeoid(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const geo::Geoid>();
  WB_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kGeoidFileBytesMax));
  Result<geo::Geoid> geoid = geo::Geoid::FromGtx(base::AsBytes(bytes));
  if (!geoid) return InFile(path, std::move(geoid).error());
  return std::make_shared<const geo::Geoid>(std::move(geoid).value());
}

Result<crypto::TokenKeys> ReadKeys(const std::vector<std::string>& pem_files,
                                   const std::string& jwks_file) {
  crypto::TokenKeys keys;
  for (const std::string& path : pem_files) {
    WB_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path, kKeyFileBytesMax));
    WB_ASSIGN_OR_RETURN(keys, MergeKeys(path, keys, crypto::TokenKeys::FromPem(pem)));
  }
  if (!jwks_file.empty()) {
    WB_ASSIGN_OR_RETURN(const std::string set, ReadFile(jwks_file, kKeyFileBytesMax));
    WB_ASSIGN_OR_RETURN(keys, MergeKeys(jwks_file, keys, crypto::TokenKeys::FromJwks(set)));
  }
  return keys;
}

Result<std::shared_ptr<const record::SignerKey>> ReadLogKey(const service::DssLogConfig& config) {
  const std::filesystem::path path(config.key_file);
  auto secret = crypto::ReadKeyCredential(path.parent_path().string(), path.filename().string());
  if (!secret) return base::Fail(base::Error(secret.error()).Under("dss.log.key_file: "));
  WB_ASSIGN_OR_RETURN(
      record::SignerKey key,
      record::SignerKey::Make(config.origin, record::KeyAlgorithm::kEd25519, *std::move(secret)));
  return std::make_shared<const record::SignerKey>(std::move(key));
}

}  // namespace

Result<crypto::TokenKeys> ReadTokenKeys(const service::NodeConfig& config) {
  return ReadKeys(config.auth_key_files, config.auth_jwks_file);
}

Result<crypto::TokenKeys> ReadDssTokenKeys(const service::DssConfig& config) {
  return ReadKeys(config.key_files, config.jwks_file);
}

Result<Parts> ReadParts(const service::NodeConfig& config) {
  Parts parts;
  if (config.line) {
    WB_ASSIGN_OR_RETURN(LineParts line, ReadLineParts(*config.line));
    parts.line.emplace(std::move(line));
  }
  if (!config.rules_file.empty()) {
    WB_ASSIGN_OR_RETURN(airspace::Rules rules, ReadRules(config.rules_file));
    if (parts.line) parts.line->node.terms.agreement = rules.digest();
    parts.rules = std::move(rules);
  } else {
    WB_ASSIGN_OR_RETURN(parts.rules, RulesOfOneParty(*config.line));
    WB_ASSIGN_OR_RETURN(parts.line->node.agreement_files, service::ReadAgreementFiles(config));
  }
  WB_ASSIGN_OR_RETURN(parts.heights.geoid, ReadGeoid(config.geoid_file));
  WB_ASSIGN_OR_RETURN(crypto::TokenKeys keys, ReadTokenKeys(config));
  parts.tokens = std::make_unique<crypto::TokenVerifier>(
      crypto::TokenPolicy{{config.auth_issuer}, {config.auth_audience}}, std::move(keys));
  if (config.dss) {
    WB_ASSIGN_OR_RETURN(crypto::TokenKeys dss_keys, ReadDssTokenKeys(*config.dss));
    parts.dss_tokens = std::make_unique<crypto::TokenVerifier>(
        crypto::TokenPolicy{config.dss->issuers, config.dss->audiences}, dss_keys);
    parts.dss_keys = std::move(dss_keys);
    if (config.dss->log) {
      WB_ASSIGN_OR_RETURN(parts.dss_log_key, ReadLogKey(*config.dss->log));
    }
    if (!config.dss->jwks_url.empty()) {
      if (const auto url = astm::ParseKeySetUrl(config.dss->jwks_url); !url) {
        return base::Fail(base::Error(url.error()).Under("dss.jwks_url"));
      }
    }
  }
  return parts;
}

}  // namespace wideberth::api::node
