#include "api/astm/encode.h"

namespace wideberth::api::astm {

void WriteTime(json::Writer* json, std::string_view key, base::UtcMicros time) {
  json->Key(key);
  json->BeginObject();
  json->StringField("value", base::FormatRfc3339(time));
  json->StringField("format", "RFC3339");
  json->EndObject();
}

void WriteNamed(json::Writer* json, std::span<const dss::Subscriber::Named> named) {
  json->Key("subscriptions");
  json->BeginArray();
  for (const dss::Subscriber::Named& each : named) {
    json->BeginObject();
    json->StringField("subscription_id", each.id.ToString());
    json->Int64Field("notification_index", each.notification_index);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace wideberth::api::astm
