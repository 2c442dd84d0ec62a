// How an agreement comes to be and ends on the line itself (MECHANISM 8.1).
//
// An agreement is signed by both parties, each with its message key; the acts of the people who decide travel with
// those signatures. A side counts it when it holds both and knows that the other holds both: the proposer when the
// other's signature comes, the other when that is receipted. So whatever crosses on the way, both count the same.
// Nothing can be signed that has come into force already, so both change over by the date in it.
//
// What one side alone has signed can be taken back or refused, by the same act that ends what both have signed. The
// other's signature may be under way then: it counts, and the agreement is one that was denounced, on both sides.
#include <algorithm>
#include <tuple>

#include "agreement/signed.h"
#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/party_card.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

// What one side has signed and the other has not answered.
constexpr size_t kProposalsMax = 8;

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

AgreementAct ActOf(const SealedAct& act) {
  return {act.digest, act.act.role, act.act.key_id, act.act.at};
}

std::string StateOf(const KeptAgreement& kept) {
  if (kept.closed_at) return kept.closed_as;
  if (kept.denounced) {
    return "denounced" + (kept.complete() ? ", ends " + base::FormatRfc3339(kept.denounced->until)
                                          : std::string());
  }
  if (kept.complete()) return "signed by both";
  return kept.ours.envelope.empty() ? "signed by the peer alone" : "signed by us alone";
}

// Both sides change over at one moment, which is to come.
Result<void> RequireToCome(UtcMicros effective_from, UtcMicros now) {
  if (effective_from > now) return {};
  return Conflict("/effective_from",
                  "must be still to come when it is signed: both sides change over at that moment",
                  base::FormatRfc3339(effective_from));
}

// When it ends that is denounced so.
Result<UtcMicros> EndOf(const KeptAgreement& kept, const agreement::Agreement* counted,
                        const Act& act, const DenounceAgreement& body) {
  int64_t notice_us = 0;
  if (counted != nullptr) {
    notice_us = counted->denunciation_notice_us;
  } else {
    WB_ASSIGN_OR_RETURN(const agreement::Agreement parsed, agreement::ParseAgreement(kept.text));
    notice_us = parsed.denunciation_notice_us;
  }
  const UtcMicros earliest{act.at.us + notice_us};
  if (!body.until || *body.until >= earliest) return body.until.value_or(earliest);
  return Conflict("/until",
                  "must leave the notice that was agreed: " + base::FormatRfc3339(earliest) +
                      " at the earliest",
                  base::FormatRfc3339(*body.until));
}

// As much of it as is kept of one that a file of the configuration has: not the text.
KeptAgreement OfFile(base::PartyId peer, const agreement::Agreement& agreement) {
  KeptAgreement kept;
  kept.peer = peer;
  kept.digest = agreement.digest;
  kept.number = agreement.number;
  kept.effective_from = agreement.effective_from;
  kept.expires = agreement.expires;
  return kept;
}

base::Unexpected NoSuchAgreement(const base::Digest& digest) {
  return Fail(ErrorCode::kNotFound, "/agreement_sha256", "must be an agreement of this line",
              digest.ToHex());
}

}  // namespace

Result<Core::Agreed*> Core::AgreedWith(base::PartyId peer) {
  const auto found = agreed_.find(peer);
  if (found != agreed_.end()) return &found->second;
  return Conflict(
      "/agreement",
      "must be of a line that is under agreements: this node judges it by a rules file");
}

// By the key that signs on this line: the one that the peer trusts there.
Result<std::string> Core::SignHere(const Line& line, std::string_view text, UtcMicros now) {
  if (again_) return again_->agreement_signature;
  const crypto::PublicKey& in_force = line.endpoint.state().own.keys.back().key;
  for (const auto& key : keys_) {
    if (key->public_key() == in_force) return agreement::SignAgreement(text, *key, now);
  }
  return Conflict("", "must have the key that signs on this line", in_force.KeyId());
}

Result<void> Core::RequireRoom(base::PartyId peer, const Agreed& agreed, bool by_us) const {
  const std::vector<const KeptAgreement*> all = desk_.AgreementsOf(peer);
  const auto waiting = std::count_if(all.begin(), all.end(), [&](const KeptAgreement* kept) {
    return kept->waits() && kept->by_us == by_us;
  });
  if (static_cast<size_t>(waiting) >= kProposalsMax) {
    return Fail(ErrorCode::kTooLarge, "/agreement_sha256",
                "must be one of at most " + std::to_string(kProposalsMax) +
                    " that wait for an answer: one is to be taken back before",
                std::to_string(waiting));
  }
  // Both sides' proposals may all be signed before the next one is counted.
  if (agreed.agreements.all().size() + 2 * kProposalsMax < agreement::kAgreementsOfLineMax) {
    return {};
  }
  return Fail(
      ErrorCode::kTooLarge, "/agreement_sha256",
      "must be one of at most " + std::to_string(agreement::kAgreementsOfLineMax) + " of a line",
      std::to_string(agreed.agreements.all().size()));
}

Result<void> Core::SendAgreementAct(Line& line, const ActRequest& request,
                                    std::string_view signature, const base::Digest& agreement,
                                    line::Now now) {
  if (line.announce && !again_) AnnounceOperators(now);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", request.act.envelope);
  if (!request.agreement.empty()) json.StringField("agreement", request.agreement);
  if (!signature.empty()) json.StringField("agreement_signature", signature);
  json.EndObject();
  const auto write = [&] {
    return Write(line, kActType, request.act.act.data_mode, line::Lane::kSafety, std::move(body),
                 now);
  };
  WB_ASSIGN_OR_RETURN(const base::Digest message,
                      again_ ? again_->received->opened.digest : write());
  Put(AwaitedChanged{{message, line.peer, request.act.act.kind(), {}, agreement, now.utc}, false});
  return {};
}

void Core::OpenAgreementMatter(const KeptAgreement& kept, bool owed_by_peer, UtcMicros starts_at,
                               UtcMicros now) {
  Matter matter;
  matter.kind = MatterKind::kAgreement;
  matter.owed_by_peer = owed_by_peer;
  matter.peer = kept.peer;
  matter.subject = kept.digest;
  matter.starts_at = starts_at;
  OpenMatter(std::move(matter), now);
}

// From here on it is one of the line's, if both have signed and know it.
void Core::Count(const KeptAgreement& kept, Agreed* agreed, UtcMicros now) {
  if (kept.denounced && (kept.complete() || kept.text.empty())) {
    agreed->agreements.Denounce(kept.digest, kept.denounced->until);
    agreed->ending[kept.digest] = kept.denounced->until;
  }
  if (!kept.counts() || agreed->agreements.Find(kept.digest) != nullptr) return;
  Result<agreement::Agreement> parsed = agreement::ParseAgreement(kept.text);
  Result<void> added;
  if (parsed) {
    added = agreed->agreements.Add(std::move(*parsed));
  } else {
    added = Fail(std::move(parsed).error());
  }
  if (!added) Journal("agreement_not_counted", nullptr, added.error().ToString(), now);
}

void Core::PutAgreement(KeptAgreement kept, UtcMicros now) {
  Put(AgreementChanged{kept, false});
  const auto found = agreed_.find(kept.peer);
  if (found == agreed_.end()) return;  // under a rules file since
  const bool counted = found->second.agreements.Find(kept.digest) != nullptr;
  Count(kept, &found->second, now);
  if (counted || !kept.counts()) return;
  // Of one that is denounced already people are still to hear that it ends.
  if (!kept.denounced) CloseMattersOf(kept.digest, MatterKind::kAgreement, "signed", now);
  Journal("agreement_signed_by_both", nullptr,
          std::to_string(kept.number) + " " + kept.digest.ToHex() + ", from " +
              base::FormatRfc3339(kept.effective_from),
          now);
}

void Core::CloseAgreement(KeptAgreement kept, std::string_view as, UtcMicros now) {
  CloseMattersOf(kept.digest, MatterKind::kAgreement, as, now);
  kept.closed_at = now;
  kept.closed_as = as;
  const base::PartyId peer = kept.peer;
  Put(AgreementChanged{std::move(kept), false});
  std::vector<const KeptAgreement*> closed = desk_.AgreementsOf(peer);
  std::erase_if(closed, [](const KeptAgreement* each) { return !each->closed_at; });
  if (closed.size() <= kClosedAgreementsKept) return;
  const auto oldest = std::min_element(closed.begin(), closed.end(), [](auto* a, auto* b) {
    return std::tie(*a->closed_at, a->digest) < std::tie(*b->closed_at, b->digest);
  });
  Put(AgreementChanged{**oldest, true});
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const ProposeAgreement& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_ASSIGN_OR_RETURN(Agreed * agreed, AgreedWith(line->peer));
  auto parsed = agreement::ParseAgreement(request.agreement);
  if (!parsed) return Fail(std::move(parsed).error().Under("/text/"));
  if (parsed->digest != body.agreement) {
    return base::Invalid("/agreement_sha256", "must be that of the text beside it",
                         parsed->digest.ToHex());
  }
  WB_RETURN_IF_ERROR(agreed->agreements.RequireParties(*parsed));
  WB_RETURN_IF_ERROR(RequireToCome(parsed->effective_from, now.utc));
  const KeptAgreement* known = desk_.FindAgreement(line->peer, body.agreement);
  // What still crosses about the one that was closed would be taken for this one.
  if (known != nullptr) {
    return Conflict("/agreement_sha256", "must be another text than one that is there",
                    StateOf(*known));
  }
  if (agreed->agreements.Find(body.agreement) != nullptr) {
    return Conflict("/agreement_sha256", "must be another text than one that is there",
                    "signed by both");
  }
  const KeptAgreement* countered =
      body.counters ? desk_.FindAgreement(line->peer, *body.counters) : nullptr;
  if (body.counters && (countered == nullptr || countered->by_us || !countered->waits())) {
    return Fail(ErrorCode::kNotFound, "/counters", "must be a proposal of the peer that waits",
                body.counters->ToHex());
  }
  WB_RETURN_IF_ERROR(RequireRoom(line->peer, *agreed, true));
  KeptAgreement kept = OfFile(line->peer, *parsed);
  WB_ASSIGN_OR_RETURN(kept.ours.envelope, SignHere(*line, request.agreement, now.utc));
  WB_RETURN_IF_ERROR(SendAgreementAct(*line, request, kept.ours.envelope, body.agreement, now));
  if (countered != nullptr) CloseAgreement(*countered, "countered", now.utc);
  kept.text = request.agreement;
  kept.by_us = true;
  kept.counters = body.counters;
  kept.ours.by = ActOf(request.act);
  OpenAgreementMatter(kept, true, kept.effective_from, now.utc);
  PutAgreement(std::move(kept), now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const SignAgreement& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(AgreedWith(line->peer));
  const KeptAgreement* known = desk_.FindAgreement(line->peer, body.agreement);
  if (known == nullptr) return NoSuchAgreement(body.agreement);
  if (known->by_us || !known->waits() || known->denounced) {
    return Conflict("/agreement_sha256", "must be a proposal of the peer that waits",
                    StateOf(*known));
  }
  WB_RETURN_IF_ERROR(RequireToCome(known->effective_from, now.utc));
  KeptAgreement kept = *known;
  WB_ASSIGN_OR_RETURN(kept.ours.envelope, SignHere(*line, kept.text, now.utc));
  WB_RETURN_IF_ERROR(SendAgreementAct(*line, request, kept.ours.envelope, body.agreement, now));
  kept.ours.by = ActOf(request.act);
  PutAgreement(std::move(kept), now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const DenounceAgreement& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_ASSIGN_OR_RETURN(Agreed * agreed, AgreedWith(line->peer));
  const KeptAgreement* known = desk_.FindAgreement(line->peer, body.agreement);
  const agreement::Agreement* of_file = agreed->agreements.Find(body.agreement);
  if (known == nullptr && of_file == nullptr) return NoSuchAgreement(body.agreement);
  KeptAgreement kept = known != nullptr ? *known : OfFile(line->peer, *of_file);
  if (kept.closed_at || kept.denounced) {
    return Conflict("/agreement_sha256", "must not be denounced yet", StateOf(kept));
  }
  // Done only if it can be said, and said only if it can be done.
  WB_RETURN_IF_ERROR(EndOf(kept, of_file, request.act.act, body));
  WB_RETURN_IF_ERROR(SendAgreementAct(*line, request, {}, body.agreement, now));
  WB_RETURN_IF_ERROR(EndAgreement(std::move(kept), request.act, body, true, now.utc));
  return airspace::Decision();
}

// The first of two that denounce decides when it ends, unless the other's time is earlier.
Result<void> Core::EndAgreement(KeptAgreement kept, const SealedAct& act,
                                const DenounceAgreement& body, bool by_us, UtcMicros now) {
  const agreement::Agreement* agreed = agreed_.at(kept.peer).agreements.Find(kept.digest);
  WB_ASSIGN_OR_RETURN(const UtcMicros until, EndOf(kept, agreed, act.act, body));
  const bool signed_by_both = kept.complete() || kept.text.empty();
  if (!kept.denounced || until < kept.denounced->until) {
    kept.denounced = Denunciation{ActOf(act), by_us, until};
  }
  // Their signature may still be under way to ours; what they refuse, or we, is over.
  const bool may_be_signed = by_us && kept.by_us;
  if (!signed_by_both && !may_be_signed) {
    CloseAgreement(std::move(kept), "denounced", now);
    return {};
  }
  if (signed_by_both) CloseMattersOf(kept.digest, MatterKind::kAgreement, "signed", now);
  if (signed_by_both && !by_us) OpenAgreementMatter(kept, false, until, now);
  PutAgreement(std::move(kept), now);
  return {};
}

void Core::TakeAgreementReceipted(const Awaited& awaited, UtcMicros now) {
  const KeptAgreement* known = desk_.FindAgreement(awaited.peer, awaited.version);
  if (known == nullptr || known->closed_at) return;
  KeptAgreement kept = *known;
  if (awaited.kind != operators::ActKind::kDenounceAgreement) {
    kept.receipted = true;
    return PutAgreement(std::move(kept), now);
  }
  // What they had signed before they heard of it has come before; the same text may have been proposed anew.
  if (kept.waits() && kept.denounced) CloseAgreement(std::move(kept), "denounced", now);
}

Result<void> Core::TakeAgreementAct(Line& line, const SealedAct& act, json::Object* message,
                                    UtcMicros now) {
  WB_RETURN_IF_ERROR(AgreedWith(line.peer));
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> text,
                      message->OptionalString("agreement", limits::kAgreementBytesMax));
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> signature,
                      message->OptionalString("agreement_signature", limits::kEnvelopeBytesMax));
  if (const auto* proposed = std::get_if<ProposeAgreement>(&act.act.body)) {
    return TakeProposal(line, act, *proposed, text.value_or(""), signature.value_or(""), now);
  }
  if (const auto* agreed = std::get_if<SignAgreement>(&act.act.body)) {
    return TakeSignature(line, act, *agreed, signature.value_or(""), now);
  }
  return TakeDenunciation(line, act, std::get<DenounceAgreement>(act.act.body), now);
}

Result<void> Core::VerifyTheirs(const Line& line, const agreement::Agreement& agreement,
                                std::string_view signature) const {
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(desk_.FindPeer(line.peer)->card));
  const agreement::PartyKey key = card.key(line::KeyRole::kMessage);
  auto verified = agreement::VerifyAgreementSignature(signature, agreement, {&key, 1});
  if (!verified) return Fail(std::move(verified).error().Under("/agreement_signature"));
  return {};
}

Result<void> Core::TakeProposal(Line& line, const SealedAct& act, const ProposeAgreement& body,
                                std::string_view text, std::string_view signature, UtcMicros now) {
  const KeptAgreement* known = desk_.FindAgreement(line.peer, body.agreement);
  if (known != nullptr && known->theirs.by.act == act.digest) return {};  // told twice
  Agreed& agreed = agreed_.at(line.peer);
  WB_RETURN_IF_ERROR(RequireRoom(line.peer, agreed, false));
  auto parsed = agreement::ParseAgreement(text);
  if (!parsed) return Fail(std::move(parsed).error().Under("/agreement/"));
  if (parsed->digest != body.agreement) {
    return base::Invalid("/agreement", "must have the SHA-256 that the act names",
                         parsed->digest.ToHex());
  }
  WB_RETURN_IF_ERROR(agreed.agreements.RequireParties(*parsed));
  WB_RETURN_IF_ERROR(VerifyTheirs(line, *parsed, signature));
  KeptAgreement kept = OfFile(line.peer, *parsed);
  kept.text = text;
  kept.counters = body.counters;
  if (known != nullptr && !known->closed_at) {
    if (!known->theirs.envelope.empty() || known->text.empty()) {
      return Conflict("/act/payload/agreement_sha256",
                      "must be another text than one that is there", StateOf(*known));
    }
    kept = *known;  // both have proposed the same
  } else {
    OpenAgreementMatter(kept, false, kept.effective_from, now);
  }
  const KeptAgreement* countered =
      body.counters ? desk_.FindAgreement(line.peer, *body.counters) : nullptr;
  if (countered != nullptr && countered->by_us && countered->waits()) {
    CloseAgreement(*countered, "countered", now);
  }
  kept.theirs = {ActOf(act), std::string(signature)};
  PutAgreement(std::move(kept), now);
  return {};
}

Result<void> Core::TakeSignature(Line& line, const SealedAct& act, const SignAgreement& body,
                                 std::string_view signature, UtcMicros now) {
  const KeptAgreement* known = desk_.FindAgreement(line.peer, body.agreement);
  if (known == nullptr) return NoSuchAgreement(body.agreement);
  if (known->theirs.by.act == act.digest) return {};  // told twice
  if (!known->by_us || !known->waits()) {
    return Conflict("/act/payload/agreement_sha256", "must be a proposal of ours that waits",
                    StateOf(*known));
  }
  WB_ASSIGN_OR_RETURN(const agreement::Agreement parsed, agreement::ParseAgreement(known->text));
  WB_RETURN_IF_ERROR(VerifyTheirs(line, parsed, signature));
  KeptAgreement kept = *known;
  kept.theirs = {ActOf(act), std::string(signature)};
  kept.receipted = true;  // they could not have signed what they do not hold
  const bool denounced = kept.denounced.has_value();
  PutAgreement(std::move(kept), now);
  // Taken back, and signed before they heard of it: it is an agreement that we have denounced.
  if (!denounced) return {};
  CloseMattersOf(body.agreement, MatterKind::kAgreement, "signed", now);
  OpenAgreementMatter(*known, false, known->denounced->until, now);
  return {};
}

Result<void> Core::TakeDenunciation(Line& line, const SealedAct& act, const DenounceAgreement& body,
                                    UtcMicros now) {
  const KeptAgreement* known = desk_.FindAgreement(line.peer, body.agreement);
  const agreement::Agreement* of_file = agreed_.at(line.peer).agreements.Find(body.agreement);
  if (known == nullptr && of_file == nullptr) return NoSuchAgreement(body.agreement);
  if (known != nullptr && known->closed_at) return {};  // it crossed what closed it
  return EndAgreement(known != nullptr ? *known : OfFile(line.peer, *of_file), act, body, false,
                      now);
}

}  // namespace wideberth::mechanism
