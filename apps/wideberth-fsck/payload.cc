#include "apps/wideberth-fsck/payload.h"

namespace wideberth::fsck {
namespace {

base::Result<void> ApplyBatch(const store::Batch& batch, service::Contents* contents) {
  base::Result<void> applied = contents->Replay(batch);
  if (applied) return applied;
  return base::Fail(std::move(applied).error().Under("batch " + std::to_string(batch.seq) + " "));
}

}  // namespace

store::CheckVisitors PayloadCheck::Visitors() {
  return {
      [this](const store::Batch& batch) -> base::Result<void> {
        WB_RETURN_IF_ERROR(ApplyBatch(batch, &replayed_));
        auto signed_rightly = signatures_.Check(batch);
        if (signed_rightly) return {};
        return base::Fail(
            std::move(signed_rightly).error().Under("batch " + std::to_string(batch.seq) + " "));
      },
      [this](uint64_t key, base::ByteView bytes) -> base::Result<void> {
        WB_ASSIGN_OR_RETURN(const bool taken, restored_.LoadRow(key, bytes));
        if (taken) return {};
        WB_ASSIGN_OR_RETURN(airspace::State::Row row, airspace::State::DecodeRow(key, bytes));
        return restored_.airspace().LoadRow(row);
      },
  };
}

std::vector<base::Error> PayloadCheck::Compare(store::Store& store) {
  restored_.airspace().FinishLoading();
  const base::Result<void> applied =
      store.Replay(store.projected_seq() + 1,
                   [this](const store::Batch& batch) { return ApplyBatch(batch, &restored_); });
  if (!applied) return {applied.error()};
  if (replayed_.Canonical() == restored_.Canonical()) return {};
  return {base::Error{base::ErrorCode::kStorage, "projection",
                      "must give, with the log behind it, the state that the whole log gives: "
                      "remove projection.db, and the node rebuilds it",
                      std::to_string(restored_.airspace().GetStatistics().notices) +
                          " notices, not " +
                          std::to_string(replayed_.airspace().GetStatistics().notices)}};
}

}  // namespace wideberth::fsck
