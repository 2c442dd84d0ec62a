// What each kind of act adds to its payload, written and read by one function each.
#include <algorithm>
#include <iterator>

#include "base/limits.h"
#include "mechanism/act.h"

namespace wideberth::mechanism {
namespace {

using base::Digest;
using base::Result;
using operators::ActKind;

constexpr size_t kUuidBytes = 36;
constexpr size_t kTimeBytes = 40;
constexpr size_t kWordBytesMax = 64;
constexpr size_t kMeasuresBytesMax = 256;
// What a third party may have answered: coded, as free text never takes the safety lane (MECHANISM 2.1).
constexpr std::string_view kToldReceipts[] = {"acknowledged", "read_back", "no_answer"};
constexpr std::string_view kAgreementField = "agreement_sha256";
constexpr int64_t kWaitMaxS = 3'600;
constexpr int64_t kPlaceRadiusMaxM = 2'000'000;

constexpr json::EnumName<ReleaseCheck> kChecks[] = {{"second_entry", ReleaseCheck::kSecondEntry},
                                                    {"held_plan", ReleaseCheck::kHeldPlan},
                                                    {"none", ReleaseCheck::kNone}};
constexpr json::EnumName<StopAnswer> kStopAnswers[] = {{"stopping", StopAnswer::kStopping},
                                                       {"stopped", StopAnswer::kStopped},
                                                       {"cannot", StopAnswer::kCannot},
                                                       {"not_ours", StopAnswer::kNotOurs},
                                                       {"wait", StopAnswer::kWait}};
constexpr json::EnumName<KeepClear> kKeepClears[] = {
    {"yes", KeepClear::kYes}, {"no", KeepClear::kNo}, {"need_time", KeepClear::kNeedTime}};
constexpr json::EnumName<IncursionAnswer> kIncursionAnswers[] = {
    {"turning", IncursionAnswer::kTurning},
    {"not_ours", IncursionAnswer::kNotOurs},
    {"cannot", IncursionAnswer::kCannot},
    {"wait", IncursionAnswer::kWait}};

template <class E, size_t N>
std::string_view NameIn(const json::EnumName<E> (&names)[N], E value) {
  return names[static_cast<size_t>(value)].name;
}

template <class E, size_t N>
Result<E> ParseIn(const json::EnumName<E> (&names)[N], std::string_view text) {
  std::string rule = "must be one of";
  for (const json::EnumName<E>& each : names) {
    if (each.name == text) return each.value;
    rule.append(" ").append(each.name);
  }
  return base::Invalid("", rule, text);
}

void Field(json::Writer* json, std::string_view key, const Digest& digest) {
  json->StringField(key, digest.ToHex());
}
void Field(json::Writer* json, std::string_view key, base::UtcMicros time) {
  json->StringField(key, base::FormatRfc3339(time));
}
Result<Digest> ReadDigest(json::Object* object, std::string_view key) {
  return object->RequiredParsed(key, 64, Digest::FromHex);
}
Result<base::Uuid> ReadUuid(json::Object* object, std::string_view key) {
  return object->RequiredParsed(key, kUuidBytes, base::Uuid::ParseV4);
}
Result<base::UtcMicros> ReadTime(json::Object* object, std::string_view key) {
  return object->RequiredParsed(key, kTimeBytes, base::ParseRfc3339);
}

// A text for people: what a display could be deceived by is refused.
Result<std::string> ReadText(json::Object* object, std::string_view key, size_t bytes_max,
                             bool required) {
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> text,
                      object->OptionalString(key, bytes_max));
  if (!text && !required) return std::string();
  if (!text || text->empty()) return object->Refuse(key, "must be a text that says something");
  return std::string(*text);
}

void Write(const NoticeVersionRef& ref, json::Writer* json) {
  json->StringField("notice", ref.notice.ToString());
  Field(json, "version", ref.version);
}
Result<void> Read(json::Object* object, NoticeVersionRef* ref) {
  WB_ASSIGN_OR_RETURN(ref->notice,
                      object->RequiredParsed("notice", kUuidBytes, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(ref->version, ReadDigest(object, "version"));
  return {};
}

void Write(const Place& place, json::Writer* json) {
  json->Key("centre");
  json->BeginObject();
  json->DoubleField("lat", place.centre.lat_deg());
  json->DoubleField("lng", place.centre.lng_deg());
  json->EndObject();
  json->DoubleField("radius_m", static_cast<double>(place.radius_mm) / 1e3);
}
Result<void> Read(json::Object* object, Place* place) {
  WB_ASSIGN_OR_RETURN(json::Object centre, object->RequiredObject("centre"));
  WB_ASSIGN_OR_RETURN(const double lat_deg, centre.RequiredDouble("lat", -90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, centre.RequiredDouble("lng", -180, 180));
  WB_ASSIGN_OR_RETURN(place->centre, geo::MakePosition(lat_deg, lng_deg));
  WB_ASSIGN_OR_RETURN(const double radius_m,
                      object->RequiredDouble("radius_m", 1, kPlaceRadiusMaxM));
  place->radius_mm = static_cast<int64_t>(radius_m * 1e3 + 0.5);
  return {};
}

void Write(const Release& release, json::Writer* json) {
  json->StringField("notice", release.notice.ToString());
  if (release.previous) Field(json, "previous", *release.previous);
  Field(json, "declaration_sha256", release.declaration_sha256);
  json->Key("seen");
  json->BeginArray();
  for (const Digest& digest : release.seen) json->String(digest.ToHex());
  json->EndArray();
  json->StringField("check", Name(release.check));
}
Result<void> Read(json::Object* object, Release* release) {
  WB_ASSIGN_OR_RETURN(release->notice,
                      object->RequiredParsed("notice", kUuidBytes, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(release->previous, object->OptionalParsed("previous", 64, Digest::FromHex));
  WB_ASSIGN_OR_RETURN(release->declaration_sha256, ReadDigest(object, "declaration_sha256"));
  WB_ASSIGN_OR_RETURN(const json::Array seen,
                      object->RequiredArray("seen", limits::kActVersionsSeenMax));
  for (const json::Value value : seen) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(64));
    auto digest = Digest::FromHex(text);
    if (!digest) return value.Refuse(std::move(digest).error());
    release->seen.push_back(*digest);
  }
  WB_ASSIGN_OR_RETURN(release->check, object->RequiredEnum("check", kChecks));
  return {};
}

void Write(const AllClear& clear, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(clear), json);
  json->BoolField("no_longer_observed", clear.no_longer_observed);
}
Result<void> Read(json::Object* object, AllClear* clear) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(clear)));
  WB_ASSIGN_OR_RETURN(clear->no_longer_observed, object->RequiredBool("no_longer_observed"));
  return {};
}

void Write(const ReadBack& read_back, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(read_back), json);
  Field(json, "of", read_back.of);
  json->Key("reading");
  WriteReading(read_back.reading, json);
  json->BoolField("over_voice", read_back.over_voice);
  Field(json, "declaration_sha256", read_back.declaration_sha256);
}
Result<void> Read(json::Object* object, ReadBack* read_back) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(read_back)));
  WB_ASSIGN_OR_RETURN(read_back->of, ReadDigest(object, "of"));
  WB_ASSIGN_OR_RETURN(const json::Object reading, object->RequiredObject("reading"));
  WB_ASSIGN_OR_RETURN(read_back->reading, ReadReading(reading));
  WB_ASSIGN_OR_RETURN(read_back->over_voice, object->RequiredBool("over_voice"));
  WB_ASSIGN_OR_RETURN(read_back->declaration_sha256, ReadDigest(object, "declaration_sha256"));
  return {};
}

void Write(const Assess& assess, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(assess), json);
  json->StringField("assessment", airspace::Name(assess.assessment));
  if (assess.until) Field(json, "until", *assess.until);
}
Result<void> Read(json::Object* object, Assess* assess) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(assess)));
  WB_ASSIGN_OR_RETURN(
      assess->assessment,
      object->RequiredParsed("assessment", 32, airspace::ParseName<airspace::Assessment>));
  WB_ASSIGN_OR_RETURN(assess->until,
                      object->OptionalParsed("until", kTimeBytes, base::ParseRfc3339));
  if (assess->until.has_value() != (assess->assessment == airspace::Assessment::kNeedTime)) {
    return object->Refuse("until", "must be given with need_time, and with nothing else");
  }
  return {};
}

void Write(const TellUnits& told, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(told), json);
  json->BoolField("units_told", told.units_told);
  json->BoolField("own_aircraft_clear", told.own_aircraft_clear);
}
Result<void> Read(json::Object* object, TellUnits* told) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(told)));
  WB_ASSIGN_OR_RETURN(told->units_told, object->RequiredBool("units_told"));
  WB_ASSIGN_OR_RETURN(told->own_aircraft_clear, object->RequiredBool("own_aircraft_clear"));
  return {};
}

// Whom it is about, and where they can be called.
template <class Body>
void WriteContact(const Body& call, json::Writer* json) {
  if (!call.call_sign.empty()) json->StringField("call_sign", call.call_sign);
  if (!call.frequency.empty()) json->StringField("frequency", call.frequency);
}
template <class Body>
Result<void> ReadContact(json::Object* object, Body* call) {
  WB_ASSIGN_OR_RETURN(call->call_sign,
                      ReadText(object, "call_sign", limits::kContactBytesMax, false));
  WB_ASSIGN_OR_RETURN(call->frequency,
                      ReadText(object, "frequency", limits::kContactBytesMax, false));
  return {};
}

void Write(const StopCall& call, json::Writer* json) {
  Write(call.place, json);
  WriteContact(call, json);
}
Result<void> Read(json::Object* object, StopCall* call) {
  WB_RETURN_IF_ERROR(Read(object, &call->place));
  return ReadContact(object, call);
}

void Write(const AnswerStopCall& answer, json::Writer* json) {
  json->StringField("answers", answer.answers.ToString());
  json->StringField("answer", Name(answer.answer));
  if (answer.answer == StopAnswer::kWait) json->Int64Field("wait_s", answer.wait_s);
}
Result<void> Read(json::Object* object, AnswerStopCall* answer) {
  WB_ASSIGN_OR_RETURN(answer->answers, ReadUuid(object, "answers"));
  WB_ASSIGN_OR_RETURN(answer->answer, object->RequiredEnum("answer", kStopAnswers));
  if (answer->answer != StopAnswer::kWait) return {};
  WB_ASSIGN_OR_RETURN(answer->wait_s, object->RequiredInt64("wait_s", 1, kWaitMaxS));
  return {};
}

void Write(const EndStopCallUnanswered& end, json::Writer* json) {
  json->StringField("answers", end.answers.ToString());
}
Result<void> Read(json::Object* object, EndStopCallUnanswered* end) {
  WB_ASSIGN_OR_RETURN(end->answers, ReadUuid(object, "answers"));
  return {};
}

void Write(const LineCheck& check, json::Writer* json) {
  json->StringField("word", check.word);
}
Result<void> Read(json::Object* object, LineCheck* check) {
  WB_ASSIGN_OR_RETURN(check->word, ReadText(object, "word", kWordBytesMax, true));
  return {};
}

void Write(const AnswerLineCheck& answer, json::Writer* json) {
  json->StringField("answers", answer.answers.ToString());
  json->StringField("word", answer.word);
}
Result<void> Read(json::Object* object, AnswerLineCheck* answer) {
  WB_ASSIGN_OR_RETURN(answer->answers, ReadUuid(object, "answers"));
  WB_ASSIGN_OR_RETURN(answer->word, ReadText(object, "word", kWordBytesMax, true));
  return {};
}

void Write(const MarkConflictSeen& seen, json::Writer* json) {
  Field(json, "conflict", seen.conflict);
  WriteConflictVersions(seen.versions, json);
}
Result<void> Read(json::Object* object, MarkConflictSeen* seen) {
  WB_ASSIGN_OR_RETURN(seen->conflict, ReadDigest(object, "conflict"));
  WB_ASSIGN_OR_RETURN(seen->versions, ReadConflictVersions(object));
  return {};
}

void Write(const ProposeMeasures& propose, json::Writer* json) {
  Field(json, "conflict", propose.conflict);
  WriteConflictVersions(propose.versions, json);
  json->StringField("measures", propose.measures);
}
Result<void> Read(json::Object* object, ProposeMeasures* propose) {
  WB_ASSIGN_OR_RETURN(propose->conflict, ReadDigest(object, "conflict"));
  WB_ASSIGN_OR_RETURN(propose->versions, ReadConflictVersions(object));
  WB_ASSIGN_OR_RETURN(propose->measures, ReadText(object, "measures", kMeasuresBytesMax, true));
  return {};
}

void Write(const AcceptRisk& accept, json::Writer* json) {
  Field(json, "conflict", accept.conflict);
  WriteConflictVersions(accept.versions, json);
  if (accept.until) Field(json, "until", *accept.until);
}
Result<void> Read(json::Object* object, AcceptRisk* accept) {
  WB_ASSIGN_OR_RETURN(accept->conflict, ReadDigest(object, "conflict"));
  WB_ASSIGN_OR_RETURN(accept->versions, ReadConflictVersions(object));
  WB_ASSIGN_OR_RETURN(accept->until,
                      object->OptionalParsed("until", kTimeBytes, base::ParseRfc3339));
  return {};
}

void Write(const HandOver& note, json::Writer* json) {
  json->StringField("text", note.text);
}
Result<void> Read(json::Object* object, HandOver* note) {
  WB_ASSIGN_OR_RETURN(note->text, ReadText(object, "text", kHandoverTextBytesMax, true));
  return {};
}

void Write(const AcknowledgeHandover& acknowledge, json::Writer* json) {
  json->Uint64Field("number", acknowledge.number);
}
Result<void> Read(json::Object* object, AcknowledgeHandover* acknowledge) {
  WB_ASSIGN_OR_RETURN(const int64_t number, object->RequiredInt64("number", 1, int64_t{1} << 53));
  acknowledge->number = static_cast<uint64_t>(number);
  return {};
}

void Write(const AskKeepClear& ask, json::Writer* json) {
  Write(ask.place, json);
  Field(json, "from", ask.window.start);
  Field(json, "to", ask.window.end);
}
Result<void> Read(json::Object* object, AskKeepClear* ask) {
  WB_RETURN_IF_ERROR(Read(object, &ask->place));
  WB_ASSIGN_OR_RETURN(ask->window.start, ReadTime(object, "from"));
  WB_ASSIGN_OR_RETURN(ask->window.end, ReadTime(object, "to"));
  if (ask->window.end <= ask->window.start) return object->Refuse("to", "must be after from");
  return {};
}

void Write(const AnswerKeepClear& answer, json::Writer* json) {
  json->StringField("answers", answer.answers.ToString());
  json->StringField("answer", Name(answer.answer));
}
Result<void> Read(json::Object* object, AnswerKeepClear* answer) {
  WB_ASSIGN_OR_RETURN(answer->answers, ReadUuid(object, "answers"));
  WB_ASSIGN_OR_RETURN(answer->answer, object->RequiredEnum("answer", kKeepClears));
  return {};
}

void Write(const SendPolicyText& policy, json::Writer* json) {
  json->StringField("text", policy.text);
}
Result<void> Read(json::Object* object, SendPolicyText* policy) {
  WB_ASSIGN_OR_RETURN(policy->text, ReadText(object, "text", limits::kPolicyTextBytesMax, true));
  return {};
}

void Write(const IncursionWarning& warning, json::Writer* json) {
  Write(warning.place, json);
  Field(json, "entry_at", warning.entry_at);
  WriteContact(warning, json);
}
Result<void> Read(json::Object* object, IncursionWarning* warning) {
  WB_RETURN_IF_ERROR(Read(object, &warning->place));
  WB_ASSIGN_OR_RETURN(warning->entry_at, ReadTime(object, "entry_at"));
  return ReadContact(object, warning);
}

void Write(const AnswerIncursionWarning& answer, json::Writer* json) {
  json->StringField("answers", answer.answers.ToString());
  json->StringField("answer", Name(answer.answer));
  if (answer.answer == IncursionAnswer::kWait) json->Int64Field("wait_s", answer.wait_s);
}
Result<void> Read(json::Object* object, AnswerIncursionWarning* answer) {
  WB_ASSIGN_OR_RETURN(answer->answers, ReadUuid(object, "answers"));
  WB_ASSIGN_OR_RETURN(answer->answer, object->RequiredEnum("answer", kIncursionAnswers));
  if (answer->answer != IncursionAnswer::kWait) return {};
  WB_ASSIGN_OR_RETURN(answer->wait_s, object->RequiredInt64("wait_s", 1, kWaitMaxS));
  return {};
}

void Write(const EndIncursionWarning& end, json::Writer* json) {
  json->StringField("answers", end.answers.ToString());
}
Result<void> Read(json::Object* object, EndIncursionWarning* end) {
  WB_ASSIGN_OR_RETURN(end->answers, ReadUuid(object, "answers"));
  return {};
}

void Write(const EndIncursionWarningUnanswered& end, json::Writer* json) {
  json->StringField("answers", end.answers.ToString());
}
Result<void> Read(json::Object* object, EndIncursionWarningUnanswered* end) {
  WB_ASSIGN_OR_RETURN(end->answers, ReadUuid(object, "answers"));
  return {};
}

void Write(const MarkTold& told, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(told), json);
  json->StringField("third_party", told.third_party);
  if (!told.receipt.empty()) json->StringField("receipt", told.receipt);
}
Result<void> Read(json::Object* object, MarkTold* told) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(told)));
  WB_ASSIGN_OR_RETURN(told->third_party,
                      ReadText(object, "third_party", limits::kNoticeNameBytesMax, true));
  WB_ASSIGN_OR_RETURN(told->receipt, ReadText(object, "receipt", kWordBytesMax, false));
  if (!told->receipt.empty() && std::find(std::begin(kToldReceipts), std::end(kToldReceipts),
                                          told->receipt) == std::end(kToldReceipts)) {
    return object->Refuse("receipt", "must be acknowledged, read_back or no_answer", told->receipt);
  }
  return {};
}

void Write(const ForwardNotice& forward, json::Writer* json) {
  Write(static_cast<const NoticeVersionRef&>(forward), json);
  json->StringField("to", forward.to.ToString());
}
Result<void> Read(json::Object* object, ForwardNotice* forward) {
  WB_RETURN_IF_ERROR(Read(object, static_cast<NoticeVersionRef*>(forward)));
  WB_ASSIGN_OR_RETURN(forward->to, object->RequiredParsed("to", kUuidBytes, base::PartyId::Parse));
  return {};
}

void Write(const OpenExercise& open, json::Writer* json) {
  Field(json, "from", open.window.start);
  Field(json, "to", open.window.end);
  if (open.proposal) json->StringField("answers", open.proposal->ToString());
}
Result<void> Read(json::Object* object, OpenExercise* open) {
  WB_ASSIGN_OR_RETURN(open->window.start, ReadTime(object, "from"));
  WB_ASSIGN_OR_RETURN(open->window.end, ReadTime(object, "to"));
  WB_ASSIGN_OR_RETURN(open->proposal,
                      object->OptionalParsed("answers", kUuidBytes, base::Uuid::ParseV4));
  if (open->window.end <= open->window.start) return object->Refuse("to", "must be after from");
  return {};
}

void Write(const CloseExercise&, json::Writer*) {}
Result<void> Read(json::Object*, CloseExercise*) {
  return {};
}

void Write(const ProposeAgreement& propose, json::Writer* json) {
  Field(json, kAgreementField, propose.agreement);
  if (propose.counters) Field(json, "counters", *propose.counters);
}
Result<void> Read(json::Object* object, ProposeAgreement* propose) {
  WB_ASSIGN_OR_RETURN(propose->agreement, ReadDigest(object, kAgreementField));
  WB_ASSIGN_OR_RETURN(propose->counters, object->OptionalParsed("counters", 64, Digest::FromHex));
  return {};
}

void Write(const SignAgreement& sign, json::Writer* json) {
  Field(json, kAgreementField, sign.agreement);
}
Result<void> Read(json::Object* object, SignAgreement* sign) {
  WB_ASSIGN_OR_RETURN(sign->agreement, ReadDigest(object, kAgreementField));
  return {};
}

void Write(const DenounceAgreement& denounce, json::Writer* json) {
  Field(json, kAgreementField, denounce.agreement);
  if (denounce.until) Field(json, "until", *denounce.until);
}
Result<void> Read(json::Object* object, DenounceAgreement* denounce) {
  WB_ASSIGN_OR_RETURN(denounce->agreement, ReadDigest(object, kAgreementField));
  WB_ASSIGN_OR_RETURN(denounce->until,
                      object->OptionalParsed("until", kTimeBytes, base::ParseRfc3339));
  return {};
}

// In the order of ActBody.
constexpr ActKind kKinds[] = {
    ActKind::kRelease,
    ActKind::kSetActive,
    ActKind::kSetEnded,
    ActKind::kWithdraw,
    ActKind::kAllClear,
    ActKind::kReadBack,
    ActKind::kAssess,
    ActKind::kTellUnits,
    ActKind::kStopCall,
    ActKind::kAnswerStopCall,
    ActKind::kEndStopCallUnanswered,
    ActKind::kLineCheck,
    ActKind::kAnswerLineCheck,
    ActKind::kMarkConflictSeen,
    ActKind::kProposeMeasures,
    ActKind::kAcceptRisk,
    ActKind::kHandOver,
    ActKind::kAcknowledgeHandover,
    ActKind::kAskKeepClear,
    ActKind::kAnswerKeepClear,
    ActKind::kSendPolicyText,
    ActKind::kWarnIncursion,
    ActKind::kAnswerIncursionWarning,
    ActKind::kEndIncursionWarning,
    ActKind::kEndIncursionWarningUnanswered,
    ActKind::kMarkTold,
    ActKind::kForwardNotice,
    ActKind::kOpenExercise,
    ActKind::kCloseExercise,
    ActKind::kProposeAgreement,
    ActKind::kSignAgreement,
    ActKind::kDenounceAgreement,
    ActKind::kEnterExchange,
    ActKind::kProposeReadout,
    ActKind::kSignReadout,
    ActKind::kPublishStatement,
};
static_assert(std::size(kKinds) == std::variant_size_v<ActBody>);

template <size_t I = 0>
Result<ActBody> ReadBodyOf(ActKind kind, json::Object* object) {
  if constexpr (I == std::variant_size_v<ActBody>) {
    return object->Refuse("act", "must be an act that is signed");
  } else {
    if (kKinds[I] != kind) return ReadBodyOf<I + 1>(kind, object);
    std::variant_alternative_t<I, ActBody> body;
    WB_RETURN_IF_ERROR(Read(object, &body));
    return ActBody(std::move(body));
  }
}
}  // namespace

std::string_view Name(ReleaseCheck value) {
  return NameIn(kChecks, value);
}
std::string_view Name(StopAnswer value) {
  return NameIn(kStopAnswers, value);
}
std::string_view Name(KeepClear value) {
  return NameIn(kKeepClears, value);
}
std::string_view Name(IncursionAnswer value) {
  return NameIn(kIncursionAnswers, value);
}
Result<ReleaseCheck> ParseReleaseCheck(std::string_view text) {
  return ParseIn(kChecks, text);
}
Result<StopAnswer> ParseStopAnswer(std::string_view text) {
  return ParseIn(kStopAnswers, text);
}
Result<KeepClear> ParseKeepClear(std::string_view text) {
  return ParseIn(kKeepClears, text);
}
Result<IncursionAnswer> ParseIncursionAnswer(std::string_view text) {
  return ParseIn(kIncursionAnswers, text);
}

ActKind Act::kind() const {
  return kKinds[body.index()];
}

void WriteConflictVersions(const ConflictVersions& versions, json::Writer* json) {
  json->Key("versions");
  json->BeginArray();
  for (const NoticeVersionRef& each : versions) {
    json->BeginObject();
    Write(each, json);
    json->EndObject();
  }
  json->EndArray();
}

Result<ConflictVersions> ReadConflictVersions(json::Object* object) {
  ConflictVersions versions;
  WB_ASSIGN_OR_RETURN(const json::Array array, object->RequiredArray("versions", versions.size()));
  if (array.size() != versions.size()) return object->Refuse("versions", "must be two");
  size_t i = 0;
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(json::Object each, value.AsObject());
    WB_RETURN_IF_ERROR(Read(&each, &versions[i++]));
  }
  if (versions[1].notice <= versions[0].notice) {
    return object->Refuse("versions", "must be in ascending order of notice id");
  }
  return versions;
}

Result<ActBody> ReadActBody(ActKind kind, json::Object* object) {
  return ReadBodyOf(kind, object);
}

void WriteActBody(const ActBody& body, json::Writer* json) {
  std::visit([&](const auto& each) { Write(each, json); }, body);
}

}  // namespace wideberth::mechanism
