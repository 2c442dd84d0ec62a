#include "service/record_evidence.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/durable_file.h"
#include "crypto/sha256.h"
#include "line/cosigning.h"
#include "line/message.h"
#include "record/evidence.h"

namespace wideberth::service {
namespace {

using base::Result;
using line::TroubleKind;

// The note of the same size that is held.
Result<record::Evidence> ForkOfHeads(const RecordReader& record, const line::PartyCard& self,
                                     const line::PartyCard& peer, const std::string& note) {
  WB_ASSIGN_OR_RETURN(const record::SignedNote second, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(second.text));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(const line::KnownHead held,
                      record.FirstCosignedFrom(log, checkpoint.head.size));
  WB_ASSIGN_OR_RETURN(const record::SignedNote first, record::ParseNote(*held.note));
  return record::Evidence(
      record::ForkEvidence{line::LogKeyOf(peer, self.party), first, second, std::nullopt, {}});
}

// The message of the same number that is held.
Result<record::Evidence> ForkOfMessages(const RecordReader& record, const line::PartyCard& peer,
                                        const std::string& frame_bytes) {
  WB_ASSIGN_OR_RETURN(const line::Frame frame, line::ReadFrame(frame_bytes));
  const auto* entry = std::get_if<line::EntryFrame>(&frame);
  if (entry == nullptr) return base::Invalid("frame", "must hold a message");
  const crypto::PublicKey& key = peer.key(line::KeyRole::kMessage);
  WB_ASSIGN_OR_RETURN(const line::OpenedMessage opened,
                      line::OpenMessage(entry->envelope, {&key, 1}));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(const auto held, record.ReadEntries(log, opened.message.seq - 1, 1));
  return record::Evidence(
      record::MessageForkEvidence{key, *held.front().envelope, std::string(entry->envelope)});
}

Result<record::Evidence> Refusal(const RecordReader& record, const line::PartyCard& self,
                                 const line::PartyCard& peer, const std::string& envelope) {
  const crypto::PublicKey& key = peer.key(line::KeyRole::kMessage);
  WB_ASSIGN_OR_RETURN(const record::CosignRefusal refusal,
                      record::OpenCosignRefusal(envelope, key));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kOurs));
  if (!log.signed_head || log.signed_head->head != refusal.refused) {
    return base::Fail(base::ErrorCode::kNotFound, "/refused", "must be the last head signed here",
                      std::to_string(refusal.refused.size));
  }
  WB_ASSIGN_OR_RETURN(const record::SignedNote note, record::ParseNote(*log.signed_head->note));
  record::RefusalEvidence evidence{line::LogKeyOf(self, peer.party), note, key, envelope, {}};
  if (refusal.known.size > 0) {
    const auto proof = record.ProveConsistency(log, refusal.known.size, refusal.refused.size);
    // What it had cosigned may be no head of ours: then its refusal is all that there is to show.
    if (proof && record::VerifyConsistency(refusal.known, refusal.refused, *proof)) {
      evidence.proof = *proof;
    }
  }
  return record::Evidence(std::move(evidence));
}

// The keys of a party's messages on its line to this node.
std::vector<crypto::PublicKey> KeysOf(const RecordReader& record, const RecordReader::Log& log) {
  std::vector<crypto::PublicKey> keys;
  for (const line::KeyEpoch& epoch : record.KeysOf(log)) keys.push_back(epoch.key);
  return keys;
}

struct SignedEntry {
  std::string envelope;
  line::OpenedMessage opened;
};

Result<SignedEntry> OpenEntryFrame(const std::string& frame_bytes,
                                   const std::vector<crypto::PublicKey>& keys) {
  WB_ASSIGN_OR_RETURN(const line::Frame frame, line::ReadFrame(frame_bytes));
  const auto* entry = std::get_if<line::EntryFrame>(&frame);
  if (entry == nullptr) return base::Invalid("frame", "must hold a message");
  WB_ASSIGN_OR_RETURN(line::OpenedMessage opened, line::OpenMessage(entry->envelope, keys));
  return SignedEntry{std::string(entry->envelope), std::move(opened)};
}

// A heartbeat, and the first entry that is here and is not there by what it says.
Result<record::Evidence> Rollback(const RecordReader& record, const line::PartyCard& peer,
                                  const std::string& frame_bytes) {
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(const line::Frame frame, line::ReadFrame(frame_bytes));
  const auto* heartbeat = std::get_if<line::HeartbeatFrame>(&frame);
  if (heartbeat == nullptr) return base::Invalid("frame", "must hold a heartbeat");
  const crypto::PublicKey key = peer.key(line::KeyRole::kMessage);
  WB_ASSIGN_OR_RETURN(const line::Heartbeat said,
                      line::OpenHeartbeat(heartbeat->envelope, {&key, 1}));
  WB_ASSIGN_OR_RETURN(const auto beyond, record.ReadEntries(log, said.own_head.size, 1));
  return record::Evidence(record::MessageRollbackEvidence{key, *beyond.front().envelope,
                                                          std::string(heartbeat->envelope)});
}

// An entry that does not follow the one before it, which is here.
Result<record::Evidence> Gap(const RecordReader& record, const line::PartyCard& peer,
                             const std::string& frame_bytes) {
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(SignedEntry entry, OpenEntryFrame(frame_bytes, KeysOf(record, log)));
  const uint64_t seq = entry.opened.message.seq;
  if (seq < 2) return base::Invalid("/seq", "must not be the first", std::to_string(seq));
  WB_ASSIGN_OR_RETURN(const auto before, record.ReadEntries(log, seq - 2, 1));
  return record::Evidence(record::MessageGapEvidence{
      entry.opened.signers.front(), *before.front().envelope, std::move(entry.envelope)});
}

// A message behind the change of the key that signed it.
Result<record::Evidence> ReplacedKey(const RecordReader& record, const line::PartyCard& peer,
                                     const std::string& frame_bytes) {
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log, record.Find(peer.party, Writer::kTheirs));
  WB_ASSIGN_OR_RETURN(SignedEntry use, OpenEntryFrame(frame_bytes, KeysOf(record, log)));
  const crypto::PublicKey key = use.opened.signers.front();
  const std::vector<line::KeyEpoch> epochs = record.KeysOf(log);
  for (size_t i = 0; i + 1 < epochs.size(); ++i) {
    if (epochs[i].key != key) continue;
    // The next key is in force from the entry behind the change on.
    WB_ASSIGN_OR_RETURN(const auto change, record.ReadEntries(log, epochs[i + 1].first_seq - 2, 1));
    return record::Evidence(
        record::ReplacedKeyEvidence{key, *change.front().envelope, std::move(use.envelope)});
  }
  return base::Invalid("/signatures", "must be by a key that was replaced", key.KeyId());
}

// A name that EvidenceOf gives: nothing that leads out of the folder.
bool IsEvidenceName(std::string_view name) {
  constexpr std::string_view kEnd = ".json";
  if (name.size() > 100 || !name.ends_with(kEnd)) return false;
  const std::string_view stem = name.substr(0, name.size() - kEnd.size());
  return !stem.empty() && std::all_of(stem.begin(), stem.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Result<std::optional<EvidenceFile>> EvidenceOf(const RecordReader& record,
                                               const line::PartyCard& self,
                                               const line::PartyCard& peer,
                                               const line::Trouble& trouble) {
  std::string_view what;
  Result<record::Evidence> evidence = base::Invalid("kind", "must be one that proves something");
  if (trouble.kind == TroubleKind::kHeadsForked) {
    what = "fork-of-heads-";
    evidence = ForkOfHeads(record, self, peer, trouble.evidence);
  } else if (trouble.kind == TroubleKind::kFork) {
    what = "fork-of-messages-";
    evidence = ForkOfMessages(record, peer, trouble.evidence);
  } else if (trouble.kind == TroubleKind::kNotCosigned) {
    what = "refused-cosignature-";
    evidence = Refusal(record, self, peer, trouble.evidence);
  } else if (trouble.kind == TroubleKind::kPeerRolledBack) {
    what = "rollback-";
    evidence = Rollback(record, peer, trouble.evidence);
  } else if (trouble.kind == TroubleKind::kBrokenChain) {
    what = "gap-";
    evidence = Gap(record, peer, trouble.evidence);
  } else if (trouble.kind == TroubleKind::kKeyReplaced) {
    what = "replaced-key-";
    evidence = ReplacedKey(record, peer, trouble.evidence);
  } else {
    return std::optional<EvidenceFile>();
  }
  if (!evidence) return base::Fail(std::move(evidence).error());
  WB_ASSIGN_OR_RETURN(std::string text, record::FormatEvidence(*evidence));
  // A refusal and a heartbeat are signed anew each time: what they are about names them.
  const auto* refusal = std::get_if<record::RefusalEvidence>(&*evidence);
  const auto* rollback = std::get_if<record::MessageRollbackEvidence>(&*evidence);
  const std::string& about = refusal != nullptr    ? refusal->checkpoint.text
                             : rollback != nullptr ? rollback->first
                                                   : text;
  const base::Digest subject = crypto::Sha256(base::AsBytes(about));
  std::string name(what);
  name.append(subject.ToHex(), 0, 16).append(".json");
  return std::optional(EvidenceFile{std::move(name), std::move(text)});
}

Result<std::vector<EvidenceEntry>> ListEvidence(const std::string& folder) {
  std::vector<EvidenceEntry> entries;
  std::error_code error;
  std::filesystem::directory_iterator files(folder, error);
  if (error == std::errc::no_such_file_or_directory) return entries;
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    struct stat info {};
    if (!IsEvidenceName(name) || stat(files->path().c_str(), &info) != 0) continue;
    entries.push_back(
        {name,
         static_cast<uint64_t>(info.st_size),
         {info.st_mtim.tv_sec * base::kMicrosPerSecond + info.st_mtim.tv_nsec / 1000}});
    if (entries.size() == kEvidenceListed) break;
  }
  if (error) {
    return base::Fail(base::ErrorCode::kStorage, folder, "must be readable", error.message());
  }
  std::sort(entries.begin(), entries.end(),
            [](const EvidenceEntry& a, const EvidenceEntry& b) { return a.name < b.name; });
  return entries;
}

Result<std::string> ReadEvidence(const std::string& folder, std::string_view name) {
  const auto missing = [&] {
    return base::Fail(base::ErrorCode::kNotFound, "name", "must be a file of evidence that is kept",
                      name);
  };
  if (!IsEvidenceName(name)) return missing();
  auto text = base::ReadFile(folder + "/" + std::string(name), record::kEvidenceBytesMax);
  if (!text && text.error().code == base::ErrorCode::kNotFound) return missing();
  return text;
}

Result<bool> KeepEvidence(const std::string& folder, const EvidenceFile& file) {
  WB_RETURN_IF_ERROR(base::MakeFolder(folder));
  const Result<void> kept = base::WriteNewFile(folder + "/" + file.name, file.text);
  if (kept) return true;
  if (kept.error().code == base::ErrorCode::kConflict) return false;
  return base::Fail(kept.error());
}

}  // namespace wideberth::service
