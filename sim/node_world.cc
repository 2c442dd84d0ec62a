#include "sim/node_world.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "agreement/agreement.h"
#include "airspace/testing/world.h"
#include "base/check.h"
#include "base/time.h"
#include "crypto/sha256.h"
#include "line/party_card.h"
#include "mechanism/testing/values.h"
#include "sim/agreements.h"
#include "sim/people.h"

namespace wideberth::sim {
namespace {

constexpr int64_t kMs = 1'000;
constexpr int64_t kSecond = base::kMicrosPerSecond;
constexpr int64_t kRestWithinUs = 120 * kSecond;
constexpr int64_t kRestAfterUs = 8 * kSecond;
constexpr std::string_view kNames[] = {"north", "south", "east", "west", "centre"};

base::PartyId PartyOf(size_t index) {
  return airspace::testing::TestParty(static_cast<uint8_t>(index + 1));
}

// One a node, made once and copied: making and reading cards would cost more than a run.
const service::testing::MemoryKeys& KeysOf(size_t index) {
  static const std::vector<service::testing::MemoryKeys> all = [] {
    std::vector<service::testing::MemoryKeys> made;
    for (uint8_t n = 0; n < std::size(kNames); ++n) {
      made.emplace_back(PartyOf(n), std::string(kNames[n]),
                        mechanism::testing::MessageSeed(static_cast<uint8_t>(n + 1)),
                        mechanism::testing::kNoon);
    }
    return made;
  }();
  return all[index];
}

airspace::RuleBook MakeRules() {
  airspace::Rules::Content content = airspace::testing::TestRules().content();
  content.parties.clear();
  for (size_t n = 0; n < std::size(kNames); ++n) {
    content.parties.push_back({PartyOf(n), std::string(kNames[n])});
  }
  // So that a hazard can be cleared within a run.
  content.hazard_dwell_us.fill(0);
  return airspace::Rules::Make(std::move(content), crypto::Sha256(base::AsBytes("rules of sim")))
      .value();
}

// Short deadlines, each another, so that matters climb within a run and by the right one.
mechanism::Terms MakeTerms() {
  mechanism::Terms terms;
  for (size_t kind = 0; kind < agreement::kDeadlineKinds; ++kind) {
    terms.deadlines.rules[kind] = {static_cast<int64_t>(6 + kind) * kSecond, 3 * kSecond, 0.001};
  }
  terms.ladder.near_start_us = 90 * base::kMicrosPerMinute;
  terms.line_check_period_us = 25 * kSecond;
  // Everybody's machine may repeat warnings, and raise an area of its own.
  for (size_t n = 0; n < std::size(kNames); ++n) {
    agreement::StandingRelease repeats;
    repeats.kind = agreement::StandingReleaseKind::kIncursionWarning;
    repeats.name = "warnings of " + std::string(kNames[n]);
    repeats.party = PartyOf(n);
    repeats.lead_us = base::kMicrosPerHour;
    repeats.repeat_us = 3 * kSecond;
    agreement::StandingRelease area;
    area.name = "area of ";
    area.name += kNames[n];
    area.party = PartyOf(n);
    const auto lng_deg = 6.2 + 0.1 * static_cast<double>(n);
    area.area = geo::Outline::Circle(geo::MakePosition(46.4, lng_deg).value(), 3'000'000).value();
    terms.standing_releases.push_back(std::move(repeats));
    terms.standing_releases.push_back(std::move(area));
  }
  return terms;
}

// What goes wrong does so early; one in eight is long enough for what takes time, such as line checks that are missed.
int64_t DrawDay(base::SeededRandom* random) {
  return random->Below(8) == 0 ? random->Between(25 * kSecond, 60 * kSecond)
                               : random->Between(10 * kSecond, 25 * kSecond);
}

class NodeWorld final : public MachineWatcher {
 public:
  explicit NodeWorld(const NodeRunOptions& options);
  NodeReport Run();

  void OnFrames(const Machine& machine, std::vector<mechanism::ToSend> frames) override;
  void OnTrouble(const Machine& machine, const mechanism::PeerTrouble& trouble) override;
  void OnJournal(const Machine& machine, const std::string& text) override;
  void OnTurn(const Machine& machine, bool ticked) override;
  void OnDiskFailure(const Machine& machine) override;

 private:
  void MakeLines(size_t nodes);
  void MakeAgreements();
  void MakeMachines(size_t nodes, NodeFault fault);
  void PlanConditions(NodeLine& line);
  void PlanCuts(NodeLine& line);
  void PlanCrashes(size_t index);
  void PlanOldDisk(size_t index);
  void PlanPeople(size_t index);
  void PlanProjections(size_t index);
  void PlanDuty(size_t index);
  void Heal();
  void Finish();

  void Cut(NodeLine& line, size_t from, size_t path, bool begin);
  void SetEnds(size_t index, bool up);
  void Connect(NodeLine& line);
  void Start(size_t index);
  void Crash(size_t index);
  void SetBack(size_t index, std::set<base::Digest> answered);
  void Restart(size_t index);

  int64_t DrawTime() { return random_.Between(0, busy_us_); }
  bool OneIn(uint64_t n) { return random_.Below(n) == 0; }
  Machine& machine(size_t index) { return *machines_[index]; }
  NodeLine* LineOf(size_t index, base::PartyId peer);

  base::SeededRandom random_;
  Timeline timeline_;
  const Trace trace_;
  const airspace::RuleBook rules_ = MakeRules();
  const mechanism::Terms terms_ = MakeTerms();
  const bool old_disks_;
  const int64_t busy_us_;  // then everything is healed
  People people_;
  NodeInvariants invariants_;
  std::vector<std::unique_ptr<NodeLine>> lines_;
  std::vector<std::unique_ptr<Machine>> machines_;
  base::Digest frames_;  // a chain over all of them
  NodeReport report_;
};

NodeWorld::NodeWorld(const NodeRunOptions& options)
    : random_(options.seed),
      trace_(timeline_, options.trace),
      old_disks_(options.old_disks),
      busy_us_(DrawDay(&random_)),
      people_(&random_, &trace_, options.agreements),
      invariants_(&timeline_, &trace_, &people_) {
  const bool many = OneIn(8);
  report_.nodes = options.nodes != 0 ? options.nodes : many ? 5 : 2;
  MakeLines(report_.nodes);
  if (options.agreements) MakeAgreements();
  MakeMachines(report_.nodes, options.fault);
}

void NodeWorld::MakeLines(size_t nodes) {
  std::vector<std::pair<size_t, size_t>> ends = {{0, 1}};
  if (nodes == 5) ends = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}, {0, 2}};
  for (const auto& [a, b] : ends) {
    lines_.push_back(std::make_unique<NodeLine>());
    NodeLine& line = *lines_.back();
    line.a = a;
    line.b = b;
    const auto deliver = [this, &line](size_t to, size_t path, const line::SharedBytes& frame) {
      Machine& receiver = machine(to == 0 ? line.a : line.b);
      if (receiver.running()) receiver.Receive(PartyOf(to == 0 ? line.b : line.a), path, *frame);
    };
    line.network = std::make_unique<Network>(2, 1 + static_cast<size_t>(random_.Below(2)),
                                             &timeline_, &random_, deliver);
  }
}

// Each line begins under one that a file of both configurations has.
void NodeWorld::MakeAgreements() {
  for (const auto& line : lines_) {
    const std::array<airspace::PartyEntry, 2> parties = {{
        {PartyOf(line->a), std::string(kNames[line->a])},
        {PartyOf(line->b), std::string(kNames[line->b])},
    }};
    const AgreementTimes times{{mechanism::testing::kNoon.us - base::kMicrosPerHour}, {}};
    agreement::LineAgreements agreed(parties[0], parties[1]);
    const std::string text = DrawAgreement(parties, times, &random_);
    CHECK(agreed.Add(agreement::ParseAgreement(text).value()).has_value());
    line->agreements = std::move(agreed);
  }
}

void NodeWorld::MakeMachines(size_t nodes, NodeFault fault) {
  for (size_t index = 0; index < nodes; ++index) {
    MachineConfig config;
    config.index = index;
    config.party = PartyOf(index);
    config.keys = std::make_shared<service::testing::MemoryKeys>(KeysOf(index));
    for (const auto& line : lines_) {
      if (line->a != index && line->b != index) continue;
      config.peers.push_back({KeysOf(line->a == index ? line->b : line->a).FirstCard().value(),
                              line->network->paths()});
      const base::PartyId peer = PartyOf(line->a == index ? line->b : line->a);
      if (line->agreements) config.agreements.emplace(peer, *line->agreements);
    }
    config.terms = terms_;
    config.wall_offset_us = random_.Between(-300 * kMs, 300 * kMs);
    // A clock that is off by up to a minute.
    if (OneIn(8)) config.wall_offset_us *= 200;
    config.wall_drift_ppm = random_.Between(-200, 200);
    config.monotonic_drift_ppm = random_.Between(-200, 200);
    config.fault = fault;
    machines_.push_back(
        std::make_unique<Machine>(std::move(config), rules_, &timeline_, &random_, this));
    invariants_.Watch(machines_.back().get());
  }
  for (const auto& line : lines_) invariants_.Watch(line.get());
}

NodeLine* NodeWorld::LineOf(size_t index, base::PartyId peer) {
  for (const auto& line : lines_) {
    if (line->a == index && PartyOf(line->b) == peer) return line.get();
    if (line->b == index && PartyOf(line->a) == peer) return line.get();
  }
  return nullptr;
}

// ---- The plan ----

void NodeWorld::PlanConditions(NodeLine& line) {
  const bool rough = !OneIn(4);
  for (size_t path = 0; path < line.network->paths(); ++path) {
    for (size_t from = 0; from < 2; ++from) {
      Conditions conditions;
      conditions.delay_us = random_.Between(100, 80 * kMs);
      conditions.jitter_us = random_.Between(0, 100 * kMs);
      if (rough) {
        conditions.loss = random_.Unit() * random_.Unit() * 0.4;
        conditions.duplication = random_.Unit() * 0.2;
        conditions.straying = random_.Unit() * 0.1;
        conditions.straying_us = random_.Between(0, 4 * kSecond);
      }
      line.network->SetConditions(from, 1 - from, path, conditions);
    }
  }
}

void NodeWorld::PlanCuts(NodeLine& line) {
  for (uint64_t cut = random_.Below(3); cut > 0; --cut) {
    ++report_.cuts;
    const int64_t begin_us = DrawTime();
    const int64_t length_us =
        OneIn(2) ? random_.Between(0, 5 * kSecond) : random_.Between(9 * kSecond, 25 * kSecond);
    const int64_t end_us = std::min(begin_us + length_us, busy_us_);
    const uint64_t ways = random_.Below(3);  // from the one, from the other, both
    for (size_t path = 0; path < line.network->paths(); ++path) {
      for (size_t from = 0; from < 2; ++from) {
        if (ways != 2 && ways != from) continue;
        timeline_.At(begin_us, [=, this, &line] { Cut(line, from, path, true); });
        timeline_.At(end_us, [=, this, &line] { Cut(line, from, path, false); });
      }
    }
  }
}

void NodeWorld::PlanCrashes(size_t index) {
  for (uint64_t crash = random_.Below(3); crash > 0; --crash) {
    const bool in_sync = !OneIn(3);
    timeline_.At(DrawTime(), [=, this] {
      if (!machine(index).running()) return;
      if (in_sync) {
        machine(index).FailNextTurn();
      } else {
        Crash(index);
      }
    });
  }
}

// A copy of the disk of one node is made, and takes its place some time after.
void NodeWorld::PlanOldDisk(size_t index) {
  const int64_t copied_us = random_.Between(3 * kSecond, busy_us_ - 2 * kSecond);
  timeline_.At(copied_us, [=, this] {
    if (!machine(index).running()) return;
    trace_.Say([&] { return fmt::format("the disk of {} is copied", machine(index).name()); });
    machine(index).KeepCopy();
    timeline_.At(random_.Between(timeline_.now_us(), busy_us_),
                 [=, this, answered = people_.acknowledged(index)] { SetBack(index, answered); });
  });
}

void NodeWorld::PlanPeople(size_t index) {
  timeline_.After(random_.Between(50 * kMs, kSecond), [=, this] {
    if (timeline_.now_us() >= busy_us_) return;
    if (machine(index).running()) {
      people_.Act(machine(index));
      if (OneIn(3)) people_.ConfirmLines(machine(index));
    }
    PlanPeople(index);
  });
}

void NodeWorld::PlanProjections(size_t index) {
  timeline_.After(random_.Between(kSecond, 20 * kSecond), [=, this] {
    // A disk that fails here fails the next turn too, or costs a longer start.
    if (machine(index).running()) (void)machine(index).WriteProjection().has_value();
    PlanProjections(index);
  });
}

namespace {

// Its keys were changed after the copy that it was set back to, and it says so to everybody who asks it to sign.
bool AsksForStart(const Machine& machine) {
  const base::Result<void> may_sign = machine.core().RequireMaySign();
  return !may_sign && may_sign.error().rule.find("a start of this node") != std::string::npos;
}

}  // namespace

void NodeWorld::PlanDuty(size_t index) {
  timeline_.After(random_.Between(kSecond, 3 * kSecond), [=, this] {
    if (machine(index).running()) people_.DealWithEverything(machine(index));
    if (machine(index).running() && AsksForStart(machine(index))) {
      trace_.Say(
          [&] { return fmt::format("{} is started again, as it asks", machine(index).name()); });
      Crash(index);
    }
    PlanDuty(index);
  });
}

// ---- What happens ----

void NodeWorld::OnFrames(const Machine& from, std::vector<mechanism::ToSend> frames) {
  for (const mechanism::ToSend& each : frames) {
    const std::string& bytes = *each.frame.bytes;
    base::Bytes chained(frames_.bytes.begin(), frames_.bytes.end());
    chained.insert(chained.end(), bytes.begin(), bytes.end());
    frames_ = crypto::Sha256(chained);
    invariants_.OnFrame(from, each.peer, each.frame.bytes);
    NodeLine* line = LineOf(from.index(), each.peer);
    if (line == nullptr) {
      invariants_.Break(fmt::format("{} sends to whom it has no line", from.name()));
      continue;
    }
    const size_t end = line->a == from.index() ? 0 : 1;
    line->network->Send(end, 1 - end, each.frame.path, each.frame.bytes);
  }
}

void NodeWorld::OnTrouble(const Machine& from, const mechanism::PeerTrouble& trouble) {
  // That is how an old disk is found out, here and there.
  using line::TroubleKind;
  const TroubleKind kind = trouble.trouble.kind;
  if (from.set_back() > 0 && kind == TroubleKind::kPeerHoldsMore) return;
  const bool peer_set_back = std::any_of(machines_.begin(), machines_.end(), [&](const auto& each) {
    return each->config().party == trouble.peer && each->set_back() > 0;
  });
  if (peer_set_back && kind == TroubleKind::kPeerRolledBack) return;
  if (peer_set_back && kind == TroubleKind::kCosignedNotHeld) return;
  // What it had sent before may be held beyond a gap that it fills anew.
  if (peer_set_back && kind == TroubleKind::kBrokenChain) return;
  if (from.set_back() > 0 && kind == TroubleKind::kAckBeyond) return;
  invariants_.Break(fmt::format("{} reports {}: {}", from.name(), line::Name(trouble.trouble.kind),
                                trouble.trouble.error.ToString()));
}

void NodeWorld::OnJournal(const Machine& of, const std::string& text) {
  trace_.Say([&] { return fmt::format("{} notes {}", of.name(), text); });
  invariants_.OnJournal(of, text);
}

void NodeWorld::OnTurn(const Machine& from, bool ticked) {
  invariants_.OnTurn(from, ticked);
}

void NodeWorld::OnDiskFailure(const Machine& from) {
  timeline_.After(0, [this, index = from.index()] {
    if (machine(index).running()) Crash(index);
  });
}

void NodeWorld::Cut(NodeLine& line, size_t from, size_t path, bool begin) {
  trace_.Say([&] {
    return fmt::format("path {} from {} to {} is {}", path,
                       machine(from == 0 ? line.a : line.b).name(),
                       machine(from == 0 ? line.b : line.a).name(), begin ? "cut" : "mended");
  });
  if (begin) {
    line.network->BeginCut(from, 1 - from, path);
  } else {
    line.network->EndCut(from, 1 - from, path);
  }
  invariants_.ConnectivityChanged();
}

// Paths of a node that starts or stops, towards all its peers; a peer sees its end go down and up with them.
void NodeWorld::SetEnds(size_t index, bool up) {
  for (const auto& line : lines_) {
    if (line->a != index && line->b != index) continue;
    const bool both = up && machine(line->a).running() && machine(line->b).running();
    for (size_t path = 0; path < line->network->paths(); ++path) {
      for (size_t end = 0; end < 2; ++end) {
        const size_t here = end == 0 ? line->a : line->b;
        line->network->SetEnd(end, 1 - end, path, both);
        if (!machine(here).running()) continue;
        machine(here).SetPath(PartyOf(end == 0 ? line->b : line->a), path, both);
      }
    }
  }
  invariants_.ConnectivityChanged();
}

void NodeWorld::Start(size_t index) {
  if (machine(index).running()) return;
  const bool first = !machine(index).has_run();
  if (const auto started = machine(index).Start(); !started) {
    return invariants_.Break(
        fmt::format("{} does not start: {}", machine(index).name(), started.error().ToString()));
  }
  trace_.Say([&] { return fmt::format("{} starts", machine(index).name()); });
  if (first) {
    people_.TakeOffice(machine(index));
  } else {
    invariants_.OnStart(machine(index));
  }
  SetEnds(index, true);
}

void NodeWorld::Crash(size_t index) {
  trace_.Say([&] { return fmt::format("{} crashes", machine(index).name()); });
  machine(index).Crash();
  invariants_.OnCrash();
  SetEnds(index, false);
  Restart(index);
}

void NodeWorld::SetBack(size_t index, std::set<base::Digest> answered) {
  if (!machine(index).running()) return;
  Crash(index);
  trace_.Say([&] { return fmt::format("{} has its old disk", machine(index).name()); });
  machine(index).SetBack();
  people_.SetBack(index, std::move(answered));
  invariants_.OnSetBack(machine(index));
}

void NodeWorld::Restart(size_t index) {
  const int64_t down_us =
      OneIn(3) ? random_.Between(5 * kSecond, 20 * kSecond) : random_.Between(0, 2 * kSecond);
  timeline_.After(down_us, [=, this] { Start(index); });
}

void NodeWorld::Heal() {
  trace_.Say([] { return "everything heals"; });
  for (const auto& line : lines_) {
    for (size_t path = 0; path < line->network->paths(); ++path) {
      for (size_t from = 0; from < 2; ++from) {
        line->network->SetConditions(from, 1 - from, path,
                                     {.delay_us = 5 * kMs, .jitter_us = 20 * kMs});
      }
    }
  }
  for (size_t index = 0; index < machines_.size(); ++index) PlanDuty(index);
}

NodeReport NodeWorld::Run() {
  for (const auto& line : lines_) {
    PlanConditions(*line);
    PlanCuts(*line);
  }
  for (size_t index = 0; index < machines_.size(); ++index) {
    PlanCrashes(index);
    PlanPeople(index);
    PlanProjections(index);
    timeline_.After(random_.Between(0, 2 * kSecond), [=, this] { Start(index); });
  }
  if (old_disks_) PlanOldDisk(random_.Below(machines_.size()));
  invariants_.ConnectivityChanged();
  timeline_.At(busy_us_, [this] { Heal(); });

  const auto over = [&] { return timeline_.now_us() >= busy_us_ + kRestWithinUs; };
  while (!invariants_.broken() && !over()) {
    if (timeline_.now_us() > busy_us_ + kRestAfterUs && invariants_.AtRest()) break;
    CHECK_MSG(timeline_.Step(), "people come on duty for ever");
  }
  if (!invariants_.broken() && over()) {
    invariants_.Break("the nodes do not come to rest: " + invariants_.Unrest());
  }
  if (!invariants_.broken()) invariants_.CheckAtRest();
  if (!invariants_.broken()) invariants_.SearchFrames();
  Finish();
  return report_;
}

void NodeWorld::Finish() {
  report_.broken = invariants_.broken();
  report_.counts = invariants_.counts();
  for (const auto& line : lines_) {
    report_.network.sent += line->network->counts().sent;
    report_.network.lost += line->network->counts().lost;
    report_.network.duplicated += line->network->counts().duplicated;
  }
  report_.acts_done = people_.done();
  report_.acts_refused = people_.refused();
  report_.events = timeline_.steps();
  report_.simulated_us = timeline_.now_us();
  base::Bytes all(frames_.bytes.begin(), frames_.bytes.end());
  for (const auto& each : machines_) {
    if (!each->running()) continue;
    const base::Bytes holds = each->Canonical();
    all.insert(all.end(), holds.begin(), holds.end());
  }
  report_.fingerprint = crypto::Sha256(all);
}

}  // namespace

NodeReport RunNodes(const NodeRunOptions& options) {
  return NodeWorld(options).Run();
}

}  // namespace wideberth::sim
