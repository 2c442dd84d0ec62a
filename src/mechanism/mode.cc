#include "mechanism/mode.h"

#include <algorithm>

namespace wideberth::mechanism {
namespace {

using airspace::DataMode;

struct ModeVisitor {
  const airspace::State& state;

  DataMode OfNotice(base::NoticeId id) const {
    const airspace::Notice* notice = state.FindNotice(id);
    return notice == nullptr ? DataMode::kReal : notice->data_mode();
  }
  DataMode OfConflict(const base::Digest& id) const {
    const airspace::Conflict* conflict = state.FindConflict(id);
    return conflict == nullptr ? DataMode::kReal : conflict->data_mode;
  }
  DataMode operator()(const airspace::Declare& c) const {
    return c.prepared->declaration().data_mode;
  }
  DataMode operator()(const airspace::Withdraw& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::SetActivity& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AllClear& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Assess& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Disseminate& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordReceipt& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordCosigned& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordReadBack& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Disregard& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::MarkConflictSeen& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::ProposeMeasures& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::AcceptRisk& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::Recheck& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AdoptRules&) const { return DataMode::kReal; }
  DataMode operator()(const airspace::SetClock& c) const { return c.mode; }
  DataMode operator()(const airspace::Tick& c) const { return c.mode; }
};

// The end of the year 9998, after which there is no time to write (base/time.h).
constexpr base::UtcMicros kLastTime{253'370'764'800 * base::kMicrosPerSecond - 1};

}  // namespace

DataMode ModeOf(const airspace::State& state, const airspace::Command& command) {
  return std::visit(ModeVisitor{state}, command.body);
}

base::UtcMicros NowOf(const airspace::State& state, DataMode mode, base::UtcMicros clock) {
  base::UtcMicros now = clock;
  const airspace::SetClock set = state.clock(mode);
  if (mode != DataMode::kReal && set.real.us != 0) {
    const double elapsed_us = static_cast<double>(now.us - set.real.us) * set.rate;
    // A fast clock stops where times end, long before it would overflow.
    const double room_us = static_cast<double>(kLastTime.us - set.shown.us);
    now.us = set.shown.us + static_cast<int64_t>(std::clamp(elapsed_us, -room_us, room_us));
  }
  return std::max(now, state.LastTime(mode));
}

}  // namespace wideberth::mechanism
