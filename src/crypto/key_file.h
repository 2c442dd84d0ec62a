// Ed25519 keys on disk.
//
// A key file has mode 0600 and belongs to the user of the process (or to root); anything looser is refused. The key in
// it is encrypted under a passphrase: Argon2id (RFC 9106) makes the key of an XChaCha20-Poly1305 box, and everything
// around the box is authenticated with it. The file is one JSON object; its public key can be read without the
// passphrase.
//
//   SecretKey key = SecretKey::Generate();
//   WB_RETURN_IF_ERROR(WriteKeyFile("/etc/wideberth/node.key", key, passphrase));
//   WB_ASSIGN_OR_RETURN(SecretKey again, ReadKeyFile("/etc/wideberth/node.key", passphrase));
//
// Where systemd keeps the secret instead (LoadCredential=, LoadCredentialEncrypted=), the credential is the plain
// PKCS #8 PEM; it is read from the credential directory and from nowhere else.
#ifndef WIDEBERTH_CRYPTO_KEY_FILE_H_
#define WIDEBERTH_CRYPTO_KEY_FILE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/secret.h"

namespace wideberth::crypto {

// What guessing one passphrase costs.
struct KdfCost {
  uint64_t operations = 3;
  uint64_t memory_bytes = uint64_t{256} * 1024 * 1024;

  static KdfCost Standard() { return {}; }             // about half a second
  static KdfCost Cheapest() { return {1, 8 * 1024}; }  // for tests only
};

// Writes a key so that the file is there whole or not at all, durably. A file that exists is never replaced
// (kConflict): a lost key cannot be made again.
base::Result<void> WriteKeyFile(const std::string& path, const SecretKey& key,
                                const SecretBytes& passphrase, KdfCost cost = KdfCost::Standard());

// Refuses: kNotFound; kForbidden for a loose mode, another owner or what is not a regular file; kUnauthorized for a
// wrong passphrase or a changed file (the two cannot be told apart); kInvalid for what is no key file.
base::Result<SecretKey> ReadKeyFile(const std::string& path, const SecretBytes& passphrase);

// The public key of a key file, as the file states it; it is proven only by ReadKeyFile.
base::Result<PublicKey> ReadKeyFilePublic(const std::string& path);

// The plain PEM credential `name` in `directory`, which is the value of $CREDENTIALS_DIRECTORY. Refuses names with a
// slash and files that others may read.
base::Result<SecretKey> ReadKeyCredential(const std::string& directory, std::string_view name);

// A passphrase from a file that is as closed as a key file: one line, whose end does not belong to it. Refuses as
// ReadKeyFile does, and with kInvalid what is empty, longer than limits::kPassphraseBytesMax or not one line.
base::Result<SecretBytes> ReadPassphraseFile(const std::string& path);

// The random bytes of one key file, where they are drawn elsewhere; never for two files.
struct KeyFileSalts {
  std::array<uint8_t, 16> salt{};   // of Argon2id
  std::array<uint8_t, 24> nonce{};  // of XChaCha20-Poly1305
};

// The two halves of a key file, without the disk; and the public key that such a text states.
base::Result<std::string> EncryptKey(const SecretKey& key, const SecretBytes& passphrase,
                                     KdfCost cost);
base::Result<std::string> EncryptKey(const SecretKey& key, const SecretBytes& passphrase,
                                     KdfCost cost, const KeyFileSalts& salts);
base::Result<SecretKey> DecryptKey(std::string_view text, const SecretBytes& passphrase);
base::Result<PublicKey> EncryptedKeyPublic(std::string_view text);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_KEY_FILE_H_
