// Writing what the interfaces share.
#ifndef WIDEBERTH_API_ASTM_ENCODE_H_
#define WIDEBERTH_API_ASTM_ENCODE_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "dss/decide.h"
#include "json/writer.h"
#include "net/http.h"

namespace wideberth::api::astm {

// The answer whose body is one object, with the fields that `fill(json::Writer*)` writes.
template <class Fill>
net::Response JsonObject(int status, Fill fill) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  fill(&json);
  json.EndObject();
  return net::JsonResponse(status, std::move(body));
}

// "key": {"value": "2026-11-22T10:00:00.000000Z", "format": "RFC3339"}
void WriteTime(json::Writer* json, std::string_view key, base::UtcMicros time);
// [{"subscription_id": ..., "notification_index": ...}] under "subscriptions"
void WriteNamed(json::Writer* json, std::span<const dss::Subscriber::Named> named);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_ENCODE_H_
