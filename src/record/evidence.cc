#include "record/evidence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "record/json_fields.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

Accused Of(AccusedRole role, const VerifierKey& key) {
  return {role, key.name(), key.public_key()};
}

std::string Sized(const OpenedCheckpoint& opened) {
  return std::to_string(opened.checkpoint.head.size);
}

Result<OpenedCheckpoint> Open(std::string_view field, const SignedNote& note,
                              const VerifierKey& log, std::vector<VerifierKey> cosigners = {}) {
  auto bytes = FormatNote(note);
  if (!bytes) return Fail(std::move(bytes).error().Under("/" + std::string(field) + ": "));
  auto opened = OpenCheckpoint(*bytes, {log, std::move(cosigners)});
  if (!opened) return Fail(std::move(opened).error().Under("/" + std::string(field) + ": "));
  return opened;
}

constexpr std::string_view kKeyChangeType = "application/vnd.wideberth.key-change.v1+json";

// The time of its one cosigner.
Result<uint64_t> CosignedAt(std::string_view field, const OpenedCheckpoint& opened) {
  if (!opened.cosignatures.empty()) return opened.cosignatures.front().time_s;
  return Fail(ErrorCode::kUnauthorized, "/" + std::string(field),
              "must have a signature of the cosigner");
}

// What a message says about its place: read out of whatever else it says.
struct ChainLink {
  base::UtcMicros sent_at;
  uint64_t seq = 0;
  std::optional<base::Digest> previous;
};

Result<ChainLink> OpenLink(std::string_view field, std::string_view envelope,
                           const crypto::PublicKey& key) {
  const auto read = [&]() -> Result<ChainLink> {
    WB_ASSIGN_OR_RETURN(const crypto::VerifiedMessage message,
                        crypto::VerifyEnvelope(envelope, {&key, 1}));
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(base::AsText(message.payload)));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    ChainLink link;
    WB_ASSIGN_OR_RETURN(link.sent_at, object.RequiredParsed("sent_at", 40, base::ParseRfc3339));
    WB_ASSIGN_OR_RETURN(const int64_t seq,
                        object.RequiredInt64("seq", 1, static_cast<int64_t>(kTreeSizeMax)));
    link.seq = static_cast<uint64_t>(seq);
    WB_ASSIGN_OR_RETURN(link.previous,
                        object.OptionalParsed("previous", 64, base::Digest::FromHex));
    return link;
  };
  auto link = read();
  if (!link) return Fail(std::move(link).error().Under("/" + std::string(field)));
  return link;
}

Result<void> CheckIncluded(std::string_view field, const GapEvidence::Entry& entry,
                           const TreeHead& head) {
  auto included =
      VerifyInclusion(entry.index, LeafHash(base::AsBytes(entry.envelope)), entry.proof, head);
  if (included) return {};
  return Fail(std::move(included).error().Under("/" + std::string(field) + "/"));
}

// ------------------------------------------------------------------------------- one kind after another

Result<void> CheckPrefix(const ForkEvidence& fork, const TreeHead& first, const TreeHead& second) {
  if (first.size == second.size) {
    if (fork.prefix) return Invalid("/prefix", "must be there only when the sizes differ");
    if (first.root != second.root) return {};
    return Invalid("/second", "must have another root than the first at the same size",
                   second.root.ToHex());
  }
  if (first.size > second.size) {
    return Invalid("/second", "must not be the smaller one", std::to_string(second.size));
  }
  if (!fork.prefix) return Invalid("/prefix", "must be there when the sizes differ");
  if (fork.prefix->root == first.root) {
    return Invalid("/prefix/root", "must be another than that of the first checkpoint",
                   first.root.ToHex());
  }
  // The hashes on the way to the second root are the only ones there are, so no proof can lead from the first root
  // there.
  auto proven = VerifyConsistency({first.size, fork.prefix->root}, second, fork.prefix->proof);
  if (proven) return {};
  return Fail(std::move(proven).error().Under("/prefix/"));
}

Result<Finding> Verify(const ForkEvidence& fork) {
  WB_ASSIGN_OR_RETURN(const auto first, Open("first", fork.first, fork.log, fork.cosigners));
  WB_ASSIGN_OR_RETURN(const auto second, Open("second", fork.second, fork.log, fork.cosigners));
  WB_RETURN_IF_ERROR(CheckPrefix(fork, first.checkpoint.head, second.checkpoint.head));
  Finding finding{EvidenceKind::kFork, {Of(AccusedRole::kLog, fork.log)}, {}, "", false};
  for (size_t i = 0; i < fork.cosigners.size(); ++i) {
    const auto cosigned = [&](const OpenedCheckpoint& opened) {
      return std::any_of(opened.cosignatures.begin(), opened.cosignatures.end(),
                         [&](const Cosignature& each) { return each.cosigner == i; });
    };
    if (!cosigned(first) || !cosigned(second)) {
      return Fail(ErrorCode::kUnauthorized, "/cosigners/" + std::to_string(i),
                  "must have cosigned both checkpoints", fork.cosigners[i].Format());
    }
    finding.against.push_back(Of(AccusedRole::kCosigner, fork.cosigners[i]));
  }
  finding.summary = "The log " + fork.log.name() + " signed two histories: one of " + Sized(first) +
                    " entries, and one of " + Sized(second) + " that does not begin with it.";
  return finding;
}

// What a message or heartbeat says that its writer must not say twice.
struct Claim {
  crypto::VerifiedMessage message;
  std::string to;
  std::optional<base::UtcMicros> sent_at;
  std::optional<int64_t> seq;
  std::optional<base::Digest> previous;
  std::optional<TreeHead> own_head;
  std::optional<std::string> card;  // of a change of keys
};

Result<Claim> ReadClaim(std::string_view field, std::string_view envelope,
                        const crypto::PublicKey& key) {
  const auto read = [&]() -> Result<Claim> {
    Claim claim;
    WB_ASSIGN_OR_RETURN(claim.message, crypto::VerifyEnvelope(envelope, {&key, 1}));
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(base::AsText(claim.message.payload)));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(claim.to, object.RequiredString("to", kKeyNameBytesMax));
    WB_ASSIGN_OR_RETURN(claim.sent_at, object.OptionalParsed("sent_at", 40, base::ParseRfc3339));
    WB_ASSIGN_OR_RETURN(claim.seq,
                        object.OptionalInt64("seq", 1, static_cast<int64_t>(kTreeSizeMax)));
    WB_ASSIGN_OR_RETURN(claim.previous,
                        object.OptionalParsed("previous", 64, base::Digest::FromHex));
    WB_ASSIGN_OR_RETURN(auto head, object.OptionalObject("own_head"));
    if (head) {
      claim.own_head.emplace();
      WB_ASSIGN_OR_RETURN(claim.own_head->size, ReadSize("size", &*head));
      WB_ASSIGN_OR_RETURN(claim.own_head->root,
                          head->RequiredParsed("root", 64, base::Digest::FromHex));
    }
    if (claim.message.payload_type == kKeyChangeType) {
      WB_ASSIGN_OR_RETURN(json::Object body, object.RequiredObject("body"));
      WB_ASSIGN_OR_RETURN(const auto card, body.RequiredString("card", limits::kEnvelopeBytesMax));
      claim.card = card;
    }
    return claim;
  };
  auto claim = read();
  if (!claim) return Fail(std::move(claim).error().Under("/" + std::string(field)));
  return claim;
}

Result<void> CheckSamePeer(std::string_view field, const Claim& first, const Claim& second) {
  if (first.to == second.to) return {};
  return Invalid(field, "must be to the same peer, " + first.to, second.to);
}

// Of a card, by the word of whoever signed what it stands in.
Result<crypto::PublicKey> MessageKeyOf(std::string_view card) {
  WB_ASSIGN_OR_RETURN(const json::Document envelope,
                      json::Document::Parse(card, limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object outer, envelope.root().AsObject());
  WB_ASSIGN_OR_RETURN(
      const base::Bytes payload,
      outer.RequiredParsed("payload", limits::kEnvelopeBytesMax, base::Base64Decode));
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(base::AsText(payload)));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(json::Object keys, object.RequiredObject("keys"));
  return keys.RequiredParsed("message", 64, crypto::PublicKey::FromHex);
}

Result<Finding> Verify(const MessageForkEvidence& fork) {
  const auto first = ReadClaim("first", fork.first, fork.message_key);
  if (!first) return Fail(first.error());
  const auto second = ReadClaim("second", fork.second, fork.message_key);
  if (!second) return Fail(second.error());
  WB_RETURN_IF_ERROR(CheckSamePeer("/second", *first, *second));
  Finding finding{
      EvidenceKind::kFork, {{AccusedRole::kMessage, "", fork.message_key}}, {}, "", false};
  // Anybody can wrap one signed payload in two envelopes, so payloads are compared.
  const bool other_words = first->message.payload_type != second->message.payload_type ||
                           first->message.payload != second->message.payload;
  if (first->seq && first->seq == second->seq && other_words) {
    finding.summary = "The key signed two messages of number " + std::to_string(*first->seq) +
                      " to " + first->to + ".";
    return finding;
  }
  if (first->own_head && second->own_head && first->own_head->size == second->own_head->size &&
      first->own_head->root != second->own_head->root) {
    finding.summary = "The key signed two heads of size " + std::to_string(first->own_head->size) +
                      " of its log to " + first->to + ".";
    return finding;
  }
  return Invalid("/second",
                 "must be another message of the same number, or another head of one size");
}

Result<Finding> Verify(const RollbackEvidence& rollback) {
  WB_ASSIGN_OR_RETURN(const auto first,
                      Open("first", rollback.first, rollback.log, {rollback.cosigner}));
  WB_ASSIGN_OR_RETURN(const auto second,
                      Open("second", rollback.second, rollback.log, {rollback.cosigner}));
  WB_ASSIGN_OR_RETURN(const uint64_t first_s, CosignedAt("first", first));
  WB_ASSIGN_OR_RETURN(const uint64_t second_s, CosignedAt("second", second));
  if (second.checkpoint.head.size >= first.checkpoint.head.size) {
    return Invalid("/second", "must be smaller than the first, " + Sized(first), Sized(second));
  }
  if (second_s <= first_s) {
    return Invalid("/second", "must be cosigned in a later second than " + std::to_string(first_s),
                   std::to_string(second_s));
  }
  return Finding{EvidenceKind::kRollback,
                 {Of(AccusedRole::kCosigner, rollback.cosigner)},
                 {},
                 rollback.cosigner.name() + " cosigned the log " + rollback.log.name() +
                     " at size " + Sized(first) + ", and " + std::to_string(second_s - first_s) +
                     " s later at size " + Sized(second) + ".",
                 false};
}

Result<Finding> Verify(const MessageRollbackEvidence& rollback) {
  WB_ASSIGN_OR_RETURN(const Claim first, ReadClaim("first", rollback.first, rollback.message_key));
  WB_ASSIGN_OR_RETURN(const Claim second,
                      ReadClaim("second", rollback.second, rollback.message_key));
  WB_RETURN_IF_ERROR(CheckSamePeer("/second", first, second));
  if (!first.seq) return Invalid("/first/payload/seq", "must be there: an entry of the log");
  if (!second.own_head) return Invalid("/second/payload/own_head", "must be there");
  const auto size = static_cast<uint64_t>(*first.seq);
  if (second.own_head->size >= size) {
    return Invalid("/second/payload/own_head/size",
                   "must be smaller than the number of the entry, " + std::to_string(size),
                   std::to_string(second.own_head->size));
  }
  if (!first.sent_at || !second.sent_at) {
    return Invalid("/second/payload/sent_at", "must be there, as in the first");
  }
  if (*second.sent_at <= *first.sent_at) {
    return Invalid("/second/payload/sent_at",
                   "must be later than the entry, " + base::FormatRfc3339(*first.sent_at),
                   base::FormatRfc3339(*second.sent_at));
  }
  return Finding{EvidenceKind::kRollback,
                 {{AccusedRole::kMessage, "", rollback.message_key}},
                 {},
                 "The key signed entry " + std::to_string(size) + " of its log to " + first.to +
                     ", and later, at " + base::FormatRfc3339(*second.sent_at) +
                     ", that the log has " + std::to_string(second.own_head->size) + " entries.",
                 false};
}

Result<Finding> Verify(const RefusalEvidence& evidence) {
  WB_ASSIGN_OR_RETURN(const auto opened, Open("checkpoint", evidence.checkpoint, evidence.log));
  auto refusal = OpenCosignRefusal(evidence.refusal, evidence.refuser);
  if (!refusal) return Fail(std::move(refusal).error().Under("/refusal"));
  const TreeHead& head = opened.checkpoint.head;
  if (refusal->origin != evidence.log.name() || refusal->refused != head) {
    return Invalid("/refusal", "must be of this checkpoint",
                   refusal->origin + ", size " + std::to_string(refusal->refused.size));
  }
  Finding finding{EvidenceKind::kRefusal,
                  {{AccusedRole::kMessage, "", evidence.refuser}},
                  {},
                  "The key refused to cosign the log " + evidence.log.name() + " at size " +
                      Sized(opened) + ": " + std::string(RefusalReasonName(refusal->reason)) + ".",
                  false};
  if (!evidence.proof) return finding;
  if (refusal->reason != RefusalReason::kOtherTree) {
    return Invalid("/proof", "must be there only against the reason other_tree",
                   RefusalReasonName(refusal->reason));
  }
  auto proven = refusal->known.size == 0 && evidence.proof->empty()
                    ? Result<void>()  // everything extends nothing
                    : VerifyConsistency(refusal->known, head, *evidence.proof);
  if (!proven) return Fail(std::move(proven).error().Under("/"));
  finding.without_cause = true;
  finding.summary += " The checkpoint extends what it had cosigned, of size " +
                     std::to_string(refusal->known.size) + ".";
  return finding;
}

// The use of a revoked key, and what is wrong with it; the finding lacks only what the revocation says.
struct Use {
  Accused accused;
  std::string what;
};

Result<void> CheckLater(std::string_view field, const KeyRevocation& revocation,
                        base::UtcMicros time) {
  if (time > revocation.revoked_at) return {};
  return Invalid(field,
                 "must be later than the revocation, " + base::FormatRfc3339(revocation.revoked_at),
                 base::FormatRfc3339(time));
}

Result<Use> CheckUse(const RevokedKeyEvidence::LogUse& use, const KeyRevocation& revocation) {
  WB_ASSIGN_OR_RETURN(const auto opened, Open("use/checkpoint", use.checkpoint, use.log));
  if (!revocation.last_size) return Invalid("/revocation", "must say the last size of a log's key");
  if (opened.checkpoint.head.size <= *revocation.last_size) {
    return Invalid("/use/checkpoint",
                   "must be beyond the last size, " + std::to_string(*revocation.last_size),
                   Sized(opened));
  }
  return Use{Of(AccusedRole::kLog, use.log), "a checkpoint of size " + Sized(opened) +
                                                 ", beyond its last of size " +
                                                 std::to_string(*revocation.last_size)};
}

Result<Use> CheckUse(const RevokedKeyEvidence::CosignerUse& use, const KeyRevocation& revocation) {
  WB_ASSIGN_OR_RETURN(const auto opened,
                      Open("use/checkpoint", use.checkpoint, use.log, {use.cosigner}));
  WB_ASSIGN_OR_RETURN(const uint64_t time_s, CosignedAt("use/checkpoint", opened));
  // Beyond the range of our times every time is later than all of them.
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max() / base::kMicrosPerSecond;
  const base::UtcMicros time{static_cast<int64_t>(std::min(time_s, kMax)) * base::kMicrosPerSecond};
  WB_RETURN_IF_ERROR(CheckLater("/use/checkpoint", revocation, time));
  return Use{Of(AccusedRole::kCosigner, use.cosigner),
             "a cosignature at " + base::FormatRfc3339(time)};
}

Result<Use> CheckUse(const RevokedKeyEvidence::MessageUse& use, const KeyRevocation& revocation) {
  WB_ASSIGN_OR_RETURN(const ChainLink link, OpenLink("use/envelope", use.envelope, revocation.key));
  WB_RETURN_IF_ERROR(CheckLater("/use/envelope", revocation, link.sent_at));
  return Use{{AccusedRole::kMessage, "", revocation.key},
             "a message sent at " + base::FormatRfc3339(link.sent_at)};
}

Result<Finding> Verify(const RevokedKeyEvidence& evidence) {
  auto revocation = OpenKeyRevocation(evidence.revocation, evidence.revoker);
  if (!revocation) return Fail(std::move(revocation).error().Under("/revocation"));
  WB_ASSIGN_OR_RETURN(
      const Use use,
      std::visit([&](const auto& each) { return CheckUse(each, *revocation); }, evidence.use));
  if (use.accused.key != revocation->key) {
    return Invalid("/revocation", "must be of the key that was used", revocation->key.ToHex());
  }
  Finding finding{EvidenceKind::kRevokedKey,
                  {use.accused},
                  {},
                  "A key revoked at " + base::FormatRfc3339(revocation->revoked_at) + " signed " +
                      use.what + ".",
                  false};
  if (evidence.revoker != revocation->key) finding.relies_on.push_back(evidence.revoker);
  return finding;
}

Result<Finding> Verify(const ReplacedKeyEvidence& evidence) {
  WB_ASSIGN_OR_RETURN(const Claim change,
                      ReadClaim("change", evidence.change, evidence.message_key));
  WB_ASSIGN_OR_RETURN(const Claim use, ReadClaim("use", evidence.use, evidence.message_key));
  WB_RETURN_IF_ERROR(CheckSamePeer("/use", change, use));
  if (!change.card || !change.seq) return Invalid("/change", "must be a change of keys");
  auto next = MessageKeyOf(*change.card);
  if (!next) return Fail(std::move(next).error().Under("/change/payload/body/card"));
  if (*next == evidence.message_key) {
    return Invalid("/change", "must bring another message key", next->KeyId());
  }
  if (!use.seq || *use.seq <= *change.seq) {
    return Invalid("/use/payload/seq", "must be behind the change, " + std::to_string(*change.seq),
                   use.seq ? std::to_string(*use.seq) : "none");
  }
  return Finding{EvidenceKind::kRevokedKey,
                 {{AccusedRole::kMessage, "", evidence.message_key}},
                 {},
                 "The key gave way to another at message " + std::to_string(*change.seq) + " to " +
                     change.to + ", and signed message " + std::to_string(*use.seq) + ".",
                 false};
}

Result<Finding> Verify(const MessageGapEvidence& gap) {
  WB_ASSIGN_OR_RETURN(const Claim before, ReadClaim("before", gap.before, gap.message_key));
  WB_ASSIGN_OR_RETURN(const Claim entry, ReadClaim("entry", gap.entry, gap.message_key));
  WB_RETURN_IF_ERROR(CheckSamePeer("/entry", before, entry));
  if (!before.seq || !entry.seq || *before.seq + 1 != *entry.seq) {
    return Invalid("/entry/payload/seq", "must be the number behind that of the message before");
  }
  const base::Digest digest = crypto::Sha256(base::AsBytes(gap.before));
  if (entry.previous == digest) {
    return Invalid("/entry/payload/previous", "must name another message than the one before it",
                   digest.ToHex());
  }
  return Finding{EvidenceKind::kGap,
                 {{AccusedRole::kMessage, "", gap.message_key}},
                 {},
                 "Message " + std::to_string(*entry.seq) + " to " + entry.to +
                     " does not name message " + std::to_string(*before.seq) +
                     " that the same key signed.",
                 false};
}

Result<Finding> Verify(const GapEvidence& gap) {
  WB_ASSIGN_OR_RETURN(const auto opened, Open("checkpoint", gap.checkpoint, gap.log));
  const TreeHead& head = opened.checkpoint.head;
  WB_ASSIGN_OR_RETURN(const ChainLink link,
                      OpenLink("entry/envelope", gap.entry.envelope, gap.message_key));
  WB_RETURN_IF_ERROR(CheckIncluded("entry", gap.entry, head));
  const std::string at = "entry " + std::to_string(gap.entry.index);
  Finding finding{EvidenceKind::kGap,
                  {Of(AccusedRole::kLog, gap.log), {AccusedRole::kMessage, "", gap.message_key}},
                  {},
                  "In the log " + gap.log.name() + ", " + at + " ",
                  false};
  if (!gap.before) {
    if (link.seq != gap.entry.index + 1) {
      finding.summary += "says that it is message " + std::to_string(link.seq) + " of its writer.";
    } else if (link.previous.has_value() == (gap.entry.index == 0)) {
      finding.summary += gap.entry.index == 0 ? "names one before it." : "names none before it.";
    } else {
      return Invalid("/entry", "must not follow on, or /before must be there to show it", at);
    }
    return finding;
  }
  if (gap.before->index + 1 != gap.entry.index) {
    return Invalid("/before/index", "must be the one before the entry",
                   std::to_string(gap.before->index));
  }
  WB_RETURN_IF_ERROR(CheckIncluded("before", *gap.before, head));
  const base::Digest digest = crypto::Sha256(base::AsBytes(gap.before->envelope));
  if (link.previous == digest) {
    return Invalid("/entry", "must name another entry than the one before it", digest.ToHex());
  }
  finding.summary += "does not name the one before it.";
  return finding;
}

}  // namespace

std::string_view EvidenceKindName(EvidenceKind kind) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "fork", "rollback", "refused_cosignature", "revoked_key_used", "gap"};
  return kNames[static_cast<size_t>(kind)];
}

Result<Finding> VerifyEvidence(const Evidence& evidence) {
  return std::visit([](const auto& each) { return Verify(each); }, evidence);
}

Result<Finding> VerifyEvidence(std::string_view file) {
  WB_ASSIGN_OR_RETURN(const Evidence evidence, ParseEvidence(file));
  return VerifyEvidence(evidence);
}

Result<ForkEvidence> ProveFork(const VerifierKey& log, const SignedNote& a, const SignedNote& b,
                               const NodeReader& tree) {
  WB_ASSIGN_OR_RETURN(const Checkpoint of_a, ParseCheckpoint(a.text));
  WB_ASSIGN_OR_RETURN(const Checkpoint of_b, ParseCheckpoint(b.text));
  const bool a_first = of_a.head.size <= of_b.head.size;
  const TreeHead& first = (a_first ? of_a : of_b).head;
  const TreeHead& second = (a_first ? of_b : of_a).head;
  ForkEvidence fork{log, a_first ? a : b, a_first ? b : a, std::nullopt, {}};
  const auto same = [&] {
    return Fail(ErrorCode::kNotFound, "fork", "must be two histories",
                "the larger checkpoint begins with the smaller");
  };
  if (first.size == second.size) {
    if (first.root == second.root) return same();
    WB_RETURN_IF_ERROR(Verify(fork));
    return fork;
  }
  if (first.size == 0) return same();
  ForkEvidence::Prefix prefix;
  WB_ASSIGN_OR_RETURN(prefix.root, RootAt(tree, first.size));
  if (prefix.root == first.root) return same();
  WB_ASSIGN_OR_RETURN(prefix.proof, ConsistencyProof(tree, first.size, second.size));
  fork.prefix = std::move(prefix);
  WB_RETURN_IF_ERROR(Verify(fork));
  return fork;
}

}  // namespace wideberth::record
