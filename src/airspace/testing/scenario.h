// Seeded volumes for measuring and testing the index, alike for every engine that is measured on them.
//
//   country  1,000 x 1,000 km around 47 N 10 E, volumes of 0.5 to 5 km, bands of 100 to 1,000 m below 6 km, in W84,
//   AMSL,
//            AGL and STD;
//   city     20 x 20 km, volumes of 0.2 to 2 km, bands of 30 to 120 m below 3 km, in W84.
//
// Windows of 15 minutes to 2 hours start within three days. Sizes, bands and windows are log-uniform; 60 % are polygons
// of 12 vertices, 20 % circles, 20 % corridors. Every 300th volume is a zone that is country-wide, or lasts a month, or
// has no end, mostly above where the others are, so that it is in everybody's way in the index and in few people's air.
#ifndef WIDEBERTH_AIRSPACE_TESTING_SCENARIO_H_
#define WIDEBERTH_AIRSPACE_TESTING_SCENARIO_H_

#include <cstdint>

#include "airspace/rules.h"
#include "airspace/volume.h"
#include "base/random.h"

namespace wideberth::airspace::testing {

enum class ScenarioKind { kCountry, kCity };

class Scenario {
 public:
  Scenario(ScenarioKind kind, uint64_t seed) : kind_(kind), random_(seed) {}

  // The next volume of the stream, W84 heights filled in; a zone now and then.
  Volume4D Next();
  // Never a zone.
  Volume4D NextOrdinary();
  Volume4D NextZone();

  // The widest separation to ask with.
  Separation separation() const;

 private:
  double LogUniform(double low, double high);
  geo::Outline OutlineOf(double lat_deg, double lng_deg, double size_m);

  ScenarioKind kind_;
  base::SeededRandom random_;
  uint64_t count_ = 0;
};

}  // namespace wideberth::airspace::testing

#endif  // WIDEBERTH_AIRSPACE_TESTING_SCENARIO_H_
