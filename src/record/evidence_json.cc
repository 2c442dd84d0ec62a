// Evidence as JSON. The fields of each kind are the names of its members.
#include <limits>
#include <utility>

#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"
#include "record/evidence.h"
#include "record/json_fields.h"

namespace wideberth::record {

using base::Fail;
using base::Result;

namespace {

constexpr std::string_view kVersionField = "wideberth_evidence";
constexpr size_t kProofHashesMax = 64;

constexpr json::EnumName<EvidenceKind> kKinds[] = {
    {"fork", EvidenceKind::kFork},
    {"rollback", EvidenceKind::kRollback},
    {"refused_cosignature", EvidenceKind::kRefusal},
    {"revoked_key_used", EvidenceKind::kRevokedKey},
    {"gap", EvidenceKind::kGap},
};

// ------------------------------------------------------------------------------------------ reading

Result<VerifierKey> ReadVkey(std::string_view key, json::Object* object) {
  return object->RequiredParsed(key, kVerifierKeyBytesMax, VerifierKey::Parse);
}

Result<SignedNote> ReadNote(std::string_view key, json::Object* object) {
  return object->RequiredParsed(key, kSignedNoteBytesMax, ParseNote);
}

Result<crypto::PublicKey> ReadKey(std::string_view key, json::Object* object) {
  return object->RequiredParsed(key, 64, crypto::PublicKey::FromHex);
}

Result<std::string> ReadEnvelope(std::string_view key, json::Object* object) {
  WB_ASSIGN_OR_RETURN(const std::string_view text,
                      object->RequiredString(key, limits::kEnvelopeBytesMax));
  return std::string(text);
}

Result<Proof> ReadProof(std::string_view key, json::Object* object) {
  WB_ASSIGN_OR_RETURN(const json::Array hashes, object->RequiredArray(key, kProofHashesMax));
  Proof proof;
  for (const json::Value value : hashes) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(64));
    const auto hash = base::Digest::FromHex(text);
    if (!hash) return value.Refuse(hash.error());
    proof.push_back(*hash);
  }
  return proof;
}

// Two envelopes of one message key.
template <class Kind>
Result<Evidence> ReadTwo(std::string_view first, std::string_view second, json::Object* object) {
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey message_key, ReadKey("message_key", object));
  WB_ASSIGN_OR_RETURN(std::string one, ReadEnvelope(first, object));
  WB_ASSIGN_OR_RETURN(std::string other, ReadEnvelope(second, object));
  return Evidence(Kind{message_key, std::move(one), std::move(other)});
}

Result<Evidence> ReadFork(json::Object* object) {
  if (object->Find("message_key")) return ReadTwo<MessageForkEvidence>("first", "second", object);
  WB_ASSIGN_OR_RETURN(const VerifierKey log, ReadVkey("log", object));
  ForkEvidence fork{log, {}, {}, std::nullopt, {}};
  WB_ASSIGN_OR_RETURN(fork.first, ReadNote("first", object));
  WB_ASSIGN_OR_RETURN(fork.second, ReadNote("second", object));
  WB_ASSIGN_OR_RETURN(auto prefix, object->OptionalObject("prefix"));
  if (prefix) {
    fork.prefix.emplace();
    WB_ASSIGN_OR_RETURN(fork.prefix->root,
                        prefix->RequiredParsed("root", 64, base::Digest::FromHex));
    WB_ASSIGN_OR_RETURN(fork.prefix->proof, ReadProof("proof", &*prefix));
    WB_RETURN_IF_ERROR(prefix->ExpectNoOtherFields());
  }
  WB_ASSIGN_OR_RETURN(const json::Array cosigners,
                      object->RequiredArray("cosigners", kEvidenceCosignersMax));
  for (const json::Value value : cosigners) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kVerifierKeyBytesMax));
    auto key = VerifierKey::Parse(text);
    if (!key) return value.Refuse(std::move(key).error());
    fork.cosigners.push_back(std::move(key).value());
  }
  return Evidence(std::move(fork));
}

Result<Evidence> ReadRollback(json::Object* object) {
  if (object->Find("message_key")) {
    return ReadTwo<MessageRollbackEvidence>("first", "second", object);
  }
  WB_ASSIGN_OR_RETURN(const VerifierKey log, ReadVkey("log", object));
  WB_ASSIGN_OR_RETURN(const VerifierKey cosigner, ReadVkey("cosigner", object));
  RollbackEvidence rollback{log, cosigner, {}, {}};
  WB_ASSIGN_OR_RETURN(rollback.first, ReadNote("first", object));
  WB_ASSIGN_OR_RETURN(rollback.second, ReadNote("second", object));
  return Evidence(std::move(rollback));
}

Result<Evidence> ReadRefusal(json::Object* object) {
  WB_ASSIGN_OR_RETURN(const VerifierKey log, ReadVkey("log", object));
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey refuser, ReadKey("refuser", object));
  RefusalEvidence refusal{log, {}, refuser, "", std::nullopt};
  WB_ASSIGN_OR_RETURN(refusal.checkpoint, ReadNote("checkpoint", object));
  WB_ASSIGN_OR_RETURN(refusal.refusal, ReadEnvelope("refusal", object));
  if (object->Find("proof")) {
    WB_ASSIGN_OR_RETURN(refusal.proof, ReadProof("proof", object));
  }
  return Evidence(std::move(refusal));
}

Result<Evidence> ReadRevokedKey(json::Object* object) {
  if (object->Find("message_key")) return ReadTwo<ReplacedKeyEvidence>("change", "use", object);
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey revoker, ReadKey("revoker", object));
  RevokedKeyEvidence evidence{revoker, "", RevokedKeyEvidence::MessageUse{}};
  WB_ASSIGN_OR_RETURN(evidence.revocation, ReadEnvelope("revocation", object));
  WB_ASSIGN_OR_RETURN(json::Object use, object->RequiredObject("use"));
  if (use.Find("envelope")) {
    WB_ASSIGN_OR_RETURN(std::string envelope, ReadEnvelope("envelope", &use));
    evidence.use = RevokedKeyEvidence::MessageUse{std::move(envelope)};
  } else {
    WB_ASSIGN_OR_RETURN(const VerifierKey log, ReadVkey("log", &use));
    WB_ASSIGN_OR_RETURN(SignedNote note, ReadNote("checkpoint", &use));
    if (use.Find("cosigner")) {
      WB_ASSIGN_OR_RETURN(const VerifierKey cosigner, ReadVkey("cosigner", &use));
      evidence.use = RevokedKeyEvidence::CosignerUse{log, cosigner, std::move(note)};
    } else {
      evidence.use = RevokedKeyEvidence::LogUse{log, std::move(note)};
    }
  }
  WB_RETURN_IF_ERROR(use.ExpectNoOtherFields());
  return Evidence(std::move(evidence));
}

Result<GapEvidence::Entry> ReadEntry(json::Object object) {
  GapEvidence::Entry entry;
  WB_ASSIGN_OR_RETURN(entry.index, ReadSize("index", &object));
  WB_ASSIGN_OR_RETURN(entry.envelope, ReadEnvelope("envelope", &object));
  WB_ASSIGN_OR_RETURN(entry.proof, ReadProof("proof", &object));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return entry;
}

Result<Evidence> ReadGap(json::Object* object) {
  if (!object->Find("log")) return ReadTwo<MessageGapEvidence>("before", "entry", object);
  WB_ASSIGN_OR_RETURN(const VerifierKey log, ReadVkey("log", object));
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey message_key, ReadKey("message_key", object));
  GapEvidence gap{log, message_key, {}, std::nullopt, {}};
  WB_ASSIGN_OR_RETURN(gap.checkpoint, ReadNote("checkpoint", object));
  WB_ASSIGN_OR_RETURN(const auto before, object->OptionalObject("before"));
  if (before) {
    WB_ASSIGN_OR_RETURN(gap.before, ReadEntry(*before));
  }
  WB_ASSIGN_OR_RETURN(const json::Object entry, object->RequiredObject("entry"));
  WB_ASSIGN_OR_RETURN(gap.entry, ReadEntry(entry));
  return Evidence(std::move(gap));
}

Result<Evidence> ReadKind(EvidenceKind kind, json::Object* object) {
  switch (kind) {
    case EvidenceKind::kFork:
      return ReadFork(object);
    case EvidenceKind::kRollback:
      return ReadRollback(object);
    case EvidenceKind::kRefusal:
      return ReadRefusal(object);
    case EvidenceKind::kRevokedKey:
      return ReadRevokedKey(object);
    case EvidenceKind::kGap:
      break;
  }
  return ReadGap(object);
}

// ------------------------------------------------------------------------------------------ writing

// A note that cannot be written was refused by VerifyEvidence before.
void WriteNote(std::string_view key, const SignedNote& note, json::Writer* json) {
  json->StringField(key, FormatNote(note).value_or(""));
}

void WriteProof(std::string_view key, const Proof& proof, json::Writer* json) {
  json->Key(key);
  json->BeginArray();
  for (const base::Digest& hash : proof) json->String(hash.ToHex());
  json->EndArray();
}

void Write(const ForkEvidence& fork, json::Writer* json) {
  json->StringField("log", fork.log.Format());
  WriteNote("first", fork.first, json);
  WriteNote("second", fork.second, json);
  if (fork.prefix) {
    json->Key("prefix");
    json->BeginObject();
    json->StringField("root", fork.prefix->root.ToHex());
    WriteProof("proof", fork.prefix->proof, json);
    json->EndObject();
  }
  json->Key("cosigners");
  json->BeginArray();
  for (const VerifierKey& cosigner : fork.cosigners) json->String(cosigner.Format());
  json->EndArray();
}

void Write(const MessageForkEvidence& fork, json::Writer* json) {
  json->StringField("message_key", fork.message_key.ToHex());
  json->StringField("first", fork.first);
  json->StringField("second", fork.second);
}

void Write(const MessageRollbackEvidence& rollback, json::Writer* json) {
  json->StringField("message_key", rollback.message_key.ToHex());
  json->StringField("first", rollback.first);
  json->StringField("second", rollback.second);
}

void Write(const ReplacedKeyEvidence& evidence, json::Writer* json) {
  json->StringField("message_key", evidence.message_key.ToHex());
  json->StringField("change", evidence.change);
  json->StringField("use", evidence.use);
}

void Write(const MessageGapEvidence& gap, json::Writer* json) {
  json->StringField("message_key", gap.message_key.ToHex());
  json->StringField("before", gap.before);
  json->StringField("entry", gap.entry);
}

void Write(const RollbackEvidence& rollback, json::Writer* json) {
  json->StringField("log", rollback.log.Format());
  json->StringField("cosigner", rollback.cosigner.Format());
  WriteNote("first", rollback.first, json);
  WriteNote("second", rollback.second, json);
}

void Write(const RefusalEvidence& refusal, json::Writer* json) {
  json->StringField("log", refusal.log.Format());
  json->StringField("refuser", refusal.refuser.ToHex());
  WriteNote("checkpoint", refusal.checkpoint, json);
  json->StringField("refusal", refusal.refusal);
  if (refusal.proof) WriteProof("proof", *refusal.proof, json);
}

void Write(const RevokedKeyEvidence& evidence, json::Writer* json) {
  json->StringField("revoker", evidence.revoker.ToHex());
  json->StringField("revocation", evidence.revocation);
  json->Key("use");
  json->BeginObject();
  if (const auto* log = std::get_if<RevokedKeyEvidence::LogUse>(&evidence.use)) {
    json->StringField("log", log->log.Format());
    WriteNote("checkpoint", log->checkpoint, json);
  } else if (const auto* cosigner = std::get_if<RevokedKeyEvidence::CosignerUse>(&evidence.use)) {
    json->StringField("log", cosigner->log.Format());
    json->StringField("cosigner", cosigner->cosigner.Format());
    WriteNote("checkpoint", cosigner->checkpoint, json);
  } else {
    json->StringField("envelope", std::get<RevokedKeyEvidence::MessageUse>(evidence.use).envelope);
  }
  json->EndObject();
}

void WriteEntry(std::string_view key, const GapEvidence::Entry& entry, json::Writer* json) {
  json->Key(key);
  json->BeginObject();
  json->Uint64Field("index", entry.index);
  json->StringField("envelope", entry.envelope);
  WriteProof("proof", entry.proof, json);
  json->EndObject();
}

void Write(const GapEvidence& gap, json::Writer* json) {
  json->StringField("log", gap.log.Format());
  json->StringField("message_key", gap.message_key.ToHex());
  WriteNote("checkpoint", gap.checkpoint, json);
  if (gap.before) WriteEntry("before", *gap.before, json);
  WriteEntry("entry", gap.entry, json);
}

}  // namespace

Result<Evidence> ParseEvidence(std::string_view file) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(file, kEvidenceBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_RETURN_IF_ERROR(object.RequiredInt64(kVersionField, 1, 1));
  WB_ASSIGN_OR_RETURN(const EvidenceKind kind, object.RequiredEnum("kind", kKinds));
  WB_ASSIGN_OR_RETURN(Evidence evidence, ReadKind(kind, &object));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return evidence;
}

Result<std::string> FormatEvidence(const Evidence& evidence) {
  WB_ASSIGN_OR_RETURN(const Finding finding, VerifyEvidence(evidence));
  std::string file;
  json::Writer json(&file, json::Layout::kPretty);
  json.BeginObject();
  json.Int64Field(kVersionField, 1);
  json.StringField("kind", EvidenceKindName(finding.kind));
  std::visit([&](const auto& each) { Write(each, &json); }, evidence);
  json.EndObject();
  file.append("\n");
  return file;
}

}  // namespace wideberth::record
