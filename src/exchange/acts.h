// What people do about exchanges, as it stands in their signed acts (mechanism/act.h):
//
//   enter_exchange      the fields of an account (exchange/account.h); the same id again enters another account of the
//                       same party, and the record keeps both
//   propose_readout     exchange, readout_sha256; the minutes go beside the act
//   sign_readout        exchange, readout_sha256, paragraphs: ["agreed", "not_agreed", ...], one for each
//   publish_statement   exchange, statement_sha256; the statement goes beside the act
//
// Write and Read are those that the acts of every kind have. Pure; any thread.
#ifndef WIDEBERTH_EXCHANGE_ACTS_H_
#define WIDEBERTH_EXCHANGE_ACTS_H_

#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "exchange/account.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::exchange {

struct EnterExchange {
  Account account;
};
struct ProposeReadout {
  base::Uuid exchange;
  base::Digest readout_sha256;  // of the text that goes beside
};
struct SignReadout {
  base::Uuid exchange;
  base::Digest readout_sha256;
  std::vector<bool> agreed;  // of each paragraph
};
struct PublishStatement {
  base::Uuid exchange;
  base::Digest statement_sha256;  // of the text that goes beside
};

void Write(const EnterExchange& act, json::Writer* json);
void Write(const ProposeReadout& act, json::Writer* json);
void Write(const SignReadout& act, json::Writer* json);
void Write(const PublishStatement& act, json::Writer* json);
base::Result<void> Read(json::Object* object, EnterExchange* act);
base::Result<void> Read(json::Object* object, ProposeReadout* act);
base::Result<void> Read(json::Object* object, SignReadout* act);
base::Result<void> Read(json::Object* object, PublishStatement* act);

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_ACTS_H_
