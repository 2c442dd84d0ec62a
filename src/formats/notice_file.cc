#include "formats/notice_file.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "formats/notice_json.h"
#include "json/reader.h"

namespace wideberth::formats {
namespace {

using base::Result;
using base::UtcMicros;

constexpr size_t kTimeBytesMax = 40;

Result<NoticeEntry> ReadEntry(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  NoticeEntry entry;
  WB_ASSIGN_OR_RETURN(const std::string_view party,
                      object.RequiredString("party", limits::kPartyNameBytesMax));
  entry.party = party;
  WB_ASSIGN_OR_RETURN(entry.declare_at,
                      object.OptionalParsed("declare_at", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(entry.ended_at,
                      object.OptionalParsed("ended_at", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(entry.all_clear_at,
                      object.OptionalParsed("all_clear_at", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const json::Value declaration, object.Required("declaration"));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  WB_ASSIGN_OR_RETURN(entry.declaration, DecodeDeclaration(declaration));
  if (entry.all_clear_at && entry.declaration.kind != airspace::NoticeKind::kHazard) {
    return object.Refuse("all_clear_at", "must be given for a hazard alone");
  }
  return entry;
}

Result<NoticeFile> ReadDay(json::Object* root) {
  NoticeFile file;
  WB_ASSIGN_OR_RETURN(file.day, root->OptionalParsed("day", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const json::Array notices,
                      root->RequiredArray("notices", limits::kImportFeaturesMax));
  WB_RETURN_IF_ERROR(root->ExpectNoOtherFields());
  file.notices.reserve(notices.size());
  for (const json::Value notice : notices) {
    WB_ASSIGN_OR_RETURN(NoticeEntry entry, ReadEntry(notice));
    file.notices.push_back(std::move(entry));
  }
  std::stable_sort(file.notices.begin(), file.notices.end(),
                   [](const NoticeEntry& a, const NoticeEntry& b) {
                     return a.declare_at.value_or(base::kTimeOpenStart) <
                            b.declare_at.value_or(base::kTimeOpenStart);
                   });
  return file;
}

bool Shift(int64_t shift_us, UtcMicros* time) {
  if (*time == base::kTimeOpenStart || *time == base::kTimeOpenEnd) return true;
  static const int64_t kEndUs = base::DaysFromCivil({9999, 1, 1}) * base::kMicrosPerDay;
  if (shift_us < -kEndUs || shift_us > kEndUs) return false;
  time->us += shift_us;
  return time->us >= 0 && time->us < kEndUs;
}

}  // namespace

Result<NoticeFile> ReadNoticeFile(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kImportFileBytesMax));
  const json::Value root = document.root();
  NoticeFile file;
  if (root.kind() == json::Kind::kArray) {
    WB_ASSIGN_OR_RETURN(const json::Array items, root.AsArray(limits::kImportFeaturesMax));
    file.notices.reserve(items.size());
    for (const json::Value item : items) {
      WB_ASSIGN_OR_RETURN(airspace::Declaration declaration, DecodeDeclaration(item));
      file.notices.push_back({{}, {}, {}, {}, std::move(declaration)});
    }
    return file;
  }
  WB_ASSIGN_OR_RETURN(json::Object object, root.AsObject());
  if (object.Find("notices")) return ReadDay(&object);
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration, DecodeDeclaration(root));
  file.notices.push_back({{}, {}, {}, {}, std::move(declaration)});
  return file;
}

Result<void> ShiftNotices(int64_t shift_us, NoticeFile* file) {
  bool fits = !file->day || Shift(shift_us, &*file->day);
  for (NoticeEntry& entry : file->notices) {
    for (std::optional<UtcMicros>* time :
         {&entry.declare_at, &entry.ended_at, &entry.all_clear_at}) {
      if (*time) fits = Shift(shift_us, &**time) && fits;
    }
    for (airspace::Volume4D& volume : entry.declaration.volumes) {
      fits = Shift(shift_us, &volume.window.start) && fits;
      fits = Shift(shift_us, &volume.window.end) && fits;
    }
    entry.declaration.original.clear();
  }
  if (!fits) return base::Invalid("", "must stay in the years 1970 to 9998 when shifted");
  return {};
}

}  // namespace wideberth::formats
