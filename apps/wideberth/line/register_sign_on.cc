// What there is to type to sign on, and about the accounts.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/registry.h"
#include "operators/role.h"

namespace wideberth::cli {
namespace {

std::vector<std::string> RoleWords() {
  std::vector<std::string> words;
  for (const operators::Role role : operators::kRoles) words.emplace_back(operators::Name(role));
  return words;
}

}  // namespace

void LineCommands::AddSignOn(Registry* registry) {
  const Session& session = registry->session();
  const auto password = [&](CLI::App* command) {
    registry->Text(command, "--password-file", &sign_on_.password_file, "FILE",
                   "One line, which nobody else may read; else it is asked for on the terminal.");
  };
  CLI::App* login = registry->Command(
      &registry->app(), "login",
      "Sign on to a node in line mode\n"
      "The session is kept in the token file that later commands use (--token-file, "
      "$WIDEBERTH_TOKEN_FILE, --as), with mode 0600. It ends with `logout`, after some hours, and "
      "when the node is started again.",
      "wideberth --as keller login m.keller\n"
      "wideberth --token-file ~/.wideberth-session login m.keller --password-file password",
      [this, &session] { return RunLogin(session, sign_on_); });
  login->add_option("NAME", sign_on_.name, "Of the account.")->required();
  password(login);
  registry->Command(&registry->app(), "logout", "Sign off, and delete the session's file",
                    "wideberth --as keller logout", [&session] { return RunLogout(session); });

  CLI::App* group = registry->Group("operator", "Who may sign on to this node");
  CLI::App* add = registry->Command(
      group, "add",
      "Make an account with a signing key of its own\n"
      "By an administrator, or with a machine's token that has the scope wideberth.admin. The "
      "peers "
      "learn the role and an opaque key id, never the name. Who has lost the password gets a new "
      "key "
      "(operator rekey).",
      "wideberth operator add m.keller --role duty_officer",
      [this, &session] { return RunOperatorAdd(session, sign_on_); });
  add->add_option("NAME", sign_on_.name, "1 to 63 of a-z, 0-9, '.', '_' and '-'.")->required();
  registry->Choice(add, "--role", &sign_on_.role, "What its acts may be.", RoleWords())->required();
  password(add);
  registry->Command(group, "list", "List the accounts", "wideberth operator list",
                    [&session] { return RunOperatorList(session); });
  registry
      ->Command(group, "disable", "Disable an account; its sessions end and its key is revoked",
                "wideberth operator disable m.keller",
                [this, &session] { return RunOperatorDisable(session, sign_on_); })
      ->add_option("NAME", sign_on_.name, "Of the account.")
      ->required();
  CLI::App* rekey = registry->Command(
      group, "rekey",
      "Give an operator a new signing key, under a new password\n"
      "When the password was lost or somebody else may know it. The key before is revoked by a "
      "signed message on every line: what it signed until now stays valid, and nothing that it "
      "signs "
      "later counts. The operator is signed off. By an administrator, or with a machine's token "
      "that "
      "has the scope wideberth.admin.",
      "wideberth operator rekey m.keller\n"
      "wideberth operator rekey m.keller --password-file password",
      [this, &session] { return RunOperatorRekey(session, sign_on_); });
  rekey->add_option("NAME", sign_on_.name, "Of the account.")->required();
  password(rekey);
  registry->Command(group, "roles", "Show which role may do what", "wideberth operator roles",
                    [&session] { return RunOperatorRoles(session); });
}

}  // namespace wideberth::cli
