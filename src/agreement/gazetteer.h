// Names of places with the area that both parties mean by each (MECHANISM 3.3).
//
// "North of Syria" was said once, and the strike was in the west. A name that is spoken instead of geometry is looked
// up here, and its area is compared with the one that was declared.
//
//   if (const Place* place = gazetteer.Find("the northern box")) {
//     const AreaAgreement same = PolygonsAgree(place->outline, notice.volumes, tolerance.position_mm).value();
//     if (!same.agrees) ...   // the declared area leaves the named one by same.sticks_out_m at same.at
//   }
//
// Pure; any thread.
#ifndef WIDEBERTH_AGREEMENT_GAZETTEER_H_
#define WIDEBERTH_AGREEMENT_GAZETTEER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/volume.h"
#include "base/result.h"
#include "geo/outline.h"

namespace wideberth::agreement {

struct Place {
  std::string name;  // as the parties write it, in UTF-8
  geo::Outline outline;
  bool operator==(const Place&) const = default;
};

class Gazetteer {
 public:
  Gazetteer() = default;
  // Refuses, with the place's index in the field ("/3/name"): a name that is empty, longer than
  // limits::kNoticeNameBytesMax, not UTF-8 or with control characters; a name that stands twice as Find sees it; an
  // outline that cannot be prepared; more than limits::kGazetteerNamesMax places.
  static base::Result<Gazetteer> Make(std::vector<Place> places);

  // The place of a name as it was heard or typed: A-Z count as a-z, and runs of white space as one space, with none at
  // the ends. Letters beyond ASCII must be the same bytes: the parties write down every spelling that they use. Null
  // where there is none. O(log n).
  const Place* Find(std::string_view name) const;

  std::span<const Place> places() const { return places_; }
  bool operator==(const Gazetteer& other) const { return places_ == other.places_; }

 private:
  std::vector<Place> places_;
  std::map<std::string, size_t, std::less<>> by_name_;
};

struct AreaAgreement {
  bool agrees = true;
  // How far the declared volumes reach beyond the named area; within the tolerance some value up to it.
  double sticks_out_m = 0;
  geo::Position at;   // where
  size_t volume = 0;  // of which volume
};

// Whether every declared volume lies in the named area, within `tolerance_mm`, and by how much the worst does not
// (geo/containment.h says how exactly). Heights and windows are not compared. Refuses what cannot be prepared as a
// shape, with "/volumes/2/outline/..." as the field.
base::Result<AreaAgreement> PolygonsAgree(const geo::Outline& named,
                                          std::span<const airspace::Volume4D> declared,
                                          int64_t tolerance_mm);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_GAZETTEER_H_
