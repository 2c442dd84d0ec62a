// The commands of line mode: their options, as register.cc fills them, and the function that does each.
//
// Line mode is a node that is one party's side of lines. People sign on to it (`login`), and what they do is signed
// with a key of their own. Commands that exist without lines too (declare, hazard active, notice withdraw) are told
// apart by the token: a person's begins with "wbs_".
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_COMMANDS_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_COMMANDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/registry.h"
#include "apps/wideberth/session.h"
#include "base/result.h"

namespace wideberth::cli {

// login, logout, operator ... (sign_on.cc)
struct SignOnOptions {
  std::string name;
  std::string role;
  std::string password_file;  // empty: asked for on the terminal
};
base::Result<int> RunLogin(const Session& session, const SignOnOptions& options);
base::Result<int> RunLogout(const Session& session);
base::Result<int> RunOperatorAdd(const Session& session, const SignOnOptions& options);
base::Result<int> RunOperatorList(const Session& session);
base::Result<int> RunOperatorDisable(const Session& session, const SignOnOptions& options);
base::Result<int> RunOperatorRekey(const Session& session, const SignOnOptions& options);
base::Result<int> RunOperatorRoles(const Session& session);

// peer add, peer list (enrol.cc, line_state.cc)
struct EnrolOptions {
  std::string card;
  std::string fingerprint;
  std::string config;
  std::vector<std::string> paths;  // NAME or NAME=HOST:PORT
};
base::Result<int> RunPeerAdd(const Session& session, const EnrolOptions& options);

// node keys ..., peer confirm (keys.cc)
struct KeysOptions {
  std::vector<std::string> keys;  // empty: all
  bool revoke = false;
  std::string compromised_since;
  std::string output;
  std::string peer, fingerprint;
};
base::Result<int> RunKeysShow(const Session& session);
base::Result<int> RunKeysCard(const Session& session, const KeysOptions& options);
base::Result<int> RunKeysRotate(const Session& session, const KeysOptions& options);
base::Result<int> RunPeerConfirm(const Session& session, const KeysOptions& options);

// record ... (log_files.cc: of folders; log_proofs.cc: of proofs)
struct LogOptions {
  std::string dir;   // an exported log, or a folder to export into
  std::string peer;  // empty: the only one
  std::string writer = "ours";
  bool dss = false;  // of export: the transparency log of the DSS
  std::string index;
  std::string file;  // of verify: a folder, a proof file or evidence
  std::string old_checkpoint, new_checkpoint;
  std::string policy, entry, output;
  std::string seen;                    // of prove: the folder of the other log
  std::string against, against_entry;  // of verify: another proof
  std::string request, reply, tsa;     // of stamp; of verify: a stamp and whose it must be
  std::vector<std::string> cards;      // of fsck: the writer's; of verify: both parties'
};
base::Result<int> RunRecordExport(const Session& session, const LogOptions& options);
base::Result<int> RunRecordProve(const Session& session, const LogOptions& options);
base::Result<int> RunRecordVerify(const Session& session, const LogOptions& options);
base::Result<int> RunRecordConsistency(const Session& session, const LogOptions& options);
base::Result<int> RunRecordFsck(const Session& session, const LogOptions& options);
base::Result<int> RunRecordStatus(const Session& session, const LogOptions& options);
base::Result<int> RunRecordCompare(const Session& session, const LogOptions& options);
base::Result<int> RunRecordStamp(const Session& session, const LogOptions& options);

// witness ... (witness.cc)
struct WitnessOptions {
  std::string dir, name, passphrase_file;
  bool no_passphrase = false;
};
base::Result<int> RunWitnessInit(const Session& session, const WitnessOptions& options);

// agreement ... (agreements.cc: of files; agreements_signed.cc: on a node)
struct AgreementOptions {
  std::string file, other;
  std::string keys;
  std::string passphrase_file;
  std::string output;
  std::vector<std::string> cards;
  std::string peer, counters, until;
};
// A digest, or the beginning of one: an agreement of a node, and no file.
bool IsAgreementId(std::string_view text);
base::Result<int> RunAgreementShow(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementDiff(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementPropose(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementSign(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementVerify(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementList(const Session& session);
base::Result<int> RunAgreementShowOnNode(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementProposeOnNode(const Session& session,
                                            const AgreementOptions& options);
base::Result<int> RunAgreementSignOnNode(const Session& session, const AgreementOptions& options);
base::Result<int> RunAgreementDenounce(const Session& session, const AgreementOptions& options);

// notice check|release|read-back|script, plan ..., notice disregard (release.cc, script.cc)
struct ReadingOptions {
  std::string centre, extent, lower, upper, start, end;
  std::string mode;
  std::string vertices;  // over voice
};
struct LineNoticeOptions {
  std::string id;
  std::string version = "latest";
  std::string check;     // of a release
  std::string plan;      // that it was made from
  std::string language;  // of a script
  std::string file;      // of plan declare
  std::string to;        // of forward
  bool all_clear = false;
  ReadingOptions reading;
};
base::Result<int> RunNoticeCheck(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunNoticeRelease(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunNoticeForward(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunReadBack(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunDisregard(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunPlanList(const Session& session);
base::Result<int> RunPlanDeclare(const Session& session, const LineNoticeOptions& options);
base::Result<int> RunNoticeScript(const Session& session, const LineNoticeOptions& options);

// hazard report (release.cc)
struct HazardReportOptions {
  std::string at, radius = "5nm", class_name = "other", source = "own";
  std::string lower = "SFC", upper = "UNL";
  std::string mode;
};
base::Result<int> RunHazardReport(const Session& session, const HazardReportOptions& options);

// hazard areas|arm|disarm|beat (dead_man.cc)
struct DeadManOptions {
  std::string name;
  int64_t timeout_s = 0;
};
base::Result<int> RunDeadManAreas(const Session& session);
base::Result<int> RunDeadManArm(const Session& session, const DeadManOptions& options);
base::Result<int> RunDeadManDisarm(const Session& session, const DeadManOptions& options);
base::Result<int> RunDeadManBeat(const Session& session, const DeadManOptions& options);

// stop ..., incursion ..., keep-clear ..., policy send, line check|answer (calls.cc)
struct CallOptions {
  std::string peer;  // empty: the only one
  std::string at, radius = "5nm";
  std::string call_sign, frequency;
  std::string id;
  std::string answer;
  int64_t wait_s = 0;
  std::string entry;  // of a warning
  bool unanswered = false;
  std::string start, end;
  std::string word, text;
  std::string mode;
};
base::Result<int> RunStopCall(const Session& session, const CallOptions& options);
base::Result<int> RunStopAnswer(const Session& session, const CallOptions& options);
base::Result<int> RunStopEnd(const Session& session, const CallOptions& options);
base::Result<int> RunIncursionWarn(const Session& session, const CallOptions& options);
base::Result<int> RunIncursionAnswer(const Session& session, const CallOptions& options);
base::Result<int> RunIncursionEnd(const Session& session, const CallOptions& options);
base::Result<int> RunKeepClearAsk(const Session& session, const CallOptions& options);
base::Result<int> RunKeepClearAnswer(const Session& session, const CallOptions& options);
base::Result<int> RunPolicySend(const Session& session, const CallOptions& options);
base::Result<int> RunLineCheck(const Session& session, const CallOptions& options);
base::Result<int> RunLineAnswer(const Session& session, const CallOptions& options);

// exercise open|close|show (exercise.cc)
struct ExerciseOptions {
  std::string peer;
  std::string from, to;
};
base::Result<int> RunExerciseOpen(const Session& session, const ExerciseOptions& options);
base::Result<int> RunExerciseClose(const Session& session, const ExerciseOptions& options);
base::Result<int> RunExerciseShow(const Session& session);

// exchange ..., readout ... (exchanges.cc)
struct ExchangeOptions {
  std::string file;
  std::string id;    // of what is there
  std::string peer;  // empty: the only one
  std::string level, channel, initiated_by;
  std::string scheduled, held;
  std::vector<std::string> subjects;
  std::string notice, area, at, radius = "1nm", starts, lead_min, lead_max;
};
base::Result<int> RunExchangeEnter(const Session& session, const ExchangeOptions& options);
base::Result<int> RunExchangeList(const Session& session);
base::Result<int> RunExchangeShow(const Session& session, const ExchangeOptions& options);
struct ReadoutOptions {
  std::string id, file, output;
  std::vector<std::string> languages, paragraphs;
  std::string readout;
  std::vector<int64_t> not_agreed;
  bool is_public = false;
};
base::Result<int> RunReadoutDraft(const Session& session, const ReadoutOptions& options);
base::Result<int> RunReadoutPropose(const Session& session, const ReadoutOptions& options);
base::Result<int> RunReadoutSign(const Session& session, const ReadoutOptions& options);
base::Result<int> RunReadoutPublish(const Session& session, const ReadoutOptions& options);
base::Result<int> RunReadoutShow(const Session& session, const ReadoutOptions& options);
base::Result<int> RunReadoutCompare(const Session& session, const ReadoutOptions& options);

// line status|suspend|resume|confirm, inbox, calls, statistics (line_state.cc, inbox.cc)
struct LookOptions {
  std::string peer;
  bool all = false;
  bool watch = false;
  int64_t changes_max = 0;  // of --watch; 0: until Ctrl-C
};
base::Result<int> RunLineStatus(const Session& session);
base::Result<int> RunPeerList(const Session& session);
base::Result<int> RunLineSet(const Session& session, const LookOptions& options,
                             std::string_view verb);
base::Result<int> RunInbox(const Session& session, const LookOptions& options);
base::Result<int> RunCalls(const Session& session, const LookOptions& options);
base::Result<int> RunStatistics(const Session& session);

// node pair (pair.cc)
struct PairOptions {
  bool development = false;
  std::string dir;
  int64_t port = 8471;  // the first of four
  bool short_deadlines = false;
};
base::Result<int> RunNodePair(const Session& session, const PairOptions& options);

// demo --line (demo.cc)
base::Result<int> RunLineDemo(const Session& session);

// Registers all of them. The groups that other commands are in already are added to.
class LineCommands {
 public:
  // `declare` and `demo` are what `declare` and `demo` were given.
  void Add(Registry* registry, DeclareOptions* declare, DemoOptions* demo);

 private:
  void AddSignOn(Registry* registry);
  void AddPeers(Registry* registry);
  void AddKeys(Registry* registry);
  void AddLogs(Registry* registry);  // register_logs.cc
  void AddLogChecks(Registry* registry, CLI::App* group);
  void AddWitness(Registry* registry, CLI::App* group);
  void AddPlans(Registry* registry);  // register_plans.cc
  void AddAgreements(Registry* registry);
  void AddSigning(Registry* registry, CLI::App* group);
  void AddDenouncing(Registry* registry, CLI::App* group);
  void AddNotices(Registry* registry);
  void AddDeadMan(Registry* registry);
  void AddReadings(Registry* registry);
  void AddCalls(Registry* registry);
  void AddIncursion(Registry* registry);
  void AddLine(Registry* registry);
  void AddExercises(Registry* registry);
  void AddLooks(Registry* registry);
  // register_record.cc
  void AddRecord(Registry* registry);
  void AddExchanges(Registry* registry);
  void AddReadouts(Registry* registry);

  SignOnOptions sign_on_;
  EnrolOptions enrol_;
  KeysOptions keys_;
  LogOptions log_;
  WitnessOptions witness_;
  AgreementOptions agreement_;
  LineNoticeOptions notice_;
  HazardReportOptions hazard_;
  DeadManOptions dead_man_;
  CallOptions call_;
  LookOptions look_;
  ExerciseOptions exercise_;
  ExchangeOptions exchange_;
  ReadoutOptions readout_;
  PairOptions pair_;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_COMMANDS_H_
