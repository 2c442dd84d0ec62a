#include "airspace/notice.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/rules.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using geo::AltitudeReference;

constexpr int64_t kHour = base::kMicrosPerHour;
constexpr int64_t kStart = 1'795'255'200'000'000;  // 2026-11-21T10:00:00Z

Volume4D MakeVolume(int64_t start_us, int64_t end_us) {
  return {*geo::Outline::Circle({47'000'000'000, 8'000'000'000}, 1'000'000),
          {{0, AltitudeReference::kW84}, {200'000, AltitudeReference::kW84}},
          {{start_us}, {end_us}},
          {0, 0},
          {200'000, 200'000}};
}

Declaration MakeDeclaration(NoticeKind kind) {
  Declaration declaration;
  declaration.kind = kind;
  declaration.role_to_call = "duty officer";
  declaration.frequency = "121.500 MHz";
  declaration.volumes = {MakeVolume(kStart, kStart + kHour)};
  return declaration;
}

Notice MakeNotice(NoticeKind kind) {
  Notice notice;
  notice.versions.emplace_back().declaration = MakeDeclaration(kind);
  return notice;
}

// --- words

template <class Enum>
void ExpectWords(const std::vector<std::string_view>& words) {
  std::string all;
  for (size_t i = 0; i < words.size(); ++i) {
    const Enum value = static_cast<Enum>(i);
    EXPECT_EQ(Name(value), words[i]);
    const base::Result<Enum> parsed = ParseName<Enum>(words[i]);
    ASSERT_TRUE(parsed) << words[i];
    EXPECT_EQ(*parsed, value);
    all.append(i == 0 ? "" : ", ").append(words[i]);
  }
  for (const std::string_view wrong : {"", " ", "real", "Zone", "LAUNCH", "own ", "prohibited"}) {
    const base::Result<Enum> parsed = ParseName<Enum>(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().rule, "must be one of " + all);
    EXPECT_EQ(parsed.error().found, wrong);
  }
}

TEST(Words, AreWhatTheDesignSays) {
  ExpectWords<DataMode>({"REAL", "EXERCISE", "TEST"});
  ExpectWords<NoticeKind>({"activity", "hazard", "protected_site", "zone"});
  ExpectWords<HazardClass>({"live_firing", "launch", "re_entry", "debris", "air_defence_activity",
                            "fire_fighting", "unmanned_swarm", "laser", "electromagnetic",
                            "parachuting", "other"});
  ExpectWords<Restriction>({"PROHIBITED", "REQ_AUTHORISATION", "CONDITIONAL", "NO_RESTRICTION"});
  ExpectWords<Confidence>({"planned", "observed", "expected"});
  ExpectWords<HazardSource>({"own", "observed", "expected_third_party"});
  ExpectWords<AuthorState>({"draft", "released", "superseded", "withdrawn"});
  ExpectWords<ActivityState>({"planned", "active", "ended", "all_clear", "no_longer_observed"});
  ExpectWords<Assessment>({"none", "no_objection", "objection", "need_time"});
  ExpectWords<Treatment>({"none", "listed", "separation", "keep_out"});
  ExpectWords<Verdict>({"clear", "possible", "certain"});
  ExpectWords<ConflictState>({"open", "seen", "proposed", "resolved", "kept", "passed"});
}

// --- declarations

using Spoil = void (*)(Declaration*);
struct BadDeclaration {
  NoticeKind kind;
  const char* field;
  base::ErrorCode code;
  Spoil spoil;
};

TEST(ValidateDeclaration, NamesTheField) {
  using enum NoticeKind;
  const auto invalid = base::ErrorCode::kInvalid;
  const auto too_large = base::ErrorCode::kTooLarge;
  const std::vector<BadDeclaration> cases = {
      {kActivity, "/volumes", invalid, [](Declaration* d) { d->volumes.clear(); }},
      {kActivity, "/volumes", too_large,
       [](Declaration* d) { d->volumes.resize(1'001, d->volumes[0]); }},
      {kActivity, "/volumes/2/window", invalid,
       [](Declaration* d) {
         d->volumes.resize(3, d->volumes[0]);
         d->volumes[2].window.end = d->volumes[2].window.start;
       }},
      {kHazard, "/volumes/0/band/lower", invalid,
       [](Declaration* d) { d->volumes[0].band.lower.mm = -8'000'001; }},
      {kActivity, "/volumes/0/window", invalid,
       [](Declaration* d) { d->volumes[0].window.start = base::kTimeOpenStart; }},
      {kHazard, "/volumes/0/window", invalid,
       [](Declaration* d) { d->volumes[0].window.start = base::kTimeOpenStart; }},
      {kHazard, "/activity_class", invalid,
       [](Declaration* d) { d->activity_class = "transport"; }},
      {kActivity, "/activity_class", invalid,
       [](Declaration* d) { d->activity_class = "Transport"; }},
      {kActivity, "/activity_class", invalid,
       [](Declaration* d) { d->activity_class = std::string(64, 'a'); }},
      {kActivity, "/name", invalid, [](Declaration* d) { d->name = "Alpha"; }},
      {kZone, "/name", too_large, [](Declaration* d) { d->name = std::string(801, 'a'); }},
      {kZone, "/role_to_call", too_large,
       [](Declaration* d) { d->role_to_call = std::string(121, 'a'); }},
      {kZone, "/frequency", invalid, [](Declaration* d) { d->frequency = "121.5\n"; }},
      {kZone, "/original", too_large,
       [](Declaration* d) { d->original = std::string(limits::kJsonBodyBytesMax + 1, ' '); }},
  };
  for (const BadDeclaration& bad : cases) {
    Declaration declaration = MakeDeclaration(bad.kind);
    ASSERT_TRUE(ValidateDeclaration(declaration));
    bad.spoil(&declaration);
    const auto result = ValidateDeclaration(declaration);
    ASSERT_FALSE(result) << bad.field;
    EXPECT_EQ(result.error().field, bad.field);
    EXPECT_EQ(result.error().code, bad.code) << result.error().ToString();
    EXPECT_FALSE(result.error().rule.empty());
  }
}

TEST(ValidateDeclaration, CountsTheVerticesOfAllVolumes) {
  std::vector<geo::Position> ring;
  for (int64_t i = 0; i < 1'000; ++i) {
    ring.push_back({47'000'000'000 + i * 1'000, 8'000'000'000 + (i % 500) * 1'000});
  }
  Declaration declaration = MakeDeclaration(NoticeKind::kActivity);
  declaration.volumes[0].outline = *geo::Outline::Polygon(ring);
  declaration.volumes.resize(10, declaration.volumes[0]);
  EXPECT_TRUE(ValidateDeclaration(declaration));
  declaration.volumes.push_back(MakeVolume(kStart, kStart + kHour));  // one vertex more
  const auto result = ValidateDeclaration(declaration);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().field, "/volumes");
  EXPECT_EQ(result.error().found, "10001");
  EXPECT_EQ(result.error().code, base::ErrorCode::kTooLarge);
}

TEST(ValidateDeclaration, ZonesAndSitesMayAlwaysHaveBeen) {
  for (const NoticeKind kind : {NoticeKind::kZone, NoticeKind::kProtectedSite}) {
    Declaration declaration = MakeDeclaration(kind);
    declaration.name = "Flugplatz Thun / \xF0\x9F\x9A\x81 \xC3\xA9";
    declaration.volumes[0].window = {base::kTimeOpenStart, base::kTimeOpenEnd};
    EXPECT_TRUE(ValidateDeclaration(declaration));
  }
}

TEST(ValidateDeclaration, TakesTextsThatPeopleCanRead) {
  for (const std::string_view good :
       {"", "duty officer", "d\xC3\xA9troit", "\xD7\x90\xD7\x91", "\xE5\xA1\x94", "~"}) {
    Declaration declaration = MakeDeclaration(NoticeKind::kActivity);
    declaration.role_to_call = good;
    EXPECT_TRUE(ValidateDeclaration(declaration)) << good;
  }
  const std::vector<std::string_view> cases = {
      {"a\0b", 3},     "\t",           "\x1B[2J",      "\x7F",
      "\xC2\x85",                                       // controls
      "\xE2\x80\xA8",  "\xE2\x80\xAE", "\xE2\x81\xA6",  // separator, override, isolate
      "\xEF\xBB\xBFx",                                  // byte order mark
      "\xFF",          "\xC0\x80",     "\xED\xA0\x80", "\xF4\x90\x80\x80",
      "a\xE2\x82"};
  for (const std::string_view bad : cases) {
    Declaration declaration = MakeDeclaration(NoticeKind::kActivity);
    declaration.frequency = bad;
    const auto result = ValidateDeclaration(declaration);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().field, "/frequency");
    EXPECT_EQ(result.error().found.substr(0, 8), "at byte ");
  }
}

// --- versions

struct ChainCase {
  std::vector<AuthorState> authors;
  int effective;  // index, or -1
};

TEST(EffectiveVersion, IsTheNewestReleasedUnlessWithdrawn) {
  using enum AuthorState;
  const std::vector<ChainCase> cases = {
      {{kDraft}, -1},
      {{kReleased}, 0},
      {{kWithdrawn}, -1},
      {{kSuperseded, kReleased}, 1},
      {{kReleased, kDraft}, 0},
      {{kReleased, kDraft, kDraft}, 0},
      {{kSuperseded, kReleased, kDraft}, 1},
      {{kSuperseded, kWithdrawn}, -1},
      {{kSuperseded, kWithdrawn, kDraft}, -1},
      {{kDraft, kDraft}, -1},
      {{kDraft, kReleased}, 1},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    Notice notice;
    for (const AuthorState author : cases[i].authors) {
      NoticeVersion& version = notice.versions.emplace_back();
      version.author = author;
      version.declaration = MakeDeclaration(NoticeKind::kActivity);
    }
    const NoticeVersion* effective = EffectiveVersion(notice);
    const int index = effective == nullptr ? -1 : static_cast<int>(effective - &notice.versions[0]);
    EXPECT_EQ(index, cases[i].effective) << "case " << i;
    EXPECT_EQ(InForce(notice, {kStart}), cases[i].effective >= 0) << "case " << i;
  }
}

TEST(InForce, LooksAtTheEffectiveVersionNotAtADraft) {
  Notice notice = MakeNotice(NoticeKind::kActivity);
  NoticeVersion draft = notice.versions[0];
  draft.author = AuthorState::kDraft;
  draft.declaration.volumes = {MakeVolume(kStart + 5 * kHour, kStart + 6 * kHour)};
  notice.versions.push_back(draft);
  EXPECT_TRUE(InForce(notice, {kStart + kHour - 1}));
  EXPECT_FALSE(InForce(notice, {kStart + kHour})) << "windows are half-open";
}

// --- windows

TEST(EffectiveWindow, OfAHazardLastsUntilAllClear) {
  Notice notice = MakeNotice(NoticeKind::kHazard);
  const Volume4D& volume = notice.latest().declaration.volumes[0];
  EXPECT_EQ(EffectiveWindow(notice, volume), (TimeWindow{{kStart}, base::kTimeOpenEnd}));
  EXPECT_TRUE(InForce(notice, {kStart + 1'000 * kHour}));

  notice.activity = ActivityState::kEnded;
  notice.ended_at = base::UtcMicros{kStart + kHour / 2};
  EXPECT_EQ(EffectiveWindow(notice, volume).end, base::kTimeOpenEnd) << "ended is not clear";

  notice.all_clear_at = base::UtcMicros{kStart + 3 * kHour};
  EXPECT_EQ(EffectiveWindow(notice, volume), (TimeWindow{{kStart}, {kStart + 3 * kHour}}));
  EXPECT_TRUE(InForce(notice, {kStart + 3 * kHour - 1}));
  EXPECT_FALSE(InForce(notice, {kStart + 3 * kHour}));

  notice.all_clear_at = base::UtcMicros{kStart + kHour / 4};
  EXPECT_EQ(EffectiveWindow(notice, volume).end.us, kStart + kHour / 4) << "before the planned end";

  notice.all_clear_at = base::UtcMicros{kStart - 1};
  EXPECT_EQ(EffectiveWindow(notice, volume), (TimeWindow{{kStart}, {kStart}}));
  EXPECT_FALSE(InForce(notice, {kStart - kHour})) << "nothing is left of it";
}

TEST(EffectiveWindow, OfAnActivityEndsWhenItWasSaidToHaveEnded) {
  Notice notice = MakeNotice(NoticeKind::kActivity);
  const Volume4D& volume = notice.latest().declaration.volumes[0];
  EXPECT_EQ(EffectiveWindow(notice, volume), volume.window);
  notice.ended_at = base::UtcMicros{kStart + kHour / 2};
  EXPECT_EQ(EffectiveWindow(notice, volume), (TimeWindow{{kStart}, {kStart + kHour / 2}}));
  notice.ended_at = base::UtcMicros{kStart + 2 * kHour};
  EXPECT_EQ(EffectiveWindow(notice, volume), volume.window) << "it does not grow";
  notice.ended_at = base::UtcMicros{kStart - 5};
  EXPECT_EQ(EffectiveWindow(notice, volume), (TimeWindow{{kStart}, {kStart}}));
  EXPECT_FALSE(InForce(notice, {0}));
  notice.all_clear_at = base::UtcMicros{kStart + 1};
  EXPECT_EQ(EffectiveWindow(notice, volume).end.us, kStart) << "all-clear is for hazards";
}

TEST(EffectiveWindow, OfZonesAndSitesIsTheDeclaredOne) {
  for (const NoticeKind kind : {NoticeKind::kZone, NoticeKind::kProtectedSite}) {
    Notice notice = MakeNotice(kind);
    notice.ended_at = base::UtcMicros{kStart + 1};
    notice.all_clear_at = base::UtcMicros{kStart + 1};
    const Volume4D& volume = notice.latest().declaration.volumes[0];
    EXPECT_EQ(EffectiveWindow(notice, volume), volume.window);
  }
}

TEST(InForce, NeedsOneVolumeThatIsNotOver) {
  Notice notice = MakeNotice(NoticeKind::kActivity);
  notice.versions[0].declaration.volumes.push_back(
      MakeVolume(kStart + 2 * kHour, kStart + 3 * kHour));
  EXPECT_TRUE(InForce(notice, {kStart + 3 * kHour - 1}));
  EXPECT_FALSE(InForce(notice, {kStart + 3 * kHour}));
  notice.ended_at = base::UtcMicros{kStart + 2 * kHour};
  EXPECT_FALSE(InForce(notice, {kStart + 2 * kHour}));
}

}  // namespace
}  // namespace wideberth::airspace
