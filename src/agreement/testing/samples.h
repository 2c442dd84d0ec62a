// Support for the tests of agreements: the texts of examples/agreements, and changes to them.
#ifndef WIDEBERTH_AGREEMENT_TESTING_SAMPLES_H_
#define WIDEBERTH_AGREEMENT_TESTING_SAMPLES_H_

#include <string>
#include <string_view>

#include "agreement/agreement.h"
#include "airspace/volume.h"

namespace wideberth::agreement::testing {

// The whole of a file; stops the test program when it is absent.
std::string ReadFile(const std::string& path);
// examples/agreements/default.toml, and what it says.
const std::string& SampleText();
const Agreement& Sample();

// The text with the first `from` replaced; stops the test program when there is none.
std::string With(std::string text, std::string_view from, std::string_view to);

// A volume of this outline, from the ground up, for an hour.
airspace::Volume4D VolumeOf(geo::Outline outline);

}  // namespace wideberth::agreement::testing

#endif  // WIDEBERTH_AGREEMENT_TESTING_SAMPLES_H_
