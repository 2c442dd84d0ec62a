// The chain that binds each batch of the log to all before it.
#ifndef WIDEBERTH_STORE_CHAIN_H_
#define WIDEBERTH_STORE_CHAIN_H_

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"

namespace wideberth::store {

// SHA-256(previous || seq as u64 big-endian || time in us as i64 big-endian || bytes). `previous`
// of batch 1 is all zero.
base::Digest ChainBatch(const base::Digest& previous, uint64_t seq, base::UtcMicros time,
                        base::ByteView bytes);

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_CHAIN_H_
