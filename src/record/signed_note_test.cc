#include "record/signed_note.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "json/reader.h"

namespace wideberth::record {
namespace {

using base::ErrorCode;

constexpr std::string_view kText = "First line.\n\nThird line, with a + and \xE2\x80\x94 a dash.\n";

crypto::SecretKey Secret(uint8_t seed) {
  return crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value();
}

SignerKey Signer(std::string_view name, uint8_t seed,
                 KeyAlgorithm algorithm = KeyAlgorithm::kEd25519) {
  return SignerKey::Make(name, algorithm, Secret(seed)).value();
}

std::vector<VerifierKey> Keys(const SignerKey& key) {
  return {key.verifier()};
}

std::string NoteBy(const SignerKey& key, std::string_view text = kText) {
  return FormatNote({std::string(text), {key.Sign(text).value()}}).value();
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

template <class T>
std::string Refusal(const base::Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().ToString();
}

// --------------------------------------------------------------------------------------------- vkeys

TEST(SignedNote, TheSpecificationsExampleVerifies) {
  std::ifstream file("../shared/vectors/record/c2sp_examples.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "skipped: ../shared is absent";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json::Document document = json::Document::Parse(text).value();
  json::Object root = document.root().AsObject().value();
  json::Object example = root.RequiredObject("signed_note").value();
  const std::string_view vkey = example.RequiredString("vkey", 1000).value();
  const std::string_view bytes = example.RequiredString("note", 1000).value();
  const std::vector<VerifierKey> keys = {VerifierKey::Parse(vkey).value()};
  EXPECT_EQ(keys[0].name(), "example.com/foo");
  EXPECT_EQ(keys[0].algorithm(), KeyAlgorithm::kEd25519);
  EXPECT_EQ(keys[0].Format(), vkey);
  const SignedNote note = ParseNote(bytes).value();
  EXPECT_EQ(note.text, "This is an example message.\n");
  EXPECT_EQ(VerifyNote(note, keys).value(), (std::vector<VerifiedSignature>{{0, 0}}));
  EXPECT_EQ(FormatNote(note).value(), bytes);
}

TEST(SignedNote, AVkeyMakesTheRoundTrip) {
  bool with_plus = false;
  for (int seed = 0; seed < 100; ++seed) {
    const auto public_key = Secret(static_cast<uint8_t>(seed)).public_key();
    for (const auto algorithm : {KeyAlgorithm::kEd25519, KeyAlgorithm::kCosignatureV1}) {
      const VerifierKey key =
          VerifierKey::Make("a.example/\xC3\xA9", algorithm, public_key).value();
      const std::string text = key.Format();
      EXPECT_EQ(VerifierKey::Parse(text).value(), key) << text;
      // '+' is a digit of base64.
      with_plus |= std::count(text.begin(), text.end(), '+') > 2;
    }
  }
  EXPECT_TRUE(with_plus);
}

TEST(SignedNote, AKeyIdBelongsToNameAndAlgorithm) {
  const auto public_key = Secret(1).public_key();
  const auto id = [&](std::string_view name, KeyAlgorithm algorithm) {
    return VerifierKey::Make(name, algorithm, public_key)->id();
  };
  EXPECT_NE(id("a", KeyAlgorithm::kEd25519), id("b", KeyAlgorithm::kEd25519));
  EXPECT_NE(id("a", KeyAlgorithm::kEd25519), id("a", KeyAlgorithm::kCosignatureV1));
}

TEST(SignedNote, VkeysAreParsedStrictly) {
  const std::string vkey = Signer("a.example/log", 1).verifier().Format();
  const std::string id = vkey.substr(14, 8);
  const std::string key = vkey.substr(23);
  const auto with_key = [&](const base::Bytes& bytes) {
    return "a.example/log+" + id + "+" + base::Base64Encode(bytes);
  };
  base::Bytes post_quantum(1 + 1312, 7);
  post_quantum[0] = 0x06;
  base::Bytes other_algorithm = base::Base64Decode(key).value();
  other_algorithm[0] = 0x04;
  base::Bytes low_order(33, 0);
  low_order[0] = 0x01;
  const std::string parts = "must be a name, '+', a key id in hex, '+', a key in base64";
  const std::string name =
      "must be a key name: 1 to 255 bytes of UTF-8 without spaces, '+' and "
      "control characters";
  const std::string base64 = "must be base64 with padding (RFC 4648 section 4)";
  const std::string algorithm =
      "must be of algorithm 0x01 (Ed25519) or 0x04 (Ed25519 cosignature/v1)";
  const std::string of_key = "must be the id of this name and key, ";
  struct Case {
    std::string vkey, field, rule, found;
  };
  const std::vector<Case> cases = {
      {"", "vkey", parts, ""},
      {"a", "vkey", parts, "a"},
      {"a+" + id, "vkey", parts, "a+" + id},
      {vkey.substr(13), "vkey.name", name, ""},
      {Replaced(vkey, "/", " "), "vkey.name", name, "a.example log"},
      {Replaced(vkey, "/", "\xFF"), "vkey.name", name, "612e6578616d706c65ff6c6f67"},
      {Replaced(vkey, id, id.substr(1)), "vkey.id", of_key + id, id.substr(1)},
      {Replaced(vkey, id, "00000000"), "vkey.id", of_key + id, "00000000"},
      {Replaced(vkey, key, key + "="), "vkey.key", base64, key + "="},
      {Replaced(vkey, key, ""), "vkey.key", algorithm, "0 bytes"},
      {with_key(post_quantum), "vkey.key", algorithm, "0x06"},
      {with_key({0x01}), "vkey.key", "must be an Ed25519 public key of 32 bytes", "0 bytes"},
      {with_key(base::Bytes(34, 1)), "vkey.key", "must be an Ed25519 public key of 32 bytes",
       "33 bytes"},
      {with_key(low_order), "vkey.key", "must be a canonical Ed25519 point of prime order",
       std::string(64, '0')},
      {vkey + std::string(kVerifierKeyBytesMax, 'A'), "vkey", "must have at most 4096 bytes",
       std::to_string(vkey.size() + kVerifierKeyBytesMax) + " bytes"},
  };
  ASSERT_TRUE(VerifierKey::Parse(vkey).has_value());
  for (const Case& each : cases) {
    const auto parsed = VerifierKey::Parse(each.vkey);
    ASSERT_FALSE(parsed.has_value()) << each.vkey;
    EXPECT_EQ(parsed.error().field, each.field) << each.vkey;
    EXPECT_EQ(parsed.error().rule, each.rule) << each.vkey;
    EXPECT_EQ(parsed.error().found, each.found) << each.vkey;
  }
  // The id is of the algorithm, too, and has one spelling.
  EXPECT_EQ(VerifierKey::Parse(with_key(other_algorithm)).error().field, "vkey.id");
  for (const char c : id) {
    if (c < 'a') continue;
    std::string upper = id;
    upper[id.find(c)] = static_cast<char>(c - 'a' + 'A');
    EXPECT_EQ(VerifierKey::Parse(Replaced(vkey, id, upper)).error().field, "vkey.id");
  }
}

TEST(SignedNote, KeyNamesHaveNoSpaceOfAnyKind) {
  EXPECT_TRUE(CheckKeyName("example.com/log-1_\xC3\xA9").has_value());
  EXPECT_TRUE(CheckKeyName(std::string(kKeyNameBytesMax, 'a')).has_value());
  EXPECT_FALSE(CheckKeyName(std::string(kKeyNameBytesMax + 1, 'a')).has_value());
  for (const std::string_view bad : {" ",
                                     "\t",
                                     "\n",
                                     "\v",
                                     "\f",
                                     "\r",
                                     "\x1F",
                                     "+",
                                     "\xC2\x85",
                                     "\xC2\xA0",
                                     "\xE1\x9A\x80",
                                     "\xE2\x80\x80",
                                     "\xE2\x80\x8A",
                                     "\xE2\x80\xA8",
                                     "\xE2\x80\xA9",
                                     "\xE2\x80\xAF",
                                     "\xE2\x81\x9F",
                                     "\xE3\x80\x80",
                                     "\xFF",
                                     "\xE2\x80"}) {
    EXPECT_FALSE(CheckKeyName(std::string("a") + std::string(bad) + "b").has_value())
        << base::HexEncode(base::AsBytes(bad));
  }
  // A zero-width space is none by Unicode.
  EXPECT_TRUE(CheckKeyName("a\xE2\x80\x8B").has_value());
}

// --------------------------------------------------------------------------------------------- notes

TEST(SignedNote, WhatIsSignedVerifiesUnderItsKeyOnly) {
  const SignerKey key = Signer("a", 1);
  for (const std::string_view text :
       {std::string_view("\n"), std::string_view("x\n"), std::string_view("\n\n"),
        std::string_view("a\n\n\n"), std::string_view("\xE2\x80\x94 a b\n"), kText}) {
    const std::string bytes = NoteBy(key, text);
    const SignedNote note = ParseNote(bytes).value();
    EXPECT_EQ(note.text, text);
    EXPECT_EQ(FormatNote(note).value(), bytes);
    EXPECT_EQ(VerifyNote(note, Keys(key))->size(), 1U);
    for (const SignerKey& other : {Signer("a", 2), Signer("b", 1)}) {
      const auto verified = VerifyNote(note, Keys(other));
      EXPECT_EQ(verified.error().code, ErrorCode::kUnauthorized);
      EXPECT_EQ(Refusal(verified),
                "signatures: must include one of a known key (found 1 of unknown keys)");
    }
    EXPECT_FALSE(VerifyNote(note, {}).has_value());
  }
}

TEST(SignedNote, NoChangedBitLeavesItSigned) {
  const SignerKey key = Signer("a", 1);
  const SignerKey cosigner = Signer("w", 2, KeyAlgorithm::kCosignatureV1);
  const std::vector<VerifierKey> known = {key.verifier(), cosigner.verifier()};
  SignedNote note{std::string(kText), {key.Sign(kText).value()}};
  note.signatures.push_back(cosigner.Cosign(kText, 1'679'315'147).value());
  const std::string bytes = FormatNote(note).value();
  ASSERT_EQ(VerifyNote(note, known).value(),
            (std::vector<VerifiedSignature>{{0, 0}, {1, 1'679'315'147}}));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto parsed = ParseNote(changed);
    if (!parsed) continue;
    ASSERT_NE(*parsed, note);
    const auto verified = VerifyNote(*parsed, known);
    // Only a signature that names no known key any more is passed over, and then the other one stands.
    if (!verified) continue;
    ASSERT_EQ(parsed->text, note.text);
    ASSERT_EQ(verified->size(), 1U);
  }
}

TEST(SignedNote, UnknownKeysAreIgnoredAndAKnownOneThatFailsIsNot) {
  const SignerKey known = Signer("known", 1);
  const SignerKey stranger = Signer("stranger", 2);
  const SignerKey namesake = Signer("known", 3);
  const NoteSignature good = known.Sign(kText).value();
  const NoteSignature strange = stranger.Sign(kText).value();
  NoteSignature forged = namesake.Sign(kText).value();
  const auto verify = [&](std::vector<NoteSignature> signatures) {
    return VerifyNote({std::string(kText), std::move(signatures)}, Keys(known));
  };
  NoteSignature broken_strange = strange;
  broken_strange.bytes = {1};
  EXPECT_EQ(verify({strange, forged, broken_strange, good})->size(), 1U);
  EXPECT_EQ(verify({good, good})->size(), 2U);
  forged.key_id = good.key_id;  // 32 bits: within a stranger's means
  for (const auto& signatures : {std::vector{good, forged}, std::vector{forged, good}}) {
    const auto refused = verify(signatures);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
    EXPECT_EQ(Refusal(refused),
              "signatures: must each verify under the known key that it names (found known+" +
                  base::HexEncode(good.key_id) + ")");
  }
  NoteSignature same_id = good;
  same_id.key_name = "other";
  EXPECT_FALSE(verify({same_id}).has_value());
  NoteSignature longer = good;
  longer.bytes.push_back(0);
  EXPECT_FALSE(verify({good, longer}).has_value());
}

TEST(SignedNote, ACosignatureIsATimeAndASignature) {
  const SignerKey key = Signer("w", 7, KeyAlgorithm::kCosignatureV1);
  const NoteSignature signature = key.Cosign("text\n", 0x0102030405060708).value();
  ASSERT_EQ(signature.bytes.size(), 72U);
  EXPECT_EQ(base::HexEncode({signature.bytes.data(), 8}), "0102030405060708");
  EXPECT_TRUE(key.verifier().public_key().Verify(
      base::AsBytes("cosignature/v1\ntime 72623859790382856\ntext\n"),
      {signature.bytes.data() + 8, 64}));
  const auto times = [&](const NoteSignature& changed) {
    return VerifyNote({"text\n", {changed}}, Keys(key));
  };
  EXPECT_EQ(times(signature)->at(0).time_s, 0x0102030405060708U);
  EXPECT_TRUE(times(key.Cosign("text\n", 0).value()).has_value());
  EXPECT_EQ(times(key.Cosign("text\n", kCosignatureTimeMaxS).value())->at(0).time_s,
            kCosignatureTimeMaxS);
  EXPECT_EQ(Refusal(key.Cosign("text\n", kCosignatureTimeMaxS + 1)),
            "time: must be at most 2^63 - 1 seconds (found 9223372036854775808)");
  // A time beyond, although signed, is refused.
  NoteSignature beyond = signature;
  std::fill_n(beyond.bytes.begin(), 8, uint8_t{0xFF});
  const crypto::Signature signed_beyond =
      Secret(7).Sign(base::AsBytes("cosignature/v1\ntime 18446744073709551615\ntext\n"));
  std::copy(signed_beyond.begin(), signed_beyond.end(), beyond.bytes.begin() + 8);
  EXPECT_FALSE(times(beyond).has_value());
  NoteSignature cut = signature;
  cut.bytes.resize(64);
  EXPECT_FALSE(times(cut).has_value());
}

TEST(SignedNote, AKeySignsInItsOwnRoleOnly) {
  const SignerKey log = Signer("a", 1);
  const SignerKey cosigner = Signer("a", 1, KeyAlgorithm::kCosignatureV1);
  EXPECT_EQ(Refusal(log.Cosign("x\n", 1)),
            "key: must be of algorithm 0x04 (Ed25519 cosignature/v1) to cosign (found " +
                log.verifier().Format() + ")");
  EXPECT_EQ(Refusal(cosigner.Sign("x\n")),
            "key: must be of algorithm 0x01 (Ed25519) to sign (found " +
                cosigner.verifier().Format() + ")");
  // Else this signature would be a cosignature of "x", should one secret have both roles.
  EXPECT_EQ(Refusal(log.Sign("cosignature/v1\ntime 1\nx\n")),
            "line 1: must not begin as a cosignature does (found cosignature/v1)");
  EXPECT_FALSE(SignerKey::Make("a b", KeyAlgorithm::kEd25519, Secret(1)).has_value());
}

TEST(SignedNote, NotesAreParsedStrictly) {
  const SignerKey key = Signer("a", 1);
  const std::string bytes = NoteBy(key, "one\ntwo\n");
  const std::string line = bytes.substr(bytes.find("\n\n") + 2);
  const std::string base64 = line.substr(6, line.size() - 7);
  const std::string line_rule =
      "must be a signature line: an em dash, a space, a key name, a space, base64, a newline";
  const std::string blank_rule = "must have an empty line between its text and its signatures";
  const auto cut = [](const std::string& text) { return text.substr(0, text.size() - 1); };
  struct Case {
    std::string note, field, rule;
  };
  const std::vector<Case> cases = {
      {"", "line 1", "must end in a newline"},
      {cut(bytes), "line 4", "must end in a newline"},
      {"one\ntwo\n", "", blank_rule},
      {"\n" + line, "", blank_rule},
      {"one\n\n", "signatures", "must be 1 to 64"},
      {bytes + "\n", "signatures", "must be 1 to 64"},
      {bytes + "x\n", "line 5", line_rule},
      {Replaced(bytes, "\xE2\x80\x94", "-"), "line 4", line_rule},
      {Replaced(bytes, "\xE2\x80\x94 a",
                "\xE2\x80\x94"
                "a"),
       "line 4", line_rule},
      {Replaced(bytes, "\xE2\x80\x94 a", "\xE2\x80\x94  a"), "line 4",
       "must be a key name: 1 to 255 bytes of UTF-8 without spaces, '+' and control characters"},
      {Replaced(bytes, "\xE2\x80\x94 a", "\xE2\x80\x94 a+b"), "line 4",
       "must be a key name: 1 to 255 bytes of UTF-8 without spaces, '+' and control characters"},
      {Replaced(bytes, " a ", " a  "), "line 4",
       "must be base64 with padding (RFC 4648 section 4)"},
      {Replaced(bytes, base64, base64 + " "), "line 4",
       "must be base64 with padding (RFC 4648 section 4)"},
      {Replaced(bytes, base64, "AAAA"), "line 4", "must have a key id of 4 bytes and a signature"},
      {Replaced(bytes, base64, "AAAAAA=="), "line 4",
       "must have a key id of 4 bytes and a signature"},
      {Replaced(bytes, "two", "t\two"), "line 2", "must have no control characters"},
      {Replaced(bytes, "two\n", "two\r\n"), "line 2", "must have no control characters"},
      {Replaced(bytes, "two", "t\xC0wo"), "line 2", "must be UTF-8"},
      {std::string(kSignedNoteBytesMax, 'a') + "\n", "", "must have at most 262144 bytes"},
  };
  ASSERT_TRUE(ParseNote(bytes).has_value());
  for (const Case& each : cases) {
    const auto parsed = ParseNote(each.note);
    ASSERT_FALSE(parsed.has_value()) << each.note;
    EXPECT_EQ(parsed.error().field, each.field) << each.note;
    EXPECT_EQ(parsed.error().rule, each.rule) << each.note;
  }
  EXPECT_EQ(Refusal(ParseNote(Replaced(bytes, "two", "t\two"))),
            "line 2: must have no control characters (found byte 0x09)");
}

TEST(SignedNote, KeepsItsLimits) {
  const SignerKey key = Signer("a", 1);
  SignedNote note{std::string(kText), {}};
  EXPECT_EQ(Refusal(FormatNote(note)), "signatures: must be 1 to 64 (found 0)");
  for (size_t i = 0; i + 1 < kSignedNoteSignaturesMax; ++i) {
    note.signatures.push_back({"stranger" + std::to_string(i), {}, base::Bytes(3'000, 1)});
  }
  note.signatures.push_back(key.Sign(kText).value());
  const std::string bytes = FormatNote(note).value();
  EXPECT_EQ(VerifyNote(ParseNote(bytes).value(), Keys(key)).value(),
            (std::vector<VerifiedSignature>{{0, 0}}));
  const std::string more = bytes + FormatSignatureLine(note.signatures.front()).value();
  EXPECT_EQ(ParseNote(more).error().code, ErrorCode::kTooLarge);
  note.signatures.push_back(note.signatures.front());
  EXPECT_EQ(FormatNote(note).error().code, ErrorCode::kTooLarge);
  note.signatures.resize(1);
  note.signatures[0].bytes.resize(kSignedNoteBytesMax);
  EXPECT_EQ(FormatNote(note).error().code, ErrorCode::kTooLarge);
  note.signatures[0].bytes.clear();
  EXPECT_EQ(Refusal(FormatNote(note)), "signature: must have at least 1 byte (found 0 bytes)");
  note.signatures[0] = {"a b", {}, {1}};
  EXPECT_EQ(FormatNote(note).error().field, "name");
  const std::string long_text = std::string(kSignedNoteBytesMax, 'a') + "\n";
  EXPECT_EQ(key.Sign(long_text).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Refusal(key.Sign("a\nb")), "line 2: must end in a newline (found b)");
}

TEST(SignedNote, ASignatureLineStandsAlone) {
  const NoteSignature signature = Signer("a", 1).Sign(kText).value();
  const std::string line = FormatSignatureLine(signature).value();
  EXPECT_EQ(ParseSignatureLine(line).value(), signature);
  for (const std::string& bad : {std::string(), line + "\n", line + line, "\n" + line,
                                 line.substr(0, line.size() - 1), line.substr(4)}) {
    EXPECT_FALSE(ParseSignatureLine(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace wideberth::record
