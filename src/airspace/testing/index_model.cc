#include "airspace/testing/index_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "airspace/testing/naive.h"
#include "airspace/volume_index.h"
#include "base/limits.h"

namespace wideberth::airspace::testing {
namespace {

uint64_t Below(const Draw& draw, uint64_t bound) {
  return draw() % bound;
}
double Unit(const Draw& draw) {
  return static_cast<double>(draw() >> 11) * 0x1.0p-53;
}
double LogUniform(const Draw& draw, double low, double high) {
  return low * std::pow(high / low, Unit(draw));
}
int64_t Between(const Draw& draw, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(Below(draw, static_cast<uint64_t>(high - low) + 1));
}

geo::Position At(double lat_deg, double lng_deg) {
  return geo::MakePosition(lat_deg, lng_deg).value();
}

geo::Outline DrawOutline(const Draw& draw) {
  static const geo::Position kPlaces[] = {At(90, 0),       At(-89.99, 30),  At(0, 180),
                                          At(47, -179.99), At(35.2644, 45), At(-35.2644, -135),
                                          At(0.01, 45),    At(47.37, 8.54), At(47.37, 8.54)};
  const double size_m =
      Below(draw, 4) == 0 ? LogUniform(draw, 10, 1'500'000) : LogUniform(draw, 100, 5'000);
  const double spread_m = Below(draw, 4) == 0 ? 300'000 : 5'000;
  const geo::Position centre = geo::GeodesicDestination(kPlaces[Below(draw, std::size(kPlaces))],
                                                        360 * Unit(draw), spread_m * Unit(draw));
  const auto circle = [&] {
    return geo::Outline::Circle(centre, std::llround(size_m * 500)).value();
  };
  const uint64_t kind = Below(draw, 3);
  if (kind == 0) return circle();
  std::vector<geo::Position> points;
  const uint64_t corners = 3 + Below(draw, 6);
  for (uint64_t k = 0; k < corners; ++k) {
    const double azimuth =
        kind == 1 ? 360 * (static_cast<double>(k) + 0.7 * Unit(draw)) / static_cast<double>(corners)
                  : 360 * Unit(draw);
    points.push_back(geo::GeodesicDestination(centre, azimuth, size_m * (0.1 + 0.4 * Unit(draw))));
  }
  auto outline = kind == 1 ? geo::Outline::Polygon(std::move(points))
                           : geo::Outline::Corridor(std::move(points),
                                                    1 + std::llround(size_m * 100 * Unit(draw)));
  return outline ? std::move(*outline) : circle();
}

constexpr int64_t kDayZeroUs = 1'790'000'000 * base::kMicrosPerSecond;

TimeWindow DrawWindow(const Draw& draw) {
  TimeWindow window;
  // A grid of 5 minutes, so that windows touch.
  constexpr int64_t kGridUs = 5 * base::kMicrosPerMinute;
  window.start.us = kDayZeroUs + kGridUs * Between(draw, -40, 40);
  switch (Below(draw, 8)) {
    case 0:
      window.end.us = window.start.us + base::kMicrosPerDay * Between(draw, 1, 366);
      break;
    case 1:
      window.end = base::kTimeOpenEnd;
      break;
    default:
      window.end.us = window.start.us + kGridUs * Between(draw, 1, 30) - Between(draw, 0, 1);
  }
  if (Below(draw, 12) == 0) window.start = base::kTimeOpenStart;
  return window;
}

// Half of the bands have one reference, and most limits one of a few levels, so that bands touch.
HeightBand DrawBand(const Draw& draw) {
  const auto reference = [&] { return static_cast<geo::AltitudeReference>(Below(draw, 4)); };
  HeightBand band;
  band.lower.reference = reference();
  band.upper.reference = Below(draw, 2) == 0 ? band.lower.reference : reference();
  band.lower.mm = 50'000 * Between(draw, -4, 60) + (Below(draw, 4) == 0 ? Between(draw, -1, 1) : 0);
  band.upper.mm = band.lower.mm + (Below(draw, 3) > 0 ? 50'000 * Between(draw, 1, 4)
                                                      : 1 + std::llround(LogUniform(draw, 1, 3e7)));
  if (Below(draw, 40) == 0) {
    band.lower.mm = 900'000'000;
    band.upper.mm = 999'000'000;
  }
  if (Below(draw, 10) == 0) band.lower.mm = geo::kUnlimitedDown;
  if (Below(draw, 10) == 0) band.upper.mm = geo::kUnlimitedUp;
  return band;
}

// An interval as a model and an issuer would give it: sometimes tight, sometimes kilometres wide.
geo::HeightInterval DrawW84(const Draw& draw, geo::Altitude altitude) {
  if (altitude.mm == geo::kUnlimitedUp) return {limits::kHeightW84MaxMm, limits::kHeightW84MaxMm};
  if (altitude.mm == geo::kUnlimitedDown) return {limits::kHeightW84MinMm, limits::kHeightW84MinMm};
  if (altitude.reference == geo::AltitudeReference::kW84) return {altitude.mm, altitude.mm};
  const int64_t shift = Between(draw, -120'000, 120'000);
  const int64_t width =
      Below(draw, 2) == 0 ? Between(draw, 0, 20'000) : Between(draw, 0, 3'000'000);
  return {altitude.mm + shift, altitude.mm + shift + width};
}

using Model = std::map<VolumeSlot, HardVolume>;

std::string CheckQuery(const Draw& draw, const Model& model, const VolumeIndex& index,
                       VolumeIndex::Scratch* scratch, IndexRun* run) {
  const HardVolume asked = DrawVolume(draw);
  const Separation separation = DrawSeparation(draw);
  const VolumeIndex::PreparedQuery query(asked.shape, asked.volume, asked.volume.window,
                                         separation);
  std::vector<VolumeIndex::Candidate> found;
  index.Query(query, scratch, &found);
  std::map<VolumeSlot, geo::Lateral> answers;
  for (size_t i = 0; i < found.size(); ++i) {
    if (i > 0 && found[i].slot <= found[i - 1].slot) return "slots are not ascending";
    if (model.count(found[i].slot) == 0) return "an empty slot is a candidate";
    if (found[i].lateral == geo::Lateral::kClear) return "a candidate is clear";
    answers[found[i].slot] = found[i].lateral;
  }
  run->candidates += found.size();
  for (const auto& [slot, stored] : model) {
    ++run->pairs;
    const auto& [volume, shape] = stored;
    const geo::Lateral lateral = geo::CompareGap(asked.shape, shape, separation.lateral_mm);
    const auto answer = answers.find(slot);
    if (answer != answers.end() && answer->second == geo::Lateral::kConflict &&
        lateral != geo::Lateral::kConflict) {
      return "slot " + std::to_string(slot) + " is a conflict for the index, not for CompareGap";
    }
    if (lateral == geo::Lateral::kClear) continue;
    const geo::Lateral overlap = geo::CompareGap(asked.shape, shape, 0);
    const NaiveVerdict naive = NaiveJudge(asked.volume, asked.volume.window, volume, volume.window,
                                          separation, lateral, overlap);
    if (naive.verdict == Verdict::kClear) continue;
    ++run->near;
    if (answer == answers.end()) return "slot " + std::to_string(slot) + " is missed";
  }
  return "";
}

}  // namespace

HardVolume DrawVolume(const Draw& draw) {
  geo::Outline outline = DrawOutline(draw);
  auto shape = geo::Shape::Prepare(outline);
  if (!shape) {  // a ring that crosses itself
    outline = geo::Outline::Circle(outline.vertices()[0], 1'000'000).value();
    shape = geo::Shape::Prepare(outline);
  }
  Volume4D volume{std::move(outline), DrawBand(draw), DrawWindow(draw), {}, {}};
  volume.lower_w84 = DrawW84(draw, volume.band.lower);
  volume.upper_w84 = DrawW84(draw, volume.band.upper);
  return {std::move(volume), std::move(*shape)};
}

Separation DrawSeparation(const Draw& draw) {
  Separation separation;
  const uint64_t choice = Below(draw, 6);
  if (choice == 0) return separation;
  separation.lateral_mm = std::llround(LogUniform(draw, 1, choice == 1 ? 5e8 : 2e6));
  separation.vertical_mm = std::llround(LogUniform(draw, 1, choice == 2 ? 2e7 : 3e5));
  separation.time_us = std::llround(LogUniform(draw, 1, choice == 3 ? 1.7e11 : 1e9));
  return separation;
}

std::string CompareIndexWithModel(const Draw& draw, size_t steps, size_t volumes_max,
                                  IndexRun* run) {
  VolumeIndex index;
  Model model;
  const VolumeIndex::ScratchPtr scratch = VolumeIndex::MakeScratch();
  for (size_t step = 0; step < steps; ++step) {
    const auto slot = static_cast<VolumeSlot>(Below(draw, volumes_max));
    if (Below(draw, 3) == 0) {
      std::string wrong = CheckQuery(draw, model, index, scratch.get(), run);
      if (!wrong.empty()) return "step " + std::to_string(step) + ": " + wrong;
    } else if (index.Contains(slot)) {
      index.Remove(slot);
      model.erase(slot);
    } else {
      HardVolume volume = DrawVolume(draw);
      index.Insert(slot, PrepareVolume(volume.shape, volume.volume, volume.volume.window));
      model.emplace(slot, std::move(volume));
    }
    if (index.size() != model.size()) return "the index has lost count";
  }
  index.SanityCheck();
  return "";
}

}  // namespace wideberth::airspace::testing
