#include "airspace/notice.h"

#include <gtest/gtest.h>

#include <algorithm>
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

base::PartyId MakeParty(int n) {
  base::PartyId party;
  party.uuid.bytes[15] = static_cast<uint8_t>(n);
  return party;
}

base::Digest MakeDigest(size_t n) {
  base::Digest digest;
  digest.bytes[0] = static_cast<uint8_t>(n);
  return digest;
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
  ExpectWords<AuthorState>({"draft", "released", "superseded", "withdrawn", "held"});
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
      {kActivity, "/unplanned", invalid, [](Declaration* d) { d->unplanned = true; }},
      {kZone, "/may_tell", too_large,
       [](Declaration* d) {
         for (uint8_t i = 0; i <= kMayTellMax; ++i) d->may_tell.push_back(MakeParty(i + 1));
       }},
      {kHazard, "/may_tell/1", invalid,
       [](Declaration* d) {
         d->may_tell = {MakeParty(1), base::PartyId{}};
       }},
      {kHazard, "/may_tell/2", invalid,
       [](Declaration* d) {
         d->may_tell = {MakeParty(1), MakeParty(2), MakeParty(1)};
       }},
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
      version.disclosure =
          author == AuthorState::kDraft ? Disclosure::kDraft : Disclosure::kDeclared;
      version.declaration = MakeDeclaration(NoticeKind::kActivity);
    }
    const NoticeVersion* effective = EffectiveVersion(notice);
    const int index = effective == nullptr ? -1 : static_cast<int>(effective - &notice.versions[0]);
    EXPECT_EQ(index, cases[i].effective) << "case " << i;
    EXPECT_EQ(InForce(notice, {kStart}), cases[i].effective >= 0) << "case " << i;
  }
}

// A chain of versions named 1, 2, 3, ... by party 1: 'i' needs no reading back, 'r' does, 'd' is a draft.
Notice MakeChain(std::string_view kinds) {
  Notice notice;
  notice.party = MakeParty(1);
  for (const char kind : kinds) {
    NoticeVersion& version = notice.versions.emplace_back();
    version.number = static_cast<uint32_t>(notice.versions.size());
    version.digest = MakeDigest(version.number);
    version.until_read_back = kind == 'r';
    version.disclosure = kind == 'd' ? Disclosure::kDraft : Disclosure::kDeclared;
    version.author = kind == 'd' ? AuthorState::kDraft : AuthorState::kSuperseded;
    version.declaration = MakeDeclaration(NoticeKind::kActivity);
  }
  for (auto it = notice.versions.rbegin(); it != notice.versions.rend(); ++it) {
    if (it->disclosure == Disclosure::kDraft) continue;
    it->author = AuthorState::kReleased;
    break;
  }
  return notice;
}

struct UnionCase {
  std::string_view chain;
  size_t read_back_by_2;  // the version, 0: received but not read back
  size_t read_back_by_3;
  std::vector<uint32_t> against_2;
  std::vector<uint32_t> against_any;
};

TEST(CheckedVersions, AreThoseFromTheLastReadBackOn) {
  const std::vector<UnionCase> cases = {
      {"i", 0, 0, {0}, {0}},
      {"ii", 0, 0, {1}, {1}},
      {"r", 0, 0, {0}, {0}},
      {"ir", 0, 0, {0, 1}, {0, 1}},
      {"rrr", 0, 0, {0, 1, 2}, {0, 1, 2}},
      {"irr", 3, 3, {2}, {2}},
      {"irr", 2, 3, {1, 2}, {1, 2}},
      {"irr", 3, 2, {2}, {1, 2}},
      {"irr", 3, 0, {2}, {0, 1, 2}},
      {"irir", 1, 2, {2, 3}, {2, 3}},
      {"irdrd", 2, 2, {1, 3}, {1, 3}},
      {"d", 0, 0, {}, {}},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    const UnionCase& c = cases[i];
    Notice notice = MakeChain(c.chain);
    // Nothing came to anybody: whatever may have to be read back stands beside what came before.
    const std::vector<uint32_t> before = CheckedVersions(notice);
    const auto deliver = [&](int party, size_t read_back) {
      Delivery& delivery = notice.delivery[MakeParty(party)];
      delivery.r1 = Receipt{notice.latest().digest, {kStart}};
      if (read_back > 0) delivery.r3 = Receipt{MakeDigest(read_back), {kStart}};
    };
    deliver(2, c.read_back_by_2);
    deliver(3, c.read_back_by_3);
    EXPECT_EQ(CheckedVersions(notice, MakeParty(2)), c.against_2);
    EXPECT_EQ(CheckedVersions(notice), c.against_any);
    EXPECT_EQ(CheckedVersions(notice, MakeParty(4)), c.against_any);
    EXPECT_TRUE(
        std::includes(before.begin(), before.end(), c.against_any.begin(), c.against_any.end()));
    for (const uint32_t version : c.against_any) {
      EXPECT_EQ(IsChecked(notice, version, MakeParty(2)),
                std::count(c.against_2.begin(), c.against_2.end(), version) == 1);
      EXPECT_EQ(IsChecked(notice, version, notice.party), version == c.against_any.back());
    }
    for (NoticeVersion& version : notice.versions) version.author = AuthorState::kWithdrawn;
    EXPECT_TRUE(CheckedVersions(notice).empty());
    EXPECT_TRUE(CheckedVersions(notice, MakeParty(2)).empty());
  }
}

TEST(InForce, LooksAtEveryVersionThatIsChecked) {
  Notice notice = MakeChain("ir");
  notice.versions[1].declaration.volumes = {MakeVolume(kStart - 5 * kHour, kStart - 4 * kHour)};
  EXPECT_TRUE(InForce(notice, {kStart}));
  notice.delivery[MakeParty(2)].r3 = Receipt{MakeDigest(2), {kStart}};
  EXPECT_FALSE(InForce(notice, {kStart}));
}

TEST(LeadTime, IsKeptByReceiptAndByReadBack) {
  Notice notice = MakeChain("rr");
  const NoticeVersion& version = notice.latest();
  Delivery delivery;
  EXPECT_FALSE(LeadTimeUs(version, delivery.r1).has_value());
  delivery.r1 = Receipt{version.digest, {kStart - 2 * kHour}};
  delivery.r3 = Receipt{version.digest, {kStart - kHour}};
  EXPECT_EQ(LeadTimeUs(version, delivery.r1), 2 * kHour);
  EXPECT_EQ(LeadTimeUs(version, delivery.r3), kHour);
  EXPECT_FALSE(LeadTimeUs(notice.versions[0], delivery.r3).has_value()) << "of another version";
  Declaration zone = MakeDeclaration(NoticeKind::kZone);
  zone.volumes[0].window.start = base::kTimeOpenStart;
  EXPECT_EQ(LeadTimeUs(zone, {kStart}), 0) << "it was always there";
}

TEST(InForce, LooksAtTheEffectiveVersionNotAtADraft) {
  Notice notice = MakeNotice(NoticeKind::kActivity);
  NoticeVersion draft = notice.versions[0];
  draft.author = AuthorState::kDraft;
  draft.disclosure = Disclosure::kDraft;
  draft.declaration.volumes = {MakeVolume(kStart + 5 * kHour, kStart + 6 * kHour)};
  notice.versions.push_back(draft);
  EXPECT_TRUE(InForce(notice, {kStart + kHour - 1}));
  EXPECT_FALSE(InForce(notice, {kStart + kHour})) << "windows are half-open";
}

// --- windows

TimeWindow Occupied(const Notice& notice, const Volume4D& volume) {
  return EffectiveWindow(notice, notice.latest(), volume);
}

TEST(EffectiveWindow, OfAHazardLastsUntilAllClear) {
  Notice notice = MakeNotice(NoticeKind::kHazard);
  const Volume4D& volume = notice.latest().declaration.volumes[0];
  EXPECT_EQ(Occupied(notice, volume), (TimeWindow{{kStart}, base::kTimeOpenEnd}));
  EXPECT_TRUE(InForce(notice, {kStart + 1'000 * kHour}));

  notice.activity = ActivityState::kEnded;
  notice.ended_at = base::UtcMicros{kStart + kHour / 2};
  EXPECT_EQ(Occupied(notice, volume).end, base::kTimeOpenEnd) << "ended is not clear";

  notice.all_clear_at = base::UtcMicros{kStart + 3 * kHour};
  EXPECT_EQ(Occupied(notice, volume), (TimeWindow{{kStart}, {kStart + 3 * kHour}}));
  EXPECT_TRUE(InForce(notice, {kStart + 3 * kHour - 1}));
  EXPECT_FALSE(InForce(notice, {kStart + 3 * kHour}));

  notice.all_clear_at = base::UtcMicros{kStart + kHour / 4};
  EXPECT_EQ(Occupied(notice, volume).end.us, kStart + kHour / 4) << "before the planned end";

  notice.all_clear_at = base::UtcMicros{kStart - 1};
  EXPECT_EQ(Occupied(notice, volume), (TimeWindow{{kStart}, {kStart}}));
  EXPECT_FALSE(InForce(notice, {kStart - kHour})) << "nothing is left of it";
}

TEST(EffectiveWindow, OfAnActivityEndsWhenItWasSaidToHaveEnded) {
  Notice notice = MakeNotice(NoticeKind::kActivity);
  const Volume4D& volume = notice.latest().declaration.volumes[0];
  EXPECT_EQ(Occupied(notice, volume), volume.window);
  notice.ended_at = base::UtcMicros{kStart + kHour / 2};
  EXPECT_EQ(Occupied(notice, volume), (TimeWindow{{kStart}, {kStart + kHour / 2}}));
  notice.ended_at = base::UtcMicros{kStart + 2 * kHour};
  EXPECT_EQ(Occupied(notice, volume), volume.window) << "it does not grow";
  notice.ended_at = base::UtcMicros{kStart - 5};
  EXPECT_EQ(Occupied(notice, volume), (TimeWindow{{kStart}, {kStart}}));
  EXPECT_FALSE(InForce(notice, {0}));
  notice.all_clear_at = base::UtcMicros{kStart + 1};
  EXPECT_EQ(Occupied(notice, volume).end.us, kStart) << "all-clear is for hazards";
}

TEST(EffectiveWindow, BeginsEarlyInTheFirstVolumesOfEachVersion) {
  Notice notice = MakeChain("ir");
  notice.versions[0].declaration.volumes = {MakeVolume(kStart, kStart + kHour),
                                            MakeVolume(kStart + kHour, kStart + 2 * kHour)};
  notice.versions[1].declaration.volumes = {MakeVolume(kStart + kHour, kStart + 2 * kHour)};
  notice.started_at = base::UtcMicros{kStart - kHour};
  const auto start_us = [&](size_t version, size_t volume) {
    const NoticeVersion& of = notice.versions[version];
    return EffectiveWindow(notice, of, of.declaration.volumes[volume]).start.us;
  };
  EXPECT_EQ(start_us(0, 0), kStart - kHour);
  EXPECT_EQ(start_us(0, 1), kStart + kHour);
  EXPECT_EQ(start_us(1, 0), kStart - kHour);
}

TEST(EffectiveWindow, OfZonesAndSitesIsTheDeclaredOne) {
  for (const NoticeKind kind : {NoticeKind::kZone, NoticeKind::kProtectedSite}) {
    Notice notice = MakeNotice(kind);
    notice.ended_at = base::UtcMicros{kStart + 1};
    notice.all_clear_at = base::UtcMicros{kStart + 1};
    const Volume4D& volume = notice.latest().declaration.volumes[0];
    EXPECT_EQ(Occupied(notice, volume), volume.window);
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
