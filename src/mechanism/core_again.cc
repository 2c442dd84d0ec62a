// What this node said before its store was set back to an old copy, as the peer gives it back (line/endpoint.h).
//
// Its effects are those of then, as far as they follow from what was said: notices, calls, agreements, exchanges, what
// is awaited and what is owed. What never crossed a line is lost: drafts, held plans, accounts, the journal of then.
#include <algorithm>

#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "line/key_change.h"
#include "mechanism/basis.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using airspace::Notice;
using airspace::NoticeVersion;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

std::string TextOf(std::optional<std::string_view> field) {
  return std::string(field.value_or(std::string_view()));
}

// The notice of ours that an act tells every peer of; nil: it is for some. Drills are for who takes part.
base::NoticeId ToldToEveryLine(const Act& act) {
  if (act.data_mode != airspace::DataMode::kReal) return {};
  return std::visit(
      [](const auto& body) -> base::NoticeId {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Release> || std::is_same_v<Body, SetActive> ||
                      std::is_same_v<Body, SetEnded> || std::is_same_v<Body, Withdraw> ||
                      std::is_same_v<Body, AllClear>) {
          return body.notice;
        } else {
          return {};
        }
      },
      act.body);
}

// Whether an act changes what is kept here and is then said to this peer, which has to hear of it. Acts that are sent
// before they change anything are refused by the line itself; those to every line go to the others (HoldsBack).
bool IsFor(const Act& act, base::PartyId peer, const airspace::State& airspace) {
  return std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Withdraw>) {
          // It takes effect when every peer has it.
          const airspace::Notice* notice = airspace.FindNotice(body.notice);
          return notice != nullptr && !notice->held() &&
                 airspace::LatestDeclared(*notice) != nullptr;
        } else if constexpr (requires { body.notice; }) {
          const airspace::Notice* notice = airspace.FindNotice(body.notice);
          return notice != nullptr && notice->party == peer;
        } else if constexpr (requires { body.conflict; }) {
          const airspace::Conflict* conflict = airspace.FindConflict(body.conflict);
          return conflict != nullptr && !conflict->local() &&
                 (conflict->sides[0].party == peer || conflict->sides[1].party == peer);
        } else {
          return false;
        }
      },
      act.body);
}

// Nothing is left of it that somebody could meet.
bool IsOver(const Notice& notice, UtcMicros now) {
  const NoticeVersion* version = EffectiveVersion(notice);
  if (version == nullptr) return true;
  const auto& volumes = version->declaration.volumes;
  return std::all_of(volumes.begin(), volumes.end(), [&](const airspace::Volume4D& volume) {
    const airspace::TimeWindow left = EffectiveWindow(notice, *version, volume);
    return left.end <= now || left.end <= left.start;
  });
}

// Whether some version of it went out on the line when it was released.
bool WasTold(const Notice& notice, const std::vector<HeldBack>& held) {
  return std::any_of(
      notice.versions.begin(), notice.versions.end(), [&](const NoticeVersion& version) {
        if (version.disclosure != airspace::Disclosure::kDeclared) return false;
        return std::none_of(held.begin(), held.end(),
                            [&](const HeldBack& each) { return each.act == version.digest; });
      });
}

}  // namespace

Result<void> Core::RequireMaySign(const ActRequest* request) const {
  for (const auto& [peer, line] : lines_) {
    const auto old = line->endpoint.old_copy();
    if (!old) continue;
    // What a peer only says stops nothing but its own line.
    if (old->this_line_only && !(request && IsFor(request->act.act, peer, airspace_))) continue;
    const std::string& name = desk_.FindPeer(peer)->name;
    std::string rule;
    if (old->this_line_only) {
      rule = "must wait: " + name + " says that it holds " + std::to_string(old->peer_holds) +
             " entries of our log and does not show them, so nothing is signed on this line";
    } else if (old->keys_changed) {
      rule = "must wait for a start of this node: the keys were changed after this copy was made";
    } else if (!old->peer_heard) {
      rule = "must wait: this store may be an old copy, and " + name +
             " has not said yet what it holds of our log";
    } else if (old->differs) {
      rule = "must not be signed any more: this store is an old copy, and what " + name +
             " holds of our log is not what is here";
    } else {
      rule = "must wait: restored, refetching " + std::to_string(old->peer_holds - old->held) +
             " entries from " + name;
    }
    return Fail(ErrorCode::kConflict, "", rule, std::to_string(old->held) + " entries");
  }
  return {};
}

void Core::FollowOldCopies(line::Now now) {
  for (auto& [peer, line] : lines_) {
    const auto old = line->endpoint.old_copy();
    if (old.has_value() == line->old_copy_of.has_value()) continue;
    const std::string& name = desk_.FindPeer(peer)->name;
    if (old) {
      line->old_copy_of = old->held;
      Journal("old_copy", nullptr, name + ": " + std::to_string(old->held) + " entries are here",
              now.utc);
      continue;
    }
    const uint64_t held = line->endpoint.state().own.size();
    Journal("caught_up", nullptr,
            name + ": " + std::to_string(held - *line->old_copy_of) + " entries fetched", now.utc);
    line->old_copy_of.reset();
    line->receipts_early.clear();
    // What could not be signed meanwhile.
    std::vector<airspace::Conflict> conflicts;
    airspace_.VisitConflicts(0, [&](uint64_t, const airspace::Conflict& conflict) {
      if (WhoHearsOf(conflict, self_.party) == peer) conflicts.push_back(conflict);
      return true;
    });
    for (const airspace::Conflict& conflict : conflicts) SignBasis(*line, conflict);
  }
  if (desk_.held_back().empty() || !RequireMaySign()) return;
  for (auto& [peer, line] : lines_) line->SendHeldBack(this, now);
}

void Core::TakeOwn(Line& line, const line::Received& received, line::Now now) {
  const std::string& type = received.opened.message.type.name;
  again_ = Again{&line, &received, {}};
  Result<void> taken;
  if (type == kActType) {
    taken = TakeOwnAct(line, received, now);
  } else if (type == kOperatorKeysType) {
    auto keys = operators::ReadOperatorKeys(received.body());
    if (!keys) taken = Fail(std::move(keys).error());
    for (size_t i = 0; taken && i < keys->size(); ++i) {
      keys_said_.insert_or_assign((*keys)[i].key_id, (*keys)[i]);
    }
  } else if (type == kBasisType) {
    const Result<Basis> basis = ReadBasis(received.body());
    if (basis) {
      Put(BasisSigned{basis->conflict, crypto::Sha256(base::AsBytes(received.body()))});
    } else {
      taken = Fail(basis.error());
    }
  } else if (type == line::kKeyChangeType) {
    taken = TakeOwnKeyChange(line, received, now.utc);
  } else if (type == kLineCheckType) {
    taken = TakeOwnLineCheck(line, received, now);
  } else if (type == kIncursionRepeatType) {
    taken = TakeOwnRepeat(line, received, now);
  } else if (type == kStandingHazardType) {
    taken = TakeOwnStandingHazard(line, received, now);
  }
  again_.reset();
  const base::Digest& message = received.opened.digest;
  if (const auto early = line.receipts_early.extract(message); !early.empty()) {
    const Awaited* awaited = desk_.FindAwaited(message);
    const auto [at, came] = early.mapped();
    if (awaited != nullptr) TakeReceipted(line, *awaited, at, came);
  }
  // People have to look at what was said, in the record: the state does not show it.
  if (!taken) OpenUnusable(line, received, taken.error(), now.utc);
}

Result<void> Core::TakeOwnAct(Line& line, const line::Received& received, line::Now now) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(received.body(), limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view envelope,
                      object.RequiredString("act", limits::kEnvelopeBytesMax));
  WB_ASSIGN_OR_RETURN(const auto declaration,
                      object.OptionalString("declaration", limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(const auto beside,
                      object.OptionalString("beside", limits::kMessageBodyBesideBytesMax));
  WB_ASSIGN_OR_RETURN(const auto agreement,
                      object.OptionalString("agreement", limits::kAgreementBytesMax));
  WB_ASSIGN_OR_RETURN(const auto signature,
                      object.OptionalString("agreement_signature", limits::kEnvelopeBytesMax));
  again_->agreement_signature = TextOf(signature);
  // Each key once: those of now, and those that were announced since the copy was made.
  auto known = keys_said_;
  for (const auto& [name, account] : desk_.accounts()) {
    for (operators::OperatorKey& key : operators::OperatorKeysOf(account)) {
      const std::string id = key.key_id;
      known.insert_or_assign(id, std::move(key));
    }
  }
  std::vector<operators::OperatorKey> keys;
  for (auto& [id, key] : known) keys.push_back(std::move(key));
  auto act = OpenAct(envelope, self_.party, keys);
  if (!act) return Fail(std::move(act).error().Under("/act"));
  ActRequest request{std::move(*act), nullptr,           TextOf(declaration), {},
                     line.peer,       TextOf(agreement), TextOf(beside)};
  if (declaration) {
    WB_ASSIGN_OR_RETURN(airspace::Declaration content, formats::ParseDeclaration(*declaration));
    WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                           std::move(content), rules_, heights_, crypto::Sha256));
    request.prepared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  }
  const bool was_held = line.TakeFromHeld(this, request.act.digest);
  const bool on_another_line = !acts_again_.insert(request.act.digest).second || was_held;
  const auto done = std::visit([&](const auto& body) { return DoBody(request, body, now); },
                               request.act.act.body);
  if (!done && !on_another_line) return Fail(done.error());
  if (!on_another_line) {
    Journal(operators::Name(request.act.act.kind()), &request.act, "again", now.utc);
    // Where it does not come back too, it was lost with this store, and the peer never heard of it.
    const base::NoticeId notice = ToldToEveryLine(request.act.act);
    for (auto& [peer, other] : lines_) {
      if (notice.uuid.is_nil() || other.get() == &line) continue;
      other->Hold(this, {notice, request.act.digest}, request.act.envelope, false);
    }
  }
  return {};
}

// The keys themselves are read at the next start, which the endpoint waits for.
Result<void> Core::TakeOwnKeyChange(Line& line, const line::Received& received, UtcMicros now) {
  OwnCard own = *desk_.own_card();
  WB_ASSIGN_OR_RETURN(const line::PartyCard before, line::ReadCard(own.card));
  WB_ASSIGN_OR_RETURN(const line::PartyCard after, line::ReadKeyChangeCard(received.body()));
  if (line::FingerprintOf(before) != line::FingerprintOf(after)) {
    WB_ASSIGN_OR_RETURN(line::KeyChange change, line::ReadKeyChange(received.body(), before));
    own.former.push_back({std::move(own.card), 0, now});
    own.card = std::move(change.card);
    own.revoked = std::move(change.revoked);
    own.compromised_since = change.compromised_since;
    own.since = now;
    Journal("own_keys_changed", nullptr, line::FingerprintOf(after).ToString() + " again", now);
    Put(OwnCardChanged{own});
  }
  Peer peer = *desk_.FindPeer(line.peer);
  peer.told = crypto::Sha256(base::AsBytes(own.card));
  Put(PeerChanged{std::move(peer)});
  Put(AwaitedChanged{
      {received.opened.digest, line.peer, operators::ActKind::kManagePeers, {}, {}, now}, false});
  return {};
}

Result<void> Core::TakeOwnLineCheck(Line& line, const line::Received& received, line::Now now) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(received.body()));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Call call;
  WB_ASSIGN_OR_RETURN(call.id, object.RequiredParsed("id", 36, base::Uuid::ParseV4));
  WB_ASSIGN_OR_RETURN(const std::string_view word, object.RequiredString("word", 64));
  call.words = word;
  call.act = received.opened.digest;
  AwaitLineCheck(line, std::move(call), now.utc);
  return {};
}

Result<void> Core::TakeOwnRepeat(Line& line, const line::Received& received, line::Now now) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(received.body()));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const base::Uuid id, object.RequiredParsed("call", 36, base::Uuid::ParseV4));
  const Call* found = desk_.FindCall(id);
  if (found == nullptr) {
    return Fail(ErrorCode::kNotFound, "/call", "must be a warning of ours", id.ToString());
  }
  Call call = *found;
  PlanRepeat(now.utc, std::nullopt, &call);
  CountRepeat(line, std::move(call), received.opened.digest, now.utc);
  return {};
}

Result<void> Core::TakeOwnStandingHazard(Line& line, const line::Received& received,
                                         line::Now now) {
  WB_ASSIGN_OR_RETURN(const StandingHazardMessage message,
                      ReadStandingHazardMessage(received.body()));
  // The entry that it stands in was verified by its own.
  const std::vector<crypto::PublicKey> keys = KeysOf(line.endpoint.state().own);
  WB_ASSIGN_OR_RETURN(const SealedStandingHazard sealed,
                      OpenStandingHazard(message.envelope, self_.party, keys));
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration,
                      formats::ParseDeclaration(message.declaration));
  WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                         std::move(declaration), rules_, heights_, crypto::Sha256));
  const auto shared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  const base::NoticeId notice = sealed.hazard.notice;
  line.TakeFromHeld(this, sealed.digest);
  if (airspace_.FindNotice(notice) == nullptr) {
    WB_RETURN_IF_ERROR(
        DecideAs(self_.party,
                 airspace::Declare{notice, shared, false, std::nullopt, sealed.digest, true, false},
                 now.utc, sealed.hazard.at));
    OweThirdParties(self_.party, {notice, sealed.digest}, sealed.hazard.at, now.utc);
    OweRefinement(notice, sealed.digest, airspace::DataMode::kReal, now.utc);
    for (auto& [peer, other] : lines_) {
      if (other.get() != &line) other->Hold(this, {notice, sealed.digest}, sealed.envelope, true);
    }
  }
  AwaitReceipt(line, received.opened.digest, notice, sealed.digest, shared->declaration(), now.utc);
  return {};
}

// ---- What waits to be said on one line
//
// What this party has said to every peer, and not on one line: nothing could be signed there (line::OldCopy), or the
// store was set back and the peer does not give it back, so it never came.
//
// It goes out when every line may be signed on again, in the order in which it was said, as signed then: a late notice
// is sent, and labelled by its lead time (MECHANISM 3.6). What is over and was never heard of there stays unsaid. What
// cannot go as it was signed waits for a person. A version that was replaced meanwhile goes before the one that names
// it, so that both sides hold one history.

bool Core::Line::HoldsBack(Core* core, const ActRequest& request, base::NoticeId notice,
                           UtcMicros now) const {
  if (core->again_ || !endpoint.old_copy()) return false;
  core->Journal("not_told", &request.act,
                core->desk_.FindPeer(peer)->name +
                    ": released, not sent, since nothing is signed on this line",
                now);
  core->OpenNotSaid(peer, notice, request.act.digest, now);
  Hold(core, {notice, request.act.digest}, request.act.envelope, false);
  return true;
}

void Core::Line::Hold(Core* core, const NoticeVersionRef& act, std::string_view envelope,
                      bool standing) const {
  const auto& all = core->desk_.held_back();
  if (all.size() >= kHeldBackMax) return;
  uint64_t last = 0;
  for (const auto& [key, each] : all) last = std::max(last, each.number);
  core->Put(HeldBackChanged{
      {peer, last + 1, act.notice, act.version, std::string(envelope), standing}, false});
}

bool Core::Line::TakeFromHeld(Core* core, const base::Digest& act) const {
  for (HeldBack& each : core->desk_.HeldBackFor(peer)) {
    if (each.act != act) continue;
    core->Put(HeldBackChanged{std::move(each), true});
    return true;
  }
  return false;
}

void Core::Line::SendHeldBack(Core* core, line::Now now) {
  const std::vector<HeldBack> held = core->desk_.HeldBackFor(peer);
  if (held.empty() || !endpoint.may_write()) return;
  const std::string& name = core->desk_.FindPeer(peer)->name;
  for (const HeldBack& each : held) {
    core->Put(HeldBackChanged{each, true});
    const Notice* notice = core->airspace_.FindNotice(each.notice);
    std::string_view as = "told";
    if (notice == nullptr || (IsOver(*notice, now.utc) && !WasTold(*notice, held))) {
      as = "over";
      core->Journal("not_told_over", nullptr,
                    name + ": never told of " + each.notice.ToString() + ", which is over",
                    now.utc);
    } else if (const Result<bool> sent = SendHeld(core, each, *notice, now); !sent) {
      core->Journal("not_told", nullptr, name + ": " + sent.error().ToString(), now.utc);
      core->CloseMattersWith(peer, each.act, {MatterKind::kUnusable}, "not_told", now.utc);
      core->OpenNotSaid(peer, each.notice, each.act, now.utc);
      continue;
    } else if (!*sent) {
      as = "not_told";
    } else {
      core->Journal("told_late", nullptr, name + ": " + each.act.ToHex(), now.utc);
    }
    core->CloseMattersWith(peer, each.act, {MatterKind::kUnusable}, as, now.utc);
  }
}

Result<bool> Core::Line::SendHeld(Core* core, const HeldBack& held, const Notice& notice,
                                  line::Now now) {
  const NoticeVersion* version = FindVersion(notice, held.act);
  if (held.standing) {
    // Sealed before the keys were changed, maybe.
    WB_ASSIGN_OR_RETURN(
        const SealedStandingHazard sealed,
        OpenStandingHazard(held.envelope, core->self_.party, KeysOf(endpoint.state().own)));
    if (version == nullptr) return true;
    const airspace::Declaration declaration = version->declaration;
    return core->TellStandingHazard(*this, sealed, declaration, now);
  }
  // By a key that the peer is told of: one that is not any more has to sign again.
  std::vector<operators::OperatorKey> keys;
  for (const auto& [name, account] : core->desk_.accounts()) {
    for (auto& key : operators::OperatorKeysOf(account)) keys.push_back(std::move(key));
  }
  WB_ASSIGN_OR_RETURN(SealedAct act, OpenAct(held.envelope, core->self_.party, keys));
  const airspace::DataMode mode = act.act.data_mode;
  if (!core->Reaches(*this, mode, act.act.at)) return true;  // a drill that is over
  ActRequest request{std::move(act), nullptr, {}, {}, peer};
  const auto* release = std::get_if<Release>(&request.act.act.body);
  if (release == nullptr) {
    WB_ASSIGN_OR_RETURN(const base::Digest message, core->SendAct(*this, request, now));
    if (const auto* withdraw = std::get_if<Withdraw>(&request.act.act.body)) {
      core->Put(AwaitedChanged{{message, peer, operators::ActKind::kWithdraw, withdraw->notice,
                                withdraw->version, request.act.act.at},
                               false});
    }
    return true;
  }
  if (version == nullptr) return true;
  const airspace::Declaration declaration = version->declaration;
  request.declaration = declaration.original;
  WB_ASSIGN_OR_RETURN(auto prepared,
                      airspace::PreparedDeclaration::Prepare(declaration, core->rules_,
                                                             core->heights_, crypto::Sha256));
  request.prepared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  if (!core->MayDeal(peer, agreement::MatterOf(declaration.kind), mode)) {
    core->OpenNotTold(peer, &request.act, {held.notice, held.act}, declaration, now.utc);
    return false;
  }
  core->InterruptForRelease(peer, declaration, now.utc);
  WB_ASSIGN_OR_RETURN(const base::Digest message, core->SendAct(*this, request, now));
  core->AwaitReceipt(*this, message, held.notice, held.act, declaration, now.utc);
  const NoticeVersion* newest = EffectiveVersion(*core->airspace_.FindNotice(held.notice));
  if (newest == nullptr || newest->digest != held.act) {
    core->CloseMattersWith(peer, held.act, {MatterKind::kReceipt}, "superseded", now.utc);
  }
  return true;
}

}  // namespace wideberth::mechanism
