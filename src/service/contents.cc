#include "service/contents.h"

#include <variant>

#include "service/batch.h"

namespace wideberth::service {
namespace {

// Rows beside those of the airspace: the kind in the top byte (airspace/state.h uses 1 to 3).
constexpr int kKindShift = 56;
constexpr uint64_t kRowMask = (uint64_t{1} << kKindShift) - 1;
constexpr uint64_t kDeskRow = 4;
constexpr uint64_t kLineRow = 5;
constexpr uint64_t kDssRow = 6;
constexpr uint64_t kDssLogRow = 7;

uint64_t KindOf(uint64_t key) {
  return key >> kKindShift;
}

}  // namespace

base::Result<bool> Contents::LoadRow(uint64_t key, base::ByteView bytes) {
  if (KindOf(key) == kDeskRow) {
    WB_RETURN_IF_ERROR(desk_.LoadRow(key & kRowMask, bytes));
    return true;
  }
  if (KindOf(key) == kLineRow) {
    WB_RETURN_IF_ERROR(line_logs_.LoadRow(key & kRowMask, bytes));
    return true;
  }
  if (KindOf(key) == kDssRow) {
    WB_RETURN_IF_ERROR(dss_.LoadRow(key & kRowMask, bytes));
    return true;
  }
  if (KindOf(key) == kDssLogRow) {
    WB_RETURN_IF_ERROR(dss_log_.LoadRow(key & kRowMask, bytes));
    return true;
  }
  return false;
}

void Contents::Apply(const dss::Effect& effect, uint64_t batch) {
  if (const auto* entry = std::get_if<dss::LogEntry>(&effect)) {
    dss_log_.Apply(*entry, batch);
  } else if (const auto* head = std::get_if<dss::LogHead>(&effect)) {
    dss_log_.Apply(*head);
  } else if (const auto* begun = std::get_if<dss::LogBegun>(&effect)) {
    dss_log_.Apply(*begun);
  } else {
    dss_.Apply(effect);
  }
}

base::Result<void> Contents::Replay(const store::Batch& batch) {
  BatchVisitor visitor;
  visitor.airspace = [&](const std::vector<airspace::Effect>& effects) {
    airspace_->Apply(effects);
  };
  visitor.line = [&](uint32_t line, const line::Effect& effect) {
    line_logs_.Replay(line, effect, batch.seq);
  };
  visitor.desk = [&](const mechanism::DeskEffect& effect) { desk_.Apply(effect); };
  visitor.dss = [&](const dss::Effect& effect) { Apply(effect, batch.seq); };
  return ReadBatch(batch.bytes, visitor);
}

std::vector<uint64_t> Contents::TakeDirty() {
  std::vector<uint64_t> keys = airspace_->TakeDirty();
  for (const uint64_t row : desk_.TakeDirty()) keys.push_back(kDeskRow << kKindShift | row);
  for (const uint64_t row : line_logs_.TakeDirty()) keys.push_back(kLineRow << kKindShift | row);
  for (const uint64_t row : dss_.TakeDirty()) keys.push_back(kDssRow << kKindShift | row);
  for (const uint64_t row : dss_log_.TakeDirty()) keys.push_back(kDssLogRow << kKindShift | row);
  return keys;
}

void Contents::MarkDirty(std::span<const uint64_t> keys) {
  for (const uint64_t key : keys) {
    const uint64_t row = key & kRowMask;
    if (KindOf(key) == kDeskRow) {
      desk_.MarkDirty({&row, 1});
    } else if (KindOf(key) == kLineRow) {
      line_logs_.MarkDirty({&row, 1});
    } else if (KindOf(key) == kDssRow) {
      dss_.MarkDirty({&row, 1});
    } else if (KindOf(key) == kDssLogRow) {
      dss_log_.MarkDirty({&row, 1});
    } else {
      airspace_->MarkDirty({&key, 1});
    }
  }
}

std::optional<base::Bytes> Contents::EncodeRow(uint64_t key) const {
  if (KindOf(key) == kDeskRow) return desk_.EncodeRow(key & kRowMask);
  if (KindOf(key) == kLineRow) return line_logs_.EncodeRow(key & kRowMask);
  if (KindOf(key) == kDssRow) return dss_.EncodeRow(key & kRowMask);
  if (KindOf(key) == kDssLogRow) return dss_log_.EncodeRow(key & kRowMask);
  return airspace_->EncodeRow(key);
}

void Contents::Clear() {
  airspace_ = std::make_unique<airspace::State>();
  desk_ = mechanism::Desk();
  line_logs_.Clear();
  dss_ = dss::State();
  dss_log_ = DssLog();
}

base::Bytes Contents::Canonical() const {
  base::Bytes all = airspace_->Canonical();
  for (const base::Bytes& part :
       {desk_.Canonical(), line_logs_.Canonical(), dss_.Canonical(), dss_log_.Canonical()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace wideberth::service
