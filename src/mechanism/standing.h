// Dead-man areas: hazards that a machine raises by itself when telemetry stops, because both parties have signed as a
// standing release that it may (MECHANISM 1.3).
//
// No person acts, so there is no act: the version is one DSSE envelope of type
// application/vnd.wideberth.standing-hazard.v1+json, signed with the message key of the party. Like an act it holds no
// data of a line, and its SHA-256 is the name of the version (MECHANISM 3.1). The payload:
//
//   {"party": uuid, "notice": uuid, "release": "launch corridor", "declaration_sha256": hex,
//    "at": "2027-01-15T12:00:00Z"}
//
// It crosses in a message standing-hazard.v1 beside the text of the declaration and the digest of the agreement that
// the line is under: {"standing_hazard": "<envelope>", "agreement": hex, "declaration": "<text>"}.
//
// What is declared follows from the release and `at` alone: an unplanned own hazard of the agreed class, at the agreed
// outline, from the surface without an upper limit, from `at` until further notice. Whoever receives it checks that.
//
// Reading passes over unknown fields, as line/message.h. Pure; any thread. One signature (25 us), one verification
// (60 us).
#ifndef WIDEBERTH_MECHANISM_STANDING_H_
#define WIDEBERTH_MECHANISM_STANDING_H_

#include <span>
#include <string>
#include <string_view>

#include "agreement/agreement.h"
#include "airspace/notice.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"

namespace wideberth::mechanism {

struct StandingHazard {
  base::PartyId party;
  base::NoticeId notice;
  std::string release;  // its name in the agreement
  base::Digest declaration_sha256;
  base::UtcMicros at;
  bool operator==(const StandingHazard&) const = default;
};

struct SealedStandingHazard {
  StandingHazard hazard;
  std::string envelope;
  base::Digest digest;  // SHA-256 of the envelope
};

base::Result<SealedStandingHazard> SealStandingHazard(StandingHazard hazard,
                                                      const crypto::SecretKey& message_key);
// Refuses with kUnauthorized what none of `message_keys` has signed and another party's, with kInvalid what is none.
base::Result<SealedStandingHazard> OpenStandingHazard(
    std::string_view envelope, base::PartyId party,
    std::span<const crypto::PublicKey> message_keys);

struct StandingHazardMessage {
  std::string envelope;
  base::Digest agreement;
  std::string declaration;
};
std::string WriteStandingHazardMessage(const StandingHazardMessage& message);
base::Result<StandingHazardMessage> ReadStandingHazardMessage(std::string_view body);

// Null when there is none of that name for that party.
const agreement::StandingRelease* FindDeadManArea(
    std::span<const agreement::StandingRelease> releases, base::PartyId party,
    std::string_view name);
// What the release raises at that moment; `original` is its text. REQUIRES (CHECK): a dead-man area.
airspace::Declaration DeclarationOf(const agreement::StandingRelease& release, base::UtcMicros at);
// Refuses a declaration, as it was parsed, that is not what the release raises.
base::Result<void> CheckAsAgreed(const airspace::Declaration& declaration,
                                 const agreement::StandingRelease& release, base::UtcMicros at);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_STANDING_H_
