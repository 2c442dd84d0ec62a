// Inside the json module only: says where and why a text is not JSON that we accept.
//
// simdjson tells that a text is bad, not where. A refused text is scanned once more by this small
// scalar validator, which finds the first fault, its JSON pointer and its byte offset. It accepts
// exactly the texts that Document::Parse accepts before it looks for duplicate keys (reader_fuzz
// holds the two against each other).
#ifndef WIDEBERTH_JSON_DIAGNOSE_H_
#define WIDEBERTH_JSON_DIAGNOSE_H_

#include <string_view>

#include "base/result.h"

namespace wideberth::json::internal {

// Ok, or the refusal of the first fault. O(text), at most limits::kJsonDepthMax levels of
// recursion.
base::Result<void> Diagnose(std::string_view text);

}  // namespace wideberth::json::internal

#endif  // WIDEBERTH_JSON_DIAGNOSE_H_
