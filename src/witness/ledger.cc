#include "witness/ledger.h"

#include <filesystem>
#include <utility>

#include "base/durable_file.h"
#include "base/log.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"
#include "record/checkpoint.h"
#include "record/evidence.h"

namespace wideberth::witness {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using record::WitnessDecision;
using record::WitnessedLog;
using record::WitnessStatus;

constexpr int kNotKept = 500;
using Rows = std::map<std::string, WitnessedLog, std::less<>>;

Result<std::string> FormatRows(const Rows& rows) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Uint64Field("wideberth_witness", 1);
  json.Key("logs");
  json.BeginArray();
  for (const auto& [origin, row] : rows) {
    if (!row.last) continue;
    WB_ASSIGN_OR_RETURN(const std::string note, record::FormatNote(*row.last));
    json.BeginObject();
    json.StringField("log", row.log.Format());
    json.Uint64Field("time_s", row.time_s);
    json.StringField("checkpoint", note);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text + "\n";
}

Result<WitnessedLog> ReadRow(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view vkey, object.RequiredString("log", 1'024));
  WB_ASSIGN_OR_RETURN(const int64_t time_s, object.RequiredInt64("time_s", 0, INT64_MAX));
  WB_ASSIGN_OR_RETURN(const std::string_view note,
                      object.RequiredString("checkpoint", record::kSignedNoteBytesMax));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  WB_ASSIGN_OR_RETURN(const record::VerifierKey log, record::VerifierKey::Parse(vkey));
  return record::RestoreWitnessedLog(log, note, static_cast<uint64_t>(time_s));
}

Ledger::Kept Refused(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text)};
}

}  // namespace

Result<void> Ledger::Create(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) || error) {
    return Fail(ErrorCode::kConflict, path, "must not be there: a ledger is never made again");
  }
  WB_ASSIGN_OR_RETURN(const std::string text, FormatRows({}));
  return base::ReplaceFile(path, text);
}

Result<std::unique_ptr<Ledger>> Ledger::Open(std::string path,
                                             std::vector<record::VerifierKey> logs,
                                             record::SignerKey cosigner) {
  if (cosigner.verifier().algorithm() != record::KeyAlgorithm::kCosignatureV1) {
    return Invalid("key", "must be of algorithm 0x04 (cosignature/v1)");
  }
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(path), std::move(cosigner)));
  WB_RETURN_IF_ERROR(ledger->Load(logs));
  return ledger;
}

Result<void> Ledger::Load(const std::vector<record::VerifierKey>& logs) {
  WB_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path_, kLedgerBytesMax));
  const auto read = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(text, kLedgerBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_RETURN_IF_ERROR(object.RequiredInt64("wideberth_witness", 1, 1));
    WB_ASSIGN_OR_RETURN(const json::Array rows, object.RequiredArray("logs", kLogsMax));
    WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
    for (const json::Value value : rows) {
      WB_ASSIGN_OR_RETURN(WitnessedLog row, ReadRow(value));
      const std::string origin(row.log.name());
      if (!rows_.emplace(origin, std::move(row)).second) {
        return Invalid("/logs", "must be of different names", origin);
      }
    }
    return {};
  };
  if (auto done = read(); !done) return Fail(std::move(done).error().Under(path_ + ": "));
  for (const record::VerifierKey& log : logs) {
    const std::string origin(log.name());
    if (log.algorithm() != record::KeyAlgorithm::kEd25519) {
      return Invalid("log", "must be of algorithm 0x01 (Ed25519)", log.Format());
    }
    if (!taken_.emplace(origin, log).second) {
      return Invalid("log", "must be of different names", origin);
    }
    rows_.try_emplace(origin, WitnessedLog{log, {0, record::EmptyRoot()}, std::nullopt, 0});
  }
  return {};
}

Result<void> Ledger::Write(const Rows& rows) {
  WB_ASSIGN_OR_RETURN(const std::string text, FormatRows(rows));
  return base::ReplaceFile(path_, text);
}

void Ledger::KeepFork(const WitnessedLog& row, const record::SignedNote& second) const {
  const auto file =
      record::FormatEvidence(record::ForkEvidence{row.log, *row.last, second, std::nullopt, {}});
  if (!file) return;  // the last one is of a key that the log had before
  const std::string name =
      path_ + ".fork-" + crypto::Sha256(base::AsBytes(second.text)).ToHex().substr(0, 16) + ".json";
  std::error_code error;
  if (std::filesystem::exists(name, error)) return;
  const Result<void> kept = base::ReplaceFile(name, *file);
  base::Log(base::LogLevel::kError, kept ? "evidence_kept" : "evidence_not_kept",
            {{"log", row.log.name()}, {"file", name}});
}

Ledger::Kept Ledger::Answer(std::string_view body, uint64_t now_s) {
  const auto request = record::ParseAddCheckpoint(body);
  if (!request) return Refused(400, request.error().ToString() + "\n");
  const auto checkpoint = record::ParseCheckpoint(request->checkpoint.text);
  if (!checkpoint) return Refused(400, checkpoint.error().ToString() + "\n");
  const std::lock_guard lock(mutex_);
  const auto taken = taken_.find(checkpoint->origin);
  std::optional<WitnessedLog> row;
  if (taken != taken_.end()) {
    row = rows_.find(checkpoint->origin)->second;
    row->log = taken->second;  // what was cosigned last holds under the log's next key too
  }
  const WitnessDecision decision = record::DecideCosigning(row ? &*row : nullptr, *request, now_s);
  if (decision.finding == record::LogFinding::kFork) KeepFork(*row, request->checkpoint);
  std::vector<record::NoteSignature> cosignatures;
  if (decision.status == WitnessStatus::kCosigned) {
    Rows rows = rows_;
    rows.insert_or_assign(checkpoint->origin, *decision.row);
    if (const Result<void> written = Write(rows); !written) {
      base::Log(base::LogLevel::kError, "ledger_not_written",
                {{"error", written.error().ToString()}});
      return Refused(kNotKept, "the ledger cannot be written\n");
    }
    rows_ = std::move(rows);
    auto signature = record::CosignCheckpoint(decision.text, cosigner_, decision.row->time_s);
    if (!signature) return Refused(kNotKept, signature.error().ToString() + "\n");
    cosignatures.push_back(*std::move(signature));
  }
  const auto answer = record::AnswerOf(decision, cosignatures);
  if (!answer) return Refused(kNotKept, answer.error().ToString() + "\n");
  return {static_cast<int>(answer->status), std::string(answer->content_type()), answer->body};
}

Result<std::string> Ledger::Last(std::string_view origin) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(origin);
  if (found == rows_.end() || !found->second.last) {
    return Fail(ErrorCode::kNotFound, "origin", "must be a log that was cosigned here",
                std::string(origin));
  }
  record::SignedNote note = *found->second.last;
  WB_ASSIGN_OR_RETURN(record::NoteSignature signature,
                      record::CosignCheckpoint(note.text, cosigner_, found->second.time_s));
  note.signatures.push_back(std::move(signature));
  return record::FormatNote(note);
}

}  // namespace wideberth::witness
