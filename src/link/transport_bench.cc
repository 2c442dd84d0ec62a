// What a path carries on loopback, TLS and both ends on the cores they share. Frames of 100 and 1,000 bytes are those
// of a busy line (acknowledgements, envelopes), those of 4 MiB are bodies beside envelopes. The sender keeps at most
// 4 MiB or two frames on the way. A client masks what it sends (RFC 6455, 5.3) and a server does not: hence both
// directions.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "link/testing/node.h"
#include "link/transport.h"

namespace wideberth::link {
namespace {

std::unique_ptr<Transport> Start(uint8_t number, PeerPaths peer, bool listens,
                                 Transport::Events events) {
  static const base::SystemClock clock;
  Transport::Options options;
  options.self = testing::PartyOf(number);
  options.clock = &clock;
  if (listens) options.listen_address = "127.0.0.1";
  return Transport::Start(options, {testing::SharedKeyOf(number)}, {std::move(peer)},
                          std::move(events))
      .value();
}

void BM_Frames(benchmark::State& state) {
  const auto frame_bytes = static_cast<size_t>(state.range(0));
  const bool listener_sends = state.range(1) != 0;
  const size_t window = std::max<size_t>(2, 4 * 1024 * 1024 / frame_bytes);
  constexpr size_t kBatch = 64;
  const base::PartyId party_a = testing::PartyOf(1);
  const base::PartyId party_b = testing::PartyOf(2);
  std::atomic<size_t> arrived = 0;
  Transport* receiver = nullptr;
  Transport::Events events;
  events.on_path = [](base::PartyId, size_t, bool) {};
  events.on_frame = [&](base::PartyId peer, size_t path, std::string frame) {
    receiver->Handled(peer, path, 1, frame.size());
    arrived.fetch_add(1);
    arrived.notify_one();
  };
  const auto a = Start(1, {party_b, testing::KeyOf(2).public_key(), {{"p", ""}}}, true, events);
  const auto b = Start(
      2,
      {party_a, testing::KeyOf(1).public_key(), {{"p", "127.0.0.1:" + std::to_string(a->port())}}},
      false, events);
  Transport& sender = listener_sends ? *a : *b;
  receiver = listener_sends ? b.get() : a.get();
  const base::PartyId to = listener_sends ? party_b : party_a;
  CHECK(testing::Eventually([&] { return a->Status(party_b)[0].up && b->Status(party_a)[0].up; }));

  const auto frame = std::make_shared<const std::string>(frame_bytes, 'x');
  const size_t batch = std::min(kBatch, window / 2);
  size_t sent = 0;
  for (auto _ : state) {
    sender.Send(std::vector<OutgoingFrame>(batch, {to, 0, frame}));
    sent += batch;
    for (size_t now = arrived; sent - now > window; now = arrived) arrived.wait(now);
  }
  for (size_t now = arrived; now < sent; now = arrived) arrived.wait(now);
  state.SetItemsProcessed(static_cast<int64_t>(sent));
  state.SetBytesProcessed(static_cast<int64_t>(sent * frame_bytes));
}
BENCHMARK(BM_Frames)
    ->ArgNames({"bytes", "listener_sends"})
    ->ArgsProduct({{100, 1'000, 4 * 1024 * 1024}, {0, 1}})
    ->UseRealTime();

}  // namespace
}  // namespace wideberth::link
