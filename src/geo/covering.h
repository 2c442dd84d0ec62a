// Which cells of the S2 grid an outline may touch.
//
// A covering is a set of cells of one level that together contain the outline grown by `inflate_m`. It may contain
// cells that the grown outline only nearly touches (it errs to more), never misses one. Cells are S2CellIds as uint64,
// sorted; a place belongs to the cell of its geodetic latitude and longitude on the sphere, as everywhere S2 is used.
//
// How. On a face of the S2 cube great circles are straight lines and cells are rectangles, so covering is drawing lines
// and filling polygons in a raster: exact for polygons, circles and corridors that are not grown, and at most a fringe
// of cells within half a cell's diagonal too much for what is. Outlines wider than about 3,000 km go through S2's own
// distance queries, cell by cell.
//
// Cost: about 30 ns a vertex and level, and as much for each cell. Threads: pure functions; a Coverer is not shared.
#ifndef WIDEBERTH_GEO_COVERING_H_
#define WIDEBERTH_GEO_COVERING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geo/shape.h"

namespace wideberth::geo {

using CellId = uint64_t;

inline constexpr int kCellLevelMax = 30;

struct Covering {
  int level = 0;
  std::vector<CellId> cells;  // sorted, distinct, all of `level`
  bool operator==(const Covering&) const = default;
};

// Covers one outline at one level or at several: the outline is projected once.
class Coverer {
 public:
  // `shape` must outlive the Coverer. `inflate_m` in [0, 2 * kSeparationLateralMaxMm / 1000].
  Coverer(const Shape& shape, double inflate_m);

  // Replaces *cells with the covering at `level` (0 to kCellLevelMax). Returns false, and leaves *cells unspecified,
  // when more than `cells_max` cells would be needed.
  bool Cover(int level, size_t cells_max, std::vector<CellId>* cells);

 private:
  using Vector = std::array<double, 3>;
  struct Edge {  // seen from a face: u and v on its plane, and unit vectors in its frame
    double u0, v0, u1, v1;
    double grow_u, grow_v;  // how far the inflation reaches on the plane, at most
    Vector from, to;
  };
  struct Face {
    int face;
    std::vector<Edge> edges;
  };
  struct Span {
    int j, i0, i1;
  };
  // Cells of a row that hang together and are drawn already; none where the first comes after the last. The edges of a
  // small outline that grows by much reach much the same cells.
  struct Row {
    int first = 0, last = -1;
    bool Contains(int i) const { return first <= i && i <= last; }
    void Join(int i0, int i1);
  };
  struct Crossing {
    int j;
    double u;
  };

  void Project(int face, std::span<const Vector> normals);
  Row& DrawnIn(int j);
  template <class Far>
  static bool Trim(const Far& far, const Row& drawn, int* i0, int* i1);
  bool DrawEdge(const Edge& edge, int level, size_t cells_max);
  bool CoverFace(const Face& face, int level, size_t cells_max, std::vector<CellId>* cells);
  bool CoverWide(int level, size_t cells_max, std::vector<CellId>* cells) const;

  const Shape* shape_;
  double grow_;    // angle
  double extent_;  // angle: the outline has two points at least this far apart, growth not counted
  bool ring_ = false;
  bool wide_ = false;
  std::vector<Face> faces_;
  std::vector<Span> spans_;
  std::vector<Crossing> crossings_;
  std::vector<Row> drawn_;
  int drawn_from_ = 0;  // the row of the first of them
};

// Covers at exactly `level`. Refuses (kTooLarge) when more than `cells_max` cells would be needed.
base::Result<Covering> Cover(const Shape& shape, double inflate_m, int level, size_t cells_max);

// The covering at the first of `levels` (from fine to coarse) that takes at most `cells_max` cells; at the last one
// when none does, however many that takes (level 0 has 6).
Covering CoverWithin(const Shape& shape, double inflate_m, std::span<const int> levels,
                     size_t cells_max);

bool IsCell(CellId cell);                   // whether the 64 bits name a cell
CellId CellParent(CellId cell, int level);  // the ancestor at a coarser level, or the cell itself
int CellLevel(CellId cell);
CellId CellAt(Position point, int level);
// The four corners, counter-clockwise; for display.
std::vector<Position> CellCorners(CellId cell);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_COVERING_H_
