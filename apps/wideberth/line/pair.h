// Two nodes on loopback with a line between them, for development and for the demo.
//
//   DIR/north, DIR/south   each with keys/, peers/, agreement.json, wideberthd.toml, tokens/admin.token (a machine's,
//                          good for making the accounts), passwords/NAME for each account of kPairAccounts
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_PAIR_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_PAIR_H_

#include <array>
#include <string_view>

#include "apps/wideberth/line/commands.h"
#include "base/result.h"

namespace wideberth::cli {

struct PairAccount {
  std::string_view name;
  std::string_view role;
};
inline constexpr std::array<PairAccount, 3> kPairAccounts = {
    {{"duty", "duty_officer"}, {"supervisor", "supervisor"}, {"administrator", "administrator"}}};

// examples/agreements/default.toml, as it was when the program was built.
std::string_view AgreementExample();

// Uses four ports from options.port on: HTTP and line of north, HTTP and line of south.
base::Result<void> MakePair(const PairOptions& options);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_PAIR_H_
