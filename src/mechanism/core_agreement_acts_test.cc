// Agreements that come to be, and end, on the line itself.
#include <gtest/gtest.h>

#include "agreement/floor.h"
#include "agreement/signed.h"
#include "agreement/testing/samples.h"
#include "airspace/testing/world.h"
#include "crypto/sha256.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using agreement::testing::SampleText;
using agreement::testing::With;
using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using base::Digest;
using base::ErrorCode;
using testing::kBoth;
using testing::kMinute;
using testing::kNoon;
using testing::kSecond;
using testing::Parties;

base::UtcMicros At(int64_t us) {
  return {kNoon.us + us};
}

// An agreement of parties 0 and 1, which goes on for an hour when it is denounced.
std::string Text(int64_t number, base::UtcMicros from) {
  std::string text = SampleText();
  text = With(text, "\nnumber = 1", "\nnumber = " + std::to_string(number));
  text = With(text, "2027-01-01T00:00:00Z", base::FormatRfc3339(from));
  text = With(text, "expires = 2028-01-01T00:00:00Z", "denunciation_notice_min = 60");
  text = With(text, agreement::testing::Sample().parties()[0].id.ToString(),
              Parties::party(0).ToString());
  return With(text, agreement::testing::Sample().parties()[1].id.ToString(),
              Parties::party(1).ToString());
}
Digest Of(std::string_view text) {
  return crypto::Sha256(base::AsBytes(text));
}

class AgreementActsTest : public ::testing::Test {
 protected:
  AgreementActsTest() {
    parties_.Agree(0, 1, {});
    parties_.Settle();
  }

  base::Result<ActResult> Propose(size_t n, const std::string& text,
                                  std::optional<Digest> counters = {}) {
    ActRequest request{
        parties_.Seal(n, operators::Role::kDeputyChief, ProposeAgreement{Of(text), counters}),
        nullptr,
        {},
        {},
        {}};
    request.agreement = text;
    return parties_.Do(n, request);
  }
  base::Result<ActResult> Sign(size_t n, const std::string& text) {
    return parties_.Do(n, SignAgreement{Of(text)});
  }
  base::Result<ActResult> Denounce(size_t n, const std::string& text,
                                   std::optional<base::UtcMicros> until = {}) {
    return parties_.Do(n, DenounceAgreement{Of(text), until});
  }
  void AgreeOn(const std::string& text) {
    ASSERT_TRUE(Propose(0, text).has_value());
    parties_.Run(2 * kSecond);
    ASSERT_TRUE(Sign(1, text).has_value());
    parties_.Run(2 * kSecond);
  }
  const KeptAgreement* Kept(size_t n, const std::string& text) {
    return parties_.desk(n).FindAgreement(Parties::party(1 - n), Of(text));
  }
  // Of the agreement in force; of all zeros on the floor.
  Digest InForce(size_t n) {
    const auto* in_force = parties_.core(n).FindInForce(Parties::party(1 - n));
    return in_force->on_floor() ? Digest() : in_force->agreement->digest;
  }
  void RunTo(int64_t us) { parties_.Run(us - parties_.now_us()); }
  size_t Waiting(size_t n) { return parties_.OpenMatters(n, MatterKind::kAgreement).size(); }
  size_t Unusable(size_t n) { return parties_.OpenMatters(n, MatterKind::kUnusable).size(); }
  // What is said by n is lost from here on.
  void Silence(size_t n) {
    parties_.passes = [n](const testing::Flight& flight) { return flight.from != n; };
  }
  void LetAllPass() {
    parties_.passes = [](const testing::Flight&) { return true; };
  }

  Parties parties_;
};

TEST_F(AgreementActsTest, WhatBothHaveSignedComesIntoForceOnBothSidesAtItsTime) {
  const std::string text = Text(1, At(5 * kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  parties_.Run(2 * kSecond);
  // One signature is a proposal, on both sides.
  for (const size_t n : kBoth) {
    ASSERT_NE(Kept(n, text), nullptr);
    EXPECT_EQ(Kept(n, text)->text, text) << "byte for byte";
    EXPECT_FALSE(Kept(n, text)->complete());
    EXPECT_EQ(Waiting(n), 1u);
  }
  EXPECT_TRUE(parties_.OpenMatters(0, MatterKind::kAgreement)[0].owed_by_peer);
  ASSERT_TRUE(Sign(1, text).has_value());
  EXPECT_FALSE(Kept(1, text)->counts()) << "north does not hold it yet";
  parties_.Run(2 * kSecond);
  std::vector<std::string> files;
  for (const size_t n : kBoth) {
    const KeptAgreement& kept = *Kept(n, text);
    EXPECT_TRUE(kept.counts()) << n;
    EXPECT_EQ(kept.theirs.by.role, operators::Role::kDeputyChief);
    EXPECT_EQ(Waiting(n), 0u);
    EXPECT_EQ(InForce(n), Digest()) << "its time has not come";
    const std::string& north = n == 0 ? kept.ours.envelope : kept.theirs.envelope;
    const std::string& south = n == 0 ? kept.theirs.envelope : kept.ours.envelope;
    files.push_back(agreement::WriteSignedAgreement(kept.text, std::vector{north, south}));
  }
  EXPECT_EQ(files[0], files[1]);
  RunTo(5 * kMinute - kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Digest());
  RunTo(5 * kMinute + 2 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(InForce(n), Of(text));
    EXPECT_EQ(parties_.state(n).rules(), parties_.core(n).rules().digest());
    EXPECT_NE(parties_.journal(n).back().find("terms_changed"), std::string::npos);
  }
  // It is on the desk: a start changes nothing.
  parties_.Crash(1);
  parties_.Start(1);
  EXPECT_EQ(InForce(1), Of(text));
  // Nobody's name has crossed.
  for (const size_t n : kBoth) {
    const auto party = static_cast<uint8_t>(n + 1);
    EXPECT_EQ(
        parties_.Wire(n, 1 - n).find(testing::OperatorName(party, operators::Role::kDeputyChief)),
        std::string::npos);
  }
}

TEST_F(AgreementActsTest, WhatOneSideSignedNeverComesIntoForce) {
  const std::string text = Text(1, At(kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  RunTo(2 * kMinute);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Digest()) << n;
  // Its moment has passed: one side cannot change over when the other did not.
  const auto late = Sign(1, text);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().field, "/effective_from");
  EXPECT_EQ(Propose(1, Text(2, At(kMinute))).error().field, "/effective_from");
}

TEST_F(AgreementActsTest, TheSignerWaitsForTheReceipt) {
  const std::string text = Text(1, At(kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  parties_.Run(2 * kSecond);
  Silence(0);  // what north receipts does not arrive
  ASSERT_TRUE(Sign(1, text).has_value());
  RunTo(kMinute + 2 * kSecond);
  EXPECT_EQ(InForce(0), Of(text)) << "north knows that south holds both";
  EXPECT_EQ(InForce(1), Digest()) << "south does not know that north does";
  LetAllPass();
  parties_.Run(10 * kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Of(text)) << n;
}

TEST_F(AgreementActsTest, BothMayProposeTheSameAtOnce) {
  const std::string text = Text(1, At(kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  ASSERT_TRUE(Propose(1, text).has_value());
  parties_.Run(3 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(Kept(n, text)->counts()) << n;
    EXPECT_EQ(Waiting(n), 0u);
    EXPECT_EQ(Unusable(n), 0u);
  }
}

TEST_F(AgreementActsTest, ACounterProposalRefusesWhatItAnswers) {
  const std::string first = Text(1, At(kMinute));
  const std::string second = Text(2, At(kMinute));
  ASSERT_TRUE(Propose(0, first).has_value());
  EXPECT_EQ(Propose(0, second, Of(first)).error().field, "/counters") << "its own";
  parties_.Run(2 * kSecond);
  ASSERT_TRUE(Propose(1, second, Of(first)).has_value());
  parties_.Run(2 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(Kept(n, first)->closed_as, "countered") << n;
    EXPECT_EQ(Kept(n, second)->counters, Of(first));
    EXPECT_EQ(Waiting(n), 1u);
  }
  EXPECT_FALSE(Sign(1, first).has_value());
  ASSERT_TRUE(Sign(0, second).has_value());
  parties_.Run(2 * kSecond);
  for (const size_t n : kBoth) EXPECT_TRUE(Kept(n, second)->counts());
}

TEST_F(AgreementActsTest, AProposalIsTakenBackAndRefused) {
  for (const size_t who : kBoth) {
    const std::string text = Text(1 + static_cast<int64_t>(who), At(kMinute));
    ASSERT_TRUE(Propose(0, text).has_value());
    parties_.Run(2 * kSecond);
    ASSERT_TRUE(Denounce(who, text).has_value());
    parties_.Run(2 * kSecond);
    for (const size_t n : kBoth) {
      EXPECT_EQ(Kept(n, text)->closed_as, "denounced") << n;
      EXPECT_EQ(Waiting(n), 0u);
    }
    EXPECT_FALSE(Sign(1, text).has_value());
    EXPECT_FALSE(Denounce(0, text).has_value());
    // What crosses is about a text: it is not offered anew.
    for (const size_t n : kBoth) EXPECT_EQ(Propose(n, text).error().code, ErrorCode::kConflict);
  }
  for (const size_t n : kBoth) EXPECT_EQ(Unusable(n), 0u);
}

// North takes it back while south's signature is under way: the signature counts, on both sides, and so does the end.
TEST_F(AgreementActsTest, ASignatureThatCrossesTheTakingBackIsOfADenouncedAgreement) {
  const std::string text = Text(1, At(kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  parties_.Run(2 * kSecond);
  const int64_t denounced_at_us = parties_.now_us();
  ASSERT_TRUE(Denounce(0, text).has_value());
  ASSERT_TRUE(Sign(1, text).has_value());
  parties_.Run(3 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(Kept(n, text)->counts()) << n;
    EXPECT_EQ(Kept(n, text)->denounced->until, At(denounced_at_us + 60 * kMinute));
    EXPECT_EQ(Waiting(n), 1u) << "people are told that it ends";
    EXPECT_EQ(Unusable(n), 0u);
  }
  RunTo(2 * kMinute);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Of(text));
  RunTo(denounced_at_us + 60 * kMinute + 2 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(InForce(n), Digest());
    EXPECT_EQ(Waiting(n), 0u);
  }
}

TEST_F(AgreementActsTest, ADenouncedOneLapsesToTheFloorAndHazardsStay) {
  const std::string older = Text(1, At(kMinute));
  const std::string text = Text(2, At(2 * kMinute));
  AgreeOn(older);
  AgreeOn(text);
  RunTo(3 * kMinute);
  parties_.Release(0, 6, TestHazard(400'000));
  parties_.Run(2 * kSecond);
  ASSERT_TRUE(parties_.ReadBack(1, 6).has_value());
  const int64_t at_us = parties_.now_us();
  const auto early = Denounce(1, text, At(at_us + 59 * kMinute));
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().field, "/until");
  ASSERT_TRUE(Denounce(1, text).has_value());
  EXPECT_FALSE(Denounce(1, text).has_value());
  parties_.Run(2 * kSecond);
  EXPECT_EQ(parties_.OpenMatters(0, MatterKind::kAgreement).size(), 1u);
  EXPECT_TRUE(parties_.OpenMatters(1, MatterKind::kAgreement).empty()) << "its own act";
  RunTo(at_us + 60 * kMinute - 2 * kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Of(text)) << n;
  RunTo(at_us + 60 * kMinute + 3 * kSecond);
  const agreement::Agreement last = agreement::ParseAgreement(text).value();
  const auto floor = agreement::SafetyFloor(last.parties()[0], last.parties()[1], &last);
  for (const size_t n : kBoth) {
    EXPECT_EQ(InForce(n), Digest()) << "and not the older one";
    EXPECT_EQ(parties_.state(n).rules(), floor->rules.digest());
    EXPECT_EQ(parties_.notice(n, 6)->activity, airspace::ActivityState::kPlanned);
    EXPECT_TRUE(airspace::InForce(*parties_.notice(n, 6), parties_.now(n).utc));
  }
  EXPECT_EQ(parties_.Do(0, SendPolicyText{"Let us meet."}).error().field, "/agreement");
  // On the floor agreements can be made.
  const std::string next = Text(3, At(parties_.now_us() + kMinute));
  AgreeOn(next);
  parties_.Run(kMinute);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Of(next));
}

TEST_F(AgreementActsTest, OneOfAFileIsDenouncedOnTheLine) {
  agreement::Agreement file = Parties::MakeAgreement(0, 1, 9, 5, At(-kMinute));
  file.denunciation_notice_us = kMinute;
  parties_.Agree(0, 1, {file});
  ASSERT_TRUE(parties_.Do(0, DenounceAgreement{file.digest, {}}).has_value());
  parties_.Run(2 * kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), file.digest) << n;
  parties_.Crash(1);
  parties_.Start(1);
  parties_.Run(kMinute + 2 * kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(InForce(n), Digest()) << n;
}

TEST_F(AgreementActsTest, KeysMayChangeBetweenTheSignatures) {
  const std::string text = Text(1, At(kMinute));
  ASSERT_TRUE(Propose(0, text).has_value());
  parties_.Run(2 * kSecond);
  for (const size_t n : kBoth) ASSERT_TRUE(parties_.ChangeKeys(n).has_value());
  parties_.Run(2 * kSecond);
  ASSERT_TRUE(Sign(1, text).has_value());
  parties_.Run(2 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(Kept(n, text)->counts()) << n;
    EXPECT_EQ(Unusable(n), 0u);
  }
}

TEST_F(AgreementActsTest, RefusesWhatIsNoAgreementOfThisLine) {
  EXPECT_EQ(Propose(0, "number = 1").error().field, "/text/wideberth_agreement");
  const std::string text = Text(1, At(kMinute));
  const std::string other = With(text, Parties::party(1).ToString(), Parties::party(2).ToString());
  EXPECT_EQ(Propose(0, other).error().field, "/parties");
  EXPECT_EQ(parties_.Do(0, ProposeAgreement{Of(text), {}}).error().code, ErrorCode::kInvalid);
  for (const auto role : {operators::Role::kDutyOfficer, operators::Role::kSupervisor}) {
    const auto refused = parties_.DoAs(0, role, DenounceAgreement{Of(text), {}});
    EXPECT_EQ(refused.error().code, ErrorCode::kForbidden);
  }
  EXPECT_EQ(Sign(0, text).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Denounce(0, text).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(Propose(0, text).has_value());
  EXPECT_EQ(Propose(0, text).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Sign(0, text).error().code, ErrorCode::kConflict) << "its own";
  for (int64_t number = 2; number <= 8; ++number) {
    ASSERT_TRUE(Propose(0, Text(number, At(kMinute))).has_value());
  }
  EXPECT_EQ(Propose(0, Text(9, At(kMinute))).error().code, ErrorCode::kTooLarge);
  parties_.Run(2 * kSecond);
  EXPECT_EQ(Waiting(1), 8u);
}

// One of a side's people proposes, counters, signs or denounces one of the texts; what is refused is nothing.
void ActAtRandom(size_t n, const std::vector<std::string>& texts, Parties* parties,
                 base::SeededRandom* random) {
  const std::string& text = texts[random->Below(texts.size())];
  ActBody body = SignAgreement{Of(text)};
  const uint64_t what = random->Below(8);
  if (what < 4) body = ProposeAgreement{Of(text), {}};
  if (what == 3) body = ProposeAgreement{Of(text), Of(texts[random->Below(texts.size())])};
  if (what == 4) body = DenounceAgreement{Of(text), {}};
  ActRequest request{parties->Seal(n, operators::Role::kDeputyChief, body), nullptr, {}, {}, {}};
  if (what < 4) request.agreement = text;
  (void)parties->Do(n, request).has_value();
}

// People of both sides propose, counter, sign and denounce as they like; the line is cut and nodes go down. When
// everything has arrived both hold the same, and nothing was said that the other could not take.
TEST(AgreementActsAtRandom, BothSidesEndWithTheSame) {
  constexpr size_t kTexts = 5;
  std::vector<std::string> texts;
  for (size_t i = 0; i < kTexts; ++i) {
    texts.push_back(Text(1 + static_cast<int64_t>(i), At((3 + static_cast<int64_t>(i)) * kMinute)));
  }
  size_t agreed = 0;
  size_t ended = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    base::SeededRandom random(seed);
    Parties parties;
    parties.Agree(0, 1, {});
    parties.Settle();
    for (int step = 0; step < 40; ++step) {
      const size_t n = random.Below(2);
      const uint64_t what = random.Below(20);
      if (what == 0) {
        parties.SetPath(0, 1, random.Below(2) == 0);
      } else if (what == 1) {
        parties.Crash(n);
        parties.Start(n);
      } else {
        ActAtRandom(n, texts, &parties, &random);
      }
      parties.Run(static_cast<int64_t>(random.Below(3)) * 7'000);
      if (random.Below(4) == 0) parties.Run(kSecond);
    }
    parties.SetPath(0, 1, true);
    parties.Run(40 * kSecond);
    const auto held = [&](size_t n, const std::string& text) -> std::string {
      const KeptAgreement* kept = parties.desk(n).FindAgreement(Parties::party(1 - n), Of(text));
      if (kept == nullptr || kept->closed_at) return "nothing";
      if (!kept->complete()) return kept->by_us == (n == 0) ? "north's" : "south's";
      EXPECT_TRUE(kept->counts());
      if (!kept->denounced) return "agreed";
      return "ends " + base::FormatRfc3339(kept->denounced->until);
    };
    for (const std::string& text : texts) {
      EXPECT_EQ(held(0, text), held(1, text));
      agreed += held(0, text) == "agreed" ? 1 : 0;
      ended += held(0, text).starts_with("ends") ? 1 : 0;
    }
    for (const size_t n : kBoth) {
      EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kUnusable).empty());
    }
    for (int minute = 0; minute < 70; minute += 10) {
      parties.Run(10 * kMinute);
      // The same agreement, or the floor that the same one leaves: a line that was lost widens what it says.
      const auto named = [&](size_t n) {
        const auto* in_force = parties.core(n).FindInForce(Parties::party(1 - n));
        const auto& of = in_force->on_floor() ? in_force->last : in_force->agreement;
        return std::pair(in_force->on_floor(), of == nullptr ? Digest() : of->digest);
      };
      EXPECT_EQ(named(0), named(1));
    }
  }
  EXPECT_GT(agreed, 3u);
  EXPECT_GT(ended, 3u);
}

// What a peer says that is not so is in the record, and opens a matter.
TEST_F(AgreementActsTest, ReceivesNothingThatThePeerHasNotSigned) {
  const std::string text = Text(1, At(kMinute));
  const std::string own =
      agreement::SignAgreement(text, testing::TestKey(testing::MessageSeed(1)), kNoon).value();
  const std::string stranger = agreement::SignAgreement(text, testing::TestKey(99), kNoon).value();
  const auto send = [&](std::string_view beside_text, std::string_view signature,
                        const ProposeAgreement& body) {
    const SealedAct act = parties_.Seal(0, operators::Role::kDeputyChief, body);
    std::string message;
    json::Writer json(&message);
    json.BeginObject();
    json.StringField("act", act.envelope);
    json.StringField("agreement", beside_text);
    json.StringField("agreement_signature", signature);
    json.EndObject();
    parties_.SendRaw(0, 1, "act", message);
    parties_.Run(2 * kSecond);
  };
  size_t unusable = 0;
  send(text, stranger, {Of(text), {}});
  EXPECT_EQ(Unusable(1), ++unusable);
  send(text, "", {Of(text), {}});
  EXPECT_EQ(Unusable(1), ++unusable);
  send(text + " ", own, {Of(text), {}});
  EXPECT_EQ(Unusable(1), ++unusable);
  send("number = 1", own, {Of("number = 1"), {}});
  EXPECT_EQ(Unusable(1), ++unusable);
  EXPECT_EQ(Kept(1, text), nullptr);
  send(text, own, {Of(text), {}});
  EXPECT_EQ(Unusable(1), unusable);
  EXPECT_NE(Kept(1, text), nullptr);
  const SealedAct sign =
      parties_.Seal(0, operators::Role::kDeputyChief, mechanism::SignAgreement{Of(text)});
  parties_.SendRaw(0, 1, "act", Parties::ActMessage(sign.envelope));
  parties_.Run(2 * kSecond);
  EXPECT_EQ(Unusable(1), ++unusable) << "its own proposal";
  EXPECT_FALSE(Kept(1, text)->complete());
}

}  // namespace
}  // namespace wideberth::mechanism
