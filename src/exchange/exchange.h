// One exchange as a node holds it: both accounts, the minutes that were proposed with who signed what, and what each
// side has said in public. Everything in it came as an act of a person (mechanism/act.h) and is in the record; `act` is
// the name of that act.
//
// Values; any thread.
#ifndef WIDEBERTH_EXCHANGE_EXCHANGE_H_
#define WIDEBERTH_EXCHANGE_EXCHANGE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "exchange/account.h"
#include "exchange/readout.h"
#include "operators/role.h"

namespace wideberth::exchange {

// A dealing is not minuted without end; so many of each kind and side are kept.
inline constexpr size_t kReadoutsMax = 16;
inline constexpr size_t kStatementsMax = 16;

// Places in arrays of two: what is of this node's party, and what is of the peer.
inline constexpr size_t kOurs = 0;
inline constexpr size_t kTheirs = 1;

// Who said it and when.
struct Said {
  base::Digest act;
  operators::Role role = operators::Role::kDutyOfficer;
  base::UtcMicros at;         // by the clock of who says it
  base::UtcMicros stored_at;  // by this node's
  bool operator==(const Said&) const = default;
};

// The latest that a party has entered; `entered` counts how often it has.
struct StatedAccount {
  Account account;
  Said said;
  uint32_t entered = 1;
  bool operator==(const StatedAccount&) const = default;
};

// The verdict of a party on each paragraph.
struct Signature {
  std::vector<bool> agreed;
  Said said;
  bool operator==(const Signature&) const = default;
};

struct Readout {
  base::Digest digest;  // SHA-256 of the text
  std::string text;     // minutes (exchange/readout.h), as they were proposed
  bool by_us = false;
  Said said;
  std::array<std::optional<Signature>, 2> signatures;

  bool is_signed() const { return signatures[kOurs] && signatures[kTheirs]; }
  // Both have signed that this is what was said.
  bool IsAgreed(size_t paragraph) const;
  bool operator==(const Readout&) const = default;
};

struct StoredStatement {
  base::Digest digest;
  std::string text;  // a statement (exchange/readout.h), as it was published
  bool by_us = false;
  Said said;
  bool operator==(const StoredStatement&) const = default;
};

struct Exchange {
  base::Uuid id;
  uint64_t number = 0;  // of this node: 1, 2, 3...
  base::PartyId peer;
  base::UtcMicros entered_at;  // here
  std::array<std::optional<StatedAccount>, 2> accounts;
  std::vector<Readout> readouts;            // oldest first
  std::vector<StoredStatement> statements;  // oldest first

  const Readout* FindReadout(const base::Digest& digest) const;
  const StoredStatement* FindStatement(const base::Digest& digest) const;
  // Of readouts, or statements, of one side.
  size_t ReadoutsOf(bool by_us) const;
  size_t StatementsOf(bool by_us) const;
  bool operator==(const Exchange&) const = default;
};

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_EXCHANGE_H_
