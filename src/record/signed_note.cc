#include "record/signed_note.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "crypto/sha256.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kLineStart = "\xE2\x80\x94 ";  // an em dash, U+2014, and a space
constexpr std::string_view kLineRule =
    "must be a signature line: an em dash, a space, a key name, a space, base64, a newline";
constexpr std::string_view kCosignatureHeader = "cosignature/v1\n";
constexpr size_t kTimeBytes = 8;

// White_Space of Unicode beyond the control characters, in UTF-8.
constexpr std::string_view kSpaces[] = {
    " ",
    "\xC2\x85",      // U+0085 next line
    "\xC2\xA0",      // U+00A0 no-break space
    "\xE1\x9A\x80",  // U+1680 Ogham space mark
    "\xE2\x80\x80",  // U+2000 to U+200A, spaces of a width
    "\xE2\x80\x81",
    "\xE2\x80\x82",
    "\xE2\x80\x83",
    "\xE2\x80\x84",
    "\xE2\x80\x85",
    "\xE2\x80\x86",
    "\xE2\x80\x87",
    "\xE2\x80\x88",
    "\xE2\x80\x89",
    "\xE2\x80\x8A",
    "\xE2\x80\xA8",  // U+2028 line separator
    "\xE2\x80\xA9",  // U+2029 paragraph separator
    "\xE2\x80\xAF",  // U+202F narrow no-break space
    "\xE2\x81\x9F",  // U+205F medium mathematical space
    "\xE3\x80\x80",  // U+3000 ideographic space
};

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

std::string LineField(size_t line) {
  return "line " + std::to_string(line);
}

KeyId MakeKeyId(std::string_view name, KeyAlgorithm algorithm,
                const crypto::PublicKey& public_key) {
  base::Bytes bytes(name.begin(), name.end());
  bytes.push_back('\n');
  bytes.push_back(static_cast<uint8_t>(algorithm));
  bytes.insert(bytes.end(), public_key.bytes().begin(), public_key.bytes().end());
  KeyId id;
  std::copy_n(crypto::Sha256(bytes).bytes.begin(), id.size(), id.begin());
  return id;
}

// Lines count from 1.
Result<void> CheckCharacters(std::string_view text) {
  size_t line = 1;
  for (size_t i = 0; i < text.size();) {
    const size_t bytes = base::Utf8SequenceBytes(text.substr(i));
    if (bytes == 0) {
      return Invalid(LineField(line), "must be UTF-8",
                     "byte 0x" + base::HexEncode(base::AsBytes(text.substr(i, 1))));
    }
    if (text[i] == '\n') {
      ++line;
    } else if (IsControl(text[i])) {
      return Invalid(LineField(line), "must have no control characters",
                     "byte 0x" + base::HexEncode(base::AsBytes(text.substr(i, 1))));
    }
    i += bytes;
  }
  return {};
}

Result<void> CheckSize(size_t bytes) {
  if (bytes <= kSignedNoteBytesMax) return {};
  return Fail(ErrorCode::kTooLarge, "",
              "must have at most " + std::to_string(kSignedNoteBytesMax) + " bytes",
              std::to_string(bytes) + " bytes");
}

Result<void> CheckSignatureCount(size_t count) {
  if (count >= 1 && count <= kSignedNoteSignaturesMax) return {};
  return Fail(count == 0 ? ErrorCode::kInvalid : ErrorCode::kTooLarge, "signatures",
              "must be 1 to " + std::to_string(kSignedNoteSignaturesMax), std::to_string(count));
}

std::string CosignedMessage(std::string_view text, uint64_t time_s) {
  std::string message(kCosignatureHeader);
  message.append("time ").append(std::to_string(time_s)).append("\n").append(text);
  return message;
}

// The time of a cosignature, 0 of another signature; nullopt when it does not verify.
std::optional<uint64_t> VerifySignature(const VerifierKey& key, std::string_view text,
                                        base::ByteView signature) {
  if (key.algorithm() == KeyAlgorithm::kEd25519) {
    if (!key.public_key().Verify(base::AsBytes(text), signature)) return std::nullopt;
    return 0;
  }
  if (signature.size() != kTimeBytes + crypto::kEd25519SignatureBytes) return std::nullopt;
  const uint64_t time_s = FromBigEndian64(signature.first<kTimeBytes>());
  if (time_s > kCosignatureTimeMaxS) return std::nullopt;
  const std::string message = CosignedMessage(text, time_s);
  if (!key.public_key().Verify(base::AsBytes(message), signature.subspan(kTimeBytes))) {
    return std::nullopt;
  }
  return time_s;
}

}  // namespace

// --------------------------------------------------------------------------------------------- keys

Result<void> CheckKeyName(std::string_view name) {
  const bool spaced = std::any_of(std::begin(kSpaces), std::end(kSpaces), [&](const auto& space) {
    return name.find(space) != std::string_view::npos;
  });
  if (name.empty() || name.size() > kKeyNameBytesMax || spaced || !base::IsUtf8(name) ||
      name.find('+') != std::string_view::npos ||
      std::any_of(name.begin(), name.end(), IsControl)) {
    return Invalid("name",
                   "must be a key name: 1 to " + std::to_string(kKeyNameBytesMax) +
                       " bytes of UTF-8 without spaces, '+' and control characters",
                   Shown(name));
  }
  return {};
}

VerifierKey::VerifierKey(std::string_view name, KeyAlgorithm algorithm,
                         const crypto::PublicKey& public_key)
    : name_(name),
      algorithm_(algorithm),
      public_key_(public_key),
      id_(MakeKeyId(name, algorithm, public_key)) {}

Result<VerifierKey> VerifierKey::Make(std::string_view name, KeyAlgorithm algorithm,
                                      const crypto::PublicKey& public_key) {
  WB_RETURN_IF_ERROR(CheckKeyName(name));
  return VerifierKey(name, algorithm, public_key);
}

Result<VerifierKey> VerifierKey::Parse(std::string_view vkey) {
  if (vkey.size() > kVerifierKeyBytesMax) {
    return Fail(ErrorCode::kTooLarge, "vkey",
                "must have at most " + std::to_string(kVerifierKeyBytesMax) + " bytes",
                std::to_string(vkey.size()) + " bytes");
  }
  // Base64 has a '+' of its own, so only the first two divide.
  const size_t first = vkey.find('+');
  const size_t second =
      first == std::string_view::npos ? std::string_view::npos : vkey.find('+', first + 1);
  if (second == std::string_view::npos) {
    return Invalid("vkey", "must be a name, '+', a key id in hex, '+', a key in base64",
                   Shown(vkey));
  }
  const std::string_view name = vkey.substr(0, first);
  const std::string_view id = vkey.substr(first + 1, second - first - 1);
  Result<void> name_checked = CheckKeyName(name);
  if (!name_checked) return Fail(std::move(name_checked).error().Under("vkey."));
  Result<base::Bytes> decoded = base::Base64Decode(vkey.substr(second + 1));
  if (!decoded) {
    return Invalid("vkey.key", decoded.error().rule, Shown(vkey.substr(second + 1)));
  }
  const base::ByteView bytes = *decoded;
  const auto algorithm = bytes.empty() ? KeyAlgorithm{} : static_cast<KeyAlgorithm>(bytes[0]);
  if (algorithm != KeyAlgorithm::kEd25519 && algorithm != KeyAlgorithm::kCosignatureV1) {
    return Invalid("vkey.key",
                   "must be of algorithm 0x01 (Ed25519) or 0x04 (Ed25519 cosignature/v1)",
                   bytes.empty() ? "0 bytes" : "0x" + base::HexEncode(bytes.first(1)));
  }
  Result<crypto::PublicKey> public_key = crypto::PublicKey::FromBytes(bytes.subspan(1));
  if (!public_key) return Fail(std::move(public_key).error().Under("vkey.key"));
  VerifierKey key(name, algorithm, *public_key);
  const std::string expected = base::HexEncode(key.id_);
  if (id != expected) {
    return Invalid("vkey.id", "must be the id of this name and key, " + expected, Shown(id));
  }
  return key;
}

std::string VerifierKey::Format() const {
  base::Bytes key = {static_cast<uint8_t>(algorithm_)};
  key.insert(key.end(), public_key_.bytes().begin(), public_key_.bytes().end());
  return name_ + "+" + base::HexEncode(id_) + "+" + base::Base64Encode(key);
}

// ---------------------------------------------------------------------------------------- SignerKey

SignerKey::SignerKey(VerifierKey verifier, crypto::SecretKey secret)
    : verifier_(std::move(verifier)), secret_(std::move(secret)) {}

Result<SignerKey> SignerKey::Make(std::string_view name, KeyAlgorithm algorithm,
                                  crypto::SecretKey secret) {
  WB_ASSIGN_OR_RETURN(VerifierKey verifier,
                      VerifierKey::Make(name, algorithm, secret.public_key()));
  return SignerKey(std::move(verifier), std::move(secret));
}

Result<NoteSignature> SignerKey::Sign(std::string_view text) const {
  if (verifier_.algorithm() != KeyAlgorithm::kEd25519) {
    return Invalid("key", "must be of algorithm 0x01 (Ed25519) to sign", verifier_.Format());
  }
  WB_RETURN_IF_ERROR(CheckNoteText(text));
  if (text.starts_with(kCosignatureHeader)) {
    return Invalid("line 1", "must not begin as a cosignature does", "cosignature/v1");
  }
  const crypto::Signature signature = secret_.Sign(base::AsBytes(text));
  return NoteSignature{verifier_.name(), verifier_.id(), {signature.begin(), signature.end()}};
}

Result<NoteSignature> SignerKey::Cosign(std::string_view text, uint64_t time_s) const {
  if (verifier_.algorithm() != KeyAlgorithm::kCosignatureV1) {
    return Invalid("key", "must be of algorithm 0x04 (Ed25519 cosignature/v1) to cosign",
                   verifier_.Format());
  }
  WB_RETURN_IF_ERROR(CheckNoteText(text));
  if (time_s > kCosignatureTimeMaxS) {
    return Invalid("time", "must be at most 2^63 - 1 seconds", std::to_string(time_s));
  }
  const crypto::Signature signature = secret_.Sign(base::AsBytes(CosignedMessage(text, time_s)));
  const auto time = BigEndian64(time_s);
  base::Bytes bytes(time.begin(), time.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return NoteSignature{verifier_.name(), verifier_.id(), std::move(bytes)};
}

// -------------------------------------------------------------------------------------------- notes

Result<void> CheckNoteText(std::string_view text) {
  WB_RETURN_IF_ERROR(CheckSize(text.size()));
  WB_RETURN_IF_ERROR(CheckCharacters(text));
  if (!text.ends_with('\n')) {
    return Invalid(LineField(1 + static_cast<size_t>(std::count(text.begin(), text.end(), '\n'))),
                   "must end in a newline", text.substr(text.rfind('\n') + 1));
  }
  return {};
}

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  const auto refuse = [&] {
    return Invalid("", kLineRule, Shown(line.substr(0, line.find('\n'))));
  };
  if (!line.starts_with(kLineStart) || line.find('\n') != line.size() - 1) return refuse();
  const std::string_view body = line.substr(kLineStart.size(), line.size() - kLineStart.size() - 1);
  const size_t space = body.find(' ');
  if (space == std::string_view::npos) return refuse();
  const std::string_view name = body.substr(0, space);
  if (const auto checked = CheckKeyName(name); !checked) {
    return Invalid("", checked.error().rule, checked.error().found);
  }
  const std::string_view encoded = body.substr(space + 1);
  const Result<base::Bytes> decoded = base::Base64Decode(encoded);
  if (!decoded) return Invalid("", decoded.error().rule, Shown(encoded));
  NoteSignature signature{std::string(name), {}, {}};
  if (decoded->size() <= signature.key_id.size()) {
    return Invalid("", "must have a key id of 4 bytes and a signature",
                   std::to_string(decoded->size()) + " bytes");
  }
  const auto id_end = decoded->begin() + signature.key_id.size();
  std::copy(decoded->begin(), id_end, signature.key_id.begin());
  signature.bytes.assign(id_end, decoded->end());
  return signature;
}

Result<std::string> FormatSignatureLine(const NoteSignature& signature) {
  WB_RETURN_IF_ERROR(CheckKeyName(signature.key_name));
  if (signature.bytes.empty()) {
    return Invalid("signature", "must have at least 1 byte", "0 bytes");
  }
  base::Bytes bytes(signature.key_id.begin(), signature.key_id.end());
  bytes.insert(bytes.end(), signature.bytes.begin(), signature.bytes.end());
  std::string line(kLineStart);
  line.append(signature.key_name).append(" ").append(base::Base64Encode(bytes)).append("\n");
  return line;
}

Result<SignedNote> ParseNote(std::string_view note) {
  WB_RETURN_IF_ERROR(CheckNoteText(note));
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) {
    return Invalid("", "must have an empty line between its text and its signatures",
                   note.substr(0, note.find('\n')));
  }
  SignedNote parsed{std::string(note.substr(0, blank + 1)), {}};
  std::string_view rest = note.substr(blank + 2);
  WB_RETURN_IF_ERROR(
      CheckSignatureCount(static_cast<size_t>(std::count(rest.begin(), rest.end(), '\n'))));
  size_t line = 2 + static_cast<size_t>(std::count(parsed.text.begin(), parsed.text.end(), '\n'));
  for (; !rest.empty(); ++line) {
    const size_t end = rest.find('\n') + 1;
    Result<NoteSignature> signature = ParseSignatureLine(rest.substr(0, end));
    if (!signature) return Fail(std::move(signature).error().Under(LineField(line)));
    parsed.signatures.push_back(std::move(signature).value());
    rest.remove_prefix(end);
  }
  return parsed;
}

Result<std::string> FormatNote(const SignedNote& note) {
  WB_RETURN_IF_ERROR(CheckNoteText(note.text));
  WB_RETURN_IF_ERROR(CheckSignatureCount(note.signatures.size()));
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    WB_ASSIGN_OR_RETURN(const std::string line, FormatSignatureLine(signature));
    text.append(line);
  }
  WB_RETURN_IF_ERROR(CheckSize(text.size()));
  return text;
}

Result<std::vector<VerifiedSignature>> VerifyNote(const SignedNote& note,
                                                  std::span<const VerifierKey> known) {
  std::vector<VerifiedSignature> verified;
  for (const NoteSignature& signature : note.signatures) {
    const auto key = std::find_if(known.begin(), known.end(), [&](const VerifierKey& each) {
      return each.id() == signature.key_id && each.name() == signature.key_name;
    });
    if (key == known.end()) continue;
    const std::optional<uint64_t> time_s = VerifySignature(*key, note.text, signature.bytes);
    if (!time_s) {
      return Fail(ErrorCode::kUnauthorized, "signatures",
                  "must each verify under the known key that it names",
                  signature.key_name + "+" + base::HexEncode(signature.key_id));
    }
    verified.push_back({static_cast<size_t>(key - known.begin()), *time_s});
  }
  if (verified.empty()) {
    return Fail(ErrorCode::kUnauthorized, "signatures", "must include one of a known key",
                std::to_string(note.signatures.size()) + " of unknown keys");
  }
  return verified;
}

}  // namespace wideberth::record
