// What the machine says by itself, because both parties have signed as a standing release that it may (MECHANISM 1.3).
#include <algorithm>

#include "geo/gap.h"
#include "geo/shape.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using agreement::StandingRelease;
using agreement::StandingReleaseKind;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

constexpr int64_t kRepeatsMax = 1'000'000;

// Whether it is for warnings about that place.
bool IsFor(const StandingRelease& release, const Place& place) {
  if (!release.area) return true;
  const auto circle = geo::Outline::Circle(place.centre, place.radius_mm);
  if (!circle) return false;
  const auto there = geo::Shape::Prepare(*circle);
  const auto agreed = geo::Shape::Prepare(*release.area);
  return there && agreed && geo::CompareGap(*there, *agreed, 0) != geo::Lateral::kClear;
}

}  // namespace

// The one that repeats soonest, if several are for that place.
const StandingRelease* Core::RepeatReleaseFor(const Call& call) const {
  const StandingRelease* soonest = nullptr;
  for (const StandingRelease& release : TermsFor(call.peer).standing_releases) {
    if (release.kind != StandingReleaseKind::kIncursionWarning || release.party != self_.party) {
      continue;
    }
    if (soonest != nullptr && soonest->repeat_us <= release.repeat_us) continue;
    if (IsFor(release, call.place)) soonest = &release;
  }
  return soonest;
}

void Core::PlanRepeat(UtcMicros now, std::optional<int64_t> wait_us, Call* call) const {
  call->sending.next_repeat_at = base::kTimeOpenEnd;
  const StandingRelease* release = RepeatReleaseFor(*call);
  if (release == nullptr) return;
  call->sending.next_repeat_at = std::max(UtcMicros{now.us + wait_us.value_or(release->repeat_us)},
                                          UtcMicros{call->entry_at->us - release->lead_us});
}

void Core::RepeatWarnings(line::Now now) {
  for (const base::Uuid id : desk_.DueRepeats(now.utc)) {
    const Call& call = *desk_.FindCall(id);
    Line* line = Find(call.peer);
    // What has no R1 yet is under way, and delivery repeats it: another message would only stand behind it.
    const bool under_way = call.sending.receipts <= call.sending.repeats;
    if (line != nullptr && !under_way) RepeatWarning(*line, call, now);
  }
}

void Core::RepeatWarning(Line& line, const Call& found, line::Now now) {
  Call call = found;
  const StandingRelease* release = RepeatReleaseFor(call);
  if (release == nullptr) {  // no longer agreed
    call.sending.next_repeat_at = base::kTimeOpenEnd;
    return Put(CallChanged{std::move(call)});
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("call", call.id.ToString());
  json.Uint64Field("number", call.sending.repeats + 1);
  json.EndObject();
  const auto written =
      Write(line, kIncursionRepeatType, call.data_mode, line::Lane::kSafety, std::move(body), now);
  if (!written) return;  // an old copy signs nothing: at the next tick
  ++call.sending.repeats;
  call.sending.repeated_at = now.utc;
  call.sending.next_repeat_at = {now.utc.us + release->repeat_us};
  Put(AwaitedChanged{{*written, line.peer, ActKind::kWarnIncursion, {}, call.act, now.utc, call.id},
                     false});
  Put(CallChanged{std::move(call)});
}

void Core::TakeSendingReceipted(const Awaited& awaited, UtcMicros now) {
  const Call* found = desk_.FindCall(awaited.call);
  if (found == nullptr) return;
  Call call = *found;
  ++call.sending.receipts;
  call.sending.receipted_at = now;
  Put(CallChanged{std::move(call)});
}

void Core::TakeRepeat(Line& line, const line::Received& received, UtcMicros now) {
  const auto take = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(received.body()));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const base::Uuid id,
                        object.RequiredParsed("call", 36, base::Uuid::ParseV4));
    WB_ASSIGN_OR_RETURN(const int64_t number, object.RequiredInt64("number", 1, kRepeatsMax));
    const Call* found = desk_.FindCall(id);
    if (found == nullptr || found->kind != ActKind::kWarnIncursion || found->by_us ||
        found->peer != line.peer) {
      return Fail(ErrorCode::kNotFound, "/call", "must be a warning of the peer", id.ToString());
    }
    if (received.opened.message.data_mode != found->data_mode) {
      return base::Invalid("/data_mode", "must be that of the warning",
                           airspace::Name(received.opened.message.data_mode));
    }
    if (found->closed_at) return {};  // it and our answer have crossed
    if (number != int64_t{found->sending.repeats} + 1) {
      return Fail(ErrorCode::kConflict, "/number", "must be the next repetition",
                  std::to_string(number));
    }
    Call call = *found;
    ++call.sending.repeats;
    ++call.sending.receipts;
    call.sending.repeated_at = call.sending.receipted_at = now;
    Put(CallChanged{std::move(call)});
    return {};
  };
  if (const Result<void> taken = take(); !taken) {
    OpenUnusable(line, received, taken.error(), now);
  }
}

}  // namespace wideberth::mechanism
