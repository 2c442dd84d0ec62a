// wideberth-fsck: says whether a store is whole.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "apps/wideberth-fsck/payload.h"
#include "base/time.h"
#include "json/writer.h"
#include "store/check.h"
#include "store/sqlite/sqlite_store.h"

namespace wideberth {
namespace {

constexpr std::string_view kHelp =
    "usage: wideberth-fsck [--json] [--store-only] DIRECTORY\n"
    "\n"
    "Reads the whole store of a node that is not running, and says what is wrong with it: gaps in\n"
    "the log, batches that do not continue the chain, rows with a wrong checksum, damaged files;\n"
    "whether what is in it decodes, and the projection gives the state that the log gives; and\n"
    "whether each message of a line is signed by the key that was in force at its number.\n"
    "It opens the store as a node does: what a crash left unfinished is finished, and a "
    "projection\n"
    "that cannot be read is given up, because the node rebuilds it from the log. Nothing else is\n"
    "changed.\n"
    "\n"
    "  --json         write the report as JSON\n"
    "  --store-only   do not look into batches and rows\n"
    "  --help         write this text\n"
    "\n"
    "Exit status: 0 the store is whole; 1 something is wrong with it; 2 it cannot be opened.\n";

constexpr int kWhole = 0;
constexpr int kFindings = 1;
constexpr int kCannotOpen = 2;

struct Arguments {
  std::string directory;
  bool json = false;
  bool store_only = false;
  bool help = false;
  std::string refusal;
};

Arguments ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      arguments.json = true;
    } else if (argument == "--store-only") {
      arguments.store_only = true;
    } else if (argument == "--help" || argument == "-h") {
      arguments.help = true;
    } else if (argument.starts_with("-") || !arguments.directory.empty()) {
      arguments.refusal = "does not know the argument \"" + std::string(argument) + "\"";
    } else {
      arguments.directory = argument;
    }
  }
  if (arguments.directory.empty() && arguments.refusal.empty()) {
    arguments.refusal = "needs the directory of a store";
  }
  return arguments;
}

void Write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

void WriteErrors(json::Writer& json, const std::vector<base::Error>& errors) {
  json.BeginArray();
  for (const base::Error& error : errors) {
    json.BeginObject();
    json.StringField("field", error.field);
    json.StringField("rule", error.rule);
    json.StringField("found", error.found);
    json.EndObject();
  }
  json.EndArray();
}

std::string JsonReport(const store::CheckReport& report) {
  std::string text;
  json::Writer json(&text, json::Layout::kPretty);
  json.BeginObject();
  json.BoolField("whole", report.findings.empty());
  json.Uint64Field("last_seq", report.last_seq);
  json.StringField("last_chain", report.last_chain.ToHex());
  json.Uint64Field("batches", report.batches);
  json.Uint64Field("batch_bytes", report.batch_bytes);
  if (report.batches > 0) {
    json.StringField("first_time", base::FormatRfc3339(report.first_time));
    json.StringField("last_time", base::FormatRfc3339(report.last_time));
  }
  json.Uint64Field("projected_seq", report.projected_seq);
  json.Uint64Field("rows", report.rows);
  json.Uint64Field("row_bytes", report.row_bytes);
  json.BoolField("cut_short", report.cut_short);
  json.Key("findings");
  WriteErrors(json, report.findings);
  json.EndObject();
  return text + "\n";
}

std::string TextReport(const store::CheckReport& report) {
  std::string text;
  for (const base::Error& finding : report.findings) text += finding.ToString() + "\n";
  if (report.cut_short) text += "... and more\n";
  text += "log: " + std::to_string(report.batches) + " of " + std::to_string(report.last_seq) +
          " batches whole, " + std::to_string(report.batch_bytes) + " bytes";
  if (report.batches > 0) {
    text += ", " + base::FormatRfc3339(report.first_time) + " to " +
            base::FormatRfc3339(report.last_time);
  }
  text += "\nchain: " + report.last_chain.ToHex() + "\n";
  text += "projection: " + std::to_string(report.rows) + " rows, " +
          std::to_string(report.row_bytes) + " bytes, complete up to batch " +
          std::to_string(report.projected_seq) + "\n";
  text +=
      report.findings.empty() ? "whole\n" : std::to_string(report.findings.size()) + " findings\n";
  return text;
}

std::string JsonRefusal(const base::Error& error) {
  std::string text;
  json::Writer json(&text, json::Layout::kPretty);
  json.BeginObject();
  json.BoolField("whole", false);
  json.Key("cannot_open");
  WriteErrors(json, {error});
  json.EndObject();
  return text + "\n";
}

int Run(const Arguments& arguments) {
  store::sqlite::SqliteOptions options;
  options.create = false;
  auto opened = store::sqlite::SqliteStore::Open(arguments.directory, options);
  if (!opened) {
    if (arguments.json) Write(stdout, JsonRefusal(opened.error()));
    Write(stderr, "wideberth-fsck: " + opened.error().ToString() + "\n");
    return kCannotOpen;
  }
  store::sqlite::SqliteStore& store = **opened;
  fsck::PayloadCheck payload(store);
  store::CheckReport report =
      store::CheckStore(store, arguments.store_only ? store::CheckVisitors{} : payload.Visitors());
  // Two states made from damaged parts differ in any case: that is no finding of its own.
  if (!arguments.store_only && report.findings.empty()) report.findings = payload.Compare(store);
  const std::vector<base::Error>& warnings = store.warnings();
  report.findings.insert(report.findings.begin(), warnings.begin(), warnings.end());
  for (base::Error& finding : store.CheckFiles()) report.findings.push_back(std::move(finding));
  Write(stdout, arguments.json ? JsonReport(report) : TextReport(report));
  return report.findings.empty() ? kWhole : kFindings;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  const wideberth::Arguments arguments = wideberth::ParseArguments(argc, argv);
  if (arguments.help) {
    wideberth::Write(stdout, wideberth::kHelp);
    return wideberth::kWhole;
  }
  if (!arguments.refusal.empty()) {
    wideberth::Write(stderr, "wideberth-fsck " + arguments.refusal + "\n\n");
    wideberth::Write(stderr, wideberth::kHelp);
    return wideberth::kCannotOpen;
  }
  return wideberth::Run(arguments);
}
