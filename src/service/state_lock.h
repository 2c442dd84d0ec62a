// A readers-writer lock on which writers do not starve.
//
// The common shared_mutex lets readers in for as long as any reader is inside; under a steady load
// of queries the sequencer would never get its turn. Here whoever arrives, reader or writer, first
// passes a turnstile, so a waiting writer holds back the readers behind it.
#ifndef WIDEBERTH_SERVICE_STATE_LOCK_H_
#define WIDEBERTH_SERVICE_STATE_LOCK_H_

#include <mutex>
#include <shared_mutex>

namespace wideberth::service {

class StateLock {
 public:
  std::shared_lock<std::shared_mutex> Read() {
    const std::lock_guard turn(turnstile_);
    return std::shared_lock(mutex_);
  }
  std::unique_lock<std::shared_mutex> Write() {
    const std::lock_guard turn(turnstile_);
    return std::unique_lock(mutex_);
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_STATE_LOCK_H_
