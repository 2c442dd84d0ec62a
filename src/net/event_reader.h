// Reads the text/event-stream format (WHATWG HTML 9.2.6) from bytes cut anywhere.
#ifndef WIDEBERTH_NET_EVENT_READER_H_
#define WIDEBERTH_NET_EVENT_READER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace wideberth::net {

// One event of a stream.
struct Event {
  std::string name = "message";  // unless the server named it
  std::string id;                // the last id sent so far
  std::string data;              // its lines joined by '\n'
};

class EventReader {
 public:
  enum class Status { kOpen, kStopped, kTooLarge };

  // No event, and no line, may be longer than `event_bytes_max`.
  explicit EventReader(size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  // Calls `on_event` for each event that `bytes` completes, until it returns false (kStopped). An
  // event that the end of the stream cuts off is never given.
  Status Feed(std::string_view bytes, const std::function<bool(const Event&)>& on_event);

 private:
  void TakeLine(std::string_view line);

  size_t event_bytes_max_;
  bool after_cr_ = false;
  bool has_data_ = false;
  std::string line_;
  std::string id_;
  Event event_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_EVENT_READER_H_
