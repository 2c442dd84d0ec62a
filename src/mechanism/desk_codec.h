// The binary form of a Desk: the keys and the small facts of its rows, and what is written in peer_codec.cc; inside
// mechanism only. Encodings are strict: reading refuses what writing does not give, with kStorage (field "effect").
#ifndef WIDEBERTH_MECHANISM_DESK_CODEC_H_
#define WIDEBERTH_MECHANISM_DESK_CODEC_H_

#include <cstdint>

#include "airspace/wire.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "mechanism/desk.h"

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
inline constexpr uint64_t kAgreements = 13;
inline constexpr uint64_t kProvenances = 14;
inline constexpr uint64_t kHandover = 15;
inline constexpr uint64_t kLastOfFacts = kHandover;
inline constexpr uint64_t kFirstOfMatters = 16;
inline constexpr uint64_t kMattersARow = 64;
inline constexpr uint64_t kFirstOfExchanges = uint64_t{1} << 52;  // beyond every matter; one a row

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

namespace wideberth::mechanism {

inline base::Unexpected Damaged() {
  return base::Fail(base::ErrorCode::kStorage, "effect",
                    "must be as a node of this version wrote it");
}

inline void Put(base::PartyId id, airspace::WireWriter* wire) {
  wire->Fixed(id.uuid.bytes);
}
inline base::Uuid ReadUuid(airspace::WireReader* wire) {
  base::Uuid uuid;
  wire->Fixed(&uuid.bytes);
  return uuid;
}

void Put(const OwnCard& own, airspace::WireWriter* wire);
base::Result<OwnCard> ReadOwnCard(airspace::WireReader* wire);
void Put(const Peer& peer, airspace::WireWriter* wire);
base::Result<Peer> ReadPeer(airspace::WireReader* wire);
void Put(const KeptAgreement& kept, airspace::WireWriter* wire);
KeptAgreement ReadAgreement(airspace::WireReader* wire);
void Put(const Provenance& known, airspace::WireWriter* wire);
Provenance ReadProvenance(airspace::WireReader* wire);
void Put(const ThirdPartyDuty& duty, airspace::WireWriter* wire);
ThirdPartyDuty ReadThirdParty(airspace::WireReader* wire);
void Put(const DeadMan& dead_man, airspace::WireWriter* wire);
DeadMan ReadDeadMan(airspace::WireReader* wire);
void Put(const HeldBack& held, airspace::WireWriter* wire);
HeldBack ReadHeldBack(airspace::WireReader* wire);
void Put(const Handover& handover, airspace::WireWriter* wire);
Handover ReadHandover(airspace::WireReader* wire);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_DESK_CODEC_H_
