// The routes of the API against a real server: what each does, and who may see what.
#include "api/node/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "api/node/answer.h"
#include "api/node/testing/fixture.h"
#include "json/writer.h"

namespace wideberth::api::node {
namespace {

using net::Method;
using testing::Answer;
using testing::DeclarationJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NoticeId;
using testing::NoticePath;
using testing::PutBody;
using testing::Sketch;
using ::testing::StartsWith;
using testing::TestNode;

std::string VersionBody(const Answer& answer, std::string_view more = {}) {
  return "{\"version\":\"" + answer.Text("/version") + "\"" + std::string(more) + "}";
}

Sketch Hazard() {
  Sketch sketch;
  sketch.kind = "hazard";
  sketch.more = "\"hazard\":{\"class\":\"live_firing\"},";
  return sketch;
}

Sketch Zone() {
  Sketch sketch;
  sketch.kind = "zone";
  sketch.more = "\"restriction\":\"PROHIBITED\",";
  return sketch;
}

TEST(RoutesTest, AreThoseOfTheFile) {
  std::vector<std::string> served;
  for (const RouteInfo& route : Api::Routes()) {
    std::string line(net::MethodName(route.method));
    line.append(" ").append(route.pattern);
    const std::string_view scope = ScopeName(route.scope);
    if (!scope.empty()) line.append(" ").append(scope);
    if (route.scope != Scope::kNone && route.scope != Scope::kHeartbeat) line.append(" session");
    served.push_back(std::move(line));
  }
  std::sort(served.begin(), served.end());
  EXPECT_EQ(served, testing::OpenApi(OpenApiDocument()).Operations());
}

TEST(RoutesTest, WhatIsNotThereIsRefused) {
  TestNode node;
  EXPECT_EQ(node.Get("north", "/v1/nothing").status, 404);
  EXPECT_EQ(node.Get("north", "/v2/notices").status, 404);
  EXPECT_EQ(node.Do("north", Method::kDelete, NoticePath(1)).status, 405);
}

TEST(OpenApiTest, TheCheckerFindsWhatIsWrong) {
  const testing::OpenApi api(OpenApiDocument());
  EXPECT_EQ(api.CheckAgainst("LatLng", R"({"lat":1,"lng":2.5})"), "");
  EXPECT_THAT(api.CheckAgainst("LatLng", R"({"lat":91,"lng":2.5})"), HasSubstr("bounds"));
  EXPECT_THAT(api.CheckAgainst("LatLng", R"({"lat":1})"), HasSubstr("must have lng"));
  EXPECT_THAT(api.CheckAgainst("LatLng", R"({"lat":1,"lng":2,"x":0})"), HasSubstr("must not have"));
  EXPECT_THAT(api.CheckAgainst("LatLng", R"({"lat":"1","lng":2})"), HasSubstr("type"));
  EXPECT_THAT(api.CheckAgainst("Kind", R"("target")"), HasSubstr("one of"));
  EXPECT_THAT(api.CheckAgainst("Time", R"("2027-01-15T13:00:00")"), HasSubstr("date-time"));
  EXPECT_THAT(api.CheckAgainst("Digest", R"("12")"), HasSubstr("match"));
  EXPECT_THAT(api.CheckAgainst("Altitude", R"({"unlimited":true,"value":1})"), HasSubstr("oneOf"));
  EXPECT_EQ(api.CheckAgainst("Declaration", DeclarationJson()), "");
  EXPECT_EQ(api.CheckResponse(Method::kGet, "/healthy", net::TextResponse(200, "ok\n")), "");
  EXPECT_NE(api.CheckResponse(Method::kGet, "/healthy", net::TextResponse(200, "well")), "");
  EXPECT_NE(api.CheckResponse(Method::kGet, "/healthy", net::TextResponse(204, "")), "");
  EXPECT_NE(api.CheckResponse(Method::kGet, "/healthy", net::JsonResponse(200, "{}")), "");
}

TEST(PutNoticeTest, SaysAtOnceWhatConflicts) {
  TestNode node;
  const Answer first = node.Put("north", NoticePath(1), PutBody());
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.Text("/notice"), NoticeId(1));
  EXPECT_EQ(first.Text("/version_number"), "1");
  EXPECT_EQ(first.Text("/late"), "false");
  EXPECT_EQ(first.Text("/lead_time_s"), "3600");
  EXPECT_EQ(first.json.Size("/conflicts"), 0);

  // 0.05 degrees are 3.8 km here, so 1.8 km between the circles: under the agreed 5 km.
  const Answer second = node.Put("south", NoticePath(2), PutBody({.lng = 6.55}));
  EXPECT_EQ(second.status, 201);
  ASSERT_EQ(second.json.Size("/conflicts"), 1);
  EXPECT_EQ(second.Text("/conflicts/0/verdict"), "certain");
  EXPECT_EQ(second.Text("/conflicts/0/treatment"), "separation");
  EXPECT_EQ(second.Text("/conflicts/0/state"), "open");
  EXPECT_EQ(second.Text("/conflicts/0/sides/0/notice"), NoticeId(1));
  EXPECT_EQ(second.Text("/conflicts/0/sides/0/party/name"), "north");
  EXPECT_EQ(second.Text("/conflicts/0/sides/0/role_to_call"), "duty officer");
  EXPECT_EQ(second.Text("/conflicts/0/sides/1/party/name"), "south");
  EXPECT_THAT(second.Text("/conflicts/0/why"), StartsWith("certain: the areas are 18"));

  // The same request again is answered alike, by both.
  const Answer again = node.Put("south", NoticePath(2), PutBody({.lng = 6.55}));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, second.body);
}

TEST(PutNoticeTest, LateIsKeptAndLabelled) {
  TestNode node;
  const Answer late = node.Put("north", NoticePath(1), PutBody({.start = "2027-01-15T12:14:59Z"}));
  EXPECT_EQ(late.status, 201);
  EXPECT_EQ(late.Text("/late"), "true");
  EXPECT_EQ(late.Text("/lead_time_s"), "899");
}

TEST(PutNoticeTest, AnotherVersionMustNameTheOneItReplaces) {
  TestNode node;
  const Answer first = node.Put("north", NoticePath(1), PutBody());
  const Answer blind = node.Put("north", NoticePath(1), PutBody({.upper_m = 1300}));
  EXPECT_EQ(blind.status, 409);
  EXPECT_EQ(blind.Text("/error/field"), "/replaces");
  const Answer second =
      node.Put("north", NoticePath(1),
               PutBody({.upper_m = 1300}, ",\"replaces\":\"" + first.Text("/version") + "\""));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.Text("/version_number"), "2");
  const Answer kind =
      node.Put("north", NoticePath(1),
               PutBody(Hazard(), ",\"replaces\":\"" + second.Text("/version") + "\""));
  EXPECT_EQ(kind.status, 400);
  EXPECT_EQ(kind.Text("/error/field"), "/declaration/kind");

  const Answer notice = node.Get("south", NoticePath(1));
  EXPECT_EQ(notice.json.Size("/versions"), 2);
  EXPECT_EQ(notice.Text("/versions/0/author"), "superseded");
  EXPECT_EQ(notice.Text("/notice/latest/digest"), second.Text("/version"));
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/1")).Text("/digest"), first.Text("/version"));
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/3")).status, 404);
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/x")).status, 400);
}

TEST(PutNoticeTest, AnIdBelongsToWhoUsedItFirst) {
  TestNode node;
  EXPECT_EQ(node.Put("north", NoticePath(1), PutBody()).status, 201);
  const Answer taken = node.Put("south", NoticePath(1), PutBody());
  EXPECT_EQ(taken.status, 403);
  EXPECT_EQ(taken.Text("/error/field"), "id");
}

TEST(CheckTest, StoresNothing) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  const std::string before = node.Get("south", "/v1/status").Text("/durable_seq");
  const Answer check = node.Post("south", "/v1/check", PutBody({.lng = 6.55}));
  EXPECT_EQ(check.status, 200);
  ASSERT_EQ(check.json.Size("/conflicts"), 1);
  EXPECT_EQ(node.Get("south", "/v1/status").Text("/durable_seq"), before);
  EXPECT_EQ(node.Get("south", "/v1/conflicts").json.Size("/conflicts"), 0);
  const std::string mine = ",\"notice\":\"" + NoticeId(2) + "\"";
  const Answer named = node.Post("south", "/v1/check", PutBody({.lng = 6.55}, mine));
  const Answer stored = node.Put("south", NoticePath(2), PutBody({.lng = 6.55}));
  EXPECT_EQ(named.Text("/version"), stored.Text("/version"));
  EXPECT_EQ(named.Text("/conflicts/0/id"), stored.Text("/conflicts/0/id"));
  const std::string others = ",\"notice\":\"" + NoticeId(1) + "\"";
  EXPECT_EQ(node.Post("south", "/v1/check", PutBody({}, others)).status, 403);
}

TEST(ActsTest, ActivityIsFlownAndEnds) {
  TestNode node;
  const Answer put = node.Put("north", NoticePath(1), PutBody());
  EXPECT_EQ(node.Put("south", NoticePath(2), PutBody()).json.Size("/conflicts"), 1);
  const auto activity = [&](std::string_view word) {
    return node.Post("north", NoticePath(1, "activity"),
                     VersionBody(put, ",\"activity\":\"" + std::string(word) + "\""));
  };
  EXPECT_EQ(activity("all_clear").status, 400);
  EXPECT_EQ(activity("lost").status, 400);
  EXPECT_EQ(activity("active").json.Size("/conflicts"), 1);
  EXPECT_EQ(activity("active").status, 200);
  EXPECT_EQ(activity("ended").json.Size("/conflicts"), 0);
  EXPECT_EQ(activity("active").status, 409);
  EXPECT_EQ(node.Get("north", NoticePath(1)).Text("/notice/activity"), "ended");
  EXPECT_EQ(node.Get("south", "/v1/conflicts?live=true").json.Size("/conflicts"), 0);
  EXPECT_EQ(node.Get("south", "/v1/conflicts?live=false").json.Size("/conflicts"), 1);
}

TEST(ActsTest, AHazardIsClearedAfterItsDwellTimeAndNeverWithdrawn) {
  TestNode node;
  const Answer put = node.Put("north", NoticePath(1), PutBody(Hazard()));
  const std::string ended = VersionBody(put, ",\"activity\":\"ended\"");
  EXPECT_EQ(node.Post("north", NoticePath(1, "all_clear"), VersionBody(put)).status, 409);
  node.clock().Pass(90 * base::kMicrosPerMinute);
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"), VersionBody(put)).status, 409);
  EXPECT_EQ(node.Post("north", NoticePath(1, "activity"), ended).status, 200);
  EXPECT_EQ(node.Post("north", NoticePath(1, "all_clear"), VersionBody(put)).status, 409);
  node.clock().Pass(45 * base::kMicrosPerMinute);
  EXPECT_EQ(node.Post("south", NoticePath(1, "all_clear"), VersionBody(put)).status, 403);
  const std::string observed = VersionBody(put, ",\"no_longer_observed\":true");
  EXPECT_EQ(node.Post("north", NoticePath(1, "all_clear"), observed).status, 400);
  EXPECT_EQ(node.Post("north", NoticePath(1, "all_clear"), VersionBody(put)).status, 200);
  EXPECT_EQ(node.Get("south", NoticePath(1)).Text("/notice/activity"), "all_clear");
}

TEST(ActsTest, WithdrawingNamesTheLatestVersion) {
  TestNode node;
  const Answer put = node.Put("north", NoticePath(1), PutBody());
  const std::string wrong = "{\"version\":\"" + std::string(64, '0') + "\"}";
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"), wrong).status, 409);
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"), "{}").Text("/error/field"), "/version");
  EXPECT_EQ(node.Post("north", NoticePath(9, "withdraw"), wrong).status, 404);
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"), VersionBody(put)).status, 200);
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"), VersionBody(put)).status, 200);
  EXPECT_EQ(node.Get("south", NoticePath(1)).Text("/notice/latest/author"), "withdrawn");
}

TEST(ActsTest, AssessmentsAndDisseminationAreBetweenTwoParties) {
  TestNode node;
  const Answer put = node.Put("north", NoticePath(1), PutBody());
  const auto assess = [&](std::string_view party, std::string_view more) {
    return node.Post(party, NoticePath(1, "assessment"), VersionBody(put, more)).status;
  };
  EXPECT_EQ(assess("north", ",\"assessment\":\"objection\""), 403);
  EXPECT_EQ(assess("south", ",\"assessment\":\"need_time\""), 400);
  EXPECT_EQ(
      assess("south", ",\"assessment\":\"need_time\",\"need_time_until\":\"2027-01-15T12:30:00Z\""),
      200);
  EXPECT_EQ(assess("east", ",\"assessment\":\"no_objection\""), 200);
  const std::string told = "{\"units_told\":true}";
  EXPECT_EQ(node.Post("south", NoticePath(1, "dissemination"), told).status, 200);
  EXPECT_EQ(node.Post("south", NoticePath(1, "dissemination"), "{}").status, 400);
  EXPECT_EQ(node.Post("south", NoticePath(1, "dissemination"), "{\"units_told\":false}").status,
            400);

  EXPECT_EQ(node.Get("north", NoticePath(1)).json.Size("/notice/recipients"), 2);
  const Answer south = node.Get("south", NoticePath(1));
  ASSERT_EQ(south.json.Size("/notice/recipients"), 1);
  EXPECT_EQ(south.Text("/notice/recipients/0/assessment"), "need_time");
  EXPECT_EQ(south.Text("/notice/recipients/0/units_told"), "2027-01-15T12:00:00Z");
  const Answer east = node.Get("east", NoticePath(1));
  ASSERT_EQ(east.json.Size("/notice/recipients"), 1);
  EXPECT_EQ(east.Text("/notice/recipients/0/party/name"), "east");
}

TEST(ConflictsTest, AreSeenAndMeasuresAgreed) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  const Answer put = node.Put("south", NoticePath(2), PutBody());
  const std::string path = "/v1/conflicts/" + put.Text("/conflicts/0/id");
  EXPECT_EQ(node.Post("north", path + "/seen", "").Text("/state"), "open");
  EXPECT_EQ(node.Post("south", path + "/seen", "{}").Text("/state"), "seen");
  const std::string measures = "{\"measures\":\"north:change_height\"}";
  EXPECT_EQ(node.Post("north", path + "/measures", measures).Text("/state"), "proposed");
  EXPECT_EQ(node.Post("south", path + "/measures", measures).Text("/state"), "kept");
  EXPECT_EQ(node.Get("north", path).Text("/sides/1/measures"), "north:change_height");
  EXPECT_EQ(node.Post("north", path + "/measures", "{\"measures\":\"Strike at Dawn\"}").status,
            400);
  EXPECT_EQ(node.Post("east", path + "/seen", "{}").status, 404);
  EXPECT_EQ(node.Get("east", path).status, 404);
  EXPECT_EQ(node.Get("north", "/v1/conflicts/12").status, 400);
  EXPECT_EQ(node.Get("north", "/v1/conflicts/" + std::string(64, 'a')).status, 404);
}

TEST(VisibilityTest, DraftsAreSeenByTheirPartyAlone) {
  TestNode node;
  const std::string draft = ",\"draft\":true";
  EXPECT_EQ(node.Put("north", NoticePath(1), PutBody({}, draft)).status, 201);
  EXPECT_EQ(node.Get("north", NoticePath(1)).Text("/notice/latest/author"), "draft");
  EXPECT_EQ(node.Get("south", NoticePath(1)).status, 404);
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/1")).status, 404);
  EXPECT_EQ(node.Get("south", "/v1/notices").json.Size("/notices"), 0);
  EXPECT_EQ(node.Get("south", "/v1/notices?format=geojson").json.Size("/features"), 0);
  EXPECT_EQ(node.Put("south", NoticePath(2), PutBody()).json.Size("/conflicts"), 0);
  EXPECT_EQ(node.Post("south", "/v1/check", PutBody()).json.Size("/conflicts"), 0);

  // Released: the same content without the word, and everybody sees it.
  const Answer released = node.Put("north", NoticePath(1), PutBody());
  EXPECT_EQ(released.status, 200);
  EXPECT_EQ(released.Text("/version_number"), "1");
  EXPECT_EQ(released.json.Size("/conflicts"), 1);
  EXPECT_EQ(node.Get("south", NoticePath(1)).status, 200);

  // A draft over it stays inside again.
  node.Put(
      "north", NoticePath(1),
      PutBody({.upper_m = 1500}, draft + ",\"replaces\":\"" + released.Text("/version") + "\""));
  EXPECT_EQ(node.Get("north", NoticePath(1)).json.Size("/versions"), 2);
  const Answer south = node.Get("south", NoticePath(1));
  EXPECT_EQ(south.json.Size("/versions"), 1);
  EXPECT_EQ(south.Text("/notice/latest/digest"), released.Text("/version"));
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/2")).status, 404);
}

TEST(VisibilityTest, HeldPlansAndTheirConflictsAreSeenByTheirPartyAlone) {
  TestNode node;
  const std::string held = ",\"held\":true";
  node.Put("south", NoticePath(2), PutBody());
  const Answer put = node.Put("north", NoticePath(1), PutBody({}, held));
  ASSERT_EQ(put.status, 201);
  ASSERT_EQ(put.json.Size("/conflicts"), 1);
  EXPECT_EQ(put.Text("/conflicts/0/local"), "true");
  const std::string conflict = "/v1/conflicts/" + put.Text("/conflicts/0/id");
  EXPECT_EQ(node.Get("north", NoticePath(1)).Text("/notice/latest/author"), "held");
  EXPECT_EQ(node.Get("north", conflict).status, 200);
  EXPECT_EQ(node.Get("north", "/v1/conflicts").json.Size("/conflicts"), 1);

  EXPECT_EQ(node.Get("south", NoticePath(1)).status, 404);
  EXPECT_EQ(node.Get("south", NoticePath(1, "versions/1")).status, 404);
  EXPECT_EQ(node.Get("south", "/v1/notices").json.Size("/notices"), 1);
  EXPECT_EQ(node.Get("south", "/v1/notices?format=geojson").json.Size("/features"), 1);
  EXPECT_EQ(node.Get("south", conflict).status, 404);
  EXPECT_EQ(node.Get("south", "/v1/conflicts").json.Size("/conflicts"), 0);
  EXPECT_EQ(node.Get("south", "/v1/conflicts?format=geojson").json.Size("/features"), 0);
  EXPECT_EQ(node.Post("south", conflict + "/seen", "{}").status, 404);
  EXPECT_EQ(node.Post("south", NoticePath(1, "dissemination"), "{\"units_told\":true}").status,
            404);
  EXPECT_EQ(node.Post("south", "/v1/check", PutBody()).json.Size("/conflicts"), 0);
  const Answer again = node.Put("south", NoticePath(2), PutBody());
  EXPECT_EQ(again.json.Size("/conflicts"), 0);

  EXPECT_EQ(node.Post("north", conflict + "/seen", "{}").Text("/state"), "seen");
  const std::string replaces = ",\"replaces\":\"" + put.Text("/version") + "\"";
  EXPECT_EQ(node.Put("north", NoticePath(1), PutBody({.upper_m = 1500}, replaces)).status, 409);
}

TEST(VisibilityTest, ADraftThatWasNeverDeclaredStaysInsideWhateverBecomesOfIt) {
  TestNode node;
  const std::string draft = ",\"draft\":true";
  const Answer first = node.Put("north", NoticePath(1), PutBody({}, draft));
  EXPECT_EQ(node.Post("north", NoticePath(1, "withdraw"),
                      "{\"version\":\"" + first.Text("/version") + "\"}")
                .status,
            200);
  EXPECT_EQ(node.Get("south", NoticePath(1)).status, 404);
  const Answer second = node.Put("north", NoticePath(2), PutBody({}, draft));
  node.Put("north", NoticePath(2),
           PutBody({.upper_m = 1500}, ",\"replaces\":\"" + second.Text("/version") + "\""));
  const Answer south = node.Get("south", NoticePath(2));
  EXPECT_EQ(south.status, 200);
  EXPECT_EQ(south.json.Size("/versions"), 1);
  EXPECT_EQ(south.Text("/versions/0/checked"), "true");
  EXPECT_EQ(node.Get("south", NoticePath(2, "versions/1")).status, 404);
  EXPECT_EQ(node.Get("north", NoticePath(2)).Text("/versions/0/checked"), "false");
}

TEST(VisibilityTest, ConflictsAreSeenByTheirTwoPartiesAlone) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  node.Put("south", NoticePath(2), PutBody());
  node.Put("east", NoticePath(3), PutBody({.lng = 8.5}));
  EXPECT_EQ(node.Get("north", "/v1/conflicts").json.Size("/conflicts"), 1);
  EXPECT_EQ(node.Get("south", "/v1/conflicts").json.Size("/conflicts"), 1);
  EXPECT_EQ(node.Get("east", "/v1/conflicts").json.Size("/conflicts"), 0);
  EXPECT_EQ(node.Get("east", "/v1/conflicts?format=geojson").json.Size("/features"), 0);
  // What others released is for everybody.
  EXPECT_EQ(node.Get("east", "/v1/notices").json.Size("/notices"), 3);
}

TEST(VisibilityTest, TheImportedOriginalStaysInside) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody({.upper_m = 1777}));
  for (const char* party : {"north", "south"}) {
    const Answer notice = node.Get(party, NoticePath(1));
    EXPECT_EQ(notice.body.find("original"), std::string::npos);
  }
}

TEST(OriginalTest, AZoneKeepsWhatItWasImportedFromForItsPublisherAlone) {
  TestNode node;
  const std::string original =
      R"({"format":"ed269","index":0,"feature":{"identifier":"Z1","reason":["NATURE"]}})";
  std::string quoted;
  json::AppendQuoted(&quoted, original);
  const std::string more = ",\"original\":" + quoted;
  ASSERT_EQ(node.Put("north", NoticePath(1), PutBody(Zone(), more)).status, 201);
  EXPECT_EQ(node.Get("north", NoticePath(1, "original")).Text("/original"), original);
  EXPECT_EQ(node.Get("south", NoticePath(1, "original")).status, 404);
  EXPECT_EQ(node.Get("south", NoticePath(1)).body.find("NATURE"), std::string::npos);
  EXPECT_EQ(node.Get("north", "/v1/notices").body.find("NATURE"), std::string::npos);

  ASSERT_EQ(node.Put("north", NoticePath(2), PutBody(Zone())).status, 201);
  EXPECT_EQ(node.Get("north", NoticePath(2, "original")).status, 404);

  const Answer no_zone = node.Put("north", NoticePath(3), PutBody({}, more));
  EXPECT_EQ(no_zone.status, 400);
  EXPECT_EQ(no_zone.Text("/error/field"), "/original");
  const Answer no_original =
      node.Put("north", NoticePath(4), PutBody(Zone(), ",\"original\":\"{}\""));
  EXPECT_EQ(no_original.status, 400);
  EXPECT_EQ(no_original.Text("/error/field"), "/original");
  EXPECT_EQ(node.Post("north", "/v1/check", PutBody(Zone(), more)).status, 400);
}

TEST(ListTest, FiltersAndPages) {
  TestNode node;
  for (int i = 1; i <= 5; ++i) {
    const std::string party = i % 2 == 0 ? "south" : "north";
    node.Put(party, NoticePath(i), PutBody({.data_mode = i == 5 ? "EXERCISE" : "REAL"}));
  }
  node.Put("north", NoticePath(6), PutBody(Hazard()));
  const auto count = [&](std::string_view query) {
    return node.Get("north", "/v1/notices?" + std::string(query)).json.Size("/notices");
  };
  EXPECT_EQ(count(""), 6);
  EXPECT_EQ(count("data_mode=EXERCISE"), 1);
  EXPECT_EQ(count("party=south"), 2);
  EXPECT_EQ(count("kind=hazard"), 1);
  EXPECT_EQ(count("in_force=true"), 6);
  EXPECT_EQ(count("in_force=false"), 0);

  std::set<std::string> seen;
  std::string after = "0";
  int pages = 0;
  for (; !after.empty() && pages < 10; ++pages) {
    const Answer page = node.Get("north", "/v1/notices?limit=2&data_mode=REAL&after=" + after);
    for (int64_t i = 0; i < page.json.Size("/notices"); ++i) {
      seen.insert(page.Text("/notices/" + std::to_string(i) + "/id"));
    }
    after = page.Text("/next");
  }
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(pages, 3);

  const Answer geo = node.Get("north", "/v1/notices?format=geojson&limit=2&data_mode=REAL");
  EXPECT_EQ(geo.content_type, "application/geo+json");
  EXPECT_EQ(geo.json.Size("/features"), 2);
  const std::string link(geo.headers.Find("link").value_or(""));
  EXPECT_THAT(link, StartsWith("</v1/notices?after="));
  EXPECT_THAT(link, HasSubstr("&format=geojson&limit=2&data_mode=REAL>; rel=\"next\""));
  EXPECT_GE(node.Get("south", "/v1/conflicts?format=geojson").json.Size("/features"), 1);
}

TEST(ListTest, ConflictFilters) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  node.Put("south", NoticePath(2), PutBody());
  node.Put("south", NoticePath(3), PutBody(Hazard()));
  node.Put("south", NoticePath(4), PutBody({.data_mode = "TEST"}));
  node.Put("north", NoticePath(5), PutBody({.data_mode = "TEST"}));
  const auto count = [&](std::string_view query) {
    return node.Get("north", "/v1/conflicts?" + std::string(query)).json.Size("/conflicts");
  };
  EXPECT_EQ(count(""), 3);
  EXPECT_EQ(count("data_mode=TEST"), 1);
  EXPECT_EQ(count("state=open"), 3);
  EXPECT_EQ(count("state=kept"), 0);
  EXPECT_EQ(count("treatment=separation"), 3);
  EXPECT_EQ(count("treatment=listed"), 0);
  EXPECT_EQ(count("notice=" + NoticeId(2)), 1);
  EXPECT_EQ(count("limit=2"), 2);
}

TEST(ListTest, QueriesAreReadStrictly) {
  TestNode node;
  for (const char* query :
       {"limit=0", "limit=10001", "limit=x", "limit=1&limit=2", "after=-1", "data_mode=real",
        "kind=unit", "party=west", "in_force=yes", "format=xml", "colour=red"}) {
    const Answer answer = node.Get("north", "/v1/notices?" + std::string(query));
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_THAT(answer.Text("/error/field"), StartsWith("?")) << query;
  }
  EXPECT_EQ(node.Get("north", "/v1/conflicts?state=closed").status, 400);
  EXPECT_EQ(node.Get("north", "/v1/conflicts?notice=1").status, 400);
  EXPECT_EQ(node.Get("north", NoticePath(1) + "?x=1").status, 400);
  EXPECT_EQ(node.Put("north", NoticePath(1) + "?x=1", PutBody()).status, 400);
  EXPECT_EQ(node.Get("north", "/v1/status?x=1").status, 400);
  EXPECT_EQ(node.Get("", "/healthy?x=1").status, 400);
}

TEST(HouseTest, StatusAndRules) {
  TestNode node;
  node.Put("south", NoticePath(1), PutBody());
  const Answer status = node.Get("north", "/v1/status");
  EXPECT_EQ(status.Text("/party/name"), "north");
  EXPECT_EQ(status.Text("/times/REAL"), "2027-01-15T12:00:00Z");
  EXPECT_FALSE(status.json.Has("/counts"));
  EXPECT_EQ(node.Get("admin", "/v1/status").Text("/counts/in_force"), "1");
  const Answer rules = node.Get("north", "/v1/rules");
  EXPECT_EQ(rules.Text("/digest"), status.Text("/rules"));
  EXPECT_EQ(rules.json.Size("/parties"), 3);
  EXPECT_EQ(rules.Text("/separations/0/lateral_m"), "5000");
  EXPECT_EQ(rules.Text("/hazard_dwell_s/live_firing"), "2700");
  EXPECT_EQ(node.Get("", "/v1/openapi.json").body, OpenApiDocument());
  EXPECT_EQ(node.Get("", "/healthy").body, "ok\n");
}

TEST(HouseTest, TheClocksOfDrillsCanBeSet) {
  TestNode node;
  const auto set = [&](std::string_view party, std::string_view mode, std::string_view time,
                       std::string_view rate) {
    return node.Put(party, "/v1/clock",
                    "{\"data_mode\":\"" + std::string(mode) + "\",\"time\":\"" + std::string(time) +
                        "\",\"rate\":" + std::string(rate) + "}");
  };
  EXPECT_EQ(set("north", "EXERCISE", "2027-02-01T00:00:00Z", "1").status, 403);
  EXPECT_EQ(set("admin", "EXERCISE", "2027-02-01T00:00:00Z", "60").status, 200);
  node.clock().Pass(base::kMicrosPerMinute);
  const Answer status = node.Get("north", "/v1/status");
  EXPECT_EQ(status.Text("/times/EXERCISE"), "2027-02-01T01:00:00Z");
  EXPECT_EQ(status.Text("/times/REAL"), "2027-01-15T12:01:00Z");
  // An act in the drill fixes its time: from there it goes forward only.
  EXPECT_EQ(node.Put("north", NoticePath(1),
                     PutBody({.data_mode = "EXERCISE",
                              .start = "2027-02-02T00:00:00Z",
                              .end = "2027-02-03T00:00:00Z"}))
                .status,
            201);
  EXPECT_EQ(set("admin", "REAL", "2027-02-01T00:00:00Z", "1").Text("/error/field"), "/data_mode");
  EXPECT_EQ(set("admin", "EXERCISE", "2027-01-31T00:00:00Z", "1").status, 409);
  EXPECT_EQ(set("admin", "TEST", "2027-02-01T00:00:00Z", "0").Text("/error/field"), "/rate");
  EXPECT_EQ(set("admin", "TEST", "2027-02-01T00:00:00Z", "100001").status, 400);
}

// The names are an interface: dashboards and alarms are built on them.
TEST(HouseTest, MetricsHaveTheseNames) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  const std::string text = node.Get("", "/metrics").body;
  std::set<std::string> names;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text.compare(at, 7, "# TYPE ") != 0) continue;
    names.insert(text.substr(at + 7, text.find(' ', at + 7) - at - 7));
  }
  std::erase_if(names, [](const std::string& name) { return name.starts_with("wideberth_http_"); });
  EXPECT_THAT(
      names,
      ElementsAre("wideberth_conflicts", "wideberth_conflicts_live", "wideberth_index_bytes",
                  "wideberth_index_entries", "wideberth_index_vertex_bytes",
                  "wideberth_index_volumes", "wideberth_log_records_dropped_total",
                  "wideberth_notices", "wideberth_notices_in_force",
                  "wideberth_sequencer_batches_total", "wideberth_sequencer_commands_total",
                  "wideberth_sequencer_overloaded_total", "wideberth_sequencer_refused_total",
                  "wideberth_store_append_seconds_total", "wideberth_store_durable_seq",
                  "wideberth_store_failed", "wideberth_store_refusing_writes"));
  EXPECT_THAT(text, HasSubstr("\nwideberth_notices 1\n"));
  EXPECT_THAT(text, HasSubstr("\nwideberth_http_requests_total "));
}

TEST(DurabilityTest, WhatWasAnsweredIsThereAfterAPowerCut) {
  auto disk = std::make_shared<store::memory::MemoryDisk>();
  Answer before;
  {
    TestNode node(disk);
    node.Put("north", NoticePath(1), PutBody());
    before = node.Put("south", NoticePath(2), PutBody());
    disk->CutPower(0);
  }
  TestNode node(disk);
  EXPECT_EQ(node.Put("south", NoticePath(2), PutBody()).body, before.body);
  EXPECT_EQ(node.Get("north", "/v1/conflicts").json.Size("/conflicts"), 1);
}

TEST(DurabilityTest, AFailingDiskEndsInRefusals) {
  TestNode node;
  EXPECT_EQ(node.Put("north", NoticePath(1), PutBody()).status, 201);
  node.disk().FailSync(1);
  const Answer refused = node.Put("north", NoticePath(2), PutBody());
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Text("/error/code"), "storage");
  EXPECT_EQ(node.Put("north", NoticePath(3), PutBody()).status, 503);
  EXPECT_EQ(node.Get("", "/healthy").status, 503);
  // What was applied and is not durable is never shown.
  EXPECT_EQ(node.Get("north", "/v1/notices").status, 503);
  EXPECT_EQ(node.failures(), 1u);
}

TEST(DurabilityTest, AFullDiskRefusesWritesAndServesReads) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  node.server().node().sequencer().SetRefusal(
      base::Error{base::ErrorCode::kStorage, "", "the disk is nearly full", "1"});
  EXPECT_EQ(node.Put("north", NoticePath(2), PutBody()).status, 503);
  EXPECT_EQ(node.Get("north", "/v1/notices").json.Size("/notices"), 1);
  EXPECT_THAT(node.Get("north", "/v1/status").Text("/refusing_writes"), HasSubstr("nearly full"));
  EXPECT_EQ(node.Get("", "/healthy").status, 200);
}

}  // namespace
}  // namespace wideberth::api::node
