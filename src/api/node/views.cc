#include "api/node/views.h"

#include <algorithm>
#include <utility>

#include "formats/notice_json.h"

namespace wideberth::api::node {
namespace {

using airspace::Conflict;
using airspace::Declaration;
using airspace::Notice;
using airspace::NoticeVersion;
using airspace::RuleBook;

constexpr size_t kNoticeBytes = 1'024;
constexpr size_t kVolumeBytes = 512;
constexpr size_t kVertexBytes = 64;
constexpr size_t kConflictBytes = 1'536;
constexpr size_t kPairBytes = 1'024;

// Written field by field, because the volumes and the original can be megabytes; the binding stops
// compiling when a field is added.
Declaration WordsOf(const Declaration& declaration) {
  const auto& [data_mode, kind, activity_class, hazard_class, hazard_source, restriction,
               confidence, name, role_to_call, frequency, unplanned, on_behalf_of, may_tell,
               volumes, original] = declaration;
  return {data_mode,   kind,         activity_class, hazard_class, hazard_source,
          restriction, confidence,   name,           role_to_call, frequency,
          unplanned,   on_behalf_of, may_tell,       {},           {}};
}

NoticeVersion WithoutContent(const NoticeVersion& version) {
  const auto& [number, digest, stored_at, disclosure, author, until_read_back, lead_time_us, late,
               declaration] = version;
  return {number,          digest,       stored_at, disclosure,          author,
          until_read_back, lead_time_us, late,      WordsOf(declaration)};
}

NoticeVersion WithoutOriginal(const NoticeVersion& version) {
  NoticeVersion copy = WithoutContent(version);
  copy.declaration.volumes = version.declaration.volumes;
  return copy;
}

template <class Map>
void KeepOnly(Map* map, base::PartyId a, base::PartyId b) {
  std::erase_if(*map, [&](const auto& entry) { return entry.first != a && entry.first != b; });
}

}  // namespace

std::optional<NoticeView> ViewNotice(const Notice& notice, base::PartyId party, bool with_history,
                                     std::optional<uint32_t> version) {
  const bool own = notice.party == party;
  const auto visible = [&](const NoticeVersion& v) {
    return own || v.disclosure == airspace::Disclosure::kDeclared;
  };
  const NoticeVersion* shown = nullptr;
  for (const NoticeVersion& v : notice.versions) {
    if (visible(v) && (!version || v.number == *version)) shown = &v;
  }
  if (shown == nullptr) return std::nullopt;
  NoticeView view;
  if (with_history) {
    const std::vector<uint32_t> checked =
        own ? airspace::CheckedVersions(notice) : airspace::CheckedVersions(notice, party);
    for (uint32_t i = 0; i < notice.versions.size(); ++i) {
      if (!visible(notice.versions[i])) continue;
      const bool is_checked = std::binary_search(checked.begin(), checked.end(), i);
      view.history.push_back({WithoutContent(notice.versions[i]), is_checked});
    }
  }
  Notice* copy = &view.notice;
  copy->id = notice.id;
  copy->party = notice.party;
  copy->versions.push_back(WithoutOriginal(*shown));
  copy->activity = notice.activity;
  copy->started_at = notice.started_at;
  copy->ended_at = notice.ended_at;
  copy->all_clear_at = notice.all_clear_at;
  copy->delivery = notice.delivery;
  copy->assessments = notice.assessments;
  copy->dissemination = notice.dissemination;
  copy->disregarded_by = notice.disregarded_by;
  if (!own) {
    KeepOnly(&copy->delivery, party, notice.party);
    KeepOnly(&copy->assessments, party, notice.party);
    KeepOnly(&copy->dissemination, party, notice.party);
    KeepOnly(&copy->disregarded_by, party, notice.party);
  }
  return view;
}

ConflictView ViewConflict(const airspace::State& state, const Conflict& conflict) {
  ConflictView view{conflict, {}};
  for (size_t i = 0; i < conflict.sides.size(); ++i) {
    const Notice* notice = state.FindNotice(conflict.sides[i].notice);
    if (notice == nullptr) continue;
    for (const NoticeVersion& version : notice->versions) {
      if (version.digest != conflict.sides[i].version) continue;
      view.notices[i].emplace();
      view.notices[i]->versions.push_back(WithoutContent(version));
    }
  }
  return view;
}

size_t EstimateBytes(const NoticeView& view) {
  size_t bytes = kNoticeBytes + view.history.size() * kVolumeBytes;
  for (const airspace::Volume4D& volume : view.notice.latest().declaration.volumes) {
    bytes += kVolumeBytes + volume.outline.vertices().size() * kVertexBytes;
  }
  return bytes;
}

size_t EstimateBytes(const ConflictView& view) {
  return kConflictBytes + view.conflict.pairs.size() * kPairBytes;
}

void WriteSeconds(json::Writer* json, std::string_view key, int64_t us) {
  constexpr int64_t kPerMilli = 1'000;
  json->DoubleField(key, static_cast<double>(us / kPerMilli) / 1e3);
}

void WriteNoticeView(json::Writer* json, const NoticeView& view, const RuleBook& rules) {
  formats::WriteNotice(json, view.notice, rules);
}

void WriteVersionView(json::Writer* json, const VersionView& view) {
  const NoticeVersion& version = view.version;
  json->BeginObject();
  json->Uint64Field("number", version.number);
  json->StringField("digest", version.digest.ToHex());
  json->StringField("stored_at", base::FormatRfc3339(version.stored_at));
  json->StringField("disclosure", airspace::Name(version.disclosure));
  json->StringField("author", airspace::Name(version.author));
  json->BoolField("checked", view.checked);
  WriteSeconds(json, "lead_time_s", version.lead_time_us);
  json->BoolField("late", version.late);
  json->EndObject();
}

void WriteConflictView(json::Writer* json, const ConflictView& view, const RuleBook& rules) {
  formats::ConflictNotices notices{};
  for (size_t i = 0; i < notices.size(); ++i) {
    if (view.notices[i]) notices[i] = &*view.notices[i];
  }
  formats::WriteConflict(json, view.conflict, notices, rules);
}

void WriteClock(json::Writer* json, const airspace::SetClock& clock) {
  json->BeginObject();
  json->StringField("data_mode", airspace::Name(clock.mode));
  json->StringField("time", base::FormatRfc3339(clock.shown));
  json->StringField("set_at", base::FormatRfc3339(clock.real));
  json->DoubleField("rate", clock.rate);
  json->EndObject();
}

void WriteDecision(json::Writer* json, const airspace::Decision& decision,
                   const std::vector<ConflictView>& conflicts, const RuleBook& rules) {
  json->BeginObject();
  if (decision.notice) json->StringField("notice", decision.notice->ToString());
  json->Uint64Field("version_number", decision.version_number);
  json->StringField("version", decision.version.ToHex());
  json->BoolField("late", decision.late);
  WriteSeconds(json, "lead_time_s", decision.lead_time_us);
  json->Key("conflicts");
  json->BeginArray();
  for (const ConflictView& view : conflicts) WriteConflictView(json, view, rules);
  json->EndArray();
  json->EndObject();
}

}  // namespace wideberth::api::node
