#include "apps/wideberth/line/reading.h"

#include "apps/wideberth/flags.h"

namespace wideberth::cli {
namespace {

using base::Result;

template <class T>
Result<T> Of(std::string_view option, Result<T> parsed) {
  if (parsed) return parsed;
  return base::Fail(std::move(parsed).error().Under(option));
}

Result<void> RequireAll(const ReadingOptions& options) {
  for (const auto& [option, value] :
       {std::pair("--centre", &options.centre), std::pair("--extent", &options.extent),
        std::pair("--lower", &options.lower), std::pair("--upper", &options.upper),
        std::pair("--start", &options.start), std::pair("--end", &options.end),
        std::pair("--mode", &options.mode)}) {
    if (value->empty()) return base::Invalid(option, "must be given, as you have it yourself");
  }
  return {};
}

}  // namespace

Result<mechanism::Reading> TakeReading(const ReadingOptions& options, base::UtcMicros now) {
  WB_RETURN_IF_ERROR(RequireAll(options));
  mechanism::Reading reading;
  WB_ASSIGN_OR_RETURN(const geo::Position centre, Of("--centre", ParsePlace(options.centre)));
  WB_ASSIGN_OR_RETURN(const int64_t extent_mm, Of("--extent", ParseLengthMm(options.extent)));
  WB_ASSIGN_OR_RETURN(reading.volume.outline,
                      Of("--extent", geo::Outline::Circle(centre, extent_mm)));
  WB_ASSIGN_OR_RETURN(reading.volume.band.lower,
                      Of("--lower", ParseAltitude(options.lower, false)));
  WB_ASSIGN_OR_RETURN(reading.volume.band.upper, Of("--upper", ParseAltitude(options.upper, true)));
  reading.volume.window = {base::kTimeOpenStart, base::kTimeOpenEnd};
  if (options.start != "open") {
    WB_ASSIGN_OR_RETURN(reading.volume.window.start,
                        Of("--start", ParseTime(options.start, now, now)));
  }
  if (options.end != "open") {
    WB_ASSIGN_OR_RETURN(reading.volume.window.end,
                        Of("--end", ParseTime(options.end, now, reading.volume.window.start)));
  }
  WB_ASSIGN_OR_RETURN(reading.data_mode,
                      Of("--mode", airspace::ParseName<airspace::DataMode>(options.mode)));
  if (!options.vertices.empty()) {
    // Over voice every vertex is read, also the one centre of a circle and the two ends of a corridor.
    std::string_view rest = options.vertices;
    while (!rest.empty()) {
      const size_t space = rest.find(' ');
      const std::string_view word = rest.substr(0, space);
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
      if (word.empty()) continue;
      WB_ASSIGN_OR_RETURN(const geo::Position vertex, Of("--vertices", ParsePlace(word)));
      reading.vertices.push_back(vertex);
    }
  }
  return reading;
}

}  // namespace wideberth::cli
