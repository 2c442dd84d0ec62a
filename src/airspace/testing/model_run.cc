#include "airspace/testing/model_run.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/testing/world.h"

namespace wideberth::airspace::testing {
namespace {

constexpr uint8_t kNotices = 12;
constexpr int64_t kMinute = base::kMicrosPerMinute;

// Takes the input apart; zero when it is used up.
class Input {
 public:
  explicit Input(base::ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

 private:
  base::ByteView bytes_;
};

// Coarse steps, so that touching, equal and nearly equal happen often.
Volume4D ReadVolume(Input& in, base::UtcMicros now, NoticeKind kind) {
  const Declaration base = TestActivity((in.Byte() % 32) * 1'000.0);
  Volume4D volume = base.volumes[0];
  const uint8_t heights = in.Byte();
  volume.band.lower.mm = 1'000'000 + (heights % 16) * 100'000;
  volume.band.upper.mm = volume.band.lower.mm + 100'000 + (heights / 16) * 50'000;
  const uint8_t times = in.Byte();
  volume.window.start.us = now.us + (times % 16 - 2) * 5 * kMinute;
  volume.window.end.us = volume.window.start.us + (1 + times / 16) * 5 * kMinute;
  if (kind != NoticeKind::kActivity && times == 255) volume.window.end = base::kTimeOpenEnd;
  return volume;
}

Declaration ReadDeclaration(Input& in, uint8_t notice, base::UtcMicros now) {
  // The kind goes with the notice: it may not change between versions.
  constexpr NoticeKind kKinds[] = {NoticeKind::kActivity,      NoticeKind::kActivity,
                                   NoticeKind::kHazard,        NoticeKind::kActivity,
                                   NoticeKind::kProtectedSite, NoticeKind::kZone};
  Declaration declaration = TestActivity();
  declaration.kind = kKinds[notice % 6];
  const uint8_t variety = in.Byte();
  if (declaration.kind == NoticeKind::kActivity && (variety & 1) != 0) {
    declaration.activity_class = "survey";
  }
  if (declaration.kind == NoticeKind::kZone) {
    declaration.restriction = static_cast<Restriction>(variety % 4);
  }
  declaration.volumes.clear();
  const int volumes = 1 + (variety >> 7);
  for (int i = 0; i < volumes; ++i) {
    declaration.volumes.push_back(ReadVolume(in, now, declaration.kind));
  }
  return declaration;
}

using Finding =
    std::tuple<std::pair<base::NoticeId, base::NoticeId>, Treatment, std::optional<Verdict>>;

// The verdict only where each side has one volume: with more, what is long over may have decided it.
std::optional<Verdict> Comparable(const Notice& a, const Notice& b, Verdict verdict) {
  const bool single = EffectiveVersion(a)->declaration.volumes.size() == 1 &&
                      EffectiveVersion(b)->declaration.volumes.size() == 1;
  return single ? std::optional<Verdict>(verdict) : std::nullopt;
}

struct NaivePair {
  bool live = false;
  Verdict verdict = Verdict::kPossible;
};

NaivePair NaivelyCheck(const World& world, const Notice& a, const Notice& b) {
  NaivePair result;
  const Declaration& of_a = EffectiveVersion(a)->declaration;
  const Declaration& of_b = EffectiveVersion(b)->declaration;
  const Separation separation = world.rules().For(of_a, of_b);
  for (const Volume4D& volume_a : of_a.volumes) {
    for (const Volume4D& volume_b : of_b.volumes) {
      const TimeWindow window_a = EffectiveWindow(a, volume_a);
      const TimeWindow window_b = EffectiveWindow(b, volume_b);
      const VolumeVerdict verdict =
          JudgeVolumes(volume_a, window_a, *geo::Shape::Prepare(volume_a.outline), volume_b,
                       window_b, *geo::Shape::Prepare(volume_b.outline), separation);
      if (verdict.verdict == Verdict::kClear) continue;
      const base::UtcMicros first_end = std::min(window_a.end, window_b.end);
      const bool open = first_end == base::kTimeOpenEnd;
      result.live = result.live || open || first_end.us + separation.time_us > world.now().us;
      if (verdict.verdict == Verdict::kCertain) result.verdict = Verdict::kCertain;
    }
  }
  return result;
}

std::set<Finding> NaiveFindings(const World& world) {
  std::vector<const Notice*> notices;
  world.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    if (EffectiveVersion(notice) != nullptr) notices.push_back(&notice);
    return true;
  });
  std::set<Finding> findings;
  for (const Notice* a : notices) {
    for (const Notice* b : notices) {
      if (!(a->id < b->id) || a->data_mode() != b->data_mode()) continue;
      const Treatment treatment = world.rules().TreatmentFor(
          a->party, EffectiveVersion(*a)->declaration, b->party, EffectiveVersion(*b)->declaration);
      if (treatment == Treatment::kNone) continue;
      const NaivePair pair = NaivelyCheck(world, *a, *b);
      if (!pair.live) continue;
      findings.insert({{a->id, b->id}, treatment, Comparable(*a, *b, pair.verdict)});
    }
  }
  return findings;
}

std::set<Finding> EngineFindings(const World& world) {
  std::set<Finding> findings;
  for (const Conflict& conflict : world.Live()) {
    const Notice* a = world.state().FindNotice(conflict.sides[0].notice);
    const Notice* b = world.state().FindNotice(conflict.sides[1].notice);
    findings.insert({{a->id, b->id}, conflict.treatment, Comparable(*a, *b, conflict.verdict)});
  }
  return findings;
}

std::string Describe(const std::set<Finding>& findings) {
  std::string text;
  for (const auto& [pair, treatment, verdict] : findings) {
    text += " " + std::to_string(pair.first.uuid.bytes[15]) + "-" +
            std::to_string(pair.second.uuid.bytes[15]) + " " + std::string(Name(treatment));
    if (verdict) text += " " + std::string(Name(*verdict));
  }
  return text;
}

base::Result<Decision> RunCommand(World& world, Input& in, uint8_t operation, uint8_t notice) {
  const uint8_t party = static_cast<uint8_t>(1 + notice % 3);
  const base::NoticeId id = TestNotice(notice);
  const base::Digest version = world.Latest(notice);
  switch (operation % 12) {
    case 0:
      return world.Do(TestParty(party), Withdraw{id, version});
    case 1:
      return world.Do(TestParty(party), SetActivity{id, ActivityState::kActive, version});
    case 2:
      return world.Do(TestParty(party), SetActivity{id, ActivityState::kEnded, version});
    case 3:
      return world.Do(TestParty(party), AllClear{id, version, false});
    case 4:
      return world.Do(TestParty(static_cast<uint8_t>(1 + in.Byte() % 3)),
                      Assess{id, version, Assessment::kObjection, std::nullopt});
    case 5:
      world.Pass((in.Byte() % 32) * kMinute);
      return Decision{};
    case 6:
      return world.Do({}, Recheck{id});
    case 7:
      return world.Put(party, notice, ReadDeclaration(in, notice, world.now()), /*draft=*/true);
    default: {
      const Declaration declaration = ReadDeclaration(in, notice, world.now());
      return world.state().FindNotice(id) == nullptr ? world.Put(party, notice, declaration)
                                                     : world.Replace(party, notice, declaration);
    }
  }
}

std::string CompareRestored(const World& world, const std::map<uint64_t, base::Bytes>& rows,
                            size_t from) {
  const base::Bytes canonical = world.state().Canonical();
  if (world.Replayed()->Canonical() != canonical) return "replaying the log gives another state";
  const std::unique_ptr<State> restored = world.Restored(rows, from);
  restored->SanityCheck();
  if (restored->Canonical() != canonical) return "the projection and the log give another state";
  return {};
}

}  // namespace

std::string RunAgainstModel(base::ByteView bytes, ModelCoverage* coverage) {
  Input in(bytes);
  World world;
  std::map<uint64_t, base::Bytes> rows;
  size_t complete_to = 0;
  for (int step = 0; !in.empty(); ++step) {
    const uint8_t operation = in.Byte();
    const uint8_t notice = static_cast<uint8_t>(1 + in.Byte() % kNotices);
    const base::Bytes before = world.state().Canonical();
    const base::Result<Decision> decision = RunCommand(world, in, operation, notice);
    ++coverage->commands;
    if (!decision) {
      ++coverage->refusals;
      if (world.state().Canonical() != before) {
        return "a refused command changed the state: " + decision.error().ToString();
      }
    }
    // Rows taken in the middle of the log: a checkpoint that is behind in some rows' eyes, ahead in others'.
    if (operation >= 240) {
      const size_t at = complete_to;
      complete_to = world.Project(&rows);
      if (operation >= 250) complete_to = at;
    }
    if (!world.Do({}, Tick{DataMode::kReal})) return "a tick was refused";
    world.state().SanityCheck();
    const std::set<Finding> naive = NaiveFindings(world);
    const std::set<Finding> engine = EngineFindings(world);
    coverage->conflicts_seen += engine.size();
    if (naive != engine) {
      return "step " + std::to_string(step) + ": the model finds" + Describe(naive) +
             "; the engine has" + Describe(engine);
    }
  }
  return CompareRestored(world, rows, complete_to);
}

}  // namespace wideberth::airspace::testing
