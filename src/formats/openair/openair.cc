#include "formats/openair/openair.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/utf8.h"
#include "formats/decimal.h"
#include "formats/openair/arc.h"
#include "formats/openair/words.h"
#include "json/writer.h"

namespace wideberth::formats::openair {
namespace {

using airspace::Declaration;
using airspace::TimeWindow;
using base::Result;
using geo::Position;

constexpr double kRadiusMaxNm = limits::kCircleRadiusMaxMm / 1e3 / kNauticalMileM;

std::string LineField(size_t number) {
  return "line " + std::to_string(number);
}

// Whole text as UTF-8: a line that is not is taken as Latin-1.
std::string LineAsUtf8(std::string_view line) {
  if (base::IsUtf8(line)) return std::string(line);
  std::string utf8;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8.push_back(c);
    } else {
      utf8.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      utf8.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return utf8;
}

bool IsNumberChar(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == ':';
}

// Takes one coordinate, "50:35:36.5 N", "50:35.6N", "N50:35:36", from the front of a text.
Result<double> TakeCoordinate(std::string_view* text, std::string_view positive,
                              std::string_view negative) {
  const std::string_view whole = *text;
  const auto skip = [&](std::string_view spare) {
    const size_t first = text->find_first_not_of(spare);
    text->remove_prefix(first == std::string_view::npos ? text->size() : first);
  };
  const auto hemisphere = [&]() -> int {
    if (text->empty()) return 0;
    const std::string letter = AsciiUpper(text->substr(0, 1));
    const int sign = letter == positive ? 1 : letter == negative ? -1 : 0;
    if (sign != 0) text->remove_prefix(1);
    return sign;
  };
  skip(" \t,");
  int sign = hemisphere();
  skip(" \t");
  size_t size = 0;
  while (size < text->size() && IsNumberChar((*text)[size])) ++size;
  std::string_view digits = text->substr(0, size);
  text->remove_prefix(size);
  if (sign == 0) {
    skip(" \t");
    sign = hemisphere();
  }
  double degrees = 0;
  double unit = 1;
  int fields = 0;
  bool well_formed = sign != 0 && !digits.empty();
  while (well_formed && fields < 3) {
    const size_t colon = digits.find(':');
    const std::optional<double> value = ParseDecimal(digits.substr(0, colon));
    well_formed = value && *value >= 0 && (fields == 0 || *value < 60);
    if (!well_formed) break;
    degrees += *value * unit;
    unit /= 60;
    ++fields;
    if (colon == std::string_view::npos) return sign * degrees;
    digits.remove_prefix(colon + 1);
  }
  return base::Invalid("", "must be a position such as 50:35:36N 007:56:42E", whole);
}

Result<Position> TakePosition(std::string_view* text) {
  WB_ASSIGN_OR_RETURN(const double lat_deg, TakeCoordinate(text, "N", "S"));
  WB_ASSIGN_OR_RETURN(const double lng_deg, TakeCoordinate(text, "E", "W"));
  return geo::MakePosition(lat_deg, lng_deg);
}

Result<Position> WholePosition(std::string_view text) {
  const std::string_view whole = text;
  WB_ASSIGN_OR_RETURN(const Position position, TakePosition(&text));
  if (!TrimSpace(text).empty()) return base::Invalid("", "must be one position", whole);
  return position;
}

Result<double> NumberOf(std::string_view text, double min, double max, std::string_view rule) {
  const std::optional<double> value = ParseDecimal(TrimSpace(text));
  if (!value || *value < min || *value > max) return base::Invalid("", rule, text);
  return *value;
}

Result<double> RadiusM(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const double nm,
                      NumberOf(text, 1e-6, kRadiusMaxNm, "must be a distance in nautical miles"));
  return nm * kNauticalMileM;
}

// A height, or nothing where it cannot be understood.
std::optional<geo::Altitude> ParseHeight(std::string_view given, bool is_upper) {
  const std::string text = AsciiUpper(TrimSpace(given));
  std::string_view rest = text;
  if (rest.starts_with("UNL")) {
    return is_upper ? std::optional(geo::Altitude{geo::kUnlimitedUp, geo::AltitudeReference::kW84})
                    : std::nullopt;
  }
  if (rest == "GND" || rest == "SFC") return geo::Altitude{0, geo::AltitudeReference::kAgl};
  bool flight_level = false;
  if (rest.starts_with("FL")) {
    flight_level = true;
    rest = TrimSpace(rest.substr(2));
  }
  size_t size = 0;
  while (size < rest.size() && (IsNumberChar(rest[size]) || (size == 0 && rest[0] == '-'))) ++size;
  const std::optional<double> value = ParseDecimal(rest.substr(0, size));
  if (!value || std::abs(*value) > 1e7) return std::nullopt;
  rest.remove_prefix(size);
  bool feet = true;
  geo::AltitudeReference reference =
      flight_level ? geo::AltitudeReference::kStd : geo::AltitudeReference::kAmsl;
  while (!(rest = TrimSpace(rest)).empty()) {
    const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    // "1500FTAMSL", "450MAGL": the unit may stand against the reference.
    for (const std::string_view unit : {"FT", "F", "'", "M"}) {
      if (!word.starts_with(unit) || word == "MSL") continue;
      feet = unit != "M";
      word.remove_prefix(unit.size());
      break;
    }
    if (word == "AGL" || word == "GND" || word == "SFC" || word == "ASFC" || word == "AGND") {
      reference = geo::AltitudeReference::kAgl;
    } else if (word == "STD") {
      reference = geo::AltitudeReference::kStd;
    } else if (!word.empty() && word != "AMSL" && word != "MSL" && word != "ALT" && word != "QNH") {
      return std::nullopt;
    }
  }
  const double scaled = flight_level ? *value * 100 : *value;
  const auto altitude = FileAltitude(scaled, feet || flight_level, reference, is_upper);
  return altitude ? std::optional(*altitude) : std::nullopt;
}

// Commands for the eye, and the transponder group's name: nothing of a zone depends on them.
bool IsPassedOver(std::string_view command) {
  constexpr std::string_view kCommands[] = {"AI", "AT", "SP", "SB", "TO", "TC"};
  return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

// One block, from its AC line to the next.
struct Block {
  size_t first_line = 0;
  std::string text;        // as in the file, as UTF-8
  std::string class_word;  // AC
  std::string type_word;   // AY
  std::string name, station, frequency, transponder;
  std::optional<geo::Altitude> lower, upper;
  std::vector<Period> periods;
  bool never_active = false;
  std::vector<BoundaryItem> boundary;
  std::vector<ZonePart> circles;  // bands are filled in at the end
  std::vector<Position> airway;
  double airway_width_m = 0;
  std::optional<base::Error> refusal;
  std::vector<std::string> notes;
};

class Reader {
 public:
  explicit Reader(const ZoneImportOptions& options) : options_(options) {}

  ZoneFile Read(std::string_view text);

 private:
  void ReadLine(std::string_view raw);
  Result<void> ReadCommand(const std::string& command, std::string_view value);
  Result<void> ReadVariable(std::string_view value);
  Result<void> ReadActivation(std::string_view value);
  Result<void> ReadArcByBearings(std::string_view value);
  Result<void> ReadArcByPoints(std::string_view value);
  Result<void> ReadCircle(std::string_view value);
  Result<Position> Centre() const;
  void FinishBlock();
  Result<ImportedZone> ZoneOf(Block* block) const;
  Result<std::vector<ZonePart>> PartsOf(Block* block, airspace::HeightBand band) const;
  void Note(std::string_view text) {
    block_->notes.push_back(LineField(line_) + ": " + std::string(text));
  }

  const ZoneImportOptions& options_;
  ZoneFile file_;
  std::optional<Block> block_;
  size_t line_ = 0;
  int64_t blocks_ = 0;
  std::optional<Position> centre_;
  bool clockwise_ = true;
};

ZoneFile Reader::Read(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    ++line_;
    ReadLine(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  FinishBlock();
  return std::move(file_);
}

void Reader::ReadLine(std::string_view raw) {
  const std::string utf8 = LineAsUtf8(raw);
  const std::string_view line = WithoutComment(utf8);
  if (line.empty()) return;
  const size_t space = line.find_first_of(" \t=");
  const std::string command = AsciiUpper(line.substr(0, std::min(space, line.size())));
  const std::string_view value =
      space == std::string_view::npos ? std::string_view() : TrimSpace(line.substr(space));
  if (command == "AC") {
    FinishBlock();
    if (blocks_ >= static_cast<int64_t>(limits::kImportFeaturesMax)) return;
    block_.emplace();
    block_->first_line = line_;
    clockwise_ = true;
  }
  if (!block_) return;  // before the first block only comments mean anything
  block_->text.append(TrimSpace(utf8)).push_back('\n');
  if (block_->refusal) return;
  if (auto read = ReadCommand(command, value); !read) {
    block_->refusal = std::move(read).error();
    block_->refusal->field = LineField(line_);
  }
}

Result<void> Reader::ReadCommand(const std::string& command, std::string_view value) {
  Block& block = *block_;
  if (command == "AC") {
    block.class_word = AsciiUpper(value);
  } else if (command == "AY") {
    block.type_word = AsciiUpper(value);
  } else if (command == "AN") {
    block.name = value;
  } else if (command == "AF") {
    block.frequency = value;
  } else if (command == "AG") {
    block.station = value;
  } else if (command == "AX") {
    block.transponder = value;
  } else if (command == "AL" || command == "AH") {
    const bool is_upper = command == "AH";
    const std::optional<geo::Altitude> height = ParseHeight(value, is_upper);
    if (!height) Note("a height that cannot be understood is taken as unlimited");
    (is_upper ? block.upper : block.lower) = height.value_or(geo::Altitude{
        is_upper ? geo::kUnlimitedUp : geo::kUnlimitedDown, geo::AltitudeReference::kW84});
  } else if (command == "AA") {
    return ReadActivation(value);
  } else if (command == "V") {
    return ReadVariable(value);
  } else if (command == "DP") {
    WB_ASSIGN_OR_RETURN(const Position point, WholePosition(value));
    block.boundary.emplace_back(point);
  } else if (command == "DA") {
    return ReadArcByBearings(value);
  } else if (command == "DB") {
    return ReadArcByPoints(value);
  } else if (command == "DC") {
    return ReadCircle(value);
  } else if (command == "DY") {
    WB_ASSIGN_OR_RETURN(const Position point, WholePosition(value));
    block.airway.push_back(point);
  } else if (!IsPassedOver(command)) {
    Note("the command " + std::string(base::CutUtf8(command, 16)) + " is passed over");
  }
  if (block.boundary.size() + block.airway.size() > limits::kOutlineVerticesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "a zone must have at most 10,000 points");
  }
  return {};
}

Result<void> Reader::ReadVariable(std::string_view value) {
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos) {
    return base::Invalid("", "must be a variable such as X=50:35:36N 007:56:42E", value);
  }
  const std::string name = AsciiUpper(TrimSpace(value.substr(0, equals)));
  const std::string_view content = TrimSpace(value.substr(equals + 1));
  if (name == "X") {
    WB_ASSIGN_OR_RETURN(centre_, WholePosition(content));
  } else if (name == "D") {
    if (content != "+" && content != "-") return base::Invalid("", "D must be + or -", content);
    clockwise_ = content == "+";
  } else if (name == "W") {
    WB_ASSIGN_OR_RETURN(block_->airway_width_m, RadiusM(content));
  } else if (name != "Z") {
    Note("the variable " + std::string(base::CutUtf8(name, 16)) + " is passed over");
  }
  return {};
}

Result<void> Reader::ReadActivation(std::string_view value) {
  value = TrimSpace(value.substr(0, value.find(';')));
  if (EqualsIgnoringCase(value, "NONE")) {
    block_->never_active = true;
    return {};
  }
  const size_t slash = value.find('/');
  if (slash == std::string_view::npos) {
    return base::Invalid("", "must be NONE or an interval START/END", value);
  }
  const auto limit = [&](std::string_view text, base::UtcMicros open) -> Result<base::UtcMicros> {
    text = TrimSpace(text);
    if (EqualsIgnoringCase(text, "NONE")) return open;
    bool assumed = false;
    auto time = ParseFileTime(text, options_.assume_zone_minutes, &assumed);
    if (time && assumed) Note("a time without a zone was read in the assumed one");
    return time;
  };
  Period period;
  WB_ASSIGN_OR_RETURN(period.start, limit(value.substr(0, slash), base::kTimeOpenStart));
  WB_ASSIGN_OR_RETURN(period.end, limit(value.substr(slash + 1), base::kTimeOpenEnd));
  if (period.start >= period.end) {
    return base::Invalid("", "an activation must start before it ends", value);
  }
  block_->periods.push_back(period);
  return {};
}

Result<Position> Reader::Centre() const {
  if (!centre_) return base::Invalid("", "needs a centre set by V X= before it");
  return *centre_;
}

Result<void> Reader::ReadArcByBearings(std::string_view value) {
  WB_ASSIGN_OR_RETURN(const Position centre, Centre());
  const size_t first = value.find(',');
  const size_t second = first == std::string_view::npos ? first : value.find(',', first + 1);
  if (second == std::string_view::npos) {
    return base::Invalid("", "must be radius, start bearing, end bearing", value);
  }
  constexpr std::string_view kBearing = "must be a bearing between 0 and 360 degrees";
  WB_ASSIGN_OR_RETURN(const double radius_m, RadiusM(value.substr(0, first)));
  WB_ASSIGN_OR_RETURN(const double start_deg,
                      NumberOf(value.substr(first + 1, second - first - 1), -360, 360, kBearing));
  WB_ASSIGN_OR_RETURN(const double end_deg,
                      NumberOf(value.substr(second + 1), -360, 360, kBearing));
  block_->boundary.emplace_back(ArcFromBearings(centre, radius_m, start_deg, end_deg, clockwise_));
  return {};
}

Result<void> Reader::ReadArcByPoints(std::string_view value) {
  WB_ASSIGN_OR_RETURN(const Position centre, Centre());
  const std::string_view whole = value;
  WB_ASSIGN_OR_RETURN(const Position start, TakePosition(&value));
  WB_ASSIGN_OR_RETURN(const Position end, TakePosition(&value));
  if (!TrimSpace(value).empty()) return base::Invalid("", "must be two positions", whole);
  const Arc arc = ArcFromPoints(centre, start, end, clockwise_);
  const double larger_m = std::max(arc.start_radius_m, arc.end_radius_m);
  if (larger_m > kRadiusMaxNm * kNauticalMileM ||
      std::min(arc.start_radius_m, arc.end_radius_m) == 0) {
    return base::Invalid("", "must have a centre away from the two points, and near", whole);
  }
  if (std::abs(arc.start_radius_m - arc.end_radius_m) > 0.02 * larger_m) {
    Note("the two ends of the arc are not equally far from its centre");
  }
  block_->boundary.emplace_back(arc);
  return {};
}

Result<void> Reader::ReadCircle(std::string_view value) {
  WB_ASSIGN_OR_RETURN(const Position centre, Centre());
  WB_ASSIGN_OR_RETURN(const double radius_m, RadiusM(value));
  WB_ASSIGN_OR_RETURN(geo::Outline circle,
                      geo::Outline::Circle(centre, std::llround(radius_m * 1000)));
  if (block_->circles.size() >= limits::kNoticeVolumesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "a zone must have at most 1,000 circles");
  }
  block_->circles.push_back({std::move(circle), {}});
  return {};
}

Result<std::vector<ZonePart>> Reader::PartsOf(Block* block, airspace::HeightBand band) const {
  std::vector<ZonePart> parts = std::move(block->circles);
  if (!block->boundary.empty()) {
    std::vector<Position> ring = BoundaryVertices(block->boundary, kArcErrorM);
    if (ring.size() < 3) {
      return base::Invalid("", "must have at least three different points",
                           std::to_string(ring.size()));
    }
    WB_ASSIGN_OR_RETURN(geo::Outline polygon, geo::Outline::Polygon(std::move(ring)));
    parts.push_back({std::move(polygon), {}});
  }
  if (!block->airway.empty()) {
    if (block->airway_width_m == 0) return base::Invalid("", "an airway needs a width (V W=)");
    std::vector<Position>& line = block->airway;
    line.erase(std::unique(line.begin(), line.end()), line.end());
    WB_ASSIGN_OR_RETURN(
        geo::Outline corridor,
        geo::Outline::Corridor(line, std::llround(block->airway_width_m * 1000 / 2)));
    parts.push_back({std::move(corridor), {}});
  }
  if (parts.empty()) return base::Invalid("", "must have an area (DP, DA, DB, DC or DY)");
  for (ZonePart& part : parts) part.band = band;
  return parts;
}

Result<ImportedZone> Reader::ZoneOf(Block* block) const {
  if (block->refusal) return base::Fail(*block->refusal);
  ImportedZone zone;
  zone.notes = std::move(block->notes);
  Declaration common;
  common.kind = airspace::NoticeKind::kZone;
  common.data_mode = options_.data_mode;
  common.name = NoticeName(block->name);
  common.role_to_call = NoticeContact(block->station);
  common.frequency = NoticeContact(block->frequency);
  const bool typed = !block->type_word.empty() && block->type_word != "NONE";
  common.restriction = RestrictionOf(typed ? block->type_word : block->class_word);
  std::string feature;
  json::AppendQuoted(&feature, block->text);
  common.original = WrapOriginal({"openair", blocks_, std::move(feature), {}});
  if (!block->lower || !block->upper) {
    zone.notes.push_back("a height limit that is not given is taken as unlimited");
  }
  const airspace::HeightBand band{
      block->lower.value_or(geo::Altitude{geo::kUnlimitedDown, geo::AltitudeReference::kW84}),
      block->upper.value_or(geo::Altitude{geo::kUnlimitedUp, geo::AltitudeReference::kW84})};
  WB_ASSIGN_OR_RETURN(const std::vector<ZonePart> parts, PartsOf(block, band));
  if (block->never_active) {
    zone.notes.push_back("AA NONE: holds at no known time, nothing to declare");
    return zone;
  }
  if (block->periods.empty()) block->periods.emplace_back();
  const std::vector<TimeWindow> windows = ExpandPeriods(block->periods, options_, &zone.notes);
  WB_RETURN_IF_ERROR(BuildDeclarations(common, parts, windows, &zone));
  return zone;
}

void Reader::FinishBlock() {
  if (!block_) return;
  Result<ImportedZone> zone = ZoneOf(&*block_);
  if (zone) {
    file_.zones.push_back(std::move(zone).value());
  } else {
    base::Error error = std::move(zone).error();
    if (!error.field.starts_with("line ")) {
      error.field = LineField(block_->first_line) + error.field;
    }
    file_.refused.push_back(std::move(error));
  }
  ++blocks_;
  block_.reset();
}

}  // namespace

Result<ZoneFile> Import(std::string_view text, const ZoneImportOptions& options) {
  if (text.size() > limits::kImportFileBytesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "must be at most 64 MiB",
                      std::to_string(text.size()) + " bytes");
  }
  return Reader(options).Read(text);
}

}  // namespace wideberth::formats::openair
