// What holds for every command: the options that all of them take, what each returns, and how files are read.
//
// A command returns its exit code or an Error. Which code an Error becomes follows from it:
//
//   0  done
//   1  refused, by the node or by a rule; and of `check`: conflicts were found
//   2  the command line is wrong: the error's field is an option ("--lower")
//   3  the node cannot be reached: the field is "--node" and the code kBusy
#ifndef WIDEBERTH_APPS_WIDEBERTH_SESSION_H_
#define WIDEBERTH_APPS_WIDEBERTH_SESSION_H_

#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 3;

struct Session {
  bool json = false;  // one JSON document on stdout instead of text
  std::string node;   // URL
  std::string token_file;
  std::string party;    // whose development token is used when no file is named
  std::string ca_file;  // PEM; empty: the system's certificates
};

// Fills in what the command line left out: from $WIDEBERTH_NODE and $WIDEBERTH_TOKEN_FILE, else the development setup.
// Gives the folder of the tokens.
std::string FillSession(Session* session);

int ExitCodeFor(const base::Error& error);

// Writes the refusal to stderr, or as {"error":{...}} to stdout; gives its exit code.
int ReportError(const Session& session, const base::Error& error);

// The whole file, "-" for stdin. Refusals name the path; larger than limits::kImportFileBytesMax is refused.
base::Result<std::string> ReadInput(const std::string& path);

// Replaces the file whole or not at all; mode 0600 when it is secret, else 0644. With `keep`, a file that is there is
// kept and the result is false.
base::Result<bool> WriteOutput(const std::string& path, std::string_view content, bool secret,
                               bool keep);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SESSION_H_
