// What there is to type about what was said and when: exchanges, readouts, and what the record shows of them.
#include <CLI/CLI.hpp>
#include <memory>

#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/line/record.h"
#include "apps/wideberth/registry.h"

namespace wideberth::cli {
namespace {

CLI::Option* ExchangeId(CLI::App* command, std::string* id) {
  return command->add_option("ID", *id, "Of the exchange, or its first 4 characters or more.")
      ->required();
}

using Options = std::shared_ptr<RecordOptions>;

void AddSource(Registry* registry, CLI::App* command, const Options& options) {
  registry->Text(command, "--file", &options->file, "FILE",
                 "An export (`wideberth incident export`), checked with no node.");
  registry->Text(command, "--peer", &options->peer, "PEER",
                 "The line to it; the only one if not given.");
}

void AddArea(Registry* registry, CLI::App* command, const Options& options) {
  registry->Text(command, "--circle", &options->circle, "LAT,LNG,RADIUS", "Centre and radius.");
  registry->Text(command, "--polygon", &options->polygon, "\"LAT,LNG ...\"",
                 "Three places or more, in one argument.");
  registry->Text(command, "--start", &options->from, "TIME", "Not before.");
  registry->Text(command, "--end", &options->to, "TIME", "Before.");
}

void AddSelection(Registry* registry, CLI::App* command, const Options& options) {
  registry->Text(command, "--notice", &options->notice, "UUID", "All that was said of it.");
  registry->Text(command, "--matter", &options->matter, "UUID",
                 "A call or an exchange, and what was answered.");
  AddArea(registry, command, options);
  registry->Flag(command, "--machines", &options->machines,
                 "Receipts, keys and bases too, which machines send.");
}

void AddTimeline(Registry* registry) {
  const Session& session = registry->session();
  const auto options = std::make_shared<RecordOptions>();
  CLI::App* timeline = registry->Command(
      &registry->app(), "timeline",
      "Show who said what, and who knew it when\n"
      "From the signed entries of both logs, which are checked here. Both clocks stand beside each "
      "other: when its writer says that it was said, and when the other side says that it had "
      "come; "
      "and between which moments of the other side's clock it must have been. Both nodes show the "
      "same.",
      "wideberth timeline --notice 4b1fd0c2-5c1e-4c7e-9a53-0d7a4a5a1a11\n"
      "wideberth timeline --circle 46.85,7.2,10km --start 2027-01-15T12:00:00Z\n"
      "wideberth timeline --file incident.json --machines",
      [options, &session] { return RunTimeline(session, *options); });
  AddSource(registry, timeline, options);
  AddSelection(registry, timeline, options);
  const auto asked = std::make_shared<RecordOptions>();
  CLI::App* notified = registry->Command(
      &registry->app(), "was-notified",
      "Say whether the other side was informed of an area, when, and of what\n"
      "Every version that was released to it and meets the area, the band and the window, with "
      "when "
      "it was received and read back; or \"nothing up to entry N\". A hazard is there until its "
      "all-clear.",
      "wideberth was-notified --circle 46.85,7.2,4km --lower SFC --upper 3000mAMSL --start "
      "2027-01-15T12:00:00Z --end 2027-01-15T13:00:00Z",
      [asked, &session] { return RunWasNotified(session, *asked); });
  AddSource(registry, notified, asked);
  AddArea(registry, notified, asked);
  registry->Text(notified, "--lower", &asked->lower, "ALTITUDE", "SFC if not given.");
  registry->Text(notified, "--upper", &asked->upper, "ALTITUDE", "UNL if not given.");
  registry->Choice(notified, "--told-by", &asked->teller,
                   "Who should have said it; us if not given.", {"us", "them"});
  registry->Choice(notified, "--mode", &asked->mode, "REAL if not given.", ModeWords());
}

void AddIncident(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("incident", "What happened, frozen, for a third party");
  const auto taken = std::make_shared<RecordOptions>();
  CLI::App* take = registry->Command(
      group, "export",
      "Freeze both logs as they are, with what an incident was, in one file\n"
      "All entries of the line up to now are in it, and the cards of both parties: what follows "
      "the "
      "incident proves what came before. Give it only to whom the line may be shown.",
      "wideberth incident export --notice 4b1fd0c2-5c1e-4c7e-9a53-0d7a4a5a1a11 --output "
      "incident.json",
      [taken, &session] { return RunIncidentExport(session, *taken); });
  registry->Text(take, "--peer", &taken->peer, "PEER",
                 "The line to it; the only one if not given.");
  AddSelection(registry, take, taken);
  registry->Text(take, "--output", &taken->output, "FILE", "Where to.")->required();
  const auto verified = std::make_shared<RecordOptions>();
  CLI::App* verify = registry->Command(
      group, "verify",
      "Check an export with no node\n"
      "Every signature, every place in the logs, and that the heads each side signed of the "
      "other's "
      "log are those of the entries. Compare the fingerprints with what the parties read out.",
      "wideberth incident verify incident.json\n"
      "wideberth incident verify incident.json --fingerprint \"51256 22721 34866 58100 55895 08890 "
      "54867 14211\"",
      [verified, &session] { return RunIncidentVerify(session, *verified); });
  verify->add_option("FILE", verified->file, "The export.")->required();
  registry->Text(verify, "--fingerprint", &verified->fingerprint_a, "DIGITS",
                 "Of one of the parties: refused if neither has it.");
  registry->Text(verify, "--other-fingerprint", &verified->fingerprint_b, "DIGITS",
                 "Of the other.");
}

void AddReport(Registry* registry) {
  const Session& session = registry->session();
  const auto options = std::make_shared<RecordOptions>();
  CLI::App* report = registry->Command(
      &registry->app(), "report",
      "Write an after-action report of a period\n"
      "Lead times, acknowledgements, late notices and all-clears, missed checks, stop calls and "
      "what "
      "was answered, with plots; drills apart. One HTML file that needs nothing else; a PDF is the "
      "same, printed by chromium, which needs no network.",
      "wideberth report --start 2027-01-01T00:00:00Z --end 2027-02-01T00:00:00Z --output "
      "report.html "
      "--pdf report.pdf",
      [options, &session] { return RunReport(session, *options); });
  AddSource(registry, report, options);
  registry->Text(report, "--start", &options->from, "TIME", "The first entry if not given.");
  registry->Text(report, "--end", &options->to, "TIME", "The last entry if not given.");
  registry->Text(report, "--output", &options->output, "FILE", "The HTML.")->required();
  registry->Text(report, "--pdf", &options->pdf, "FILE",
                 "A PDF too; by /usr/bin/chromium, or $WIDEBERTH_CHROMIUM.");
}

void AddJournal(Registry* registry) {
  const Session& session = registry->session();
  const auto options = std::make_shared<JournalOptions>();
  CLI::App* group = registry->Group("journal", "What this node has done and tells nobody");
  registry->Command(group, "list", "Show the journal, by an administrator",
                    "wideberth journal list", [&session] { return RunJournalList(session); });
  registry->Command(
      group, "head",
      "Show how long the journal is and its last link\n"
      "Deposit it with somebody, or have it time-stamped: that is what an entry can be "
      "held against later.",
      "wideberth journal head", [&session] { return RunJournalHead(session); });
  CLI::App* disclose = registry->Command(
      group, "disclose",
      "Write one entry with the proof that it stood there, and nothing of the others",
      "wideberth journal disclose 17 --output entry-17.json",
      [options, &session] { return RunJournalDisclose(session, *options); });
  disclose->add_option("NUMBER", options->number, "Of the entry, from 1.")->required();
  registry->Text(disclose, "--head", &options->head, "SIZE:LINK",
                 "The head that was deposited; the present one if not given.");
  registry->Text(disclose, "--output", &options->output, "FILE",
                 "Where to; standard output if not given.");
  CLI::App* verify =
      registry->Command(group, "verify",
                        "Check a disclosed entry, with no node\n"
                        "Without --head it says only that the file is consistent.",
                        "wideberth journal verify entry-17.json --head 40:9c1f...",
                        [options, &session] { return RunJournalVerify(session, *options); });
  verify->add_option("FILE", options->file, "The disclosure, \"-\" for standard input.")
      ->required();
  registry->Text(verify, "--head", &options->head, "SIZE:LINK", "The head that was deposited.");
}

void AddHandover(Registry* registry) {
  const Session& session = registry->session();
  const auto options = std::make_shared<HandoverOptions>();
  CLI::App* group = registry->Group("handover", "The note that one watch leaves the next");
  registry->Command(group, "show", "Show the newest note, and whether it was acknowledged",
                    "wideberth handover show", [&session] { return RunHandoverShow(session); });
  CLI::App* give = registry->Command(
      group, "give",
      "Leave a note for the next watch\n"
      "The node counts what is open beside it. It stays in the journal and never crosses a line.",
      "wideberth handover give \"firing in the south went on late; they call again at 0600\"",
      [options, &session] { return RunHandoverGive(session, *options); });
  give->add_option("TEXT", options->text, "What the next watch must know.")->required();
  CLI::App* acknowledge =
      registry->Command(group, "acknowledge",
                        "Say that you have read the note of the watch before\n"
                        "By its number, and by another person than the one who left it.",
                        "wideberth handover acknowledge 12",
                        [options, &session] { return RunHandoverAcknowledge(session, *options); });
  acknowledge->add_option("NUMBER", options->number, "Of the note that you have read.")->required();
}

}  // namespace

void LineCommands::AddRecord(Registry* registry) {
  AddExchanges(registry);
  AddReadouts(registry);
  AddTimeline(registry);
  AddIncident(registry);
  AddReport(registry);
  AddJournal(registry);
  AddHandover(registry);
}

void LineCommands::AddExchanges(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group =
      registry->Group("exchange", "Calls, meetings and other dealings, as each side has them");
  CLI::App* enter = registry->Command(
      group, "enter",
      "Enter a call, a meeting or another dealing with the peer, by our own account\n"
      "The peer gets it, and enters its own under the same id; neither changes the other's. "
      "Entered "
      "again, the latest is shown and the record keeps all. Refused while no agreement is in force "
      "or the policy lane is suspended.",
      "wideberth exchange enter --channel voice --held 2027-01-15T12:39:00Z --initiated-by peer "
      "--subject hazard --area \"north of the lake\" --lead-min 60s --lead-max 60s\n"
      "wideberth exchange enter --id 6f1d --held now --initiated-by self --subject hazard\n"
      "wideberth exchange enter --file account.json",
      [this, &session] { return RunExchangeEnter(session, exchange_); });
  registry->Text(enter, "--file", &exchange_.file, "FILE",
                 "The account as JSON, \"-\" for standard input; instead of the other options.");
  registry->Text(enter, "--id", &exchange_.id, "ID",
                 "The exchange that the account is of; a new one if not given.");
  registry->Text(enter, "--to", &exchange_.peer, "PEER", "With whom; the only one if not given.");
  registry->Choice(enter, "--level", &exchange_.level, "duty if not given.",
                   {"duty", "cell", "deputy", "principal"});
  registry->Choice(enter, "--channel", &exchange_.channel, "voice if not given.",
                   {"data", "voice", "meeting", "diplomatic"});
  registry->Choice(enter, "--initiated-by", &exchange_.initiated_by,
                   "Who called, by our account; not_stated if not given.",
                   {"self", "peer", "both", "not_stated"});
  registry->Text(enter, "--scheduled", &exchange_.scheduled, "TIME", "When it was to be.");
  registry->Text(enter, "--held", &exchange_.held, "TIME",
                 "When it was; now if neither time is given.");
  enter->add_option("--subject", exchange_.subjects, "A code, such as hazard; several times.")
      ->type_name("CODE");
  registry->Text(enter, "--notice", &exchange_.notice, "ID", "What in the record it was about.");
  registry->Text(enter, "--area", &exchange_.area, "NAME", "The area as it was named.");
  registry->Text(enter, "--at", &exchange_.at, "LAT,LNG", "The place that was given.");
  registry->Text(enter, "--radius", &exchange_.radius, "LENGTH", "Around it; 1 NM if not given.");
  registry->Text(enter, "--starts", &exchange_.starts, "TIME", "When what was named was to begin.");
  registry->Text(enter, "--lead-min", &exchange_.lead_min, "DURATION",
                 "At least so long before it: 60s, 10min.");
  registry->Text(enter, "--lead-max", &exchange_.lead_max, "DURATION",
                 "At most so long before it.");
  registry->Command(group, "list", "List the exchanges", "wideberth exchange list",
                    [&session] { return RunExchangeList(session); });
  ExchangeId(registry->Command(group, "show", "Show both accounts, the readouts and the statements",
                               "wideberth exchange show 6f1d",
                               [this, &session] { return RunExchangeShow(session, exchange_); }),
             &exchange_.id);
}

void LineCommands::AddReadouts(Registry* registry) {
  const Session& session = registry->session();
  CLI::App* group = registry->Group("readout", "Minutes that both sides sign, and public versions");
  CLI::App* draft =
      registry->Command(group, "draft",
                        "Write minutes to begin with\n"
                        "What both accounts have alike, in codes, and the paragraphs given. The "
                        "file stays here until "
                        "it is proposed.",
                        "wideberth readout draft 6f1d --language en --language ru --paragraph "
                        "\"The line was tested.\" "
                        "--paragraph \"Линия проверена.\" --output minutes.json",
                        [this, &session] { return RunReadoutDraft(session, readout_); });
  ExchangeId(draft, &readout_.id);
  draft
      ->add_option("--language", readout_.languages,
                   "Of the minutes, the first they are written in.")
      ->type_name("LANG");
  draft
      ->add_option("--paragraph", readout_.paragraphs,
                   "A text, in each of the languages one after the other.")
      ->type_name("TEXT");
  registry->Text(draft, "--output", &readout_.output, "FILE",
                 "Where to; standard output if not given.");
  CLI::App* propose =
      registry->Command(group, "propose", "Send minutes to the peer, to be signed by both",
                        "wideberth readout propose minutes.json",
                        [this, &session] { return RunReadoutPropose(session, readout_); });
  propose->add_option("FILE", readout_.file, "The minutes, \"-\" for standard input.")->required();
  CLI::App* sign = registry->Command(
      group, "sign",
      "Sign minutes, paragraph by paragraph\n"
      "A paragraph is agreed when both sides have signed that it is. A side signs once; what "
      "should "
      "read otherwise is proposed anew.",
      "wideberth readout sign 6f1d\nwideberth readout sign 6f1d --readout 3c09 --not-agreed 2",
      [this, &session] { return RunReadoutSign(session, readout_); });
  ExchangeId(sign, &readout_.id);
  registry->Text(sign, "--readout", &readout_.readout, "SHA256",
                 "Which one, by its first characters; the last if not given.");
  sign->add_option("--not-agreed", readout_.not_agreed,
                   "A paragraph, counted from 1, that was not so; several times.")
      ->type_name("N");
  CLI::App* publish = registry->Command(
      group, "publish",
      "Store what this party has said of it in public, on both sides\n"
      "The file is a statement: its language, when and where it was published, the text, and the "
      "facts as it states them.",
      "wideberth readout publish statement.json",
      [this, &session] { return RunReadoutPublish(session, readout_); });
  publish->add_option("FILE", readout_.file, "The statement, \"-\" for standard input.")
      ->required();
  CLI::App* show = registry->Command(
      group, "show", "Show the readouts of an exchange", "wideberth readout show 6f1d --public",
      [this, &session] { return RunReadoutShow(session, readout_); });
  ExchangeId(show, &readout_.id);
  registry->Flag(show, "--public", &readout_.is_public,
                 "Only what both have agreed on and marked as public.");
  ExchangeId(registry->Command(
                 group, "compare",
                 "Compare what the two sides say, beside the record\n"
                 "Who called, when, what area, what warning time: from both accounts, both public "
                 "versions and the notice they name. It does not say who is right.",
                 "wideberth readout compare 6f1d",
                 [this, &session] { return RunReadoutCompare(session, readout_); }),
             &readout_.id);
}

}  // namespace wideberth::cli
