// Dead-man areas: telemetry that stops raises the agreed hazard, once, without a person; nothing else does.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "base/testing/refused.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/writer.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::ActivityState;
using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::Role;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

constexpr std::string_view kCorridor = "launch corridor";  // of north
constexpr std::string_view kRange = "southern range";      // of south

agreement::StandingRelease Area(size_t party, std::string_view name, double lat_deg) {
  const auto at = [&](double dlat, double lng) {
    return geo::MakePosition(lat_deg + dlat, lng).value();
  };
  agreement::StandingRelease release;
  release.kind = agreement::StandingReleaseKind::kDeadMan;
  release.name = name;
  release.party = Parties::party(party);
  release.area =
      geo::Outline::Polygon({at(0, 7.0), at(0, 7.6000000011), at(0.5999999991, 7.4)}).value();
  release.hazard_class = airspace::HazardClass::kLaunch;
  return release;
}

Terms AgreedTerms() {
  Terms terms;
  terms.agreement.bytes.fill(0x41);
  terms.standing_releases = {Area(0, kCorridor, 47.2), Area(1, kRange, 45.1)};
  return terms;
}

class DeadManTest : public ::testing::Test {
 protected:
  DeadManTest() : parties(2, AgreedTerms()) { parties.Settle(); }

  base::Result<void> Arm(int64_t timeout_us, std::string_view name = kCorridor) {
    auto armed = parties.core(0).ArmDeadMan(name, timeout_us, "b0066359d64f97eb", parties.now(0));
    parties.Turn(0);
    return armed;
  }
  base::Result<void> Beat() {
    auto beaten = parties.core(0).BeatDeadMan(kCorridor, parties.now(0));
    parties.Turn(0);
    return beaten;
  }
  const DeadMan& State() const { return *parties.desk(0).FindDeadMan(kCorridor); }
  // All hazards that a side has.
  std::vector<airspace::Notice> Hazards(size_t n) const {
    std::vector<airspace::Notice> found;
    parties.state(n).VisitNotices(0, [&](uint64_t, const airspace::Notice& notice) {
      found.push_back(notice);
      return true;
    });
    return found;
  }
  std::vector<std::string> Journal(std::string_view what) {
    std::vector<std::string> found;
    for (const std::string& entry : parties.side(0).journal) {
      if (entry.find(what) != std::string::npos) found.push_back(entry);
    }
    return found;
  }

  Parties parties;
};

TEST_F(DeadManTest, HeartbeatsKeepItDownAndSilenceRaisesTheAgreedHazardOnBothSides) {
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  for (int i = 0; i < 60; ++i) {
    parties.Run(4 * kSecond);
    ASSERT_TRUE(Beat().has_value());
  }
  EXPECT_TRUE(Hazards(0).empty());
  EXPECT_EQ(State().state, DeadManState::kArmed);
  parties.Run(4 * kSecond);
  EXPECT_TRUE(Hazards(0).empty());
  parties.Run(3 * kSecond);
  ASSERT_EQ(State().state, DeadManState::kRaised);
  for (const size_t n : kBoth) {
    SCOPED_TRACE(n);
    const auto hazards = Hazards(n);
    ASSERT_EQ(hazards.size(), 1u);
    const airspace::Notice& notice = hazards[0];
    EXPECT_EQ(notice.id, State().notice);
    EXPECT_EQ(notice.party, Parties::party(0));
    EXPECT_EQ(notice.activity, ActivityState::kActive);
    const airspace::Declaration& content = notice.latest().declaration;
    EXPECT_EQ(content.kind, airspace::NoticeKind::kHazard);
    EXPECT_EQ(content.hazard_class, airspace::HazardClass::kLaunch);
    EXPECT_EQ(content.hazard_source, airspace::HazardSource::kOwn);
    EXPECT_TRUE(content.unplanned);
    EXPECT_EQ(content.data_mode, airspace::DataMode::kReal);
    ASSERT_EQ(content.volumes.size(), 1u);
    EXPECT_EQ(content.volumes[0].outline, Area(0, kCorridor, 47.2).area);
    EXPECT_EQ(content.volumes[0].band.upper.mm, geo::kUnlimitedUp);
    EXPECT_EQ(content.volumes[0].window.end, base::kTimeOpenEnd);
    EXPECT_TRUE(notice.delivery.at(Parties::party(1)).r1.has_value());
  }
  EXPECT_EQ(Hazards(0)[0].latest().digest, Hazards(1)[0].latest().digest)
      << "one name on both sides";
  const auto refine = parties.OpenMatters(0, MatterKind::kRefine);
  ASSERT_EQ(refine.size(), 1u);
  EXPECT_TRUE(refine[0].urgent);
  const auto owed = parties.OpenMatters(1, MatterKind::kReadBack);
  ASSERT_EQ(owed.size(), 1u);
  EXPECT_TRUE(owed[0].urgent);
  EXPECT_FALSE(owed[0].owed_by_peer);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
  EXPECT_EQ(Journal("dead_man_armed").size(), 1u);
  EXPECT_EQ(Journal("dead_man_raised").size(), 1u);
  ExpectRefused(Beat(), ErrorCode::kConflict, "name");
}

TEST_F(DeadManTest, ItIsRaisedOnceAndAgainOnlyWhenItHasBeenArmedAgain) {
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.Run(10 * kMinute);
  EXPECT_EQ(Hazards(0).size(), 1u);
  parties.Crash(0);
  parties.Start(0);
  parties.Run(10 * kMinute);
  EXPECT_EQ(Hazards(0).size(), 1u);
  const auto first = State().notice;
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.Run(kMinute);
  EXPECT_EQ(Hazards(0).size(), 2u);
  EXPECT_EQ(Hazards(1).size(), 2u);
  EXPECT_NE(State().notice, first);
}

TEST_F(DeadManTest, WhatIsDisarmedRaisesNothing) {
  ExpectRefused(parties.core(0).DisarmDeadMan(kCorridor, "", parties.now(0)), ErrorCode::kConflict,
                "name");
  ExpectRefused(Beat(), ErrorCode::kConflict, "name");
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.Run(3 * kSecond);
  ASSERT_TRUE(
      parties.core(0).DisarmDeadMan(kCorridor, "b0066359d64f97eb", parties.now(0)).has_value());
  parties.Turn(0);
  parties.Run(10 * kMinute);
  EXPECT_TRUE(Hazards(0).empty());
  EXPECT_EQ(State().state, DeadManState::kDisarmed);
  EXPECT_EQ(Journal("dead_man_disarmed").size(), 1u);
}

TEST_F(DeadManTest, OnlyWhatIsAgreedForThisPartyCanBeArmed) {
  ExpectRefused(Arm(5 * kSecond, kRange), ErrorCode::kNotFound, "name");  // the peer's
  ExpectRefused(Arm(5 * kSecond, "elsewhere"), ErrorCode::kNotFound, "name");
  ExpectRefused(Arm(0), ErrorCode::kInvalid, "timeout_s");
  ExpectRefused(Arm(601 * kSecond), ErrorCode::kInvalid, "timeout_s");
  EXPECT_TRUE(parties.desk(0).dead_men().empty());
  ASSERT_EQ(parties.core(0).DeadManAreas().size(), 1u);
  EXPECT_EQ(parties.core(0).DeadManAreas()[0].name, kCorridor);
}

TEST_F(DeadManTest, AStartHasOneTimeoutOfGrace) {
  ASSERT_TRUE(Arm(30 * kSecond).has_value());
  parties.Run(20 * kSecond);
  parties.Crash(0);
  parties.Run(10 * kMinute);
  parties.Start(0);
  parties.Run(29 * kSecond);
  EXPECT_EQ(State().state, DeadManState::kArmed);
  ASSERT_TRUE(Beat().has_value());
  parties.Run(29 * kSecond);
  EXPECT_EQ(State().state, DeadManState::kArmed);
  parties.Run(3 * kSecond);
  EXPECT_EQ(State().state, DeadManState::kRaised);
}

TEST_F(DeadManTest, AWallClockThatJumpsRaisesNothing) {
  ASSERT_TRUE(Arm(30 * kSecond).has_value());
  parties.side(0).clock_offset_us = 60 * kMinute;
  parties.Run(25 * kSecond);
  EXPECT_EQ(State().state, DeadManState::kArmed);
  parties.side(0).clock_offset_us = 0;
  ASSERT_TRUE(Beat().has_value());
  parties.Run(25 * kSecond);
  EXPECT_EQ(State().state, DeadManState::kArmed);
}

TEST_F(DeadManTest, RaisedWhileTheLineIsDownItArrivesAfterwards) {
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.SetPath(0, 1, false);
  parties.Run(kMinute);
  EXPECT_EQ(Hazards(0).size(), 1u);
  EXPECT_TRUE(Hazards(1).empty());
  parties.SetPath(0, 1, true);
  parties.Run(10 * kSecond);
  EXPECT_EQ(Hazards(1).size(), 1u);
}

// What is there is there, whatever has become of the agreement since: the clocks differ, or the line was lost.
TEST_F(DeadManTest, RaisedUnderAnAgreementThatIsNotInForceAtThePeerItIsTakenAllTheSame) {
  const auto agree = [&](base::UtcMicros until) {
    agreement::Agreement first = Parties::MakeAgreement(0, 1, 1, 5, {testing::kNoon.us - kMinute});
    first.standing_releases = AgreedTerms().standing_releases;
    first.expires = until;
    parties.Agree(0, 1, {first});
  };
  agree({testing::kNoon.us + 10 * kMinute});
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.SetPath(0, 1, false);
  parties.Run(10 * kSecond);
  ASSERT_EQ(State().state, DeadManState::kRaised);
  EXPECT_TRUE(Hazards(1).empty());
  parties.Run(11 * kMinute);
  ASSERT_TRUE(parties.core(1).FindInForce(Parties::party(0))->on_floor());
  parties.SetPath(0, 1, true);
  parties.Run(5 * kSecond);
  ASSERT_EQ(Hazards(1).size(), 1u);
  EXPECT_EQ(Hazards(1)[0].id, State().notice);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
}

// The machine says nothing that is not agreed. It is there all the same: a person is told who has not heard of it.
TEST(DeadManWithoutAreaTest, APeerWhoseAgreementLacksTheAreaIsToldByAPerson) {
  Parties parties(3);
  agreement::Agreement with_area =
      Parties::MakeAgreement(0, 1, 1, 5, {testing::kNoon.us - kMinute});
  with_area.standing_releases = AgreedTerms().standing_releases;
  parties.Agree(0, 1, {with_area});
  parties.Agree(0, 2, {Parties::MakeAgreement(0, 2, 2, 5, {testing::kNoon.us - kMinute})});
  parties.Settle();
  ASSERT_TRUE(
      parties.core(0).ArmDeadMan(kCorridor, 5 * kSecond, "b0066359d64f97eb", parties.now(0)));
  parties.Turn(0);
  parties.Run(10 * kSecond);
  const base::NoticeId id = *parties.desk(0).FindDeadMan(kCorridor)->notice;
  EXPECT_NE(parties.state(1).FindNotice(id), nullptr);
  EXPECT_EQ(parties.state(2).FindNotice(id), nullptr);
  const auto not_told = parties.OpenMatters(0, MatterKind::kNotTold);
  ASSERT_EQ(not_told.size(), 1u);
  EXPECT_EQ(not_told[0].peer, Parties::party(2));
  EXPECT_EQ(not_told[0].notice, id);
  EXPECT_TRUE(not_told[0].urgent);

  airspace::Declaration refined = airspace::testing::TestHazard();
  refined.unplanned = true;
  refined.volumes[0].window.start = parties.now(0).utc;
  const auto done = parties.Do(0, parties.ReleaseRequest(0, id, refined, ReleaseCheck::kNone));
  ASSERT_TRUE(done.has_value()) << done.error().ToString();
  parties.Run(3 * kSecond);
  for (const size_t n : {size_t{1}, size_t{2}}) {
    ASSERT_NE(parties.state(n).FindNotice(id), nullptr) << n;
    EXPECT_EQ(parties.state(n).FindNotice(id)->latest().digest,
              parties.state(0).FindNotice(id)->latest().digest);
  }
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kNotTold).empty());
}

TEST_F(DeadManTest, AfterwardsItIsAHazardLikeAnyOther) {
  ASSERT_TRUE(Arm(5 * kSecond).has_value());
  parties.Run(10 * kSecond);
  const base::NoticeId id = *State().notice;
  const airspace::NoticeVersion version = parties.state(1).FindNotice(id)->latest();
  ReadBack body;
  body.notice = id;
  body.version = body.of = version.digest;
  body.reading = ReadingOf(version.declaration);
  body.declaration_sha256 = crypto::Sha256(base::AsBytes(version.declaration.original));
  ASSERT_TRUE(parties.Do(1, body).has_value());
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kReadBack).empty());
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kReadBack).empty());
  EXPECT_TRUE(parties.state(0).FindNotice(id)->delivery.at(Parties::party(1)).r3.has_value());
  const NoticeVersionRef ref{id, version.digest};
  ASSERT_TRUE(parties.Do(0, SetEnded{ref}).has_value());
  parties.Run(60 * kMinute);
  ExpectRefused(parties.DoAs(0, Role::kDutyOfficer, AllClear{ref, false}), ErrorCode::kForbidden,
                "role");
  EXPECT_EQ(parties.state(0).FindNotice(id)->activity, ActivityState::kEnded) << "by no timer";
  ASSERT_TRUE(parties.DoAs(0, Role::kSupervisor, AllClear{ref, false}).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.state(0).FindNotice(id)->activity, ActivityState::kAllClear);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kRefine).empty());
}

// ---- What the peer may not raise ----

class ForgedHazardTest : public DeadManTest {
 protected:
  struct Parts {
    agreement::StandingRelease release = Area(1, kRange, 45.1);
    StandingHazard hazard{Parties::party(1),
                          airspace::testing::TestNotice(9),
                          std::string(kRange),
                          {},
                          testing::kNoon};
    base::Digest agreement = AgreedTerms().agreement;
    std::string declaration;  // if empty what the release raises
    std::optional<base::Digest> sha256;
    uint8_t key_seed = testing::MessageSeed(2);
  };
  static std::string Text(const airspace::Declaration& declaration) {
    std::string text;
    json::Writer json(&text);
    formats::WriteDeclaration(&json, declaration);
    return text;
  }
  static std::string Body(Parts parts) {
    if (parts.declaration.empty()) {
      parts.declaration = DeclarationOf(parts.release, parts.hazard.at).original;
    }
    parts.hazard.declaration_sha256 =
        parts.sha256.value_or(crypto::Sha256(base::AsBytes(parts.declaration)));
    const auto sealed = SealStandingHazard(parts.hazard, testing::TestKey(parts.key_seed)).value();
    return WriteStandingHazardMessage({sealed.envelope, parts.agreement, parts.declaration});
  }
  void ExpectUnusable(std::string body) {
    const size_t before = parties.OpenMatters(0, MatterKind::kUnusable).size();
    parties.SendRaw(1, 0, "standing-hazard", std::move(body));
    parties.Run(kSecond);
    EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), before + 1);
    EXPECT_TRUE(Hazards(0).empty());
  }
  // The agreed declaration, but for what `change` does.
  void ExpectOtherRefused(const std::function<void(airspace::Declaration*)>& change) {
    Parts parts;
    airspace::Declaration declaration = DeclarationOf(parts.release, parts.hazard.at);
    change(&declaration);
    parts.declaration = Text(declaration);
    ExpectUnusable(Body(parts));
  }
};

// Nothing could be said on the line before the peer's keys were changed.
TEST_F(ForgedHazardTest, SignedByAKeyThatThePeerHadOnThisLineIsTaken) {
  ASSERT_TRUE(parties.ChangeKeys(1).has_value());
  parties.Run(5 * kSecond);
  parties.SendRaw(1, 0, "standing-hazard", Body({}));
  parties.Run(kSecond);
  EXPECT_EQ(Hazards(0).size(), 1u);
}

TEST_F(ForgedHazardTest, SignedBySomebodyElse) {
  Parts by_operator;
  by_operator.key_seed = 77;
  ExpectUnusable(Body(by_operator));
  Parts by_north;
  by_north.key_seed = testing::MessageSeed(1);
  ExpectUnusable(Body(by_north));
  Parts of_north;
  of_north.hazard.party = Parties::party(0);
  ExpectUnusable(Body(of_north));
}

TEST_F(ForgedHazardTest, NotAgreed) {
  Parts unknown;
  unknown.hazard.release = "elsewhere";
  ExpectUnusable(Body(unknown));
  Parts ours;
  ours.hazard.release = kCorridor;
  ours.release = Area(0, kCorridor, 47.2);
  ExpectUnusable(Body(ours));
  Parts other_agreement;
  other_agreement.agreement.bytes.fill(0x42);
  ExpectUnusable(Body(other_agreement));
}

TEST_F(ForgedHazardTest, AnotherAreaOrAnotherHazard) {
  Parts elsewhere;
  elsewhere.release = Area(1, kRange, 45.2);
  ExpectUnusable(Body(elsewhere));
  ExpectOtherRefused([](auto* d) { d->hazard_class = airspace::HazardClass::kDebris; });
  ExpectOtherRefused([](auto* d) { d->unplanned = false; });
  ExpectOtherRefused([](auto* d) { d->data_mode = airspace::DataMode::kExercise; });
  ExpectOtherRefused([](auto* d) { d->hazard_source = airspace::HazardSource::kObserved; });
  ExpectOtherRefused([](auto* d) { d->volumes.push_back(d->volumes[0]); });
  ExpectOtherRefused([](auto* d) {
    d->volumes[0].band.upper = {3'000'000, geo::AltitudeReference::kAmsl};
  });
  ExpectOtherRefused([](auto* d) { d->volumes[0].window.start.us += kMinute; });
  ExpectOtherRefused(
      [](auto* d) { d->volumes[0].window.end = {d->volumes[0].window.start.us + kMinute}; });
  Parts other_text;
  other_text.sha256 = base::Digest();
  ExpectUnusable(Body(other_text));
}

TEST_F(ForgedHazardTest, Nonsense) {
  for (const std::string_view body :
       {"{}", R"({"standing_hazard":"{}","agreement":"00","declaration":"{}"})",
        R"({"standing_hazard":7})"}) {
    ExpectUnusable(std::string(body));
  }
}

TEST_F(ForgedHazardTest, TheRightOneIsTakenOnceHoweverOftenItIsTold) {
  Parts parts;
  for (int i = 0; i < 2; ++i) {
    parties.SendRaw(1, 0, "standing-hazard", Body(parts));
    parties.Run(kSecond);
    EXPECT_EQ(Hazards(0).size(), 1u);
    EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kUnusable).empty());
  }
  // Under the same id something else: no machine moves what a person may have refined.
  parts.hazard.at.us += kMinute;
  parties.SendRaw(1, 0, "standing-hazard", Body(parts));
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), 1u);
  EXPECT_EQ(Hazards(0)[0].versions.size(), 1u);
}

TEST(StandingTest, WhatWasSealedOpensAsTheSameAndForNobodyElse) {
  const crypto::SecretKey key = testing::TestKey(5);
  const StandingHazard hazard{Parties::party(0), airspace::testing::TestNotice(1), "a \"name\" é",
                              crypto::Sha256({}), testing::kNoon};
  const auto sealed = SealStandingHazard(hazard, key).value();
  const crypto::PublicKey keys[] = {key.public_key()};
  const auto opened = OpenStandingHazard(sealed.envelope, Parties::party(0), keys).value();
  EXPECT_EQ(opened.hazard, hazard);
  EXPECT_EQ(opened.digest, sealed.digest);
  EXPECT_EQ(opened.digest, crypto::Sha256(base::AsBytes(sealed.envelope)));
  ExpectRefused(OpenStandingHazard(sealed.envelope, Parties::party(1), keys),
                ErrorCode::kUnauthorized, "/payload/party");
  const crypto::PublicKey others[] = {testing::TestKey(6).public_key()};
  EXPECT_FALSE(OpenStandingHazard(sealed.envelope, Parties::party(0), others).has_value());
  // An act's type, whatever is in it, is no standing hazard.
  const auto act = crypto::SignEnvelope("application/vnd.wideberth.act.v1+json",
                                        base::AsBytes(std::string_view("{}")), key);
  ExpectRefused(OpenStandingHazard(*act, Parties::party(0), keys), ErrorCode::kInvalid,
                "/payloadType");
}

}  // namespace
}  // namespace wideberth::mechanism
