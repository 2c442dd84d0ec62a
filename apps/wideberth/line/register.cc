// What there is to type in line mode, and what the manual pages of it say.
#include <CLI/CLI.hpp>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/registry.h"
#include "phrases/phrases.h"

namespace wideberth::cli {
namespace {

constexpr const char* kPlace = "LAT,LNG";

void NoticeId(CLI::App* command, std::string* id) {
  command->add_option("ID", *id, "The notice's id, or its first 4 characters or more.")->required();
}

void CallId(CLI::App* command, std::string* id) {
  command->add_option("ID", *id,
                      "Of the call, or its first characters; the only open one if not given.");
}

}  // namespace

void LineCommands::Add(Registry* registry, DeclareOptions* declare, DemoOptions* demo) {
  AddSignOn(registry);
  AddPeers(registry);
  AddKeys(registry);
  AddLogs(registry);
  AddAgreements(registry);
  AddNotices(registry);
  AddPlans(registry);
  AddDeadMan(registry);
  AddReadings(registry);
  AddCalls(registry);
  AddIncursion(registry);
  AddLine(registry);
  AddExercises(registry);
  AddLooks(registry);
  AddRecord(registry);
  CLI::App* hazard = registry->app().get_subcommand("hazard");
  registry->Flag(hazard->get_subcommand("declare"), "--unplanned", &declare->unplanned,
                 "It is there already: released at once in line mode, without a second person, and "
                 "to be refined.");
  registry->Flag(registry->app().get_subcommand("demo"), "--line", &demo->line,
                 "Two linked nodes of its own, in a folder that is deleted afterwards: notices, "
                 "read-backs, a lost line, a stop call. Takes about half a minute.");
}

void LineCommands::AddKeys(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("keys", "The keys of this party, on a node that runs");
  registry->Command(group, "show", "Show the keys in force and who has not receipted them",
                    "wideberth keys show", [&session] { return RunKeysShow(session); });
  CLI::App* card = registry->Command(group, "card", "Write this party's card as it is now",
                                     "wideberth keys card --output north.json",
                                     [this, &session] { return RunKeysCard(session, keys_); });
  registry->Text(card, "--output", &keys_.output, "FILE", "Where to; standard output when absent.");
  CLI::App* rotate = registry->Command(
      group, "rotate",
      "New keys for this party\n"
      "The node makes them in its keys folder and says so on every line, signed by the key that is "
      "in force; what it signs after that message is under the new one. Old messages stay valid. "
      "The peers' people are asked to compare the new fingerprint with you. An administrator's "
      "act.",
      "wideberth keys rotate --key transport --revoke",
      [this, &session] { return RunKeysRotate(session, keys_); });
  rotate->add_option("--key", keys_.keys,
                     "One that changes (message, log, cosignature, transport); all when absent.");
  registry->Flag(rotate, "--revoke", &keys_.revoke,
                 "Somebody else may have the old ones: nobody is to trust them any more.");
  registry->Text(rotate, "--compromised-since", &keys_.compromised_since, "TIME",
                 "Since when somebody else may have had them; with --revoke.");
  CLI::App* confirm =
      registry->Command(registry->Group("peer", "Who the other parties are"), "confirm",
                        "Say that a peer's changed keys are its own\n"
                        "After its people have read you the new fingerprint over another channel. "
                        "Another one than that "
                        "of the keys in force is refused: then somebody else has changed them. An "
                        "administrator's act.",
                        "wideberth peer confirm south --fingerprint \"51256 22721 34866 58100 "
                        "55895 08890 54867 14211\"",
                        [this, &session] { return RunPeerConfirm(session, keys_); });
  confirm->add_option("PEER", keys_.peer, "Its name or id.")->required();
  registry->Text(confirm, "--fingerprint", &keys_.fingerprint, "DIGITS", "As it was read to you.")
      ->required();
}

void LineCommands::AddPeers(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("peer", "Who the other parties are");
  CLI::App* add = registry->Command(
      group, "add",
      "Enrol a party in a node's configuration\n"
      "Verifies the card and compares the fingerprint that its people read to you over another "
      "channel: all eight groups, or it is refused. Copies the card into peers/ beside the "
      "configuration and adds a [[peer]] table to it, whole or not at all. The node reads it at "
      "its "
      "next start.",
      "wideberth peer add south.json --fingerprint \"51256 22721 34866 58100 55895 08890 54867 "
      "14211\" --config wideberthd.toml --path main --path radio=192.0.2.7:8472",
      [this, &session] { return RunPeerAdd(session, enrol_); });
  add->add_option("CARD", enrol_.card, "The party's card.")->required();
  registry->Text(add, "--fingerprint", &enrol_.fingerprint, "TEXT", "As it was read to you.")
      ->required();
  registry->Text(add, "--config", &enrol_.config, "FILE", "The node's configuration.")->required();
  add->add_option("--path", enrol_.paths,
                  "A way to the peer, by a name that both sides use; with an address where this "
                  "side dials. May be given several times; one path main, dialled by the peer, if "
                  "not given.")
      ->type_name("NAME[=HOST:PORT]")
      ->expected(1)
      ->take_all();
  registry->Command(group, "list", "List the peers of the node, with their fingerprints",
                    "wideberth peer list", [&session] { return RunPeerList(session); });

  CLI::App* pair = registry->Command(
      registry->Group("node", "Set up and run a node"), "pair",
      "Make two linked nodes for development\n"
      "Two folders, north and south, each with keys, the other's card, a signed agreement, a "
      "configuration, an administrator's token and a password for each of three accounts. The "
      "accounts are made with `operator add` when the nodes run; script/server does all of "
      "it.",
      "wideberth node pair --development --dir local/line",
      [this, &session] { return RunNodePair(session, pair_); });
  registry->Flag(pair, "--development", &pair_.development,
                 "For development alone: keys lie beside the nodes, in the clear.");
  registry->Text(pair, "--dir", &pair_.dir, "DIR", "The folder for both.")->required();
  pair->add_option("--port", pair_.port,
                   "The first of four: HTTP and line of north, HTTP and line of south. 8471 if not "
                   "given.")
      ->check(CLI::Range(1, 65'532).description(""))
      ->type_name("PORT");
  registry->Flag(pair, "--short-deadlines", &pair_.short_deadlines,
                 "Read-backs are due after seconds, so that a matter can be seen to climb.");
}

void LineCommands::AddAgreements(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("agreement", "What two parties have agreed and signed");
  registry->Command(group, "list", "List the agreements with the peers, and how each stands",
                    "wideberth agreement list", [&session] { return RunAgreementList(session); });
  const char* const text_help = "Its text (TOML), or a signed file.";
  CLI::App* show = registry->Command(
      group, "show",
      "Show what an agreement says\n"
      "Of a file; or one of the node, by its digest: also who has signed it, and what it changes.",
      "wideberth agreement show examples/agreements/default.toml\n"
      "wideberth agreement show 3f2a91c4",
      [this, &session] { return RunAgreementShow(session, agreement_); });
  show->add_option("FILE", agreement_.file,
                   std::string(text_help) + " Or 4 or more digits of a digest.")
      ->required();
  registry->Text(show, "--output", &agreement_.output, "FILE",
                 "Also writes the signed file of one of the node; one that is not there yet.");
  CLI::App* diff = registry->Command(
      group, "diff", "Show what changes from one agreement to another, before signing",
      "wideberth agreement diff agreement-6.toml agreement-7.toml",
      [this, &session] { return RunAgreementDiff(session, agreement_); });
  diff->add_option("A", agreement_.file, text_help)->required();
  diff->add_option("B", agreement_.other, text_help)->required();
  AddSigning(registry, group);
  AddDenouncing(registry, group);
}

void LineCommands::AddSigning(Registry* registry, CLI::App* group) {
  const Session& session = registry->session();
  const auto keys = [&](CLI::App* command) {
    registry->Text(command, "--keys", &agreement_.keys, "DIR",
                   "The folder of `keygen`, to sign a file. Without it the node signs, and tells "
                   "the peer on the line.");
    registry->Text(command, "--passphrase-file", &agreement_.passphrase_file, "FILE",
                   "Of the keys; without it they are read in the clear.");
  };
  const auto cards = [&](CLI::App* command, const char* help) {
    command->add_option("--card", agreement_.cards, help)
        ->type_name("CARD")
        ->expected(1)
        ->take_all();
  };
  const auto peer = [&](CLI::App* command) {
    registry->Text(command, "--peer", &agreement_.peer, "NAME",
                   "With whom; the only peer if not given.");
  };
  CLI::App* propose = registry->Command(
      group, "propose",
      "Sign a text, for the other side to sign too\n"
      "On the line, signed by the node for the person who is signed on; or into a file, with the "
      "keys. Shows what it changes, or says. What one side alone has signed is a proposal, and no "
      "node runs under it.",
      "wideberth agreement propose agreement-7.toml --counters 3f2a91c4\n"
      "wideberth agreement propose agreement-7.toml --keys keys --passphrase-file passphrase "
      "--output agreement-7.json",
      [this, &session] { return RunAgreementPropose(session, agreement_); });
  propose->add_option("FILE", agreement_.file, "The text.")->required();
  keys(propose);
  registry->Text(propose, "--output", &agreement_.output, "FILE",
                 "With --keys: one that is not there yet.");
  peer(propose);
  registry->Text(propose, "--counters", &agreement_.counters, "ID",
                 "The peer's proposal that this one answers, which is refused by it.");
  CLI::App* sign = registry->Command(
      group, "sign",
      "Sign what the other side has proposed\n"
      "On the line, by its digest; or a file, with the keys and the other side's card, whose "
      "signature is verified first. Look at it with `agreement show` and `agreement diff` before.",
      "wideberth agreement sign 3f2a91c4\n"
      "wideberth agreement sign agreement-7.json --keys keys --card peers/north.json",
      [this, &session] { return RunAgreementSign(session, agreement_); });
  sign->add_option("ID", agreement_.file, "The proposal's digest, or a file with --keys.")
      ->required();
  keys(sign);
  cards(sign, "The other side's.");
  registry->Text(sign, "--output", &agreement_.output, "FILE", "Instead of the proposal itself.");
  CLI::App* verify = registry->Command(
      group, "verify", "Check that both have signed, and that it is in force",
      "wideberth agreement verify agreement.json --card keys/party-card.json --card "
      "peers/north.json",
      [this, &session] { return RunAgreementVerify(session, agreement_); });
  verify->add_option("FILE", agreement_.file, "The signed file.")->required();
  cards(verify, "Of each of the two parties.");
}

void LineCommands::AddDenouncing(Registry* registry, CLI::App* group) {
  const Session& session = registry->session();
  CLI::App* denounce = registry->Command(
      group, "denounce",
      "End an agreement, or take back or refuse a proposal\n"
      "It goes on for the notice that it gives itself (denunciation_notice_min). Then the safety "
      "floor holds: hazards stay, stop calls and line checks go on, under the widest separations.",
      "wideberth agreement denounce 3f2a91c4 --until 2027-02-01T00:00:00Z",
      [this, &session] { return RunAgreementDenounce(session, agreement_); });
  denounce->add_option("ID", agreement_.file, "Its digest, or 4 digits or more of it.")->required();
  registry->Text(denounce, "--until", &agreement_.until, "TIME",
                 "When it ends; as soon as its notice allows if not given.");
}

void LineCommands::AddNotices(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("notice", "Look at notices, and answer them");
  CLI::App* release = registry->Command(
      group, "release",
      "Release a draft to the peers\n"
      "After a second person's `notice check` of the same content, or compared with the held plan "
      "that it was made from.",
      "wideberth notice release 3f2a91c4",
      [this, &session] { return RunNoticeRelease(session, notice_); });
  NoticeId(release, &notice_.id);
  registry->Text(release, "--plan", &notice_.plan, "ID",
                 "The whole id of the held plan that it was made from.");
  CLI::App* forward = registry->Command(
      group, "forward",
      "Forward a notice of a peer to a party that it lists\n"
      "As its issuer signed it, to a peer named under may_tell and to nobody else. What its "
      "issuer says of it later follows by itself, while the newest version lists that peer.",
      "wideberth notice forward 3f2a91c4 --to east",
      [this, &session] { return RunNoticeForward(session, notice_); });
  NoticeId(forward, &notice_.id);
  registry->Text(forward, "--to", &notice_.to, "PEER", "By name or id.")->required();
  CLI::App* script = registry->Command(
      group, "script",
      "Print what is read out over voice, and a form for the read-back\n"
      "Every coded field, every corner, and a check code. It needs no line: this is what is left "
      "when the line is lost.",
      "wideberth notice script 3f2a91c4 --language ru",
      [this, &session] { return RunNoticeScript(session, notice_); });
  NoticeId(script, &notice_.id);
  registry->Choice(script, "--language", &notice_.language,
                   "Of the coded fields; the code and the English words stand beside.",
                   {phrases::kLanguages.begin(), phrases::kLanguages.end()});
  NoticeId(registry->Command(group, "disregard",
                             "Disregard a hazard whose party is gone\nIt stays to be seen.",
                             "wideberth notice disregard 3f2a91c4",
                             [this, &session] { return RunDisregard(session, notice_); }),
           &notice_.id);

  CLI::App* report = registry->Command(
      registry->Group("hazard", "Declare hazards, and end them"), "report",
      "Tell of a hazard that is there already, in one act\n"
      "A circle at all heights from now on, released at once; the approval of a second person and "
      "the exact area come later, with `hazard declare --id ID --replaces latest`.",
      "wideberth hazard report --at 46.85,7.2 --radius 5nm --class debris",
      [this, &session] { return RunHazardReport(session, hazard_); });
  registry->Text(report, "--at", &hazard_.at, kPlace, "Where.")->required();
  registry->Text(report, "--radius", &hazard_.radius, "LENGTH", "5nm if not given.");
  registry->Choice(
      report, "--class", &hazard_.class_name, "What it is; other if not given.",
      {"live_firing", "launch", "re_entry", "debris", "air_defence_activity", "fire_fighting",
       "unmanned_swarm", "laser", "electromagnetic", "parachuting", "other"});
  registry->Choice(report, "--source", &hazard_.source, "Whose it is; own if not given.",
                   {"own", "observed", "expected_third_party"});
  registry->Text(report, "--lower", &hazard_.lower, "ALTITUDE", "SFC if not given.");
  registry->Text(report, "--upper", &hazard_.upper, "ALTITUDE", "UNL if not given.");
  registry->Choice(report, "--mode", &hazard_.mode, "REAL if not given.", ModeWords());
}

void LineCommands::AddDeadMan(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("hazard", "Declare hazards, and end them");
  registry->Command(group, "areas", "List the dead-man areas of this party, and which are watched",
                    "wideberth hazard areas", [&session] { return RunDeadManAreas(session); });
  const auto name = [&](CLI::App* command) {
    command->add_option("NAME", dead_man_.name, "Of the area, as the agreement has it.")
        ->required();
  };
  CLI::App* arm = registry->Command(
      group, "arm",
      "Have a dead-man area watched\n"
      "Its hazard is raised by the node, and the peers told, when no heartbeat of its telemetry "
      "has come for so long; once, until it is armed again. What is armed already takes the time "
      "that is given.",
      "wideberth hazard arm \"northern launch corridor\" --timeout 30",
      [this, &session] { return RunDeadManArm(session, dead_man_); });
  name(arm);
  arm->add_option("--timeout", dead_man_.timeout_s, "In seconds, without a heartbeat.")
      ->check(CLI::Range(1, 600).description(""))
      ->type_name("N")
      ->required();
  name(registry->Command(group, "disarm", "Have a dead-man area watched no longer",
                         "wideberth hazard disarm \"northern launch corridor\"",
                         [this, &session] { return RunDeadManDisarm(session, dead_man_); }));
  name(registry->Command(
      group, "beat",
      "Send one heartbeat of the telemetry of a dead-man area\n"
      "For equipment, with a token that has the scope wideberth.heartbeat; a person's session is "
      "refused.",
      "wideberth --token-file telemetry.token hazard beat \"northern launch corridor\"",
      [this, &session] { return RunDeadManBeat(session, dead_man_); }));
}

void LineCommands::AddReadings(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("notice", "Look at notices, and answer them");
  const auto reading = [&](CLI::App* command) {
    NoticeId(command, &notice_.id);
    ReadingOptions* values = &notice_.reading;
    registry->Text(command, "--centre", &values->centre, kPlace,
                   "Of a circle; else the middle between the outermost corners.");
    registry->Text(command, "--extent", &values->extent, "LENGTH",
                   "The radius; else from the centre to the farthest corner.");
    registry->Text(command, "--lower", &values->lower, "ALTITUDE", "The lowest limit.");
    registry->Text(command, "--upper", &values->upper, "ALTITUDE", "The highest limit.");
    registry->Text(command, "--start", &values->start, "TIME", "Of the first volume.");
    registry->Text(command, "--end", &values->end, "TIME", "Of the last volume, or open.");
    registry->Choice(command, "--mode", &values->mode, "The data mode.", ModeWords());
  };
  CLI::App* check = registry->Command(
      group, "check",
      "Check a draft as the second person\n"
      "Enter the values from your own plot or notes, not from the draft. The machine compares; a "
      "difference over the tolerance blocks the release, and you are told which value and by how "
      "much.",
      "wideberth notice check 3f2a91c4 --centre 46.85,7.2 --extent 4km --lower SFC --upper "
      "3000mAMSL --start 2026-11-21T10:00:00Z --end 2026-11-21T12:00:00Z --mode REAL",
      [this, &session] { return RunNoticeCheck(session, notice_); });
  reading(check);
  CLI::App* back = registry->Command(
      group, "read-back",
      "Read back a notice of the other side (R3)\n"
      "Study the notice, plot it, put it away; then enter what you have. The machine compares; a "
      "mismatch is told with the value and by how much, and blocks the read-back.",
      "wideberth notice read-back 3f2a91c4 --centre 46.85,7.2 --extent 4km --lower SFC --upper "
      "3000mAMSL --start 2026-11-21T10:00:00Z --end 2026-11-21T12:00:00Z --mode REAL",
      [this, &session] { return RunReadBack(session, notice_); });
  reading(back);
  registry->Text(back, "--vertices", &notice_.reading.vertices, "\"LAT,LNG ...\"",
                 "Over voice: every corner, volume after volume, as it was read to you.");
  registry->Text(back, "--version-of", &notice_.version, "VERSION",
                 "The number or digest of the version that is read back; the latest if not given.");
  registry->Flag(back, "--all-clear", &notice_.all_clear, "It is its all-clear that is read back.");
}

void LineCommands::AddCalls(Registry* registry) {
  const Session& session = registry->session();
  const auto spot = [&](CLI::App* command) {
    registry->Text(command, "--at", &call_.at, kPlace, "Where.")->required();
    registry->Text(command, "--radius", &call_.radius, "LENGTH", "5nm if not given.");
    registry->Text(command, "--to", &call_.peer, "PEER", "The only peer if not given.");
    registry->Choice(command, "--mode", &call_.mode, "REAL if not given.", ModeWords());
  };
  CLI::App* stop = registry->Group("stop", "Ask the other side to stop what it is doing");
  CLI::App* stop_call = registry->Command(
      stop, "call", "Ask the other side to stop, now",
      "wideberth stop call --at 46.85,7.2 --radius 10km --call-sign RESCUE4 --frequency \"121.500 "
      "MHz\"",
      [this, &session] { return RunStopCall(session, call_); });
  spot(stop_call);
  registry->Text(stop_call, "--call-sign", &call_.call_sign, "TEXT",
                 "Of who is in danger: the one message that may carry one.");
  registry->Text(stop_call, "--frequency", &call_.frequency, "TEXT", "Where it can be called.");
  CLI::App* stop_answer =
      registry->Command(stop, "answer", "Answer a stop call",
                        "wideberth stop answer stopping\nwideberth stop answer wait --seconds 60",
                        [this, &session] { return RunStopAnswer(session, call_); });
  registry
      ->Choice(stop_answer, "ANSWER", &call_.answer, "",
               {"stopping", "stopped", "cannot", "not_ours", "wait"})
      ->required();
  CallId(stop_answer, &call_.id);
  stop_answer->add_option("--seconds", call_.wait_s, "Of wait: how long.")
      ->check(CLI::Range(1, 3'600).description(""))
      ->type_name("N");
  CallId(registry->Command(stop, "end",
                           "End one's own stop call as unanswered\nBy a supervisor; it is counted "
                           "for ever.",
                           "wideberth stop end 3f2a91c4",
                           [this, &session] { return RunStopEnd(session, call_); }),
         &call_.id);

  CLI::App* keep = registry->Group("keep-clear", "Ask the other side whether it can keep clear");
  CLI::App* ask = registry->Command(
      keep, "ask", "Ask whether they can keep clear of a place for a time",
      "wideberth keep-clear ask --at 46.85,7.2 --radius 10km --start +1h --end +2h",
      [this, &session] { return RunKeepClearAsk(session, call_); });
  spot(ask);
  registry->Text(ask, "--start", &call_.start, "TIME", "Now if not given.");
  registry->Text(ask, "--end", &call_.end, "TIME", "Until when; +2h from the start.")->required();
  CLI::App* answer = registry->Command(
      keep, "answer", "Answer whether one can keep clear", "wideberth keep-clear answer yes",
      [this, &session] { return RunKeepClearAnswer(session, call_); });
  registry->Choice(answer, "ANSWER", &call_.answer, "", {"yes", "no", "need_time"})->required();
  CallId(answer, &call_.id);

  CLI::App* send = registry->Command(registry->Group("policy", "The lane for text"), "send",
                                     "Send a text on the policy lane\nNothing operational: that is "
                                     "what notices and calls are for.",
                                     "wideberth policy send \"We propose to meet on Monday.\"",
                                     [this, &session] { return RunPolicySend(session, call_); });
  send->add_option("TEXT", call_.text, "")->required();
  registry->Text(send, "--to", &call_.peer, "PEER", "The only peer if not given.");
}

void LineCommands::AddIncursion(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("incursion", "Warn the other centre of an entry");
  CLI::App* warn = registry->Command(
      group, "warn",
      "Warn the other centre that its aircraft will enter\n"
      "Where the agreement lets the machine repeat it, it does until there is an answer: "
      "`wideberth calls` shows how often and what has arrived.",
      "wideberth incursion warn --at 46.85,7.2 --radius 10km --entry +4min --call-sign STORK4",
      [this, &session] { return RunIncursionWarn(session, call_); });
  registry->Text(warn, "--at", &call_.at, kPlace, "What is entered.")->required();
  registry->Text(warn, "--radius", &call_.radius, "LENGTH", "5nm if not given.");
  registry->Text(warn, "--entry", &call_.entry, "TIME", "When, as predicted; +4min from now.")
      ->required();
  registry->Text(warn, "--call-sign", &call_.call_sign, "TEXT", "Of who is on the way.");
  registry->Text(warn, "--frequency", &call_.frequency, "TEXT", "Where you can be called.");
  registry->Text(warn, "--to", &call_.peer, "PEER", "The only peer if not given.");
  registry->Choice(warn, "--mode", &call_.mode, "REAL if not given.", ModeWords());
  CLI::App* answer = registry->Command(
      group, "answer", "Answer a warning of an entry",
      "wideberth incursion answer turning\nwideberth incursion answer wait --seconds 60",
      [this, &session] { return RunIncursionAnswer(session, call_); });
  registry->Choice(answer, "ANSWER", &call_.answer, "", {"turning", "not_ours", "cannot", "wait"})
      ->required();
  CallId(answer, &call_.id);
  answer->add_option("--seconds", call_.wait_s, "Of wait: how long.")
      ->check(CLI::Range(1, 3'600).description(""))
      ->type_name("N");
  CLI::App* end = registry->Command(
      group, "end",
      "End one's own warning: they have turned\n"
      "With --unanswered by a supervisor; it is counted for ever.",
      "wideberth incursion end 3f2a91c4\nwideberth incursion end 3f2a91c4 --unanswered",
      [this, &session] { return RunIncursionEnd(session, call_); });
  CallId(end, &call_.id);
  registry->Flag(end, "--unanswered", &call_.unanswered, "They have not answered that they turn.");
}

void LineCommands::AddLine(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("line", "How the lines to the other parties stand");
  registry->Command(group, "status",
                    "Show every line: its state, paths, clocks and what has arrived",
                    "wideberth line status", [&session] { return RunLineStatus(session); });
  CLI::App* check = registry->Command(
      group, "check", "Check a line: a person at the other end answers with the word",
      "wideberth line check", [this, &session] { return RunLineCheck(session, call_); });
  registry->Text(check, "--to", &call_.peer, "PEER", "The only peer if not given.");
  registry->Text(check, "--word", &call_.word, "TEXT", "Drawn if not given.");
  CLI::App* answer = registry->Command(group, "answer", "Answer a line check with its word",
                                       "wideberth line answer \"KILO 7 TANGO\"",
                                       [this, &session] { return RunLineAnswer(session, call_); });
  answer->add_option("WORD", call_.word, "As it was sent: `wideberth calls`.")->required();
  CallId(answer, &call_.id);
  const auto set = [&](const char* verb, const char* description) {
    registry
        ->Command(group, verb, description, std::string("wideberth line ") + verb + " south",
                  [this, &session, verb] { return RunLineSet(session, look_, verb); })
        ->add_option("PEER", look_.peer, "The only one if not given.");
  };
  set("suspend", "Close the policy lane\nThe safety lane is never closed.");
  set("resume", "Open the policy lane again");
  set("confirm",
      "Confirm that a line which was lost is in order again\n"
      "After both logs are on both sides again, and a line check.");
}

void LineCommands::AddExercises(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("exercise", "Drills with the other side");
  CLI::App* open = registry->Command(
      group, "open",
      "Propose an exercise, or open the one that the other side proposes\n"
      "Open when a supervisor of each side has opened it, for the time that both have said. "
      "Outside "
      "it nothing that is not REAL crosses; whatever real happens on the line ends it.",
      "wideberth exercise open --end +2h",
      [this, &session] { return RunExerciseOpen(session, exercise_); });
  registry->Text(open, "--start", &exercise_.from, "TIME", "Now, or as proposed, if not given.");
  registry->Text(open, "--end", &exercise_.to, "TIME",
                 "Until when; +2h from the start. As proposed if not given.");
  registry->Text(open, "--to", &exercise_.peer, "PEER", "The only peer if not given.");
  CLI::App* close =
      registry->Command(group, "close", "End an exercise", "wideberth exercise close",
                        [this, &session] { return RunExerciseClose(session, exercise_); });
  registry->Text(close, "--to", &exercise_.peer, "PEER", "The only peer if not given.");
  registry->Command(group, "show", "Show what is proposed and what is open on each line",
                    "wideberth exercise show", [&session] { return RunExerciseShow(session); });
}

void LineCommands::AddLooks(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* inbox = registry->Command(
      &registry->app(), "inbox",
      "Show what waits for somebody, newest last, with what to do next\n"
      "Matters climb by themselves: from the duty officer to the supervisor to the deputy chief.",
      "wideberth inbox\nwideberth inbox --watch",
      [this, &session] { return RunInbox(session, look_); });
  registry->Flag(inbox, "--watch", &look_.watch, "Stays, and shows every change as it happens.");
  inbox->add_option("--changes", look_.changes_max, "With --watch: ends after so many.")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}).description(""))
      ->type_name("N");
  CLI::App* calls = registry->Command(&registry->app(), "calls",
                                      "Show the open calls between duty officers, newest last",
                                      "wideberth calls\nwideberth calls --all",
                                      [this, &session] { return RunCalls(session, look_); });
  registry->Flag(calls, "--all", &look_.all, "Those too that are answered or ended.");
  registry->Command(&registry->app(), "statistics",
                    "Show lead and acknowledgement times, and what was missed\nDrills apart from "
                    "what was real.",
                    "wideberth statistics", [&session] { return RunStatistics(session); });
}

}  // namespace wideberth::cli
