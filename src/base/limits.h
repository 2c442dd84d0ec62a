// Every limit of the system in one place, each with its unit in its name. A limit that a stranger's input can reach is
// enforced with a refusal that names it (ErrorCode::kTooLarge or kInvalid), never with a CHECK.
//
// Where a limit comes from a standard or a measurement, the comment says so.
#ifndef WIDEBERTH_BASE_LIMITS_H_
#define WIDEBERTH_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace wideberth::limits {

// Errors and logs
inline constexpr size_t kErrorFoundBytesMax = 120;
inline constexpr size_t kLogQueueRecordsMax = 8192;
inline constexpr size_t kLogValueBytesMax = 1'024;

// Configuration text
inline constexpr size_t kConfigFileBytesMax = 1024 * 1024;
inline constexpr size_t kTomlKeyPartsMax = 16;

// JSON
inline constexpr size_t kJsonDepthMax = 32;
inline constexpr size_t kJsonBodyBytesMax = 4 * 1024 * 1024;  // as the reference DSS accepts

// Outlines. 10,000 vertices in total is F3548-21's OiMaxVertices.
inline constexpr size_t kOutlineVerticesMax = 10'000;
inline constexpr size_t kPolygonVerticesMin = 3;
inline constexpr size_t kCorridorVerticesMin = 2;
// An outline must fit in a spherical cap of this radius; beyond it "inside" stops being obvious to people.
inline constexpr int64_t kOutlineCapRadiusMaxM = 5'000'000;
inline constexpr int64_t kCircleRadiusMinMm = 1;
inline constexpr int64_t kCircleRadiusMaxMm = 2'000'000'000;  // 2,000 km
inline constexpr int64_t kCorridorHalfWidthMinMm = 1;
inline constexpr int64_t kCorridorHalfWidthMaxMm = 500'000'000;  // 500 km
// The largest separation the index inflates by, and the largest gap any verdict is asked about.
inline constexpr int64_t kSeparationLateralMaxMm = 500'000'000;  // 500 km
inline constexpr int64_t kSeparationVerticalMaxMm = 20'000'000;  // 20 km
inline constexpr int64_t kSeparationTimeMaxUs = int64_t{48} * 3600 * 1'000'000;
// Geodesic edges longer than this are split before they are used (DESIGN 5).
inline constexpr int64_t kEdgeLengthMaxM = 5'000;
// Pieces of an outline after splitting: 200,000 km of edges.
inline constexpr size_t kOutlinePiecesMax = 40'000;
// Pairs of pieces compared to find whether a ring touches itself; about 0.2 s. Ordinary rings need some 50 a vertex.
inline constexpr uint64_t kRingComparisonsMax = 30'000'000;
// No edge may be longer than this: a quarter of the way round, where "shortest path" is still unmistakable.
inline constexpr int64_t kEdgeInputLengthMaxM = 10'000'000;

// Altitudes, in mm above whatever the reference is. -8,000 m is F3548's lower bound; 1,000 km covers re-entry.
inline constexpr int64_t kAltitudeMinMm = -8'000'000;
inline constexpr int64_t kAltitudeMaxMm = 1'000'000'000;
// Every W84 height that such an altitude can turn into lies strictly between these, whatever the reference; unlimited
// heights turn into them. (Lowest: a pressure altitude of -8,000 m in the lowest pressure and the hottest air.)
inline constexpr int64_t kHeightW84MinMm = -15'000'000;
inline constexpr int64_t kHeightW84MaxMm = 1'020'000'000;

// Notices
inline constexpr size_t kNoticeVolumesMax = 1'000;
inline constexpr size_t kNoticeVersionsMax = 1'000;
inline constexpr size_t kNoticeVerticesMax = 10'000;  // in all volumes together
inline constexpr int64_t kNoticeWindowMaxUs = int64_t{366} * 86'400 * 1'000'000;
inline constexpr int64_t kNoticeHorizonMaxUs =
    int64_t{366} * 86'400 * 1'000'000;  // start after now
inline constexpr size_t kClassNameBytesMax = 63;
inline constexpr size_t kContactBytesMax = 120;  // role to call, frequency
// What a publisher calls a zone or a site. ED-269 allows 200 characters; UTF-8 takes up to 4 bytes for each.
inline constexpr size_t kNoticeNameBytesMax = 800;
inline constexpr size_t kMeasuresBytesMax = 500;
// An ended notice stays readable for so long before it leaves the memory (the log keeps it).
inline constexpr int64_t kNoticeRetentionUs = int64_t{7} * 86'400 * 1'000'000;
// How much one Tick does at the most, so that it never holds up the queue.
inline constexpr size_t kTickItemsMax = 1'000;
inline constexpr double kClockRateMax = 100'000;         // of an EXERCISE or TEST clock
inline constexpr size_t kConflictPairsReportedMax = 16;  // volume pairs named in one conflict

// Index. A volume is entered under at most this many cells (at the coarsest level there are no more); a query that
// would need more of a level than the second limit reads the records one by one instead.
inline constexpr size_t kIndexCellsPerVolumeMax = 6;
inline constexpr size_t kIndexCellsPerQueryMax = 4'096;
inline constexpr uint32_t kIndexSlotsMax = uint32_t{1} << 28;

// Rules
inline constexpr size_t kRulesFileBytesMax = 16 * 1024 * 1024;
inline constexpr size_t kSeparationRowsMax = 10'000;
// Every pair of classes has a cell in a table: (256 + 14)^2 of them take 1.7 MB.
inline constexpr size_t kActivityClassesMax = 256;
inline constexpr size_t kPartiesMax = 10'000;
inline constexpr size_t kPartyNameBytesMax = 63;
inline constexpr size_t kBoundsCellsMax = 1'000'000;

// Sequencer. A full queue answers "busy": nothing was applied.
inline constexpr size_t kSequencerQueueCommandsMax = 16'384;
inline constexpr size_t kSequencerBatchCommandsMax = 1'024;
inline constexpr size_t kSequencerBatchBytesMax = 8 * 1024 * 1024;
inline constexpr int64_t kCommandDeadlineUs = 8 * 1'000'000;
inline constexpr int64_t kTickPeriodUs = 1'000'000;

// Store
inline constexpr int64_t kDiskFreeBytesMin = int64_t{256} * 1024 * 1024;
inline constexpr size_t kStoreBatchBytesMax =
    64 * 1024 * 1024;  // room for a batch beyond the sequencer's aim
inline constexpr size_t kStoreRowBytesMax = 64 * 1024 * 1024;
inline constexpr size_t kStoreMetaKeysMax = 64;
inline constexpr size_t kStoreMetaKeyBytesMax = 64;
inline constexpr size_t kStoreMetaValueBytesMax = 4 * 1024;
inline constexpr size_t kStoreFindingsMax = 1'000;  // then a check stops looking

// Network, for each listener
inline constexpr size_t kHttpHeaderBytesMax = 16 * 1024;
inline constexpr size_t kHttpHeaderFieldsMax = 100;
inline constexpr size_t kHttpTargetBytesMax = 8 * 1024;
inline constexpr size_t kHttpConnectionsMax = 1'024;
inline constexpr size_t kHttpConnectionsPerAddressMax = 256;
inline constexpr int64_t kHttpHeaderDeadlineMs = 10'000;
inline constexpr int64_t kHttpBodyDeadlineMs = 15'000;
inline constexpr int64_t kHttpIdleDeadlineMs = 60'000;
inline constexpr int64_t kHttpWriteDeadlineMs = 15'000;
inline constexpr size_t kHttpBodyBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kHttpQueryParametersMax = 64;
inline constexpr size_t kHttpChunkHeaderBytesMax =
    1'024;  // size, extensions; trailers share the header's limit
// Bodies and answers may take their deadline plus the time they need at this rate: a slow line is served, a stalled
// one is cut.
inline constexpr int64_t kHttpBytesPerSecondMin = 16 * 1024;
// After a refusal the rest of the request is read and dropped this far, so that the client sees the answer.
inline constexpr int64_t kHttpLingerDeadlineMs = 1'000;
inline constexpr size_t kHttpLingerBytesMax = 1024 * 1024;
inline constexpr int64_t kHttpStopDeadlineMs = 10'000;
inline constexpr size_t kHttpClientBodyBytesMax = 64 * 1024 * 1024;
inline constexpr size_t kSseClientsMax = 256;
inline constexpr size_t kSseQueueBytesMax = 1024 * 1024;
inline constexpr int64_t kSseKeepAliveMs = 15'000;

// Tokens
inline constexpr size_t kTokenBytesMax = 8 * 1024;
inline constexpr size_t kTokenCacheEntriesMax = 4'096;
inline constexpr int64_t kTokenClockSkewUs = int64_t{60} * 1'000'000;
inline constexpr int64_t kTokenLifetimeMaxUs = int64_t{24} * 3600 * 1'000'000;
inline constexpr size_t kTokenKeysMax = 64;
inline constexpr size_t kTokenScopesMax = 64;
inline constexpr size_t kTokenClaimBytesMax = 1'024;
inline constexpr size_t kJwksBytesMax = 256 * 1024;

// Signed envelopes. An envelope is one entry of a C2SP tlog-tiles log, whose length has 16 bits.
inline constexpr size_t kEnvelopeBytesMax = 65'535;
inline constexpr size_t kEnvelopeSignaturesMax = 8;
inline constexpr size_t kEnvelopeTypeBytesMax = 127;
inline constexpr size_t kEnvelopeKeyIdBytesMax = 128;

// Key files
inline constexpr size_t kKeyFileBytesMax = 16 * 1024;
inline constexpr size_t kPassphraseBytesMax = 1'024;
inline constexpr uint64_t kKeyFileKdfOperationsMax = 16;
inline constexpr uint64_t kKeyFileKdfMemoryBytesMax = uint64_t{1} << 30;

// Messages of a line
inline constexpr size_t kMessageTypeNameBytesMax = 32;
inline constexpr uint32_t kMessageMajorMax = 999;
inline constexpr size_t kMessageCritFieldsMax = 16;
inline constexpr size_t kMessageCritBytesMax = 64;
inline constexpr size_t kMessageBodyInlineBytesMax = 32 * 1024;
inline constexpr uint64_t kMessageBodyBesideBytesMax = 4 * 1024 * 1024;
inline constexpr int64_t kClockErrorMaxMs = 86'400'000;
inline constexpr size_t kSpokenTypesMax = 64;      // message types that a heartbeat announces
inline constexpr size_t kReceiptEntriesMax = 256;  // messages that one receipt names

// Delivery on a line. A frame is an envelope, a body beside one, an acknowledgement or a heartbeat.
inline constexpr size_t kLinePathsMax = 8;
inline constexpr size_t kLineFrameBytesMax = (4 * 1024 + 128) * 1024;
inline constexpr size_t kLineWindowEntries = 1'024;  // sent beyond what is acknowledged
inline constexpr size_t kLineWindowBytes = 8 * 1024 * 1024;
inline constexpr size_t kLineHeldEntriesMax = 1'024;  // received before what comes before them
inline constexpr size_t kLineHeldBytesMax = 16 * 1024 * 1024;
inline constexpr size_t kLineTakenRemembered = 4'096;  // for recognising duplicates
inline constexpr size_t kLineAckRangesMax = 32;
inline constexpr size_t kLineHeadsRemembered = 65'536;  // own log heads the peer has yet to name
inline constexpr size_t kLineTroublesPerTurn = 16;
inline constexpr int64_t kLineRetryFirstUs = 500'000;
inline constexpr int64_t kLineRetryMaxUs = 5'000'000;

// Liveness of a line (MECHANISM 6.1, 6.3; DESIGN 5)
inline constexpr int64_t kHeartbeatPeriodUs = 2'000'000;
inline constexpr int64_t kLinkLostAfterUs = 9'000'000;
inline constexpr size_t kHeartbeatsRemembered = 64;
inline constexpr int64_t kClockSuspectUs = 30'000'000;
inline constexpr int64_t kClockOffsetAlarmUs = 500'000;

// Links: the connections that carry a line. A path whose peer is silent for so long is closed; heartbeats are due every
// 2 s.
inline constexpr size_t kLinkPeersMax = 64;
inline constexpr int64_t kLinkHandshakeDeadlineMs = 5'000;
inline constexpr int64_t kLinkSilenceDeadlineMs = 15'000;
inline constexpr int64_t kLinkDialPauseFirstMs = 250;
inline constexpr int64_t kLinkDialPauseMaxMs = 5'000;
inline constexpr size_t kLinkPathNameBytesMax = 32;
inline constexpr size_t kLinkSendQueueBytesMax = 32 * 1024 * 1024;  // beyond it the path is closed
inline constexpr size_t kLinkUnhandledBytesMax = 8 * 1024 * 1024;  // beyond it nothing more is read
inline constexpr size_t kLinkUnhandledFramesMax = 4'096;
inline constexpr size_t kLinkBundleBytesMax = 64 * 1024;  // of several frames in one message
inline constexpr size_t kLinkBundleFramesMax = 1'024;
inline constexpr size_t kLinkConnectionsPendingMax = 64;  // not yet known to be a peer's

// Operators: the people of a party
inline constexpr size_t kOperatorsMax = 1'000;
inline constexpr size_t kOperatorNameBytesMax = 63;
inline constexpr size_t kPasswordBytesMin = 10;
inline constexpr size_t kPasswordBytesMax = 256;
inline constexpr size_t kSessionsMax = 1'000;
inline constexpr int64_t kSessionLifetimeUs = int64_t{12} * 3600 * 1'000'000;
inline constexpr size_t kLoginsPendingMax = 4;  // each hashes a password in 64 MiB

// Agreements between two parties
inline constexpr size_t kAgreementBytesMax = 1024 * 1024;
inline constexpr size_t kGazetteerNamesMax = 10'000;
inline constexpr int64_t kDeadlineMaxUs = int64_t{48} * 3600 * 1'000'000;

// Acts of people and what follows from them
inline constexpr size_t kActBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kActVersionsSeenMax = 1'024;
inline constexpr size_t kPolicyTextBytesMax = 8 * 1024;
inline constexpr size_t kMattersOpenMax = 100'000;
inline constexpr size_t kTroublesKeptMax = 1'000;

// Files read by the formats
// Parsing takes up to 15 bytes of memory a byte of JSON.
inline constexpr size_t kImportFileBytesMax = 64 * 1024 * 1024;
inline constexpr size_t kImportFeaturesMax = 1'000'000;
inline constexpr int64_t kScheduleHorizonDaysMax = 366;

// Queries
inline constexpr size_t kPageItemsDefault = 100;
inline constexpr size_t kPageItemsMax = 10'000;
// A page ends, with a next one, when its answer has grown to about so much, or so many records were looked at.
inline constexpr size_t kPageBytesMax = 8 * 1024 * 1024;
inline constexpr size_t kPageRecordsScannedMax = 100'000;

}  // namespace wideberth::limits

#endif  // WIDEBERTH_BASE_LIMITS_H_
