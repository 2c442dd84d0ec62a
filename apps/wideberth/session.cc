#include "apps/wideberth/session.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "apps/wideberth/show/terminal.h"
#include "base/durable_file.h"
#include "base/limits.h"
#include "json/writer.h"

namespace wideberth::cli {

std::string FillSession(Session* session) {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (session->node.empty()) session->node = environment("WIDEBERTH_NODE");
  if (session->node.empty()) session->node = "http://127.0.0.1:8471";
  const std::string told = environment("WIDEBERTH_TOKEN_FILE");
  std::string folder = "local/node/tokens";
  if (!told.empty()) folder = std::filesystem::path(told).parent_path().string();
  if (folder.empty()) folder = ".";
  if (session->token_file.empty() && session->party.empty()) session->token_file = told;
  if (session->token_file.empty()) {
    session->token_file =
        folder + "/" + (session->party.empty() ? "north" : session->party) + ".token";
  }
  return folder;
}

int ExitCodeFor(const base::Error& error) {
  if (error.field == "--node" && error.code == base::ErrorCode::kBusy) return kExitUnreachable;
  return error.field.starts_with("--") ? kExitUsage : kExitRefused;
}

int ReportError(const Session& session, const base::Error& error) {
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("error");
    json.BeginObject();
    json.StringField("code", base::ErrorCodeName(error.code));
    json.StringField("field", error.field);
    json.StringField("rule", error.rule);
    if (!error.found.empty()) json.StringField("found", error.found);
    json.EndObject();
    json.EndObject();
    Print(text + "\n");
  } else {
    PrintError("wideberth: " + Printable(error.ToString()) + "\n");
  }
  return ExitCodeFor(error);
}

base::Result<std::string> ReadInput(const std::string& path) {
  if (path == "-") return base::ReadAll(STDIN_FILENO, path, limits::kImportFileBytesMax);
  return base::ReadFile(path, limits::kImportFileBytesMax);
}

base::Result<bool> WriteOutput(const std::string& path, std::string_view content, bool secret,
                               bool keep) {
  const unsigned mode = secret ? base::kOwnerOnly : 0644;
  const base::Result<void> written =
      keep ? base::WriteNewFile(path, content, mode) : base::ReplaceFile(path, content, mode);
  if (written) return true;
  if (keep && written.error().code == base::ErrorCode::kConflict) return false;
  return base::Fail(written.error());
}

}  // namespace wideberth::cli
