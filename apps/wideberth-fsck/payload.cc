#include "apps/wideberth-fsck/payload.h"

#include "airspace/codec.h"

namespace wideberth::fsck {
namespace {

base::Result<void> ApplyBatch(const store::Batch& batch, airspace::State* state) {
  base::Result<std::vector<airspace::Effect>> effects = airspace::DecodeEffects(batch.bytes);
  if (!effects) {
    return base::Fail(std::move(effects).error().Under("batch " + std::to_string(batch.seq) + " "));
  }
  state->Apply(*effects);
  return {};
}

}  // namespace

store::CheckVisitors PayloadCheck::Visitors() {
  return {
      [this](const store::Batch& batch) { return ApplyBatch(batch, &replayed_); },
      [this](uint64_t key, base::ByteView bytes) -> base::Result<void> {
        WB_ASSIGN_OR_RETURN(airspace::State::Row row, airspace::State::DecodeRow(key, bytes));
        return restored_.LoadRow(row);
      },
  };
}

std::vector<base::Error> PayloadCheck::Compare(store::Store& store) {
  restored_.FinishLoading();
  const base::Result<void> applied =
      store.Replay(store.projected_seq() + 1,
                   [this](const store::Batch& batch) { return ApplyBatch(batch, &restored_); });
  if (!applied) return {applied.error()};
  if (replayed_.Canonical() == restored_.Canonical()) return {};
  return {base::Error{base::ErrorCode::kStorage, "projection",
                      "must give, with the log behind it, the state that the whole log gives: "
                      "remove projection.db, and the node rebuilds it",
                      std::to_string(restored_.GetStatistics().notices) + " notices, not " +
                          std::to_string(replayed_.GetStatistics().notices)}};
}

}  // namespace wideberth::fsck
