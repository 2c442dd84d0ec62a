// Invariants checked: reading a batch never crashes and a refusal names its rule; what is read is written as a batch
// that reads as the same.
// Input: the bytes of a batch.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "service/batch.h"

namespace service = wideberth::service;
namespace base = wideberth::base;

namespace {

base::Result<base::Bytes> Rewritten(base::ByteView bytes) {
  service::BatchWriter writer;
  service::BatchVisitor visitor;
  visitor.airspace = [&](const std::vector<wideberth::airspace::Effect>& effects) {
    writer.Add(effects);
  };
  visitor.line = [&](uint32_t line, const wideberth::line::Effect& effect) {
    writer.Add(line, effect);
  };
  visitor.dss = [&](const wideberth::dss::Effect& effect) { writer.Add(effect); };
  visitor.desk = [&](const wideberth::mechanism::DeskEffect& effect) { writer.Add(effect); };
  WB_RETURN_IF_ERROR(service::ReadBatch(bytes, visitor));
  return writer.Encode();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto once = Rewritten({data, size});
  if (!once) {
    CHECK(!once.error().rule.empty());
    return 0;
  }
  CHECK(Rewritten(*once).value() == *once);
  return 0;
}
