#include "phrases/phrases.h"

#include <algorithm>
#include <iterator>

#include "phrases/table.h"

namespace wideberth::phrases {
namespace {

constexpr size_t kCodes = std::size(kTable);

constexpr auto kCodeList = [] {
  std::array<std::string_view, kCodes> codes;
  for (size_t i = 0; i < kCodes; ++i) codes[i] = kTable[i][0];
  return codes;
}();
static_assert(std::is_sorted(kCodeList.begin(), kCodeList.end()), "the table is in order of code");

size_t ColumnOf(std::string_view language) {
  const auto found = std::find(kLanguages.begin(), kLanguages.end(), language);
  return found == kLanguages.end() ? 0 : static_cast<size_t>(found - kLanguages.begin());
}

}  // namespace

Phrase PhraseFor(std::string_view code, std::string_view language) {
  const auto found = std::lower_bound(kCodeList.begin(), kCodeList.end(), code);
  if (found == kCodeList.end() || *found != code) return {code, "en", code, {}};
  const size_t column = ColumnOf(language);
  const Row& row = kTable[static_cast<size_t>(found - kCodeList.begin())];
  return {row[0], kLanguages[column], row[column + 1], {}};
}

std::string Render(std::string_view code, std::string_view language) {
  const Phrase phrase = PhraseFor(code, language);
  std::string text(phrase.text);
  text.append(" [").append(code);
  if (phrase.language == "en") return text.append("]");
  text.append(": ").append(PhraseFor(code, "en").text).append("]");
  return phrase.reviewed_by.empty() ? text.append(" (unreviewed)") : text;
}

std::span<const std::string_view> Codes() {
  return kCodeList;
}

bool IsRightToLeft(std::string_view language) {
  return language == "he" || language == "ar";
}

}  // namespace wideberth::phrases
