// Signed notes (C2SP signed-note): text under which any number of keys sign, readable by people and by other people's
// verifiers.
//
//   the text, which ends in a newline
//
//   <em dash> example.com/log base64(key id || signature)
//
// A key is known by its name and a key id of 4 bytes, and handed over as a vkey, "name+530d903a+base64(algorithm ||
// public key)". The id is the start of SHA-256(name || 0x0A || algorithm || public key): a hint which key is meant,
// never a proof.
//
//   WB_ASSIGN_OR_RETURN(const VerifierKey key, VerifierKey::Parse(vkey));
//   WB_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(bytes));
//   WB_ASSIGN_OR_RETURN(const auto signatures, VerifyNote(note, {&key, 1}));    // and only then: note.text
//
// Neither algorithm signs the name of its key, and one secret under two algorithms or names lets a signature be moved
// between them: every role (log, cosigner, messages) has a key of its own.
//
// Parsing is strict, so that a note has one spelling: ParseNote of what FormatNote wrote gives the note, and the other
// way round byte for byte. Refusals name the line. Functions are thread-safe.
#ifndef WIDEBERTH_RECORD_SIGNED_NOTE_H_
#define WIDEBERTH_RECORD_SIGNED_NOTE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/ed25519.h"

namespace wideberth::record {

// The format asks for room for 16 signatures, which may be post-quantum ones of other parties, 7 kB each as text.
inline constexpr size_t kSignedNoteBytesMax = 256 * 1024;
inline constexpr size_t kSignedNoteSignaturesMax = 64;
inline constexpr size_t kKeyNameBytesMax = 255;
inline constexpr size_t kVerifierKeyBytesMax = 4'096;
inline constexpr uint64_t kCosignatureTimeMaxS = std::numeric_limits<int64_t>::max();

using KeyId = std::array<uint8_t, 4>;

// The algorithm byte of a vkey.
enum class KeyAlgorithm : uint8_t {
  kEd25519 = 0x01,        // signs the text
  kCosignatureV1 = 0x04,  // Ed25519 over a time and the text of a checkpoint
};

// Refuses ("name") what cannot name a key: nothing, more than kKeyNameBytesMax, what is not UTF-8, or has a space of
// Unicode, a '+' or a control character.
base::Result<void> CheckKeyName(std::string_view name);

// A public key with its name.
class VerifierKey {
 public:
  // Refuses what CheckKeyName refuses.
  static base::Result<VerifierKey> Make(std::string_view name, KeyAlgorithm algorithm,
                                        const crypto::PublicKey& public_key);
  // Refuses ("vkey", "vkey.name", "vkey.id", "vkey.key") what Format would not write, other algorithms, an id that does
  // not belong to the key, and keys that crypto::PublicKey refuses.
  static base::Result<VerifierKey> Parse(std::string_view vkey);

  std::string Format() const;

  const std::string& name() const { return name_; }
  const KeyId& id() const { return id_; }
  KeyAlgorithm algorithm() const { return algorithm_; }
  const crypto::PublicKey& public_key() const { return public_key_; }

  bool operator==(const VerifierKey&) const = default;

 private:
  VerifierKey(std::string_view name, KeyAlgorithm algorithm, const crypto::PublicKey& public_key);

  std::string name_;
  KeyAlgorithm algorithm_;
  crypto::PublicKey public_key_;
  KeyId id_;
};

// The signature of one line, whatever its algorithm: the bytes behind the key id, at least one.
struct NoteSignature {
  std::string key_name;
  KeyId key_id{};
  base::Bytes bytes;
  bool operator==(const NoteSignature&) const = default;
};

// A signing key with its name.
class SignerKey {
 public:
  static base::Result<SignerKey> Make(std::string_view name, KeyAlgorithm algorithm,
                                      crypto::SecretKey secret);

  const VerifierKey& verifier() const { return verifier_; }

  // The signature of a key of kEd25519 under `text`. Refuses a key of the other algorithm ("key"), what CheckNoteText
  // refuses, and a text that begins as the message of a cosignature does.
  base::Result<NoteSignature> Sign(std::string_view text) const;
  // The signature of a key of kCosignatureV1: u64 big-endian `time_s` || Ed25519("cosignature/v1\ntime <time_s>\n" ||
  // text). `time_s` is POSIX time. Refuses a key of the other algorithm, what CheckNoteText refuses, and times beyond
  // kCosignatureTimeMaxS. That `text` is a checkpoint is CosignCheckpoint's part (checkpoint.h).
  base::Result<NoteSignature> Cosign(std::string_view text, uint64_t time_s) const;

 private:
  SignerKey(VerifierKey verifier, crypto::SecretKey secret);

  VerifierKey verifier_;
  crypto::SecretKey secret_;
};

struct SignedNote {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;
  bool operator==(const SignedNote&) const = default;
};

// Whether a note can have this text: UTF-8 that ends in a newline and has no other control character below U+0020, at
// most kSignedNoteBytesMax. Refusals name the line.
base::Result<void> CheckNoteText(std::string_view text);

// Reads a note without verifying anything; its text is nobody's word yet. The signatures begin behind the last empty
// line. Refuses what CheckNoteText refuses, no or a malformed signature line, and what exceeds the limits (kTooLarge).
base::Result<SignedNote> ParseNote(std::string_view note);
// Refuses what ParseNote would refuse.
base::Result<std::string> FormatNote(const SignedNote& note);

// One line with its newline, as witnesses hand them over.
base::Result<NoteSignature> ParseSignatureLine(std::string_view line);
base::Result<std::string> FormatSignatureLine(const NoteSignature& signature);

struct VerifiedSignature {
  size_t key = 0;       // which of the known keys signed
  uint64_t time_s = 0;  // when, by a cosignature; 0 under kEd25519
  bool operator==(const VerifiedSignature&) const = default;
};

// The signatures of known keys, in the order of their lines; a key that signed twice is there twice. Signatures of
// unknown keys are passed over, also of those that share either name or id with a known one. Refuses the whole note
// (kUnauthorized) when a signature under name and id of a known key (the first that fits) does not verify, or when no
// known key signed.
base::Result<std::vector<VerifiedSignature>> VerifyNote(const SignedNote& note,
                                                        std::span<const VerifierKey> known);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_SIGNED_NOTE_H_
