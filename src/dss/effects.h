// What a decision changes, and what is logged. Every effect says what is, not what to add: applying one again changes
// nothing. An entity as an effect is that entity from now on.
#ifndef WIDEBERTH_DSS_EFFECTS_H_
#define WIDEBERTH_DSS_EFFECTS_H_

#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/entities.h"

namespace wideberth::dss {

struct Removed {
  Kind kind = Kind::kIntent;
  base::Uuid id;
  bool operator==(const Removed&) const = default;
};

// A subscription of `kind` has been named in a notification list once more.
struct Notified {
  Kind kind = Kind::kSubscription;
  base::Uuid id;
  int32_t notification_index = 0;
  bool operator==(const Notified&) const = default;
};

struct ReportFiled {
  base::Uuid id;
  std::string reporter;
  base::UtcMicros at;
  std::string body;
  bool operator==(const ReportFiled&) const = default;
};

// Of the transparency log (dss/log_entry.h): it begins, empty, under that name; entry `index` of it; its head, signed.
struct LogBegun {
  std::string origin;
  bool operator==(const LogBegun&) const = default;
};
struct LogEntry {
  uint64_t index = 0;
  std::string text;
  bool operator==(const LogEntry&) const = default;
};
struct LogHead {
  uint64_t size = 0;
  base::Digest root;
  std::string note;
  bool operator==(const LogHead&) const = default;
};

using Effect = std::variant<Intent, Constraint, ServiceArea, Subscription, RidSubscription, Removed,
                            Notified, UssAvailability, ReportFiled, LogBegun, LogEntry, LogHead>;

// One value, one encoding. The decoder takes one effect from the front of *in and refuses (kStorage) what the encoder
// would not have written.
void EncodeEffect(const Effect& effect, base::Bytes* out);
base::Result<Effect> DecodeEffect(base::ByteView* in);

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_EFFECTS_H_
