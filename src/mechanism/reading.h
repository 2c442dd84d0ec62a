// Readings: the values of a notice that a person reads back, and the comparison by machine (MECHANISM 3.3, 3.4).
//
// A read-back finds errors of transmission, a second entry at release those of the sender. Both times a person enters,
// from own plot or notes and with the notice's values hidden, where it is, how far it reaches, its heights, times and
// mode; the machine compares, and a difference over the agreed tolerance blocks, naming the field and by how much.
//
//   const std::vector<Mismatch> found = Compare(ReadingOf(declaration), entered, tolerances);
//   if (!found.empty()) Refuse(found[0].field, found[0].ToString());
//
// Of several volumes the hull is read: one centre, one extent, the lowest and highest limit, first start and last end;
// and over voice every vertex of each.
//
// Pure. Cost: a geodesic for each vertex (about 1 us).
#ifndef WIDEBERTH_MECHANISM_READING_H_
#define WIDEBERTH_MECHANISM_READING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "airspace/notice.h"
#include "base/result.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::mechanism {

struct Reading {
  // Centre and extent as a circle, the band and the window.
  //   centre   circle: its centre; otherwise the middle between the southernmost and northernmost and between the
  //            westernmost and easternmost vertex of all volumes together
  //   extent   circle: its radius; otherwise from that centre to the farthest vertex, and a corridor's half width
  airspace::Volume4D volume{geo::Outline::Circle({}, 1).value(), {}, {}, {}, {}};
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  // Over voice every vertex is read, volume after volume, in order; on the data path none.
  std::vector<geo::Position> vertices;
  // How many of them each volume has. Empty in what was entered: it is the notice that says so.
  std::vector<size_t> vertices_of_volumes{};
  bool operator==(const Reading&) const = default;

  geo::Position centre() const { return volume.outline.vertices().front(); }
  int64_t extent_mm() const { return volume.outline.buffer_mm(); }
};

struct Tolerances {
  int64_t position_mm = 185'200;  // 0.1 NM
  int64_t height_mm = 30'480;     // 100 ft
  int64_t time_us = 30 * base::kMicrosPerSecond;
};

// What a right reading would be.
Reading ReadingOf(const airspace::Declaration& declaration);

struct Mismatch {
  std::string field;  // "/centre", "/extent", "/altitude_lower", ...
  std::string expected;
  std::string entered;
  std::string off_by;  // "9.02 km", "1000 ft", "other reference"
  std::string ToString() const;
};

// In the order of the fields; empty when the reading is right. The ring of a polygon may be read from any vertex and in
// either direction. `over_voice`: the vertices are compared too. `expected` is a ReadingOf.
std::vector<Mismatch> Compare(const Reading& expected, const Reading& entered,
                              const Tolerances& tolerances, bool over_voice);

// {"volume": a volume with outline_circle, as in formats/notice_json.h, "data_mode": "REAL",
//  "vertices": [{"lat": 46.9, "lng": 7.4}, ...]}; the vertices only where there are any.
void WriteReading(const Reading& reading, json::Writer* json);
base::Result<Reading> ReadReading(json::Object object);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_READING_H_
