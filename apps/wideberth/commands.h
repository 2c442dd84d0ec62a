// Every command: its options, as main.cc fills them, and the function that does it. Each returns its exit code.
#ifndef WIDEBERTH_APPS_WIDEBERTH_COMMANDS_H_
#define WIDEBERTH_APPS_WIDEBERTH_COMMANDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/wideberth/session.h"
#include "base/result.h"
#include "crypto/key_file.h"

namespace wideberth::cli {

// declare, hazard declare (declare.cc)
struct DeclareOptions {
  std::string kind = "activity";  // or protected_site; hazard by `hazard declare`
  std::string file;               // else the flags below
  std::string circle, polygon, corridor;
  std::string lower, upper;
  std::string start, end;
  std::string class_name;  // of an activity or a hazard
  std::string source = "own";
  std::string confidence;
  std::string name, role_to_call, frequency;
  std::vector<std::string> may_tell;  // ids of parties
  std::string mode;                   // REAL where nothing else is said
  std::string id;
  std::string replaces;  // a version's number or digest, or "latest"
  bool draft = false;
  bool held = false;       // a plan: never told to anybody
  bool unplanned = false;  // a hazard that is there already
  bool check_only = false;
};
base::Result<int> RunDeclare(const Session& session, const DeclareOptions& options);

// notice ..., hazard active|ended|all-clear (notice.cc)
struct NoticeOptions {
  std::string id;
  std::string version = "latest";
  // notice list
  std::string mode, party, kind;
  bool all = false;
  bool geojson = false;
  // notice assess
  std::string assessment;
  std::string until;
  // notice told
  bool units = false, clear = false;
  std::string third_party, receipt;
  // hazard all-clear
  bool no_longer_observed = false;
};
base::Result<int> RunNoticeList(const Session& session, const NoticeOptions& options);
base::Result<int> RunNoticeShow(const Session& session, const NoticeOptions& options);
base::Result<int> RunNoticeWithdraw(const Session& session, const NoticeOptions& options);
base::Result<int> RunNoticeAssess(const Session& session, const NoticeOptions& options);
base::Result<int> RunNoticeTold(const Session& session, const NoticeOptions& options);
base::Result<int> RunActivity(const Session& session, const NoticeOptions& options,
                              std::string_view activity);
base::Result<int> RunAllClear(const Session& session, const NoticeOptions& options);

// zone ... (zone.cc)
struct ZoneOptions {
  std::string file;
  std::string format = "auto";
  int64_t horizon_days = 28;
  std::string mode = "REAL";
  std::string assume_zone;
  std::string title = "Zones", country = "ZZZ";
};
base::Result<int> RunZoneImport(const Session& session, const ZoneOptions& options);
base::Result<int> RunZoneExport(const Session& session, const ZoneOptions& options);

// conflicts, conflict ... (conflicts.cc)
struct ConflictOptions {
  std::string id;
  std::string measures;
  std::string until;
  std::string mode;
  bool all = false;
  bool geojson = false;
  bool watch = false;
  int64_t changes_max = 0;  // of --watch; 0: until Ctrl-C
};
base::Result<int> RunConflicts(const Session& session, const ConflictOptions& options);
base::Result<int> RunConflictShow(const Session& session, const ConflictOptions& options);
base::Result<int> RunConflictSeen(const Session& session, const ConflictOptions& options);
base::Result<int> RunConflictAcceptRisk(const Session& session, ConflictOptions options);
base::Result<int> RunConflictMeasures(const Session& session, const ConflictOptions& options);

// check (check.cc)
struct CheckOptions {
  std::vector<std::string> files;
  std::vector<std::string> parties;  // FILE=NAME
  std::string rules;                 // empty: the example that the program carries
  std::string geoid = "/usr/share/proj/egm96_15.gtx";
  std::string format = "table";
  std::string mode;
  std::string date, assume_zone;
  std::string at;
  int64_t horizon_days = 0;  // 0: as far as the other files reach
  std::string half_width = "1nm";
};
base::Result<int> RunCheck(const Session& session, const CheckOptions& options);

// node ..., config check (node.cc)
struct NodeOptions {
  bool development = false;
  std::string dir, config;
};
base::Result<int> RunNodeInit(const Session& session, const NodeOptions& options);
base::Result<int> RunNodeRun(const Session& session, const NodeOptions& options);
base::Result<int> RunConfigCheck(const Session& session, const NodeOptions& options);

// token ... (token.cc)
struct TokenOptions {
  std::string key;
  std::string party;
  std::vector<std::string> scopes;
  std::string lifetime = "12h";
  std::string audience;
  std::string output;
  std::string dir;
  std::string file;
};
base::Result<int> RunTokenIssue(const Session& session, const TokenOptions& options);
base::Result<int> RunTokenRenew(const Session& session, const TokenOptions& options);
base::Result<int> RunTokenShow(const Session& session, const TokenOptions& options);

// keygen, peer show (identity.cc)
struct KeygenOptions {
  std::string name;
  std::string out;    // a folder to be made
  std::string party;  // a UUID; drawn when empty
  std::string passphrase_file;
  bool no_passphrase = false;
  crypto::KdfCost passphrase_cost = crypto::KdfCost::Standard();
};
struct PeerOptions {
  std::string file;
  std::string fingerprint;  // empty: not compared
};
base::Result<int> RunKeygen(const Session& session, const KeygenOptions& options);
base::Result<int> RunPeerShow(const Session& session, const PeerOptions& options);

// demo (demo.cc)
struct DemoOptions {
  std::string speed;  // a factor, "max", or empty: the day in 75 seconds
  std::string tokens;
  std::string examples;
  bool loop = false;
  bool line = false;  // two linked nodes of its own, instead of a day on one
};
base::Result<int> RunDemo(const Session& session, const DemoOptions& options);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_COMMANDS_H_
