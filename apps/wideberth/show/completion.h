// Shell completion, generated from what the command line knows of itself. Pure.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_COMPLETION_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_COMPLETION_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::cli {

struct OptionInfo {
  std::string name;  // "--mode"
  std::string help;
  std::vector<std::string> choices;  // the words it takes, where they are known
};

struct CommandInfo {
  std::string path;     // "zone import"; "" for the program
  std::string summary;  // one line
  std::vector<OptionInfo> options;
};

// A script for "bash", "zsh" or "fish", to be read by the shell.
base::Result<std::string> CompletionScript(std::string_view shell,
                                           const std::vector<CommandInfo>& commands);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_COMPLETION_H_
