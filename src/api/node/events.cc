#include "api/node/events.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "api/node/views.h"
#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::api::node {
namespace {

using airspace::Effect;
using airspace::Notice;
using net::EventFrame;
using net::EventStream;

std::string_view NameOf(airspace::DataMode mode) {
  return airspace::Name(mode);
}

}  // namespace

// One event, and who may see it.
struct EventHub::Change {
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  bool everybody = false;
  std::vector<base::PartyId> parties;  // the audience, unless everybody
  std::string_view event;
  std::string data;
  // Formatted when the first client needs them.
  EventFrame plain = nullptr;
  EventFrame with_id = nullptr;

  bool IsFor(const Subscription& to) const {
    if (to.data_mode && *to.data_mode != data_mode) return false;
    return everybody || std::find(parties.begin(), parties.end(), to.party) != parties.end();
  }
};

namespace {

// How a notice stands, in a few words.
std::string NoticeEvent(const Notice& notice, const airspace::NoticeVersion& version,
                        bool retired) {
  std::string data;
  json::Writer json(&data);
  json.BeginObject();
  json.StringField("notice", notice.id.ToString());
  json.StringField("party", notice.party.ToString());
  json.StringField("data_mode", NameOf(notice.data_mode()));
  json.StringField("kind", airspace::Name(notice.kind()));
  json.Uint64Field("version_number", version.number);
  json.StringField("version", version.digest.ToHex());
  json.StringField("author", airspace::Name(version.author));
  json.StringField("activity", airspace::Name(notice.activity));
  json.BoolField("retired", retired);
  json.EndObject();
  return data;
}

std::string ClockEvent(const airspace::SetClock& clock) {
  std::string data;
  json::Writer json(&data);
  WriteClock(&json, clock);
  return data;
}

}  // namespace

EventHub::EventHub() = default;
EventHub::~EventHub() = default;

void EventHub::Attach(const service::Node* node) {
  const std::lock_guard lock(mutex_);
  node_ = node;
  seq_ = std::max(seq_, node->Read([](const airspace::State&) { return 0; }).second);
  described_seq_ = std::max(described_seq_, seq_);
}

void EventHub::Subscribe(EventStream stream, const Subscription& subscription) {
  std::list<Client>::iterator self;
  {
    const std::lock_guard lock(mutex_);
    // A turn that was described while nobody listened will not be told of when it is durable.
    const bool gap = subscription.last_seq && *subscription.last_seq != described_seq_;
    stream.Send(gap ? "gap" : "open", std::to_string(seq_),
                "{\"durable_seq\":" + std::to_string(seq_) + "}");
    if (closed_) return;
    self = clients_.insert(clients_.end(), Client{stream, subscription});
  }
  // May be called at once, so not under the mutex.
  stream.OnClose([this, self] {
    const std::lock_guard lock(mutex_);
    clients_.erase(self);
  });
}

void EventHub::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Client& client : clients_) client.stream.Close();
}

void EventHub::DescribeNotice(const Notice& notice, base::UtcMicros now, bool retired,
                              std::vector<Change>* changes) {
  // What two parties do about a notice is theirs: third ones do not even hear that something was
  // done. An axis tells when it changed; only a withdrawal leaves no time behind.
  const airspace::NoticeVersion* released = airspace::LatestDeclared(notice);
  std::vector<base::PartyId> acted;
  for (const auto& [party, assessment] : notice.assessments) {
    if (assessment.at == now) acted.push_back(party);
  }
  for (const auto& [party, told] : notice.dissemination) {
    if (told.units_told == now || told.own_aircraft_clear == now) acted.push_back(party);
  }
  for (const auto& [party, delivery] : notice.delivery) {
    const auto is_from_now = [&](const std::optional<airspace::Receipt>& receipt) {
      return receipt && receipt->at == now;
    };
    const bool recorded = delivery.r2 && delivery.r2->at == now;
    if (is_from_now(delivery.r1) || recorded || is_from_now(delivery.r3)) acted.push_back(party);
  }
  for (const auto& [party, at] : notice.disregarded_by) {
    if (at == now) acted.push_back(party);
  }
  const bool own_act = std::find(acted.begin(), acted.end(), notice.party) != acted.end();
  // Who listens on a node of one party's own is that party; and when an activity began there, its issuer has said.
  const bool one_party = node_ != nullptr && node_->party().has_value();
  const bool everybody =
      one_party || retired || own_act || notice.started_at == now || notice.ended_at == now ||
      notice.all_clear_at == now ||
      (released != nullptr &&
       (released->stored_at == now || released->author == airspace::AuthorState::kWithdrawn));
  const airspace::NoticeVersion* latest = &notice.latest();
  const std::string own_data = NoticeEvent(notice, *latest, retired);
  if (released == latest) {
    acted.push_back(notice.party);
    changes->push_back({notice.data_mode(), everybody, std::move(acted), "notice", own_data});
    return;
  }
  // A draft, and what is held, is the business of its party alone; the others hear of what a draft
  // would replace.
  changes->push_back({notice.data_mode(), false, {notice.party}, "notice", own_data});
  if (released == nullptr) return;
  std::string data = NoticeEvent(notice, *released, retired);
  changes->push_back({notice.data_mode(), false, std::move(acted), "notice", std::move(data)});
  if (!everybody) return;
  std::vector<base::PartyId>* others = &changes->back().parties;
  others->clear();
  const airspace::RuleBook rules = node_->rules();
  for (const airspace::PartyEntry& party : rules.parties()) {
    if (party.id != notice.party) others->push_back(party.id);
  }
}

std::vector<EventHub::Change> EventHub::DescribeAirspace(const airspace::State& state,
                                                         std::span<const Effect> effects) {
  std::vector<Change> changes;
  base::UtcMicros now;
  // Every decision ends with the time it was made at, so the effects are walked from the end.
  for (auto it = effects.rbegin(); it != effects.rend(); ++it) {
    if (const auto* time = std::get_if<airspace::TimeAdvanced>(&*it)) {
      now = time->now;
    } else if (const auto* axes = std::get_if<airspace::AxesChanged>(&*it)) {
      // A version is always followed by the axes of its notice: one event for both.
      const Notice* notice = state.FindNotice(axes->id);
      if (notice != nullptr) DescribeNotice(*notice, now, false, &changes);
    } else if (const auto* delivery = std::get_if<airspace::DeliveryChanged>(&*it)) {
      const Notice* notice = state.FindNotice(delivery->id);
      if (notice != nullptr) DescribeNotice(*notice, now, false, &changes);
    } else if (const auto* retired = std::get_if<airspace::NoticeRetired>(&*it)) {
      const Notice* notice = state.FindNotice(retired->id);
      if (notice != nullptr) DescribeNotice(*notice, now, true, &changes);
    } else if (const auto* changed = std::get_if<airspace::ConflictChanged>(&*it)) {
      const airspace::Conflict& conflict = changed->conflict;
      std::string data;
      json::Writer json(&data);
      WriteConflictView(&json, ViewConflict(state, conflict), node_->rules());
      std::vector<base::PartyId> parties;
      for (const airspace::ConflictSide& side : conflict.sides) {
        if (airspace::IsKnownTo(conflict, side.party)) parties.push_back(side.party);
      }
      changes.push_back(
          {conflict.data_mode, false, std::move(parties), "conflict", std::move(data)});
    } else if (const auto* clock = std::get_if<airspace::ClockSet>(&*it)) {
      changes.push_back({clock->clock.mode, true, {}, "clock", ClockEvent(clock->clock)});
    }
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

void EventHub::Send(uint64_t seq, std::vector<Change>* changes, Client* client) {
  Change* last = nullptr;
  for (Change& change : *changes) {
    if (!change.IsFor(client->subscription)) continue;
    if (last != nullptr) {
      if (!last->plain) last->plain = EventStream::Format(last->event, {}, last->data);
      client->stream.Send(last->plain);
    }
    last = &change;
  }
  if (last == nullptr) return;
  if (!last->with_id) {
    last->with_id = EventStream::Format(last->event, std::to_string(seq), last->data);
  }
  client->stream.Send(last->with_id);
}

// The desk is the node's party's, as is everybody who listens to a node in line mode.
void EventHub::DescribeDesk(std::span<const mechanism::DeskEffect> effects,
                            std::vector<Change>* changes) {
  for (const mechanism::DeskEffect& effect : effects) {
    std::string data;
    json::Writer json(&data);
    if (const auto* matter = std::get_if<mechanism::MatterChanged>(&effect)) {
      WriteMatter(&json, matter->matter, node_->rules());
      changes->push_back({matter->matter.data_mode, true, {}, "matter", std::move(data)});
    } else if (const auto* call = std::get_if<mechanism::CallChanged>(&effect)) {
      WriteCall(&json, call->call, node_->rules());
      changes->push_back({call->call.data_mode, true, {}, "call", std::move(data)});
    }
  }
}

service::Sequencer::Publish EventHub::Describe(
    uint64_t seq, std::span<const Effect> effects,
    std::span<const mechanism::DeskEffect> desk_effects) {
  const std::lock_guard lock(mutex_);
  described_seq_ = seq;
  auto changes = std::make_shared<std::vector<Change>>();
  if (!clients_.empty()) {
    *changes =
        node_->Read([&](const airspace::State& state) { return DescribeAirspace(state, effects); })
            .first;
    DescribeDesk(desk_effects, changes.get());
  }
  return [this, seq, changes] { Publish(seq, std::move(*changes)); };
}

void EventHub::Publish(uint64_t seq, std::vector<Change> changes) {
  const std::lock_guard lock(mutex_);
  seq_ = seq;
  if (clients_.empty()) return;
  const base::UtcMicros now = node_->clock().Now();
  for (Client& client : clients_) {
    const Session* session = client.subscription.session.get();
    if (session != nullptr && !session->IsOpen(now)) {
      client.stream.Close();
    } else {
      Send(seq, &changes, &client);
    }
  }
}

}  // namespace wideberth::api::node
