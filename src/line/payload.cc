#include "line/payload.h"

#include <limits>

namespace wideberth::line {

void WriteHead(std::string_view key, const record::TreeHead& head, json::Writer* json) {
  json->Key(key);
  json->BeginObject();
  json->Uint64Field("size", head.size);
  json->StringField("root", head.root.ToHex());
  json->EndObject();
}

base::Result<record::TreeHead> ReadHead(std::string_view key, json::Object* object) {
  WB_ASSIGN_OR_RETURN(json::Object inner, object->RequiredObject(key));
  record::TreeHead head;
  WB_ASSIGN_OR_RETURN(head.size, ReadCount("size", 0, &inner));
  WB_ASSIGN_OR_RETURN(head.root, inner.RequiredParsed("root", 64, base::Digest::FromHex));
  return head;
}

base::Result<uint64_t> ReadCount(std::string_view key, uint64_t min, json::Object* object) {
  WB_ASSIGN_OR_RETURN(
      const int64_t count,
      object->RequiredInt64(key, static_cast<int64_t>(min), std::numeric_limits<int64_t>::max()));
  return static_cast<uint64_t>(count);
}

}  // namespace wideberth::line
