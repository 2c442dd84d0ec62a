#include "exchange/readout.h"

#include <algorithm>

#include "base/display_text.h"

namespace wideberth::exchange {
namespace {

using base::Result;

constexpr size_t kUuidBytes = 36;
constexpr size_t kTimeBytes = 40;
constexpr size_t kLanguageBytes = 12;

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsAlphanumeric(char c) {
  return IsLower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Result<std::string> ReadLanguage(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kLanguageBytes));
  if (!IsLanguage(text)) return value.Refuse("must be a language: en, ru, sr-Latn");
  return std::string(text);
}

// What is said, over several lines.
Result<std::string> ReadText(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kReadoutTextBytesMax));
  if (text.find_first_not_of(" \n") == std::string_view::npos) {
    return value.Refuse("must be a text that says something");
  }
  if (auto shown = base::CheckDisplayText(text, kReadoutTextBytesMax, "", base::Lines::kSeveral);
      !shown) {
    return value.Refuse(std::move(shown).error());
  }
  return std::string(text);
}

Result<std::vector<std::string>> ReadLanguages(json::Object* object) {
  WB_ASSIGN_OR_RETURN(const json::Array array,
                      object->RequiredArray("languages", kReadoutLanguagesMax));
  std::vector<std::string> languages;
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(std::string language, ReadLanguage(value));
    if (std::find(languages.begin(), languages.end(), language) != languages.end()) {
      return value.Refuse("must stand once");
    }
    languages.push_back(std::move(language));
  }
  if (languages.empty()) return object->Refuse("languages", "must name at least one");
  return languages;
}

Result<Paragraph> ReadParagraph(const json::Value& value, size_t languages) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  Paragraph paragraph;
  WB_ASSIGN_OR_RETURN(const json::Array texts, object.RequiredArray("texts", kReadoutLanguagesMax));
  if (texts.size() != languages) {
    return object.Refuse("texts", "must have one for each of the languages",
                         std::to_string(texts.size()));
  }
  for (const json::Value text : texts) {
    WB_ASSIGN_OR_RETURN(std::string read, ReadText(text));
    paragraph.texts.push_back(std::move(read));
  }
  WB_ASSIGN_OR_RETURN(const auto is_public, object.OptionalBool("public"));
  paragraph.is_public = is_public.value_or(false);
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return paragraph;
}

}  // namespace

bool IsLanguage(std::string_view text) {
  const size_t dash = text.find('-');
  const std::string_view language = text.substr(0, dash);
  if (language.size() < 2 || language.size() > 3) return false;
  if (!std::all_of(language.begin(), language.end(), IsLower)) return false;
  if (dash == std::string_view::npos) return true;
  const std::string_view variant = text.substr(dash + 1);
  return variant.size() >= 2 && variant.size() <= 8 &&
         std::all_of(variant.begin(), variant.end(), IsAlphanumeric);
}

std::string FormatMinutes(const Minutes& minutes) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("exchange", minutes.exchange.ToString());
  json.Key("languages");
  json.BeginArray();
  for (const std::string& language : minutes.languages) json.String(language);
  json.EndArray();
  json.Key("paragraphs");
  json.BeginArray();
  for (const Paragraph& paragraph : minutes.paragraphs) {
    json.BeginObject();
    json.Key("texts");
    json.BeginArray();
    for (const std::string& each : paragraph.texts) json.String(each);
    json.EndArray();
    if (paragraph.is_public) json.BoolField("public", true);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text;
}

std::string FormatStatement(const Statement& statement) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("exchange", statement.exchange.ToString());
  json.StringField("language", statement.language);
  json.StringField("published_at", base::FormatRfc3339(statement.published_at));
  if (!statement.where.empty()) json.StringField("where", statement.where);
  json.StringField("text", statement.text);
  json.Key("account");
  json.BeginObject();
  WriteAccount(statement.account, &json);
  json.EndObject();
  json.EndObject();
  return text;
}

Result<Minutes> ParseMinutes(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text, kReadoutBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Minutes minutes;
  WB_ASSIGN_OR_RETURN(minutes.exchange,
                      object.RequiredParsed("exchange", kUuidBytes, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(minutes.languages, ReadLanguages(&object));
  WB_ASSIGN_OR_RETURN(const json::Array paragraphs,
                      object.RequiredArray("paragraphs", kReadoutParagraphsMax));
  if (paragraphs.size() == 0) return object.Refuse("paragraphs", "must be at least one");
  for (const json::Value value : paragraphs) {
    WB_ASSIGN_OR_RETURN(Paragraph paragraph, ReadParagraph(value, minutes.languages.size()));
    minutes.paragraphs.push_back(std::move(paragraph));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return minutes;
}

Result<Statement> ParseStatement(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text, kReadoutBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Statement statement;
  WB_ASSIGN_OR_RETURN(statement.exchange,
                      object.RequiredParsed("exchange", kUuidBytes, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(const json::Value language, object.Required("language"));
  WB_ASSIGN_OR_RETURN(statement.language, ReadLanguage(language));
  WB_ASSIGN_OR_RETURN(statement.published_at,
                      object.RequiredParsed("published_at", kTimeBytes, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(const auto where, object.OptionalString("where", kStatementWhereBytesMax));
  if (where) {
    if (auto shown = base::CheckDisplayText(*where, kStatementWhereBytesMax, ""); !shown) {
      return object.Refuse("where", shown.error().rule, shown.error().found);
    }
    statement.where = *where;
  }
  WB_ASSIGN_OR_RETURN(const json::Value said, object.Required("text"));
  WB_ASSIGN_OR_RETURN(statement.text, ReadText(said));
  WB_ASSIGN_OR_RETURN(json::Object account, object.RequiredObject("account"));
  WB_ASSIGN_OR_RETURN(statement.account, ReadAccount(&account));
  WB_RETURN_IF_ERROR(account.ExpectNoOtherFields());
  if (statement.account.exchange != statement.exchange) {
    return account.Refuse("exchange", "must be that of the statement",
                          statement.account.exchange.ToString());
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return statement;
}

}  // namespace wideberth::exchange
