// `wideberth demo --line`: two nodes of its own with a line between them, and what people do over it, as they type it.
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/line/pair.h"
#include "apps/wideberth/line/program.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "base/time.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Fail;
using base::Result;
using Words = std::vector<std::string>;

constexpr int kNorth = 0;
constexpr int kSouth = 1;
constexpr std::array<const char*, 2> kNames = {"north", "south"};
constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr auto kPatience = std::chrono::seconds(25);
constexpr int64_t kFirstPort = 21'000;
constexpr int64_t kLastPort = 29'000;

bool IsFree(int64_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return bound;
}

Result<int64_t> FindPorts() {
  std::array<uint8_t, 2> drawn{};
  base::SystemRandom().Fill(drawn);
  const int64_t offset = (drawn[0] * 256 + drawn[1]) % (kLastPort - kFirstPort) / 4 * 4;
  for (int64_t tried = 0; tried < kLastPort - kFirstPort; tried += 4) {
    const int64_t port = kFirstPort + (offset + tried) % (kLastPort - kFirstPort);
    if (IsFree(port) && IsFree(port + 1) && IsFree(port + 2) && IsFree(port + 3)) return port;
  }
  return Fail(ErrorCode::kBusy, "port", "must be free: four in a row");
}

// A folder of its own, deleted in the end.
class Scratch {
 public:
  static Result<Scratch> Make() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "wideberth-demo.XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) {
      return Fail(ErrorCode::kStorage, path, "must be a folder that can be made");
    }
    return Scratch(path);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

std::string Quoted(const std::string& word) {
  return word.find(' ') == std::string::npos ? word : "\"" + word + "\"";
}

std::string NewId() {
  return base::SystemRandom().NewUuidV4().ToString();
}

class LineDemo {
 public:
  LineDemo(const Session& session, Scratch scratch, int64_t port)
      : session_(session), scratch_(std::move(scratch)), port_(port) {}

  Result<int> Run() {
    const auto began = std::chrono::steady_clock::now();
    WB_RETURN_IF_ERROR(Start());
    WB_RETURN_IF_ERROR(Notice());
    WB_RETURN_IF_ERROR(Conflict());
    WB_RETURN_IF_ERROR(HeldPlan());
    WB_RETURN_IF_ERROR(Escalation());
    WB_RETURN_IF_ERROR(Cut());
    WB_RETURN_IF_ERROR(Unplanned());
    WB_RETURN_IF_ERROR(StopCall());
    Title("What was counted");
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(Type(side, "duty", {"statistics"}));
    const double took_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (session_.json) {
      Print(
          fmt::format("{{\"r1_ms\":{:.3f},\"conflict\":\"{}\",\"link_lost_after_s\":{:.3f},"
                      "\"took_s\":{:.3f}}}\n",
                      r1_ms_, conflict_, lost_after_s_, took_s));
    } else {
      Print(
          fmt::format("\nR1 after {:.1f} ms; LINK LOST {:.1f} s after the cut; all of it took "
                      "{:.0f} s\n",
                      r1_ms_, lost_after_s_, took_s));
    }
    return kExitOk;
  }

 private:
  // ---- Telling ----

  void Title(std::string_view text) {
    if (session_.json) return;
    Print("\n" + Paint(Style::kBold, fmt::format("== {}", text)) + "\n");
    std::fflush(stdout);
  }
  void Say(std::string_view text) {
    if (session_.json) return;
    Print(Paint(Style::kDim, fmt::format("   {}", text)) + "\n");
    std::fflush(stdout);
  }

  // ---- Doing ----

  std::string Folder(int side) const {
    return scratch_.path() + "/" + kNames[static_cast<size_t>(side)];
  }
  std::string Url(int side) const { return fmt::format("http://127.0.0.1:{}", port_ + 2 * side); }

  Result<Ended> Call(int side, const std::string& account, Words words) {
    words.insert(words.begin(), {ProgramFolder() + "wideberth", "--node", Url(side), "--token-file",
                                 Folder(side) + "/tokens/" + account + ".token"});
    return RunProgram(words, {"NO_COLOR=1"});
  }

  // As a person types it, with what it answers. `code`: what it has to end with.
  Result<std::string> Type(int side, const std::string& account, const Words& words, int code = 0) {
    std::string line = fmt::format("{} {}$ wideberth", kNames[static_cast<size_t>(side)], account);
    for (const std::string& word : words) line += " " + Quoted(word);
    if (!session_.json) Print(Paint(Style::kCyan, line) + "\n");
    WB_ASSIGN_OR_RETURN(const Ended ended, Call(side, account, words));
    if (!session_.json) Print(ended.out);
    std::fflush(stdout);
    if (ended.code == code) return ended.out;
    return Fail(ErrorCode::kInternal, words.front(), fmt::format("must end with {}", code),
                fmt::format("{}: {}", ended.code, ended.out));
  }

  Result<json::Document> Ask(int side, Words words) {
    words.insert(words.begin(), "--json");
    WB_ASSIGN_OR_RETURN(const Ended ended, Call(side, "duty", words));
    if (ended.code != 0) return Fail(ErrorCode::kInternal, words[1], "must work", ended.out);
    return json::Document::Parse(ended.out, limits::kHttpClientBodyBytesMax);
  }

  // Until `holds` of what `words` answer; the answer.
  Result<json::Document> WaitFor(int side, const Words& words, std::string_view what,
                                 const std::function<bool(const json::Document&)>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (true) {
      Result<json::Document> answer = Ask(side, words);
      if (answer && holds(*answer)) return answer;
      if (std::chrono::steady_clock::now() > until) {
        return Fail(ErrorCode::kInternal, words.front(), "must show: " + std::string(what),
                    answer ? answer->root().ToJson() : answer.error().ToString());
      }
      std::this_thread::sleep_for(kPoll);
    }
  }

  static std::string FirstAt(const json::Document& answer, std::string_view items,
                             std::string_view path,
                             const std::function<bool(const json::Value&)>& fits = {}) {
    std::string found;
    const auto visit = [&](const json::Value& value) -> Result<void> {
      if (found.empty() && (!fits || fits(value))) found = TextAt(value, path);
      return {};
    };
    if (const Result<void> read = ForEach(answer, items, visit); !read) return {};
    return found;
  }

  static std::string RecipientAt(const json::Document& notice, std::string_view path) {
    const std::optional<json::Value> recipients = At(notice.root(), "notice.recipients");
    const Result<json::Array> list =
        recipients ? recipients->AsArray(SIZE_MAX) : Fail(ErrorCode::kNotFound, "", "");
    if (!list || list->size() == 0) return {};
    return TextAt(*list->begin(), path);
  }

  Result<void> WaitForState(int side, std::string_view state) {
    WB_RETURN_IF_ERROR(WaitFor(
        side, {"line", "status"}, "the line is " + std::string(state),
        [&](const json::Document& lines) { return FirstAt(lines, "lines", "state") == state; }));
    return {};
  }
  Result<void> WaitForNotice(int side, const std::string& id) {
    WB_RETURN_IF_ERROR(WaitFor(side, {"notice", "show", id}, "the notice has come",
                               [](const json::Document&) { return true; }));
    return {};
  }

  // ---- The story ----

  Result<void> Start() {
    Title("Two parties, two nodes, one line");
    Say("each has its own keys; the fingerprints were compared; both have signed the agreement");
    for (const int side : {kNorth, kSouth}) {
      Say(fmt::format("API of {} at {}", kNames[static_cast<size_t>(side)], Url(side)));
    }
    PairOptions pair;
    pair.development = true;
    pair.dir = scratch_.path();
    pair.port = port_;
    pair.short_deadlines = true;
    WB_RETURN_IF_ERROR(MakePair(pair));
    for (const int side : {kNorth, kSouth}) {
      WB_ASSIGN_OR_RETURN(Process node, Process::Start({ProgramFolder() + "wideberthd", "--config",
                                                        Folder(side) + "/wideberthd.toml"},
                                                       Folder(side) + "/log"));
      nodes_.push_back(std::move(node));
    }
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(SignOn(side));
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(WaitForState(side, "up"));
    // The keys of the operators cross first: an act by a key that was not announced cannot be acted on.
    for (const int side : {kNorth, kSouth}) {
      WB_RETURN_IF_ERROR(WaitFor(side, {"peer", "list"}, "the peer's operators are known",
                                 [](const json::Document& lines) {
                                   return FirstAt(lines, "lines", "operator_keys") == "2";
                                 }));
    }
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"line", "status"}));
    Say("a line check is due at each start; a person answers it with its word");
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(AnswerFirstCheck(side));
    return {};
  }

  Result<void> AnswerFirstCheck(int side) {
    std::string word;
    WB_RETURN_IF_ERROR(
        WaitFor(side, {"calls"}, "the scheduled line check", [&](const json::Document& calls) {
          word = FirstAt(calls, "calls", "words", [](const json::Value& call) {
            return TextAt(call, "kind") == "line_check" && !IsTrueAt(call, "by_us");
          });
          return !word.empty();
        }));
    WB_RETURN_IF_ERROR(Type(side, "duty", {"line", "answer", word}));
    return {};
  }

  Result<void> SignOn(int side) {
    Session session = session_;
    session.node = Url(side);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (true) {
      WB_ASSIGN_OR_RETURN(Remote remote, Remote::OpenUnsigned(session));
      if (remote.Call(net::Method::kGet, "/healthy")) break;
      if (!nodes_[static_cast<size_t>(side)].running() ||
          std::chrono::steady_clock::now() > until) {
        return Fail(ErrorCode::kInternal, Folder(side), "must start",
                    ReadInput(Folder(side) + "/log").value_or(""));
      }
      std::this_thread::sleep_for(kPoll);
    }
    for (const PairAccount& account : kPairAccounts) {
      const std::string name(account.name);
      const std::string password = Folder(side) + "/passwords/" + name;
      for (const auto& [as, words] :
           {std::pair<std::string, Words>(
                "admin", {"operator", "add", name, "--role", std::string(account.role),
                          "--password-file", password}),
            std::pair<std::string, Words>(name, {"login", name, "--password-file", password})}) {
        WB_ASSIGN_OR_RETURN(const Ended ended, Call(side, as, words));
        if (ended.code != 0) return Fail(ErrorCode::kInternal, words[0], "must work", ended.out);
      }
    }
    return {};
  }

  // Draft, check by a second person, release.
  Result<std::string> Release(int side, const Words& what, const Words& read) {
    const std::string id = NewId();
    Words draft = {"notice", "draft"};
    draft.insert(draft.end(), what.begin(), what.end());
    draft.insert(draft.end(), {"--start", start_, "--end", end_, "--id", id});
    WB_RETURN_IF_ERROR(Type(side, "duty", draft));
    WB_RETURN_IF_ERROR(Type(side, "supervisor", Entered("check", id, read)));
    WB_RETURN_IF_ERROR(Type(side, "duty", {"notice", "release", id}));
    return id;
  }
  Words Entered(const std::string& verb, const std::string& id, const Words& read) const {
    Words words = {"notice", verb, id};
    words.insert(words.end(), read.begin(), read.end());
    words.insert(words.end(), {"--start", start_, "--end", end_, "--mode", "REAL"});
    return words;
  }

  Result<void> Notice() {
    const base::UtcMicros now = base::SystemClock().Now();
    const auto in = [&](int64_t minutes) {
      return base::FormatRfc3339(
          {(now.us / base::kMicrosPerMinute + minutes) * base::kMicrosPerMinute});
    };
    start_ = in(90);
    end_ = in(150);
    Title("North gives notice of live firing; a second person has to agree before it goes");
    const Words read = {"--centre", "46.85,7.2", "--extent", "4km",
                        "--lower",  "SFC",       "--upper",  "3000mAMSL"};
    WB_ASSIGN_OR_RETURN(
        hazard_, Release(kNorth,
                         {"--kind", "hazard", "--class", "live_firing", "--circle", "46.85,7.2,4km",
                          "--lower", "SFC", "--upper", "3000mAMSL", "--role", "duty officer"},
                         read));
    WB_ASSIGN_OR_RETURN(
        const json::Document shown,
        WaitFor(kNorth, {"notice", "show", hazard_}, "R1", [](const json::Document& notice) {
          return !RecipientAt(notice, "received_at").empty();
        }));
    WB_ASSIGN_OR_RETURN(const base::UtcMicros r1,
                        base::ParseRfc3339(RecipientAt(shown, "received_at")));
    WB_ASSIGN_OR_RETURN(const base::UtcMicros released,
                        base::ParseRfc3339(TextAt(shown.root(), "notice.latest.stored_at")));
    r1_ms_ = static_cast<double>(r1.us - released.us) / 1e3;
    Say(fmt::format("R1: stored at south {:.1f} ms after the release", r1_ms_));

    Title("South reads it back: first with an error of 9 km, which the machine finds");
    Words wrong = read;
    wrong[1] = "46.931,7.2";
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", Entered("read-back", hazard_, wrong), kExitRefused));
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", Entered("read-back", hazard_, read)));
    WB_RETURN_IF_ERROR(WaitFor(
        kNorth, {"notice", "show", hazard_}, "R3",
        [](const json::Document& notice) { return !RecipientAt(notice, "read_back_at").empty(); }));
    Say("R3: north knows that south has understood");
    return {};
  }

  Result<void> Conflict() {
    Title("South declares a flight through it: both nodes find the conflict, under one id");
    const Words read = {"--centre", "46.90,7.22", "--extent", "3km",
                        "--lower",  "1000mAMSL",  "--upper",  "2000mAMSL"};
    WB_ASSIGN_OR_RETURN(flight_, Release(kSouth,
                                         {"--class", "transport", "--circle", "46.90,7.22,3km",
                                          "--lower", "1000mAMSL", "--upper", "2000mAMSL"},
                                         read));
    const auto is_of_flight = [&](const json::Document& conflicts) {
      return !FirstAt(conflicts, "conflicts", "id").empty();
    };
    WB_ASSIGN_OR_RETURN(const json::Document there,
                        WaitFor(kSouth, {"conflicts"}, "the conflict", is_of_flight));
    WB_ASSIGN_OR_RETURN(const json::Document here,
                        WaitFor(kNorth, {"conflicts"}, "the conflict", is_of_flight));
    conflict_ = FirstAt(here, "conflicts", "id");
    if (conflict_ != FirstAt(there, "conflicts", "id")) {
      return Fail(ErrorCode::kInternal, "conflicts", "must have one id on both sides", conflict_);
    }
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(Type(side, "duty", {"conflicts"}));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"conflict", "seen", conflict_}));
    return {};
  }

  Result<void> HeldPlan() {
    Title("North holds a plan of its own through south's flight, and tells nobody");
    const std::string plan = NewId();
    WB_RETURN_IF_ERROR(Type(
        kNorth, "duty",
        {"plan", "hold", "--class", "transport", "--circle", "46.8731,7.2153,2km", "--lower",
         "1000mAMSL", "--upper", "2000mAMSL", "--start", start_, "--end", end_, "--id", plan}));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"notice", "show", plan}));
    const auto of_plan = [&](const json::Value& conflict) {
      return conflict.ToJson().find(plan) != std::string::npos;
    };
    WB_ASSIGN_OR_RETURN(const json::Document known,
                        WaitFor(kNorth, {"conflicts"}, "the conflict with the plan",
                                [&](const json::Document& conflicts) {
                                  return !FirstAt(conflicts, "conflicts", "id", of_plan).empty();
                                }));
    WB_ASSIGN_OR_RETURN(const json::Document there, Ask(kSouth, {"conflicts"}));
    const std::string id = FirstAt(known, "conflicts", "id", of_plan);
    if (there.root().ToJson().find(id) != std::string::npos) {
      return Fail(ErrorCode::kInternal, "conflicts", "must be known to north alone", id);
    }
    Say("conflict " + id.substr(0, 16) +
        " is known to north alone: move the plan, declare it, "
        "ask \"can you keep clear?\", or accept the risk");
    return {};
  }

  Result<void> Escalation() {
    Title("Nobody at north reads the flight back: the matter climbs by itself");
    Say("this agreement gives 3 s for a read-back; the usual one gives 2 minutes");
    WB_RETURN_IF_ERROR(WaitFor(
        kNorth, {"inbox"}, "a matter with the supervisor", [](const json::Document& matters) {
          return !FirstAt(matters, "matters", "number", [](const json::Value& matter) {
                    return TextAt(matter, "kind") == "read_back" &&
                           TextAt(matter, "level") == "supervisor";
                  }).empty();
        }));
    WB_RETURN_IF_ERROR(Type(kNorth, "supervisor", {"inbox"}));
    WB_RETURN_IF_ERROR(Type(kNorth, "supervisor",
                            Entered("read-back", flight_,
                                    {"--centre", "46.90,7.22", "--extent", "3km", "--lower",
                                     "1000mAMSL", "--upper", "2000mAMSL"})));
    return {};
  }

  Result<void> Cut() {
    Title("The line is cut");
    const auto cut_at = std::chrono::steady_clock::now();
    nodes_[kSouth].Signal(SIGSTOP);
    WB_RETURN_IF_ERROR(WaitForState(kNorth, "lost"));
    lost_after_s_ =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - cut_at).count();
    Say(fmt::format("LINK LOST at north {:.1f} s after the cut", lost_after_s_));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"line", "status"}));
    Say("what was declared stays in force; what is left is voice, with a script and a check code");
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"notice", "script", hazard_}));
    // One after the other, so that neither hears an echo of the other in between.
    nodes_[kNorth].Signal(SIGSTOP);
    nodes_[kSouth].Signal(SIGCONT);
    WB_RETURN_IF_ERROR(WaitForState(kSouth, "lost"));
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", {"line", "status"}));
    nodes_[kNorth].Signal(SIGCONT);
    Title("The line comes back: both sides have raised LINK LOST, and people confirm");
    WB_RETURN_IF_ERROR(WaitFor(kSouth, {"inbox"}, "LINK LOST", [](const json::Document& matters) {
      return !FirstAt(matters, "matters", "number", [](const json::Value& matter) {
                return TextAt(matter, "kind") == "line_lost";
              }).empty();
    }));
    for (const int side : {kNorth, kSouth}) {
      WB_RETURN_IF_ERROR(WaitForState(side, "recovering"));
      WB_RETURN_IF_ERROR(Type(side, "duty", {"inbox"}));
    }
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"line", "check", "--word", "KILO 7 TANGO"}));
    WB_RETURN_IF_ERROR(WaitForCall(kSouth, "line_check"));
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", {"line", "answer", "KILO 7 TANGO"}));
    for (const int side : {kNorth, kSouth}) {
      WB_RETURN_IF_ERROR(WaitFor(side, {"line", "status"}, "both logs are on both sides",
                                 [](const json::Document& lines) {
                                   return FirstAt(lines, "lines", "in_step") == "true";
                                 }));
      WB_RETURN_IF_ERROR(Type(side, "duty", {"line", "confirm"}));
    }
    for (const int side : {kNorth, kSouth}) WB_RETURN_IF_ERROR(WaitForState(side, "up"));
    return {};
  }

  Result<void> WaitForCall(int side, std::string_view kind) {
    WB_RETURN_IF_ERROR(
        WaitFor(side, {"calls"}, "the call has come", [&](const json::Document& calls) {
          return !FirstAt(calls, "calls", "id", [&](const json::Value& call) {
                    return TextAt(call, "kind") == kind && !IsTrueAt(call, "by_us");
                  }).empty();
        }));
    return {};
  }

  Result<void> Unplanned() {
    Title("Something falls from the sky over north: one action, no approval");
    WB_ASSIGN_OR_RETURN(const std::string told,
                        Type(kNorth, "duty",
                             {"--json", "hazard", "report", "--at", "47.05,7.4", "--radius", "5nm",
                              "--class", "debris"}));
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(told));
    const std::string id = TextAt(document.root(), "decision.notice");
    WB_RETURN_IF_ERROR(WaitForNotice(kSouth, id));
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", {"notice", "show", id}));
    return {};
  }

  Result<void> StopCall() {
    Title("South asks north to stop");
    WB_RETURN_IF_ERROR(Type(kSouth, "duty",
                            {"stop", "call", "--at", "46.85,7.2", "--radius", "10km", "--call-sign",
                             "RESCUE 4", "--frequency", "121.500 MHz"}));
    WB_RETURN_IF_ERROR(WaitForCall(kNorth, "stop_call"));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"inbox"}));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"stop", "answer", "stopping"}));
    WB_RETURN_IF_ERROR(Type(kNorth, "duty", {"stop", "answer", "stopped"}));
    WB_RETURN_IF_ERROR(
        WaitFor(kSouth, {"calls", "--all"}, "the final answer", [](const json::Document& calls) {
          return FirstAt(calls, "calls", "closed_as", [](const json::Value& call) {
                   return TextAt(call, "kind") == "stop_call";
                 }) == "answered";
        }));
    WB_RETURN_IF_ERROR(Type(kSouth, "duty", {"calls", "--all"}));
    return {};
  }

  const Session& session_;
  const Scratch scratch_;
  const int64_t port_;
  std::vector<Process> nodes_;  // north, south
  std::string start_, end_;
  std::string hazard_, flight_, conflict_;
  double r1_ms_ = 0;
  double lost_after_s_ = 0;
};

}  // namespace

Result<int> RunLineDemo(const Session& session) {
  WB_ASSIGN_OR_RETURN(Scratch scratch, Scratch::Make());
  WB_ASSIGN_OR_RETURN(const int64_t port, FindPorts());
  return LineDemo(session, std::move(scratch), port).Run();
}

}  // namespace wideberth::cli
