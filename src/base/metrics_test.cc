#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace wideberth::base {
namespace {

TEST(Metrics, ScrapesTheGoldenText) {
  Metrics metrics;
  const Counter ok =
      metrics.AddCounter("wideberth_http_requests_total", "Requests.", {{"code", "200"}});
  const Counter bad =
      metrics.AddCounter("wideberth_http_requests_total", "Requests.", {{"code", "400"}});
  const Gauge queue = metrics.AddGauge("wideberth_queue_commands", "Queued.");
  const Histogram took =
      metrics.AddHistogram("wideberth_decide_seconds", "Deciding.", {0.001, 0.01});
  ok.Increment();
  ok.Increment(2);
  bad.Increment();
  queue.Add(5);
  took.Observe(0.0005);
  took.Observe(0.005);
  took.Observe(5);
  metrics.OnScrape([queue] { queue.Set(7); });
  EXPECT_EQ(metrics.Scrape(),
            "# HELP wideberth_decide_seconds Deciding.\n"
            "# TYPE wideberth_decide_seconds histogram\n"
            "wideberth_decide_seconds_count 3\n"
            "wideberth_decide_seconds_sum 5.0055\n"
            "wideberth_decide_seconds_bucket{le=\"0.001\"} 1\n"
            "wideberth_decide_seconds_bucket{le=\"0.01\"} 2\n"
            "wideberth_decide_seconds_bucket{le=\"+Inf\"} 3\n"
            "# HELP wideberth_http_requests_total Requests.\n"
            "# TYPE wideberth_http_requests_total counter\n"
            "wideberth_http_requests_total{code=\"200\"} 3\n"
            "wideberth_http_requests_total{code=\"400\"} 1\n"
            "# HELP wideberth_queue_commands Queued.\n"
            "# TYPE wideberth_queue_commands gauge\n"
            "wideberth_queue_commands 7\n");
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.AddCounter("wideberth_a_total", "A.").Increment();
  const Counter again = metrics.AddCounter("wideberth_a_total", "A.");
  again.Increment();
  EXPECT_EQ(again.value(), 2);
}

TEST(Metrics, HandlesWithoutARegistryDoNothing) {
  Counter().Increment();
  Gauge().Set(1);
  Histogram().Observe(1);
  EXPECT_EQ(Counter().value(), 0);
  EXPECT_EQ(Gauge().value(), 0);
}

TEST(Metrics, CountsFromManyThreadsAddUp) {
  Metrics metrics;
  const Counter counter = metrics.AddCounter("wideberth_a_total", "A.");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counter.Increment();
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(metrics.Scrape().empty());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000);
}

TEST(MetricsDeathTest, MisuseStops) {
  Metrics metrics;
  EXPECT_DEATH(metrics.AddGauge("queue", "Q."), "wideberth_");
  EXPECT_DEATH(metrics.AddGauge("wideberth_Queue", "Q."), "snake_case");
  EXPECT_DEATH(metrics.AddCounter("wideberth_requests", "R."), "_total");
  EXPECT_DEATH(metrics.AddHistogram("wideberth_x_seconds", "X.", {2, 1}), "rise");
}

}  // namespace
}  // namespace wideberth::base
