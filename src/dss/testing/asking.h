// Asking a host and waiting for its answer.
#ifndef WIDEBERTH_DSS_TESTING_ASKING_H_
#define WIDEBERTH_DSS_TESTING_ASKING_H_

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "dss/command.h"
#include "dss/decide.h"
#include "dss/host.h"

namespace wideberth::dss::testing {

inline base::Result<Answer> Ask(Host* host, Command command) {
  std::promise<base::Result<Answer>> promise;
  auto answer = promise.get_future();
  const auto submitted =
      host->Submit(std::move(command), [&](auto got) { promise.set_value(std::move(got)); });
  if (!submitted) return base::Fail(submitted.error());
  return answer.get();
}

inline base::Result<Answer> Look(Host* host, Host::Reading reading) {
  std::promise<base::Result<Answer>> promise;
  auto answer = promise.get_future();
  host->Read(std::move(reading), [&](base::Result<Answer> got) -> Host::Show {
    auto kept = std::make_shared<base::Result<Answer>>(std::move(got));
    return [&promise, kept](const std::optional<base::Error>& failure) {
      promise.set_value(failure ? base::Fail(*failure) : std::move(*kept));
    };
  });
  return answer.get();
}

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_ASKING_H_
