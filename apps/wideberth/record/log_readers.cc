#include "apps/wideberth/record/log_readers.h"

#include <filesystem>
#include <system_error>

#include "apps/wideberth/session.h"
#include "base/durable_file.h"

namespace wideberth::cli {
namespace {

using base::Result;

base::Bytes BytesOf(std::string_view text) {
  const base::ByteView bytes = base::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Result<void> MakeFolders(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return {};
  WB_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
  return base::MakeFolder(folder.string(), 0777);
}

}  // namespace

NodeLog::NodeLog(Remote* remote, std::string_view peer, std::string_view writer)
    : remote_(remote),
      prefix_("/v1/record/" + std::string(peer) + "/" + std::string(writer) + "/") {}

Result<base::Bytes> NodeLog::ReadTile(const record::TilePath& tile) const {
  WB_ASSIGN_OR_RETURN(const std::string path, record::FormatTilePath(tile));
  WB_ASSIGN_OR_RETURN(const std::string bytes, Get(path));
  return BytesOf(bytes);
}

Result<std::string> NodeLog::Get(std::string_view path) const {
  return remote_->Call(net::Method::kGet, prefix_ + std::string(path));
}

Result<base::Bytes> FolderLog::ReadTile(const record::TilePath& tile) const {
  WB_ASSIGN_OR_RETURN(const std::string name, record::FormatTilePath(tile));
  if (tile.width < record::kTileWidth && !Has(name)) {
    record::Tile full{tile, {}};
    full.path.width = record::kTileWidth;
    WB_ASSIGN_OR_RETURN(full.bytes, ReadTile(full.path));
    return record::CutTile(full, tile.width);
  }
  WB_ASSIGN_OR_RETURN(const std::string bytes, Read(name));
  return BytesOf(bytes);
}

Result<std::string> FolderLog::Read(std::string_view name) const {
  if (!Has(name)) {
    return base::Fail(base::ErrorCode::kNotFound, PathOf(name), "must be there");
  }
  return ReadInput(PathOf(name));
}

bool FolderLog::Has(std::string_view name) const {
  std::error_code error;
  return std::filesystem::is_regular_file(PathOf(name), error);
}

Result<void> FolderLog::Write(std::string_view name, std::string_view bytes) const {
  const std::filesystem::path path(PathOf(name));
  WB_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  return base::ReplaceFile(path.string(), bytes, 0644);
}

Result<void> FolderLog::Remove(std::string_view name) const {
  std::error_code error;
  std::filesystem::remove(PathOf(name), error);
  if (!error) return {};
  return base::Fail(base::ErrorCode::kStorage, PathOf(name), "must be a file that can be removed",
                    error.message());
}

}  // namespace wideberth::cli
