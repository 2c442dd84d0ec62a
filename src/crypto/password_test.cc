#include "crypto/password.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;

SecretBytes Secret(std::string_view text) {
  return SecretBytes::CopyOf(text);
}
PasswordSalt Salt(std::string_view sixteen) {
  PasswordSalt salt{};
  EXPECT_EQ(sixteen.size(), salt.size());
  std::copy_n(sixteen.begin(), salt.size(), salt.begin());
  return salt;
}

// Written by the reference implementation of Argon2 (the command `argon2` of its authors).
constexpr std::string_view kReference =
    "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw"
    "$6l+5b6xNgkpIVRAh2b57tbFCa6MezZlThsJN9gGMC8o";
constexpr std::string_view kReferenceCheapest =
    "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
    "$gLHIkr1qgP4r3sH1P/NIg3+PMckaLQ3RkuIiytJhVlY";
constexpr std::string_view kReferencePassword = "correct horse battery";

TEST(Password, WritesWhatTheReferenceImplementationWrites) {
  EXPECT_EQ(
      HashPassword(Secret(kReferencePassword), Salt("sixteen bytes ok"), {2, 64 * 1024}).value(),
      kReference);
  EXPECT_EQ(HashPassword(Secret(kReferencePassword), Salt("0123456789abcdef"), KdfCost::Cheapest())
                .value(),
            kReferenceCheapest);
}

TEST(Password, VerifiesTheRightOneAlone) {
  for (const std::string_view hash : {kReference, kReferenceCheapest}) {
    EXPECT_TRUE(VerifyPassword(hash, Secret(kReferencePassword)).has_value());
    for (const std::string_view wrong :
         {"correct horse batterz", "correct horse batter", "correct horse battery ", "x"}) {
      const auto refused = VerifyPassword(hash, Secret(wrong));
      ASSERT_FALSE(refused.has_value()) << wrong;
      EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
      EXPECT_EQ(refused.error().found, "") << "a password is never shown";
    }
  }
  EXPECT_EQ(CostOfPasswordHash(kReference)->operations, 2u);
  EXPECT_EQ(CostOfPasswordHash(kReference)->memory_bytes, 64u * 1024);
}

TEST(Password, EverySaltAndEveryBitOfAPasswordCounts) {
  base::SeededRandom random(1);
  for (int i = 0; i < 20; ++i) {
    base::Bytes password(1 + random.Below(60));
    random.Fill(password);
    PasswordSalt salt;
    random.Fill(salt);
    const std::string hash =
        HashPassword(SecretBytes::CopyOf(password), salt, KdfCost::Cheapest()).value();
    EXPECT_TRUE(VerifyPassword(hash, SecretBytes::CopyOf(password)).has_value());
    PasswordSalt other = salt;
    other[random.Below(other.size())] ^= 1;
    EXPECT_NE(HashPassword(SecretBytes::CopyOf(password), other, KdfCost::Cheapest()).value(),
              hash);
    password[random.Below(password.size())] ^= static_cast<uint8_t>(1u << random.Below(8));
    EXPECT_EQ(VerifyPassword(hash, SecretBytes::CopyOf(password)).error().code,
              ErrorCode::kUnauthorized);
  }
}

TEST(Password, RefusesLengthsAndCosts) {
  const PasswordSalt salt{};
  EXPECT_EQ(HashPassword(Secret(""), salt, KdfCost::Cheapest()).error().field, "password");
  const std::string longest(limits::kPassphraseBytesMax, 'a');
  EXPECT_TRUE(HashPassword(Secret(longest), salt, KdfCost::Cheapest()).has_value());
  EXPECT_EQ(HashPassword(Secret(longest + "a"), salt, KdfCost::Cheapest()).error().field,
            "password");
  for (const KdfCost cost :
       {KdfCost{0, 8 * 1024}, KdfCost{1, 7 * 1024}, KdfCost{1, 8 * 1024 + 1}, KdfCost{17, 8 * 1024},
        KdfCost{1, (uint64_t{1} << 30) + 1024}, KdfCost{1, uint64_t{1} << 63}}) {
    EXPECT_EQ(HashPassword(Secret("password"), salt, cost).error().field, "cost");
  }
}

TEST(Password, ReadsOneSpellingAlone) {
  const std::string good(kReference);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::string> bad = {
      "",
      "$",
      good + "=",
      good + " ",
      " " + good,
      good.substr(0, good.size() - 1),
      with("argon2id", "argon2i"),
      with("v=19", "v=16"),
      with("m=64", "m=064"),
      with("m=64", "m=+64"),
      with("m=64", "m=-64"),
      with("m=64", "m=7"),
      with("m=64", "m=1048577"),
      with("m=64", "m=18446744073709551615"),
      with("m=64", "m=18446744073709551616"),
      with("m=64", "m="),
      with("t=2", "t=0"),
      with("t=2", "t=17"),
      with("t=2", "t=02"),
      with("p=1", "p=2"),
      with("m=64,t=2", "t=2,m=64"),
      with("c2l4dGVlbiBieXRlcyBvaw", "c2l4dGVlbiBieXRlcyBvax"),  // not zero behind the last bit
      with("c2l4dGVlbiBieXRlcyBvaw", "c2l4dGVlbiBieXRlcyBvaw=="),
      with("6l+5", "6l-5"),
      with("$6l", "$$6l")};
  for (const std::string& text : bad) {
    const auto refused = VerifyPassword(text, Secret(kReferencePassword));
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().field, "hash") << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid) << text;
    EXPECT_EQ(refused.error().found, "") << "a hash is never shown";
    EXPECT_FALSE(CostOfPasswordHash(text).has_value());
  }
}

}  // namespace
}  // namespace wideberth::crypto
