#include "geo/ring_contact.h"

#include "base/limits.h"
#include "geo/piece_pair.h"

namespace wideberth::geo {
namespace {

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

}  // namespace

RingContact FindRingContact(const ShapeData& ring) {
  return ContactSearch(ring.skeleton).Run();
}

}  // namespace wideberth::geo
