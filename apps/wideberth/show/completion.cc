#include "apps/wideberth/show/completion.h"

namespace wideberth::cli {
namespace {

// In single quotes, for any of the shells.
std::string Quoted(std::string_view text, bool fish) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += fish ? "\\'" : "'\\''";
    } else if (c == '\\' && fish) {
      quoted += "\\\\";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Last(const std::string& path) {
  return path.substr(path.rfind(' ') == std::string::npos ? 0 : path.rfind(' ') + 1);
}

std::string Parent(const std::string& path) {
  return path.rfind(' ') == std::string::npos ? "" : path.substr(0, path.rfind(' '));
}

bool IsChild(const CommandInfo& command, const std::string& path) {
  return !command.path.empty() && Parent(command.path) == path;
}

// "'declare'|'zone'|'zone import'": the patterns of all commands, for a case statement.
std::string CommandPatterns(const std::vector<CommandInfo>& commands) {
  std::string patterns;
  for (const CommandInfo& command : commands) {
    if (command.path.empty()) continue;
    patterns.append(patterns.empty() ? "" : "|").append(Quoted(command.path, false));
  }
  return patterns;
}

std::string Bash(const std::vector<CommandInfo>& commands) {
  std::string script =
      "# bash completion of wideberth: source it, or put it into bash_completion.d\n"
      "_wideberth() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word words=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"${at:+$at }$word\" in\n      ";
  script += CommandPatterns(commands);
  script += ") at=\"${at:+$at }$word\" ;;\n    esac\n  done\n  case \"$at $prev\" in\n";
  for (const CommandInfo& command : commands) {
    for (const OptionInfo& option : command.options) {
      if (option.choices.empty()) continue;
      script += "    " + Quoted(command.path + " " + option.name, false) + ") words=\"";
      for (const std::string& choice : option.choices) script += choice + " ";
      script += "\" ;;\n";
    }
  }
  script += "  esac\n  if [[ -z $words ]]; then\n    case \"$at\" in\n";
  for (const CommandInfo& command : commands) {
    script += "      " + Quoted(command.path, false) + ") words=\"";
    for (const CommandInfo& child : commands) {
      if (IsChild(child, command.path)) script += Last(child.path) + " ";
    }
    for (const OptionInfo& option : command.options) script += option.name + " ";
    script += "\" ;;\n";
  }
  return script +
         "    esac\n  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _wideberth wideberth\n";
}

// name:description, with the colons of the description kept out of the way of _describe.
std::string Described(const std::string& name, const std::string& help) {
  return " " + Quoted(name + ":" + help, false);
}

std::string Zsh(const std::vector<CommandInfo>& commands) {
  std::string script =
      "#compdef wideberth\n"
      "_wideberth() {\n"
      "  local at= word\n"
      "  local -a subcommands options\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"${at:+$at }$word\" in\n      ";
  script += CommandPatterns(commands);
  script += ") at=\"${at:+$at }$word\" ;;\n    esac\n  done\n  case \"$at\" in\n";
  for (const CommandInfo& command : commands) {
    script += "    " + Quoted(command.path, false) + ")\n      subcommands=(";
    for (const CommandInfo& child : commands) {
      if (IsChild(child, command.path)) script += Described(Last(child.path), child.summary);
    }
    script += ")\n      options=(";
    for (const OptionInfo& option : command.options) script += Described(option.name, option.help);
    script += ") ;;\n";
  }
  return script +
         "  esac\n"
         "  (( $#subcommands )) && _describe command subcommands\n"
         "  _describe option options\n"
         "  _files\n"
         "}\n"
         "compdef _wideberth wideberth\n";
}

std::string Fish(const std::vector<CommandInfo>& commands) {
  std::string script =
      "# fish completion of wideberth: put it into ~/.config/fish/completions/wideberth.fish\n"
      "function __wideberth_at\n"
      "  set -l at ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    set -l next (string trim -- \"$at $word\")\n"
      "    contains -- $next";
  for (const CommandInfo& command : commands) {
    if (!command.path.empty()) script += " " + Quoted(command.path, true);
  }
  script += "; and set at $next\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n";
  for (const CommandInfo& command : commands) {
    const std::string here =
        "complete -c wideberth -n " + Quoted("__wideberth_at " + Quoted(command.path, true), true);
    for (const CommandInfo& child : commands) {
      if (!IsChild(child, command.path)) continue;
      script += here + " -a " + Last(child.path) + " -d " + Quoted(child.summary, true) + "\n";
    }
    for (const OptionInfo& option : command.options) {
      script += here + " -l " + option.name.substr(2) + " -d " + Quoted(option.help, true);
      if (!option.choices.empty()) {
        std::string choices;
        for (const std::string& choice : option.choices) {
          choices.append(choices.empty() ? "" : " ").append(choice);
        }
        script += " -xa " + Quoted(choices, true);
      }
      script += "\n";
    }
  }
  return script;
}

}  // namespace

base::Result<std::string> CompletionScript(std::string_view shell,
                                           const std::vector<CommandInfo>& commands) {
  if (shell == "bash") return Bash(commands);
  if (shell == "zsh") return Zsh(commands);
  if (shell == "fish") return Fish(commands);
  return base::Invalid("--shell", "must be bash, zsh or fish", shell);
}

}  // namespace wideberth::cli
