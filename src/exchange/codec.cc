#include "exchange/codec.h"

#include <limits>

namespace wideberth::exchange {
namespace {

using airspace::WireReader;
using airspace::WireWriter;

void Put(const Said& said, WireWriter* wire) {
  wire->Fixed(said.act.bytes);
  wire->EnumValue(said.role);
  wire->Time(said.at);
  wire->Time(said.stored_at);
}
Said ReadSaid(WireReader* wire) {
  Said said;
  said.act = wire->ReadDigest();
  said.role = wire->EnumValue(operators::Role::kAdministrator);
  said.at = wire->Time();
  said.stored_at = wire->Time();
  return said;
}

// An account has one binary form: the text that is signed.
void Put(const StatedAccount& stated, WireWriter* wire) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  WriteAccount(stated.account, &json);
  json.EndObject();
  wire->Text(text);
  Put(stated.said, wire);
  wire->Varint(stated.entered);
}
StatedAccount ReadStated(WireReader* wire) {
  StatedAccount stated;
  const std::string text = wire->Text();
  const auto read = [&]() -> base::Result<Account> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(Account account, ReadAccount(&object));
    WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
    return account;
  };
  if (auto account = read()) {
    stated.account = *std::move(account);
  } else {
    wire->Fail();
  }
  stated.said = ReadSaid(wire);
  const uint64_t entered = wire->Varint();
  if (entered == 0 || entered > std::numeric_limits<uint32_t>::max()) wire->Fail();
  stated.entered = static_cast<uint32_t>(entered);
  return stated;
}

base::Uuid ReadUuid(WireReader* wire) {
  base::Uuid uuid;
  wire->Fixed(&uuid.bytes);
  return uuid;
}

}  // namespace

void Put(const Exchange& exchange, WireWriter* wire) {
  wire->Fixed(exchange.id.bytes);
  wire->Varint(exchange.number);
  wire->Fixed(exchange.peer.uuid.bytes);
  wire->Time(exchange.entered_at);
  for (const auto& account : exchange.accounts) {
    wire->Bool(account.has_value());
    if (account) Put(*account, wire);
  }
}

Exchange ReadExchange(WireReader* wire) {
  Exchange exchange;
  exchange.id = ReadUuid(wire);
  exchange.number = wire->Varint();
  // Far beyond what a node is told of, and far from where counting on would wrap.
  if (exchange.number == 0 || exchange.number > uint64_t{1} << 48) wire->Fail();
  exchange.peer = wire->ReadId<base::PartyId>();
  exchange.entered_at = wire->Time();
  for (auto& account : exchange.accounts) {
    if (wire->Bool()) account = ReadStated(wire);
  }
  return exchange;
}

void Put(const Readout& readout, WireWriter* wire) {
  wire->Fixed(readout.digest.bytes);
  wire->Text(readout.text);
  wire->Bool(readout.by_us);
  Put(readout.said, wire);
  for (const auto& signature : readout.signatures) {
    wire->Bool(signature.has_value());
    if (!signature) continue;
    wire->Varint(signature->agreed.size());
    for (const bool agreed : signature->agreed) wire->Bool(agreed);
    Put(signature->said, wire);
  }
}

Readout ReadReadout(WireReader* wire) {
  Readout readout;
  readout.digest = wire->ReadDigest();
  readout.text = wire->Text();
  readout.by_us = wire->Bool();
  readout.said = ReadSaid(wire);
  for (auto& signature : readout.signatures) {
    if (!wire->Bool()) continue;
    signature.emplace();
    const size_t paragraphs = wire->Count(1);
    for (size_t i = 0; i < paragraphs; ++i) signature->agreed.push_back(wire->Bool());
    signature->said = ReadSaid(wire);
  }
  return readout;
}

void Put(const StoredStatement& statement, WireWriter* wire) {
  wire->Fixed(statement.digest.bytes);
  wire->Text(statement.text);
  wire->Bool(statement.by_us);
  Put(statement.said, wire);
}

StoredStatement ReadStoredStatement(WireReader* wire) {
  StoredStatement statement;
  statement.digest = wire->ReadDigest();
  statement.text = wire->Text();
  statement.by_us = wire->Bool();
  statement.said = ReadSaid(wire);
  return statement;
}

}  // namespace wideberth::exchange
