// What the record costs on this machine, beside the bare rates that bound it.
//
//   record_rate rates DIR            bare Ed25519; signed entries made durable in groups; proofs out of a node's memory
//   record_rate export DIR ENTRIES   an exported log of so many entries, for `wideberth record verify DIR`
//
// An entry is what a line writes: sealed, hashed into the tree, encoded, and in the store before it counts.
// A group is one transaction with one fsync, as the sequencer makes them.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "line/line_state.h"
#include "line/message.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/policy.h"
#include "record/tile.h"
#include "service/batch.h"
#include "store/sqlite/sqlite_store.h"

namespace wideberth {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 5;
constexpr size_t kBodyBytes = 600;  // about that of a released notice
constexpr std::string_view kOrigin = "bench.example/log";

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// `step` does so many at once; how many a second.
template <class Step>
double Rate(double seconds, Step step) {
  uint64_t done = 0;
  const auto start = Clock::now();
  while (SecondsSince(start) < seconds) done += step();
  return static_cast<double>(done) / SecondsSince(start);
}

base::PartyId PartyOf(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return {base::Uuid::V4FromRandom(bytes)};
}

void PrintEd25519(const crypto::SecretKey& key) {
  const std::string text(1'000, 'x');
  const crypto::Signature signature = key.Sign(base::AsBytes(text));
  fmt::print("Ed25519 of 1 kB, one core: {:.0f} signatures a second, {:.0f} verifications\n",
             Rate(1,
                  [&] {
                    volatile uint8_t keep = key.Sign(base::AsBytes(text))[0];
                    static_cast<void>(keep);
                    return uint64_t{1};
                  }),
             Rate(1, [&] {
               if (!key.public_key().Verify(base::AsBytes(text), signature)) std::abort();
               return uint64_t{1};
             }));
}

void PrintEntries(const crypto::SecretKey& key, const std::string& folder, size_t group) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto store = store::sqlite::SqliteStore::Open(folder).value();
  const base::SystemClock clock;
  line::LineState state;
  line::Message message;
  message.type = line::MessageType::FromShortName("act.v1").value();
  message.from = PartyOf(1);
  message.to = PartyOf(2);
  message.peer_head = {0, record::EmptyRoot()};
  message.body = "{\"act\":\"" + std::string(kBodyBytes, 'x') + "\"}";
  std::vector<double> group_ms;
  uint64_t batch = 0;
  const double rate = Rate(kSeconds, [&] {
    const auto start = Clock::now();
    service::BatchWriter writer;
    for (size_t i = 0; i < group; ++i) {
      ++message.seq;
      message.sent_at = clock.Now();
      line::LogEntry entry;
      entry.envelope = std::make_shared<const std::string>(line::SealMessage(message, key).value());
      message.previous = crypto::Sha256(base::AsBytes(*entry.envelope));
      const line::Effect effect =
          line::EntryWritten{message.seq, std::move(entry), message.sent_at};
      state.Apply(effect);
      writer.Add(0, effect);
    }
    if (!store->Append(++batch, clock.Now(), writer.Encode())) std::abort();
    group_ms.push_back(SecondsSince(start) * 1e3);
    return uint64_t{group};
  });
  std::sort(group_ms.begin(), group_ms.end());
  fmt::print(
      "signed entries durable, groups of {}: {:.0f} a second; a group p50 {:.2f} ms, p99 "
      "{:.2f} ms\n",
      group, rate, group_ms[group_ms.size() / 2], group_ms[group_ms.size() * 99 / 100]);
  store.reset();
  std::filesystem::remove_all(folder);
}

void PrintProofs() {
  constexpr uint64_t kEntries = 1'000'000;
  record::MemoryNodes nodes;
  for (uint64_t i = 0; i < kEntries; ++i) {
    nodes.Append(record::LeafHash(base::AsBytes(std::to_string(i))));
  }
  base::SeededRandom random(1);
  std::vector<double> us;
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t index = random.Below(kEntries);
    const auto start = Clock::now();
    const auto proof = record::InclusionProof(nodes, index, kEntries);
    us.push_back(SecondsSince(start) * 1e6);
    if (!proof || proof->empty()) std::abort();
  }
  std::sort(us.begin(), us.end());
  fmt::print(
      "inclusion proof in a log of {} entries, out of a node's memory: p50 {:.1f} us, p99 "
      "{:.1f} us\n",
      kEntries, us[us.size() / 2], us[us.size() * 99 / 100]);
}

void WriteFile(const std::filesystem::path& path, base::ByteView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) std::abort();
}

class Entries final : public record::EntrySource {
 public:
  base::Result<base::Bytes> ReadEntry(uint64_t index) const override {
    std::string text = std::to_string(index) + " ";
    text.resize(300, 'x');
    const base::ByteView bytes = base::AsBytes(text);
    return base::Bytes(bytes.begin(), bytes.end());
  }
};

void Export(const std::filesystem::path& folder, uint64_t size) {
  const Entries entries;
  record::TileBuilder builder;
  record::Frontier tree;
  const auto put = [&](const record::Tile& tile) {
    WriteFile(folder / record::FormatTilePath(tile.path).value(), tile.bytes);
  };
  for (uint64_t i = 0; i < size; ++i) {
    std::vector<record::Tile> full;
    const base::Digest leaf = record::LeafHash(entries.ReadEntry(i).value());
    builder.Append(leaf, &full);
    tree.Append(leaf);
    for (const record::Tile& tile : full) put(tile);
  }
  for (const record::Tile& tile : builder.Partial()) put(tile);
  for (const record::TilePath& path : record::TilesBetween(0, size)) {
    if (!path.level) put(record::MakeEntryBundle(entries, path).value());
  }
  const auto log = record::SignerKey::Make(kOrigin, record::KeyAlgorithm::kEd25519,
                                           crypto::SecretKey::Generate())
                       .value();
  const auto note = record::FormatNote(record::SignCheckpoint(tree.head(), log).value()).value();
  WriteFile(folder / "checkpoint", base::AsBytes(note));
  const auto policy = record::Policy::AllOf(log.verifier(), {}).value().Format();
  WriteFile(folder / "policy", base::AsBytes(policy));
}

int Main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "export" && argc == 4) {
    const std::string_view text(argv[3]);
    uint64_t entries = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), entries);
    if (bad != std::errc() || end != text.data() + text.size()) return 2;
    Export(argv[2], entries);
    return 0;
  }
  if (what != "rates" || argc != 3) {
    std::fprintf(stderr, "usage: record_rate rates DIR | export DIR ENTRIES\n");
    return 2;
  }
  const crypto::SecretKey key = crypto::SecretKey::Generate();
  PrintEd25519(key);
  for (const size_t group : {size_t{1}, size_t{32}, size_t{256}}) {
    PrintEntries(key, std::string(argv[2]) + "/store", group);
  }
  PrintProofs();
  return 0;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  return wideberth::Main(argc, argv);
}
