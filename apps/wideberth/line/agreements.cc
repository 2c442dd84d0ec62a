// Agreements: what they say, what differs between two, and signing them.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "agreement/agreement.h"
#include "agreement/diff.h"
#include "agreement/signed.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/show/terminal.h"
#include "base/limits.h"
#include "base/time.h"
#include "crypto/key_file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/party_card.h"

namespace wideberth::cli {
namespace {

using agreement::Agreement;
using agreement::PartyKeys;
using base::ErrorCode;
using base::Fail;
using base::Result;

Result<line::PartyCard> ReadCardFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
  Result<line::PartyCard> card = line::ReadCard(text);
  if (!card) return Fail(std::move(card).error().Under(path + ": "));
  return card;
}

PartyKeys KeysOf(const line::PartyCard& card) {
  return {card.party, {{card.key(line::KeyRole::kMessage)}}};
}

// An agreement as its text, or inside a signed file.
Result<Agreement> ReadAgreementFile(const std::string& path) {
  WB_ASSIGN_OR_RETURN(std::string text, ReadInput(path));
  if (text.starts_with('{')) {
    WB_ASSIGN_OR_RETURN(const json::Document file,
                        json::Document::Parse(text, limits::kImportFileBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object object, file.root().AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view inside,
                        object.RequiredString("text", limits::kAgreementBytesMax));
    text = std::string(inside);
  }
  Result<Agreement> read = agreement::ParseAgreement(text);
  if (!read) return Fail(std::move(read).error().Under(path + ": "));
  return read;
}

struct Signer {
  line::PartyCard card;
  crypto::SecretKey key;
};
Result<Signer> ReadSigner(const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(line::PartyCard card, ReadCardFile(options.keys + "/party-card.json"));
  const auto read_key = [&]() -> Result<crypto::SecretKey> {
    if (options.passphrase_file.empty()) {
      return crypto::ReadKeyCredential(options.keys, "message-key.pem");
    }
    WB_ASSIGN_OR_RETURN(const crypto::SecretBytes passphrase,
                        crypto::ReadPassphraseFile(options.passphrase_file));
    return crypto::ReadKeyFile(options.keys + "/message.key", passphrase);
  };
  WB_ASSIGN_OR_RETURN(crypto::SecretKey key, read_key());
  if (key.public_key() != card.key(line::KeyRole::kMessage)) {
    return Fail(ErrorCode::kInvalid, options.keys, "must hold the key of the card beside it",
                card.name);
  }
  return Signer{std::move(card), std::move(key)};
}

Result<void> RequireParty(const Agreement& agreement, const line::PartyCard& card) {
  for (const airspace::PartyEntry& party : agreement.parties()) {
    if (party.id == card.party && party.name == card.name) return {};
  }
  return Fail(ErrorCode::kConflict, "/party",
              fmt::format("must be one of {} ({}) and {} ({})", agreement.parties()[0].name,
                          agreement.parties()[0].id.ToString(), agreement.parties()[1].name,
                          agreement.parties()[1].id.ToString()),
              card.name + " (" + card.party.ToString() + ")");
}

void WriteAgreement(json::Writer* json, const Agreement& agreement) {
  json->StringField("digest", agreement.digest.ToHex());
  json->Int64Field("number", agreement.number);
  json->Key("says");
  json->BeginObject();
  for (const auto& [what, value] : agreement::Describe(agreement)) json->StringField(what, value);
  json->EndObject();
}

void PrintAgreement(const Agreement& agreement) {
  Print(fmt::format("agreement {} between {} and {}\ndigest {}\n",
                    Paint(Style::kBold, std::to_string(agreement.number)),
                    agreement.parties()[0].name, agreement.parties()[1].name,
                    agreement.digest.ToHex()));
  Table table({{"WHAT", Fit::kWrap}, {"IS", Fit::kWrap}});
  for (const auto& [what, value] : agreement::Describe(agreement)) table.AddRow({{what}, {value}});
  PrintTable(table);
}

int ReportSigned(const Session& session, const Agreement& agreement, const std::string& path,
                 bool complete) {
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    WriteAgreement(&json, agreement);
    json.StringField("file", path);
    json.BoolField("complete", complete);
    json.EndObject();
    Print(text + "\n");
    return kExitOk;
  }
  PrintAgreement(agreement);
  Print(complete ? Paint(Style::kGreen, "signed by both: " + path) + "\n"
                 : "signed by us alone, which is a proposal: give " + path +
                       " to the other side, who adds theirs with `wideberth agreement sign`\n");
  return kExitOk;
}

}  // namespace

Result<int> RunAgreementShow(const Session& session, const AgreementOptions& options) {
  if (IsAgreementId(options.file)) return RunAgreementShowOnNode(session, options);
  WB_ASSIGN_OR_RETURN(const Agreement agreement, ReadAgreementFile(options.file));
  if (!session.json) {
    PrintAgreement(agreement);
    return kExitOk;
  }
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  WriteAgreement(&json, agreement);
  json.EndObject();
  Print(text + "\n");
  return kExitOk;
}

Result<int> RunAgreementDiff(const Session& session, const AgreementOptions& options) {
  WB_ASSIGN_OR_RETURN(const Agreement a, ReadAgreementFile(options.file));
  WB_ASSIGN_OR_RETURN(const Agreement b, ReadAgreementFile(options.other));
  const std::vector<std::string> lines = agreement::Diff(a, b);
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("changes");
    json.BeginArray();
    for (const std::string& line : lines) json.String(line);
    json.EndArray();
    json.EndObject();
    Print(text + "\n");
    return kExitOk;
  }
  for (const std::string& line : lines) Print(Printable(line) + "\n");
  if (lines.empty()) {
    Print(a.digest == b.digest
              ? "the same text\n"
              : "they mean the same; their texts differ, and each is signed alone\n");
  }
  return kExitOk;
}

Result<int> RunAgreementPropose(const Session& session, const AgreementOptions& options) {
  if (options.keys.empty()) return RunAgreementProposeOnNode(session, options);
  if (options.output.empty()) return base::Invalid("--output", "must be given with --keys");
  WB_ASSIGN_OR_RETURN(const Agreement agreement, ReadAgreementFile(options.file));
  WB_ASSIGN_OR_RETURN(const Signer signer, ReadSigner(options));
  WB_RETURN_IF_ERROR(RequireParty(agreement, signer.card));
  WB_ASSIGN_OR_RETURN(
      const std::string signature,
      agreement::SignAgreement(agreement.text, signer.key, base::SystemClock().Now()));
  const std::array signatures = {signature};
  WB_ASSIGN_OR_RETURN(
      const bool written,
      WriteOutput(options.output, agreement::WriteSignedAgreement(agreement.text, signatures),
                  /*secret=*/false, /*keep=*/true));
  if (!written) {
    return Fail(ErrorCode::kConflict, options.output, "must not be there yet: nothing is replaced");
  }
  return ReportSigned(session, agreement, options.output, false);
}

Result<int> RunAgreementSign(const Session& session, const AgreementOptions& options) {
  if (options.keys.empty()) return RunAgreementSignOnNode(session, options);
  if (options.cards.size() != 1) {
    return base::Invalid("--card", "must be given once with --keys: the other side's");
  }
  WB_ASSIGN_OR_RETURN(const Signer signer, ReadSigner(options));
  WB_ASSIGN_OR_RETURN(const line::PartyCard peer, ReadCardFile(options.cards.front()));
  WB_ASSIGN_OR_RETURN(const std::string file, ReadInput(options.file));
  Result<agreement::SignedAgreement> read =
      agreement::ReadSignedAgreement(file, {KeysOf(signer.card), KeysOf(peer)});
  if (!read) return Fail(std::move(read).error().Under(options.file + ": "));
  WB_RETURN_IF_ERROR(RequireParty(read->agreement, signer.card));
  WB_RETURN_IF_ERROR(RequireParty(read->agreement, peer));
  const size_t own = read->agreement.parties()[0].id == signer.card.party ? 0 : 1;
  if (read->signed_by[own]) {
    return Fail(ErrorCode::kConflict, options.file, "must not be signed by us yet",
                signer.card.name);
  }
  WB_ASSIGN_OR_RETURN(
      const std::string signature,
      agreement::SignAgreement(read->agreement.text, signer.key, base::SystemClock().Now()));
  std::vector<std::string> signatures = read->signatures;
  signatures.push_back(signature);
  const std::string& output = options.output.empty() ? options.file : options.output;
  WB_RETURN_IF_ERROR(WriteOutput(output,
                                 agreement::WriteSignedAgreement(read->agreement.text, signatures),
                                 /*secret=*/false, /*keep=*/false));
  return ReportSigned(session, read->agreement, output, read->signed_by[1 - own]);
}

Result<int> RunAgreementVerify(const Session& session, const AgreementOptions& options) {
  if (options.cards.size() != 2) {
    return base::Invalid("--card", "must be given twice, once for each party");
  }
  WB_ASSIGN_OR_RETURN(const line::PartyCard a, ReadCardFile(options.cards[0]));
  WB_ASSIGN_OR_RETURN(const line::PartyCard b, ReadCardFile(options.cards[1]));
  WB_ASSIGN_OR_RETURN(const std::string file, ReadInput(options.file));
  Result<agreement::SignedAgreement> read =
      agreement::ReadSignedAgreement(file, {KeysOf(a), KeysOf(b)});
  if (!read) return Fail(std::move(read).error().Under(options.file + ": "));
  const auto in_force = agreement::RequireInForce(*read, base::SystemClock().Now());
  if (!in_force) return Fail(base::Error(in_force.error()).Under(options.file + ": "));
  Print(session.json ? "{\"digest\":\"" + read->agreement.digest.ToHex() + "\",\"in_force\":true}\n"
                     : Paint(Style::kGreen,
                             fmt::format("agreement {} is signed by {} and {} and in "
                                         "force",
                                         read->agreement.number, read->agreement.parties()[0].name,
                                         read->agreement.parties()[1].name)) +
                           "\ndigest " + read->agreement.digest.ToHex() + "\n");
  return kExitOk;
}

}  // namespace wideberth::cli
