// Transport keys that change while the nodes run: whichever side dials, and whichever knows of it first.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "link/testing/node.h"

namespace wideberth::link {
namespace {

using testing::Cable;
using testing::Eventually;
using testing::KeyOf;
using testing::Node;
using testing::SharedKeyOf;

constexpr int64_t kFarUs = int64_t{1} << 60;

// Node a listens, node b dials it through a cable that can be cut.
class TransportKeysTest : public ::testing::Test {
 protected:
  TransportKeysTest() {
    a_.Start({Peer(b_, false, 2)});
    cable_ = std::make_unique<Cable>(a_.port);
    b_.Start({Peer(a_, true, 1)});
    AwaitUp();
  }
  // How `node` stands with the other one: by that key, and by a former one.
  PeerPaths Peer(const Node& node, bool dialled, uint8_t key, uint8_t former = 0) const {
    PeerPaths peer{node.party,
                   KeyOf(key).public_key(),
                   {{"fibre", dialled ? "127.0.0.1:" + std::to_string(cable_->port()) : ""}}};
    if (former != 0) {
      peer.former_key = KeyOf(former).public_key();
      peer.former_until_monotonic_us = kFarUs;
    }
    return peer;
  }
  void AwaitUp() {
    ASSERT_TRUE(Eventually([&] { return a_.IsUp(b_) && b_.IsUp(a_); }))
        << a_.StatusOf(b_).last_error << "; " << b_.StatusOf(a_).last_error;
  }
  void Reconnect() {
    cable_->Cut();
    ASSERT_TRUE(Eventually([&] { return !a_.IsUp(b_) && !b_.IsUp(a_); }));
    cable_->Mend();
    AwaitUp();
  }
  void ExpectRefused() {
    cable_->Cut();
    ASSERT_TRUE(Eventually([&] { return !a_.IsUp(b_) && !b_.IsUp(a_); }));
    cable_->Mend();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));  // several dials; none may succeed
    EXPECT_FALSE(a_.IsUp(b_));
    EXPECT_FALSE(b_.IsUp(a_));
  }

  Node a_{1};
  Node b_{2};
  std::unique_ptr<Cable> cable_;
};

TEST_F(TransportKeysTest, WhoListensShowsTheKeyThatItIsAskedFor) {
  ASSERT_TRUE(a_.transport->SetKeys({SharedKeyOf(11), SharedKeyOf(1)}).has_value());
  EXPECT_TRUE(b_.IsUp(a_));  // what is up stays up
  Reconnect();               // b knows the old key alone
  ASSERT_TRUE(b_.transport->SetPeers({Peer(a_, true, 11, 1)}).has_value());
  Reconnect();
  ASSERT_TRUE(a_.transport->SetKeys({SharedKeyOf(11)}).has_value());
  Reconnect();
}

TEST_F(TransportKeysTest, WhoDialsIsTakenByEitherKeyUntilTheNewOneWasSeen) {
  // b changes; a does not know of it yet.
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(12), SharedKeyOf(2)}).has_value());
  Reconnect();
  ASSERT_TRUE(a_.transport->SetPeers({Peer(b_, false, 12, 2)}).has_value());
  EXPECT_TRUE(a_.IsUp(b_));
  Reconnect();
  // All peers know: the new one alone, and then a takes no other.
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(12)}).has_value());
  Reconnect();
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(2)}).has_value());
  ASSERT_TRUE(a_.transport->SetPeers({Peer(b_, false, 12, 2)}).has_value());  // says so once more
  ExpectRefused();
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(12), SharedKeyOf(2)}).has_value());
  AwaitUp();
}

// The peer has dropped the old key, and this side has not been told that it holds the change.
TEST_F(TransportKeysTest, WhoDialsTriesOneKeyAfterTheOther) {
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(12), SharedKeyOf(2)}).has_value());
  ASSERT_TRUE(a_.transport->SetPeers({Peer(b_, false, 12)}).has_value());
  AwaitUp();
}

TEST_F(TransportKeysTest, ARevokedKeyIsCutOffAtOnce) {
  ASSERT_TRUE(a_.transport->SetPeers({Peer(b_, false, 12)}).has_value());
  ASSERT_TRUE(Eventually([&] { return !a_.IsUp(b_) && !b_.IsUp(a_); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_FALSE(a_.IsUp(b_));
  ASSERT_TRUE(b_.transport->SetKeys({SharedKeyOf(12)}).has_value());
  AwaitUp();
}

TEST_F(TransportKeysTest, AFormerKeyIsOverWhenItsTimeIs) {
  PeerPaths peer = Peer(b_, false, 12, 2);
  peer.former_until_monotonic_us = 0;
  ASSERT_TRUE(a_.transport->SetPeers({peer}).has_value());
  EXPECT_TRUE(a_.IsUp(b_));  // what is up under it stays up
  ExpectRefused();
}

TEST_F(TransportKeysTest, AFormerKeyIsOfOnePartyToo) {
  PeerPaths peer = Peer(b_, false, 12, 1);  // our own
  const auto refused = a_.transport->SetPeers({peer});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field, "/peers/0/former_key");
}

}  // namespace
}  // namespace wideberth::link
