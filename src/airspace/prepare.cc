#include <string>

#include "airspace/codec.h"
#include "airspace/command.h"
#include "base/limits.h"

namespace wideberth::airspace {

base::Result<PreparedDeclaration> PreparedDeclaration::Prepare(Declaration declaration,
                                                               const Rules& rules,
                                                               const geo::HeightModel& heights,
                                                               Sha256Function sha256) {
  WB_RETURN_IF_ERROR(ValidateDeclaration(declaration));
  if (!declaration.activity_class.empty() && !rules.content().activity_classes.empty()) {
    bool known = false;
    for (const std::string& name : rules.content().activity_classes) {
      known = known || name == declaration.activity_class;
    }
    if (!known) {
      return base::Invalid("/activity_class", "must be a class of the rules in force",
                           declaration.activity_class);
    }
  }
  PreparedDeclaration prepared;
  prepared.shapes_.reserve(declaration.volumes.size());
  prepared.volumes_.reserve(declaration.volumes.size());
  prepared.queries_.reserve(declaration.volumes.size());
  prepared.queries_separation_ = rules.WidestFor(declaration);
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    Volume4D& volume = declaration.volumes[i];
    base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
    if (!shape) {
      return base::Fail(
          std::move(shape).error().Under("/volumes/" + std::to_string(i) + "/outline"));
    }
    FillW84(heights, *shape, &volume);
    // With different references only the W84 intervals can tell a band that is upside down.
    if (volume.lower_w84.lower_mm >= volume.upper_w84.upper_mm) {
      return base::Invalid("/volumes/" + std::to_string(i) + "/altitude_upper",
                           "must be above altitude_lower",
                           std::to_string(volume.band.upper.mm) + " mm");
    }
    prepared.volumes_.push_back(PrepareVolume(*shape, volume, volume.window));
    prepared.queries_.emplace_back(*shape, volume, volume.window, prepared.queries_separation_);
    prepared.shapes_.push_back(std::move(*shape));
  }
  base::Bytes bytes;
  EncodeDeclaration(declaration, &bytes);
  prepared.digest_ = sha256(bytes);
  prepared.declaration_ = std::move(declaration);
  return prepared;
}

}  // namespace wideberth::airspace
