#include "exchange/exchange.h"

#include <algorithm>

namespace wideberth::exchange {
namespace {

template <class Item>
const Item* Find(const std::vector<Item>& items, const base::Digest& digest) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const Item& item) { return item.digest == digest; });
  return found == items.end() ? nullptr : &*found;
}

template <class Item>
size_t CountOf(const std::vector<Item>& items, bool by_us) {
  return static_cast<size_t>(std::count_if(items.begin(), items.end(),
                                           [&](const Item& item) { return item.by_us == by_us; }));
}

}  // namespace

bool Readout::IsAgreed(size_t paragraph) const {
  return std::all_of(signatures.begin(), signatures.end(), [&](const auto& signature) {
    return signature && paragraph < signature->agreed.size() && signature->agreed[paragraph];
  });
}

const Readout* Exchange::FindReadout(const base::Digest& digest) const {
  return Find(readouts, digest);
}
const StoredStatement* Exchange::FindStatement(const base::Digest& digest) const {
  return Find(statements, digest);
}
size_t Exchange::ReadoutsOf(bool by_us) const {
  return CountOf(readouts, by_us);
}
size_t Exchange::StatementsOf(bool by_us) const {
  return CountOf(statements, by_us);
}

}  // namespace wideberth::exchange
