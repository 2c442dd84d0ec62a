#include "service/party_keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/durable_file.h"
#include "base/limits.h"

namespace wideberth::service {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Fail;
using base::Result;
using line::kKeyRoles;

Result<std::string> ReadCardFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, path, "must be a file that can be read");
  std::string text(limits::kEnvelopeBytesMax + 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<void> WriteAll(const std::string& staging,
                      std::span<const crypto::SecretKey, kKeyRoles.size()> keys,
                      std::string_view card, const std::optional<crypto::SecretBytes>& passphrase,
                      crypto::KdfCost cost) {
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string path = staging + "/" + KeyFileName(kKeyRoles[i], passphrase.has_value());
    if (passphrase) {
      WB_RETURN_IF_ERROR(crypto::WriteKeyFile(path, keys[i], *passphrase, cost));
    } else {
      const crypto::SecretBytes pem = keys[i].ToPem();
      WB_RETURN_IF_ERROR(base::WriteNewFile(path, base::AsText(pem.bytes())));
    }
  }
  return base::WriteNewFile(staging + "/" + std::string(kPartyCardFile), std::string(card) + "\n",
                            0644);
}

// The one step that makes the folder be there. A rename replaces an empty folder and no other.
Result<void> PutInPlace(const std::string& staging, const fs::path& folder) {
  if (rename(staging.c_str(), folder.c_str()) != 0) {
    const bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
    return Fail(taken ? ErrorCode::kConflict : ErrorCode::kStorage, folder.string(),
                "must not be there yet, or be an empty folder: keys are never replaced",
                std::strerror(errno));
  }
  return base::SyncFolder(base::FolderOf(folder.string()));
}

// 2, 3, 4... of the folders inside; the newest first.
std::vector<uint32_t> NumbersIn(const std::string& folder) {
  std::vector<uint32_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    uint32_t number = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (bad == std::errc() && end == name.data() + name.size() && number >= 2) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

}  // namespace

std::string KeyFileName(line::KeyRole role, bool encrypted) {
  // An encrypted key is a key file of our own form; one in the clear is what every program knows as PEM.
  return std::string(line::KeyRoleName(role)) + (encrypted ? ".key" : "-key.pem");
}

Result<void> MakeKeysFolder(const std::string& folder,
                            std::span<const crypto::SecretKey, kKeyRoles.size()> keys,
                            std::string_view card,
                            const std::optional<crypto::SecretBytes>& passphrase,
                            crypto::KdfCost cost) {
  const fs::path path(folder);
  std::error_code error;
  if (const fs::path parent = path.parent_path(); !parent.empty()) {
    fs::create_directories(parent, error);
  }
  // Another name beside it, of mode 0700, which becomes the folder when everything is in it.
  std::string staging = folder + ".XXXXXX";
  if (error || mkdtemp(staging.data()) == nullptr) {
    return Fail(ErrorCode::kStorage, folder, "must be a folder that can be made",
                error ? error.message() : std::strerror(errno));
  }
  Result<void> done = WriteAll(staging, keys, card, passphrase, cost);
  if (done) done = PutInPlace(staging, path);
  if (!done) fs::remove_all(staging, error);
  return done;
}

FolderKeys::FolderKeys(std::string folder, std::optional<crypto::SecretBytes> passphrase,
                       crypto::KdfCost cost)
    : folder_(std::move(folder)), passphrase_(std::move(passphrase)), cost_(cost) {}

Result<std::string> FolderKeys::FirstCard() const {
  return ReadCardFile(folder_ + "/" + std::string(kPartyCardFile));
}

Result<std::string> FolderKeys::FolderOf(const line::PartyCard& card) const {
  std::vector<std::string> folders;
  for (const uint32_t number : NumbersIn(folder_)) {
    folders.push_back(folder_ + "/" + std::to_string(number));
  }
  folders.push_back(folder_);
  for (const std::string& folder : folders) {
    const Result<std::string> text = ReadCardFile(folder + "/" + std::string(kPartyCardFile));
    if (!text) continue;
    const Result<line::PartyCard> held = line::ReadCard(*text);
    if (held && line::FingerprintOf(*held) == line::FingerprintOf(card)) return folder;
  }
  return Fail(ErrorCode::kNotFound, folder_,
              "must hold the keys of the card that the node has said on its lines",
              line::FingerprintOf(card).ToString());
}

Result<crypto::SecretKey> FolderKeys::ReadKey(const std::string& folder,
                                              const line::PartyCard& card,
                                              line::KeyRole role) const {
  const std::string name = KeyFileName(role, passphrase_.has_value());
  Result<crypto::SecretKey> key = passphrase_
                                      ? crypto::ReadKeyFile(folder + "/" + name, *passphrase_)
                                      : crypto::ReadKeyCredential(folder, name);
  if (key && key->public_key() != card.key(role)) {
    return Fail(ErrorCode::kInvalid, folder, "must hold the keys of the card beside them",
                card.name);
  }
  return key;
}

Result<PartySecrets> FolderKeys::Load(const line::PartyCard& card) const {
  WB_ASSIGN_OR_RETURN(const std::string folder, FolderOf(card));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey message, ReadKey(folder, card, line::KeyRole::kMessage));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey transport,
                      ReadKey(folder, card, line::KeyRole::kTransport));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey log, ReadKey(folder, card, line::KeyRole::kLog));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey cosignature,
                      ReadKey(folder, card, line::KeyRole::kCosignature));
  return PartySecrets{std::make_shared<const crypto::SecretKey>(std::move(message)),
                      std::make_shared<const crypto::SecretKey>(std::move(transport)),
                      std::make_shared<const crypto::SecretKey>(std::move(log)),
                      std::make_shared<const crypto::SecretKey>(std::move(cosignature))};
}

Result<std::string> FolderKeys::Make(const line::PartyCard& card,
                                     const std::set<line::KeyRole>& roles, base::UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const std::string folder, FolderOf(card));
  std::vector<crypto::SecretKey> keys;
  for (const line::KeyRole role : kKeyRoles) {
    if (roles.contains(role)) {
      keys.push_back(crypto::SecretKey::Generate());
      continue;
    }
    WB_ASSIGN_OR_RETURN(crypto::SecretKey key, ReadKey(folder, card, role));
    keys.push_back(std::move(key));
  }
  const std::span<const crypto::SecretKey, kKeyRoles.size()> all(keys.data(), kKeyRoles.size());
  // A clock that was set back does not make a card that is older than the one before.
  const base::UtcMicros made = std::max(now, {card.created_at.us + 1});
  WB_ASSIGN_OR_RETURN(std::string text, line::MakeCard(card.party, card.name, all, made));
  const std::vector<uint32_t> numbers = NumbersIn(folder_);
  const uint32_t number = numbers.empty() ? 2 : numbers.front() + 1;
  WB_RETURN_IF_ERROR(
      MakeKeysFolder(folder_ + "/" + std::to_string(number), all, text, passphrase_, cost_));
  return text;
}

}  // namespace wideberth::service
