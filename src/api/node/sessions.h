// Who is signed on: the sessions of a node in line mode, and the one thread that handles passwords.
//
// A session is what a person gets for name and password: a token of 256 random bits, good for
// limits::kSessionLifetimeUs or until sign-off, whichever comes first. Of the token the node keeps the SHA-256 alone.
// The person's signing key is in memory while the session is open and nowhere else in the clear; a restart ends all.
//
//   WB_ASSIGN_OR_RETURN(const Sessions::Opened opened, sessions.Open("m.keller", role, std::move(key), now));
//   const std::shared_ptr<const Session> session = sessions.Find(opened.token, now);   // null: signed off, or too old
//   sessions.EndAllOf("m.keller");                                                    // the account was disabled
//
// Threads: everything may be called from any thread. Finding costs a hash of the token.
#ifndef WIDEBERTH_API_NODE_SESSIONS_H_
#define WIDEBERTH_API_NODE_SESSIONS_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "operators/role.h"

namespace wideberth::api::node {

inline constexpr std::string_view kSessionTokenPrefix = "wbs_";

struct Session {
  Session(std::string who, operators::Role as, crypto::SecretKey secret, base::UtcMicros until)
      : name(std::move(who)), role(as), key(std::move(secret)), expires_at(until) {}

  const std::string name;
  const operators::Role role;
  const crypto::SecretKey key;
  const base::UtcMicros expires_at;
  std::atomic<bool> ended = false;  // signed off, or the account was disabled

  std::string key_id() const { return key.public_key().KeyId(); }
  bool IsOpen(base::UtcMicros now) const { return !ended.load() && now < expires_at; }
};

class Sessions {
 public:
  struct Opened {
    std::string token;  // shown once
    std::shared_ptr<const Session> session;
  };

  // Refuses with kBusy when limits::kSessionsMax are open.
  base::Result<Opened> Open(std::string name, operators::Role role, crypto::SecretKey key,
                            base::UtcMicros now);
  // Null for what is no token of an open session.
  std::shared_ptr<const Session> Find(std::string_view token, base::UtcMicros now) const;
  // False when there was none.
  bool End(std::string_view token);
  void EndAllOf(std::string_view name);

 private:
  mutable std::mutex mutex_;
  std::map<base::Digest, std::shared_ptr<Session>> by_token_;  // by the SHA-256 of the token
};

// Runs one thing after another on a thread of its own: what no network loop has the time for. A node has two. Hashing a
// password takes a tenth of a second and 64 MiB, which is why it is one thread and a short queue; a timeline is made of
// a whole record, in up to two seconds, and nobody who signs on waits for those who read.
class Worker {
 public:
  // So many wait at most; `busy` is what the next is told.
  Worker(size_t waiting_max, std::string busy);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Refuses with kBusy when too many wait already, and after Stop.
  base::Result<void> Post(std::function<void()> task);
  // Finishes what has begun and drops what waits. Idempotent.
  void Stop();

 private:
  void Run();

  const size_t waiting_max_;
  const std::string busy_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_SESSIONS_H_
