// The binary form of declarations, notices, conflicts and effects: what is logged, projected and
// digested.
//
// Little-endian, lengths as varints, fixed field order, a leading format byte for each top-level
// item. One value has one encoding, so a digest of the bytes names the value. Decoders check every
// length and range, never read beyond the bytes, and refuse what the encoder would not have written
// (kStorage).
#ifndef WIDEBERTH_AIRSPACE_CODEC_H_
#define WIDEBERTH_AIRSPACE_CODEC_H_

#include <span>
#include <vector>

#include "airspace/effects.h"
#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::airspace {

void EncodeDeclaration(const Declaration& declaration, base::Bytes* out);
base::Result<Declaration> DecodeDeclaration(base::ByteView* in);  // advances *in

void EncodeNotice(const Notice& notice, base::Bytes* out);
base::Result<Notice> DecodeNotice(base::ByteView* in);

void EncodeConflict(const Conflict& conflict, base::Bytes* out);
base::Result<Conflict> DecodeConflict(base::ByteView* in);

// Appends one block; a batch of the log is any number of blocks, one behind the other, and is
// decoded as one.
void EncodeEffects(std::span<const Effect> effects, base::Bytes* out);
base::Result<std::vector<Effect>> DecodeEffects(base::ByteView in);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_CODEC_H_
