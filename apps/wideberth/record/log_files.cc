// `record export|consistency|fsck`: the logs of a line as folders.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/record/log_checks.h"
#include "apps/wideberth/record/log_readers.h"
#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "line/message.h"
#include "line/party_card.h"
#include "record/checkpoint.h"
#include "record/policy.h"

namespace wideberth::cli {
namespace {

using base::Result;
using record::TreeHead;

// ---- export ----

Result<void> CopyTiles(const NodeLog& node, const FolderLog& folder, uint64_t old_size,
                       const TreeHead& head) {
  const std::vector<record::TilePath> tiles = record::TilesBetween(old_size, head.size);
  Progress progress("tiles copied", tiles.size());
  uint64_t done = 0;
  for (const record::TilePath& tile : tiles) {
    progress.Set(++done);
    const std::string name = record::FormatTilePath(tile).value();
    if (folder.Has(name)) continue;  // of an export that was cut short; verified below
    WB_ASSIGN_OR_RETURN(const base::Bytes bytes, node.ReadTile(tile));
    WB_RETURN_IF_ERROR(folder.Write(name, base::AsText(bytes)));
  }
  return {};
}

// The folder's head before; size 0 where nothing was exported.
Result<TreeHead> HeadOf(const FolderLog& folder, std::string_view origin) {
  if (!folder.Has(kCheckpointFile)) return TreeHead{0, record::EmptyRoot()};
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  if (checkpoint.origin == origin) return checkpoint.head;
  return base::Fail(base::ErrorCode::kConflict, "DIR", "must hold the log " + std::string(origin),
                    checkpoint.origin);
}

Result<std::vector<record::VerifierKey>> WitnessesOf(const json::Value& record,
                                                     const std::string& writer) {
  std::vector<record::VerifierKey> keys;
  const auto witnesses = At(record, writer + ".witnesses");
  if (!witnesses) return keys;
  WB_ASSIGN_OR_RETURN(const json::Array all, witnesses->AsArray(64));
  for (const json::Value each : all) {
    WB_ASSIGN_OR_RETURN(record::VerifierKey key, record::VerifierKey::Parse(TextAt(each, "key")));
    keys.push_back(std::move(key));
  }
  return keys;
}

// A checkpoint, and the policy of all who have cosigned it.
struct Exported {
  record::Policy policy;
  std::string note;
};

// The last that the peer and every witness have cosigned. Where a witness lags, so that this would be nothing or less
// than the folder has, the last that the peer has.
Result<Exported> HeadToExport(const NodeLog& node, const record::VerifierKey& log,
                              const record::VerifierKey& peer,
                              std::vector<record::VerifierKey> witnesses, uint64_t size_min) {
  if (!witnesses.empty()) {
    Result<std::string> note = node.Get("checkpoint?witnessed=true");
    if (note) {
      witnesses.insert(witnesses.begin(), peer);
      WB_ASSIGN_OR_RETURN(record::Policy policy, record::Policy::AllOf(log, witnesses));
      WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(policy, *note));
      if (vouched.opened.checkpoint.head.size >= size_min) {
        return Exported{std::move(policy), *std::move(note)};
      }
    } else if (note.error().code != base::ErrorCode::kNotFound) {
      return base::Fail(std::move(note).error());
    }
  }
  WB_ASSIGN_OR_RETURN(record::Policy policy, record::Policy::AllOf(log, {peer}));
  WB_ASSIGN_OR_RETURN(std::string note, node.Get("checkpoint"));
  return Exported{std::move(policy), std::move(note)};
}

Result<void> CheckGrown(const FolderLog& folder, const TreeHead& before, const TreeHead& head) {
  if (head.size < before.size) {
    return base::Fail(
        base::ErrorCode::kConflict, "checkpoint",
        "must not be shorter than the one exported before, " + std::to_string(before.size),
        std::to_string(head.size));
  }
  if (before.size == 0) return {};
  const record::TileNodes nodes(folder, head.size);
  WB_ASSIGN_OR_RETURN(const record::Proof proof,
                      record::ConsistencyProof(nodes, before.size, head.size));
  return record::VerifyConsistency(before, head, proof);
}

// The bodies that stand beside their envelopes, of entries that the folder has not had before: the log has their
// SHA-256 only.
class BodyCopier {
 public:
  BodyCopier(Remote* remote, std::string peer, std::string writer, const FolderLog& folder)
      : remote_(remote), peer_(std::move(peer)), writer_(std::move(writer)), folder_(folder) {}

  Result<void> LoadKeys() {
    WB_ASSIGN_OR_RETURN(const json::Document page, Page(0));
    WB_ASSIGN_OR_RETURN(json::Object object, page.root().AsObject());
    WB_ASSIGN_OR_RETURN(const json::Array parties, object.RequiredArray("parties", 2));
    if (parties.size() != 2) return object.Refuse("parties", "must be two");
    size_t place = 0;
    for (const json::Value party : parties) {
      if ((place++ == 0) != (writer_ == "ours")) continue;
      WB_ASSIGN_OR_RETURN(json::Object of, party.AsObject());
      WB_ASSIGN_OR_RETURN(const json::Array cards, of.RequiredArray("cards", 1'024));
      for (const json::Value each : cards) {
        WB_ASSIGN_OR_RETURN(const std::string_view text, each.AsString(limits::kEnvelopeBytesMax));
        WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(text));
        keys_.push_back(card.key(line::KeyRole::kMessage));
      }
    }
    return {};
  }

  Result<void> Take(uint64_t index, base::ByteView entry) {
    WB_ASSIGN_OR_RETURN(const line::OpenedMessage opened,
                        line::OpenMessage(base::AsText(entry), keys_));
    const auto* beside = std::get_if<line::BodyBeside>(&opened.message.body);
    if (beside == nullptr || folder_.Has(BodyFile(beside->sha256))) return {};
    WB_ASSIGN_OR_RETURN(const json::Document page, Page(index));
    WB_ASSIGN_OR_RETURN(json::Object object, page.root().AsObject());
    WB_ASSIGN_OR_RETURN(const json::Array entries, object.RequiredArray("entries", 1));
    for (const json::Value value : entries) {
      WB_ASSIGN_OR_RETURN(json::Object of, value.AsObject());
      WB_ASSIGN_OR_RETURN(const auto body,
                          of.OptionalString("beside", limits::kMessageBodyBesideBytesMax));
      if (!body || crypto::Sha256(base::AsBytes(*body)) != beside->sha256) break;
      WB_RETURN_IF_ERROR(folder_.Write(BodyFile(beside->sha256), *body));
      ++copied_;
      return {};
    }
    return base::Invalid("entry " + std::to_string(index) + ": beside",
                         "must have the SHA-256 that the entry names", beside->sha256.ToHex());
  }
  uint64_t copied() const { return copied_; }

 private:
  Result<json::Document> Page(uint64_t after) const {
    return remote_->GetJson(
        fmt::format("/v1/lines/{}/entries?writer={}&after={}&limit=1", peer_, writer_, after));
  }

  Remote* const remote_;
  const std::string peer_, writer_;
  const FolderLog& folder_;
  std::vector<crypto::PublicKey> keys_;
  uint64_t copied_ = 0;
};

// The folder names what was verified, and loses what that has outgrown.
Result<void> NameHead(const FolderLog& folder, const Exported& exported, uint64_t old_size,
                      uint64_t size) {
  WB_RETURN_IF_ERROR(folder.Write(kPolicyFile, exported.policy.Format()));
  WB_RETURN_IF_ERROR(folder.Write(kCheckpointFile, exported.note));
  for (const record::TilePath& old : record::TilesBetween(size, old_size)) {
    WB_RETURN_IF_ERROR(folder.Remove(record::FormatTilePath(old).value()));
  }
  return {};
}

// The transparency log of the node's DSS: nobody cosigns it, and nothing stands beside its entries.
Result<int> ExportDssLog(const Session& session, const LogOptions& options) {
  if (!options.peer.empty()) {
    return base::Invalid("--peer", "must not be given with --dss, which is no line", options.peer);
  }
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  const NodeLog node = NodeLog::OfDss(&remote);
  WB_ASSIGN_OR_RETURN(std::string vkey, node.Get("key"));
  if (vkey.ends_with('\n')) vkey.pop_back();
  WB_ASSIGN_OR_RETURN(const record::VerifierKey key, record::VerifierKey::Parse(vkey));
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const TreeHead before, HeadOf(folder, key.name()));
  WB_ASSIGN_OR_RETURN(record::Policy policy, record::Policy::AllOf(key, {}));
  WB_ASSIGN_OR_RETURN(std::string note, node.Get("checkpoint"));
  const Exported exported{std::move(policy), std::move(note)};
  WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(exported.policy, exported.note));
  const TreeHead head = vouched.opened.checkpoint.head;
  WB_RETURN_IF_ERROR(CopyTiles(node, folder, before.size, head));
  WB_RETURN_IF_ERROR(CheckGrown(folder, before, head));
  WB_RETURN_IF_ERROR(VerifyAll(folder, head));
  WB_RETURN_IF_ERROR(NameHead(folder, exported, before.size, head.size));
  return Done(session,
              fmt::format("{}: {} entries, {} more than before", key.name(), head.size,
                          head.size - before.size),
              fmt::format(R"({{"origin":"{}","size":{},"root":"{}"}})", key.name(), head.size,
                          head.root.ToHex()));
}

}  // namespace

Result<int> RunRecordExport(const Session& session, const LogOptions& options) {
  if (options.dss) return ExportDssLog(session, options);
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const json::Document about, remote.GetJson("/v1/lines/" + peer + "/record"));
  WB_ASSIGN_OR_RETURN(const auto log_key, record::VerifierKey::Parse(
                                              TextAt(about.root(), options.writer + ".log_key")));
  WB_ASSIGN_OR_RETURN(const auto cosigner, record::VerifierKey::Parse(TextAt(
                                               about.root(), options.writer + ".cosigner_key")));
  const NodeLog node(&remote, peer, options.writer);
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const TreeHead before, HeadOf(folder, log_key.name()));
  WB_ASSIGN_OR_RETURN(const auto witnesses, WitnessesOf(about.root(), options.writer));
  WB_ASSIGN_OR_RETURN(const Exported exported,
                      HeadToExport(node, log_key, cosigner, witnesses, before.size));
  const record::Policy& policy = exported.policy;
  const std::string& note = exported.note;
  WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(policy, note));
  const TreeHead head = vouched.opened.checkpoint.head;
  WB_RETURN_IF_ERROR(CopyTiles(node, folder, before.size, head));
  WB_RETURN_IF_ERROR(CheckGrown(folder, before, head));
  BodyCopier bodies(&remote, peer, options.writer, folder);
  WB_RETURN_IF_ERROR(bodies.LoadKeys());
  WB_RETURN_IF_ERROR(VerifyAll(folder, head, [&](uint64_t index, base::ByteView entry) {
    return index < before.size ? Result<void>() : bodies.Take(index, entry);
  }));
  WB_RETURN_IF_ERROR(NameHead(folder, exported, before.size, head.size));
  return Done(session,
              fmt::format("{}: {} entries, {} more than before, {} bodies beside them, cosigned {}",
                          log_key.name(), head.size, head.size - before.size, bodies.copied(),
                          TimeText(vouched.time_s.value_or(0))),
              fmt::format(R"({{"origin":"{}","size":{},"root":"{}","bodies":{}}})", log_key.name(),
                          head.size, head.root.ToHex(), bodies.copied()));
}

Result<int> RunRecordConsistency(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, &folder));
  std::vector<record::Checkpoint> heads;
  for (const std::string& file : {options.old_checkpoint, options.new_checkpoint}) {
    WB_ASSIGN_OR_RETURN(const std::string note, ReadInput(file));
    Result<Vouched> vouched = OpenUnder(policy, note);
    if (!vouched) return base::Fail(InFile(std::move(vouched).error(), file));
    heads.push_back(vouched->opened.checkpoint);
  }
  if (heads[0].origin != heads[1].origin) {
    return base::Fail(base::ErrorCode::kConflict, "NEW", "must be of the log " + heads[0].origin,
                      heads[1].origin);
  }
  const TreeHead& before = heads[0].head;
  const TreeHead& after = heads[1].head;
  const record::TileNodes nodes(folder, after.size);
  WB_ASSIGN_OR_RETURN(const record::Proof proof,
                      record::ConsistencyProof(nodes, before.size, after.size));
  WB_RETURN_IF_ERROR(record::VerifyConsistency(before, after, proof));
  return Done(session,
              fmt::format("{}: {} entries, then {} more", heads[0].origin, before.size,
                          after.size - before.size),
              fmt::format(R"({{"origin":"{}","old_size":{},"new_size":{}}})", heads[0].origin,
                          before.size, after.size));
}

namespace {

// The body that the message says is beside it.
Result<void> CheckBody(const FolderLog& folder, const std::string& entry,
                       const line::Message& message) {
  const auto* beside = std::get_if<line::BodyBeside>(&message.body);
  if (beside == nullptr) return {};
  Result<std::string> body = folder.Read(BodyFile(beside->sha256));
  if (!body) return base::Fail(InFile(std::move(body).error(), entry));
  if (body->size() == beside->bytes && crypto::Sha256(base::AsBytes(*body)) == beside->sha256) {
    return {};
  }
  return base::Invalid(entry + ": " + BodyFile(beside->sha256),
                       "must be the bytes that the entry names",
                       std::to_string(body->size()) + " bytes");
}

}  // namespace

Result<int> RunRecordFsck(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  WB_ASSIGN_OR_RETURN(const std::vector<line::PartyCard> cards, ReadCards(options.cards));
  std::vector<crypto::PublicKey> keys;
  for (const line::PartyCard& card : cards) keys.push_back(card.key(line::KeyRole::kMessage));
  base::Digest previous;
  const auto follows = [&](uint64_t index, base::ByteView entry) -> Result<void> {
    const std::string field = "entry " + std::to_string(index);
    const Result<line::OpenedMessage> opened = line::OpenMessage(base::AsText(entry), keys);
    if (!opened) return base::Fail(InFile(opened.error(), field));
    const line::Message& message = opened->message;
    if (message.seq != index + 1) {
      return base::Fail(base::ErrorCode::kInvalid, field,
                        "must be message " + std::to_string(index + 1) + " of its writer",
                        std::to_string(message.seq));
    }
    if (message.previous != previous) {
      return base::Fail(base::ErrorCode::kInvalid, field,
                        "must name the message before it, " + previous.ToHex(),
                        message.previous.ToHex());
    }
    previous = crypto::Sha256(entry);
    return CheckBody(folder, field, message);
  };
  if (keys.empty()) {
    WB_RETURN_IF_ERROR(VerifyAll(folder, checkpoint.head));
  } else {
    WB_RETURN_IF_ERROR(VerifyAll(folder, checkpoint.head, follows));
  }
  return Done(session,
              fmt::format("{}: {} entries, whole", checkpoint.origin, checkpoint.head.size),
              fmt::format(R"({{"origin":"{}","size":{},"whole":true}})", checkpoint.origin,
                          checkpoint.head.size));
}

}  // namespace wideberth::cli
