// Invariants checked: reading minutes, a statement or an account never crashes and a refusal names its rule; what is
// read is written and read again as the same; comparing what was read does not crash and is the same from both sides.
// Input: the text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "exchange/compare.h"
#include "exchange/readout.h"

namespace base = wideberth::base;
namespace exchange = wideberth::exchange;
namespace json = wideberth::json;

namespace {

base::Result<exchange::Account> ParseAccount(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  return exchange::ReadAccount(&object);
}

std::string Compared(const exchange::Exchange& each, base::PartyId self) {
  std::string text;
  json::Writer json(&text);
  exchange::WriteFacts(exchange::Compare(each, self, {}, nullptr), &json);
  return text;
}

void CheckComparison(const exchange::Account& account, std::string_view statement) {
  const base::PartyId north{base::Uuid::V4FromRandom({1})};
  const base::PartyId south{base::Uuid::V4FromRandom({2})};
  exchange::Exchange at_north;
  at_north.peer = south;
  at_north.accounts[exchange::kOurs] = exchange::StatedAccount{account, {}};
  at_north.statements.push_back({{}, std::string(statement), false, {}});
  exchange::Exchange at_south;
  at_south.peer = north;
  at_south.accounts[exchange::kTheirs] = at_north.accounts[exchange::kOurs];
  at_south.statements.push_back({{}, std::string(statement), true, {}});
  CHECK(Compared(at_north, north) == Compared(at_south, south));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto minutes = exchange::ParseMinutes(text)) {
    CHECK(exchange::ParseMinutes(exchange::FormatMinutes(*minutes)).value() == *minutes);
  } else {
    CHECK(!minutes.error().rule.empty());
  }
  if (const auto statement = exchange::ParseStatement(text)) {
    CHECK(exchange::ParseStatement(exchange::FormatStatement(*statement)).value() == *statement);
    CheckComparison(statement->account, text);
  }
  if (const auto account = ParseAccount(text)) {
    std::string again;
    json::Writer json(&again);
    json.BeginObject();
    exchange::WriteAccount(*account, &json);
    json.EndObject();
    CHECK(ParseAccount(again).value() == *account);
    CheckComparison(*account, text);
  } else {
    CHECK(!account.error().rule.empty());
  }
  return 0;
}
