// What both sides of a line hold when nothing is under way, and what has gone over it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "crypto/sha256.h"
#include "line/cosigning.h"
#include "line/message.h"
#include "mechanism/testing/values.h"
#include "record/merge.h"
#include "service/contents.h"
#include "service/record_reader.h"
#include "sim/node_invariants.h"

namespace wideberth::sim {
namespace {

using airspace::Conflict;
using airspace::Notice;
using airspace::NoticeVersion;
using mechanism::Matter;
using mechanism::MatterKind;

bool WaitsForPeople(const Matter& matter) {
  if (!matter.open()) return false;
  if (matter.kind == MatterKind::kReceipt || matter.kind == MatterKind::kLineLost) return true;
  return !matter.owed_by_peer &&
         (matter.kind == MatterKind::kReadBack || matter.kind == MatterKind::kStopCall ||
          matter.kind == MatterKind::kIncursion || matter.kind == MatterKind::kLineCheck ||
          matter.kind == MatterKind::kKeepClear || matter.kind == MatterKind::kConflict ||
          matter.kind == MatterKind::kKeysChanged);
}

// Those that have not passed by `after`: each node lets them pass by a clock of its own.
std::vector<Conflict> LiveBetween(const Machine& machine, base::PartyId a, base::PartyId b,
                                  base::UtcMicros after) {
  std::vector<Conflict> live;
  machine.state().VisitConflicts(0, [&](uint64_t, const Conflict& conflict) {
    const std::set<base::PartyId> parties = {conflict.sides[0].party, conflict.sides[1].party};
    if (airspace::IsLive(conflict) && !conflict.local() && parties == std::set{a, b} &&
        conflict.last_moment > after && conflict.data_mode == airspace::DataMode::kReal) {
      live.push_back(conflict);
    }
    return true;
  });
  std::sort(live.begin(), live.end(),
            [](const Conflict& x, const Conflict& y) { return x.id < y.id; });
  return live;
}

// The declared versions, as far as both sides must agree on them.
auto DeclaredOf(const Notice& notice) {
  std::vector<std::tuple<base::Digest, airspace::AuthorState, bool, std::string>> declared;
  for (const NoticeVersion& version : notice.versions) {
    if (version.disclosure != airspace::Disclosure::kDeclared) continue;
    declared.emplace_back(version.digest, version.author, version.until_read_back,
                          version.declaration.original);
  }
  return declared;
}

std::string Text(const std::optional<airspace::Receipt>& receipt) {
  if (!receipt) return "none";
  return receipt->version.ToHex().substr(0, 8) + (receipt->counts ? "" : " of old");
}

// What people have said of it, without the times of the node.
std::string SaidOf(const Conflict& conflict) {
  std::string said = fmt::format("{} ({}, until {})", Name(conflict.state), Name(conflict.verdict),
                                 base::FormatRfc3339(conflict.last_moment));
  for (const airspace::ConflictSide& side : conflict.sides) {
    said += fmt::format(", {} {} '{}'", side.version.ToHex().substr(0, 8),
                        side.seen_at ? "seen" : "not seen", side.measures);
  }
  return said;
}

// Of what is in force on their line now, each by its own clock; the floor follows the agreement before it.
bool SameInForce(const Machine& a, const Machine& b) {
  const agreement::InForce* at_a = a.core().FindInForce(b.config().party);
  const agreement::InForce* at_b = b.core().FindInForce(a.config().party);
  if (at_a == nullptr || at_b == nullptr) return true;
  const auto same = [](const auto& x, const auto& y) {
    return x == nullptr || y == nullptr ? x == y : x->digest == y->digest;
  };
  return same(at_a->agreement, at_b->agreement) && same(at_a->last, at_b->last);
}

// What stands on the network of a line that must not: tokens, and what each is.
using Forbidden = std::unordered_map<std::string_view, std::string_view>;

bool IsToken(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '_';
}

bool IsBase64(char c) {
  return (IsToken(c) && c != '.' && c != '-' && c != '_') || c == '+' || c == '/' || c == '=';
}

// The view of a line as `of` holds it, of so many entries of its own log and of the peer's; nothing where an entry is
// not of this line, or does not read.
std::optional<std::string> JointView(const Machine& of, const Machine& peer,
                                     std::array<const service::RecordReader::Log*, 2> logs,
                                     std::array<uint64_t, 2> sizes) {
  const base::PartyId parties[] = {of.config().party, peer.config().party};
  const line::LineState& state = of.core().FindLine(parties[1])->state();
  std::array<record::WriterLog, 2> writers;
  for (size_t i = 0; i < 2; ++i) {
    const line::LogState& log = i == 0 ? state.own : state.mirror;
    writers[i].origin = line::OriginOf(parties[i], parties[1 - i]);
    const auto entries = of.node().record().ReadEntries(*logs[i], 0, sizes[i]);
    if (!entries) return std::nullopt;
    for (const line::LogEntry& entry : *entries) {
      const crypto::PublicKey& key = log.EpochAt(writers[i].entries.size() + 1).key;
      const auto opened = line::OpenMessage(*entry.envelope, {&key, 1});
      if (!opened || opened->message.from != parties[i] || opened->message.to != parties[1 - i]) {
        return std::nullopt;
      }
      writers[i].entries.push_back(
          {opened->digest, opened->message.sent_at, opened->message.peer_head.size});
    }
  }
  const auto view = record::MergeLogs(writers[0], writers[1]);
  return view ? std::optional(record::FormatJointView(*view)) : std::nullopt;
}

// Looks at every token of `text`, and into whatever stands in it as base64.
const std::string_view* FindIn(std::string_view text, const Forbidden& forbidden, int depth) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && IsToken(text[end])) ++end;
    if (end > begin) {
      const auto found = forbidden.find(text.substr(begin, end - begin));
      if (found != forbidden.end()) return &found->second;
    }
    begin = end + 1;
  }
  for (size_t begin = 0; depth > 0 && begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && IsBase64(text[end])) ++end;
    if (end - begin >= 40) {
      if (const auto bytes = base::Base64Decode(text.substr(begin, end - begin))) {
        const auto* found = FindIn(base::AsText(*bytes), forbidden, depth - 1);
        if (found != nullptr) return found;
      }
    }
    begin = end + 1;
  }
  return nullptr;
}

}  // namespace

// ---- At rest ----

std::string NodeInvariants::Unrest() const {
  for (const Machine* each : machines_) {
    if (!each->running()) return fmt::format("{} is down", each->name());
    if (!each->desk().awaited().empty()) return fmt::format("{} awaits receipts", each->name());
    for (const auto& [number, matter] : each->desk().matters()) {
      if (!WaitsForPeople(matter)) continue;
      return fmt::format("matter {} of {} ({}) waits", number, each->name(), Name(matter.kind));
    }
    if (each->state().rules() != each->core().rules().digest()) {
      return fmt::format("{} checks its notices under new rules", each->name());
    }
    for (const auto& [party, peer] : each->desk().peers()) {
      const line::Endpoint& line = *each->core().FindLine(party);
      const Machine* other = MachineOf(party);
      if (!other->running()) return fmt::format("{} is down", other->name());
      if (!SameInForce(*each, *other)) {
        return fmt::format("{} and {} are under different agreements", each->name(), other->name());
      }
      if (line.liveness().state() == line::LinkState::kUp && line.in_step()) continue;
      return fmt::format("line {} of {} is {}, {} in step", peer.line, each->name(),
                         line::Name(line.liveness().state()), line.in_step() ? "and" : "not");
    }
  }
  return "";
}

bool NodeInvariants::AtRest() const {
  return Unrest().empty();
}

void NodeInvariants::CheckAtRest() {
  for (const Machine* each : machines_) {
    if (broken_) return;
    each->state().SanityCheck();
    replayed_[each->index()] = CheckAgainstLog(*each);
  }
  for (const Watched& watched : lines_) {
    const Machine& a = machine(watched.line->a);
    const Machine& b = machine(watched.line->b);
    for (const auto& [from, to] : {std::pair(&a, &b), {&b, &a}}) {
      if (broken_) return;
      CheckLogs(*from, *to);
      CheckNotices(*from, *to);
      CheckCounts(*from, *to);
    }
    if (!broken_) CheckAgreements(a, b);
    CheckConflicts(a, b);
    if (!broken_) CheckRecord(a, b);
  }
  counts_.held_plans = people_.held().size();
}

void NodeInvariants::CheckLogs(const Machine& from, const Machine& to) {
  const uint32_t own_line = from.desk().FindPeer(to.config().party)->line;
  const uint32_t mirror_line = to.desk().FindPeer(from.config().party)->line;
  const auto& own = replayed_[from.index()]->entries[{own_line, false}];
  const auto& mirror = replayed_[to.index()]->entries[{mirror_line, true}];
  const uint64_t size = from.core().FindLine(to.config().party)->state().own.size();
  if (own.size() != size || mirror.size() != size) {
    return Break(fmt::format("{} has written {} entries to {}, who holds others", from.name(), size,
                             to.name()));
  }
  for (size_t i = 0; i < size; ++i) {
    const line::LogEntry& a = own[i];
    const line::LogEntry& b = mirror[i];
    const bool same = *a.envelope == *b.envelope &&
                      (a.body_beside == nullptr) == (b.body_beside == nullptr) &&
                      (a.body_beside == nullptr || *a.body_beside == *b.body_beside);
    if (!same) {
      return Break(
          fmt::format("entry {} from {} to {} is another there", i + 1, from.name(), to.name()));
    }
  }
  counts_.entries += size;
}

// Equal cosigned prefixes, byte-identical views; and nothing of another line among them (MECHANISM 7.1, 7.3).
void NodeInvariants::CheckRecord(const Machine& a, const Machine& b) {
  const auto heads = [](const Machine& of, const Machine& peer) {
    return std::pair(
        of.node().record().Find(peer.config().party, service::Writer::kOurs).value(),
        of.node().record().Find(peer.config().party, service::Writer::kTheirs).value());
  };
  const auto [a_own, a_mirror] = heads(a, b);
  const auto [b_own, b_mirror] = heads(b, a);
  for (const auto& [own, mirror] : {std::pair(&a_own, &b_mirror), {&b_own, &a_mirror}}) {
    if (!own->cosigned) continue;
    const auto held = mirror->cosigned;
    if (!held || held->head.size < own->cosigned->head.size) {
      return Break("a cosignature is held by who asked, and not by who gave it");
    }
    if (held->head == own->cosigned->head && *held->note != *own->cosigned->note) {
      return Break("one head was cosigned in two ways");
    }
  }
  const uint64_t sizes[] = {a_own.cosigned ? a_own.cosigned->head.size : 0,
                            b_own.cosigned ? b_own.cosigned->head.size : 0};
  const auto at_a = JointView(a, b, {&a_own, &a_mirror}, {sizes[0], sizes[1]});
  const auto at_b = JointView(b, a, {&b_own, &b_mirror}, {sizes[1], sizes[0]});
  if (!at_a || !at_b) return Break("a joint view cannot be made");
  if (*at_a != *at_b) return Break("two joint views of one record");
  counts_.cosigned += sizes[0] + sizes[1];
}

void NodeInvariants::OnJournal(const Machine& machine, const std::string& text) {
  for (const std::string_view what : {"\"not_told_over\"", "\"not_told\""}) {
    if (text.find(what) != std::string::npos) never_told_[machine.index()].push_back(text);
  }
}

// What a node with an old disk had said to others alone, and was over when it could say it here, or a version of it is
// not covered by what was agreed here when it was released: it says so.
bool NodeInvariants::IsUntold(const Notice& notice, const Machine& from, const Machine& to) const {
  const auto said = never_told_.find(from.index());
  if (said == never_told_.end()) return false;
  const std::string& peer = from.desk().FindPeer(to.config().party)->name;
  const auto says = [&](const std::string& words) {
    return std::any_of(said->second.begin(), said->second.end(), [&](const std::string& text) {
      return text.find(words) != std::string::npos;
    });
  };
  if (says('"' + peer + ": no agreement in force covers " + notice.id.ToString())) return true;
  return from.set_back() > 0 && !airspace::InForce(notice, from.utc()) &&
         says(peer + ": never told of " + notice.id.ToString() + ", which is over");
}

void NodeInvariants::CheckNotices(const Machine& from, const Machine& to) {
  const base::PartyId party = from.config().party;
  std::map<base::NoticeId, std::pair<const Notice*, const Notice*>> both;
  from.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    // Of a drill whatever crosses what ends the exercise is on one side alone, which is why it may end.
    if (notice.party == party && notice.data_mode() == airspace::DataMode::kReal &&
        airspace::LatestDeclared(notice) != nullptr) {
      both[notice.id].first = from.state().FindNotice(notice.id);
    }
    return true;
  });
  to.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    if (notice.party == party && notice.data_mode() == airspace::DataMode::kReal) {
      both[notice.id].second = to.state().FindNotice(notice.id);
    }
    return true;
  });
  for (const auto& [id, sides] : both) {
    if (sides.first != nullptr && IsUntold(*sides.first, from, to)) {
      // Told of a later version, or of none.
      if (from.set_back() == 0 || sides.second == nullptr) continue;
    }
    if (sides.first == nullptr || sides.second == nullptr) {
      return Break(fmt::format("notice {} of {} is at {} alone", id.ToString(), from.name(),
                               sides.first != nullptr ? from.name() : to.name()));
    }
    CheckNotice(*sides.first, *sides.second, from, to);
  }
}

void NodeInvariants::CheckNotice(const Notice& ours, const Notice& theirs, const Machine& from,
                                 const Machine& to) {
  const auto say = [&](std::string_view what, const std::string& here, const std::string& there) {
    Break(fmt::format("notice {} of {} has another {} at {}: {}, {}", ours.id.ToString(),
                      from.name(), what, to.name(), here, there));
  };
  const auto declared = DeclaredOf(ours);
  counts_.versions += declared.size();
  if (declared != DeclaredOf(theirs)) say("history", "", "");
  std::set<base::Digest> names;
  for (const auto& version : declared) names.insert(std::get<0>(version));
  if (names.size() != declared.size()) say("history: a version stands in it twice", "", "");
  if (ours.activity != theirs.activity) {
    say("activity", std::string(Name(ours.activity)), std::string(Name(theirs.activity)));
  }
  const base::PartyId peer = to.config().party;
  const auto delivered = [&](const Notice& notice) {
    const auto found = notice.delivery.find(peer);
    if (found == notice.delivery.end()) return std::string("nothing");
    return "R1 " + Text(found->second.r1) + ", R3 " + Text(found->second.r3);
  };
  if (delivered(ours) != delivered(theirs)) say("delivery", delivered(ours), delivered(theirs));
  // Where the whole log is cosigned, what came (R1) is proven to have come (R2).
  const line::LogState& log = from.core().FindLine(peer)->state().own;
  const auto known = ours.delivery.find(peer);
  if (log.cosigned && log.cosigned->head.size == log.size() && known != ours.delivery.end() &&
      known->second.r1 && !known->second.r2) {
    say("delivery", Text(known->second.r1) + " came", "its entry is cosigned, and R2 is not known");
  }
  const auto assessed = [&](const Notice& notice) {
    const auto found = notice.assessments.find(peer);
    if (found == notice.assessments.end()) return std::string("nothing");
    return fmt::format("{} {}{}", Name(found->second.assessment),
                       found->second.version.ToHex().substr(0, 8),
                       found->second.counts ? "" : " of old");
  };
  if (assessed(ours) != assessed(theirs)) say("assessment", assessed(ours), assessed(theirs));
  const auto told = [&](const Notice& notice) {
    const auto found = notice.dissemination.find(peer);
    if (found == notice.dissemination.end()) return std::string("nothing");
    return fmt::format("{} {}", found->second.units_told.has_value(),
                       found->second.own_aircraft_clear.has_value());
  };
  if (told(ours) != told(theirs)) say("dissemination", told(ours), told(theirs));
}

void NodeInvariants::CheckAgreements(const Machine& a, const Machine& b) {
  const auto* at_a = a.core().FindAgreements(b.config().party);
  const auto* at_b = b.core().FindAgreements(a.config().party);
  if (at_a == nullptr || at_b == nullptr) return;
  std::set<base::Digest> known[2];
  for (const auto& each : at_a->all()) known[0].insert(each->digest);
  for (const auto& each : at_b->all()) known[1].insert(each->digest);
  if (known[0] != known[1]) {
    return Break(fmt::format("{} counts {} agreements with {}, who counts {}", a.name(),
                             known[0].size(), b.name(), known[1].size()));
  }
  counts_.agreements += known[0].size();
  const auto text = [](const agreement::InForce& in_force) {
    return in_force.on_floor() ? std::string("the floor") : in_force.agreement->digest.ToHex();
  };
  const base::UtcMicros now = std::max(a.utc(), b.utc());
  for (base::UtcMicros at = now; at.us < now.us + base::kMicrosPerMinute; at.us += 500'000) {
    if (text(at_a->At(at)) == text(at_b->At(at))) continue;
    return Break(fmt::format("{} is under {} at {}, {} under {}", a.name(), text(at_a->At(at)),
                             base::FormatRfc3339(at), b.name(), text(at_b->At(at))));
  }
}

void NodeInvariants::CheckConflicts(const Machine& a, const Machine& b) {
  const base::PartyId of_a = a.config().party;
  const base::PartyId of_b = b.config().party;
  const base::UtcMicros later = std::max(a.utc(), b.utc());
  std::vector<Conflict> at_a = LiveBetween(a, of_a, of_b, later);
  std::vector<Conflict> at_b = LiveBetween(b, of_a, of_b, later);
  const auto untold = [&](const Conflict& conflict) {
    return std::any_of(conflict.sides.begin(), conflict.sides.end(), [&](const auto& side) {
      const Machine& from = side.party == of_a ? a : b;
      const Notice* notice = from.state().FindNotice(side.notice);
      return notice != nullptr && IsUntold(*notice, from, &from == &a ? b : a);
    });
  };
  std::erase_if(at_a, untold);
  std::erase_if(at_b, untold);
  counts_.conflicts += at_a.size();
  for (size_t i = 0; i < std::max(at_a.size(), at_b.size()); ++i) {
    if (i >= at_a.size() || i >= at_b.size() || at_a[i].id != at_b[i].id) {
      const bool alone = i >= at_b.size() || (i < at_a.size() && at_a[i].id < at_b[i].id);
      const Conflict& conflict = alone ? at_a[i] : at_b[i];
      const Conflict* other = (alone ? b : a).state().FindConflict(conflict.id);
      return Break(fmt::format(
          "conflict {} of notices {} and {} is live at {} alone, {}, at {}; {} holds {}, at {}",
          conflict.id.ToHex().substr(0, 8), conflict.sides[0].notice.ToString(),
          conflict.sides[1].notice.ToString(), (alone ? a : b).name(), SaidOf(conflict),
          base::FormatRfc3339((alone ? a : b).utc()), (alone ? b : a).name(),
          other ? SaidOf(*other) : "nothing", base::FormatRfc3339((alone ? b : a).utc())));
    }
    const base::Digest& id = at_a[i].id;
    const auto signed_a = a.desk().SignedBasis(id);
    const auto signed_b = b.desk().SignedBasis(id);
    const std::string* heard_a = a.desk().HeardBasis(id);
    const std::string* heard_b = b.desk().HeardBasis(id);
    const bool equal = signed_a && signed_a == signed_b && heard_a != nullptr &&
                       heard_b != nullptr && crypto::Sha256(base::AsBytes(*heard_a)) == *signed_b &&
                       crypto::Sha256(base::AsBytes(*heard_b)) == *signed_a;
    if (!equal) {
      return Break(fmt::format("{} and {} have other bases of conflict {}: {}, {}", a.name(),
                               b.name(), id.ToHex().substr(0, 8), heard_b ? *heard_b : "none",
                               heard_a ? *heard_a : "none"));
    }
    // That a side has seen a conflict before the other has found it is in the record alone, so it is not compared.
    const auto measures = [](const Conflict& conflict) {
      return std::pair(conflict.sides[0].measures, conflict.sides[1].measures);
    };
    if (measures(at_a[i]) != measures(at_b[i])) {
      return Break(fmt::format("of conflict {} {} holds that {}, {} that {}",
                               id.ToHex().substr(0, 8), a.name(), SaidOf(at_a[i]), b.name(),
                               SaidOf(at_b[i])));
    }
  }
}

void NodeInvariants::CheckCounts(const Machine& from, const Machine& to) {
  // Whoever was set back counts what has happened to its node since.
  if (from.set_back() + to.set_back() > 0) return;
  const mechanism::Counts ours = from.desk().CountsOf({to.config().party});
  const mechanism::Counts theirs = to.desk().CountsOf({from.config().party});
  const auto equal = [&](std::string_view what, uint64_t here, uint64_t there) {
    if (here == there) return;
    Break(fmt::format("{} counts {} {} to {}, who counts {}", from.name(), here, what, to.name(),
                      there));
  };
  equal("versions", ours.sent, theirs.received);
  equal("read-backs", ours.read_back.count, theirs.read_back_by_us.count);
}

// ---- What was handed to the network ----

void NodeInvariants::SearchFrames() {
  for (const auto& [way, frames] : frames_) {
    const std::set<base::PartyId> here = {machine(way.first).config().party,
                                          machine(way.second).config().party};
    std::map<std::string, std::string_view> secrets;
    std::vector<base::NoticeId> held;
    for (const HeldPlan& plan : people_.held()) {
      secrets[plan.id.ToString()] = "the id of a held plan";
      for (const std::string& number : plan.coordinates) secrets[number] = "a held plan's place";
      held.push_back(plan.id);
    }
    for (const Machine* each : machines_) {
      for (const auto& [name, account] : each->desk().accounts()) secrets[name] = "a person's name";
      if (!here.contains(each->config().party)) {
        secrets[each->config().party.ToString()] = "the party of another line";
      }
      each->state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
        if (!here.contains(notice.party)) {
          secrets[notice.id.ToString()] = "a notice of another line";
        }
        return true;
      });
      each->state().VisitConflicts(0, [&](uint64_t, const Conflict& conflict) {
        const bool ours =
            here.contains(conflict.sides[0].party) && here.contains(conflict.sides[1].party);
        if (!ours) secrets[conflict.id.ToHex()] = "a conflict of another line";
        if (conflict.local()) secrets[conflict.id.ToHex()] = "a conflict with a held plan";
        return true;
      });
    }
    const Forbidden forbidden(secrets.begin(), secrets.end());
    for (const line::SharedBytes& frame : frames) {
      ++counts_.frames_searched;
      const std::string_view* found = FindIn(*frame, forbidden, 3);
      std::string_view what = found == nullptr ? "" : *found;
      for (const base::NoticeId id : held) {
        if (frame->find(base::AsText(id.uuid.bytes)) != std::string::npos) what = "a held plan";
      }
      if (what.empty()) continue;
      return Break(fmt::format("{} sends {} to {}", machine(way.first).name(), what,
                               machine(way.second).name()));
    }
  }
}

}  // namespace wideberth::sim
