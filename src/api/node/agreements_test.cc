// An agreement is proposed, signed and denounced by people of two nodes over a real pipe.
#include <gtest/gtest.h>

#include "agreement/signed.h"
#include "agreement/testing/samples.h"
#include "api/node/testing/line_pair.h"
#include "json/writer.h"

namespace wideberth::api::node {
namespace {

using testing::Answer;
using testing::Eventually;
using testing::LinePair;
using testing::Side;

constexpr int64_t kMinuteUs = base::kMicrosPerMinute;

std::string Quoted(std::string_view text) {
  std::string quoted;
  json::AppendQuoted(&quoted, text);
  return quoted;
}

class AgreementsTest : public ::testing::Test {
 protected:
  AgreementsTest()
      : north_(pair_.north.SignOn("d.chief", "deputy_chief")),
        south_(pair_.south.SignOn("d.chief", "deputy_chief")) {
    const bool known = Eventually([&] {
      return pair_.north.Get("/v1/lines").Text("/lines/0/operator_keys") == "4" &&
             pair_.south.Get("/v1/lines").Text("/lines/0/operator_keys") == "4";
    });
    EXPECT_TRUE(known);
  }

  // Between the two, from so long after now on; its own notice is an hour.
  std::string Text(int64_t number, int64_t from_us) {
    using agreement::testing::Sample;
    using agreement::testing::With;
    const base::UtcMicros now = pair_.north.node->clock().Now();
    std::string text = agreement::testing::SampleText();
    text = With(text, "\nnumber = 1", "\nnumber = " + std::to_string(number));
    text = With(text, "2027-01-01T00:00:00Z", base::FormatRfc3339({now.us + from_us}));
    text = With(text, "expires = 2028-01-01T00:00:00Z", "denunciation_notice_min = 60");
    text =
        With(text, Sample().parties()[0].id.ToString(), airspace::testing::TestParty(1).ToString());
    return With(text, Sample().parties()[1].id.ToString(),
                airspace::testing::TestParty(2).ToString());
  }
  Answer Propose(const std::string& text, std::string_view more = {}) {
    return pair_.north.Act(
        "{\"act\":\"propose_agreement\",\"text\":" + Quoted(text) + std::string(more) + "}",
        north_);
  }
  static std::string About(std::string_view act, std::string_view digest,
                           std::string_view more = {}) {
    return "{\"act\":" + Quoted(act) + ",\"agreement_sha256\":" + Quoted(digest) +
           std::string(more) + "}";
  }
  bool IsInState(const Side& side, const std::string& digest, std::string_view state) {
    return Eventually([&] {
      pair_.Pass(100'000);
      return side.Get("/v1/agreements/" + digest).Text("/state") == state;
    });
  }

  LinePair pair_{/*agreed=*/false};
  const std::string north_;
  const std::string south_;
};

TEST_F(AgreementsTest, IsProposedSignedInForceAndDenounced) {
  EXPECT_EQ(pair_.north.Get("/v1/agreements").json.Size("/agreements"), 0u);
  const std::string text = Text(7, kMinuteUs);
  const Answer proposed = Propose(text);
  ASSERT_EQ(proposed.status, 200) << proposed.body;
  const std::string digest = proposed.Text("/agreement");
  ASSERT_TRUE(IsInState(pair_.south, digest, "proposed"));
  const Answer seen = pair_.south.Get("/v1/agreements/" + digest);
  EXPECT_EQ(seen.Text("/text"), text);
  EXPECT_EQ(seen.Text("/signed_by_peer/role"), "deputy_chief");
  EXPECT_EQ(seen.body.find("signed_by_us"), std::string::npos);
  EXPECT_EQ(seen.body.find("d.chief"), std::string::npos) << "a role and a key, and no name";
  EXPECT_NE(pair_.south.Get("/v1/matters?open=true").body.find("\"agreement\""), std::string::npos);

  EXPECT_EQ(pair_.south.Act(About("sign_agreement", digest)).status, 403) << "a duty officer";
  const Answer agreed = pair_.south.Act(About("sign_agreement", digest), south_);
  ASSERT_EQ(agreed.status, 200) << agreed.body;
  ASSERT_TRUE(IsInState(pair_.north, digest, "to_come"));
  ASSERT_TRUE(IsInState(pair_.south, digest, "to_come"));
  const std::string file = pair_.north.Get("/v1/agreements/" + digest).Text("/file");
  EXPECT_EQ(file, pair_.south.Get("/v1/agreements/" + digest).Text("/file"));
  EXPECT_NE(file.find("wideberth_signed_agreement"), std::string::npos);
  pair_.Pass(kMinuteUs);
  ASSERT_TRUE(IsInState(pair_.north, digest, "in_force"));
  ASSERT_TRUE(IsInState(pair_.south, digest, "in_force"));
  EXPECT_EQ(pair_.north.Get("/v1/agreements").Text("/agreements/0/state"), "in_force");

  // What the next one changes is shown before it is signed.
  const Answer next = Propose(
      agreement::testing::With(Text(8, kMinuteUs), "position_nm = 0.1", "position_nm = 0.2"));
  ASSERT_EQ(next.status, 200) << next.body;
  const Answer changes = pair_.north.Get("/v1/agreements/" + next.Text("/agreement"));
  EXPECT_EQ(changes.Text("/against"), digest);
  EXPECT_NE(changes.body.find("read_back: position"), std::string::npos);

  const Answer denounced = pair_.south.Act(About("denounce_agreement", digest), south_);
  ASSERT_EQ(denounced.status, 200) << denounced.body;
  EXPECT_TRUE(Eventually([&] {
    pair_.Pass(100'000);
    return !pair_.north.Get("/v1/agreements/" + digest).Text("/denounced/until").empty();
  }));
  EXPECT_EQ(pair_.north.Get("/v1/agreements/" + digest).Text("/denounced/by_us"), "false");
  pair_.Pass(60 * kMinuteUs);
  EXPECT_TRUE(IsInState(pair_.north, digest, "ended"));
  EXPECT_TRUE(IsInState(pair_.south, digest, "ended"));
}

// What the line says of the peer's operators: who may act, not who once could.
TEST_F(AgreementsTest, DisabledOperatorsAreNotCounted) {
  const std::string admin =
      pair_.north.node->Token({.subject = "north", .scopes = {"wideberth.admin"}});
  ASSERT_EQ(pair_.north.Post(admin, "/v1/operators/d.chief/disable", "{}").status, 200);
  EXPECT_TRUE(Eventually(
      [&] { return pair_.south.Get("/v1/lines").Text("/lines/0/operator_keys") == "3"; }));
}

TEST_F(AgreementsTest, RefusesWhatIsNoAgreementOfThisNode) {
  EXPECT_EQ(Propose("number = 1").status, 400);
  EXPECT_EQ(Propose(Text(1, -kMinuteUs)).status, 409);
  EXPECT_EQ(Propose(Text(1, kMinuteUs), ",\"counters\":\"12\"").status, 400);
  const std::string nobodys(64, '0');
  EXPECT_EQ(pair_.north.Act(About("sign_agreement", nobodys), north_).status, 404);
  EXPECT_EQ(pair_.north.Act(About("denounce_agreement", nobodys), north_).status, 404);
  EXPECT_EQ(pair_.north.Act(About("sign_agreement", "12"), north_).status, 400);
  EXPECT_EQ(pair_.north.Get("/v1/agreements/" + nobodys).status, 404);
  EXPECT_EQ(pair_.north.Get("/v1/agreements/12").status, 400);
  const Answer proposed = Propose(Text(1, kMinuteUs));
  ASSERT_EQ(proposed.status, 200) << proposed.body;
  EXPECT_EQ(Propose(Text(1, kMinuteUs)).status, 409);
  const std::string digest = proposed.Text("/agreement");
  EXPECT_EQ(pair_.north.Act(About("sign_agreement", digest), north_).status, 409) << "its own";
  // Taken back, once.
  EXPECT_EQ(pair_.north.Act(About("denounce_agreement", digest), north_).status, 200);
  EXPECT_TRUE(IsInState(pair_.south, digest, "denounced"));
  EXPECT_EQ(pair_.north.Act(About("denounce_agreement", digest), north_).status, 409);
}

}  // namespace
}  // namespace wideberth::api::node
