// Two endpoints and the paths between them, driven by the input: write, let time pass, deliver, drop, repeat, damage or
// hold back frames, take paths up and down, crash and start again. Invariants checked at the end of every run, when the
// paths are whole again: no crash; each side has handed out exactly what the other has written, once each and in the
// order of writing; both hold the same bytes; nobody has seen a fork, a broken chain or an old copy.
// Input: one byte a step, its low four bits what and its high four bits how much.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "line/testing/pair.h"

namespace wideberth::line {
namespace {

using testing::Flight;
using testing::Node;
using testing::Pair;

constexpr size_t kStepsMax = 400;
constexpr size_t kPaths = 2;

class Run {
 public:
  Run() { pair_.ConnectAll(); }

  void Step(uint8_t what, uint8_t how) {
    const size_t side = how % 2;
    switch (what) {
      case 0:
      case 1:
        return Write(what, how % 4 == 0 ? 40'000 : how);
      case 2:
        return pair_.Run(int64_t{how} * 250);
      case 3:
        return pair_.Run(int64_t{how} * 400'000);
      case 4:  // lose one of so many frames
        return Lose(how);
      case 5:  // frames sent from now on overtake earlier ones, or fall behind
        pair_.delay_us[side] = int64_t{how / 2} * 60'000;
        return;
      case 6:
        return pair_.SetPath(side, how % 4 < 2);
      case 7:
        if (pair_.node(side).endpoint != nullptr) return pair_.Crash(side);
        return pair_.Start(side);
      case 8:
        return Repeat(how);
      case 9:
        return Damage(how);
      case 10:
        return SetPolicyLane(side, how % 4 < 2);
      case 11:
        if (pair_.node(side).endpoint != nullptr) (void)pair_.endpoint(side).ConfirmRecovered();
        return;
      default:
        return pair_.Run(1'000);
    }
  }

  void Settle() {
    pair_.passes = [](const Flight&) { return true; };
    pair_.delay_us = {1'000, 1'000};
    for (size_t side = 0; side < 2; ++side) {
      if (pair_.node(side).endpoint == nullptr) pair_.Start(side);
    }
    pair_.ConnectAll();
    pair_.Run(30'000'000);
    for (size_t side = 0; side < 2; ++side) {
      const Node& writer = pair_.node(side);
      const Node& reader = pair_.node(1 - side);
      CHECK(reader.notes() == written_[side]);
      const auto& own = writer.disk.own.entries();
      const auto& mirror = reader.disk.mirror.entries();
      CHECK(own.size() == mirror.size() && reader.received.size() == own.size());
      for (size_t i = 0; i < own.size(); ++i) CHECK(*own[i].envelope == *mirror[i].envelope);
      CHECK(pair_.endpoint(side).in_step());
      CHECK(pair_.endpoint(side).liveness().state() == LinkState::kUp ||
            pair_.endpoint(side).liveness().state() == LinkState::kRecovering);
      for (const Trouble& trouble : writer.troubles) {
        CHECK(trouble.kind == TroubleKind::kUnverified || trouble.kind == TroubleKind::kMalformed);
        CHECK(damaged_ > 0);
      }
    }
  }

 private:
  void Write(size_t side, size_t bytes) {
    if (pair_.node(side).endpoint == nullptr) return;
    std::string body = "{\"n\":" + std::to_string(written_[side].size()) + ",\"t\":\"" +
                       std::string(bytes, 't') + "\"}";
    CHECK(pair_.Write(side, body).has_value());
    written_[side].push_back(std::move(body));
  }
  void Lose(uint8_t how) {
    pair_.passes = [this, how](const Flight& flight) {
      ++sent_;
      if (how == 15) return flight.to == 0;  // one direction is cut
      return how == 0 || sent_ % how != 0;
    };
  }
  void Repeat(uint8_t how) {
    if (pair_.flights().empty()) return;
    const Flight flight = pair_.flights()[how % pair_.flights().size()];
    if (pair_.node(flight.to).endpoint == nullptr) return;
    pair_.Deliver(flight.to, *flight.bytes, flight.path);
  }
  // An envelope on its way is changed: in its middle, or its end is cut off. Acknowledgements are not signed, so what a
  // damaged one may do is the business of the pipe.
  void Damage(uint8_t how) {
    if (pair_.flights().empty()) return;
    const Flight flight = pair_.flights()[how % pair_.flights().size()];
    if (pair_.node(flight.to).endpoint == nullptr || (*flight.bytes)[0] == 'A') return;
    std::string bytes = *flight.bytes;
    if (how % 2 == 0) {
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ (1 + how));
    } else {
      bytes.resize(bytes.size() - how);
    }
    ++damaged_;
    pair_.Deliver(flight.to, bytes, flight.path);
  }
  void SetPolicyLane(size_t side, bool suspended) {
    if (pair_.node(side).endpoint == nullptr) return;
    CHECK(pair_.endpoint(side).SetPolicyLane(suspended, pair_.now(side)).has_value());
    pair_.Turn(side);
  }

  Pair pair_{{.paths = kPaths}};
  std::vector<std::string> written_[2];
  uint64_t sent_ = 0;
  uint64_t damaged_ = 0;
};

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wideberth::line::Run run;
  for (size_t i = 0; i < std::min(size, wideberth::line::kStepsMax); ++i) {
    run.Step(data[i] & 15, data[i] >> 4);
  }
  run.Settle();
  return 0;
}
