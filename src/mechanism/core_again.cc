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

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

std::string TextOf(std::optional<std::string_view> field) {
  return std::string(field.value_or(std::string_view()));
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
    } else if (!old->peer_heard) {
      rule = "must wait: this store may be an old copy, and " + name +
             " has not said yet what it holds of our log";
    } else if (old->differs) {
      rule = "must not be signed any more: this store is an old copy, and what " + name +
             " holds of our log is not what is here";
    } else if (old->keys_changed) {
      rule = "must wait for a start of this node: the keys were changed after this copy was made";
    } else {
      rule = "must wait: restored, refetching " + std::to_string(old->peer_holds - old->held) +
             " entries from " + name;
    }
    return Fail(ErrorCode::kConflict, "", rule, std::to_string(old->held) + " entries");
  }
  return {};
}

bool Core::Line::HoldsBack(Core* core, const ActRequest& request, base::NoticeId notice,
                           UtcMicros now) const {
  if (core->again_ || !endpoint.old_copy()) return false;
  core->Journal("not_told", &request.act,
                core->desk_.FindPeer(peer)->name +
                    ": released, not sent, since nothing is signed on this line",
                now);
  core->OpenNotSaid(peer, notice, request.act.digest, now);
  return true;
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
    // What could not be signed meanwhile.
    std::vector<airspace::Conflict> conflicts;
    airspace_.VisitConflicts(0, [&](uint64_t, const airspace::Conflict& conflict) {
      if (WhoHearsOf(conflict, self_.party) == peer) conflicts.push_back(conflict);
      return true;
    });
    for (const airspace::Conflict& conflict : conflicts) SignBasis(*line, conflict);
    TellUntoldHazards(*line, now);
  }
}

void Core::TakeOwn(Line& line, const line::Received& received, line::Now now) {
  const std::string& type = received.opened.message.type.name;
  again_ = Again{&line, received.opened.digest, {}};
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
    operators::OperatorKey key = operators::OperatorKeyOf(account);
    known.insert_or_assign(key.key_id, std::move(key));
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
  const bool on_another_line = !acts_again_.insert(request.act.digest).second;
  const auto done = std::visit([&](const auto& body) { return DoBody(request, body, now); },
                               request.act.act.body);
  if (!done && !on_another_line) return Fail(done.error());
  if (!on_another_line) {
    Journal(operators::Name(request.act.act.kind()), &request.act, "again", now.utc);
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
  // Any key of ours that has signed on this line: the entry that it stands in was verified by its own.
  std::vector<crypto::PublicKey> keys;
  for (const line::KeyEpoch& epoch : line.endpoint.state().own.keys) keys.push_back(epoch.key);
  WB_ASSIGN_OR_RETURN(const SealedStandingHazard sealed,
                      OpenStandingHazard(message.envelope, self_.party, keys));
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration,
                      formats::ParseDeclaration(message.declaration));
  WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                         std::move(declaration), rules_, heights_, crypto::Sha256));
  const auto shared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  const base::NoticeId notice = sealed.hazard.notice;
  if (airspace_.FindNotice(notice) == nullptr) {
    WB_RETURN_IF_ERROR(
        DecideAs(self_.party,
                 airspace::Declare{notice, shared, false, std::nullopt, sealed.digest, true, false},
                 now.utc, sealed.hazard.at));
    OweThirdParties(self_.party, {notice, sealed.digest}, sealed.hazard.at, now.utc);
    OweRefinement(notice, sealed.digest, airspace::DataMode::kReal, now.utc);
  }
  AwaitReceipt(line, received.opened.digest, notice, sealed.digest, shared->declaration(), now.utc);
  return {};
}

}  // namespace wideberth::mechanism
