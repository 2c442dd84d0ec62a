// What stop calls and warnings of an entry have in common, whoever makes them; inside mechanism only.
#ifndef WIDEBERTH_MECHANISM_STOP_ANSWERS_H_
#define WIDEBERTH_MECHANISM_STOP_ANSWERS_H_

#include <algorithm>
#include <string>

#include "mechanism/act.h"
#include "mechanism/desk.h"

namespace wideberth::mechanism {

// Call sign and frequency, as they are shown.
template <class Body>
std::string ContactWords(const Body& body) {
  std::string words = body.call_sign;
  if (!body.frequency.empty()) words += (words.empty() ? "" : ", ") + body.frequency;
  return words;
}

// "stopping", "wait 60"
template <class Body>
std::string AnswerText(const Body& body) {
  std::string text(Name(body.answer));
  if (body.wait_s > 0) text += " " + std::to_string(body.wait_s);
  return text;
}

inline bool IsFinal(StopAnswer answer) {
  return answer != StopAnswer::kStopping && answer != StopAnswer::kWait;
}
inline bool IsFinal(IncursionAnswer answer) {
  return answer != IncursionAnswer::kTurning && answer != IncursionAnswer::kWait;
}

// A warning ends as answered when they have said that they turn.
inline base::Result<void> CheckTurned(const Call& call) {
  const auto turning = [](const CallAnswer& answer) {
    return answer.answer == Name(IncursionAnswer::kTurning);
  };
  if (std::any_of(call.answers.begin(), call.answers.end(), turning)) return {};
  return base::Fail(base::ErrorCode::kConflict, "/answers",
                    "must have been answered with turning; else it ends as unanswered",
                    call.answers.empty() ? "no answer" : call.answers.back().answer);
}

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_STOP_ANSWERS_H_
