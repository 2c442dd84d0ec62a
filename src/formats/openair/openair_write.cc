#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "formats/decimal.h"
#include "formats/openair/openair.h"
#include "formats/openair/words.h"
#include "json/reader.h"

namespace wideberth::formats::openair {

airspace::Restriction RestrictionOf(std::string_view word) {
  constexpr std::string_view kAuthorisation[] = {"R", "TRA", "TSA", "TFR", "OFR"};
  constexpr std::string_view kConditional[] = {
      "A",   "B",   "C",     "D",       "F",   "Q",   "CTR", "CTA", "TMA", "ATZ", "MATZ", "ADIZ",
      "TMZ", "RMZ", "ALERT", "WARNING", "MTA", "MTR", "GP",  "HTZ", "TIZ", "TIA", "AWY"};
  if (word == "P") return airspace::Restriction::kProhibited;
  if (std::find(std::begin(kAuthorisation), std::end(kAuthorisation), word) !=
      std::end(kAuthorisation)) {
    return airspace::Restriction::kReqAuthorisation;
  }
  if (std::find(std::begin(kConditional), std::end(kConditional), word) != std::end(kConditional)) {
    return airspace::Restriction::kConditional;
  }
  return airspace::Restriction::kNoRestriction;
}

// Up to a comment: a "*" at the start or after a space.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '*' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
      return TrimSpace(line.substr(0, i));
    }
  }
  return TrimSpace(line);
}

namespace {

using airspace::Declaration;
using airspace::Restriction;
using airspace::TimeWindow;
using base::Result;
using geo::Position;

// "47:30.333": degrees and minutes, with the fewest decimals from three on that read back to the same 1e-9 degree. That
// is 6e-8 minutes, so eight decimals always do.
std::string CoordinateText(int64_t e9, int degree_digits, char positive, char negative) {
  const int64_t magnitude = std::abs(e9);
  const int64_t fraction_e9 = magnitude % 1'000'000'000;
  int64_t minutes_e8 = fraction_e9 * 6;
  size_t decimals = 3;
  for (int64_t unit = 100'000; unit >= 1; unit /= 10, ++decimals) {
    const int64_t rounded = (minutes_e8 + unit / 2) / unit * unit;
    if ((rounded + 3) / 6 != fraction_e9 || rounded >= 6'000'000'000) continue;
    minutes_e8 = rounded;
    break;
  }
  const std::string all = fmt::format("{:08}", minutes_e8 % 100'000'000);
  return fmt::format("{:0{}}:{:02}.{}{}", magnitude / 1'000'000'000, degree_digits,
                     minutes_e8 / 100'000'000, all.substr(0, decimals),
                     e9 < 0 ? negative : positive);
}

std::string PositionText(Position p) {
  return CoordinateText(p.lat_e9, 2, 'N', 'S') + " " + CoordinateText(p.lng_e9, 3, 'E', 'W');
}

// Nautical miles to 1e-7, which is finer than a millimetre.
std::string NauticalMilesText(int64_t mm) {
  return ScaledText(std::llround(static_cast<double>(mm) / 1e3 / kNauticalMileM * 1e7), 7);
}

Result<std::string> HeightText(geo::Altitude altitude, bool is_upper) {
  if (altitude.mm == geo::kUnlimitedUp && is_upper) return std::string("UNL");
  // The ground is the lowest that the format can say; what is flown is above it.
  if (altitude.mm == geo::kUnlimitedDown && !is_upper) return std::string("GND");
  if (altitude.reference == geo::AltitudeReference::kW84) {
    return base::Invalid("", "OpenAir has no heights over WGS-84", "W84");
  }
  if (altitude.mm == 0 && altitude.reference == geo::AltitudeReference::kAgl && !is_upper) {
    return std::string("GND");
  }
  const std::string_view reference = geo::AltitudeReferenceName(altitude.reference);
  const int64_t feet = std::llround(static_cast<double>(altitude.mm) / 304.8);
  if (geo::FeetToMm(static_cast<double>(feet)) == altitude.mm) {
    if (altitude.reference == geo::AltitudeReference::kStd && feet % 100 == 0 && feet >= 0) {
      return fmt::format("FL{:03}", feet / 100);
    }
    return fmt::format("{}ft {}", feet, reference);
  }
  return fmt::format("{}m {}", ScaledText(altitude.mm, 3), reference);
}

// Its lower limit, which is the ground where it has none: a band that ends at the ground has nothing above that.
Result<std::string> LowerText(const airspace::HeightBand& band) {
  if (band.lower.mm == geo::kUnlimitedDown && band.upper.mm <= 0 &&
      band.upper.reference == geo::AltitudeReference::kAgl) {
    return base::Invalid("", "OpenAir has no heights below the ground",
                         "upper limit at the ground");
  }
  return HeightText(band.lower, false);
}

struct Words {
  std::string class_word = "UNC";
  std::string type_word;
  std::string transponder;
};

std::string TypeOf(Restriction restriction) {
  switch (restriction) {
    case Restriction::kProhibited:
      return "P";
    case Restriction::kReqAuthorisation:
      return "R";
    case Restriction::kConditional:
      return "Q";
    case Restriction::kNoRestriction:
      break;
  }
  return "NONE";
}

// Class and type, apart as 2.1 has them: an old file's "AC R" becomes "AC UNC", "AY R".
Words WordsFor(const Declaration& zone) {
  Words words;
  const std::optional<Original> original = UnwrapOriginal(zone.original);
  std::string old_class;
  if (original && original->format == "openair") {
    const auto document = json::Document::Parse(original->feature, limits::kImportFileBytesMax);
    const auto block =
        document ? document->root().AsString(limits::kImportFileBytesMax) : std::string_view();
    std::string_view rest = block ? *block : std::string_view();
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = WithoutComment(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.size() < 4) continue;
      const std::string command = AsciiUpper(line.substr(0, 2));
      const std::string value = AsciiUpper(TrimSpace(line.substr(2)));
      if (command == "AC") old_class = value;
      if (command == "AY") words.type_word = value;
      if (command == "AX") words.transponder = value;
    }
  }
  if (old_class.size() == 1 && old_class[0] >= 'A' && old_class[0] <= 'G') {
    words.class_word = old_class;
    return words;
  }
  if (words.type_word.empty()) words.type_word = old_class;
  const bool says_it = RestrictionOf(words.type_word) == zone.restriction;
  if (!says_it || words.type_word.empty() || words.type_word == "GP") {
    words.type_word = TypeOf(zone.restriction);
  }
  return words;
}

std::string TimeText(base::UtcMicros time, bool round_up) {
  int64_t seconds = time.us / base::kMicrosPerSecond;
  if (round_up && time.us % base::kMicrosPerSecond != 0) ++seconds;
  return base::FormatRfc3339({seconds * base::kMicrosPerSecond});
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '*') c = ' ';
  }
  return std::string(TrimSpace(line));
}

void WriteWindows(const std::vector<TimeWindow>& windows, std::string* out) {
  for (const TimeWindow& window : windows) {
    const bool open_start = window.start == base::kTimeOpenStart;
    const bool open_end = window.end == base::kTimeOpenEnd;
    if (open_start && open_end) continue;
    out->append("AA ")
        .append(open_start ? "NONE" : TimeText(window.start, false))
        .append("/")
        .append(open_end ? "NONE" : TimeText(window.end, true))
        .append("\n");
  }
}

void WriteOutline(const geo::Outline& outline, std::string* out) {
  switch (outline.kind()) {
    case geo::OutlineKind::kCircle:
      out->append("V X=").append(PositionText(outline.vertices()[0])).append("\n");
      out->append("DC ").append(NauticalMilesText(outline.buffer_mm())).append("\n");
      return;
    case geo::OutlineKind::kPolygon:
      for (const Position& vertex : outline.vertices()) {
        out->append("DP ").append(PositionText(vertex)).append("\n");
      }
      out->append("DP ").append(PositionText(outline.vertices()[0])).append("\n");
      return;
    case geo::OutlineKind::kCorridor:
      out->append("V W=").append(NauticalMilesText(2 * outline.buffer_mm())).append("\n");
      for (const Position& vertex : outline.vertices()) {
        out->append("DY ").append(PositionText(vertex)).append("\n");
      }
      return;
  }
}

Result<void> WriteZone(const Declaration& zone, std::string* out) {
  const Words words = WordsFor(zone);
  for (const ZoneGroup& group : GroupForExport(zone)) {
    for (const ZonePart& part : group.parts) {
      WB_ASSIGN_OR_RETURN(const std::string upper, HeightText(part.band.upper, true));
      WB_ASSIGN_OR_RETURN(const std::string lower, LowerText(part.band));
      out->append("\nAC ").append(words.class_word).append("\n");
      if (!words.type_word.empty()) out->append("AY ").append(words.type_word).append("\n");
      out->append("AN ").append(zone.name.empty() ? "Unnamed" : OneLine(zone.name)).append("\n");
      if (!zone.frequency.empty()) out->append("AF ").append(OneLine(zone.frequency)).append("\n");
      if (!zone.role_to_call.empty()) {
        out->append("AG ").append(OneLine(zone.role_to_call)).append("\n");
      }
      if (!words.transponder.empty()) out->append("AX ").append(words.transponder).append("\n");
      WriteWindows(group.windows, out);
      out->append("AH ").append(upper).append("\nAL ").append(lower).append("\n");
      WriteOutline(part.outline, out);
    }
  }
  return {};
}

}  // namespace

Result<std::string> Export(std::span<const Declaration* const> zones,
                           const ZoneExportOptions& options) {
  std::string text = "*VERSION: 2.1\n*WRITTEN_BY: Wideberth\n*" + OneLine(options.title) + "\n";
  for (size_t i = 0; i < zones.size(); ++i) {
    const std::string place = "/" + std::to_string(i);
    if (zones[i]->kind != airspace::NoticeKind::kZone) {
      return base::Invalid(place + "/kind", "must be zone", airspace::Name(zones[i]->kind));
    }
    auto written = WriteZone(*zones[i], &text);
    if (!written) return base::Fail(std::move(written).error().Under(place));
  }
  return text;
}

}  // namespace wideberth::formats::openair
