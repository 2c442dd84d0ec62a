// The command line: what there is to type, and what its manual pages say. What a command does is in the other files.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/wideberth/bench_dss.h"
#include "apps/wideberth/commands.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/registry.h"
#include "apps/wideberth/session.h"
#include "apps/wideberth/show/completion.h"
#include "apps/wideberth/show/help.h"
#include "apps/wideberth/show/terminal.h"
#include "base/version.h"

namespace wideberth::cli {
namespace {

using base::Result;

const std::vector<std::string> kHazardClasses = {
    "live_firing",          "launch",        "re_entry",       "debris",
    "air_defence_activity", "fire_fighting", "unmanned_swarm", "laser",
    "electromagnetic",      "parachuting",   "other"};

class CommandLine : private Registry {
 public:
  CommandLine() : Registry("Keep out of each other's way in one airspace", "wideberth") {
    app_.description(
        "Keep out of each other's way in one airspace\n"
        "Declares activity, hazards and zones to a node, shows what conflicts with what, where, "
        "when "
        "and why, and checks files for conflicts without any node.\n\n"
        "A notice is not a permission, silence is never consent, and whoever is in conflict "
        "decides "
        "what to do about it.");
    ShowManualPages(&app_);
    app_.set_help_flag("-h,--help", "Shows this page.");
    app_.set_version_flag("--version", "wideberth " + std::string(base::kVersion),
                          "Shows the version.");
    app_.require_subcommand(1);
    app_.fallthrough();
    AddSessionOptions();
    AddDeclare();
    AddHazard();
    AddNotice();
    AddDrafts();
    AddZone();
    AddConflicts();
    AddCheck();
    AddNode();
    AddToken();
    AddBench(this, &bench_);
    AddIdentity();
    AddDemo();
    line_.Add(this, &declare_, &demo_);
    AddCompletion();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? kExitOk : kExitUsage;
    }
    const std::string tokens = FillSession(&session_);
    if (demo_.tokens.empty()) demo_.tokens = tokens;
    const Result<int> code = action_();
    std::fflush(stdout);
    return code ? *code : ReportError(session_, code.error());
  }

 private:
  void AddSessionOptions() {
    app_.add_flag("--json", session_.json,
                  "Writes one JSON document to standard output instead of text; a refusal too.");
    app_.add_option("--node", session_.node,
                    "The node's URL: $WIDEBERTH_NODE, else http://127.0.0.1:8471.")
        ->type_name("URL");
    app_.add_option("--token-file", session_.token_file,
                    "The file with the bearer token: $WIDEBERTH_TOKEN_FILE, else the development "
                    "token of the party of --as.")
        ->type_name("FILE");
    app_.add_option("--as", session_.party,
                    "The party whose development token is used: NAME.token beside "
                    "$WIDEBERTH_TOKEN_FILE, else in local/node/tokens. north if not given.")
        ->type_name("NAME");
    app_.add_option("--ca-file", session_.ca_file,
                    "PEM certificates that the node's is checked against; else the system's.")
        ->type_name("FILE");
    app_.footer(
        "wideberth demo\nwideberth check plan.json zones.json\n"
        "wideberth declare --circle 46.912,7.498,3km --lower SFC --upper 1500ftAGL --end +2h\n"
        "wideberth conflicts --watch");
  }

  void AddGeometry(CLI::App* command) {
    command->add_option(
        "FILE", declare_.file,
        "A declaration or several as JSON, \"-\" for standard input; instead of the "
        "options that describe one.");
    Text(command, "--circle", &declare_.circle, "LAT,LNG,RADIUS",
         "Centre and radius: 46.912,7.498,3km.");
    Text(command, "--polygon", &declare_.polygon, "\"LAT,LNG ...\"",
         "Three places or more, in one argument; edges are shortest paths.");
    Text(command, "--corridor", &declare_.corridor, "\"LAT,LNG ... HALF-WIDTH\"",
         "Two places or more and half the width: \"46.9,7.4 47.0,7.6 1nm\".");
    Text(command, "--lower", &declare_.lower, "ALTITUDE",
         "300mAGL, 1500ftAMSL, 2000mW84, FL095, SFC or UNL: an altitude always has a reference.");
    Text(command, "--upper", &declare_.upper, "ALTITUDE", "As --lower.");
    Text(command, "--start", &declare_.start, "TIME",
         "2026-11-21T10:00:00Z, +90min from the node's time, or now, which is the default.");
    Text(command, "--end", &declare_.end, "TIME",
         "A time, or +2h from the start; open for a hazard or site.");
    Text(command, "--role", &declare_.role_to_call, "ROLE",
         "Whom to call: a role, never a person.");
    Text(command, "--frequency", &declare_.frequency, "TEXT", "\"121.500 MHz\".");
    command
        ->add_option("--may-tell", declare_.may_tell,
                     "The id of a party that it may be forwarded to. May be repeated.")
        ->type_name("PARTY");
    Choice(command, "--confidence", &declare_.confidence, "How sure it is; planned if not given.",
           {"planned", "observed", "expected"});
    Choice(command, "--mode", &declare_.mode, "REAL if not given.", ModeWords());
    Text(command, "--id", &declare_.id, "UUID", "The notice's id; else a new one.");
    Text(command, "--replaces", &declare_.replaces, "VERSION",
         "With --id, for a further version: the number or digest of the one it replaces, or "
         "latest.");
    command->add_flag("--draft", declare_.draft, "Kept for oneself until it is released.");
    command->add_flag("--check", declare_.check_only,
                      "Only says what it would be in conflict with; nothing is stored.");
  }

  void AddDeclare() {
    CLI::App* command = Command(
        &app_, "declare",
        "Declare an activity or a protected site\n"
        "Stores a notice, or a further version of one, and shows what it is in conflict with. The "
        "answer comes when it is on the node's disk.",
        "wideberth declare --circle 46.912,7.498,3km --lower SFC --upper 1500ftAGL --start +30min "
        "--end +2h --class survey\n"
        "wideberth declare --corridor \"46.9,7.4 47.0,7.6 1nm\" --lower FL080 --upper FL100 --end "
        "+1h --check\n"
        "wideberth declare plan.json",
        [this] { return RunDeclare(session_, declare_); });
    AddGeometry(command);
    Choice(command, "--kind", &declare_.kind, "activity if not given.",
           {"activity", "protected_site"});
    command
        ->add_option("--class", declare_.class_name,
                     "A class of the rules, such as transport; without one the strictest holds.")
        ->type_name("CLASS");
    Text(command, "--name", &declare_.name, "TEXT", "Of a protected site.");
  }

  void AddHazard() {
    CLI::App* group = Group("hazard", "Declare hazards, and end them");
    CLI::App* declare = Command(
        group, "declare",
        "Declare a hazard\nIt holds from its start until its all-clear, whatever the planned end.",
        "wideberth hazard declare --class live_firing --circle 46.85,7.2,4km --lower SFC --upper "
        "3000mAMSL --start +2h --end +3h",
        [this] {
          declare_.kind = "hazard";
          return RunDeclare(session_, declare_);
        });
    AddGeometry(declare);
    Choice(declare, "--class", &declare_.class_name, "What it is.", kHazardClasses);
    Choice(declare, "--source", &declare_.source, "Whose it is; own if not given.",
           {"own", "observed", "expected_third_party"});
    const auto act = [&](const char* name, const char* description, Action action) {
      CLI::App* command =
          Command(group, name, description, std::string("wideberth hazard ") + name + " 3f2a91c4",
                  std::move(action));
      AddNoticeId(command);
      AddVersion(command);
      return command;
    };
    act("active", "Say that a hazard has begun",
        [this] { return RunActivity(session_, notice_, "active"); });
    act("ended", "Say that a hazard has actually ended; the dwell time of its class begins",
        [this] { return RunActivity(session_, notice_, "ended"); });
    CLI::App* clear = act("all-clear", "Clear a hazard, after its actual end and the dwell time",
                          [this] { return RunAllClear(session_, notice_); });
    clear->add_flag("--no-longer-observed", notice_.no_longer_observed,
                    "For a hazard that is not one's own: it cannot be cleared, only be gone.");
  }

  // In line mode: what `declare` makes there, said outright, and plans that are told to nobody.
  void AddDrafts() {
    const auto add = [&](const char* group, const char* summary, const char* name,
                         const char* description, bool held) {
      CLI::App* command =
          Command(Group(group, summary), name, description,
                  std::string("wideberth ") + group + " " + name +
                      " --kind hazard --class live_firing --circle 46.85,7.2,4km --lower SFC "
                      "--upper 3000mAMSL --start +2h --end +3h",
                  [this, held] {
                    declare_.held = held;
                    declare_.draft = !held;
                    return RunDeclare(session_, declare_);
                  });
      AddGeometry(command);
      Choice(command, "--kind", &declare_.kind, "activity if not given.",
             {"activity", "hazard", "protected_site"});
      Text(command, "--class", &declare_.class_name, "CLASS",
           "A class of the agreement, or of hazards.");
      Text(command, "--name", &declare_.name, "TEXT", "Of a protected site.");
    };
    add("notice", "Look at notices, and answer them", "draft",
        "Draft a notice\nNobody is told until a second person has checked it and it is released.",
        false);
    add("plan", "Plans that are compared here and told to nobody", "hold",
        "Hold a plan\nIt is compared with what the peers declare, and they never learn of it.",
        true);
  }

  void AddNoticeId(CLI::App* command) {
    command->add_option("ID", notice_.id, "The notice's id, or its first 4 characters or more.")
        ->required();
  }

  void AddVersion(CLI::App* command) {
    command
        ->add_option("--version-of", notice_.version,
                     "The number or digest of the version that is meant; the latest if not given.")
        ->type_name("VERSION");
  }

  void AddNotice() {
    CLI::App* group = Group("notice", "Look at notices, and answer them");
    CLI::App* list = Command(group, "list", "List notices",
                             "wideberth notice list --kind hazard\n"
                             "wideberth notice list --geojson > notices.geojson",
                             [this] { return RunNoticeList(session_, notice_); });
    Choice(list, "--mode", &notice_.mode, "Only of this data mode.", ModeWords());
    Text(list, "--party", &notice_.party, "NAME", "Only of this party.");
    Choice(list, "--kind", &notice_.kind, "Only of this kind.",
           {"activity", "hazard", "protected_site", "zone"});
    list->add_flag("--all", notice_.all, "Those too that are no longer in force.");
    list->add_flag("--geojson", notice_.geojson, "A GeoJSON FeatureCollection, for a map.");
    AddNoticeId(Command(group, "show", "Show one notice whole", "wideberth notice show 3f2a91c4",
                        [this] { return RunNoticeShow(session_, notice_); }));
    CLI::App* withdraw = Command(group, "withdraw", "Withdraw one's own notice",
                                 "wideberth notice withdraw 3f2a91c4",
                                 [this] { return RunNoticeWithdraw(session_, notice_); });
    AddNoticeId(withdraw);
    AddVersion(withdraw);
    AddAssess(group);
    CLI::App* told = Command(
        group, "told",
        "Say that one's own units know of a notice, or a third party of one's own notice\n"
        "Whom one's side has to tell, and until when, stands in the agreement and in "
        "`notice show`; the other side sees it too.",
        "wideberth notice told 3f2a91c4 --units\n"
        "wideberth notice told 3f2a91c4 --third-party \"joint command\" --receipt acknowledged",
        [this] { return RunNoticeTold(session_, notice_); });
    AddNoticeId(told);
    told->add_flag("--units", notice_.units, "The units were told.");
    told->add_flag("--clear", notice_.clear, "One's own aircraft are clear.");
    told->add_option("--third-party", notice_.third_party, "As the agreement names it.")
        ->type_name("NAME");
    told->add_option("--receipt", notice_.receipt,
                     "What it answered: acknowledged, read_back or no_answer.")
        ->type_name("WORD");
  }

  void AddAssess(CLI::App* group) {
    CLI::App* command = Command(
        group, "assess",
        "Say what one thinks of another party's notice\n"
        "An assessment is of the version that was looked at: `notice show` says its number.",
        "wideberth notice assess 3f2a91c4 no_objection --version-of 1\n"
        "wideberth notice assess 3f2a91c4 need_time --until 2026-11-21T10:00:00Z --version-of 2",
        [this] { return RunNoticeAssess(session_, notice_); });
    AddNoticeId(command);
    Choice(command, "ASSESSMENT", &notice_.assessment, "",
           {"no_objection", "objection", "need_time"})
        ->required();
    command
        ->add_option("--version-of", notice_.version,
                     "The number or digest of the version that was looked at.")
        ->type_name("VERSION")
        ->required();
    Text(command, "--until", &notice_.until, "TIME", "Of need_time: until when.");
  }

  void AddZone() {
    CLI::App* group = Group("zone", "Import and export zones");
    CLI::App* import = Command(
        group, "import",
        "Put the zones of a file on the node\n"
        "Reads ED-318 (GeoJSON), ED-269 and OpenAir. A zone keeps its notice id: importing a later "
        "issue of a file replaces what has changed. Weekly schedules are expanded from now to the "
        "horizon, so import again before it comes. What could not be read exactly is read as more, "
        "and a note says so.",
        "wideberth zone import examples/zones/swiss-drone-zones.ed269.json",
        [this] { return RunZoneImport(session_, zone_); });
    import->add_option("FILE", zone_.file, "\"-\" for standard input.")->required();
    Choice(import, "--format", &zone_.format, "Told by the content if not given.",
           {"auto", "ed318", "ed269", "openair"});
    import->add_option("--horizon-days", zone_.horizon_days, "1 to 366; 28 if not given.")
        ->check(CLI::Range(1, 366).description(""))
        ->type_name("DAYS");
    Choice(import, "--mode", &zone_.mode, "REAL if not given.", ModeWords());
    import
        ->add_option("--assume-zone", zone_.assume_zone,
                     "What times without a zone mean: Z or +01:00. Else they are refused.")
        ->type_name("ZONE");
    CLI::App* export_command = Command(
        group, "export", "Write the node's zones in force to a file",
        "wideberth zone export --format openair zones.txt\nwideberth zone export --format geojson",
        [this] {
          if (zone_.format == "auto") zone_.format = "ed318";
          return RunZoneExport(session_, zone_);
        });
    export_command->add_option("FILE", zone_.file, "Standard output if not given.");
    Choice(export_command, "--format", &zone_.format, "ed318 if not given.",
           {"ed318", "ed269", "openair", "geojson"});
    Choice(export_command, "--mode", &zone_.mode, "REAL if not given.", ModeWords());
    Text(export_command, "--title", &zone_.title, "TEXT", "Of the file.");
    Text(export_command, "--country", &zone_.country, "CODE", "ISO 3166-1, three letters.");
  }

  void AddConflicts() {
    CLI::App* command = Command(&app_, "conflicts",
                                "Show one's conflicts\n"
                                "Which notices, when, how close, what is missing to what was "
                                "agreed, certain or possible and "
                                "why.",
                                "wideberth conflicts\nwideberth conflicts --watch\nwideberth "
                                "conflicts --geojson --mode REAL",
                                [this] { return RunConflicts(session_, conflict_); });
    Choice(command, "--mode", &conflict_.mode, "Only of this data mode.", ModeWords());
    command->add_flag("--all", conflict_.all, "Those too that are resolved or have passed.");
    command->add_flag("--geojson", conflict_.geojson, "A GeoJSON FeatureCollection, for a map.");
    command->add_flag("--watch", conflict_.watch, "Stays, and shows every change as it happens.");
    command->add_option("--changes", conflict_.changes_max, "With --watch: ends after so many.")
        ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}).description(""))
        ->type_name("N");
    CLI::App* group = Group("conflict", "Look at one conflict, and deal with it");
    const auto add = [&](const char* name, const char* description, const char* example,
                         Action action) {
      CLI::App* each = Command(group, name, description, example, std::move(action));
      each->add_option("ID", conflict_.id, "The conflict's id, or its first 4 characters or more.")
          ->required();
      return each;
    };
    add("show", "Show one conflict whole", "wideberth conflict show 9a41",
        [this] { return RunConflictShow(session_, conflict_); });
    add("seen", "Say that it was seen", "wideberth conflict seen 9a41",
        [this] { return RunConflictSeen(session_, conflict_); });
    add("measures",
        "Propose what each side does about it\nBoth sides with the same text have agreed.",
        "wideberth conflict measures 9a41 north:change_height,south:none",
        [this] { return RunConflictMeasures(session_, conflict_); })
        ->add_option("MEASURES", conflict_.measures, "The same words as the other side's.")
        ->required();
    CLI::App* accept =
        add("accept-risk",
            "Accept a conflict of a held plan as it is\n"
            "The other side hears nothing of it. It holds for these versions of both.",
            "wideberth conflict accept-risk 9a41 --until +4h",
            [this] { return RunConflictAcceptRisk(session_, conflict_); });
    Text(accept, "--until", &conflict_.until, "TIME", "It holds until then, or until it passes.");
  }

  void AddCheck() {
    CLI::App* command = Command(
        &app_, "check",
        "Check files for conflicts, without a node\n"
        "Reads declarations (JSON), zones (ED-318, ED-269, OpenAir) and recorded flights (CSV, "
        "readsb "
        "traces), told apart by their content. Each file is a party of its own unless it names "
        "parties itself or --party does; recorded flights become declared corridors. Times of "
        "files "
        "decide what is checked: days gone by can be checked too.",
        "wideberth check plan.json zones.json\n"
        "wideberth check flight.csv --date 2026-11-21 --assume-zone +01:00 zones.txt\n"
        "wideberth check a.json b.json --party a.json=north --party b.json=south --format geojson",
        [this] { return RunCheck(session_, check_); });
    command->add_option("FILE", check_.files, "\"-\" for standard input.")->required();
    command->add_option("--party", check_.parties, "Whose a file is; may be given several times.")
        ->type_name("FILE=NAME")
        ->expected(1)
        ->take_all();
    command
        ->add_option("--rules", check_.rules,
                     "A rules file; else the example that the program carries.")
        ->type_name("FILE");
    command
        ->add_option("--geoid", check_.geoid,
                     "The EGM96 grid as GTX; \"\" for none: heights above the sea then have the "
                     "Earth's extremes as error.")
        ->type_name("FILE");
    Choice(command, "--format", &check_.format, "table if not given.",
           {"table", "geojson", "json"});
    Choice(command, "--mode", &check_.mode,
           "Of zones and flights; that of the declarations, or REAL, if not given.", ModeWords());
    Text(command, "--date", &check_.date, "DATE",
         "The day of times that have none, as 2026-11-21.");
    Text(command, "--assume-zone", &check_.assume_zone, "ZONE",
         "What times without a zone mean: Z, +01:00.");
    Text(command, "--at", &check_.at, "TIME",
         "From when on; the first time in the files if not given.");
    Text(command, "--half-width", &check_.half_width, "LENGTH",
         "Of flights as corridors; 1nm if not given.");
    command
        ->add_option("--horizon-days", check_.horizon_days,
                     "How far schedules of zones are expanded; as far as the other files reach, "
                     "or 28, if not given.")
        ->check(CLI::Range(1, 366).description(""))
        ->type_name("DAYS");
  }

  void AddNode() {
    CLI::App* group = Group("node", "Set up and run a node");
    CLI::App* init = Command(
        group, "init",
        "Make what a node needs to start\n"
        "Makes a configuration, rules for two parties, a key and a token for each party. Nothing "
        "that "
        "is there is overwritten; the configuration comes last, so an interrupted run can be done "
        "again.",
        "wideberth node init --development --dir local/node --config local/node/wideberthd.toml",
        [this] { return RunNodeInit(session_, node_); });
    init->add_flag("--development", node_.development,
                   "For development alone: the signing key lies beside the node, in the clear.");
    init->add_option("--dir", node_.dir, "The folder for all of it.")->type_name("DIR")->required();
    Text(init, "--config", &node_.config, "FILE", "wideberthd.toml in the folder if not given.");
    Command(group, "run", "Run the node here: starts wideberthd, which stands beside this program",
            "wideberth node run --config local/node/wideberthd.toml",
            [this] { return RunNodeRun(session_, node_); })
        ->add_option("--config", node_.config, "Its configuration.")
        ->type_name("FILE")
        ->required();
    Command(
        Group("config", "Configuration files"), "check",
        "Check a configuration or a rules file\n"
        "Shows the value of every key, defaults filled in, and refuses what a node would refuse.",
        "wideberth config check local/node/wideberthd.toml\n"
        "wideberth config check examples/rules/two-parties.toml",
        [this] { return RunConfigCheck(session_, node_); })
        ->add_option("FILE", node_.config, "")
        ->required();
  }

  void AddToken() {
    CLI::App* group = Group("token", "Tokens for development");
    CLI::App* issue =
        Command(group, "issue",
                "Issue a bearer token for development\n"
                "The issuer is \"wideberth-development-not-for-production\": a node accepts the "
                "token only if "
                "its configuration names that issuer.",
                "wideberth token issue --key local/node/token-key.pem --party north --lifetime 2h",
                [this] { return RunTokenIssue(session_, token_); });
    issue->add_option("--key", token_.key, "The signing key, PEM of mode 0600.")
        ->type_name("FILE")
        ->required();
    issue->add_option("--party", token_.party, "Whose it is.")->type_name("NAME")->required();
    issue
        ->add_option(
            "--scope", token_.scopes,
            "wideberth.read, wideberth.write, wideberth.admin, wideberth.heartbeat; may be given "
            "several times. "
            "read and write if not given.")
        ->type_name("SCOPE")
        ->expected(1)
        ->take_all();
    Text(issue, "--lifetime", &token_.lifetime, "DURATION", "At most 24h; 12h if not given.");
    Text(issue, "--audience", &token_.audience, "TEXT", "wideberth-development if not given.");
    Text(issue, "--output", &token_.output, "FILE", "A file, made with mode 0600.");
    Command(group, "renew",
            "Issue the tokens of a development folder again\nThey hold for 24 hours.",
            "wideberth token renew --dir local/node",
            [this] { return RunTokenRenew(session_, token_); })
        ->add_option("--dir", token_.dir, "The folder of `node init`.")
        ->type_name("DIR")
        ->required();
    Command(group, "show", "Show what a token says",
            "wideberth token show local/node/tokens/north.token",
            [this] { return RunTokenShow(session_, token_); })
        ->add_option("FILE", token_.file, "The session's token if not given.");
  }

  void AddIdentity() {
    CLI::App* keygen = Command(
        &app_, "keygen",
        "Make the keys of a party, and its card\n"
        "Draws four key pairs (message, log, cosignature, transport) and the party's id. Writes "
        "the secret keys into a folder that nobody else may read, and beside them "
        "party-card.json, which is for the peers. All of it is made or nothing, and nothing is "
        "overwritten: a lost key cannot be made again.",
        "wideberth keygen --name north --out keys --passphrase-file north.passphrase\n"
        "wideberth keygen --name north --out keys --no-passphrase",
        [this] { return RunKeygen(session_, keygen_); });
    Text(keygen, "--name", &keygen_.name, "NAME",
         "The party's name: 1 to 63 of a-z, 0-9, '.' and '-'.")
        ->required();
    Text(keygen, "--out", &keygen_.out, "DIR", "The folder: one that is not there yet, or empty.")
        ->required();
    Text(keygen, "--party", &keygen_.party, "UUID",
         "The id of a party that no peer has enrolled yet and gets other keys; else a "
         "new one.")
        ->check(NotEmpty);
    Text(keygen, "--passphrase-file", &keygen_.passphrase_file, "FILE",
         "Encrypts the keys under the one line of this file, which nobody else may read.");
    keygen->add_flag(
        "--no-passphrase", keygen_.no_passphrase,
        "Leaves the keys in the clear, as PEM: for systemd-creds, which encrypts them.");
    CLI::App* show = Command(
        Group("peer", "Who the other parties are"), "show",
        "Check a party's card, and show whose it says it is\n"
        "Anybody can make a card with any name. Have the party's people read the fingerprint to "
        "you over another channel, and compare all eight groups.",
        "wideberth peer show south.json\n"
        "wideberth peer show south.json --fingerprint \"51256 22721 34866 58100 55895 08890 54867 "
        "14211\"",
        [this] { return RunPeerShow(session_, peer_); });
    show->add_option("FILE", peer_.file, "The card, \"-\" for standard input.")->required();
    Text(show, "--fingerprint", &peer_.fingerprint, "TEXT",
         "What was read to you: the card is refused if it has another.")
        ->check(NotEmpty);
  }

  void AddDemo() {
    CLI::App* command = Command(
        &app_, "demo",
        "Play a day of two parties\n"
        "Imports real zones and plays a day of activity of two parties on the node, in data mode "
        "EXERCISE, faster than it happened, and tells every conflict. Moves the node's exercise "
        "clock "
        "forward by up to a week; REAL is not touched. Ctrl-C ends it.",
        "script/server --node         # in another terminal\nwideberth demo\nwideberth demo "
        "--speed max",
        [this] { return RunDemo(session_, demo_); });
    command
        ->add_option("--speed", demo_.speed,
                     "How many times as fast as it happened, or max: without waiting. The day in "
                     "75 seconds if not given.")
        ->type_name("N");
    command
        ->add_option("--tokens", demo_.tokens,
                     "The folder with a token for each party and admin.token: that of "
                     "$WIDEBERTH_TOKEN_FILE, else local/node/tokens.")
        ->type_name("DIR");
    Text(command, "--examples", &demo_.examples, "DIR", "The folder with day/ and zones/.");
    command->add_flag("--loop", demo_.loop, "Day after day, until Ctrl-C.");
  }

  void AddCompletion() {
    CLI::App* command = Command(
        &app_, "completion", "Write a completion script for a shell",
        "source <(wideberth completion bash)\n"
        "wideberth completion fish > ~/.config/fish/completions/wideberth.fish",
        [this]() -> Result<int> {
          WB_ASSIGN_OR_RETURN(const std::string script, CompletionScript(shell_, Commands()));
          Print(script);
          return kExitOk;
        });
    Choice(command, "SHELL", &shell_, "", {"bash", "zsh", "fish"})->required();
  }

  CLI::App& app_ = app();
  DeclareOptions declare_;
  NoticeOptions notice_;
  ZoneOptions zone_;
  ConflictOptions conflict_;
  CheckOptions check_;
  NodeOptions node_;
  TokenOptions token_;
  BenchDssOptions bench_;
  KeygenOptions keygen_;
  PeerOptions peer_;
  DemoOptions demo_;
  LineCommands line_;
  std::string shell_;
};

}  // namespace
}  // namespace wideberth::cli

int main(int argc, char** argv) {
  return wideberth::cli::CommandLine().Run(argc, argv);
}
