#include "apps/wideberth/show/manual_page.h"

#include <algorithm>
#include <string_view>

#include "apps/wideberth/show/table.h"

namespace wideberth::cli {
namespace {

constexpr size_t kPageWidth = 80;
constexpr size_t kIndent = 4;
constexpr size_t kEntryIndent = 10;
constexpr std::string_view kExitStatus =
    "0 done; 1 refused, and of check and declare --check: conflicts were found; 2 the command line "
    "is wrong; 3 the node cannot be reached";

std::string Indented(std::string_view text, size_t indent, bool wrap) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view paragraph = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    const auto lines = wrap ? WrapText(paragraph, kPageWidth - indent)
                            : std::vector<std::string>{std::string(paragraph)};
    for (const std::string& line : lines) {
      out.append(line.empty() ? 0 : indent, ' ').append(line).append("\n");
    }
  }
  return out;
}

// Commands of one line each, broken as one may type them.
std::string Examples(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto lines = WrapText(text.substr(0, end), kPageWidth - kIndent - kEntryIndent);
    text.remove_prefix(std::min(text.size(), end + 1));
    for (size_t i = 0; i < lines.size(); ++i) {
      out.append(i == 0 ? kIndent : 2 * kIndent, ' ').append(lines[i]);
      out.append(i + 1 < lines.size() ? " \\\n" : "\n");
    }
  }
  return out;
}

std::string Section(std::string_view title, const std::string& body) {
  return body.empty() ? body : "\n" + std::string(title) + "\n" + body;
}

std::string Entries(const std::vector<ManualPage::Entry>& entries) {
  std::string out;
  for (const auto& [term, text] : entries) {
    out += Indented(term, kIndent, false) + Indented(text, kEntryIndent, true);
  }
  return out;
}

}  // namespace

std::string ListWords(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string RenderManualPage(const ManualPage& page) {
  return "NAME\n" + Indented(page.name + " - " + page.summary, kIndent, true) +
         Section("SYNOPSIS", Indented(page.synopsis, kIndent, true)) +
         Section("DESCRIPTION", Indented(page.description, kIndent, true)) +
         Section("COMMANDS", Entries(page.commands)) + Section("OPTIONS", Entries(page.options)) +
         Section("EXAMPLES", Examples(page.examples)) +
         Section("EXIT STATUS", Indented(kExitStatus, kIndent, true));
}

}  // namespace wideberth::cli
