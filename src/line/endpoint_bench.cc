// What a message costs both sides of a line in CPU, without sockets and disks: written and signed, sent, verified and
// mirrored, receipted, and the receipt verified and mirrored. One iteration is one turn of `batch` messages of 1 kB.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "line/endpoint.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using testing::Disk;
using testing::TestBoot;
using testing::TestKey;
using testing::TestParty;

EndpointConfig Config(uint8_t self, uint8_t peer) {
  EndpointConfig config;
  config.self = TestParty(self);
  config.peer = TestParty(peer);
  config.boot = TestBoot(self, 1);
  config.understands = {{{"note", 1}, {}}, {{"receipt", 1}, {}}};
  return config;
}

class Line {
 public:
  Line() {
    for (uint8_t i = 0; i < 2; ++i) {
      const auto other = static_cast<uint8_t>(1 - i);
      const OwnKeys keys = {std::make_shared<const crypto::SecretKey>(TestKey(i))};
      ends_[i] = std::make_unique<Endpoint>(Config(i, other), keys, testing::TestCard(other),
                                            LineState(), logs_[i].own, logs_[i].mirror, now_);
      ends_[i]->SetPath(0, true);
    }
    for (size_t turn = 0; turn < 3; ++turn) {
      for (size_t i = 0; i < 2; ++i) Turn(i);
    }
  }

  void Write(std::string body) {
    Draft draft;
    draft.type = {"note", 1};
    draft.body = std::move(body);
    CHECK(ends_[0]->Write(std::move(draft), now_).has_value());
  }

  // Finishes one side and hands the other what it sends. The logs are the caller's disk: entries go there first.
  void Turn(size_t side) {
    now_.monotonic_us += 100;
    now_.utc.us += 100;
    const Output output = ends_[side]->Finish(now_);
    CHECK(output.troubles.empty());
    for (const Effect& effect : output.effects) {
      if (const auto* written = std::get_if<EntryWritten>(&effect)) {
        logs_[side].own.Append(written->entry);
      } else if (const auto* mirrored = std::get_if<EntryMirrored>(&effect)) {
        logs_[side].mirror.Append(mirrored->entry);
      }
    }
    for (const Outgoing& frame : output.frames) ends_[1 - side]->Receive(0, *frame.bytes, now_);
  }

  uint64_t acknowledged() const { return ends_[0]->acknowledged(); }

 private:
  Now now_{testing::kNoon, 1'000'000};
  std::array<Disk, 2> logs_;
  std::array<std::unique_ptr<Endpoint>, 2> ends_;
};

void BM_WrittenToReceipted(benchmark::State& state) {
  Line line;
  const std::string body = "{\"text\":\"" + std::string(1'000, 'x') + "\"}";
  uint64_t written = 0;
  for (auto _ : state) {
    for (int64_t i = 0; i < state.range(0); ++i) line.Write(body);
    written += static_cast<uint64_t>(state.range(0));
    line.Turn(0);
    line.Turn(1);
  }
  CHECK(line.acknowledged() == written);
  state.SetItemsProcessed(static_cast<int64_t>(written));
}
BENCHMARK(BM_WrittenToReceipted)->Arg(1)->Arg(16)->Arg(128)->Unit(benchmark::kMicrosecond);

void BM_Duplicate(benchmark::State& state) {
  // A copy that comes over a second path costs one hash, not one verification.
  Disk disk;
  Now now{testing::kNoon, 1'000'000};
  const OwnKeys keys = {std::make_shared<const crypto::SecretKey>(TestKey(1))};
  Endpoint receiver(Config(1, 0), keys, testing::TestCard(0), LineState(), disk.own, disk.mirror,
                    now);
  Message message;
  message.type = {"note", 1};
  message.from = TestParty(0);
  message.to = TestParty(1);
  message.seq = 1;
  message.sent_at = now.utc;
  message.peer_head = record::Frontier().head();
  message.body = "{\"text\":\"" + std::string(1'000, 'x') + "\"}";
  LogEntry entry;
  entry.envelope = std::make_shared<const std::string>(SealMessage(message, TestKey(0)).value());
  const std::string frame = WriteEntryFrame(entry);
  receiver.Receive(0, frame, now);
  CHECK(receiver.Finish(now).received.size() == 1);
  for (auto _ : state) receiver.Receive(0, frame, now);
}
BENCHMARK(BM_Duplicate)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wideberth::line
