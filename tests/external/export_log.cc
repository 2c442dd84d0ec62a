// Writes a log of signed envelopes as a folder that any static server could serve, for other people's verifiers:
//
//   export_log FOLDER SIZE
//
//   policy                      whose signatures count (C2SP tlog-policy)
//   message.pem                 the key of the envelopes
//   checkpoint, tile/...        C2SP tlog-tiles
//   checkpoints/N               older checkpoints
//   proofs/N.tlog-proof         of some entries
//   forged-checkpoint           of the same size and keys, over another history: for checkpoints/ of a corrupted copy
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "record/checkpoint.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/tile.h"

namespace wideberth::record {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kTimeS = 1'800'000'000;

crypto::SecretKey Secret(uint8_t seed) {
  return crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value();
}

void WriteFile(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  CHECK(file.good());
}

// The tiles of the folder that was written, read as anybody would.
class FolderTiles final : public TileReader {
 public:
  explicit FolderTiles(fs::path folder) : folder_(std::move(folder)) {}
  base::Result<base::Bytes> ReadTile(const TilePath& tile) const override {
    std::ifstream file(folder_ / FormatTilePath(tile).value(), std::ios::binary);
    if (!file) return base::Fail(base::ErrorCode::kNotFound, "tile", "must be there");
    return base::Bytes(std::istreambuf_iterator<char>(file), {});
  }

 private:
  fs::path folder_;
};

class Entries final : public EntrySource {
 public:
  Entries(uint64_t size, const crypto::SecretKey& key) {
    std::string previous;
    for (uint64_t seq = 1; seq <= size; ++seq) {
      std::string payload = "{\"seq\":" + std::to_string(seq) +
                            ",\"sent_at\":\"2027-01-15T08:00:00Z\",\"body\":{\"text\":\"" +
                            std::string(seq % 300, 'x') + "\"}";
      if (seq > 1) payload += ",\"previous\":\"" + previous + "\"";
      payload += "}";
      envelopes_.push_back(crypto::SignEnvelope("application/vnd.wideberth.notice.v1+json",
                                                base::AsBytes(payload), key)
                               .value());
      previous = crypto::Sha256(base::AsBytes(envelopes_.back())).ToHex();
    }
  }
  base::Result<base::Bytes> ReadEntry(uint64_t index) const override {
    const base::ByteView entry = base::AsBytes(envelopes_.at(index));
    return base::Bytes(entry.begin(), entry.end());
  }
  base::Digest Leaf(uint64_t index) const { return LeafHash(base::AsBytes(envelopes_[index])); }

 private:
  std::vector<std::string> envelopes_;
};

struct Keys {
  crypto::SecretKey message = Secret(1);
  SignerKey log =
      SignerKey::Make("north.example/line/south", KeyAlgorithm::kEd25519, Secret(2)).value();
  SignerKey clock =
      SignerKey::Make("north.example/clock", KeyAlgorithm::kCosignatureV1, Secret(3)).value();
  SignerKey peer =
      SignerKey::Make("south.example/mirror", KeyAlgorithm::kCosignatureV1, Secret(4)).value();

  SignedNote Note(const TreeHead& head, uint64_t time_s) const {
    SignedNote note = SignCheckpoint(head, log).value();
    note.signatures.push_back(CosignCheckpoint(note.text, clock, time_s).value());
    note.signatures.push_back(CosignCheckpoint(note.text, peer, time_s + 1).value());
    return note;
  }
};

void Export(const fs::path& folder, uint64_t size) {
  const Keys keys;
  const Entries entries(size, keys.message);
  const Policy policy =
      Policy::AllOf(keys.log.verifier(), {keys.clock.verifier(), keys.peer.verifier()}).value();
  WriteFile(folder / "policy", policy.Format());
  WriteFile(folder / "message.pem", keys.message.public_key().ToPem());

  Frontier frontier;
  TileBuilder builder;
  std::vector<Tile> tiles;
  const std::vector<uint64_t> older = {1, 2, 255, 256, 257, size / 2, size - 1, size};
  for (uint64_t i = 0; i < size; ++i) {
    frontier.Append(entries.Leaf(i));
    builder.Append(entries.Leaf(i), &tiles);
    for (const uint64_t old_size : older) {
      if (old_size != i + 1) continue;
      WriteFile(folder / "checkpoints" / std::to_string(old_size),
                FormatNote(keys.Note(frontier.head(), kTimeS + i)).value());
    }
  }
  for (Tile& tile : builder.Partial()) tiles.push_back(std::move(tile));
  for (const Tile& tile : tiles) {
    WriteFile(folder / FormatTilePath(tile.path).value(), base::AsText(tile.bytes));
  }
  for (const TilePath& path : TilesBetween(0, size)) {
    if (path.level) continue;
    WriteFile(folder / FormatTilePath(path).value(),
              base::AsText(MakeEntryBundle(entries, path).value().bytes));
  }
  const SignedNote note = keys.Note(frontier.head(), kTimeS + size);
  WriteFile(folder / "checkpoint", FormatNote(note).value());
  WriteFile(folder / "forged-checkpoint",
            FormatNote(keys.Note({size / 2, entries.Leaf(0)}, kTimeS)).value());

  const FolderTiles reader(folder);
  CHECK(VerifyTiles(reader, frontier.head()).has_value());
  const TileNodes nodes(reader, size);
  for (const uint64_t index : {uint64_t{0}, uint64_t{1}, size / 3, size / 2, size - 2, size - 1}) {
    const ProofFile proof{index, InclusionProof(nodes, index, size).value(), note, std::nullopt};
    const std::string text = FormatProofFile(proof).value();
    CHECK(VerifyProofFile(text, entries.ReadEntry(index).value(), policy).has_value());
    WriteFile(folder / "proofs" / (std::to_string(index) + ".tlog-proof"), text);
  }
}

}  // namespace
}  // namespace wideberth::record

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: export_log FOLDER SIZE\n", stderr);
    return 2;
  }
  uint64_t size = 0;
  const std::string_view digits = argv[2];
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (size < 300) {
    std::fputs("export_log: SIZE must be at least 300\n", stderr);
    return 2;
  }
  wideberth::record::Export(argv[1], size);
  return 0;
}
