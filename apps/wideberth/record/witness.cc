// `witness init`, `record status|compare`: heads and who has cosigned them.
#include <fmt/format.h>

#include <optional>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/offline.h"
#include "apps/wideberth/record/log_checks.h"
#include "apps/wideberth/record/log_readers.h"
#include "apps/wideberth/show/table.h"
#include "apps/wideberth/show/terminal.h"
#include "crypto/key_file.h"
#include "net/client.h"
#include "net/url.h"
#include "record/checkpoint.h"
#include "record/evidence.h"
#include "record/policy.h"
#include "record/tile.h"
#include "witness/service.h"

namespace wideberth::cli {

using base::Result;

Result<int> RunWitnessInit(const Session& session, const WitnessOptions& options) {
  if (options.passphrase_file.empty() != options.no_passphrase) {
    return base::Invalid("--passphrase-file", "must be given, or else --no-passphrase",
                         options.no_passphrase ? "both" : "neither");
  }
  std::optional<crypto::SecretBytes> passphrase;
  if (!options.no_passphrase) {
    WB_ASSIGN_OR_RETURN(passphrase, crypto::ReadPassphraseFile(options.passphrase_file));
  }
  WB_ASSIGN_OR_RETURN(const record::VerifierKey key,
                      witness::MakeWitness(options.dir, options.name, passphrase));
  return Done(session, key.Format(), fmt::format(R"({{"key":"{}"}})", key.Format()));
}

// ---- record compare

namespace {

// A file, or what the witness at that URL has cosigned last.
Result<std::string> ReadHead(const std::string& from, const record::Policy& policy) {
  if (!from.starts_with("http://") && !from.starts_with("https://")) return ReadInput(from);
  if (policy.logs().size() != 1) {
    return base::Invalid("--policy", "must have one log",
                         std::to_string(policy.logs().size()) + " logs");
  }
  WB_ASSIGN_OR_RETURN(net::HttpClient client, net::HttpClient::Create(from, {}));
  WB_ASSIGN_OR_RETURN(
      const net::Response answer,
      client.Get("/checkpoint?origin=" + net::PercentEncode(policy.logs().front().key.name())));
  if (answer.status == 200) return answer.body;
  return base::Fail(base::ErrorCode::kNotFound, from, "must have cosigned the log",
                    std::to_string(answer.status));
}

Result<record::OpenedCheckpoint> OpenHead(const std::string& from, const record::Policy& policy) {
  WB_ASSIGN_OR_RETURN(const std::string note, ReadHead(from, policy));
  std::vector<record::VerifierKey> witnesses;
  for (const auto& witness : policy.witnesses()) witnesses.push_back(witness.key);
  Result<record::OpenedCheckpoint> opened = base::Invalid("--policy", "must have a log");
  for (const auto& log : policy.logs()) {
    opened = record::OpenCheckpoint(note, {log.key, witnesses});
    if (opened) return opened;
  }
  return base::Fail(InFile(std::move(opened).error(), from));
}

std::string HeadText(const record::OpenedCheckpoint& head, const record::Policy& policy) {
  std::string text = fmt::format("{} entries, root {}", head.checkpoint.head.size,
                                 head.checkpoint.head.root.ToHex().substr(0, 16));
  for (const record::Cosignature& each : head.cosignatures) {
    text +=
        fmt::format(", {} at {}", policy.witnesses()[each.cosigner].name, TimeText(each.time_s));
  }
  return text;
}

}  // namespace

Result<int> RunRecordCompare(const Session& session, const LogOptions& options) {
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, nullptr));
  WB_ASSIGN_OR_RETURN(const record::OpenedCheckpoint a, OpenHead(options.old_checkpoint, policy));
  WB_ASSIGN_OR_RETURN(const record::OpenedCheckpoint b, OpenHead(options.new_checkpoint, policy));
  if (a.checkpoint.origin != b.checkpoint.origin) {
    return base::Fail(base::ErrorCode::kConflict, "NEW",
                      "must be of the log " + a.checkpoint.origin, b.checkpoint.origin);
  }
  const uint64_t size = std::max(a.checkpoint.head.size, b.checkpoint.head.size);
  const bool same_size = a.checkpoint.head.size == b.checkpoint.head.size;
  if (!same_size && options.dir.empty()) {
    return base::Invalid("--dir", "must be given: the heads are of different sizes",
                         HeadText(a, policy) + "; " + HeadText(b, policy));
  }
  // Heads of one size need no tree.
  const FolderLog folder(options.dir);
  const record::TileNodes tiles(folder, size);
  const record::MemoryNodes none;
  const record::NodeReader* nodes = &none;
  if (!same_size) nodes = &tiles;
  Result<record::ForkEvidence> fork = base::Fail(base::ErrorCode::kNotFound, "", "is no fork");
  if (a.checkpoint.head != b.checkpoint.head) {
    for (const auto& log : policy.logs()) {
      if (log.key.name() != a.checkpoint.origin) continue;
      fork = record::ProveFork(log.key, a.note, b.note, *nodes);
      if (fork) break;
    }
  }
  const std::string heads = HeadText(a, policy) + "\n" + HeadText(b, policy);
  if (!fork) {
    if (fork.error().code != base::ErrorCode::kNotFound) return base::Fail(fork.error());
    return Done(session, heads + "\none history",
                fmt::format(R"({{"origin":"{}","fork":false}})", a.checkpoint.origin));
  }
  WB_ASSIGN_OR_RETURN(const std::string file, record::FormatEvidence(*fork));
  if (options.output.empty()) {
    Print(file + "\n");
  } else {
    WB_RETURN_IF_ERROR(WriteOutput(options.output, file, /*secret=*/false, /*keep=*/false));
    Done(session, heads + "\ntwo histories: " + options.output,
         fmt::format(R"({{"origin":"{}","fork":true}})", a.checkpoint.origin));
  }
  return kExitRefused;
}

// ---- record status

Result<int> RunRecordStatus(const Session& session, const LogOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const std::string body,
                      remote.Call(net::Method::kGet, "/v1/lines/" + peer + "/record"));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  Table table({{"LOG"}, {"WHO", Fit::kWrap}, {"ENTRIES", Fit::kRight}, {"AT"}, {"", Fit::kWrap}});
  for (const std::string writer : {"ours", "theirs"}) {
    const json::Value& root = document.root();
    table.AddRow({{writer}, {"written"}, {TextAt(root, writer + ".size")}, {""}, {""}});
    table.AddRow({{""},
                  {"cosigned"},
                  {TextAt(root, writer + ".cosigned.size")},
                  {TextAt(root, writer + ".cosigned.cosigned_at")},
                  {""}});
    const auto witnesses = At(root, writer + ".witnesses");
    if (!witnesses) continue;
    WB_ASSIGN_OR_RETURN(const json::Array all, witnesses->AsArray(64));
    for (const json::Value each : all) {
      table.AddRow({{""},
                    {Printable(TextAt(each, "name"))},
                    {TextAt(each, "size")},
                    {TextAt(each, "cosigned_at")},
                    {Printable(TextAt(each, "trouble"))}});
    }
  }
  PrintTable(table);
  return kExitOk;
}

}  // namespace wideberth::cli
