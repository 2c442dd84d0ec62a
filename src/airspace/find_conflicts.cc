#include "airspace/find_conflicts.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "airspace/volume_index.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

struct Against {
  const Notice* other = nullptr;
  Treatment treatment = Treatment::kNone;
  Separation separation;
  std::vector<VolumeConflict> pairs;
};

// Checks one volume of the subject against one near volume; sides in the order of notice ids.
std::optional<VolumeConflict> CheckNear(const Notice& subject, uint32_t subject_volume,
                                        const TimeWindow& subject_window,
                                        const geo::Shape& subject_shape, const NearVolume& near,
                                        const Separation& separation) {
  const Volume4D& mine = EffectiveVersion(subject)->declaration.volumes[subject_volume];
  const Volume4D& theirs = EffectiveVersion(*near.notice)->declaration.volumes[near.volume];
  const TimeWindow their_window = EffectiveWindow(*near.notice, theirs);
  std::optional<geo::Shape> prepared;
  if (near.shape == nullptr) {
    if (!OutlinesDecide(mine, subject_window, theirs, their_window, separation)) {
      return std::nullopt;
    }
    base::Result<geo::Shape> shape = geo::Shape::Prepare(theirs.outline);
    CHECK_MSG(shape.has_value(), "an outline was prepared once before it was stored");
    prepared = std::move(*shape);
  }
  const geo::Shape& their_shape = near.shape != nullptr ? *near.shape : *prepared;
  std::optional<VolumeConflict> found;
  if (subject.id < near.notice->id) {
    found = CheckVolumes(mine, subject_window, subject_shape, theirs, their_window, their_shape,
                         separation);
    if (found) {
      found->volume_a = subject_volume;
      found->volume_b = near.volume;
    }
  } else {
    found = CheckVolumes(theirs, their_window, their_shape, mine, subject_window, subject_shape,
                         separation);
    if (found) {
      found->volume_a = near.volume;
      found->volume_b = subject_volume;
    }
  }
  return found;
}

base::UtcMicros Later(base::UtcMicros time, int64_t us) {
  return time > base::UtcMicros{base::kTimeOpenEnd.us - us} ? base::kTimeOpenEnd
                                                            : base::UtcMicros{time.us + us};
}

Conflict MakeConflict(Sha256Function sha256, const Rules& rules, const Notice& subject,
                      Against&& against, base::UtcMicros now) {
  const Notice& other = *against.other;
  const Notice& first = subject.id < other.id ? subject : other;
  const Notice& second = subject.id < other.id ? other : subject;
  Conflict conflict;
  conflict.data_mode = subject.data_mode();
  conflict.id =
      ConflictId(sha256, first.party, second.party, conflict.data_mode, first.id, second.id);
  conflict.sides[0] = {first.id, first.party, EffectiveVersion(first)->digest, {}, {}};
  conflict.sides[1] = {second.id, second.party, EffectiveVersion(second)->digest, {}, {}};
  conflict.treatment = against.treatment;
  conflict.separation = against.separation;
  conflict.opened_at = now;
  conflict.changed_at = now;
  conflict.rules = rules.digest();
  std::sort(against.pairs.begin(), against.pairs.end(),
            [](const VolumeConflict& a, const VolumeConflict& b) {
              return std::tie(a.first_moment, a.volume_a, a.volume_b) <
                     std::tie(b.first_moment, b.volume_a, b.volume_b);
            });
  conflict.verdict = Verdict::kPossible;
  conflict.first_moment = against.pairs.front().first_moment;
  conflict.last_moment = base::kTimeOpenStart;
  for (const VolumeConflict& pair : against.pairs) {
    if (pair.certain) conflict.verdict = Verdict::kCertain;
    // The two are too close in time until the separation after the first of them has ended.
    const base::UtcMicros first_end = pair.time_gap_us < 0 ? pair.overlap.end : pair.overlap.start;
    conflict.last_moment =
        std::max(conflict.last_moment, Later(first_end, against.separation.time_us));
  }
  conflict.pairs_total = static_cast<uint32_t>(against.pairs.size());
  if (against.pairs.size() > limits::kConflictPairsReportedMax) {
    against.pairs.resize(limits::kConflictPairsReportedMax);
  }
  conflict.pairs = std::move(against.pairs);
  return conflict;
}

bool IsLive(const Conflict& conflict) {
  return conflict.state != ConflictState::kResolved && conflict.state != ConflictState::kPassed;
}

// Whether two records say the same of the same versions, whatever people have done about it.
bool SameFinding(const Conflict& a, const Conflict& b) {
  return a.sides[0].version == b.sides[0].version && a.sides[1].version == b.sides[1].version &&
         a.treatment == b.treatment && a.verdict == b.verdict && a.separation == b.separation &&
         a.pairs_total == b.pairs_total && a.pairs == b.pairs && a.rules == b.rules;
}

}  // namespace

std::vector<Conflict> FindConflictsOf(const View& view, const Rules& rules, Sha256Function sha256,
                                      const Notice& subject, const SubjectOutlines& outlines,
                                      base::UtcMicros now) {
  const NoticeVersion* version = EffectiveVersion(subject);
  if (version == nullptr) return {};
  const Declaration& declaration = version->declaration;
  const std::span<const geo::Shape> shapes = outlines.shapes;
  CHECK(shapes.size() == declaration.volumes.size());
  const Separation widest = rules.WidestFor(declaration);
  const bool asked_ahead =
      outlines.queries.size() == shapes.size() && outlines.queries_separation == widest;
  std::map<base::NoticeId, Against> found;
  std::vector<NearVolume> near;
  for (uint32_t i = 0; i < declaration.volumes.size(); ++i) {
    const TimeWindow window = EffectiveWindow(subject, declaration.volumes[i]);
    if (window.start >= window.end || Later(window.end, widest.time_us) <= now) continue;
    near.clear();
    if (asked_ahead && window == declaration.volumes[i].window) {
      view.Near(subject.data_mode(), outlines.queries[i], &near);
    } else {
      view.Near(subject.data_mode(), {shapes[i], declaration.volumes[i], window, widest}, &near);
    }
    for (const NearVolume& candidate : near) {
      const Notice& other = *candidate.notice;
      if (other.id == subject.id) continue;
      const Declaration& theirs = EffectiveVersion(other)->declaration;
      const Treatment treatment =
          rules.TreatmentFor(subject.party, declaration, other.party, theirs);
      if (treatment == Treatment::kNone) continue;
      const Separation separation = rules.For(declaration, theirs);
      std::optional<VolumeConflict> pair =
          CheckNear(subject, i, window, shapes[i], candidate, separation);
      if (!pair) continue;
      Against& against = found[other.id];
      against.other = &other;
      against.treatment = treatment;
      against.separation = separation;
      against.pairs.push_back(std::move(*pair));
    }
  }
  std::vector<Conflict> conflicts;
  conflicts.reserve(found.size());
  for (auto& [id, against] : found) {
    conflicts.push_back(MakeConflict(sha256, rules, subject, std::move(against), now));
  }
  std::sort(conflicts.begin(), conflicts.end(), [](const Conflict& a, const Conflict& b) {
    return std::tie(a.first_moment, a.id) < std::tie(b.first_moment, b.id);
  });
  return conflicts;
}

std::vector<Conflict> ChangedConflicts(const View& view, const Notice& subject,
                                       std::vector<Conflict>* found, const Rules& rules,
                                       base::UtcMicros now) {
  std::vector<Conflict> changed;
  for (Conflict& conflict : *found) {
    const Conflict* held = view.FindConflict(conflict.id);
    if (held != nullptr && IsLive(*held)) {
      if (SameFinding(*held, conflict)) {
        conflict = *held;
        continue;
      }
      conflict.opened_at = held->opened_at;
    }
    changed.push_back(conflict);
  }
  for (const Conflict* held : view.LiveConflictsOf(subject.id)) {
    const bool still = std::any_of(found->begin(), found->end(),
                                   [&](const Conflict& c) { return c.id == held->id; });
    if (still) continue;
    Conflict over = *held;
    over.state = held->first_moment <= now ? ConflictState::kPassed : ConflictState::kResolved;
    over.verdict = Verdict::kClear;
    over.changed_at = now;
    over.rules = rules.digest();
    changed.push_back(std::move(over));
  }
  return changed;
}

}  // namespace wideberth::airspace
