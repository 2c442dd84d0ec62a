// The help of every command as a manual page, made of what CLI11 knows of the command.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_HELP_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_HELP_H_

#include <string>

namespace CLI {
class App;
}

namespace wideberth::cli {

// "wideberth zone import", and the first line of its description.
std::string FullName(const CLI::App* app);
std::string Summary(const CLI::App* app);

// Gives the program's own manual pages to `--help`, of `app` and of what is added to it afterwards.
void ShowManualPages(CLI::App* app);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_HELP_H_
