// What people ask of a timeline.
#include <algorithm>
#include <set>

#include "airspace/conflict.h"
#include "geo/gap.h"
#include "geo/shape.h"
#include "timeline/timeline.h"

namespace wideberth::timeline {
namespace {

using airspace::Declaration;
using airspace::NoticeKind;
using airspace::Verdict;
using airspace::Volume4D;
using base::Result;
using base::UtcMicros;

bool Meets(const geo::Shape& area, const geo::Outline& outline) {
  const auto shape = geo::Shape::Prepare(outline);
  return shape && geo::CompareGap(area, *shape, 0) != geo::Lateral::kClear;
}

// The place of a call, if it has one.
std::optional<mechanism::Place> PlaceOf(const Event& event) {
  if (!event.act) return std::nullopt;
  return std::visit(
      [](const auto& body) -> std::optional<mechanism::Place> {
        if constexpr (requires { body.place; }) return body.place;
        if constexpr (requires { body.account; }) return body.account.place;
        return std::nullopt;
      },
      event.act->act.body);
}

bool IsIn(const geo::Shape& area, const Event& event) {
  if (event.declaration) {
    const auto& volumes = event.declaration->volumes;
    return std::any_of(volumes.begin(), volumes.end(),
                       [&](const Volume4D& volume) { return Meets(area, volume.outline); });
  }
  const auto place = PlaceOf(event);
  if (!place) return false;
  const auto circle = geo::Outline::Circle(place->centre, place->radius_mm);
  return circle && Meets(area, *circle);
}

// The notices and matters that something in the area was said of.
struct Named {
  std::set<base::NoticeId> notices;
  std::set<base::Uuid> matters;
};
Named NamedIn(const Timeline& timeline, const geo::Shape& area) {
  Named named;
  for (const Event& event : timeline.events()) {
    if (!IsIn(area, event)) continue;
    if (event.notice) named.notices.insert(*event.notice);
    if (event.matter) named.matters.insert(*event.matter);
  }
  return named;
}

bool IsOfPeople(const Event& event) {
  return event.act || event.declaration || !event.unusable.empty();
}

}  // namespace

Result<std::vector<const Event*>> Select(const Timeline& timeline, const Filter& filter) {
  std::optional<Named> named;
  if (filter.area) {
    auto area = geo::Shape::Prepare(*filter.area);
    if (!area) return base::Fail(std::move(area).error().Under("/area"));
    named = NamedIn(timeline, *area);
  }
  std::vector<const Event*> found;
  for (const Event& event : timeline.events()) {
    if (!filter.with_machines && !IsOfPeople(event)) continue;
    if (filter.window &&
        (event.said_at < filter.window->start || event.said_at >= filter.window->end)) {
      continue;
    }
    if (filter.notice && event.notice != filter.notice) continue;
    if (filter.matter && event.matter != filter.matter) continue;
    if (named && !(event.notice && named->notices.contains(*event.notice)) &&
        !(event.matter && named->matters.contains(*event.matter))) {
      continue;
    }
    found.push_back(&event);
  }
  return found;
}

std::string Words(const Event& event) {
  std::string words = event.type;
  if (event.act) {
    words = operators::Name(event.act->act.kind());
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { Name(body.answer); })
            words.append(" ").append(Name(body.answer));
          if constexpr (requires { body.assessment; }) {
            words.append(" ").append(airspace::Name(body.assessment));
          }
          if constexpr (requires { body.call_sign; }) {
            if (!body.call_sign.empty()) words.append(" ").append(body.call_sign);
          }
          if constexpr (requires { body.word; }) words.append(" ").append(body.word);
        },
        event.act->act.body);
  }
  if (event.declaration) {
    words.append(" ").append(airspace::Name(event.declaration->kind));
    if (event.declaration->kind == NoticeKind::kHazard) {
      words.append(" ").append(airspace::Name(event.declaration->hazard_class));
    }
  }
  if (!event.unusable.empty())
    words.append(" (cannot be used: ").append(event.unusable).append(")");
  return words;
}

namespace {

// A hazard is there until its all-clear, whatever was planned (MECHANISM 3.5).
airspace::TimeWindow WindowOf(const Declaration& declaration, const Volume4D& volume,
                              const std::optional<UtcMicros>& all_clear_at) {
  airspace::TimeWindow window = volume.window;
  if (declaration.kind == NoticeKind::kHazard)
    window.end = all_clear_at.value_or(base::kTimeOpenEnd);
  return window;
}

struct Asked {
  const Volume4D& volume;
  const geo::Shape& shape;
  const geo::HeightModel& heights;
};

Verdict Judge(const Asked& asked, const Declaration& declaration,
              const std::optional<UtcMicros>& all_clear_at) {
  Verdict verdict = Verdict::kClear;
  for (Volume4D volume : declaration.volumes) {
    const auto shape = geo::Shape::Prepare(volume.outline);
    if (!shape) continue;
    airspace::FillW84(asked.heights, *shape, &volume);
    const airspace::TimeWindow window = WindowOf(declaration, volume, all_clear_at);
    verdict = std::max(verdict, airspace::JudgeVolumes(asked.volume, asked.volume.window,
                                                       asked.shape, volume, window, *shape, {})
                                    .verdict);
  }
  return verdict;
}

// What was said later of a version, or of its notice.
struct Later {
  std::optional<UtcMicros> read_back_at, withdrawn_at, all_clear_at;
};
Later SaidLater(const Timeline& timeline, const Event& release) {
  Later later;
  for (const Event& event : timeline.events()) {
    if (!event.act || event.notice != release.notice) continue;
    const mechanism::ActBody& body = event.act->act.body;
    if (const auto* read_back = std::get_if<mechanism::ReadBack>(&body)) {
      if (event.log != release.log && read_back->of == release.version && !later.read_back_at) {
        later.read_back_at = event.said_at;
      }
    }
    if (event.log != release.log) continue;
    if (std::holds_alternative<mechanism::Withdraw>(body)) later.withdrawn_at = event.said_at;
    if (std::holds_alternative<mechanism::AllClear>(body)) later.all_clear_at = event.said_at;
  }
  return later;
}

}  // namespace

Result<std::vector<Told>> WasNotified(const Timeline& timeline, const Question& question,
                                      const geo::HeightModel& heights) {
  WB_RETURN_IF_ERROR(airspace::ValidateVolume(question.volume));
  auto shape = geo::Shape::Prepare(question.volume.outline);
  if (!shape) return base::Fail(std::move(shape).error().Under("/outline"));
  Volume4D volume = question.volume;
  airspace::FillW84(heights, *shape, &volume);
  std::vector<Told> told;
  for (const Event& event : timeline.events()) {
    if (event.log != question.teller || !event.declaration || !event.unusable.empty()) continue;
    if (event.declaration->data_mode != question.data_mode) continue;
    const Later later = SaidLater(timeline, event);
    const Verdict verdict =
        Judge({volume, *shape, heights}, *event.declaration, later.all_clear_at);
    if (verdict == Verdict::kClear) continue;
    Told& item = told.emplace_back();
    item.release = &event;
    item.verdict = verdict;
    item.received_at = event.received_at;
    item.cosigned_at = event.cosigned_at;
    item.read_back_at = later.read_back_at;
    item.withdrawn_at = later.withdrawn_at;
    item.lead_time_us =
        airspace::LeadTimeUs(*event.declaration, event.received_at.value_or(event.said_at));
  }
  return told;
}

}  // namespace wideberth::timeline
