// Metrics in the Prometheus text format.
//
//   base::Metrics metrics;
//   base::Counter refused = metrics.AddCounter("wideberth_http_requests_total", "Requests
//   answered.", {{"code", "400"}}); refused.Increment(); std::string text = metrics.Scrape();   //
//   text/plain; version=0.0.4
//
// Names are snake_case, begin with "wideberth_", end with their unit (_seconds, _bytes) and, for
// counters, with _total; labels have few values and never an id, a name or a secret. Handles are a
// pointer: keep them, updating one costs an atomic add (a histogram takes its own lock). A
// default-made handle does nothing, so that code can be tested without a registry. Handles must not
// be used after their Metrics. All functions may be called from any thread.
#ifndef WIDEBERTH_BASE_METRICS_H_
#define WIDEBERTH_BASE_METRICS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace wideberth::base {

using MetricLabels = std::map<std::string, std::string>;

class Counter {
 public:
  Counter() = default;
  void Increment(double by = 1) const;  // by >= 0
  double value() const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void Set(double value) const;
  void Add(double by) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  void Observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  prometheus::Histogram* histogram_ = nullptr;
};

// Bounds for latencies: 50 us to 10 s, in seconds.
std::vector<double> LatencyBoundsSeconds();

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Names, labels and bounds are our own: a malformed name, a name used for two kinds, or bounds
  // that do not rise stop the process. Asking twice for the same name and labels gives the same
  // metric.
  Counter AddCounter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge AddGauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Histogram AddHistogram(std::string_view name, std::string_view help,
                         const std::vector<double>& bounds, const MetricLabels& labels = {});

  // Calls `update` before each Scrape: for values that are read rather than counted (queue lengths,
  // ages). It must not call this Metrics except through handles.
  void OnScrape(std::function<void()> update);

  // All metrics, sorted by name and labels.
  std::string Scrape() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_METRICS_H_
