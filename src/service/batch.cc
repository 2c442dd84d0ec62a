#include "service/batch.h"

#include <string>

#include "airspace/codec.h"
#include "airspace/wire.h"

namespace wideberth::service {
namespace {

base::Unexpected Damaged() {
  return base::Fail(base::ErrorCode::kStorage, "batch",
                    "must be as a node of this version wrote it");
}

void PutVarint(uint64_t value, base::Bytes* out) {
  airspace::WireWriter(out).Varint(value);
}

// The part whose length stands at the front of *in, which moves on behind it.
base::Result<base::ByteView> TakePart(base::ByteView* in) {
  airspace::WireReader wire(*in);
  const uint64_t size = wire.Varint();
  if (!wire.ok() || size > wire.left()) return Damaged();
  const base::ByteView part = wire.rest().first(size);
  *in = wire.rest().subspan(size);
  return part;
}

}  // namespace

void BatchWriter::Add(std::span<const airspace::Effect> effects) {
  airspace::EncodeEffects(effects, &airspace_);
}

void BatchWriter::Add(uint32_t line, const line::Effect& effect) {
  PutVarint(line, &lines_);
  line::EncodeEffect(effect, &lines_);
}

void BatchWriter::Add(const dss::Effect& effect) {
  dss::EncodeEffect(effect, &dss_);
}

void BatchWriter::Add(const mechanism::DeskEffect& effect) {
  mechanism::EncodeDeskEffect(effect, &desk_);
}

base::Bytes BatchWriter::Encode() const {
  base::Bytes out;
  out.reserve(size() + 30);
  PutVarint(airspace_.size(), &out);
  out.insert(out.end(), airspace_.begin(), airspace_.end());
  PutVarint(lines_.size(), &out);
  out.insert(out.end(), lines_.begin(), lines_.end());
  PutVarint(dss_.size(), &out);
  out.insert(out.end(), dss_.begin(), dss_.end());
  out.insert(out.end(), desk_.begin(), desk_.end());
  return out;
}

base::Result<void> ReadBatch(base::ByteView bytes, const BatchVisitor& visitor) {
  WB_ASSIGN_OR_RETURN(const base::ByteView airspace_part, TakePart(&bytes));
  WB_ASSIGN_OR_RETURN(base::ByteView lines_part, TakePart(&bytes));
  WB_ASSIGN_OR_RETURN(base::ByteView dss_part, TakePart(&bytes));
  if (visitor.airspace) {
    WB_ASSIGN_OR_RETURN(std::vector<airspace::Effect> effects,
                        airspace::DecodeEffects(airspace_part));
    visitor.airspace(std::move(effects));
  }
  if (visitor.line) {
    while (!lines_part.empty()) {
      airspace::WireReader wire(lines_part);
      const uint64_t line = wire.Varint();
      if (!wire.ok() || line > UINT32_MAX) return Damaged();
      lines_part = wire.rest();
      WB_ASSIGN_OR_RETURN(line::Effect effect, line::DecodeEffect(&lines_part));
      visitor.line(static_cast<uint32_t>(line), std::move(effect));
    }
  }
  while (visitor.dss && !dss_part.empty()) {
    WB_ASSIGN_OR_RETURN(dss::Effect effect, dss::DecodeEffect(&dss_part));
    visitor.dss(std::move(effect));
  }
  while (visitor.desk && !bytes.empty()) {
    WB_ASSIGN_OR_RETURN(mechanism::DeskEffect effect, mechanism::DecodeDeskEffect(&bytes));
    visitor.desk(std::move(effect));
  }
  return {};
}

base::Result<void> ReadStoredBatch(store::Store& store, uint64_t seq, const BatchVisitor& visitor) {
  bool done = false;
  base::Result<void> read = store.Replay(seq, [&](const store::Batch& one) -> base::Result<void> {
    WB_RETURN_IF_ERROR(ReadBatch(one.bytes, visitor));
    done = true;
    // One batch is wanted, not all that follow.
    return base::Fail(base::ErrorCode::kInternal, "", "is enough");
  });
  if (done) return {};
  if (!read) return read;
  return base::Fail(base::ErrorCode::kStorage, "batch", "must be there", std::to_string(seq));
}

}  // namespace wideberth::service
