#include "exchange/readout.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "exchange/acts.h"
#include "exchange/testing/values.h"

namespace wideberth::exchange {
namespace {

using testing::MinutesOf;
using testing::StatementOf;
using testing::TestAccount;

std::string AccountText(const Account& account) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  WriteAccount(account, &json);
  json.EndObject();
  return text;
}

base::Result<Account> Parse(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(Account account, ReadAccount(&object));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return account;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(AccountTest, EveryFieldMakesTheRoundTrip) {
  const Account account = TestAccount(1);
  EXPECT_EQ(Parse(AccountText(account)).value(), account);
  Account least;
  least.exchange = account.exchange;
  least.held_at = account.held_at;
  EXPECT_EQ(Parse(AccountText(least)).value(), least);
  for (const Level level : {Level::kDuty, Level::kCell, Level::kDeputy, Level::kPrincipal}) {
    for (const Initiator who :
         {Initiator::kSelf, Initiator::kPeer, Initiator::kBoth, Initiator::kNotStated}) {
      least.level = level;
      least.initiated_by = who;
      EXPECT_EQ(Parse(AccountText(least)).value(), least);
    }
  }
}

TEST(AccountTest, RefusesByFieldAndRule) {
  const std::string good = AccountText(TestAccount(1));
  struct Case {
    std::string_view from, to, field;
  };
  const Case cases[] = {
      {"\"deputy\"", "\"minister\"", "/level"},
      {"\"voice\"", "\"pigeon\"", "/channel"},
      {"\"scheduled\"", "\"unscheduled\"", "/scheduled_at"},
      {"\"self\"", "\"us\"", "/initiated_by"},
      {"\"flight_safety\"", "\"Flight safety\"", "/subjects/0"},
      {"\"flight_safety\"", "\"\"", "/subjects/0"},
      {"\"hazard\"", "\"flight_safety\"", "/subjects/1"},
      {"\"area\":\"the north\"", "\"area\":\"\"", "/area"},
      {"the north", "the\\u202enorth", "/area"},
      {"the north", "the\\nnorth", "/area"},
      {"\"radius_m\":1500,", "", "/radius_m"},
      {"\"lat\":46.5", "\"lat\":96.5", "/centre/lat"},
      {"\"lead_time_max_s\":900", "\"lead_time_max_s\":899", "/lead_time_max_s"},
      {"\"lead_time_max_s\":900", "\"lead_time_max_s\":99999999999", "/lead_time_max_s"},
      {"2027-01-15T12:00:00Z", "2027-01-15T12:00:00", "/scheduled_at"},
      {"\"level\":", "\"purpose\":\"x\",\"level\":", "/purpose"},
      {"\"exchange\":", "\"exchanges\":", "/exchange"},
  };
  ASSERT_TRUE(Parse(good).has_value()) << good;
  for (const Case& c : cases) {
    const auto read = Parse(Replaced(good, c.from, c.to));
    ASSERT_FALSE(read.has_value()) << c.from << " -> " << c.to;
    EXPECT_EQ(read.error().field, c.field) << read.error().ToString();
    EXPECT_FALSE(read.error().rule.empty());
  }
}

TEST(AccountTest, WhatWasNotScheduledWasHeld) {
  Account account = TestAccount(1);
  account.form = Form::kUnscheduled;
  account.scheduled_at.reset();
  account.held_at.reset();
  const auto read = Parse(AccountText(account));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().field, "/held_at");
}

TEST(MinutesTest, MakeTheRoundTripInEveryScript) {
  const Minutes minutes = MinutesOf(1);
  const std::string text = FormatMinutes(minutes);
  EXPECT_EQ(ParseMinutes(text).value(), minutes);
  EXPECT_EQ(FormatMinutes(ParseMinutes(text).value()), text);
  EXPECT_FALSE(minutes.paragraphs[1].is_public) << "details are private where nothing is said";
}

TEST(MinutesTest, RefuseByFieldAndRule) {
  const std::string good = FormatMinutes(MinutesOf(1));
  const std::pair<std::string, std::string_view> cases[] = {
      {"", ""},
      {"[]", ""},
      {good.substr(0, good.size() - 1), ""},
      {good + good, ""},
      {Replaced(good, "\"ru\"", "\"Russian\""), "/languages/1"},
      {Replaced(good, "\"ru\"", "\"en\""), "/languages/1"},
      {Replaced(good, "[\"en\",\"ru\"]", "[]"), "/languages"},
      {Replaced(good, "[\"en\",\"ru\"]", "[\"en\"]"), "/paragraphs/0/texts"},
      {Replaced(good, "\"The line", "\" \\n"), ""},
      {Replaced(good, "\"public\":true", "\"public\":1"), "/paragraphs/0/public"},
      {Replaced(good, "\"public\":true", "\"secret\":true"), "/paragraphs/0/secret"},
      {Replaced(good, "The line", "The\\u2066 line"), "/paragraphs/0/texts/0"},
      {Replaced(good, "The line", "The\\u0007 line"), "/paragraphs/0/texts/0"},
      {Replaced(good, "The line was tested.", ""), "/paragraphs/0/texts/0"},
      {Replaced(good, "The line", std::string(kReadoutTextBytesMax + 1, 'x')),
       "/paragraphs/0/texts/0"},
  };
  for (const auto& [text, field] : cases) {
    const auto read = ParseMinutes(text);
    if (field.empty() && read.has_value()) continue;  // still says something
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().field, field) << read.error().ToString();
  }
  Minutes many = MinutesOf(1);
  many.paragraphs.assign(kReadoutParagraphsMax + 1, many.paragraphs[0]);
  EXPECT_EQ(ParseMinutes(FormatMinutes(many)).error().field, "/paragraphs");
  many.paragraphs.clear();
  EXPECT_EQ(ParseMinutes(FormatMinutes(many)).error().field, "/paragraphs");
}

TEST(StatementTest, MakesTheRoundTripAndIsOfOneExchange) {
  const Statement statement = StatementOf(1);
  EXPECT_EQ(ParseStatement(FormatStatement(statement)).value(), statement);
  Statement other = statement;
  other.account.exchange = TestAccount(2).exchange;
  EXPECT_EQ(ParseStatement(FormatStatement(other)).error().field, "/account/exchange");
  const std::string text = FormatStatement(statement);
  EXPECT_EQ(ParseStatement(Replaced(text, "press office", "press\\noffice")).error().field,
            "/where");
  EXPECT_EQ(
      ParseStatement(Replaced(text, "\"language\":\"en\"", "\"language\":\"e\"")).error().field,
      "/language");
}

TEST(ReadoutTest, EveryBitFlipIsReadAsItIsOrRefused) {
  for (const std::string& good : {FormatMinutes(MinutesOf(1)), FormatStatement(StatementOf(1))}) {
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 0x10);
      if (const auto minutes = ParseMinutes(bad)) {
        EXPECT_EQ(ParseMinutes(FormatMinutes(*minutes)).value(), *minutes);
      }
      if (const auto statement = ParseStatement(bad)) {
        EXPECT_EQ(ParseStatement(FormatStatement(*statement)).value(), *statement);
      }
    }
  }
}

TEST(LanguageTest, AsAgreementsListThem) {
  for (const char* good : {"en", "ru", "heb", "sr-Latn", "zh-Hant"}) {
    EXPECT_TRUE(IsLanguage(good)) << good;
  }
  for (const char* bad :
       {"", "e", "EN", "engl", "en-", "en-x", "en_US", "sr-Latn-RS", "en-123456789"}) {
    EXPECT_FALSE(IsLanguage(bad)) << bad;
  }
}

TEST(ActsTest, AVerdictIsOneOfTwoWords) {
  const auto document = json::Document::Parse(
      R"({"exchange":"00000000-0000-4000-8000-000000000001","readout_sha256":")" +
      std::string(64, 'a') + R"(","paragraphs":["agreed","perhaps"]})");
  json::Object object = document->root().AsObject().value();
  SignReadout sign;
  EXPECT_EQ(Read(&object, &sign).error().field, "/paragraphs/1");
}

}  // namespace
}  // namespace wideberth::exchange
