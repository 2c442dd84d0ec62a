// Whatever bytes are accepted as effects, notices, conflicts or declarations are written again as they were read.
#include <algorithm>
#include <cstdint>

#include "airspace/codec.h"
#include "base/check.h"

namespace {

using wideberth::base::Bytes;
using wideberth::base::ByteView;

template <class Decode, class Encode>
void RoundTrip(ByteView in, Decode decode, Encode encode) {
  ByteView rest = in;
  const auto value = decode(&rest);
  if (!value) return;
  Bytes out;
  encode(*value, &out);
  const ByteView taken = in.first(in.size() - rest.size());
  CHECK_MSG(std::equal(out.begin(), out.end(), taken.begin(), taken.end()),
            "one value has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace airspace = wideberth::airspace;
  const ByteView in(data, size);
  RoundTrip(in, airspace::DecodeDeclaration, airspace::EncodeDeclaration);
  RoundTrip(in, airspace::DecodeNotice, airspace::EncodeNotice);
  RoundTrip(in, airspace::DecodeConflict, airspace::EncodeConflict);
  if (const auto effects = airspace::DecodeEffects(in)) {
    // Several blocks become one; from then on nothing changes any more.
    Bytes once;
    airspace::EncodeEffects(*effects, &once);
    const auto again = airspace::DecodeEffects(once);
    CHECK(again.has_value());
    Bytes twice;
    airspace::EncodeEffects(*again, &twice);
    CHECK(once == twice);
  }
  return 0;
}
