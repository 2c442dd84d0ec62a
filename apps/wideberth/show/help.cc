#include "apps/wideberth/show/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "apps/wideberth/show/manual_page.h"

namespace wideberth::cli {
namespace {

// Every command's help, from what CLI11 knows of it.
class Formatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    const std::string description = app->get_description();
    const size_t first_line = std::min(description.find('\n'), description.size() - 1);
    ManualPage page{
        FullName(app),    Summary(app), Synopsis(app), description.substr(first_line + 1), {}, {},
        app->get_footer()};
    for (const CLI::App* command : app->get_subcommands({})) {
      page.commands.emplace_back(command->get_name(), Summary(command));
    }
    for (const CLI::Option* option : app->get_options()) {
      page.options.emplace_back(Usage(option), option->get_description());
    }
    if (app->get_parent() != nullptr) {
      page.options.emplace_back("--json, --node, --token-file, --as, --ca-file",
                                "As for every command: wideberth --help.");
    }
    return RenderManualPage(page);
  }

 private:
  static std::string Usage(const CLI::Option* option) {
    if (option->get_positional()) return option->get_name(true);
    std::string text = option->get_name(false, true);
    if (const size_t comma = text.find(','); comma != std::string::npos) {
      text.insert(comma + 1, " ");
    }
    return option->get_items_expected_max() > 0 ? text + " " + option->get_type_name() : text;
  }

  static std::string Synopsis(const CLI::App* app) {
    std::string text = FullName(app);
    if (!app->get_subcommands({}).empty()) return text + " COMMAND";
    text += " [OPTIONS]";
    for (const CLI::Option* option : app->get_options()) {
      if (!option->get_positional()) continue;
      std::string name = option->get_name(true);
      if (option->get_items_expected_max() > 1) name += "...";
      text += option->get_required() ? " " + name : " [" + name + "]";
    }
    return text;
  }
};

}  // namespace

std::string FullName(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  return parent == nullptr ? app->get_name() : FullName(parent) + " " + app->get_name();
}

std::string Summary(const CLI::App* app) {
  const std::string text = app->get_description();
  return text.substr(0, text.find('\n'));
}

void ShowManualPages(CLI::App* app) {
  app->formatter(std::make_shared<Formatter>());
}

}  // namespace wideberth::cli
