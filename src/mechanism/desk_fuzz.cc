// Invariants checked: decoding an effect of the desk never crashes; what is decoded is encoded as the bytes that were
// read, or refused as damage; applying it twice is applying it once; rows give the same desk.
// Input: a byte that chooses a row, and effects one after another.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/check.h"
#include "mechanism/desk.h"
#include "mechanism/desk_codec.h"

namespace mechanism = wideberth::mechanism;
namespace base = wideberth::base;

namespace {

void CheckRows(const mechanism::Desk& desk) {
  mechanism::Desk copy;
  std::vector<uint64_t> rows;
  for (uint64_t row = mechanism::rows::kPeers; row <= mechanism::rows::kLastOfFacts; ++row) {
    rows.push_back(row);
  }
  for (const auto& [number, matter] : desk.matters()) {
    rows.push_back(mechanism::rows::OfMatter(number));
  }
  for (const auto& [number, exchange] : desk.exchanges()) {
    rows.push_back(mechanism::rows::kFirstOfExchanges + number);
  }
  for (const uint64_t row : rows) {
    if (const auto bytes = desk.EncodeRow(row)) CHECK(copy.LoadRow(row, *bytes).has_value());
  }
  CHECK(copy.Canonical() == desk.Canonical());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  mechanism::Desk loaded;
  (void)loaded.LoadRow(data[0], base::ByteView(data + 1, size - 1)).has_value();
  base::ByteView in(data + 1, size - 1);
  mechanism::Desk desk;
  while (!in.empty()) {
    const base::ByteView before = in;
    const auto effect = mechanism::DecodeDeskEffect(&in);
    if (!effect) {
      CHECK(!effect.error().rule.empty());
      break;
    }
    base::Bytes bytes;
    mechanism::EncodeDeskEffect(*effect, &bytes);
    base::ByteView again(bytes);
    const auto reread = mechanism::DecodeDeskEffect(&again);
    CHECK(reread.has_value() && again.empty());
    base::Bytes twice;
    mechanism::EncodeDeskEffect(*reread, &twice);
    CHECK(twice == bytes);
    // Texts of keys and accounts have several spellings, and counts an older form; everything else has one.
    const bool spelled = std::holds_alternative<mechanism::PeerChanged>(*effect) ||
                         std::holds_alternative<mechanism::ExchangeChanged>(*effect) ||
                         std::holds_alternative<mechanism::CountsChanged>(*effect) ||
                         std::holds_alternative<mechanism::AccountChanged>(*effect);
    CHECK(spelled || (bytes.size() == before.size() - in.size() &&
                      std::equal(bytes.begin(), bytes.end(), before.begin())));
    desk.Apply(*effect);
    const base::Bytes once = desk.Canonical();
    desk.Apply(*effect);
    CHECK(desk.Canonical() == once);
  }
  CheckRows(desk);
  return 0;
}
