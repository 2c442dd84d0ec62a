#include "apps/wideberth/registry.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "apps/wideberth/show/help.h"
#include "apps/wideberth/show/manual_page.h"

namespace wideberth::cli {

const std::vector<std::string>& ModeWords() {
  static const std::vector<std::string> words = {"REAL", "EXERCISE", "TEST"};
  return words;
}

std::string NotEmpty(const std::string& given) {
  return given.empty() ? "must not be empty" : "";
}

Registry::Registry(const std::string& summary, const std::string& name)
    : root_(std::make_unique<CLI::App>(summary, name)) {}

Registry::~Registry() = default;

CLI::App* Registry::Group(const std::string& name, const std::string& summary) {
  for (CLI::App* known : root_->get_subcommands({})) {
    if (known->get_name() == name) return known;
  }
  CLI::App* group = root_->add_subcommand(name, summary);
  group->require_subcommand(1);
  return group;
}

CLI::App* Registry::Command(CLI::App* parent, const std::string& name,
                            const std::string& description, const std::string& examples,
                            Action action) {
  CLI::App* command = parent->add_subcommand(name, description);
  command->footer(examples);
  command->callback([this, action = std::move(action)] { action_ = action; });
  return command;
}

CLI::Option* Registry::Text(CLI::App* command, const std::string& name, std::string* value,
                            const std::string& type, const std::string& help) {
  CLI::Option* option = command->add_option(name, *value, help);
  if (!type.empty()) option->type_name(type);
  return option;
}

CLI::Option* Registry::Flag(CLI::App* command, const std::string& name, bool* value,
                            const std::string& help) {
  return command->add_flag(name, *value, help);
}

CLI::Option* Registry::Choice(CLI::App* command, const std::string& name, std::string* value,
                              const std::string& help, const std::vector<std::string>& words) {
  CLI::Option* option = command->add_option(name, *value, "");
  option->check([words](const std::string& given) {
    if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
    return "must be " + ListWords(words) + ", not " + given;
  });
  option->description(help + " One of " + ListWords(words) + ".");
  option->type_name(name == "--mode" ? "MODE" : "WORD");
  choices_[option] = words;
  return option;
}

std::vector<CommandInfo> Registry::Commands() const {
  std::vector<CommandInfo> commands;
  Describe(root_.get(), "", &commands);
  return commands;
}

void Registry::Describe(const CLI::App* app, const std::string& path,
                        std::vector<CommandInfo>* commands) const {
  CommandInfo info{path, Summary(app), {}};
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_lnames().empty()) continue;
    const auto words = choices_.find(option);
    info.options.push_back({"--" + option->get_lnames().front(), option->get_description(),
                            words == choices_.end() ? std::vector<std::string>() : words->second});
  }
  commands->push_back(std::move(info));
  for (const CLI::App* command : app->get_subcommands({})) {
    Describe(command, path.empty() ? command->get_name() : path + " " + command->get_name(),
             commands);
  }
}

}  // namespace wideberth::cli
