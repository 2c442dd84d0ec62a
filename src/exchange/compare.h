// What two parties say of one exchange, beside each other and beside the record.
//
// Of each fact (who called, when, at which level, what area, what warning time) the comparison shows what each side's
// account and its last public statement say, what the record has, and whether they are the same. It never says who is
// right: there is no field for it.
//
//   for (const Fact& fact : Compare(exchange, self, records, &agreement.gazetteer)) ...
//
// What is compared does not depend on which side asks: the parties stand in ascending order of their ids, so equal
// exchanges compare alike, byte for byte, on both nodes. Only what a node's own record has beside it is by its clock.
//
// Times and lengths of time are compared as they were said: to the second where seconds were said. A named area is
// compared with a place, or with what was declared, by the gazetteer of the agreement. Pure; any thread. Outlines of
// more than kAreaVerticesMax vertices are not measured, so that a comparison is a matter of milliseconds.
#ifndef WIDEBERTH_EXCHANGE_COMPARE_H_
#define WIDEBERTH_EXCHANGE_COMPARE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/gazetteer.h"
#include "base/ids.h"
#include "base/time.h"
#include "exchange/exchange.h"
#include "geo/outline.h"
#include "json/writer.h"

namespace wideberth::exchange {

// What the node that compares has of a notice that an account names.
struct RecordFacts {
  base::NoticeId notice;
  std::optional<base::UtcMicros> released_at;  // its own: when it was stored
  std::optional<base::UtcMicros> received_at;  // R1, by the clock of this node
  base::UtcMicros starts_at;
  std::vector<geo::Outline> outlines;
};

enum class Finding : uint8_t {
  kNotSaid,        // by nobody
  kOneSideOnly,    // the other does not say
  kSame,           // all that was said
  kDiffers,        // at least two do
  kNotComparable,  // an area name that no agreement explains, or too long an outline, beside a place
};
std::string_view Name(
    Finding finding);  // "not_said", "one_side_only", "same", "differs", "not_comparable"

inline constexpr size_t kAreaVerticesMax = 256;

struct Value {
  base::PartyId party;
  bool is_public = false;  // in its statement; else in its account
  std::string text;
  bool operator==(const Value&) const = default;
};

struct Fact {
  std::string_view name;  // "initiated_by", "held_at", ...
  std::vector<Value> values;
  std::vector<std::string> record;  // what the record has, in words
  Finding finding = Finding::kNotSaid;
  std::vector<std::string> by;  // by how much they differ, in words
  bool operator==(const Fact&) const = default;
};

// `self`: whose node holds the exchange. `gazetteer` may be null. A statement that cannot be read is left out; the
// exchange would not have taken it.
std::vector<Fact> Compare(const Exchange& exchange, base::PartyId self,
                          std::span<const RecordFacts> records,
                          const agreement::Gazetteer* gazetteer);

// [{"fact": "held_at", "finding": "differs", "values": [{"party": uuid, "in": "account", "said": "..."}], "record":
// [...], "by": [...]}]
void WriteFacts(const std::vector<Fact>& facts, json::Writer* json);

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_COMPARE_H_
