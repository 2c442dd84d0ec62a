// bench dss: a load for a DSS that checks every answer while it loads (bench_dss.cc).
#ifndef WIDEBERTH_APPS_WIDEBERTH_BENCH_DSS_H_
#define WIDEBERTH_APPS_WIDEBERTH_BENCH_DSS_H_

#include <cstdint>
#include <string>

#include "apps/wideberth/registry.h"
#include "apps/wideberth/session.h"
#include "base/result.h"

namespace wideberth::cli {

struct BenchDssOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8471;
  std::string key;
  std::string issuer = "wideberth-development-not-for-production";
  std::string audience = "localhost";
  std::string subject = "bench";
  std::string place = "spread";  // cell
  std::string mix = "life";      // create, query
  uint64_t requests = 20'000;
  uint64_t first = 0;  // where an earlier run of `create` stopped
  uint32_t connections = 64;
  uint32_t overlap = 1;
  double rate = 0;  // 0: closed loop
};
base::Result<int> RunBenchDss(const Session& session, const BenchDssOptions& options);

// Adds the command; `options` outlives the registry.
void AddBench(Registry* registry, BenchDssOptions* options);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_BENCH_DSS_H_
