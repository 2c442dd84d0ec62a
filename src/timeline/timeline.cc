#include "timeline/timeline.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "line/receipt.h"
#include "mechanism/standing.h"
#include "operators/account.h"
#include "record/merge.h"
#include "record/merkle.h"

namespace wideberth::timeline {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using base::UtcMicros;
using line::OpenedMessage;

// As mechanism/core.h names them.
constexpr std::string_view kAct = "act";
constexpr std::string_view kOperatorKeys = "operator-keys";
constexpr std::string_view kStandingHazard = "standing-hazard";
constexpr std::string_view kLineCheck = "line-check";

// A log that has been read: its messages beside its entries, and what follows from them.
struct ReadLog {
  std::vector<OpenedMessage> messages;
  std::vector<std::string_view> bodies;
  std::vector<Event> events;
  std::map<uint64_t, base::Digest>
      roots;  // of the sizes that the other log names, and of the whole
};

std::string PlaceOf(size_t log, uint64_t index) {
  return std::to_string(log) + "/entries/" + std::to_string(index);
}

Result<std::string_view> BodyOf(const OpenedMessage& opened, const line::LogEntry& entry) {
  if (const auto* text = std::get_if<std::string>(&opened.message.body)) {
    return std::string_view(*text);
  }
  const auto& beside = std::get<line::BodyBeside>(opened.message.body);
  if (entry.body_beside == nullptr || entry.body_beside->size() != beside.bytes ||
      crypto::Sha256(base::AsBytes(*entry.body_beside)) != beside.sha256) {
    return Invalid("/body_beside", "must be the bytes that the envelope names");
  }
  return std::string_view(*entry.body_beside);
}

Result<void> CheckNext(const OpenedMessage& opened, const ReadLog& before, base::PartyId writer,
                       base::PartyId other) {
  const line::Message& message = opened.message;
  if (message.from != writer || message.to != other) {
    return Invalid("/from", "must be of this line", message.from.ToString());
  }
  if (message.seq != before.messages.size() + 1) {
    return Invalid("/seq", "must be the next: " + std::to_string(before.messages.size() + 1),
                   std::to_string(message.seq));
  }
  const base::Digest previous =
      before.messages.empty() ? base::Digest() : before.messages.back().digest;
  if (message.previous != previous) {
    return Invalid("/previous", "must be the SHA-256 of the entry before",
                   message.previous.ToHex());
  }
  return {};
}

// What a body says, into the event. A body that breaks a rule was kept and not acted upon; so here.
class BodyReader {
 public:
  BodyReader(base::PartyId party, std::span<const crypto::PublicKey> message_keys)
      : party_(party), message_keys_(message_keys) {}

  void Read(std::string_view body, Event* event) {
    if (event->type == kOperatorKeys) {
      if (auto keys = operators::ReadOperatorKeys(body)) keys_ = *std::move(keys);
    } else if (event->type == kAct) {
      if (auto read = ReadAct(body, event); !read) event->unusable = read.error().ToString();
    } else if (event->type == kLineCheck) {
      if (auto read = ReadCheck(body, event); !read) event->unusable = read.error().ToString();
    } else if (event->type == kStandingHazard) {
      if (auto read = ReadHazard(body, event); !read) event->unusable = read.error().ToString();
    }
  }

 private:
  Result<void> ReadAct(std::string_view body, Event* event) {
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(body, limits::kMessageBodyBesideBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view envelope,
                        object.RequiredString("act", limits::kEnvelopeBytesMax));
    WB_ASSIGN_OR_RETURN(const auto text,
                        object.OptionalString("declaration", limits::kMessageBodyBesideBytesMax));
    WB_ASSIGN_OR_RETURN(mechanism::SealedAct act, mechanism::OpenAct(envelope, party_, keys_));
    std::visit(
        [&](const auto& what) {
          if constexpr (requires { what.notice; }) event->notice = what.notice;
          if constexpr (requires { what.answers; }) {
            event->matter = what.answers;
          } else if constexpr (requires { what.exchange; }) {
            event->matter = what.exchange;
          } else if constexpr (requires { what.account; }) {
            event->matter = what.account.exchange;
            event->notice = what.account.notice;
          } else {
            event->matter = act.act.id;
          }
        },
        act.act.body);
    const auto* release = std::get_if<mechanism::Release>(&act.act.body);
    if (release != nullptr) {
      if (!text || crypto::Sha256(base::AsBytes(*text)) != release->declaration_sha256) {
        return Invalid("/declaration", "must have the SHA-256 that the act names");
      }
      WB_ASSIGN_OR_RETURN(event->declaration, formats::ParseDeclaration(*text));
    }
    event->act = std::move(act);
    return {};
  }

  // A check that a machine makes.
  static Result<void> ReadCheck(std::string_view body, Event* event) {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(event->matter, object.RequiredParsed("id", 36, base::Uuid::ParseV4));
    return {};
  }

  Result<void> ReadHazard(std::string_view body, Event* event) const {
    WB_ASSIGN_OR_RETURN(const mechanism::StandingHazardMessage message,
                        mechanism::ReadStandingHazardMessage(body));
    WB_ASSIGN_OR_RETURN(const mechanism::SealedStandingHazard sealed,
                        mechanism::OpenStandingHazard(message.envelope, party_, message_keys_));
    if (crypto::Sha256(base::AsBytes(message.declaration)) != sealed.hazard.declaration_sha256) {
      return Invalid("/declaration", "must have the SHA-256 that the envelope names");
    }
    WB_ASSIGN_OR_RETURN(event->declaration, formats::ParseDeclaration(message.declaration));
    event->notice = sealed.hazard.notice;
    event->version = sealed.digest;
    return {};
  }

  const base::PartyId party_;
  const std::span<const crypto::PublicKey> message_keys_;
  std::vector<operators::OperatorKey> keys_;
};

Result<ReadLog> ReadOne(const Log& log, size_t number, base::PartyId other) {
  ReadLog read;
  BodyReader reader(log.writer, log.message_keys);
  for (const line::LogEntry& entry : log.entries) {
    const uint64_t index = read.messages.size();
    const auto take = [&]() -> Result<void> {
      WB_ASSIGN_OR_RETURN(OpenedMessage opened,
                          line::OpenMessage(*entry.envelope, log.message_keys));
      WB_RETURN_IF_ERROR(CheckNext(opened, read, log.writer, other));
      read.messages.push_back(std::move(opened));
      return {};
    };
    if (auto taken = take(); !taken) {
      return Fail(std::move(taken).error().Under(PlaceOf(number, index)));
    }
    const OpenedMessage& opened = read.messages.back();
    Result<std::string_view> body = BodyOf(opened, entry);
    if (!body) return Fail(std::move(body).error().Under(PlaceOf(number, index)));
    Event event;
    event.log = number;
    event.index = index;
    event.message = opened.digest;
    event.type = opened.message.type.name;
    event.data_mode = opened.message.data_mode;
    event.said_at = opened.message.sent_at;
    event.peer_seen = opened.message.peer_head.size;
    reader.Read(*body, &event);
    if (event.act) event.version = event.act->digest;
    read.bodies.push_back(*body);
    read.events.push_back(std::move(event));
  }
  return read;
}

// Every head that an entry names, or that was cosigned, has to be that of the log, as far as the prefix goes.
Result<void> CheckHeads(const ReadLog& named_by, size_t number, const Log& log, ReadLog* of) {
  std::set<uint64_t> named;
  for (const OpenedMessage& opened : named_by.messages) {
    named.insert(opened.message.peer_head.size);
  }
  for (const CosignedHead& head : log.heads) named.insert(head.size);
  record::Frontier tree;
  const auto keep = [&] {
    if (named.contains(tree.size())) of->roots[tree.size()] = tree.Root();
  };
  keep();
  for (const line::LogEntry& entry : log.entries) {
    tree.Append(record::LeafHash(base::AsBytes(*entry.envelope)));
    keep();
  }
  of->roots[tree.size()] = tree.Root();
  for (size_t i = 0; i < named_by.messages.size(); ++i) {
    const record::TreeHead& head = named_by.messages[i].message.peer_head;
    const auto root = of->roots.find(head.size);
    if (root == of->roots.end() || root->second == head.root) continue;
    return Invalid(PlaceOf(number, i) + "/peer_head", "must be the head of the other log",
                   head.root.ToHex());
  }
  for (size_t i = 0; i < log.heads.size(); ++i) {
    const auto root = of->roots.find(log.heads[i].size);
    if (root == of->roots.end() || root->second == log.heads[i].root) continue;
    return Invalid(std::to_string(1 - number) + "/heads/" + std::to_string(i) + "/root",
                   "must be that of the entries, " + root->second.ToHex(),
                   log.heads[i].root.ToHex());
  }
  return {};
}

// Where each message was receipted by the other side, by that side's clock.
std::map<base::Digest, UtcMicros> ReceiptsIn(const ReadLog& log) {
  std::map<base::Digest, UtcMicros> receipts;
  for (size_t i = 0; i < log.messages.size(); ++i) {
    if (log.events[i].type != line::kReceiptType) continue;
    const Result<line::Receipt> receipt = line::ReadReceipt(log.bodies[i]);
    if (!receipt) continue;
    for (const base::Digest& stored : receipt->stored) {
      receipts.emplace(stored, log.events[i].said_at);
    }
  }
  return receipts;
}

// By the clock of the other side.
void BoundTimes(const Log& log, const ReadLog& other, ReadLog* read) {
  size_t next_head = 0;
  size_t next_entry = 0;
  uint64_t newest_named = 0;
  for (Event& event : read->events) {
    newest_named = std::max(newest_named, event.peer_seen);
    if (newest_named > 0 && newest_named <= other.events.size()) {
      event.when.not_before = other.events[static_cast<size_t>(newest_named) - 1].said_at;
    }
    while (next_head < log.heads.size() && log.heads[next_head].size <= event.index) ++next_head;
    if (next_head < log.heads.size()) {
      // Stated in whole seconds, and made somewhere within one.
      event.when.not_after = {log.heads[next_head].at.us + base::kMicrosPerSecond - 1};
      event.cosigned_at = log.heads[next_head].at;
    }
    while (next_entry < other.events.size() && other.events[next_entry].peer_seen <= event.index) {
      ++next_entry;
    }
    if (next_entry < other.events.size()) {
      event.when.not_after = std::min(event.when.not_after, other.events[next_entry].said_at);
    }
  }
}

record::WriterLog ForMerge(const Log& log, const ReadLog& read) {
  record::WriterLog merged{log.writer.ToString(), {}};
  merged.entries.reserve(read.events.size());
  for (const Event& event : read.events) {
    merged.entries.push_back({event.message, event.said_at, event.peer_seen});
  }
  return merged;
}

}  // namespace

Result<Timeline> Timeline::Make(std::array<Log, 2> logs) {
  Timeline timeline;
  std::array<ReadLog, 2> read;
  for (const size_t i : {0U, 1U}) {
    WB_ASSIGN_OR_RETURN(read[i], ReadOne(logs[i], i, logs[1 - i].writer));
  }
  for (const size_t i : {0U, 1U}) {
    WB_RETURN_IF_ERROR(CheckHeads(read[1 - i], 1 - i, logs[i], &read[i]));
    timeline.roots_[i] = read[i].roots.at(logs[i].entries.size());
  }
  for (const size_t i : {0U, 1U}) {
    BoundTimes(logs[i], read[1 - i], &read[i]);
    const std::map<base::Digest, UtcMicros> receipts = ReceiptsIn(read[1 - i]);
    for (Event& event : read[i].events) {
      const auto received = receipts.find(event.message);
      if (received != receipts.end()) event.received_at = received->second;
    }
  }
  const record::WriterLog first = ForMerge(logs[0], read[0]);
  const record::WriterLog second = ForMerge(logs[1], read[1]);
  WB_ASSIGN_OR_RETURN(const std::vector<record::JointEntry> view, record::MergeLogs(first, second));
  timeline.joint_view_ = record::FormatJointView(view);
  timeline.events_.reserve(view.size());
  for (const record::JointEntry& entry : view) {
    ReadLog& from = read[entry.origin == first.origin ? 0 : 1];
    timeline.events_.push_back(std::move(from.events[static_cast<size_t>(entry.index)]));
  }
  timeline.logs_ = std::move(logs);
  return timeline;
}

record::EventOrder Timeline::OrderOf(const Event& first, const Event& second) const {
  if (first.log == second.log) {
    if (first.index == second.index) return record::EventOrder::kConcurrent;
    return first.index < second.index ? record::EventOrder::kBefore : record::EventOrder::kAfter;
  }
  // Each interval is by the clock of the other's side, so the two are of two clocks: what either had seen decides.
  if (second.peer_seen > first.index) return record::EventOrder::kBefore;
  if (first.peer_seen > second.index) return record::EventOrder::kAfter;
  return record::EventOrder::kConcurrent;
}

}  // namespace wideberth::timeline
