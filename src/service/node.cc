#include "service/node.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/sha256.h"
#include "line/party_card.h"
#include "service/embedded_dss.h"
#include "service/row_loader.h"

namespace wideberth::service {
namespace {

// The restored fact (store/store.h) where only the lines have still to make sure.
constexpr std::string_view kLinesRestored = "lines";

// Rows encoded under one hold of the shared lock, and rows in one transaction of the projection.
constexpr size_t kRowsPerHold = 64;
constexpr size_t kRowsPerWrite = 4'096;

// The projector yields to whoever answers requests.
constexpr int kProjectorNice = 10;

bool AwaitsReceiptOfKeys(const mechanism::Desk& desk) {
  return std::any_of(desk.awaited().begin(), desk.awaited().end(), [](const auto& each) {
    return each.second.kind == operators::ActKind::kManagePeers;
  });
}

void Report(const NodeOptions& options, std::string_view what, uint64_t done, uint64_t total) {
  if (options.progress) options.progress(what, done, total);
}

}  // namespace

Node::Node(std::unique_ptr<store::Store> store, airspace::RuleBook rules, geo::HeightModel heights,
           const base::Clock& clock, NodeOptions options)
    : store_(std::move(store)),
      rules_(std::move(rules)),
      heights_(std::move(heights)),
      clock_(clock),
      options_(std::move(options)),
      random_(options_.random != nullptr ? *options_.random : system_random_),
      terms_(options_.line ? options_.line->terms : mechanism::Terms()),
      contents_(*store_) {}

Node::~Node() {
  Stop();
}

base::Result<std::unique_ptr<Node>> Node::Open(std::unique_ptr<store::Store> store,
                                               airspace::RuleBook rules, geo::HeightModel heights,
                                               const base::Clock& clock, NodeOptions options) {
  std::unique_ptr<Node> node(
      new Node(std::move(store), std::move(rules), std::move(heights), clock, std::move(options)));
  WB_RETURN_IF_ERROR(node->Restore());
  WB_RETURN_IF_ERROR(node->LookForOldCopy());
  mechanism::Self self{{}, node->random_.NewUuidV4(), {}};
  self.restored = node->restored_;
  if (const auto& line = node->options_.line) {
    self.party = line->party;
    WB_ASSIGN_OR_RETURN(self.message_keys, node->LoadOwnKeys(&self.record_keys));
    if (line->agreement_files) {
      WB_ASSIGN_OR_RETURN(const MessageKeys keys, MessageKeysOf(node->contents_.desk()));
      WB_ASSIGN_OR_RETURN(node->options_.line->agreements,
                          VerifyAgreements(*line->agreement_files, keys));
    }
  }
  node->sequencer_ = std::make_unique<Sequencer>(
      node->contents_, node->lock_, *node->store_, std::move(self), node->terms_, node->rules_,
      node->heights_, clock, node->random_, node->options_.hooks);
  node->sequencer_->SetDssPolicy(node->options_.dss);
  WB_RETURN_IF_ERROR(node->OpenDssLog());
  if (const auto& line = node->options_.line) {
    for (const auto& [peer, agreed] : line->agreements) {
      node->sequencer_->SetAgreements(peer, agreed);
    }
    node->KeepFloorWithFormerPeers();
  }
  if (node->options_.line) {
    WB_RETURN_IF_ERROR(node->AdoptOwnCard());
    WB_RETURN_IF_ERROR(node->EnrolPeers());
  }
  // With the lines open: what it finds has matters, and bases for the peers.
  WB_RETURN_IF_ERROR(node->CheckUnderNewRules());
  return node;
}

base::Result<uint64_t> Node::LoadProjection() {
  uint64_t rows = 0;
  RowLoader loader(contents_.airspace());
  WB_RETURN_IF_ERROR(
      store_->ReadProjection([&](uint64_t key, base::ByteView bytes) -> base::Result<void> {
        if (++rows % 100'000 == 0) Report(options_, "reading rows", rows, 0);
        WB_ASSIGN_OR_RETURN(const bool taken, contents_.LoadRow(key, bytes));
        return taken ? base::Result<void>() : loader.Add(key, bytes);
      }));
  WB_RETURN_IF_ERROR(loader.Finish());
  return rows;
}

base::Result<void> Node::Restore() {
  const int64_t started_us = clock_.MonotonicMicros();
  base::Result<uint64_t> rows = LoadProjection();
  if (!rows) {
    // It is a cache of the log: what is wrong with it costs a slow start, never an answer.
    base::Log(base::LogLevel::kWarn, "projection_given_up", {{"error", rows.error().ToString()}});
    contents_.Clear();
    WB_RETURN_IF_ERROR(store_->ClearProjection());
    rows = 0;
  }
  uint64_t batches = 0;
  const uint64_t from = store_->projected_seq() + 1;
  WB_RETURN_IF_ERROR(store_->Replay(from, [&](const store::Batch& batch) -> base::Result<void> {
    if (auto replayed = contents_.Replay(batch); !replayed) return replayed;
    if (++batches % 10'000 == 0) {
      Report(options_, "replaying batches", batches, store_->last_seq() - from + 1);
    }
    return {};
  }));
  contents_.line_logs().MarkAllDurable();
  contents_.dss_log().MarkDurable(contents_.dss_log().head());
  base::Log(base::LogLevel::kInfo, "state_restored",
            {{"rows", *rows},
             {"batches", batches},
             {"notices", contents_.airspace().GetStatistics().notices},
             {"took_ms", (clock_.MonotonicMicros() - started_us) / 1000}});
  return {};
}

// While nothing else runs the sequencer.
base::Result<void> Node::DoNow(std::function<void(mechanism::Core&, line::Now)> work) {
  std::optional<base::Error> failed;
  WB_RETURN_IF_ERROR(sequencer_->SubmitWork(
      [work = std::move(work), &failed](mechanism::Core& core, line::Now now) -> Sequencer::Done {
        work(core, now);
        return [&failed](const std::optional<base::Error>& error) { failed = error; };
      },
      [&failed](const std::optional<base::Error>& error) { failed = error; }));
  while (sequencer_->Step()) {
  }
  if (failed) return base::Fail(*failed);
  return {};
}

// ---- The keys of this party ----

base::Result<line::OwnKeys> Node::LoadOwnKeys(line::RecordKeys* record_keys) {
  const LineOptions& options = *options_.line;
  const mechanism::OwnCard* own = contents_.desk().own_card();
  WB_ASSIGN_OR_RETURN(const std::string text, own != nullptr ? base::Result<std::string>(own->card)
                                                             : options.keys->FirstCard());
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(text));
  if (card.party != options.party) {
    return base::Invalid("party.keys", "must be those of the party whose store this is",
                         card.party.ToString());
  }
  WB_ASSIGN_OR_RETURN(PartySecrets secrets, options.keys->Load(card));
  *record_keys = secrets.record_keys();
  line::OwnKeys message_keys = {std::move(secrets.message)};
  KeepTransportKey(std::move(secrets.transport));
  if (own != nullptr) WB_RETURN_IF_ERROR(LoadFormerKeys(*own, &message_keys));
  return message_keys;
}

// Those that a line may still need: a peer has not receipted a change, or has not been told of it.
base::Result<void> Node::LoadFormerKeys(const mechanism::OwnCard& own,
                                        line::OwnKeys* message_keys) {
  const mechanism::Desk& desk = contents_.desk();
  std::map<crypto::PublicKey, std::string> signing;  // and on whose line
  bool needed = AwaitsReceiptOfKeys(desk);
  for (const auto& [id, peer] : desk.peers()) {
    const line::LineState state = contents_.line_logs().StateOf(peer.line);
    if (state.own.keys.empty()) continue;
    const crypto::PublicKey& key = state.own.keys.back().key;
    if (key != message_keys->front()->public_key()) signing.emplace(key, peer.name);
  }
  needed = needed || !signing.empty();
  for (size_t i = own.former.size(); needed && i-- > 0;) {
    if (message_keys->size() >= limits::kEnvelopeSignaturesMax) break;
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(own.former[i].card));
    base::Result<PartySecrets> secrets = options_.line->keys->Load(card);
    if (!secrets) {
      // Only heartbeats to a peer that has not been told would have been signed by them.
      base::Log(base::LogLevel::kWarn, "former_keys_missing",
                {{"error", secrets.error().ToString()}});
      continue;
    }
    signing.erase(secrets->message->public_key());
    message_keys->push_back(std::move(secrets->message));
    KeepTransportKey(std::move(secrets->transport));
  }
  if (signing.empty()) return {};
  return base::Fail(base::ErrorCode::kNotFound, "party.keys",
                    "must hold the key that still signs on the line to " + signing.begin()->second,
                    signing.begin()->first.KeyId());
}

void Node::KeepTransportKey(std::shared_ptr<const crypto::SecretKey> key) {
  const std::lock_guard lock(keys_mutex_);
  const crypto::PublicKey name = key->public_key();
  transport_secrets_.insert_or_assign(name, std::move(key));
}

Node::SecretKeys Node::transport_keys() const {
  const std::vector<std::string> cards =
      ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
        std::vector<std::string> texts;
        if (desk.own_card() == nullptr) return texts;
        texts.push_back(desk.own_card()->card);
        const auto& former = desk.own_card()->former;
        for (size_t i = former.size(); AwaitsReceiptOfKeys(desk) && i-- > 0;) {
          texts.push_back(former[i].card);
        }
        return texts;
      }).first;
  SecretKeys keys;
  const std::lock_guard lock(keys_mutex_);
  for (const std::string& text : cards) {
    const base::Result<line::PartyCard> card = line::ReadCard(text);
    if (!card) continue;
    const auto found = transport_secrets_.find(card->key(line::KeyRole::kTransport));
    if (found == transport_secrets_.end()) continue;
    if (std::find(keys.begin(), keys.end(), found->second) == keys.end()) {
      keys.push_back(found->second);
    }
  }
  return keys;
}

base::Result<void> Node::AdoptOwnCard() {
  if (contents_.desk().own_card() != nullptr) return {};
  WB_ASSIGN_OR_RETURN(std::string card, options_.line->keys->FirstCard());
  return DoNow([card = std::move(card)](mechanism::Core& core, line::Now now) {
    core.AdoptOwnCard(card, now);
  });
}

void Node::ChangeKeys(KeyRequest request, KeysDone done) {
  const auto make = [&]() -> base::Result<mechanism::NewKeys> {
    if (!options_.line) {
      return base::Fail(base::ErrorCode::kConflict, "", "must be a node in line mode");
    }
    if (request.roles.empty()) return base::Invalid("/roles", "must name a key to change");
    const std::string text = ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
                               return desk.own_card()->card;
                             }).first;
    WB_ASSIGN_OR_RETURN(const line::PartyCard before, line::ReadCard(text));
    mechanism::NewKeys keys{{}, line::FingerprintOf(before), nullptr, {},
                            {}, request.compromised_since};
    WB_ASSIGN_OR_RETURN(keys.card, options_.line->keys->Make(before, request.roles, clock_.Now()));
    WB_ASSIGN_OR_RETURN(const line::PartyCard after, line::ReadCard(keys.card));
    WB_ASSIGN_OR_RETURN(PartySecrets secrets, options_.line->keys->Load(after));
    keys.record_keys = secrets.record_keys();
    keys.message_key = std::move(secrets.message);
    KeepTransportKey(std::move(secrets.transport));
    for (const line::KeyRole role : request.roles) {
      if (request.revoke) keys.revoked.push_back(before.key(role));
    }
    return keys;
  };
  base::Result<mechanism::NewKeys> keys = make();
  if (!keys) return done(base::Fail(std::move(keys).error()));
  const line::PartyCard card = line::ReadCard(keys->card).value();
  const auto work = [keys = std::move(*keys), card, by = request.by, done](
                        mechanism::Core& core, line::Now now) -> Sequencer::Done {
    base::Result<void> changed = core.ChangeOwnKeys(keys, by, now);
    return [changed = std::move(changed), card, done](const std::optional<base::Error>& failure) {
      if (failure) return done(base::Fail(*failure));
      if (!changed) return done(base::Fail(changed.error()));
      done(card);
    };
  };
  const auto submitted = sequencer_->SubmitWork(
      work, [done](const std::optional<base::Error>& failure) { done(base::Fail(*failure)); });
  if (!submitted) done(base::Fail(submitted.error()));
}

// ---- Peers ----

base::Result<void> Node::EnrolPeer(const PeerOptions& peer) {
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(peer.card));
  if (card.party == options_.line->party) {
    return base::Invalid("/party", "must be another party than that of this node", card.name);
  }
  uint32_t last_line = 0;
  for (const auto& [id, known] : contents_.desk().peers()) {
    last_line = std::max(last_line, known.line);
    if (id != card.party && known.name == card.name) {
      return base::Fail(base::ErrorCode::kConflict, "/name",
                        "must not be the name of another peer: people tell them apart by it",
                        card.name);
    }
  }
  if (const mechanism::Peer* known = contents_.desk().FindPeer(card.party)) {
    // The file may be the card that was enrolled, or any that came after it.
    std::vector<std::string> cards = {known->card};
    for (const mechanism::FormerCard& former : known->former) cards.push_back(former.card);
    for (const std::string& text : cards) {
      WB_ASSIGN_OR_RETURN(const line::PartyCard enrolled, line::ReadCard(text));
      if (line::FingerprintOf(enrolled) == line::FingerprintOf(card)) return {};
    }
    return base::Fail(base::ErrorCode::kConflict, "/keys",
                      "must be those that were enrolled: keys change by rotation alone",
                      line::FingerprintOf(card).ToString());
  }
  mechanism::Peer enrolled;
  enrolled.id = card.party;
  enrolled.line = last_line + 1;
  enrolled.name = card.name;
  enrolled.card = peer.card;
  enrolled.enrolled_at = clock_.Now();
  WB_RETURN_IF_ERROR(DoNow([enrolled](mechanism::Core& core, line::Now) { core.Enrol(enrolled); }));
  base::Log(base::LogLevel::kInfo, "peer_enrolled",
            {{"peer", card.name},
             {"party", card.party.ToString()},
             {"fingerprint", line::FingerprintOf(card).ToString()}});
  return {};
}

base::Result<void> Node::EnrolPeers() {
  for (size_t i = 0; i < options_.line->peers.size(); ++i) {
    const PeerOptions& peer = options_.line->peers[i];
    if (auto enrolled = EnrolPeer(peer); !enrolled) {
      return base::Fail(std::move(enrolled).error().Under("peer[" + std::to_string(i) + "]"));
    }
    WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(peer.card));
    sequencer_->OpenLine(card.party, peer.paths);
  }
  return {};
}

base::Result<void> Node::CheckUnderNewRules() {
  const base::Digest rules = sequencer_->rules().digest();
  if (contents_.airspace().rules() == rules) return {};
  std::vector<base::NoticeId> ids;
  contents_.airspace().VisitNotices(0, [&](uint64_t, const airspace::Notice& notice) {
    ids.push_back(notice.id);
    return true;
  });
  std::optional<base::Error> error;
  const auto answer = [&](const base::Result<airspace::Decision>& result) {
    if (!result) error = result.error();
  };
  uint64_t done = 0;
  for (const base::NoticeId id : ids) {
    WB_RETURN_IF_ERROR(sequencer_->Submit({base::PartyId{}, airspace::Recheck{id}}, answer));
    if (++done % limits::kSequencerBatchCommandsMax == 0) {
      while (sequencer_->Step()) {
      }
      Report(options_, "checking under new rules", done, ids.size());
    }
    if (error) return base::Fail(*error);
  }
  WB_RETURN_IF_ERROR(sequencer_->Submit({base::PartyId{}, airspace::AdoptRules{rules}}, answer));
  while (sequencer_->Step()) {
  }
  if (error) return base::Fail(*error);
  base::Log(base::LogLevel::kInfo, "rules_adopted",
            {{"rules", rules.ToHex()}, {"notices_checked", done}});
  return {};
}

// A peer that the configuration names no more may have left notices: they are judged under the floor.
void Node::KeepFloorWithFormerPeers() {
  const auto& agreements = options_.line->agreements;
  const airspace::PartyEntry* self = rules_.FindParty(options_.line->party);
  if (agreements.empty() || self == nullptr) return;
  for (const auto& [id, peer] : contents_.desk().peers()) {
    if (agreements.contains(id)) continue;
    sequencer_->SetAgreements(id, agreement::LineAgreements(*self, {id, peer.name}));
  }
}

void Node::Start() {
  sequencer_thread_ = std::thread([this] { sequencer_->Run(); });
  projector_thread_ = std::thread([this] { RunProjector(); });
}

void Node::Stop() {
  {
    const std::lock_guard lock(stop_mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  stop_wake_.notify_all();
  if (projector_thread_.joinable()) projector_thread_.join();
  if (sequencer_ == nullptr) return;
  sequencer_->Stop();
  if (sequencer_thread_.joinable()) sequencer_thread_.join();
  if (sequencer_->failed()) return;
  if (const base::Result<void> written = WriteProjection(); !written) {
    base::Log(base::LogLevel::kWarn, "projection_failed", {{"error", written.error().ToString()}});
  }
}

base::Result<std::shared_ptr<const airspace::PreparedDeclaration>> Node::Prepare(
    airspace::Declaration declaration) const {
  const airspace::RuleBook book = rules();
  WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                         std::move(declaration), book, heights_, crypto::Sha256));
  WB_RETURN_IF_ERROR(book.CheckClass(prepared.declaration()));
  return std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
}

void Node::WaitDurable(uint64_t seq) {
  std::promise<void> durable;
  sequencer_->WhenDurable(seq, [&](bool) { durable.set_value(); });
  durable.get_future().wait();
}

base::Result<void> Node::WriteProjection() {
  // One after the other: who takes the dirty rows later must not say first that it has written all of them.
  const std::lock_guard one(projection_mutex_);
  std::vector<uint64_t> keys;
  uint64_t complete_to = 0;
  {
    const auto lock = lock_.Write();
    keys = contents_.TakeDirty();
    // Not applied_seq: the turn that is being decided has more to change, in rows that are not dirty yet.
    complete_to = sequencer_->durable_seq();
  }
  if (keys.empty() && complete_to == store_->projected_seq()) return {};
  base::Result<void> written = WriteRows(keys, complete_to);
  if (!written) {
    const auto lock = lock_.Write();
    contents_.MarkDirty(keys);
  }
  return written;
}

base::Result<void> Node::WriteRows(std::span<const uint64_t> keys, uint64_t complete_to) {
  std::vector<std::pair<uint64_t, std::optional<base::Bytes>>> encoded;
  std::vector<store::ProjectionRow> rows;
  for (size_t begin = 0; begin < keys.size() || begin == 0; begin += kRowsPerWrite) {
    const size_t end = std::min(keys.size(), begin + kRowsPerWrite);
    encoded.clear();
    uint64_t seen = complete_to;
    for (size_t hold = begin; hold < end; hold += kRowsPerHold) {
      const auto lock = lock_.Read();
      for (size_t i = hold; i < std::min(end, hold + kRowsPerHold); ++i) {
        encoded.emplace_back(keys[i], contents_.EncodeRow(keys[i]));
      }
      seen = sequencer_->applied_seq();
    }
    WaitDurable(seen);
    if (sequencer_->failed()) {
      return base::Fail(base::ErrorCode::kStorage, "projection", "needs a store that works");
    }
    rows.clear();
    for (const auto& [key, bytes] : encoded) {
      rows.push_back({key, bytes ? std::optional<base::ByteView>(*bytes) : std::nullopt});
    }
    // Rows may be ahead of the number beside them, never behind it: it moves with the last of them.
    WB_RETURN_IF_ERROR(
        store_->WriteProjection(end == keys.size() ? complete_to : store_->projected_seq(), rows));
  }
  return {};
}

void Node::WatchDisk() {
  if (options_.disk_free_bytes_min == 0) return;
  const base::Result<int64_t> free_bytes = store_->FreeBytes();
  if (free_bytes && *free_bytes >= options_.disk_free_bytes_min) {
    sequencer_->SetRefusal(std::nullopt);
    return;
  }
  sequencer_->SetRefusal(
      base::Fail(base::ErrorCode::kStorage, "",
                 "the disk is nearly full: nothing new is stored until there is room, " +
                     std::to_string(options_.disk_free_bytes_min) + " bytes",
                 free_bytes ? std::to_string(*free_bytes) : free_bytes.error().ToString())
          .value());
}

base::Result<void> Node::LookForOldCopy() {
  WB_ASSIGN_OR_RETURN(const std::optional<std::string> fact, store_->GetMeta(store::kRestoredFact));
  restored_ = (fact == "yes" || fact == kLinesRestored) && options_.line.has_value();
  if (restored_) {
    base::Log(base::LogLevel::kWarn, "restored_store",
              {{"signs", "nothing before every peer has said what it holds of our log"}});
  }
  return {};
}

// The log of an old copy may have gone on elsewhere: under its name nothing may follow here, or two histories would be
// signed.
base::Result<void> Node::OpenDssLog() {
  if (options_.dss_log_key == nullptr) return {};
  const DssLog& log = contents_.dss_log();
  const std::string& origin = options_.dss_log_key->verifier().name();
  WB_ASSIGN_OR_RETURN(const std::optional<std::string> fact, store_->GetMeta(store::kRestoredFact));
  if (fact == "yes" && log.size() > 0 && log.origin() == origin) {
    return base::Fail(base::ErrorCode::kConflict, "dss.log.origin",
                      "must be another than before: the store may be an old copy, and its log may "
                      "have gone on without it",
                      origin);
  }
  if (log.origin() == origin && log.head()) WB_RETURN_IF_ERROR(CheckDssLogHead());
  sequencer_->KeepDssLog(options_.dss_log_key);
  if (fact != "yes") return {};
  return store_->PutMeta(store::kRestoredFact, options_.line ? kLinesRestored : "no");
}

// What was signed once is what the entries still make.
base::Result<void> Node::CheckDssLogHead() const {
  const dss::LogHead& head = *contents_.dss_log().head();
  const DssLogReader reader(contents_, lock_, *store_, options_.dss_log_key->verifier());
  WB_ASSIGN_OR_RETURN(const base::Digest root, reader.RootAt(head.size));
  if (root == head.root) return {};
  return base::Fail(base::ErrorCode::kStorage, "dss log",
                    "must have the root that was signed at " + std::to_string(head.size),
                    root.ToHex());
}

std::unique_ptr<dss::TransparencyLog> Node::MakeDssLogReader() const {
  if (options_.dss_log_key == nullptr) return nullptr;
  return std::make_unique<DssLogReader>(contents_, lock_, *store_,
                                        options_.dss_log_key->verifier());
}

void Node::WatchOldCopy() {
  if (!restored_) return;
  if (!may_sign_) {
    (void)sequencer_->SubmitWork(
        [this](mechanism::Core& core, line::Now) -> Sequencer::Done {
          const bool may_sign = core.RequireMaySign().has_value();
          return [this, may_sign](const std::optional<base::Error>& failure) {
            may_sign_ = may_sign && !failure;
          };
        },
        nullptr);
    return;
  }
  restored_ = false;
  if (const auto put = store_->PutMeta(store::kRestoredFact, "no"); !put) {
    // It is asked again at the next start, which does no harm.
    base::Log(base::LogLevel::kWarn, "restored_store_not_settled",
              {{"error", put.error().ToString()}});
    return;
  }
  base::Log(base::LogLevel::kInfo, "restored_store_settled", {});
}

void Node::RunProjector() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kProjectorNice);
  WatchDisk();
  int64_t written_us = clock_.MonotonicMicros();
  while (true) {
    {
      std::unique_lock lock(stop_mutex_);
      stop_wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
      if (stopping_) return;
    }
    WatchDisk();
    WatchOldCopy();
    if (clock_.MonotonicMicros() - written_us < options_.projection_period_us) continue;
    written_us = clock_.MonotonicMicros();
    if (const base::Result<void> written = WriteProjection(); !written) {
      // The log is the truth; without a fresh projection the next start only takes longer.
      base::Log(base::LogLevel::kWarn, "projection_failed",
                {{"error", written.error().ToString()}});
    }
  }
}

}  // namespace wideberth::service
