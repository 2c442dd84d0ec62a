// `node pair`: two nodes on loopback with a line between them, made by the commands that people use.
#include "apps/wideberth/line/pair.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "apps/wideberth/development.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/line/program.h"
#include "apps/wideberth/show/terminal.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "json/reader.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;

constexpr std::array<std::string_view, 2> kNames = {"north", "south"};
constexpr int64_t kTokenLifetimeUs = 24 * base::kMicrosPerHour;
constexpr std::string_view kConfigTemplate =
    R"(# One node of a pair, made by `wideberth node pair --development`. Paths are taken from this file's folder.
agreement_file = "agreement.json"   # signed by both; `wideberth agreement show` prints what it says

[party]
keys = "keys"                       # made by `wideberth keygen --no-passphrase`: in the clear, for development alone

[line]
listen_address = "127.0.0.1"
listen_port = {1}

[store]
directory = "store"

[listen]
address = "127.0.0.1"
port = {0}

[auth]
# This issuer is anyone who can read token-key.pem. Replace all three for any other use.
issuer = "{2}"
audience = "{3}"
key_files = ["token-key.pub.pem"]
)";

// One step of the setup; what it says is shown only when it fails.
Result<std::string> Step(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ProgramFolder() + "wideberth");
  WB_ASSIGN_OR_RETURN(const Ended ended, RunProgram(arguments, {}));
  if (ended.code == 0) return ended.out;
  return base::Fail(base::ErrorCode::kInternal, arguments[1] + " " + arguments[2], "must work",
                    ended.out);
}

struct Side {
  std::string name, folder, party, fingerprint;
  int64_t http_port = 0, line_port = 0;
};

Result<Side> MakeIdentity(const PairOptions& options, size_t index) {
  Side side;
  side.name = kNames[index];
  side.folder = options.dir + "/" + side.name;
  side.http_port = options.port + 2 * static_cast<int64_t>(index);
  side.line_port = side.http_port + 1;
  std::error_code error;
  fs::create_directories(side.folder + "/tokens", error);
  if (error) {
    return base::Fail(base::ErrorCode::kStorage, side.folder, "must be a folder", error.message());
  }
  WB_ASSIGN_OR_RETURN(const std::string made,
                      Step({"--json", "keygen", "--name", side.name, "--out", side.folder + "/keys",
                            "--no-passphrase"}));
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(made));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(side.party, object.RequiredString("party", 64));
  WB_ASSIGN_OR_RETURN(side.fingerprint, object.RequiredString("fingerprint", 64));
  return side;
}

// A random password of its own for each account, beside the node: whoever reads the folder is anybody.
Result<void> WriteAccounts(const Side& side) {
  std::error_code error;
  fs::create_directories(side.folder + "/passwords", error);
  for (const PairAccount& account : kPairAccounts) {
    std::array<uint8_t, 16> drawn{};
    base::SystemRandom().Fill(drawn);
    WB_RETURN_IF_ERROR(WriteOutput(side.folder + "/passwords/" + std::string(account.name),
                                   base::HexEncode(drawn) + "\n", /*secret=*/true, /*keep=*/true));
  }
  const crypto::SecretKey key = crypto::SecretKey::Generate();
  WB_RETURN_IF_ERROR(
      WriteOutput(side.folder + "/token-key.pem", base::AsText(key.ToPem().bytes()), true, false));
  WB_RETURN_IF_ERROR(
      WriteOutput(side.folder + "/token-key.pub.pem", key.public_key().ToPem(), false, false));
  WB_ASSIGN_OR_RETURN(const std::string token,
                      IssueDevelopmentToken(key, side.name, {"wideberth.read", "wideberth.admin"},
                                            kTokenLifetimeUs));
  WB_RETURN_IF_ERROR(WriteOutput(side.folder + "/tokens/admin.token", token + "\n", true, false));
  return {};
}

void Replace(std::string* text, std::string_view from, std::string_view to) {
  for (size_t at = text->find(from); at != std::string::npos;
       at = text->find(from, at + to.size())) {
    text->replace(at, from.size(), to);
  }
}

// The example agreement, with the ids of these parties, in force from yesterday on for a year.
std::string AgreementText(const std::array<Side, 2>& sides, bool short_deadlines) {
  std::string text(AgreementExample());
  Replace(&text, "5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01", sides[0].party);
  Replace(&text, "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02", sides[1].party);
  const base::UtcMicros now = base::SystemClock().Now();
  const auto day = [&](int64_t days) {
    return base::FormatRfc3339({now.us + days * base::kMicrosPerDay}).substr(0, 10);
  };
  Replace(&text, "effective_from = 2027-01-01", "effective_from = " + day(-1));
  Replace(&text, "expires = 2028-01-01", "expires = " + day(364));
  if (short_deadlines) {
    Replace(&text, "read_back = { routine_s = 120, min_s = 30,",
            "read_back = { routine_s = 3, min_s = 2,");
    Replace(&text, "repeat_s = 60", "repeat_s = 10");
  }
  return text;
}

Result<void> Enrol(const Side& self, const Side& peer, const std::string& config) {
  // Two paths, one dialled by either side.
  const bool first = self.name == kNames[0];
  const std::string dialled =
      fmt::format("{}=127.0.0.1:{}", first ? "second" : "main", peer.line_port);
  const std::string listened = first ? "main" : "second";
  WB_RETURN_IF_ERROR(
      Step({"peer", "add", peer.folder + "/keys/party-card.json", "--fingerprint", peer.fingerprint,
            "--config", config, "--path", listened, "--path", dialled}));
  return {};
}

Result<void> SignByBoth(const std::string& dir, const std::array<Side, 2>& sides,
                        const std::string& text) {
  const std::string draft = dir + "/agreement.toml";
  WB_RETURN_IF_ERROR(WriteOutput(draft, text, false, false));
  const std::string file = sides[0].folder + "/agreement.json";
  std::error_code ignored;
  fs::remove(file, ignored);
  WB_RETURN_IF_ERROR(
      Step({"agreement", "propose", draft, "--keys", sides[0].folder + "/keys", "--output", file}));
  WB_RETURN_IF_ERROR(Step({"agreement", "sign", file, "--keys", sides[1].folder + "/keys", "--card",
                           sides[0].folder + "/keys/party-card.json"}));
  WB_ASSIGN_OR_RETURN(const std::string complete, ReadInput(file));
  WB_RETURN_IF_ERROR(WriteOutput(sides[1].folder + "/agreement.json", complete, false, false));
  return {};
}

}  // namespace

Result<void> MakePair(const PairOptions& options) {
  std::error_code error;
  if (fs::exists(options.dir + "/south/wideberthd.toml", error)) {
    return base::Fail(base::ErrorCode::kConflict, options.dir,
                      "must not hold a pair yet: nothing is overwritten");
  }
  std::array<Side, 2> sides;
  for (size_t i = 0; i < sides.size(); ++i) {
    // What an interrupted run has left cannot be used.
    fs::remove_all(options.dir + "/" + std::string(kNames[i]), error);
    WB_ASSIGN_OR_RETURN(sides[i], MakeIdentity(options, i));
    WB_RETURN_IF_ERROR(WriteAccounts(sides[i]));
  }
  WB_RETURN_IF_ERROR(SignByBoth(options.dir, sides, AgreementText(sides, options.short_deadlines)));
  // The configurations come last, and the south's last of all: while it is missing, the run can be done again.
  for (size_t i = 0; i < sides.size(); ++i) {
    const std::string part = sides[i].folder + "/wideberthd.toml.new";
    WB_RETURN_IF_ERROR(
        WriteOutput(part,
                    fmt::format(kConfigTemplate, sides[i].http_port, sides[i].line_port,
                                kDevelopmentIssuer, kDevelopmentAudience),
                    false, false));
    WB_RETURN_IF_ERROR(Enrol(sides[i], sides[1 - i], part));
    fs::rename(part, sides[i].folder + "/wideberthd.toml", error);
    if (error) {
      return base::Fail(base::ErrorCode::kStorage, part, "must be renamed", error.message());
    }
  }
  return {};
}

Result<int> RunNodePair(const Session& session, const PairOptions& options) {
  if (!options.development) {
    return base::Invalid("--development",
                         "must be given: keys for anything else are not made by one command");
  }
  WB_RETURN_IF_ERROR(MakePair(options));
  if (session.json) {
    Print(fmt::format("{{\"north\":\"http://127.0.0.1:{}\",\"south\":\"http://127.0.0.1:{}\"}}\n",
                      options.port, options.port + 2));
  } else {
    Print(
        fmt::format("made {0}/north (http://127.0.0.1:{1}) and {0}/south (http://127.0.0.1:{2}), "
                    "with a signed agreement\n"
                    "for development only: whoever can read {0} is any party\n",
                    options.dir, options.port, options.port + 2));
  }
  return kExitOk;
}

}  // namespace wideberth::cli
