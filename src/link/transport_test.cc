#include "link/transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "link/testing/node.h"

namespace wideberth::link {
namespace {

using testing::Cable;
using testing::Eventually;
using testing::Node;

// Node a listens, node b dials it.
class TransportTest : public ::testing::Test {
 protected:
  void Connect(const std::vector<std::string>& paths = {"fibre"}, Transport::Options of_a = {},
               Transport::Options of_b = {}) {
    a_.Start({b_.AsPeer(paths, /*dialled=*/false)}, of_a);
    b_.Start({a_.AsPeer(paths, /*dialled=*/true)}, of_b);
    for (size_t i = 0; i < paths.size(); ++i) AwaitUp(i);
  }
  void AwaitUp(size_t path = 0) {
    ASSERT_TRUE(Eventually([&] { return a_.IsUp(b_, path) && b_.IsUp(a_, path); }))
        << a_.StatusOf(b_, path).last_error << "; " << b_.StatusOf(a_, path).last_error;
  }

  Node a_{1};
  Node b_{2};
};

std::string Noise(base::SeededRandom& random, size_t bytes) {
  std::string text(bytes, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return text;
}

TEST_F(TransportTest, CarriesFramesOfEveryLengthBothWays) {
  Connect();
  base::SeededRandom random(7);
  std::vector<std::string> frames;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{125}, size_t{126}, size_t{65'535},
                             size_t{65'536}, size_t{4} * 1024 * 1024, limits::kLineFrameBytesMax}) {
    frames.push_back(Noise(random, bytes));
  }
  for (const std::string& frame : frames) {
    a_.Send(b_, 0, frame);
    b_.Send(a_, 0, frame);
  }
  for (auto [node, from] : {std::pair{&a_, &b_}, std::pair{&b_, &a_}}) {
    ASSERT_TRUE(Eventually([&] { return node->frames_from(*from) == frames.size(); }));
    const auto arrived = node->TakeFrames();
    for (size_t i = 0; i < frames.size(); ++i) EXPECT_TRUE(arrived[i].frame == frames[i]) << i;
  }
  EXPECT_TRUE(Eventually([&] { return a_.StatusOf(b_).frames_sent == frames.size(); }));
  const PathStatus status = a_.StatusOf(b_);
  EXPECT_EQ(status.name, "fibre");
  EXPECT_EQ(status.frames_received, frames.size());
  EXPECT_EQ(status.bytes_received, status.bytes_sent);
  EXPECT_TRUE(status.remote_address.starts_with("127.0.0.1:")) << status.remote_address;
  EXPECT_GT(status.since.us, 0);
  EXPECT_EQ(status.last_error, "");
}

TEST_F(TransportTest, KeepsTheOrderOfManySmallFrames) {
  constexpr size_t kFrames = 100'000;
  Connect();
  for (auto [node, to] : {std::pair{&a_, &b_}, std::pair{&b_, &a_}}) {
    for (size_t i = 0; i < kFrames; i += 1'000) {
      std::vector<OutgoingFrame> batch;
      for (size_t j = i; j < i + 1'000; ++j) {
        batch.push_back({to->party, 0, std::make_shared<const std::string>(std::to_string(j))});
      }
      node->transport->Send(std::move(batch));
    }
  }
  for (auto [node, from] : {std::pair{&a_, &b_}, std::pair{&b_, &a_}}) {
    for (size_t part = kFrames / 10; part <= kFrames; part += kFrames / 10) {
      ASSERT_TRUE(Eventually([&] { return node->frames_from(*from) >= part; }));
    }
    const auto arrived = node->TakeFrames();
    ASSERT_EQ(arrived.size(), kFrames);
    for (size_t i = 0; i < kFrames; ++i) ASSERT_EQ(arrived[i].frame, std::to_string(i));
  }
}

TEST_F(TransportTest, APathThatIsCutComesBackAndTheOtherGoesOn) {
  a_.Start({b_.AsPeer({"fibre", "radio"}, false)});
  Cable cable(a_.port);
  PeerPaths to_a = a_.AsPeer({"fibre", "radio"}, true);
  to_a.paths[0].connect = "127.0.0.1:" + std::to_string(cable.port());
  b_.Start({to_a});
  AwaitUp(0);
  AwaitUp(1);

  cable.Cut();
  ASSERT_TRUE(Eventually([&] { return !a_.IsUp(b_, 0) && !b_.IsUp(a_, 0); }));
  EXPECT_NE(a_.StatusOf(b_, 0).last_error, "");
  for (const size_t path : {size_t{0}, size_t{1}})
    a_.Send(b_, path, "over " + std::to_string(path));
  ASSERT_TRUE(Eventually([&] { return b_.frames_from(a_) == 1; }));
  EXPECT_EQ(b_.TakeFrames()[0].frame, "over 1");

  cable.Mend();
  AwaitUp(0);
  b_.Send(a_, 0, "again");
  ASSERT_TRUE(Eventually([&] { return a_.frames_from(b_) == 1; }));
  EXPECT_EQ(a_.TakeFrames()[0].path, 0u);
  EXPECT_EQ(b_.PathEvents().back(), "0 up");
  const auto events = b_.PathEvents();
  EXPECT_EQ(std::count(events.begin(), events.end(), "1 down"), 0);
}

TEST_F(TransportTest, APeerThatDiesAndComesBackIsDialledAgain) {
  Connect();
  a_.Kill();
  ASSERT_TRUE(Eventually([&] { return !b_.IsUp(a_); }));
  ASSERT_TRUE(Eventually([&] { return b_.StatusOf(a_).last_error.starts_with("connecting: "); }));
  a_.Start({b_.AsPeer({"fibre"}, false)});
  AwaitUp();
  b_.Kill();
  ASSERT_TRUE(Eventually([&] { return !a_.IsUp(b_); }));
  EXPECT_EQ(a_.StatusOf(b_).last_error, "the peer closed the connection");
  b_.Start({a_.AsPeer({"fibre"}, true)});
  AwaitUp();
}

// The dialling side gives the frozen connection up; the listening side, more patient, still thinks it up when the new
// one comes.
TEST_F(TransportTest, ANewerConnectionTakesTheOldOnesPlace) {
  a_.Start({b_.AsPeer({"fibre"}, false)});
  Cable cable(a_.port);
  PeerPaths to_a = a_.AsPeer({"fibre"}, true);
  to_a.paths[0].connect = "127.0.0.1:" + std::to_string(cable.port());
  Transport::Options impatient;
  impatient.silence_deadline_ms = 300;
  b_.Start({to_a}, impatient);
  AwaitUp();
  cable.Freeze();
  ASSERT_TRUE(Eventually([&] {
    return a_.StatusOf(b_).last_error == "the peer has made a newer connection";
  })) << a_.StatusOf(b_).last_error;
  // It may be replaced again at any time: nothing is sent on it but by us, and the peer is impatient.
  ASSERT_TRUE(Eventually([&] {
    a_.Send(b_, 0, "over the newer one");
    return b_.frames_from(a_) > 0;
  }));
  EXPECT_EQ(b_.StatusOf(a_).last_error, "nothing came for 300 ms");
  const auto events = a_.PathEvents();
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i], i % 2 == 0 ? "0 up" : "0 down");
}

TEST_F(TransportTest, SetPeersClosesWhatChangedAndKeepsTheRest) {
  Connect({"fibre", "radio"});
  const base::UtcMicros since = b_.StatusOf(a_, 0).since;
  // A third node joins, the second path is renamed: both sides have to say so.
  Node c(3);
  c.Start({b_.AsPeer({"fibre"}, false)});
  ASSERT_TRUE(
      b_.transport->SetPeers({a_.AsPeer({"fibre", "hf"}, true), c.AsPeer({"fibre"}, true)}));
  ASSERT_TRUE(Eventually([&] { return b_.IsUp(c) && c.IsUp(b_); }));
  ASSERT_TRUE(Eventually(
      [&] { return b_.StatusOf(a_, 1).last_error == "the peer refused the path: HTTP 404"; }));
  ASSERT_TRUE(a_.transport->SetPeers({b_.AsPeer({"fibre", "hf"}, false)}));
  AwaitUp(1);
  EXPECT_EQ(b_.StatusOf(a_, 1).name, "hf");

  ASSERT_TRUE(b_.transport->SetPeers({a_.AsPeer({"fibre"}, true)}));
  ASSERT_TRUE(Eventually([&] { return !c.IsUp(b_) && !a_.IsUp(b_, 1); }));
  EXPECT_TRUE(b_.transport->Status(c.party).empty());
  EXPECT_EQ(b_.transport->Status(a_.party).size(), 1u);
  // Through all of it the first path was not touched.
  EXPECT_TRUE(b_.IsUp(a_, 0));
  EXPECT_EQ(b_.StatusOf(a_, 0).since, since);
  a_.Send(b_, 0, "still here");
  EXPECT_TRUE(Eventually([&] { return b_.frames_from(a_) == 1; }));

  // Another key is another peer, whatever the party is called.
  PeerPaths impostor = a_.AsPeer({"fibre"}, true);
  impostor.transport_key = testing::KeyOf(9).public_key();
  ASSERT_TRUE(b_.transport->SetPeers({impostor}));
  EXPECT_TRUE(Eventually([&] {
    return !a_.IsUp(b_) && b_.StatusOf(a_).last_error.find("certificate") != std::string::npos;
  }));
}

TEST_F(TransportTest, APeerThatDoesNotHandleItsFramesIsHeldBack) {
  constexpr size_t kFrames = 400;
  constexpr size_t kUnhandledMax = 16;
  constexpr size_t kFrameBytes = 64 * 1024;  // together more than the kernel takes
  b_.handles_frames = false;
  Transport::Options slow;
  slow.unhandled_frames_max = kUnhandledMax;
  Connect({"fibre"}, {}, slow);
  for (size_t i = 0; i < kFrames; ++i) {
    a_.Send(b_, 0, std::string(kFrameBytes, static_cast<char>('a' + i % 26)));
  }
  ASSERT_TRUE(Eventually([&] { return b_.frames_from(a_) == kUnhandledMax; }));
  // Handling one lets one in, and so on: never more than the limit is out.
  for (size_t handled = 0; handled < kFrames - kUnhandledMax; ++handled) {
    ASSERT_EQ(b_.frames_from(a_), kUnhandledMax + handled);
    b_.transport->Handled(a_.party, 0, 1, kFrameBytes);
    ASSERT_TRUE(Eventually([&] { return b_.frames_from(a_) > kUnhandledMax + handled; }));
  }
  const auto arrived = b_.TakeFrames();
  ASSERT_EQ(arrived.size(), kFrames);
  for (size_t i = 0; i < kFrames; ++i) {
    ASSERT_EQ(arrived[i].frame.front(), static_cast<char>('a' + i % 26));
  }
  EXPECT_TRUE(b_.IsUp(a_));
}

TEST_F(TransportTest, UnhandledBytesHoldBackToo) {
  a_.handles_frames = false;
  Transport::Options slow;
  constexpr size_t kFrame = limits::kLinkBundleBytesMax / 2 + 1;  // two do not leave together
  slow.unhandled_bytes_max = kFrame + 1;
  Connect({"fibre"}, slow);
  for (int i = 0; i < 3; ++i) b_.Send(a_, 0, std::string(kFrame, 'x'));
  ASSERT_TRUE(Eventually([&] { return a_.frames_from(b_) == 2; }));
  // What is unhandled stays so when the next connection comes.
  b_.Kill();
  b_.Start({a_.AsPeer({"fibre"}, true)});
  ASSERT_TRUE(Eventually([&] { return a_.PathEvents().size() == 3 && b_.IsUp(a_); }));
  b_.Send(a_, 0, "held back");
  ASSERT_TRUE(Eventually([&] { return b_.StatusOf(a_).frames_sent == 1; }));
  EXPECT_EQ(a_.frames_from(b_), 2u);
  a_.transport->Handled(b_.party, 0, 1, kFrame);
  EXPECT_TRUE(Eventually([&] { return a_.frames_from(b_) == 3; }));
}

TEST_F(TransportTest, AQueueThatOverflowsClosesThePath) {
  b_.handles_frames = false;
  Transport::Options slow;
  slow.unhandled_frames_max = 1;
  Transport::Options small;
  small.send_queue_bytes_max = 1024 * 1024;
  Connect({"fibre"}, small, slow);
  ASSERT_TRUE(Eventually([&] {
    a_.Send(b_, 0, std::string(256 * 1024, 'x'));
    return !a_.StatusOf(b_).last_error.empty();
  }));
  EXPECT_EQ(a_.StatusOf(b_).last_error, "more than 1048576 bytes were waiting to be sent");
}

TEST_F(TransportTest, WhoeverHoldsAnotherKeyNeverComesUp) {
  // b expects another key of a.
  a_.Start({b_.AsPeer({"fibre"}, false)});
  PeerPaths wrong = a_.AsPeer({"fibre"}, true);
  wrong.transport_key = testing::KeyOf(9).public_key();
  b_.Start({wrong});
  ASSERT_TRUE(Eventually([&] { return !b_.StatusOf(a_).last_error.empty(); }));
  EXPECT_EQ(b_.StatusOf(a_).last_error, "certificate: must be of the peer's transport key (found " +
                                            a_.keys.front()->public_key().KeyId() + ")");
  // c is expected by nobody.
  Node c(3);
  c.Start({a_.AsPeer({"fibre"}, true)});
  ASSERT_TRUE(Eventually([&] {
    return c.StatusOf(a_).last_error == "the peer refused our certificate";
  })) << c.StatusOf(a_).last_error;
  EXPECT_TRUE(a_.PathEvents().empty());
  EXPECT_TRUE(b_.PathEvents().empty());
  EXPECT_TRUE(c.PathEvents().empty());
  EXPECT_EQ(a_.metrics.Scrape().find("wideberth_link_connections_refused_total 0"),
            std::string::npos);
}

TEST_F(TransportTest, StopsWhateverItIsDoing) {
  Connect({"fibre", "radio"});
  for (int i = 0; i < 50; ++i) a_.Send(b_, 1, std::string(1'000'000, 'x'));
  a_.transport->Stop();
  a_.transport->Stop();
  EXPECT_FALSE(a_.IsUp(b_, 0));
  EXPECT_EQ(a_.StatusOf(b_, 0).last_error, "stopped");
  a_.Send(b_, 0, "into the void");
  EXPECT_TRUE(Eventually([&] { return !b_.IsUp(a_, 0) && !b_.IsUp(a_, 1); }));
}

TEST(TransportStartTest, RefusesWhatItCannotUse) {
  Node a(1);
  base::SystemClock clock;
  Transport::Events events;
  events.on_path = [](base::PartyId, size_t, bool) {};
  events.on_frame = [](base::PartyId, size_t, std::string) {};
  Transport::Options options;
  options.self = a.party;
  options.clock = &clock;
  const auto rule = [&](std::vector<PeerPaths> peers) {
    const auto started = Transport::Start(options, a.keys, std::move(peers), events);
    return started ? "" : started.error().field;
  };
  const auto peer = [](uint8_t party, uint8_t key, std::vector<PathConfig> paths) {
    return PeerPaths{testing::PartyOf(party), testing::KeyOf(key).public_key(), std::move(paths)};
  };
  EXPECT_EQ(rule({peer(2, 2, {{"fibre", ""}}), peer(3, 3, {{"fibre", "[::1]:443"}})}), "");
  EXPECT_EQ(rule({peer(1, 2, {})}), "/peers/0/peer");
  EXPECT_EQ(rule({peer(2, 2, {}), peer(2, 3, {})}), "/peers/1/peer");
  EXPECT_EQ(rule({peer(2, 2, {}), peer(3, 2, {})}), "/peers/1/transport_key");
  EXPECT_EQ(rule({peer(2, 1, {})}), "/peers/0/transport_key");
  for (const char* name : {"", "Fibre", "a/b", "a b", "123456789012345678901234567890123"}) {
    EXPECT_EQ(rule({peer(2, 2, {{"ok", ""}, {name, ""}})}), "/peers/0/paths/1/name") << name;
  }
  for (const char* connect : {"host", "host:0", "host:65536", ":443", "::1:443", "host:443/x"}) {
    EXPECT_EQ(rule({peer(2, 2, {{"a", connect}})}), "/peers/0/paths/0/connect") << connect;
  }
  EXPECT_EQ(rule({peer(2, 2, {{"a", ""}, {"a", ""}})}), "/peers/0/paths/1/name");
  EXPECT_EQ(rule({peer(2, 2, std::vector<PathConfig>(limits::kLinePathsMax + 1))}),
            "/peers/0/paths");
  EXPECT_EQ(rule(std::vector<PeerPaths>(limits::kLinkPeersMax + 1, peer(2, 2, {}))), "/peers");
  options.listen_address = "203.0.113.1";  // a documentation address, nobody's
  EXPECT_EQ(rule({}), "listen");
  options.listen_address = "localhost";
  EXPECT_EQ(rule({}), "listen.address");
}

}  // namespace
}  // namespace wideberth::link
