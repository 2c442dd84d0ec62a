#include "dss/effects.h"

#include <algorithm>

#include "airspace/wire.h"

namespace wideberth::dss {
namespace {

using airspace::WireReader;
using airspace::WireWriter;

// Cells are neighbours mostly: written as the steps between them, in units of a level-13 cell.
constexpr int kCellShift = 2 * (geo::kCellLevelMax - kCellLevel);
constexpr uint64_t kCellBit = uint64_t{1} << kCellShift;

base::Unexpected Damaged() {
  return base::Fail(base::ErrorCode::kStorage, "dss", "must decode: the bytes are damaged");
}

void PutI32(WireWriter& out, int32_t value) {
  const auto bits = static_cast<uint32_t>(value);
  out.Varint((bits << 1) ^ (value < 0 ? ~uint32_t{0} : 0));
}

int32_t TakeI32(WireReader& in) {
  const uint64_t coded = in.Varint();
  if (coded > UINT32_MAX) in.Fail();
  const auto bits = static_cast<uint32_t>(coded);
  return static_cast<int32_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~uint32_t{0} : 0));
}

void PutExtent(WireWriter& out, const Extent& extent) {
  out.Varint(extent.cells.size());
  uint64_t last = 0;
  for (const geo::CellId cell : extent.cells) {
    const uint64_t place = cell >> (kCellShift + 1);
    out.Varint(place - last);
    last = place;
  }
  PutI32(out, extent.lower_mm);
  PutI32(out, extent.upper_mm);
  out.Time(extent.start);
  out.Time(extent.end);
}

Extent TakeExtent(WireReader& in) {
  Extent extent;
  const size_t cells = in.Count(1);
  if (cells > kExtentCellsMax) in.Fail();
  uint64_t place = 0;
  for (size_t i = 0; i < cells && in.ok(); ++i) {
    const uint64_t step = in.Varint();
    if ((i > 0 && step == 0) || step > (UINT64_MAX >> (kCellShift + 1)) - place) in.Fail();
    place += step;
    const geo::CellId cell = (place << (kCellShift + 1)) | kCellBit;
    if (!geo::IsCell(cell)) in.Fail();
    extent.cells.push_back(cell);
  }
  extent.lower_mm = TakeI32(in);
  extent.upper_mm = TakeI32(in);
  extent.start = in.Time();
  extent.end = in.Time();
  return extent;
}

void PutEntity(WireWriter& out, const Entity& entity) {
  out.Fixed(entity.id.bytes);
  out.Text(entity.manager);
  out.Text(entity.base_url);
  PutExtent(out, entity.extent);
}

void TakeEntity(WireReader& in, Entity* entity) {
  in.Fixed(&entity->id.bytes);
  entity->manager = in.Text();
  entity->base_url = in.Text();
  entity->extent = TakeExtent(in);
}

struct Encoder {
  WireWriter& out;

  void operator()(const Intent& value) {
    PutEntity(out, value);
    PutI32(out, value.version);
    out.Text(value.ovn);
    out.EnumValue(value.state);
    out.Fixed(value.subscription.bytes);
    out.Varint(value.former.size());
    for (const FormerOvn& former : value.former) {
      out.Text(former.ovn);
      out.Time(former.chosen_at);
    }
  }
  void operator()(const Constraint& value) {
    PutEntity(out, value);
    PutI32(out, value.version);
    out.Text(value.ovn);
  }
  void operator()(const ServiceArea& value) {
    PutEntity(out, value);
    out.I64(value.version_us);
  }
  void operator()(const Subscription& value) {
    PutEntity(out, value);
    out.Text(value.version);
    PutI32(out, value.notification_index);
    out.Bool(value.for_intents);
    out.Bool(value.for_constraints);
    out.Bool(value.implicit);
  }
  void operator()(const RidSubscription& value) {
    PutEntity(out, value);
    out.I64(value.version_us);
    PutI32(out, value.notification_index);
  }
  void operator()(const Removed& value) {
    out.EnumValue(value.kind);
    out.Fixed(value.id.bytes);
  }
  void operator()(const Notified& value) {
    out.EnumValue(value.kind);
    out.Fixed(value.id.bytes);
    PutI32(out, value.notification_index);
  }
  void operator()(const UssAvailability& value) {
    out.Text(value.uss);
    out.EnumValue(value.availability);
    out.Text(value.version);
  }
  void operator()(const ReportFiled& value) {
    out.Fixed(value.id.bytes);
    out.Text(value.reporter);
    out.Time(value.at);
    out.Text(value.body);
  }
  void operator()(const LogBegun& value) { out.Text(value.origin); }
  void operator()(const LogEntry& value) {
    out.Varint(value.index);
    out.Text(value.text);
  }
  void operator()(const LogHead& value) {
    out.Varint(value.size);
    out.Fixed(value.root.bytes);
    out.Text(value.note);
  }
};

Effect Take(WireReader& in, Intent value) {
  TakeEntity(in, &value);
  value.version = TakeI32(in);
  value.ovn = in.Text();
  value.state = in.EnumValue(IntentState::kContingent);
  in.Fixed(&value.subscription.bytes);
  const size_t former = in.Count(9);
  if (former > kFormerOvnsMax) in.Fail();
  for (size_t i = 0; i < former && in.ok(); ++i) {
    FormerOvn each;
    each.ovn = in.Text();
    each.chosen_at = in.Time();
    value.former.push_back(std::move(each));
  }
  return value;
}
Effect Take(WireReader& in, Constraint value) {
  TakeEntity(in, &value);
  value.version = TakeI32(in);
  value.ovn = in.Text();
  return value;
}
Effect Take(WireReader& in, ServiceArea value) {
  TakeEntity(in, &value);
  value.version_us = in.I64();
  return value;
}
Effect Take(WireReader& in, Subscription value) {
  TakeEntity(in, &value);
  value.version = in.Text();
  value.notification_index = TakeI32(in);
  value.for_intents = in.Bool();
  value.for_constraints = in.Bool();
  value.implicit = in.Bool();
  return value;
}
Effect Take(WireReader& in, RidSubscription value) {
  TakeEntity(in, &value);
  value.version_us = in.I64();
  value.notification_index = TakeI32(in);
  return value;
}
Effect Take(WireReader& in, Removed value) {
  value.kind = in.EnumValue(Kind::kRidSubscription);
  in.Fixed(&value.id.bytes);
  return value;
}
Effect Take(WireReader& in, Notified value) {
  value.kind = in.EnumValue(Kind::kRidSubscription);
  if (value.kind < Kind::kSubscription) in.Fail();
  in.Fixed(&value.id.bytes);
  value.notification_index = TakeI32(in);
  return value;
}
Effect Take(WireReader& in, UssAvailability value) {
  value.uss = in.Text();
  value.availability = in.EnumValue(Availability::kDown);
  value.version = in.Text();
  return value;
}
Effect Take(WireReader& in, ReportFiled value) {
  in.Fixed(&value.id.bytes);
  value.reporter = in.Text();
  value.at = in.Time();
  value.body = in.Text();
  return value;
}
Effect Take(WireReader& in, LogBegun value) {
  value.origin = in.Text();
  return value;
}
Effect Take(WireReader& in, LogEntry value) {
  value.index = in.Varint();
  value.text = in.Text();
  return value;
}
Effect Take(WireReader& in, LogHead value) {
  value.size = in.Varint();
  in.Fixed(&value.root.bytes);
  value.note = in.Text();
  return value;
}

template <size_t I = 0>
Effect TakeOne(WireReader& in, size_t which) {
  if constexpr (I < std::variant_size_v<Effect>) {
    if (which == I) return Take(in, std::variant_alternative_t<I, Effect>());
    return TakeOne<I + 1>(in, which);
  }
  in.Fail();
  return Removed{};
}

}  // namespace

void EncodeEffect(const Effect& effect, base::Bytes* out) {
  WireWriter writer(out);
  writer.U8(static_cast<uint8_t>(effect.index()));
  std::visit(Encoder{writer}, effect);
}

base::Result<Effect> DecodeEffect(base::ByteView* in) {
  WireReader reader(*in);
  const uint8_t which = reader.U8();
  Effect effect = TakeOne(reader, which);
  if (!reader.ok()) return Damaged();
  *in = reader.rest();
  return effect;
}

}  // namespace wideberth::dss
