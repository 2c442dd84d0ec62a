// Agreements with the peers: those of files and those that were signed on the line, and how each stands.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agreement/diff.h"
#include "agreement/signed.h"
#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using agreement::Agreement;
using base::Result;
using mechanism::KeptAgreement;

struct Entry {
  base::PartyId peer;
  std::string peer_name;
  std::shared_ptr<const Agreement> counted;  // null: not signed by both, or not known to be
  std::optional<KeptAgreement> kept;         // none: of a file
  bool in_force = false;

  base::Digest digest() const { return kept ? kept->digest : counted->digest; }
  int64_t number() const { return kept ? kept->number : counted->number; }
  base::UtcMicros effective_from() const {
    return kept ? kept->effective_from : counted->effective_from;
  }
  std::optional<base::UtcMicros> expires() const { return kept ? kept->expires : counted->expires; }
};

std::string_view StateOf(const Entry& entry, base::UtcMicros now) {
  if (entry.kept && entry.kept->closed_at) return entry.kept->closed_as;
  if (entry.in_force) return "in_force";
  if (entry.counted == nullptr) return entry.kept->complete() ? "signed" : "proposed";
  if (entry.kept && entry.kept->denounced && entry.kept->denounced->until <= now) return "ended";
  if (now < entry.effective_from()) return "to_come";
  if (entry.expires() && *entry.expires() <= now) return "expired";
  return "superseded";
}

// In the core's turn.
std::vector<Entry> EntriesOf(const service::Node& node, const mechanism::Core& core) {
  return node
      .ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
        std::vector<Entry> all;
        for (const auto& [id, peer] : desk.peers()) {
          const agreement::LineAgreements* agreed = core.FindAgreements(id);
          if (agreed == nullptr) continue;
          const agreement::InForce* in_force = core.FindInForce(id);
          std::map<base::Digest, Entry> of_line;
          for (const auto& each : agreed->all()) {
            of_line[each->digest] = {id, peer.name, each, {}, each == in_force->agreement};
          }
          for (const KeptAgreement* kept : desk.AgreementsOf(id)) {
            Entry& entry = of_line[kept->digest];
            entry.peer = id;
            entry.peer_name = peer.name;
            entry.kept = *kept;
          }
          // A file that was taken away after it had been denounced has nothing left to say.
          for (auto& [digest, entry] : of_line) {
            if (entry.counted != nullptr || !entry.kept->text.empty()) {
              all.push_back(std::move(entry));
            }
          }
        }
        return all;
      })
      .first;
}

void WriteAct(const mechanism::AgreementAct& act, json::Writer* json) {
  json->StringField("act", act.act.ToHex());
  json->StringField("role", operators::Name(act.role));
  json->StringField("key", act.key_id);
  json->StringField("at", base::FormatRfc3339(act.at));
}

void WriteSignature(std::string_view key, const mechanism::AgreementSignature& signature,
                    json::Writer* json) {
  if (signature.envelope.empty()) return;
  json->Key(key);
  json->BeginObject();
  WriteAct(signature.by, json);
  json->EndObject();
}

void WriteKept(const KeptAgreement& kept, json::Writer* json) {
  if (!kept.text.empty()) json->BoolField("proposed_by_us", kept.by_us);
  if (kept.counters) json->StringField("counters", kept.counters->ToHex());
  WriteSignature("signed_by_us", kept.ours, json);
  WriteSignature("signed_by_peer", kept.theirs, json);
  if (kept.denounced) {
    json->Key("denounced");
    json->BeginObject();
    WriteAct(kept.denounced->by, json);
    json->BoolField("by_us", kept.denounced->by_us);
    json->StringField("until", base::FormatRfc3339(kept.denounced->until));
    json->EndObject();
  }
  if (kept.closed_at) json->StringField("closed_at", base::FormatRfc3339(*kept.closed_at));
}

// The fields of an object that is open.
void WriteEntry(const Entry& entry, base::UtcMicros now, json::Writer* json) {
  json->StringField("digest", entry.digest().ToHex());
  json->Int64Field("number", entry.number());
  json->Key("peer");
  json->BeginObject();
  json->StringField("id", entry.peer.ToString());
  json->StringField("name", entry.peer_name);
  json->EndObject();
  json->StringField("state", StateOf(entry, now));
  json->StringField("source", entry.kept && !entry.kept->text.empty() ? "line" : "file");
  json->StringField("effective_from", base::FormatRfc3339(entry.effective_from()));
  if (entry.expires()) json->StringField("expires", base::FormatRfc3339(*entry.expires()));
  if (entry.kept) WriteKept(*entry.kept, json);
}

// What a person reads before signing: all that it says, and what it changes.
void WriteContent(const Agreement& content, const Agreement* against, json::Writer* json) {
  json->StringField("text", content.text);
  json->Key("says");
  json->BeginArray();
  for (const auto& [what, value] : agreement::Describe(content)) {
    json->BeginObject();
    json->StringField("what", what);
    json->StringField("is", value);
    json->EndObject();
  }
  json->EndArray();
  if (against == nullptr) return;
  json->StringField("against", against->digest.ToHex());
  json->Key("changes");
  json->BeginArray();
  for (const std::string& line : agreement::Diff(*against, content)) json->String(line);
  json->EndArray();
}

// The bytes that both sides hold alike: the signatures in the order of the parties.
void WriteSignedFile(const KeptAgreement& kept, const Agreement& content, base::PartyId self,
                     json::Writer* json) {
  std::vector<std::string> signatures;
  for (const airspace::PartyEntry& party : content.parties()) {
    const auto& signature = party.id == self ? kept.ours : kept.theirs;
    if (!signature.envelope.empty()) signatures.push_back(signature.envelope);
  }
  json->StringField("file", agreement::WriteSignedAgreement(content.text, signatures));
}

std::shared_ptr<const Agreement> Parsed(const Entry& entry) {
  if (entry.counted != nullptr) return entry.counted;
  auto parsed = agreement::ParseAgreement(entry.kept->text);
  return parsed ? std::make_shared<const Agreement>(std::move(*parsed)) : nullptr;
}

// What it would take the place of: the proposal that it answers, or what is in force.
std::shared_ptr<const Agreement> Against(const Entry& entry, const std::vector<Entry>& all) {
  const Entry* found = nullptr;
  for (const Entry& other : all) {
    if (other.peer != entry.peer || other.digest() == entry.digest()) continue;
    const bool countered =
        entry.kept && entry.kept->counters && other.digest() == *entry.kept->counters;
    if (countered || (other.in_force && found == nullptr)) found = &other;
  }
  return found == nullptr ? nullptr : Parsed(*found);
}

}  // namespace

Result<void> ListAgreements(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const auto work = [&node = call.context.node](mechanism::Core& core,
                                                line::Now now) -> Result<net::Response> {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("agreements");
    json.BeginArray();
    for (const Entry& entry : EntriesOf(node, core)) {
      json.BeginObject();
      WriteEntry(entry, now.utc, &json);
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work);
}

Result<void> GetAgreement(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  Result<base::Digest> digest = base::Digest::FromHex(call.params.Get("digest"));
  if (!digest) return base::Fail(std::move(digest).error().Under("digest"));
  const auto work = [&node = call.context.node, digest = *digest](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    const std::vector<Entry> all = EntriesOf(node, core);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Entry& each) { return each.digest() == digest; });
    const auto content = found == all.end() ? nullptr : Parsed(*found);
    if (content == nullptr) {
      return base::Fail(base::ErrorCode::kNotFound, "digest", "must be an agreement of this node",
                        digest.ToHex());
    }
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    WriteEntry(*found, now.utc, &json);
    const auto against = Against(*found, all);
    WriteContent(*content, against.get(), &json);
    if (found->kept && !found->kept->text.empty()) {
      WriteSignedFile(*found->kept, *content, *node.party(), &json);
    }
    json.EndObject();
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work);
}

}  // namespace wideberth::api::node
