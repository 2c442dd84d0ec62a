// `node keys`: the keys of this party; `peer confirm`: that a peer's changed keys are its own.
#include <fmt/format.h>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {

using base::Result;

Result<int> RunKeysShow(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string answer, remote.Call(net::Method::kGet, "/v1/keys"));
  if (session.json) {
    Print(answer + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(answer));
  const json::Value root = document.root();
  Print(fmt::format("fingerprint  {}\nin force     since {}\n",
                    Paint(Style::kBold, TextAt(root, "fingerprint")), TextAt(root, "since")));
  WB_RETURN_IF_ERROR(
      ForEach(document, "not_receipted_by", [](const json::Value& peer) -> Result<void> {
        WB_ASSIGN_OR_RETURN(const std::string_view name, peer.AsString(64));
        Print(Paint(Style::kYellow, std::string(name) + " has not receipted it\n"));
        return {};
      }));
  return kExitOk;
}

Result<int> RunKeysCard(const Session& session, const KeysOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string answer, remote.Call(net::Method::kGet, "/v1/keys"));
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(answer));
  const std::string card = TextAt(document.root(), "card") + "\n";
  if (options.output.empty()) {
    Print(card);
  } else {
    WB_RETURN_IF_ERROR(WriteOutput(options.output, card, /*secret=*/false, /*keep=*/false));
  }
  return kExitOk;
}

Result<int> RunKeysRotate(const Session& session, const KeysOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  if (!options.keys.empty()) {
    json.Key("keys");
    json.BeginArray();
    for (const std::string& key : options.keys) json.String(key);
    json.EndArray();
  }
  if (options.revoke) json.BoolField("revoke", true);
  if (!options.compromised_since.empty()) {
    json.StringField("compromised_since", options.compromised_since);
  }
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const std::string answer,
                      remote.Call(net::Method::kPost, "/v1/keys/rotate", body));
  if (session.json) {
    Print(answer + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(answer));
  Print(
      fmt::format("the keys are changed on every line; the fingerprint is\n  {}\nread it to the "
                  "peers over another channel, and keep a copy of the keys folder\n",
                  Paint(Style::kBold, TextAt(document.root(), "fingerprint"))));
  return kExitOk;
}

Result<int> RunPeerConfirm(const Session& session, const KeysOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("fingerprint", options.fingerprint);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const std::string answer,
                      remote.Call(net::Method::kPost,
                                  "/v1/lines/" + net::PercentEncode(options.peer) + "/keys", body));
  Print(session.json
            ? answer + "\n"
            : fmt::format("the keys of {} are the ones its people have read out\n", options.peer));
  return kExitOk;
}

}  // namespace wideberth::cli
