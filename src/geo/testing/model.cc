#include "geo/testing/model.h"

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace wideberth::geo::testing {
namespace {

using GeographicLib::GeodesicLine;

constexpr int kSamplesPerEdge = 24;

const GeographicLib::Geodesic& Earth() {
  return GeographicLib::Geodesic::WGS84();
}

struct Point {
  double lat = 0, lng = 0;
  std::array<double, 3> ecef{};
};

Point MakePoint(double lat, double lng) {
  Point p{lat, lng, {}};
  GeographicLib::Geocentric::WGS84().Forward(lat, lng, 0, p.ecef[0], p.ecef[1], p.ecef[2]);
  return p;
}

double Length(const Point& a, const Point& b) {
  double length_m = 0;
  Earth().Inverse(a.lat, a.lng, b.lat, b.lng, length_m);
  return length_m;
}

double Straight2(const Point& a, const Point& b) {
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) sum += (a.ecef[i] - b.ecef[i]) * (a.ecef[i] - b.ecef[i]);
  return sum;
}

struct Edge {
  GeodesicLine line;
  double length_m = 0;
  Point start;
  std::vector<Point> samples;

  Point At(double s) const {
    if (length_m == 0) return start;
    double lat = 0, lng = 0;
    line.Position(s, lat, lng);
    return MakePoint(lat, lng);
  }
  double Spacing() const { return length_m / kSamplesPerEdge; }
};

std::vector<Edge> Edges(const Outline& outline) {
  std::vector<Edge> edges;
  const auto vertices = outline.vertices();
  const size_t n = vertices.size();
  const size_t count = outline.kind() == OutlineKind::kPolygon ? n : std::max<size_t>(1, n - 1);
  for (size_t i = 0; i < count; ++i) {
    const Position from = vertices[i], to = vertices[(i + 1) % n];
    Edge edge;
    edge.start = MakePoint(from.lat_deg(), from.lng_deg());
    edge.samples = {edge.start};
    if (n > 1) {
      edge.line = Earth().InverseLine(from.lat_deg(), from.lng_deg(), to.lat_deg(), to.lng_deg());
      edge.length_m = edge.line.Distance();
      for (int k = 1; k <= kSamplesPerEdge; ++k) {
        edge.samples.push_back(edge.At(edge.Spacing() * k));
      }
    }
    edges.push_back(edge);
  }
  return edges;
}

// Seen from its antipodes a ring goes all round as well, but nothing inside is more than a diameter from a vertex.
bool Inside(const std::vector<Edge>& ring, const Point& p) {
  constexpr double kDiameterMaxM = 10'010'000;
  if (Length(p, ring[0].start) > kDiameterMaxM) return false;
  double turned_deg = 0, before = std::numeric_limits<double>::quiet_NaN(), first = before;
  const auto azimuth = [&](const Point& q) {
    double azi1 = 0, azi2 = 0;
    Earth().Inverse(p.lat, p.lng, q.lat, q.lng, azi1, azi2);
    return azi1;
  };
  for (const Edge& edge : ring) {
    for (int k = 0; k < kSamplesPerEdge; ++k) {
      const double at = azimuth(edge.samples[static_cast<size_t>(k)]);
      if (std::isnan(first)) first = at;
      if (!std::isnan(before)) turned_deg += std::remainder(at - before, 360.0);
      before = at;
    }
  }
  turned_deg += std::remainder(first - before, 360.0);
  return std::abs(turned_deg) > 180;
}

// Golden section for the point of `edge` nearest to `p` within `reach_m` of `s`.
double NearestAlong(const Edge& edge, const Point& p, double s, double reach_m, double* least_m) {
  constexpr double kGolden = 0.6180339887498949;
  double low = std::max(0.0, s - reach_m), high = std::min(edge.length_m, s + reach_m);
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = Length(p, edge.At(left)), at_right = Length(p, edge.At(right));
  while (high - low > 1e-3 + 1e-9 * edge.length_m) {
    if (at_left < at_right) {
      high = right;
      right = left;
      at_right = at_left;
      left = high - kGolden * (high - low);
      at_left = Length(p, edge.At(left));
    } else {
      low = left;
      left = right;
      at_left = at_right;
      right = low + kGolden * (high - low);
      at_right = Length(p, edge.At(right));
    }
  }
  double best = s;
  for (const double candidate : {low, (low + high) / 2, high}) {
    const double length_m = Length(p, edge.At(candidate));
    if (length_m < *least_m) {
      *least_m = length_m;
      best = candidate;
    }
  }
  return best;
}

struct EdgePair {
  double straight2;
  size_t a, b, sample_a, sample_b;
};

std::vector<EdgePair> NearestEdgePairs(const std::vector<Edge>& a, const std::vector<Edge>& b) {
  std::vector<EdgePair> pairs;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) {
      EdgePair best{std::numeric_limits<double>::infinity(), i, k, 0, 0};
      for (size_t p = 0; p < a[i].samples.size(); ++p) {
        for (size_t q = 0; q < b[k].samples.size(); ++q) {
          const double straight2 = Straight2(a[i].samples[p], b[k].samples[q]);
          if (straight2 < best.straight2) best = {straight2, i, k, p, q};
        }
      }
      pairs.push_back(best);
    }
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const EdgePair& p, const EdgePair& q) { return p.straight2 < q.straight2; });
  return pairs;
}

double Refine(const Edge& a, const Edge& b, const EdgePair& pair) {
  double on_a = a.Spacing() * static_cast<double>(pair.sample_a);
  double on_b = b.Spacing() * static_cast<double>(pair.sample_b);
  double least_m = Length(a.At(on_a), b.At(on_b));
  double reach_a = 2 * a.Spacing(), reach_b = 2 * b.Spacing();
  for (int round = 0; round < 40 && least_m > 1e-4; ++round) {
    const double before = least_m;
    const double was_a = on_a, was_b = on_b;
    on_b = NearestAlong(b, a.At(on_a), on_b, reach_b, &least_m);
    on_a = NearestAlong(a, b.At(on_b), on_a, reach_a, &least_m);
    if (before - least_m < 1e-6) break;
    reach_a = std::min(reach_a, 4 * std::abs(on_a - was_a) + 0.1);
    reach_b = std::min(reach_b, 4 * std::abs(on_b - was_b) + 0.1);
  }
  return least_m;
}

}  // namespace

bool ModelInsideRing(const Outline& ring, Position p) {
  return Inside(Edges(ring), MakePoint(p.lat_deg(), p.lng_deg()));
}

double ModelGapM(const Outline& outline_a, const Outline& outline_b) {
  constexpr size_t kPairsRefined = 6;
  const std::vector<Edge> a = Edges(outline_a), b = Edges(outline_b);
  const auto reaches_into = [](const std::vector<Edge>& ring, const std::vector<Edge>& other) {
    for (const Edge& edge : other) {
      if (Inside(ring, edge.start) || Inside(ring, edge.samples[edge.samples.size() / 2])) {
        return true;
      }
    }
    return false;
  };
  if (outline_a.kind() == OutlineKind::kPolygon && reaches_into(a, b)) return 0;
  if (outline_b.kind() == OutlineKind::kPolygon && reaches_into(b, a)) return 0;
  double least_m = std::numeric_limits<double>::infinity();
  const std::vector<EdgePair> pairs = NearestEdgePairs(a, b);
  for (size_t i = 0; i < std::min(kPairsRefined, pairs.size()); ++i) {
    least_m = std::min(least_m, Refine(a[pairs[i].a], b[pairs[i].b], pairs[i]));
  }
  const double buffers_m =
      static_cast<double>(outline_a.buffer_mm() + outline_b.buffer_mm()) * 1e-3;
  return std::max(0.0, least_m - buffers_m);
}

}  // namespace wideberth::geo::testing
