// Parts of payloads that messages and heartbeats share; inside line only.
#ifndef WIDEBERTH_LINE_PAYLOAD_H_
#define WIDEBERTH_LINE_PAYLOAD_H_

#include <string_view>

#include "base/result.h"
#include "json/reader.h"
#include "json/writer.h"
#include "record/merkle.h"

namespace wideberth::line {

void WriteHead(std::string_view key, const record::TreeHead& head, json::Writer* json);
base::Result<record::TreeHead> ReadHead(std::string_view key, json::Object* object);

// A count that JSON integers can carry: `min` to 2^63 - 1.
base::Result<uint64_t> ReadCount(std::string_view key, uint64_t min, json::Object* object);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_PAYLOAD_H_
