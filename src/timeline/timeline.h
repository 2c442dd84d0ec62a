// The joint view of a line as people read it: who said what, when by each side's clock, and who knew it when.
//
// It is made of the two logs of a line alone, of the exact bytes that were signed, with the keys of both parties: what
// no key has signed is refused, and nobody's database is believed. Two nodes that hold the same prefixes make the same
// timeline, byte for byte (record/merge.h gives the order).
//
//   WB_ASSIGN_OR_RETURN(const Timeline timeline, Timeline::Make({ours, theirs}));
//   for (const Event& event : timeline.events()) ...
//
// Each event has two clocks beside each other: when its writer says that it was said, and when the other side says that
// it had come (R1). Neither is taken for the truth. What the *other* side's clock bounds is an interval:
//
//   not before   when the other side wrote the newest of its entries that this one names;
//   not after    when the other side cosigned the log with this entry in it, or first wrote an entry that names it.
//
// Events of one side stand in the order in which it wrote them. Of events of the two sides, one came before the other
// if the other's writer had it; else they are concurrent, as the record does not say.
//
// Pure; any thread. Costs a signature check for each entry and each act (0.1 ms both).
#ifndef WIDEBERTH_TIMELINE_TIMELINE_H_
#define WIDEBERTH_TIMELINE_TIMELINE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/notice.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "geo/altitude.h"
#include "line/log_entry.h"
#include "line/message.h"
#include "mechanism/act.h"
#include "record/time_interval.h"

namespace wideberth::timeline {

// A head of a log that the other side has cosigned, and when by its clock: to the second.
struct CosignedHead {
  uint64_t size = 0;
  base::UtcMicros at;
  base::Digest root;
};

// The prefix of one log of a line, and what its bytes are checked with.
struct Log {
  base::PartyId writer;
  std::vector<crypto::PublicKey> message_keys;  // every one that the party has had on this line
  std::vector<line::LogEntry> entries;          // number i + 1 at i
  std::vector<CosignedHead> heads;              // by the other side, in ascending order of size
};

struct Event {
  size_t log = 0;      // of the two
  uint64_t index = 0;  // in it, from 0
  base::Digest message;
  std::string type;  // "act", "receipt", "basis", ...
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  base::UtcMicros said_at;                     // by its writer's clock
  std::optional<base::UtcMicros> received_at;  // by the other's, as its receipt was signed
  record::TimeInterval when;                   // by the other's clock
  std::optional<base::UtcMicros> cosigned_at;  // R2: by the other side's clock, to the second
  uint64_t peer_seen = 0;                      // how much of the other log its writer had

  // Of an act. What no announced key has signed, and what breaks a rule, is there with `unusable`.
  std::optional<mechanism::SealedAct> act;
  std::string unusable;
  std::optional<airspace::Declaration> declaration;  // of a release
  std::optional<base::NoticeId> notice;              // that it is about
  base::Digest version;                              // of a release: its name
  // Of what it begins or answers: a call, or an exchange.
  std::optional<base::Uuid> matter;
};

class Timeline {
 public:
  // Refuses with kUnauthorized an entry that none of its party's keys has signed; with kInvalid one that is not the
  // next of its log by number and chain, is of another line, or names a head of the other log that its entries do not
  // give, and a cosigned head that they do not give: one of them lies. The field names the log and the entry or head
  // ("0/entries/17", "1/heads/3"). Heads beyond the prefix bound nothing.
  static base::Result<Timeline> Make(std::array<Log, 2> logs);

  const std::vector<Event>& events() const { return events_; }  // in the joint order
  base::PartyId writer(size_t log) const { return logs_[log].writer; }
  uint64_t size(size_t log) const { return logs_[log].entries.size(); }
  base::Digest root(size_t log) const { return roots_[log]; }
  // record::FormatJointView of the same prefixes.
  const std::string& joint_view() const { return joint_view_; }
  const line::LogEntry& entry(const Event& event) const {
    return logs_[event.log].entries[static_cast<size_t>(event.index)];
  }
  // Where the first stands against the second.
  record::EventOrder OrderOf(const Event& first, const Event& second) const;

 private:
  std::array<Log, 2> logs_;
  std::array<base::Digest, 2> roots_;
  std::vector<Event> events_;
  std::string joint_view_;
};

// What people ask for; each that is given must hold.
struct Filter {
  std::optional<base::NoticeId> notice;
  std::optional<base::Uuid> matter;            // a call, or an exchange
  std::optional<airspace::TimeWindow> window;  // of saying, by the writer's clock
  std::optional<geo::Outline> area;            // notices declared, and calls made, in it
  bool with_machines = false;                  // receipts, keys and bases too
};
// The events that fit, in their order. With a notice or an area: of every notice that fits all that was said of it.
// Refuses an area that cannot be prepared as a shape.
base::Result<std::vector<const Event*>> Select(const Timeline& timeline, const Filter& filter);

// One line of words: "release hazard live_firing", "answer_stop_call stopped".
std::string Words(const Event& event);

// ---- Was the other side informed? (MECHANISM 1.4)

struct Question {
  size_t teller = 0;  // which of the two should have said it
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  airspace::Volume4D volume;  // with its heights in W84 (airspace::FillW84)
};

// One version that was released to the other side and meets the volume in area, band and window.
struct Told {
  const Event* release = nullptr;
  airspace::Verdict verdict =
      airspace::Verdict::kCertain;              // or possible: heights of other references
  std::optional<base::UtcMicros> received_at;   // R1, by the other's clock
  std::optional<base::UtcMicros> cosigned_at;   // R2
  std::optional<base::UtcMicros> read_back_at;  // R3, by the other's clock
  std::optional<base::UtcMicros> withdrawn_at;  // by the teller's clock
  int64_t lead_time_us = 0;  // from R1, else from saying, to the start of what was declared
};

// In the order of saying; nothing means: nothing up to the end of the prefix. Heights that are not known in W84 are
// made so by `heights`. Refuses a question that is no volume.
base::Result<std::vector<Told>> WasNotified(const Timeline& timeline, const Question& question,
                                            const geo::HeightModel& heights);

}  // namespace wideberth::timeline

#endif  // WIDEBERTH_TIMELINE_TIMELINE_H_
