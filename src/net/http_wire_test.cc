#include "net/http_wire.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace wideberth::net {
namespace {

struct Outcome {
  ReadStatus status = ReadStatus::kNeedMore;
  int refusal = 0;
  std::string rule;
  std::string field;
  size_t used = 0;
  std::string path;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
  bool keep_alive = false;
  bool operator==(const Outcome&) const = default;
};

// Feeds `bytes` in pieces cut by `next_piece` and keeps what is left over, as a connection does.
template <class NextPiece>
Outcome Read(const std::string& bytes, WireLimits limits, NextPiece next_piece) {
  RequestReader reader(limits);
  std::string pending;
  size_t fed = 0;
  Outcome outcome;
  for (;;) {
    size_t used = 0;
    outcome.status = reader.Feed(pending, &used);
    pending.erase(0, used);
    outcome.used += used;
    if (outcome.status == ReadStatus::kHeader) continue;
    if (outcome.status != ReadStatus::kNeedMore) break;
    EXPECT_LE(pending.size(), limits.header_bytes_max);
    if (fed == bytes.size()) break;
    const size_t piece = std::min(next_piece(), bytes.size() - fed);
    pending.append(bytes, fed, piece);
    fed += piece;
  }
  if (outcome.status == ReadStatus::kRefused) {
    outcome.refusal = reader.refusal().status;
    outcome.rule = reader.refusal().error.rule;
    outcome.field = reader.refusal().error.field;
    outcome.used = 0;
    return outcome;
  }
  outcome.path = reader.request().path();
  outcome.body = reader.request().body;
  const Headers& headers = reader.request().headers;
  for (size_t i = 0; i < headers.size(); ++i) {
    outcome.fields.emplace_back(headers.at(i).name, headers.at(i).value);
  }
  outcome.keep_alive = reader.keep_alive();
  return outcome;
}

Outcome ReadWhole(const std::string& bytes, WireLimits limits = {}) {
  const Outcome whole = Read(bytes, limits, [] { return size_t{1} << 30; });
  // However the bytes are cut, the outcome is one.
  EXPECT_EQ(Read(bytes, limits, [] { return size_t{1}; }), whole) << bytes.substr(0, 200);
  base::SeededRandom random(bytes.size() + 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Read(bytes, limits, [&] { return size_t{1} + random.Below(40); }), whole);
  }
  return whole;
}

TEST(RequestReader, ReadsHeaderAndBody) {
  const Outcome outcome = ReadWhole(
      "PUT /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Blank:   \r\n\r\nhelloGET /");
  EXPECT_EQ(outcome.status, ReadStatus::kComplete);
  EXPECT_EQ(outcome.path, "/a b");
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(outcome.fields.size(), 3u);
  EXPECT_EQ(outcome.fields.at(2).second, "");
  EXPECT_TRUE(outcome.keep_alive);
}

TEST(RequestReader, ReadsChunks) {
  const Outcome outcome = ReadWhole(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(outcome.status, ReadStatus::kComplete) << outcome.rule;
  EXPECT_EQ(outcome.body, "hello world");
}

TEST(RequestReader, KeepAliveByVersionAndField) {
  EXPECT_TRUE(ReadWhole("GET / HTTP/1.1\r\nHost: h\r\n\r\n").keep_alive);
  EXPECT_FALSE(ReadWhole("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(ReadWhole("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(ReadWhole("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(RequestReader, RefusesWhatSmugglersSend) {
  struct Case {
    int status;
    std::string field;
    std::string bytes;
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::vector<Case> cases = {
      {400, "Transfer-Encoding|header",
       post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {400, "Transfer-Encoding|header",
       post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {400, "Content-Length", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
      {400, "Content-Length|header", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
      {400, "Content-Length", post + "Content-Length: 3, 3\r\n\r\nabc"},
      {400, "Content-Length|header", post + "Content-Length: +3\r\n\r\nabc"},
      {400, "Content-Length|header", post + "Content-Length: -1\r\n\r\n"},
      {400, "Content-Length|header", post + "Content-Length: 0x3\r\n\r\nabc"},
      {400, "Content-Length|header", post + "Content-Length: 99999999999999999999\r\n\r\n"},
      {400, "Content-Length|header", post + "Content-Length:\r\n\r\n"},
      {501, "Transfer-Encoding", post + "Transfer-Encoding: gzip\r\n\r\n"},
      {501, "Transfer-Encoding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {501, "Transfer-Encoding", post + "Transfer-Encoding: chunked, identity\r\n\r\n"},
      {400, "Transfer-Encoding|header",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {400, "Transfer-Encoding",
       "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, "Host", "GET / HTTP/1.1\r\n\r\n"},
      {400, "Host", get + "Host: i\r\n\r\n"},
      {400, "header", get + " folded: x\r\n\r\n"},
      {400, "header", get + "A: x\r\n\tfolded\r\n\r\n"},
      {400, "header", get + "A : x\r\n\r\n"},
      {400, "header", get + "A\r\n\r\n"},
      {400, "header", get + ": x\r\n\r\n"},
      {400, "header", get + "A: x\x01\r\n\r\n"},
      {400, "header", get + "A: x\rB: y\r\n\r\n"},
      {400, "header", get + std::string("A: x\0y\r\n\r\n", 10)},
      {400, "header", "GET / HTTP/1.1\nHost: h\n\n"},
      {400, "header", get + "A: x\nB: y\r\n\r\n"},
      {400, "header", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "header", "GET /\r\n\r\n"},
      {400, "header", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "header", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
      {400, "header", "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
      {400, "header", "GET / http/1.1\r\nHost: h\r\n\r\n"},
      {505, "version", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {400, "header", "\x16\x03\x01\x02\x01\x01\r\n\r\n"},  // a TLS greeting on a plain port
      {501, "method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {501, "method", "get / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {501, "method", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {400, "path", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {417, "Expect", post + "Content-Length: 1\r\nExpect: a miracle\r\n\r\n"},
  };
  for (const Case& c : cases) {
    const Outcome outcome = ReadWhole(c.bytes);
    EXPECT_EQ(outcome.status, ReadStatus::kRefused) << c.bytes;
    EXPECT_EQ(outcome.refusal, c.status) << c.bytes << outcome.rule;
    EXPECT_NE(c.field.find(outcome.field), std::string::npos) << c.bytes << outcome.field;
    EXPECT_FALSE(outcome.rule.empty());
  }
}

TEST(RequestReader, RefusesBadChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> bodies = {
      "x\r\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "5\nhello\r\n0\r\n\r\n",
      "-1\r\n",
      "11111111111111111\r\n",
      "\r\n",
      "5 \r\nhello\r\n",
      "0\r\nTrailer: x\r\n\r\n",
      "0\r\nx",
      "1;" + std::string(2'000, 'e') + "\r\na\r\n0\r\n\r\n",
      std::string(2'000, '0') + "\r\n\r\n",
  };
  for (const std::string& body : bodies) {
    const Outcome outcome = ReadWhole(head + body);
    EXPECT_EQ(outcome.status, ReadStatus::kRefused) << body.substr(0, 60);
    EXPECT_EQ(outcome.refusal, 400) << body.substr(0, 60);
    EXPECT_EQ(outcome.field, "body");
  }
}

TEST(RequestReader, HoldsItsLimits) {
  const WireLimits limits{.header_bytes_max = 1'024,
                          .header_fields_max = 4,
                          .target_bytes_max = 100,
                          .body_bytes_max = 10};
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(ReadWhole(get + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).status, ReadStatus::kComplete);
  EXPECT_EQ(ReadWhole(get + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits).refusal, 431);
  EXPECT_EQ(ReadWhole(get + "A: " + std::string(2'000, 'x') + "\r\n\r\n", limits).refusal, 431);
  EXPECT_EQ(ReadWhole(get + "A: " + std::string(2'000, 'x'), limits).refusal, 431);
  EXPECT_EQ(
      ReadWhole("GET /" + std::string(99, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", limits).status,
      ReadStatus::kComplete);
  EXPECT_EQ(
      ReadWhole("GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", limits).refusal,
      414);
  EXPECT_EQ(ReadWhole("GET /" + std::string(300, 'x'), limits).refusal, 414);
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(ReadWhole(post + "Content-Length: 10\r\n\r\n0123456789", limits).status,
            ReadStatus::kComplete);
  // The length alone is enough: nothing of the body is waited for.
  EXPECT_EQ(ReadWhole(post + "Content-Length: 11\r\n\r\n", limits).refusal, 413);
  EXPECT_EQ(
      ReadWhole(post + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nabcde\r\n", limits)
          .refusal,
      413);
}

TEST(RequestReader, LowersTheCapForOneRequest) {
  RequestReader reader(WireLimits{});
  const std::string header = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n";
  size_t used = 0;
  ASSERT_EQ(reader.Feed(header, &used), ReadStatus::kHeader);
  reader.LimitBody(5);
  EXPECT_EQ(reader.Feed({}, &used), ReadStatus::kRefused);
  EXPECT_EQ(reader.refusal().status, 413);
}

TEST(RequestReader, IsUsedAgainForTheNextRequest) {
  RequestReader reader(WireLimits{});
  std::string bytes;
  for (int i = 0; i < 3; ++i) {
    bytes += "PUT /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n" +
             std::to_string(i);
  }
  for (int i = 0; i < 3; ++i) {
    size_t used = 0;
    ASSERT_EQ(reader.Feed(bytes, &used), ReadStatus::kHeader);
    bytes.erase(0, used);
    ASSERT_EQ(reader.Feed(bytes, &used), ReadStatus::kComplete);
    bytes.erase(0, used);
    EXPECT_EQ(reader.request().path(), "/" + std::to_string(i));
    EXPECT_EQ(reader.request().body, std::to_string(i));
    EXPECT_EQ(reader.request().headers.size(), 2u);
    reader.Reset();
  }
  EXPECT_TRUE(bytes.empty());
}

ReadStatus ReadResponse(ResponseReader* reader, std::string bytes) {
  ReadStatus status = ReadStatus::kNeedMore;
  for (;;) {
    size_t used = 0;
    status = reader->Feed(bytes, &used);
    bytes.erase(0, used);
    if (status != ReadStatus::kHeader) return status;
  }
}

TEST(ResponseReader, ReadsWhatTheWriterWrites) {
  Response response = JsonResponse(201, "{\"a\":1}");
  response.headers.Add("Location", "/x");
  std::string bytes;
  ASSERT_TRUE(AppendResponseHeader(response, {.date = "Thu, 01 Jan 1970 00:00:00 GMT"}, &bytes));
  bytes += response.body;
  ResponseReader reader(WireLimits{}, /*head_request=*/false);
  ASSERT_EQ(ReadResponse(&reader, "HTTP/1.1 100 Continue\r\n\r\n" + bytes), ReadStatus::kComplete);
  EXPECT_EQ(reader.response().status, 201);
  EXPECT_EQ(reader.response().body, "{\"a\":1}");
  EXPECT_EQ(reader.response().content_type, "application/json");
  EXPECT_EQ(reader.response().headers.Find("location"), "/x");
  EXPECT_TRUE(reader.keep_alive());
}

TEST(ResponseReader, BodyToTheEndOfTheStream) {
  ResponseReader reader(WireLimits{}, false);
  EXPECT_EQ(ReadResponse(&reader, "HTTP/1.1 200 OK\r\n\r\nabc"), ReadStatus::kNeedMore);
  EXPECT_EQ(reader.FeedEnd(), ReadStatus::kComplete);
  EXPECT_EQ(reader.response().body, "abc");
  EXPECT_FALSE(reader.keep_alive());
}

TEST(ResponseReader, RefusesCutAndDoubtfulOnes) {
  const std::vector<std::string> whole = {
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "220 smtp.example ready\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
  };
  for (const std::string& bytes : whole) {
    ResponseReader reader(WireLimits{}, false);
    EXPECT_EQ(ReadResponse(&reader, bytes), ReadStatus::kRefused) << bytes;
  }
  const std::vector<std::string> cut = {
      "", "HTTP/1.1 200 OK\r\nCont", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"};
  for (const std::string& bytes : cut) {
    ResponseReader reader(WireLimits{}, false);
    EXPECT_EQ(ReadResponse(&reader, bytes), ReadStatus::kNeedMore) << bytes;
    EXPECT_EQ(reader.FeedEnd(), ReadStatus::kRefused) << bytes;
  }
}

TEST(ResponseWriter, NothingBreaksOutOfItsLine) {
  std::string out;
  Response response = TextResponse(200, "x");
  response.headers.Add("Location", "/x\r\nSet-Cookie: a");
  EXPECT_FALSE(AppendResponseHeader(response, {}, &out));
  response.headers.Clear();
  response.headers.Add("Bad Name", "x");
  EXPECT_FALSE(AppendResponseHeader(response, {}, &out));
  response.headers.Clear();
  response.content_type = "text/plain\n";
  EXPECT_FALSE(AppendResponseHeader(response, {}, &out));
  EXPECT_EQ(out, "");
}

TEST(ResponseWriter, BodilessStatusesHaveNoLength) {
  std::string out;
  Response response;
  response.status = 204;
  ASSERT_TRUE(AppendResponseHeader(response, {}, &out));
  EXPECT_EQ(out.find("Content-Length"), std::string::npos);
  EXPECT_FALSE(HasBody(response, {}));
  EXPECT_FALSE(HasBody(TextResponse(200, "x"), {.head_request = true}));
}

}  // namespace
}  // namespace wideberth::net
