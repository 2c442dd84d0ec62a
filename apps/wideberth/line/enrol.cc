// `peer add`: who is on the other side, from a card and a fingerprint that was read over another channel.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/show/terminal.h"
#include "json/writer.h"
#include "line/party_card.h"
#include "service/config.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Fail;
using base::Result;

Result<line::PartyCard> ReadCardFile(const std::string& path, const std::string& text) {
  Result<line::PartyCard> card = line::ReadCard(text);
  if (!card) return Fail(std::move(card).error().Under(path + ": "));
  return card;
}

Result<void> CompareFingerprint(const EnrolOptions& options, const line::PartyCard& card) {
  const Result<line::Fingerprint> told = line::Fingerprint::Parse(options.fingerprint);
  if (!told) return Fail(base::Error(told.error()).Under("--fingerprint"));
  if (*told == line::FingerprintOf(card)) return {};
  return Fail(ErrorCode::kUnauthorized, options.card,
              "must have the fingerprint " + told->ToString(),
              line::FingerprintOf(card).ToString());
}

// Neither the party itself nor one that is enrolled already: two parties of one name cannot be told apart by people.
Result<void> CheckIsStranger(const service::NodeConfig& config, const line::PartyCard& card) {
  if (!config.line)
    return base::Invalid("--config", "must have party.keys: it is not in line mode");
  std::vector<std::string> known = {config.line->keys_folder + "/party-card.json"};
  for (const service::PeerConfig& peer : config.line->peers) known.push_back(peer.card_file);
  for (const std::string& path : known) {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
    WB_ASSIGN_OR_RETURN(const line::PartyCard other, ReadCardFile(path, text));
    if (other.party == card.party || other.name == card.name) {
      return Fail(ErrorCode::kConflict, path, "must be another party than the one to add",
                  other.name);
    }
  }
  return {};
}

// The characters of a path's name and address, so that they stand in a TOML string as they are.
Result<void> CheckWord(const std::string& text, std::string_view others) {
  const bool fits = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
  if (fits) return {};
  return base::Invalid("--path", "must be NAME or NAME=HOST:PORT", text);
}

Result<std::string> PeerTable(const EnrolOptions& options, const std::string& card_path) {
  std::string toml = fmt::format("\n[[peer]]\ncard = \"{}\"\n", card_path);
  std::vector<std::string> paths = options.paths;
  if (paths.empty()) paths = {"main"};
  for (const std::string& path : paths) {
    const size_t equals = path.find('=');
    const std::string name = path.substr(0, equals);
    WB_RETURN_IF_ERROR(CheckWord(name, "-"));
    toml += fmt::format("[[peer.path]]\nname = \"{}\"\n", name);
    if (equals == std::string::npos) continue;
    const std::string address = path.substr(equals + 1);
    WB_RETURN_IF_ERROR(CheckWord(address, "-.:[]_"));
    toml += fmt::format("connect = \"{}\"\n", address);
  }
  return toml;
}

// Only what a node would read replaces the file.
Result<void> ReplaceConfig(const std::string& path, const std::string& text) {
  const std::string trial = path + ".trial";
  WB_RETURN_IF_ERROR(WriteOutput(trial, text, /*secret=*/true, /*keep=*/false));
  Result<service::NodeConfig> read = service::LoadNodeConfig(trial);
  std::error_code error;
  fs::remove(trial, error);
  if (!read) return Fail(std::move(read).error());
  const fs::perms mode = fs::status(path, error).permissions();
  const bool secret = (mode & (fs::perms::group_read | fs::perms::others_read)) == fs::perms::none;
  WB_RETURN_IF_ERROR(WriteOutput(path, text, secret, /*keep=*/false));
  return {};
}

}  // namespace

Result<int> RunPeerAdd(const Session& session, const EnrolOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.card));
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, ReadCardFile(options.card, text));
  WB_RETURN_IF_ERROR(CompareFingerprint(options, card));
  WB_ASSIGN_OR_RETURN(const service::NodeConfig config, service::LoadNodeConfig(options.config));
  WB_RETURN_IF_ERROR(CheckIsStranger(config, card));
  const std::string relative = "peers/" + card.name + ".json";
  WB_ASSIGN_OR_RETURN(const std::string table, PeerTable(options, relative));
  WB_ASSIGN_OR_RETURN(std::string toml, ReadInput(options.config));

  const fs::path folder = fs::path(options.config).parent_path();
  const std::string kept = (folder / relative).string();
  std::error_code error;
  fs::create_directories(folder / "peers", error);
  WB_ASSIGN_OR_RETURN(const bool written, WriteOutput(kept, text, /*secret=*/false, /*keep=*/true));
  if (!written) {
    WB_ASSIGN_OR_RETURN(const std::string there, ReadInput(kept));
    if (there != text) {
      return Fail(ErrorCode::kConflict, kept, "must not hold another card: nothing is replaced");
    }
  }
  if (!toml.empty() && !toml.ends_with('\n')) toml += '\n';
  WB_RETURN_IF_ERROR(ReplaceConfig(options.config, toml + table));
  if (session.json) {
    std::string out;
    json::Writer json(&out);
    json.BeginObject();
    json.StringField("party", card.party.ToString());
    json.StringField("name", card.name);
    json.StringField("card", kept);
    json.EndObject();
    Print(out + "\n");
  } else {
    Print(fmt::format("{} ({}) is a peer in {}; restart the node\n", Paint(Style::kBold, card.name),
                      card.party.ToString(), options.config));
  }
  return kExitOk;
}

}  // namespace wideberth::cli
