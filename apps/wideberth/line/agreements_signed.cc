// Agreements on a node: what it has with its peers, and proposing, signing and denouncing on the line itself.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr size_t kPrefixDigitsMin = 4;
constexpr size_t kDigestDigits = 64;
constexpr size_t kDigitsShown = 8;

// An agreement of the node, as the list of them has it.
struct Found {
  std::string digest, number, peer, state;
};

Result<Found> FindOnNode(Remote* remote, const std::string& id) {
  if (!IsAgreementId(id)) {
    return base::Invalid("ID", "must be a digest, or its first 4 digits or more", id);
  }
  WB_ASSIGN_OR_RETURN(const json::Document list, remote->GetJson("/v1/agreements"));
  Found found;
  size_t count = 0;
  WB_RETURN_IF_ERROR(ForEach(list, "agreements", [&](const json::Value& each) -> Result<void> {
    if (!TextAt(each, "digest").starts_with(id)) return {};
    found = {TextAt(each, "digest"), TextAt(each, "number"), TextAt(each, "peer.name"),
             TextAt(each, "state")};
    ++count;
    return {};
  }));
  if (count == 1) return found;
  if (count > 1) return base::Invalid("ID", "must be longer: several digests begin so", id);
  return base::Fail(base::ErrorCode::kNotFound, "ID", "must be an agreement of this node", id);
}

std::string SignedBy(const json::Value& agreement) {
  if (TextAt(agreement, "source") == "file") return "both, in a file";
  const bool ours = At(agreement, "signed_by_us").has_value();
  const bool theirs = At(agreement, "signed_by_peer").has_value();
  if (ours && theirs) return "both";
  return ours ? "us alone" : TextAt(agreement, "peer.name") + " alone";
}

std::string StateText(const json::Value& agreement) {
  const std::string state = TextAt(agreement, "state");
  const std::string until = TextAt(agreement, "denounced.until");
  const bool runs = state == "in_force" || state == "to_come" || state == "signed";
  if (!until.empty() && runs) return state + ", denounced: ends " + until;
  if (state == "proposed") {
    return IsTrueAt(agreement, "proposed_by_us") ? "proposed: they have to sign"
                                                 : "proposed: sign it, or denounce it";
  }
  if (state == "signed") return "signed, not receipted yet";
  return state;
}

Style StyleOf(const json::Value& agreement) {
  const std::string state = TextAt(agreement, "state");
  if (At(agreement, "denounced") || state == "proposed") return Style::kYellow;
  return state == "in_force" ? Style::kGreen : Style::kPlain;
}

void PrintStrings(const json::Value& agreement, std::string_view key) {
  const auto lines = At(agreement, key);
  if (!lines) return;
  const auto array = lines->AsArray(SIZE_MAX);
  if (!array) return;
  for (const json::Value line : *array) {
    Print("  " + Printable(std::string(line.AsString(SIZE_MAX).value_or(""))) + "\n");
  }
}

void PrintOne(const json::Value& agreement) {
  Print(fmt::format("agreement {} with {}: {}\ndigest {}\nsigned by {}\nfrom {}{}\n",
                    Paint(Style::kBold, TextAt(agreement, "number")),
                    TextAt(agreement, "peer.name"), Paint(StyleOf(agreement), StateText(agreement)),
                    TextAt(agreement, "digest"), SignedBy(agreement),
                    TextAt(agreement, "effective_from"),
                    At(agreement, "expires") ? " to " + TextAt(agreement, "expires") : ""));
  const std::string against = TextAt(agreement, "against");
  if (against.empty()) return;
  Print(fmt::format("against {}:\n", against.substr(0, kDigitsShown)));
  PrintStrings(agreement, "changes");
}

Result<json::Document> GetOne(Remote* remote, const std::string& digest) {
  return remote->GetJson("/v1/agreements/" + digest);
}

// {"act": ..., "agreement_sha256": ..., "peer": ...}
Result<Acted> PostAbout(
    Remote* remote, std::string_view act, const Found& agreement,
    const std::function<void(json::Writer*)>& fill = [](json::Writer*) {}) {
  return PostActOf(remote, act, [&](json::Writer* json) {
    json->StringField("agreement_sha256", agreement.digest);
    json->StringField("peer", agreement.peer);
    fill(json);
  });
}

}  // namespace

bool IsAgreementId(std::string_view text) {
  return text.size() >= kPrefixDigitsMin && text.size() <= kDigestDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<int> RunAgreementList(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const json::Document list, remote.GetJson("/v1/agreements"));
  if (session.json) {
    Print(list.root().ToJson() + "\n");
    return kExitOk;
  }
  Table table({{"ID"}, {"NO"}, {"PEER"}, {"STATE", Fit::kWrap}, {"SIGNED BY"}, {"FROM"}, {"TO"}});
  WB_RETURN_IF_ERROR(ForEach(list, "agreements", [&](const json::Value& each) -> Result<void> {
    table.AddRow({{TextAt(each, "digest").substr(0, kDigitsShown), Style::kBold},
                  {TextAt(each, "number")},
                  {TextAt(each, "peer.name")},
                  {StateText(each), StyleOf(each)},
                  {SignedBy(each)},
                  {TextAt(each, "effective_from")},
                  {TextAt(each, "expires")}});
    return {};
  }));
  PrintTable(table);
  return kExitOk;
}

Result<int> RunAgreementShowOnNode(const Session& session, const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const Found found, FindOnNode(&remote, options.file));
  WB_ASSIGN_OR_RETURN(const json::Document agreement, GetOne(&remote, found.digest));
  if (session.json) {
    Print(agreement.root().ToJson() + "\n");
    return kExitOk;
  }
  if (!options.output.empty()) {
    const std::string file = TextAt(agreement.root(), "file");
    const std::string& text = file.empty() ? TextAt(agreement.root(), "text") : file;
    WB_ASSIGN_OR_RETURN(const bool written,
                        WriteOutput(options.output, text, /*secret=*/false, /*keep=*/true));
    if (!written) {
      return base::Fail(base::ErrorCode::kConflict, options.output,
                        "must not be there yet: nothing is replaced");
    }
  }
  PrintOne(agreement.root());
  Table table({{"WHAT", Fit::kWrap}, {"IS", Fit::kWrap}});
  WB_RETURN_IF_ERROR(ForEach(agreement, "says", [&](const json::Value& each) -> Result<void> {
    table.AddRow({{TextAt(each, "what")}, {TextAt(each, "is")}});
    return {};
  }));
  PrintTable(table);
  return kExitOk;
}

Result<int> RunAgreementProposeOnNode(const Session& session, const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  std::string counters;
  if (!options.counters.empty()) {
    WB_ASSIGN_OR_RETURN(const Found found, FindOnNode(&remote, options.counters));
    counters = found.digest;
  }
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "propose_agreement", [&](json::Writer* json) {
                        json->StringField("text", text);
                        if (!counters.empty()) json->StringField("counters", counters);
                        json->StringField("peer", peer);
                      }));
  if (session.json) return ReportActed(session, acted, "");
  WB_ASSIGN_OR_RETURN(const json::Document answer, json::Document::Parse(acted.body));
  WB_ASSIGN_OR_RETURN(const json::Document agreement,
                      GetOne(&remote, TextAt(answer.root(), "agreement")));
  PrintOne(agreement.root());
  Print(fmt::format("signed by us alone, which is a proposal: {} signs it, or it is nothing\n",
                    peer));
  return kExitOk;
}

Result<int> RunAgreementSignOnNode(const Session& session, const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const Found found, FindOnNode(&remote, options.file));
  WB_ASSIGN_OR_RETURN(const Acted acted, PostAbout(&remote, "sign_agreement", found));
  if (session.json) return ReportActed(session, acted, "");
  WB_ASSIGN_OR_RETURN(const json::Document agreement, GetOne(&remote, found.digest));
  PrintOne(agreement.root());
  return kExitOk;
}

Result<int> RunAgreementDenounce(const Session& session, const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const Found found, FindOnNode(&remote, options.file));
  std::string until;
  if (!options.until.empty()) {
    WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
    const auto time = ParseTime(options.until, now, now);
    if (!time) return base::Fail(base::Error(time.error()).Under("--until"));
    until = base::FormatRfc3339(*time);
  }
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostAbout(&remote, "denounce_agreement", found, [&](json::Writer* json) {
                        if (!until.empty()) json->StringField("until", until);
                      }));
  if (session.json) return ReportActed(session, acted, "");
  WB_ASSIGN_OR_RETURN(const json::Document agreement, GetOne(&remote, found.digest));
  PrintOne(agreement.root());
  return kExitOk;
}

}  // namespace wideberth::cli
