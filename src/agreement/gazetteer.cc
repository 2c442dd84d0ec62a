#include "agreement/gazetteer.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/utf8.h"
#include "geo/containment.h"
#include "geo/shape.h"

namespace wideberth::agreement {
namespace {

using base::Fail;
using base::Invalid;
using base::Result;

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Folds ASCII alone: bytes of longer sequences are all above it, so no letter is cut or mixed up.
std::string Fold(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (IsSpace(c)) {
      if (!folded.empty() && folded.back() != ' ') folded.push_back(' ');
    } else {
      folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

Result<void> CheckName(std::string_view name) {
  if (name.empty() || name.size() > limits::kNoticeNameBytesMax || !base::IsUtf8(name)) {
    return Invalid(
        "/name", "must be UTF-8 of 1 to " + std::to_string(limits::kNoticeNameBytesMax) + " bytes",
        name);
  }
  const auto is_control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(name.begin(), name.end(), is_control) || Fold(name).empty()) {
    return Invalid("/name", "must have letters and no control characters", name);
  }
  return {};
}

}  // namespace

Result<Gazetteer> Gazetteer::Make(std::vector<Place> places) {
  if (places.size() > limits::kGazetteerNamesMax) {
    return Fail(base::ErrorCode::kTooLarge, "",
                "must have at most " + std::to_string(limits::kGazetteerNamesMax) + " places",
                std::to_string(places.size()));
  }
  Gazetteer gazetteer;
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string at = "/" + std::to_string(i);
    if (auto name = CheckName(places[i].name); !name) {
      return Fail(std::move(name).error().Under(at));
    }
    if (!gazetteer.by_name_.emplace(Fold(places[i].name), i).second) {
      return Invalid(at + "/name", "must stand once, whatever its capitals and spaces",
                     places[i].name);
    }
    if (auto shape = geo::Shape::Prepare(places[i].outline); !shape) {
      return Fail(std::move(shape).error().Under(at));
    }
  }
  gazetteer.places_ = std::move(places);
  return gazetteer;
}

const Place* Gazetteer::Find(std::string_view name) const {
  const auto found = by_name_.find(Fold(name));
  return found == by_name_.end() ? nullptr : &places_[found->second];
}

Result<AreaAgreement> PolygonsAgree(const geo::Outline& named,
                                    std::span<const airspace::Volume4D> declared,
                                    int64_t tolerance_mm) {
  WB_ASSIGN_OR_RETURN(const geo::Shape area, geo::Shape::Prepare(named));
  const double tolerance_m = static_cast<double>(tolerance_mm) / 1000;
  AreaAgreement worst;
  for (size_t i = 0; i < declared.size(); ++i) {
    auto shape = geo::Shape::Prepare(declared[i].outline);
    if (!shape) {
      return Fail(std::move(shape).error().Under("/volumes/" + std::to_string(i) + "/outline"));
    }
    const geo::StickOut out = geo::MeasureStickOut(area, *shape, tolerance_m);
    if (i == 0 || out.distance_m > worst.sticks_out_m) {
      worst = {out.distance_m <= tolerance_m, out.distance_m, out.at, i};
    }
  }
  return worst;
}

}  // namespace wideberth::agreement
