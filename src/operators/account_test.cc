#include "operators/account.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "json/reader.h"

namespace wideberth::operators {
namespace {

using base::ErrorCode;
using base::UtcMicros;
using crypto::SecretBytes;
using crypto::SecretKey;

constexpr UtcMicros kNow{1'795'000'000'000'000};
constexpr crypto::KdfCost kCheap{1, 8 * 1024};

SecretBytes Password(std::string_view text = "a long watch") {
  return SecretBytes::CopyOf(text);
}
SecretKey Key(uint8_t seed) {
  return SecretKey::FromSeed(base::Bytes(32, seed)).value();
}
AccountSalts Salts(uint8_t value) {
  AccountSalts salts;
  salts.password.fill(value);
  salts.key.salt.fill(static_cast<uint8_t>(value + 1));
  salts.key.nonce.fill(static_cast<uint8_t>(value + 2));
  return salts;
}
base::Result<Account> Make(std::string_view name, std::string_view password = "a long watch",
                           Role role = Role::kDutyOfficer, uint8_t seed = 7) {
  return MakeAccount({std::string(name), role}, Password(password), Key(seed), Salts(seed), kCheap,
                     kNow);
}
std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Account, OpensUnderItsPasswordAlone) {
  const Account account = Make("m.keller").value();
  EXPECT_EQ(account.key_id, Key(7).public_key().KeyId());
  const SecretKey key = UnlockAccount(&account, Password(), kCheap).value();
  EXPECT_EQ(key.public_key(), account.public_key);
  EXPECT_EQ(key.Sign(base::AsBytes("m")), Key(7).Sign(base::AsBytes("m")));
  EXPECT_TRUE(AuthenticateAccount(&account, Password(), kCheap).has_value());
  const std::string row = EncodeAccount(account);
  EXPECT_EQ(row.find("a long watch"), std::string::npos);
  const SecretBytes seed = Key(7).Seed();
  EXPECT_EQ(row.find(base::HexEncode(seed.bytes())), std::string::npos);
}

// A new key under a new password: the one before is known for what it signed until then.
TEST(Account, ANewKeyRevokesTheOneBefore) {
  const Account account = Make("m.keller").value();
  const Account fresh = Make("m.keller", "another watch", Role::kDutyOfficer, 8).value();
  const UtcMicros later{kNow.us + 60'000'000};
  const Account rekeyed = Rekeyed(account, fresh, later).value();
  EXPECT_EQ(rekeyed.created_at, kNow);
  EXPECT_FALSE(UnlockAccount(&rekeyed, Password(), kCheap).has_value());
  EXPECT_EQ(UnlockAccount(&rekeyed, Password("another watch"), kCheap)->public_key(),
            Key(8).public_key());
  const std::vector<OperatorKey> keys = OperatorKeysOf(rekeyed);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0],
            (OperatorKey{account.key_id, Role::kDutyOfficer, account.public_key, kNow, later}));
  EXPECT_EQ(keys[1], OperatorKeyOf(rekeyed));
  EXPECT_EQ(keys[1].valid_from, later);
  EXPECT_FALSE(keys[1].revoked_at.has_value());
  EXPECT_EQ(DecodeAccount(EncodeAccount(rekeyed)).value(), rekeyed);
  // What the peers are told of both is what they read.
  const auto told = ReadOperatorKeys(WriteOperatorKeys(keys).value()).value();
  EXPECT_EQ(told.size(), 2u);

  // Back to a key that is not trusted any more, of an account that is disabled, without an end.
  EXPECT_EQ(Rekeyed(rekeyed, account, later).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Rekeyed(account, account, later).error().code, ErrorCode::kConflict);
  Account disabled = account;
  disabled.disabled_at = kNow;
  EXPECT_EQ(Rekeyed(disabled, fresh, later).error().code, ErrorCode::kConflict);
  Account many = account;
  for (uint8_t n = 0; n < kFormerKeysMax; ++n) {
    const Account next =
        Make("m.keller", "a long watch", Role::kDutyOfficer, static_cast<uint8_t>(100 + n)).value();
    many = Rekeyed(std::move(many), next, later).value();
  }
  EXPECT_EQ(Rekeyed(many, fresh, later).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeAccount(EncodeAccount(many)).value(), many);

  // By a clock that was set back the first key was never in force, and is none that a peer refuses to read.
  const Account early = Rekeyed(account, fresh, {kNow.us - 5}).value();
  EXPECT_EQ(OperatorKeysOf(early)[0].revoked_at, kNow);
  EXPECT_TRUE(ReadOperatorKeys(WriteOperatorKeys(OperatorKeysOf(early)).value()).has_value());
  // What is damaged is refused: a gap between two keys, and one key twice.
  const std::string text = EncodeAccount(rekeyed);
  const std::string from = "\"valid_from\":\"" + base::FormatRfc3339(kNow);
  EXPECT_FALSE(DecodeAccount(Replaced(text, from, "\"valid_from\":\"" + base::FormatRfc3339(later)))
                   .has_value());
  EXPECT_FALSE(DecodeAccount(Replaced(text, account.public_key.ToHex(), rekeyed.public_key.ToHex()))
                   .has_value());
}

// Who guesses learns nothing from the words: not whether the name exists, not whether the account is disabled.
TEST(Account, AnUnknownNameAWrongPasswordAndADisabledAccountLookAlike) {
  const Account account = Make("m.keller").value();
  Account disabled = account;
  disabled.disabled_at = kNow;
  std::vector<base::Error> errors;
  for (const Account* who : std::vector<const Account*>{nullptr, &account, &disabled}) {
    for (const std::string& wrong :
         {std::string("another watch"), std::string(), std::string(5'000, 'a')}) {
      const auto unlocked = UnlockAccount(who, Password(wrong), kCheap);
      ASSERT_FALSE(unlocked.has_value());
      errors.push_back(unlocked.error());
      const auto authenticated = AuthenticateAccount(who, Password(wrong), kCheap);
      ASSERT_FALSE(authenticated.has_value());
      errors.push_back(authenticated.error());
    }
  }
  for (const base::Error& error : errors) EXPECT_EQ(error, errors.front()) << error.ToString();
  EXPECT_EQ(errors.front().code, ErrorCode::kUnauthorized);
  // Its owner is told.
  EXPECT_EQ(UnlockAccount(&disabled, Password(), kCheap).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(AuthenticateAccount(&disabled, Password(), kCheap).error().code, ErrorCode::kForbidden);
}

TEST(Account, RefusesNamesAndPasswords) {
  for (const std::string& name :
       {std::string("a"), std::string("0-._"), std::string(63, 'z'), std::string("duty-2")}) {
    EXPECT_TRUE(Make(name).has_value()) << name;
  }
  for (const std::string& name :
       {std::string(), std::string(64, 'z'), std::string("M"), std::string("a b"),
        std::string("a/b"), std::string("k\xC3\xA4ser"), std::string("a\n"),
        std::string(1, '\0')}) {
    EXPECT_EQ(Make(name).error().field, "name") << name;
  }
  const auto refused = [](std::string_view password) {
    const auto account = Make("m.keller", password);
    return account ? std::string() : account.error().field;
  };
  EXPECT_EQ(refused(std::string(limits::kPasswordBytesMin, 'a')), "");
  EXPECT_EQ(refused(std::string(limits::kPasswordBytesMin - 1, 'a')), "password");
  EXPECT_EQ(refused(std::string(limits::kPasswordBytesMax, 'a')), "");
  EXPECT_EQ(refused(std::string(limits::kPasswordBytesMax + 1, 'a')), "password");
  EXPECT_EQ(refused("a long \xFF watch"), "password");
  EXPECT_EQ(Make("the-duty-officer", "the-duty-officer").error().field, "password");
  EXPECT_EQ(MakeAccount({"m.keller", Role::kViewer}, Password(), Key(1), Salts(1), kCheap,
                        base::kTimeOpenEnd)
                .error()
                .field,
            "created_at");
  EXPECT_EQ(Make("m.keller", "short").error().found, "5 bytes") << "never the password itself";
}

TEST(Account, MakesTheRoundTripThroughItsRow) {
  for (const Role role : kRoles) {
    Account account = Make("m.keller", "a long watch", role).value();
    EXPECT_EQ(DecodeAccount(EncodeAccount(account)).value(), account);
    account.disabled_at = UtcMicros{kNow.us + 1};
    EXPECT_EQ(DecodeAccount(EncodeAccount(account)).value(), account);
    EXPECT_TRUE(AuthenticateAccount(&account, Password(), kCheap).error().code ==
                ErrorCode::kForbidden);
  }
}

TEST(Account, ReadsItsRowStrictly) {
  const std::string good = EncodeAccount(Make("m.keller").value());
  const std::string other =
      EncodeAccount(Make("m.keller", "a long watch", Role::kViewer, 9).value());
  json::Document document = json::Document::Parse(other).value();
  json::Object fields = document.root().AsObject().value();
  const std::string other_key(fields.RequiredString("public_key", 64).value());
  const std::string own_key = Key(7).public_key().ToHex();
  struct Case {
    std::string_view from, to, field;
  };
  const Case cases[] = {
      {"m.keller", "M.keller", "/name"},
      {"duty_officer", "officer", "/role"},
      {"{", "{\"purpose\":1,", "/purpose"},
      {"argon2id$", "argon2i$", "/password_hash"},
      {"\"name\"", "\"nom\"", "/name"},
      {"\"created_at\":\"2", "\"created_at\":\"x", "/created_at"},
      {"wideberth-key-1", "wideberth-key-2", "/sealed_key/format"},
      {own_key, other_key, "/sealed_key"},
  };
  for (const Case& c : cases) {
    const auto account = DecodeAccount(Replaced(good, c.from, c.to));
    ASSERT_FALSE(account.has_value()) << c.field;
    EXPECT_EQ(account.error().field, c.field);
  }
  for (size_t i = 0; i < good.size(); ++i) {
    ASSERT_FALSE(DecodeAccount(good.substr(0, i)).has_value()) << i;
  }
}

std::vector<OperatorKey> SomeKeys() {
  std::vector<OperatorKey> keys;
  const Role roles[] = {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief,
                        Role::kPrincipal};
  for (uint8_t i = 0; i < 4; ++i) {
    const crypto::PublicKey key = Key(static_cast<uint8_t>(20 + i)).public_key();
    keys.push_back({key.KeyId(), roles[i], key, {kNow.us + i}, std::nullopt});
  }
  keys[2].revoked_at = UtcMicros{kNow.us + 50};
  return keys;
}

TEST(OperatorKeys, MakeTheRoundTripInAnyOrder) {
  std::vector<OperatorKey> keys = SomeKeys();
  const std::string body = WriteOperatorKeys(keys).value();
  std::reverse(keys.begin(), keys.end());
  EXPECT_EQ(WriteOperatorKeys(keys).value(), body) << "the order of the accounts tells nothing";
  std::vector<OperatorKey> read = ReadOperatorKeys(body).value();
  const auto by_id = [](const OperatorKey& a, const OperatorKey& b) { return a.key_id < b.key_id; };
  std::sort(keys.begin(), keys.end(), by_id);
  EXPECT_EQ(read, keys);
  EXPECT_TRUE(ReadOperatorKeys(WriteOperatorKeys({}).value())->empty());
}

TEST(OperatorKeys, HoldNoNameAndNobodyWhoActsOnNoLine) {
  std::vector<OperatorKey> keys;
  const std::string names[] = {"m.keller", "anna.b", "xavier", "ops_7", "zz-top", "root-user"};
  for (size_t i = 0; i < kRoles.size(); ++i) {
    keys.push_back(OperatorKeyOf(
        Make(names[i], "a long watch", kRoles[i], static_cast<uint8_t>(40 + i)).value()));
  }
  const std::string body = WriteOperatorKeys(keys).value();
  for (const std::string& name : names) EXPECT_EQ(body.find(name), std::string::npos) << name;
  EXPECT_EQ(ReadOperatorKeys(body)->size(), 4u);
  // The body does not change with the name.
  const auto body_of = [](std::string_view name) {
    return WriteOperatorKeys(std::vector{OperatorKeyOf(Make(name).value())}).value();
  };
  EXPECT_EQ(body_of("m.keller"), body_of("somebody.else"));
}

TEST(OperatorKeys, ReadStrictlyWhatIsKnown) {
  const std::string good = WriteOperatorKeys(SomeKeys()).value();
  const std::string id = SomeKeys()[0].key_id;
  EXPECT_TRUE(ReadOperatorKeys(Replaced(good, "{\"key_id\"", "{\"new\":1,\"key_id\"")).has_value());
  EXPECT_TRUE(ReadOperatorKeys(Replaced(good, "{\"op", "{\"new\":1,\"op")).has_value());
  const auto field = [](const std::string& body) {
    const auto keys = ReadOperatorKeys(body);
    return keys ? std::string("read") : keys.error().field;
  };
  const size_t at = good.find(id);
  const std::string place =
      "/operators/" +
      std::to_string(std::count(good.begin(), good.begin() + static_cast<ptrdiff_t>(at), '{') - 2);
  EXPECT_EQ(field(Replaced(good, id, "0000000000000000")), place + "/key_id");
  for (const std::string_view role : {"viewer", "administrator", "general"}) {
    EXPECT_EQ(field(Replaced(good, "duty_officer", role)), place + "/role") << role;
  }
  EXPECT_EQ(field("[]"), "");
  EXPECT_EQ(field("{}"), "/operators");
  std::vector<OperatorKey> keys = SomeKeys();
  keys.push_back(keys[1]);
  EXPECT_TRUE(field(WriteOperatorKeys(keys).value()).starts_with("/operators/"));
  keys = SomeKeys();
  keys[2].revoked_at = UtcMicros{keys[2].valid_from.us - 1};
  EXPECT_TRUE(field(WriteOperatorKeys(keys).value()).ends_with("/revoked_at"));
}

TEST(OperatorKeys, AreLimited) {
  const std::vector<OperatorKey> most(limits::kOperatorsMax, SomeKeys()[0]);
  EXPECT_TRUE(WriteOperatorKeys(most).has_value());
  std::vector<OperatorKey> more = most;
  more.push_back(most[0]);
  EXPECT_EQ(WriteOperatorKeys(more).error().code, ErrorCode::kTooLarge);
}

TEST(OperatorKeys, AreRevokedWhenTheAccountIsDisabled) {
  Account account = Make("m.keller").value();
  EXPECT_EQ(OperatorKeyOf(account).revoked_at, std::nullopt);
  EXPECT_EQ(OperatorKeyOf(account).valid_from, kNow);
  account.disabled_at = UtcMicros{kNow.us + 5};
  EXPECT_EQ(OperatorKeyOf(account).revoked_at, account.disabled_at);
  account.disabled_at = UtcMicros{kNow.us - 5};  // the clock was set back
  EXPECT_EQ(OperatorKeyOf(account).revoked_at, kNow);
}

}  // namespace
}  // namespace wideberth::operators
