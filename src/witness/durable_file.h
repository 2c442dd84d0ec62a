// Files that are there whole or not at all, and durably.
#ifndef WIDEBERTH_WITNESS_DURABLE_FILE_H_
#define WIDEBERTH_WITNESS_DURABLE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::witness {

// Refuses with kNotFound what is not there, with kTooLarge what has more bytes.
base::Result<std::string> ReadWhole(const std::string& path, size_t bytes_max);
// In place of what is there, mode 0600; the folder is synced before it returns.
base::Result<void> ReplaceDurably(const std::string& path, std::string_view bytes);

}  // namespace wideberth::witness

#endif  // WIDEBERTH_WITNESS_DURABLE_FILE_H_
