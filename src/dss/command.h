// What may be asked of a DSS that changes it. Random bytes and identifiers are drawn outside and travel in the command,
// so that a decision is a function of what it is given.
#ifndef WIDEBERTH_DSS_COMMAND_H_
#define WIDEBERTH_DSS_COMMAND_H_

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/entities.h"

namespace wideberth::dss {

// 33 bytes are 44 characters of base64 without padding.
using Drawn = std::array<uint8_t, 33>;
// Letters, digits, '-' and '_'.
std::string OpaqueText(const Drawn& drawn);

// An OVN suffix that the provider chose: a version 7 UUID, canonical, and the time in it.
struct OvnSuffix {
  std::string text;
  base::UtcMicros time;
};
base::Result<OvnSuffix> ParseOvnSuffix(std::string_view text);

struct NewSubscription {
  std::string base_url;
  bool for_constraints = false;
};

struct PutIntent {
  base::Uuid id;
  std::optional<std::string> ovn;  // of the version to change; absent: create
  std::string base_url;
  IntentState state = IntentState::kAccepted;
  Extent extent;                 // bounded in time and altitude
  std::vector<std::string> key;  // any order
  std::optional<base::Uuid> subscription;
  std::optional<NewSubscription> new_subscription;
  std::optional<OvnSuffix> ovn_suffix;
  Drawn drawn_ovn{};
  base::Uuid drawn_subscription;  // the id of a new subscription
  Drawn drawn_subscription_version{};
};
struct DeleteIntent {
  base::Uuid id;
  std::string ovn;
};

struct PutConstraint {
  base::Uuid id;
  std::optional<std::string> ovn;
  std::string base_url;
  Extent extent;  // bounded in time
  Drawn drawn_ovn{};
};
struct DeleteConstraint {
  base::Uuid id;
  std::string ovn;
};

struct PutSubscription {
  base::Uuid id;
  std::optional<std::string> version;
  std::string base_url;
  Extent extent;  // times may be open
  bool for_intents = false;
  bool for_constraints = false;
  Drawn drawn_version{};
};
struct DeleteSubscription {
  base::Uuid id;
  std::string version;
};

struct PutServiceArea {
  base::Uuid id;
  std::optional<std::string> version;
  std::string base_url;
  Extent extent;  // times may be open
};
struct DeleteServiceArea {
  base::Uuid id;
  std::string version;
};
struct PutRidSubscription {
  base::Uuid id;
  std::optional<std::string> version;
  std::string base_url;
  Extent extent;  // times may be open
};
struct DeleteRidSubscription {
  base::Uuid id;
  std::string version;
};

struct SetAvailability {
  std::string uss;
  std::string old_version;
  Availability availability = Availability::kUnknown;
  Drawn drawn_version{};
};

// A provider's report of what went wrong between providers; kept in the log, as it was sent.
struct Report {
  base::Uuid id;
  std::string body;
};

// The node's own: what has ended long enough ago leaves.
struct Evict {};

using Request =
    std::variant<PutIntent, DeleteIntent, PutConstraint, DeleteConstraint, PutSubscription,
                 DeleteSubscription, PutServiceArea, DeleteServiceArea, PutRidSubscription,
                 DeleteRidSubscription, SetAvailability, Report, Evict>;

// Of one commitment in the transparency log.
using LogSalt = std::array<uint8_t, 32>;

struct Command {
  std::string caller;  // `sub` of its token; "" for the node's own
  Request request;
  LogSalt log_salt{};  // never used twice
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_COMMAND_H_
