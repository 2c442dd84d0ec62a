// Exchanges over the API: two nodes, each side's account, minutes signed by both, statements beside, the comparison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/node/testing/line_pair.h"

namespace wideberth::api::node {
namespace {

using testing::Answer;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::LinePair;
using testing::Side;

constexpr std::string_view kId = "e0000000-0000-4000-8000-000000000001";

std::string Account(std::string_view who, std::string_view held_at, std::string_view more = {}) {
  return "\"exchange\":\"" + std::string(kId) +
         "\",\"level\":\"duty\",\"channel\":\"voice\",\"form\":\"unscheduled\",\"initiated_by\":"
         "\"" +
         std::string(who) + "\",\"held_at\":\"" + std::string(held_at) +
         "\",\"subjects\":[\"hazard\"]" + std::string(more);
}

std::string Enter(std::string_view who, std::string_view held_at, std::string_view more = {}) {
  return "{\"act\":\"enter_exchange\"," + Account(who, held_at, more) + "}";
}

const std::string kReadout =
    "{\"exchange\":\"" + std::string(kId) +
    "\",\"languages\":[\"en\",\"fr\"],\"paragraphs\":[{\"texts\":[\"It was "
    "held.\",\"Il a eu lieu.\"],\"public\":true},{\"texts\":[\"Area "
    "north.\",\"Zone nord.\"]}]}";

std::string Path(std::string_view more = {}) {
  return "/v1/exchanges/" + std::string(kId) + std::string(more);
}

bool Has(const Side& side, std::string_view pointer) {
  return Eventually([&] { return side.Get(Path()).json.Has(pointer); });
}

// The element of "facts" with that name.
std::string Fact(const Answer& comparison, std::string_view name, std::string_view field) {
  for (int64_t i = 0; i < comparison.json.Size("/facts"); ++i) {
    const std::string at = "/facts/" + std::to_string(i);
    if (comparison.Text(at + "/fact") == name) return comparison.Text(at + std::string(field));
  }
  return "no such fact";
}

TEST(ExchangesApiTest, BothEnterSignAndPublishAndTheComparisonSaysWhereTheyDiffer) {
  LinePair pair;
  const Side& north = pair.north;
  const Side& south = pair.south;
  EXPECT_EQ(north.Get("/v1/exchanges").json.Size("/exchanges"), 0);
  EXPECT_EQ(north.Get(Path()).status, 404);
  EXPECT_EQ(north.Get(Path("/comparison")).status, 404);
  EXPECT_EQ(north.Get("/v1/exchanges/7").status, 400);

  const Answer entered =
      north.Act(Enter("self", "2027-01-15T11:30:00Z", ",\"lead_time_min_s\":600"));
  ASSERT_EQ(entered.status, 200) << entered.body;
  ASSERT_TRUE(Has(south, "/exchange/theirs"));
  ASSERT_EQ(south
                .Act(Enter("peer", "2027-01-15T11:33:00Z",
                           ",\"lead_time_min_s\":60,\"lead_time_max_s\":60"))
                .status,
            200);
  ASSERT_TRUE(Has(north, "/exchange/theirs"));
  EXPECT_EQ(north.Get(Path()).Text("/exchange/ours/act"), entered.Text("/act"));

  const Answer compared = north.Get(Path("/comparison"));
  ASSERT_EQ(compared.status, 200) << compared.body;
  EXPECT_EQ(Fact(compared, "initiated_by", "/finding"), "same");
  EXPECT_EQ(Fact(compared, "held_at", "/finding"), "differs");
  EXPECT_EQ(Fact(compared, "held_at", "/by/0"), "180 s");
  EXPECT_EQ(Fact(compared, "lead_time", "/by/0"), "at least 540 s");
  EXPECT_EQ(south.Get(Path("/comparison")).body, compared.body) << "the same from both sides";

  ASSERT_EQ(south.Act("{\"act\":\"propose_readout\",\"readout\":" + kReadout + "}").status, 200);
  ASSERT_TRUE(Has(north, "/exchange/readouts/0"));
  const std::string sign =
      "{\"act\":\"sign_readout\",\"exchange\":\"" + std::string(kId) + "\",\"readout_sha256\":\"" +
      north.Get(Path()).Text("/exchange/readouts/0/sha256") + "\",\"paragraphs\":[\"agreed\",\"";
  EXPECT_EQ(north.Act(sign + "agreed\"]}").status, 403) << "a duty officer signs nothing";
  ASSERT_EQ(north.Act(sign + "agreed\"]}", north.head).status, 200);
  EXPECT_EQ(north.Act(sign + "agreed\"]}", north.head).status, 409) << "once";
  ASSERT_EQ(south.Act(sign + "not_agreed\"]}", south.head).status, 200);
  for (const Side* side : {&north, &south}) {
    ASSERT_TRUE(Eventually(
        [&] { return side->Get(Path()).Text("/exchange/readouts/0/signed") == "true"; }));
    const Answer whole = side->Get(Path());
    EXPECT_EQ(whole.Text("/exchange/readouts/0/standing"), "[\"agreed\",\"not_agreed\"]");
    EXPECT_EQ(whole.Text("/exchange/readouts/0/readout"), kReadout);
    EXPECT_EQ(side->Get("/v1/exchanges").Text("/exchanges/0/readouts_signed"), "1");
  }

  const std::string statement = "{\"exchange\":\"" + std::string(kId) +
                                "\",\"language\":\"en\",\"published_at\":\"2027-01-16T09:00:00Z\","
                                "\"text\":\"They called us.\",\"account\":{" +
                                Account("peer", "2027-01-15T11:30:00Z") + "}}";
  ASSERT_EQ(north.Act("{\"act\":\"publish_statement\",\"statement\":" + statement + "}", north.head)
                .status,
            200);
  ASSERT_TRUE(Has(south, "/exchange/statements/0"));
  EXPECT_EQ(south.Get(Path()).Text("/exchange/statements/0/statement"), statement);
  EXPECT_EQ(Fact(south.Get(Path("/comparison")), "initiated_by", "/finding"), "differs")
      << "what it says in public is not what it has entered";
}

TEST(ExchangesApiTest, RefusalsNameTheFieldOfTheRequest) {
  LinePair pair;
  const Side& north = pair.north;
  const auto refused = [&](const std::string& body, int status, std::string_view field) {
    const Answer answer = north.Act(body, north.head);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Text("/error/field"), field) << answer.body;
  };
  refused(Enter("nobody", "2027-01-15T11:30:00Z"), 400, "/initiated_by");
  refused(Enter("self", "noon"), 400, "/held_at");
  refused(Enter("self", "2027-01-15T11:30:00Z", ",\"target\":\"x\""), 400, "/target");
  refused(Enter("self", "2027-01-15T11:30:00Z", ",\"to\":\"west\""), 404, "/to");
  refused("{\"act\":\"propose_readout\",\"readout\":{}}", 400, "/readout/exchange");
  refused("{\"act\":\"propose_readout\",\"readout\":" + kReadout + "}", 404, "/exchange");
  refused("{\"act\":\"publish_statement\",\"statement\":{\"exchange\":\"" + std::string(kId) +
              "\",\"language\":\"english\"}}",
          400, "/statement/language");
  EXPECT_EQ(north.Get("/v1/exchanges").json.Size("/exchanges"), 0);
}

}  // namespace
}  // namespace wideberth::api::node
