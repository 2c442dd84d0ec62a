// Writing what the interfaces share.
#ifndef WIDEBERTH_API_ASTM_ENCODE_H_
#define WIDEBERTH_API_ASTM_ENCODE_H_

#include <span>
#include <string_view>

#include "base/time.h"
#include "dss/decide.h"
#include "json/writer.h"

namespace wideberth::api::astm {

// "key": {"value": "2026-11-22T10:00:00.000000Z", "format": "RFC3339"}
void WriteTime(json::Writer* json, std::string_view key, base::UtcMicros time);
// [{"subscription_id": ..., "notification_index": ...}] under "subscriptions"
void WriteNamed(json::Writer* json, std::span<const dss::Subscriber::Named> named);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_ENCODE_H_
