// The boundary of an OpenAir zone, gathered command by command, and how its arcs become vertices. Inside formats only.
#ifndef WIDEBERTH_FORMATS_OPENAIR_ARC_H_
#define WIDEBERTH_FORMATS_OPENAIR_ARC_H_

#include <variant>
#include <vector>

#include "geo/position.h"

namespace wideberth::formats::openair {

struct Arc {
  geo::Position centre;
  geo::Position start;
  geo::Position end;
  double start_deg = 0;  // bearing of the start from the centre
  double sweep_deg = 0;  // in (0, 360]; how far it turns
  bool clockwise = true;
  double start_radius_m = 0;
  double end_radius_m = 0;  // differs from the start's only where a file is not consistent
};

// DA: radius and two bearings. DB: two points; they lie where the file says, whatever that makes of the radius.
Arc ArcFromBearings(geo::Position centre, double radius_m, double start_deg, double end_deg,
                    bool clockwise);
Arc ArcFromPoints(geo::Position centre, geo::Position start, geo::Position end, bool clockwise);

using BoundaryItem = std::variant<geo::Position, Arc>;

// The ring of vertices, errors to the side of more area, at most `error_max_m`. Equal neighbours are left out.
std::vector<geo::Position> BoundaryVertices(const std::vector<BoundaryItem>& items,
                                            double error_max_m);

}  // namespace wideberth::formats::openair

#endif  // WIDEBERTH_FORMATS_OPENAIR_ARC_H_
