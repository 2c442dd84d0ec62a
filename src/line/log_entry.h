// One entry of a log of the line, and where entries are read from.
#ifndef WIDEBERTH_LINE_LOG_ENTRY_H_
#define WIDEBERTH_LINE_LOG_ENTRY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sha256.h"
#include "record/merkle.h"

namespace wideberth::line {

using SharedBytes = std::shared_ptr<const std::string>;

struct LogEntry {
  SharedBytes envelope;     // the leaf: the exact bytes that were signed
  SharedBytes body_beside;  // null, or the body that the envelope names by its SHA-256
  // Of the envelope, where they are known; who takes the entry further need not hash it again.
  std::optional<base::Digest> digest{};     // its SHA-256, by which messages name it
  std::optional<base::Digest> leaf_hash{};  // record::LeafHash

  base::Digest Digest() const {
    return digest ? *digest : crypto::Sha256(base::AsBytes(*envelope));
  }
  base::Digest LeafHash() const {
    return leaf_hash ? *leaf_hash : record::LeafHash(base::AsBytes(*envelope));
  }
  // From here on both are known.
  void Hash() {
    digest = Digest();
    leaf_hash = LeafHash();
  }

  size_t size() const {
    return envelope->size() + (body_beside != nullptr ? body_beside->size() : 0);
  }
};

// A log as the store holds it. `seq` counts from 1; what is asked for has been written.
class LogSource {
 public:
  virtual ~LogSource() = default;
  virtual base::Result<LogEntry> ReadEntry(uint64_t seq) const = 0;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_LOG_ENTRY_H_
