// The keys and the small facts of a Desk's rows; inside mechanism, save for kFirst and kLast.
#ifndef WIDEBERTH_MECHANISM_DESK_ROWS_H_
#define WIDEBERTH_MECHANISM_DESK_ROWS_H_

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::mechanism::rows {

inline constexpr uint64_t kPeers = 1;
inline constexpr uint64_t kAccounts = 2;
inline constexpr uint64_t kCalls = 3;
inline constexpr uint64_t kAwaited = 4;
inline constexpr uint64_t kCounts = 5;
inline constexpr uint64_t kBases = 6;
inline constexpr uint64_t kFacts = 7;
inline constexpr uint64_t kReleaseChecks = 8;
inline constexpr uint64_t kThirdParties = 9;
inline constexpr uint64_t kExercises = 10;
inline constexpr uint64_t kOwnCard = 11;
inline constexpr uint64_t kDeadMen = 12;
inline constexpr uint64_t kLastOfFacts = kDeadMen;
inline constexpr uint64_t kFirstOfMatters = 16;
inline constexpr uint64_t kMattersARow = 64;

inline uint64_t OfMatter(uint64_t number) {
  return kFirstOfMatters + number / kMattersARow;
}
inline uint64_t FirstMatterOf(uint64_t row) {
  return (row - kFirstOfMatters) * kMattersARow;
}

struct Facts {
  uint64_t journal_size = 0;
  base::Digest journal_last;
  uint64_t next_matter = 1;
};
void EncodeFacts(const Facts& facts, base::Bytes* out);
base::Result<Facts> DecodeFacts(base::ByteView* in);

}  // namespace wideberth::mechanism::rows

#endif  // WIDEBERTH_MECHANISM_DESK_ROWS_H_
