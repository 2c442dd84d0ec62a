#include "airspace/notice.h"

#include <algorithm>
#include <array>
#include <span>

#include "airspace/enum_names.h"
#include "base/display_text.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using std::string_view;

// In the order of the enumerations.
constexpr std::array<string_view, kDataModes> kDataModeWords = {"REAL", "EXERCISE", "TEST"};
constexpr std::array<string_view, kNoticeKinds> kNoticeKindWords = {"activity", "hazard",
                                                                    "protected_site", "zone"};
constexpr std::array<string_view, kHazardClasses> kHazardClassWords = {
    "live_firing",          "launch",        "re_entry",       "debris",
    "air_defence_activity", "fire_fighting", "unmanned_swarm", "laser",
    "electromagnetic",      "parachuting",   "other"};
constexpr std::array<string_view, kRestrictions> kRestrictionWords = {
    "PROHIBITED", "REQ_AUTHORISATION", "CONDITIONAL", "NO_RESTRICTION"};
constexpr std::array<string_view, 3> kConfidenceWords = {"planned", "observed", "expected"};
constexpr std::array<string_view, 3> kHazardSourceWords = {"own", "observed",
                                                           "expected_third_party"};
constexpr std::array<string_view, 3> kDisclosureWords = {"draft", "held", "declared"};
constexpr std::array<string_view, 5> kAuthorStateWords = {"draft", "released", "superseded",
                                                          "withdrawn", "held"};
constexpr std::array<string_view, 5> kActivityStateWords = {"planned", "active", "ended",
                                                            "all_clear", "no_longer_observed"};
constexpr std::array<string_view, 4> kAssessmentWords = {"none", "no_objection", "objection",
                                                         "need_time"};

Result<void> ValidateTexts(const Declaration& declaration) {
  const bool activity = declaration.kind == NoticeKind::kActivity;
  const bool named =
      declaration.kind == NoticeKind::kZone || declaration.kind == NoticeKind::kProtectedSite;
  const std::string& class_name = declaration.activity_class;
  if (!class_name.empty() && !activity) {
    return Invalid("/activity_class", "must be given for an activity alone", class_name);
  }
  if (!class_name.empty() && !IsClassName(class_name)) {
    return Invalid("/activity_class", "must be 1 to 63 of a-z, 0-9 and _", class_name);
  }
  if (!declaration.name.empty() && !named) {
    return Invalid("/name", "must be given for a zone or a protected site alone", declaration.name);
  }
  WB_RETURN_IF_ERROR(
      base::CheckDisplayText(declaration.name, limits::kNoticeNameBytesMax, "/name"));
  WB_RETURN_IF_ERROR(
      base::CheckDisplayText(declaration.role_to_call, limits::kContactBytesMax, "/role_to_call"));
  WB_RETURN_IF_ERROR(
      base::CheckDisplayText(declaration.frequency, limits::kContactBytesMax, "/frequency"));
  if (declaration.original.size() > limits::kJsonBodyBytesMax) {
    return Fail(ErrorCode::kTooLarge, "/original", "must not be longer than 4 MiB",
                std::to_string(declaration.original.size()) + " bytes");
  }
  return {};
}

Result<void> ValidateMarks(const Declaration& declaration) {
  if (declaration.unplanned && declaration.kind != NoticeKind::kHazard) {
    return Invalid("/unplanned", "must be said of a hazard alone", Name(declaration.kind));
  }
  const std::vector<base::PartyId>& parties = declaration.may_tell;
  if (parties.size() > kMayTellMax) {
    return Fail(ErrorCode::kTooLarge, "/may_tell",
                "must hold at most " + std::to_string(kMayTellMax) + " parties",
                std::to_string(parties.size()));
  }
  for (auto party = parties.begin(); party != parties.end(); ++party) {
    if (!party->uuid.is_nil() && std::find(parties.begin(), party, *party) == party) continue;
    return Invalid("/may_tell/" + std::to_string(party - parties.begin()),
                   "must be the id of a party, each once", party->ToString());
  }
  return {};
}

Result<void> ValidateVolumes(const Declaration& declaration) {
  const std::vector<Volume4D>& volumes = declaration.volumes;
  const auto at_most = [](size_t max, const char* what) {
    return "must hold at most " + std::to_string(max) + " " + what;
  };
  if (volumes.empty()) return Invalid("/volumes", "must hold at least one volume", "none");
  if (volumes.size() > limits::kNoticeVolumesMax) {
    return Fail(ErrorCode::kTooLarge, "/volumes", at_most(limits::kNoticeVolumesMax, "volumes"),
                std::to_string(volumes.size()));
  }
  const bool may_have_no_start =
      declaration.kind == NoticeKind::kZone || declaration.kind == NoticeKind::kProtectedSite;
  size_t vertices = 0;
  for (size_t i = 0; i < volumes.size(); ++i) {
    const std::string field = "/volumes/" + std::to_string(i);
    if (auto valid = ValidateVolume(volumes[i]); !valid) {
      return Fail(std::move(valid).error().Under(field));
    }
    if (volumes[i].window.start == base::kTimeOpenStart && !may_have_no_start) {
      return Invalid(field + "/window", "must have a start, unless of a zone or a protected site",
                     base::FormatRfc3339(volumes[i].window.start));
    }
    vertices += volumes[i].outline.vertices().size();
  }
  if (vertices > limits::kNoticeVerticesMax) {
    return Fail(ErrorCode::kTooLarge, "/volumes",
                at_most(limits::kNoticeVerticesMax, "vertices together"), std::to_string(vertices));
  }
  return {};
}

}  // namespace

string_view Name(DataMode value) {
  return WordOf(kDataModeWords, value);
}
string_view Name(NoticeKind value) {
  return WordOf(kNoticeKindWords, value);
}
string_view Name(HazardClass value) {
  return WordOf(kHazardClassWords, value);
}
string_view Name(Restriction value) {
  return WordOf(kRestrictionWords, value);
}
string_view Name(Confidence value) {
  return WordOf(kConfidenceWords, value);
}
string_view Name(HazardSource value) {
  return WordOf(kHazardSourceWords, value);
}
string_view Name(Disclosure value) {
  return WordOf(kDisclosureWords, value);
}
string_view Name(AuthorState value) {
  return WordOf(kAuthorStateWords, value);
}
string_view Name(ActivityState value) {
  return WordOf(kActivityStateWords, value);
}
string_view Name(Assessment value) {
  return WordOf(kAssessmentWords, value);
}

template <>
Result<DataMode> ParseName<DataMode>(string_view text) {
  return ParseWord<DataMode>(kDataModeWords, text);
}
template <>
Result<NoticeKind> ParseName<NoticeKind>(string_view text) {
  return ParseWord<NoticeKind>(kNoticeKindWords, text);
}
template <>
Result<HazardClass> ParseName<HazardClass>(string_view text) {
  return ParseWord<HazardClass>(kHazardClassWords, text);
}
template <>
Result<Restriction> ParseName<Restriction>(string_view text) {
  return ParseWord<Restriction>(kRestrictionWords, text);
}
template <>
Result<Confidence> ParseName<Confidence>(string_view text) {
  return ParseWord<Confidence>(kConfidenceWords, text);
}
template <>
Result<HazardSource> ParseName<HazardSource>(string_view text) {
  return ParseWord<HazardSource>(kHazardSourceWords, text);
}
template <>
Result<AuthorState> ParseName<AuthorState>(string_view text) {
  return ParseWord<AuthorState>(kAuthorStateWords, text);
}
template <>
Result<ActivityState> ParseName<ActivityState>(string_view text) {
  return ParseWord<ActivityState>(kActivityStateWords, text);
}
template <>
Result<Assessment> ParseName<Assessment>(string_view text) {
  return ParseWord<Assessment>(kAssessmentWords, text);
}

bool IsClassName(string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= limits::kClassNameBytesMax &&
         std::all_of(text.begin(), text.end(), allowed);
}

Result<void> ValidateDeclaration(const Declaration& declaration) {
  WB_RETURN_IF_ERROR(ValidateTexts(declaration));
  WB_RETURN_IF_ERROR(ValidateMarks(declaration));
  return ValidateVolumes(declaration);
}

namespace {

constexpr auto kIsNoDraft = [](const NoticeVersion& version) {
  return version.disclosure != Disclosure::kDraft;
};

const NoticeVersion* NewestNoDraft(const Notice& notice) {
  const auto newest = std::find_if(notice.versions.rbegin(), notice.versions.rend(), kIsNoDraft);
  return newest == notice.versions.rend() ? nullptr : &*newest;
}

// The oldest version that is checked against who read back as `delivery` says (null: nothing). Walks
// back from the newest to the first that nothing before it has to stand beside.
uint32_t OldestFor(const Notice& notice, const Delivery* delivery) {
  size_t oldest = notice.versions.size();
  for (size_t i = notice.versions.size(); i-- > 0;) {
    const NoticeVersion& version = notice.versions[i];
    if (version.disclosure == Disclosure::kDraft) continue;
    oldest = i;
    if (!version.until_read_back) break;
    if (delivery != nullptr && delivery->r3 && delivery->r3->version == version.digest) break;
  }
  return static_cast<uint32_t>(oldest);
}

// The place of the effective version; one past the last when there is none.
uint32_t PlaceOfEffective(const Notice& notice) {
  const NoticeVersion* effective = EffectiveVersion(notice);
  return effective == nullptr ? static_cast<uint32_t>(notice.versions.size())
                              : static_cast<uint32_t>(effective - notice.versions.data());
}

uint32_t OldestForAny(const Notice& notice) {
  const NoticeVersion* effective = EffectiveVersion(notice);
  if (effective != nullptr && !effective->until_read_back) return PlaceOfEffective(notice);
  if (notice.delivery.empty()) return OldestFor(notice, nullptr);
  auto oldest = static_cast<uint32_t>(notice.versions.size());
  for (const auto& [party, delivery] : notice.delivery) {
    oldest = std::min(oldest, OldestFor(notice, &delivery));
  }
  return oldest;
}

uint32_t OldestAgainst(const Notice& notice, base::PartyId party) {
  if (party == notice.party) return PlaceOfEffective(notice);
  const auto delivery = notice.delivery.find(party);
  return delivery == notice.delivery.end() ? OldestForAny(notice)
                                           : OldestFor(notice, &delivery->second);
}

std::vector<uint32_t> NoDraftsFrom(const Notice& notice, uint32_t oldest) {
  std::vector<uint32_t> checked;
  if (EffectiveVersion(notice) == nullptr) return checked;
  for (uint32_t i = oldest; i < notice.versions.size(); ++i) {
    if (kIsNoDraft(notice.versions[i])) checked.push_back(i);
  }
  return checked;
}

// Whether no volume of the version begins before this one.
bool IsFirst(const NoticeVersion& version, const Volume4D& volume) {
  const std::vector<Volume4D>& volumes = version.declaration.volumes;
  return std::none_of(volumes.begin(), volumes.end(), [&](const Volume4D& other) {
    return other.window.start < volume.window.start;
  });
}

}  // namespace

bool Notice::held() const {
  const NoticeVersion* newest = NewestNoDraft(*this);
  return newest != nullptr && newest->disclosure == Disclosure::kHeld;
}

const NoticeVersion* EffectiveVersion(const Notice& notice) {
  const NoticeVersion* newest = NewestNoDraft(notice);
  const bool in_effect = newest != nullptr && (newest->author == AuthorState::kReleased ||
                                               newest->author == AuthorState::kHeld);
  return in_effect ? newest : nullptr;
}

const NoticeVersion* FindVersion(const Notice& notice, const base::Digest& version) {
  const auto found = std::find_if(notice.versions.rbegin(), notice.versions.rend(),
                                  [&](const NoticeVersion& v) { return v.digest == version; });
  return found == notice.versions.rend() ? nullptr : &*found;
}

const NoticeVersion* LatestDeclared(const Notice& notice) {
  const auto found =
      std::find_if(notice.versions.rbegin(), notice.versions.rend(),
                   [](const NoticeVersion& v) { return v.disclosure == Disclosure::kDeclared; });
  return found == notice.versions.rend() ? nullptr : &*found;
}

std::vector<uint32_t> CheckedVersions(const Notice& notice) {
  return NoDraftsFrom(notice, OldestForAny(notice));
}

std::vector<uint32_t> CheckedVersions(const Notice& notice, base::PartyId against) {
  return NoDraftsFrom(notice, OldestAgainst(notice, against));
}

bool IsChecked(const Notice& notice, uint32_t version, base::PartyId against) {
  return &notice.versions[version] == EffectiveVersion(notice) ||
         version >= OldestAgainst(notice, against);
}

TimeWindow EffectiveWindow(const Notice& notice, const NoticeVersion& version,
                           const Volume4D& volume) {
  TimeWindow window = volume.window;
  if (notice.started_at && *notice.started_at < window.start && IsFirst(version, volume)) {
    window.start = *notice.started_at;
  }
  if (notice.kind() == NoticeKind::kHazard) {
    window.end = notice.all_clear_at.value_or(base::kTimeOpenEnd);
  } else if (notice.kind() == NoticeKind::kActivity && notice.ended_at) {
    window.end = std::min(window.end, *notice.ended_at);
  }
  window.end = std::max(window.end, window.start);
  return window;
}

bool InForce(const Notice& notice, base::UtcMicros now) {
  const auto occupies = [&](uint32_t checked) {
    const NoticeVersion& version = notice.versions[checked];
    const std::vector<Volume4D>& volumes = version.declaration.volumes;
    return std::any_of(volumes.begin(), volumes.end(), [&](const Volume4D& volume) {
      const TimeWindow window = EffectiveWindow(notice, version, volume);
      return window.start < window.end && window.end > now;
    });
  };
  const std::vector<uint32_t> checked = CheckedVersions(notice);
  return std::any_of(checked.begin(), checked.end(), occupies);
}

base::UtcMicros EarliestStart(const Declaration& declaration) {
  base::UtcMicros earliest = base::kTimeOpenEnd;
  for (const Volume4D& volume : declaration.volumes) {
    earliest = std::min(earliest, volume.window.start);
  }
  return earliest;
}

int64_t LeadTimeUs(const Declaration& declaration, base::UtcMicros since) {
  const base::UtcMicros start = EarliestStart(declaration);
  return start == base::kTimeOpenStart ? 0 : start.us - since.us;
}

std::optional<int64_t> LeadTimeUs(const NoticeVersion& version,
                                  const std::optional<Receipt>& receipt) {
  if (!receipt || receipt->version != version.digest) return std::nullopt;
  return LeadTimeUs(version.declaration, receipt->at);
}

}  // namespace wideberth::airspace
