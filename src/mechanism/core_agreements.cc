// What is in force on each line, and what follows when that changes (MECHANISM 6.2, 8.1).
#include <algorithm>

#include "base/check.h"
#include "crypto/sha256.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using agreement::InForce;
using agreement::LineAgreements;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

// Notices checked anew in one turn: some milliseconds.
constexpr size_t kRecheckedInTurn = 64;

Terms TermsOf(const LineAgreements& agreements, const InForce& in_force) {
  if (in_force.agreement != nullptr) return Terms::Of(*in_force.agreement);
  agreement::Agreement floor;
  floor.terms = agreements.TermsOf(in_force);
  return Terms::Of(floor);
}

// What is nobody's line but this party's own (the check before a release, an unplanned hazard to refine) is judged as
// the strictest of all lines has it.
void Tighten(const Terms& other, Terms* terms) {
  const auto narrow = [](int64_t by, int64_t* value) { *value = std::min(*value, by); };
  narrow(other.tolerances.position_mm, &terms->tolerances.position_mm);
  narrow(other.tolerances.height_mm, &terms->tolerances.height_mm);
  narrow(other.tolerances.time_us, &terms->tolerances.time_us);
  for (size_t kind = 0; kind < agreement::kDeadlineKinds; ++kind) {
    agreement::DeadlineRule& rule = terms->deadlines.rules[kind];
    const agreement::DeadlineRule& theirs = other.deadlines.rules[kind];
    narrow(theirs.routine_us, &rule.routine_us);
    narrow(theirs.min_us, &rule.min_us);
    rule.share_of_time_to_start =
        std::min(rule.share_of_time_to_start, theirs.share_of_time_to_start);
    terms->ladder.highest[kind] = std::max(terms->ladder.highest[kind], other.ladder.highest[kind]);
  }
  terms->ladder.steps = std::min(terms->ladder.steps, other.ladder.steps);
  for (const agreement::ThirdParty& third : other.third_parties) {
    const auto known = std::find_if(
        terms->third_parties.begin(), terms->third_parties.end(),
        [&](const auto& t) { return t.name == third.name && t.told_by == third.told_by; });
    if (known == terms->third_parties.end()) {
      terms->third_parties.push_back(third);
    } else {
      narrow(third.deadline_us, &known->deadline_us);
    }
  }
  terms->ladder.near_start_us = std::max(terms->ladder.near_start_us, other.ladder.near_start_us);
}

// Whether all of it that is checked has ended by then.
bool IsOver(const airspace::Notice& notice, UtcMicros before) {
  for (const uint32_t checked : airspace::CheckedVersions(notice)) {
    const airspace::NoticeVersion& version = notice.versions[checked];
    for (const airspace::Volume4D& volume : version.declaration.volumes) {
      if (airspace::EffectiveWindow(notice, version, volume).end > before) return false;
    }
  }
  return true;
}

std::string Describe(const InForce& in_force, bool lost) {
  std::string text = "the safety floor";
  if (in_force.agreement != nullptr) {
    text = "agreement " + std::to_string(in_force.agreement->number) + ", " +
           in_force.agreement->digest.ToHex();
  }
  if (lost) text += ", separations widened while the line is lost";
  return text;
}

}  // namespace

void Core::SetAgreements(base::PartyId peer, LineAgreements agreements, UtcMicros now) {
  agreed_.insert_or_assign(peer, Agreed{std::move(agreements), {}, false, {}, {}, {}});
  Agreed& agreed = agreed_.at(peer);
  for (const KeptAgreement* kept : desk_.AgreementsOf(peer)) Count(*kept, &agreed, now);
  agreed.in_force = agreed.agreements.At(now);
  agreed.lost = IsLost(peer);
  Reconsider(&agreed);
  MakeRules();
}

const InForce* Core::FindInForce(base::PartyId peer) const {
  const auto found = agreed_.find(peer);
  return found == agreed_.end() ? nullptr : &found->second.in_force;
}

const LineAgreements* Core::FindAgreements(base::PartyId peer) const {
  const auto found = agreed_.find(peer);
  return found == agreed_.end() ? nullptr : &found->second.agreements;
}

bool Core::IsLost(base::PartyId peer) const {
  const std::vector<const Matter*> open = desk_.OpenMattersOf(SubjectOf(peer));
  return std::any_of(open.begin(), open.end(),
                     [](const Matter* matter) { return matter->kind == MatterKind::kLineLost; });
}

void Core::Reconsider(Agreed* agreed) {
  agreed->terms = TermsOf(agreed->agreements, agreed->in_force);
  const agreement::Terms terms = agreed->agreements.TermsOf(agreed->in_force);
  agreed->rules = agreed->lost ? agreement::WhileLost(terms) : terms.rules;
}

void Core::MakeRules() {
  std::vector<airspace::LineRules> lines;
  bool first = true;
  for (const auto& [peer, agreed] : agreed_) {
    lines.push_back({self_.party, peer, agreed.rules});
    if (first) {
      terms_ = agreed.terms;
    } else {
      Tighten(agreed.terms, &terms_);
    }
    first = false;
  }
  // A line that nothing was said of has what this node was given for all.
  for (const auto& [peer, known] : desk_.peers()) {
    if (agreed_.contains(peer)) continue;
    lines.push_back({self_.party, peer, given_rules_.Between(self_.party, peer)});
    Tighten(given_terms_, &terms_);
  }
  rules_ = airspace::RuleBook::OfLines(std::move(lines), crypto::Sha256);
  applier_.RulesChanged(rules_);
}

void Core::FollowAgreements(UtcMicros now) {
  bool changed = false;
  for (auto& [peer, agreed] : agreed_) {
    for (auto it = agreed.ending.begin(); it != agreed.ending.end();) {
      if (it->second > now) {
        ++it;
        continue;
      }
      CloseMattersOf(it->first, MatterKind::kAgreement, "ended", now);
      it = agreed.ending.erase(it);
    }
    const InForce in_force = agreed.agreements.At(now);
    const bool lost = IsLost(peer);
    if (in_force == agreed.in_force && lost == agreed.lost) continue;
    const base::Digest before = agreed.rules.digest();
    agreed.in_force = in_force;
    agreed.lost = lost;
    Reconsider(&agreed);
    if (agreed.rules.digest() == before) continue;
    changed = true;
    const Peer* known = desk_.FindPeer(peer);
    Journal("terms_changed", nullptr,
            (known != nullptr ? known->name : peer.ToString()) + ": " + Describe(in_force, lost),
            now);
  }
  if (!changed) return;
  // What has left the check stays out of it: nobody would find it from the other side.
  const UtcMicros over_before{now.us - rules_.widest().time_us};
  MakeRules();
  rechecked_ = 0;
  to_recheck_.clear();
  airspace_.VisitNotices(0, [&](uint64_t, const airspace::Notice& notice) {
    if (!IsOver(notice, over_before)) to_recheck_.push_back(notice.id);
    return true;
  });
  rechecking_ = true;
}

void Core::RecheckSome(UtcMicros now) {
  if (!rechecking_) return;
  for (size_t i = 0; i < kRecheckedInTurn && rechecked_ < to_recheck_.size(); ++i) {
    // One that has been evicted since is no longer to be checked.
    (void)DecideAs({}, airspace::Recheck{to_recheck_[rechecked_++]}, now).has_value();
  }
  if (rechecked_ < to_recheck_.size()) return;
  const auto adopted = DecideAs({}, airspace::AdoptRules{rules_.digest()}, now);
  CHECK_MSG(adopted.has_value(), "rules are adopted without conditions");
  rechecking_ = false;
  to_recheck_.clear();
}

const Terms& Core::TermsFor(base::PartyId peer) const {
  const auto found = agreed_.find(peer);
  if (found != agreed_.end()) return found->second.terms;
  return Knows(peer) ? given_terms_ : terms_;
}

bool Core::Knows(base::PartyId peer) const {
  return desk_.FindPeer(peer) != nullptr;
}

Terms Core::TermsUnder(const Matter& matter) const {
  const auto found = agreed_.find(matter.peer);
  if (found != agreed_.end() && matter.under != found->second.terms.agreement) {
    const agreement::Agreement* began = found->second.agreements.Find(matter.under);
    if (began != nullptr) return Terms::Of(*began);
  }
  return TermsFor(matter.peer);
}

bool Core::MayDeal(base::PartyId peer, agreement::Matter matter, airspace::DataMode mode) const {
  if (again_) return true;  // it was agreed when it was said
  const auto found = agreed_.find(peer);
  if (found == agreed_.end() || !found->second.in_force.on_floor()) return true;
  return agreement::HoldsOnFloor(matter) && mode == airspace::DataMode::kReal;
}

Result<void> Core::RequireAgreement(base::PartyId peer, agreement::Matter matter,
                                    airspace::DataMode mode) const {
  if (MayDeal(peer, matter, mode)) return {};
  const Peer* known = desk_.FindPeer(peer);
  return Fail(ErrorCode::kConflict, "/agreement",
              "must be in force: on the safety floor there are hazards, stop calls, receipts, line "
              "checks and agreements alone, and all of them real",
              "none is in force with " + (known != nullptr ? known->name : peer.ToString()));
}

// A person sees to it that they hear of it in another way, until it is over or there is an agreement.
void Core::OpenNotTold(base::PartyId peer, const SealedAct* act, const NoticeVersionRef& version,
                       const airspace::Declaration& declaration, UtcMicros now) {
  Journal(
      "not_told", act,
      desk_.FindPeer(peer)->name + ": no agreement in force covers " + version.notice.ToString(),
      now);
  Matter matter;
  matter.kind = MatterKind::kNotTold;
  matter.peer = peer;
  matter.data_mode = declaration.data_mode;
  matter.notice = version.notice;
  matter.subject = version.version;
  matter.urgent = declaration.kind == airspace::NoticeKind::kHazard;
  matter.starts_at = airspace::EarliestStart(declaration);
  OpenMatter(std::move(matter), now);
}

}  // namespace wideberth::mechanism
