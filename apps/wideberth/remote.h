// A node and what is asked of it. Blocking; one Remote for each thread.
#ifndef WIDEBERTH_APPS_WIDEBERTH_REMOTE_H_
#define WIDEBERTH_APPS_WIDEBERTH_REMOTE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "apps/wideberth/session.h"
#include "apps/wideberth/show/conflict_text.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "json/reader.h"
#include "net/client.h"

namespace wideberth::cli {

// The answer to a notice that was stored.
struct Stored {
  std::string notice;
  bool created = false;  // it came into being
  uint64_t version_number = 0;
  std::string version;
  bool late = false;
  double lead_time_s = 0;
  std::vector<ConflictRow> conflicts;
  std::string body;  // as the node wrote it
};

// What becomes of a declaration that is put.
enum class Keep { kReleased, kDraft, kHeld };

// The answer to an act of a person, in line mode.
struct Acted {
  std::string act;                 // its name: the SHA-256 of the signed envelope
  std::string id;                  // what an answer to it names
  std::optional<Stored> decision;  // where it was about a notice
  std::string conflict;            // JSON, where it was about a conflict
  std::string body;
};

class Remote {
 public:
  // Reads the token; connects at the first request.
  static base::Result<Remote> Open(const Session& session);
  // Without a token: for signing on.
  static base::Result<Remote> OpenUnsigned(const Session& session);

  // The body of a 2xx answer. Any other status is an Error as the node told it; no answer at all is one with the field
  // "--node".
  base::Result<std::string> Call(net::Method method, std::string_view target,
                                 std::string_view body = {});
  // Whether the token is that of a person who has signed on, as there are in line mode only: acts are then signed.
  bool is_person() const { return is_person_; }
  // The status of the last answer.
  int status() const { return status_; }
  base::Result<json::Document> GetJson(std::string_view target);

  // Walks all pages of a list: `items` is the field that holds them. Stops when `visit` returns false.
  base::Result<void> Walk(std::string_view path, std::string_view query, std::string_view items,
                          const std::function<base::Result<bool>(const json::Value&)>& visit);
  // All pages of a list as one document {ITEMS: [...]}, or as one GeoJSON FeatureCollection.
  base::Result<std::string> Collect(std::string_view path, std::string_view query,
                                    std::string_view items);
  base::Result<std::string> CollectGeoJson(std::string_view path, std::string_view query);

  // The node's time in a data mode.
  base::Result<base::UtcMicros> Now(airspace::DataMode mode);

  base::Result<Stored> PutNotice(base::NoticeId id, const airspace::Declaration& declaration,
                                 Keep keep, std::string_view replaces);
  // The feature that a zone of the caller's was imported from; empty when there is none.
  base::Result<std::string> Original(std::string_view notice);
  base::Result<Stored> Act(std::string_view notice, std::string_view act, std::string_view body);
  // In line mode: one act with its fields, to be signed by the node with the person's key.
  base::Result<Acted> PostAct(std::string_view body);

  // The digest of a version: of number N, of the latest for "latest", or the digest itself.
  base::Result<std::string> VersionDigest(std::string_view notice, std::string_view version);

  // A whole id from one, or from its beginning (4 characters or more) where that is unambiguous.
  base::Result<std::string> ResolveNotice(std::string_view text);
  base::Result<std::string> ResolveConflict(std::string_view text);

  net::HttpClient& http() { return http_; }

 private:
  Remote(net::HttpClient http, bool is_person) : http_(std::move(http)), is_person_(is_person) {}
  base::Result<std::string> Resolve(std::string_view path, std::string_view items,
                                    std::string_view text, size_t whole_bytes);

  net::HttpClient http_;
  bool is_person_;
  int status_ = 0;
};

// How the tokens begin that people get for their passwords.
inline constexpr std::string_view kSessionTokenPrefix = "wbs_";

// No answer from the node: what the field and the code have to be for exit code 3.
base::Error Unreachable(base::Error error);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_REMOTE_H_
