// Checks of our own invariants, always on, in every build.
//
// CHECK(condition) stops the process with the file, line and condition when the condition is false. Use it for what
// our own code guarantees (an index within its table, a state machine in a legal state). Never use it on anything
// that came from outside: input gets a base::Result with a refusal instead, so that no request can stop a node.
//
//   CHECK(slot < notices_.size());
//   CHECK_MSG(applied_seq == durable_seq + 1, "a batch was applied out of order");
#ifndef WIDEBERTH_BASE_CHECK_H_
#define WIDEBERTH_BASE_CHECK_H_

namespace wideberth::base {

// Prints "CHECK failed at FILE:LINE: CONDITION: MESSAGE" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* message) noexcept;

}  // namespace wideberth::base

#define CHECK_MSG(condition, message) \
  (static_cast<bool>(condition)       \
       ? static_cast<void>(0)         \
       : ::wideberth::base::CheckFailed(__FILE__, __LINE__, #condition, (message)))
#define CHECK(condition) CHECK_MSG(condition, "")

#endif  // WIDEBERTH_BASE_CHECK_H_
