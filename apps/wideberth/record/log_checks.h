// What the commands of `record` share: opening a checkpoint under a policy, checking a whole log, cards.
#ifndef WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_CHECKS_H_
#define WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_CHECKS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/wideberth/record/log_readers.h"
#include "apps/wideberth/session.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/timestamp.h"
#include "line/party_card.h"
#include "record/checkpoint.h"
#include "record/policy.h"
#include "record/tile.h"

namespace wideberth::cli {

inline constexpr std::string_view kCheckpointFile = "checkpoint";
inline constexpr std::string_view kPolicyFile = "policy";
inline constexpr std::string_view kStampsFolder = "stamps";
// Of a body that stands beside its envelope, by its SHA-256.
std::string BodyFile(const base::Digest& sha256);

base::Error InFile(base::Error error, std::string_view file);
base::Result<uint64_t> IndexOf(const std::string& text);
std::string TimeText(uint64_t time_s);
// Prints the one or the other; kExitOk.
int Done(const Session& session, std::string text, std::string json);

// What a policy makes of a checkpoint.
struct Vouched {
  record::OpenedCheckpoint opened;
  std::optional<uint64_t> time_s;  // by which the quorum had cosigned
};
base::Result<Vouched> OpenUnder(const record::Policy& policy, std::string_view note);
// The file, or that of the folder.
base::Result<record::Policy> ReadPolicy(const std::string& file, const FolderLog* folder);
base::Result<std::vector<line::PartyCard>> ReadCards(const std::vector<std::string>& files);

// Every tile and entry against a head, in one pass.
base::Result<void> VerifyAll(
    const record::TileReader& tiles, const record::TreeHead& head,
    std::function<base::Result<void>(uint64_t, base::ByteView)> on_entry = {});

// A reply of a time-stamp authority over the text of a checkpoint, under the roots in the file `tsa` (stamp.cc).
base::Result<crypto::Timestamp> ReadStamp(const std::string& reply, const std::string& tsa,
                                          std::string_view text);
std::string StampText(const crypto::Timestamp& stamp);
// All stamps of a folder whose log has this head; how many.
base::Result<uint64_t> VerifyStamps(const FolderLog& folder, const std::string& dir,
                                    const std::string& tsa, const record::TreeHead& head);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_RECORD_LOG_CHECKS_H_
