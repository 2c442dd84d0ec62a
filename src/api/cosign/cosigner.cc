#include "api/cosign/cosigner.h"

#include <optional>
#include <string>
#include <utility>

#include "line/cosigning.h"
#include "line/party_card.h"
#include "record/checkpoint.h"

namespace wideberth::api::cosign {

using base::Result;
using record::SignedNote;
using service::RecordReader;

namespace {

// The row of a peer's log as the line has it.
struct CosignedLog {
  record::WitnessedLog row;
  record::NoteSignature cosignature;
};
Result<CosignedLog> FindCosigned(const service::Node& node, base::PartyId peer,
                                 const std::string& peer_card, const std::string& own_card) {
  WB_ASSIGN_OR_RETURN(const line::PartyCard theirs, line::ReadCard(peer_card));
  WB_ASSIGN_OR_RETURN(const line::PartyCard own, line::ReadCard(own_card));
  WB_ASSIGN_OR_RETURN(const RecordReader::Log log,
                      node.record().Find(peer, service::Writer::kTheirs));
  CosignedLog found{{line::LogKeyOf(theirs, own.party), {0, record::EmptyRoot()}, {}, 0}, {}};
  if (!log.cosigned) return found;
  WB_ASSIGN_OR_RETURN(SignedNote note, record::ParseNote(*log.cosigned->note));
  for (const record::NoteSignature& signature : note.signatures) {
    if (signature.key_name == line::CosignerNameOf(own.party)) found.cosignature = signature;
  }
  found.row.head = log.cosigned->head;
  found.row.time_s = log.cosigned->time_s;
  found.row.last = std::move(note);
  return found;
}

}  // namespace

Result<record::WitnessAnswer> AnswerCosigned(const service::Node& node, std::string_view body) {
  const auto request = record::ParseAddCheckpoint(body);
  record::WitnessDecision decision;
  if (!request) {
    decision.error = request.error();
    return record::AnswerOf(decision, {});
  }
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint,
                      record::ParseCheckpoint(request->checkpoint.text));
  struct Cards {
    std::optional<base::PartyId> peer;
    std::string theirs, own;
  };
  const Cards cards = node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
                            Cards found;
                            for (const auto& [id, peer] : desk.peers()) {
                              if (line::OriginOf(id, *node.party()) != checkpoint.origin) continue;
                              found = {id, peer.card, desk.own_card()->card};
                            }
                            return found;
                          })
                          .first;
  if (!cards.peer) {
    return record::AnswerOf(record::DecideCosigning(nullptr, *request, 0), {});
  }
  WB_ASSIGN_OR_RETURN(const CosignedLog log,
                      FindCosigned(node, *cards.peer, cards.theirs, cards.own));
  decision = record::DecideCosigning(&log.row, *request, log.row.time_s);
  if (decision.status == record::WitnessStatus::kCosigned &&
      (decision.row->head != log.row.head || log.row.head.size == 0)) {
    decision.status = record::WitnessStatus::kNotHeld;
    decision.error = {base::ErrorCode::kBusy, "size",
                      "must be of a head that is cosigned on the line: ask again",
                      std::to_string(checkpoint.head.size)};
  }
  return record::AnswerOf(decision, {log.cosignature});
}

void AddCosignerRoute(net::Router* router, const service::Node& node) {
  router->Add(
      net::Method::kPost, "/add-checkpoint",
      [&node](const net::Request& request, const net::PathParams&, net::Responder responder) {
        const auto answer = AnswerCosigned(node, request.body);
        if (!answer) return responder.Refuse(answer.error());
        net::Response response;
        response.status = static_cast<int>(answer->status);
        response.content_type = std::string(answer->content_type());
        response.body = answer->body;
        responder(std::move(response));
      },
      {.body_bytes_max = record::kAddCheckpointBytesMax});
}

}  // namespace wideberth::api::cosign
