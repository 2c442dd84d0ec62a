#include "dss/extent_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace wideberth::dss {
namespace {

constexpr size_t kPieceEntriesMax = 128;
// Longer than every bounded window: years beyond this share one class with what never ends.
constexpr int kLongest = 24;

int DurationClass(const Extent& extent) {
  if (extent.start == base::kTimeOpenStart || extent.end == base::kTimeOpenEnd) return kLongest;
  const uint64_t minutes =
      (static_cast<uint64_t>(extent.end.us) - static_cast<uint64_t>(extent.start.us)) /
      static_cast<uint64_t>(base::kMicrosPerMinute);
  return std::min(static_cast<int>(std::bit_width(minutes)), kLongest);
}

// The earliest start of what is in the class and may still last at `at`.
int64_t EarliestStart(int duration, base::UtcMicros at) {
  if (duration == kLongest) return base::kTimeOpenStart.us;
  const int64_t longest_us = (int64_t{1} << duration) * base::kMicrosPerMinute;
  return at.us < base::kTimeOpenStart.us + longest_us ? base::kTimeOpenStart.us
                                                      : at.us - longest_us;
}

}  // namespace

ExtentIndex::ExtentIndex() = default;
ExtentIndex::~ExtentIndex() = default;
ExtentIndex::ExtentIndex(ExtentIndex&&) noexcept = default;
ExtentIndex& ExtentIndex::operator=(ExtentIndex&&) noexcept = default;

// The last piece that does not begin behind the place; the first if all do.
size_t ExtentIndex::Sequence::PieceOf(int64_t start_us, uint32_t slot) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), std::pair(start_us, slot),
                       [](const std::pair<int64_t, uint32_t>& place, const Piece& piece) {
                         return place < std::pair(piece.first_start_us, piece.first_slot);
                       });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

void ExtentIndex::Sequence::Insert(const Entry& entry) {
  if (pieces_.empty()) pieces_.emplace_back();
  const size_t at = PieceOf(entry.start_us, entry.slot);
  std::vector<Entry>& entries = pieces_[at].entries;
  const auto before = [](const Entry& a, const Entry& b) {
    return std::pair(a.start_us, a.slot) < std::pair(b.start_us, b.slot);
  };
  entries.insert(std::upper_bound(entries.begin(), entries.end(), entry, before), entry);
  const auto name = [](Piece* piece) {
    piece->first_start_us = piece->entries.front().start_us;
    piece->first_slot = piece->entries.front().slot;
  };
  name(&pieces_[at]);
  if (entries.size() <= kPieceEntriesMax) return;
  // Times mostly arrive in order: the last piece is split at its end, so that those left behind are full.
  const size_t keep = at + 1 == pieces_.size() ? kPieceEntriesMax : kPieceEntriesMax / 2;
  Piece rest;
  rest.entries.assign(entries.begin() + static_cast<long>(keep), entries.end());
  entries.resize(keep);
  name(&rest);
  pieces_.insert(pieces_.begin() + static_cast<long>(at) + 1, std::move(rest));
}

void ExtentIndex::Sequence::Erase(int64_t start_us, uint32_t slot) {
  CHECK(!pieces_.empty());
  const size_t at = PieceOf(start_us, slot);
  std::vector<Entry>& entries = pieces_[at].entries;
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), std::pair(start_us, slot),
                       [](const Entry& a, const std::pair<int64_t, uint32_t>& place) {
                         return std::pair(a.start_us, a.slot) < place;
                       });
  CHECK(found != entries.end() && found->slot == slot && found->start_us == start_us);
  entries.erase(found);
  if (entries.empty()) {
    pieces_.erase(pieces_.begin() + static_cast<long>(at));
    return;
  }
  pieces_[at].first_start_us = entries.front().start_us;
  pieces_[at].first_slot = entries.front().slot;
}

void ExtentIndex::Sequence::Search(int64_t from_us, const Extent& extent,
                                   std::vector<uint32_t>* slots) const {
  for (size_t at = PieceOf(from_us, 0); at < pieces_.size(); ++at) {
    if (pieces_[at].first_start_us > extent.end.us) return;
    for (const Entry& entry : pieces_[at].entries) {
      if (entry.start_us > extent.end.us) return;
      if (entry.end_us >= extent.start.us && entry.lower_mm <= extent.upper_mm &&
          extent.lower_mm <= entry.upper_mm) {
        slots->push_back(entry.slot);
      }
    }
  }
}

void ExtentIndex::Insert(uint32_t slot, const Extent& extent) {
  const int duration = DurationClass(extent);
  const Entry entry{extent.start.us, extent.end.us, extent.lower_mm, extent.upper_mm, slot};
  for (const geo::CellId id : extent.cells) {
    Cell& cell = cells_[id];
    auto found = std::find_if(cell.begin(), cell.end(),
                              [&](const Class& each) { return each.duration == duration; });
    if (found == cell.end()) found = cell.insert(found, Class{duration, {}});
    found->sequence.Insert(entry);
  }
  entries_ += extent.cells.size();
}

void ExtentIndex::Erase(uint32_t slot, const Extent& extent) {
  const int duration = DurationClass(extent);
  for (const geo::CellId id : extent.cells) {
    const auto cell = cells_.find(id);
    CHECK(cell != cells_.end());
    const auto found = std::find_if(cell->second.begin(), cell->second.end(),
                                    [&](const Class& each) { return each.duration == duration; });
    CHECK(found != cell->second.end());
    found->sequence.Erase(extent.start.us, slot);
    if (found->sequence.empty()) cell->second.erase(found);
    if (cell->second.empty()) cells_.erase(cell);
  }
  entries_ -= extent.cells.size();
}

void ExtentIndex::Search(const Extent& extent, std::vector<uint32_t>* slots) const {
  slots->clear();
  for (const geo::CellId id : extent.cells) {
    const auto cell = cells_.find(id);
    if (cell == cells_.end()) continue;
    for (const Class& each : cell->second) {
      each.sequence.Search(EarliestStart(each.duration, extent.start), extent, slots);
    }
  }
  std::sort(slots->begin(), slots->end());
  slots->erase(std::unique(slots->begin(), slots->end()), slots->end());
}

}  // namespace wideberth::dss
