#include "mechanism/testing/values.h"

#include "airspace/testing/world.h"
#include "base/check.h"
#include "exchange/testing/values.h"
#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::mechanism::testing {
namespace {

using airspace::testing::TestNotice;
using airspace::testing::TestParty;
using operators::Role;

constexpr crypto::KdfCost kCheap{1, 8 * 1024};

base::Digest NumberedDigest(uint8_t n) {
  base::Digest digest;
  digest.bytes.fill(n);
  return digest;
}

base::Uuid NumberedUuid(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes.fill(n);
  return base::Uuid::V4FromRandom(bytes);
}

base::UtcMicros DrawTime(base::SeededRandom* random) {
  return {random->Between(0, 253'370'764'799'999'999)};
}

std::string DrawText(base::SeededRandom* random, size_t bytes_max) {
  std::string text(random->Below(bytes_max + 1), 'x');
  for (char& c : text) c = static_cast<char>('a' + random->Below(26));
  return text;
}

template <class E>
E DrawEnum(base::SeededRandom* random, E last) {
  return static_cast<E>(random->Below(static_cast<uint64_t>(last) + 1));
}

Durations DrawDurations(base::SeededRandom* random) {
  Durations durations;
  for (uint64_t i = random->Below(20); i > 0; --i) {
    durations.Add(random->Between(-1'000'000, int64_t{1} << random->Below(50)));
  }
  return durations;
}

}  // namespace

crypto::SecretKey TestKey(uint8_t n) {
  return crypto::SecretKey::FromSeed(base::Bytes(crypto::kEd25519KeyBytes, n)).value();
}

uint8_t MessageSeed(uint8_t party) {
  return static_cast<uint8_t>(100 + 10 * party);
}

crypto::SecretKey OperatorSecret(uint8_t party, Role role, uint8_t nth) {
  return TestKey(static_cast<uint8_t>(16 * party + 2 * static_cast<uint8_t>(role) + nth));
}

std::string OperatorName(uint8_t party, Role role, uint8_t nth) {
  return "person" + std::to_string(party) + "." + std::string(operators::Name(role)) +
         std::to_string(nth);
}

operators::Account TestAccount(uint8_t party, Role role, uint8_t nth) {
  operators::AccountSalts salts;
  salts.password.fill(party);
  return operators::MakeAccount({OperatorName(party, role, nth), role},
                                crypto::SecretBytes::CopyOf("correct horse battery"),
                                OperatorSecret(party, role, nth), salts, kCheap, kNoon)
      .value();
}

operators::OperatorKey OperatorKeyFor(uint8_t party, Role role, uint8_t nth) {
  const crypto::SecretKey secret = OperatorSecret(party, role, nth);
  return {secret.public_key().KeyId(), role, secret.public_key(), kNoon, std::nullopt};
}

std::string TextOf(const airspace::Declaration& declaration) {
  std::string text;
  json::Writer json(&text);
  formats::WriteDeclaration(&json, declaration);
  return text;
}

airspace::Declaration AsSent(const airspace::Declaration& declaration) {
  return formats::ParseDeclaration(TextOf(declaration)).value();
}

std::vector<ActBody> OneOfEach() {
  const NoticeVersionRef ref{TestNotice(7), NumberedDigest(0x17)};
  const ConflictVersions versions = {ref, {TestNotice(8), NumberedDigest(0x18)}};
  const Place place{{46'400'000'000, 6'500'000'000}, 1'500'250};
  Reading reading = ReadingOf(AsSent(airspace::testing::TestHazard()));
  return {
      Release{TestNotice(7),
              NumberedDigest(1),
              NumberedDigest(2),
              {NumberedDigest(3), NumberedDigest(4)},
              ReleaseCheck::kHeldPlan},
      SetActive{ref},
      SetEnded{ref},
      Withdraw{ref},
      AllClear{ref, true},
      ReadBack{ref, ref.version, std::move(reading), true, NumberedDigest(5)},
      Assess{ref, airspace::Assessment::kNeedTime, base::UtcMicros{kNoon.us + 60'000'000}},
      TellUnits{ref, true, false},
      StopCall{place, "ANVIL 21", "121.500 MHz"},
      AnswerStopCall{NumberedUuid(9), StopAnswer::kWait, 60},
      EndStopCallUnanswered{NumberedUuid(9)},
      LineCheck{"KILO 7 TANGO"},
      AnswerLineCheck{NumberedUuid(9), "KILO 7 TANGO"},
      MarkConflictSeen{NumberedDigest(6), versions},
      ProposeMeasures{NumberedDigest(6), versions, "north:change_height,south:none"},
      AcceptRisk{NumberedDigest(6), versions, base::UtcMicros{kNoon.us + 60'000'000}},
      AskKeepClear{place, {kNoon, {kNoon.us + 3'600'000'000}}},
      AnswerKeepClear{NumberedUuid(9), KeepClear::kNeedTime},
      SendPolicyText{"The next session is on Thursday."},
      IncursionWarning{place, {kNoon.us + 240'000'000}, "STORK 4", "121.500 MHz"},
      AnswerIncursionWarning{NumberedUuid(9), IncursionAnswer::kWait, 45},
      EndIncursionWarning{NumberedUuid(9)},
      EndIncursionWarningUnanswered{NumberedUuid(9)},
      MarkTold{ref, "joint command", "acknowledged"},
      ForwardNotice{ref, TestParty(3)},
      OpenExercise{{kNoon, {kNoon.us + 3'600'000'000}}, NumberedUuid(9)},
      CloseExercise{},
      ProposeAgreement{NumberedDigest(0x21), NumberedDigest(0x22)},
      SignAgreement{NumberedDigest(0x21)},
      DenounceAgreement{NumberedDigest(0x21), base::UtcMicros{kNoon.us + 60'000'000}},
      exchange::EnterExchange{exchange::testing::TestAccount(1)},
      exchange::ProposeReadout{exchange::testing::ExchangeId(1), NumberedDigest(0x19)},
      exchange::SignReadout{exchange::testing::ExchangeId(1), NumberedDigest(0x19), {true, false}},
      exchange::PublishStatement{exchange::testing::ExchangeId(1), NumberedDigest(0x1A)},
      HandOver{"They call again at 0600.\nThe south went on late."},
      AcknowledgeHandover{7},
  };
}

Act TestAct(uint8_t party, ActBody body) {
  Act act;
  act.body = std::move(body);
  for (const Role role : {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief}) {
    act.role = role;
    if (operators::MayDo(role, act.kind())) break;
  }
  act.id = NumberedUuid(static_cast<uint8_t>(0x40 + act.body.index()));
  act.party = TestParty(party);
  act.key_id = OperatorKeyFor(party, act.role).key_id;
  act.at = {kNoon.us + 1'000'000};
  return act;
}

base::Digest DrawDigest(base::SeededRandom* random) {
  base::Digest digest;
  random->Fill(digest.bytes);
  return digest;
}

namespace {

std::optional<base::UtcMicros> DrawOptionalTime(base::SeededRandom* random) {
  if (random->Below(2) == 0) return std::nullopt;
  return DrawTime(random);
}

Matter DrawMatter(base::SeededRandom* random, base::PartyId peer) {
  Matter matter;
  matter.number = 1 + random->Below(300);
  matter.kind = DrawEnum(random, MatterKind::kAgreement);
  matter.owed_by_peer = random->Below(2) == 0;
  matter.peer = peer;
  matter.data_mode = DrawEnum(random, airspace::DataMode::kTest);
  if (random->Below(2) == 0) matter.notice = TestNotice(static_cast<uint8_t>(random->Below(9)));
  matter.subject = random->Below(2) == 0 ? NumberedDigest(1) : DrawDigest(random);
  matter.urgent = random->Below(2) == 0;
  matter.starts_at = DrawOptionalTime(random);
  matter.opened_at = DrawTime(random);
  matter.deadline_us = random->Between(1, 600'000'000);
  matter.next_climb_at = random->Below(3) == 0 ? base::kTimeOpenEnd : DrawTime(random);
  matter.level = DrawEnum(random, Level::kDeputyChief);
  matter.alarmed = random->Below(2) == 0;
  if (random->Below(3) == 0) matter.third_party = DrawText(random, 12);
  if (random->Below(2) == 0) {
    matter.closed_at = DrawTime(random);
    matter.closed_as = DrawText(random, 12);
  }
  return matter;
}

Call DrawCall(base::SeededRandom* random, base::PartyId peer) {
  Call call;
  call.id = NumberedUuid(static_cast<uint8_t>(random->Below(50)));
  call.kind = DrawEnum(random, operators::ActKind::kManagePeers);
  call.peer = peer;
  call.by_us = random->Below(2) == 0;
  call.act = DrawDigest(random);
  call.at = DrawTime(random);
  call.stored_at = DrawTime(random);
  call.place = {{random->Between(-90, 90), random->Between(-180, 180)}, random->Between(0, 9)};
  call.words = DrawText(random, 40);
  if (random->Below(2) == 0) call.about = NoticeVersionRef{TestNotice(1), DrawDigest(random)};
  for (uint64_t i = random->Below(4); i > 0; --i) {
    call.answers.push_back({DrawTime(random), DrawDigest(random), random->Below(2) == 0,
                            Role::kSupervisor, DrawText(random, 9)});
  }
  call.entry_at = DrawOptionalTime(random);
  call.sending = {static_cast<uint32_t>(random->Below(9)), DrawOptionalTime(random),
                  static_cast<uint32_t>(random->Below(9)), DrawOptionalTime(random),
                  random->Below(2) == 0 ? base::kTimeOpenEnd : DrawTime(random)};
  call.closed_at = DrawOptionalTime(random);
  return call;
}

DeskEffect DrawProvenance(base::SeededRandom* random, base::PartyId peer) {
  Provenance known;
  known.notice = TestNotice(static_cast<uint8_t>(random->Below(9)));
  known.issuer = peer;
  for (uint64_t i = random->Below(3); i > 0; --i) {
    std::optional<base::Digest> previous;
    if (random->Below(2) == 0) previous = DrawDigest(random);
    known.versions.push_back({DrawDigest(random), previous, DrawTime(random), i == 1});
    known.acts.push_back({DrawDigest(random), operators::ActKind::kRelease, DrawText(random, 40),
                          DrawText(random, 40)});
    known.to.push_back({TestParty(3), DrawText(random, 40), Role::kDutyOfficer, DrawTime(random),
                        static_cast<uint32_t>(i), DrawOptionalTime(random),
                        DrawOptionalTime(random)});
  }
  if (random->Below(2) == 0) known.forwarder = TestParty(2);
  known.forwarded_at = DrawTime(random);
  known.card = DrawText(random, 40);
  return ProvenanceChanged{std::move(known), random->Below(3) == 0};
}

DeskEffect DrawThirdParty(base::SeededRandom* random, base::PartyId peer) {
  ThirdPartyDuty duty{TestNotice(static_cast<uint8_t>(random->Below(9))),
                      NumberedDigest(static_cast<uint8_t>(random->Below(4))),
                      random->Below(2) == 0 ? "joint command" : "region",
                      peer,
                      DrawTime(random),
                      DrawOptionalTime(random),
                      DrawDigest(random),
                      Role::kSupervisor,
                      DrawText(random, 20)};
  return ThirdPartyChanged{std::move(duty), random->Below(3) == 0};
}

DeskEffect DrawExercise(base::SeededRandom* random, base::PartyId peer) {
  Exercise exercise;
  exercise.peer = peer;
  if (random->Below(2) == 0) {
    exercise.ours = ExerciseProposal{NumberedUuid(3), {kNoon, DrawTime(random)}, Role::kSupervisor};
  }
  if (random->Below(2) == 0) {
    exercise.theirs =
        ExerciseProposal{NumberedUuid(4), {kNoon, DrawTime(random)}, Role::kDeputyChief};
  }
  if (random->Below(2) == 0) exercise.window = {kNoon, DrawTime(random)};
  exercise.changed_at = DrawTime(random);
  exercise.ended_as = DrawText(random, 9);
  return ExerciseChanged{std::move(exercise)};
}

DeskEffect DrawDrafted(base::SeededRandom* random) {
  Drafted drafted{TestNotice(static_cast<uint8_t>(random->Below(40))), {}};
  for (uint64_t i = random->Below(3); i > 0; --i) {
    drafted.key_ids.push_back(DrawText(random, 16));
  }
  return drafted;
}

OwnCardChanged DrawOwnCard(base::SeededRandom* random) {
  OwnCard own{DrawText(random, 40), DrawTime(random)};
  if (random->Below(2) == 0) {
    own.former = {{DrawText(random, 40), 0, DrawTime(random)}};
    own.revoked = {TestKey(5).public_key()};
    own.compromised_since = DrawTime(random);
  }
  return {std::move(own)};
}

DeskEffect DrawAgreement(base::SeededRandom* random, base::PartyId peer) {
  const auto act = [&] {
    return AgreementAct{DrawDigest(random), Role::kPrincipal, DrawText(random, 16),
                        DrawTime(random)};
  };
  KeptAgreement kept;
  kept.peer = peer;
  kept.digest = NumberedDigest(static_cast<uint8_t>(random->Below(4)));
  kept.number = random->Between(1, 1'000'000);
  kept.effective_from = DrawTime(random);
  kept.expires = DrawOptionalTime(random);
  kept.text = DrawText(random, 60);
  kept.by_us = random->Below(2) == 0;
  if (random->Below(2) == 0) kept.counters = DrawDigest(random);
  kept.ours = {act(), DrawText(random, 30)};
  if (random->Below(2) == 0) kept.theirs = {act(), DrawText(random, 30)};
  kept.receipted = random->Below(2) == 0;
  if (random->Below(2) == 0) {
    kept.denounced = Denunciation{act(), random->Below(2) == 0, DrawTime(random)};
  }
  kept.closed_at = DrawOptionalTime(random);
  kept.closed_as = DrawText(random, 9);
  return AgreementChanged{std::move(kept), random->Below(3) == 0};
}

exchange::Said DrawSaid(base::SeededRandom* random) {
  return {DrawDigest(random), DrawEnum(random, Role::kAdministrator), DrawTime(random),
          DrawTime(random)};
}

base::Uuid DrawExchangeId(base::SeededRandom* random) {
  return exchange::testing::ExchangeId(static_cast<uint8_t>(random->Below(6)));
}

ExchangeChanged DrawExchange(base::SeededRandom* random, base::PartyId peer) {
  exchange::Exchange exchange;
  exchange.id = DrawExchangeId(random);
  exchange.number = uint64_t{1} + exchange.id.bytes[0];  // one number is one exchange
  exchange.peer = peer;
  exchange.entered_at = DrawTime(random);
  for (auto& account : exchange.accounts) {
    if (random->Below(2) == 0) continue;
    account =
        exchange::StatedAccount{exchange::testing::TestAccount(exchange.id.bytes[0]),
                                DrawSaid(random), static_cast<uint32_t>(1 + random->Below(9))};
  }
  return {std::move(exchange)};
}

ReadoutChanged DrawReadout(base::SeededRandom* random) {
  exchange::Readout readout{NumberedDigest(static_cast<uint8_t>(random->Below(4))),
                            DrawText(random, 40),
                            random->Below(2) == 0,
                            DrawSaid(random),
                            {}};
  for (auto& signature : readout.signatures) {
    if (random->Below(2) == 0) signature = exchange::Signature{{true, false}, DrawSaid(random)};
  }
  return {DrawExchangeId(random), std::move(readout)};
}

StatementAdded DrawStatement(base::SeededRandom* random) {
  return {DrawExchangeId(random),
          {NumberedDigest(static_cast<uint8_t>(random->Below(4))), DrawText(random, 40),
           random->Below(2) == 0, DrawSaid(random)}};
}

DeskEffect DrawOfExchange(base::SeededRandom* random, base::PartyId peer) {
  switch (random->Below(4)) {
    case 0:
      return DrawExchange(random, peer);
    case 1:
      return DrawReadout(random);
    case 2:
      return DrawStatement(random);
    default:
      return ExchangeForgotten{DrawExchangeId(random)};
  }
}

DeadMan DrawDeadMan(base::SeededRandom* random) {
  DeadMan dead_man{DrawText(random, 2),
                   DrawEnum(random, DeadManState::kRaised),
                   random->Between(0, 600'000'000),
                   DrawTime(random),
                   DrawText(random, 16),
                   {}};
  if (random->Below(2) == 0) dead_man.notice = TestNotice(2);
  return dead_man;
}

AccountChanged DrawAccount(base::SeededRandom* random) {
  static const operators::Account accounts[] = {TestAccount(1, Role::kDutyOfficer),
                                                TestAccount(1, Role::kSupervisor)};
  operators::Account account = accounts[random->Below(2)];
  if (random->Below(2) == 0) {
    const operators::Account next = TestAccount(2, account.role);
    account = operators::Rekeyed(account, next, {account.created_at.us + 7}).value();
  }
  return {account};
}

Handover DrawHandover(base::SeededRandom* random) {
  Handover handover{random->Next(),
                    DrawText(random, 40),
                    DrawText(random, 16),
                    DrawTime(random),
                    random->Below(9),
                    random->Next(),
                    random->Below(9),
                    {},
                    {}};
  if (random->Below(2) == 0) {
    handover.acknowledged_by = "b0066359d64f97eb";
    handover.acknowledged_at = DrawTime(random);
  }
  return handover;
}

// One of forty, so that some are drawn again.
base::Digest DrawNumbered(base::SeededRandom* random) {
  return NumberedDigest(static_cast<uint8_t>(random->Below(40)));
}

DeskEffect DrawChecked(base::SeededRandom* random) {
  return ReleaseChecked{TestNotice(static_cast<uint8_t>(random->Below(40))), DrawDigest(random),
                        DrawText(random, 16)};
}

DeskEffect DrawHeldBack(base::SeededRandom* random, base::PartyId peer) {
  HeldBack held{peer, random->Next(), TestNotice(7), DrawDigest(random), DrawText(random, 60)};
  held.standing = random->Below(2) == 0;
  return HeldBackChanged{std::move(held), random->Below(2) == 0};
}

ToRecord DrawToRecord(base::SeededRandom* random, base::PartyId peer) {
  return {peer, random->Below(100), TestNotice(7), DrawDigest(random)};
}

}  // namespace

DeskEffect DrawEffect(base::SeededRandom* random) {
  const base::PartyId peer = TestParty(static_cast<uint8_t>(1 + random->Below(3)));
  switch (random->Below(std::variant_size_v<DeskEffect>)) {
    case 0: {
      Peer changed{peer,
                   static_cast<uint32_t>(random->Next()),
                   "south",
                   DrawText(random, 40),
                   DrawTime(random),
                   {}};
      if (random->Below(2) == 0) changed.operator_keys = {OperatorKeyFor(2, Role::kDutyOfficer)};
      if (random->Below(2) == 0) {
        changed.former = {{DrawText(random, 40), random->Next(), DrawTime(random)},
                          {DrawText(random, 40), random->Next(), DrawTime(random)}};
        changed.revoked = {TestKey(3).public_key(), TestKey(4).public_key()};
        changed.told = DrawDigest(random);
      }
      return PeerChanged{std::move(changed)};
    }
    case 1:
      return DrawAccount(random);
    case 2:
      return MatterChanged{DrawMatter(random, peer)};
    case 3:
      return CallChanged{DrawCall(random, peer)};
    case 4:
      return AwaitedChanged{{DrawNumbered(random), peer, operators::ActKind::kWithdraw,
                             TestNotice(3), DrawDigest(random), DrawTime(random)},
                            random->Below(2) == 0};
    case 5: {
      Counts counts;
      counts.sent = random->Below(1000);
      counts.climbed = random->Next();
      counts.receipt = DrawDurations(random);
      counts.read_back_by_us = DrawDurations(random);
      return CountsChanged{{peer, DrawEnum(random, airspace::DataMode::kTest)}, counts};
    }
    case 6:
      return BasisSigned{DrawNumbered(random),
                         random->Below(3) == 0 ? base::Digest() : DrawDigest(random)};
    case 7:
      return BasisHeard{DrawNumbered(random), DrawText(random, 30)};
    case 8:
      return JournalWritten{1 + random->Below(5), DrawText(random, 60)};
    case 9:
      return LineCheckScheduled{peer, random->Below(2) == 0, DrawTime(random)};
    case 10:
      return DrawDrafted(random);
    case 11:
      return random->Below(2) == 0 ? DrawThirdParty(random, peer) : DrawProvenance(random, peer);
    case 12:
      return DrawExercise(random, peer);
    case 13:
      return DrawOwnCard(random);
    case 14:
      return DrawChecked(random);
    case 15:
      return ToRecordChanged{DrawToRecord(random, peer), random->Below(3) == 0};
    case 16:
      return DeadManChanged{DrawDeadMan(random)};
    case 17:
      return DrawOfExchange(random, peer);
    case 18:
      return HandoverChanged{DrawHandover(random)};
    case 19:
      return DrawHeldBack(random, peer);
    default:
      return DrawAgreement(random, peer);
  }
}

}  // namespace wideberth::mechanism::testing
