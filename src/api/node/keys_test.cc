// The keys of a party are changed on a node that runs, and followed by its peer over a real pipe.
#include <gtest/gtest.h>

#include "api/node/testing/line_pair.h"

namespace wideberth::api::node {
namespace {

using testing::Answer;
using testing::Eventually;
using testing::LinePair;
using testing::Side;

class KeysTest : public ::testing::Test {
 protected:
  KeysTest()
      : north_admin_(pair_.north.SignOn("a.north", "administrator")),
        south_admin_(pair_.south.SignOn("a.south", "administrator")) {}

  Answer Rotate(std::string_view body) {
    return pair_.north.Post(north_admin_, "/v1/keys/rotate", body);
  }
  // Time passes until everything that north has changed is receipted.
  bool Receipted() {
    return Eventually([&] {
      pair_.Pass(100'000);
      return pair_.north.Get("/v1/keys").json.Size("/not_receipted_by") == 0;
    });
  }
  std::string FingerprintAtSouth() {
    return pair_.south.Get("/v1/lines").Text("/lines/0/fingerprint");
  }
  bool AskedToCompare() {
    return pair_.south.Get("/v1/matters?open=true").body.find("\"keys_changed\"") !=
           std::string::npos;
  }
  static std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

  LinePair pair_;
  const std::string north_admin_;
  const std::string south_admin_;
};

TEST_F(KeysTest, AllChangeAndThePeerFollowsAndCompares) {
  const std::string before = pair_.north.Get("/v1/keys").Text("/fingerprint");
  EXPECT_EQ(FingerprintAtSouth(), before);
  const Answer rotated = Rotate("{}");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  const std::string after = rotated.Text("/fingerprint");
  EXPECT_NE(after, before);
  EXPECT_EQ(pair_.north.Get("/v1/keys").Text("/fingerprint"), after);
  ASSERT_TRUE(Receipted());
  EXPECT_EQ(FingerprintAtSouth(), after);
  EXPECT_TRUE(AskedToCompare());
  const auto confirm = [&](std::string_view token, const std::string& fingerprint) {
    return pair_.south.Post(token, "/v1/lines/north/keys",
                            "{\"fingerprint\":" + Quoted(fingerprint) + "}");
  };
  EXPECT_EQ(confirm(pair_.south.duty, after).status, 403);
  EXPECT_NE(confirm(south_admin_, before).status, 200);
  EXPECT_EQ(confirm(south_admin_, "1 2 3").status, 400);
  EXPECT_TRUE(AskedToCompare());
  EXPECT_EQ(confirm(south_admin_, after).status, 200);
  EXPECT_FALSE(AskedToCompare());
  EXPECT_EQ(confirm(south_admin_, after).status, 409);
}

// The pipe is cut, since the key that it stands on is trusted no more, and comes up again by the new one.
TEST_F(KeysTest, ARevokedTransportKeyIsLeftAtOnce) {
  for (int round = 0; round < 3; ++round) {
    const Answer rotated = Rotate("{\"keys\":[\"transport\"],\"revoke\":true}");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    ASSERT_TRUE(Receipted()) << round;
    EXPECT_EQ(FingerprintAtSouth(), rotated.Text("/fingerprint"));
    const auto up = [](const Side& side) {
      return side.Get("/v1/lines").body.find("\"up\":true") != std::string::npos;
    };
    EXPECT_TRUE(Eventually([&] { return up(pair_.north) && up(pair_.south); })) << round;
  }
}

TEST_F(KeysTest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(pair_.north.Post(pair_.north.duty, "/v1/keys/rotate", "{}").status, 403);
  EXPECT_EQ(pair_.north.Post("", "/v1/keys/rotate", "{}").status, 401);
  EXPECT_EQ(Rotate("{\"keys\":[]}").status, 400);
  EXPECT_EQ(Rotate("{\"keys\":[\"other\"]}").status, 400);
  EXPECT_EQ(Rotate("{\"key\":1}").status, 400);
  EXPECT_EQ(Rotate("{\"compromised_since\":\"2027-01-15T12:00:00Z\"}").status, 400);
  EXPECT_EQ(pair_.south
                .Post(south_admin_, "/v1/lines/nobody/keys",
                      "{\"fingerprint\":\"51256 22721 34866 58100 55895 08890 54867 14211\"}")
                .status,
            404);
}

}  // namespace
}  // namespace wideberth::api::node
