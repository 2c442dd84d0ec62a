// Two nodes and their line in one process, each over a store of its own in DIRECTORY/north and DIRECTORY/south. Both
// say COUNT texts, sign the heads of their logs and cosign each other's. Every head that leaves a node is written to
// standard output before it reaches the other: "signed ORIGIN SIZE ROOT" or "cosigned ORIGIN SIZE ROOT".
//
// First it reads such lines from standard input, those of the lives before, and looks whether the stores stand by them.
// Status: 0 all was said and cosigned; 3 a store refused; 4 a store does not stand by a head that has left; 5 the nodes
// did not come to hold the same.
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "airspace/testing/world.h"
#include "base/durable_file.h"
#include "base/log.h"
#include "base/random.h"
#include "line/cosigning.h"
#include "line/frame.h"
#include "mechanism/testing/values.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "service/node.h"
#include "service/record_reader.h"
#include "service/testing/memory_keys.h"
#include "store/sqlite/sqlite_store.h"

namespace wideberth {
namespace {

using airspace::testing::TestParty;
using service::Writer;

constexpr int kRefused = 3;
constexpr int kBroken = 4;
constexpr int kNotTheSame = 5;
constexpr int64_t kStepUs = 100'000;

// As a kill would: nothing is finished.
[[noreturn]] void End(int status, const std::string& why) {
  const std::string line = why + "\n";
  (void)base::WriteAll(STDERR_FILENO, line);
  _exit(status);
}

uint8_t NumberOf(size_t n) {
  return static_cast<uint8_t>(n + 1);
}

struct Head {
  bool cosigned = false;
  std::string origin;
  record::TreeHead head;
};

std::vector<Head> ReadHeads() {
  std::vector<Head> heads;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string kind, root;
    Head head;
    words >> kind >> head.origin >> head.head.size >> root;
    head.cosigned = kind == "cosigned";
    head.head.root = base::Digest::FromHex(root).value();
    heads.push_back(std::move(head));
  }
  return heads;
}

class Pair {
 public:
  Pair(const std::string& directory, int64_t life)
      : clock_({airspace::testing::kNoon.us + life * base::kMicrosPerHour}), random_(17) {
    for (const size_t n : {size_t{0}, size_t{1}})
      Open(n, directory + (n == 0 ? "/north" : "/south"));
    for (const size_t n : {size_t{0}, size_t{1}}) {
      nodes_[n]->sequencer().SetPath(TestParty(NumberOf(1 - n)), 0, true);
      Work(n, [n](mechanism::Core& core, line::Now now) {
        core.ChangeAccount(
            mechanism::testing::TestAccount(NumberOf(n), operators::Role::kDutyOfficer), now);
      });
    }
  }

  // What has left is in the log of its writer, and for a cosignature in the mirror of who made it; with a signed head
  // that is no shorter, so that none that is smaller or other can be signed.
  void StandBy(const Head& left) const {
    for (const size_t writer : {size_t{0}, size_t{1}}) {
      const base::PartyId party = TestParty(NumberOf(writer));
      const base::PartyId peer = TestParty(NumberOf(1 - writer));
      if (left.origin != line::OriginOf(party, peer)) continue;
      const auto own = nodes_[writer]->record().Find(peer, Writer::kOurs).value();
      CheckTree(writer, own, left);
      if (!own.signed_head || own.signed_head->head.size < left.head.size) {
        End(kBroken, "a head of " + std::to_string(left.head.size) + " left and is not kept");
      }
      if (!left.cosigned) return;
      const auto mirror = nodes_[1 - writer]->record().Find(party, Writer::kTheirs).value();
      CheckTree(1 - writer, mirror, left);
      if (!mirror.cosigned || mirror.cosigned->head.size < left.head.size) {
        End(kBroken,
            "a cosignature of " + std::to_string(left.head.size) + " left and is not kept");
      }
      return;
    }
    End(kBroken, "no such log: " + left.origin);
  }

  void Say(size_t n, std::string text) {
    mechanism::Act act;
    act.id = random_.NewUuidV4();
    act.party = TestParty(NumberOf(n));
    act.role = operators::Role::kDutyOfficer;
    act.at = clock_.Now();
    act.body = mechanism::SendPolicyText{std::move(text)};
    const mechanism::SealedAct sealed =
        mechanism::SealAct(
            act, mechanism::testing::OperatorSecret(NumberOf(n), operators::Role::kDutyOfficer))
            .value();
    Work(n, [sealed](mechanism::Core& core, line::Now now) {
      const auto done = core.Do({sealed, nullptr, {}, {}, {}}, now);
      if (!done) End(kNotTheSame, done.error().ToString());
    });
  }

  void Run(int64_t us) {
    for (const base::UtcMicros until{clock_.Now().us + us}; clock_.Now() < until;) {
      clock_.Advance(kStepUs);
      for (const size_t n : {size_t{0}, size_t{1}}) {
        if (clock_.Now().us % base::kMicrosPerSecond == 0) {
          Work(n, [this](mechanism::Core& core, line::Now now) {
            core.Tick(random_.NewUuidV4(), now);
          });
        }
        Steps(n);
      }
      while (!flights_.empty()) {
        const auto [to, bytes] = std::move(flights_.front());
        flights_.pop_front();
        nodes_[to]->sequencer().Receive(TestParty(NumberOf(1 - to)), 0, bytes);
        Steps(to);
      }
    }
  }

  bool IsAllCosigned() const {
    for (const size_t n : {size_t{0}, size_t{1}}) {
      const auto own = nodes_[n]->record().Find(TestParty(NumberOf(1 - n)), Writer::kOurs).value();
      const auto mirror =
          nodes_[1 - n]->record().Find(TestParty(NumberOf(n)), Writer::kTheirs).value();
      if (!own.cosigned || !mirror.cosigned || own.cosigned->head.size != own.size ||
          mirror.cosigned->head != own.cosigned->head) {
        return false;
      }
    }
    return true;
  }

 private:
  void Open(size_t n, const std::string& directory) {
    auto store = store::sqlite::SqliteStore::Open(directory, {});
    if (!store) End(kRefused, store.error().ToString());
    service::NodeOptions options;
    options.random = &random_;
    options.hooks.on_frames = [this, n](std::vector<mechanism::ToSend> frames) {
      for (const mechanism::ToSend& each : frames) {
        Tell(*each.frame.bytes);
        flights_.emplace_back(1 - n, *each.frame.bytes);
      }
    };
    options.hooks.on_trouble = [](const mechanism::PeerTrouble& trouble) {
      End(kBroken,
          std::string(line::Name(trouble.trouble.kind)) + " " + trouble.trouble.error.ToString());
    };
    options.line.emplace();
    options.line->party = TestParty(NumberOf(n));
    options.line->keys = keys_[n];
    options.line->peers = {{keys_[1 - n]->FirstCard().value(), 1}};
    auto node = service::Node::Open(*std::move(store), airspace::testing::TestRules(), {}, clock_,
                                    std::move(options));
    if (!node) End(kRefused, node.error().ToString());
    nodes_[n] = *std::move(node);
  }

  static void Tell(const std::string& bytes) {
    const auto frame = line::ReadFrame(bytes);
    if (!frame) return;
    const auto* checkpoint = std::get_if<line::CheckpointFrame>(&*frame);
    const auto* cosignature = std::get_if<line::CosignatureFrame>(&*frame);
    if (checkpoint == nullptr && cosignature == nullptr) return;
    const record::SignedNote note =
        record::ParseNote(checkpoint != nullptr ? checkpoint->note : cosignature->note).value();
    const record::Checkpoint head = record::ParseCheckpoint(note.text).value();
    const std::string line = std::string(checkpoint != nullptr ? "signed " : "cosigned ") +
                             head.origin + " " + std::to_string(head.head.size) + " " +
                             head.head.root.ToHex() + "\n";
    if (!base::WriteAll(STDOUT_FILENO, line)) End(1, "standard output is gone");
  }

  void CheckTree(size_t n, const service::RecordReader::Log& log, const Head& left) const {
    if (log.size < left.head.size) {
      End(kBroken,
          std::to_string(log.size) + " entries are left of " + std::to_string(left.head.size));
    }
    record::MemoryNodes tree;
    const auto entries =
        nodes_[n]->record().ReadEntries(log, 0, static_cast<size_t>(left.head.size)).value();
    for (const line::LogEntry& entry : entries) {
      tree.Append(record::LeafHash(base::AsBytes(*entry.envelope)));
    }
    if (record::RootAt(tree, left.head.size).value() != left.head.root) {
      End(kBroken, "another tree of " + std::to_string(left.head.size) + " entries");
    }
  }

  void Work(size_t n, const std::function<void(mechanism::Core&, line::Now)>& work) {
    const auto submitted = nodes_[n]->sequencer().SubmitWork(
        [work](mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
          work(core, now);
          return nullptr;
        },
        nullptr);
    if (!submitted) End(kRefused, submitted.error().ToString());
    Steps(n);
  }
  void Steps(size_t n) {
    for (int i = 0; i < 1'000 && nodes_[n]->sequencer().Step(); ++i) {
    }
    if (nodes_[n]->sequencer().failed()) End(kRefused, "the store has failed");
  }

  base::ManualClock clock_;
  base::SeededRandom random_;
  std::array<std::shared_ptr<service::testing::MemoryKeys>, 2> keys_ = {KeysOf(1, "north"),
                                                                        KeysOf(2, "south")};
  std::deque<std::pair<size_t, std::string>> flights_;
  std::array<std::unique_ptr<service::Node>, 2> nodes_;

  static std::shared_ptr<service::testing::MemoryKeys> KeysOf(uint8_t party, std::string name) {
    return std::make_shared<service::testing::MemoryKeys>(TestParty(party), std::move(name),
                                                          mechanism::testing::MessageSeed(party),
                                                          airspace::testing::kNoon);
  }
};

int Run(const std::string& directory, int64_t life, int64_t count) {
  base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  const std::vector<Head> left = ReadHeads();
  if (const auto made = base::MakeFolder(directory); !made) End(kRefused, made.error().ToString());
  Pair pair(directory, life);
  for (const Head& each : left) pair.StandBy(each);
  pair.Run(2 * base::kMicrosPerSecond);
  for (int64_t i = 0; i < count; ++i) {
    pair.Say(0, "north " + std::to_string(i));
    pair.Say(1, "south " + std::to_string(i));
    pair.Run(kStepUs);
  }
  for (int i = 0; i < 10 && !pair.IsAllCosigned(); ++i) pair.Run(base::kMicrosPerSecond);
  if (!pair.IsAllCosigned()) End(kNotTheSame, "not all is cosigned on both sides");
  _exit(0);
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  int64_t life = 0;
  int64_t count = 0;
  const auto number = [](const char* text, int64_t* value) {
    return std::from_chars(text, text + std::strlen(text), *value).ec == std::errc();
  };
  if (argc != 4 || !number(argv[2], &life) || !number(argv[3], &count)) {
    std::fprintf(stderr, "usage: record_faults_writer DIRECTORY LIFE COUNT\n");
    return 2;
  }
  return wideberth::Run(argv[1], life, count);
}
