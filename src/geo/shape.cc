#include "geo/shape.h"

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <GeographicLib/PolygonArea.hpp>
#include <cmath>
#include <utility>

#include "base/limits.h"
#include "base/number.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

constexpr double kPieceLengthMaxM = limits::kEdgeLengthMaxM;

base::Unexpected TooManyPieces() {
  return base::Fail(base::ErrorCode::kTooLarge, "/vertices",
                    "all edges together must not be longer than about " +
                        NumberText(limits::kOutlinePiecesMax * limits::kEdgeLengthMaxM / 1000) +
                        " km",
                    "more");
}

// Splits a long edge into equal pieces along the geodesic.
base::Result<void> AppendLongEdge(Position from, Position to, const Vec3& start, const Vec3& end,
                                  uint32_t edge, std::vector<Piece>* pieces) {
  using GeographicLib::GeodesicLine;
  const GeodesicLine line = GeographicLib::Geodesic::WGS84().InverseLine(
      from.lat_deg(), from.lng_deg(), to.lat_deg(), to.lng_deg(),
      GeodesicLine::LATITUDE | GeodesicLine::LONGITUDE | GeodesicLine::DISTANCE_IN);
  const double length_m = line.Distance();
  const auto count = static_cast<size_t>(std::ceil(length_m / kPieceLengthMaxM));
  if (pieces->size() + count > limits::kOutlinePiecesMax) return TooManyPieces();
  Vec3 at = start;
  for (size_t i = 1; i < count; ++i) {
    double lat = 0, lng = 0;
    line.Position(length_m * static_cast<double>(i) / static_cast<double>(count), lat, lng);
    const Vec3 next = ToEcef(lat, lng);
    pieces->push_back(MakePiece(at, next, edge));
    at = next;
  }
  pieces->push_back(MakePiece(at, end, edge));
  return {};
}

base::Result<void> AppendPieces(std::span<const Position> vertices, bool ring,
                                std::vector<Piece>* pieces) {
  const size_t edges = ring ? vertices.size() : vertices.size() - 1;
  pieces->reserve(vertices.size());
  const Vec3 first = ToEcef(vertices[0]);
  Vec3 start = first;
  for (size_t i = 0; i < edges; ++i) {
    const bool closing = i + 1 == vertices.size();
    const Vec3 end = closing ? first : ToEcef(vertices[i + 1]);
    const auto edge = static_cast<uint32_t>(i);
    if (Norm2(end - start) <= kPieceLengthMaxM * kPieceLengthMaxM) {
      pieces->push_back(MakePiece(start, end, edge));
    } else {
      WB_RETURN_IF_ERROR(
          AppendLongEdge(vertices[i], vertices[closing ? 0 : i + 1], start, end, edge, pieces));
    }
    start = end;
  }
  if (!ring) pieces->push_back(MakePointPiece(start, static_cast<uint32_t>(edges)));
  if (pieces->size() > limits::kOutlinePiecesMax) return TooManyPieces();
  return {};
}

double FarthestM(const std::vector<Piece>& pieces, const Vec3& from) {
  double far2 = 0;
  for (const Piece& piece : pieces) far2 = std::max(far2, Norm2(piece.start - from));
  return std::sqrt(far2);
}

Vec3 MiddleOfBox(const std::vector<Piece>& pieces) {
  Vec3 low = pieces[0].start, high = low;
  for (const Piece& piece : pieces) {
    const Vec3& p = piece.start;
    low = {std::min(low.x, p.x), std::min(low.y, p.y), std::min(low.z, p.z)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y), std::max(high.z, p.z)};
  }
  return 0.5 * (low + high);
}

// The middle of the smallest ball around all vertices, to about 1 %: each step moves towards the
// farthest vertex by a shrinking part of the way (Badoiu and Clarkson's method).
Vec3 MiddleOfBall(const std::vector<Piece>& pieces, Vec3 middle) {
  constexpr int kSteps = 100;
  for (int step = 1; step <= kSteps; ++step) {
    const Piece* farthest = &pieces[0];
    double far2 = 0;
    for (const Piece& piece : pieces) {
      const double distance2 = Norm2(piece.start - middle);
      if (distance2 > far2) {
        far2 = distance2;
        farthest = &piece;
      }
    }
    middle = middle + (1.0 / (step + 1)) * (farthest->start - middle);
  }
  return middle;
}

bool Fits(const ShapeData& data, double farthest_m) {
  return ArcOverChord(farthest_m, kCurvatureRadiusMinM) + data.buffer_m() <=
         static_cast<double>(limits::kOutlineCapRadiusMaxM);
}

base::Result<void> SetCap(ShapeData* data) {
  // Deep inside the Earth there is no saying which side the outline is on; it is far too wide then.
  constexpr double kTooDeepM = 1'000'000;
  Vec3 middle = MiddleOfBox(data->pieces);
  double farthest_m = 2 * kEquatorRadiusM;
  if (Norm(middle) > kTooDeepM) {
    data->centre = OntoSurface(middle);
    farthest_m = FarthestM(data->pieces, data->centre);
  }
  if (!Fits(*data, farthest_m)) {
    middle = MiddleOfBall(data->pieces, middle);
    if (Norm(middle) > kTooDeepM) {
      data->centre = OntoSurface(middle);
      farthest_m = FarthestM(data->pieces, data->centre);
    }
  }
  if (!Fits(*data, farthest_m)) {
    return base::Fail(base::ErrorCode::kTooLarge, "",
                      "the outline must fit within " +
                          NumberText(limits::kOutlineCapRadiusMaxM / 1000) + " km of some point");
  }
  double reach_m = 0;
  for (const Piece& piece : data->pieces) reach_m = std::max(reach_m, piece.reach_m);
  const double lift_max_m = reach_m * reach_m / (2 * kCurvatureRadiusMinM);
  constexpr double kRoundingM = 1e-6;
  data->skeleton_radius_m = farthest_m + lift_max_m + kRoundingM;
  data->radius_m = data->skeleton_radius_m + data->buffer_m();
  return {};
}

// Whether a ring crosses or touches itself.
//
// Two parts of the border touch when they come within kRingTouchM of each other, except next to the
// vertex that they share. Positions are quantised to 0.11 mm, so a vertex that was meant to lie on
// another edge lies within 0.2 mm of it. Spikes (an edge folded back onto its neighbour) and rings
// without area touch themselves and are found like that.
//
// Typically O(n log n): 10,000 vertices take a few ms. A ring whose edges all lie across each
// other's boxes costs up to n^2 / 2 comparisons; beyond limits::kRingComparisonsMax the search
// gives up.
constexpr double kRingTouchM = 0.00025;

struct RingContact {
  enum Kind : uint8_t { kNone, kTouch, kTooIntricate };
  Kind kind = kNone;
  uint32_t edge_a = 0, edge_b = 0;  // the outline's edges, a <= b
  Vec3 at;
};

// Visits every pair of pieces whose boxes come near, by descending the same tree on both sides; a
// node is paired with itself and with the nodes after it only.
class ContactSearch {
 public:
  explicit ContactSearch(const Skeleton& ring)
      : ring_(ring), count_(static_cast<uint32_t>(ring.pieces.size())) {}

  RingContact Run() {
    const uint32_t top = ring_.levels - 1;
    Visit(top, 0, 0);
    return contact_;
  }

 private:
  bool Done() const { return contact_.kind != RingContact::kNone; }

  void Visit(uint32_t level, uint32_t a, uint32_t b) {
    if (level == 0) return CompareLeaves(a, b);
    const uint32_t below = ring_.NodesAt(level - 1);
    const uint32_t end_a = std::min(below, (a + 1) * kFanOut);
    const uint32_t end_b = std::min(below, (b + 1) * kFanOut);
    for (uint32_t i = a * kFanOut; i < end_a; ++i) {
      for (uint32_t k = a == b ? i : b * kFanOut; k < end_b && !Done(); ++k) {
        if (Near(level - 1, i, k)) Visit(level - 1, i, k);
      }
    }
  }

  bool Near(uint32_t level, uint32_t a, uint32_t b) const {
    return a == b ||
           BoxDistance2(ring_.BoxAt(level, a), ring_.BoxAt(level, b)) <= kRingTouchM * kRingTouchM;
  }

  void CompareLeaves(uint32_t a, uint32_t b) {
    for (uint32_t i = ring_.LeafBegin(a); i < ring_.LeafEnd(a); ++i) {
      for (uint32_t k = a == b ? i + 1 : ring_.LeafBegin(b); k < ring_.LeafEnd(b); ++k) {
        Compare(i, k);
        if (Done()) return;
      }
    }
  }

  void Compare(uint32_t i, uint32_t k) {
    if (++comparisons_ > limits::kRingComparisonsMax) {
      contact_.kind = RingContact::kTooIntricate;
      return;
    }
    const Piece& a = ring_.pieces[i];
    const Piece& b = ring_.pieces[k];
    const double reach = a.reach_m + b.reach_m + kRingTouchM;
    const double middle2 = Norm2(a.Middle() - b.Middle());
    if (middle2 > reach * reach) return;
    if (i + 1 == k) return CompareNeighbours(a, b);
    if (i == 0 && k + 1 == count_) return CompareNeighbours(b, a);
    if (ApartByPlane(a, b) || ApartByPlane(b, a)) return;
    if (Cross(a, b)) return Report(a, b, CrossingOf(a, b));
    Near(a.start, b, a);
    Near(a.End(), b, a);
    Near(b.start, a, b);
    Near(b.End(), a, b);
  }

  // Whether the plane of `a` has all of `b` well to one side. The lift of b leans out of its chord by less than 1 mm as
  // seen from a's plane.
  static bool ApartByPlane(const Piece& a, const Piece& b) {
    constexpr double kApartM = 0.002;
    const double start = a.Offset(b.start), end = start + Dot(a.right, b.d);
    return (start > kApartM && end > kApartM) || (start < -kApartM && end < -kApartM);
  }

  // `b` starts where `a` ends: they touch elsewhere only if one folds back onto the other.
  void CompareNeighbours(const Piece& a, const Piece& b) {
    Near(a.start, b, a);
    Near(b.End(), a, b);
  }

  void Near(const Vec3& vertex, const Piece& piece, const Piece& of) {
    if (!Done() && FootOn(piece, vertex).chord2 < kRingTouchM * kRingTouchM) {
      Report(piece, of, vertex);
    }
  }

  static bool Cross(const Piece& a, const Piece& b) { return CrossingMargin(a, b) > 0; }

  void Report(const Piece& a, const Piece& b, const Vec3& at) {
    contact_ = {RingContact::kTouch, std::min(a.edge, b.edge), std::max(a.edge, b.edge), at};
  }

  const Skeleton& ring_;
  const uint32_t count_;
  uint64_t comparisons_ = 0;
  RingContact contact_;
};

base::Result<void> CheckContact(const ShapeData& data, std::span<const Position> vertices) {
  const RingContact contact = ContactSearch(data.skeleton).Run();
  switch (contact.kind) {
    case RingContact::kNone:
      return {};
    case RingContact::kTooIntricate:
      return base::Fail(base::ErrorCode::kTooLarge, "/vertices",
                        "the ring must not be so intricate that its edges cannot be told apart in "
                        "reasonable time");
    case RingContact::kTouch:
      break;
  }
  const Position at = FromEcef(contact.at);
  const auto vertex_after = [&](uint32_t edge) { return (edge + 1) % vertices.size(); };
  const auto edge_text = [&](uint32_t edge) {
    return NumberText(edge) + "-" + NumberText(vertex_after(edge));
  };
  return base::Invalid(
      "/vertices/" + NumberText(contact.edge_a), "the ring must not cross or touch itself",
      "edge " + edge_text(contact.edge_a) + " meets edge " + edge_text(contact.edge_b) + " near " +
          NumberText(at.lat_deg()) + "," + NumberText(at.lng_deg()));
}

double RingAreaM2(const ShapeData& data) {
  GeographicLib::PolygonArea sum(GeographicLib::Geodesic::WGS84());
  for (const Piece& piece : data.pieces) {
    const Position p = FromEcef(piece.start);
    sum.AddPoint(p.lat_deg(), p.lng_deg());
  }
  double perimeter_m = 0, area_m2 = 0;
  sum.Compute(/*reverse=*/false, /*sign=*/true, perimeter_m, area_m2);
  return std::abs(area_m2);
}

// Of a cap and of a strip on the sphere that has the ellipsoid's Gaussian curvature at the middle
// of the outline.
double BufferAreaM2(const ShapeData& data) {
  const Vec3 up = Gradient(data.centre);
  // K = 1 / (a^4 b^2 |Dx|^4), so the radius 1 / sqrt(K) is a^2 b |Dx|^2.
  const double radius_m = kEquatorRadiusM * kEquatorRadiusM * kPolarRadiusM * Norm2(up);
  const double angle = data.buffer_m() / radius_m;
  const double half_sine = std::sin(angle / 2);
  double length_m = 0;
  for (const Piece& piece : data.pieces) length_m += Norm(piece.d);
  return radius_m * (4 * M_PI * radius_m * half_sine * half_sine + 2 * length_m * std::sin(angle));
}

}  // namespace

base::Result<Shape> Shape::Prepare(const Outline& outline) {
  auto data = std::make_unique<ShapeData>();
  data->kind = outline.kind();
  data->buffer_mm = outline.buffer_mm();
  if (outline.kind() == OutlineKind::kCircle) {
    data->pieces.push_back(MakePointPiece(ToEcef(outline.vertices()[0]), 0));
  } else {
    WB_RETURN_IF_ERROR(AppendPieces(outline.vertices(), data->ring(), &data->pieces));
  }
  WB_RETURN_IF_ERROR(SetCap(data.get()));
  BuildBoxes(data.get());
  if (data->ring()) {
    WB_RETURN_IF_ERROR(CheckContact(*data, outline.vertices()));
  }
  return Shape(std::move(data));
}

Shape::Shape(std::unique_ptr<const ShapeData> data) : data_(std::move(data)) {}
Shape::Shape(Shape&&) noexcept = default;
Shape& Shape::operator=(Shape&&) noexcept = default;
Shape::~Shape() = default;

double Shape::ApproximateAreaM2() const {
  return data_->ring() ? RingAreaM2(*data_) : BufferAreaM2(*data_);
}

Position Shape::cap_centre() const {
  return FromEcef(data_->centre);
}

double Shape::cap_radius_m() const {
  // The centre moves by up to 0.1 mm when it is rounded to a Position.
  constexpr double kRoundingM = 0.001;
  return ArcOverChord(data_->skeleton_radius_m, kCurvatureRadiusMinM) + data_->buffer_m() +
         kRoundingM;
}

}  // namespace wideberth::geo
