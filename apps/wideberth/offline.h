// What a command needs of the rules and of the heights when no node is asked.
#ifndef WIDEBERTH_APPS_WIDEBERTH_OFFLINE_H_
#define WIDEBERTH_APPS_WIDEBERTH_OFFLINE_H_

#include <string>
#include <string_view>

#include "airspace/rules.h"
#include "base/result.h"
#include "geo/altitude.h"

namespace wideberth::cli {

// examples/rules/two-parties.toml, as it was when the program was built.
std::string_view RulesExample();

// A rules file; the example when the path is empty. Refusals name the file.
struct LoadedRules {
  airspace::Rules::Content content;
  base::Digest digest;
};
base::Result<LoadedRules> LoadRules(const std::string& path);

// With the geoid of `path`, when it is not empty.
base::Result<geo::HeightModel> LoadHeights(const std::string& path);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_OFFLINE_H_
