// The right, and the duty, to answer one request, once, from any thread.
//
// A handler that can answer at once does so before it returns; one that must wait (for a commit,
// say) moves the Responder to whoever will know. Answering posts the response to the connection's
// own thread. A Responder that is destroyed unanswered answers 500 and is logged: a client never
// waits for an answer that will not come.
//
//   void PutNotice(const Request& request, Responder responder) {
//     auto command = Decode(request);
//     if (!command) return responder.Refuse(command.error());
//     sequencer.Submit(*command, [r = std::move(responder)](Outcome outcome) mutable {
//     r(Encode(outcome)); });
//   }
//
// Whoever answers many at once, as after a group commit, holds an AnswerBatch meanwhile: each
// connection thread is then woken once for all of its answers instead of once for the first, which
// costs a system call and a context switch each time the thread falls asleep in between.
//
//   { AnswerBatch batch; for (auto& done : batch_of_commands) done.callback(done.outcome); }
#ifndef WIDEBERTH_NET_RESPONDER_H_
#define WIDEBERTH_NET_RESPONDER_H_

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "net/event_stream.h"
#include "net/http.h"

namespace wideberth::net {

// Where answers go: a connection, or a test. Called at most once in all, from any thread.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void Answer(Response response) = 0;
  virtual void Refuse(const base::Error& error) = 0;
  virtual void Dropped() = 0;
  virtual void HangUp() = 0;
  virtual base::Result<EventStream> OpenStream() = 0;
};

// Movable, one shot. Using one that has answered or was moved from does nothing.
class Responder {
 public:
  explicit Responder(std::shared_ptr<AnswerSink> sink) : sink_(std::move(sink)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  // For handlers called without a server: tests, and calls within the program. A dropped one gives
  // status 500, one that hangs up status 0.
  static Responder To(std::function<void(Response)> callback);

  void operator()(Response response);
  // Answers with what the server's error renderer makes of it, status by StatusFor(error.code).
  void Refuse(const base::Error& error);
  // Closes the connection without an answer: when not even the server knows what became of the request.
  void HangUp();
  // Turns the answer into a stream of events. When there are too many streams already the client is
  // answered 503 and the caller gets the error.
  base::Result<EventStream> StartEventStream();

  explicit operator bool() const { return sink_ != nullptr; }

 private:
  std::shared_ptr<AnswerSink> sink_;
};

// A loop that has answers waiting and has not been told.
class Wakeable {
 public:
  virtual ~Wakeable() = default;
  virtual void Wake() = 0;
};

// While one exists on a thread, answers given on that thread wake their connections when it ends.
// Not nested deeper than one: an inner one does nothing. Keep it short: answers wait for it.
class AnswerBatch {
 public:
  AnswerBatch();
  ~AnswerBatch();
  AnswerBatch(const AnswerBatch&) = delete;
  AnswerBatch& operator=(const AnswerBatch&) = delete;

  // For connections: true if a batch of this thread has taken over waking `sleeper`.
  static bool Defer(std::shared_ptr<Wakeable> sleeper);

 private:
  bool outermost_;
  std::vector<std::shared_ptr<Wakeable>> sleepers_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_RESPONDER_H_
