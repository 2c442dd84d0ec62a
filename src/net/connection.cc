#include "net/connection.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/time.h"

namespace wideberth::net {
namespace {

constexpr size_t kWritePieceBytes = 64 * 1024;
// Bodies up to this are copied behind the header: one buffer is cheaper to send than two.
constexpr size_t kInlineBodyBytesMax = 8 * 1024;
// Requests answered in one go from a client's pipeline before the loop looks at its other
// connections.
constexpr int kPipelineTurnsMax = 16;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kKeepAliveComment = ":\n\n";

thread_local const Shard* current_shard = nullptr;

int64_t NowMs() {
  return base::SystemClock().MonotonicMicros() / 1'000;
}

// One subscriber of an IPv6 network holds 2^64 addresses: they count as one.
std::string AddressKey(const std::string& address) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  return "/64:" + std::string(bytes.data(), 8);
}

}  // namespace

// ---- ServerShared ----

bool ServerShared::Admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= options.connections_max) return false;
  size_t& here = by_address_[AddressKey(address)];
  if (here >= options.connections_per_address_max) return false;
  ++here;
  ++connections_;
  return true;
}

void ServerShared::Release(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto it = by_address_.find(AddressKey(address));
  CHECK(it != by_address_.end());
  if (--it->second == 0) by_address_.erase(it);
  --connections_;
}

bool ServerShared::AdmitStream() {
  if (counters.event_streams_open.fetch_add(1) < options.event_streams_max) return true;
  ReleaseStream();
  return false;
}

void ServerShared::ReleaseStream() {
  counters.event_streams_open.fetch_sub(1);
}

// ---- Mailbox ----

bool Mailbox::Push(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) return false;
    items_.push_back(std::move(item));
    if (std::exchange(wake_due_, true)) return true;
  }
  if (!AnswerBatch::Defer(shared_from_this())) Wake();
  return true;
}

void Mailbox::Wake() {
  const std::lock_guard lock(mutex_);  // the loop lives while loop_ is set
  if (loop_ != nullptr) loop_->Post([self = shared_from_this()] { self->Drain(); });
}

void Mailbox::Close() {
  std::vector<Item> dropped;
  {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
    dropped.swap(items_);
  }
  for (Item& item : dropped) {
    if (item.stream) item.connection->StartStream(std::move(item.stream));  // closed: says so
  }
}

void Mailbox::Drain() {
  std::vector<Item> items;
  {
    const std::lock_guard lock(mutex_);
    items.swap(items_);
    wake_due_ = false;
  }
  for (Item& item : items) {
    if (item.answer) {
      item.connection->TakeAnswer(*std::move(item.answer));
    } else if (item.stream) {
      item.connection->StartStream(std::move(item.stream));
    } else if (item.hang_up) {
      item.connection->Close(/*reset=*/true);
    } else {
      item.connection->ContinueWork();
    }
  }
}

// ---- Shard ----

void Shard::BindToThread() {
  current_shard = this;
}

void Shard::Sweep() {
  now_ms = NowMs();
  date = HttpDate(base::SystemClock().Now().us);
  // A connection that closes leaves the set: walk over a copy.
  const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
  for (const std::shared_ptr<Connection>& connection : all) connection->CheckDeadline(now_ms);
}

// ---- Connection: any thread ----

void Connection::Answer(Response response) {
  if (current_shard == shard_ && dispatching_) {
    immediate_ = std::move(response);
    return;
  }
  mailbox_->Push({shared_from_this(), std::move(response), nullptr});
}

void Connection::Refuse(const base::Error& error) {
  Answer(shared_->options.render_error(StatusFor(error.code), error));
}

void Connection::Dropped() {
  Count(&shared_->counters.answers_dropped);
  base::Log(base::LogLevel::kError, "http_request_left_unanswered");
  Refuse({base::ErrorCode::kInternal, "", "every request must be answered", ""});
}

void Connection::HangUp() {
  mailbox_->Push({shared_from_this(), std::nullopt, nullptr, true});
}

base::Result<EventStream> Connection::OpenStream() {
  if (!shared_->AdmitStream()) {
    base::Error error{base::ErrorCode::kBusy, "", "too many event streams are open", ""};
    Refuse(error);
    return base::Fail(std::move(error));
  }
  // The queue must not keep the connection alive: the handler may hold it for as long as it likes.
  auto wake = [weak = weak_from_this(), mailbox = mailbox_] {
    if (auto self = weak.lock()) mailbox->Push({std::move(self), std::nullopt, nullptr});
  };
  auto queue =
      std::make_shared<EventQueue>(shared_->options.event_queue_bytes_max, std::move(wake));
  if (!mailbox_->Push({shared_from_this(), std::nullopt, queue})) {
    shared_->ReleaseStream();
    queue->MarkClosed();
  }
  return EventStream(std::move(queue));
}

// ---- Connection: its loop's thread ----

Connection::Connection(std::shared_ptr<ServerShared> shared, Shard* shard,
                       std::unique_ptr<Socket> socket, PeerAddress peer)
    : shared_(std::move(shared)),
      mailbox_(shard->mailbox),
      shard_(shard),
      socket_(std::move(socket)),
      address_(peer.address),
      reader_(shared_->options.wire) {
  if (shared_->tls) tls_ = std::make_unique<TlsSession>(shared_->tls);
  reader_.request().peer.address = std::move(peer.address);
  reader_.request().peer.port = peer.port;
}

void Connection::Begin() {
  shard_->connections.insert(shared_from_this());
  Count(&shared_->counters.connections_open);
  if (shared_->stopping.load()) return Close(/*reset=*/false);
  since_ms_ = NowMs();
  socket_->AwaitReadable(shared_from_this());
}

void Connection::Close(bool reset) {
  if (state_ == State::kClosed) return;
  const bool streaming = stream_ != nullptr;
  state_ = State::kClosed;
  socket_->Close(reset);
  // A handler may hold this object longer than the loop lives; the socket must not outlive the
  // loop.
  socket_.reset();
  tls_.reset();
  in_ = {};
  head_ = {};
  body_ = {};
  shared_->Release(address_);
  shared_->counters.connections_open.fetch_sub(1);
  const std::shared_ptr<Connection> self = shared_from_this();
  shard_->connections.erase(self);
  in_used_ = 0;
  if (streaming) {
    shared_->ReleaseStream();
    stream_->MarkClosed();
    stream_.reset();
  }
}

void Connection::OnReadable() {
  if (state_ == State::kStreaming || state_ == State::kLingering) return Discard();
  if (state_ != State::kReading) return;
  const IoResult result = socket_->Read(shard_->read_buffer);
  switch (result.kind) {
    case IoResult::Kind::kDone:
      Count(&shared_->counters.bytes_received, result.bytes);
      return Receive({shard_->read_buffer.data(), result.bytes});
    case IoResult::Kind::kWouldBlock:
      return socket_->AwaitReadable(shared_from_this());
    case IoResult::Kind::kEnd:
    case IoResult::Kind::kFailed:
      return Close(/*reset=*/false);
  }
}

void Connection::Receive(std::string_view bytes) {
  if (!tls_) {
    in_.append(bytes);
    return Process();
  }
  const bool was_established = tls_->established();
  const base::Result<void> received = tls_->Receive(bytes, &in_);
  if (!received) Count(&shared_->counters.tls_failures);
  if (tls_->established() && !was_established) tls_->Describe(&reader_.request().peer);
  Flush();
  if (state_ == State::kClosed) return;
  if (!received || (tls_->peer_closed() && in_.empty())) return Close(/*reset=*/false);
  peer_ended_ = tls_->peer_closed();
  Process();
}

bool Connection::PartialRequest() const {
  return in_.size() > in_used_ || reader_.in_body();
}

// Takes one request after another out of what was received, until one must wait for its answer or
// for more bytes.
void Connection::Process() {
  if (processing_) return;
  processing_ = true;
  int turns = 0;
  while (state_ == State::kReading) {
    if (header_since_ms_ < 0 && in_.size() > in_used_) header_since_ms_ = NowMs();
    size_t used = 0;
    const ReadStatus status = reader_.Feed(std::string_view(in_).substr(in_used_), &used);
    in_used_ += used;
    if (status == ReadStatus::kNeedMore) break;
    if (status == ReadStatus::kHeader) {
      OnHeader();
    } else if (status == ReadStatus::kRefused) {
      RefuseAndClose(reader_.refusal().status, reader_.refusal().error);
    } else if (++turns > kPipelineTurnsMax) {
      mailbox_->Push({shared_from_this(), std::nullopt, nullptr});
      break;
    } else {
      Dispatch();
    }
  }
  processing_ = false;
  if (state_ == State::kClosed) return;
  in_.erase(0, in_used_);
  in_used_ = 0;
  if (in_.empty() && in_.capacity() > kWritePieceBytes) in_ = {};
  if (state_ != State::kReading || turns > kPipelineTurnsMax) return;
  if (in_.empty() && !reader_.in_body()) header_since_ms_ = -1;
  if (peer_ended_) return Close(/*reset=*/false);
  socket_->AwaitReadable(shared_from_this());
}

void Connection::OnHeader() {
  since_ms_ = NowMs();
  if (!reader_.in_body()) return;
  if (shared_->options.body_bytes_max) {
    reader_.LimitBody(shared_->options.body_bytes_max(reader_.request()));
  }
  size_t none = 0;
  // Feeding nothing tells whether the announced length is within the limit: if not, the client is
  // not asked for it.
  if (reader_.Feed({}, &none) != ReadStatus::kNeedMore || !reader_.expects_continue()) return;
  head_.append(kContinue);
  Flush();
}

void Connection::Dispatch() {
  state_ = State::kHandling;
  fresh_ = false;
  keep_alive_ = reader_.keep_alive();
  Count(&shared_->counters.requests);
  dispatching_ = true;
  shared_->options.handler(reader_.request(), Responder(shared_from_this()));
  dispatching_ = false;
  if (immediate_) {
    Response response = *std::move(immediate_);
    immediate_.reset();
    StartWrite(std::move(response));
  }
}

void Connection::TakeAnswer(Response response) {
  if (state_ == State::kHandling) StartWrite(std::move(response));
}

void Connection::RefuseAndClose(int status, const base::Error& error) {
  Count(&shared_->counters.refusals);
  state_ = State::kHandling;
  Response response = shared_->options.render_error(status, error);
  response.close = true;
  StartWrite(std::move(response));
}

void Connection::StartWrite(Response response) {
  state_ = State::kWriting;
  keep_alive_ = keep_alive_ && !response.close && !shared_->stopping.load();
  ResponseFraming framing;
  framing.head_request = reader_.request().method == Method::kHead;
  framing.keep_alive = keep_alive_;
  framing.version_minor = reader_.request().version_minor;
  framing.date = shard_->date;
  if (!AppendResponseHeader(response, framing, &head_)) {
    base::Log(base::LogLevel::kError, "http_answer_malformed",
              {{"path", std::string_view(reader_.request().path())}});
    response = shared_->options.render_error(
        500, {base::ErrorCode::kInternal, "", "the answer must be well-formed", ""});
    if (!AppendResponseHeader(response, framing, &head_)) return Close(/*reset=*/false);
  }
  if (HasBody(response, framing)) {
    if (response.body.size() <= kInlineBodyBytesMax) {
      head_.append(response.body);
    } else {
      body_ = std::move(response.body);
    }
  }
  sent_bytes_ = 0;
  since_ms_ = shard_->now_ms;
  if (Flush()) AfterWrite();
}

void Connection::AfterWrite() {
  if (!keep_alive_) return StartLinger();
  state_ = State::kReading;
  since_ms_ = NowMs();
  header_since_ms_ = -1;
  reader_.Reset();
  Process();
}

// Sends what is waiting. True when nothing is left; otherwise OnWritable goes on, or the connection
// has closed.
bool Connection::Flush() {
  for (;;) {
    std::string_view first = std::string_view(head_).substr(head_sent_);
    std::string_view second = std::string_view(body_).substr(body_sent_);
    if (tls_) {
      std::string& wire = tls_->outgoing();
      if (tls_sent_ == wire.size()) {
        wire.clear();
        tls_sent_ = 0;
        const bool from_head = !first.empty();
        const std::string_view piece = (from_head ? first : second).substr(0, kWritePieceBytes);
        if (!piece.empty() && !tls_->Send(piece)) {
          Close(/*reset=*/false);
          return false;
        }
        (from_head ? head_sent_ : body_sent_) += piece.size();
      }
      first = std::string_view(wire).substr(tls_sent_);
      second = {};
    }
    if (first.empty() && second.empty()) break;
    const IoResult result = socket_->Write(first, second);
    if (result.kind == IoResult::Kind::kWouldBlock) {
      socket_->AwaitWritable(shared_from_this());
      return false;
    }
    if (result.kind != IoResult::Kind::kDone) {
      Close(/*reset=*/false);
      return false;
    }
    Count(&shared_->counters.bytes_sent, result.bytes);
    sent_bytes_ += result.bytes;
    sent_ms_ = shard_->now_ms;
    if (tls_) {
      tls_sent_ += result.bytes;
    } else {
      const size_t of_head = std::min(result.bytes, first.size());
      head_sent_ += of_head;
      body_sent_ += result.bytes - of_head;
    }
  }
  head_.clear();
  head_sent_ = 0;
  body_ = {};
  body_sent_ = 0;
  return true;
}

void Connection::OnWritable() {
  if (state_ == State::kStreaming) return PumpStream();
  if (!Flush()) return;
  if (state_ == State::kWriting) return AfterWrite();
  if (state_ == State::kLingering) FinishLinger();
}

// ---- ends ----

void Connection::StartLinger() {
  state_ = State::kLingering;
  since_ms_ = NowMs();
  const bool all_read = !PartialRequest() || peer_ended_;
  if (tls_) tls_->Shutdown();
  linger_to_read_ = !all_read;
  if (Flush()) FinishLinger();
}

void Connection::FinishLinger() {
  if (!linger_to_read_) return Close(/*reset=*/false);
  // Closing with bytes unread would reset the connection, and the client might never see the
  // answer.
  socket_->ShutdownSend();
  socket_->AwaitReadable(shared_from_this());
}

void Connection::Discard() {
  const IoResult result = socket_->Read(shard_->read_buffer);
  const bool over = result.kind == IoResult::Kind::kEnd || result.kind == IoResult::Kind::kFailed;
  discarded_bytes_ += result.bytes;
  if (over || discarded_bytes_ > limits::kHttpLingerBytesMax) return Close(/*reset=*/false);
  socket_->AwaitReadable(shared_from_this());
}

void Connection::PrepareToStop() {
  if (state_ == State::kReading && !PartialRequest()) return Close(/*reset=*/false);
  if (state_ == State::kLingering) return Close(/*reset=*/false);
  if (state_ == State::kStreaming) stream_->Finish();
}

int64_t Connection::RateMs(size_t bytes) const {
  return static_cast<int64_t>(bytes) * 1'000 / shared_->options.bytes_per_second_min;
}

void Connection::CheckDeadline(int64_t now_ms) {
  const HttpServer::Options& options = shared_->options;
  const auto timed_out = [&](std::string_view rule) {
    Count(&shared_->counters.timeouts);
    keep_alive_ = false;
    RefuseAndClose(408, {base::ErrorCode::kBusy, "", std::string(rule), ""});
  };
  switch (state_) {
    case State::kReading:
      if (reader_.in_body()) {
        const int64_t due = since_ms_ + options.body_deadline_ms + RateMs(reader_.body_bytes());
        if (now_ms > due) timed_out("the body must arrive in time");
      } else if (header_since_ms_ >= 0) {
        if (now_ms > header_since_ms_ + options.header_deadline_ms) {
          timed_out("the header must arrive in time");
        }
      } else if (now_ms >
                 since_ms_ + (fresh_ ? options.header_deadline_ms : options.idle_deadline_ms)) {
        Close(/*reset=*/false);
      }
      return;
    case State::kWriting:
      if (now_ms > since_ms_ + options.write_deadline_ms + RateMs(sent_bytes_)) {
        Count(&shared_->counters.timeouts);
        Close(/*reset=*/true);
      }
      return;
    case State::kStreaming:
      if (!head_.empty()) {
        if (now_ms <= std::max(sent_ms_, since_ms_) + options.write_deadline_ms) return;
        if (!stream_ends_) Count(&shared_->counters.event_streams_cut);
        Close(/*reset=*/true);
      } else if (now_ms > sent_ms_ + options.event_keep_alive_ms) {
        head_.append(kKeepAliveComment);
        PumpStream();
      }
      return;
    case State::kLingering:
      if (now_ms > since_ms_ + options.linger_deadline_ms) Close(/*reset=*/true);
      return;
    case State::kHandling:
    case State::kClosed:
      return;
  }
}

// ---- event streams ----

void Connection::StartStream(std::shared_ptr<EventQueue> queue) {
  if (state_ != State::kHandling) {  // the client has gone, or the server is stopping
    shared_->ReleaseStream();
    queue->MarkClosed();
    return;
  }
  state_ = State::kStreaming;
  stream_ = std::move(queue);
  keep_alive_ = false;
  discarded_bytes_ = 0;
  sent_ms_ = shard_->now_ms;
  if (shared_->stopping.load()) stream_->Finish();
  Response response;
  response.content_type = "text/event-stream";
  response.headers.Add("Cache-Control", "no-store");
  ResponseFraming framing;
  framing.until_close = true;
  framing.date = shard_->date;
  AppendResponseHeader(response, framing, &head_);
  socket_->AwaitReadable(shared_from_this());
  PumpStream();
}

void Connection::ContinueWork() {
  if (state_ == State::kStreaming) PumpStream();
  if (state_ == State::kReading) Process();
}

void Connection::PumpStream() {
  for (;;) {
    if (!Flush()) return;
    if (stream_ends_) return StartLinger();
    since_ms_ = shard_->now_ms;
    bool cut = false;
    stream_ends_ = stream_->Drain(kWritePieceBytes, &head_, &cut);
    if (cut) Count(&shared_->counters.event_streams_cut);
    if (head_.empty() && !stream_ends_) return;
  }
}

}  // namespace wideberth::net
