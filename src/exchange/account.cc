#include "exchange/account.h"

#include <algorithm>

#include "base/display_text.h"

namespace wideberth::exchange {
namespace {

using base::Result;

constexpr size_t kUuidBytes = 36;
constexpr size_t kTimeBytes = 40;

constexpr json::EnumName<Level> kLevels[] = {{"duty", Level::kDuty},
                                             {"cell", Level::kCell},
                                             {"deputy", Level::kDeputy},
                                             {"principal", Level::kPrincipal}};
constexpr json::EnumName<Channel> kChannels[] = {{"data", Channel::kData},
                                                 {"voice", Channel::kVoice},
                                                 {"meeting", Channel::kMeeting},
                                                 {"diplomatic", Channel::kDiplomatic}};
constexpr json::EnumName<Form> kForms[] = {{"scheduled", Form::kScheduled},
                                           {"unscheduled", Form::kUnscheduled}};
constexpr json::EnumName<Initiator> kInitiators[] = {{"self", Initiator::kSelf},
                                                     {"peer", Initiator::kPeer},
                                                     {"both", Initiator::kBoth},
                                                     {"not_stated", Initiator::kNotStated}};

bool IsSubject(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<void> ReadTimes(json::Object* object, Account* account) {
  WB_ASSIGN_OR_RETURN(account->scheduled_at,
                      object->OptionalParsed("scheduled_at", kTimeBytes, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(account->held_at,
                      object->OptionalParsed("held_at", kTimeBytes, base::ParseRfc3339));
  if (account->scheduled_at.has_value() != (account->form == Form::kScheduled)) {
    return object->Refuse("scheduled_at", "must be given exactly when the form is scheduled");
  }
  if (!account->scheduled_at && !account->held_at) {
    return object->Refuse("held_at", "must be given for what was not scheduled");
  }
  return {};
}

Result<void> ReadSubjects(json::Object* object, Account* account) {
  WB_ASSIGN_OR_RETURN(const json::Array subjects, object->RequiredArray("subjects", kSubjectsMax));
  for (const json::Value value : subjects) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kSubjectBytesMax));
    if (!IsSubject(text)) return value.Refuse("must be a code of a-z, 0-9 and _, a letter first");
    if (std::find(account->subjects.begin(), account->subjects.end(), text) !=
        account->subjects.end()) {
      return value.Refuse("must stand once");
    }
    account->subjects.emplace_back(text);
  }
  return {};
}

Result<void> ReadPlace(json::Object* object, Account* account) {
  WB_ASSIGN_OR_RETURN(auto centre, object->OptionalObject("centre"));
  WB_ASSIGN_OR_RETURN(const auto radius_m, object->OptionalDouble("radius_m", 1, kPlaceRadiusMaxM));
  if (centre.has_value() != radius_m.has_value()) {
    return object->Refuse(centre ? "radius_m" : "centre", "must be given with the other of both");
  }
  if (!centre) return {};
  Place place;
  WB_ASSIGN_OR_RETURN(const double lat_deg, centre->RequiredDouble("lat", -90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, centre->RequiredDouble("lng", -180, 180));
  WB_RETURN_IF_ERROR(centre->ExpectNoOtherFields());
  WB_ASSIGN_OR_RETURN(place.centre, geo::MakePosition(lat_deg, lng_deg));
  place.radius_mm = static_cast<int64_t>(*radius_m * 1e3 + 0.5);
  account->place = place;
  return {};
}

Result<void> ReadAnnounced(json::Object* object, Account* account) {
  WB_ASSIGN_OR_RETURN(account->notice,
                      object->OptionalParsed("notice", kUuidBytes, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(const auto area, object->OptionalString("area", kAreaBytesMax));
  if (area) {
    if (area->empty()) return object->Refuse("area", "must be a name, or absent");
    if (auto shown = base::CheckDisplayText(*area, kAreaBytesMax, ""); !shown) {
      return object->Refuse("area", shown.error().rule, shown.error().found);
    }
    account->area = *area;
  }
  WB_RETURN_IF_ERROR(ReadPlace(object, account));
  WB_ASSIGN_OR_RETURN(account->starts_at,
                      object->OptionalParsed("starts_at", kTimeBytes, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(account->lead_time_min_s,
                      object->OptionalInt64("lead_time_min_s", -kLeadTimeMaxS, kLeadTimeMaxS));
  WB_ASSIGN_OR_RETURN(account->lead_time_max_s,
                      object->OptionalInt64("lead_time_max_s", -kLeadTimeMaxS, kLeadTimeMaxS));
  if (account->lead_time_min_s && account->lead_time_max_s &&
      *account->lead_time_max_s < *account->lead_time_min_s) {
    return object->Refuse("lead_time_max_s", "must not be below lead_time_min_s",
                          std::to_string(*account->lead_time_max_s));
  }
  return {};
}

void TimeField(std::string_view key, const std::optional<base::UtcMicros>& time,
               json::Writer* json) {
  if (time) json->StringField(key, base::FormatRfc3339(*time));
}

}  // namespace

std::string_view Name(Level value) {
  return kLevels[static_cast<size_t>(value)].name;
}
std::string_view Name(Channel value) {
  return kChannels[static_cast<size_t>(value)].name;
}
std::string_view Name(Form value) {
  return kForms[static_cast<size_t>(value)].name;
}
std::string_view Name(Initiator value) {
  return kInitiators[static_cast<size_t>(value)].name;
}

void WriteAccount(const Account& account, json::Writer* json) {
  json->StringField("exchange", account.exchange.ToString());
  json->StringField("level", Name(account.level));
  json->StringField("channel", Name(account.channel));
  json->StringField("form", Name(account.form));
  json->StringField("initiated_by", Name(account.initiated_by));
  TimeField("scheduled_at", account.scheduled_at, json);
  TimeField("held_at", account.held_at, json);
  json->Key("subjects");
  json->BeginArray();
  for (const std::string& subject : account.subjects) json->String(subject);
  json->EndArray();
  if (account.notice) json->StringField("notice", account.notice->ToString());
  if (!account.area.empty()) json->StringField("area", account.area);
  if (account.place) {
    json->Key("centre");
    json->BeginObject();
    json->DoubleField("lat", static_cast<double>(account.place->centre.lat_e9) / 1e9);
    json->DoubleField("lng", static_cast<double>(account.place->centre.lng_e9) / 1e9);
    json->EndObject();
    json->DoubleField("radius_m", static_cast<double>(account.place->radius_mm) / 1e3);
  }
  TimeField("starts_at", account.starts_at, json);
  if (account.lead_time_min_s) json->Int64Field("lead_time_min_s", *account.lead_time_min_s);
  if (account.lead_time_max_s) json->Int64Field("lead_time_max_s", *account.lead_time_max_s);
}

Result<Account> ReadAccount(json::Object* object) {
  Account account;
  WB_ASSIGN_OR_RETURN(account.exchange,
                      object->RequiredParsed("exchange", kUuidBytes, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(account.level, object->RequiredEnum("level", kLevels));
  WB_ASSIGN_OR_RETURN(account.channel, object->RequiredEnum("channel", kChannels));
  WB_ASSIGN_OR_RETURN(account.form, object->RequiredEnum("form", kForms));
  WB_ASSIGN_OR_RETURN(account.initiated_by, object->RequiredEnum("initiated_by", kInitiators));
  WB_RETURN_IF_ERROR(ReadTimes(object, &account));
  WB_RETURN_IF_ERROR(ReadSubjects(object, &account));
  WB_RETURN_IF_ERROR(ReadAnnounced(object, &account));
  return account;
}

}  // namespace wideberth::exchange
