#include "net/event_reader.h"

#include <utility>

namespace wideberth::net {

EventReader::Status EventReader::Feed(std::string_view bytes,
                                      const std::function<bool(const Event&)>& on_event) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() + event_.data.size() > event_bytes_max_) return Status::kTooLarge;
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!line_.empty()) {
      TakeLine(line_);
      line_.clear();
      continue;
    }
    Event done = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) continue;
    done.id = id_;
    if (!on_event(done)) return Status::kStopped;
  }
  return Status::kOpen;
}

void EventReader::TakeLine(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data.push_back('\n');
    event_.data.append(value);
    has_data_ = true;
  } else if (field == "event") {
    event_.name = value.empty() ? "message" : value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
}

}  // namespace wideberth::net
