// What the two editions of F3411 read and write differently. Inside this folder only.
#ifndef WIDEBERTH_API_F3411_EDITION_H_
#define WIDEBERTH_API_F3411_EDITION_H_

#include <string>
#include <string_view>

#include "api/astm/call.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::api::f3411 {

enum class Edition { k19, k22a };

// The body of a write: where, and the URL as it is kept.
struct Put {
  dss::Extent extent;
  std::string url;
};
base::Result<Put> ReadServiceArea(Edition edition, const astm::Call& call);
base::Result<Put> ReadSubscription(Edition edition, const astm::Call& call);
// The query parameter `area`: "lat,lng,lat,lng,...".
base::Result<dss::Extent> ReadArea(const astm::Call& call);

void WriteServiceArea(Edition edition, const dss::ServiceArea& area, json::Writer* json);
void WriteSubscription(Edition edition, const dss::RidSubscription& subscription,
                       json::Writer* json);
// "subscribers": [...]
void WriteSubscribers(const dss::Answer& answer, json::Writer* json);

}  // namespace wideberth::api::f3411

#endif  // WIDEBERTH_API_F3411_EDITION_H_
