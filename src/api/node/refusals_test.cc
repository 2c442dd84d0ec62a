// Bad input gets a clear refusal over HTTP, and costs nothing already accepted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "api/node/testing/fixture.h"
#include "base/limits.h"
#include "json/writer.h"

namespace wideberth::api::node {
namespace {

using net::Method;
using testing::Answer;
using testing::DeclarationJson;
using testing::NoticeId;
using testing::NoticePath;
using testing::PutBody;
using testing::TestNode;

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The ordinary body with one piece of text put in the place of another.
std::string With(std::string_view from, std::string_view to) {
  return Replaced(PutBody(), from, to);
}

constexpr std::string_view kCircle =
    "\"outline_circle\":{\"center\":{\"lat\":46.4,\"lng\":6.5},"
    "\"radius\":{\"value\":1,\"units\":\"KM\"}}";

std::string WithVertices(const std::vector<std::pair<double, double>>& points) {
  std::string ring;
  for (const auto& [lat, lng] : points) {
    ring.append(ring.empty() ? "" : ",").append("{\"lat\":");
    json::AppendDouble(&ring, lat);
    ring.append(",\"lng\":");
    json::AppendDouble(&ring, lng);
    ring.append("}");
  }
  return With(kCircle, "\"outline_polygon\":{\"vertices\":[" + ring + "]}");
}

std::string WithManyVertices(int count) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * 3.14159265358979 * i / count;
    points.emplace_back(46.4 + 0.5 * std::sin(angle), 6.5 + 0.5 * std::cos(angle));
  }
  return WithVertices(points);
}

struct BadInput {
  std::string name;
  std::string body;
  int status;
  std::string field;
};

std::vector<BadInput> BadInputs() {
  const std::string volume = "/declaration/volumes/0";
  const std::string ring = volume + "/outline_polygon";
  const std::string start = "\"time_start\":\"2027-01-15T13:00:00Z\"";
  const auto starting = [&](std::string_view time) {
    return With(start, "\"time_start\":\"" + std::string(time) + "\"");
  };
  return {
      {"self-crossing", WithVertices({{46, 6}, {47, 7}, {47, 6}, {46, 7}}), 400, ring},
      {"empty ring", WithVertices({}), 400, ring},
      {"two vertices", WithVertices({{46, 6}, {47, 7}}), 400, ring},
      {"degenerate", WithVertices({{46, 6}, {46, 6}, {46, 6}}), 400, ring},
      {"a line there and back", WithVertices({{46, 6}, {47, 6}, {46.5, 6}}), 400, ring},
      {"huge", WithVertices({{0, 0}, {0, 120}, {80, -120}}), 400, ring},
      {"10,001 vertices", WithManyVertices(10'001), 413, ring + "/vertices"},
      {"latitude 91", With("46.4", "91"), 400, volume + "/outline_circle/center/lat"},
      {"longitude 181", With("6.5", "181"), 400, volume + "/outline_circle/center/lng"},
      {"NaN", With("46.4", "NaN"), 400, ""},
      {"Infinity", With("46.4", "Infinity"), 400, ""},
      {"1e400", With("46.4", "1e400"), 400, volume + "/outline_circle/center/lat"},
      {"radius 0", With("\"value\":1,", "\"value\":0,"), 400, volume + "/outline_circle/radius"},
      {"two outlines", With(kCircle, std::string(kCircle) + ",\"outline_polygon\":{}"), 400, ""},
      {"upside down", With("\"value\":1200", "\"value\":900"), 400, volume + "/altitude_upper"},
      {"lower = upper", With("\"value\":1200", "\"value\":1000"), 400, volume + "/altitude_upper"},
      {"below -8,000 m", With("\"value\":1000", "\"value\":-8001"), 400,
       volume + "/altitude_lower/value"},
      {"no zone", starting("2027-01-15T13:00:00"), 400, volume + "/time_start"},
      {"leap second", starting("2026-12-31T23:59:60Z"), 400, volume + "/time_start"},
      {"year 9999", starting("9999-01-01T00:00:00Z"), 400, volume + "/time_start"},
      {"29 February", starting("2027-02-29T00:00:00Z"), 400, volume + "/time_start"},
      {"ends before it starts", starting("2027-01-15T15:00:00Z"), 400, volume + "/time_end"},
      {"ends as it starts", starting("2027-01-15T14:00:00Z"), 400, volume + "/time_end"},
      {"open end of an activity", With("\"2027-01-15T14:00:00Z\"", "\"open\""), 400,
       volume + "/time_end"},
      {"over already", Replaced(starting("2027-01-14T13:00:00Z"), "2027-01-15T14", "2027-01-14T14"),
       400, "/declaration/volumes"},
      {"too far ahead",
       Replaced(starting("2029-01-15T13:00:00Z"), "2027-01-15T14", "2029-01-15T14"), 400,
       volume + "/time_start"},
      {"duplicate key", With("\"kind\":", "\"kind\":\"zone\",\"kind\":"), 400, "/declaration/kind"},
      {"unknown field", PutBody({.more = "\"target\":\"x\","}), 400, "/declaration/target"},
      {"unknown field beside", PutBody({}, ",\"priority\":1"), 400, "/priority"},
      {"purpose of a volume", With("\"altitude_lower\"", "\"purpose\":1,\"altitude_lower\""), 400,
       volume + "/purpose"},
      {"class of another kind", PutBody({.more = "\"restriction\":\"PROHIBITED\","}), 400,
       "/declaration/restriction"},
      {"unknown class", PutBody({.more = "\"activity_class\":\"Bomber\","}), 400,
       "/declaration/activity_class"},
      {"broken UTF-8", With("duty officer", "duty \xC3\x28"), 400, ""},
      {"half a surrogate", With("duty officer", "\\ud800"), 400, ""},
      {"line break in a name", With("duty officer", "duty\\nofficer"), 400,
       "/declaration/role_to_call"},
      {"nesting bomb", std::string(100'000, '['), 413, ""},
      {"object bomb", With("46.4", std::string(5'000, '{')), 400, ""},
      {"empty body", "", 400, ""},
      {"not an object", "[]", 400, ""},
      {"cut off", PutBody().substr(0, 200), 400, ""},
      {"two values", PutBody() + PutBody(), 400, ""},
      {"byte order mark", "\xEF\xBB\xBF" + PutBody(), 400, ""},
      {"no declaration", "{}", 400, "/declaration"},
      {"no volumes", "{\"declaration\":{\"kind\":\"activity\",\"data_mode\":\"REAL\"}}", 400,
       "/declaration/volumes"},
      {"null", With("\"duty officer\"", "null"), 400, "/declaration/role_to_call"},
      {"replaces no digest", PutBody({}, ",\"replaces\":\"12\""), 400, "/replaces"},
      {"draft in words", PutBody({}, ",\"draft\":\"yes\""), 400, "/draft"},
      {"a held draft", PutBody({}, ",\"draft\":true,\"held\":true"), 400, "/held"},
      {"too large", PutBody() + std::string(limits::kJsonBodyBytesMax, ' '), 413, "body"},
  };
}

// Whether the time fits is asked when something is to be stored.
bool AskedWhenStored(const BadInput& bad) {
  return bad.name == "over already" || bad.name == "too far ahead";
}

class RefusalsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EXPECT_EQ(node_.Put("south", NoticePath(2), PutBody({.lng = 6.51})).status, 201);
    EXPECT_EQ(node_.Put("north", NoticePath(1), PutBody()).status, 201);
    notices_ = node_.Get("north", "/v1/notices").body;
    conflicts_ = node_.Get("north", "/v1/conflicts").body;
  }
  // The pages say which batch they are of, so an equal page also means that nothing was stored.
  void ExpectNothingLost(const std::string& after) {
    EXPECT_EQ(node_.Get("north", "/v1/notices").body, notices_) << after;
    EXPECT_EQ(node_.Get("north", "/v1/conflicts").body, conflicts_) << after;
  }

  TestNode node_;
  std::string notices_;
  std::string conflicts_;
};

TEST_F(RefusalsTest, BadDeclarations) {
  for (const BadInput& bad : BadInputs()) {
    for (const int notice : {3, 1}) {  // as a first version, and over one that is there
      const Answer answer =
          node_.DoWithToken(node_.Token({}), Method::kPut, NoticePath(notice), bad.body);
      // That it says nothing of the version it replaces is found first.
      if (notice == 1 && AskedWhenStored(bad)) {
        EXPECT_EQ(answer.status, 409) << bad.name;
        continue;
      }
      EXPECT_EQ(answer.status, bad.status) << bad.name << ": " << answer.body;
      if (answer.status == 0) continue;
      EXPECT_EQ(answer.Text("/error/code"), bad.status == 413 ? "too_large" : "invalid")
          << bad.name;
      EXPECT_NE(answer.Text("/error/rule"), "") << bad.name;
      if (!bad.field.empty()) {
        EXPECT_EQ(answer.Text("/error/field").substr(0, bad.field.size()), bad.field)
            << bad.name << ": " << answer.body;
      }
    }
  }
  ExpectNothingLost("bad declarations");
}

TEST_F(RefusalsTest, BadDeclarationsOfACheck) {
  const std::string token = node_.Token({});
  for (const BadInput& bad : BadInputs()) {
    if (AskedWhenStored(bad)) continue;
    const Answer answer = node_.DoWithToken(token, Method::kPost, "/v1/check", bad.body);
    EXPECT_EQ(answer.status, bad.status) << bad.name << ": " << answer.body;
  }
  ExpectNothingLost("checks");
}

TEST_F(RefusalsTest, TenThousandVerticesAreAllowed) {
  EXPECT_EQ(node_.Post("north", "/v1/check", WithManyVertices(10'000)).status, 200);
}

TEST_F(RefusalsTest, IdsAreVersion4) {
  for (const std::string& id :
       {std::string("1"), std::string("00000000-0000-0000-0000-000000000000"),
        std::string("20000000-0000-1000-8000-000000000001"),
        std::string("20000000-0000-4000-0000-000000000001"),
        std::string("20000000000040008000000000000001"), NoticeId(1) + "0",
        std::string("{20000000-0000-4000-8000-000000000001}")}) {
    const Answer answer = node_.Put("north", "/v1/notices/" + id, PutBody());
    EXPECT_EQ(answer.status, 400) << id;
  }
  EXPECT_EQ(node_.Put("north", "/v1/notices/x", PutBody()).Text("/error/field"), "id");
  ExpectNothingLost("ids");
}

TEST_F(RefusalsTest, OtherContentTypes) {
  const std::string token = node_.Token({});
  const auto status = [&](std::string_view type) {
    return node_.DoWithToken(token, Method::kPost, "/v1/check", PutBody(), type).status;
  };
  EXPECT_EQ(status("text/plain"), 415);
  EXPECT_EQ(status("application/x-www-form-urlencoded"), 415);
  EXPECT_EQ(status("application/json; charset=utf-8"), 200);
  EXPECT_EQ(status("Application/JSON"), 200);
}

TEST_F(RefusalsTest, BodiesOfReadingRoutes) {
  const Answer answer = node_.Do("north", Method::kGet, "/v1/status", "{}");
  EXPECT_EQ(answer.status, 413);
}

TEST_F(RefusalsTest, TheSameRequestTwiceChangesNothing) {
  const Answer again = node_.Put("north", NoticePath(1), PutBody());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json.Size("/conflicts"), 1);
  ExpectNothingLost("the same request");
}

TEST_F(RefusalsTest, UnknownFieldsOfActs) {
  const std::string version = node_.Put("north", NoticePath(1), PutBody()).Text("/version");
  const std::string body = "{\"version\":\"" + version + "\",\"reason\":\"none of yours\"}";
  for (const char* act : {"withdraw", "all_clear"}) {
    const Answer answer = node_.Post("north", NoticePath(1, act), body);
    EXPECT_EQ(answer.status, 400) << act;
    EXPECT_EQ(answer.Text("/error/field"), "/reason") << act;
  }
  ExpectNothingLost("acts");
}

}  // namespace
}  // namespace wideberth::api::node
