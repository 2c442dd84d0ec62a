#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>

#include "base/check.h"

namespace wideberth::base {

struct Metrics::Impl {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  mutable std::mutex mutex;
  std::vector<std::function<void()>> updates;  // guarded by mutex
};

namespace {

bool IsName(std::string_view name) {
  if (!name.starts_with("wideberth_")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The library reports misuse by exceptions; a name is ours, so misuse is our defect.
template <class Build>
auto OrStop(std::string_view name, Build build) -> decltype(build()) {
  CHECK_MSG(IsName(name), "a metric is named wideberth_... in snake_case");
  try {
    return build();
  } catch (const std::exception& e) {
    CheckFailed(__FILE__, __LINE__, "metric", e.what());
  }
}

bool LabelsBefore(const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
  return std::lexicographical_compare(a.label.begin(), a.label.end(), b.label.begin(),
                                      b.label.end(), [](const auto& x, const auto& y) {
                                        return x.name != y.name ? x.name < y.name
                                                                : x.value < y.value;
                                      });
}

}  // namespace

void Counter::Increment(double by) const {
  if (counter_ != nullptr) counter_->Increment(by);
}
double Counter::value() const {
  return counter_ != nullptr ? counter_->Value() : 0;
}

void Gauge::Set(double value) const {
  if (gauge_ != nullptr) gauge_->Set(value);
}
void Gauge::Add(double by) const {
  if (gauge_ != nullptr) gauge_->Increment(by);
}
double Gauge::value() const {
  return gauge_ != nullptr ? gauge_->Value() : 0;
}

void Histogram::Observe(double value) const {
  if (histogram_ != nullptr) histogram_->Observe(value);
}

std::vector<double> LatencyBoundsSeconds() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02,
          0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::AddCounter(std::string_view name, std::string_view help,
                            const MetricLabels& labels) {
  return OrStop(name, [&] {
    CHECK_MSG(name.ends_with("_total"), "a counter's name ends with _total");
    return Counter(&prometheus::BuildCounter()
                        .Name(std::string(name))
                        .Help(std::string(help))
                        .Register(impl_->registry)
                        .Add(labels));
  });
}

Gauge Metrics::AddGauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  return OrStop(name, [&] {
    return Gauge(&prometheus::BuildGauge()
                      .Name(std::string(name))
                      .Help(std::string(help))
                      .Register(impl_->registry)
                      .Add(labels));
  });
}

Histogram Metrics::AddHistogram(std::string_view name, std::string_view help,
                                const std::vector<double>& bounds, const MetricLabels& labels) {
  return OrStop(name, [&] {
    CHECK_MSG(!bounds.empty() && std::adjacent_find(bounds.begin(), bounds.end(),
                                                    std::greater_equal<>()) == bounds.end(),
              "bounds of a histogram rise");
    return Histogram(&prometheus::BuildHistogram()
                          .Name(std::string(name))
                          .Help(std::string(help))
                          .Register(impl_->registry)
                          .Add(labels, bounds));
  });
}

void Metrics::OnScrape(std::function<void()> update) {
  const std::lock_guard lock(impl_->mutex);
  impl_->updates.push_back(std::move(update));
}

std::string Metrics::Scrape() const {
  {
    const std::lock_guard lock(impl_->mutex);
    for (const std::function<void()>& update : impl_->updates) update();
  }
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (prometheus::MetricFamily& family : families) {
    std::sort(family.metric.begin(), family.metric.end(), LabelsBefore);
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace wideberth::base
