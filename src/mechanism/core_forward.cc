// Notices that go on to parties whom they list under `may_tell` (MECHANISM 1.1): as a forwarder, and as who is told.
//
// A person forwards a notice once, to one party. From then on what its issuer says of it goes the same way by itself,
// while the newest version lists that party: whoever was told of a hazard must not miss that it has moved. What is
// forwarded is the issuer's word alone. Who is told owes the forwarder nothing but R1.
#include <algorithm>

#include "base/limits.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"
#include "mechanism/forward.h"

namespace wideberth::mechanism {
namespace {

using airspace::Notice;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

constexpr std::string_view kPayloadType = "application/vnd.wideberth.endorsement.v1+json";
constexpr size_t kUuidDigits = 36;
constexpr size_t kDigestDigits = 64;

struct Endorsement {
  base::PartyId party;
  base::Digest act;
  operators::OperatorKey key;
};

Result<Endorsement> ReadEndorsement(std::string_view payload) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const auto party,
                      object.RequiredParsed("party", kUuidDigits, base::PartyId::Parse));
  WB_ASSIGN_OR_RETURN(const auto act,
                      object.RequiredParsed("act", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(auto keys, operators::ReadOperatorKeys(payload));
  if (keys.size() != 1) {
    return base::Invalid("/operators", "must be the one key that signed",
                         std::to_string(keys.size()));
  }
  return Endorsement{party, act, std::move(keys.front())};
}

base::Unexpected Refuse(std::string_view field, std::string_view rule, std::string_view found) {
  return base::Fail(ErrorCode::kUnauthorized, field, rule, found);
}

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

bool Lists(const airspace::Declaration& declaration, base::PartyId party) {
  const auto& listed = declaration.may_tell;
  return std::find(listed.begin(), listed.end(), party) != listed.end();
}

std::optional<base::Digest> PreviousOf(const ActBody& body) {
  const auto* release = std::get_if<Release>(&body);
  return release == nullptr ? std::nullopt : release->previous;
}

// One that the issuer has replaced twice, by different versions for different parties; null: none.
const KnownVersion* OtherSuccessor(const Provenance& known, const SealedAct& act) {
  const std::optional<base::Digest> previous = PreviousOf(act.act.body);
  if (!previous) return nullptr;
  for (const KnownVersion& each : known.versions) {
    if (each.previous == previous && each.digest != act.digest) return &each;
  }
  return nullptr;
}

// With an act more; a release begins anew.
void Add(const SealedAct& act, std::string endorsement, bool forwarded, Provenance* known) {
  const ActKind kind = act.act.kind();
  if (kind == ActKind::kRelease) {
    known->versions.push_back({act.digest, PreviousOf(act.act.body), act.act.at, forwarded});
    known->acts.clear();
    for (ForwardedTo& to : known->to) to.acts_sent = 0;
  }
  known->acts.push_back({act.digest, kind, act.envelope, std::move(endorsement)});
}

bool HasAct(const Provenance& known, const base::Digest& act) {
  return std::any_of(known.acts.begin(), known.acts.end(),
                     [&](const KeptAct& each) { return each.digest == act; });
}

}  // namespace

Result<std::string> Endorse(const SealedAct& act, const operators::OperatorKey& operator_key,
                            const crypto::SecretKey& message_key) {
  WB_ASSIGN_OR_RETURN(const std::string keys, operators::WriteOperatorKeys({&operator_key, 1}));
  std::string payload;
  json::Writer json(&payload);
  json.BeginObject();
  json.StringField("party", act.act.party.ToString());
  json.StringField("act", act.digest.ToHex());
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(keys));
  json.Key("operators");
  json.Raw(document.root().AsObject()->Find("operators")->ToJson());
  json.EndObject();
  return crypto::SignEnvelope(kPayloadType, base::AsBytes(payload), message_key);
}

Result<SealedAct> OpenEndorsed(std::string_view envelope, std::string_view endorsement,
                               const line::PartyCard& card) {
  const crypto::PublicKey key = card.key(line::KeyRole::kMessage);
  auto message = crypto::VerifyEnvelope(endorsement, {&key, 1});
  if (!message) return base::Fail(std::move(message).error().Under("/endorsement"));
  if (message->payload_type != kPayloadType) {
    return Refuse("/endorsement/payloadType", "must be " + std::string(kPayloadType),
                  message->payload_type);
  }
  auto endorsed = ReadEndorsement(base::AsText(message->payload));
  if (!endorsed) return base::Fail(std::move(endorsed).error().Under("/endorsement/payload"));
  if (endorsed->party != card.party) {
    return Refuse("/endorsement/payload/party", "must be the party of the card",
                  endorsed->party.ToString());
  }
  auto act = OpenAct(envelope, card.party, {&endorsed->key, 1});
  if (!act) return base::Fail(std::move(act).error().Under("/signed"));
  if (act->digest != endorsed->act) {
    return Refuse("/endorsement/payload/act", "must be the act beside it", endorsed->act.ToHex());
  }
  return act;
}

std::string WriteForwarded(const Forwarded& forwarded) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", forwarded.act);
  json.StringField("signed", forwarded.envelope);
  json.StringField("endorsement", forwarded.endorsement);
  json.StringField("card", forwarded.card);
  if (!forwarded.declaration.empty()) json.StringField("declaration", forwarded.declaration);
  json.EndObject();
  return body;
}

Result<Forwarded> ReadForwarded(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Forwarded forwarded;
  WB_ASSIGN_OR_RETURN(forwarded.act, object.RequiredString("act", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.envelope,
                      object.RequiredString("signed", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.endorsement,
                      object.RequiredString("endorsement", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(forwarded.card, object.RequiredString("card", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> declaration,
                      object.OptionalString("declaration", limits::kMessageBodyBesideBytesMax));
  forwarded.declaration = declaration.value_or(std::string_view());
  return forwarded;
}

bool MayForward(ActKind kind) {
  return kind == ActKind::kRelease || kind == ActKind::kSetActive || kind == ActKind::kSetEnded ||
         kind == ActKind::kWithdraw || kind == ActKind::kAllClear;
}

base::NoticeId NoticeOf(const ActBody& body) {
  return std::visit(
      [](const auto& each) -> base::NoticeId {
        if constexpr (requires { each.notice; }) {
          if constexpr (std::is_convertible_v<decltype(each.notice), base::NoticeId>) {
            return each.notice;
          }
        }
        return {};
      },
      body);
}

// ---- What is kept for it ----

// Beside what this party says of a notice that lists somebody; empty: it lists nobody.
std::string Core::EndorsementFor(const ActRequest& request) const {
  const Act& act = request.act.act;
  if (!MayForward(act.kind()) || keys_.empty()) return {};
  const airspace::Declaration* content = nullptr;
  if (request.prepared != nullptr) {
    content = &request.prepared->declaration();
  } else if (const Notice* notice = airspace_.FindNotice(NoticeOf(act.body)); notice != nullptr) {
    content = &notice->latest().declaration;
  }
  if (content == nullptr || content->may_tell.empty()) return {};
  for (const auto& [name, account] : desk_.accounts()) {
    for (const operators::OperatorKey& key : operators::OperatorKeysOf(account)) {
      if (key.key_id != act.key_id) continue;
      return Endorse(request.act, key, *keys_.front()).value_or(std::string());
    }
  }
  return {};
}

Provenance Core::ProvenanceOf(const Notice& notice) const {
  if (const Provenance* known = desk_.FindProvenance(notice.id); known != nullptr) return *known;
  Provenance fresh;
  fresh.notice = notice.id;
  fresh.issuer = notice.party;
  for (const airspace::NoticeVersion& version : notice.versions) {
    fresh.versions.push_back({version.digest, std::nullopt, version.stored_at, false});
  }
  return fresh;
}

// The text of a card of the issuer's that the endorsement verifies by: of one that is a peer the enrolled one, or those
// that came after it and before; of another the one that came with the notice.
std::optional<std::string> Core::CardFor(const Provenance& known, const KeptAct& act) const {
  std::vector<std::string> cards;
  const Peer* peer = desk_.FindPeer(known.issuer);
  if (peer != nullptr) {
    cards.push_back(peer->card);
    for (const FormerCard& former : peer->former) cards.push_back(former.card);
  } else if (!known.card.empty()) {
    cards.push_back(known.card);
  }
  for (std::string& text : cards) {
    const Result<line::PartyCard> card = line::ReadCard(text);
    if (card && OpenEndorsed(act.envelope, act.endorsement, *card)) return std::move(text);
  }
  return std::nullopt;
}

// ---- As a forwarder ----

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const ForwardNotice& body,
                                        line::Now now) {
  const Notice* notice = airspace_.FindNotice(body.notice);
  if (notice == nullptr || notice->party == self_.party || LatestDeclared(*notice) == nullptr) {
    return Fail(ErrorCode::kNotFound, "/notice", "must be a notice of another party",
                body.notice.ToString());
  }
  if (notice->latest().digest != body.version) {
    return Conflict("/version", "must be the newest, " + notice->latest().digest.ToHex(),
                    body.version.ToHex());
  }
  const airspace::Declaration& content = notice->latest().declaration;
  if (content.data_mode != airspace::DataMode::kReal) {
    return Conflict("/data_mode", "must be REAL: an exercise is between two parties",
                    airspace::Name(content.data_mode));
  }
  if (notice->all_clear_at || notice->latest().author == airspace::AuthorState::kWithdrawn) {
    return Conflict("/notice", "must not be over", body.notice.ToString());
  }
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(body.to));
  if (body.to == notice->party || !Lists(content, body.to)) {
    return Fail(ErrorCode::kForbidden, "/to", "must be listed by the notice under may_tell",
                body.to.ToString());
  }
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::MatterOf(content.kind), content.data_mode));
  Provenance known = ProvenanceOf(*notice);
  if (known.acts.empty() || !CardFor(known, known.acts.front())) {
    return Conflict("/notice", "must have come with an endorsement that its issuer's card verifies",
                    body.notice.ToString());
  }
  auto to = std::find_if(known.to.begin(), known.to.end(),
                         [&](const ForwardedTo& each) { return each.peer == body.to; });
  if (to == known.to.end()) to = known.to.insert(to, ForwardedTo{});
  if (to->act.empty() || to->stopped_at) {
    *to = {body.to, request.act.envelope, request.act.act.role, now.utc, 0, {}, {}};
  }
  ForwardPending(&known, now);
  Put(ProvenanceChanged{std::move(known), false});
  return airspace::Decision();
}

// What has not been sent yet, to each that the newest version lists.
void Core::ForwardPending(Provenance* known, line::Now now) {
  const airspace::Declaration& content = airspace_.FindNotice(known->notice)->latest().declaration;
  for (ForwardedTo& to : known->to) {
    Line* line = Find(to.peer);
    if (to.stopped_at || line == nullptr) continue;
    if (!Lists(content, to.peer)) {
      to.stopped_at = now.utc;
      Journal("forwarding_stopped", nullptr,
              known->notice.ToString() + " to " + to.peer.ToString() + ": no longer listed",
              now.utc);
      continue;
    }
    for (; to.acts_sent < known->acts.size(); ++to.acts_sent) {
      const KeptAct& act = known->acts[to.acts_sent];
      const std::optional<std::string> card = CardFor(*known, act);
      if (!card) {
        Journal("not_forwarded", nullptr,
                known->notice.ToString() + " " + act.digest.ToHex() + ": not endorsed", now.utc);
        continue;
      }
      const bool release = act.kind == ActKind::kRelease;
      const auto written =
          Write(*line, kForwardedType, airspace::DataMode::kReal, line::Lane::kSafety,
                WriteForwarded({to.act, act.envelope, act.endorsement, *card,
                                release ? content.original : std::string()}),
                now);
      if (!written) break;  // with what comes next, or when a person forwards it again
      to.receipted_at.reset();
      Put(AwaitedChanged{
          {*written, to.peer, ActKind::kForwardNotice, known->notice, act.digest, now.utc}, false});
    }
  }
}

void Core::TakeForwardReceipted(const Awaited& awaited, UtcMicros now) {
  const Provenance* found = desk_.FindProvenance(awaited.notice);
  if (found == nullptr || found->acts.empty() || found->acts.back().digest != awaited.version) {
    return;
  }
  Provenance known = *found;
  for (ForwardedTo& to : known.to) {
    if (to.peer == awaited.peer) to.receipted_at = now;
  }
  Put(ProvenanceChanged{std::move(known), false});
}

// Of a peer's own acts about a notice that lists somebody, or that was forwarded here before its issuer told it.
void Core::KeepForForwarding(const SealedAct& act, std::optional<std::string_view> endorsement,
                             line::Now now) {
  const Notice* notice = airspace_.FindNotice(NoticeOf(act.act.body));
  if (!MayForward(act.act.kind()) || notice == nullptr || notice->party != act.act.party ||
      act.act.data_mode != airspace::DataMode::kReal) {
    return;
  }
  const bool release = act.act.kind() == ActKind::kRelease;
  if (release && notice->latest().digest != act.digest) return;  // told twice
  const bool known_before = desk_.FindProvenance(notice->id) != nullptr;
  if (!known_before && notice->latest().declaration.may_tell.empty()) return;
  Provenance known = ProvenanceOf(*notice);
  if (const KnownVersion* other = OtherSuccessor(known, act); other != nullptr) {
    TellFork(act, *other, now.utc);
  }
  if (release) {
    std::erase_if(known.versions, [&](const auto& each) { return each.digest == act.digest; });
  } else if (HasAct(known, act.digest)) {
    return;
  }
  Add(act, std::string(endorsement.value_or(std::string_view())), false, &known);
  ForwardPending(&known, now);
  Put(ProvenanceChanged{std::move(known), false});
}

// ---- As one who is told ----

Result<void> Core::TakeBody(Line&, const SealedAct&, const ForwardNotice&, std::string_view,
                            UtcMicros) {
  return base::Invalid("/act/payload/act", "must come with what is forwarded",
                       operators::Name(ActKind::kForwardNotice));
}

bool Core::CameForwardedAlone(base::NoticeId notice, const base::Digest& version) const {
  const Provenance* known = desk_.FindProvenance(notice);
  if (known == nullptr) return false;
  return std::any_of(known->versions.begin(), known->versions.end(), [&](const KnownVersion& each) {
    return each.digest == version && each.forwarded;
  });
}

// What a peer says over its own line may come behind what was forwarded meanwhile; then it is of an older version, and
// what is here stays. Only what the peer's own card has proved can overtake it.
bool Core::IsOvertaken(const Act& act) const {
  const Provenance* known = desk_.FindProvenance(NoticeOf(act.body));
  if (!MayForward(act.kind()) || known == nullptr || known->versions.empty()) return false;
  const KnownVersion& newest = known->versions.back();
  if (!newest.forwarded || known->issuer != act.party || known->acts.empty() ||
      !CardFor(*known, known->acts.front())) {
    return false;
  }
  if (const auto* release = std::get_if<Release>(&act.body)) {
    // Two in the place of one are a fork, of which people must hear.
    const bool rivals = release->previous && newest.previous == release->previous;
    return !rivals && act.at < newest.at;
  }
  const base::Digest version = std::visit(
      [](const auto& body) {
        if constexpr (requires { body.version; }) return base::Digest(body.version);
        return base::Digest();
      },
      act.body);
  return version != newest.digest &&
         std::any_of(known->versions.begin(), known->versions.end(),
                     [&](const KnownVersion& each) { return each.digest == version; });
}

// The card by which an issuer is taken here: that of a peer is the enrolled one or one that its line has brought, of
// anybody else the one that came first.
Result<line::PartyCard> Core::CardOfIssuer(base::PartyId forwarder, const std::string& text) const {
  auto card = line::ReadCard(text);
  if (!card) return Fail(std::move(card).error().Under("/card"));
  if (card->party == self_.party || card->party == forwarder) {
    return base::Invalid("/card/payload/party", "must be a party that is neither end of the line",
                         card->party.ToString());
  }
  const line::Fingerprint given = line::FingerprintOf(*card);
  const auto is_given = [&](const std::string& known) {
    const Result<line::PartyCard> read = line::ReadCard(known);
    return read.has_value() && line::FingerprintOf(*read) == given;
  };
  const auto refuse = [&](std::string_view rule) {
    return Fail(ErrorCode::kUnauthorized, "/card", rule, given.ToString());
  };
  if (const Peer* peer = desk_.FindPeer(card->party); peer != nullptr) {
    const bool known = is_given(peer->card) ||
                       std::any_of(peer->former.begin(), peer->former.end(),
                                   [&](const FormerCard& each) { return is_given(each.card); });
    const auto& revoked = peer->revoked;
    const bool is_revoked = std::find(revoked.begin(), revoked.end(),
                                      card->key(line::KeyRole::kMessage)) != revoked.end();
    if (!known || is_revoked) return refuse("must be a card of the peer that holds");
    return card;
  }
  for (const auto& [notice, known] : desk_.provenances()) {
    if (known.issuer == card->party && !known.card.empty() && !is_given(known.card)) {
      return refuse("must be the card that came first of this issuer: enrol it to take another");
    }
  }
  return card;
}

void Core::TellFork(const SealedAct& act, const KnownVersion& other, UtcMicros now) {
  Journal("forwarded_fork", nullptr,
          NoticeOf(act.act.body).ToString() + " " + act.digest.ToHex() + " and " +
              other.digest.ToHex() + " both replace " + other.previous->ToHex(),
          now);
  Matter matter;
  matter.kind = MatterKind::kUnusable;
  matter.peer = act.act.party;
  matter.notice = NoticeOf(act.act.body);
  matter.subject = act.digest;
  matter.urgent = true;
  OpenMatter(std::move(matter), now);
}

void Core::TakeForwarded(Line& line, const line::Received& received, line::Now now) {
  const auto take = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const Forwarded message, ReadForwarded(received.body()));
    auto by = OpenAct(message.act, line.peer, desk_.FindPeer(line.peer)->operator_keys);
    if (!by) return Fail(std::move(by).error().Under("/act"));
    const auto* forward = std::get_if<ForwardNotice>(&by->act.body);
    if (forward == nullptr || forward->to != self_.party) {
      return base::Invalid("/act/payload", "must forward a notice to this party",
                           operators::Name(by->act.kind()));
    }
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, CardOfIssuer(line.peer, message.card));
    WB_ASSIGN_OR_RETURN(const SealedAct act,
                        OpenEndorsed(message.envelope, message.endorsement, card));
    if (!MayForward(act.act.kind()) || NoticeOf(act.act.body) != forward->notice) {
      return base::Invalid("/signed/payload", "must be of the notice that is forwarded",
                           operators::Name(act.act.kind()));
    }
    if (act.act.data_mode != airspace::DataMode::kReal) {
      return base::Invalid("/signed/payload/data_mode", "must be REAL",
                           airspace::Name(act.act.data_mode));
    }
    if (act.act.kind() == ActKind::kRelease) {
      return TakeForwardedVersion(line, act, message, now);
    }
    return TakeForwardedAct(line, act, message, now);
  };
  if (const Result<void> taken = take(); !taken) {
    OpenUnusable(line, received, taken.error(), now.utc);
  }
}

Result<void> Core::TakeForwardedVersion(Line& line, const SealedAct& act, const Forwarded& message,
                                        line::Now now) {
  const auto& body = std::get<Release>(act.act.body);
  const base::PartyId issuer = act.act.party;
  const Notice* there = airspace_.FindNotice(body.notice);
  if (there != nullptr && there->party != issuer) {
    return Fail(ErrorCode::kForbidden, "/signed/payload/notice",
                "must not be the id of another party's notice", body.notice.ToString());
  }
  if (there != nullptr && FindVersion(*there, act.digest) != nullptr) return {};  // told twice
  const base::Digest digest = crypto::Sha256(base::AsBytes(message.declaration));
  if (digest != body.declaration_sha256) {
    return base::Invalid("/declaration", "must have the SHA-256 that the act names",
                         digest.ToHex());
  }
  auto declaration = formats::ParseDeclaration(message.declaration);
  if (!declaration) return Fail(std::move(declaration).error().Under("/declaration"));
  if (declaration->data_mode != act.act.data_mode) {
    return base::Invalid("/declaration/data_mode", "must be that of the act",
                         airspace::Name(declaration->data_mode));
  }
  if (!Lists(*declaration, self_.party)) {
    return Fail(ErrorCode::kForbidden, "/declaration/may_tell",
                "must list this party: it is not for us", body.notice.ToString());
  }
  Provenance known;
  known.notice = body.notice;
  known.issuer = issuer;
  if (there != nullptr) known = ProvenanceOf(*there);
  if (const KnownVersion* other = OtherSuccessor(known, act); other != nullptr) {
    TellFork(act, *other, now.utc);
    return {};
  }
  const bool follows = known.versions.empty() || body.previous == known.versions.back().digest ||
                       act.act.at > known.versions.back().at;
  if (!follows) return {};  // older than what is here
  WB_ASSIGN_OR_RETURN(auto prepared,
                      airspace::PreparedDeclaration::Prepare(*std::move(declaration), rules_,
                                                             heights_, crypto::Sha256));
  const auto shared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  WB_RETURN_IF_ERROR(DecideAs(
      issuer, airspace::Declare{body.notice, shared, false, std::nullopt, act.digest, true, false},
      now.utc, SaidAt(act.act)));
  WB_RETURN_IF_ERROR(
      DecideAs({}, airspace::RecordReceipt{body.notice, act.digest, self_.party}, now.utc));
  for (const KnownVersion& older : known.versions) {
    CloseMattersOf(older.digest, std::nullopt, "superseded", now.utc);
  }
  InterruptForRelease(line.peer, shared->declaration(), now.utc);
  known.forwarder = line.peer;
  known.forwarded_at = now.utc;
  known.card = message.card;
  Add(act, message.endorsement, true, &known);
  ForwardPending(&known, now);
  Put(ProvenanceChanged{std::move(known), false});
  Journal("forwarded_here", nullptr,
          body.notice.ToString() + " " + act.digest.ToHex() + " of " + issuer.ToString() + " by " +
              desk_.FindPeer(line.peer)->name,
          now.utc);
  return {};
}

Result<void> Core::TakeForwardedAct(Line& line, const SealedAct& act, const Forwarded& message,
                                    line::Now now) {
  const base::NoticeId id = NoticeOf(act.act.body);
  const Notice* notice = airspace_.FindNotice(id);
  if (notice == nullptr || notice->party != act.act.party) {
    return Fail(ErrorCode::kNotFound, "/signed/payload/notice",
                "must be a notice that was forwarded here", id.ToString());
  }
  Provenance known = ProvenanceOf(*notice);
  if (HasAct(known, act.digest)) return {};  // told twice
  if (const auto* active = std::get_if<SetActive>(&act.act.body)) {
    WB_RETURN_IF_ERROR(DecideAs(
        notice->party, airspace::SetActivity{id, airspace::ActivityState::kActive, active->version},
        now.utc, SaidAt(act.act)));
  } else if (const auto* ended = std::get_if<SetEnded>(&act.act.body)) {
    WB_RETURN_IF_ERROR(DecideAs(
        notice->party, airspace::SetActivity{id, airspace::ActivityState::kEnded, ended->version},
        now.utc, SaidAt(act.act)));
  } else if (const auto* withdraw = std::get_if<Withdraw>(&act.act.body)) {
    WB_RETURN_IF_ERROR(DecideAs(notice->party, airspace::Withdraw{id, withdraw->version}, now.utc,
                                SaidAt(act.act)));
    CloseMattersOfNotice(id, "withdrawn", now.utc);
  } else if (const auto* clear = std::get_if<AllClear>(&act.act.body)) {
    // As from the issuer itself: the picture here clears when a person here has read it back (MECHANISM 3.5), which is
    // told to nobody.
    Call call;
    call.id = act.act.id;
    call.about = *clear;
    call.no_longer_observed = clear->no_longer_observed;
    WB_RETURN_IF_ERROR(
        TakeCall(act.act.party, act, std::move(call), MatterKind::kReadBack, now.utc));
  }
  known.forwarder = line.peer;
  Add(act, message.endorsement, true, &known);
  ForwardPending(&known, now);
  Put(ProvenanceChanged{std::move(known), false});
  return {};
}

}  // namespace wideberth::mechanism
