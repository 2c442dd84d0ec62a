#include <algorithm>
#include <map>
#include <tuple>

#include "airspace/decide_impl.h"
#include "airspace/volume_index.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

struct Against {
  const Notice* other = nullptr;
  Treatment treatment = Treatment::kNone;
  Separation separation;
  base::UtcMicros last_moment = base::kTimeOpenStart;
  std::vector<VolumeConflict> pairs;
};

base::UtcMicros Later(base::UtcMicros time, int64_t us) {
  return time > base::UtcMicros{base::kTimeOpenEnd.us - us} ? base::kTimeOpenEnd
                                                            : base::UtcMicros{time.us + us};
}

geo::Shape Prepared(const geo::Outline& outline) {
  base::Result<geo::Shape> shape = geo::Shape::Prepare(outline);
  CHECK_MSG(shape.has_value(), "an outline was prepared once before it was stored");
  return std::move(*shape);
}

// One volume of the subject, and everything about it that is asked more than once.
struct SubjectVolume {
  const Notice& notice;
  uint32_t version;
  uint32_t volume;
  TimeWindow window;
  const geo::Shape& shape;

  const NoticeVersion& InVersion() const { return notice.versions[version]; }
  const Volume4D& Volume() const { return InVersion().declaration.volumes[volume]; }
};

// Checks one volume of the subject against one near volume; sides in the order of notice ids.
std::optional<VolumeConflict> CheckNear(const SubjectVolume& subject, const NearVolume& near,
                                        const Separation& separation) {
  const NoticeVersion& their_version = near.notice->versions[near.version];
  const Volume4D& mine = subject.Volume();
  const Volume4D& theirs = their_version.declaration.volumes[near.volume];
  const TimeWindow their_window = EffectiveWindow(*near.notice, their_version, theirs);
  std::optional<geo::Shape> prepared;
  if (near.shape == nullptr) {
    if (!OutlinesDecide(mine, subject.window, theirs, their_window, separation)) {
      return std::nullopt;
    }
    prepared = Prepared(theirs.outline);
  }
  const geo::Shape& their_shape = near.shape != nullptr ? *near.shape : *prepared;
  std::optional<VolumeConflict> found;
  if (subject.notice.id < near.notice->id) {
    found = CheckVolumes(mine, subject.window, subject.shape, theirs, their_window, their_shape,
                         separation);
    if (found) {
      found->version_a = subject.InVersion().digest;
      found->version_b = their_version.digest;
      found->volume_a = subject.volume;
      found->volume_b = near.volume;
    }
  } else {
    found = CheckVolumes(theirs, their_window, their_shape, mine, subject.window, subject.shape,
                         separation);
    if (found) {
      found->version_a = their_version.digest;
      found->version_b = subject.InVersion().digest;
      found->volume_a = near.volume;
      found->volume_b = subject.volume;
    }
  }
  return found;
}

// Adds what the volume has to do with one near volume.
void CheckAgainst(const RuleBook& book, const SubjectVolume& subject, const NearVolume& near,
                  std::map<base::NoticeId, Against>* found) {
  const Notice& notice = subject.notice;
  const Notice& other = *near.notice;
  if (other.id == notice.id) return;
  const Declaration& mine = subject.InVersion().declaration;
  const Declaration& theirs = other.versions[near.version].declaration;
  const Rules& rules = book.Between(notice.party, other.party);
  const Treatment treatment = rules.TreatmentFor(notice.party, mine, other.party, theirs);
  if (treatment == Treatment::kNone) return;
  if (notice.held() && other.held()) return;
  if (!IsChecked(notice, subject.version, other.party) ||
      !IsChecked(other, near.version, notice.party)) {
    return;
  }
  const Separation separation = rules.For(mine, theirs);
  std::optional<VolumeConflict> pair = CheckNear(subject, near, separation);
  if (!pair) return;
  Against& against = (*found)[other.id];
  against.other = &other;
  // Versions of one notice may differ in class: the strictest of what is checked holds.
  against.treatment = std::max(against.treatment, treatment);
  against.separation = Widest(against.separation, separation);
  // The two are too close in time until the separation after the first of them has ended.
  const base::UtcMicros first_end = pair->time_gap_us < 0 ? pair->overlap.end : pair->overlap.start;
  against.last_moment = std::max(against.last_moment, Later(first_end, separation.time_us));
  against.pairs.push_back(std::move(*pair));
}

ConflictSide SideOf(const Notice& notice, const Notice& other) {
  ConflictSide side;
  side.notice = notice.id;
  side.party = notice.party;
  side.version = EffectiveVersion(notice)->digest;
  side.held = notice.held();
  const auto disregarded = other.disregarded_by.find(notice.party);
  if (disregarded != other.disregarded_by.end()) side.disregarded_at = disregarded->second;
  return side;
}

Conflict MakeConflict(Sha256Function sha256, const RuleBook& book, const Notice& subject,
                      Against&& against, base::UtcMicros now) {
  const Notice& other = *against.other;
  const Notice& first = subject.id < other.id ? subject : other;
  const Notice& second = subject.id < other.id ? other : subject;
  Conflict conflict;
  conflict.data_mode = subject.data_mode();
  conflict.id =
      ConflictId(sha256, first.party, second.party, conflict.data_mode, first.id, second.id);
  conflict.sides = {SideOf(first, second), SideOf(second, first)};
  conflict.treatment = against.treatment;
  conflict.separation = against.separation;
  conflict.opened_at = now;
  conflict.changed_at = now;
  const Rules& rules = book.Between(first.party, second.party);
  conflict.rules = rules.digest();
  conflict.agreed = rules.agreed();
  std::sort(against.pairs.begin(), against.pairs.end(),
            [](const VolumeConflict& a, const VolumeConflict& b) {
              return std::tie(a.first_moment, a.version_a, a.version_b, a.volume_a, a.volume_b) <
                     std::tie(b.first_moment, b.version_a, b.version_b, b.volume_a, b.volume_b);
            });
  conflict.verdict = Verdict::kPossible;
  conflict.first_moment = against.pairs.front().first_moment;
  conflict.last_moment = against.last_moment;
  for (const VolumeConflict& pair : against.pairs) {
    if (pair.certain) conflict.verdict = Verdict::kCertain;
  }
  conflict.pairs_total = static_cast<uint32_t>(against.pairs.size());
  if (against.pairs.size() > limits::kConflictPairsReportedMax) {
    against.pairs.resize(limits::kConflictPairsReportedMax);
  }
  conflict.pairs = std::move(against.pairs);
  return conflict;
}

// Whether two records say the same of the same versions, whatever people have done about it.
bool SameFinding(const Conflict& a, const Conflict& b) {
  return a.sides[0].version == b.sides[0].version && a.sides[1].version == b.sides[1].version &&
         a.treatment == b.treatment && a.verdict == b.verdict && a.separation == b.separation &&
         a.pairs_total == b.pairs_total && a.pairs == b.pairs && a.rules == b.rules &&
         a.agreed == b.agreed;
}

// What people have said of these very versions stays said, whatever older ones have left the check meanwhile, which the
// two nodes of a line see at different times, and whether one of them holds the line for lost, which the other may
// never do. Of other versions, or when something else is agreed, nobody has said anything. Something else is agreed at
// two nodes at two moments, and what crosses the line between them must fall at both or at neither: so what a peer has
// said falls here when it falls there, and its node says so (ForgetSaid).
void TakeOverWhatWasSaid(const Conflict& held, base::PartyId self, Conflict* conflict) {
  for (size_t i = 0; i < 2; ++i) {
    if (held.sides[i].version != conflict->sides[i].version) return;
  }
  const bool same = held.agreed == conflict->agreed;
  if (same) conflict->risk_accepted = held.risk_accepted;
  for (size_t i = 0; i < 2; ++i) {
    const bool of_peer = !self.uuid.is_nil() && held.sides[i].party != self;
    if (!same && !of_peer) continue;
    conflict->sides[i].seen_at = held.sides[i].seen_at;
    conflict->sides[i].measures = held.sides[i].measures;
  }
  conflict->state = StateOfSaid(*conflict);
}

}  // namespace

std::vector<Conflict> FindConflictsOf(const View& view, const RuleBook& book, Sha256Function sha256,
                                      const Notice& subject, const SubjectOutlines& outlines,
                                      base::UtcMicros now) {
  std::map<base::NoticeId, Against> found;
  std::vector<NearVolume> near;
  for (const uint32_t checked : CheckedVersions(subject)) {
    const NoticeVersion& version = subject.versions[checked];
    const std::vector<Volume4D>& volumes = version.declaration.volumes;
    const bool shaped = &version == EffectiveVersion(subject) && !outlines.shapes.empty();
    CHECK(!shaped || outlines.shapes.size() == volumes.size());
    const Separation widest = book.WidestFor(version.declaration);
    const bool asked_ahead = shaped && outlines.queries.size() == volumes.size() &&
                             outlines.queries_separation == widest;
    for (uint32_t i = 0; i < volumes.size(); ++i) {
      const TimeWindow window = EffectiveWindow(subject, version, volumes[i]);
      if (window.start >= window.end || Later(window.end, widest.time_us) <= now) continue;
      std::optional<geo::Shape> prepared;
      if (!shaped) prepared = Prepared(volumes[i].outline);
      const geo::Shape& shape = shaped ? outlines.shapes[i] : *prepared;
      near.clear();
      if (asked_ahead && window == volumes[i].window) {
        view.Near(subject.data_mode(), outlines.queries[i], &near);
      } else if (asked_ahead) {
        view.Near(subject.data_mode(), {outlines.queries[i], volumes[i], window, widest}, &near);
      } else {
        view.Near(subject.data_mode(), {shape, volumes[i], window, widest}, &near);
      }
      const SubjectVolume volume{subject, checked, i, window, shape};
      for (const NearVolume& candidate : near) CheckAgainst(book, volume, candidate, &found);
    }
  }
  std::vector<Conflict> conflicts;
  conflicts.reserve(found.size());
  for (auto& [id, against] : found) {
    conflicts.push_back(MakeConflict(sha256, book, subject, std::move(against), now));
  }
  std::sort(conflicts.begin(), conflicts.end(), [](const Conflict& a, const Conflict& b) {
    return std::tie(a.first_moment, a.id) < std::tie(b.first_moment, b.id);
  });
  return conflicts;
}

std::vector<Conflict> ChangedConflicts(const View& view, const Notice& subject,
                                       std::vector<Conflict>* found, const RuleBook& book,
                                       base::PartyId self, base::UtcMicros now) {
  std::vector<Conflict> changed;
  for (Conflict& conflict : *found) {
    const Conflict* held = view.FindConflict(conflict.id);
    if (held != nullptr && IsLive(*held)) {
      if (SameFinding(*held, conflict)) {
        conflict = *held;
        continue;
      }
      conflict.opened_at = held->opened_at;
      TakeOverWhatWasSaid(*held, self, &conflict);
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
    over.risk_accepted.reset();
    over.changed_at = now;
    const Rules& rules = book.Between(over.sides[0].party, over.sides[1].party);
    over.rules = rules.digest();
    over.agreed = rules.agreed();
    changed.push_back(std::move(over));
  }
  return changed;
}

}  // namespace wideberth::airspace
