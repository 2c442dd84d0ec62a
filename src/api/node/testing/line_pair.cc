#include "api/node/testing/line_pair.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "line/party_card.h"
#include "service/testing/memory_keys.h"

namespace wideberth::api::node::testing {
namespace {

struct Identity {
  base::PartyId party;
  std::string name;
  std::shared_ptr<service::testing::MemoryKeys> keys;
  std::string card;

  Identity(uint8_t n, std::string_view of_party)
      : party(airspace::testing::TestParty(n)),
        name(of_party),
        keys(std::make_shared<service::testing::MemoryKeys>(
            party, name, static_cast<uint8_t>(40 * n), airspace::testing::kNoon)),
        card(keys->FirstCard().value()) {}
};

LineParts PartsOf(const Identity& self, const Identity& peer, std::string connect, bool agreed) {
  mechanism::Terms terms;
  terms.agreement = airspace::testing::TestRules().digest();
  agreement::StandingRelease corridor;
  corridor.name = "launch corridor";
  corridor.party = airspace::testing::TestParty(1);
  corridor.area = geo::Outline::Circle(geo::MakePosition(47.5, 7.3).value(), 20'000'000).value();
  corridor.hazard_class = airspace::HazardClass::kLaunch;
  terms.standing_releases = {std::move(corridor)};
  service::LineOptions options{self.party, self.keys, terms, {{peer.card, 1}}};
  if (!agreed) {
    options.agreements.emplace(
        peer.party, agreement::LineAgreements({self.party, self.name}, {peer.party, peer.name}));
  }
  const bool listens = connect.empty();
  const line::PartyCard card = line::ReadCard(peer.card).value();
  return {std::move(options),
          listens ? "127.0.0.1" : "",
          0,
          {{peer.party, card.key(line::KeyRole::kTransport), {{"fibre", std::move(connect)}}}},
          {},
          crypto::KdfCost::Cheapest()};
}

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

Answer Side::Get(std::string_view target) const {
  return node->DoWithToken(duty, net::Method::kGet, target);
}

Answer Side::Post(std::string_view token, std::string_view target, std::string_view body) const {
  return node->DoWithToken(token, net::Method::kPost, target, body);
}

Answer Side::Act(std::string_view body, std::string_view token) const {
  return Post(token.empty() ? std::string_view(duty) : token, "/v1/acts", body);
}

std::string Side::SignOn(std::string_view who, std::string_view role) const {
  const std::string password = ",\"password\":" + Quoted(kPassword) + "}";
  const std::string admin = node->Token({.subject = name, .scopes = {"wideberth.admin"}});
  const Answer made = Post(admin, "/v1/operators",
                           "{\"name\":" + Quoted(who) + ",\"role\":" + Quoted(role) + password);
  EXPECT_EQ(made.status, 201) << made.body;
  const Answer signed_on = Post("", "/v1/login", "{\"name\":" + Quoted(who) + password);
  EXPECT_EQ(signed_on.status, 200) << signed_on.body;
  return signed_on.Text("/token");
}

Answer Side::Release(int notice, const Sketch& sketch) const {
  const Answer draft = node->DoWithToken(duty, net::Method::kPut, NoticePath(notice),
                                         PutBody(sketch, ",\"draft\":true"));
  EXPECT_LT(draft.status, 300) << draft.body;
  const Answer checked =
      Post(second, NoticePath(notice, "check"), "{\"reading\":" + ReadingJson(sketch) + "}");
  EXPECT_EQ(checked.status, 200) << checked.body;
  return Act("{\"act\":\"release\",\"notice\":" + Quoted(NoticeId(notice)) + "}");
}

Answer Side::ReadBack(int notice, const Sketch& sketch, std::string_view version,
                      std::string_view more) const {
  return Act("{\"act\":\"read_back\",\"notice\":" + Quoted(NoticeId(notice)) + ",\"version\":" +
             Quoted(version) + ",\"reading\":" + ReadingJson(sketch) + std::string(more) + "}");
}

LinePair::LinePair(bool agreed) {
  const Identity north_identity(1, "north");
  const Identity south_identity(2, "south");
  north.name = "north";
  south.name = "south";
  north.node =
      std::make_unique<TestNode>(nullptr, PartsOf(north_identity, south_identity, "", agreed));
  const std::string address = "127.0.0.1:" + std::to_string(north.node->server().line_port());
  south.node =
      std::make_unique<TestNode>(nullptr, PartsOf(south_identity, north_identity, address, agreed));
  for (Side* side : {&north, &south}) {
    side->duty = side->SignOn("a.duty", "duty_officer");
    side->second = side->SignOn("b.duty", "duty_officer");
    side->head = side->SignOn("c.head", "supervisor");
  }
  for (const Side* side : {&north, &south}) {
    const bool up = Eventually([&] {
      const Answer lines = side->Get("/v1/lines");
      return lines.Text("/lines/0/state") == "up" && lines.Text("/lines/0/operator_keys") == "3";
    });
    CHECK_MSG(up, "the line must come up");
  }
}

void LinePair::Pass(int64_t us) {
  north.node->clock().Pass(us);
  south.node->clock().Pass(us);
}

std::string ReadingJson(const Sketch& sketch) {
  return "{\"volume\":" + Json(DeclarationJson(sketch)).Text("/volumes/0") +
         ",\"data_mode\":" + Quoted(sketch.data_mode) + "}";
}

bool Eventually(const std::function<bool()>& is_so) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < until) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return is_so();
}

}  // namespace wideberth::api::node::testing
