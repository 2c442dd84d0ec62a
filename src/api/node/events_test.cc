// Live changes: who hears what, in which order, and how a gap is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "api/node/testing/fixture.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using testing::Answer;
using testing::Json;
using testing::NoticeId;
using testing::NoticePath;
using testing::PutBody;
using testing::TestNode;

uint64_t IdNumber(std::string_view id) {
  return net::ParseNumber("id", id, 0, UINT64_MAX).value();
}

// A subscriber on a thread of its own.
class Listener {
 public:
  Listener(TestNode* node, std::string_view party, std::string target = "/v1/events",
           std::string last_event_id = "")
      : openapi_(node->openapi()),
        client_(node->Client(party)),
        thread_([this, target = std::move(target), last = std::move(last_event_id)] {
          const auto read = client_.ReadEvents(target, last, [this](const net::Event& event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(event);
            changed_.notify_all();
            return true;
          });
          EXPECT_TRUE(read.has_value()) << read.error().ToString();
          const std::lock_guard lock(mutex_);
          ended_ = true;
          changed_.notify_all();
        }) {}
  ~Listener() {
    client_.Interrupt();
    thread_.join();
  }

  // The next event, held against the file. An empty name: none came for a long time.
  net::Event Next() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(60),
                                        [this] { return next_ < events_.size() || ended_; });
    if (!came || next_ >= events_.size()) return {"", "", ""};
    const net::Event event = events_[next_++];
    const std::string schema = event.name == "notice"     ? "EventNotice"
                               : event.name == "conflict" ? "Conflict"
                               : event.name == "clock"    ? "Clock"
                                                          : "EventOpen";
    EXPECT_EQ(openapi_.CheckAgainst(schema, event.data), "") << event.data;
    return event;
  }
  bool ended() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [this] { return ended_; });
  }

 private:
  const testing::OpenApi& openapi_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<net::Event> events_;
  size_t next_ = 0;
  bool ended_ = false;
  net::HttpClient client_;
  std::thread thread_;
};

TEST(EventsTest, TellOfNoticesAndConflicts) {
  TestNode node;
  Listener south(&node, "south");
  const net::Event open = south.Next();
  EXPECT_EQ(open.name, "open");
  EXPECT_EQ(Json(open.data).Text("/durable_seq"), open.id);

  node.Put("south", NoticePath(1), PutBody());
  const net::Event first = south.Next();
  EXPECT_EQ(first.name, "notice");
  EXPECT_EQ(Json(first.data).Text("/notice"), NoticeId(1));
  EXPECT_GT(IdNumber(first.id), IdNumber(open.id));

  const Answer put = node.Put("north", NoticePath(2), PutBody());
  EXPECT_EQ(Json(south.Next().data).Text("/notice"), NoticeId(2));
  const net::Event conflict = south.Next();
  EXPECT_EQ(conflict.name, "conflict");
  EXPECT_EQ(Json(conflict.data).Text("/id"), put.Text("/conflicts/0/id"));
  // The last of the batch bears its number.
  EXPECT_GT(IdNumber(conflict.id), IdNumber(first.id));
}

TEST(EventsTest, ThirdPartiesHearOnlyWhatIsTheirs) {
  TestNode node;
  Listener east(&node, "east");
  EXPECT_EQ(east.Next().name, "open");
  node.Put("north", NoticePath(1), PutBody({}, ",\"draft\":true"));
  const Answer released = node.Put("north", NoticePath(1), PutBody());
  node.Put("south", NoticePath(2), PutBody());  // a conflict of two others
  node.clock().Pass(base::kMicrosPerMinute);
  const std::string body =
      "{\"version\":\"" + released.Text("/version") + "\",\"assessment\":\"objection\"}";
  EXPECT_EQ(node.Post("south", NoticePath(1, "assessment"), body).status, 200);
  node.clock().Pass(base::kMicrosPerMinute);
  node.Put("north", NoticePath(1),
           PutBody({.upper_m = 1500},
                   ",\"draft\":true,\"replaces\":\"" + released.Text("/version") + "\""));
  node.Put("east", NoticePath(3), PutBody({.lng = 8.5}));

  EXPECT_EQ(Json(east.Next().data).Text("/notice"), NoticeId(1));
  EXPECT_EQ(Json(east.Next().data).Text("/notice"), NoticeId(2));
  EXPECT_EQ(Json(east.Next().data).Text("/notice"), NoticeId(3));
}

TEST(EventsTest, OfAHeldPlanItsPartyAloneHears) {
  TestNode node;
  node.Put("south", NoticePath(2), PutBody());
  Listener north(&node, "north");
  Listener south(&node, "south");
  EXPECT_EQ(north.Next().name, "open");
  EXPECT_EQ(south.Next().name, "open");
  node.Put("north", NoticePath(1), PutBody({}, ",\"held\":true"));
  EXPECT_EQ(Json(north.Next().data).Text("/notice"), NoticeId(1));
  EXPECT_EQ(Json(north.Next().data).Text("/local"), "true");
  node.Put("east", NoticePath(3), PutBody({.lng = 8.5}));
  EXPECT_EQ(Json(south.Next().data).Text("/notice"), NoticeId(3)) << "nothing before it";
}

TEST(EventsTest, TheTwoOfAnAssessmentHearOfIt) {
  TestNode node;
  const Answer put = node.Put("north", NoticePath(1), PutBody());
  node.clock().Pass(base::kMicrosPerMinute);
  Listener north(&node, "north");
  EXPECT_EQ(north.Next().name, "open");
  node.Post("south", NoticePath(1, "dissemination"), "{\"units_told\":true}");
  EXPECT_EQ(Json(north.Next().data).Text("/notice"), NoticeId(1));
}

TEST(EventsTest, OneModeOnly) {
  TestNode node;
  Listener drill(&node, "south", "/v1/events?data_mode=EXERCISE");
  EXPECT_EQ(drill.Next().name, "open");
  node.Put("north", NoticePath(1), PutBody());
  node.Put("admin", "/v1/clock", R"({"data_mode":"TEST","time":"2027-02-01T00:00:00Z","rate":1})");
  node.Put("admin", "/v1/clock",
           R"({"data_mode":"EXERCISE","time":"2027-01-15T12:30:00Z","rate":2.5})");
  node.Put("north", NoticePath(2), PutBody({.data_mode = "EXERCISE"}));
  const net::Event clock = drill.Next();
  EXPECT_EQ(clock.name, "clock");
  EXPECT_EQ(Json(clock.data).Text("/rate"), "2.5");
  EXPECT_EQ(Json(drill.Next().data).Text("/notice"), NoticeId(2));
}

TEST(EventsTest, AGapIsTold) {
  TestNode node;
  node.Put("north", NoticePath(1), PutBody());
  std::string last;
  {
    Listener listener(&node, "north");
    last = listener.Next().id;
  }
  {
    Listener listener(&node, "north", "/v1/events", last);
    EXPECT_EQ(listener.Next().name, "open");
  }
  node.Put("north", NoticePath(2), PutBody());
  Listener listener(&node, "north", "/v1/events", last);
  const net::Event gap = listener.Next();
  EXPECT_EQ(gap.name, "gap");
  EXPECT_GT(IdNumber(gap.id), IdNumber(last));
}

TEST(EventsTest, BadSubscriptionsAreRefused) {
  TestNode node;
  EXPECT_EQ(node.Get("north", "/v1/events?data_mode=DRILL").status, 400);
  EXPECT_EQ(node.Get("north", "/v1/events?x=1").status, 400);
  net::HttpClient client = node.Client("north");
  client.SetHeader("Last-Event-ID", "x");
  EXPECT_EQ(client.Get("/v1/events")->status, 400);
}

TEST(EventsTest, HeadStartsNoStream) {
  TestNode node;
  net::HttpClient client = node.Client("north");
  for (int i = 0; i < 2; ++i) {  // on one connection
    const auto head = client.Do(net::Method::kHead, "/v1/events", "", "");
    ASSERT_TRUE(head.has_value()) << head.error().ToString();
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->content_type, "text/event-stream");
  }
  EXPECT_EQ(client.Get("/v1/status")->status, 200);
}

TEST(EventsTest, StoppingEndsTheStreams) {
  TestNode node;
  Listener listener(&node, "north");
  EXPECT_EQ(listener.Next().name, "open");
  node.server().Stop();
  EXPECT_TRUE(listener.ended());
}

TEST(EventsTest, ManyWritersAndReadersAgree) {
  TestNode node;
  constexpr int kWriters = 4;
  constexpr int kNotices = 25;
  Listener listener(&node, "east");
  EXPECT_EQ(listener.Next().name, "open");
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&node, writer] {
      net::HttpClient client = node.Client(writer % 2 == 0 ? "north" : "south");
      for (int i = 0; i < kNotices; ++i) {
        const int n = 1'000 + writer * kNotices + i;
        const auto put =
            client.Put(NoticePath(n), "application/json", PutBody({.lng = -170.0 + n * 0.3}));
        ASSERT_TRUE(put.has_value());
        EXPECT_EQ(put->status, 201);
        // Read your own write.
        EXPECT_EQ(client.Get(NoticePath(n))->status, 200);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::set<std::string> heard;
  uint64_t last_id = 0;
  while (heard.size() < kWriters * kNotices) {
    const net::Event event = listener.Next();
    ASSERT_EQ(event.name, "notice");
    heard.insert(Json(event.data).Text("/notice"));
    ASSERT_GE(IdNumber(event.id), last_id);
    last_id = IdNumber(event.id);
  }
}

}  // namespace
}  // namespace wideberth::api::node
