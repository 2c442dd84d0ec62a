// One thread's event loop and the sockets on it: readiness, not buffers. This is all the rest of
// net/ sees of Asio.
//
// A Loop is run by one thread. Sockets and listeners belong to the loop they were made on and are
// touched only on its thread; Post() is the one call that any thread may make. Reads and writes
// never block.
#ifndef WIDEBERTH_NET_LOOP_H_
#define WIDEBERTH_NET_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::net {

class Socket;

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Quit(). Call from one thread only.
  void Run();
  // Any thread: makes Run() return soon; what was posted and not yet run is dropped with the loop.
  void Quit();
  // Any thread: runs `task` on the loop's thread. One system call at most, and none if the loop is
  // busy.
  void Post(std::function<void()> task);
  // Before Run(), or on the loop's thread: calls `task` every `period_ms` until the loop ends.
  void Every(int64_t period_ms, std::function<void()> task);

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// What a socket tells its owner. Called on the loop's thread; the socket keeps its owner alive
// while a call is due.
class SocketEvents {
 public:
  virtual ~SocketEvents() = default;
  virtual void OnReadable() = 0;
  virtual void OnWritable() = 0;
};

struct IoResult {
  enum class Kind { kDone, kWouldBlock, kEnd, kFailed } kind = Kind::kDone;
  size_t bytes = 0;
};

// A connected TCP socket, non-blocking, without delay.
class Socket {
 public:
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  IoResult Read(std::span<char> out);
  // Writes both pieces in one call.
  IoResult Write(std::string_view first, std::string_view second);
  // Asks for one call of OnReadable / OnWritable; asking again while one is due has no effect. An
  // error counts as readiness: the next Read or Write tells it.
  void AwaitReadable(std::shared_ptr<SocketEvents> owner);
  void AwaitWritable(std::shared_ptr<SocketEvents> owner);
  void ShutdownSend();
  // Ends the connection and drops whatever was awaited. With `reset` the peer is told at once and
  // the kernel keeps nothing of it (for peers that are refused or stalled).
  void Close(bool reset);
  bool is_open() const;

  class Impl;
  explicit Socket(std::shared_ptr<Impl> impl);

 private:
  std::shared_ptr<Impl> impl_;
};

struct PeerAddress {
  std::string address;
  uint16_t port = 0;
};

// Accepts connections and hands each to a loop of the caller's choice.
class Listener {
 public:
  // Picks the loop that the next connection shall live on.
  using PickLoop = std::function<Loop*()>;
  // Called on the listener's loop. The socket may be moved to its own loop by Post and must not be
  // used before.
  using OnAccept = std::function<void(Loop*, std::unique_ptr<Socket>, PeerAddress)>;
  // Out of file descriptors, most likely: accepting is tried again after 100 ms.
  using OnTrouble = std::function<void(const std::string&)>;

  // Binds and listens; port 0 takes a free one. Refuses with the address, the port and the system's
  // words.
  static base::Result<std::unique_ptr<Listener>> Open(Loop* loop, const std::string& address,
                                                      uint16_t port);
  ~Listener();
  uint16_t port() const;
  void Start(PickLoop pick, OnAccept on_accept, OnTrouble on_trouble);
  void Close();  // on the loop's thread

 private:
  class Impl;
  explicit Listener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_LOOP_H_
