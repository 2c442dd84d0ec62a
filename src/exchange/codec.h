// The binary form of what a node keeps of an exchange, for its store. Reading fails the WireReader (airspace/wire.h) on
// damage.
#ifndef WIDEBERTH_EXCHANGE_CODEC_H_
#define WIDEBERTH_EXCHANGE_CODEC_H_

#include "airspace/wire.h"
#include "exchange/exchange.h"

namespace wideberth::exchange {

// Without readouts and statements, which are written one by one.
void Put(const Exchange& exchange, airspace::WireWriter* wire);
void Put(const Readout& readout, airspace::WireWriter* wire);
void Put(const StoredStatement& statement, airspace::WireWriter* wire);
Exchange ReadExchange(airspace::WireReader* wire);
Readout ReadReadout(airspace::WireReader* wire);
StoredStatement ReadStoredStatement(airspace::WireReader* wire);

}  // namespace wideberth::exchange

#endif  // WIDEBERTH_EXCHANGE_CODEC_H_
