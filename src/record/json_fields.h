// Fields that several JSON formats of the record share.
#ifndef WIDEBERTH_RECORD_JSON_FIELDS_H_
#define WIDEBERTH_RECORD_JSON_FIELDS_H_

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "json/reader.h"
#include "record/merkle.h"

namespace wideberth::record {

// A size or an index, 0 to kTreeSizeMax.
inline base::Result<uint64_t> ReadSize(std::string_view key, json::Object* object) {
  WB_ASSIGN_OR_RETURN(const int64_t size,
                      object->RequiredInt64(key, 0, static_cast<int64_t>(kTreeSizeMax)));
  return static_cast<uint64_t>(size);
}

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_JSON_FIELDS_H_
