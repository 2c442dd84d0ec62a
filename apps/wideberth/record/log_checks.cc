#include "apps/wideberth/record/log_checks.h"

#include <charconv>

#include "apps/wideberth/offline.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {

using base::Result;
using record::TreeHead;

std::string BodyFile(const base::Digest& sha256) {
  return "bodies/" + sha256.ToHex();
}

base::Error InFile(base::Error error, std::string_view file) {
  return std::move(error).Under(std::string(file) + ": ");
}

Result<uint64_t> IndexOf(const std::string& text) {
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc() && end == text.data() + text.size()) return index;
  return base::Invalid("INDEX", "must be the number of an entry, from 0", text);
}

Result<Vouched> OpenUnder(const record::Policy& policy, std::string_view note) {
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint read, record::ParseCheckpoint(parsed.text));
  std::vector<record::VerifierKey> witnesses;
  for (const auto& witness : policy.witnesses()) witnesses.push_back(witness.key);
  std::optional<base::Error> refusal;
  for (const auto& log : policy.logs()) {
    if (log.key.name() != read.origin) continue;
    Result<record::OpenedCheckpoint> opened = record::OpenCheckpoint(note, {log.key, witnesses});
    if (!opened) {
      refusal = opened.error();
      continue;
    }
    WB_ASSIGN_OR_RETURN(const auto time_s, policy.QuorumTime(opened->cosignatures));
    return Vouched{std::move(*opened), time_s};
  }
  if (refusal) return base::Fail(*refusal);
  return base::Fail(base::ErrorCode::kUnauthorized, "checkpoint", "must be of a log of the policy",
                    read.origin);
}

Result<record::Policy> ReadPolicy(const std::string& file, const FolderLog* folder) {
  if (file.empty() && folder == nullptr) {
    return base::Invalid("--policy", "must be given: whose signatures are enough");
  }
  WB_ASSIGN_OR_RETURN(const std::string text,
                      file.empty() ? folder->Read(kPolicyFile) : ReadInput(file));
  auto policy = record::Policy::Parse(text);
  if (!policy) return base::Fail(InFile(std::move(policy).error(), file.empty() ? "policy" : file));
  return policy;
}

// Every tile and entry against a head, in one pass.
Result<void> VerifyAll(const record::TileReader& tiles, const TreeHead& head,
                       std::function<Result<void>(uint64_t, base::ByteView)> on_entry) {
  Progress progress("entries verified", head.size);
  record::VerifyTilesOptions options;
  options.on_entry = std::move(on_entry);
  options.on_progress = [&](uint64_t done) { progress.Set(done); };
  return record::VerifyTiles(tiles, head, options);
}

std::string TimeText(uint64_t time_s) {
  return base::FormatRfc3339({static_cast<int64_t>(time_s) * base::kMicrosPerSecond});
}

int Done(const Session& session, std::string text, std::string json) {
  Print((session.json ? std::move(json) : std::move(text)) + "\n");
  return kExitOk;
}

Result<std::vector<line::PartyCard>> ReadCards(const std::vector<std::string>& files) {
  std::vector<line::PartyCard> cards;
  for (const std::string& file : files) {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(file));
    Result<line::PartyCard> card = line::ReadCard(text);
    if (!card) return base::Fail(InFile(std::move(card).error(), file));
    cards.push_back(*std::move(card));
  }
  return cards;
}

}  // namespace wideberth::cli
