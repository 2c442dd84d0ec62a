// Acts: what a person does that another party must be able to prove (MECHANISM 1.2, 1.3).
//
// An act is one DSSE envelope of type application/vnd.wideberth.act.v1+json, signed with the operator's own key. It
// holds no data of a line, so the same bytes go to every party that is told, each line wrapping them in a message of
// its own; its SHA-256 is its name, and that of a released version of a notice (MECHANISM 3.1). A peer sees role and
// key id, never a name. The payload:
//
//   {"act": "release", "id": uuid, "party": uuid, "key": hex, "role": "duty_officer", "data_mode": "REAL",
//    "at": "2027-01-15T12:00:00Z", ...}
//
// and what its kind adds:
//
//   release             notice, previous?, declaration_sha256, seen: [hex], check
//   set_active, set_ended, withdraw   notice, version; a REAL activity begins and ends at the act's time
//   all_clear           notice, version, no_longer_observed
//   read_back           notice, version, of: hex, reading, over_voice, declaration_sha256
//   assess              notice, version, assessment, until?
//   tell_units          notice, version, units_told, own_aircraft_clear
//   stop_call           centre, radius_m, call_sign?, frequency?
//   answer_stop_call    answers, answer: stopping|stopped|cannot|not_ours|wait, wait_s?
//   end_stop_call_unanswered          answers
//   line_check, answer_line_check     word; answers?
//   mark_conflict_seen  conflict, versions: [{notice, version}, {notice, version}]
//   propose_measures    conflict, versions, measures
//   accept_risk         conflict, versions, until?; of a conflict with a held plan, and crosses no line
//   hand_over           text; crosses no line, as what acknowledges it
//   acknowledge_handover              number: of the note
//   ask_keep_clear      centre, radius_m, from, to
//   answer_keep_clear   answers, answer: yes|no|need_time
//   send_policy_text    text
//   mark_told           notice, version, third_party, receipt?: acknowledged|read_back|no_answer
//   forward_notice      notice, version, to: the party; mechanism/forward.h
//   open_exercise       from, to, answers?: the proposal of the other side that it opens
//   close_exercise
//   enter_exchange, propose_readout, sign_readout, publish_statement     exchange/acts.h
//   incursion_warning   centre, radius_m, entry_at, call_sign?, frequency?
//   answer_incursion_warning          answers, answer: turning|not_ours|cannot|wait, wait_s?
//   end_incursion_warning, end_incursion_warning_unanswered          answers
//   propose_agreement   agreement_sha256, counters?: the proposal of the other side that it answers
//   sign_agreement      agreement_sha256
//   denounce_agreement  agreement_sha256, until?
//
// The content of a declaration, agreements, minutes and statements go beside the act and are named in it by the SHA-256
// of their text, so an envelope stays small. Reading is strict in known fields and passes over others, as
// line/message.h.
//
// Pure; any thread. Sealing costs one signature (25 us), opening one verification (60 us).
#ifndef WIDEBERTH_MECHANISM_ACT_H_
#define WIDEBERTH_MECHANISM_ACT_H_

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "airspace/notice.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "exchange/acts.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/reading.h"
#include "operators/account.h"
#include "operators/role.h"

namespace wideberth::mechanism {

// How the sender's own errors were looked for before release (MECHANISM 3.4).
enum class ReleaseCheck : uint8_t {
  kSecondEntry,  // a second person entered the values
  kHeldPlan,     // compared with the held plan that it was made from
  kNone,         // an unplanned hazard: done when it is refined
};
enum class StopAnswer : uint8_t { kStopping, kStopped, kCannot, kNotOurs, kWait };
enum class KeepClear : uint8_t { kYes, kNo, kNeedTime };
enum class IncursionAnswer : uint8_t { kTurning, kNotOurs, kCannot, kWait };
std::string_view Name(ReleaseCheck value);
std::string_view Name(StopAnswer value);
std::string_view Name(KeepClear value);
std::string_view Name(IncursionAnswer value);
base::Result<ReleaseCheck> ParseReleaseCheck(std::string_view text);
base::Result<StopAnswer> ParseStopAnswer(std::string_view text);
base::Result<KeepClear> ParseKeepClear(std::string_view text);
base::Result<IncursionAnswer> ParseIncursionAnswer(std::string_view text);

struct NoticeVersionRef {
  base::NoticeId notice;
  base::Digest version;
  bool operator==(const NoticeVersionRef&) const = default;
};

struct Release {
  base::NoticeId notice;
  std::optional<base::Digest> previous;  // the version it replaces
  base::Digest declaration_sha256;       // of the text that goes beside
  std::vector<base::Digest> seen;        // the peer's versions the releaser knew in that area
  ReleaseCheck check = ReleaseCheck::kSecondEntry;
};
struct SetActive : NoticeVersionRef {};
struct SetEnded : NoticeVersionRef {};
struct Withdraw : NoticeVersionRef {};
struct AllClear : NoticeVersionRef {
  bool no_longer_observed = false;
};
struct ReadBack : NoticeVersionRef {
  base::Digest of;  // what was read back: the version, or the all-clear's act
  Reading reading;
  bool over_voice = false;
  base::Digest declaration_sha256;  // of the text as the reader's machine holds it
};
struct Assess : NoticeVersionRef {
  airspace::Assessment assessment = airspace::Assessment::kNoObjection;
  std::optional<base::UtcMicros> until;  // need_time
};
struct TellUnits : NoticeVersionRef {
  bool units_told = false;
  bool own_aircraft_clear = false;
};
using exchange::Place;
struct StopCall {
  Place place;
  std::string call_sign;  // here and in an incursion warning alone (MECHANISM 2.1)
  std::string frequency;
};
struct AnswerStopCall {
  base::Uuid answers;
  StopAnswer answer = StopAnswer::kStopping;
  int64_t wait_s = 0;  // for kWait
};
struct EndStopCallUnanswered {
  base::Uuid answers;
};
struct LineCheck {
  std::string word;
};
struct AnswerLineCheck {
  base::Uuid answers;
  std::string word;
};
// What a person looked at: the versions of both sides, in ascending order of notice id. What is said of a conflict
// counts on both nodes while these are its newest versions, and begins anew with the next one.
using ConflictVersions = std::array<NoticeVersionRef, 2>;
struct MarkConflictSeen {
  base::Digest conflict;
  ConflictVersions versions;
};
struct ProposeMeasures {
  base::Digest conflict;
  ConflictVersions versions;
  std::string measures;
};
// A conflict with a held plan is taken as it is, until then at most; it is in the journal, and crosses no line
// (MECHANISM 2.3).
struct AcceptRisk {
  base::Digest conflict;
  ConflictVersions versions;
  std::optional<base::UtcMicros> until;
};
// The note that one watch leaves the next, and that another person acknowledges by its number (mechanism/desk.h). Both
// are in the journal, and cross no line.
struct HandOver {
  std::string text;
};
inline constexpr size_t kHandoverTextBytesMax = 8 * 1024;
struct AcknowledgeHandover {
  uint64_t number = 0;
};
struct AskKeepClear {
  Place place;
  airspace::TimeWindow window;
};
struct AnswerKeepClear {
  base::Uuid answers;
  KeepClear answer = KeepClear::kNo;
};
struct SendPolicyText {
  std::string text;
};
// "You will enter there at that time": to the peer's centre, not to the aircraft.
struct IncursionWarning {
  Place place;
  base::UtcMicros entry_at;  // as predicted
  std::string call_sign;
  std::string frequency;
};
struct AnswerIncursionWarning {
  base::Uuid answers;
  IncursionAnswer answer = IncursionAnswer::kTurning;
  int64_t wait_s = 0;  // for kWait
};
// They turn, and there has been no entry: the caller says so, nobody else.
struct EndIncursionWarning {
  base::Uuid answers;
};
struct EndIncursionWarningUnanswered {
  base::Uuid answers;
};
// A third party has been told of a version of ours, and what it said to that (MECHANISM 3.8).
struct MarkTold : NoticeVersionRef {
  std::string third_party;  // as the agreement names it
  std::string receipt;      // "acknowledged", "read_back", "no_answer", or nothing
};
// A notice of another party goes on to one that it lists, and so does what its issuer says of it later.
struct ForwardNotice : NoticeVersionRef {
  base::PartyId to;
};
// A window in which what is not REAL is accepted: open when both sides have opened it, each with an act of its own, for
// as long as both have said (MECHANISM 2.4).
struct OpenExercise {
  airspace::TimeWindow window;
  std::optional<base::Uuid> proposal;  // of the peer; none: this is one
};
struct CloseExercise {};
// The party has signed this text and offers it for signing; the text and the signature go beside (agreement/signed.h).
struct ProposeAgreement {
  base::Digest agreement;  // SHA-256 of the text
  std::optional<base::Digest>
      counters;  // a proposal of the other side, which is refused by this one
};
// The party has signed what the other side proposed; the signature goes beside.
struct SignAgreement {
  base::Digest agreement;
};
// What one side alone has signed is taken back, or refused. What both have signed ends, as soon as the notice that it
// gives itself has passed, or at `until` if that is later.
struct DenounceAgreement {
  base::Digest agreement;
  std::optional<base::UtcMicros> until;
};

using ActBody =
    std::variant<Release, SetActive, SetEnded, Withdraw, AllClear, ReadBack, Assess, TellUnits,
                 StopCall, AnswerStopCall, EndStopCallUnanswered, LineCheck, AnswerLineCheck,
                 MarkConflictSeen, ProposeMeasures, AcceptRisk, HandOver, AcknowledgeHandover,
                 AskKeepClear, AnswerKeepClear, SendPolicyText, IncursionWarning,
                 AnswerIncursionWarning, EndIncursionWarning, EndIncursionWarningUnanswered,
                 MarkTold, ForwardNotice, OpenExercise, CloseExercise, ProposeAgreement,
                 SignAgreement, DenounceAgreement, exchange::EnterExchange,
                 exchange::ProposeReadout, exchange::SignReadout, exchange::PublishStatement>;

struct Act {
  base::Uuid id;  // drawn for this act
  base::PartyId party;
  std::string key_id;  // of the operator
  operators::Role role = operators::Role::kViewer;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  base::UtcMicros at;
  ActBody body;

  operators::ActKind kind() const;
};

// An act that has been verified, with its bytes.
struct SealedAct {
  Act act;
  std::string envelope;
  base::Digest digest;  // SHA-256 of the envelope
};

// What a kind adds, from an object that has its fields; the caller looks for others. Refuses a kind that is not
// signed.
base::Result<ActBody> ReadActBody(operators::ActKind kind, json::Object* object);
void WriteActBody(const ActBody& body, json::Writer* json);

// "versions" of an object: exactly two, sorted by notice.
void WriteConflictVersions(const ConflictVersions& versions, json::Writer* json);
base::Result<ConflictVersions> ReadConflictVersions(json::Object* object);

// Refuses what OpenAct would refuse: every text within its limit, kWait with 1 to 3,600 s and so on. `key` is the one
// that act.key_id names.
base::Result<SealedAct> SealAct(Act act, const crypto::SecretKey& key);

// An act of `party`, whose operators have `keys`. Refuses with kUnauthorized what none of them has signed, another
// party's act, an act that the key's role may not do (operators/role.h), a role that is not the key's and an act at a
// time when the key was not valid; with kInvalid what is no act.
base::Result<SealedAct> OpenAct(std::string_view envelope, base::PartyId party,
                                std::span<const operators::OperatorKey> keys);

// ---- Stop calls and warnings of an entry

// Call sign and frequency, as they are shown.
template <class Body>
std::string ContactWords(const Body& body) {
  std::string words = body.call_sign;
  if (!body.frequency.empty()) words += (words.empty() ? "" : ", ") + body.frequency;
  return words;
}

// "stopping", "wait 60"
template <class Body>
std::string AnswerText(const Body& body) {
  std::string text(Name(body.answer));
  if (body.wait_s > 0) text += " " + std::to_string(body.wait_s);
  return text;
}

inline bool IsFinal(StopAnswer answer) {
  return answer != StopAnswer::kStopping && answer != StopAnswer::kWait;
}
inline bool IsFinal(IncursionAnswer answer) {
  return answer != IncursionAnswer::kTurning && answer != IncursionAnswer::kWait;
}

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_ACT_H_
