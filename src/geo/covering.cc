#include "geo/covering.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2coords.h>
#include <s2/s2latlng.h>
#include <s2/s2lax_polyline_shape.h>
#include <s2/s2loop.h>
#include <s2/s2metrics.h>
#include <s2/s2point_vector_shape.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "geo/ecef.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

// Room for rounding and for the 1.6 mm between a geodesic of 5 km and the great circle between its ends' normals.
constexpr double kSlackAngle = 2e-9;
// Half of the height of an arc of 5 km over its chord, on the unit sphere, is below this.
constexpr double kArcOverChordSlack = 1e-7;
// A skeleton within this angle of a point of a face is well in front of the face's plane: 55 + 2 * 15 < 90 degrees.
constexpr double kFaceReachAngle = 15 * M_PI / 180;

using Vector = std::array<double, 3>;

Vector NormalAt(const Vec3& surface) {
  const Vec3 g = Gradient(surface);
  const double scale = 1 / Norm(g);
  return {scale * g.x, scale * g.y, scale * g.z};
}

double DotOf(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// The frame of a face: its u and v axes and its outward normal. Coordinates are copied, never rotated, so no rounding.
Vector IntoFrame(int face, const Vector& p) {
  const S2Point q = S2::FaceXYZtoUVW(face, S2Point(p[0], p[1], p[2]));
  return {q.x(), q.y(), q.z()};
}

// Whether a cap may touch a face: the face is the cone in front of four planes through the Earth's centre.
bool CapTouchesFace(int face, const Vector& centre, double angle) {
  if (angle >= M_PI / 2) return true;
  const Vector p = IntoFrame(face, centre);
  const double limit = -std::sin(angle) * std::sqrt(2.0);
  return p[2] + p[0] >= limit && p[2] - p[0] >= limit && p[2] + p[1] >= limit &&
         p[2] - p[1] >= limit;
}

int CellIndex(double uv, int side) {
  const double st = S2::UVtoST(std::clamp(uv, -1.0, 1.0));
  return std::clamp(static_cast<int>(st * side), 0, side - 1);
}

// What asking many points how far they are from one segment has in common.
class Segment {
 public:
  Segment(const Vector& a, const Vector& b)
      : a_(a), d_{b[0] - a[0], b[1] - a[1], b[2] - a[2]}, length2_(DotOf(d_, d_)) {}
  double Distance2(const Vector& p) const {
    Vector w = {p[0] - a_[0], p[1] - a_[1], p[2] - a_[2]};
    const double t = length2_ > 0 ? std::clamp(DotOf(w, d_) / length2_, 0.0, 1.0) : 0.0;
    for (size_t k = 0; k < 3; ++k) w[k] -= t * d_[k];
    return DotOf(w, w);
  }

 private:
  Vector a_, d_;
  double length2_;
};

// Square of the chord of an arc, with room for the arc that a chord of the outline stands for.
double ChordLimit2(double angle) {
  const double chord = 2 * std::sin(std::min(angle, M_PI) / 2) + kArcOverChordSlack;
  return chord * chord;
}

double MiddleOf(int index, int side) {
  return S2::STtoUV((index + 0.5) / side);
}

Vector OnSphere(double u, double v) {
  const double scale = 1 / std::sqrt(1 + u * u + v * v);
  return {scale * u, scale * v, scale};
}

}  // namespace

Coverer::Coverer(const Shape& shape, double inflate_m) : shape_(&shape) {
  const ShapeData& data = shape.data();
  ring_ = data.ring();
  grow_ = NormalAngleMax(data.buffer_m() + inflate_m) + kSlackAngle;
  const double skeleton_angle = NormalAngleMax(data.skeleton_radius_m) + kSlackAngle;
  // The skeleton's centre is the middle of a box or a ball around it, so two of its points are at least the radius
  // apart; normals turn nowhere slower than on a ball of the greatest radius of curvature.
  extent_ = 0.99 * data.skeleton_radius_m / kCurvatureRadiusMaxM;
  wide_ = skeleton_angle + grow_ > kFaceReachAngle;
  if (wide_) return;
  std::vector<Vector> normals;
  normals.reserve(data.pieces.size());
  for (const Piece& piece : data.pieces) normals.push_back(NormalAt(piece.start));
  const Vector centre = NormalAt(data.centre);
  for (int face = 0; face < 6; ++face) {
    if (CapTouchesFace(face, centre, skeleton_angle + grow_)) Project(face, normals);
  }
}

// On the plane of a face a point moves by at most sqrt(1 + u^2) sqrt(1 + u^2 + v^2) a radian in u, likewise in v. From
// an edge to a cell that its growth touches the path stays within `grow_` of both.
void Coverer::Project(int face, std::span<const Vector> normals) {
  Face& out = faces_.emplace_back(Face{face, {}});
  const size_t count = normals.size();
  const size_t edges = ring_ || count == 1 ? count : count - 1;
  out.edges.reserve(edges);
  std::vector<Vector> at;
  at.reserve(count);
  for (const Vector& normal : normals) at.push_back(IntoFrame(face, normal));
  for (size_t k = 0; k < edges; ++k) {
    Edge edge{};
    edge.from = at[k];
    edge.to = at[k + 1 < count ? k + 1 : 0];
    edge.u0 = edge.from[0] / edge.from[2];
    edge.v0 = edge.from[1] / edge.from[2];
    edge.u1 = edge.to[0] / edge.to[2];
    edge.v1 = edge.to[1] / edge.to[2];
    const double w_min = std::min(edge.from[2], edge.to[2]);
    const double steepest = std::cos(std::min(std::acos(std::min(1.0, w_min)) + grow_, 1.55));
    const double crude = grow_ / (steepest * steepest);
    const double u = std::max(std::abs(edge.u0), std::abs(edge.u1)) + crude;
    const double v = std::max(std::abs(edge.v0), std::abs(edge.v1)) + crude;
    const double slope = grow_ * std::sqrt(1 + u * u + v * v);
    edge.grow_u = slope * std::sqrt(1 + u * u);
    edge.grow_v = slope * std::sqrt(1 + v * v);
    out.edges.push_back(edge);
  }
}

Coverer::Row& Coverer::DrawnIn(int j) {
  if (drawn_.empty()) drawn_from_ = j;
  if (j < drawn_from_) {
    drawn_.insert(drawn_.begin(), static_cast<size_t>(drawn_from_ - j), Row());
    drawn_from_ = j;
  }
  const auto at = static_cast<size_t>(j - drawn_from_);
  if (at >= drawn_.size()) drawn_.resize(at + 1);
  return drawn_[at];
}

// What does not hang together with what is noted is not noted, and drawn anew.
void Coverer::Row::Join(int i0, int i1) {
  if (last < first) {
    *this = {i0, i1};
  } else if (i0 <= last + 1 && i1 >= first - 1) {
    *this = {std::min(i0, first), std::max(i1, last)};
  }
}

// Takes away what is far, or drawn already, from both ends of a row; false when nothing is left.
template <class Far>
bool Coverer::Trim(const Far& far, const Row& drawn, int* i0, int* i1) {
  for (; *i0 <= *i1; ++*i0) {
    if (drawn.Contains(*i0)) {
      *i0 = drawn.last;
    } else if (!far(*i0)) {
      break;
    }
  }
  for (; *i0 < *i1; --*i1) {
    if (drawn.Contains(*i1)) {
      *i1 = drawn.first;
    } else if (!far(*i1)) {
      break;
    }
  }
  return *i0 <= *i1;
}

// Draws the cells that the grown edge touches, row by row, and notes where it crosses the middle of a row.
bool Coverer::DrawEdge(const Edge& edge, int level, size_t cells_max) {
  const int side = 1 << level;
  const auto [v_low, v_high] = std::minmax(edge.v0, edge.v1);
  if (v_high + edge.grow_v < -1 || v_low - edge.grow_v > 1) return true;
  const int j_first = CellIndex(v_low - edge.grow_v, side);
  const int j_last = CellIndex(v_high + edge.grow_v, side);
  if (static_cast<size_t>(j_last - j_first) >= cells_max && !ring_) return false;
  // From a cell's middle to its farthest corner; a little over half a diagonal, because cells are not symmetric.
  const double reach = grow_ + 0.55 * S2::kMaxDiag.GetValue(level);
  const bool round = grow_ * side > 0.3;
  const double far2 = round ? ChordLimit2(reach) : 0;
  const Segment segment(edge.from, edge.to);
  const double slope = edge.v1 == edge.v0 ? 0 : (edge.u1 - edge.u0) / (edge.v1 - edge.v0);
  const auto u_at = [&](double v) { return edge.u0 + slope * (v - edge.v0); };
  for (int j = j_first; j <= j_last; ++j) {
    const double row_low = S2::STtoUV(static_cast<double>(j) / side);
    const double row_high = S2::STtoUV(static_cast<double>(j + 1) / side);
    const double middle = 0.5 * (row_low + row_high);
    if (ring_ && (edge.v0 <= middle) != (edge.v1 <= middle)) {
      crossings_.push_back({j, u_at(middle)});
    }
    double ua = edge.u0, ub = edge.u1;
    if (edge.v1 != edge.v0) {
      ua = u_at(std::clamp(row_low - edge.grow_v, v_low, v_high));
      ub = u_at(std::clamp(row_high + edge.grow_v, v_low, v_high));
    }
    const auto [u_low, u_high] = std::minmax(ua, ub);
    if (u_high + edge.grow_u < -1 || u_low - edge.grow_u > 1) continue;
    int i0 = CellIndex(u_low - edge.grow_u, side), i1 = CellIndex(u_high + edge.grow_u, side);
    if (round) {
      const double v = MiddleOf(j, side);
      const auto far = [&](int i) {
        return segment.Distance2(OnSphere(MiddleOf(i, side), v)) > far2;
      };
      Row& drawn = DrawnIn(j);
      if (!Trim(far, drawn, &i0, &i1)) continue;
      drawn.Join(i0, i1);
    }
    if (static_cast<size_t>(i1 - i0) >= cells_max) return false;
    if (!spans_.empty()) {
      const Span& last = spans_.back();
      if (last.j == j && last.i0 <= i0 && i1 <= last.i1) continue;
    }
    spans_.push_back({j, i0, i1});
  }
  return true;
}

bool Coverer::CoverFace(const Face& face, int level, size_t cells_max, std::vector<CellId>* cells) {
  const int side = 1 << level;
  spans_.clear();
  crossings_.clear();
  drawn_.clear();
  for (const Edge& edge : face.edges) {
    if (!DrawEdge(edge, level, cells_max)) return false;
  }
  // Between an odd crossing and the next a row's middle is inside; cells there that no edge touches are inside whole.
  std::sort(crossings_.begin(), crossings_.end(), [](const Crossing& a, const Crossing& b) {
    return a.j != b.j ? a.j < b.j : a.u < b.u;
  });
  for (size_t k = 0; k + 1 < crossings_.size(); k += 2) {
    const double from = crossings_[k].u, to = crossings_[k + 1].u;
    if (to < -1 || from > 1) continue;
    spans_.push_back({crossings_[k].j, CellIndex(from, side), CellIndex(to, side)});
  }
  std::sort(spans_.begin(), spans_.end(),
            [](const Span& a, const Span& b) { return a.j != b.j ? a.j < b.j : a.i0 < b.i0; });
  const int leaf_shift = kCellLevelMax - level;
  int row = -1, next = 0;
  for (const Span& span : spans_) {
    if (span.j != row) next = 0;
    row = span.j;
    const int begin = std::max(span.i0, next);
    if (span.i1 < begin) continue;
    if (cells->size() + static_cast<size_t>(span.i1 - begin + 1) > cells_max) return false;
    for (int i = begin; i <= span.i1; ++i) {
      cells->push_back(S2CellId::FromFaceIJ(face.face, i << leaf_shift, span.j << leaf_shift)
                           .parent(level)
                           .id());
    }
    next = span.i1 + 1;
  }
  return true;
}

bool Coverer::CoverWide(int level, size_t cells_max, std::vector<CellId>* cells) const {
  std::vector<S2Point> points;
  for (const Piece& piece : shape_->data().pieces) {
    const Vector n = NormalAt(piece.start);
    points.emplace_back(n[0], n[1], n[2]);
  }
  MutableS2ShapeIndex index;
  std::unique_ptr<S2Loop> loop;
  if (ring_) {
    loop = std::make_unique<S2Loop>(points, S2Debug::DISABLE);
    loop->Normalize();
    index.Add(std::make_unique<S2Loop::Shape>(loop.get()));
  } else if (points.size() == 1) {
    index.Add(std::make_unique<S2PointVectorShape>(std::move(points)));
  } else {
    index.Add(std::make_unique<S2LaxPolylineShape>(points));
  }
  S2ClosestEdgeQuery query(&index);
  const S1ChordAngle limit(S1Angle::Radians(std::min(grow_, M_PI)));
  std::vector<S2CellId> open;
  for (int face = 0; face < 6; ++face) open.push_back(S2CellId::FromFace(face));
  while (!open.empty()) {
    const S2CellId id = open.back();
    open.pop_back();
    S2ClosestEdgeQuery::CellTarget target{S2Cell(id)};
    if (!query.IsConservativeDistanceLessOrEqual(&target, limit)) continue;
    if (id.level() == level) {
      if (cells->size() == cells_max) return false;
      cells->push_back(id.id());
    } else {
      for (int child = 0; child < 4; ++child) open.push_back(id.child(child));
    }
  }
  return true;
}

bool Coverer::Cover(int level, size_t cells_max, std::vector<CellId>* cells) {
  CHECK(level >= 0 && level <= kCellLevelMax);
  cells->clear();
  // Cells that hang together reach no farther than their number times their diagonal.
  if (extent_ > static_cast<double>(cells_max) * S2::kMaxDiag.GetValue(level)) return false;
  if (wide_) {
    // Asking S2 cell by cell is slow: do not begin where the area alone is too large.
    const double disc = 2 * M_PI * (1 - std::cos(std::min(grow_, M_PI)));
    const double area = std::max(
        disc, ring_ ? 0.97 * shape_->ApproximateAreaM2() / (kEquatorRadiusM * kEquatorRadiusM) : 0);
    if (area > static_cast<double>(cells_max) * S2::kMaxArea.GetValue(level)) return false;
    if (!CoverWide(level, cells_max, cells)) return false;
  } else {
    for (const Face& face : faces_) {
      if (!CoverFace(face, level, cells_max, cells)) return false;
    }
  }
  std::sort(cells->begin(), cells->end());
  return true;
}

base::Result<Covering> Cover(const Shape& shape, double inflate_m, int level, size_t cells_max) {
  Covering covering{level, {}};
  if (!Coverer(shape, inflate_m).Cover(level, cells_max, &covering.cells)) {
    return base::Fail(
        base::ErrorCode::kTooLarge, "/outline",
        "must not take more than " + NumberText(cells_max) + " cells of level " + NumberText(level),
        "more");
  }
  return covering;
}

Covering CoverWithin(const Shape& shape, double inflate_m, std::span<const int> levels,
                     size_t cells_max) {
  CHECK(!levels.empty());
  Coverer coverer(shape, inflate_m);
  Covering covering;
  for (const int level : levels) {
    covering.level = level;
    if (coverer.Cover(level, cells_max, &covering.cells)) return covering;
  }
  CHECK(coverer.Cover(covering.level, size_t{6} << (2 * covering.level), &covering.cells));
  return covering;
}

bool IsCell(CellId cell) {
  return S2CellId(cell).is_valid();
}

CellId CellParent(CellId cell, int level) {
  return S2CellId(cell).parent(level).id();
}

int CellLevel(CellId cell) {
  return S2CellId(cell).level();
}

CellId CellAt(Position point, int level) {
  return S2CellId(S2LatLng::FromDegrees(point.lat_deg(), point.lng_deg())).parent(level).id();
}

std::vector<Position> CellCorners(CellId cell) {
  const S2Cell s2_cell{S2CellId(cell)};
  std::vector<Position> corners;
  for (int k = 0; k < 4; ++k) {
    const S2LatLng at(s2_cell.GetVertex(k));
    corners.push_back(
        {std::llround(at.lat().degrees() * 1e9), std::llround(at.lng().degrees() * 1e9)});
  }
  return corners;
}

}  // namespace wideberth::geo
