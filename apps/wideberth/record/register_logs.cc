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
      "both sides as this node knows them; bodies/, what stands beside its entry, by its SHA-256.",
      "wideberth record export /srv/log --peer south --log theirs",
      [this, &session] { return RunRecordExport(session, log_); });
  out->add_option("DIR", log_.dir, "The folder; made if it is not there.")->required();
  of_node(out);
  registry->Flag(out, "--dss", &log_.dss,
                 "The transparency log of the node's DSS in place of a line's: its key is taken "
                 "from the node, so compare the folder's policy with what its operator published.");

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
  registry->Text(prove, "--seen", &log_.seen, "DIR",
                 "With --dir: the other log of the line, exported. A node has both: what the entry "
                 "names of the other log goes into the proof and bounds its time.");
  registry->Text(prove, "--entry", &log_.entry, "FILE", "Where the entry goes, if anywhere.");

  CLI::App* status =
      registry->Command(group, "status", "Show how far the logs of a line are written and cosigned",
                        "wideberth record status --peer south",
                        [this, &session] { return RunRecordStatus(session, log_); });
  registry->Text(status, "--peer", &log_.peer, "PARTY", "Of the line; the only one if not given.");

  AddLogChecks(registry, group);
  AddWitness(registry, group);
}

// Of heads that others have cosigned.
void LineCommands::AddWitness(Registry* registry, CLI::App* group) {
  const Session& session = registry->session();
  CLI::App* compare = registry->Command(
      group, "compare",
      "Compare two signed heads of one log, as two witnesses have cosigned them\n"
      "A log that shows different witnesses different histories has signed heads that no honest "
      "log "
      "signs both: that is written as evidence, with exit code 1. A head is a file, or the URL of "
      "a "
      "witness. Heads of different sizes need the folder of the log that has the longer one.",
      "wideberth record compare one.checkpoint two.checkpoint --policy policy --output fork.json\n"
      "wideberth record compare https://w1.example https://w2.example --policy policy --dir "
      "/srv/log",
      [this, &session] { return RunRecordCompare(session, log_); });
  compare->add_option("OLD", log_.old_checkpoint, "A checkpoint file or a witness.")->required();
  compare->add_option("NEW", log_.new_checkpoint, "Another one.")->required();
  registry
      ->Text(compare, "--policy", &log_.policy, "FILE",
             "The log's key, and those of the witnesses.")
      ->required();
  registry->Text(compare, "--dir", &log_.dir, "DIR", "The exported log.");
  registry->Text(compare, "--output", &log_.output, "FILE",
                 "Where the evidence of a fork goes; standard output when absent.");

  CLI::App* stamp = registry->Command(
      group, "stamp",
      "Have the head of an exported log stamped by an outside authority (RFC 3161)\n"
      "Once to make the request, once to keep the reply: in stamps/ of the folder, after it is "
      "verified. What crosses is a digest; send it as the authority asks for, such as with `curl "
      "--data-binary @head.tsq -H \"Content-Type: application/timestamp-query\"`. `record verify "
      "--tsa` checks all stamps of a folder; with --stamp it dates a proof.",
      "wideberth record stamp /srv/log --request head.tsq\n"
      "wideberth record stamp /srv/log --reply head.tsr --tsa tsa-roots.pem",
      [this, &session] { return RunRecordStamp(session, log_); });
  stamp->add_option("DIR", log_.dir, "The exported log.")->required();
  registry->Text(stamp, "--request", &log_.request, "FILE", "Where the request goes.");
  registry->Text(stamp, "--reply", &log_.reply, "FILE", "What the authority answered.");
  registry->Text(stamp, "--tsa", &log_.tsa, "FILE", "The authority's root certificates, PEM.");

  CLI::App* witness =
      registry->Group("witness", "A neutral witness: it cosigns heads, and sees no entry");
  CLI::App* init = registry->Command(
      witness, "init",
      "Make the key and the ledger of a witness\n"
      "Once and together: the ledger is never made again, nor brought back from a backup, since a "
      "witness that forgets can be shown another history. Run it with `wideberthd --witness "
      "CONFIG`.",
      "wideberth witness init /var/lib/witness --name witness.example/w1 --passphrase-file pass",
      [this, &session] { return RunWitnessInit(session, witness_); });
  init->add_option("DIR", witness_.dir, "The folder; must not be there.")->required();
  registry->Text(init, "--name", &witness_.name, "NAME", "Of the key, as policies have it.")
      ->required();
  registry->Text(init, "--passphrase-file", &witness_.passphrase_file, "FILE",
                 "What the key is encrypted with.");
  registry->Flag(init, "--no-passphrase", &witness_.no_passphrase, "Keep the key in the clear.");
}

// What needs no node.
void LineCommands::AddLogChecks(Registry* registry, CLI::App* group) {
  const Session& session = registry->session();
  const auto take_cards = [this](CLI::App* command, const char* help) {
    command->add_option("--card", log_.cards, help)->type_name("CARD")->expected(1)->take_all();
  };
  CLI::App* verify = registry->Command(
      group, "verify",
      "Check an exported log, a proof or a file of evidence, without a node\n"
      "Trusts nobody but the keys of the policy. A log is read once, in little memory: every tile "
      "and every entry. Evidence has its keys in it and says against which one it speaks; compare "
      "them with the card of the party.\n"
      "When an entry was written is an interval: not before what it names of the other log was "
      "signed (needs the cards of both), not after it was cosigned. Of two proofs, which came "
      "first; "
      "concurrent where neither writer had the other's and the intervals touch.",
      "wideberth record verify /srv/log --policy policy\n"
      "wideberth record verify 17.tlog-proof --entry 17.json --policy policy --card north.json "
      "--card south.json\n"
      "wideberth record verify 17.tlog-proof --entry 17.json --against 9.tlog-proof "
      "--against-entry "
      "9.json --policy policy --card north.json --card south.json\n"
      "wideberth record verify fork.json",
      [this, &session] { return RunRecordVerify(session, log_); });
  verify->add_option("FILE", log_.file, "A folder of `export`, a proof, or evidence.")->required();
  registry->Text(verify, "--policy", &log_.policy, "FILE",
                 "Whose signatures are enough (C2SP tlog-policy), from people who exchanged keys. "
                 "For a folder, its own policy if not given.");
  registry->Text(verify, "--entry", &log_.entry, "FILE", "The entry that a proof is about.");
  registry->Text(verify, "--stamp", &log_.reply, "FILE",
                 "A time-stamp of the proof's checkpoint (`record stamp`).");
  registry->Text(verify, "--tsa", &log_.tsa, "FILE",
                 "The root certificates of the stamps' authority, PEM.");
  registry->Text(verify, "--against", &log_.against, "FILE", "Another proof: which came first.");
  registry->Text(verify, "--against-entry", &log_.against_entry, "FILE", "Its entry.");
  take_cards(verify, "A card that one of the two parties has, or had; any number.");

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
                        "that the entries are its messages, follow each other without a gap, and "
                        "that what stands beside them is there.",
                        "wideberth record fsck /srv/log --card south.json",
                        [this, &session] { return RunRecordFsck(session, log_); });
  fsck->add_option("DIR", log_.dir, "The folder.")->required();
  take_cards(fsck, "A card that the writer has, or had; any number.");
}

}  // namespace wideberth::cli
