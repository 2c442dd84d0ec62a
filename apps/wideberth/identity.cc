// Who a party is: making its keys and its card, and looking at the card of another.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/key_file.h"
#include "json/writer.h"
#include "line/party_card.h"
#include "service/party_keys.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Fail;
using base::Result;
using line::kKeyRoles;
using Secrets = std::array<crypto::SecretKey, kKeyRoles.size()>;

// `path` without slashes at its end, which must name something.
Result<fs::path> FolderToMake(const std::string& path) {
  fs::path folder(path);
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!folder.has_filename() || folder.filename() == "." || folder.filename() == "..") {
    return base::Invalid("--out", "must name a folder that can be made", path);
  }
  return folder;
}

void WriteCardFields(const line::PartyCard& card, json::Writer* json) {
  json->StringField("party", card.party.ToString());
  json->StringField("name", card.name);
  json->StringField("created_at", base::FormatRfc3339(card.created_at));
  json->StringField("fingerprint", line::FingerprintOf(card).ToString());
  json->Key("keys");
  json->BeginObject();
  for (const line::KeyRole role : kKeyRoles) {
    json->Key(line::KeyRoleName(role));
    json->BeginObject();
    json->StringField("id", card.key(role).KeyId());
    json->StringField("public_key", card.key(role).ToHex());
    json->EndObject();
  }
  json->EndObject();
}

void PrintWho(const line::PartyCard& card) {
  Print(fmt::format("party        {}\nname         {}\nmade         {}\nfingerprint  {}\n",
                    card.party.ToString(), card.name, base::FormatRfc3339(card.created_at),
                    Paint(Style::kBold, line::FingerprintOf(card).ToString())));
}

void PrintMade(const Session& session, const line::PartyCard& card, const std::string& folder,
               bool encrypted) {
  const std::string card_path = folder + "/" + std::string(service::kPartyCardFile);
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    WriteCardFields(card, &json);
    json.StringField("card", card_path);
    json.Key("key_files");
    json.BeginObject();
    for (const line::KeyRole role : kKeyRoles) {
      json.StringField(line::KeyRoleName(role),
                       folder + "/" + service::KeyFileName(role, encrypted));
    }
    json.EndObject();
    json.EndObject();
    return Print(text + "\n");
  }
  PrintWho(card);
  Print(fmt::format(
      "keys         in {}{}\n\nGive {} to the peers, and read them the fingerprint over "
      "another channel.\n",
      folder, encrypted ? ", encrypted" : ", NOT encrypted", card_path));
}

}  // namespace

Result<int> RunKeygen(const Session& session, const KeygenOptions& options) {
  if (options.passphrase_file.empty() != options.no_passphrase) {
    return base::Invalid("--passphrase-file", "must be given, or else --no-passphrase",
                         options.no_passphrase ? "both" : "neither");
  }
  WB_ASSIGN_OR_RETURN(const fs::path folder, FolderToMake(options.out));
  base::PartyId party{base::SystemRandom().NewUuidV4()};
  if (!options.party.empty()) {
    const Result<base::PartyId> given = base::PartyId::Parse(options.party);
    if (!given) return Fail(base::Error(given.error()).Under("--party"));
    party = *given;
  }
  std::optional<crypto::SecretBytes> passphrase;
  if (!options.no_passphrase) {
    WB_ASSIGN_OR_RETURN(passphrase, crypto::ReadPassphraseFile(options.passphrase_file));
  }
  const Secrets secrets = {crypto::SecretKey::Generate(), crypto::SecretKey::Generate(),
                           crypto::SecretKey::Generate(), crypto::SecretKey::Generate()};
  const Result<std::string> text =
      line::MakeCard(party, options.name, secrets, base::SystemClock().Now());
  if (!text) {
    base::Error error = text.error();
    if (error.field == "/name") error.field = "--name";
    return Fail(std::move(error));
  }
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(*text));
  WB_RETURN_IF_ERROR(service::MakeKeysFolder(folder.string(), secrets, *text, passphrase,
                                             options.passphrase_cost));
  PrintMade(session, card, folder.string(), passphrase.has_value());
  return kExitOk;
}

Result<int> RunPeerShow(const Session& session, const PeerOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  const Result<line::PartyCard> card = line::ReadCard(text);
  if (!card) return Fail(base::Error(card.error()).Under(options.file + ": "));
  if (!options.fingerprint.empty()) {
    const Result<line::Fingerprint> told = line::Fingerprint::Parse(options.fingerprint);
    if (!told) return Fail(base::Error(told.error()).Under("--fingerprint"));
    if (*told != line::FingerprintOf(*card)) {
      return Fail(ErrorCode::kUnauthorized, options.file,
                  "must have the fingerprint " + told->ToString(),
                  line::FingerprintOf(*card).ToString());
    }
  }
  if (session.json) {
    std::string out;
    json::Writer json(&out);
    json.BeginObject();
    WriteCardFields(*card, &json);
    json.BoolField("fingerprint_compared", !options.fingerprint.empty());
    json.EndObject();
    Print(out + "\n");
    return kExitOk;
  }
  PrintWho(*card);
  Table table({{"KEY"}, {"ID"}});
  for (const line::KeyRole role : kKeyRoles) {
    table.AddRow({{std::string(line::KeyRoleName(role))}, {card->key(role).KeyId()}});
  }
  PrintTable(table);
  if (options.fingerprint.empty()) {
    Print(Paint(Style::kYellow,
                "whose it is, it cannot say: compare the fingerprint over another channel\n"));
  } else {
    Print(Paint(Style::kGreen, "the fingerprint is the one that was given\n"));
  }
  return kExitOk;
}

}  // namespace wideberth::cli
