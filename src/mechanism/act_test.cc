#include "mechanism/act.h"

#include <gtest/gtest.h>

#include <set>
#include <span>

#include "airspace/testing/world.h"
#include "base/limits.h"
#include "base/testing/refused.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/testing/values.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestParty;
using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::OperatorKey;
using operators::Role;
using testing::kNoon;
using testing::OperatorKeyFor;
using testing::OperatorName;
using testing::OperatorSecret;

constexpr std::string_view kType = "application/vnd.wideberth.act.v1+json";

crypto::SecretKey SecretFor(const Act& act) {
  return OperatorSecret(1, act.role);
}
std::vector<OperatorKey> Keys() {
  return {OperatorKeyFor(1, Role::kDutyOfficer), OperatorKeyFor(1, Role::kSupervisor),
          OperatorKeyFor(1, Role::kDeputyChief)};
}
SealedAct Sealed(ActBody body) {
  const Act act = testing::TestAct(1, std::move(body));
  return SealAct(act, SecretFor(act)).value();
}
std::string PayloadOf(const SealedAct& sealed) {
  const crypto::PublicKey key = SecretFor(sealed.act).public_key();
  return std::string(base::AsText(crypto::VerifyEnvelope(sealed.envelope, {&key, 1})->payload));
}
// The same payload with one text replaced, signed by who signed before.
base::Result<SealedAct> Reopened(const SealedAct& sealed, std::string_view from,
                                 std::string_view to) {
  std::string payload = PayloadOf(sealed);
  const size_t at = payload.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << payload;
  if (at != std::string::npos) payload.replace(at, from.size(), to);
  const std::string envelope =
      crypto::SignEnvelope(kType, base::AsBytes(payload), SecretFor(sealed.act)).value();
  return OpenAct(envelope, TestParty(1), Keys());
}

TEST(ActTest, EveryKindSealsOpensAndIsTheSame) {
  std::set<operators::ActKind> kinds;
  for (const ActBody& body : testing::OneOfEach()) {
    const SealedAct sealed = Sealed(body);
    SCOPED_TRACE(operators::Name(sealed.act.kind()));
    EXPECT_TRUE(kinds.insert(sealed.act.kind()).second);
    const auto opened = OpenAct(sealed.envelope, TestParty(1), Keys());
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    EXPECT_EQ(opened->act.kind(), sealed.act.kind());
    EXPECT_EQ(opened->act.id, sealed.act.id);
    EXPECT_EQ(opened->act.party, TestParty(1));
    EXPECT_EQ(opened->act.role, sealed.act.role);
    EXPECT_EQ(opened->act.key_id, sealed.act.key_id);
    EXPECT_EQ(opened->act.at, sealed.act.at);
    EXPECT_EQ(opened->act.data_mode, airspace::DataMode::kReal);
    EXPECT_EQ(opened->digest, sealed.digest);
    EXPECT_EQ(opened->digest, crypto::Sha256(base::AsBytes(sealed.envelope)));
    // Equal in every value: an act has one spelling, so the payload of what was read is the one that was signed.
    const SealedAct again = SealAct(opened->act, SecretFor(opened->act)).value();
    EXPECT_EQ(again.envelope, sealed.envelope);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<ActBody>);
}

TEST(ActTest, TheValuesArriveAsTheyWereGiven) {
  const auto opened = [](ActBody body) {
    return OpenAct(Sealed(std::move(body)).envelope, TestParty(1), Keys())->act.body;
  };
  const auto all = testing::OneOfEach();
  const auto& release = std::get<Release>(all[0]);
  const auto release_read = std::get<Release>(opened(release));
  EXPECT_EQ(release_read.notice, release.notice);
  EXPECT_EQ(release_read.previous, release.previous);
  EXPECT_EQ(release_read.declaration_sha256, release.declaration_sha256);
  EXPECT_EQ(release_read.seen, release.seen);
  EXPECT_EQ(release_read.check, ReleaseCheck::kHeldPlan);
  const auto& read_back = std::get<ReadBack>(all[5]);
  const auto read_back_read = std::get<ReadBack>(opened(read_back));
  EXPECT_EQ(read_back_read.of, read_back.of);
  EXPECT_EQ(read_back_read.reading.centre(), read_back.reading.centre());
  EXPECT_EQ(read_back_read.reading.extent_mm(), read_back.reading.extent_mm());
  EXPECT_EQ(read_back_read.reading.volume.band, read_back.reading.volume.band);
  EXPECT_EQ(read_back_read.reading.volume.window, read_back.reading.volume.window);
  EXPECT_EQ(read_back_read.reading.vertices, read_back.reading.vertices);
  EXPECT_TRUE(read_back_read.over_voice);
  EXPECT_EQ(std::get<Assess>(opened(all[6])).until, std::get<Assess>(all[6]).until);
  EXPECT_EQ(std::get<StopCall>(opened(all[8])).place, std::get<StopCall>(all[8]).place);
  EXPECT_EQ(std::get<StopCall>(opened(all[8])).call_sign, "ANVIL 21");
  EXPECT_EQ(std::get<AnswerStopCall>(opened(all[9])).wait_s, 60);
  EXPECT_EQ(std::get<AskKeepClear>(opened(all[16])).window, std::get<AskKeepClear>(all[16]).window);
}

TEST(ActTest, NothingInItThatMustNotCross) {
  // Every field there is, of all kinds together. A field that is added here is added to what a peer learns.
  const std::set<std::string> allowed = {
      "act", "id", "party", "key", "role", "data_mode", "at", "notice", "previous",
      "declaration_sha256", "seen", "check", "version", "no_longer_observed", "of", "reading",
      "over_voice", "assessment", "until", "units_told", "own_aircraft_clear", "centre", "lat",
      "lng", "radius_m", "call_sign", "frequency", "answers", "answer", "wait_s", "word",
      "conflict", "versions", "measures", "from", "to", "text", "entry_at", "third_party",
      "receipt", "agreement_sha256", "counters",
      // of an exchange, on the policy lane
      "exchange", "level", "channel", "form", "initiated_by", "scheduled_at", "held_at", "subjects",
      "area", "starts_at", "lead_time_min_s", "lead_time_max_s", "readout_sha256", "paragraphs",
      "statement_sha256",
      // of the note for the next watch, which no peer takes
      "number",
      // a reading
      "volume", "vertices", "outline_circle", "center", "radius", "value", "units",
      "altitude_lower", "altitude_upper", "reference", "time_start", "time_end"};
  for (const ActBody& body : testing::OneOfEach()) {
    const SealedAct sealed = Sealed(body);
    const std::string payload = PayloadOf(sealed);
    for (const Role role : {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief}) {
      EXPECT_EQ(payload.find(OperatorName(1, role)), std::string::npos);
    }
    for (size_t at = payload.find('"'); at != std::string::npos;) {
      const size_t end = payload.find('"', at + 1);
      ASSERT_NE(end, std::string::npos);
      if (payload[end + 1] == ':') {
        EXPECT_TRUE(allowed.contains(payload.substr(at + 1, end - at - 1))) << payload;
      }
      at = payload.find('"', end + 1);
    }
  }
}

TEST(ActTest, OnlyWhoMayHasSigned) {
  const SealedAct sealed = Sealed(LineCheck{"KILO 7 TANGO"});
  // Nobody known.
  EXPECT_EQ(OpenAct(sealed.envelope, TestParty(1), {}).error().code, ErrorCode::kUnauthorized);
  const OperatorKey other = OperatorKeyFor(1, Role::kDutyOfficer, 1);
  EXPECT_EQ(OpenAct(sealed.envelope, TestParty(1), {&other, 1}).error().code,
            ErrorCode::kUnauthorized);
  // Another party's.
  ExpectRefused(OpenAct(sealed.envelope, TestParty(2), Keys()), ErrorCode::kUnauthorized,
                "/payload/party");
  // The role of the key decides, not what the act says.
  ExpectRefused(Reopened(sealed, "duty_officer", "supervisor"), ErrorCode::kUnauthorized,
                "/payload/role");
  // A key id that is another's.
  ExpectRefused(Reopened(sealed, sealed.act.key_id, other.key_id), ErrorCode::kUnauthorized,
                "/payload/key");
  // Two signers.
  const std::vector<crypto::SecretKey> two = [] {
    std::vector<crypto::SecretKey> keys;
    keys.push_back(OperatorSecret(1, Role::kDutyOfficer));
    keys.push_back(OperatorSecret(1, Role::kSupervisor));
    return keys;
  }();
  ExpectRefused(OpenAct(crypto::SignEnvelope(kType, base::AsBytes(PayloadOf(sealed)), two).value(),
                        TestParty(1), Keys()),
                ErrorCode::kUnauthorized, "/payload/key");
}

TEST(ActTest, ADutyOfficerDoesNotWhatIsASupervisors) {
  for (const ActBody& body : testing::OneOfEach()) {
    Act act = testing::TestAct(1, body);
    act.role = Role::kDutyOfficer;
    const SealedAct sealed = SealAct(act, OperatorSecret(1, Role::kDutyOfficer)).value();
    const auto opened = OpenAct(sealed.envelope, TestParty(1), Keys());
    SCOPED_TRACE(operators::Name(act.kind()));
    if (operators::MayDo(Role::kDutyOfficer, act.kind())) {
      EXPECT_TRUE(opened.has_value());
    } else {
      ExpectRefused(opened, ErrorCode::kUnauthorized, "/payload/act");
    }
  }
  EXPECT_FALSE(operators::MayDo(Role::kDutyOfficer, operators::ActKind::kEndStopCallUnanswered));
  EXPECT_FALSE(operators::MayDo(Role::kDutyOfficer, operators::ActKind::kAllClear));
}

TEST(ActTest, AKeyCountsFromItsFirstMomentToItsRevocation) {
  const SealedAct sealed = Sealed(LineCheck{"KILO 7 TANGO"});
  OperatorKey key = OperatorKeyFor(1, Role::kDutyOfficer);
  const auto open = [&] { return OpenAct(sealed.envelope, TestParty(1), {&key, 1}); };
  key.valid_from = sealed.act.at;
  EXPECT_TRUE(open().has_value());
  key.valid_from.us += 1;
  ExpectRefused(open(), ErrorCode::kUnauthorized, "/payload/at");
  key.valid_from = kNoon;
  key.revoked_at = sealed.act.at;
  ExpectRefused(open(), ErrorCode::kUnauthorized, "/payload/at");
  key.revoked_at->us += 1;
  EXPECT_TRUE(open().has_value());
}

TEST(ActTest, AnyChangedByteIsRefused) {
  const SealedAct sealed = Sealed(StopCall{{{46'400'000'000, 6'500'000'000}, 1'000}, "", ""});
  for (size_t i = 0; i < sealed.envelope.size(); ++i) {
    std::string changed = sealed.envelope;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenAct(changed, TestParty(1), Keys()).has_value()) << i;
    EXPECT_FALSE(OpenAct(sealed.envelope.substr(0, i), TestParty(1), Keys()).has_value()) << i;
  }
}

TEST(ActTest, ValuesOutOfTheirRangeAreNamed) {
  const auto all = testing::OneOfEach();
  ExpectRefused(Reopened(Sealed(all[0]), "\"release\"", "\"reléase\""), ErrorCode::kInvalid,
                "/payload/act");
  // An act of the node alone never crosses.
  ExpectRefused(Reopened(Sealed(LineCheck{"X"}), "\"line_check\"", "\"draft_notice\""),
                ErrorCode::kInvalid, "/payload/act");
  ExpectRefused(Reopened(Sealed(all[0]), "held_plan", "trust_me"), ErrorCode::kInvalid,
                "/payload/check");
  ExpectRefused(Reopened(Sealed(all[6]), "need_time", "objection"), ErrorCode::kInvalid,
                "/payload/until");
  ExpectRefused(Reopened(Sealed(all[8]), "1500.25", "0.5"), ErrorCode::kInvalid,
                "/payload/radius_m");
  ExpectRefused(Reopened(Sealed(all[9]), "\"wait_s\":60", "\"wait_s\":3601"), ErrorCode::kInvalid,
                "/payload/wait_s");
  ExpectRefused(Reopened(Sealed(all[9]), "\"wait_s\":60", "\"wait_s\":0"), ErrorCode::kInvalid,
                "/payload/wait_s");
  ExpectRefused(Reopened(Sealed(all[11]), "\"KILO 7 TANGO\"", "\"\""), ErrorCode::kInvalid,
                "/payload/word");
  ExpectRefused(Reopened(Sealed(all[11]), "REAL", "REALLY"), ErrorCode::kInvalid,
                "/payload/data_mode");
  ExpectRefused(Reopened(Sealed(all[11]), "2027-01-15T12:00:01Z", "2027-01-15T12:00:01"),
                ErrorCode::kInvalid, "/payload/at");
  ExpectRefused(Reopened(Sealed(all[16]), "2027-01-15T13:00:00Z", "2027-01-15T12:00:00Z"),
                ErrorCode::kInvalid, "/payload/to");
  // What a later version of the act adds is passed over.
  EXPECT_TRUE(
      Reopened(Sealed(LineCheck{"X"}), "\"word\"", "\"later\":[1,{}],\"word\"").has_value());
}

TEST(ActTest, SealingRefusesWhatOpeningWould) {
  const auto refused = [](ActBody body) {
    const Act act = testing::TestAct(1, std::move(body));
    return !SealAct(act, SecretFor(act)).has_value();
  };
  EXPECT_TRUE(refused(LineCheck{""}));
  EXPECT_TRUE(refused(LineCheck{std::string(65, 'A')}));
  EXPECT_FALSE(refused(LineCheck{std::string(64, 'A')}));
  EXPECT_TRUE(refused(SendPolicyText{std::string(limits::kPolicyTextBytesMax + 1, 'a')}));
  EXPECT_TRUE(refused(HandOver{std::string(kHandoverTextBytesMax + 1, 'a')}));
  EXPECT_FALSE(refused(HandOver{std::string(kHandoverTextBytesMax, 'a')}));
  EXPECT_TRUE(refused(HandOver{""}));
  EXPECT_TRUE(refused(AcknowledgeHandover{0}));
  EXPECT_FALSE(refused(SendPolicyText{std::string(limits::kPolicyTextBytesMax, 'a')}));
  EXPECT_TRUE(refused(AnswerStopCall{base::Uuid(), StopAnswer::kStopped, 0}));  // answers nothing
  EXPECT_TRUE(refused(StopCall{{{46'400'000'000, 6'500'000'000}, 0}, "", ""}));
  EXPECT_TRUE(
      refused(StopCall{{{46'400'000'000, 6'500'000'000}, 1'000}, std::string(121, 'a'), ""}));
}

TEST(ActTest, AnotherPayloadTypeIsNoAct) {
  const SealedAct sealed = Sealed(LineCheck{"X"});
  ExpectRefused(
      OpenAct(crypto::SignEnvelope("application/vnd.wideberth.act.v2+json",
                                   base::AsBytes(PayloadOf(sealed)), SecretFor(sealed.act))
                  .value(),
              TestParty(1), Keys()),
      ErrorCode::kInvalid, "/payloadType");
}

}  // namespace
}  // namespace wideberth::mechanism
