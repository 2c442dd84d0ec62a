// A transparency log as whoever audits it reads it: all verified, nothing believed.
#ifndef WIDEBERTH_DSS_TESTING_LOG_READING_H_
#define WIDEBERTH_DSS_TESTING_LOG_READING_H_

#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "dss/transparency_log.h"
#include "record/checkpoint.h"
#include "record/tile.h"

namespace wideberth::dss::testing {

// A text from a log, once it is there.
inline base::Result<std::string> Await(const std::function<void(TransparencyLog::Text)>& read) {
  std::promise<base::Result<std::string>> promise;
  auto text = promise.get_future();
  read([&](base::Result<std::string> got) { promise.set_value(std::move(got)); });
  return text.get();
}

class LogTiles final : public record::TileReader {
 public:
  explicit LogTiles(TransparencyLog* log) : log_(log) {}
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override {
    WB_ASSIGN_OR_RETURN(const std::string text,
                        Await([&](auto done) { log_->ReadTile(tile, std::move(done)); }));
    const base::ByteView bytes = base::AsBytes(text);
    return base::Bytes(bytes.begin(), bytes.end());
  }

 private:
  TransparencyLog* const log_;
};

inline base::Result<record::TreeHead> HeadOf(TransparencyLog* log) {
  WB_ASSIGN_OR_RETURN(const std::string note,
                      Await([&](auto done) { log->ReadCheckpoint(std::move(done)); }));
  WB_ASSIGN_OR_RETURN(const auto opened, record::OpenCheckpoint(note, {log->key(), {}}));
  return opened.checkpoint.head;
}

// Every entry of the signed tree, once all of that is verified.
inline base::Result<std::vector<std::string>> EntriesOf(TransparencyLog* log) {
  WB_ASSIGN_OR_RETURN(const record::TreeHead head, HeadOf(log));
  std::vector<std::string> entries;
  record::VerifyTilesOptions options;
  options.on_entry = [&](uint64_t, base::ByteView entry) -> base::Result<void> {
    entries.emplace_back(base::AsText(entry));
    return {};
  };
  WB_RETURN_IF_ERROR(record::VerifyTiles(LogTiles(log), head, options));
  return entries;
}

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_LOG_READING_H_
