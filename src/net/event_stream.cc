#include "net/event_stream.h"

#include <utility>

namespace wideberth::net {
namespace {

constexpr std::string_view kCutOff = ": cut off, the reader was too slow\n\n";

std::string_view FirstLine(std::string_view text) {
  return text.substr(0, text.find_first_of(std::string_view("\r\n\0", 3)));
}

}  // namespace

EventQueue::EventQueue(size_t bytes_max, std::function<void()> wake)
    : bytes_max_(bytes_max), wake_(std::move(wake)) {}

bool EventQueue::Push(EventFrame frame) {
  bool accepted = false;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) return false;
    if (bytes_ + frame->size() <= bytes_max_) {
      bytes_ += frame->size();
      frames_.push_back(std::move(frame));
      accepted = true;
    } else {
      state_ = State::kOverflowed;
      frames_.clear();
      bytes_ = 0;
    }
    if (std::exchange(wake_due_, true)) return accepted;
  }
  wake_();
  return accepted;
}

void EventQueue::Finish() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kOpen) return;
    state_ = State::kFinished;
    if (std::exchange(wake_due_, true)) return;
  }
  wake_();
}

bool EventQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return state_ != State::kOpen;
}

void EventQueue::OnClose(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kClosed) {
      on_close_ = std::move(callback);
      return;
    }
  }
  callback();
}

bool EventQueue::Drain(size_t bytes, std::string* out, bool* cut) {
  const std::lock_guard lock(mutex_);
  wake_due_ = false;
  while (!frames_.empty() && out->size() < bytes) {
    out->append(*frames_.front());
    bytes_ -= frames_.front()->size();
    frames_.pop_front();
  }
  if (state_ == State::kOverflowed) {
    out->append(kCutOff);
    *cut = true;
    return true;
  }
  return state_ == State::kFinished && frames_.empty();
}

void EventQueue::MarkClosed() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    frames_.clear();
    bytes_ = 0;
    callback = std::move(on_close_);
  }
  if (callback) callback();
}

struct EventStream::Handle {
  explicit Handle(std::shared_ptr<EventQueue> q) : queue(std::move(q)) {}
  ~Handle() { queue->Finish(); }
  std::shared_ptr<EventQueue> queue;
};

EventStream::EventStream(std::shared_ptr<EventQueue> queue)
    : handle_(std::make_shared<Handle>(std::move(queue))) {}

bool EventStream::Send(std::string_view event, std::string_view id, std::string_view data) {
  return Send(Format(event, id, data));
}
bool EventStream::Send(EventFrame frame) {
  return handle_->queue->Push(std::move(frame));
}
void EventStream::Close() {
  handle_->queue->Finish();
}
bool EventStream::closed() const {
  return handle_->queue->closed();
}
void EventStream::OnClose(std::function<void()> callback) {
  handle_->queue->OnClose(std::move(callback));
}

EventFrame EventStream::Format(std::string_view event, std::string_view id, std::string_view data) {
  std::string out;
  out.reserve(event.size() + id.size() + data.size() + 32);
  if (!id.empty()) out.append("id: ").append(FirstLine(id)).append("\n");
  if (!event.empty()) out.append("event: ").append(FirstLine(event)).append("\n");
  // CR, LF and CR LF all end a line of the format: each line of the data needs its own "data:".
  for (;;) {
    const size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    const bool pair = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (pair ? 2 : 1));
  }
  out.append("\n");
  return std::make_shared<const std::string>(std::move(out));
}

}  // namespace wideberth::net
