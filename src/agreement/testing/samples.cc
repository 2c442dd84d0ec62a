#include "agreement/testing/samples.h"

#include <fstream>
#include <iterator>

#include "base/check.h"

namespace wideberth::agreement::testing {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK_MSG(file.is_open(), path.c_str());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

const std::string& SampleText() {
  static const std::string text = ReadFile("examples/agreements/default.toml");
  return text;
}

const Agreement& Sample() {
  static const Agreement agreement = ParseAgreement(SampleText()).value();
  return agreement;
}

std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  CHECK_MSG(at != std::string::npos, std::string(from).c_str());
  return text.replace(at, from.size(), to);
}

airspace::Volume4D VolumeOf(geo::Outline outline) {
  constexpr base::UtcMicros kStart{1'800'000'000'000'000};
  return {std::move(outline),
          {{geo::kUnlimitedDown, geo::AltitudeReference::kW84},
           {geo::kUnlimitedUp, geo::AltitudeReference::kW84}},
          {kStart, {kStart.us + base::kMicrosPerHour}},
          {},
          {}};
}

}  // namespace wideberth::agreement::testing
