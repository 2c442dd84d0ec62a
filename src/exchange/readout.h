// Minutes and statements: what two parties say that was said.
//
// *Minutes* are one text in the languages of both parties, in paragraphs. Each party signs them with a verdict on every
// paragraph: what both call agreed is agreed; the rest stands as not agreed. They stay private, save for paragraphs
// that are marked public in the text that both signed.
//
//   {"exchange": uuid, "languages": ["en", "ru"],
//    "paragraphs": [{"texts": ["...", "..."], "public": true}, {"texts": ["...", "..."]}]}
//
// A *statement* is what one party says of the exchange in public, with the facts as it states them there. It is its
// own; the other party gets it and stores it beside, and neither changes it.
//
//   {"exchange": uuid, "language": "en", "published_at": "2018-09-21T00:00:00Z", "where": "press office",
//    "text": "...", "account": {...}}          the account as exchange/account.h
//
// Both are signed as the exact bytes of their text, by its SHA-256. Reading is strict.
//
// Pure; any thread.
#ifndef WIDEBERTH_EXCHANGE_READOUT_H_
#define WIDEBERTH_EXCHANGE_READOUT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "exchange/account.h"

namespace wideberth::exchange {

inline constexpr size_t kReadoutBytesMax = 128 * 1024;
inline constexpr size_t kReadoutLanguagesMax = 4;
inline constexpr size_t kReadoutParagraphsMax = 100;
inline constexpr size_t kReadoutTextBytesMax = 8 * 1024;
inline constexpr size_t kStatementWhereBytesMax = 200;

struct Paragraph {
  std::vector<std::string> texts;  // in the order of Minutes::languages
  bool is_public = false;
  bool operator==(const Paragraph&) const = default;
};

struct Minutes {
  base::Uuid exchange;
  // The first is the one that they were written in.
  std::vector<std::string> languages;
  std::vector<Paragraph> paragraphs;
  bool operator==(const Minutes&) const = default;
};

struct Statement {
  base::Uuid exchange;
  std::string language;
  base::UtcMicros published_at;
  std::string where;  // by whom and where it was published; may be empty
  std::string text;
  Account account;  // the facts as they are stated there; of the same exchange
  bool operator==(const Statement&) const = default;
};

// [a-z]{2,3}, then optionally -[A-Za-z0-9]{2,8}: as the agreement lists languages.
bool IsLanguage(std::string_view text);

// Compact JSON.
std::string FormatMinutes(const Minutes& minutes);
std::string FormatStatement(const Statement& statement);
// Refuse what breaks a rule, with its pointer: a text that is empty or could deceive on a display, languages that stand
// twice, a paragraph that lacks one, more than the limits above.
base::Result<Minutes> ParseMinutes(std::string_view text);
base::Result<Statement> ParseStatement(std::string_view text);

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_READOUT_H_
