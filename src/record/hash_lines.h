// Lines of base64, one hash each, up to an empty line: how proofs stand in requests to witnesses and in proof files.
#ifndef WIDEBERTH_RECORD_HASH_LINES_H_
#define WIDEBERTH_RECORD_HASH_LINES_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"
#include "record/spelling.h"

namespace wideberth::record {

// Takes the hashes and the empty line behind them off `rest`. `line` is the number of the first one, for refusals.
inline base::Result<Proof> TakeHashLines(std::string_view* rest, size_t line, size_t max) {
  Proof proof;
  for (;; ++line) {
    const size_t end = rest->find('\n');
    const std::string field = "line " + std::to_string(line);
    if (end == std::string_view::npos) {
      return base::Invalid(field, "must end in a newline", Shown(*rest));
    }
    const std::string_view text = rest->substr(0, end);
    rest->remove_prefix(end + 1);
    if (text.empty()) return proof;
    if (proof.size() == max) {
      return base::Fail(base::ErrorCode::kTooLarge, "proof",
                        "must have at most " + std::to_string(max) + " hashes");
    }
    const auto bytes = base::Base64Decode(text);
    base::Digest hash;
    if (!bytes || bytes->size() != hash.bytes.size()) {
      return base::Invalid(field, "must be a hash: 32 bytes in base64", Shown(text));
    }
    std::copy(bytes->begin(), bytes->end(), hash.bytes.begin());
    proof.push_back(hash);
  }
}

inline void AppendHashLines(std::span<const base::Digest> hashes, std::string* text) {
  for (const base::Digest& hash : hashes) {
    text->append(base::Base64Encode(hash.bytes)).append("\n");
  }
}

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_HASH_LINES_H_
