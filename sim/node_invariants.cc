#include "sim/node_invariants.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <variant>

#include "agreement/floor.h"
#include "service/batch.h"
#include "service/contents.h"

namespace wideberth::sim {
namespace {

using mechanism::Level;
using mechanism::Matter;
using mechanism::MatterKind;

constexpr int64_t kLostWithinUs = 10'000'000;

// ---- The ladder once more, from MECHANISM 5 alone

agreement::DeadlineKind RuleOf(MatterKind kind) {
  using agreement::DeadlineKind;
  if (kind == MatterKind::kObjection) return DeadlineKind::kObjection;
  if (kind == MatterKind::kStopCall) return DeadlineKind::kStopCall;
  if (kind == MatterKind::kIncursion) return DeadlineKind::kIncursionWarning;
  if (kind == MatterKind::kKeepClear) return DeadlineKind::kAssessment;
  if (kind == MatterKind::kMissedCheck) return DeadlineKind::kLineCheckOverdue;
  if (kind == MatterKind::kRefine) return DeadlineKind::kUnplannedRefine;
  if (kind == MatterKind::kConflict) return DeadlineKind::kConflict;
  return DeadlineKind::kReadBack;
}

int64_t DeadlineOf(const mechanism::Terms& terms, const Matter& matter) {
  if (matter.kind == MatterKind::kReceipt) return 10'000'000;
  if (matter.kind == MatterKind::kAgreement) {
    constexpr int64_t kDayUs = 24 * base::kMicrosPerHour;
    const int64_t left_us = matter.starts_at ? matter.starts_at->us - matter.opened_at.us : 0;
    return std::clamp(matter.starts_at ? left_us / 4 : kDayUs, 10 * base::kMicrosPerMinute, kDayUs);
  }
  for (const agreement::ThirdParty& third : terms.third_parties) {
    if (matter.kind == MatterKind::kTellThird && matter.third_party == third.name) {
      return third.deadline_us;
    }
  }
  const agreement::DeadlineRule& rule = terms.deadlines.rule(RuleOf(matter.kind));
  if (!matter.starts_at || *matter.starts_at == base::kTimeOpenStart) return rule.routine_us;
  const double to_start = static_cast<double>(matter.starts_at->us - matter.opened_at.us);
  const double scaled = std::round(to_start * rule.share_of_time_to_start);
  if (scaled < static_cast<double>(rule.min_us)) return rule.min_us;
  if (scaled > static_cast<double>(rule.routine_us)) return rule.routine_us;
  return static_cast<int64_t>(scaled);
}

Level HighestOf(const mechanism::Terms& terms, const Matter& matter, base::UtcMicros now) {
  if (matter.urgent || matter.kind == MatterKind::kStopCall ||
      matter.kind == MatterKind::kIncursion || matter.kind == MatterKind::kRefine) {
    return Level::kDeputyChief;
  }
  const bool near = matter.starts_at && *matter.starts_at != base::kTimeOpenStart &&
                    matter.starts_at->us - now.us <= terms.ladder.near_start_us;
  return near ? Level::kDeputyChief : Level::kCellHead;
}

Level LevelOf(const mechanism::Terms& terms, const Matter& matter, base::UtcMicros now) {
  const bool climbs = !matter.owed_by_peer || matter.kind == MatterKind::kObjection ||
                      matter.kind == MatterKind::kStopCall || matter.kind == MatterKind::kIncursion;
  if (!climbs) return Level::kDutyOfficer;
  const int64_t waited_us = now.us - matter.opened_at.us;
  Level level = Level::kDutyOfficer;
  if (waited_us >= matter.deadline_us) level = Level::kCellHead;
  if (waited_us >= 2 * matter.deadline_us) level = Level::kDeputyChief;
  return std::min(level, HighestOf(terms, matter, now));
}

// The digest of the act that an entry of the journal is about, as its text has it. That a peer was not told of it
// stands in an entry of its own.
std::string ActOf(std::string_view journal) {
  if (journal.find("\"what\":\"not_told\"") != std::string_view::npos) return "";
  constexpr std::string_view kKey = "\"act\":\"";
  const size_t at = journal.find(kKey);
  return at == std::string_view::npos ? "" : std::string(journal.substr(at + kKey.size(), 64));
}

}  // namespace

void NodeInvariants::Break(std::string what) {
  if (broken_) return;
  trace_.Say([&] { return "BROKEN: " + what; });
  broken_ = std::move(what);
}

void NodeInvariants::Watch(const NodeLine* line) {
  lines_.push_back({line, {}});
}

void NodeInvariants::OnFrame(const Machine& from, base::PartyId to,
                             const line::SharedBytes& frame) {
  const Machine* peer = MachineOf(to);
  if (peer == nullptr) return;
  const std::pair way(from.index(), peer->index());
  if (!seen_[way].insert(*frame).second) return;
  frames_[way].push_back(frame);
}

const Machine* NodeInvariants::MachineOf(base::PartyId party) const {
  const auto found = std::find_if(machines_.begin(), machines_.end(), [&](const Machine* each) {
    return each->config().party == party;
  });
  return found == machines_.end() ? nullptr : *found;
}

// ---- Time ----

void NodeInvariants::OnTurn(const Machine& machine, bool ticked) {
  FollowMatters(machine, ticked);
  CheckLost();
}

void NodeInvariants::FollowMatters(const Machine& machine, bool ticked) {
  std::map<uint64_t, Ladder>& ladders = ladders_[machine.index()];
  // Of what happened to a matter after the copy was made nothing but its level is left.
  const bool as_they_stand = set_back_.erase(machine.index()) > 0;
  if (as_they_stand) ladders.clear();
  for (const auto& [number, matter] : machine.desk().matters()) {
    if (!matter.open()) {
      ladders.erase(number);
      continue;
    }
    const auto [found, added] = ladders.try_emplace(
        number, Ladder{matter.kind, matter.opened_at,
                       as_they_stand ? matter.level : Level::kDutyOfficer, Level::kDutyOfficer});
    Ladder& ladder = found->second;
    if (matter.kind != ladder.kind) {
      ladder = {matter.kind, matter.opened_at, Level::kDutyOfficer, Level::kDutyOfficer};
    } else if (matter.opened_at != ladder.opened_at) {
      ladder = {matter.kind, matter.opened_at, ladder.level, ladder.level};
    }
    if (matter.level > ladder.level) ++counts_.climbed;
    ladder.level = matter.level;
    if (ticked) CheckMatter(machine, matter, ladder);
  }
}

// The numbers that it began under: of an agreement of its line, of the floor behind one, or those of the machine.
const mechanism::Terms& NodeInvariants::TermsUnder(const Machine& machine, const Matter& matter) {
  const MachineConfig& config = machine.config();
  if (config.agreements.empty()) return config.terms;
  if (const auto known = terms_.find(matter.under); known != terms_.end()) return known->second;
  for (const auto& [peer, first] : config.agreements) {
    for (const auto& each : machine.core().FindAgreements(peer)->all()) {
      terms_.emplace(each->digest, mechanism::Terms::Of(*each));
      agreement::Agreement floor;
      floor.terms =
          agreement::SafetyFloor(each->parties()[0], each->parties()[1], each.get()).value();
      terms_.emplace(floor.terms.rules.digest(), mechanism::Terms::Of(floor));
    }
  }
  const auto found = terms_.find(matter.under);
  if (found != terms_.end()) return found->second;
  Break(fmt::format("matter {} of {} ({}) began under what is no agreement of its lines",
                    matter.number, machine.name(), Name(matter.kind)));
  return config.terms;
}

void NodeInvariants::CheckMatter(const Machine& machine, const Matter& matter,
                                 const Ladder& ladder) {
  const MachineConfig& config = machine.config();
  // What is of no line has the strictest of all its lines.
  if (config.agreements.size() > 1 && !config.agreements.contains(matter.peer)) return;
  ++counts_.levels_checked;
  const mechanism::Terms& terms = TermsUnder(machine, matter);
  const base::UtcMicros now = machine.utc();
  const Level level = std::max(ladder.floor, LevelOf(terms, matter, now));
  if (matter.level != level) {
    Break(fmt::format(
        "matter {} of {} ({}) stands at {} and not at {} after {} ms of a deadline "
        "of {} ms",
        matter.number, machine.name(), Name(matter.kind), Name(matter.level), Name(level),
        (now.us - matter.opened_at.us) / 1'000, matter.deadline_us / 1'000));
  }
  if (std::abs(matter.deadline_us - DeadlineOf(terms, matter)) > 1) {
    Break(fmt::format("matter {} of {} ({}) has a deadline of {} us in place of {}", matter.number,
                      machine.name(), Name(matter.kind), matter.deadline_us,
                      DeadlineOf(terms, matter)));
  }
  if (now.us - matter.opened_at.us >= matter.deadline_us && !matter.alarmed) {
    Break(fmt::format("matter {} of {} ({}) is overdue and alarms nobody", matter.number,
                      machine.name(), Name(matter.kind)));
  }
}

// ---- LINK LOST ----

void NodeInvariants::ConnectivityChanged() {
  for (Watched& watched : lines_) {
    const NodeLine& line = *watched.line;
    const bool running = machine(line.a).running() && machine(line.b).running();
    for (size_t from = 0; from < 2; ++from) {
      if (running && line.network->Carries(from, 1 - from)) {
        watched.dead_since_us[from].reset();
      } else if (!watched.dead_since_us[from]) {
        watched.dead_since_us[from] = timeline_.now_us();
        timeline_.After(kLostWithinUs, [this] { CheckLost(); });
      }
    }
  }
}

void NodeInvariants::CheckLost() {
  const int64_t since_us = timeline_.now_us() - kLostWithinUs;
  for (const Watched& watched : lines_) {
    const bool dead =
        std::any_of(std::begin(watched.dead_since_us), std::end(watched.dead_since_us),
                    [&](const std::optional<int64_t>& dead_since) {
                      return dead_since && *dead_since <= since_us;
                    });
    if (!dead) continue;
    CheckRaised(machine(watched.line->a), machine(watched.line->b), since_us);
    CheckRaised(machine(watched.line->b), machine(watched.line->a), since_us);
  }
}

void NodeInvariants::CheckRaised(const Machine& machine, const Machine& peer, int64_t since_us) {
  if (!machine.running() || machine.started_us() > since_us) return;
  ++counts_.lost_checks;
  const base::PartyId party = peer.config().party;
  const line::LinkState state = machine.core().FindLine(party)->liveness().state();
  const auto& matters = machine.desk().matters();
  const bool raised = std::any_of(matters.begin(), matters.end(), [&](const auto& each) {
    return each.second.open() && each.second.kind == MatterKind::kLineLost &&
           each.second.peer == party;
  });
  if (state != line::LinkState::kLost || !raised) {
    Break(
        fmt::format("{} says {} of the line to {}, {} a matter, and nothing has gone one way for "
                    "10 s",
                    machine.name(), line::Name(state), peer.name(), raised ? "with" : "without"));
  }
}

// ---- What is durable ----

void NodeInvariants::OnStart(const Machine& machine) {
  ++counts_.restarts_checked;
  const std::vector<base::Bytes>& may = machine.may_recover();
  if (!may.empty() && std::find(may.begin(), may.end(), machine.recovered()) == may.end()) {
    Break(fmt::format("{} starts with another state than it had", machine.name()));
  }
  machine.state().SanityCheck();
  (void)CheckAgainstLog(machine);
}

std::unique_ptr<Replayed> NodeInvariants::CheckAgainstLog(const Machine& machine) {
  auto replayed = std::make_unique<Replayed>(machine.store());
  std::map<std::string, unsigned> acts;
  const auto visit = [&](const store::Batch& batch) -> base::Result<void> {
    service::BatchVisitor visitor;
    visitor.desk = [&](const mechanism::DeskEffect& effect) {
      const auto* written = std::get_if<mechanism::JournalWritten>(&effect);
      if (written == nullptr) return;
      if (std::string act = ActOf(written->text); !act.empty()) ++acts[act];
    };
    visitor.line = [&](uint32_t line, line::Effect effect) {
      if (auto* own = std::get_if<line::EntryWritten>(&effect)) {
        replayed->entries[{line, false}].push_back(std::move(own->entry));
      } else if (auto* mirrored = std::get_if<line::EntryMirrored>(&effect)) {
        replayed->entries[{line, true}].push_back(std::move(mirrored->entry));
      }
    };
    WB_RETURN_IF_ERROR(service::ReadBatch(batch.bytes, visitor));
    return replayed->contents.Replay(batch);
  };
  if (const auto read = machine.store().Replay(1, visit); !read) {
    Break(fmt::format("the log of {} cannot be read: {}", machine.name(), read.error().ToString()));
    return nullptr;
  }
  for (const base::Digest& act : people_.acknowledged(machine.index())) {
    if (const unsigned times = acts[act.ToHex()]; times != 1) {
      Break(fmt::format("the act {} that {} acknowledged stands in its log {} times",
                        act.ToHex().substr(0, 8), machine.name(), times));
      return nullptr;
    }
  }
  base::Bytes all = replayed->contents.airspace().Canonical();
  const base::Bytes of_desk = replayed->contents.desk().Canonical();
  all.insert(all.end(), of_desk.begin(), of_desk.end());
  if (all != machine.Canonical()) {
    Break(fmt::format("the whole log of {} gives another state than it has", machine.name()));
    return nullptr;
  }
  for (const auto& [party, peer] : machine.desk().peers()) {
    base::Bytes of_log;
    base::Bytes of_endpoint;
    replayed->contents.line_logs().StateOf(peer.line).Encode(&of_log);
    machine.core().FindLine(party)->state().Encode(&of_endpoint);
    if (of_log != of_endpoint) {
      Break(fmt::format("the log of {} gives another line {} than it has", machine.name(),
                        peer.line));
    }
  }
  return replayed;
}

}  // namespace wideberth::sim
