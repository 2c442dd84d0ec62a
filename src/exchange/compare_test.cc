#include "exchange/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "exchange/testing/values.h"

namespace wideberth::exchange {
namespace {

using base::PartyId;
using base::UtcMicros;

const PartyId kNorth{base::Uuid::V4FromRandom({1})};
const PartyId kSouth{base::Uuid::V4FromRandom({2})};

Account Call(Initiator who, std::string_view held_at) {
  Account account;
  account.exchange = testing::ExchangeId(1);
  account.initiated_by = who;
  account.held_at = base::ParseRfc3339(held_at).value();
  return account;
}

// As it stands on the node of the first of them.
Exchange Between(const Account& ours, const Account& theirs) {
  Exchange exchange;
  exchange.id = ours.exchange;
  exchange.peer = kSouth;
  exchange.accounts = {StatedAccount{ours, {}}, StatedAccount{theirs, {}}};
  return exchange;
}

// The same on the other node.
Exchange Mirrored(Exchange exchange) {
  exchange.peer = kNorth;
  std::swap(exchange.accounts[0], exchange.accounts[1]);
  for (StoredStatement& each : exchange.statements) each.by_us = !each.by_us;
  std::reverse(exchange.statements.begin(), exchange.statements.end());
  return exchange;
}

void Publish(Exchange* exchange, bool by_us, const Account& account) {
  Statement statement = testing::StatementOf(1);
  statement.exchange = account.exchange;
  statement.account = account;
  exchange->statements.push_back({{}, FormatStatement(statement), by_us, {}});
}

Fact FactNamed(const std::vector<Fact>& facts, std::string_view name) {
  const auto found =
      std::find_if(facts.begin(), facts.end(), [&](const Fact& fact) { return fact.name == name; });
  EXPECT_NE(found, facts.end()) << name;
  return found == facts.end() ? Fact() : *found;
}

std::string Json(const std::vector<Fact>& facts) {
  std::string text;
  json::Writer json(&text);
  WriteFacts(facts, &json);
  return text;
}

agreement::Gazetteer NorthBox() {
  auto ring = geo::Outline::Polygon({{35'800'000'000, 36'000'000'000},
                                     {35'800'000'000, 37'500'000'000},
                                     {36'600'000'000, 37'500'000'000},
                                     {36'600'000'000, 36'000'000'000}});
  return agreement::Gazetteer::Make({{"north of Syria", *ring}}).value();
}

TEST(CompareTest, WhoCalledIsNamedAlikeFromBothSides) {
  // Each says that the other called.
  Exchange exchange = Between(Call(Initiator::kPeer, "2018-09-17T18:39:00Z"),
                              Call(Initiator::kPeer, "2018-09-17T18:39:00Z"));
  Fact who = FactNamed(Compare(exchange, kNorth, {}, nullptr), "initiated_by");
  EXPECT_EQ(who.finding, Finding::kDiffers);
  EXPECT_EQ(who.values, (std::vector<Value>{{kNorth, false, kSouth.ToString()},
                                            {kSouth, false, kNorth.ToString()}}));
  exchange.accounts[1]->account.initiated_by = Initiator::kSelf;
  EXPECT_EQ(FactNamed(Compare(exchange, kNorth, {}, nullptr), "initiated_by").finding,
            Finding::kSame);
  exchange.accounts[1]->account.initiated_by = Initiator::kNotStated;
  EXPECT_EQ(FactNamed(Compare(exchange, kNorth, {}, nullptr), "initiated_by").finding,
            Finding::kOneSideOnly);
  exchange.accounts[0].reset();
  EXPECT_EQ(FactNamed(Compare(exchange, kNorth, {}, nullptr), "initiated_by").finding,
            Finding::kNotSaid);
}

TEST(CompareTest, BothNodesHaveTheSameBytes) {
  Account ours = testing::TestAccount(1);
  Account theirs = Call(Initiator::kSelf, "2027-01-15T12:05:00Z");
  theirs.area = "north of Syria";
  Exchange exchange = Between(ours, theirs);
  Publish(&exchange, true, Call(Initiator::kBoth, "2027-01-15T12:00:00Z"));
  Publish(&exchange, false, Call(Initiator::kSelf, "2027-01-15T12:05:00Z"));
  const agreement::Gazetteer gazetteer = NorthBox();
  EXPECT_EQ(Json(Compare(exchange, kNorth, {}, &gazetteer)),
            Json(Compare(Mirrored(exchange), kSouth, {}, &gazetteer)));
}

TEST(CompareTest, AStatementThatSaysOtherwiseThanItsPartysAccountDiffers) {
  Exchange exchange = Between(Call(Initiator::kSelf, "2018-09-17T18:39:00Z"),
                              Call(Initiator::kPeer, "2018-09-17T18:39:00Z"));
  EXPECT_EQ(FactNamed(Compare(exchange, kNorth, {}, nullptr), "held_at").finding, Finding::kSame);
  Publish(&exchange, true, Call(Initiator::kSelf, "2018-09-17T18:00:00Z"));
  Publish(&exchange, true, Call(Initiator::kSelf, "2018-09-17T18:30:00Z"));
  const Fact held = FactNamed(Compare(exchange, kNorth, {}, nullptr), "held_at");
  EXPECT_EQ(held.finding, Finding::kDiffers);
  ASSERT_EQ(held.values.size(), 3u) << "the last statement counts";
  EXPECT_EQ(held.by, std::vector<std::string>{"540 s"});
}

TEST(CompareTest, WarningTimesAreIntervals) {
  Exchange exchange = Between(Call(Initiator::kSelf, "2018-09-17T18:39:00Z"),
                              Call(Initiator::kSelf, "2018-09-17T18:39:00Z"));
  Account& ours = exchange.accounts[0]->account;
  Account& theirs = exchange.accounts[1]->account;
  const auto lead = [&] { return FactNamed(Compare(exchange, kNorth, {}, nullptr), "lead_time"); };
  ours.lead_time_min_s = 600;  // "more than ten minutes"
  EXPECT_EQ(lead().finding, Finding::kOneSideOnly);
  theirs.lead_time_min_s = theirs.lead_time_max_s = 60;
  EXPECT_EQ(lead().finding, Finding::kDiffers);
  EXPECT_EQ(lead().by, std::vector<std::string>{"at least 540 s"});
  theirs.lead_time_min_s = theirs.lead_time_max_s = 720;
  EXPECT_EQ(lead().finding, Finding::kSame) << "twelve minutes are more than ten";
  theirs.lead_time_max_s = std::nullopt;
  EXPECT_EQ(lead().finding, Finding::kSame) << "there may be one that both mean";
  // What is not said follows from the times that are.
  theirs.lead_time_min_s.reset();
  theirs.starts_at = UtcMicros{theirs.held_at->us + 90 * base::kMicrosPerSecond};
  EXPECT_EQ(lead().finding, Finding::kDiffers);
  EXPECT_EQ(lead().values[1].text, "90 s (starts_at minus held_at)");
}

TEST(CompareTest, ANameIsComparedWithAPlaceByTheGazetteerAlone) {
  Exchange exchange = Between(Call(Initiator::kSelf, "2018-09-17T18:39:00Z"),
                              Call(Initiator::kSelf, "2018-09-17T18:39:00Z"));
  exchange.accounts[0]->account.place = Place{{35'520'000'000, 35'780'000'000}, 1'000'000};
  exchange.accounts[1]->account.area = "North of Syria";
  const auto area = [&](const agreement::Gazetteer* gazetteer) {
    return FactNamed(Compare(exchange, kNorth, {}, gazetteer), "area");
  };
  EXPECT_EQ(area(nullptr).finding, Finding::kNotComparable);
  const agreement::Gazetteer gazetteer = NorthBox();
  EXPECT_EQ(area(&gazetteer).finding, Finding::kDiffers);
  ASSERT_EQ(area(&gazetteer).by.size(), 1u);
  EXPECT_NE(area(&gazetteer).by[0].find(" beyond \"North of Syria\""), std::string::npos);
  exchange.accounts[0]->account.place = Place{{36'200'000'000, 36'700'000'000}, 1'000'000};
  EXPECT_EQ(area(&gazetteer).finding, Finding::kSame) << "the place lies in what was named";
  exchange.accounts[1]->account.area.clear();
  exchange.accounts[1]->account.place = Place{{36'200'000'000, 36'800'000'000}, 1'000'000};
  EXPECT_EQ(area(&gazetteer).finding, Finding::kDiffers);
  EXPECT_EQ(area(&gazetteer).by, std::vector<std::string>{"centres 8994 m apart"});
}

TEST(CompareTest, TheRecordStandsBesideAndDecidesNothing) {
  Exchange exchange = Between(Call(Initiator::kSelf, "2018-09-17T18:39:00Z"),
                              Call(Initiator::kPeer, "2018-09-17T18:39:00Z"));
  exchange.accounts[1]->account.area = "north of Syria";
  RecordFacts record;
  record.notice = base::NoticeId{base::Uuid::V4FromRandom({7})};
  record.released_at = base::ParseRfc3339("2018-09-17T18:39:02Z").value();
  record.received_at = base::ParseRfc3339("2018-09-17T18:39:03Z").value();
  record.starts_at = base::ParseRfc3339("2018-09-17T18:40:00Z").value();
  record.outlines = {*geo::Outline::Circle({35'520'000'000, 35'780'000'000}, 1'000'000)};
  const agreement::Gazetteer gazetteer = NorthBox();
  const std::vector<Fact> without = Compare(exchange, kNorth, {}, &gazetteer);
  const std::vector<Fact> with = Compare(exchange, kNorth, {{record}}, &gazetteer);
  for (size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(with[i].finding, without[i].finding) << with[i].name;
    EXPECT_TRUE(without[i].record.empty());
  }
  EXPECT_NE(FactNamed(with, "lead_time").record.at(0).find("57 s before its start"),
            std::string::npos);
  EXPECT_NE(FactNamed(with, "area").record.at(0).find(" beyond \"north of Syria\""),
            std::string::npos);
  const std::vector<std::string> held = FactNamed(with, "held_at").record;
  ASSERT_EQ(held.size(), 2u);
  EXPECT_NE(held[0].find("released at 2018-09-17T18:39:02Z"), std::string::npos);
  EXPECT_NE(held[1].find("received at 2018-09-17T18:39:03Z"), std::string::npos);
}

}  // namespace
}  // namespace wideberth::exchange
