// Two or three parties, each with a core of its own, joined pairwise by lines that a test holds in its hand: frames
// pass after a delay or are lost, nodes crash and start again, and one clock runs for all of them, unless a test sets
// one wrong. Every change of a node is taken by way of its binary form into a second copy, which must be the same.
//
//   Parties parties;
//   parties.Connect();
//   const base::Digest version = parties.Release(0, 1, TestHazard());
//   parties.Run(kSecond);
//   EXPECT_TRUE(parties.ReadBack(1, 1).has_value());
#ifndef WIDEBERTH_MECHANISM_TESTING_PARTIES_H_
#define WIDEBERTH_MECHANISM_TESTING_PARTIES_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/rules.h"
#include "airspace/state.h"
#include "airspace/testing/world.h"
#include "base/random.h"
#include "line/testing/pair.h"
#include "mechanism/core.h"
#include "mechanism/desk.h"
#include "mechanism/testing/values.h"

namespace wideberth::mechanism::testing {

inline constexpr int64_t kSecond = base::kMicrosPerSecond;
inline constexpr int64_t kMinute = base::kMicrosPerMinute;
inline constexpr size_t kBoth[] = {0, 1};  // sides

// What a node holds and how its core changes it.
class Side final : public Applier {
 public:
  void Apply(std::vector<airspace::Effect> effects) override;
  void Apply(DeskEffect effect) override;
  void Apply(uint32_t line, const line::Effect& effect) override;

  // A state and a desk that all effects since the beginning have been applied to.
  std::unique_ptr<airspace::State> state = std::make_unique<airspace::State>();
  Desk desk;
  std::map<uint32_t, line::testing::Disk> lines;
  std::vector<std::string> journal;

  std::unique_ptr<Core> core;           // null: the node is down
  std::unique_ptr<line::Endpoint> raw;  // in its place: says whatever a test wants said (SendRaw)
  size_t raw_to = 0;
  uint8_t starts = 0;
  int64_t clock_offset_us = 0;
  std::vector<PeerTrouble> troubles;

  // All effects, applied to an empty state and an empty desk; as Canonical() of both.
  base::Bytes Canonical() const;
  base::Bytes Replayed() const;
  // What a backup of now would hold; its node is down.
  std::unique_ptr<Side> Copy() const;

 private:
  std::vector<base::Bytes> airspace_log_;
  std::vector<base::Bytes> desk_log_;
};

struct Flight {
  size_t from = 0;
  size_t to = 0;
  std::string bytes;
  int64_t due_us = 0;
};

class Parties {
 public:
  // `chain`: each has a line to its neighbours alone.
  explicit Parties(size_t count = 2, Terms terms = {}, bool chain = false);
  ~Parties();

  Side& side(size_t n) { return *sides_[n]; }
  Core& core(size_t n) { return *sides_[n]->core; }
  const Desk& desk(size_t n) const { return sides_[n]->desk; }
  const std::vector<std::string>& journal(size_t n) const { return sides_[n]->journal; }
  const airspace::State& state(size_t n) const { return *sides_[n]->state; }
  const airspace::RuleBook& rules() const { return rules_; }
  const Terms& terms() const { return terms_; }
  // What two of them have agreed on, from here on, on both sides.
  void Agree(size_t a, size_t b, std::vector<agreement::Agreement> agreements);
  // An agreement of two of them: everything keeps `lateral_km` apart.
  static agreement::Agreement MakeAgreement(size_t a, size_t b, int64_t number, int64_t lateral_km,
                                            base::UtcMicros effective_from);
  static base::PartyId party(size_t n);
  line::Now now(size_t n) const;
  int64_t now_us() const { return now_us_; }

  // Asked of every frame when it is sent; false loses it.
  std::function<bool(const Flight&)> passes = [](const Flight&) { return true; };
  int64_t delay_us = 10'000;
  size_t paths =
      1;  // of each line, from the next start of a node on; frames cross whichever they go on
  bool ticks = true;  // every node is told once a second that time passes

  void Connect();  // all paths up
  // Connects, lets the lines come up, and answers the line checks of the start.
  void Settle();
  void AnswerLineChecks(size_t n);
  void SetPath(size_t a, size_t b, bool up);
  void Crash(size_t n);  // frames under way to and from it are lost; what it holds stays
  void Start(size_t n);  // from what it holds
  void SetBack(size_t n, const Side& copy);  // crashes it and starts it from an old copy
  void Run(int64_t us);
  // Ends the turn of a node.
  void Turn(size_t n);

  // ---- What people do. Each ends the turn.

  SealedAct Seal(size_t n, operators::Role role, ActBody body,
                 airspace::DataMode mode = airspace::DataMode::kReal, uint8_t nth = 0);
  base::Result<ActResult> Do(size_t n, const ActRequest& request);
  // By the lowest role that may do it.
  base::Result<ActResult> Do(size_t n, ActBody body, std::optional<size_t> to = std::nullopt);
  base::Result<ActResult> DoAs(size_t n, operators::Role role, ActBody body,
                               std::optional<size_t> to = std::nullopt);

  // A release of the declaration, with the check of the act as given.
  ActRequest ReleaseRequest(size_t n, uint8_t notice, const airspace::Declaration& declaration,
                            ReleaseCheck check) {
    return ReleaseRequest(n, airspace::testing::TestNotice(notice), declaration, check);
  }
  ActRequest ReleaseRequest(size_t n, base::NoticeId notice,
                            const airspace::Declaration& declaration, ReleaseCheck check);
  // Stores a draft, written by the nth duty officer.
  base::Result<airspace::Decision> Draft(size_t n, uint8_t notice,
                                         const airspace::Declaration& declaration, uint8_t nth = 0);
  // Drafts, has a second person enter the right values, releases; CHECKs that all of it is done. An unplanned hazard is
  // released at once.
  base::Digest Release(size_t n, uint8_t notice, const airspace::Declaration& declaration);
  // A held plan.
  base::Result<airspace::Decision> Hold(size_t n, uint8_t notice,
                                        const airspace::Declaration& declaration);
  // The right reading of the newest version of a notice there, or `reading`.
  base::Result<ActResult> ReadBack(size_t n, uint8_t notice,
                                   std::optional<Reading> reading = std::nullopt);
  // The right reading for an all-clear that waits.
  base::Result<ActResult> ReadBackAllClear(size_t n, uint8_t notice);

  // What party n says of a conflict as it stands there.
  base::Result<ActResult> MarkSeen(size_t n, const base::Digest& conflict);
  base::Result<ActResult> Propose(size_t n, const base::Digest& conflict, std::string measures);

  // The keys of a party as they are after so many changes, what its card says, and the change to the next.
  static std::string CardText(size_t n, uint8_t changes);
  base::Result<void> ChangeKeys(size_t n, std::vector<crypto::PublicKey> revoked = {});
  // The one in force.
  line::PartyCard Card(size_t n) const;
  const crypto::SecretKey& message_key(size_t n) const { return *message_keys_[n].front(); }

  // Writes a message in the name of party n, whatever is in it. Its node is down from here until Start.
  void SendRaw(size_t n, size_t to, std::string_view type, std::string body, uint32_t major = 1);
  // The body of an act's message.
  static std::string ActMessage(std::string_view envelope, std::string_view declaration = {});

  // ---- What there is to see.

  const airspace::Notice* notice(size_t n, uint8_t notice) const;
  base::Digest Latest(size_t n, uint8_t notice) const;
  std::vector<Matter> OpenMatters(size_t n, std::optional<MatterKind> kind = std::nullopt) const;
  std::vector<airspace::Conflict> LiveConflicts(size_t n) const;
  Counts CountsOf(size_t n, size_t peer, airspace::DataMode mode = airspace::DataMode::kReal) const;
  const Call* LastCall(size_t n, operators::ActKind kind) const;
  line::LinkState Link(size_t n, size_t peer) const;
  // Every frame that was ever sent from a to b, with the payloads of the envelopes inside, and of those inside them,
  // decoded beside it.
  std::string Wire(size_t from, size_t to) const;
  size_t frames_sent() const { return frames_sent_; }

  base::SeededRandom random{7};

 private:
  bool Step(int64_t until_us);
  void TickAll();

  const airspace::RuleBook rules_;
  const Terms terms_;
  const geo::HeightModel heights_;
  std::vector<line::OwnKeys> message_keys_;  // of each party, the newest first
  std::vector<uint8_t> key_changes_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::map<std::pair<size_t, size_t>, agreement::LineAgreements> agreed_;  // a < b
  std::map<std::pair<size_t, size_t>, bool> path_up_;                      // a < b
  std::vector<Flight> flights_;
  std::map<std::pair<size_t, size_t>, std::vector<std::string>> sent_;
  size_t frames_sent_ = 0;
  int64_t now_us_ = 0;
  int64_t next_tick_us_ = 0;
};

}  // namespace wideberth::mechanism::testing

#endif  // WIDEBERTH_MECHANISM_TESTING_PARTIES_H_
