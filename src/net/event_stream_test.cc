#include "net/event_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/client.h"
#include "net/event_reader.h"
#include "net/server.h"
#include "net/testing/raw_client.h"

namespace wideberth::net {
namespace {

using testing::Eventually;
using testing::RawClient;
using testing::StatusOf;

std::vector<Event> ReadAll(const std::string& bytes, size_t piece) {
  EventReader reader(1 << 20);
  std::vector<Event> events;
  for (size_t i = 0; i < bytes.size(); i += piece) {
    EXPECT_EQ(reader.Feed(std::string_view(bytes).substr(i, piece),
                          [&](const Event& event) {
                            events.push_back(event);
                            return true;
                          }),
              EventReader::Status::kOpen);
  }
  return events;
}

TEST(EventFormat, IsReadBackHoweverItIsCut) {
  base::SeededRandom random(3);
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    std::vector<std::string> data;
    for (int i = 0; i < 5; ++i) {
      std::string text;
      for (uint64_t n = random.Below(12); n > 0; --n) text.push_back("ab:\n \r"[random.Below(6)]);
      bytes += *EventStream::Format("conflict", std::to_string(i), text);
      // The format has one line end; every other comes back as it.
      std::string expected;
      for (size_t k = 0; k < text.size(); ++k) {
        if (text[k] == '\r' && k + 1 < text.size() && text[k + 1] == '\n') continue;
        expected.push_back(text[k] == '\r' ? '\n' : text[k]);
      }
      data.push_back(expected);
    }
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, bytes.size()}) {
      const std::vector<Event> events = ReadAll(bytes, piece);
      ASSERT_EQ(events.size(), data.size());
      for (size_t i = 0; i < data.size(); ++i) {
        EXPECT_EQ(events[i].data, data[i]);
        EXPECT_EQ(events[i].name, "conflict");
        EXPECT_EQ(events[i].id, std::to_string(i));
      }
    }
  }
}

TEST(EventFormat, NameAndIdCannotBreakOut) {
  EXPECT_EQ(*EventStream::Format("a\nevent: b", "1\r2", "x"), "id: 1\nevent: a\ndata: x\n\n");
  EXPECT_EQ(*EventStream::Format("", "", ""), "data: \n\n");
}

TEST(EventReader, FollowsTheStandardsExamples) {
  // The streams of WHATWG HTML 9.2.6.
  EXPECT_EQ(ReadAll("data: YHOO\ndata: +2\ndata: 10\n\n", 3).at(0).data, "YHOO\n+2\n10");
  const auto ids = ReadAll(
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
      "event\n\n",
      4);
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[0].data, "first event");
  EXPECT_EQ(ids[0].id, "1");
  EXPECT_EQ(ids[1].data, "second event");
  EXPECT_EQ(ids[1].id, "");
  EXPECT_EQ(ids[2].data, " third event");
  const auto blanks = ReadAll("data\n\ndata\ndata\n\ndata:", 1);
  ASSERT_EQ(blanks.size(), 2u);
  EXPECT_EQ(blanks[1].data, "\n");
  EXPECT_EQ(ReadAll("data:test\n\ndata: test\n\n", 5).size(), 2u);
}

TEST(EventReader, HoldsItsLimitAndStops) {
  EventReader small(10);
  EXPECT_EQ(small.Feed("data: 0123456789", [](const Event&) { return true; }),
            EventReader::Status::kTooLarge);
  EventReader reader(100);
  int events = 0;
  EXPECT_EQ(reader.Feed("data: 1\n\ndata: 2\n\n", [&](const Event&) { return ++events < 1; }),
            EventReader::Status::kStopped);
  EXPECT_EQ(events, 1);
}

// A server that keeps the streams it is asked for.
class StreamServer {
 public:
  explicit StreamServer(HttpServer::Options options = {}) {
    options.handler = [this](const Request& request, Responder responder) {
      if (request.path() != "/events") return responder(TextResponse(404, "no"));
      auto stream = responder.StartEventStream();
      if (!stream) return;
      stream->OnClose([this] { closed.fetch_add(1); });
      const std::lock_guard lock(mutex_);
      last_event_id = request.headers.Find("Last-Event-ID").value_or("");
      streams_.push_back(*std::move(stream));
    };
    server = HttpServer::Start(std::move(options)).value();
  }
  ~StreamServer() { server->Stop(0); }

  std::vector<EventStream> Streams(size_t wanted) {
    EXPECT_TRUE(Eventually([&] {
      const std::lock_guard lock(mutex_);
      return streams_.size() == wanted;
    }));
    const std::lock_guard lock(mutex_);
    return streams_;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    streams_.clear();
  }
  HttpClient Client() const {
    return HttpClient::Create("http://127.0.0.1:" + std::to_string(server->port()), {}).value();
  }

  std::atomic<int> closed{0};
  std::string last_event_id;
  std::unique_ptr<HttpServer> server;

 private:
  std::mutex mutex_;
  std::vector<EventStream> streams_;
};

constexpr std::string_view kAsk = "GET /events HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(EventStream, ReachesTheClientInOrderFromAnyThread) {
  StreamServer s;
  constexpr int kEvents = 2'000;
  std::thread sender([&] {
    EventStream stream = s.Streams(1).at(0);
    for (int i = 0; i < kEvents; ++i) {
      EXPECT_TRUE(stream.Send("tick", std::to_string(i), "{\"n\":" + std::to_string(i) + "}"));
    }
    stream.Close();
  });
  HttpClient client = s.Client();
  int next = 0;
  const auto ended = client.ReadEvents("/events", "41", [&](const Event& event) {
    EXPECT_EQ(event.name, "tick");
    EXPECT_EQ(event.id, std::to_string(next));
    EXPECT_EQ(event.data, "{\"n\":" + std::to_string(next) + "}");
    ++next;
    return true;
  });
  sender.join();
  EXPECT_TRUE(ended) << ended.error().ToString();
  EXPECT_EQ(next, kEvents);
  EXPECT_EQ(s.last_event_id, "41");
  EXPECT_TRUE(Eventually([&] { return s.closed.load() == 1; }));
  EXPECT_FALSE(s.Streams(1).at(0).Send("late", "", "x"));
}

TEST(EventStream, OneFrameForManyClients) {
  StreamServer s;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<RawClient>(s.server->port()));
    ASSERT_TRUE(clients.back()->Send(kAsk));
  }
  const EventFrame frame = EventStream::Format("all", "1", "x");
  for (EventStream& stream : s.Streams(10)) EXPECT_TRUE(stream.Send(frame));
  for (const auto& client : clients) {
    const std::string head = client->ReadThrough("\r\n\r\n");
    EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << head;
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_EQ(client->ReadThrough("\n\n"), "id: 1\nevent: all\ndata: x\n\n");
  }
  EXPECT_EQ(s.server->stats().event_streams_open, 10u);
}

TEST(EventStream, EndsWithItsLastHandle) {
  StreamServer s;
  RawClient client(s.server->port());
  ASSERT_TRUE(client.Send(kAsk));
  s.Streams(1).at(0).Send("a", "", "b");
  s.Forget();
  EXPECT_TRUE(client.ReadToEnd().ends_with("event: a\ndata: b\n\n"));
  EXPECT_TRUE(Eventually([&] { return s.server->stats().event_streams_open == 0; }));
}

TEST(EventStream, TellsWhenTheClientIsGone) {
  StreamServer s;
  {
    RawClient client(s.server->port());
    ASSERT_TRUE(client.Send(kAsk));
    s.Streams(1);
  }
  EXPECT_TRUE(Eventually([&] { return s.closed.load() == 1; }));
  EXPECT_TRUE(s.Streams(1).at(0).closed());
  bool told = false;
  s.Streams(1).at(0).OnClose([&] { told = true; });
  EXPECT_TRUE(told);
}

TEST(EventStream, CommentsKeepItAlive) {
  StreamServer s({.event_keep_alive_ms = 20});
  RawClient client(s.server->port());
  ASSERT_TRUE(client.Send(kAsk));
  client.ReadThrough("\r\n\r\n");
  EXPECT_EQ(client.ReadThrough("\n\n"), ":\n\n");
  EXPECT_EQ(client.ReadThrough("\n\n"), ":\n\n");
}

TEST(EventStream, ASlowReaderIsCutOff) {
  StreamServer s({.event_queue_bytes_max = 64 * 1024});
  RawClient client(s.server->port(), /*receive_buffer_bytes=*/4'096);
  ASSERT_TRUE(client.Send(kAsk));
  EventStream stream = s.Streams(1).at(0);
  const EventFrame frame = EventStream::Format("big", "", std::string(16 * 1024, 'x'));
  // The kernel takes a few megabytes; then the queue fills and the stream ends.
  EXPECT_TRUE(Eventually([&] {
    for (int i = 0; i < 100; ++i) {
      if (!stream.Send(frame)) return true;
    }
    return false;
  }));
  EXPECT_TRUE(stream.closed());
  // Once it reads again it finds whole events and the reason.
  const std::string all = client.ReadToEnd();
  const std::string reason = ": cut off, the reader was too slow\n\n";
  ASSERT_TRUE(all.ends_with(reason));
  const size_t events_bytes = all.size() - reason.size() - (all.find("\r\n\r\n") + 4);
  EXPECT_EQ(events_bytes % frame->size(), 0u);
  EXPECT_TRUE(Eventually([&] { return s.server->stats().event_streams_cut == 1; }));
}

TEST(EventStream, AReaderThatStallsForGoodIsClosed) {
  StreamServer s({.write_deadline_ms = 60, .event_queue_bytes_max = 64 * 1024});
  const auto client = std::make_unique<RawClient>(s.server->port(), 4'096);
  ASSERT_TRUE(client->Send(kAsk));
  EventStream stream = s.Streams(1).at(0);
  const EventFrame frame = EventStream::Format("big", "", std::string(16 * 1024, 'x'));
  EXPECT_TRUE(Eventually([&] { return !stream.Send(frame); }));
  EXPECT_TRUE(Eventually([&] { return s.closed.load() == 1; }));
  EXPECT_TRUE(Eventually([&] { return s.server->stats().connections_open == 0; }));
}

TEST(EventStream, NoMoreThanTheLimit) {
  StreamServer s({.event_streams_max = 2});
  RawClient first(s.server->port());
  RawClient second(s.server->port());
  ASSERT_TRUE(first.Send(kAsk));
  ASSERT_TRUE(second.Send(kAsk));
  s.Streams(2);
  RawClient third(s.server->port());
  ASSERT_TRUE(third.Send(kAsk));
  EXPECT_EQ(StatusOf(third.ReadAnswer()), 503);
  HttpClient client = s.Client();
  const auto refused = client.ReadEvents("/events", {}, [](const Event&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().found.find("503"), std::string::npos);
  s.Forget();
  EXPECT_TRUE(Eventually([&] { return s.server->stats().event_streams_open == 0; }));
}

TEST(EventStream, StopEndsItCleanly) {
  StreamServer s;
  RawClient client(s.server->port());
  ASSERT_TRUE(client.Send(kAsk));
  s.Streams(1).at(0).Send("last", "", "words");
  s.server->Stop(20'000);
  EXPECT_TRUE(client.ReadToEnd().ends_with("event: last\ndata: words\n\n"));
  EXPECT_EQ(s.closed.load(), 1);
  EXPECT_FALSE(s.Streams(1).at(0).Send("more", "", ""));
}

TEST(EventStream, TheReaderIsInterrupted) {
  StreamServer s;
  HttpClient client = s.Client();
  std::thread reader(
      [&] { EXPECT_TRUE(client.ReadEvents("/events", {}, [](const Event&) { return true; })); });
  s.Streams(1);
  client.Interrupt();
  reader.join();
}

TEST(EventStream, SilenceIsNoticed) {
  StreamServer s;
  HttpClient client = s.Client();
  const auto ended = client.ReadEvents(
      "/events", {}, [](const Event&) { return true; }, 30);
  ASSERT_FALSE(ended);
  EXPECT_NE(ended.error().rule.find("nothing came"), std::string::npos);
}

}  // namespace
}  // namespace wideberth::net
