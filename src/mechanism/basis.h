// A basis: what a node has judged of a conflict between two declared notices, and by what (MECHANISM 4.4). Each side
// signs its own as a message; unequal ones show which version one of them lacks.
//
//   {"conflict": hex, "agreement": hex, "verdict": "certain", "versions": [{"notice": uuid, "version": hex}, ...]}
//
// Pure; any thread.
#ifndef WIDEBERTH_MECHANISM_BASIS_H_
#define WIDEBERTH_MECHANISM_BASIS_H_

#include <optional>
#include <string>
#include <string_view>

#include "airspace/conflict.h"
#include "base/bytes.h"
#include "base/result.h"
#include "mechanism/act.h"

namespace wideberth::mechanism {

struct Basis {
  base::Digest conflict;
  base::Digest agreement;
  airspace::Verdict verdict = airspace::Verdict::kClear;
  ConflictVersions versions;  // in ascending order of notice id
  bool operator==(const Basis&) const = default;
};

// The newest versions of both sides: what people look at, whatever older ones are checked beside them.
ConflictVersions VersionsOf(const airspace::Conflict& conflict);
// Under what is agreed, whether or not this node holds the line for lost.
Basis BasisOf(const airspace::Conflict& conflict);
// The peer of `self` in it, who is told of it. Nobody of one with a held plan, which leaves this node in no form, and
// neither of two others.
std::optional<base::PartyId> WhoHearsOf(const airspace::Conflict& conflict, base::PartyId self);

std::string WriteBasis(const Basis& basis);
// Strict in these fields; passes over others.
base::Result<Basis> ReadBasis(std::string_view text);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_BASIS_H_
