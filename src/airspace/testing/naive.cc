#include "airspace/testing/naive.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "geo/shape.h"

namespace wideberth::airspace::testing {
namespace {

using geo::Altitude;
using geo::AltitudeReference;
using geo::Lateral;

constexpr long double kInfinity = std::numeric_limits<long double>::infinity();

// --- the model: heights and times

struct Interval {
  long double low;
  long double high;
};

// The height of `upper` below `lower`.
Interval NaiveRise(const Altitude& lower, const geo::HeightInterval& lower_w84,
                   const Altitude& upper, const geo::HeightInterval& upper_w84, bool same_ground) {
  if (upper.mm == geo::kUnlimitedUp || lower.mm == geo::kUnlimitedDown) {
    return {-kInfinity, -kInfinity};
  }
  const bool agl = lower.reference == AltitudeReference::kAgl;
  if (lower.reference == upper.reference && (!agl || same_ground)) {
    const long double exact = static_cast<long double>(lower.mm) - upper.mm;
    return {exact, exact};
  }
  return {static_cast<long double>(lower_w84.lower_mm) - upper_w84.upper_mm,
          static_cast<long double>(lower_w84.upper_mm) - upper_w84.lower_mm};
}

Verdict NaiveHeights(const Volume4D& a, const Volume4D& b, int64_t separation_mm,
                     bool same_ground) {
  const std::array<Interval, 2> rises = {
      NaiveRise(a.band.lower, a.lower_w84, b.band.upper, b.upper_w84, same_ground),
      NaiveRise(b.band.lower, b.lower_w84, a.band.upper, a.upper_w84, same_ground)};
  // Every extreme the two can take: conflict in all of them, in some, in none.
  int conflicts = 0;
  for (const long double first : {rises[0].low, rises[0].high}) {
    for (const long double second : {rises[1].low, rises[1].high}) {
      if (first < separation_mm && second < separation_mm) ++conflicts;
    }
  }
  return conflicts == 4 ? Verdict::kCertain : conflicts == 0 ? Verdict::kClear : Verdict::kPossible;
}

bool NaiveTimeConflict(const TimeWindow& a, const TimeWindow& b, int64_t separation_us) {
  const auto real = [](base::UtcMicros time) {
    if (time == base::kTimeOpenStart) return -kInfinity;
    if (time == base::kTimeOpenEnd) return kInfinity;
    return static_cast<long double>(time.us);
  };
  if (a.start >= a.end || b.start >= b.end) return false;
  // Half-open windows: a ends before b begins by less than the separation, and the other way round.
  return real(b.start) - real(a.end) < separation_us && real(a.start) - real(b.end) < separation_us;
}

// --- the model: separations

bool Matches(const KindPattern& pattern, NoticeKind kind, std::string_view class_name) {
  return pattern.kind == kind && (pattern.class_name.empty() || pattern.class_name == class_name);
}

std::optional<Separation> NaiveRow(const std::vector<SeparationRow>& rows, NoticeKind kind_a,
                                   std::string_view class_a, NoticeKind kind_b,
                                   std::string_view class_b) {
  for (const size_t named : {size_t{2}, size_t{1}, size_t{0}}) {
    std::optional<Separation> found;
    for (const SeparationRow& row : rows) {
      const size_t names =
          (row.a.class_name.empty() ? 0u : 1u) + (row.b.class_name.empty() ? 0u : 1u);
      const bool straight = Matches(row.a, kind_a, class_a) && Matches(row.b, kind_b, class_b);
      const bool turned = Matches(row.a, kind_b, class_b) && Matches(row.b, kind_a, class_a);
      if (names != named || (!straight && !turned)) continue;
      found = found ? Widest(*found, row.separation) : row.separation;
    }
    if (found) return found;
  }
  return std::nullopt;
}

// The class that counts: empty for an activity that names none of the declared ones.
std::string_view ClassOf(const Declaration& d, const std::vector<std::string>& classes) {
  if (d.kind == NoticeKind::kHazard) return Name(d.hazard_class);
  if (d.kind != NoticeKind::kActivity) return "";
  const bool declared =
      std::find(classes.begin(), classes.end(), d.activity_class) != classes.end();
  return declared ? std::string_view(d.activity_class) : "";
}

// --- from bytes to cases

class Choices {
 public:
  explicit Choices(base::ByteView bytes) : bytes_(bytes) {}
  // In [0, count); 0 once the bytes have run out.
  size_t Of(size_t count) {
    if (next_ >= bytes_.size()) return 0;
    return bytes_[next_++] % count;
  }
  int64_t Between(int64_t low, int64_t high) {
    const size_t fine = Of(256) * 256 + Of(256);
    return low + static_cast<int64_t>(fine) % (high - low + 1);
  }

 private:
  base::ByteView bytes_;
  size_t next_ = 0;
};

geo::Outline ChooseOutline(Choices* choices, geo::Position origin) {
  const double azimuth = static_cast<double>(choices->Of(12)) * 30;
  const double distance_m = static_cast<double>(choices->Of(16)) * 500;
  const geo::Position centre = geo::GeodesicDestination(origin, azimuth, distance_m);
  const double size_m = 100 + static_cast<double>(choices->Of(8)) * 300;
  switch (choices->Of(3)) {
    case 0:
      return *geo::Outline::Circle(centre, static_cast<int64_t>(size_m * 1000));
    case 1: {
      std::vector<geo::Position> line = {centre};
      const double bearing = static_cast<double>(choices->Of(8)) * 45;
      line.push_back(geo::GeodesicDestination(centre, bearing, size_m * 2));
      line.push_back(geo::GeodesicDestination(line[1], bearing + 40, size_m));
      return *geo::Outline::Corridor(std::move(line), static_cast<int64_t>(size_m * 200));
    }
    default: {
      std::vector<geo::Position> ring;
      const size_t corners = 3 + choices->Of(4);
      for (size_t i = 0; i < corners; ++i) {
        const double turn = 360.0 * static_cast<double>(i) / static_cast<double>(corners);
        ring.push_back(geo::GeodesicDestination(centre, azimuth - turn, size_m));
      }
      return *geo::Outline::Polygon(std::move(ring));
    }
  }
}

// Heights on a coarse grid, so that limits meet exactly, and beside it by a millimetre.
int64_t ChooseHeight(Choices* choices) {
  return static_cast<int64_t>(choices->Of(8)) * 100'000 + static_cast<int64_t>(choices->Of(3)) - 1;
}

geo::HeightInterval ChooseW84(Choices* choices, const Altitude& altitude) {
  if (altitude.mm == geo::kUnlimitedUp || altitude.mm == geo::kUnlimitedDown) return {};
  if (altitude.reference == AltitudeReference::kW84) return {altitude.mm, altitude.mm};
  const int64_t low = altitude.mm + static_cast<int64_t>(choices->Of(6)) * 50'000 - 100'000;
  return {low, low + static_cast<int64_t>(choices->Of(5)) * 50'000};
}

void ChooseBand(Choices* choices, Volume4D* volume) {
  auto& [lower, upper] = volume->band;
  lower = {ChooseHeight(choices), static_cast<AltitudeReference>(choices->Of(4))};
  upper = {ChooseHeight(choices), static_cast<AltitudeReference>(choices->Of(4))};
  if (lower.reference == upper.reference && lower.mm >= upper.mm) {
    std::swap(lower.mm, upper.mm);
    if (lower.mm == upper.mm) ++upper.mm;
  }
  if (choices->Of(12) == 1) lower.mm = geo::kUnlimitedDown;
  if (choices->Of(12) == 1) upper.mm = geo::kUnlimitedUp;
  volume->lower_w84 = ChooseW84(choices, lower);
  volume->upper_w84 = ChooseW84(choices, upper);
}

TimeWindow ChooseWindow(Choices* choices) {
  constexpr int64_t kStep = 10 * base::kMicrosPerMinute;
  const int64_t start = 1'795'255'200'000'000 + static_cast<int64_t>(choices->Of(8)) * kStep;
  TimeWindow window{{start}, {start + static_cast<int64_t>(choices->Of(8)) * kStep}};
  window.end.us += static_cast<int64_t>(choices->Of(3)) - 1;
  if (choices->Of(12) == 1) window.start = base::kTimeOpenStart;
  if (choices->Of(12) == 1) window.end = base::kTimeOpenEnd;
  return window;
}

// A vertex that is certainly inside the other outline: they overlap, and more than touch.
bool HasVertexIn(const Volume4D& volume, const geo::Shape& other) {
  const auto vertices = volume.outline.vertices();
  return std::any_of(vertices.begin(), vertices.end(), [&other](geo::Position vertex) {
    return geo::Contains(other, vertex) == Lateral::kConflict;
  });
}

struct Side {
  Volume4D volume;
  geo::Shape shape;
};

Side ChooseSide(Choices* choices, geo::Position origin) {
  Volume4D volume{ChooseOutline(choices, origin), {}, {}, {}, {}};
  ChooseBand(choices, &volume);
  volume.window = ChooseWindow(choices);
  base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
  CHECK_MSG(shape.has_value(), "a regular outline of a few km prepares");
  return {std::move(volume), std::move(*shape)};
}

Separation ChooseSeparation(Choices* choices, const Side& a, const Side& b) {
  Separation separation;
  separation.lateral_mm = static_cast<int64_t>(choices->Of(4)) * 1'000'000;
  if (choices->Of(6) == 1) {  // at the limit itself
    const geo::Gap gap = geo::MeasureGap(a.shape, b.shape);
    separation.lateral_mm =
        std::max<int64_t>(0, static_cast<int64_t>(gap.gap_m * 1000) + choices->Between(-15, 15));
  }
  separation.vertical_mm = static_cast<int64_t>(choices->Of(4)) * 100'000;
  separation.time_us = static_cast<int64_t>(choices->Of(4)) * 10 * base::kMicrosPerMinute;
  return separation;
}

// Near a city, across the antimeridian, at a pole, on the equator.
geo::Position ChooseOrigin(Choices* choices) {
  constexpr std::array<geo::Position, 4> kOrigins = {{{47'300'000'000, 8'500'000'000},
                                                      {-17'000'000'000, 179'990'000'000},
                                                      {89'990'000'000, 30'000'000'000},
                                                      {0, -60'000'000'000}}};
  return kOrigins[choices->Of(kOrigins.size())];
}

std::string Describe(const VolumeVerdict& verdict) {
  return std::string(Name(verdict.verdict)) + " with causes " + std::to_string(verdict.uncertainty);
}

// What a verdict and its explanation must satisfy among themselves, and turned round.
std::string CheckExplanation(const Side& a, const Side& b, const Separation& separation,
                             const VolumeVerdict& judged) {
  const auto check = [&separation](const Side& x, const Side& y) {
    return CheckVolumes(x.volume, x.volume.window, x.shape, y.volume, y.volume.window, y.shape,
                        separation);
  };
  const std::optional<VolumeConflict> found = check(a, b);
  std::optional<VolumeConflict> mirrored = check(b, a);
  if (found.has_value() != (judged.verdict != Verdict::kClear)) return "explained what is clear";
  if (found.has_value() != mirrored.has_value()) return "not symmetric";
  if (!found) return "";
  std::swap(mirrored->closest_a, mirrored->closest_b);
  if (!(*found == *mirrored)) return "the explanation is not symmetric";
  if (found->certain != (judged.verdict == Verdict::kCertain)) return "certainty differs";
  if (found->certain != (found->uncertainty == 0)) return "uncertain without a cause";
  if (found->vertical_gap_min_mm > found->vertical_gap_max_mm) return "gap upside down";
  if (found->vertical_shortfall_mm <= 0) return "no shortfall in height";
  if (found->time_shortfall_us <= 0) return "no shortfall in time";
  if (found->lateral_shortfall_mm < 0) return "negative lateral shortfall";
  if (found->overlap.start > found->overlap.end) return "overlap upside down";
  if (found->first_moment != std::max(a.volume.window.start, b.volume.window.start)) {
    return "wrong first moment";
  }
  if (found->certain && separation.lateral_mm > 0 &&
      found->lateral_gap_mm - found->lateral_error_mm >= separation.lateral_mm) {
    return "a certain conflict beyond the separation";
  }
  return "";
}

std::string CheckMonotone(const Side& a, const Side& b, const Separation& separation,
                          const VolumeVerdict& judged) {
  for (int dimension = 0; dimension < 3; ++dimension) {
    Separation wider = separation;
    if (dimension == 0) wider.lateral_mm += 700'000;
    if (dimension == 1) wider.vertical_mm += 100'000;
    if (dimension == 2) wider.time_us += base::kMicrosPerMinute;
    const VolumeVerdict again =
        JudgeVolumes(a.volume, a.volume.window, a.shape, b.volume, b.volume.window, b.shape, wider);
    if (again.verdict < judged.verdict) return "a wider separation made it clearer";
  }
  return "";
}

void Count(const Side& a, const Side& b, const VolumeVerdict& judged, Coverage* coverage) {
  ++coverage->cases;
  uint32_t references = 0;
  for (const Altitude& limit :
       {a.volume.band.lower, a.volume.band.upper, b.volume.band.lower, b.volume.band.upper}) {
    references = references << 2 | static_cast<uint32_t>(limit.reference);
  }
  coverage->references.insert(references);
  if (judged.verdict == Verdict::kClear) ++coverage->clear;
  if (judged.verdict == Verdict::kPossible) ++coverage->possible;
  if (judged.verdict == Verdict::kCertain) ++coverage->certain;
  if ((judged.uncertainty & kUncertainLateralTolerance) != 0) ++coverage->by_tolerance;
  coverage->causes = static_cast<uint8_t>(coverage->causes | judged.uncertainty);
}

KindPattern ChoosePattern(Choices* choices, const std::vector<std::string>& classes) {
  KindPattern pattern{static_cast<NoticeKind>(choices->Of(kNoticeKinds)), ""};
  if (pattern.kind == NoticeKind::kActivity && !classes.empty() && choices->Of(2) == 1) {
    pattern.class_name = classes[choices->Of(classes.size())];
  }
  if (pattern.kind == NoticeKind::kHazard && choices->Of(2) == 1) {
    pattern.class_name = Name(static_cast<HazardClass>(choices->Of(4)));
  }
  return pattern;
}

std::vector<Declaration> EveryKind(const std::vector<std::string>& classes) {
  std::vector<Declaration> all;
  const auto add = [&all](NoticeKind kind) -> Declaration& {
    all.emplace_back().kind = kind;
    return all.back();
  };
  add(NoticeKind::kActivity);
  add(NoticeKind::kActivity).activity_class = "never_declared";
  for (const std::string& name : classes) add(NoticeKind::kActivity).activity_class = name;
  for (size_t i = 0; i < kHazardClasses; ++i) {
    add(NoticeKind::kHazard).hazard_class = static_cast<HazardClass>(i);
  }
  add(NoticeKind::kProtectedSite);
  add(NoticeKind::kZone);
  return all;
}

}  // namespace

NaiveVerdict NaiveJudge(const Volume4D& a, const TimeWindow& window_a, const Volume4D& b,
                        const TimeWindow& window_b, const Separation& separation, Lateral lateral,
                        Lateral overlap) {
  if (!NaiveTimeConflict(window_a, window_b, separation.time_us)) return {};
  if (lateral == Lateral::kClear) return {};
  const Verdict there = NaiveHeights(a, b, separation.vertical_mm, true);
  const Verdict elsewhere = NaiveHeights(a, b, separation.vertical_mm, false);
  NaiveVerdict result;
  Verdict heights = overlap == Lateral::kConflict ? there : elsewhere;
  if (overlap == Lateral::kWithinTolerance && there != elsewhere) {
    heights = Verdict::kPossible;
    result.lateral_tolerance = true;
  }
  if (heights == Verdict::kClear) return {};
  if (overlap == Lateral::kWithinTolerance) {
    result.heights = there == Verdict::kPossible || elsewhere == Verdict::kPossible;
  } else {
    result.heights = heights == Verdict::kPossible;
  }
  if (lateral == Lateral::kWithinTolerance) result.lateral_tolerance = true;
  result.verdict =
      result.heights || result.lateral_tolerance ? Verdict::kPossible : Verdict::kCertain;
  return result;
}

std::set<Lateral> NaiveLaterals(const Volume4D& a, const geo::Shape& shape_a, const Volume4D& b,
                                const geo::Shape& shape_b, int64_t separation_mm) {
  // For two circles the distance of the centres says also how deeply they overlap.
  const bool circles = a.outline.kind() == geo::OutlineKind::kCircle &&
                       b.outline.kind() == geo::OutlineKind::kCircle;
  const geo::Gap measured = geo::MeasureGap(shape_a, shape_b);
  double gap_mm = measured.gap_m * 1000;
  double error_mm = measured.error_m * 1000;
  if (circles) {
    gap_mm = geo::GeodesicDistanceM(a.outline.vertices()[0], b.outline.vertices()[0]) * 1000 -
             static_cast<double>(a.outline.buffer_mm() + b.outline.buffer_mm());
    error_mm = 0.001;
  }
  const double beyond_mm = gap_mm - static_cast<double>(separation_mm);
  std::set<Lateral> allowed = {Lateral::kConflict, Lateral::kWithinTolerance, Lateral::kClear};
  const bool overlapping = gap_mm <= 0;
  if (overlapping || beyond_mm + error_mm < 0) allowed.erase(Lateral::kClear);
  if (beyond_mm - error_mm > 0) allowed.erase(Lateral::kConflict);
  if (beyond_mm - error_mm > 10) allowed.erase(Lateral::kWithinTolerance);
  if (beyond_mm + error_mm < -10) allowed.erase(Lateral::kWithinTolerance);
  if (separation_mm == 0 && (HasVertexIn(a, shape_b) || HasVertexIn(b, shape_a))) {
    allowed = {Lateral::kConflict};
  }
  if (std::abs(beyond_mm) + error_mm < 1 && !overlapping) allowed = {Lateral::kWithinTolerance};
  return allowed;
}

Separation NaiveSeparation(const std::vector<SeparationRow>& rows,
                           const std::vector<std::string>& classes, const Declaration& a,
                           const Declaration& b) {
  Separation widest;
  for (const SeparationRow& row : rows) widest = Widest(widest, row.separation);
  // An unstated class stands for every declared class, and for the rows that name none.
  const auto stand_for = [&classes](const Declaration& d) {
    std::vector<std::string_view> names = {ClassOf(d, classes)};
    if (d.kind == NoticeKind::kActivity && names[0].empty()) {
      names.insert(names.end(), classes.begin(), classes.end());
    }
    return names;
  };
  Separation strictest;
  bool any = false;
  for (const std::string_view class_a : stand_for(a)) {
    for (const std::string_view class_b : stand_for(b)) {
      const std::optional<Separation> row = NaiveRow(rows, a.kind, class_a, b.kind, class_b);
      const bool unstated = (a.kind == NoticeKind::kActivity && class_a.empty()) ||
                            (b.kind == NoticeKind::kActivity && class_b.empty());
      // Without a row the widest holds for a class; an unstated one is no class of its own.
      if (!row && unstated && !classes.empty()) continue;
      strictest = Widest(strictest, row.value_or(widest));
      any = true;
    }
  }
  return any ? strictest : widest;
}

std::string ComparePairWithModel(base::ByteView bytes, Coverage* coverage) {
  Choices choices(bytes);
  const geo::Position origin = ChooseOrigin(&choices);
  const Side a = ChooseSide(&choices, origin);
  const Side b = ChooseSide(&choices, origin);
  const Separation separation = ChooseSeparation(&choices, a, b);
  const VolumeVerdict judged = JudgeVolumes(a.volume, a.volume.window, a.shape, b.volume,
                                            b.volume.window, b.shape, separation);
  Count(a, b, judged, coverage);

  std::set<NaiveVerdict> allowed;
  for (const Lateral lateral :
       NaiveLaterals(a.volume, a.shape, b.volume, b.shape, separation.lateral_mm)) {
    for (const Lateral overlap : NaiveLaterals(a.volume, a.shape, b.volume, b.shape, 0)) {
      allowed.insert(NaiveJudge(a.volume, a.volume.window, b.volume, b.volume.window, separation,
                                lateral, overlap));
    }
  }
  const NaiveVerdict seen{judged.verdict, (judged.uncertainty & kUncertainLateralTolerance) != 0,
                          (judged.uncertainty & ~kUncertainLateralTolerance) != 0};
  if (!allowed.contains(seen)) {
    return "the engine says " + Describe(judged) + ", the model says " +
           std::string(Name(allowed.begin()->verdict));
  }
  std::string wrong = CheckExplanation(a, b, separation, judged);
  return wrong.empty() ? CheckMonotone(a, b, separation, judged) : wrong;
}

std::string CompareRulesWithModel(base::ByteView bytes) {
  Choices choices(bytes);
  Rules::Content content;
  for (size_t i = choices.Of(5); i-- > 0;) {
    content.activity_classes.push_back(std::string(1, static_cast<char>('a' + 7 * i % 5)));
  }
  for (size_t i = choices.Of(12); i-- > 0;) {
    const KindPattern a = ChoosePattern(&choices, content.activity_classes);
    const KindPattern b = ChoosePattern(&choices, content.activity_classes);
    content.separations.push_back(
        {a, b, {choices.Between(0, 9), choices.Between(0, 9), choices.Between(0, 9)}});
  }
  const base::Result<Rules> rules = Rules::Make(content, {});
  if (!rules) return "refused: " + rules.error().ToString();
  const std::vector<Declaration> kinds = EveryKind(content.activity_classes);
  for (const Declaration& a : kinds) {
    Separation widest;
    for (const Declaration& b : kinds) {
      const Separation found = rules->For(a, b);
      widest = Widest(widest, found);
      if (found != rules->For(b, a)) return "not symmetric";
      if (found != NaiveSeparation(content.separations, content.activity_classes, a, b)) {
        return "another separation than the model's for " + std::string(Name(a.kind)) + ":" +
               a.activity_class + " and " + std::string(Name(b.kind)) + ":" + b.activity_class;
      }
    }
    if (widest != rules->WidestFor(a)) return "WidestFor is not the widest";
    if (Widest(rules->widest(), widest) != rules->widest()) return "widest is not the widest";
  }
  return "";
}

}  // namespace wideberth::airspace::testing
