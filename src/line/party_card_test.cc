#include "line/party_card.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "crypto/dsse.h"
#include "json/reader.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using base::PartyId;
using crypto::PublicKey;
using crypto::SecretKey;

constexpr std::string_view kType = "application/vnd.wideberth.party-card.v1+json";
constexpr base::UtcMicros kMadeAt{1'795'000'000'000'000};

// The keys of RFC 8032, section 7.1: TEST 1, 2, 3 and 1024.
constexpr std::string_view kSeeds[] = {
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5"};

using Secrets = std::array<SecretKey, kKeyRoles.size()>;

SecretKey FromHex(std::string_view seed) {
  return SecretKey::FromSeed(base::HexDecode(seed).value()).value();
}
Secrets KnownSecrets() {
  return {FromHex(kSeeds[0]), FromHex(kSeeds[1]), FromHex(kSeeds[2]), FromHex(kSeeds[3])};
}
Secrets DrawnSecrets() {
  return {SecretKey::Generate(), SecretKey::Generate(), SecretKey::Generate(),
          SecretKey::Generate()};
}
PartyId Party() {
  return PartyId::Parse("f81d4fae-7dec-41d0-a765-00a0c91e6bf6").value();
}

// What the reader has to take apart, so that tests can put it together wrongly.
struct Parts {
  std::string version = "1";
  std::string party = Party().ToString();
  std::string name = "north";
  std::array<std::string, kKeyRoles.size()> keys;
  std::string created_at = "2026-11-18T11:06:40Z";
  std::string extra;  // further fields

  std::string Payload() const {
    std::string text = "{\"wideberth_party_card\":" + version + ",\"party\":\"" + party +
                       "\",\"name\":\"" + name + "\",\"keys\":{";
    for (size_t i = 0; i < keys.size(); ++i) {
      text += (i > 0 ? ",\"" : "\"") + std::string(KeyRoleName(kKeyRoles[i])) + "\":\"" + keys[i] +
              "\"";
    }
    return text + "},\"created_at\":\"" + created_at + "\"" + extra + "}";
  }
};

Parts PartsOf(const Secrets& secrets) {
  Parts parts;
  for (size_t i = 0; i < secrets.size(); ++i) parts.keys[i] = secrets[i].public_key().ToHex();
  return parts;
}

std::string Seal(std::string_view payload, std::span<const SecretKey> keys,
                 std::string_view type = kType) {
  return crypto::SignEnvelope(type, base::AsBytes(payload), keys).value();
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The signature objects of an envelope, as text.
std::vector<std::string> SignaturesOf(const std::string& text) {
  const json::Document document = json::Document::Parse(text).value();
  json::Object envelope = document.root().AsObject().value();
  std::vector<std::string> signatures;
  const json::Array array = envelope.RequiredArray("signatures", 8).value();
  for (const json::Value value : array) signatures.push_back(value.ToJson());
  return signatures;
}

std::string WithSignatures(const std::string& text, const std::vector<std::string>& signatures) {
  std::string list;
  for (const std::string& signature : signatures) list += (list.empty() ? "" : ",") + signature;
  const size_t open = text.find('[');
  return text.substr(0, open + 1) + list + text.substr(text.rfind(']'));
}

TEST(PartyCard, ReadsWhatWasMade) {
  const Secrets secrets = DrawnSecrets();
  const std::string text = MakeCard(Party(), "north.example-1", secrets, kMadeAt).value();
  const PartyCard card = ReadCard(text).value();
  EXPECT_EQ(card.party, Party());
  EXPECT_EQ(card.name, "north.example-1");
  EXPECT_EQ(card.created_at, kMadeAt);
  for (size_t i = 0; i < secrets.size(); ++i) {
    EXPECT_EQ(card.key(kKeyRoles[i]), secrets[i].public_key());
  }
  EXPECT_EQ(ReadCard(text + "\n").value(), card);
  // Signing is deterministic: the same card again.
  EXPECT_EQ(MakeCard(Party(), "north.example-1", secrets, kMadeAt).value(), text);
}

TEST(PartyCard, HasTheFormThatIsDocumented) {
  const Secrets secrets = KnownSecrets();
  const std::string payload = PartsOf(secrets).Payload();
  EXPECT_EQ(MakeCard(Party(), "north", secrets, kMadeAt).value(), Seal(payload, secrets));
}

TEST(PartyCard, MakesNothingThatCannotBeRead) {
  const Secrets secrets = DrawnSecrets();
  const auto field = [&](PartyId party, std::string_view name, base::UtcMicros at) {
    const auto card = MakeCard(party, name, secrets, at);
    return card ? std::string("made") : card.error().field;
  };
  for (const std::string& name :
       {std::string(), std::string(64, 'a'), std::string("North"), std::string("no rth"),
        std::string("n\xC3\xB6rd"), std::string("\xFF"), std::string(1, '\0'),
        std::string(1 << 20, 'a')}) {
    EXPECT_NE(field(Party(), name, kMadeAt), "made") << name.substr(0, 100);
  }
  EXPECT_EQ(field(Party(), "North", kMadeAt), "/name");
  EXPECT_EQ(field(Party(), std::string(63, 'a'), kMadeAt), "made");
  EXPECT_EQ(field(PartyId{}, "north", kMadeAt), "/party");
  EXPECT_EQ(field(Party(), "north", base::kTimeOpenEnd), "/created_at");
  const Secrets twice = {FromHex(kSeeds[0]), FromHex(kSeeds[1]), FromHex(kSeeds[2]),
                         FromHex(kSeeds[1])};
  const auto refused = MakeCard(Party(), "north", twice, kMadeAt);
  EXPECT_EQ(refused.error().field, "/keys/transport");
  EXPECT_EQ(refused.error().found, "the key of log");
}

TEST(PartyCard, ReadsStrictly) {
  const Secrets secrets = KnownSecrets();
  const Parts good = PartsOf(secrets);
  ASSERT_TRUE(ReadCard(Seal(good.Payload(), secrets)).has_value());
  const auto refuse = [&](const std::string& payload, std::string_view field) {
    const auto card = ReadCard(Seal(payload, secrets));
    ASSERT_FALSE(card.has_value()) << payload;
    EXPECT_EQ(card.error().field, field) << payload;
    EXPECT_NE(card.error().code, ErrorCode::kUnauthorized) << "for its form, before any signature";
  };
  const auto with = [&](auto change) {
    Parts parts = good;
    change(parts);
    return parts.Payload();
  };
  refuse(with([](Parts& p) { p.version = "2"; }), "/payload/wideberth_party_card");
  refuse(with([](Parts& p) { p.version = "1.0"; }), "/payload/wideberth_party_card");
  refuse(with([](Parts& p) { p.version = "\"1\""; }), "/payload/wideberth_party_card");
  refuse(with([](Parts& p) { p.party[14] = '1'; }), "/payload/party");
  refuse(with([](Parts& p) { p.party = "north"; }), "/payload/party");
  refuse(with([](Parts& p) { p.name = "NORTH"; }), "/payload/name");
  refuse(with([](Parts& p) { p.name = ""; }), "/payload/name");
  refuse(with([](Parts& p) { p.keys[2].pop_back(); }), "/payload/keys/cosignature");
  refuse(with([](Parts& p) { p.keys[2] += "00"; }), "/payload/keys/cosignature");
  refuse(with([](Parts& p) { p.keys[0] = p.keys[3]; }), "/payload/keys/transport");
  refuse(with([](Parts& p) { p.created_at = "2026-11-18T11:06:40"; }), "/payload/created_at");
  refuse(with([](Parts& p) { p.extra = ",\"purpose\":\"x\""; }), "/payload/purpose");
  refuse(with([](Parts& p) { p.extra = ",\"name\":\"south\""; }), "/payload/name");
  refuse(Replaced(good.Payload(), "\"log\"", "\"logs\""), "/payload/keys/log");
  refuse(Replaced(good.Payload(), "\"keys\":{", "\"keys\":{\"oprf\":\"\","), "/payload/keys/oprf");
  refuse(Replaced(good.Payload(), "\"name\":\"north\",", ""), "/payload/name");
  refuse("[]", "/payload");
  refuse("", "/payload");
  refuse("\xFF", "/payload");
  // Another kind of envelope, however well signed, is no card.
  const auto other = ReadCard(Seal(good.Payload(), secrets, "application/vnd.wideberth.x.v1+json"));
  EXPECT_EQ(other.error().field, "/payloadType");
  for (const std::string_view text : {"", "{}", "[]", "null", "{\"payload\":\"\"}"}) {
    EXPECT_FALSE(ReadCard(text).has_value()) << text;
  }
  EXPECT_EQ(ReadCard(std::string(70'000, ' ')).error().code, ErrorCode::kTooLarge);
}

TEST(PartyCard, RefusesWeakKeysInEveryRole) {
  const Secrets secrets = KnownSecrets();
  const std::string weak[] = {// y = 1, 0, -1: orders 1, 4, 2; one of order 8
                              "0100000000000000000000000000000000000000000000000000000000000000",
                              "0000000000000000000000000000000000000000000000000000000000000000",
                              "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                              // y = p and p + 1, and y = 1 with a sign: second spellings
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "0100000000000000000000000000000000000000000000000000000000000080"};
  for (size_t role = 0; role < kKeyRoles.size(); ++role) {
    for (const std::string& key : weak) {
      Parts parts = PartsOf(secrets);
      parts.keys[role] = key;
      const auto card = ReadCard(Seal(parts.Payload(), secrets));
      ASSERT_FALSE(card.has_value()) << key;
      EXPECT_EQ(card.error().field, "/payload/keys/" + std::string(KeyRoleName(kKeyRoles[role])));
    }
  }
}

TEST(PartyCard, RefusesTheWeakKeysOfCctv) {
  std::ifstream file("../shared/vectors/ed25519/cctv_ed25519.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "skipped: ../shared is absent";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json::Document document = json::Document::Parse(text).value();
  std::set<std::string> weak;
  const json::Array vectors = document.root().AsArray(1000).value();
  for (const json::Value vector : vectors) {
    json::Object object = vector.AsObject().value();
    if (object.Find("flags")->is_null()) continue;
    const json::Array flags = object.RequiredArray("flags", 20).value();
    for (const json::Value flag : flags) {
      const std::string_view name = flag.AsString(99).value();
      if (name != "low_order_A" && name != "non_canonical_A") continue;
      weak.emplace(object.RequiredString("key", 64).value());
    }
  }
  ASSERT_GT(weak.size(), 5u);
  const Secrets secrets = KnownSecrets();
  for (const std::string& key : weak) {
    Parts parts = PartsOf(secrets);
    parts.keys[1] = key;
    EXPECT_EQ(ReadCard(Seal(parts.Payload(), secrets)).error().field, "/payload/keys/log") << key;
  }
}

TEST(PartyCard, NeedsASignatureOfEveryKeyAndOfNoOther) {
  const Secrets secrets = DrawnSecrets();
  const Secrets others = DrawnSecrets();
  const std::string payload = PartsOf(secrets).Payload();
  const std::string good = Seal(payload, secrets);
  const std::vector<std::string> ours = SignaturesOf(good);
  const std::vector<std::string> theirs = SignaturesOf(Seal(payload, others));
  const auto read = [&](const std::vector<std::string>& signatures) {
    return ReadCard(WithSignatures(good, signatures));
  };
  EXPECT_TRUE(read({ours[3], ours[1], ours[0], ours[2]}).has_value()) << "in any order";
  for (size_t i = 0; i < ours.size(); ++i) {
    std::vector<std::string> signatures = ours;
    signatures.erase(signatures.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_EQ(read(signatures).error().field, "/signatures");
    // Neither another party's signature nor a second one of another role stands in for it.
    for (const std::string& stand_in : {theirs[i], ours[(i + 1) % ours.size()]}) {
      signatures = ours;
      signatures[i] = stand_in;
      const auto refused = read(signatures);
      ASSERT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
      EXPECT_EQ(refused.error().found, "none of " + std::string(KeyRoleName(kKeyRoles[i])));
    }
  }
  EXPECT_EQ(read(theirs).error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(read({}).error().field, "/signatures");
  std::vector<std::string> more = ours;
  more.push_back(theirs[0]);
  EXPECT_EQ(read(more).error().field, "/signatures");
}

// Somebody who wants to be known by a key of another party, so that its signatures count as his own.
TEST(PartyCard, RefusesAKeyThatItsMakerDoesNotHold) {
  const Secrets victim = DrawnSecrets();
  const Secrets own = DrawnSecrets();
  const std::string victims_card = MakeCard(Party(), "north", victim, kMadeAt).value();
  for (size_t role = 0; role < kKeyRoles.size(); ++role) {
    Parts parts = PartsOf(own);
    parts.name = "south";
    parts.keys[role] = victim[role].public_key().ToHex();
    const std::string forged = Seal(parts.Payload(), own);
    EXPECT_EQ(ReadCard(forged).error().code, ErrorCode::kUnauthorized);
    // With the signature of the victim's own card, which is over another payload.
    std::vector<std::string> signatures = SignaturesOf(forged);
    signatures[role] = SignaturesOf(victims_card)[role];
    EXPECT_EQ(ReadCard(WithSignatures(forged, signatures)).error().code, ErrorCode::kUnauthorized);
    // With one's own signature under the name of the victim's key.
    signatures[role] = Replaced(SignaturesOf(forged)[role], own[role].public_key().KeyId(),
                                victim[role].public_key().KeyId());
    EXPECT_EQ(ReadCard(WithSignatures(forged, signatures)).error().code, ErrorCode::kUnauthorized);
  }
}

TEST(PartyCard, NoChangedByteAndNoPrefixIsRead) {
  const std::string text = MakeCard(Party(), "north", KnownSecrets(), kMadeAt).value();
  ASSERT_TRUE(ReadCard(text).has_value());
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'A', ' '}) {
      std::string changed = text;
      changed[i] = c;
      ASSERT_EQ(ReadCard(changed).has_value(), changed == text) << i;
    }
    ASSERT_FALSE(ReadCard(text.substr(0, i)).has_value()) << i;
  }
}

// The expected digits were computed by another implementation of SHA-256 from the description in the header.
TEST(Fingerprint, IsTheDocumentedOne) {
  const std::string text = MakeCard(Party(), "north", KnownSecrets(), kMadeAt).value();
  EXPECT_EQ(FingerprintOf(ReadCard(text).value()).ToString(),
            "51256 22721 34866 58100 55895 08890 54867 14211");
}

TEST(Fingerprint, FollowsIdNameAndKeysAndNothingElse) {
  const auto of = [](PartyId party, std::string_view name, const Secrets& secrets,
                     base::UtcMicros at) {
    return FingerprintOf(ReadCard(MakeCard(party, name, secrets, at).value()).value());
  };
  const Fingerprint first = of(Party(), "north", KnownSecrets(), kMadeAt);
  EXPECT_EQ(of(Party(), "north", KnownSecrets(), {kMadeAt.us + 1}), first);
  std::set<Fingerprint> seen = {first};
  EXPECT_TRUE(seen.insert(of(Party(), "north1", KnownSecrets(), kMadeAt)).second);
  base::SeededRandom random(1);
  EXPECT_TRUE(
      seen.insert(of(PartyId{random.NewUuidV4()}, "north", KnownSecrets(), kMadeAt)).second);
  for (size_t i = 0; i < kKeyRoles.size(); ++i) {
    Secrets changed = KnownSecrets();
    changed[i] = SecretKey::Generate();
    EXPECT_TRUE(seen.insert(of(Party(), "north", changed, kMadeAt)).second);
    // The same keys in other roles are another identity.
    Secrets swapped = KnownSecrets();
    std::swap(swapped[i], swapped[(i + 1) % swapped.size()]);
    EXPECT_TRUE(seen.insert(of(Party(), "north", swapped, kMadeAt)).second);
  }
}

TEST(Fingerprint, ReadsBackAsPeopleWriteIt) {
  base::SeededRandom random(2);
  for (int i = 0; i < 1000; ++i) {
    Fingerprint fingerprint;
    random.Fill(fingerprint.bytes);
    const std::string text = fingerprint.ToString();
    ASSERT_EQ(text.size(), 47u);
    ASSERT_EQ(Fingerprint::Parse(text).value(), fingerprint);
    std::string other = text;
    std::replace(other.begin(), other.end(), ' ', '-');
    ASSERT_EQ(Fingerprint::Parse(other).value(), fingerprint);
    std::erase(other, '-');
    ASSERT_EQ(Fingerprint::Parse(other).value(), fingerprint);
  }
  EXPECT_EQ(Fingerprint{}.ToString(), "00000 00000 00000 00000 00000 00000 00000 00000");
  const std::string zeros = Fingerprint{}.ToString();
  for (const std::string& bad :
       {std::string(), std::string("0"), zeros.substr(1), zeros + " 0", zeros + " 00000",
        Replaced(zeros, "00000", "65536"), Replaced(zeros, "00000", "99999"),
        Replaced(zeros, "0", "o"), zeros + "\n", Replaced(zeros, "00000", "+0000")}) {
    EXPECT_FALSE(Fingerprint::Parse(bad).has_value()) << bad;
  }
  EXPECT_EQ(Fingerprint::Parse(Replaced(zeros, "00000", "65535"))->bytes[1], 0xFF);
}

}  // namespace
}  // namespace wideberth::line
