// Phrases: the coded fields of what crosses a line, in the languages of those who read and speak it (MECHANISM 8.4).
//
// A code is what is sent; a phrase is only how it is shown or said. The code and the English text are always shown
// beside a phrase, so that a wrong translation can be noticed, and a phrase that no native speaker has reviewed is
// marked.
//
//   const Phrase phrase = PhraseFor("live_firing", "ru");
//   phrase.text            // "боевые стрельбы"
//   phrase.reviewed_by     // empty: nobody has, show it as unreviewed
//   Render("live_firing", "ru")   // "боевые стрельбы [live_firing: live firing] (unreviewed)"
//
// Pure; any thread. A look-up is a binary search in constants.
#ifndef WIDEBERTH_PHRASES_PHRASES_H_
#define WIDEBERTH_PHRASES_PHRASES_H_

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace wideberth::phrases {

// English, Russian, Hebrew, Arabic, Turkish, Ukrainian, French.
inline constexpr std::array<std::string_view, 7> kLanguages = {"en", "ru", "he", "ar",
                                                               "tr", "uk", "fr"};

struct Phrase {
  std::string_view code;
  std::string_view language;     // "en" where the language or the code is not in the table
  std::string_view text;         // the code itself where it is not in the table
  std::string_view reviewed_by;  // the role of a native speaker, with a year; empty: unreviewed
};

Phrase PhraseFor(std::string_view code, std::string_view language);

// "text [code: English text] (unreviewed)"; in English "text [code]".
std::string Render(std::string_view code, std::string_view language);

// Every code there is, in ascending order.
std::span<const std::string_view> Codes();

// Whether text of that language runs from right to left.
bool IsRightToLeft(std::string_view language);

}  // namespace wideberth::phrases

#endif  // WIDEBERTH_PHRASES_PHRASES_H_
