// One connection of the server, and what all of them share. Internal to net/.
//
// A connection is a small machine on its loop's thread:
//
//   kReading -> kHandling -> kWriting -> kReading ...      one request after another
//                        \-> kStreaming                    server-sent events, until either side
//                        ends it
//   any refusal: kWriting -> kLingering -> closed          the client is given a moment to read the
//   answer
//
// It reads only in kReading (and, to notice the end, in kStreaming and kLingering), so a client
// cannot make it hold more than the request in hand. Deadlines are checked by the shard's sweep: no
// timer is armed for a request.
#ifndef WIDEBERTH_NET_CONNECTION_H_
#define WIDEBERTH_NET_CONNECTION_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "net/http_wire.h"
#include "net/loop.h"
#include "net/server.h"
#include "net/tls.h"

namespace wideberth::net {

class Connection;

// Counters that any thread adds to; read for /metrics.
struct ServerCounters {
  std::atomic<uint64_t> connections_open{0};
  std::atomic<uint64_t> connections_accepted{0};
  std::atomic<uint64_t> connections_refused{0};
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> refusals{0};
  std::atomic<uint64_t> timeouts{0};
  std::atomic<uint64_t> answers_dropped{0};
  std::atomic<uint64_t> tls_failures{0};
  std::atomic<uint64_t> event_streams_open{0};
  std::atomic<uint64_t> event_streams_cut{0};
  std::atomic<uint64_t> bytes_received{0};
  std::atomic<uint64_t> bytes_sent{0};
};

inline void Count(std::atomic<uint64_t>* counter, uint64_t n = 1) {
  counter->fetch_add(n, std::memory_order_relaxed);
}

// What outlives a connection and is shared by all loops.
class ServerShared {
 public:
  explicit ServerShared(HttpServer::Options o) : options(std::move(o)) {}

  // Takes a place for a connection from `address`; false when all are taken.
  bool Admit(const std::string& address);
  void Release(const std::string& address);
  bool AdmitStream();
  void ReleaseStream();

  const HttpServer::Options options;
  std::shared_ptr<const TlsContext> tls;
  ServerCounters counters;
  std::atomic<bool> stopping{false};

 private:
  std::mutex mutex_;
  std::map<std::string, size_t, std::less<>> by_address_;
  size_t connections_ = 0;
};

// Where other threads leave answers for the connections of one loop. It outlives the loop: an
// answer that comes after the server has stopped finds it closed and is dropped.
class Mailbox final : public Wakeable, public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(Loop* loop) : loop_(loop) {}
  struct Item {
    std::shared_ptr<Connection> connection;
    std::optional<Response>
        answer;  // otherwise the connection's stream, or its input, has work to do
    std::shared_ptr<EventQueue> stream;  // to be started
    bool hang_up = false;                // to be closed
  };
  bool Push(Item item);  // false if the server has stopped
  void Wake() override;
  void Close();  // after the loop has ended and its connections are closed

 private:
  void Drain();
  std::mutex mutex_;
  Loop* loop_;  // null once closed
  bool wake_due_ = false;
  std::vector<Item> items_;
};

// One loop and the connections on it.
struct Shard {
  // Says that the calling thread runs this shard's loop.
  void BindToThread();
  void Sweep();

  Loop loop;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(&loop);
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::vector<char> read_buffer = std::vector<char>(64 * 1024);
  std::string date;    // of the last sweep
  int64_t now_ms = 0;  // monotonic, of the last sweep
};

class Connection final : public SocketEvents,
                         public AnswerSink,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerShared> shared, Shard* shard, std::unique_ptr<Socket> socket,
             PeerAddress peer);

  // All on the loop's thread.
  void Begin();
  void OnReadable() override;
  void OnWritable() override;
  void CheckDeadline(int64_t now_ms);
  void TakeAnswer(Response response);
  void StartStream(std::shared_ptr<EventQueue> queue);
  void ContinueWork();
  void PrepareToStop();  // closes if idle; otherwise this request is the last
  void Close(bool reset);

  // Any thread.
  void Answer(Response response) override;
  void Refuse(const base::Error& error) override;
  void Dropped() override;
  void HangUp() override;
  base::Result<EventStream> OpenStream() override;

 private:
  enum class State { kReading, kHandling, kWriting, kStreaming, kLingering, kClosed };

  void Receive(std::string_view bytes);
  void Process();
  void OnHeader();
  void Dispatch();
  void RefuseAndClose(int status, const base::Error& error);
  void StartWrite(Response response);
  void AfterWrite();
  bool Flush();
  void PumpStream();
  void StartLinger();
  void FinishLinger();
  void Discard();
  bool PartialRequest() const;
  int64_t RateMs(size_t bytes) const;

  const std::shared_ptr<ServerShared> shared_;
  const std::shared_ptr<Mailbox> mailbox_;
  Shard* const shard_;  // only on the loop's thread while open
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<TlsSession> tls_;
  const std::string address_;
  State state_ = State::kReading;
  RequestReader reader_;

  std::string in_;      // received
  size_t in_used_ = 0;  // of it, by the reader
  std::string head_;    // to be sent: status line, fields, small bodies, events
  std::string body_;    // to be sent after it
  size_t head_sent_ = 0;
  size_t body_sent_ = 0;
  size_t tls_sent_ = 0;

  std::optional<Response> immediate_;  // given by the handler before it returned
  bool dispatching_ = false;
  bool processing_ = false;
  bool keep_alive_ = true;
  bool fresh_ = true;  // no request yet: the header deadline counts from the start
  bool peer_ended_ = false;
  bool stream_ends_ = false;
  bool linger_to_read_ = false;
  int64_t since_ms_ = 0;          // when the present wait began
  int64_t header_since_ms_ = -1;  // when the first byte of the header in hand came
  int64_t sent_ms_ = 0;           // when something was last sent
  size_t sent_bytes_ = 0;         // in the present answer
  size_t discarded_bytes_ = 0;
  std::shared_ptr<EventQueue> stream_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_CONNECTION_H_
