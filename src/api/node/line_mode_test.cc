// The mechanism end to end: two nodes, HTTP in front of each, TLS between them, people on both sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/node/testing/line_pair.h"

namespace wideberth::api::node {
namespace {

using net::Method;
using testing::Answer;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::Json;
using testing::LinePair;
using testing::NoticeId;
using testing::NoticePath;
using testing::PutBody;
using testing::ReadingJson;
using testing::Side;
using testing::Sketch;

std::string OfVersion(std::string_view act, int notice, std::string_view version,
                      std::string_view more = {}) {
  return "{\"act\":\"" + std::string(act) + "\",\"notice\":\"" + NoticeId(notice) +
         "\",\"version\":\"" + std::string(version) + "\"" + std::string(more) + "}";
}

Sketch Hazard() {
  Sketch sketch;
  sketch.kind = "hazard";
  sketch.more = "\"hazard\":{\"class\":\"live_firing\"},";
  return sketch;
}

// The notice as that side has it.
Answer Notice(const Side& side, int notice) {
  return side.Get(NoticePath(notice));
}
bool Has(const Side& side, int notice) {
  return Eventually([&] { return Notice(side, notice).status == 200; });
}

// The first call of a kind in the answer to /v1/calls; null when there is none.
std::string FindIn(const Answer& list, std::string_view array, std::string_view kind,
                   std::string_view more_key = {}, std::string_view more_value = {}) {
  for (int64_t i = 0; i < list.json.Size(array); ++i) {
    const std::string item = list.Text(std::string(array) + "/" + std::to_string(i));
    const Json read(item);
    if (read.Text("/kind") != kind) continue;
    if (more_key.empty() || read.Text(more_key) == more_value) return item;
  }
  return "null";
}

TEST(LineModeTest, AReleaseArrivesIsReadBackAndAnswered) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const Sketch sketch;
  const std::string release = "{\"act\":\"release\",\"notice\":\"" + NoticeId(1) + "\"}";
  EXPECT_EQ(north.Act(release).status, 404) << "nothing has been drafted";
  ASSERT_EQ(
      north.node
          ->DoWithToken(north.duty, Method::kPut, NoticePath(1), PutBody(sketch, ",\"draft\":true"))
          .status,
      201);
  const Answer unchecked = north.Act(release);
  EXPECT_EQ(unchecked.status, 409);
  EXPECT_EQ(unchecked.Text("/error/field"), "/check");

  // The second person's own error blocks, and says where and by how much: 0.05 degrees are 3.8 km here.
  const Answer elsewhere = north.Post(north.second, NoticePath(1, "check"),
                                      "{\"reading\":" + ReadingJson({.lng = 6.55}) + "}");
  EXPECT_EQ(elsewhere.status, 409);
  EXPECT_EQ(elsewhere.Text("/error/field"), "/centre");
  EXPECT_THAT(elsewhere.Text("/error/found"), HasSubstr("off by 3845 m"));
  const std::string right = "{\"reading\":" + ReadingJson(sketch) + "}";
  const Answer by_drafter = north.Post(north.duty, NoticePath(1, "check"), right);
  EXPECT_EQ(by_drafter.status, 409) << "who has drafted is not the second person";
  EXPECT_EQ(by_drafter.Text("/error/field"), "/by");
  EXPECT_EQ(north.Post(north.second, NoticePath(1, "check"), right).status, 200);
  const Answer alone = north.Act(release, north.second);
  EXPECT_EQ(alone.status, 409) << "who releases is not who checked";
  const Answer released = north.Act(release);
  ASSERT_EQ(released.status, 200) << released.body;
  const std::string version = released.Text("/act");
  EXPECT_EQ(released.Text("/decision/version"), version);

  ASSERT_TRUE(Has(south, 1));
  EXPECT_EQ(Notice(south, 1).Text("/notice/latest/digest"), version) << "one name on both sides";
  ASSERT_TRUE(Eventually([&] {
    return Notice(north, 1).body.find("received_version") != std::string::npos;
  })) << Notice(north, 1).body;
  EXPECT_EQ(Notice(north, 1).body.find("read_back_version"), std::string::npos);
  EXPECT_NE(FindIn(south.Get("/v1/matters?open=true"), "/matters", "read_back"), "null");

  // Read back wrongly: the band, by 1,000 ft; then rightly.
  const Answer wrong = south.ReadBack(1, {.upper_m = 1505}, version);
  EXPECT_EQ(wrong.status, 409);
  EXPECT_EQ(wrong.Text("/error/field"), "/altitude_upper");
  EXPECT_THAT(wrong.Text("/error/found"), HasSubstr("off by 305 m"));
  ASSERT_EQ(south.ReadBack(1, sketch, version).status, 200);
  ASSERT_TRUE(Eventually([&] {
    return Notice(north, 1).body.find("read_back_version") != std::string::npos;
  })) << Notice(north, 1).body;
  EXPECT_EQ(FindIn(south.Get("/v1/matters?open=true"), "/matters", "read_back"), "null");

  ASSERT_EQ(south.Act(OfVersion("assess", 1, version, ",\"assessment\":\"no_objection\"")).status,
            200);
  EXPECT_TRUE(
      Eventually([&] { return Notice(north, 1).body.find("no_objection") != std::string::npos; }));
  const Answer statistics = north.Get("/v1/statistics");
  const std::string body = statistics.body;
  EXPECT_THAT(body, HasSubstr("\"sent\":1"));
  EXPECT_THAT(body, HasSubstr("\"release_blocked\":3"));
  EXPECT_THAT(south.Get("/v1/statistics").body, HasSubstr("\"read_back_mismatches\":1"));
}

TEST(LineModeTest, CallsAreMadeAndAnswered) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const Answer stop = north.Act(
      R"({"act":"stop_call","centre":{"lat":46.4,"lng":6.5},"radius_m":5000,"call_sign":"STORK 1","to":"south"})");
  ASSERT_EQ(stop.status, 200) << stop.body;
  std::string call;
  ASSERT_TRUE(Eventually([&] {
    call = FindIn(south.Get("/v1/calls?open=true"), "/calls", "stop_call");
    return call != "null";
  }));
  EXPECT_EQ(Json(call).Text("/words"), "STORK 1");
  EXPECT_EQ(Json(call).Text("/id"), stop.Text("/id"));
  EXPECT_NE(FindIn(south.Get("/v1/matters?open=true"), "/matters", "stop_call"), "null");
  const std::string answers = ",\"answers\":\"" + stop.Text("/id") + "\"";
  EXPECT_EQ(south.Act("{\"act\":\"answer_stop_call\"" + answers + ",\"answer\":\"soon\"}").status,
            400);
  EXPECT_EQ(
      north.Act("{\"act\":\"answer_stop_call\"" + answers + ",\"answer\":\"stopped\"}").status, 404)
      << "its caller does not answer it";
  ASSERT_EQ(
      south.Act("{\"act\":\"answer_stop_call\"" + answers + ",\"answer\":\"stopped\"}").status,
      200);
  ASSERT_TRUE(Eventually([&] {
    call = FindIn(north.Get("/v1/calls?open=false"), "/calls", "stop_call");
    return call != "null";
  }));
  EXPECT_EQ(Json(call).Text("/answers/0/answer"), "stopped");
  EXPECT_EQ(Json(call).Text("/answers/0/by_us"), "false");
  EXPECT_EQ(Json(call).Text("/closed_as"), "answered");
  EXPECT_EQ(FindIn(north.Get("/v1/matters?open=true"), "/matters", "stop_call"), "null");

  const Answer check = south.Act(R"({"act":"line_check","word":"KILO 7 TANGO"})");
  ASSERT_EQ(check.status, 200);
  const std::string to_check =
      "{\"act\":\"answer_line_check\",\"answers\":\"" + check.Text("/id") + "\",\"word\":";
  ASSERT_TRUE(Eventually([&] {
    return FindIn(north.Get("/v1/calls"), "/calls", "line_check", "/id", check.Text("/id")) !=
           "null";
  }));
  EXPECT_EQ(north.Act(to_check + "\"KILO 8 TANGO\"}").status, 409);
  EXPECT_EQ(north.Act(to_check + "\"KILO 7 TANGO\"}").status, 200);
  EXPECT_TRUE(Eventually([&] {
    return FindIn(south.Get("/v1/calls?open=false"), "/calls", "line_check", "/id",
                  check.Text("/id")) != "null";
  }));

  const Answer ask = north.Act(
      R"({"act":"ask_keep_clear","centre":{"lat":46.4,"lng":6.5},"radius_m":5000,"peer":"south",)"
      R"("from":"2027-01-15T13:00:00Z","to":"2027-01-15T14:00:00Z"})");
  ASSERT_EQ(ask.status, 200) << ask.body;
  EXPECT_EQ(north.Act(R"({"act":"line_check","word":"x","to":"west"})").status, 404);
  EXPECT_EQ(north.Act(R"({"act":"sign_agreement"})").status, 403);
  EXPECT_EQ(north.Act(R"({"act":"draft_notice"})").status, 400);
}

TEST(LineModeTest, AWarningOfAnEntryIsShownWithWhatHasArrived) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const Answer warned = north.Act(
      R"({"act":"incursion_warning","centre":{"lat":46.4,"lng":6.5},"radius_m":5000,"entry_at":"2027-01-15T12:04:00Z","call_sign":"STORK 4","to":"south"})");
  ASSERT_EQ(warned.status, 200) << warned.body;
  std::string call;
  ASSERT_TRUE(Eventually([&] {
    call = FindIn(north.Get("/v1/calls?open=true"), "/calls", "incursion_warning");
    return Json(call).Text("/receipts") == "1";
  }));
  EXPECT_EQ(Json(call).Text("/entry_at"), "2027-01-15T12:04:00Z");
  EXPECT_EQ(Json(call).Text("/repeats"), "0");
  EXPECT_NE(FindIn(south.Get("/v1/matters?open=true"), "/matters", "incursion"), "null");
  const std::string answers = ",\"answers\":\"" + warned.Text("/id") + "\"";
  EXPECT_EQ(north.Act("{\"act\":\"end_incursion_warning\"" + answers + "}").status, 409);
  ASSERT_EQ(
      south.Act("{\"act\":\"answer_incursion_warning\"" + answers + ",\"answer\":\"turning\"}")
          .status,
      200);
  ASSERT_TRUE(Eventually([&] {
    call = FindIn(north.Get("/v1/calls?open=true"), "/calls", "incursion_warning");
    return Json(call).Text("/answers/0/answer") == "turning";
  }));
  EXPECT_EQ(north.Act("{\"act\":\"end_incursion_warning_unanswered\"" + answers + "}").status, 403);
  ASSERT_EQ(north.Act("{\"act\":\"end_incursion_warning\"" + answers + "}").status, 200);
  ASSERT_TRUE(Eventually([&] {
    return FindIn(south.Get("/v1/calls?open=false"), "/calls", "incursion_warning") != "null";
  }));
  EXPECT_EQ(Json(FindIn(south.Get("/v1/calls"), "/calls", "incursion_warning")).Text("/closed_as"),
            "answered");
  EXPECT_EQ(north.Get("/v1/statistics").status, 200);
}

TEST(LineModeTest, ADeadManAreaIsArmedKeptDownAndRaised) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const std::string area = "/v1/dead-man/launch%20corridor/";
  const auto token = [&](const Side& side, std::string_view scope) {
    return side.node->Token({.subject = side.name, .scopes = {std::string(scope)}});
  };
  const std::string telemetry = token(north, "wideberth.heartbeat");
  const Answer listed = north.Get("/v1/dead-man");
  ASSERT_EQ(listed.json.Size("/areas"), 1);
  EXPECT_EQ(listed.Text("/areas/0/name"), "launch corridor");
  EXPECT_EQ(listed.Text("/areas/0/state"), "disarmed");
  EXPECT_EQ(south.Get("/v1/dead-man").json.Size("/areas"), 0) << "it is not theirs";

  EXPECT_EQ(north.Post(telemetry, area + "heartbeat", "").status, 409) << "nobody watches";
  EXPECT_EQ(north.Post(telemetry, area + "arm", "{\"timeout_s\":30}").status, 403);
  EXPECT_EQ(north.Post(north.duty, area + "arm", "{\"timeout_s\":601}").status, 400);
  EXPECT_EQ(north.Post(north.duty, area + "arm", "{}").status, 400);
  EXPECT_EQ(north.Post(north.duty, "/v1/dead-man/elsewhere/arm", "{\"timeout_s\":30}").status, 404);
  EXPECT_EQ(south.Post(south.duty, area + "arm", "{\"timeout_s\":30}").status, 404);
  const Answer armed = north.Post(north.duty, area + "arm", "{\"timeout_s\":30}");
  ASSERT_EQ(armed.status, 200) << armed.body;
  EXPECT_EQ(armed.Text("/state"), "armed");
  EXPECT_EQ(armed.Text("/timeout_s"), "30");

  // Telemetry is a machine with this one scope.
  EXPECT_EQ(north.Post(north.duty, area + "heartbeat", "").status, 403);
  EXPECT_EQ(north.Post(token(north, "wideberth.admin"), area + "heartbeat", "").status, 403);
  EXPECT_EQ(north.Post(token(south, "wideberth.heartbeat"), area + "heartbeat", "").status, 401);
  EXPECT_EQ(north.node->DoWithToken(telemetry, net::Method::kGet, "/v1/notices").status, 403);
  EXPECT_EQ(north.Post(telemetry, area + "heartbeat", "").status, 200);
  // The clock of the wall is not what silence is measured by.
  north.node->clock().Pass(60 * base::kMicrosPerSecond);
  EXPECT_EQ(north.Post(telemetry, area + "heartbeat", "").status, 200);
  EXPECT_EQ(north.Get("/v1/dead-man").Text("/areas/0/state"), "armed");

  ASSERT_EQ(north.Post(north.duty, area + "arm", "{\"timeout_s\":1}").status, 200);
  ASSERT_TRUE(
      Eventually([&] { return north.Get("/v1/dead-man").Text("/areas/0/state") == "raised"; }));
  const std::string notice = "/v1/notices/" + north.Get("/v1/dead-man").Text("/areas/0/notice");
  ASSERT_TRUE(Eventually([&] { return south.Get(notice).status == 200; }));
  EXPECT_EQ(south.Get(notice).Text("/notice/activity"), "active") << south.Get(notice).body;
  EXPECT_NE(FindIn(south.Get("/v1/matters?open=true"), "/matters", "read_back"), "null");
  EXPECT_NE(FindIn(north.Get("/v1/matters?open=true"), "/matters", "refine"), "null");
  EXPECT_EQ(north.Post(telemetry, area + "heartbeat", "").status, 409);
  EXPECT_EQ(north.Post(north.duty, area + "disarm", "").status, 409);
  ASSERT_EQ(north.Post(north.duty, area + "arm", "{\"timeout_s\":30}").status, 200);
  EXPECT_EQ(north.Post(north.duty, area + "disarm", "").Text("/state"), "disarmed");
}

TEST(LineModeTest, ThePolicyLaneIsSuspendedFromEitherSide) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const std::string text = R"({"act":"send_policy_text","text":"a meeting at noon"})";
  ASSERT_EQ(north.Act(text).status, 200);
  const Answer suspended = south.Post(south.head, "/v1/lines/north/suspend", "");
  ASSERT_EQ(suspended.status, 200);
  EXPECT_EQ(suspended.Text("/policy_suspended/by_us"), "true");
  ASSERT_TRUE(Eventually(
      [&] { return north.Get("/v1/lines").Text("/lines/0/policy_suspended/by_peer") == "true"; }));
  EXPECT_EQ(north.Act(text).status, 409);
  EXPECT_EQ(north.Act(R"({"act":"line_check","word":"x"})").status, 200)
      << "the safety lane is open";
  ASSERT_EQ(south.Post(south.head, "/v1/lines/north/resume", "").status, 200);
  EXPECT_TRUE(Eventually([&] { return north.Act(text).status == 200; }));
  EXPECT_EQ(south.Post(south.head, "/v1/lines/north/confirm", "").status, 409) << "it is up";
  EXPECT_EQ(south.Post(south.head, "/v1/lines/west/suspend", "").status, 404);
  const Answer lines = north.Get("/v1/lines");
  EXPECT_EQ(lines.json.Size("/lines/0/paths"), 1);
  EXPECT_EQ(lines.Text("/lines/0/paths/0/up"), "true");
  EXPECT_EQ(lines.Text("/lines/0/paths/0/name"), "fibre");
  EXPECT_EQ(lines.Text("/lines/0/fingerprint").size(), 47u);
}

TEST(LineModeTest, AWithdrawalTakesEffectWhenThePeerHoldsIt) {
  LinePair pair;
  const std::string version = pair.north.Release(1, {}).Text("/act");
  ASSERT_TRUE(Has(pair.south, 1));
  ASSERT_EQ(pair.north.Act(OfVersion("withdraw", 1, version)).status, 200);
  for (const Side* side : {&pair.south, &pair.north}) {
    EXPECT_TRUE(Eventually([&] {
      return Notice(*side, 1).Text("/notice/latest/author") == "withdrawn";
    })) << side->name;
  }
}

TEST(LineModeTest, ThePeersPictureClearsWithItsReadBack) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  const Sketch hazard = Hazard();
  const std::string version = north.Release(1, hazard).Text("/act");
  ASSERT_TRUE(Has(south, 1));
  ASSERT_EQ(south.ReadBack(1, hazard, version).status, 200);
  pair.Pass(65 * base::kMicrosPerMinute);
  ASSERT_EQ(north.Act(OfVersion("set_active", 1, version)).status, 200);
  ASSERT_EQ(north.Act(OfVersion("set_ended", 1, version)).status, 200);
  const std::string clear = OfVersion("all_clear", 1, version, ",\"no_longer_observed\":false");
  EXPECT_EQ(north.Act(clear).status, 403) << "a supervisor clears";
  const Answer early = north.Act(clear, north.head);
  EXPECT_EQ(early.status, 409) << "the dwell time";
  EXPECT_EQ(early.Text("/error/field"), "/notice");
  pair.Pass(46 * base::kMicrosPerMinute);
  const Answer cleared = north.Act(clear, north.head);
  ASSERT_EQ(cleared.status, 200) << cleared.body;
  EXPECT_EQ(Notice(north, 1).Text("/notice/activity"), "all_clear");
  std::string call;
  ASSERT_TRUE(Eventually([&] {
    call = FindIn(south.Get("/v1/calls?open=true"), "/calls", "all_clear");
    return call != "null";
  }));
  EXPECT_EQ(Notice(south, 1).Text("/notice/activity"), "ended");
  const std::string of = ",\"of\":\"" + cleared.Text("/act") + "\"";
  ASSERT_EQ(south.ReadBack(1, hazard, version, of).status, 200);
  EXPECT_EQ(Notice(south, 1).Text("/notice/activity"), "all_clear");
  EXPECT_TRUE(Eventually([&] {
    return FindIn(north.Get("/v1/matters?open=true"), "/matters", "read_back") == "null";
  }));
}

TEST(LineModeTest, BothSidesFindTheSameConflictByEqualBases) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  ASSERT_EQ(north.Release(1, {}).status, 200);
  ASSERT_TRUE(Has(south, 1));
  // 1.8 km between the circles, 5 km agreed.
  const Answer second = south.Release(2, {.lng = 6.55});
  ASSERT_EQ(second.json.Size("/decision/conflicts"), 1);
  const std::string id = second.Text("/decision/conflicts/0/id");
  const std::string conflict = "/v1/conflicts/" + id;
  ASSERT_TRUE(Eventually([&] { return north.Get(conflict).status == 200; }));
  for (const Side* side : {&north, &south}) {
    EXPECT_TRUE(Eventually([&] { return side->Get(conflict + "/bases").Text("/equal") == "true"; }))
        << side->Get(conflict + "/bases").body;
    const Answer bases = side->Get(conflict + "/bases");
    EXPECT_EQ(bases.Text("/ours"), bases.Text("/theirs"));
    EXPECT_EQ(bases.Text("/ours/verdict"), "certain");
  }
  EXPECT_NE(FindIn(north.Get("/v1/matters?open=true"), "/matters", "conflict"), "null");
  const std::string what = "\"conflict\":\"" + id + "\",\"versions\":" +
                           north.Get(conflict + "/bases").Text("/ours/versions");
  const Answer seen = north.Act("{\"act\":\"mark_conflict_seen\"," + what + "}");
  ASSERT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(seen.Text("/conflict/id"), id);
  EXPECT_EQ(FindIn(north.Get("/v1/matters?open=true"), "/matters", "conflict"), "null");
  for (const Side* side : {&north, &south}) {
    ASSERT_EQ(side->Act("{\"act\":\"propose_measures\"," + what +
                        ",\"measures\":\"north:change_height\"}")
                  .status,
              200);
  }
  for (const Side* side : {&north, &south}) {
    EXPECT_TRUE(Eventually([&] { return side->Get(conflict).Text("/state") == "kept"; }));
  }
  EXPECT_EQ(north.Get("/v1/conflicts/" + std::string(64, 'a') + "/bases").status, 404);
}

TEST(LineModeTest, AnUnplannedHazardGoesAtOnce) {
  LinePair pair;
  Sketch hazard = Hazard();
  hazard.more += "\"unplanned\":true,";
  hazard.start = "2027-01-15T12:00:00Z";
  const Answer released =
      pair.north.Act("{\"act\":\"release\",\"notice\":\"" + NoticeId(1) +
                     "\",\"declaration\":" + testing::DeclarationJson(hazard) + "}");
  ASSERT_EQ(released.status, 201) << released.body;
  ASSERT_TRUE(Has(pair.south, 1));
  EXPECT_EQ(Notice(pair.south, 1).Text("/notice/activity"), "active");
  EXPECT_NE(FindIn(pair.north.Get("/v1/matters?open=true"), "/matters", "refine"), "null");
  const Answer disregarded = pair.south.Post(pair.south.head, NoticePath(1, "disregard"), "");
  EXPECT_EQ(disregarded.status, 200) << disregarded.body;
}

TEST(LineModeTest, TheRiskOfAHeldPlanIsAccepted) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  ASSERT_EQ(
      south.node
          ->DoWithToken(south.duty, Method::kPut, NoticePath(2), PutBody({}, ",\"held\":true"))
          .status,
      201);
  Sketch hazard = Hazard();
  hazard.more = "\"unplanned\":true," + hazard.more;
  ASSERT_EQ(north
                .Act("{\"act\":\"release\",\"notice\":\"" + NoticeId(1) +
                     "\",\"declaration\":" + testing::DeclarationJson(hazard) + "}")
                .status,
            201);
  ASSERT_TRUE(Has(south, 1));
  const Answer list = south.Get("/v1/conflicts?live=true");
  ASSERT_EQ(list.json.Size("/conflicts"), 1) << list.body;
  const std::string id = list.Text("/conflicts/0/id");
  std::string act = "{\"act\":\"accept_risk\",\"conflict\":\"" + id + "\",\"versions\":[";
  for (const char* side : {"0", "1"}) {
    const std::string path = "/conflicts/0/sides/" + std::string(side);
    act += (side[0] == '0' ? "{\"notice\":\"" : ",{\"notice\":\"") + list.Text(path + "/notice") +
           "\",\"version\":\"" + list.Text(path + "/version") + "\"}";
  }
  act += "]}";
  EXPECT_EQ(south.Act(act).status, 403) << "not a duty officer's";
  const Answer accepted = south.Act(act, south.head);
  ASSERT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(accepted.Text("/conflict/state"), "kept");
  EXPECT_EQ(accepted.Text("/conflict/risk_accepted/role"), "supervisor");
  EXPECT_EQ(accepted.Text("/conflict/risk_accepted/act"), accepted.Text("/act"));
  EXPECT_EQ(south.Get("/v1/conflicts/" + id).Text("/risk_accepted/role"), "supervisor");
  EXPECT_EQ(north.Get("/v1/conflicts?live=true").json.Size("/conflicts"), 0);
}

TEST(LineModeTest, APlanIsReleasedAsItWasHeld) {
  LinePair pair;
  const Side& north = pair.north;
  ASSERT_EQ(
      north.node
          ->DoWithToken(north.duty, Method::kPut, NoticePath(1), PutBody({}, ",\"held\":true"))
          .status,
      201);
  const auto release = [&](const Sketch& sketch) {
    return north.Act("{\"act\":\"release\",\"notice\":\"" + NoticeId(2) +
                     "\",\"check\":\"held_plan\",\"from_plan\":\"" + NoticeId(1) +
                     "\",\"declaration\":" + testing::DeclarationJson(sketch) + "}");
  };
  const Answer other = release({.lng = 6.6});
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.Text("/error/field"), "/centre");
  EXPECT_EQ(release({}).status, 201);
  ASSERT_TRUE(Has(pair.south, 2));
  EXPECT_EQ(Notice(pair.south, 1).status, 404) << "what is held stays inside";
}

TEST(LineModeTest, AWatchLeavesANoteThatAnotherPersonAcknowledges) {
  LinePair pair;
  const Side& north = pair.north;
  EXPECT_EQ(north.Get("/v1/handover").body, "{}");
  const auto give = [](std::string_view text) {
    return R"({"act":"hand_over","text":")" + std::string(text) + R"("})";
  };
  EXPECT_EQ(north.Act(give("")).status, 400);
  EXPECT_EQ(north.Act(give("turned \u202e round")).status, 400);
  const std::string viewer = north.SignOn("looker", "viewer");
  EXPECT_EQ(north.Act(give("quiet"), viewer).Text("/error/field"), "role");

  const Answer given = north.Act(give("quiet\\nso far"));
  ASSERT_EQ(given.status, 200) << given.body;
  const Answer note = north.Get("/v1/handover");
  EXPECT_EQ(note.Text("/handover/number"), "1");
  EXPECT_EQ(note.Text("/handover/text"), "quiet\nso far");
  EXPECT_EQ(note.Text("/handover/acknowledged_by"), "");

  const std::string first = R"({"act":"acknowledge_handover","number":1})";
  EXPECT_EQ(north.Act(first).Text("/error/field"), "/number") << "it is theirs";
  EXPECT_EQ(north.Act(R"({"act":"acknowledge_handover","number":2})", north.second).status, 409);
  EXPECT_EQ(north.Act(R"({"act":"acknowledge_handover","number":"x"})", north.second).status, 400);
  EXPECT_EQ(north.Act(first, viewer).status, 403);
  ASSERT_EQ(north.Act(first, north.second).status, 200);
  const Answer seen = north.Get("/v1/handover");
  EXPECT_NE(seen.Text("/handover/acknowledged_by"), "");
  EXPECT_NE(seen.Text("/handover/acknowledged_by"), seen.Text("/handover/key"));
  EXPECT_EQ(north.Act(first, north.second).status, 409);
  EXPECT_EQ(pair.south.Get("/v1/handover").body, "{}") << "it is north's alone";
}

}  // namespace
}  // namespace wideberth::api::node
