// Help that reads like a page of the manual: sections, indented, 80 columns. Pure.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_MANUAL_PAGE_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_MANUAL_PAGE_H_

#include <string>
#include <utility>
#include <vector>

namespace wideberth::cli {

struct ManualPage {
  using Entry = std::pair<std::string, std::string>;  // a term and what is said about it

  std::string name;      // "wideberth zone import"
  std::string summary;   // one line
  std::string synopsis;  // "wideberth zone import [OPTIONS] FILE"
  std::string description;
  std::vector<Entry> commands;
  std::vector<Entry> options;
  std::string examples;
};

std::string RenderManualPage(const ManualPage& page);

// "a, b or c"
std::string ListWords(const std::vector<std::string>& words);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_MANUAL_PAGE_H_
