#include "record/testing/logs.h"

#include <utility>

namespace wideberth::record::testing {

using base::Bytes;
using base::ErrorCode;
using base::Fail;
using base::Result;

crypto::SecretKey TestSecret(uint8_t seed) {
  return crypto::SecretKey::FromSeed(Bytes(32, seed)).value();
}

SignerKey TestSigner(std::string_view name, KeyAlgorithm algorithm, uint8_t seed) {
  return SignerKey::Make(name, algorithm, TestSecret(seed)).value();
}

Result<Bytes> MemoryTiles::ReadTile(const TilePath& tile) const {
  reads.push_back(tile);
  const auto path = FormatTilePath(tile);
  if (!path) return Fail(path.error());
  const auto found = tiles.find(*path);
  if (found == tiles.end()) return Fail(ErrorCode::kNotFound, *path, "must be there");
  return found->second;
}

Result<Bytes> MemoryEntries::ReadEntry(uint64_t index) const {
  if (index < entries.size()) return entries[index];
  return Fail(ErrorCode::kNotFound, "entry", "must be in the log", std::to_string(index));
}

TestLog::TestLog(std::vector<Bytes> of, std::string_view origin)
    : log(TestSigner(origin, KeyAlgorithm::kEd25519, 1)),
      clock(TestSigner("north.example/clock", KeyAlgorithm::kCosignatureV1, 2)),
      peer(TestSigner("south.example/mirror", KeyAlgorithm::kCosignatureV1, 3)),
      entries(std::move(of)) {
  for (const Bytes& entry : entries.entries) nodes.Append(LeafHash(entry));
}

std::vector<Bytes> TestLog::ShortEntries(size_t size, uint64_t salt) {
  std::vector<Bytes> entries(size);
  for (size_t i = 0; i < size; ++i) {
    const std::string text = "entry " + std::to_string(i) + " of " + std::to_string(salt);
    entries[i].assign(text.begin(), text.end());
  }
  return entries;
}

SignedNote TestLog::Note(uint64_t size, uint64_t clock_s, uint64_t peer_s) const {
  SignedNote note = SignCheckpoint(Head(size), log).value();
  if (clock_s != 0) note.signatures.push_back(CosignCheckpoint(note.text, clock, clock_s).value());
  if (peer_s != 0) note.signatures.push_back(CosignCheckpoint(note.text, peer, peer_s).value());
  return note;
}

std::string TestLog::Text(uint64_t size, uint64_t clock_s, uint64_t peer_s) const {
  return FormatNote(Note(size, clock_s, peer_s)).value();
}

MemoryTiles TestLog::Tiles(uint64_t size) const {
  MemoryTiles tiles;
  for (const TilePath& path : TilesBetween(0, size)) {
    tiles.Put(path.level ? MakeHashTile(nodes, path).value()
                         : MakeEntryBundle(entries, path).value());
  }
  return tiles;
}

}  // namespace wideberth::record::testing
