#include "crypto/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/durable_file.h"
#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::crypto {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kFormat = "wideberth-key-1";
constexpr std::string_view kKdf = "argon2id";
constexpr std::string_view kCipher = "xchacha20-poly1305";
constexpr size_t kSeedBytes = crypto_sign_SEEDBYTES;
constexpr size_t kBoxBytes = kSeedBytes + crypto_aead_xchacha20poly1305_ietf_ABYTES;

// Everything of a key file but the box.
struct KeyFileHead {
  KdfCost cost;
  base::Bytes salt;
  base::Bytes nonce;
  std::string public_key_hex;
};

void WriteHead(const KeyFileHead& head, json::Writer* json) {
  json->StringField("format", kFormat);
  json->StringField("public_key", head.public_key_hex);
  json->StringField("kdf", kKdf);
  json->Uint64Field("kdf_operations", head.cost.operations);
  json->Uint64Field("kdf_memory_bytes", head.cost.memory_bytes);
  json->StringField("salt", base::Base64Encode(head.salt));
  json->StringField("cipher", kCipher);
  json->StringField("nonce", base::Base64Encode(head.nonce));
}

// What the box authenticates beside the key: the head as this code writes it.
std::string AssociatedData(const KeyFileHead& head) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  WriteHead(head, &json);
  json.EndObject();
  return text;
}

Result<SecretBytes> DeriveBoxKey(const SecretBytes& passphrase, const KeyFileHead& head) {
  if (passphrase.size() == 0 || passphrase.size() > limits::kPassphraseBytesMax) {
    return Invalid("passphrase",
                   "must have 1 to " + std::to_string(limits::kPassphraseBytesMax) + " bytes",
                   std::to_string(passphrase.size()) + " bytes");
  }
  SecretBytes box_key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  if (crypto_pwhash(box_key.bytes().data(), box_key.size(),
                    reinterpret_cast<const char*>(passphrase.bytes().data()), passphrase.size(),
                    head.salt.data(), head.cost.operations, head.cost.memory_bytes,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(ErrorCode::kBusy, "passphrase", "must find memory to be checked",
                std::to_string(head.cost.memory_bytes) + " bytes");
  }
  return box_key;
}

Result<base::Bytes> ReadBytes(json::Object& object, std::string_view key, size_t bytes) {
  WB_ASSIGN_OR_RETURN(base::Bytes value, object.RequiredParsed(key, 256, base::Base64Decode));
  if (value.size() != bytes) {
    return object.Refuse(key, "must have " + std::to_string(bytes) + " bytes",
                         std::to_string(value.size()) + " bytes");
  }
  return value;
}

Result<void> ExpectText(json::Object& object, std::string_view key, std::string_view expected) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, object.RequiredString(key, 64));
  if (text != expected) return object.Refuse(key, "must be " + std::string(expected), text);
  return {};
}

struct KeyFile {
  KeyFileHead head;
  base::Bytes box;
};

Result<KeyFile> Decode(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kKeyFileBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  KeyFile file;
  WB_RETURN_IF_ERROR(ExpectText(object, "format", kFormat));
  WB_ASSIGN_OR_RETURN(const std::string_view public_key, object.RequiredString("public_key", 64));
  file.head.public_key_hex = public_key;
  WB_RETURN_IF_ERROR(ExpectText(object, "kdf", kKdf));
  // The bounds keep a planted file from taking the machine's memory or hours.
  WB_ASSIGN_OR_RETURN(const int64_t operations,
                      object.RequiredInt64("kdf_operations", 1,
                                           static_cast<int64_t>(limits::kKeyFileKdfOperationsMax)));
  WB_ASSIGN_OR_RETURN(
      const int64_t memory_bytes,
      object.RequiredInt64("kdf_memory_bytes", crypto_pwhash_argon2id_MEMLIMIT_MIN,
                           static_cast<int64_t>(limits::kKeyFileKdfMemoryBytesMax)));
  file.head.cost = {static_cast<uint64_t>(operations), static_cast<uint64_t>(memory_bytes)};
  WB_ASSIGN_OR_RETURN(file.head.salt, ReadBytes(object, "salt", crypto_pwhash_SALTBYTES));
  WB_RETURN_IF_ERROR(ExpectText(object, "cipher", kCipher));
  WB_ASSIGN_OR_RETURN(file.head.nonce,
                      ReadBytes(object, "nonce", crypto_aead_xchacha20poly1305_ietf_NPUBBYTES));
  WB_ASSIGN_OR_RETURN(file.box, ReadBytes(object, "box", kBoxBytes));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return file;
}

std::string ErrnoText(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof(buffer));
}

std::string OctalMode(mode_t mode) {
  std::string text = "mode 0";
  for (int shift = 6; shift >= 0; shift -= 3) {
    text.push_back(static_cast<char>('0' + (mode >> shift & 7)));
  }
  return text;
}

// Reads a file after checking, on the open file, that nobody else can have read it. `forbidden_mode` are the bits that
// must not be set.
Result<SecretBytes> ReadPrivateFile(const std::string& path, mode_t forbidden_mode,
                                    std::string_view mode_rule) {
  const base::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return Fail(ErrorCode::kNotFound, path, "must be readable", ErrnoText(errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail(ErrorCode::kForbidden, path, "must be a regular file");
  }
  if ((status.st_mode & forbidden_mode) != 0) {
    return Fail(ErrorCode::kForbidden, path, mode_rule, OctalMode(status.st_mode));
  }
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return Fail(ErrorCode::kForbidden, path, "must belong to the user of this process or to root",
                "user id " + std::to_string(status.st_uid));
  }
  SecretBytes buffer(limits::kKeyFileBytesMax + 1);
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = read(file.get(), buffer.bytes().data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrorCode::kStorage, path, "must be readable", ErrnoText(errno));
    if (got == 0) return SecretBytes::CopyOf(buffer.bytes().first(size));
    size += static_cast<size_t>(got);
  }
  return Fail(ErrorCode::kTooLarge, path,
              "must have at most " + std::to_string(limits::kKeyFileBytesMax) + " bytes");
}

Result<SecretBytes> ReadKeyFileText(const std::string& path) {
  return ReadPrivateFile(path, 0077, "must be closed to group and others (chmod 600)");
}

// Whole and durable, or not at all.
Result<void> WriteNewPrivateFile(const std::string& path, std::string_view text) {
  Result<void> written = base::WriteNewFile(path, text);
  if (written || written.error().code != ErrorCode::kConflict) return written;
  return Fail(ErrorCode::kConflict, path, "must not exist: a key is never replaced");
}

}  // namespace

Result<std::string> EncryptKey(const SecretKey& key, const SecretBytes& passphrase, KdfCost cost) {
  KeyFileSalts salts;
  randombytes_buf(salts.salt.data(), salts.salt.size());
  randombytes_buf(salts.nonce.data(), salts.nonce.size());
  return EncryptKey(key, passphrase, cost, salts);
}

Result<std::string> EncryptKey(const SecretKey& key, const SecretBytes& passphrase, KdfCost cost,
                               const KeyFileSalts& salts) {
  static_assert(sizeof(salts.salt) == crypto_pwhash_SALTBYTES);
  static_assert(sizeof(salts.nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const KeyFileHead head{cost, base::Bytes(salts.salt.begin(), salts.salt.end()),
                         base::Bytes(salts.nonce.begin(), salts.nonce.end()),
                         key.public_key().ToHex()};
  WB_ASSIGN_OR_RETURN(const SecretBytes box_key, DeriveBoxKey(passphrase, head));
  const SecretBytes seed = key.Seed();
  const std::string associated = AssociatedData(head);
  base::Bytes box(kBoxBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(box.data(), nullptr, seed.bytes().data(), seed.size(),
                                             base::AsBytes(associated).data(), associated.size(),
                                             nullptr, head.nonce.data(), box_key.bytes().data());
  std::string text;
  json::Writer json(&text, json::Layout::kPretty);
  json.BeginObject();
  WriteHead(head, &json);
  json.StringField("box", base::Base64Encode(box));
  json.EndObject();
  text.push_back('\n');
  return text;
}

Result<SecretKey> DecryptKey(std::string_view text, const SecretBytes& passphrase) {
  WB_ASSIGN_OR_RETURN(const KeyFile file, Decode(text));
  WB_ASSIGN_OR_RETURN(const SecretBytes box_key, DeriveBoxKey(passphrase, file.head));
  const std::string associated = AssociatedData(file.head);
  SecretBytes seed(kSeedBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          seed.bytes().data(), nullptr, nullptr, file.box.data(), file.box.size(),
          base::AsBytes(associated).data(), associated.size(), file.head.nonce.data(),
          box_key.bytes().data()) != 0) {
    return Fail(ErrorCode::kUnauthorized, "/box",
                "must open: the passphrase is wrong or the file was changed");
  }
  WB_ASSIGN_OR_RETURN(SecretKey key, SecretKey::FromSeed(seed.bytes()));
  if (key.public_key().ToHex() != file.head.public_key_hex) {
    return Invalid("/public_key", "must be the public key of the box", file.head.public_key_hex);
  }
  return key;
}

Result<PublicKey> EncryptedKeyPublic(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const KeyFile file, Decode(text));
  auto key = PublicKey::FromHex(file.head.public_key_hex);
  if (!key) return Fail(std::move(key).error().Under("/public_key"));
  return key;
}

Result<void> WriteKeyFile(const std::string& path, const SecretKey& key,
                          const SecretBytes& passphrase, KdfCost cost) {
  WB_ASSIGN_OR_RETURN(const std::string text, EncryptKey(key, passphrase, cost));
  return WriteNewPrivateFile(path, text);
}

Result<SecretKey> ReadKeyFile(const std::string& path, const SecretBytes& passphrase) {
  WB_ASSIGN_OR_RETURN(const SecretBytes text, ReadKeyFileText(path));
  Result<SecretKey> key = DecryptKey(base::AsText(text.bytes()), passphrase);
  if (!key) return Fail(std::move(key).error().Under(path + ": "));
  return key;
}

Result<PublicKey> ReadKeyFilePublic(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const SecretBytes text, ReadKeyFileText(path));
  Result<PublicKey> key = EncryptedKeyPublic(base::AsText(text.bytes()));
  if (!key) return Fail(std::move(key).error().Under(path + ": "));
  return key;
}

Result<SecretKey> ReadKeyCredential(const std::string& directory, std::string_view name) {
  if (directory.empty() || name.empty() || name == "." || name == ".." ||
      name.find('/') != std::string_view::npos) {
    return Invalid("credential", "must be a file name in the credential directory", name);
  }
  const std::string path = directory + "/" + std::string(name);
  // systemd grants the service's user access by an access list, which shows as a group mode.
  WB_ASSIGN_OR_RETURN(const SecretBytes pem,
                      ReadPrivateFile(path, 0037, "must be closed to others"));
  Result<SecretKey> key = SecretKey::FromPem(base::AsText(pem.bytes()));
  if (!key) return Fail(std::move(key).error().Under(path));
  return key;
}

Result<SecretBytes> ReadPassphraseFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const SecretBytes text, ReadKeyFileText(path));
  base::ByteView line = text.bytes();
  if (!line.empty() && line.back() == '\n') line = line.first(line.size() - 1);
  if (line.empty() || line.size() > limits::kPassphraseBytesMax) {
    return Invalid(
        path,
        "must have 1 to " + std::to_string(limits::kPassphraseBytesMax) + " bytes in one line",
        std::to_string(line.size()) + " bytes");
  }
  // A second line, or the carriage return of another system, would be part of the secret and seen by nobody.
  const auto is_control = [](uint8_t c) { return c < 0x20 || c == 0x7F; };
  if (std::any_of(line.begin(), line.end(), is_control)) {
    return Invalid(path, "must be one line without control characters");
  }
  return SecretBytes::CopyOf(line);
}

}  // namespace wideberth::crypto
