#include "geo/standard_atmosphere.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace wideberth::geo {
namespace {

struct Layer {
  double base_m;
  double temperature_k;  // at the base
  double lapse_k_m;      // change of temperature for a metre upwards
};

// Doc 7488/3, table D. The lowest layer also holds below zero.
constexpr std::array<Layer, 7> kLayers = {{{0, 288.15, -0.0065},
                                           {11'000, 216.65, 0},
                                           {20'000, 216.65, 0.0010},
                                           {32'000, 228.65, 0.0028},
                                           {47'000, 270.65, 0},
                                           {51'000, 270.65, -0.0028},
                                           {71'000, 214.65, -0.0020}}};

const Layer& LayerAt(double height_m) {
  size_t i = kLayers.size() - 1;
  while (i > 0 && height_m < kLayers[i].base_m) --i;
  return kLayers[i];
}

double TemperatureIn(const Layer& layer, double height_m) {
  return layer.temperature_k + layer.lapse_k_m * (height_m - layer.base_m);
}

// From sea level; negative below it.
double StretchFromZeroM(double height_m) {
  double stretch = 0;
  for (size_t i = 0; i < kLayers.size(); ++i) {
    const Layer& layer = kLayers[i];
    const bool last = i + 1 == kLayers.size() || height_m <= kLayers[i + 1].base_m;
    const double top_m = last ? height_m : kLayers[i + 1].base_m;
    stretch += layer.lapse_k_m == 0
                   ? (top_m - layer.base_m) / layer.temperature_k
                   : std::log(TemperatureIn(layer, top_m) / layer.temperature_k) / layer.lapse_k_m;
    if (last) break;
  }
  return stretch;
}

}  // namespace

double StandardTemperatureK(double height_m) {
  return TemperatureIn(LayerAt(height_m), height_m);
}

// Hydrostatic equation: d ln p = -g / (R T) dh.
double StandardPressureHpa(double height_m) {
  return kStandardPressureHpa *
         std::exp(-kStandardGravity / kAirGasConstant * StretchFromZeroM(height_m));
}

double StandardHeightM(double pressure_hpa) {
  const Layer& layer = kLayers[0];
  const double exponent = -kAirGasConstant * layer.lapse_k_m / kStandardGravity;
  return layer.temperature_k / layer.lapse_k_m *
         (std::pow(pressure_hpa / kStandardPressureHpa, exponent) - 1);
}

double StretchPerKelvinM(double from_m, double to_m) {
  return StretchFromZeroM(to_m) - StretchFromZeroM(from_m);
}

}  // namespace wideberth::geo
