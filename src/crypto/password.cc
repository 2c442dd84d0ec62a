#include "crypto/password.h"

#include <sodium.h>

#include <charconv>
#include <cstring>

#include "base/limits.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

constexpr size_t kHashBytes = 32;
constexpr std::string_view kPrefix = "$argon2id$v=19$m=";
constexpr std::string_view kFormRule =
    "must be an Argon2id hash ($argon2id$v=19$m=...,t=...,p=1$salt$hash) within its limits";

struct ParsedHash {
  KdfCost cost;
  PasswordSalt salt{};
  base::Bytes bytes;
};

// PHC strings have no padding; 16 and 32 bytes need two and one sign of it.
std::string WithoutPadding(base::ByteView bytes) {
  std::string text = base::Base64Encode(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}
Result<base::Bytes> FromUnpadded(std::string_view text) {
  return base::Base64Decode(std::string(text).append((4 - text.size() % 4) % 4, '='));
}

std::string Format(const ParsedHash& hash) {
  std::string text(kPrefix);
  text.append(std::to_string(hash.cost.memory_bytes / 1024));
  text.append(",t=").append(std::to_string(hash.cost.operations)).append(",p=1$");
  text.append(WithoutPadding(hash.salt)).append("$").append(WithoutPadding(hash.bytes));
  return text;
}

bool CostAllowed(const KdfCost& cost) {
  return cost.operations >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
         cost.operations <= limits::kKeyFileKdfOperationsMax && cost.memory_bytes % 1024 == 0 &&
         cost.memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN &&
         cost.memory_bytes <= limits::kKeyFileKdfMemoryBytesMax;
}

// Takes the number at the start of `text`, which `end` follows.
bool TakeNumber(std::string_view* text, std::string_view end, uint64_t* number) {
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(stop - text->data()));
  if (!text->starts_with(end)) return false;
  text->remove_prefix(end.size());
  return true;
}

Result<ParsedHash> Parse(std::string_view text) {
  // What was found is not shown: a hash is a secret too.
  const base::Unexpected refusal = Invalid("hash", kFormRule);
  if (!text.starts_with(kPrefix)) return refusal;
  std::string_view rest = text.substr(kPrefix.size());
  ParsedHash hash;
  uint64_t kibibytes = 0;
  if (!TakeNumber(&rest, ",t=", &kibibytes) || !TakeNumber(&rest, ",p=1$", &hash.cost.operations) ||
      kibibytes > limits::kKeyFileKdfMemoryBytesMax / 1024) {
    return refusal;
  }
  hash.cost.memory_bytes = kibibytes * 1024;
  const size_t dollar = rest.find('$');
  if (!CostAllowed(hash.cost) || dollar == std::string_view::npos) return refusal;
  const auto salt = FromUnpadded(rest.substr(0, dollar));
  auto bytes = FromUnpadded(rest.substr(dollar + 1));
  if (!salt || salt->size() != kPasswordSaltBytes || !bytes || bytes->size() != kHashBytes) {
    return refusal;
  }
  std::memcpy(hash.salt.data(), salt->data(), salt->size());
  hash.bytes = std::move(*bytes);
  if (Format(hash) != text) return refusal;  // "m=065536" and the like
  return hash;
}

Result<base::Bytes> Derive(const SecretBytes& password, const PasswordSalt& salt, KdfCost cost) {
  if (password.size() == 0 || password.size() > limits::kPassphraseBytesMax) {
    return Invalid("password",
                   "must have 1 to " + std::to_string(limits::kPassphraseBytesMax) + " bytes",
                   std::to_string(password.size()) + " bytes");
  }
  base::Bytes bytes(kHashBytes);
  if (crypto_pwhash(bytes.data(), bytes.size(),
                    reinterpret_cast<const char*>(password.bytes().data()), password.size(),
                    salt.data(), cost.operations, cost.memory_bytes,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(ErrorCode::kBusy, "password", "must find memory to be checked",
                std::to_string(cost.memory_bytes) + " bytes");
  }
  return bytes;
}

}  // namespace

Result<std::string> HashPassword(const SecretBytes& password, const PasswordSalt& salt,
                                 KdfCost cost) {
  if (!CostAllowed(cost)) {
    return Invalid("cost", "must be whole KiB and passes within their limits",
                   std::to_string(cost.memory_bytes) + " bytes, " +
                       std::to_string(cost.operations) + " passes");
  }
  WB_ASSIGN_OR_RETURN(base::Bytes bytes, Derive(password, salt, cost));
  return Format({cost, salt, std::move(bytes)});
}

Result<void> VerifyPassword(std::string_view hash, const SecretBytes& password) {
  WB_ASSIGN_OR_RETURN(const ParsedHash parsed, Parse(hash));
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, Derive(password, parsed.salt, parsed.cost));
  if (!ConstantTimeEqual(bytes, parsed.bytes)) {
    return Fail(ErrorCode::kUnauthorized, "password", "must be the right one");
  }
  return {};
}

Result<KdfCost> CostOfPasswordHash(std::string_view hash) {
  WB_ASSIGN_OR_RETURN(const ParsedHash parsed, Parse(hash));
  return parsed.cost;
}

}  // namespace wideberth::crypto
