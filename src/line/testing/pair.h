// Two endpoints wired back to back: what one sends reaches the other after a delay, unless a test says otherwise. Time
// passes only from one event to the next, and a node is called only when a frame arrives or its own next_wake has come,
// so whatever an endpoint must do in time it must have announced.
//
//   Pair pair;
//   pair.ConnectAll();
//   pair.Write(0, "{\"n\":1}");
//   pair.Run(1'000'000);
//   EXPECT_EQ(pair.node(1).received.size(), 1);
#ifndef WIDEBERTH_LINE_TESTING_PAIR_H_
#define WIDEBERTH_LINE_TESTING_PAIR_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "line/endpoint.h"
#include "line/testing/values.h"

namespace wideberth::line::testing {

// A log in memory. Asked for what it does not have, or while it is damaged, it refuses.
class MemoryLog final : public LogSource {
 public:
  base::Result<LogEntry> ReadEntry(uint64_t seq) const override;
  void Append(LogEntry entry) { entries_.push_back(std::move(entry)); }
  void Truncate(uint64_t size) { entries_.resize(static_cast<size_t>(size)); }
  void set_damaged(bool damaged) { damaged_ = damaged; }
  uint64_t size() const { return entries_.size(); }
  const std::vector<LogEntry>& entries() const { return entries_; }
  uint64_t reads() const { return reads_; }

 private:
  std::vector<LogEntry> entries_;
  bool damaged_ = false;
  mutable uint64_t reads_ = 0;
};

// What a node has on its disk.
struct Disk {
  LineState state;
  MemoryLog own;
  MemoryLog mirror;

  // Takes the effects by way of their binary form, and CHECKs that it makes the round trip.
  void Commit(const std::vector<Effect>& effects);
};

struct PairConfig {
  size_t paths = 1;
  bool cosigning = false;  // heads are signed and cosigned
  // The types both understand; "note.v1" is what Write writes.
  std::map<MessageType, std::vector<std::string>> understands = {{{"note", 1}, {"area"}},
                                                                 {{"receipt", 1}, {}},
                                                                 {{"policy-lane", 1}, {}},
                                                                 {{"key-change", 1}, {}}};
};

struct Node {
  EndpointConfig config;
  OwnKeys keys;                              // the newest first
  uint8_t key_changes = 0;                   // of its own
  PartyCard peer_card;                       // in force, as far as it is on the disk
  std::vector<crypto::PublicKey> peer_keys;  // message keys that the peer has, or had
  Disk disk;
  std::unique_ptr<Endpoint> endpoint;  // null: the node is down
  uint8_t starts = 0;
  int64_t clock_offset_us = 0;  // of its calendar clock
  // Everything that its turns have given, over all its starts.
  std::vector<Received> received;
  std::vector<Trouble> troubles;
  size_t link_changes = 0;
  // The notes among `received`, by the text of their bodies.
  std::vector<std::string> notes() const;
  size_t Count(TroubleKind kind) const;
};

struct Flight {
  size_t to = 0;
  size_t path = 0;
  SharedBytes bytes;
  int64_t due_us = 0;
};

class Pair {
 public:
  explicit Pair(PairConfig config = {});

  Node& node(size_t side) { return nodes_[side]; }
  Endpoint& endpoint(size_t side) { return *nodes_[side].endpoint; }
  int64_t now_us() const { return now_us_; }
  size_t paths() const { return path_up_.size(); }
  Now now(size_t side) const;

  // Asked of every frame when it is sent; false loses it. The default loses nothing.
  std::function<bool(const Flight&)> passes = [](const Flight&) { return true; };
  std::array<int64_t, 2> delay_us = {1'000, 1'000};  // of frames to node 0, to node 1

  void SetPath(size_t path,
               bool up);  // at both ends; what is under way on it is lost when it goes down
  void ConnectAll();
  // Frames under way to and from the node are lost with it; its disk stays.
  void Crash(size_t side);
  void Start(size_t side);

  // Writes a note, or anything, and ends the turn.
  base::Result<base::Digest> Write(size_t side, std::string body, Lane lane = Lane::kSafety);
  base::Result<base::Digest> Write(size_t side, Draft draft);
  // Changes the keys of a node to those of the next test card, and ends the turn. `also` is done in the same turn.
  base::Result<base::Digest> ChangeKeys(size_t side, const std::function<void()>& also = {});
  // Hands a frame to a node now and ends its turn; returns the troubles of that turn.
  std::vector<Trouble> Deliver(size_t side, std::string_view frame, size_t path = 0);
  // Ends a turn: what is durable is on the disk, what is sent is under way. Returns how many troubles it gave.
  size_t Turn(size_t side);
  // Lets so much time pass.
  void Run(int64_t us);

  const std::vector<Flight>& flights() const { return flights_; }

 private:
  bool Step(int64_t until_us);

  PairConfig config_;
  std::array<Node, 2> nodes_;
  std::vector<bool> path_up_;
  std::vector<Flight> flights_;
  int64_t now_us_ = 1'000'000'000;
};

}  // namespace wideberth::line::testing

#endif  // WIDEBERTH_LINE_TESTING_PAIR_H_
