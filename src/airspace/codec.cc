#include "airspace/codec.h"

#include "airspace/wire.h"
#include "airspace/wire_values.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

// First byte of every top-level item. A later format gets another number.
constexpr uint8_t kFormat = 1;

base::Unexpected Damaged(std::string_view what) {
  return base::Fail(base::ErrorCode::kStorage, what, "must decode: the bytes are damaged");
}

void Put(WireWriter& out, const Volume4D& value) {
  Put(out, value.outline);
  Put(out, value.band.lower);
  Put(out, value.band.upper);
  Put(out, value.window);
  Put(out, value.lower_w84);
  Put(out, value.upper_w84);
}

std::optional<Volume4D> TakeVolume(WireReader& in) {
  std::optional<geo::Outline> outline = TakeOutline(in);
  if (!outline) return std::nullopt;
  Volume4D value{std::move(*outline), {}, {}, {}, {}};
  value.band.lower = TakeAltitude(in);
  value.band.upper = TakeAltitude(in);
  value.window = TakeWindow(in);
  value.lower_w84 = TakeInterval(in);
  value.upper_w84 = TakeInterval(in);
  return value;
}

void Put(WireWriter& out, const Declaration& value) {
  out.EnumValue(value.data_mode);
  out.EnumValue(value.kind);
  out.Text(value.activity_class);
  out.EnumValue(value.hazard_class);
  out.EnumValue(value.hazard_source);
  out.EnumValue(value.restriction);
  out.EnumValue(value.confidence);
  out.Text(value.name);
  out.Text(value.role_to_call);
  out.Text(value.frequency);
  out.Bool(value.unplanned);
  out.Bool(value.on_behalf_of);
  out.Varint(value.may_tell.size());
  for (const base::PartyId party : value.may_tell) out.Fixed(party.uuid.bytes);
  out.Varint(value.volumes.size());
  for (const Volume4D& volume : value.volumes) Put(out, volume);
  out.Text(value.original);
}

Declaration TakeDeclaration(WireReader& in) {
  Declaration value;
  value.data_mode = in.EnumValue(DataMode::kTest);
  value.kind = in.EnumValue(NoticeKind::kZone);
  value.activity_class = in.Text();
  value.hazard_class = in.EnumValue(HazardClass::kOther);
  value.hazard_source = in.EnumValue(HazardSource::kExpectedThirdParty);
  value.restriction = in.EnumValue(Restriction::kNoRestriction);
  value.confidence = in.EnumValue(Confidence::kExpected);
  value.name = in.Text();
  value.role_to_call = in.Text();
  value.frequency = in.Text();
  value.unplanned = in.Bool();
  value.on_behalf_of = in.Bool();
  const size_t may_tell = in.Count(16);
  if (may_tell > kMayTellMax) in.Fail();
  for (size_t i = 0; i < may_tell && in.ok(); ++i) {
    value.may_tell.push_back(in.ReadId<base::PartyId>());
  }
  const size_t volumes = in.Count(64);
  value.volumes.reserve(volumes);
  for (size_t i = 0; i < volumes && in.ok(); ++i) {
    std::optional<Volume4D> volume = TakeVolume(in);
    if (!volume) {
      in.Fail();
      break;
    }
    value.volumes.push_back(std::move(*volume));
  }
  value.original = in.Text();
  return value;
}

void Put(WireWriter& out, const NoticeVersion& value) {
  out.Varint(value.number);
  out.Fixed(value.digest.bytes);
  out.Time(value.stored_at);
  out.EnumValue(value.disclosure);
  out.EnumValue(value.author);
  out.Bool(value.until_read_back);
  out.I64(value.lead_time_us);
  out.Bool(value.late);
  Put(out, value.declaration);
}

// What never is: a live state that is another disclosure's, or a draft or held version to be read back.
bool Agree(Disclosure disclosure, AuthorState author, bool until_read_back) {
  if (until_read_back && disclosure != Disclosure::kDeclared) return false;
  if (author == AuthorState::kDraft) return disclosure == Disclosure::kDraft;
  if (author == AuthorState::kHeld) return disclosure == Disclosure::kHeld;
  return author != AuthorState::kReleased || disclosure == Disclosure::kDeclared;
}

NoticeVersion TakeVersion(WireReader& in) {
  NoticeVersion value;
  const uint64_t number = in.Varint();
  if (number == 0 || number > limits::kNoticeVersionsMax) in.Fail();
  value.number = static_cast<uint32_t>(number);
  value.digest = in.ReadDigest();
  value.stored_at = in.Time();
  value.disclosure = in.EnumValue(Disclosure::kDeclared);
  value.author = in.EnumValue(AuthorState::kHeld);
  value.until_read_back = in.Bool();
  if (!Agree(value.disclosure, value.author, value.until_read_back)) in.Fail();
  value.lead_time_us = in.I64();
  value.late = in.Bool();
  value.declaration = TakeDeclaration(in);
  return value;
}

template <class Map, class PutValue>
void PutMap(WireWriter& out, const Map& map, PutValue put) {
  out.Varint(map.size());
  for (const auto& [party, value] : map) {
    out.Fixed(party.uuid.bytes);
    put(value);
  }
}

template <class Map, class TakeValue>
Map TakeMap(WireReader& in, TakeValue take) {
  Map map;
  const size_t count = in.Count(17);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    const auto party = in.ReadId<base::PartyId>();
    // Ascending and distinct, as a map is written: one value has one encoding.
    if (!map.empty() && !(map.rbegin()->first < party)) in.Fail();
    map.emplace_hint(map.end(), party, take());
  }
  return map;
}

void Put(WireWriter& out, const std::optional<Receipt>& value) {
  out.Bool(value.has_value());
  if (!value) return;
  out.Fixed(value->version.bytes);
  out.Time(value->at);
  out.Bool(value->counts);
}

std::optional<Receipt> TakeReceipt(WireReader& in) {
  if (!in.Bool()) return std::nullopt;
  Receipt value;
  value.version = in.ReadDigest();
  value.at = in.Time();
  value.counts = in.Bool();
  return value;
}

void Put(WireWriter& out, const std::optional<Recorded>& value) {
  out.Bool(value.has_value());
  if (!value) return;
  out.Fixed(value->version.bytes);
  out.Time(value->at);
  out.Time(value->cosigned_at);
  out.Bool(value->counts);
}

std::optional<Recorded> TakeRecorded(WireReader& in) {
  if (!in.Bool()) return std::nullopt;
  Recorded value;
  value.version = in.ReadDigest();
  value.at = in.Time();
  value.cosigned_at = in.Time();
  value.counts = in.Bool();
  return value;
}

void Put(WireWriter& out, const Delivery& delivery) {
  Put(out, delivery.r1);
  Put(out, delivery.r2);
  Put(out, delivery.r3);
}

Delivery TakeDelivery(WireReader& in) {
  Delivery delivery;
  delivery.r1 = TakeReceipt(in);
  delivery.r2 = TakeRecorded(in);
  delivery.r3 = TakeReceipt(in);
  return delivery;
}

// The part that Notice and AxesChanged have in common.
template <class Axes>
void PutAxes(WireWriter& out, const Axes& value) {
  out.EnumValue(value.activity);
  out.OptionalTime(value.started_at);
  out.OptionalTime(value.ended_at);
  out.OptionalTime(value.all_clear_at);
  PutMap(out, value.delivery, [&](const Delivery& delivery) { Put(out, delivery); });
  PutMap(out, value.assessments, [&](const AssessmentRecord& record) {
    out.Fixed(record.version.bytes);
    out.EnumValue(record.assessment);
    out.Time(record.at);
    out.Time(record.need_time_until);
    out.Bool(record.counts);
  });
  PutMap(out, value.dissemination, [&](const Dissemination& told) {
    out.OptionalTime(told.units_told);
    out.OptionalTime(told.own_aircraft_clear);
  });
  PutMap(out, value.disregarded_by, [&](base::UtcMicros at) { out.Time(at); });
}

template <class Axes>
void TakeAxes(WireReader& in, Axes* value) {
  value->activity = in.EnumValue(ActivityState::kNoLongerObserved);
  value->started_at = in.OptionalTime();
  value->ended_at = in.OptionalTime();
  value->all_clear_at = in.OptionalTime();
  value->delivery = TakeMap<decltype(value->delivery)>(in, [&] { return TakeDelivery(in); });
  value->assessments = TakeMap<decltype(value->assessments)>(in, [&] {
    AssessmentRecord record;
    record.version = in.ReadDigest();
    record.assessment = in.EnumValue(Assessment::kNeedTime);
    record.at = in.Time();
    record.need_time_until = in.Time();
    record.counts = in.Bool();
    return record;
  });
  value->dissemination = TakeMap<decltype(value->dissemination)>(in, [&] {
    Dissemination told;
    told.units_told = in.OptionalTime();
    told.own_aircraft_clear = in.OptionalTime();
    return told;
  });
  value->disregarded_by = TakeMap<decltype(value->disregarded_by)>(in, [&] { return in.Time(); });
}

void Put(WireWriter& out, const Notice& value) {
  out.Fixed(value.id.uuid.bytes);
  out.Fixed(value.party.uuid.bytes);
  out.Varint(value.versions.size());
  for (const NoticeVersion& version : value.versions) Put(out, version);
  PutAxes(out, value);
}

Notice TakeNotice(WireReader& in) {
  Notice value;
  value.id = in.ReadId<base::NoticeId>();
  value.party = in.ReadId<base::PartyId>();
  const size_t versions = in.Count(64);
  if (versions == 0) in.Fail();
  for (size_t i = 0; i < versions && in.ok(); ++i) {
    value.versions.push_back(TakeVersion(in));
    if (value.versions.back().number != i + 1) in.Fail();
  }
  TakeAxes(in, &value);
  return value;
}

void Put(WireWriter& out, const VolumeConflict& value) {
  out.Fixed(value.version_a.bytes);
  out.Fixed(value.version_b.bytes);
  out.Varint(value.volume_a);
  out.Varint(value.volume_b);
  out.Bool(value.certain);
  out.U8(value.uncertainty);
  out.Time(value.first_moment);
  Put(out, value.overlap);
  out.I64(value.time_gap_us);
  out.I64(value.vertical_gap_min_mm);
  out.I64(value.vertical_gap_max_mm);
  out.I64(value.lateral_gap_mm);
  out.I64(value.lateral_error_mm);
  Put(out, value.closest_a);
  Put(out, value.closest_b);
  Put(out, value.area.south_west);
  Put(out, value.area.north_east);
  out.I64(value.lateral_shortfall_mm);
  out.I64(value.vertical_shortfall_mm);
  out.I64(value.time_shortfall_us);
}

VolumeConflict TakeVolumeConflict(WireReader& in) {
  VolumeConflict value;
  value.version_a = in.ReadDigest();
  value.version_b = in.ReadDigest();
  const uint64_t a = in.Varint();
  const uint64_t b = in.Varint();
  if (a >= limits::kNoticeVolumesMax || b >= limits::kNoticeVolumesMax) in.Fail();
  value.volume_a = static_cast<uint32_t>(a);
  value.volume_b = static_cast<uint32_t>(b);
  value.certain = in.Bool();
  value.uncertainty = in.U8();
  value.first_moment = in.Time();
  value.overlap = TakeWindow(in);
  value.time_gap_us = in.I64();
  value.vertical_gap_min_mm = in.I64();
  value.vertical_gap_max_mm = in.I64();
  value.lateral_gap_mm = in.I64();
  value.lateral_error_mm = in.I64();
  value.closest_a = TakePosition(in);
  value.closest_b = TakePosition(in);
  value.area.south_west = TakePosition(in);
  value.area.north_east = TakePosition(in);
  value.lateral_shortfall_mm = in.I64();
  value.vertical_shortfall_mm = in.I64();
  value.time_shortfall_us = in.I64();
  return value;
}

void Put(WireWriter& out, const Conflict& value) {
  out.Fixed(value.id.bytes);
  out.EnumValue(value.data_mode);
  for (const ConflictSide& side : value.sides) {
    out.Fixed(side.notice.uuid.bytes);
    out.Fixed(side.party.uuid.bytes);
    out.Fixed(side.version.bytes);
    out.Bool(side.held);
    out.OptionalTime(side.seen_at);
    out.Text(side.measures);
    out.OptionalTime(side.disregarded_at);
  }
  out.EnumValue(value.treatment);
  out.EnumValue(value.verdict);
  out.EnumValue(value.state);
  out.I64(value.separation.lateral_mm);
  out.I64(value.separation.vertical_mm);
  out.I64(value.separation.time_us);
  out.Varint(value.pairs.size());
  for (const VolumeConflict& pair : value.pairs) Put(out, pair);
  out.Varint(value.pairs_total);
  out.Time(value.first_moment);
  out.Time(value.last_moment);
  out.Time(value.opened_at);
  out.Time(value.changed_at);
  out.Fixed(value.rules.bytes);
  out.Fixed(value.agreed.bytes);
  out.Bool(value.risk_accepted.has_value());
  if (!value.risk_accepted) return;
  out.Time(value.risk_accepted->at);
  out.OptionalTime(value.risk_accepted->until);
  out.Fixed(value.risk_accepted->act.bytes);
  out.Text(value.risk_accepted->role);
  out.Text(value.risk_accepted->key_id);
}

Conflict TakeConflict(WireReader& in) {
  Conflict value;
  value.id = in.ReadDigest();
  value.data_mode = in.EnumValue(DataMode::kTest);
  for (ConflictSide& side : value.sides) {
    side.notice = in.ReadId<base::NoticeId>();
    side.party = in.ReadId<base::PartyId>();
    side.version = in.ReadDigest();
    side.held = in.Bool();
    side.seen_at = in.OptionalTime();
    side.measures = in.Text();
    side.disregarded_at = in.OptionalTime();
  }
  value.treatment = in.EnumValue(Treatment::kKeepOut);
  value.verdict = in.EnumValue(Verdict::kCertain);
  value.state = in.EnumValue(ConflictState::kPassed);
  value.separation.lateral_mm = in.I64();
  value.separation.vertical_mm = in.I64();
  value.separation.time_us = in.I64();
  const size_t pairs = in.Count(64);
  if (pairs > limits::kConflictPairsReportedMax) in.Fail();
  for (size_t i = 0; i < pairs && in.ok(); ++i) value.pairs.push_back(TakeVolumeConflict(in));
  const uint64_t pairs_total = in.Varint();
  if (pairs_total > UINT32_MAX) in.Fail();
  value.pairs_total = static_cast<uint32_t>(pairs_total);
  value.first_moment = in.Time();
  value.last_moment = in.Time();
  value.opened_at = in.Time();
  value.changed_at = in.Time();
  value.rules = in.ReadDigest();
  value.agreed = in.ReadDigest();
  if (!in.Bool()) return value;
  if (!value.local()) in.Fail();
  AcceptedRisk& risk = value.risk_accepted.emplace();
  risk.at = in.Time();
  risk.until = in.OptionalTime();
  risk.act = in.ReadDigest();
  risk.role = in.Text();
  risk.key_id = in.Text();
  return value;
}

void PutPrepared(base::Bytes* out, const std::vector<PreparedVolume>& prepared) {
  WireWriter(out).Varint(prepared.size());
  for (const PreparedVolume& volume : prepared) EncodePrepared(volume, out);
}

std::vector<PreparedVolume> TakePrepared(WireReader& in) {
  const size_t count = in.Count(32);
  std::vector<PreparedVolume> prepared;
  prepared.reserve(count);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    base::ByteView rest = in.rest();
    base::Result<PreparedVolume> volume = DecodePrepared(&rest);
    if (!volume) {
      in.Fail();
      break;
    }
    prepared.push_back(std::move(*volume));
    in = WireReader(rest);
  }
  return prepared;
}

// One overload an effect; the variant's index is its tag.
struct EffectWriter {
  base::Bytes* out;

  void operator()(const VersionStored& effect) const {
    WireWriter wire(out);
    wire.Fixed(effect.id.uuid.bytes);
    wire.Fixed(effect.party.uuid.bytes);
    Put(wire, effect.version);
    PutPrepared(out, effect.prepared);
  }
  void operator()(const AxesChanged& effect) const {
    WireWriter wire(out);
    wire.Fixed(effect.id.uuid.bytes);
    wire.Varint(effect.authors.size());
    for (const AuthorState author : effect.authors) wire.EnumValue(author);
    PutAxes(wire, effect);
  }
  void operator()(const NoticeRetired& effect) const {
    WireWriter(out).Fixed(effect.id.uuid.bytes);
  }
  void operator()(const NoticeEvicted& effect) const {
    WireWriter(out).Fixed(effect.id.uuid.bytes);
  }
  void operator()(const ConflictChanged& effect) const {
    WireWriter wire(out);
    Put(wire, effect.conflict);
  }
  void operator()(const TimeAdvanced& effect) const {
    WireWriter wire(out);
    wire.EnumValue(effect.mode);
    wire.Time(effect.now);
  }
  void operator()(const RulesAdopted& effect) const { WireWriter(out).Fixed(effect.rules.bytes); }
  void operator()(const ClockSet& effect) const {
    WireWriter wire(out);
    wire.EnumValue(effect.clock.mode);
    wire.Time(effect.clock.real);
    wire.Time(effect.clock.shown);
    wire.F64(effect.clock.rate);
  }
  void operator()(const DeliveryChanged& effect) const {
    WireWriter wire(out);
    wire.Fixed(effect.id.uuid.bytes);
    wire.Fixed(effect.to.uuid.bytes);
    Put(wire, effect.delivery);
  }
};

VersionStored TakeVersionStored(WireReader& in) {
  VersionStored effect;
  effect.id = in.ReadId<base::NoticeId>();
  effect.party = in.ReadId<base::PartyId>();
  effect.version = TakeVersion(in);
  effect.prepared = TakePrepared(in);
  if (!effect.prepared.empty() &&
      effect.prepared.size() != effect.version.declaration.volumes.size()) {
    in.Fail();
  }
  return effect;
}

AxesChanged TakeAxesChanged(WireReader& in) {
  AxesChanged effect;
  effect.id = in.ReadId<base::NoticeId>();
  const size_t authors = in.Count(1);
  for (size_t i = 0; i < authors && in.ok(); ++i) {
    effect.authors.push_back(in.EnumValue(AuthorState::kHeld));
  }
  TakeAxes(in, &effect);
  return effect;
}

ClockSet TakeClockSet(WireReader& in) {
  ClockSet effect;
  effect.clock.mode = in.EnumValue(DataMode::kTest);
  effect.clock.real = in.Time();
  effect.clock.shown = in.Time();
  effect.clock.rate = in.F64();
  return effect;
}

Effect TakeEffect(WireReader& in) {
  switch (in.U8()) {
    case 0:
      return TakeVersionStored(in);
    case 1:
      return TakeAxesChanged(in);
    case 2:
      return NoticeRetired{in.ReadId<base::NoticeId>()};
    case 3:
      return NoticeEvicted{in.ReadId<base::NoticeId>()};
    case 4:
      return ConflictChanged{TakeConflict(in)};
    case 5: {
      TimeAdvanced effect;
      effect.mode = in.EnumValue(DataMode::kTest);
      effect.now = in.Time();
      return effect;
    }
    case 6:
      return RulesAdopted{in.ReadDigest()};
    case 7:
      return TakeClockSet(in);
    case 8: {
      const auto id = in.ReadId<base::NoticeId>();
      const auto to = in.ReadId<base::PartyId>();
      return DeliveryChanged{id, to, TakeDelivery(in)};
    }
    default:
      in.Fail();
      return RulesAdopted{};
  }
}

template <class T, class Take>
base::Result<T> DecodeItem(base::ByteView* bytes, std::string_view what, Take take) {
  WireReader in(*bytes);
  if (in.U8() != kFormat) return Damaged(what);
  T value = take(in);
  if (!in.ok()) return Damaged(what);
  *bytes = in.rest();
  return value;
}

}  // namespace

void EncodeDeclaration(const Declaration& declaration, base::Bytes* out) {
  WireWriter wire(out);
  wire.U8(kFormat);
  Put(wire, declaration);
}

base::Result<Declaration> DecodeDeclaration(base::ByteView* in) {
  return DecodeItem<Declaration>(in, "declaration", TakeDeclaration);
}

void EncodeNotice(const Notice& notice, base::Bytes* out) {
  WireWriter wire(out);
  wire.U8(kFormat);
  Put(wire, notice);
}

base::Result<Notice> DecodeNotice(base::ByteView* in) {
  return DecodeItem<Notice>(in, "notice", TakeNotice);
}

void EncodeConflict(const Conflict& conflict, base::Bytes* out) {
  WireWriter wire(out);
  wire.U8(kFormat);
  Put(wire, conflict);
}

base::Result<Conflict> DecodeConflict(base::ByteView* in) {
  return DecodeItem<Conflict>(in, "conflict", TakeConflict);
}

void EncodeEffects(std::span<const Effect> effects, base::Bytes* out) {
  WireWriter wire(out);
  wire.U8(kFormat);
  wire.Varint(effects.size());
  for (const Effect& effect : effects) {
    wire.U8(static_cast<uint8_t>(effect.index()));
    std::visit(EffectWriter{out}, effect);
  }
}

base::Result<std::vector<Effect>> DecodeEffects(base::ByteView in) {
  std::vector<Effect> effects;
  WireReader wire(in);
  while (wire.left() > 0) {
    if (wire.U8() != kFormat) return Damaged("effects");
    const size_t count = wire.Count(2);
    for (size_t i = 0; i < count && wire.ok(); ++i) effects.push_back(TakeEffect(wire));
    if (!wire.ok()) return Damaged("effects");
  }
  return effects;
}

}  // namespace wideberth::airspace
