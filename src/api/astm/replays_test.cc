#include "api/astm/replays.h"

#include <gtest/gtest.h>

#include <string>

namespace wideberth::api::astm {
namespace {

net::Request Write(std::string body, std::string_view key = "k-1") {
  net::Request request;
  request.method = net::Method::kPut;
  request.target.path = "/dss/v1/x";
  if (!key.empty()) request.headers.Add("Idempotency-Key", key);
  request.body = std::move(body);
  return request;
}

RequestKey KeyOf(const net::Request& request, std::string_view subject = "uss1") {
  return *Replays::KeyOf(request, subject).value();
}

net::Response Answer(int status, std::string body = "{}") {
  return net::JsonResponse(status, std::move(body));
}

TEST(ReplaysTest, TheSameRequestGetsTheSameAnswer) {
  Replays replays;
  const RequestKey key = KeyOf(Write("a"));
  EXPECT_FALSE(replays.Begin(key, 0).has_value());
  const auto running = replays.Begin(key, 1);
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->status, 409);
  EXPECT_TRUE(running->headers.Find("Retry-After").has_value());
  replays.End(key, Answer(201, "made"), 2);
  const auto again = replays.Begin(key, 3);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, 201);
  EXPECT_EQ(again->body, "made");
}

TEST(ReplaysTest, AKeyIsOfOneClientAndOneRequest) {
  Replays replays;
  const RequestKey key = KeyOf(Write("a"));
  EXPECT_FALSE(replays.Begin(key, 0).has_value());
  EXPECT_EQ(replays.Begin(KeyOf(Write("b")), 0)->status, 422) << "also while it is being answered";
  replays.End(key, Answer(200), 0);
  EXPECT_EQ(replays.Begin(KeyOf(Write("b")), 0)->status, 422);
  EXPECT_FALSE(replays.Begin(KeyOf(Write("a"), "uss2"), 0).has_value());
  EXPECT_FALSE(replays.Begin(KeyOf(Write("a", "k-2")), 0).has_value());
  // Every part of a request counts, and where one ends.
  net::Request other = Write("a");
  other.method = net::Method::kDelete;
  EXPECT_NE(KeyOf(other).request, key.request);
  other = Write("a");
  other.target.path = "/dss/v1/xa";
  other.body.clear();
  EXPECT_NE(KeyOf(other).request, key.request);
  other = Write("a");
  other.target.query.push_back({"q", ""});
  EXPECT_NE(KeyOf(other).request, key.request);
}

TEST(ReplaysTest, WhatMayBeAskedAgainIsForgotten) {
  Replays replays;
  const RequestKey key = KeyOf(Write("a"));
  for (const int status : {0, 429, 500, 503}) {
    EXPECT_FALSE(replays.Begin(key, 0).has_value());
    replays.End(key, Answer(status), 0);
    EXPECT_EQ(replays.answers(), 0U);
  }
  for (const int status : {400, 403, 404, 409}) {
    const RequestKey refused = KeyOf(Write("a", "refused-" + std::to_string(status)));
    EXPECT_FALSE(replays.Begin(refused, 0).has_value());
    replays.End(refused, Answer(status), 0);
    EXPECT_EQ(replays.Begin(refused, 0)->status, status);
  }
}

TEST(ReplaysTest, IsBoundedAndEnds) {
  Replays::Options options;
  options.answers_max = 3;
  options.hold_us = 100;
  Replays replays(options);
  const auto give = [&](int number, int64_t at, size_t bytes = 1) {
    const RequestKey key = KeyOf(Write("a", std::to_string(number)));
    if (replays.Begin(key, at)) return false;
    replays.End(key, Answer(200, std::string(bytes, 'x')), at);
    return true;
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(give(i, i));
  EXPECT_EQ(replays.answers(), 3U);
  EXPECT_TRUE(give(0, 5)) << "the oldest had to go";
  EXPECT_FALSE(give(4, 5));
  EXPECT_TRUE(give(4, 104)) << "after its time";

  Replays::Options small;
  small.bytes_max = 2'000;
  Replays few(small);
  for (int i = 0; i < 5; ++i) {
    const RequestKey key = KeyOf(Write("a", std::to_string(i)));
    EXPECT_FALSE(few.Begin(key, 0).has_value());
    few.End(key, Answer(200, std::string(900, 'x')), 0);
    EXPECT_LE(few.answers(), 2U);
  }
  const RequestKey large = KeyOf(Write("a", "large"));
  EXPECT_FALSE(few.Begin(large, 0).has_value());
  few.End(large, Answer(409, std::string(3'000, 'x')), 0);
  EXPECT_FALSE(few.Begin(large, 0).has_value()) << "too large to keep";
}

TEST(ReplaysTest, RefusesMalformedKeys) {
  EXPECT_FALSE(Replays::KeyOf(Write("a", ""), "uss1").value().has_value());
  for (const std::string& key :
       {std::string("a b"), std::string("a\tb"), std::string(256, 'x'), std::string("\xc3\xa4")}) {
    EXPECT_FALSE(Replays::KeyOf(Write("a", key), "uss1").has_value()) << key;
  }
  net::Request twice = Write("a");
  twice.headers.Add("Idempotency-Key", "k-1");
  EXPECT_FALSE(Replays::KeyOf(twice, "uss1").has_value());
  EXPECT_TRUE(Replays::KeyOf(Write("a", std::string(255, 'x')), "uss1").has_value());
}

}  // namespace
}  // namespace wideberth::api::astm
