// The people of the simulated nodes: duty officers, cell heads and deputy chiefs who do, at random, everything that an
// operator can, in a small area, so that notices meet. What the node answered and made durable is remembered.
#ifndef WIDEBERTH_SIM_PEOPLE_H_
#define WIDEBERTH_SIM_PEOPLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "mechanism/core.h"
#include "operators/role.h"
#include "sim/machine.h"
#include "sim/trace.h"

namespace wideberth::sim {

// A plan that must never leave its node.
struct HeldPlan {
  base::NoticeId id;
  base::PartyId party;
  std::vector<std::string> coordinates;  // as its text has them
};

class People {
 public:
  // With `agree` they propose, sign and denounce agreements too.
  People(base::SeededRandom* random, const Trace* trace, bool agree)
      : random_(*random), trace_(*trace), agree_(agree) {}

  // The accounts of a node that has just been made.
  void TakeOffice(Machine& machine);
  // One of them does something.
  void Act(Machine& machine);
  // They deal with everything that waits here, rightly, and confirm the lines that have recovered.
  void DealWithEverything(Machine& machine);
  void ConfirmLines(Machine& machine);

  // Acts that a node has answered to be durable, by the node.
  const std::set<base::Digest>& acknowledged(size_t machine) { return acknowledged_[machine]; }
  // Its disk is set back to what it was when these had been answered.
  void SetBack(size_t machine, std::set<base::Digest> acknowledged) {
    acknowledged_[machine] = std::move(acknowledged);
  }
  const std::vector<HeldPlan>& held() const { return held_; }
  uint64_t done() const { return done_; }
  uint64_t refused() const { return refused_; }

 private:
  mechanism::SealedAct Seal(const Machine& machine, operators::Role role, mechanism::ActBody body,
                            airspace::DataMode mode);
  void Do(Machine& machine, mechanism::ActBody body,
          airspace::DataMode mode = airspace::DataMode::kReal,
          std::optional<base::PartyId> to = std::nullopt);
  void Submit(Machine& machine, mechanism::ActRequest request, bool draft_first);

  airspace::Declaration DrawDeclaration(const Machine& machine, airspace::NoticeKind kind);
  mechanism::ActRequest ReleaseRequest(const Machine& machine, base::NoticeId id,
                                       const airspace::Declaration& declaration,
                                       mechanism::ReleaseCheck check);
  const airspace::Notice* DrawNotice(const Machine& machine, bool own);
  const mechanism::Matter* DrawMatter(const Machine& machine);
  base::PartyId DrawPeer(const Machine& machine);
  mechanism::Place DrawPlace();

  void ActOnOwn(Machine& machine);
  void ActOnPeers(Machine& machine);
  void Call(Machine& machine);
  void OpenOrCloseExercise(Machine& machine);
  void ArmDeadMan(Machine& machine);
  void ActOnConflict(Machine& machine);
  void ActOnAgreement(Machine& machine);
  void Propose(Machine& machine, base::PartyId peer, std::optional<base::Digest> counters);
  void Hold(Machine& machine);
  void ReleaseHeld(Machine& machine);
  void DealWith(Machine& machine, const mechanism::Matter& matter, bool rightly);
  void CompareKeys(Machine& machine, base::PartyId peer, bool rightly);
  void AnswerProposal(Machine& machine, const mechanism::Matter& matter);
  void LookAtConflict(Machine& machine, const mechanism::Matter& matter);
  void ReadBack(Machine& machine, const mechanism::Matter& matter, bool rightly);
  void AnswerCall(Machine& machine, const mechanism::Call& call, bool rightly);

  base::SeededRandom& random_;
  const Trace& trace_;
  const bool agree_;
  std::map<size_t, std::set<base::Digest>> acknowledged_;
  std::vector<HeldPlan> held_;
  uint64_t done_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_PEOPLE_H_
