// Server-sent events (the WHATWG "text/event-stream" format): one client's stream, fed from any
// thread.
//
//   base::Result<EventStream> stream = responder.StartEventStream();
//   if (!stream) return;                        // too many streams: the client was told 503
//   stream->OnClose([this, id] { Forget(id); });
//   stream->Send("conflict", "118", json);      // later, any thread
//
// One frame for many clients is formatted once: Send(EventStream::Format("conflict", "118", json)).
//
// A stream holds at most event_queue_bytes_max of unsent frames. A client that reads too slowly for
// that is cut off with a closing comment: it reconnects with Last-Event-ID and is told what it
// missed, or that it missed something.
#ifndef WIDEBERTH_NET_EVENT_STREAM_H_
#define WIDEBERTH_NET_EVENT_STREAM_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace wideberth::net {

using EventFrame = std::shared_ptr<const std::string>;

// What is waiting for one client: written by any thread, drained by its connection.
class EventQueue {
 public:
  // `wake` tells the connection that there is something to do; it is called outside the lock, on
  // the sender's thread.
  EventQueue(size_t bytes_max, std::function<void()> wake);

  bool Push(EventFrame frame);
  void Finish();  // no more frames; the connection ends when the queue is empty
  bool closed() const;
  void OnClose(std::function<void()> callback);

  // For the connection. Moves whole frames to `out`, at least one if there is one, until `out` is
  // `bytes` long or more. True when the stream ends after what `out` holds; `cut` is set if that is
  // because the reader was too slow.
  bool Drain(size_t bytes, std::string* out, bool* cut);
  void MarkClosed();  // the connection is gone

 private:
  enum class State { kOpen, kFinished, kOverflowed, kClosed };
  mutable std::mutex mutex_;
  const size_t bytes_max_;
  const std::function<void()> wake_;
  State state_ = State::kOpen;
  bool wake_due_ = false;
  size_t bytes_ = 0;
  std::deque<EventFrame> frames_;
  std::function<void()> on_close_;
};

// The handler's end of a stream. Copies share it; when the last one goes, the stream ends.
// Thread-safe.
class EventStream {
 public:
  explicit EventStream(std::shared_ptr<EventQueue> queue);

  // False once the client is gone or cut off. `event` and `id` may be empty; a line break in them
  // ends them.
  bool Send(std::string_view event, std::string_view id, std::string_view data);
  bool Send(EventFrame frame);
  static EventFrame Format(std::string_view event, std::string_view id, std::string_view data);

  // Sends what is queued, then ends the stream.
  void Close();
  bool closed() const;
  // Called once when the stream has ended, whoever ended it: on the connection's thread, in
  // HttpServer::Stop(), or at once if it has ended already. It must not block. A later callback
  // replaces an earlier one.
  void OnClose(std::function<void()> callback);

 private:
  struct Handle;
  std::shared_ptr<Handle> handle_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_EVENT_STREAM_H_
