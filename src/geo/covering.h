// Which cells of the S2 grid an outline may touch.
//
// A covering is a set of cells of one level that together contain the outline grown by `inflate_m`. It may contain cells
// that the grown outline only nearly touches (it errs to more), never misses one. Cells are S2CellIds as uint64, sorted.
//
// Cover(shape, inflate_m, level) is our own flood of one level: about 1 us a cell, checked against S2 itself in tests.
// CoverWithin picks the finest level of `levels` (descending fineness) whose covering has at most `cells_max` cells;
// the coarsest level is used when none does, however many cells that takes (at most limits-bound: level 0 has 6).
#ifndef WIDEBERTH_GEO_COVERING_H_
#define WIDEBERTH_GEO_COVERING_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geo/shape.h"

namespace wideberth::geo {

using CellId = uint64_t;

struct Covering {
  int level = 0;
  std::vector<CellId> cells;  // sorted, distinct, all of `level`
  bool operator==(const Covering&) const = default;
};

// Covers at exactly `level`. Refuses (kTooLarge) when more than `cells_max` cells would be needed.
base::Result<Covering> Cover(const Shape& shape, double inflate_m, int level, size_t cells_max);

Covering CoverWithin(const Shape& shape, double inflate_m, std::span<const int> levels,
                     size_t cells_max);

CellId CellParent(CellId cell, int level);  // the ancestor at a coarser level
int CellLevel(CellId cell);
CellId CellAt(Position point, int level);
// The four corners, counter-clockwise; for display.
std::vector<Position> CellCorners(CellId cell);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_COVERING_H_
