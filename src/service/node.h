// A Node: the state of one airspace over one store, with its sequencer and its projection, ready to
// be asked.
//
// Opening restores the state: the rows of the projection first, then the log after them; a store
// without a projection replays its whole log. If the rules are not those of the last run, every
// notice in force is checked again under the new ones before anything is answered.
//
// A store that was restored from a backup says so (store/store.h, kRestoredFact). Its lines sign nothing before they
// have what the peers hold (line/endpoint.h); then the fact is taken back.
//
// The projector is a thread of its own that every few seconds writes the rows of what has changed
// (a fuzzy checkpoint, store/store.h), so that a restart reads rows and a short tail instead of a
// long log.
//
//   WB_ASSIGN_OR_RETURN(std::unique_ptr<Node> node, Node::Open(std::move(store), rules, heights,
//   clock, options)); node->Start(); node->sequencer().Submit({party, airspace::Declare{...}},
//   answer); auto [notice, seq] = node->Read([&](const airspace::State& state) { return
//   Copy(state.FindNotice(id)); }); node->sequencer().WhenDurable(seq, [notice](bool durable) { ...
//   }); node->Stop();
//
// Threads: everything public may be called from any thread once Start has returned.
#ifndef WIDEBERTH_SERVICE_NODE_H_
#define WIDEBERTH_SERVICE_NODE_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agreement/in_force.h"
#include "airspace/command.h"
#include "airspace/rules.h"
#include "airspace/state.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "dss/decide.h"
#include "dss/transparency_log.h"
#include "geo/altitude.h"
#include "line/party_card.h"
#include "mechanism/core.h"
#include "mechanism/desk.h"
#include "service/agreements.h"
#include "service/contents.h"
#include "service/entry_reader.h"
#include "service/party_keys.h"
#include "service/record_reader.h"
#include "service/sequencer.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

// What makes a node one side of lines (DESIGN 3, line mode).
struct PeerOptions {
  std::string card;  // the text of its party card (line/party_card.h)
  size_t paths = 1;  // how many are configured
};
struct LineOptions {
  base::PartyId party;
  std::shared_ptr<PartyKeys> keys;
  mechanism::Terms terms;          // where `agreements` says nothing
  std::vector<PeerOptions> peers;  // at most limits::kLinkPeersMax
  // By peer. A line that is not named here has the node's rules and `terms` for ever.
  std::map<base::PartyId, agreement::LineAgreements> agreements = {};
  // Verified by the keys that the store knows, and added as `agreements` of all peers.
  std::optional<AgreementFiles> agreement_files = {};
};

struct NodeOptions {
  Sequencer::Hooks hooks;
  std::optional<LineOptions> line;
  dss::Policy dss;
  // Of the transparency log of the DSS, by its name; null: none is kept.
  std::shared_ptr<const record::SignerKey> dss_log_key;
  int64_t projection_period_us = 2 * base::kMicrosPerSecond;
  // Below it the node refuses writes and says so; it stays up for reading.
  int64_t disk_free_bytes_min = 0;
  // Where ids are drawn from, for simulations; outlives the node. Null: the system's.
  base::RandomSource* random = nullptr;
  // Told about long steps of opening: what, how much of how much.
  std::function<void(std::string_view what, uint64_t done, uint64_t total)> progress;
};

class Node {
 public:
  // Refuses what the store refuses, a card that is none, a peer whose keys are not those that were enrolled or came
  // after them (keys change by rotation, never by another file), and keys of this party that are not those it has said
  // on its lines.
  static base::Result<std::unique_ptr<Node>> Open(std::unique_ptr<store::Store> store,
                                                  airspace::RuleBook rules,
                                                  geo::HeightModel heights,
                                                  const base::Clock& clock, NodeOptions options);
  ~Node();

  void Start();
  // Finishes what is queued, writes the projection, ends the threads. Idempotent.
  void Stop();

  Sequencer& sequencer() { return *sequencer_; }
  // Those of now; they change when an agreement comes into force or lapses, and when a line is lost.
  airspace::RuleBook rules() const { return sequencer_->rules(); }
  const geo::HeightModel& heights() const { return heights_; }
  const base::Clock& clock() const { return clock_; }

  // Validates a declaration and does the expensive part on the calling thread.
  base::Result<std::shared_ptr<const airspace::PreparedDeclaration>> Prepare(
      airspace::Declaration declaration) const;

  // The party whose node this is; nothing in pool mode.
  std::optional<base::PartyId> party() const {
    return options_.line ? std::optional(options_.line->party) : std::nullopt;
  }

  // What is durable of the logs of the lines and of the journal.
  EntryReader entries() const { return {contents_, lock_, *store_, *sequencer_}; }

  // Transport keys of this party: that of its card, then those that a peer which has not receipted the last change may
  // still expect. Empty in pool mode.
  using SecretKeys = std::vector<std::shared_ptr<const crypto::SecretKey>>;
  SecretKeys transport_keys() const;

  // New keys for this party, on all lines (mechanism/core.h, ChangeOwnKeys). Makes and stores them on the calling
  // thread, which takes seconds; then the change is a turn like any other. `done` is called once: with the card in
  // force when all of it is durable, or with why nothing has changed.
  struct KeyRequest {
    std::set<line::KeyRole> roles;  // at least one; the keys of the others stay
    bool revoke = false;            // those that are replaced
    std::optional<base::UtcMicros> compromised_since;
    std::string by;  // who asks, for the journal
  };
  using KeysDone = std::function<void(base::Result<line::PartyCard>)>;
  void ChangeKeys(KeyRequest request, KeysDone done);

  // Runs `read` on the DSS under the shared lock, with the time of now; as Read.
  template <class Function>
  auto ReadDss(Function read) const {
    const auto lock = lock_.Read();
    return std::pair(
        read(std::as_const(contents_).dss(), sequencer_->NowOf(airspace::DataMode::kReal)),
        sequencer_->applied_seq());
  }

  // Runs `read` on the desk under the shared lock; as Read.
  template <class Function>
  auto ReadDesk(Function read) const {
    const auto lock = lock_.Read();
    return std::pair(read(std::as_const(contents_).airspace(), std::as_const(contents_).desk()),
                     sequencer_->applied_seq());
  }

  // The logs of the lines, as far as they are durable.
  RecordReader record() const { return {contents_, lock_, *store_, entries()}; }

  // Runs `read` on the state under the shared lock; returns its value and the batch that has to be
  // durable before the value may be shown. `read` must be short and must not keep pointers.
  template <class Function>
  auto Read(Function read) const {
    const auto lock = lock_.Read();
    return std::pair(read(std::as_const(contents_).airspace()), sequencer_->applied_seq());
  }

  // The transparency log of the DSS, as far as it is durable; nothing where none is kept. The node outlives it.
  std::unique_ptr<dss::TransparencyLog> MakeDssLogReader() const;

  // Writes the rows of everything that has changed. Called by the projector; public for tests and
  // for Stop. From any thread.
  base::Result<void> WriteProjection();

 private:
  Node(std::unique_ptr<store::Store> store, airspace::RuleBook rules, geo::HeightModel heights,
       const base::Clock& clock, NodeOptions options);
  base::Result<void> Restore();
  base::Result<line::OwnKeys> LoadOwnKeys(line::RecordKeys* record_keys);
  void KeepTransportKey(std::shared_ptr<const crypto::SecretKey> key);
  base::Result<void> LoadFormerKeys(const mechanism::OwnCard& own, line::OwnKeys* message_keys);
  base::Result<void> AdoptOwnCard();
  base::Result<void> DoNow(std::function<void(mechanism::Core&, line::Now)> work);
  base::Result<void> EnrolPeers();
  base::Result<void> EnrolPeer(const PeerOptions& peer);
  base::Result<uint64_t> LoadProjection();  // how many rows
  base::Result<void> CheckUnderNewRules();
  void KeepFloorWithFormerPeers();
  base::Result<void> WriteRows(std::span<const uint64_t> keys, uint64_t complete_to);
  void RunProjector();
  void WatchDisk();
  base::Result<void> LookForOldCopy();
  base::Result<void> OpenDssLog();
  base::Result<void> CheckDssLogHead() const;
  void WatchOldCopy();
  void WaitDurable(uint64_t seq);

  std::unique_ptr<store::Store> store_;
  const airspace::RuleBook rules_;
  const geo::HeightModel heights_;
  const base::Clock& clock_;
  base::SystemRandom system_random_;
  NodeOptions options_;
  base::RandomSource& random_;
  const mechanism::Terms terms_;
  Contents contents_;
  mutable StateLock lock_;
  std::unique_ptr<Sequencer> sequencer_;
  mutable std::mutex keys_mutex_;
  std::map<crypto::PublicKey, std::shared_ptr<const crypto::SecretKey>> transport_secrets_;

  std::mutex projection_mutex_;
  bool restored_ = false;  // the store may be an old copy: until every line has what its peer holds
  std::atomic<bool> may_sign_ = false;

  std::mutex stop_mutex_;
  std::condition_variable stop_wake_;
  bool stopping_ = false;
  std::thread sequencer_thread_;
  std::thread projector_thread_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_NODE_H_
