// What a DSS keeps (ASTM F3548-21 and F3411): references to operational intents, constraints, subscriptions,
// identification service areas, and what the arbiter says of a provider's availability.
//
// Of an extent the DSS keeps what the key check goes by and no shape: the union of the level-13 cells, the hull of the
// altitudes, the hull of the times (MECHANISM 9.2: a refusal for an incomplete key is never "conflict"). All bounds are
// inclusive.
#ifndef WIDEBERTH_DSS_ENTITIES_H_
#define WIDEBERTH_DSS_ENTITIES_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "geo/covering.h"

namespace wideberth::dss {

inline constexpr int kCellLevel = 13;
inline constexpr size_t kExtentCellsMax = 16'384;       // about 20,000 km2
inline constexpr size_t kExtentVolumesMax = 1'000;      // in one request
inline constexpr size_t kBaseUrlBytesMax = 2'048;       // of a provider
inline constexpr size_t kManagerBytesMax = 1'024;       // `sub` of a token
inline constexpr size_t kOvnBytesMax = 128;             // of the standard
inline constexpr size_t kKeyOvnsMax = 200'000;          // of one request
inline constexpr size_t kFormerOvnsMax = 4'096;         // with a requested suffix, of one intent
inline constexpr size_t kRidSubscriptionsAreaMax = 10;  // of one owner in one cell
inline constexpr int64_t kClockSkewUs = 5 * base::kMicrosPerMinute;
inline constexpr int64_t kSubscriptionSpanMaxUs = 24 * base::kMicrosPerHour;

inline constexpr int32_t kAltitudeOpenLowMm = std::numeric_limits<int32_t>::min();
inline constexpr int32_t kAltitudeOpenHighMm = std::numeric_limits<int32_t>::max();

struct Extent {
  std::vector<geo::CellId> cells;  // level 13, sorted, distinct
  int32_t lower_mm = kAltitudeOpenLowMm;
  int32_t upper_mm = kAltitudeOpenHighMm;
  base::UtcMicros start = base::kTimeOpenStart;
  base::UtcMicros end = base::kTimeOpenEnd;
  bool operator==(const Extent&) const = default;
};

bool TimesMeet(const Extent& a, const Extent& b);
bool AltitudesMeet(const Extent& a, const Extent& b);
bool CellsMeet(const Extent& a, const Extent& b);
bool CellsContain(const Extent& outer, const Extent& inner);
// Cells of both, and the hulls.
Extent Union(const Extent& a, const Extent& b);

enum class IntentState : uint8_t { kAccepted, kActivated, kNonconforming, kContingent };
std::string_view Name(IntentState state);  // "Accepted"

enum class Availability : uint8_t { kUnknown, kNormal, kDown };
std::string_view Name(Availability availability);

// In what order they leave when they end together: an intent before the subscription it depends on.
enum class Kind : uint8_t { kIntent, kConstraint, kServiceArea, kSubscription, kRidSubscription };
inline constexpr size_t kKinds = 5;

// What all have. `manager` is the `sub` of whoever wrote it, and alone may change it.
struct Entity {
  base::Uuid id;
  std::string manager;
  std::string base_url;
  Extent extent;
  bool operator==(const Entity&) const = default;
};

// A former OVN that its provider had chosen, which may not come again while its time would still be accepted.
struct FormerOvn {
  std::string ovn;
  base::UtcMicros chosen_at;  // the time in it
  bool operator==(const FormerOvn&) const = default;
};

struct Intent : Entity {
  static constexpr Kind kKind = Kind::kIntent;
  int32_t version = 1;
  std::string ovn;
  IntentState state = IntentState::kAccepted;
  base::Uuid subscription;        // nil: none
  std::vector<FormerOvn> former;  // oldest first
  bool operator==(const Intent&) const = default;
};

struct Constraint : Entity {
  static constexpr Kind kKind = Kind::kConstraint;
  int32_t version = 1;
  std::string ovn;
  bool operator==(const Constraint&) const = default;
};

struct Subscription : Entity {
  static constexpr Kind kKind = Kind::kSubscription;
  std::string version;  // opaque; stays when the index below moves
  int32_t notification_index = 0;
  bool for_intents = false;
  bool for_constraints = false;
  bool implicit = false;
  bool operator==(const Subscription&) const = default;
};

// Of remote identification. `base_url` is the whole URL that flights, or notices of areas, are asked for at.
struct ServiceArea : Entity {
  static constexpr Kind kKind = Kind::kServiceArea;
  int64_t version_us = 0;  // when it was written, later than its last version
  bool operator==(const ServiceArea&) const = default;
};

struct RidSubscription : Entity {
  static constexpr Kind kKind = Kind::kRidSubscription;
  int64_t version_us = 0;
  int32_t notification_index = 0;
  bool operator==(const RidSubscription&) const = default;
};

struct UssAvailability {
  std::string uss;
  Availability availability = Availability::kUnknown;
  std::string version;  // "" while it was never set
  bool operator==(const UssAvailability&) const = default;
};

// The version of a remote identification entity as its clients see it: base 32 of the nanoseconds.
std::string RidVersion(int64_t version_us);
// Whether it could be one: a number to the base of 32.
bool IsRidVersion(std::string_view text);

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_ENTITIES_H_
