#include "mechanism/desk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "journal/journal.h"
#include "mechanism/desk_codec.h"

namespace wideberth::mechanism {
namespace {

// Closed ones that are kept to be looked at; the log has them all.
constexpr size_t kClosedMattersKept = 10'000;
constexpr size_t kClosedCallsKept = 10'000;
constexpr std::string_view kDeadManStates[] = {"disarmed", "armed", "raised"};

template <class Map>
void Keep(bool kept, const typename Map::key_type& key, const typename Map::mapped_type& value,
          Map* map) {
  if (kept) {
    map->insert_or_assign(key, value);
  } else {
    map->erase(key);
  }
}

// Whether it is about a draft.
bool KeepOfDraft(const DeskEffect& effect, std::map<base::NoticeId, ReleaseChecked>* checks,
                 std::map<base::NoticeId, Drafted>* drafts) {
  if (const auto* checked = std::get_if<ReleaseChecked>(&effect)) {
    Keep(!checked->key_id.empty(), checked->notice, *checked, checks);
    return true;
  }
  const auto* drafted = std::get_if<Drafted>(&effect);
  if (drafted != nullptr) Keep(!drafted->key_ids.empty(), drafted->notice, *drafted, drafts);
  return drafted != nullptr;
}

}  // namespace

std::string_view Name(DeadManState state) {
  return kDeadManStates[static_cast<size_t>(state)];
}

base::Result<void> CheckTurned(const Call& warning) {
  const auto turning = [](const CallAnswer& answer) {
    return answer.answer == Name(IncursionAnswer::kTurning);
  };
  if (std::any_of(warning.answers.begin(), warning.answers.end(), turning)) return {};
  return base::Fail(base::ErrorCode::kConflict, "/answers",
                    "must have been answered with turning; else it ends as unanswered",
                    warning.answers.empty() ? "no answer" : warning.answers.back().answer);
}

void Durations::Add(int64_t us) {
  ++count;
  // Of times that a peer has signed, which may be any.
  if (__builtin_add_overflow(sum_us, us, &sum_us)) {
    sum_us = us < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
  max_us = std::max(max_us, us);
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(0, us) / 1000);
  const auto bucket = static_cast<size_t>(std::bit_width(ms));
  ++by_log2_ms[std::min(bucket, by_log2_ms.size() - 1)];
}

int64_t Durations::QuantileUs(double share) const {
  // The smallest count that is at least this share; a product that is a whole number but for its rounding is that.
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count) - 1e-9));
  uint64_t seen = 0;
  // The last has no upper end.
  for (size_t bucket = 0; bucket + 1 < by_log2_ms.size(); ++bucket) {
    seen += by_log2_ms[bucket];
    if (seen >= wanted && seen > 0) return std::min(max_us, (int64_t{1} << bucket) * 1000);
  }
  return max_us;
}

void Desk::ApplyMatter(const Matter& matter) {
  if (const auto old = matters_.find(matter.number); old != matters_.end() && old->second.open()) {
    const auto of = by_subject_.find(old->second.subject);
    of->second.erase(matter.number);
    if (of->second.empty()) by_subject_.erase(of);
    by_next_climb_.erase({old->second.next_climb_at, matter.number});
  }
  matters_.insert_or_assign(matter.number, matter);
  next_matter_ = std::max(next_matter_, matter.number + 1);
  Touch(rows::OfMatter(matter.number));
  if (matter.open()) {
    closed_matters_.erase(matter.number);
    by_subject_[matter.subject].insert(matter.number);
    if (matter.next_climb_at != base::kTimeOpenEnd) {
      by_next_climb_.insert({matter.next_climb_at, matter.number});
    }
    return;
  }
  closed_matters_.insert(matter.number);
  while (closed_matters_.size() > kClosedMattersKept) {
    const uint64_t oldest = *closed_matters_.begin();
    Touch(rows::OfMatter(oldest));
    matters_.erase(oldest);
    closed_matters_.erase(oldest);
  }
}

void Desk::ApplyCall(const Call& call) {
  Touch(rows::kCalls);
  const auto order = [](const Call& each) { return std::pair(each.stored_at, each.id); };
  if (const auto old = calls_.find(call.id); old != calls_.end()) {
    if (old->second.closed_at) closed_calls_.erase(order(old->second));
    by_next_repeat_.erase({old->second.sending.next_repeat_at, call.id});
  }
  calls_.insert_or_assign(call.id, call);
  if (!call.closed_at && call.sending.next_repeat_at != base::kTimeOpenEnd) {
    by_next_repeat_.insert({call.sending.next_repeat_at, call.id});
  }
  if (!call.closed_at) return;
  // The newest closed ones are kept, whatever was open meanwhile, so a log behind a row gives the same.
  closed_calls_.insert(order(call));
  if (closed_calls_.size() <= kClosedCallsKept) return;
  calls_.erase(closed_calls_.begin()->second);
  closed_calls_.erase(closed_calls_.begin());
}

void Desk::ApplyAwaited(const AwaitedChanged& changed) {
  const Awaited& awaited = changed.awaited;
  Keep(!changed.done, awaited.message, awaited, &awaited_);
  if (awaited.kind == operators::ActKind::kWithdraw) {
    const std::pair key(awaited.notice, awaited.message);
    changed.done ? void(withdrawing_.erase(key)) : void(withdrawing_.insert(key));
  }
  Touch(rows::kAwaited);
}

void Desk::ApplyToRecord(const ToRecordChanged& changed) {
  const ToRecord& to_record = changed.to_record;
  const std::pair entry(to_record.peer, to_record.seq);
  if (changed.done) {
    to_record_.erase(to_record_.lower_bound({to_record.peer, 0}), to_record_.upper_bound(entry));
  } else {
    to_record_.insert_or_assign(entry, to_record);
  }
  Touch(rows::kAwaited);
}

void Desk::ApplyThirdParty(const ThirdPartyChanged& told) {
  const ThirdPartyDuty& duty = told.duty;
  Keep(!told.forgotten, ThirdPartyKey(duty.notice, duty.version, duty.name), duty, &third_parties_);
  Touch(rows::kThirdParties);
}

void Desk::Apply(const DeskEffect& effect) {
  if (const auto* peer = std::get_if<PeerChanged>(&effect)) {
    peers_.insert_or_assign(peer->peer.id, peer->peer);
    Touch(rows::kPeers);
  } else if (const auto* account = std::get_if<AccountChanged>(&effect)) {
    accounts_.insert_or_assign(account->account.name, account->account);
    Touch(rows::kAccounts);
  } else if (const auto* matter = std::get_if<MatterChanged>(&effect)) {
    ApplyMatter(matter->matter);
  } else if (const auto* call = std::get_if<CallChanged>(&effect)) {
    ApplyCall(call->call);
  } else if (const auto* awaited = std::get_if<AwaitedChanged>(&effect)) {
    ApplyAwaited(*awaited);
  } else if (const auto* recorded = std::get_if<ToRecordChanged>(&effect)) {
    ApplyToRecord(*recorded);
  } else if (const auto* held = std::get_if<HeldBackChanged>(&effect)) {
    Keep(!held->done, {held->held.peer, held->held.number}, held->held, &held_back_);
    Touch(rows::kAwaited);
  } else if (const auto* counts = std::get_if<CountsChanged>(&effect)) {
    counts_.insert_or_assign(counts->key, counts->counts);
    Touch(rows::kCounts);
  } else if (const auto* basis = std::get_if<BasisSigned>(&effect)) {
    Keep(basis->basis != base::Digest(), basis->conflict, basis->basis, &bases_signed_);
    Touch(rows::kBases);
  } else if (const auto* heard = std::get_if<BasisHeard>(&effect)) {
    Keep(!heard->text.empty(), heard->conflict, heard->text, &bases_heard_);
    Touch(rows::kBases);
  } else if (const auto* journal = std::get_if<JournalWritten>(&effect)) {
    if (journal->seq == journal_size_ + 1) {  // a row may hold it already
      journal_size_ = journal->seq;
      journal_last_ = journal::LinkAfter(journal_last_, journal->text);
      Touch(rows::kFacts);
    }
  } else if (const auto* scheduled = std::get_if<LineCheckScheduled>(&effect)) {
    next_line_check_.insert_or_assign({scheduled->peer, scheduled->theirs}, scheduled->next_at);
    Touch(rows::kFacts);
  } else if (KeepOfDraft(effect, &release_checks_, &drafted_)) {
    Touch(rows::kReleaseChecks);
  } else if (const auto* told = std::get_if<ThirdPartyChanged>(&effect)) {
    ApplyThirdParty(*told);
  } else if (const auto* known = std::get_if<ProvenanceChanged>(&effect)) {
    Keep(!known->forgotten, known->provenance.notice, known->provenance, &provenances_);
    Touch(rows::kProvenances);
  } else if (const auto* own = std::get_if<OwnCardChanged>(&effect)) {
    own_card_ = own->own;
    Touch(rows::kOwnCard);
  } else if (const auto* changed = std::get_if<ExerciseChanged>(&effect)) {
    exercises_.insert_or_assign(changed->exercise.peer, changed->exercise);
    Touch(rows::kExercises);
  } else if (const auto* dead = std::get_if<DeadManChanged>(&effect)) {
    dead_men_.insert_or_assign(dead->dead_man.name, dead->dead_man);
    Touch(rows::kDeadMen);
  } else if (const auto* given = std::get_if<HandoverChanged>(&effect)) {
    handover_ = given->handover;
    Touch(rows::kHandover);
  } else if (const auto* agreed = std::get_if<AgreementChanged>(&effect)) {
    Keep(!agreed->forgotten, {agreed->agreement.peer, agreed->agreement.digest}, agreed->agreement,
         &agreements_);
    Touch(rows::kAgreements);
  } else if (const auto* entered = std::get_if<ExchangeChanged>(&effect)) {
    ApplyExchange(entered->exchange);
  } else if (const auto* readout = std::get_if<ReadoutChanged>(&effect)) {
    ApplyReadout(*readout);
  } else if (const auto* statement = std::get_if<StatementAdded>(&effect)) {
    ApplyStatement(*statement);
  } else {
    ForgetExchange(std::get<ExchangeForgotten>(effect).exchange);
  }
}

void Desk::ApplyExchange(const exchange::Exchange& exchange) {
  // One number is one exchange, whatever a row said before.
  if (const auto old = exchange_numbers_.find(exchange.id);
      old != exchange_numbers_.end() && old->second != exchange.number) {
    ForgetExchange(exchange.id);
  }
  exchange::Exchange& kept = exchanges_[exchange.number];
  if (kept.id != exchange.id && kept.number != 0) {
    const base::Uuid replaced = kept.id;
    ForgetExchange(replaced);
  }
  exchange::Exchange& place = exchanges_[exchange.number];
  std::vector<exchange::Readout> readouts = std::move(place.readouts);
  std::vector<exchange::StoredStatement> statements = std::move(place.statements);
  place = exchange;
  place.readouts = std::move(readouts);
  place.statements = std::move(statements);
  exchange_numbers_[exchange.id] = exchange.number;
  Touch(rows::kFirstOfExchanges + exchange.number);
}

exchange::Exchange* Desk::TouchExchange(base::Uuid id) {
  const auto found = exchange_numbers_.find(id);
  if (found == exchange_numbers_.end()) return nullptr;
  Touch(rows::kFirstOfExchanges + found->second);
  return &exchanges_.at(found->second);
}

void Desk::ApplyReadout(const ReadoutChanged& changed) {
  exchange::Exchange* exchange = TouchExchange(changed.exchange);
  if (exchange == nullptr) return;
  for (exchange::Readout& each : exchange->readouts) {
    if (each.digest != changed.readout.digest) continue;
    exchange_text_bytes_ -= each.text.size();
    exchange_text_bytes_ += changed.readout.text.size();
    each = changed.readout;
    return;
  }
  exchange_text_bytes_ += changed.readout.text.size();
  exchange->readouts.push_back(changed.readout);
}

void Desk::ApplyStatement(const StatementAdded& added) {
  exchange::Exchange* exchange = TouchExchange(added.exchange);
  if (exchange == nullptr || exchange->FindStatement(added.statement.digest) != nullptr) return;
  exchange_text_bytes_ += added.statement.text.size();
  exchange->statements.push_back(added.statement);
}

void Desk::ForgetExchange(base::Uuid id) {
  const exchange::Exchange* exchange = TouchExchange(id);
  if (exchange == nullptr) return;
  for (const auto& each : exchange->readouts) exchange_text_bytes_ -= each.text.size();
  for (const auto& each : exchange->statements) exchange_text_bytes_ -= each.text.size();
  exchanges_.erase(exchange->number);
  exchange_numbers_.erase(id);
}

const exchange::Exchange* Desk::FindExchange(base::Uuid id) const {
  const auto found = exchange_numbers_.find(id);
  return found == exchange_numbers_.end() ? nullptr : &exchanges_.at(found->second);
}

const exchange::Exchange* Desk::oldest_exchange() const {
  return exchanges_.empty() ? nullptr : &exchanges_.begin()->second;
}

uint64_t Desk::next_exchange_number() const {
  return exchanges_.empty() ? 1 : exchanges_.rbegin()->first + 1;
}

const Peer* Desk::FindPeer(base::PartyId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

const operators::Account* Desk::FindAccount(std::string_view name) const {
  const auto found = accounts_.find(name);
  return found == accounts_.end() ? nullptr : &found->second;
}

const Matter* Desk::FindMatter(uint64_t number) const {
  const auto found = matters_.find(number);
  return found == matters_.end() ? nullptr : &found->second;
}

std::vector<const Matter*> Desk::OpenMattersOf(const base::Digest& subject) const {
  std::vector<const Matter*> found;
  const auto numbers = by_subject_.find(subject);
  if (numbers == by_subject_.end()) return found;
  for (const uint64_t number : numbers->second) found.push_back(&matters_.at(number));
  return found;
}

std::vector<uint64_t> Desk::DueMatters(base::UtcMicros now, size_t max) const {
  std::vector<uint64_t> due;
  for (const auto& [at, number] : by_next_climb_) {
    if (at > now || due.size() >= max) break;
    due.push_back(number);
  }
  return due;
}

base::UtcMicros Desk::next_climb_at() const {
  return by_next_climb_.empty() ? base::kTimeOpenEnd : by_next_climb_.begin()->first;
}

const Call* Desk::FindCall(base::Uuid id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second;
}

std::vector<base::Uuid> Desk::DueRepeats(base::UtcMicros now) const {
  std::vector<base::Uuid> due;
  for (const auto& [at, id] : by_next_repeat_) {
    if (at > now) break;
    due.push_back(id);
  }
  return due;
}

const Awaited* Desk::FindAwaited(const base::Digest& message) const {
  const auto found = awaited_.find(message);
  return found == awaited_.end() ? nullptr : &found->second;
}

bool Desk::IsWithdrawing(base::NoticeId notice) const {
  const auto found = withdrawing_.lower_bound({notice, base::Digest()});
  return found != withdrawing_.end() && found->first == notice;
}

std::vector<ToRecord> Desk::ToRecordUpTo(base::PartyId peer, uint64_t size) const {
  std::vector<ToRecord> found;
  for (auto it = to_record_.lower_bound({peer, 0});
       it != to_record_.end() && it->first <= std::pair(peer, size); ++it) {
    found.push_back(it->second);
  }
  return found;
}

std::vector<HeldBack> Desk::HeldBackFor(base::PartyId peer) const {
  std::vector<HeldBack> found;
  for (auto it = held_back_.lower_bound({peer, 0});
       it != held_back_.end() && it->first.first == peer; ++it) {
    found.push_back(it->second);
  }
  return found;
}

Counts Desk::CountsOf(const CountsKey& key) const {
  const auto found = counts_.find(key);
  return found == counts_.end() ? Counts() : found->second;
}

std::optional<base::Digest> Desk::SignedBasis(const base::Digest& conflict) const {
  const auto found = bases_signed_.find(conflict);
  return found == bases_signed_.end() ? std::nullopt : std::optional(found->second);
}

const std::string* Desk::HeardBasis(const base::Digest& conflict) const {
  const auto found = bases_heard_.find(conflict);
  return found == bases_heard_.end() ? nullptr : &found->second;
}

base::UtcMicros Desk::NextLineCheck(base::PartyId peer, bool theirs) const {
  const auto found = next_line_check_.find({peer, theirs});
  return found == next_line_check_.end() ? base::kTimeOpenStart : found->second;
}

const ReleaseChecked* Desk::FindReleaseCheck(base::NoticeId notice) const {
  const auto found = release_checks_.find(notice);
  return found == release_checks_.end() ? nullptr : &found->second;
}

std::vector<std::string> Desk::DraftersOf(base::NoticeId notice) const {
  const auto found = drafted_.find(notice);
  return found == drafted_.end() ? std::vector<std::string>() : found->second.key_ids;
}

std::vector<ThirdPartyDuty> Desk::ThirdPartiesOf(base::NoticeId notice) const {
  std::vector<ThirdPartyDuty> found;
  for (auto it = third_parties_.lower_bound(ThirdPartyKey(notice, {}, {}));
       it != third_parties_.end() && it->second.notice == notice; ++it) {
    found.push_back(it->second);
  }
  return found;
}

const ThirdPartyDuty* Desk::FindThirdParty(const NoticeVersionRef& version,
                                           const std::string& name) const {
  const auto found = third_parties_.find(ThirdPartyKey(version.notice, version.version, name));
  return found == third_parties_.end() ? nullptr : &found->second;
}

const Exercise* Desk::FindExercise(base::PartyId peer) const {
  const auto found = exercises_.find(peer);
  return found == exercises_.end() ? nullptr : &found->second;
}

const KeptAgreement* Desk::FindAgreement(base::PartyId peer, const base::Digest& digest) const {
  const auto found = agreements_.find({peer, digest});
  return found == agreements_.end() ? nullptr : &found->second;
}

std::vector<const KeptAgreement*> Desk::AgreementsOf(base::PartyId peer) const {
  std::vector<const KeptAgreement*> found;
  for (auto it = agreements_.lower_bound({peer, {}});
       it != agreements_.end() && it->first.first == peer; ++it) {
    found.push_back(&it->second);
  }
  return found;
}

std::vector<DeskEffect> Desk::Forgetting(
    const std::function<bool(base::NoticeId)>& is_there) const {
  std::vector<DeskEffect> gone;
  for (const auto& [notice, checked] : release_checks_) {
    if (!is_there(notice)) gone.emplace_back(ReleaseChecked{notice, {}, {}});
  }
  for (const auto& [notice, drafted] : drafted_) {
    if (!is_there(notice)) gone.emplace_back(Drafted{notice, {}});
  }
  for (const auto& [key, duty] : third_parties_) {
    if (!is_there(duty.notice)) gone.emplace_back(ThirdPartyChanged{duty, true});
  }
  for (const auto& [notice, known] : provenances_) {
    if (!is_there(notice)) gone.emplace_back(ProvenanceChanged{known, true});
  }
  return gone;
}

const Provenance* Desk::FindProvenance(base::NoticeId notice) const {
  const auto found = provenances_.find(notice);
  return found == provenances_.end() ? nullptr : &found->second;
}

const DeadMan* Desk::FindDeadMan(std::string_view name) const {
  const auto found = dead_men_.find(name);
  return found == dead_men_.end() ? nullptr : &found->second;
}

std::vector<uint64_t> Desk::TakeDirty() {
  std::vector<uint64_t> dirty(dirty_.begin(), dirty_.end());
  dirty_.clear();
  return dirty;
}

std::optional<base::Bytes> Desk::EncodeRow(uint64_t row) const {
  base::Bytes out;
  const auto put = [&](const DeskEffect& effect) { EncodeDeskEffect(effect, &out); };
  if (row == rows::kPeers) {
    for (const auto& [id, peer] : peers_) put(PeerChanged{peer});
  } else if (row == rows::kAccounts) {
    for (const auto& [name, account] : accounts_) put(AccountChanged{account});
  } else if (row == rows::kCalls) {
    for (const auto& [id, call] : calls_) put(CallChanged{call});
  } else if (row == rows::kAwaited) {
    for (const auto& [message, awaited] : awaited_) put(AwaitedChanged{awaited, false});
    for (const auto& [entry, to_record] : to_record_) put(ToRecordChanged{to_record, false});
    for (const auto& [entry, held] : held_back_) put(HeldBackChanged{held, false});
  } else if (row == rows::kCounts) {
    for (const auto& [key, counts] : counts_) put(CountsChanged{key, counts});
  } else if (row == rows::kBases) {
    for (const auto& [conflict, basis] : bases_signed_) put(BasisSigned{conflict, basis});
    for (const auto& [conflict, text] : bases_heard_) put(BasisHeard{conflict, text});
  } else if (row == rows::kFacts) {
    rows::EncodeFacts({journal_size_, journal_last_, next_matter_}, &out);
    for (const auto& [whose, at] : next_line_check_) {
      put(LineCheckScheduled{whose.first, whose.second, at});
    }
  } else if (row == rows::kReleaseChecks) {
    for (const auto& [notice, checked] : release_checks_) put(checked);
    for (const auto& [notice, drafted] : drafted_) put(drafted);
  } else if (row == rows::kThirdParties) {
    for (const auto& [key, duty] : third_parties_) put(ThirdPartyChanged{duty, false});
  } else if (row == rows::kProvenances) {
    for (const auto& [notice, known] : provenances_) put(ProvenanceChanged{known, false});
  } else if (row == rows::kExercises) {
    for (const auto& [peer, exercise] : exercises_) put(ExerciseChanged{exercise});
  } else if (row == rows::kOwnCard) {
    if (own_card_) put(OwnCardChanged{*own_card_});
  } else if (row == rows::kDeadMen) {
    for (const auto& [name, dead_man] : dead_men_) put(DeadManChanged{dead_man});
  } else if (row == rows::kHandover) {
    if (handover_) put(HandoverChanged{*handover_});
  } else if (row == rows::kAgreements) {
    for (const auto& [name, kept] : agreements_) put(AgreementChanged{kept, false});
  } else if (row > rows::kFirstOfExchanges) {
    const auto found = exchanges_.find(row - rows::kFirstOfExchanges);
    if (found == exchanges_.end()) return std::nullopt;
    const exchange::Exchange& exchange = found->second;
    put(ExchangeChanged{exchange});
    for (const auto& readout : exchange.readouts) put(ReadoutChanged{exchange.id, readout});
    for (const auto& each : exchange.statements) put(StatementAdded{exchange.id, each});
  } else {
    const uint64_t first = rows::FirstMatterOf(row);
    for (auto it = matters_.lower_bound(first);
         it != matters_.end() && it->first < first + rows::kMattersARow; ++it) {
      put(MatterChanged{it->second});
    }
    if (out.empty()) return std::nullopt;
  }
  return out;
}

base::Result<void> Desk::LoadRow(uint64_t row, base::ByteView bytes) {
  if (row == rows::kFacts) {
    WB_ASSIGN_OR_RETURN(const rows::Facts facts, rows::DecodeFacts(&bytes));
    journal_size_ = facts.journal_size;
    journal_last_ = facts.journal_last;
    next_matter_ = std::max(next_matter_, facts.next_matter);
  }
  while (!bytes.empty()) {
    WB_ASSIGN_OR_RETURN(const DeskEffect effect, DecodeDeskEffect(&bytes));
    Apply(effect);
  }
  dirty_.clear();
  return {};
}

base::Bytes Desk::Canonical() const {
  base::Bytes all;
  const auto add = [&](uint64_t row) {
    const std::optional<base::Bytes> bytes = EncodeRow(row);
    if (bytes) all.insert(all.end(), bytes->begin(), bytes->end());
  };
  for (uint64_t row = rows::kPeers; row <= rows::kLastOfFacts; ++row) add(row);
  for (auto it = matters_.begin(); it != matters_.end();) {
    const uint64_t row = rows::OfMatter(it->first);
    add(row);
    it = matters_.lower_bound(rows::FirstMatterOf(row) + rows::kMattersARow);
  }
  for (const auto& [number, exchange] : exchanges_) add(rows::kFirstOfExchanges + number);
  return all;
}

}  // namespace wideberth::mechanism
