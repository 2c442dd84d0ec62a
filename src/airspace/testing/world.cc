#include "airspace/testing/world.h"

#include <algorithm>
#include <utility>

#include "airspace/codec.h"
#include "base/check.h"

namespace wideberth::airspace::testing {
namespace {

constexpr geo::Position kGeneva{46'400'000'000, 6'500'000'000};

base::Uuid TestUuid(uint8_t space, uint8_t n) {
  base::Uuid uuid;
  uuid.bytes[0] = space;
  uuid.bytes[6] = 0x40;
  uuid.bytes[8] = 0x80;
  uuid.bytes[15] = n;
  return uuid;
}

Volume4D TestVolume(double east_m) {
  base::Result<geo::Outline> outline =
      geo::Outline::Circle(geo::GeodesicDestination(kGeneva, 90, east_m), 1'000'000);
  CHECK(outline.has_value());
  return {std::move(*outline),
          {{1'000'000, geo::AltitudeReference::kW84}, {1'200'000, geo::AltitudeReference::kW84}},
          {{kNoon.us + base::kMicrosPerHour}, {kNoon.us + 2 * base::kMicrosPerHour}},
          {},
          {}};
}

Declaration TestDeclaration(NoticeKind kind, double east_m) {
  Declaration declaration;
  declaration.kind = kind;
  declaration.role_to_call = "duty officer";
  declaration.volumes.push_back(TestVolume(east_m));
  declaration.original = "{}";
  return declaration;
}

}  // namespace

base::Digest TestDigest(base::ByteView bytes) {
  base::Digest digest;
  uint64_t state = 0x9E3779B97F4A7C15u + bytes.size();
  for (size_t i = 0; i < bytes.size() + 64; ++i) {
    state ^= i < bytes.size() ? bytes[i] : i;
    state *= 0xD6E8FEB86659FD93u;
    state ^= state >> 29;
    digest.bytes[i % 32] ^= static_cast<uint8_t>(state >> 40);
  }
  return digest;
}

base::PartyId TestParty(uint8_t n) {
  return {TestUuid(1, n)};
}
base::NoticeId TestNotice(uint8_t n) {
  return {TestUuid(2, n)};
}

Rules TestRules() {
  Rules::Content content;
  content.parties = {{TestParty(1), "north"}, {TestParty(2), "south"}, {TestParty(3), "east"}};
  content.activity_classes = {"transport", "survey"};
  const KindPattern activity{NoticeKind::kActivity, ""};
  content.separations = {
      {activity, activity, {5'000'000, 300'000, 10 * base::kMicrosPerMinute}},
      {activity, {NoticeKind::kHazard, ""}, {1'000'000, 100'000, 0}},
      {{NoticeKind::kHazard, ""}, {NoticeKind::kHazard, ""}, {}},
      {activity, {NoticeKind::kProtectedSite, ""}, {}},
      {{NoticeKind::kHazard, ""}, {NoticeKind::kProtectedSite, ""}, {}},
      {activity, {NoticeKind::kZone, ""}, {}},
  };
  content.hazard_dwell_us.fill(45 * base::kMicrosPerMinute);
  content.lead_time_min_us.fill(15 * base::kMicrosPerMinute);
  base::Result<Rules> rules = Rules::Make(std::move(content), TestDigest(base::AsBytes("rules")));
  CHECK(rules.has_value());
  return std::move(*rules);
}

Declaration TestActivity(double east_m) {
  return TestDeclaration(NoticeKind::kActivity, east_m);
}

Declaration TestHazard(double east_m) {
  Declaration declaration = TestDeclaration(NoticeKind::kHazard, east_m);
  declaration.hazard_class = HazardClass::kLiveFiring;
  return declaration;
}

Declaration TestSite(double east_m) {
  Declaration declaration = TestDeclaration(NoticeKind::kProtectedSite, east_m);
  declaration.volumes[0].window.end = base::kTimeOpenEnd;
  return declaration;
}

Declaration TestZone(Restriction restriction, double east_m) {
  Declaration declaration = TestDeclaration(NoticeKind::kZone, east_m);
  declaration.restriction = restriction;
  declaration.volumes[0].window.end = base::kTimeOpenEnd;
  return declaration;
}

World::World(RuleBook rules) : rules_(std::move(rules)) {}

base::Result<Decision> World::Do(base::PartyId party, CommandBody body,
                                 std::optional<base::UtcMicros> said_at) {
  base::Result<Decision> decision =
      Decide(state_, rules_, TestDigest, Command{party, std::move(body), said_at}, now_);
  if (decision && !decision->effects.empty()) {
    log_.emplace_back();
    EncodeEffects(decision->effects, &log_.back());
    state_.Apply(decision->effects);
  }
  return decision;
}

base::Result<Decision> World::Put(uint8_t party, uint8_t notice, const Declaration& declaration,
                                  bool draft) {
  base::Result<PreparedDeclaration> prepared =
      PreparedDeclaration::Prepare(declaration, rules_, {}, TestDigest);
  if (!prepared) return base::Fail(prepared.error());
  Declare command;
  command.id = TestNotice(notice);
  command.prepared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
  command.draft = draft;
  return Do(TestParty(party), std::move(command));
}

base::Result<Decision> World::Store(uint8_t party, uint8_t notice, const Declaration& declaration,
                                    Declare command) {
  base::Result<PreparedDeclaration> prepared =
      PreparedDeclaration::Prepare(declaration, rules_, {}, TestDigest);
  if (!prepared) return base::Fail(prepared.error());
  command.id = TestNotice(notice);
  command.prepared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
  if (state_.FindNotice(command.id) != nullptr) command.replaces = Latest(notice);
  return Do(TestParty(party), std::move(command));
}

base::Result<Decision> World::Replace(uint8_t party, uint8_t notice,
                                      const Declaration& declaration) {
  return Store(party, notice, declaration, {});
}

base::Digest World::Latest(uint8_t notice) const {
  const Notice* found = state_.FindNotice(TestNotice(notice));
  return found == nullptr ? base::Digest{} : found->latest().digest;
}

std::vector<Conflict> World::Live() const {
  std::vector<Conflict> live;
  state_.VisitConflicts(0, [&](uint64_t, const Conflict& conflict) {
    if (conflict.state != ConflictState::kResolved && conflict.state != ConflictState::kPassed) {
      live.push_back(conflict);
    }
    return true;
  });
  std::sort(live.begin(), live.end(),
            [](const Conflict& a, const Conflict& b) { return a.id < b.id; });
  return live;
}

std::unique_ptr<State> World::Replayed() const {
  return Restored({}, 0);
}

size_t World::Project(std::map<uint64_t, base::Bytes>* rows) {
  for (const uint64_t key : state_.TakeDirty()) {
    if (std::optional<base::Bytes> row = state_.EncodeRow(key)) {
      (*rows)[key] = std::move(*row);
    } else {
      rows->erase(key);
    }
  }
  return log_.size();
}

std::unique_ptr<State> World::Restored(const std::map<uint64_t, base::Bytes>& rows,
                                       size_t from) const {
  auto restored = std::make_unique<State>();
  for (const auto& [key, bytes] : rows) {
    State::Row row = State::DecodeRow(key, bytes).value();
    CHECK(restored->LoadRow(row).has_value());
  }
  restored->FinishLoading();
  for (size_t i = from; i < log_.size(); ++i) {
    base::Result<std::vector<Effect>> effects = DecodeEffects(log_[i]);
    CHECK(effects.has_value());
    restored->Apply(*effects);
  }
  return restored;
}

}  // namespace wideberth::airspace::testing
