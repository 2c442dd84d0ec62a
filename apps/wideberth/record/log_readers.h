// Where the command line reads a log from: a node, or a folder that it was exported into.
#ifndef WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_READERS_H_
#define WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_READERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "apps/wideberth/remote.h"
#include "base/bytes.h"
#include "base/result.h"
#include "record/tile.h"

namespace wideberth::cli {

// A log of the node, over HTTP: of a line, or that of its DSS.
class NodeLog final : public record::TileReader {
 public:
  // `writer`: "ours" or "theirs".
  NodeLog(Remote* remote, std::string_view peer, std::string_view writer);
  static NodeLog OfDss(Remote* remote) { return {remote, "/dss/log/"}; }
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override;
  // "checkpoint", "checkpoint?covering=17", "entries/17"
  base::Result<std::string> Get(std::string_view path) const;

 private:
  NodeLog(Remote* remote, std::string prefix) : remote_(remote), prefix_(std::move(prefix)) {}
  Remote* const remote_;
  const std::string prefix_;
};

// A folder: checkpoint, policy, tile/...
class FolderLog final : public record::TileReader {
 public:
  explicit FolderLog(std::string folder) : folder_(std::move(folder)) {}
  // From the full tile where the partial one is not there.
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override;
  base::Result<std::string> Read(std::string_view name) const;
  bool Has(std::string_view name) const;
  // Durable, with the folders on the way, before it returns.
  base::Result<void> Write(std::string_view name, std::string_view bytes) const;
  base::Result<void> Remove(std::string_view name) const;

 private:
  std::string PathOf(std::string_view name) const { return folder_ + "/" + std::string(name); }
  const std::string folder_;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_READERS_H_
