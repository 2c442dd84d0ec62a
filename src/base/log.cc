#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"

namespace wideberth::base {
namespace {

// The queue with its thread, and the logger that feeds it. The logger refers to the pool weakly;
// the pool's destructor writes what is queued and joins.
struct Backend {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

struct State {
  std::atomic<LogLevel> level_min{LogLevel::kInfo};
  std::atomic<bool> for_people{false};
  std::atomic<uint64_t> dropped_before{0};  // by queues that have ended
  std::mutex mutex;
  std::shared_ptr<Backend> backend;   // guarded by mutex
  bool capturing = false;             // guarded by mutex
  std::vector<std::string> captured;  // guarded by mutex
};

// Never destroyed: destructors of other static objects may still log.
State& GlobalState() {
  static State* const state = new State;
  return *state;
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::shared_ptr<Backend> MakeBackend() {
  auto backend = std::make_shared<Backend>();
  backend->pool =
      std::make_shared<spdlog::details::thread_pool>(limits::kLogQueueRecordsMax, /*threads_n=*/1);
  backend->logger = std::make_shared<spdlog::async_logger>(
      "wideberth", std::make_shared<spdlog::sinks::stderr_sink_mt>(), backend->pool,
      spdlog::async_overflow_policy::overrun_oldest);
  backend->logger->set_pattern("%v");
  backend->logger->set_level(spdlog::level::trace);
  return backend;
}

}  // namespace

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  State& state = GlobalState();
  if (level < state.level_min.load(std::memory_order_relaxed)) return;
  const int64_t now_us = SystemClock().Now().us;
  std::shared_ptr<Backend> backend;
  {
    const std::lock_guard lock(state.mutex);
    if (state.capturing) {
      state.captured.push_back(FormatLogJson(now_us, level, event, fields));
      return;
    }
    backend = state.backend;
  }
  std::string line = state.for_people.load(std::memory_order_relaxed)
                         ? FormatLogForPeople(now_us, level, event, fields)
                         : FormatLogJson(now_us, level, event, fields);
  if (backend != nullptr) {
    backend->logger->log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
    return;
  }
  line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void StartLogging(const LogOptions& options) {
  State& state = GlobalState();
  state.level_min = options.level_min;
  state.for_people = options.form == LogForm::kForPeople ||
                     (options.form == LogForm::kAuto && isatty(STDERR_FILENO) == 1);
  const std::lock_guard lock(state.mutex);
  if (state.backend == nullptr) state.backend = MakeBackend();
}

void StopLogging() {
  State& state = GlobalState();
  std::shared_ptr<Backend> backend;
  {
    const std::lock_guard lock(state.mutex);
    backend = std::move(state.backend);
    state.backend = nullptr;
    if (backend != nullptr) state.dropped_before += backend->pool->overrun_counter();
  }
}

uint64_t LogRecordsDropped() {
  State& state = GlobalState();
  const std::lock_guard lock(state.mutex);
  return state.dropped_before +
         (state.backend != nullptr ? state.backend->pool->overrun_counter() : 0);
}

LogCapture::LogCapture() {
  State& state = GlobalState();
  const std::lock_guard lock(state.mutex);
  CHECK_MSG(!state.capturing, "one LogCapture at a time");
  state.capturing = true;
  state.captured.clear();
}

LogCapture::~LogCapture() {
  State& state = GlobalState();
  const std::lock_guard lock(state.mutex);
  state.capturing = false;
}

std::vector<std::string> LogCapture::lines() const {
  State& state = GlobalState();
  const std::lock_guard lock(state.mutex);
  return state.captured;
}

}  // namespace wideberth::base
