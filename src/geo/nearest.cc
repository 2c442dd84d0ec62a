#include "geo/nearest.h"

#include <GeographicLib/Geodesic.hpp>
#include <utility>

namespace wideberth::geo {
namespace {

struct Node {
  uint32_t level;
  uint32_t index;
};

double NodeDistance2(const Skeleton& a, Node in_a, const Skeleton& b, Node in_b) {
  return BoxDistance2(a.BoxAt(in_a.level, in_a.index), b.BoxAt(in_b.level, in_b.index));
}

// Whether the sphere of reach of `piece` comes within `within_m` of the leaf.
bool Near(const Piece& piece, const Skeleton& skeleton, uint32_t leaf, double within_m) {
  const double limit = piece.reach_m + within_m;
  return BoxDistance2(skeleton.BoxAt(0, leaf), piece.Middle()) <= limit * limit;
}

// Descends both trees, nearest children first, and hands each pair of pieces that may matter to
// Derived::Meet. Derived::within_m is the distance beyond which nothing matters any more; it
// shrinks as better pairs are found.
template <class Derived>
class PairDescent {
 public:
  PairDescent(const Skeleton& a, const Skeleton& b) : a_(a), b_(b) {}

  void Run() { Visit({a_.levels - 1, 0}, {b_.levels - 1, 0}); }

 protected:
  const Skeleton& a_;
  const Skeleton& b_;
  double within_m_ = 0;
  bool stopped_ = false;

 private:
  struct Child {
    double distance2;
    Node node;
  };

  bool TooFar(double distance2) const { return distance2 > within_m_ * within_m_; }

  void Visit(Node in_a, Node in_b) {
    if (in_a.level == 0 && in_b.level == 0) return MeetLeaves(in_a.index, in_b.index);
    const bool split_a = in_a.level >= in_b.level;
    const Skeleton& split = split_a ? a_ : b_;
    const Node parent = split_a ? in_a : in_b;
    const uint32_t level = parent.level - 1;
    const uint32_t end = std::min(split.NodesAt(level), (parent.index + 1) * kFanOut);
    std::array<Child, kFanOut> children;
    size_t count = 0;
    for (uint32_t i = parent.index * kFanOut; i < end; ++i) {
      const Node node{level, i};
      const double distance2 =
          split_a ? NodeDistance2(a_, node, b_, in_b) : NodeDistance2(a_, in_a, b_, node);
      if (TooFar(distance2)) continue;
      size_t at = count++;
      for (; at > 0 && children[at - 1].distance2 > distance2; --at) {
        children[at] = children[at - 1];
      }
      children[at] = {distance2, node};
    }
    for (size_t i = 0; i < count && !stopped_; ++i) {
      if (TooFar(children[i].distance2)) return;
      if (split_a) {
        Visit(children[i].node, in_b);
      } else {
        Visit(in_a, children[i].node);
      }
    }
  }

  void MeetLeaves(uint32_t leaf_a, uint32_t leaf_b) {
    for (uint32_t i = a_.LeafBegin(leaf_a); i < a_.LeafEnd(leaf_a); ++i) {
      const Piece& a = a_.pieces[i];
      if (!Near(a, b_, leaf_b, within_m_)) continue;
      const Vec3 middle = a.Middle();
      for (uint32_t k = b_.LeafBegin(leaf_b); k < b_.LeafEnd(leaf_b); ++k) {
        const Piece& b = b_.pieces[k];
        const double reach = a.reach_m + b.reach_m;
        const double middle2 = Norm2(b.Middle() - middle);
        if (middle2 > (reach + within_m_) * (reach + within_m_)) continue;
        static_cast<Derived*>(this)->Meet(a, b, /*may_cross=*/middle2 < reach * reach);
        if (stopped_) return;
      }
    }
  }
};

class ByChord : public PairDescent<ByChord> {
 public:
  ByChord(const Skeleton& a, const Skeleton& b, const NearestQuery& query)
      : PairDescent(a, b), query_(query) {
    within_m_ = query.chord_max_m;
  }

  NearestPair Find() {
    Run();
    nearest_.stopped = stopped_;
    return nearest_;
  }

  void Meet(const Piece& a, const Piece& b, bool may_cross) {
    if (may_cross) {
      const double margin = CrossingMargin(a, b);
      if (margin > 0) {
        const Vec3 at = CrossingOf(a, b);
        nearest_ = {.found = true, .crossing = true, .chord_m = 0, .on_a = at, .on_b = at};
        within_m_ = 0;
        stopped_ = margin > query_.stop_at_crossing_margin_m;
        return;
      }
    }
    if (nearest_.crossing) return;
    const Foot on_b = FootOn(b, a.start);
    if (on_b.chord2 <= within_m_ * within_m_) Take(on_b.chord2, a.start, b.At(on_b.t));
    const Foot on_a = FootOn(a, b.start);
    if (on_a.chord2 <= within_m_ * within_m_) Take(on_a.chord2, a.At(on_a.t), b.start);
  }

 private:
  void Take(double chord2, const Vec3& on_a, const Vec3& on_b) {
    within_m_ = std::sqrt(chord2);
    nearest_ = {.found = true, .chord_m = within_m_, .on_a = on_a, .on_b = on_b};
    stopped_ = stopped_ || within_m_ <= query_.stop_at_chord_m;
  }

  const NearestQuery& query_;
  NearestPair nearest_;
};

struct Measured {
  double length_m;
  Vec3 foot;
};

// The nearest point of a piece to a far vertex, by geodesic: Newton's method on the parameter. With
// s12 the distance and theta the angle between the geodesic and the piece, ds/dx = cos theta and
// d2s/dx2 = sin^2 theta M21 / m12, where m12 is the reduced length and M21 the geodesic scale
// (Karney, Algorithms for geodesics, 2013, section 3).
Measured MeasureFar(const Vec3& vertex, const Piece& piece, double t) {
  constexpr double kDegree = 180 / M_PI;
  const auto lat_lng = [](const Vec3& v) {
    return std::pair(std::atan2(v.z, (1 - kEccentricity2) * std::hypot(v.x, v.y)) * kDegree,
                     std::atan2(v.y, v.x) * kDegree);
  };
  const auto [lat1, lng1] = lat_lng(vertex);
  const double length = Norm(piece.d);
  Measured best{std::numeric_limits<double>::infinity(), {}};
  for (int step = 0; step < 3; ++step) {
    const Vec3 x = piece.At(t);
    const auto [lat2, lng2] = lat_lng(x);
    double s12 = 0, azi1 = 0, azi2 = 0, m12 = 0, M12 = 0, M21 = 0;
    GeographicLib::Geodesic::WGS84().Inverse(lat1, lng1, lat2, lng2, s12, azi1, azi2, m12, M12,
                                             M21);
    if (s12 < best.length_m) best = {s12, x};
    const auto [east, north] = TangentsAt(x);
    const double sin_azi = std::sin(azi2 / kDegree), cos_azi = std::cos(azi2 / kDegree);
    const Vec3 heading = (sin_azi / Norm(east)) * east + (cos_azi / Norm(north)) * north;
    const Vec3 along = piece.d + (4 * (1 - 2 * t)) * piece.lift;
    const double cosine = Dot(heading, along) * std::sqrt(piece.inv_length2);
    const double bend = (1 - cosine * cosine) * M21 / m12;
    if (!(bend > 0) || !(length > 0)) break;
    const double moved = std::clamp(t - cosine / (bend * length), 0.0, 1.0);
    if (moved == t) break;
    t = moved;
  }
  return best;
}

class ByGeodesic : public PairDescent<ByGeodesic> {
 public:
  ByGeodesic(const Skeleton& a, const Skeleton& b, NearestPair* nearest, double length_m)
      : PairDescent(a, b), nearest_(nearest) {
    Accept(length_m);
  }

  double Find() {
    Run();
    return length_m_;
  }

  void Meet(const Piece& a, const Piece& b, bool /*may_cross*/) {
    Try(a.start, b, &nearest_->on_a, &nearest_->on_b);
    Try(b.start, a, &nearest_->on_b, &nearest_->on_a);
  }

 private:
  void Try(const Vec3& vertex, const Piece& piece, Vec3* at_vertex, Vec3* at_foot) {
    // Below this the nearest by chord on one piece is the nearest by geodesic to 0.01 mm.
    constexpr double kNewtonFromM = 1'000'000;
    const Foot foot = FootOn(piece, vertex);
    if (foot.chord2 > within_m_ * within_m_) return;
    Measured measured;
    if (foot.chord2 < kNewtonFromM * kNewtonFromM) {
      measured.foot = piece.At(foot.t);
      measured.length_m = GeodesicLengthM(vertex, measured.foot);
    } else {
      measured = MeasureFar(vertex, piece, foot.t);
    }
    if (measured.length_m >= length_m_) return;
    *at_vertex = vertex;
    *at_foot = measured.foot;
    Accept(measured.length_m);
  }

  void Accept(double length_m) {
    constexpr double kRoundingM = 1e-6;
    length_m_ = length_m;
    within_m_ = ChordOfArc(length_m, kCurvatureRadiusMaxM) + kRoundingM;
  }

  NearestPair* nearest_;
  double length_m_ = 0;
};

}  // namespace

NearestPair FindNearest(const Skeleton& a, const Skeleton& b, const NearestQuery& query) {
  return ByChord(a, b, query).Find();
}

double RefineToGeodesic(const Skeleton& a, const Skeleton& b, NearestPair* nearest) {
  if (nearest->crossing) return 0;
  const double length_m = GeodesicLengthM(nearest->on_a, nearest->on_b);
  if (nearest->chord_m <= kChordDecidesM) return length_m;
  return ByGeodesic(a, b, nearest, length_m).Find();
}

double DistanceToPointM(const ShapeData& shape, const Vec3& point) {
  if (shape.ring() && InsideRing(shape, point)) return 0;
  const Piece piece = MakePointPiece(point, 0);
  const Skeleton self = PointSkeleton(piece);
  NearestPair nearest = FindNearest(shape.skeleton, self, {});
  const double length_m = nearest.chord_m <= kFootReachM
                              ? RefineToGeodesic(shape.skeleton, self, &nearest)
                              : GeodesicLengthM(nearest.on_a, nearest.on_b);
  return std::max(0.0, length_m - shape.buffer_m());
}

}  // namespace wideberth::geo
