#include "apps/wideberth/zone_import.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "apps/wideberth/remote.h"
#include "crypto/sha256.h"
#include "formats/ed269.h"
#include "formats/ed318.h"
#include "formats/openair/openair.h"

namespace wideberth::cli {
namespace {

using airspace::Declaration;
using base::Result;

// Enough to fill the node's batches, few enough to leave room for others.
constexpr size_t kConnections = 8;

struct Item {
  base::NoticeId id;
  const Declaration* declaration = nullptr;
};

// Who publishes, in which mode, the publisher's identifier and name, and which of those that share them.
base::NoticeId IdOf(const std::string& party, const Declaration& declaration,
                    const std::string& identifier, size_t place) {
  std::string text = "wideberth zone import";
  for (const std::string_view part :
       {std::string_view(party), airspace::Name(declaration.data_mode),
        std::string_view(identifier), std::string_view(declaration.name)}) {
    text.push_back('\0');
    text.append(part);
  }
  text.push_back('\0');
  text.append(std::to_string(place));
  const base::Digest digest = crypto::Sha256(base::AsBytes(text));
  std::array<uint8_t, 16> bytes{};
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  return {base::Uuid::V4FromRandom(bytes)};
}

std::vector<Item> MakeItems(const std::string& party, const formats::ZoneFile& file) {
  std::vector<Item> items;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (const formats::ImportedZone& zone : file.zones) {
    for (const Declaration& declaration : zone.declarations) {
      const size_t place = places[{zone.identifier, declaration.name}]++;
      items.push_back({IdOf(party, declaration, zone.identifier, place), &declaration});
    }
  }
  return items;
}

// The party that the token is of.
Result<std::string> PartyOf(Remote* remote) {
  WB_ASSIGN_OR_RETURN(const json::Document document, remote->GetJson("/v1/status"));
  WB_ASSIGN_OR_RETURN(json::Object status, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(json::Object party, status.RequiredObject("party"));
  WB_ASSIGN_OR_RETURN(const std::string_view id, party.RequiredString("id", 64));
  return std::string(id);
}

enum class Outcome { kStored, kReplaced, kUnchanged };

Result<Outcome> StoreZone(Remote* remote, const Item& item) {
  const Result<Stored> first = remote->PutNotice(item.id, *item.declaration, Keep::kReleased, "");
  if (first) return first->created ? Outcome::kStored : Outcome::kUnchanged;
  if (first.error().field != "/replaces") return base::Fail(first.error());
  WB_ASSIGN_OR_RETURN(const std::string replaces,
                      remote->VersionDigest(item.id.ToString(), "latest"));
  WB_RETURN_IF_ERROR(remote->PutNotice(item.id, *item.declaration, Keep::kReleased, replaces));
  return Outcome::kReplaced;
}

class Importer {
 public:
  explicit Importer(std::vector<Item> items) : items_(std::move(items)) {}

  void Run(const Session& session) {
    Result<Remote> remote = Remote::Open(session);
    if (!remote) return Give(base::Fail(std::move(remote).error()));
    while (!lost_) {
      const size_t i = next_.fetch_add(1);
      if (i >= items_.size()) return;
      Give(StoreZone(&*remote, items_[i]));
      done_.fetch_add(1);
    }
  }

  size_t done() const { return done_.load(); }
  bool finished() const { return lost_ || done_.load() >= items_.size(); }

  Result<ImportSummary> Take() {
    if (lost_) return base::Fail(*std::move(error_));
    return std::move(summary_);
  }

 private:
  void Give(Result<Outcome> outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome) {
      summary_.stored += *outcome == Outcome::kStored;
      summary_.replaced += *outcome == Outcome::kReplaced;
      summary_.unchanged += *outcome == Outcome::kUnchanged;
      return;
    }
    // One zone is refused by itself; without the node, without the right to write, so are all.
    const base::Error& error = outcome.error();
    const bool all = ExitCodeFor(error) != kExitRefused ||
                     error.code == base::ErrorCode::kUnauthorized ||
                     error.code == base::ErrorCode::kStorage;
    if (!all) return summary_.refused.push_back(error);
    if (!error_) error_ = error;
    lost_ = true;
  }

  const std::vector<Item> items_;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> done_ = 0;
  std::atomic<bool> lost_ = false;
  std::mutex mutex_;
  ImportSummary summary_;
  std::optional<base::Error> error_;
};

}  // namespace

bool IsZoneFormat(formats::FileFormat format) {
  return format == formats::FileFormat::kEd318 || format == formats::FileFormat::kEd269 ||
         format == formats::FileFormat::kOpenAir;
}

Result<formats::ZoneFile> ReadZones(std::string_view text, formats::FileFormat format,
                                    const formats::ZoneImportOptions& options) {
  if (format == formats::FileFormat::kEd318) return formats::ImportEd318(text, options);
  if (format == formats::FileFormat::kEd269) return formats::ImportEd269(text, options);
  if (format == formats::FileFormat::kOpenAir) return formats::openair::Import(text, options);
  return base::Invalid("", "must be a zone file: ed318, ed269 or openair", formats::Name(format));
}

std::vector<std::pair<std::string, size_t>> CountNotes(const formats::ZoneFile& file) {
  std::vector<std::pair<std::string, size_t>> counts;
  std::map<std::string, size_t> places;
  const auto count = [&](const std::string& note) {
    const auto [place, added] = places.emplace(note, counts.size());
    if (added) counts.emplace_back(note, 0);
    ++counts[place->second].second;
  };
  for (const std::string& note : file.notes) count(note);
  for (const formats::ImportedZone& zone : file.zones) {
    for (const std::string& note : zone.notes) count(note);
  }
  return counts;
}

Result<ImportSummary> ImportZones(const Session& session, const formats::ZoneFile& file,
                                  const std::function<void(size_t done)>& progress) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string party, PartyOf(&remote));
  std::vector<Item> items = MakeItems(party, file);
  const size_t connections = std::min(kConnections, items.size());
  Importer importer(std::move(items));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&] { importer.Run(session); });
  }
  while (!importer.finished()) {
    progress(importer.done());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (std::thread& thread : threads) thread.join();
  return importer.Take();
}

}  // namespace wideberth::cli
