// What there is to type about the record.
#include <CLI/CLI.hpp>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/registry.h"

namespace wideberth::cli {

void LineCommands::AddLogs(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("record", "What was said on a line, with proof");
  const std::vector<std::string> writers = {"ours", "theirs"};
  const auto of_node = [&](CLI::App* command) {
    registry->Text(command, "--peer", &log_.peer, "PARTY",
                   "Of the line; the only one if not given.");
    registry->Choice(
        command, "--log", &log_.writer,
        "Whose log of the line: that of this node's party, or the mirror of the peer's.", writers);
  };

  CLI::App* out = registry->Command(
      group, "export",
      "Copy a log into a folder that any web server can serve\n"
      "Checkpoint, hash tiles and entries under the paths of C2SP tlog-tiles. Run again, it goes "
      "on "
      "where it was; a log that has become shorter, or another one, is refused. What is copied is "
      "verified against the checkpoint before the folder names it. Beside it: policy, the keys of "
      "both sides as this node knows them.",
      "wideberth record export /srv/log --peer south --log theirs",
      [this, &session] { return RunRecordExport(session, log_); });
  out->add_option("DIR", log_.dir, "The folder; made if it is not there.")->required();
  of_node(out);

  CLI::App* prove = registry->Command(
      group, "prove",
      "Write the proof that one entry stands in a log\n"
      "From a node, with the earliest checkpoint that was cosigned with the entry in it, which "
      "dates it best; or from an exported folder. The proof is checked with `record verify`, by "
      "anybody who has the entry and a policy.",
      "wideberth record prove 17 --peer south --output 17.tlog-proof --entry 17.json\n"
      "wideberth record prove 17 --dir /srv/log",
      [this, &session] { return RunRecordProve(session, log_); });
  prove->add_option("INDEX", log_.index, "The number of the entry, from 0.")->required();
  of_node(prove);
  registry->Text(prove, "--dir", &log_.dir, "DIR", "An exported log, in place of a node.");
  registry->Text(prove, "--output", &log_.output, "FILE",
                 "Where the proof goes; standard output when absent.");
  registry->Text(prove, "--entry", &log_.entry, "FILE", "Where the entry goes, if anywhere.");

  AddLogChecks(registry, group);
}

// What needs no node.
void LineCommands::AddLogChecks(Registry* registry, CLI::App* group) {
  const Session& session = registry->session();
  CLI::App* verify = registry->Command(
      group, "verify",
      "Check an exported log, a proof or a file of evidence, without a node\n"
      "Trusts nobody but the keys of the policy. A log is read once, in little memory: every tile "
      "and every entry. Evidence has its keys in it and says against which one it speaks; compare "
      "them with the card of the party.",
      "wideberth record verify /srv/log --policy policy\n"
      "wideberth record verify 17.tlog-proof --entry 17.json --policy policy\n"
      "wideberth record verify fork.json",
      [this, &session] { return RunRecordVerify(session, log_); });
  verify->add_option("FILE", log_.file, "A folder of `export`, a proof, or evidence.")->required();
  registry->Text(verify, "--policy", &log_.policy, "FILE",
                 "Whose signatures are enough (C2SP tlog-policy), from people who exchanged keys. "
                 "For a folder, its own policy if not given.");
  registry->Text(verify, "--entry", &log_.entry, "FILE", "The entry that a proof is about.");

  CLI::App* consistency = registry->Command(
      group, "consistency",
      "Check that the log of one checkpoint begins with that of another\n"
      "With the tiles of an exported folder that has the longer one.",
      "wideberth record consistency january.checkpoint march.checkpoint --dir /srv/log",
      [this, &session] { return RunRecordConsistency(session, log_); });
  consistency->add_option("OLD", log_.old_checkpoint, "A checkpoint file.")->required();
  consistency->add_option("NEW", log_.new_checkpoint, "A later one.")->required();
  registry->Text(consistency, "--dir", &log_.dir, "DIR", "The exported log.")->required();
  registry->Text(consistency, "--policy", &log_.policy, "FILE",
                 "Whose signatures are enough; the folder's own policy if not given.");

  CLI::App* fsck =
      registry->Command(group, "fsck",
                        "Check that an exported log is whole\n"
                        "Every tile and entry against the checkpoint, whoever signed it; with the "
                        "writer's cards also "
                        "that the entries are its messages and follow each other without a gap.",
                        "wideberth record fsck /srv/log --card south.json",
                        [this, &session] { return RunRecordFsck(session, log_); });
  fsck->add_option("DIR", log_.dir, "The folder.")->required();
  fsck->add_option("--card", log_.cards, "A card that the writer has, or had; any number.")
      ->type_name("CARD")
      ->expected(1)
      ->take_all();
}

}  // namespace wideberth::cli
