// Entries as they are dated for somebody who was not there: what the bounds rest on, and every way to bend them.
#include "timeline/entry_time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "line/cosigning.h"
#include "line/testing/values.h"
#include "record/merkle.h"

namespace wideberth::timeline {
namespace {

using base::ErrorCode;
using line::LogKeyOf;
using line::Message;
using line::MessageType;
using line::OriginOf;
using line::PartyCard;
using line::SealMessage;
using line::testing::kNoon;
using line::testing::TestCard;
using line::testing::TestKey;
using line::testing::TestParty;
using record::CausalLink;
using record::EventOrder;

constexpr int64_t kSecond = 1'000'000;
constexpr uint64_t kNoonS = 1'800'014'400;

// The two logs of parties 1 and 2, whose clocks agree: entries are signed a second apart.
struct Written {
  std::vector<std::string> envelopes;
  record::MemoryNodes nodes;
};

std::string Seal(uint8_t from, uint8_t to, const Written& log, const record::TreeHead& peer_head,
                 int64_t after_us) {
  Message message;
  message.type = MessageType::FromShortName("act.v1").value();
  message.from = TestParty(from);
  message.to = TestParty(to);
  message.seq = log.envelopes.size() + 1;
  if (message.seq > 1) message.previous = crypto::Sha256(base::AsBytes(log.envelopes.back()));
  message.sent_at = {kNoon.us + after_us};
  message.peer_head = peer_head;
  message.body = std::string("{}");
  return SealMessage(message, TestKey(from)).value();
}

class EntryTimeTest : public ::testing::Test {
 protected:
  EntryTimeTest() {
    Write(1, 0, 0);            // 1/0 at 0 s has nothing
    Write(2, 1, 1 * kSecond);  // 2/0 at 1 s has 1/0
    Write(1, 0, 2 * kSecond);  // 1/1 at 2 s has not
    Write(1, 1, 3 * kSecond);  // 1/2 at 3 s has 2/0
    Write(2, 1, 4 * kSecond);  // 2/1 at 4 s has only 1/0 still
  }

  void Write(uint8_t from, uint64_t seen, int64_t after_us) {
    const Written& other = logs_[2 - from];
    const record::TreeHead head{seen, record::RootAt(other.nodes, seen).value()};
    Put(from, Seal(from, static_cast<uint8_t>(3 - from), logs_[from - 1], head, after_us));
  }
  void Put(uint8_t from, std::string envelope) {
    Written& log = logs_[from - 1];
    log.nodes.Append(record::LeafHash(base::AsBytes(envelope)));
    log.envelopes.push_back(std::move(envelope));
  }

  record::ProvenEntry ProvenOf(uint8_t from, size_t index, std::optional<uint64_t> by_s) const {
    const uint8_t to = static_cast<uint8_t>(3 - from);
    return {OriginOf(TestParty(from), TestParty(to)),
            index,
            {},
            record::LeafHash(base::AsBytes(logs_[from - 1].envelopes[index])),
            LogKeyOf(TestCard(from), TestParty(to)),
            {},
            by_s};
  }
  SeenEntry SeenBy(uint8_t from, uint64_t size) const {
    const Written& other = logs_[2 - from];
    return {other.envelopes[size - 1], record::InclusionProof(other.nodes, size - 1, size).value()};
  }
  base::Result<DatedEntry> Date(uint8_t from, size_t index, std::optional<uint64_t> by_s,
                                const std::optional<SeenEntry>& seen = {}) const {
    return DateEntry(ProvenOf(from, index, by_s), logs_[from - 1].envelopes[index], seen, cards_);
  }

  Written logs_[2];
  std::vector<PartyCard> cards_ = {TestCard(1), TestCard(2)};
};

TEST_F(EntryTimeTest, IsAfterWhatItsWriterHadAndBeforeItsCosignature) {
  const DatedEntry dated = Date(1, 2, kNoonS + 5, SeenBy(1, 1)).value();
  EXPECT_EQ(dated.when.not_before.us, kNoon.us + 1 * kSecond);
  EXPECT_EQ(dated.when.not_after.us, kNoon.us + 6 * kSecond - 1);
  EXPECT_FALSE(dated.clocks_disagree);
  // Without proof of what was seen, or without a cosignature, that end is open.
  EXPECT_EQ(Date(1, 2, kNoonS + 5).value().when.not_before, base::kTimeOpenStart);
  EXPECT_EQ(Date(1, 2, {}, SeenBy(1, 1)).value().when.not_after, base::kTimeOpenEnd);
  // A cosigner whose clock is behind the peer's: the entry is proven, its start is not.
  const DatedEntry behind = Date(1, 2, kNoonS - 5, SeenBy(1, 1)).value();
  EXPECT_TRUE(behind.clocks_disagree);
  EXPECT_EQ(behind.when.not_before, base::kTimeOpenStart);
}

TEST_F(EntryTimeTest, OrdersOnlyWhatIsLinkedOrApart) {
  const DatedEntry first = Date(1, 0, kNoonS + 9).value();
  const DatedEntry answer = Date(2, 0, kNoonS + 9, SeenBy(2, 1)).value();
  const DatedEntry beside = Date(1, 1, kNoonS + 9).value();
  const DatedEntry later = Date(2, 1, kNoonS + 9, SeenBy(2, 1)).value();
  EXPECT_EQ(LinkBetween(first, answer), CausalLink::kFirstToSecond);
  EXPECT_EQ(OrderOf(answer, first), EventOrder::kAfter);
  EXPECT_EQ(LinkBetween(first, beside), CausalLink::kFirstToSecond);
  EXPECT_EQ(LinkBetween(beside, later), CausalLink::kNone);
  EXPECT_EQ(OrderOf(beside, later), EventOrder::kConcurrent);
  // Cosigned before the other's writer had its last: apart, without a link.
  const DatedEntry early = Date(1, 1, kNoonS - 1).value();
  EXPECT_EQ(OrderOf(early, later), EventOrder::kBefore);
  // Another pair's entry of the same number is no cause.
  DatedEntry stranger = first;
  stranger.origin = OriginOf(TestParty(3), TestParty(2));
  stranger.message.from = TestParty(3);
  EXPECT_EQ(LinkBetween(stranger, answer), CausalLink::kNone);
}

TEST_F(EntryTimeTest, WhatWasSeenIsTheLastUnderTheNamedHead) {
  const auto refused = [&](const SeenEntry& seen) {
    const auto dated = Date(1, 2, kNoonS + 5, seen);
    EXPECT_FALSE(dated.has_value());
    return dated ? base::Error{} : dated.error();
  };
  SeenEntry seen = SeenBy(1, 1);
  seen.proof.push_back(base::Digest());
  refused(seen);
  // A later one of the same log, which would move the start up.
  EXPECT_EQ(refused({logs_[1].envelopes[1], {}}).field, "/seen/seq");
  // One of its own log.
  EXPECT_EQ(refused({logs_[0].envelopes[0], {}}).field, "/seen/from");
  // One that the writer made up in the other's name, and signed with the only key it has.
  Message forged;
  forged.type = MessageType::FromShortName("act.v1").value();
  forged.from = TestParty(2);
  forged.to = TestParty(1);
  forged.seq = 1;
  forged.sent_at = {kNoon.us + 60 * kSecond};
  forged.peer_head = {0, record::EmptyRoot()};
  forged.body = std::string("{}");
  const std::string envelope = SealMessage(forged, TestKey(1)).value();
  EXPECT_EQ(refused({envelope, {}}).code, ErrorCode::kUnauthorized);
}

TEST_F(EntryTimeTest, TheEntryIsOfItsLogAndNumberAndWriter) {
  const std::string& entry = logs_[0].envelopes[2];
  EXPECT_EQ(DateEntry(ProvenOf(1, 1, {}), entry, {}, cards_).error().field, "/seq");
  EXPECT_EQ(DateEntry(ProvenOf(2, 1, {}), entry, {}, cards_).error().field, "/from");
  const std::vector<PartyCard> other = {TestCard(2)};
  EXPECT_EQ(DateEntry(ProvenOf(1, 2, {}), entry, {}, other).error().code, ErrorCode::kUnauthorized);
  // The log's writer vouches with its own message key, not with the peer's.
  Message message;
  message.type = MessageType::FromShortName("act.v1").value();
  message.from = TestParty(1);
  message.to = TestParty(2);
  message.seq = 1;
  message.sent_at = kNoon;
  message.peer_head = {0, record::EmptyRoot()};
  message.body = std::string("{}");
  const std::string by_peer = SealMessage(message, TestKey(2)).value();
  EXPECT_EQ(DateEntry(ProvenOf(1, 0, {}), by_peer, {}, cards_).error().code,
            ErrorCode::kUnauthorized);
}

TEST_F(EntryTimeTest, SeenIsReadAsItIsWritten) {
  const SeenEntry seen = SeenBy(2, 3);
  ASSERT_FALSE(seen.proof.empty());
  const base::Bytes bytes = FormatSeen(seen).value();
  EXPECT_EQ(ParseSeen(bytes).value(), seen);
  const std::string text(base::AsText(bytes));
  for (const char* bad :
       {"", "{}", "[]", R"({"seen":{"entry":"x"}})", R"({"seen":{"entry":"x","proof":["AA=="]}})",
        R"({"seen":{"entry":"x","proof":[],"more":1}})"}) {
    EXPECT_FALSE(ParseSeen(base::AsBytes(std::string_view(bad))).has_value()) << bad;
  }
  EXPECT_FALSE(FormatSeen({std::string(limits::kEnvelopeBytesMax + 1, 'x'), {}}).has_value());
}

}  // namespace
}  // namespace wideberth::timeline
