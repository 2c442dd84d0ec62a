// A view that follows the node's events: drawn over on a terminal, else a line or a JSON document for each change.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LIVE_VIEW_H_
#define WIDEBERTH_APPS_WIDEBERTH_LIVE_VIEW_H_

#include <cstdint>
#include <string>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/remote.h"
#include "base/result.h"
#include "net/client.h"

namespace wideberth::cli {

class LiveView {
 public:
  // `changes_max`: ends after so many changes; 0: goes on until Ctrl-C.
  LiveView(const Session& session, int64_t changes_max)
      : session_(session), changes_max_(changes_max) {}
  virtual ~LiveView() = default;

  // Reads the events of `target` until it is interrupted or has shown enough; a stream that ends is opened again, and
  // meanwhile the view says that it is not live. One view a process: it takes SIGINT and SIGTERM.
  base::Result<int> Run(const std::string& target);

 protected:
  // All of it anew: at the start, and after a stream was opened or has a gap.
  virtual base::Result<void> Reload(Remote* remote) = 0;
  // Takes one other event in; whether it is a change to be shown.
  virtual base::Result<bool> Take(Remote* remote, const net::Event& event) = 0;
  // What is said of a change where nothing is drawn over.
  virtual void Tell(const net::Event& event) = 0;
  virtual std::string Title() const = 0;
  virtual void PrintContent() const = 0;

 private:
  bool Done() const { return changes_max_ > 0 && changes_ >= changes_max_; }
  bool DrawsOver() const;
  bool OnEvent(Remote* remote, const net::Event& event);  // false ends the stream
  void Draw();

  const Session& session_;
  const int64_t changes_max_;
  int64_t changes_ = 0;
  std::string lost_;  // why the view is not live
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LIVE_VIEW_H_
