// What one WebSocket message of a path carries: the frames that leave together, each behind its length in 4 bytes, the
// highest first. So what a turn of a node says costs one record of TLS and one system call, not one for each frame.
//
//   Bundle bundle;
//   if (bundle.HasRoomFor(frame)) bundle.Add(frame);
//   connection->Send(bundle.Take());
//   WB_ASSIGN_OR_RETURN(const std::vector<std::string_view> frames, ReadBundle(message));   // at the other end
//
// No frame is longer than limits::kLineFrameBytesMax. Several stand together only up to limits::kLinkBundleFramesMax of
// them and limits::kLinkBundleBytesMax with their lengths: one message makes no more work than that. Pure.
#ifndef WIDEBERTH_LINK_BUNDLE_H_
#define WIDEBERTH_LINK_BUNDLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace wideberth::link {

inline constexpr size_t kFrameLengthBytes = 4;
inline constexpr size_t kBundleBytesMax = limits::kLineFrameBytesMax + kFrameLengthBytes;

class Bundle {
 public:
  size_t frames() const { return frames_; }
  size_t bytes() const { return message_.size() - frames_ * kFrameLengthBytes; }  // of the frames

  // Always before the first.
  bool HasRoomFor(std::string_view frame) const;
  // REQUIRES (CHECK): room, and a frame that is not too long.
  void Add(std::string_view frame);
  // The message; the bundle is empty then.
  std::string Take();

 private:
  std::string message_;
  size_t frames_ = 0;
};

// The views point into `message`. Refuses what no Bundle writes.
base::Result<std::vector<std::string_view>> ReadBundle(std::string_view message);

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_BUNDLE_H_
