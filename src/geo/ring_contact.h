// Whether a ring crosses or touches itself. Inside geo only.
//
// Two parts of the border touch when they come within kRingTouchM of each other, except next to the
// vertex that they share. Positions are quantised to 0.11 mm, so a vertex that was meant to lie on
// another edge lies within 0.2 mm of it. Spikes (an edge folded back onto its neighbour) and rings
// without area touch themselves and are found like that.
//
// Typically O(n log n): 10,000 vertices take a few ms. A ring whose edges all lie across each
// other's boxes costs up to n^2 / 2 comparisons; beyond limits::kRingComparisonsMax the search
// gives up.
#ifndef WIDEBERTH_GEO_RING_CONTACT_H_
#define WIDEBERTH_GEO_RING_CONTACT_H_

#include <cstdint>

#include "geo/shape_data.h"

namespace wideberth::geo {

inline constexpr double kRingTouchM = 0.00025;

struct RingContact {
  enum Kind : uint8_t { kNone, kTouch, kTooIntricate };
  Kind kind = kNone;
  uint32_t edge_a = 0, edge_b = 0;  // the outline's edges, a <= b
  Vec3 at;
};

RingContact FindRingContact(const ShapeData& ring);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_RING_CONTACT_H_
