// Who a party is: making its keys and its card, and looking at the card of another.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
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

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Fail;
using base::Result;
using line::kKeyRoles;
using Secrets = std::array<crypto::SecretKey, kKeyRoles.size()>;

constexpr std::string_view kCardFile = "party-card.json";

// An encrypted key is a key file of our own form; one in the clear is what every program knows as PEM.
std::string KeyFileName(line::KeyRole role, bool encrypted) {
  return std::string(line::KeyRoleName(role)) + (encrypted ? ".key" : "-key.pem");
}

Result<void> SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!synced) return Fail(ErrorCode::kStorage, path, "must be synced", std::strerror(error));
  return {};
}

// `path` without slashes at its end, which must name something.
Result<fs::path> FolderToMake(const std::string& path) {
  fs::path folder(path);
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!folder.has_filename() || folder.filename() == "." || folder.filename() == "..") {
    return base::Invalid("--out", "must name a folder that can be made", path);
  }
  return folder;
}

// A folder of mode 0700 with another name beside `folder`, which it becomes when everything is in it.
Result<std::string> MakeStaging(const fs::path& folder) {
  const fs::path parent = folder.parent_path();
  std::error_code error;
  if (!parent.empty()) fs::create_directories(parent, error);
  std::string staging = folder.string() + ".XXXXXX";
  if (error || mkdtemp(staging.data()) == nullptr) {
    return Fail(ErrorCode::kStorage, folder.string(), "must be a folder that can be made",
                error ? error.message() : std::strerror(errno));
  }
  return staging;
}

Result<void> WriteIdentity(const std::string& staging, const Secrets& secrets,
                           const std::string& card,
                           const std::optional<crypto::SecretBytes>& passphrase,
                           crypto::KdfCost cost) {
  for (size_t i = 0; i < secrets.size(); ++i) {
    const std::string path = staging + "/" + KeyFileName(kKeyRoles[i], passphrase.has_value());
    if (passphrase) {
      WB_RETURN_IF_ERROR(crypto::WriteKeyFile(path, secrets[i], *passphrase, cost));
    } else {
      const crypto::SecretBytes pem = secrets[i].ToPem();
      WB_RETURN_IF_ERROR(WriteOutput(path, base::AsText(pem.bytes()), true, false));
    }
  }
  WB_RETURN_IF_ERROR(
      WriteOutput(staging + "/" + std::string(kCardFile), card + "\n", false, false));
  return SyncFolder(staging);
}

// The one step that makes the folder be there. A rename replaces an empty folder and no other.
Result<void> PutInPlace(const std::string& staging, const fs::path& folder) {
  if (rename(staging.c_str(), folder.c_str()) != 0) {
    const bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
    return Fail(taken ? ErrorCode::kConflict : ErrorCode::kStorage, folder.string(),
                "must not be there yet, or be an empty folder: keys are never replaced",
                std::strerror(errno));
  }
  const fs::path parent = folder.parent_path();
  return SyncFolder(parent.empty() ? "." : parent.string());
}

Result<void> MakeFolderWith(const fs::path& folder, const Secrets& secrets, const std::string& card,
                            const std::optional<crypto::SecretBytes>& passphrase,
                            crypto::KdfCost cost) {
  WB_ASSIGN_OR_RETURN(const std::string staging, MakeStaging(folder));
  Result<void> done = WriteIdentity(staging, secrets, card, passphrase, cost);
  if (done) done = PutInPlace(staging, folder);
  if (!done) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
  }
  return done;
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
  const std::string card_path = folder + "/" + std::string(kCardFile);
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    WriteCardFields(card, &json);
    json.StringField("card", card_path);
    json.Key("key_files");
    json.BeginObject();
    for (const line::KeyRole role : kKeyRoles) {
      json.StringField(line::KeyRoleName(role), folder + "/" + KeyFileName(role, encrypted));
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
  WB_RETURN_IF_ERROR(MakeFolderWith(folder, secrets, *text, passphrase, options.passphrase_cost));
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
