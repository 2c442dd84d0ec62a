#include "apps/wideberth/offline.h"

#include "apps/wideberth/session.h"
#include "crypto/sha256.h"
#include "formats/rules_file.h"

namespace wideberth::cli {

base::Result<LoadedRules> LoadRules(const std::string& path) {
  std::string text(RulesExample());
  if (!path.empty()) {
    WB_ASSIGN_OR_RETURN(text, ReadInput(path));
  }
  base::Result<formats::RulesFile> file = formats::ParseRulesFile(text);
  if (!file) {
    return base::Fail(
        std::move(file).error().Under((path.empty() ? "the built-in rules" : path) + ": "));
  }
  const base::Digest digest = crypto::Sha256(base::AsBytes(file->canonical));
  return LoadedRules{std::move(file->content), digest};
}

base::Result<geo::HeightModel> LoadHeights(const std::string& path) {
  geo::HeightModel model;
  if (path.empty()) return model;
  WB_ASSIGN_OR_RETURN(const std::string bytes, ReadInput(path));
  base::Result<geo::Geoid> geoid = geo::Geoid::FromGtx(base::AsBytes(bytes));
  if (!geoid) return base::Fail(std::move(geoid).error().Under(path + ": "));
  model.geoid = std::make_shared<const geo::Geoid>(std::move(*geoid));
  return model;
}

}  // namespace wideberth::cli
