// Two nodes in line mode, "north" and "south", joined by real TLS on the loopback, each with people who are signed on.
// They have agreed to a dead-man area of the north, "launch corridor".
#ifndef WIDEBERTH_API_NODE_TESTING_LINE_PAIR_H_
#define WIDEBERTH_API_NODE_TESTING_LINE_PAIR_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/node/testing/fixture.h"

namespace wideberth::api::node::testing {

inline constexpr std::string_view kPassword = "correct horse battery";

// One party's side: its node, and the tokens of its people.
struct Side {
  std::string name;  // of the party
  std::unique_ptr<TestNode> node;
  std::string duty;    // tokens of sessions: a duty officer,
  std::string second;  // another one,
  std::string head;    // a supervisor

  Answer Get(std::string_view target) const;  // as the duty officer
  Answer Act(std::string_view body,
             std::string_view token = {}) const;  // POST /v1/acts, as the duty officer
  Answer Post(std::string_view token, std::string_view target, std::string_view body) const;

  // Adds an operator by an administrator's token and signs on.
  std::string SignOn(std::string_view who, std::string_view role) const;

  // Draft, check by the second duty officer, release: the whole of MECHANISM 3.4. The release's answer.
  Answer Release(int notice, const Sketch& sketch) const;
  Answer ReadBack(int notice, const Sketch& sketch, std::string_view version,
                  std::string_view more = {}) const;
};

class LinePair {
 public:
  // `agreed`: on nothing but the safety floor, so far; else what they have agreed on is given to the nodes.
  explicit LinePair(bool agreed = true);

  Side north;
  Side south;

  void Pass(int64_t us);  // on both clocks
};

// What a person would enter for such a declaration.
std::string ReadingJson(const Sketch& sketch);

// Asks again until it is so; false after ten seconds.
bool Eventually(const std::function<bool()>& is_so);

}  // namespace wideberth::api::node::testing

#endif  // WIDEBERTH_API_NODE_TESTING_LINE_PAIR_H_
