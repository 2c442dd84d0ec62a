// Zones in OpenAir form, the line format of gliding and paragliding (version 2.1 and the dialects before it).
//
// Import, leniently. A block begins with AC and becomes a zone. Read are AC, AY, AN, AF, AG, AL, AH, AA, V (X, D, W),
// DP, DA, DB, DC, DY; AX, AI, AT, SP, SB, TO, TC and V Z are passed over, other commands too with a note. Upper or
// lower case, comments from "*" on, CRLF, Latin-1 bytes, degrees with minutes and seconds and any decimals, a missing
// space or a spare comma in a position: all are taken. Heights: GND, SFC, UNL, FL65, 1500ft AMSL, 1500 MSL, 450m AGL;
// without a reference AMSL; one that cannot be understood is taken as unlimited. Without AA a zone is permanent; "AA
// NONE" means that it holds at no known time, so nothing is declared. A refusal names the line ("line 12").
//
// Restrictions: P is PROHIBITED; R, TRA, TSA, TFR, OFR are REQ_AUTHORISATION; A to D, F, Q, CTR, CTA, TMA, ATZ, MATZ,
// ADIZ, TMZ, RMZ, ALERT, WARNING, MTA, MTR, GP, HTZ, TIZ, TIA, AWY are CONDITIONAL; the rest NO_RESTRICTION.
//
// Arcs become vertices with an error of at most kArcErrorM, to the side of more area: where the zone lies within the
// arc, edges are tangents outside it; where the arc cuts into the zone, edges are chords. Full circles (DC) stay
// circles.
//
// Export, strictly by 2.1: a header, AC and AY apart, positions in degrees and decimal minutes (8 decimals are exact to
// the last digit of ours), ft where the height is a whole number of feet and m otherwise. Class, type, station,
// frequency and transponder code of a zone that came from OpenAir are kept. Times are rounded outwards to seconds. A
// corridor is written as airway segments (DY). Refused: heights over WGS-84, which the format does not have.
//
// Largest file: limits::kImportFileBytesMax. Pure; any thread.
#ifndef WIDEBERTH_FORMATS_OPENAIR_OPENAIR_H_
#define WIDEBERTH_FORMATS_OPENAIR_OPENAIR_H_

#include <span>
#include <string>
#include <string_view>

#include "formats/zone_file.h"

namespace wideberth::formats::openair {

inline constexpr double kArcErrorM = 1.0;

base::Result<ZoneFile> Import(std::string_view text, const ZoneImportOptions& options);

base::Result<std::string> Export(std::span<const airspace::Declaration* const> zones,
                                 const ZoneExportOptions& options);

}  // namespace wideberth::formats::openair

#endif  // WIDEBERTH_FORMATS_OPENAIR_OPENAIR_H_
