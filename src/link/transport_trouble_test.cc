// What strangers and broken peers do to a transport: it says so, closes that connection, and goes on.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "link/bundle.h"
#include "link/testing/node.h"
#include "link/transport.h"

namespace wideberth::link {
namespace {

using testing::BinaryFrame;
using testing::ClientFrame;
using testing::Eventually;
using testing::Node;
using testing::RawPeer;

// Node a listens; node b is expected, and is played by a RawPeer with its key.
class TransportTroubleTest : public ::testing::Test {
 protected:
  TransportTroubleTest() { c_.port = 1; }
  void Start(Transport::Options options = {}) {
    a_.Start({b_.AsPeer({"fibre"}, false), c_.AsPeer({"dialled-by-us"}, true)}, options);
  }
  std::unique_ptr<RawPeer> Open() {
    auto raw = std::make_unique<RawPeer>(a_.port);
    EXPECT_TRUE(raw->ShakeHands(b_.keys.front().get()));
    const std::string answer = raw->Upgrade("/line/v1/fibre");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
    return raw;
  }
  void ExpectClosed(RawPeer& raw, const std::string& reason) {
    EXPECT_TRUE(raw.ReadToEnd());
    EXPECT_TRUE(Eventually([&] { return a_.StatusOf(b_).last_error == reason; }))
        << a_.StatusOf(b_).last_error;
    EXPECT_FALSE(a_.IsUp(b_));
  }
  bool HasRefused(int connections) {
    return Eventually([&] {
      return a_.metrics.Scrape().find("wideberth_link_connections_refused_total " +
                                      std::to_string(connections) + "\n") != std::string::npos;
    });
  }
  // The transport is as good as before.
  void ExpectServes() {
    const auto raw = Open();
    const size_t before = a_.frames_from(b_);
    Bundle hello;
    hello.Add("hello");
    raw->Send(BinaryFrame(hello.Take()));
    EXPECT_TRUE(Eventually([&] { return a_.frames_from(b_) == before + 1; }));
  }

  Node a_{1};
  Node b_{2};
  Node c_{3};  // dialled, where nobody listens unless a test does
};

TEST_F(TransportTroubleTest, TalksTls13Only) {
  Start();
  RawPeer raw(a_.port);
  EXPECT_FALSE(raw.ShakeHands(b_.keys.front().get(), /*only_tls12=*/true));
  EXPECT_TRUE(HasRefused(1));
  ExpectServes();
}

TEST_F(TransportTroubleTest, WantsAKnownCertificate) {
  Start();
  RawPeer anonymous(a_.port);
  anonymous.ShakeHands(nullptr);
  EXPECT_EQ(anonymous.Upgrade("/line/v1/fibre"), "");
  EXPECT_TRUE(anonymous.ReadToEnd());
  const crypto::SecretKey unknown = testing::KeyOf(9);
  RawPeer stranger(a_.port);
  stranger.ShakeHands(&unknown);
  EXPECT_EQ(stranger.Upgrade("/line/v1/fibre"), "");
  EXPECT_TRUE(stranger.ReadToEnd());
  EXPECT_TRUE(HasRefused(2));
  EXPECT_TRUE(a_.PathEvents().empty());
  ExpectServes();
}

TEST_F(TransportTroubleTest, RefusesWhatIsNotTls) {
  Start();
  RawPeer raw(a_.port);
  raw.Send("GET /line/v1/fibre HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(raw.ReadToEnd());
  RawPeer noise(a_.port);
  noise.Send(std::string(100'000, '\x16'));
  EXPECT_TRUE(noise.ReadToEnd());
  EXPECT_TRUE(HasRefused(2));
  ExpectServes();
}

TEST_F(TransportTroubleTest, RefusesOtherRequestsThanForAPathOfThePeer) {
  Start();
  const auto ask = [&](auto&& request) {
    RawPeer raw(a_.port);
    EXPECT_TRUE(raw.ShakeHands(b_.keys.front().get()));
    const std::string answer = request(raw);
    EXPECT_TRUE(raw.ReadToEnd());
    return answer.substr(0, answer.find("\r\n")).substr(0, 12);
  };
  EXPECT_EQ(ask([](RawPeer& raw) { return raw.Upgrade("/line/v1/radio"); }), "HTTP/1.1 404");
  // That is a path of another peer, which moreover is ours to dial.
  EXPECT_EQ(ask([](RawPeer& raw) { return raw.Upgrade("/line/v1/dialled-by-us"); }),
            "HTTP/1.1 404");
  EXPECT_EQ(ask([](RawPeer& raw) { return raw.Upgrade("/"); }), "HTTP/1.1 404");
  EXPECT_EQ(ask([](RawPeer& raw) { return raw.Upgrade("/line/v1/fibre", "chat"); }),
            "HTTP/1.1 400");
  EXPECT_EQ(ask([](RawPeer& raw) {
              raw.Send("GET /line/v1/fibre HTTP/1.1\r\nHost: x\r\n\r\n");
              return raw.ReadThrough("\r\n\r\n");
            }),
            "HTTP/1.1 426");
  EXPECT_EQ(ask([](RawPeer& raw) {
              raw.Send("garbage\r\n\r\n");
              return raw.ReadThrough("\r\n\r\n");
            }),
            "");
  EXPECT_EQ(ask([](RawPeer& raw) {
              raw.Send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'));
              return raw.ReadThrough("\r\n\r\n");
            }),
            "");
  EXPECT_TRUE(a_.PathEvents().empty());
  EXPECT_TRUE(HasRefused(7));
  ExpectServes();
}

TEST_F(TransportTroubleTest, ATextMessageClosesThePath) {
  Start();
  const auto raw = Open();
  raw->Send(ClientFrame(0x81, "hello", 5));
  ExpectClosed(*raw, "the peer sent a text message");
  EXPECT_EQ(a_.frames_from(b_), 0u);
  ExpectServes();
}

TEST_F(TransportTroubleTest, TooLongAFrameClosesThePathBeforeItHasCome) {
  Start();
  const auto raw = Open();
  raw->Send(ClientFrame(0x82, "", kBundleBytesMax + 1));
  ExpectClosed(*raw, "the peer sent too long a message");
  // Also when it comes in fragments, each of which would do.
  const auto again = Open();
  const std::string half(kBundleBytesMax / 2 + 1, 'x');
  again->Send(ClientFrame(0x02, half, half.size()));
  again->Send(ClientFrame(0x80, half, half.size()));
  EXPECT_TRUE(again->ReadToEnd());
  EXPECT_TRUE(Eventually([&] { return !a_.IsUp(b_); }));
  EXPECT_EQ(a_.frames_from(b_), 0u);
  ExpectServes();
}

TEST_F(TransportTroubleTest, FragmentsMakeOneFrameAndPingsAreAnswered) {
  Start();
  const auto raw = Open();
  raw->Send(ClientFrame(0x02, std::string("\0\0\0\x09one ", 8), 8));
  raw->Send(ClientFrame(0x89, "ping", 4));
  raw->Send(ClientFrame(0x80, "frame", 5));
  ASSERT_TRUE(Eventually([&] { return a_.frames_from(b_) == 1; }));
  EXPECT_EQ(a_.TakeFrames()[0].frame, "one frame");
  EXPECT_EQ(raw->ReadThrough("ping"), "\x8a\x04ping");
}

TEST_F(TransportTroubleTest, WhatIsSentTogetherIsOneMessage) {
  Start();
  const auto raw = Open();
  ASSERT_TRUE(Eventually([&] { return a_.IsUp(b_); }));
  a_.transport->Send({{b_.party, 0, std::make_shared<const std::string>("one")},
                      {b_.party, 0, std::make_shared<const std::string>("two")}});
  EXPECT_EQ(raw->ReadThrough("two"), std::string("\x82\x0e\0\0\0\3one\0\0\0\3two", 16));
  EXPECT_TRUE(Eventually([&] { return a_.StatusOf(b_).frames_sent == 2; }));
  EXPECT_EQ(a_.StatusOf(b_).bytes_sent, 6u);
}

TEST_F(TransportTroubleTest, AMessageOfNoFramesClosesThePath) {
  Start();
  const auto raw = Open();
  raw->Send(BinaryFrame("frame"));
  ExpectClosed(
      *raw,
      "the peer sent no frames: message: must be frames behind their lengths (found 5 bytes)");
  EXPECT_EQ(a_.frames_from(b_), 0u);
  ExpectServes();
}

TEST_F(TransportTroubleTest, BrokenFramingClosesThePath) {
  Start();
  for (const std::string& broken :
       {std::string("\x82\x01x", 3),   // no mask
        ClientFrame(0xC2, "x", 1),     // a reserved bit: compression was not agreed
        ClientFrame(0x83, "x", 1),     // a reserved opcode
        ClientFrame(0x80, "x", 1)}) {  // goes on with nothing
    const auto raw = Open();
    raw->Send(broken);
    EXPECT_TRUE(raw->ReadToEnd());
    EXPECT_TRUE(Eventually([&] { return !a_.IsUp(b_); }));
  }
  EXPECT_EQ(a_.frames_from(b_), 0u);
  ExpectServes();
}

TEST_F(TransportTroubleTest, AStallInTheHandshakeIsCutShort) {
  Transport::Options hasty;
  hasty.handshake_deadline_ms = 200;
  Start(hasty);
  RawPeer silent(a_.port);
  EXPECT_TRUE(silent.ReadToEnd());
  RawPeer after_tls(a_.port);
  EXPECT_TRUE(after_tls.ShakeHands(b_.keys.front().get()));
  after_tls.Send("GET /line/v1/fi");
  EXPECT_TRUE(after_tls.ReadToEnd());
  EXPECT_TRUE(HasRefused(2));
}

TEST_F(TransportTroubleTest, AListenerThatNeverAnswersIsGivenUp) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), bytes), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes), 0);
  c_.port = ntohs(address.sin_port);
  Transport::Options hasty;
  hasty.handshake_deadline_ms = 200;
  Start(hasty);
  EXPECT_TRUE(Eventually([&] {
    return a_.StatusOf(c_).last_error == "the handshake took longer than 200 ms";
  })) << a_.StatusOf(c_).last_error;
  close(listener);
}

TEST_F(TransportTroubleTest, AStallWithinAFrameIsCutShort) {
  Transport::Options hasty;
  hasty.silence_deadline_ms = 300;
  Start(hasty);
  const auto raw = Open();
  raw->Send(ClientFrame(0x82, "the first part of", 1'000));
  ExpectClosed(*raw, "nothing came for 300 ms");
  EXPECT_EQ(a_.frames_from(b_), 0u);
}

TEST_F(TransportTroubleTest, StrangersWhoHoldConnectionsOpenDoNotKeepAPeerOut) {
  Transport::Options few;
  few.connections_pending_max = 4;
  Start(few);
  std::vector<std::unique_ptr<RawPeer>> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(std::make_unique<RawPeer>(a_.port));
  ExpectServes();
  EXPECT_TRUE(strangers.front()->ReadToEnd());
}

TEST_F(TransportTroubleTest, APeersGoodbyeIsUnderstood) {
  Start();
  const auto raw = Open();
  raw->Send(ClientFrame(0x88, std::string("\x03\xe8", 2), 2));
  ExpectClosed(*raw, "the peer closed the connection");
}

}  // namespace
}  // namespace wideberth::link
