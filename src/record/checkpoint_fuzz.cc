// Invariants checked: no checkpoint opens but the one that the log signed in the corpus, with none but the cosignature
// made there; a text that parses is what its parts format to; it can be cosigned and, signed by its log, opens to the
// same parts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "record/checkpoint.h"

namespace wideberth::record {
namespace {

SignerKey Signer(std::string_view name, KeyAlgorithm algorithm, uint8_t seed) {
  return SignerKey::Make(name, algorithm,
                         crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value())
      .value();
}

void CheckNote(std::string_view bytes, const CheckpointKeys& keys) {
  const auto opened = OpenCheckpoint(bytes, keys);
  if (!opened) {
    CHECK(!opened.error().rule.empty());
    return;
  }
  CHECK((opened->checkpoint == Checkpoint{"fuzz.example/log", {1, LeafHash({})}, ""}));
  CHECK(opened->cosignatures.empty() ||
        (opened->cosignatures == std::vector<Cosignature>{{0, 1'795'255'200}}));
}

void CheckText(std::string_view text, const SignerKey& cosigner) {
  const auto checkpoint = ParseCheckpoint(text);
  if (!checkpoint) {
    CHECK(!checkpoint.error().rule.empty());
    CHECK(!CosignCheckpoint(text, cosigner, 1).has_value());
    return;
  }
  const auto cosignature = CosignCheckpoint(text, cosigner, 1);
  CHECK(cosignature.has_value());
  const auto formatted = FormatCheckpoint(checkpoint->origin, checkpoint->head);
  if (!formatted) {
    CHECK(formatted.error().field == "origin");  // other people's names
    return;
  }
  CHECK(*formatted + checkpoint->extensions == text);
  const SignerKey log = Signer(checkpoint->origin, KeyAlgorithm::kEd25519, 3);
  const auto bytes = FormatNote({std::string(text), {log.Sign(text).value(), *cosignature}});
  if (!bytes) return;  // longer than a note
  const auto opened = OpenCheckpoint(*bytes, {log.verifier(), {cosigner.verifier()}}).value();
  CHECK(opened.checkpoint == *checkpoint);
  CHECK((opened.cosignatures == std::vector<Cosignature>{{0, 1}}));
}

}  // namespace
}  // namespace wideberth::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  static const record::SignerKey log =
      record::Signer("fuzz.example/log", record::KeyAlgorithm::kEd25519, 1);
  static const record::SignerKey cosigner =
      record::Signer("fuzz.example/peer", record::KeyAlgorithm::kCosignatureV1, 2);
  static const record::CheckpointKeys keys{log.verifier(), {cosigner.verifier()}};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  record::CheckNote(input, keys);
  record::CheckText(input, cosigner);
  return 0;
}
