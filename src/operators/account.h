// The accounts of a party's operators: a name and a role, a signing key, and what recognises the password.
//
// A name stays in the node. What the peer learns of an operator is an OperatorKey: an opaque key id, a role and a
// public key, so that an act signed by a person can be checked without knowing whose it was (MECHANISM 1.2).
//
//   WB_ASSIGN_OR_RETURN(const Account account, MakeAccount({.name = "m.keller", .role = Role::kDutyOfficer}, password,
//                                                          key, salts, kAccountKdfCost, now));
//   WB_ASSIGN_OR_RETURN(const crypto::SecretKey key, UnlockAccount(&account, password));
//
// The secret key is sealed under the password in the form of a key file (crypto/key_file.h); it is in memory only while
// its owner is signed on. A lost password loses the key, and the operator gets another (Rekeyed).
//
// Costs: UnlockAccount and AuthenticateAccount compute one Argon2id each (about 0.1 s and 64 MiB at kAccountKdfCost),
// whether the account is there or not and whether the password is right or not, so that their time tells nobody which
// names exist. Pure: salts and times are parameters. Threads: any.
#ifndef WIDEBERTH_OPERATORS_ACCOUNT_H_
#define WIDEBERTH_OPERATORS_ACCOUNT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/key_file.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "operators/role.h"

namespace wideberth::operators {

// What guessing one password costs: the second recommendation of RFC 9106 (3 passes of 64 MiB), in one lane.
inline constexpr crypto::KdfCost kAccountKdfCost{3, uint64_t{64} * 1024 * 1024};

// What a peer learns of an operator.
struct OperatorKey {
  std::string key_id;
  Role role = Role::kDutyOfficer;
  crypto::PublicKey public_key;
  base::UtcMicros valid_from;
  std::optional<base::UtcMicros> revoked_at;
  bool operator==(const OperatorKey&) const = default;
};

// Of the keys that an account had before the one in force, so many are kept; one more is refused.
inline constexpr size_t kFormerKeysMax = 16;

struct Account {
  std::string name;  // [a-z0-9._-]{1,63}
  Role role = Role::kViewer;
  std::string key_id;  // public_key.KeyId(): 8 bytes of its SHA-256 in hex
  crypto::PublicKey public_key;
  std::string password_hash;  // crypto/password.h
  std::string sealed_key;     // crypto/key_file.h
  base::UtcMicros created_at;
  std::optional<base::UtcMicros> disabled_at;
  // Keys before, oldest first, each until the next: what they signed meanwhile stays valid.
  std::vector<OperatorKey> former{};
  bool operator==(const Account&) const = default;
};

// Refuses what is not [a-z0-9._-]{1,limits::kOperatorNameBytesMax}; the field is "name".
base::Result<void> ValidateName(std::string_view name);
// Refuses what is not UTF-8 of limits::kPasswordBytesMin to kPasswordBytesMax bytes; the field is "password" and
// nothing of it is shown.
base::Result<void> ValidatePassword(const crypto::SecretBytes& password);

// The random bytes of one account; drawn for each, and for each change of its password.
struct AccountSalts {
  crypto::PasswordSalt password{};
  crypto::KeyFileSalts key;
};

struct NewAccount {
  std::string name;
  Role role = Role::kViewer;
};

// Refuses names and passwords as above, a password that is the name, times outside the range of base/time.h, and with
// kBusy when there is no memory for the cost.
base::Result<Account> MakeAccount(const NewAccount& who, const crypto::SecretBytes& password,
                                  const crypto::SecretKey& key, const AccountSalts& salts,
                                  crypto::KdfCost cost, base::UtcMicros now);

// `account` with the key and the password of `fresh`, which MakeAccount has made for the same name; the key before is
// revoked at `now` (or when it began, by a clock that was set back). Refuses with kConflict a disabled account and a
// key that it has had before, with kTooLarge one more than 1 + kFormerKeysMax.
base::Result<Account> Rekeyed(Account account, const Account& fresh, base::UtcMicros now);

// The key of an account, for who knows its password. A null account is a name that does not exist. Refuses with
// kUnauthorized an unknown name and a wrong password, in the same words and at the same cost; with kForbidden a
// disabled account, but only to who knows its password.
base::Result<crypto::SecretKey> UnlockAccount(const Account* account,
                                              const crypto::SecretBytes& password,
                                              crypto::KdfCost cost = kAccountKdfCost);
// The same without the key: for reading.
base::Result<void> AuthenticateAccount(const Account* account, const crypto::SecretBytes& password,
                                       crypto::KdfCost cost = kAccountKdfCost);

// An account as a row of a store: JSON, all of it but the key id, which follows from the key. Decoding is strict and
// refuses what MakeAccount could not have made.
std::string EncodeAccount(const Account& account);
base::Result<Account> DecodeAccount(std::string_view text);

// ---- What crosses

// Without the name, and without anything that the name decides. The one in force, or that was last; and all of them,
// with those before.
OperatorKey OperatorKeyOf(const Account& account);
std::vector<OperatorKey> OperatorKeysOf(const Account& account);

// The body of a message:
//
//   {"operators": [{"key_id": hex, "role": "duty_officer", "public_key": hex, "valid_from": "2027-01-15T12:00:00Z",
//                   "revoked_at": "..."}]}
//
// in order of key id, so that the order of the accounts tells nothing. Keys of roles that do not act on lines are left
// out. Refuses with kTooLarge more than limits::kOperatorsMax.
base::Result<std::string> WriteOperatorKeys(std::span<const OperatorKey> keys);

// Strict in what is known, passing over fields that are not (line/message.h). Refuses a key id that is not the key's,
// one key twice, a role that does not act on lines, a key that was revoked before it was valid, more than
// limits::kOperatorsMax.
base::Result<std::vector<OperatorKey>> ReadOperatorKeys(std::string_view body);

}  // namespace wideberth::operators

#endif  // WIDEBERTH_OPERATORS_ACCOUNT_H_
