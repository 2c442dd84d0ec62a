// Signing on to a node in line mode, and who may.
#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"
#include "crypto/key_file.h"
#include "crypto/secret.h"
#include "operators/role.h"

namespace wideberth::cli {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using crypto::SecretBytes;

// The terminal without echo; as it was when this goes.
class SilentTerminal {
 public:
  SilentTerminal() : fd_(open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0 || tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent_ = tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (silent_) tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) close(fd_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  bool ready() const { return silent_; }

  Result<SecretBytes> Ask(std::string_view what) {
    Say(fmt::format("{}: ", what));
    SecretBytes line(limits::kPasswordBytesMax + 1);
    size_t size = 0;
    while (size < line.size()) {
      const ssize_t got = read(fd_, line.bytes().data() + size, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return Fail(ErrorCode::kInvalid, "password", "must be typed");
      if (line.bytes()[size] == '\n') break;
      ++size;
    }
    Say("\n");
    if (size > limits::kPasswordBytesMax) {
      return Fail(ErrorCode::kInvalid, "password", "must be shorter");
    }
    return SecretBytes::CopyOf(base::ByteView(line.bytes().data(), size));
  }

 private:
  void Say(std::string_view text) {
    // Nobody would see it: then what is typed is still read.
    [[maybe_unused]] const ssize_t written = write(fd_, text.data(), text.size());
  }

  const int fd_;
  termios before_{};
  bool silent_ = false;
};

// `twice`: it is being chosen, and a slip would lock its owner out.
Result<SecretBytes> TakePassword(const std::string& file, bool twice) {
  if (!file.empty()) return crypto::ReadPassphraseFile(file);
  SilentTerminal terminal;
  if (!terminal.ready()) {
    return base::Invalid("--password-file", "must be given where there is no terminal to ask on");
  }
  WB_ASSIGN_OR_RETURN(SecretBytes password, terminal.Ask("password"));
  if (!twice) return password;
  WB_ASSIGN_OR_RETURN(const SecretBytes again, terminal.Ask("again"));
  if (!crypto::ConstantTimeEqual(password.bytes(), again.bytes())) {
    return Fail(ErrorCode::kInvalid, "password", "must be typed twice alike");
  }
  return password;
}

// The file that later commands read their token from. One that holds something else, such as the token of a machine, is
// not written over.
Result<void> CheckTokenFile(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return {};
  WB_ASSIGN_OR_RETURN(const std::string held, ReadInput(path));
  if (held.empty() || held.starts_with(kSessionTokenPrefix)) return {};
  return base::Invalid("--token-file", "must be a file for this session: it holds another token",
                       path);
}

}  // namespace

Result<int> RunLogin(const Session& session, const SignOnOptions& options) {
  WB_RETURN_IF_ERROR(CheckTokenFile(session.token_file));
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::OpenUnsigned(session));
  WB_ASSIGN_OR_RETURN(const SecretBytes password, TakePassword(options.password_file, false));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("name", options.name);
  json.StringField("password", base::AsText(password.bytes()));
  json.EndObject();
  const Result<std::string> answer = remote.Call(net::Method::kPost, "/v1/login", body);
  crypto::Wipe({reinterpret_cast<uint8_t*>(body.data()), body.size()});
  if (!answer) return Fail(base::Error(answer.error()));
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(*answer));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view token, object.RequiredString("token", 256));
  WB_RETURN_IF_ERROR(
      WriteOutput(session.token_file, std::string(token) + "\n", /*secret=*/true, /*keep=*/false));
  const json::Value root = document.root();
  if (session.json) {
    // The token is in its file, and nowhere else.
    std::string text;
    json::Writer out(&text);
    out.BeginObject();
    for (const char* key : {"name", "role", "key_id", "expires_at"}) {
      out.StringField(key, TextAt(root, key));
    }
    out.StringField("token_file", session.token_file);
    out.EndObject();
    Print(text + "\n");
  } else {
    Print(fmt::format("signed on as {}, {}, until {}; the session is in {}\n",
                      Paint(Style::kBold, TextAt(root, "name")), TextAt(root, "role"),
                      TextAt(root, "expires_at"), session.token_file));
  }
  return kExitOk;
}

Result<int> RunLogout(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  const Result<std::string> ended = remote.Call(net::Method::kPost, "/v1/logout", "{}");
  // A session that the node does not know any more has ended too.
  if (!ended && ended.error().code != ErrorCode::kUnauthorized) {
    return Fail(base::Error(ended.error()));
  }
  unlink(session.token_file.c_str());
  Print(session.json ? "{\"signed_off\":true}\n" : "signed off\n");
  return kExitOk;
}

Result<int> RunOperatorAdd(const Session& session, const SignOnOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const SecretBytes password, TakePassword(options.password_file, true));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("name", options.name);
  json.StringField("role", options.role);
  json.StringField("password", base::AsText(password.bytes()));
  json.EndObject();
  const Result<std::string> answer = remote.Call(net::Method::kPost, "/v1/operators", body);
  crypto::Wipe({reinterpret_cast<uint8_t*>(body.data()), body.size()});
  if (!answer) return Fail(base::Error(answer.error()));
  if (session.json) {
    Print(*answer + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(*answer));
  Print(fmt::format("{} may sign on as {}; the peers see the role and the key {}\n",
                    Paint(Style::kBold, options.name), options.role,
                    TextAt(document.root(), "key_id")));
  return kExitOk;
}

Result<int> RunOperatorList(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/operators"));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  Table table({{"NAME"}, {"ROLE"}, {"KEY"}, {"SINCE"}, {"DISABLED"}});
  WB_RETURN_IF_ERROR(ForEach(document, "operators", [&](const json::Value& each) -> Result<void> {
    table.AddRow({{TextAt(each, "name"), Style::kBold},
                  {TextAt(each, "role")},
                  {TextAt(each, "key_id"), Style::kDim},
                  {TextAt(each, "created_at")},
                  {TextAt(each, "disabled_at")}});
    return {};
  }));
  PrintTable(table);
  return kExitOk;
}

Result<int> RunOperatorDisable(const Session& session, const SignOnOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(
      const std::string body,
      remote.Call(net::Method::kPost,
                  "/v1/operators/" + net::PercentEncode(options.name) + "/disable", "{}"));
  Print(session.json ? body + "\n"
                     : fmt::format("{} is disabled and signed off; the peers are told that the "
                                   "key is revoked\n",
                                   options.name));
  return kExitOk;
}

Result<int> RunOperatorRekey(const Session& session, const SignOnOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const SecretBytes password, TakePassword(options.password_file, true));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("password", base::AsText(password.bytes()));
  json.EndObject();
  const Result<std::string> answer = remote.Call(
      net::Method::kPost, "/v1/operators/" + net::PercentEncode(options.name) + "/rekey", body);
  crypto::Wipe({reinterpret_cast<uint8_t*>(body.data()), body.size()});
  if (!answer) return Fail(base::Error(answer.error()));
  if (session.json) {
    Print(*answer + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(*answer));
  Print(
      fmt::format("{} signs with the key {} from now on and is signed off; the peers are told that "
                  "the key before is revoked\n",
                  Paint(Style::kBold, options.name), TextAt(document.root(), "key_id")));
  return kExitOk;
}

Result<int> RunOperatorRoles(const Session& session) {
  if (!session.json) {
    Print(operators::RoleTableMarkdown());
    return kExitOk;
  }
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  for (const operators::Role role : operators::kRoles) {
    json.Key(operators::Name(role));
    json.BeginArray();
    for (size_t i = 0; i < operators::kActKinds; ++i) {
      const auto act = static_cast<operators::ActKind>(i);
      if (operators::MayDo(role, act)) json.String(operators::Name(act));
    }
    json.EndArray();
  }
  json.EndObject();
  Print(text + "\n");
  return kExitOk;
}

}  // namespace wideberth::cli
