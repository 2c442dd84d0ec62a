// Files of our own declarations, for `wideberth check FILE...`, `declare` and `demo`.
//
// Three shapes, told apart by what stands at the top:
//
//   {"kind": ...}                               one declaration (formats/notice_json.h)
//   [{"kind": ...}, ...]                        several
//   {"day": "2022-06-18T00:00:00Z",             a day of activity
//    "notices": [{"party": "north",             the party's name in the rules
//                 "declare_at": "2022-06-18T05:30:00Z",
//                 "ended_at": "2022-06-18T09:10:00Z",      // when the party says that it has ended
//                 "all_clear_at": "2022-06-18T10:00:00Z",  // hazards: when the party clears it
//                 "declaration": {"kind": ...}}, ...]}
//
// Reading is strict, like that of a single declaration. `notices` may stand in any order; they are given back in the
// order of declare_at. The times beside the declaration may be absent. At most limits::kImportFeaturesMax.
#ifndef WIDEBERTH_FORMATS_NOTICE_FILE_H_
#define WIDEBERTH_FORMATS_NOTICE_FILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::formats {

struct NoticeEntry {
  std::string party;  // empty: the file does not say
  std::optional<base::UtcMicros> declare_at;
  std::optional<base::UtcMicros> ended_at;
  std::optional<base::UtcMicros> all_clear_at;
  airspace::Declaration declaration;
};

struct NoticeFile {
  std::optional<base::UtcMicros> day;
  std::vector<NoticeEntry> notices;
};

base::Result<NoticeFile> ReadNoticeFile(std::string_view text);

// Moves every time of the file by the same amount, so that a recorded day plays at another one. Open ends stay open.
// Refuses a shift after which a time would leave the years 1970 to 9998. The originals no longer fit and are dropped.
base::Result<void> ShiftNotices(int64_t shift_us, NoticeFile* file);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_NOTICE_FILE_H_
