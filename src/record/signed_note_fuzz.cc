// Invariants checked: a note, a signature line and a vkey that parse format to the same bytes; the only text that
// verifies under the known keys is the one that they signed in the corpus; the input as a text, if a note can have it,
// is signed, formatted, parsed and verified.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "record/signed_note.h"

namespace wideberth::record {
namespace {

constexpr std::string_view kSignedText = "a note\n\nof the corpus\n";

SignerKey Signer(KeyAlgorithm algorithm, uint8_t seed) {
  return SignerKey::Make("fuzz.example/key", algorithm,
                         crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value())
      .value();
}

void CheckNote(std::string_view bytes, const std::vector<VerifierKey>& known) {
  const auto note = ParseNote(bytes);
  if (!note) {
    CHECK(!note.error().rule.empty());
    return;
  }
  CHECK(FormatNote(*note).value() == bytes);
  const auto verified = VerifyNote(*note, known);
  if (!verified) {
    CHECK(verified.error().code == base::ErrorCode::kUnauthorized);
    return;
  }
  CHECK(note->text == kSignedText);
  for (const VerifiedSignature& signature : *verified) {
    CHECK(signature.key == 0 ? signature.time_s == 0 : signature.time_s == 1'795'255'200);
  }
}

void CheckText(std::string_view text, const SignerKey& log, const SignerKey& cosigner,
               const std::vector<VerifierKey>& known) {
  const auto signature = log.Sign(text);
  if (!signature) return;
  const auto cosignature = cosigner.Cosign(text, text.size());
  SignedNote note{std::string(text), {*signature, cosignature.value()}};
  const auto bytes = FormatNote(note);
  if (!bytes) {
    CHECK(bytes.error().code == base::ErrorCode::kTooLarge);
    return;
  }
  CHECK(ParseNote(*bytes).value() == note);
  CHECK((VerifyNote(note, known).value() ==
         std::vector<VerifiedSignature>{{0, 0}, {1, text.size()}}));
}

}  // namespace
}  // namespace wideberth::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  using record::KeyAlgorithm;
  static const record::SignerKey log = record::Signer(KeyAlgorithm::kEd25519, 1);
  static const record::SignerKey cosigner = record::Signer(KeyAlgorithm::kCosignatureV1, 2);
  static const std::vector<record::VerifierKey> known = {log.verifier(), cosigner.verifier()};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  record::CheckNote(input, known);
  record::CheckText(input, log, cosigner, known);
  if (const auto key = record::VerifierKey::Parse(input)) CHECK(key->Format() == input);
  if (const auto line = record::ParseSignatureLine(input)) {
    CHECK(record::FormatSignatureLine(*line).value() == input);
  }
  return 0;
}
