// Dealings beside notices and calls: third parties that are to be told of what a party releases (MECHANISM 3.8), and
// exchanges with what is minuted and published of them (MECHANISM 1.4), by a person here or by one of the peer.
#include <algorithm>

#include "crypto/sha256.h"
#include "exchange/readout.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using exchange::Exchange;
using exchange::kOurs;
using exchange::kTheirs;
using exchange::Readout;
using exchange::Said;
using exchange::StoredStatement;

// The record has them all; so many are kept to be looked at, and so many bytes of their texts.
constexpr size_t kExchangesKept = 10'000;
constexpr size_t kExchangeTextBytesKept = 256 * 1024 * 1024;

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

Said SaidBy(const SealedAct& act, UtcMicros now) {
  return {act.digest, act.act.role, act.act.at, now};
}

Result<void> CheckText(std::string_view text, const base::Digest& named, std::string_view field) {
  const base::Digest found = crypto::Sha256(base::AsBytes(text));
  if (found == named) return {};
  return base::Invalid(field, "must have the SHA-256 that the act names", found.ToHex());
}

Result<void> CheckExchange(base::Uuid in_text, base::Uuid in_act, std::string_view field) {
  if (in_text == in_act) return {};
  return base::Invalid(field, "must be the exchange that the act names", in_text.ToString());
}

}  // namespace

// ---- Third parties

void Core::OweThirdParties(base::PartyId told_by, const NoticeVersionRef& release,
                           UtcMicros released_at, UtcMicros now) {
  const base::NoticeId notice = release.notice;
  // Whoever has not been told of the version before is told of this one.
  for (ThirdPartyDuty& duty : desk_.ThirdPartiesOf(notice)) {
    if (duty.version != release.version && !duty.told_at) {
      Put(ThirdPartyChanged{std::move(duty), true});
    }
  }
  const airspace::Declaration& content = airspace_.FindNotice(notice)->latest().declaration;
  if (content.data_mode != airspace::DataMode::kReal) return;  // nobody outside is told of a drill
  for (const agreement::ThirdParty& third : TermsFor(told_by).third_parties) {
    if (third.told_by != told_by) continue;
    ThirdPartyDuty duty;
    duty.notice = notice;
    duty.version = release.version;
    duty.name = third.name;
    duty.told_by = told_by;
    // By the clock of who releases, on both nodes alike.
    duty.due_at = {released_at.us + third.deadline_us};
    Put(ThirdPartyChanged{std::move(duty), false});
    Matter matter;
    matter.kind = MatterKind::kTellThird;
    matter.owed_by_peer = told_by != self_.party;
    matter.peer = told_by;
    matter.data_mode = content.data_mode;
    matter.notice = notice;
    matter.subject = release.version;
    matter.third_party = third.name;
    matter.urgent = content.kind == airspace::NoticeKind::kHazard;
    OpenMatter(std::move(matter), now);
  }
}

Result<void> Core::TakeTold(base::PartyId told_by, const SealedAct& act, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(ThirdPartyDuty duty, OpenDutyOf(told_by, act));
  const auto& told = std::get<MarkTold>(act.act.body);
  duty.told_at = act.act.at;
  duty.act = act.digest;
  duty.role = act.act.role;
  duty.receipt = told.receipt;
  for (const Matter* matter : desk_.OpenMattersOf(duty.version)) {
    if (matter->kind == MatterKind::kTellThird && matter->third_party == duty.name) {
      CloseMatter(*matter, "told", now);
    }
  }
  Put(ThirdPartyChanged{std::move(duty), false});
  return {};
}

Result<ThirdPartyDuty> Core::OpenDutyOf(base::PartyId told_by, const SealedAct& act) const {
  const auto& told = std::get<MarkTold>(act.act.body);
  const ThirdPartyDuty* duty = desk_.FindThirdParty(told, told.third_party);
  if (duty == nullptr || duty->told_by != told_by) {
    return Fail(ErrorCode::kNotFound, "/third_party",
                "must be one that this party has to tell of this version", told.third_party);
  }
  if (duty->told_at && duty->act != act.digest) {
    return Fail(ErrorCode::kConflict, "/third_party", "must not have been told of this version",
                base::FormatRfc3339(*duty->told_at));
  }
  return *duty;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const MarkTold&, line::Now now) {
  WB_RETURN_IF_ERROR(OpenDutyOf(self_.party, request.act));
  WB_RETURN_IF_ERROR(TellEveryLine(request, now));
  WB_RETURN_IF_ERROR(TakeTold(self_.party, request.act, now.utc));
  return airspace::Decision();
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const MarkTold&, std::string_view,
                            UtcMicros now) {
  return TakeTold(line.peer, act, now);
}

// ---- Exchanges

Result<const Exchange*> Core::ExchangeWith(base::Uuid id, std::optional<base::PartyId> peer) const {
  const Exchange* found = desk_.FindExchange(id);
  if (found != nullptr && (!peer || found->peer == *peer)) return found;
  return Fail(ErrorCode::kNotFound, "/exchange", "must be an exchange that was entered",
              id.ToString());
}

void Core::ForgetOldExchanges() {
  while (desk_.exchanges().size() > kExchangesKept ||
         (desk_.exchange_text_bytes() > kExchangeTextBytesKept && desk_.exchanges().size() > 1)) {
    Put(ExchangeForgotten{desk_.oldest_exchange()->id});
  }
}

// ---- Each kind, by either side. `side` says whose it is.

Result<void> Core::TakeAccount(base::PartyId peer, size_t side, const SealedAct& act,
                               UtcMicros now) {
  const auto& body = std::get<exchange::EnterExchange>(act.act.body);
  Exchange exchange;
  if (const Exchange* known = desk_.FindExchange(body.account.exchange)) {
    if (known->peer != peer) {
      return Conflict("/exchange", "must be drawn anew for each exchange",
                      body.account.exchange.ToString());
    }
    exchange.id = known->id;
    exchange.number = known->number;
    exchange.entered_at = known->entered_at;
    exchange.accounts = known->accounts;
  } else {
    exchange.id = body.account.exchange;
    exchange.number = desk_.next_exchange_number();
    exchange.entered_at = now;
  }
  exchange.peer = peer;
  auto& stated = exchange.accounts[side];
  if (stated && stated->said.act == act.digest) return {};  // told twice
  const uint32_t entered = stated ? stated->entered + 1 : 1;
  stated = {body.account, SaidBy(act, now), entered};
  Put(ExchangeChanged{std::move(exchange)});
  ForgetOldExchanges();
  return {};
}

Result<void> Core::CheckReadout(base::PartyId peer, size_t side, const SealedAct& act,
                                std::string_view text) const {
  const auto& body = std::get<exchange::ProposeReadout>(act.act.body);
  WB_ASSIGN_OR_RETURN(const Exchange* exchange, ExchangeWith(body.exchange, peer));
  WB_RETURN_IF_ERROR(CheckText(text, body.readout_sha256, "/readout"));
  auto minutes = exchange::ParseMinutes(text);
  if (!minutes) return Fail(std::move(minutes).error().Under("/readout"));
  WB_RETURN_IF_ERROR(CheckExchange(minutes->exchange, body.exchange, "/readout/exchange"));
  if (const Readout* known = exchange->FindReadout(body.readout_sha256)) {
    if (known->said.act == act.digest) return {};
    return Conflict("/readout_sha256", "must not have been proposed already",
                    body.readout_sha256.ToHex());
  }
  if (exchange->ReadoutsOf(side == kOurs) >= exchange::kReadoutsMax) {
    return Fail(
        ErrorCode::kTooLarge, "/exchange",
        "must have at most " + std::to_string(exchange::kReadoutsMax) + " readouts of one side",
        body.exchange.ToString());
  }
  return {};
}

void Core::TakeReadout(size_t side, const SealedAct& act, std::string_view text, UtcMicros now) {
  const auto& body = std::get<exchange::ProposeReadout>(act.act.body);
  if (desk_.FindExchange(body.exchange)->FindReadout(body.readout_sha256) != nullptr) return;
  Put(ReadoutChanged{
      body.exchange,
      {body.readout_sha256, std::string(text), side == kOurs, SaidBy(act, now), {}}});
  ForgetOldExchanges();
}

Result<Readout> Core::SignedReadout(base::PartyId peer, size_t side, const SealedAct& act,
                                    UtcMicros now) const {
  const auto& body = std::get<exchange::SignReadout>(act.act.body);
  WB_ASSIGN_OR_RETURN(const Exchange* exchange, ExchangeWith(body.exchange, peer));
  const Readout* found = exchange->FindReadout(body.readout_sha256);
  if (found == nullptr) {
    return Fail(ErrorCode::kNotFound, "/readout_sha256", "must be a readout of this exchange",
                body.readout_sha256.ToHex());
  }
  WB_ASSIGN_OR_RETURN(const exchange::Minutes minutes, exchange::ParseMinutes(found->text));
  if (minutes.paragraphs.size() != body.agreed.size()) {
    return base::Invalid("/paragraphs",
                         "must be one verdict for each of the " +
                             std::to_string(minutes.paragraphs.size()) + " paragraphs",
                         std::to_string(body.agreed.size()));
  }
  Readout readout = *found;
  auto& signature = readout.signatures[side];
  if (signature && signature->said.act != act.digest) {
    return Conflict("/readout_sha256", "must not have been signed by this party; propose another",
                    base::FormatRfc3339(signature->said.at));
  }
  if (!signature) signature = {body.agreed, SaidBy(act, now)};
  return readout;
}

Result<void> Core::CheckStatement(base::PartyId peer, size_t side, const SealedAct& act,
                                  std::string_view text) const {
  const auto& body = std::get<exchange::PublishStatement>(act.act.body);
  WB_ASSIGN_OR_RETURN(const Exchange* exchange, ExchangeWith(body.exchange, peer));
  WB_RETURN_IF_ERROR(CheckText(text, body.statement_sha256, "/statement"));
  auto statement = exchange::ParseStatement(text);
  if (!statement) return Fail(std::move(statement).error().Under("/statement"));
  WB_RETURN_IF_ERROR(CheckExchange(statement->exchange, body.exchange, "/statement/exchange"));
  if (const StoredStatement* known = exchange->FindStatement(body.statement_sha256)) {
    if (known->said.act == act.digest) return {};
    return Conflict("/statement_sha256", "must not have been published already",
                    body.statement_sha256.ToHex());
  }
  if (exchange->StatementsOf(side == kOurs) >= exchange::kStatementsMax) {
    return Fail(
        ErrorCode::kTooLarge, "/exchange",
        "must have at most " + std::to_string(exchange::kStatementsMax) + " statements of one side",
        body.exchange.ToString());
  }
  return {};
}

void Core::TakeStatement(size_t side, const SealedAct& act, std::string_view text, UtcMicros now) {
  const auto& body = std::get<exchange::PublishStatement>(act.act.body);
  if (desk_.FindExchange(body.exchange)->FindStatement(body.statement_sha256) != nullptr) return;
  Put(StatementAdded{body.exchange,
                     {body.statement_sha256, std::string(text), side == kOurs, SaidBy(act, now)}});
  ForgetOldExchanges();
}

// ---- By a person here

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const exchange::EnterExchange& body, line::Now now) {
  std::optional<base::PartyId> to = request.to;
  if (const Exchange* known = desk_.FindExchange(body.account.exchange)) {
    if (to && *to != known->peer) {
      return Conflict("/to", "must be the party that the exchange is with", to->ToString());
    }
    to = known->peer;
  }
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(to));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kExchange, request.act.act.data_mode));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  WB_RETURN_IF_ERROR(TakeAccount(line->peer, kOurs, request.act, now.utc));
  return airspace::Decision();
}

// The line that an exchange is on, where dealings are agreed.
Result<Core::Line*> Core::LineOfExchange(base::Uuid id, const ActRequest& request) {
  WB_ASSIGN_OR_RETURN(const Exchange* exchange, ExchangeWith(id, request.to));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(exchange->peer));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kExchange, request.act.act.data_mode));
  return line;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const exchange::ProposeReadout& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineOfExchange(body.exchange, request));
  WB_RETURN_IF_ERROR(CheckReadout(line->peer, kOurs, request.act, request.beside));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeReadout(kOurs, request.act, request.beside, now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const exchange::SignReadout& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineOfExchange(body.exchange, request));
  WB_ASSIGN_OR_RETURN(Readout readout, SignedReadout(line->peer, kOurs, request.act, now.utc));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  Put(ReadoutChanged{body.exchange, std::move(readout)});
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const exchange::PublishStatement& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineOfExchange(body.exchange, request));
  WB_RETURN_IF_ERROR(CheckStatement(line->peer, kOurs, request.act, request.beside));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeStatement(kOurs, request.act, request.beside, now.utc);
  return airspace::Decision();
}

// ---- By one of the peer

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const exchange::EnterExchange&,
                            std::string_view, UtcMicros now) {
  return TakeAccount(line.peer, kTheirs, act, now);
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const exchange::ProposeReadout&,
                            std::string_view beside, UtcMicros now) {
  WB_RETURN_IF_ERROR(CheckReadout(line.peer, kTheirs, act, beside));
  TakeReadout(kTheirs, act, beside, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const exchange::SignReadout& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(Readout readout, SignedReadout(line.peer, kTheirs, act, now));
  Put(ReadoutChanged{body.exchange, std::move(readout)});
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const exchange::PublishStatement&,
                            std::string_view beside, UtcMicros now) {
  WB_RETURN_IF_ERROR(CheckStatement(line.peer, kTheirs, act, beside));
  TakeStatement(kTheirs, act, beside, now);
  return {};
}

}  // namespace wideberth::mechanism
