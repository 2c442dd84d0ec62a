// The binary form of desk effects and rows.
#include "mechanism/desk_codec.h"

#include <limits>

#include "airspace/wire.h"
#include "base/check.h"
#include "exchange/codec.h"
#include "mechanism/desk.h"

namespace wideberth::mechanism {
namespace {

using airspace::DataMode;
using airspace::WireReader;
using airspace::WireWriter;
using base::Result;
using mechanism::Put;

enum class Kind : uint8_t {
  kPeer,
  kAccount,
  kMatter,
  kCall,
  kAwaited,
  kCounts,
  kBasisSigned,
  kBasisHeard,
  kJournal,
  kLineCheck,
  kReleaseChecked,
  kDrafted,
  kThirdParty,
  kExercise,
  kOwnCard,
  kDeadMan,
  kAgreement,
  kExchange,
  kReadout,
  kStatement,
  kExchangeForgotten,
  kToRecord,
  kProvenance,
  kHandover,
  kHeldBack,
  kCountsOfBreaches,  // kCounts and what became of stop calls; the former is read, and never written
};

// Far beyond what a node opens, and far from where counting on would wrap.
constexpr uint64_t kMatterNumberMax = uint64_t{1} << 48;

uint32_t ReadU32(WireReader* wire) {
  const uint64_t value = wire->Varint();
  if (value > std::numeric_limits<uint32_t>::max()) wire->Fail();
  return static_cast<uint32_t>(value);
}

void Put(const Place& place, WireWriter* wire) {
  wire->I64(place.centre.lat_e9);
  wire->I64(place.centre.lng_e9);
  wire->I64(place.radius_mm);
}
Place ReadPlace(WireReader* wire) {
  Place place;
  place.centre.lat_e9 = wire->I64();
  place.centre.lng_e9 = wire->I64();
  place.radius_mm = wire->I64();
  return place;
}

void Put(const Matter& matter, WireWriter* wire) {
  wire->Varint(matter.number);
  wire->EnumValue(matter.kind);
  wire->Bool(matter.owed_by_peer);
  Put(matter.peer, wire);
  wire->EnumValue(matter.data_mode);
  wire->Bool(matter.notice.has_value());
  if (matter.notice) wire->Fixed(matter.notice->uuid.bytes);
  wire->Fixed(matter.subject.bytes);
  wire->Text(matter.third_party);
  wire->Fixed(matter.under.bytes);
  wire->Bool(matter.urgent);
  wire->OptionalTime(matter.starts_at);
  wire->Time(matter.opened_at);
  wire->I64(matter.deadline_us);
  wire->Time(matter.next_climb_at);
  wire->EnumValue(matter.level);
  wire->Bool(matter.alarmed);
  wire->OptionalTime(matter.closed_at);
  wire->Text(matter.closed_as);
}
Matter ReadMatter(WireReader* wire) {
  Matter matter;
  matter.number = wire->Varint();
  if (matter.number == 0 || matter.number > kMatterNumberMax) wire->Fail();
  matter.kind = wire->EnumValue(MatterKind::kAgreement);
  matter.owed_by_peer = wire->Bool();
  matter.peer = wire->ReadId<base::PartyId>();
  matter.data_mode = wire->EnumValue(DataMode::kTest);
  if (wire->Bool()) matter.notice = wire->ReadId<base::NoticeId>();
  matter.subject = wire->ReadDigest();
  matter.third_party = wire->Text();
  matter.under = wire->ReadDigest();
  matter.urgent = wire->Bool();
  matter.starts_at = wire->OptionalTime();
  matter.opened_at = wire->Time();
  matter.deadline_us = wire->I64();
  matter.next_climb_at = wire->Time();
  matter.level = wire->EnumValue(Level::kDeputyChief);
  matter.alarmed = wire->Bool();
  matter.closed_at = wire->OptionalTime();
  matter.closed_as = wire->Text();
  return matter;
}

void Put(const CallAnswer& answer, WireWriter* wire) {
  wire->Time(answer.at);
  wire->Fixed(answer.act.bytes);
  wire->Bool(answer.by_us);
  wire->EnumValue(answer.role);
  wire->Text(answer.answer);
}
void Put(const Call& call, WireWriter* wire) {
  wire->Fixed(call.id.bytes);
  wire->EnumValue(call.kind);
  Put(call.peer, wire);
  wire->Bool(call.by_us);
  wire->EnumValue(call.data_mode);
  wire->Fixed(call.act.bytes);
  wire->EnumValue(call.role);
  wire->Time(call.at);
  wire->Time(call.stored_at);
  Put(call.place, wire);
  wire->Text(call.words);
  wire->Bool(call.about.has_value());
  if (call.about) {
    wire->Fixed(call.about->notice.uuid.bytes);
    wire->Fixed(call.about->version.bytes);
  }
  wire->Bool(call.no_longer_observed);
  wire->OptionalTime(call.entry_at);
  wire->Varint(call.sending.repeats);
  wire->OptionalTime(call.sending.repeated_at);
  wire->Varint(call.sending.receipts);
  wire->OptionalTime(call.sending.receipted_at);
  wire->Time(call.sending.next_repeat_at);
  wire->Varint(call.answers.size());
  for (const CallAnswer& answer : call.answers) Put(answer, wire);
  wire->OptionalTime(call.closed_at);
  wire->Text(call.closed_as);
}
Call ReadCall(WireReader* wire) {
  Call call;
  call.id = ReadUuid(wire);
  call.kind = wire->EnumValue(operators::ActKind::kManagePeers);
  call.peer = wire->ReadId<base::PartyId>();
  call.by_us = wire->Bool();
  call.data_mode = wire->EnumValue(DataMode::kTest);
  call.act = wire->ReadDigest();
  call.role = wire->EnumValue(operators::Role::kAdministrator);
  call.at = wire->Time();
  call.stored_at = wire->Time();
  call.place = ReadPlace(wire);
  call.words = wire->Text();
  if (wire->Bool()) {
    call.about.emplace();
    call.about->notice = wire->ReadId<base::NoticeId>();
    call.about->version = wire->ReadDigest();
  }
  call.no_longer_observed = wire->Bool();
  call.entry_at = wire->OptionalTime();
  call.sending.repeats = ReadU32(wire);
  call.sending.repeated_at = wire->OptionalTime();
  call.sending.receipts = ReadU32(wire);
  call.sending.receipted_at = wire->OptionalTime();
  call.sending.next_repeat_at = wire->Time();
  const size_t answers = wire->Count(42);
  for (size_t i = 0; i < answers; ++i) {
    CallAnswer answer;
    answer.at = wire->Time();
    answer.act = wire->ReadDigest();
    answer.by_us = wire->Bool();
    answer.role = wire->EnumValue(operators::Role::kAdministrator);
    answer.answer = wire->Text();
    call.answers.push_back(std::move(answer));
  }
  call.closed_at = wire->OptionalTime();
  call.closed_as = wire->Text();
  return call;
}

void Put(const Awaited& awaited, WireWriter* wire) {
  wire->Fixed(awaited.message.bytes);
  Put(awaited.peer, wire);
  wire->EnumValue(awaited.kind);
  wire->Fixed(awaited.notice.uuid.bytes);
  wire->Fixed(awaited.version.bytes);
  wire->Time(awaited.written_at);
  wire->Fixed(awaited.call.bytes);
}
Awaited ReadAwaited(WireReader* wire) {
  return {wire->ReadDigest(),
          wire->ReadId<base::PartyId>(),
          wire->EnumValue(operators::ActKind::kManagePeers),
          wire->ReadId<base::NoticeId>(),
          wire->ReadDigest(),
          wire->Time(),
          ReadUuid(wire)};
}
ToRecord ReadToRecord(WireReader* wire) {
  return {wire->ReadId<base::PartyId>(), wire->Varint(), wire->ReadId<base::NoticeId>(),
          wire->ReadDigest()};
}

void Put(const airspace::TimeWindow& window, WireWriter* wire) {
  wire->Time(window.start);
  wire->Time(window.end);
}
airspace::TimeWindow ReadWindow(WireReader* wire) {
  const base::UtcMicros start = wire->Time();
  return {start, wire->Time()};
}
void Put(const std::optional<ExerciseProposal>& proposal, WireWriter* wire) {
  wire->Bool(proposal.has_value());
  if (!proposal) return;
  wire->Fixed(proposal->id.bytes);
  Put(proposal->window, wire);
  wire->EnumValue(proposal->role);
}
std::optional<ExerciseProposal> ReadProposal(WireReader* wire) {
  if (!wire->Bool()) return std::nullopt;
  ExerciseProposal proposal;
  proposal.id = ReadUuid(wire);
  proposal.window = ReadWindow(wire);
  proposal.role = wire->EnumValue(operators::Role::kAdministrator);
  return proposal;
}
void Put(const Exercise& exercise, WireWriter* wire) {
  Put(exercise.peer, wire);
  Put(exercise.ours, wire);
  Put(exercise.theirs, wire);
  wire->Bool(exercise.window.has_value());
  if (exercise.window) Put(*exercise.window, wire);
  wire->Time(exercise.changed_at);
  wire->Text(exercise.ended_as);
}
Exercise ReadExercise(WireReader* wire) {
  Exercise exercise;
  exercise.peer = wire->ReadId<base::PartyId>();
  exercise.ours = ReadProposal(wire);
  exercise.theirs = ReadProposal(wire);
  if (wire->Bool()) exercise.window = ReadWindow(wire);
  exercise.changed_at = wire->Time();
  exercise.ended_as = wire->Text();
  return exercise;
}

void Put(const Durations& durations, WireWriter* wire) {
  wire->Varint(durations.count);
  wire->I64(durations.sum_us);
  wire->I64(durations.max_us);
  for (const uint32_t bucket : durations.by_log2_ms) wire->Varint(bucket);
}
Durations ReadDurations(WireReader* wire) {
  Durations durations;
  durations.count = wire->Varint();
  durations.sum_us = wire->I64();
  durations.max_us = wire->I64();
  for (uint32_t& bucket : durations.by_log2_ms) bucket = ReadU32(wire);
  return durations;
}

constexpr uint64_t Counts::*kCounters[] = {&Counts::sent,
                                           &Counts::received,
                                           &Counts::sent_late,
                                           &Counts::received_late,
                                           &Counts::read_back_mismatches,
                                           &Counts::release_blocked,
                                           &Counts::checks_made,
                                           &Counts::checks_missed,
                                           &Counts::stop_calls,
                                           &Counts::stop_calls_unanswered,
                                           &Counts::incursion_warnings,
                                           &Counts::incursion_warnings_unanswered,
                                           &Counts::times_lost,
                                           &Counts::climbed};
constexpr Durations Counts::*kDurations[] = {&Counts::lead_at_r1, &Counts::lead_at_r3,
                                             &Counts::receipt, &Counts::read_back,
                                             &Counts::read_back_by_us};

void Put(const Counts& counts, WireWriter* wire) {
  for (const auto counter : kCounters) wire->Varint(counts.*counter);
  for (const auto durations : kDurations) Put(counts.*durations, wire);
  wire->Varint(counts.breaches_accepted);
  wire->Varint(counts.breaches_rejected);
}
Counts ReadCounts(WireReader* wire, bool with_breaches) {
  Counts counts;
  for (const auto counter : kCounters) counts.*counter = wire->Varint();
  for (const auto durations : kDurations) counts.*durations = ReadDurations(wire);
  if (!with_breaches) return counts;
  counts.breaches_accepted = wire->Varint();
  counts.breaches_rejected = wire->Varint();
  return counts;
}

struct Encoder {
  WireWriter* wire;

  void operator()(const PeerChanged& e) const {
    wire->EnumValue(Kind::kPeer);
    Put(e.peer, wire);
  }
  void operator()(const AccountChanged& e) const {
    wire->EnumValue(Kind::kAccount);
    wire->Text(operators::EncodeAccount(e.account));
  }
  void operator()(const MatterChanged& e) const {
    wire->EnumValue(Kind::kMatter);
    Put(e.matter, wire);
  }
  void operator()(const CallChanged& e) const {
    wire->EnumValue(Kind::kCall);
    Put(e.call, wire);
  }
  void operator()(const AwaitedChanged& e) const {
    wire->EnumValue(Kind::kAwaited);
    Put(e.awaited, wire);
    wire->Bool(e.done);
  }
  void operator()(const ToRecordChanged& e) const {
    wire->EnumValue(Kind::kToRecord);
    Put(e.to_record.peer, wire);
    wire->Varint(e.to_record.seq);
    wire->Fixed(e.to_record.notice.uuid.bytes);
    wire->Fixed(e.to_record.version.bytes);
    wire->Bool(e.done);
  }
  void operator()(const HeldBackChanged& e) const {
    wire->EnumValue(Kind::kHeldBack);
    Put(e.held, wire);
    wire->Bool(e.done);
  }
  void operator()(const CountsChanged& e) const {
    wire->EnumValue(Kind::kCountsOfBreaches);
    Put(e.key.peer, wire);
    wire->EnumValue(e.key.data_mode);
    Put(e.counts, wire);
  }
  void operator()(const BasisSigned& e) const {
    wire->EnumValue(Kind::kBasisSigned);
    wire->Fixed(e.conflict.bytes);
    wire->Fixed(e.basis.bytes);
  }
  void operator()(const BasisHeard& e) const {
    wire->EnumValue(Kind::kBasisHeard);
    wire->Fixed(e.conflict.bytes);
    wire->Text(e.text);
  }
  void operator()(const JournalWritten& e) const {
    wire->EnumValue(Kind::kJournal);
    wire->Varint(e.seq);
    wire->Text(e.text);
  }
  void operator()(const LineCheckScheduled& e) const {
    wire->EnumValue(Kind::kLineCheck);
    Put(e.peer, wire);
    wire->Bool(e.theirs);
    wire->Time(e.next_at);
  }
  void operator()(const ReleaseChecked& e) const {
    wire->EnumValue(Kind::kReleaseChecked);
    wire->Fixed(e.notice.uuid.bytes);
    wire->Fixed(e.declaration_sha256.bytes);
    wire->Text(e.key_id);
  }
  void operator()(const Drafted& e) const {
    wire->EnumValue(Kind::kDrafted);
    wire->Fixed(e.notice.uuid.bytes);
    wire->Varint(e.key_ids.size());
    for (const std::string& key_id : e.key_ids) wire->Text(key_id);
  }
  void operator()(const ProvenanceChanged& e) const {
    wire->EnumValue(Kind::kProvenance);
    Put(e.provenance, wire);
    wire->Bool(e.forgotten);
  }
  void operator()(const ThirdPartyChanged& e) const {
    wire->EnumValue(Kind::kThirdParty);
    Put(e.duty, wire);
    wire->Bool(e.forgotten);
  }
  void operator()(const ExerciseChanged& e) const {
    wire->EnumValue(Kind::kExercise);
    Put(e.exercise, wire);
  }
  void operator()(const OwnCardChanged& e) const {
    wire->EnumValue(Kind::kOwnCard);
    Put(e.own, wire);
  }
  void operator()(const DeadManChanged& e) const {
    wire->EnumValue(Kind::kDeadMan);
    Put(e.dead_man, wire);
  }
  void operator()(const HandoverChanged& e) const {
    wire->EnumValue(Kind::kHandover);
    Put(e.handover, wire);
  }
  void operator()(const AgreementChanged& e) const {
    wire->EnumValue(Kind::kAgreement);
    Put(e.agreement, wire);
    wire->Bool(e.forgotten);
  }
  void operator()(const ExchangeChanged& e) const {
    wire->EnumValue(Kind::kExchange);
    exchange::Put(e.exchange, wire);
  }
  void operator()(const ReadoutChanged& e) const {
    wire->EnumValue(Kind::kReadout);
    wire->Fixed(e.exchange.bytes);
    exchange::Put(e.readout, wire);
  }
  void operator()(const StatementAdded& e) const {
    wire->EnumValue(Kind::kStatement);
    wire->Fixed(e.exchange.bytes);
    exchange::Put(e.statement, wire);
  }
  void operator()(const ExchangeForgotten& e) const {
    wire->EnumValue(Kind::kExchangeForgotten);
    wire->Fixed(e.exchange.bytes);
  }
};

CountsChanged ReadCountsChanged(WireReader* wire, bool with_breaches) {
  CountsChanged changed;
  changed.key.peer = wire->ReadId<base::PartyId>();
  changed.key.data_mode = wire->EnumValue(DataMode::kTest);
  changed.counts = ReadCounts(wire, with_breaches);
  return changed;
}

LineCheckScheduled ReadScheduled(WireReader* wire) {
  LineCheckScheduled scheduled{wire->ReadId<base::PartyId>(), false, {}};
  scheduled.theirs = wire->Bool();
  scheduled.next_at = wire->Time();
  return scheduled;
}

ReleaseChecked ReadReleaseChecked(WireReader* wire) {
  ReleaseChecked checked{wire->ReadId<base::NoticeId>(), {}, {}};
  checked.declaration_sha256 = wire->ReadDigest();
  checked.key_id = wire->Text();
  return checked;
}

Drafted ReadDrafted(WireReader* wire) {
  Drafted drafted{wire->ReadId<base::NoticeId>(), {}};
  const size_t keys = wire->Count(1);
  for (size_t i = 0; i < keys; ++i) drafted.key_ids.push_back(wire->Text());
  return drafted;
}

JournalWritten ReadJournal(WireReader* wire) {
  JournalWritten journal{wire->Varint(), {}};
  journal.text = wire->Text();
  return journal;
}

DeskEffect ReadExchangeEffect(Kind kind, WireReader* wire) {
  if (kind == Kind::kExchange) return ExchangeChanged{exchange::ReadExchange(wire)};
  const base::Uuid id = ReadUuid(wire);
  if (kind == Kind::kReadout) return ReadoutChanged{id, exchange::ReadReadout(wire)};
  if (kind == Kind::kStatement) return StatementAdded{id, exchange::ReadStoredStatement(wire)};
  return ExchangeForgotten{id};
}

Result<DeskEffect> ReadAccountChanged(WireReader* wire) {
  const std::string text = wire->Text();
  if (!wire->ok()) return Damaged();
  WB_ASSIGN_OR_RETURN(operators::Account account, operators::DecodeAccount(text));
  return DeskEffect(AccountChanged{std::move(account)});
}

Result<DeskEffect> ReadEffect(WireReader* wire) {
  const Kind kind = wire->EnumValue(Kind::kCountsOfBreaches);
  switch (kind) {
    case Kind::kPeer: {
      WB_ASSIGN_OR_RETURN(Peer peer, ReadPeer(wire));
      return DeskEffect(PeerChanged{std::move(peer)});
    }
    case Kind::kAccount:
      return ReadAccountChanged(wire);
    case Kind::kMatter:
      return DeskEffect(MatterChanged{ReadMatter(wire)});
    case Kind::kCall:
      return DeskEffect(CallChanged{ReadCall(wire)});
    case Kind::kAwaited:
      return DeskEffect(AwaitedChanged{ReadAwaited(wire), wire->Bool()});
    case Kind::kToRecord:
      return DeskEffect(ToRecordChanged{ReadToRecord(wire), wire->Bool()});
    case Kind::kHeldBack:
      return DeskEffect(HeldBackChanged{ReadHeldBack(wire), wire->Bool()});
    case Kind::kCounts:
    case Kind::kCountsOfBreaches:
      return DeskEffect(ReadCountsChanged(wire, kind == Kind::kCountsOfBreaches));
    case Kind::kBasisSigned: {
      const base::Digest conflict = wire->ReadDigest();
      return DeskEffect(BasisSigned{conflict, wire->ReadDigest()});
    }
    case Kind::kBasisHeard: {
      const base::Digest conflict = wire->ReadDigest();
      return DeskEffect(BasisHeard{conflict, wire->Text()});
    }
    case Kind::kJournal:
      return DeskEffect(ReadJournal(wire));
    case Kind::kLineCheck:
      return DeskEffect(ReadScheduled(wire));
    case Kind::kOwnCard: {
      WB_ASSIGN_OR_RETURN(OwnCard own, ReadOwnCard(wire));
      return DeskEffect(OwnCardChanged{std::move(own)});
    }
    case Kind::kReleaseChecked:
      return DeskEffect(ReadReleaseChecked(wire));
    case Kind::kDrafted:
      return DeskEffect(ReadDrafted(wire));
    case Kind::kThirdParty: {
      ThirdPartyChanged changed{ReadThirdParty(wire), false};
      changed.forgotten = wire->Bool();
      return DeskEffect(std::move(changed));
    }
    case Kind::kProvenance: {
      ProvenanceChanged changed{ReadProvenance(wire), false};
      changed.forgotten = wire->Bool();
      return DeskEffect(std::move(changed));
    }
    case Kind::kExercise:
      return DeskEffect(ExerciseChanged{ReadExercise(wire)});
    case Kind::kDeadMan:
      return DeskEffect(DeadManChanged{ReadDeadMan(wire)});
    case Kind::kHandover:
      return DeskEffect(HandoverChanged{ReadHandover(wire)});
    case Kind::kAgreement: {
      AgreementChanged changed{ReadAgreement(wire), false};
      changed.forgotten = wire->Bool();
      return DeskEffect(std::move(changed));
    }
    default:
      return ReadExchangeEffect(kind, wire);
  }
}

}  // namespace

void EncodeDeskEffect(const DeskEffect& effect, base::Bytes* out) {
  WireWriter wire(out);
  std::visit(Encoder{&wire}, effect);
}

Result<DeskEffect> DecodeDeskEffect(base::ByteView* in) {
  WireReader wire(*in);
  WB_ASSIGN_OR_RETURN(DeskEffect effect, ReadEffect(&wire));
  if (!wire.ok()) return Damaged();
  *in = wire.rest();
  return effect;
}

namespace rows {

void EncodeFacts(const Facts& facts, base::Bytes* out) {
  WireWriter wire(out);
  wire.Varint(facts.journal_size);
  wire.Fixed(facts.journal_last.bytes);
  wire.Varint(facts.next_matter);
}

Result<Facts> DecodeFacts(base::ByteView* in) {
  WireReader wire(*in);
  Facts facts;
  facts.journal_size = wire.Varint();
  facts.journal_last = wire.ReadDigest();
  facts.next_matter = wire.Varint();
  if (!wire.ok()) return Damaged();
  *in = wire.rest();
  return facts;
}

}  // namespace rows

}  // namespace wideberth::mechanism
