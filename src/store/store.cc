#include "store/store.h"

#include "base/limits.h"

namespace wideberth::store {
namespace {

base::Result<void> CheckSize(std::string_view field, size_t bytes, size_t bytes_max) {
  if (bytes <= bytes_max) return {};
  return base::Fail(base::ErrorCode::kTooLarge, field,
                    "must be at most " + std::to_string(bytes_max) + " bytes",
                    std::to_string(bytes));
}

}  // namespace

base::Result<void> CheckBatchLimits(base::ByteView bytes) {
  return CheckSize("batch", bytes.size(), limits::kStoreBatchBytesMax);
}

base::Result<void> CheckRowLimits(std::span<const ProjectionRow> rows) {
  for (const ProjectionRow& row : rows) {
    if (!row.bytes) continue;
    WB_RETURN_IF_ERROR(CheckSize("projection row " + std::to_string(row.key), row.bytes->size(),
                                 limits::kStoreRowBytesMax));
  }
  return {};
}

base::Result<void> CheckMetaLimits(std::string_view key, std::string_view value, size_t keys) {
  if (key.empty()) return base::Invalid("meta key", "must not be empty");
  WB_RETURN_IF_ERROR(CheckSize("meta key", key.size(), limits::kStoreMetaKeyBytesMax));
  WB_RETURN_IF_ERROR(CheckSize("meta value", value.size(), limits::kStoreMetaValueBytesMax));
  if (keys > limits::kStoreMetaKeysMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "meta",
                      "must hold at most " + std::to_string(limits::kStoreMetaKeysMax) + " keys",
                      std::to_string(keys));
  }
  return {};
}

base::Unexpected Poisoned(std::string_view what, const base::Error& cause) {
  return base::Fail(base::ErrorCode::kStorage, what,
                    "refuses after a failed write; stop and recover by restart", cause.ToString());
}

}  // namespace wideberth::store
