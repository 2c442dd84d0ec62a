// Notices: what a party declares, in versions, with five independent axes of state (MECHANISM 3).
//
// A notice is flight activity, a hazard, a protected site or a zone. It has a chain of versions,
// each named by a digest; a version takes effect when it is stored. What crosses is area, band,
// window, class, confidence, role to call and frequency, and nothing else: there is no field for a
// target, a weapon, a unit, a purpose or a sensor, and none may be added (DESIGN 1).
#ifndef WIDEBERTH_AIRSPACE_NOTICE_H_
#define WIDEBERTH_AIRSPACE_NOTICE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/volume.h"
#include "base/bytes.h"
#include "base/ids.h"

namespace wideberth::airspace {

// On every record, never mixed: each mode is a partition of the state of its own.
enum class DataMode : uint8_t { kReal = 0, kExercise = 1, kTest = 2 };
inline constexpr size_t kDataModes = 3;
inline constexpr size_t kNoticeKinds = 4;
inline constexpr size_t kHazardClasses = 11;
inline constexpr size_t kRestrictions = 4;
inline constexpr size_t kMayTellMax = 64;

enum class NoticeKind : uint8_t { kActivity = 0, kHazard = 1, kProtectedSite = 2, kZone = 3 };

enum class HazardClass : uint8_t {
  kLiveFiring,
  kLaunch,
  kReEntry,
  kDebris,
  kAirDefenceActivity,
  kFireFighting,
  kUnmannedSwarm,
  kLaser,
  kElectromagnetic,
  kParachuting,
  kOther,
};

// How a zone restricts (ED-269 and ED-318 words).
enum class Restriction : uint8_t { kProhibited, kReqAuthorisation, kConditional, kNoRestriction };

enum class Confidence : uint8_t { kPlanned, kObserved, kExpected };
enum class HazardSource : uint8_t { kOwn, kObserved, kExpectedThirdParty };

// Whom a version was stored for; it never changes, whatever becomes of the version later.
enum class Disclosure : uint8_t {
  kDraft,     // seen by its party alone, takes no part in checks
  kHeld,      // seen by its party alone, checked against what other parties declare (MECHANISM 2.2)
  kDeclared,  // for others to see
};

// The five axes. Author and activity belong to the notice; delivery and assessment to each
// recipient; dissemination to each party. kHeld is what kReleased is, of a version that is held.
enum class AuthorState : uint8_t { kDraft, kReleased, kSuperseded, kWithdrawn, kHeld };
enum class ActivityState : uint8_t { kPlanned, kActive, kEnded, kAllClear, kNoLongerObserved };
enum class Assessment : uint8_t { kNone, kNoObjection, kObjection, kNeedTime };

// "REAL", "activity", "live_firing", "PROHIBITED", ... and back. ParseName refuses every other
// spelling with the list of allowed words; its field is empty: the caller knows where the word
// stood.
std::string_view Name(DataMode value);
std::string_view Name(NoticeKind value);
std::string_view Name(HazardClass value);
std::string_view Name(Restriction value);
std::string_view Name(Confidence value);
std::string_view Name(HazardSource value);
std::string_view Name(Disclosure value);
std::string_view Name(AuthorState value);
std::string_view Name(ActivityState value);
std::string_view Name(Assessment value);
template <class Enum>
base::Result<Enum> ParseName(std::string_view text);
template <>
base::Result<DataMode> ParseName<DataMode>(std::string_view text);
template <>
base::Result<NoticeKind> ParseName<NoticeKind>(std::string_view text);
template <>
base::Result<HazardClass> ParseName<HazardClass>(std::string_view text);
template <>
base::Result<Restriction> ParseName<Restriction>(std::string_view text);
template <>
base::Result<Confidence> ParseName<Confidence>(std::string_view text);
template <>
base::Result<HazardSource> ParseName<HazardSource>(std::string_view text);
template <>
base::Result<AuthorState> ParseName<AuthorState>(std::string_view text);
template <>
base::Result<ActivityState> ParseName<ActivityState>(std::string_view text);
template <>
base::Result<Assessment> ParseName<Assessment>(std::string_view text);

// What a party declares: the content of one version.
struct Declaration {
  DataMode data_mode = DataMode::kReal;
  NoticeKind kind = NoticeKind::kActivity;
  std::string activity_class;  // activity: a class of the rules, or empty: the strictest
  HazardClass hazard_class = HazardClass::kOther;      // hazard
  HazardSource hazard_source = HazardSource::kOwn;     // hazard
  Restriction restriction = Restriction::kProhibited;  // zone
  Confidence confidence = Confidence::kPlanned;
  std::string name;          // zone and protected site: what the publisher calls it; else empty
  std::string role_to_call;  // a role, never a person
  std::string frequency;     // "121.500 MHz"
  bool unplanned = false;    // hazard: sent in one act without approval, to be refined
  // Told for others who are not on the line: not verified by whoever tells it, and no permission.
  bool on_behalf_of = false;
  // The parties that the notice may be forwarded to, as it was signed (MECHANISM 1.1).
  std::vector<base::PartyId> may_tell;
  std::vector<Volume4D> volumes;
  // The bytes as they were received or imported (JSON). Never interpreted again; kept so that the
  // original text of every quantised number, and fields a notice must not have, survive for export
  // (MECHANISM 10).
  std::string original;
  bool operator==(const Declaration&) const = default;
};

// Refuses what breaks a rule, with the JSON pointer inside the declaration ("/volumes/0/window"):
//   "/volumes"         none, more than limits::kNoticeVolumesMax, or together more vertices than
//                      limits::kNoticeVerticesMax
//   "/volumes/i/..."   what ValidateVolume refuses; an open start, save of a zone or a site
//   "/activity_class"  not [a-z0-9_]{1,63}, or given for what is not an activity
//   "/name"            given for what is neither a zone nor a protected site, or longer than
//                      limits::kNoticeNameBytesMax
//   "/role_to_call", "/frequency"
//                      longer than limits::kContactBytesMax
//   "/unplanned"       said of what is not a hazard
//   "/may_tell"        more than kMayTellMax; "/may_tell/i": nil, or named before
//   "/original"        longer than limits::kJsonBodyBytesMax
// The texts for people (name, role, frequency) must be UTF-8 without control characters, line and
// paragraph separators and marks that reorder what is displayed.
base::Result<void> ValidateDeclaration(const Declaration& declaration);

// [a-z0-9_]{1,63}: the class of an activity.
bool IsClassName(std::string_view text);

struct NoticeVersion {
  uint32_t number =
      1;  // 1, 2, 3, ... within the notice of this node; another node may count otherwise
  // What names the version: the SHA-256 of the envelope that it was released in (MECHANISM 3.1), or,
  // where nothing was signed, of EncodeDeclaration(declaration): equal content has an equal name.
  base::Digest digest;
  base::UtcMicros stored_at;
  Disclosure disclosure = Disclosure::kDeclared;
  AuthorState author = AuthorState::kReleased;
  // The versions before this one stay in checks until it is read back. Of declared versions only.
  bool until_read_back = false;
  // Earliest start minus stored_at, and whether that is under the agreed minimum: a late notice is
  // kept, and labelled.
  int64_t lead_time_us = 0;
  bool late = false;
  Declaration declaration;
  bool operator==(const NoticeVersion&) const = default;
};

struct AssessmentRecord {
  base::Digest version;
  Assessment assessment = Assessment::kNone;
  base::UtcMicros at;
  base::UtcMicros need_time_until;  // for kNeedTime
  bool counts = true;               // false: given for a version that was superseded
  bool operator==(const AssessmentRecord&) const = default;
};

struct Dissemination {
  std::optional<base::UtcMicros> units_told;
  std::optional<base::UtcMicros> own_aircraft_clear;
  bool operator==(const Dissemination&) const = default;
};

// That a version came to a recipient (R1) or that a person there read it back (R3).
struct Receipt {
  base::Digest version;
  base::UtcMicros at;
  bool counts = true;  // false: a newer version was declared since
  bool operator==(const Receipt&) const = default;
};

// That a recipient has cosigned the log in which a version stands: the dated proof of delivery (R2).
struct Recorded {
  base::Digest version;
  base::UtcMicros at;           // here
  base::UtcMicros cosigned_at;  // by the recipient's clock, in whole seconds
  bool counts = true;           // as of a Receipt
  bool operator==(const Recorded&) const = default;
};

// Delivery to one recipient: separate facts (MECHANISM 3.2), each of the newest version it was given
// for. For parties that share a node the storing itself is R1, and there is no record between them.
struct Delivery {
  std::optional<Receipt> r1;
  std::optional<Recorded> r2;
  std::optional<Receipt> r3;
  bool operator==(const Delivery&) const = default;
};

struct Notice {
  base::NoticeId id;
  base::PartyId party;
  std::vector<NoticeVersion> versions;  // oldest first; at least one; all of one kind and data mode
  ActivityState activity = ActivityState::kPlanned;
  std::optional<base::UtcMicros> started_at;  // when said to be active
  std::optional<base::UtcMicros> ended_at;    // when said to have ended
  // Hazards: the end of what they occupy, whether cleared or no longer observed.
  std::optional<base::UtcMicros> all_clear_at;
  std::map<base::PartyId, Delivery> delivery;
  std::map<base::PartyId, AssessmentRecord> assessments;
  std::map<base::PartyId, Dissemination> dissemination;
  // Parties that disregard this hazard because its issuer is gone (MECHANISM 3.5). It stays visible
  // and in checks. The issuer's next version takes the marks away: it was not gone.
  std::map<base::PartyId, base::UtcMicros> disregarded_by;

  const NoticeVersion& latest() const { return versions.back(); }
  DataMode data_mode() const { return latest().declaration.data_mode; }
  NoticeKind kind() const { return latest().declaration.kind; }
  bool held() const;  // its versions are held, not declared
  bool operator==(const Notice&) const = default;
};

// The newest version that is not a draft, declared or held; null when it has been withdrawn or there
// is none. A draft over a released version leaves the released one in force until the draft is
// released itself.
const NoticeVersion* EffectiveVersion(const Notice& notice);

// The newest version of that name; null when there is none.
const NoticeVersion* FindVersion(const Notice& notice, const base::Digest& version);

// The newest version that was declared; null when others never saw one. May be withdrawn.
const NoticeVersion* LatestDeclared(const Notice& notice);

// The versions that take part in checks, as indices into notice.versions, oldest first: the base and
// every later one that is not a draft (MECHANISM 3.1: the union of the last version read back and all
// later ones). The base is the newest version that was read back or was not stored
// `until_read_back`; while there is none, every version is checked. Empty when EffectiveVersion is
// null, else the last one is EffectiveVersion.
//
// Read-backs are bilateral: against a party its own read-backs count and nobody else's, and against
// the issuer's own notices the effective version alone. A party that nothing was delivered to, and
// the form without a party, take every version that is checked against some recipient.
std::vector<uint32_t> CheckedVersions(const Notice& notice);
std::vector<uint32_t> CheckedVersions(const Notice& notice, base::PartyId against);
// Whether CheckedVersions(notice, against) has `version`, which CheckedVersions(notice) has. A few
// nanoseconds for the effective version.
bool IsChecked(const Notice& notice, uint32_t version, base::PartyId against);

// The window that a volume of a version occupies: a hazard from its start until all-clear (or no longer observed),
// whatever the planned end, without an end until then (MECHANISM 3.5); an activity that was said to have ended, until
// then; else the declared window. What was said to be active before its declared start occupies the first volumes of
// each version from that moment. {start, start}, which occupies nothing, when nothing is left of it.
TimeWindow EffectiveWindow(const Notice& notice, const NoticeVersion& version,
                           const Volume4D& volume);

// Whether the notice takes part in conflict checks: some volume of a checked version occupies a time
// after `now`.
bool InForce(const Notice& notice, base::UtcMicros now);

// The earliest moment that the declaration occupies.
base::UtcMicros EarliestStart(const Declaration& declaration);

// The lead time of a declaration that was known from `since` on: its earliest start minus that; 0
// with an open start, which was always there. By a receipt: nothing without one for that version.
// MECHANISM 3.6 keeps it twice, by R1 and by R3; the agreed minimum is judged on R1.
int64_t LeadTimeUs(const Declaration& declaration, base::UtcMicros since);
std::optional<int64_t> LeadTimeUs(const NoticeVersion& version,
                                  const std::optional<Receipt>& receipt);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_NOTICE_H_
