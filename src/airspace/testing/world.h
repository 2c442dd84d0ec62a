// A small world for tests and fuzz targets of Decide and Apply: three parties, a table of rules, a state, and a log of
// every batch of effects, so that replay and projection can be held against the state that made them.
#ifndef WIDEBERTH_AIRSPACE_TESTING_WORLD_H_
#define WIDEBERTH_AIRSPACE_TESTING_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/decide.h"
#include "airspace/rules.h"
#include "airspace/state.h"
#include "base/bytes.h"
#include "base/time.h"

namespace wideberth::airspace::testing {

// Not SHA-256 (airspace owns none), but as good for telling contents apart.
base::Digest TestDigest(base::ByteView bytes);

base::PartyId TestParty(uint8_t n);  // 1 "north", 2 "south", 3 "east"
base::NoticeId TestNotice(uint8_t n);

// activity:transport, activity:survey; 5 km x 300 m x 10 min between activities, 1 km x 100 m x 0 against hazards, 0
// against sites and zones; hazards dwell 45 minutes; activities are late below 15 minutes.
Rules TestRules();

inline constexpr base::UtcMicros kNoon{1'800'014'400'000'000};  // 2027-01-15T12:00:00Z

// A circle over Lake Geneva, moved east by `east_m`, 1 km in radius, 1,000 to 1,200 m W84, kNoon + 1 h to + 2 h.
Declaration TestActivity(double east_m = 0);
Declaration TestHazard(double east_m = 0);
Declaration TestSite(double east_m = 0);
Declaration TestZone(Restriction restriction, double east_m = 0);

class World {
 public:
  explicit World(RuleBook rules = TestRules());

  base::Result<Decision> Do(base::PartyId party, CommandBody body,
                            std::optional<base::UtcMicros> said_at = std::nullopt);
  // Prepares and declares; CHECKs that preparing succeeds.
  base::Result<Decision> Put(uint8_t party, uint8_t notice, const Declaration& declaration,
                             bool draft = false);
  // Prepares and stores the command with this declaration and, once there is a notice, with the latest version as the
  // replaced one; everything else as given.
  base::Result<Decision> Store(uint8_t party, uint8_t notice, const Declaration& declaration,
                               Declare command);
  // As Put, naming whatever version is the latest.
  base::Result<Decision> Replace(uint8_t party, uint8_t notice, const Declaration& declaration);
  void Pass(int64_t us) { now_.us += us; }

  base::UtcMicros now() const { return now_; }
  const State& state() const { return state_; }
  const RuleBook& rules() const { return rules_; }
  base::Digest Latest(uint8_t notice) const;
  std::vector<Conflict> Live() const;  // by id

  // Applies the whole log to an empty state and returns it.
  std::unique_ptr<State> Replayed() const;
  // Takes a fuzzy checkpoint of rows into `rows`: what changed since the last call. Returns the batches it is complete
  // to; applying the log after them to the rows gives the state.
  size_t Project(std::map<uint64_t, base::Bytes>* rows);
  std::unique_ptr<State> Restored(const std::map<uint64_t, base::Bytes>& rows, size_t from) const;

 private:
  RuleBook rules_;
  State state_;
  base::UtcMicros now_ = kNoon;
  std::vector<base::Bytes> log_;
};

}  // namespace wideberth::airspace::testing

#endif  // WIDEBERTH_AIRSPACE_TESTING_WORLD_H_
