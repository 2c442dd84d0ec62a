#include "link/bundle.h"

#include <utility>

#include "base/check.h"

namespace wideberth::link {
namespace {

size_t ReadLength(std::string_view bytes) {
  size_t length = 0;
  for (const char byte : bytes) length = length << 8 | static_cast<uint8_t>(byte);
  return length;
}

}  // namespace

bool Bundle::HasRoomFor(std::string_view frame) const {
  return frames_ == 0 ||
         (frames_ < limits::kLinkBundleFramesMax &&
          message_.size() + kFrameLengthBytes + frame.size() <= limits::kLinkBundleBytesMax);
}

void Bundle::Add(std::string_view frame) {
  CHECK(frame.size() <= limits::kLineFrameBytesMax && HasRoomFor(frame));
  for (int shift = 24; shift >= 0; shift -= 8) {
    message_.push_back(static_cast<char>(frame.size() >> shift & 0xFF));
  }
  message_.append(frame);
  ++frames_;
}

std::string Bundle::Take() {
  frames_ = 0;
  return std::exchange(message_, {});
}

base::Result<std::vector<std::string_view>> ReadBundle(std::string_view message) {
  const auto refuse = [&](std::string_view rule) {
    return base::Invalid("message", rule, std::to_string(message.size()) + " bytes");
  };
  std::vector<std::string_view> frames;
  std::string_view rest = message;
  while (!rest.empty()) {
    if (rest.size() < kFrameLengthBytes) return refuse("must be frames behind their lengths");
    const size_t bytes = ReadLength(rest.substr(0, kFrameLengthBytes));
    rest.remove_prefix(kFrameLengthBytes);
    if (bytes > rest.size()) return refuse("must be frames behind their lengths");
    if (bytes > limits::kLineFrameBytesMax) return refuse("must have shorter frames");
    if (frames.size() == limits::kLinkBundleFramesMax) return refuse("must have fewer frames");
    frames.push_back(rest.substr(0, bytes));
    rest.remove_prefix(bytes);
  }
  if (frames.empty()) return refuse("must have a frame");
  if (frames.size() > 1 && message.size() > limits::kLinkBundleBytesMax) {
    return refuse("must be shorter, or one frame");
  }
  return frames;
}

}  // namespace wideberth::link
