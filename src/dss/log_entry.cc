#include "dss/log_entry.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "base/ids.h"
#include "crypto/sha256.h"
#include "json/writer.h"

namespace wideberth::dss {
namespace {

constexpr std::string_view kForm = "wideberth-dss-log/v1";
constexpr std::string_view kCommitmentForm = "wideberth-dss-commitment/v1\n";
constexpr std::string_view kNone = "-";
constexpr size_t kLines = 5;
constexpr size_t kVersionBytesMax = 20;

// The digest of the cells as u64 big-endian, in order.
base::Digest CellsDigest(const Extent& extent) {
  base::Bytes bytes;
  bytes.reserve(extent.cells.size() * 8);
  for (const geo::CellId cell : extent.cells) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<uint8_t>(uint64_t{cell} >> shift));
    }
  }
  return crypto::Sha256(bytes);
}

void WriteBound(json::Writer* json, std::string_view key, int32_t altitude_mm, int32_t open) {
  json->Key(key);
  if (altitude_mm == open) return json->Null();
  json->Int64(altitude_mm);
}

void WriteEntity(json::Writer* json, const Entity& entity) {
  const Extent& extent = entity.extent;
  json->StringField("base_url", entity.base_url);
  json->StringField("time_start", base::FormatRfc3339(extent.start));
  json->StringField("time_end", base::FormatRfc3339(extent.end));
  WriteBound(json, "altitude_lower_mm", extent.lower_mm, kAltitudeOpenLowMm);
  WriteBound(json, "altitude_upper_mm", extent.upper_mm, kAltitudeOpenHighMm);
  json->Uint64Field("cells", extent.cells.size());
  json->StringField("cells_sha256", CellsDigest(extent).ToHex());
}

// What an entry says in the clear.
struct Named {
  std::string id{kNone};
  std::string version{kNone};
};

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kIntent:
      return "operational_intent";
    case Kind::kConstraint:
      return "constraint";
    case Kind::kServiceArea:
      return "identification_service_area";
    case Kind::kSubscription:
      return "subscription";
    case Kind::kRidSubscription:
      return "rid_subscription";
  }
  return "";
}

Named NameOf(const Intent& intent) {
  return {intent.id.ToString(), std::to_string(intent.version)};
}
Named NameOf(const Constraint& constraint) {
  return {constraint.id.ToString(), std::to_string(constraint.version)};
}
Named NameOf(const ServiceArea& area) {
  return {area.id.ToString(), RidVersion(area.version_us)};
}
Named NameOf(const RidSubscription& subscription) {
  return {subscription.id.ToString(), RidVersion(subscription.version_us)};
}
// Its version is a secret as an OVN is: who shows it may change the subscription.
Named NameOf(const Subscription& subscription) {
  return {subscription.id.ToString(), std::string(kNone)};
}

void WriteOwn(json::Writer* json, const Intent& intent) {
  json->Int64Field("version", intent.version);
  json->StringField("ovn", intent.ovn);
  json->StringField("state", Name(intent.state));
  if (!intent.subscription.is_nil()) {
    json->StringField("subscription_id", intent.subscription.ToString());
  }
}
void WriteOwn(json::Writer* json, const Constraint& constraint) {
  json->Int64Field("version", constraint.version);
  json->StringField("ovn", constraint.ovn);
}
void WriteOwn(json::Writer* json, const ServiceArea& area) {
  json->StringField("version", RidVersion(area.version_us));
}
void WriteOwn(json::Writer* json, const RidSubscription& subscription) {
  json->StringField("version", RidVersion(subscription.version_us));
}
void WriteOwn(json::Writer* json, const Subscription& subscription) {
  json->StringField("version", subscription.version);
  json->BoolField("notify_for_operational_intents", subscription.for_intents);
  json->BoolField("notify_for_constraints", subscription.for_constraints);
}

class Statement {
 public:
  Statement(base::UtcMicros now, const std::string& caller) : now_(now), caller_(caller) {}

  template <class T>
  void Put(const T& entity) {
    Begin("put", KindName(T::kKind));
    Of(entity);
  }
  template <class T>
  void Delete(const T* entity) {
    if (entity == nullptr) return;
    Begin("delete", KindName(T::kKind));
    Of(*entity);
  }
  void Put(const UssAvailability& availability) {
    Begin("put", "uss_availability");
    json_.StringField("uss", availability.uss);
    json_.StringField("availability", Name(availability.availability));
    json_.StringField("version", availability.version);
    json_.EndObject();
    named_ = Named();
  }

  std::optional<std::pair<Named, std::string>> Take() && {
    if (text_.empty()) return std::nullopt;
    return std::pair(std::move(named_), std::move(text_));
  }

 private:
  void Begin(std::string_view write, std::string_view kind) {
    json_.BeginObject();
    json_.Uint64Field("v", 1);
    json_.StringField("write", write);
    json_.StringField("kind", kind);
    json_.StringField("time", base::FormatRfc3339(now_));
    json_.StringField("manager", caller_);
  }
  template <class T>
  void Of(const T& entity) {
    json_.StringField("id", entity.id.ToString());
    WriteOwn(&json_, entity);
    WriteEntity(&json_, entity);
    json_.EndObject();
    named_ = NameOf(entity);
  }

  const base::UtcMicros now_;
  const std::string& caller_;
  std::string text_;
  json::Writer json_{&text_};
  Named named_;
};

// The effect that is what the command put.
template <class T>
const T* FindPut(const Decision& decision, const base::Uuid& id) {
  for (const Effect& effect : decision.effects) {
    const T* entity = std::get_if<T>(&effect);
    if (entity != nullptr && entity->id == id) return entity;
  }
  return nullptr;
}

struct Stater {
  const View& view;
  const Decision& decision;
  Statement& statement;

  template <class T>
  void Put(const base::Uuid& id) {
    if (const T* entity = FindPut<T>(decision, id)) statement.Put(*entity);
  }
  void operator()(const PutIntent& put) { Put<Intent>(put.id); }
  void operator()(const PutConstraint& put) { Put<Constraint>(put.id); }
  void operator()(const PutSubscription& put) { Put<Subscription>(put.id); }
  void operator()(const PutServiceArea& put) { Put<ServiceArea>(put.id); }
  void operator()(const PutRidSubscription& put) { Put<RidSubscription>(put.id); }
  void operator()(const DeleteIntent& gone) { statement.Delete(view.FindIntent(gone.id)); }
  void operator()(const DeleteConstraint& gone) { statement.Delete(view.FindConstraint(gone.id)); }
  void operator()(const DeleteSubscription& gone) {
    statement.Delete(view.FindSubscription(gone.id));
  }
  void operator()(const DeleteServiceArea& gone) {
    statement.Delete(view.FindServiceArea(gone.id));
  }
  void operator()(const DeleteRidSubscription& gone) {
    statement.Delete(view.FindRidSubscription(gone.id));
  }
  void operator()(const SetAvailability&) {
    for (const Effect& effect : decision.effects) {
      if (const auto* set = std::get_if<UssAvailability>(&effect)) statement.Put(*set);
    }
  }
  void operator()(const Report&) {}
  void operator()(const Evict&) {}
};

base::Unexpected Malformed(size_t line, std::string_view rule, std::string_view found) {
  return base::Invalid("line " + std::to_string(line), rule, std::string(found.substr(0, 64)));
}

bool IsVersion(std::string_view text) {
  if (text.empty() || text.size() > kVersionBytesMax) return false;
  for (const char c : text) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'z')) return false;
  }
  return true;
}

}  // namespace

base::Digest LogCommitment(base::ByteView opening) {
  crypto::Sha256Hasher hasher;
  hasher.Update(base::AsBytes(kCommitmentForm));
  hasher.Update(opening);
  return hasher.Finish();
}

std::string FormatLogEntry(const ParsedLogEntry& entry) {
  std::string text(kForm);
  for (const std::string& line : {entry.id, entry.version, base::FormatRfc3339(entry.time),
                                  base::Base64Encode(entry.commitment.bytes)}) {
    text.append("\n").append(line);
  }
  return text.append("\n");
}

std::optional<Logged> LogOf(const View& view, const Command& command, const Decision& decision,
                            base::UtcMicros now) {
  if (decision.effects.empty()) return std::nullopt;
  Statement statement(now, command.caller);
  std::visit(Stater{view, decision, statement}, command.request);
  auto taken = std::move(statement).Take();
  if (!taken) return std::nullopt;
  auto& [named, text] = *taken;
  Logged logged;
  logged.opening.reserve(command.log_salt.size() + text.size());
  logged.opening.assign(command.log_salt.begin(), command.log_salt.end());
  const base::ByteView bytes = base::AsBytes(text);
  logged.opening.insert(logged.opening.end(), bytes.begin(), bytes.end());
  logged.entry = FormatLogEntry(
      {std::move(named.id), std::move(named.version), now, LogCommitment(logged.opening)});
  return logged;
}

base::Result<ParsedLogEntry> ParseLogEntry(std::string_view text) {
  if (text.size() > kLogEntryBytesMax) {
    return base::Invalid("entry", "must be at most " + std::to_string(kLogEntryBytesMax) + " bytes",
                         std::to_string(text.size()));
  }
  const std::string_view whole = text;
  std::array<std::string_view, kLines> lines;
  for (size_t i = 0; i < kLines; ++i) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return Malformed(i + 1, "must end with a newline", text);
    lines[i] = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return Malformed(kLines + 1, "must not be there", text);
  if (lines[0] != kForm) return Malformed(1, "must be " + std::string(kForm), lines[0]);
  const auto id = base::Uuid::Parse(lines[1]);
  if (lines[1] != kNone && (!id || id->ToString() != lines[1])) {
    return Malformed(2, "must be a UUID or \"-\"", lines[1]);
  }
  if (lines[2] != kNone && !IsVersion(lines[2])) {
    return Malformed(3, "must be a version or \"-\"", lines[2]);
  }
  const auto time = base::ParseRfc3339(lines[3]);
  if (!time) return Malformed(4, "must be a time as RFC 3339 has it, in UTC", lines[3]);
  ParsedLogEntry entry{std::string(lines[1]), std::string(lines[2]), *time, {}};
  const auto commitment = base::Base64Decode(lines[4]);
  if (!commitment || commitment->size() != entry.commitment.bytes.size()) {
    return Malformed(5, "must be base64 of 32 bytes", lines[4]);
  }
  std::copy(commitment->begin(), commitment->end(), entry.commitment.bytes.begin());
  if (FormatLogEntry(entry) != whole) return Malformed(4, "must have its one spelling", lines[3]);
  return entry;
}

base::Result<std::string> OpenLogEntry(std::string_view entry, base::ByteView opening) {
  WB_ASSIGN_OR_RETURN(const ParsedLogEntry parsed, ParseLogEntry(entry));
  if (opening.size() < LogSalt().size()) {
    return base::Invalid("opening", "must begin with a salt of 32 bytes",
                         std::to_string(opening.size()) + " bytes");
  }
  if (LogCommitment(opening) != parsed.commitment) {
    return base::Invalid("opening", "must be what the entry commits to");
  }
  return std::string(base::AsText(opening.subspan(LogSalt().size())));
}

}  // namespace wideberth::dss
