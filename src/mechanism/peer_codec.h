// The binary form of peers and of this party's card, for desk_codec.cc; inside mechanism only. Encodings are strict:
// reading refuses what writing does not give, with kStorage (field "effect").
#ifndef WIDEBERTH_MECHANISM_PEER_CODEC_H_
#define WIDEBERTH_MECHANISM_PEER_CODEC_H_

#include "airspace/wire.h"
#include "base/ids.h"
#include "base/result.h"
#include "mechanism/desk.h"

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

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_PEER_CODEC_H_
