// What a request pays for its credential, and a message for its signature.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "crypto/token.h"

namespace wideberth::crypto {
namespace {

constexpr base::UtcMicros kNow{int64_t{1'795'255'200} * 1'000'000};

void BM_VerifyToken(benchmark::State& state) {
  const bool remembered = state.range(0) == 1;
  const SecretKey key = SecretKey::Generate();
  const TokenKeys keys = TokenKeys::FromPem(key.public_key().ToPem()).value();
  TokenVerifier verifier({{"i"}, {"a"}}, keys);
  const std::string token =
      IssueToken({"i", "party", "a", {"wideberth.declare"}}, key, kNow).value();
  for (auto _ : state) {
    if (!remembered) verifier.ReplaceKeys(keys);
    CHECK(verifier.Verify(token, kNow).has_value());
  }
  state.SetLabel(remembered ? "remembered" : "first seen, EdDSA");
}
BENCHMARK(BM_VerifyToken)->Arg(0)->Arg(1);

void BM_Sha256(benchmark::State& state) {
  const base::Bytes bytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(Sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sha256)->Arg(64)->Arg(1024)->Arg(16384);

void BM_SignEnvelope(benchmark::State& state) {
  const SecretKey key = SecretKey::Generate();
  const base::Bytes payload(1024, '{');
  for (auto _ : state) benchmark::DoNotOptimize(SignEnvelope("t", payload, key).has_value());
}
BENCHMARK(BM_SignEnvelope);

void BM_VerifyEnvelope(benchmark::State& state) {
  const SecretKey key = SecretKey::Generate();
  const std::string text = SignEnvelope("t", base::Bytes(1024, '{'), key).value();
  const std::vector<PublicKey> trusted = {key.public_key()};
  for (auto _ : state) CHECK(VerifyEnvelope(text, trusted).has_value());
}
BENCHMARK(BM_VerifyEnvelope);

}  // namespace
}  // namespace wideberth::crypto
