#include "operators/account.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/utf8.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::operators {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using base::UtcMicros;
using crypto::PublicKey;
using crypto::SecretBytes;
using crypto::SecretKey;

constexpr size_t kKeyIdDigits = 16;
constexpr size_t kTimeBytesMax = 40;
constexpr size_t kHashTextBytesMax = 256;
constexpr size_t kRoleBytesMax = 32;

base::Unexpected WrongNameOrPassword() {
  return Fail(ErrorCode::kUnauthorized, "password", "must be that of an account of this name");
}

// What an attempt on a name without an account costs, so that it takes as long as any other.
base::Unexpected RefuseUnknown(const SecretBytes& password, crypto::KdfCost cost) {
  const auto hash = crypto::HashPassword(password, {}, cost);
  if (!hash && hash.error().code == ErrorCode::kBusy) return Fail(hash.error());
  return WrongNameOrPassword();
}

base::Unexpected RefuseAttempt(base::Error error) {
  if (error.code == ErrorCode::kBusy) return Fail(std::move(error));
  return WrongNameOrPassword();
}

Result<void> RequireEnabled(const Account& account) {
  if (!account.disabled_at) return {};
  return Fail(ErrorCode::kForbidden, "account", "must not be disabled");
}

Result<UtcMicros> CheckTime(UtcMicros time) {
  return base::ParseRfc3339(base::FormatRfc3339(time));
}

void WriteTimes(UtcMicros from, std::string_view from_key, const std::optional<UtcMicros>& until,
                std::string_view until_key, json::Writer* json) {
  json->StringField(from_key, base::FormatRfc3339(from));
  if (until) json->StringField(until_key, base::FormatRfc3339(*until));
}

Result<PublicKey> ReadPublicKey(json::Object* object) {
  return object->RequiredParsed("public_key", 2 * crypto::kEd25519KeyBytes, PublicKey::FromHex);
}

Result<OperatorKey> ReadOperatorKey(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view key_id, object.RequiredString("key_id", kKeyIdDigits));
  WB_ASSIGN_OR_RETURN(const Role role, object.RequiredParsed("role", kRoleBytesMax, ParseRole));
  if (!ActsOnLines(role))
    return object.Refuse("role", "must be one that acts on lines", Name(role));
  WB_ASSIGN_OR_RETURN(const PublicKey key, ReadPublicKey(&object));
  if (key_id != key.KeyId()) {
    return object.Refuse("key_id", "must be that of the public key", key_id);
  }
  WB_ASSIGN_OR_RETURN(const UtcMicros valid_from,
                      object.RequiredParsed("valid_from", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const std::optional<UtcMicros> revoked_at,
                      object.OptionalParsed("revoked_at", kTimeBytesMax, base::ParseRfc3339));
  if (revoked_at && *revoked_at < valid_from) {
    return object.Refuse("revoked_at", "must not be before valid_from",
                         base::FormatRfc3339(*revoked_at));
  }
  return OperatorKey{std::string(key_id), role, key, valid_from, revoked_at};
}

// Of an account: each from where the one before ended, and each once.
Result<std::vector<OperatorKey>> ReadFormer(json::Object* account, Role role, UtcMicros created_at,
                                            const PublicKey& in_force) {
  std::vector<OperatorKey> former;
  WB_ASSIGN_OR_RETURN(const std::optional<json::Array> list,
                      account->OptionalArray("former", kFormerKeysMax));
  if (!list) return former;
  std::set<std::string> seen = {in_force.KeyId()};
  UtcMicros since = created_at;
  for (const json::Value value : *list) {
    WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
    WB_ASSIGN_OR_RETURN(const PublicKey key, ReadPublicKey(&object));
    WB_ASSIGN_OR_RETURN(const UtcMicros from,
                        object.RequiredParsed("valid_from", kTimeBytesMax, base::ParseRfc3339));
    WB_ASSIGN_OR_RETURN(const UtcMicros until,
                        object.RequiredParsed("revoked_at", kTimeBytesMax, base::ParseRfc3339));
    WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
    if (from != since || until < from) {
      return value.Refuse("must be in force from where the one before ended");
    }
    if (!seen.insert(key.KeyId()).second) return value.Refuse("must be a key that stands once");
    former.push_back({key.KeyId(), role, key, from, until});
    since = until;
  }
  if (former.empty()) return account->Refuse("former", "must not be empty", "[]");
  return former;
}

}  // namespace

Result<void> ValidateName(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  if (name.empty() || name.size() > limits::kOperatorNameBytesMax ||
      name.find_first_not_of(kLetters) != std::string_view::npos) {
    return Invalid("name", "must be 1 to 63 of a-z, 0-9, '.', '_' and '-'", name);
  }
  return {};
}

Result<void> ValidatePassword(const SecretBytes& password) {
  if (password.size() < limits::kPasswordBytesMin || password.size() > limits::kPasswordBytesMax) {
    return Invalid("password",
                   "must have " + std::to_string(limits::kPasswordBytesMin) + " to " +
                       std::to_string(limits::kPasswordBytesMax) + " bytes",
                   std::to_string(password.size()) + " bytes");
  }
  if (!base::IsUtf8(base::AsText(password.bytes()))) return Invalid("password", "must be UTF-8");
  return {};
}

Result<Account> MakeAccount(const NewAccount& who, const SecretBytes& password,
                            const SecretKey& key, const AccountSalts& salts, crypto::KdfCost cost,
                            UtcMicros now) {
  WB_RETURN_IF_ERROR(ValidateName(who.name));
  WB_RETURN_IF_ERROR(ValidatePassword(password));
  if (base::AsText(password.bytes()) == who.name) {
    return Invalid("password", "must not be the name");
  }
  if (!CheckTime(now)) return Invalid("created_at", "must lie in the years 1970 to 9998");
  WB_ASSIGN_OR_RETURN(std::string hash, crypto::HashPassword(password, salts.password, cost));
  WB_ASSIGN_OR_RETURN(std::string sealed, crypto::EncryptKey(key, password, cost, salts.key));
  return Account{who.name,
                 who.role,
                 key.public_key().KeyId(),
                 key.public_key(),
                 std::move(hash),
                 std::move(sealed),
                 now,
                 std::nullopt};
}

Result<SecretKey> UnlockAccount(const Account* account, const SecretBytes& password,
                                crypto::KdfCost cost) {
  if (account == nullptr) return RefuseUnknown(password, cost);
  // The box opens under the right password alone: the hash would only cost the owner the time again.
  auto key = crypto::DecryptKey(account->sealed_key, password);
  if (!key) return RefuseAttempt(std::move(key).error());
  WB_RETURN_IF_ERROR(RequireEnabled(*account));
  return key;
}

Result<void> AuthenticateAccount(const Account* account, const SecretBytes& password,
                                 crypto::KdfCost cost) {
  if (account == nullptr) return RefuseUnknown(password, cost);
  auto verified = crypto::VerifyPassword(account->password_hash, password);
  if (!verified) return RefuseAttempt(std::move(verified).error());
  return RequireEnabled(*account);
}

Result<Account> Rekeyed(Account account, const Account& fresh, UtcMicros now) {
  if (account.disabled_at) {
    return Fail(ErrorCode::kConflict, "account", "must not be disabled", account.name);
  }
  OperatorKey before = OperatorKeyOf(account);
  before.revoked_at = std::max(now, before.valid_from);
  account.former.push_back(std::move(before));
  if (account.former.size() > kFormerKeysMax) {
    return Fail(ErrorCode::kTooLarge, "account",
                "must not have had more than " + std::to_string(kFormerKeysMax) +
                    " keys: disable it and make another",
                account.name);
  }
  for (const OperatorKey& former : account.former) {
    if (former.key_id != fresh.key_id) continue;
    return Fail(ErrorCode::kConflict, "account", "must get a key that it has not had",
                fresh.key_id);
  }
  account.key_id = fresh.key_id;
  account.public_key = fresh.public_key;
  account.password_hash = fresh.password_hash;
  account.sealed_key = fresh.sealed_key;
  return account;
}

std::string EncodeAccount(const Account& account) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("name", account.name);
  json.StringField("role", Name(account.role));
  json.StringField("public_key", account.public_key.ToHex());
  json.StringField("password_hash", account.password_hash);
  json.StringField("sealed_key", account.sealed_key);
  WriteTimes(account.created_at, "created_at", account.disabled_at, "disabled_at", &json);
  if (!account.former.empty()) {
    json.Key("former");
    json.BeginArray();
    for (const OperatorKey& former : account.former) {
      json.BeginObject();
      json.StringField("public_key", former.public_key.ToHex());
      WriteTimes(former.valid_from, "valid_from", former.revoked_at, "revoked_at", &json);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return text;
}

Result<Account> DecodeAccount(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view name,
                      object.RequiredString("name", limits::kOperatorNameBytesMax));
  if (auto valid = ValidateName(name); !valid) {
    return object.Refuse("name", valid.error().rule, name);
  }
  WB_ASSIGN_OR_RETURN(const Role role, object.RequiredParsed("role", kRoleBytesMax, ParseRole));
  WB_ASSIGN_OR_RETURN(const PublicKey key, ReadPublicKey(&object));
  WB_ASSIGN_OR_RETURN(const std::string_view hash,
                      object.RequiredString("password_hash", kHashTextBytesMax));
  if (auto cost = crypto::CostOfPasswordHash(hash); !cost) {
    return Invalid("/password_hash", cost.error().rule);
  }
  WB_ASSIGN_OR_RETURN(const std::string_view sealed,
                      object.RequiredString("sealed_key", limits::kKeyFileBytesMax));
  auto sealed_public = crypto::EncryptedKeyPublic(sealed);
  if (!sealed_public) return Fail(std::move(sealed_public).error().Under("/sealed_key"));
  if (*sealed_public != key) {
    return Invalid("/sealed_key", "must hold the key of public_key", sealed_public->ToHex());
  }
  WB_ASSIGN_OR_RETURN(const UtcMicros created_at,
                      object.RequiredParsed("created_at", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const std::optional<UtcMicros> disabled_at,
                      object.OptionalParsed("disabled_at", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(std::vector<OperatorKey> former, ReadFormer(&object, role, created_at, key));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return Account{
      std::string(name), role,        key.KeyId(),      key, std::string(hash), std::string(sealed),
      created_at,        disabled_at, std::move(former)};
}

OperatorKey OperatorKeyOf(const Account& account) {
  const UtcMicros since =
      account.former.empty() ? account.created_at : *account.former.back().revoked_at;
  OperatorKey key{account.key_id, account.role, account.public_key, since, {}};
  // A clock that was set back between the two would make a key that no peer accepts.
  if (account.disabled_at) key.revoked_at = std::max(since, *account.disabled_at);
  return key;
}

std::vector<OperatorKey> OperatorKeysOf(const Account& account) {
  std::vector<OperatorKey> keys = account.former;
  keys.push_back(OperatorKeyOf(account));
  return keys;
}

Result<std::string> WriteOperatorKeys(std::span<const OperatorKey> keys) {
  std::vector<const OperatorKey*> sorted;
  for (const OperatorKey& key : keys) {
    if (ActsOnLines(key.role)) sorted.push_back(&key);
  }
  if (sorted.size() > limits::kOperatorsMax) {
    return Fail(ErrorCode::kTooLarge, "/operators",
                "must be at most " + std::to_string(limits::kOperatorsMax),
                std::to_string(sorted.size()));
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const OperatorKey* a, const OperatorKey* b) { return a->key_id < b->key_id; });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("operators");
  json.BeginArray();
  for (const OperatorKey* key : sorted) {
    json.BeginObject();
    json.StringField("key_id", key->key_id);
    json.StringField("role", Name(key->role));
    json.StringField("public_key", key->public_key.ToHex());
    WriteTimes(key->valid_from, "valid_from", key->revoked_at, "revoked_at", &json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return body;
}

Result<std::vector<OperatorKey>> ReadOperatorKeys(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array list,
                      object.RequiredArray("operators", limits::kOperatorsMax));
  std::vector<OperatorKey> keys;
  keys.reserve(list.size());
  std::set<std::string> seen;
  for (const json::Value value : list) {
    WB_ASSIGN_OR_RETURN(OperatorKey key, ReadOperatorKey(value));
    if (!seen.insert(key.key_id).second) return value.Refuse("must be a key that stands once");
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace wideberth::operators
