#include "line/policy_lane.h"

#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::line {

std::string WritePolicyLane(bool suspended) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.BoolField("suspended", suspended);
  json.EndObject();
  return body;
}

base::Result<bool> ReadPolicyLane(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  return object.RequiredBool("suspended");
}

}  // namespace wideberth::line
