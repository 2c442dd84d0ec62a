// Fills a state from the rows of a projection, on two threads: the caller reads and decodes, the other one puts into
// the index and the maps, which takes about as long. A restart waits for nothing else.
#ifndef WIDEBERTH_SERVICE_ROW_LOADER_H_
#define WIDEBERTH_SERVICE_ROW_LOADER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "airspace/state.h"
#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::service {

class RowLoader {
 public:
  // `state` is empty, and nobody else touches it before Finish has returned.
  explicit RowLoader(airspace::State& state);
  ~RowLoader();

  // Refuses a damaged row: this one, or one given before. Waits while the other thread is behind.
  base::Result<void> Add(uint64_t key, base::ByteView bytes);
  // Everything given is in the state, or a row was damaged. Once, after the last Add.
  base::Result<void> Finish();

 private:
  using Rows = std::vector<airspace::State::Row>;

  base::Result<void> HandOver();
  void End();
  void Load();

  airspace::State& state_;
  Rows rows_;  // not handed over yet

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Rows> waiting_;
  // Loaded rows go back to the caller's thread to be destroyed: freeing what another thread has allocated makes both
  // wait for one lock.
  std::vector<Rows> loaded_;
  bool ended_ = false;
  std::optional<base::Error> error_;
  std::thread thread_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_ROW_LOADER_H_
