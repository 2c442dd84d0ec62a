// An exchange: any dealing between two parties (data, voice, a meeting, diplomacy), and what one of them says it was.
//
// After an incident there were two accounts of one call. So each party enters its own, under the same id, and neither
// changes the other's: who called, when it was scheduled and held, at which level, what it was about, and the area, the
// start and the warning time that were named in it. Fields are coded; an area is a name as it was spoken. What was said
// in words belongs into a readout (exchange/readout.h).
//
// In JSON, as it stands in an act, a statement and a file:
//
//   {"exchange": uuid, "level": "duty", "channel": "voice", "form": "unscheduled", "initiated_by": "peer",
//    "held_at": "2018-09-17T18:39:00Z", "subjects": ["hazard"], "area": "north of Syria",
//    "lead_time_min_s": 60, "lead_time_max_s": 60}
//
//   level          duty, cell, deputy, principal
//   channel        data, voice, meeting, diplomatic
//   form           scheduled (with scheduled_at), unscheduled
//   initiated_by   by the writer's account: self, peer, both, not_stated
//   scheduled_at?, held_at?      at least one of them
//   subjects       at most 16 codes, [a-z][a-z0-9_]{0,31}, each once
// and of what was announced in it, all optional:
//   notice         what in the record it was about
//   area           a name as it was spoken; the gazetteer of the agreement may know it
//   centre, radius_m             a place
//   starts_at      when it was to begin
//   lead_time_min_s, lead_time_max_s     the warning that was given before it, as far as the account says: "more than
//                  ten minutes" has a minimum alone
//
// One exchange is about one matter; a call that dealt with two is two exchanges.
//
// Pure; any thread.
#ifndef WIDEBERTH_EXCHANGE_ACCOUNT_H_
#define WIDEBERTH_EXCHANGE_ACCOUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "geo/position.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::exchange {

inline constexpr size_t kSubjectsMax = 16;
inline constexpr size_t kSubjectBytesMax = 32;
inline constexpr size_t kAreaBytesMax = 100;
inline constexpr int64_t kLeadTimeMaxS = 30 * 86'400;
inline constexpr int64_t kPlaceRadiusMaxM = 2'000'000;

enum class Level : uint8_t { kDuty, kCell, kDeputy, kPrincipal };
enum class Channel : uint8_t { kData, kVoice, kMeeting, kDiplomatic };
enum class Form : uint8_t { kScheduled, kUnscheduled };
enum class Initiator : uint8_t { kSelf, kPeer, kBoth, kNotStated };
std::string_view Name(Level value);
std::string_view Name(Channel value);
std::string_view Name(Form value);
std::string_view Name(Initiator value);

struct Place {
  geo::Position centre;
  int64_t radius_mm = 0;
  bool operator==(const Place&) const = default;
};

struct Account {
  base::Uuid exchange;
  Level level = Level::kDuty;
  Channel channel = Channel::kVoice;
  Form form = Form::kUnscheduled;
  Initiator initiated_by = Initiator::kNotStated;
  std::optional<base::UtcMicros> scheduled_at;
  std::optional<base::UtcMicros> held_at;
  std::vector<std::string> subjects;

  std::optional<base::NoticeId> notice;
  std::string area;
  std::optional<Place> place;
  std::optional<base::UtcMicros> starts_at;
  std::optional<int64_t> lead_time_min_s;
  std::optional<int64_t> lead_time_max_s;

  bool operator==(const Account&) const = default;
};

// The fields of an account, into an object that is open.
void WriteAccount(const Account& account, json::Writer* json);
// From an object that may have others; refuses what breaks a rule above, with its pointer.
base::Result<Account> ReadAccount(json::Object* object);

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_ACCOUNT_H_
