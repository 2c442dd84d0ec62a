#include "service/row_loader.h"

#include <utility>

namespace wideberth::service {
namespace {

constexpr size_t kRowsAHandover = 512;
constexpr size_t kHandoversWaitingMax = 4;

}  // namespace

RowLoader::RowLoader(airspace::State& state) : state_(state), thread_([this] { Load(); }) {}

RowLoader::~RowLoader() {
  End();
}

void RowLoader::End() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

base::Result<void> RowLoader::Add(uint64_t key, base::ByteView bytes) {
  WB_ASSIGN_OR_RETURN(airspace::State::Row row, airspace::State::DecodeRow(key, bytes));
  rows_.push_back(std::move(row));
  return rows_.size() < kRowsAHandover ? base::Result<void>() : HandOver();
}

base::Result<void> RowLoader::HandOver() {
  std::vector<Rows> loaded;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return error_ || waiting_.size() < kHandoversWaitingMax; });
    if (error_) return base::Fail(*error_);
    waiting_.push_back(std::exchange(rows_, {}));
    loaded.swap(loaded_);
  }
  changed_.notify_all();
  return {};
}

base::Result<void> RowLoader::Finish() {
  if (!rows_.empty()) WB_RETURN_IF_ERROR(HandOver());
  End();
  if (error_) return base::Fail(*error_);
  state_.FinishLoading();
  return {};
}

void RowLoader::Load() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Rows rows = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    base::Result<void> result;
    for (size_t i = 0; i < rows.size() && result; ++i) result = state_.LoadRow(rows[i]);
    lock.lock();
    loaded_.push_back(std::move(rows));
    if (result) continue;
    error_ = std::move(result).error();
    waiting_.clear();
    ended_ = true;
    changed_.notify_all();
    return;
  }
}

}  // namespace wideberth::service
