// What happened in a run, one line an event, for people. Off by default, when it costs one branch an event: a run that
// broke is replayed with the trace on.
#ifndef WIDEBERTH_SIM_TRACE_H_
#define WIDEBERTH_SIM_TRACE_H_

#include <functional>
#include <string>
#include <utility>

#include "sim/timeline.h"

namespace wideberth::sim {

class Trace {
 public:
  using Sink = std::function<void(std::string line)>;

  Trace(const Timeline& timeline, Sink sink) : timeline_(timeline), sink_(std::move(sink)) {}

  bool on() const { return sink_ != nullptr; }
  // `describe` makes the text, and is called only when somebody reads it.
  template <class Describe>
  void Say(Describe&& describe) const {
    if (on()) Write(describe());
  }

 private:
  void Write(const std::string& text) const;

  const Timeline& timeline_;
  const Sink sink_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_TRACE_H_
