// `record stamp`: heads under the time of an outside authority (RFC 3161).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/offline.h"
#include "apps/wideberth/record/log_checks.h"
#include "apps/wideberth/record/log_readers.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "crypto/sha256.h"
#include "crypto/timestamp.h"
#include "record/checkpoint.h"

namespace wideberth::cli {

using base::Result;

Result<crypto::Timestamp> ReadStamp(const std::string& reply, const std::string& tsa,
                                    std::string_view text) {
  if (tsa.empty()) {
    return base::Invalid("--tsa", "must be given: the certificates of the authority's root");
  }
  WB_ASSIGN_OR_RETURN(const std::string roots, ReadInput(tsa));
  WB_ASSIGN_OR_RETURN(const std::string der, ReadInput(reply));
  Result<crypto::Timestamp> stamp =
      crypto::VerifyTimestamp(base::AsBytes(der), base::AsBytes(text), roots);
  if (!stamp) return base::Fail(InFile(std::move(stamp).error(), reply));
  return stamp;
}

std::string StampText(const crypto::Timestamp& stamp) {
  return fmt::format("{} (off by {} s at most) by {}", base::FormatRfc3339(stamp.at),
                     static_cast<double>(stamp.accuracy_us) / 1e6, Printable(stamp.authority));
}

namespace {

// Their names without what comes behind the dot: the sizes that were stamped.
Result<std::vector<std::string>> StampsIn(const std::string& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file :
       std::filesystem::directory_iterator(dir + "/" + std::string(kStampsFolder), error)) {
    if (file.path().extension() == ".tsr") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<uint64_t> VerifyStamps(const FolderLog& folder, const std::string& dir,
                              const std::string& tsa, const record::TreeHead& head) {
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> names, StampsIn(dir));
  const record::TileNodes nodes(folder, head.size);
  for (const std::string& name : names) {
    const std::string base = std::string(kStampsFolder) + "/" + name;
    WB_ASSIGN_OR_RETURN(const std::string text, folder.Read(base + ".checkpoint"));
    WB_ASSIGN_OR_RETURN(const record::Checkpoint stamped, record::ParseCheckpoint(text));
    WB_RETURN_IF_ERROR(ReadStamp(dir + "/" + base + ".tsr", tsa, text));
    const Result<base::Digest> root = record::RootAt(nodes, stamped.head.size);
    if (!root || *root != stamped.head.root) {
      return base::Fail(base::ErrorCode::kConflict, base + ".checkpoint",
                        "must be a head of this log, which has grown since",
                        std::to_string(stamped.head.size) + " entries");
    }
  }
  return names.size();
}

Result<int> RunRecordStamp(const Session& session, const LogOptions& options) {
  if (options.request.empty() == options.reply.empty()) {
    return base::Invalid("--request", "must be given, or else --reply",
                         options.request.empty() ? "neither" : "both");
  }
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  const std::string name = std::to_string(checkpoint.head.size);
  if (!options.request.empty()) {
    base::SystemRandom random;
    uint64_t nonce = 0;
    random.Fill({reinterpret_cast<uint8_t*>(&nonce), sizeof(nonce)});
    WB_ASSIGN_OR_RETURN(const base::Bytes der,
                        crypto::MakeTimestampRequest(base::AsBytes(parsed.text), nonce));
    WB_RETURN_IF_ERROR(WriteOutput(options.request, base::AsText(der), false, false));
    return Done(session, fmt::format("{}: for a stamp of {} entries", options.request, name),
                fmt::format(R"({{"size":{}}})", name));
  }
  const std::string base = std::string(kStampsFolder) + "/" + name;
  WB_ASSIGN_OR_RETURN(const crypto::Timestamp stamp,
                      ReadStamp(options.reply, options.tsa, parsed.text));
  WB_ASSIGN_OR_RETURN(const std::string der, ReadInput(options.reply));
  WB_RETURN_IF_ERROR(folder.Write(base + ".checkpoint", parsed.text));
  WB_RETURN_IF_ERROR(folder.Write(base + ".tsr", der));
  return Done(session, fmt::format("{}.tsr: {} entries at {}", base, name, StampText(stamp)),
              fmt::format(R"({{"size":{},"at":"{}"}})", name, base::FormatRfc3339(stamp.at)));
}

}  // namespace wideberth::cli
