// Passwords of people: what a node keeps so that it can recognise one, and never the password.
//
// A hash is one line of text that says how it was made, in the form of the PHC string format, as other Argon2
// implementations write it:
//
//   $argon2id$v=19$m=65536,t=3,p=1$<salt>$<32 bytes>     m in KiB, base64 without padding
//
//   const std::string hash = HashPassword(password, salt, {.operations = 3, .memory_bytes = 64 << 20}).value();
//   WB_RETURN_IF_ERROR(VerifyPassword(hash, password));
//
// Argon2id (RFC 9106), version 1.3, one lane. The salt is the caller's: kPasswordSaltBytes random bytes, drawn for each
// hash. The comparison takes a time that does not depend on where the bytes differ. Thread-safe; a call takes the
// memory that its cost says, and 64 MiB in 3 passes take about 0.1 s.
#ifndef WIDEBERTH_CRYPTO_PASSWORD_H_
#define WIDEBERTH_CRYPTO_PASSWORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/key_file.h"
#include "crypto/secret.h"

namespace wideberth::crypto {

inline constexpr size_t kPasswordSaltBytes = 16;
using PasswordSalt = std::array<uint8_t, kPasswordSaltBytes>;

// Refuses an empty password and one beyond limits::kPassphraseBytesMax (kInvalid), a cost that VerifyPassword would
// refuse, and with kBusy when there is no memory for it.
base::Result<std::string> HashPassword(const SecretBytes& password, const PasswordSalt& salt,
                                       KdfCost cost);

// Refuses with kUnauthorized a password that is another one; with kInvalid (field "hash") what is no hash in exactly
// the form above, or costs more than limits::kKeyFileKdf... allow; with kBusy when there is no memory.
base::Result<void> VerifyPassword(std::string_view hash, const SecretBytes& password);

// The cost that a hash states; refuses as VerifyPassword does, and computes nothing.
base::Result<KdfCost> CostOfPasswordHash(std::string_view hash);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_PASSWORD_H_
