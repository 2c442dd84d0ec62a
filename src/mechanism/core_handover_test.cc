// The note for the next watch: kept here, acknowledged by another person, and on no line.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/testing/refused.h"
#include "json/reader.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::Role;
using testing::kSecond;
using testing::Parties;

// Whose operators have a key each: two persons.
constexpr Role kFirst = Role::kDutyOfficer;
constexpr Role kNext = Role::kSupervisor;

class HandoverTest : public ::testing::Test {
 protected:
  HandoverTest() { parties.Settle(); }

  base::Result<ActResult> Give(std::string_view text, Role role = kFirst) {
    return parties.DoAs(0, role, HandOver{std::string(text)});
  }
  base::Result<ActResult> Acknowledge(uint64_t number, Role role = kNext) {
    return parties.DoAs(0, role, AcknowledgeHandover{number});
  }
  size_t Journalled(std::string_view what) {
    const auto& journal = parties.journal(0);
    return static_cast<size_t>(std::count_if(
        journal.begin(), journal.end(),
        [&](const std::string& entry) { return entry.find(what) != std::string::npos; }));
  }

  Parties parties;
};

TEST_F(HandoverTest, StaysUntilAnotherPersonHasAcknowledgedIt) {
  EXPECT_EQ(parties.desk(0).handover(), nullptr);
  ExpectRefused(Acknowledge(1), ErrorCode::kConflict, "/number");
  ASSERT_TRUE(Give("firing in the south went on late\nask again at 0600").has_value());
  const Handover* note = parties.desk(0).handover();
  ASSERT_NE(note, nullptr);
  EXPECT_EQ(note->number, 1U);
  EXPECT_TRUE(note->waits());
  ExpectRefused(Acknowledge(1, kFirst), ErrorCode::kConflict, "/number");
  ExpectRefused(Acknowledge(2), ErrorCode::kConflict, "/number");
  ASSERT_TRUE(Acknowledge(1).has_value());
  note = parties.desk(0).handover();
  EXPECT_EQ(note->acknowledged_by, testing::OperatorKeyFor(1, kNext).key_id);
  EXPECT_EQ(note->acknowledged_at, parties.now(0).utc);
  ExpectRefused(Acknowledge(1), ErrorCode::kConflict, "/number");
  EXPECT_EQ(Journalled("\"hand_over\""), 1U);
  EXPECT_EQ(Journalled("\"acknowledge_handover\""), 1U);
}

TEST_F(HandoverTest, ANewerNoteTakesThePlaceOfOneThatNobodyHasSeen) {
  ASSERT_TRUE(Give("quiet").has_value());
  ASSERT_TRUE(Give("not so quiet").has_value());
  EXPECT_EQ(parties.desk(0).handover()->number, 2U);
  // What somebody read on a screen of before is not what stands.
  ExpectRefused(Acknowledge(1), ErrorCode::kConflict, "/number");
  EXPECT_TRUE(parties.desk(0).handover()->waits());
  EXPECT_EQ(Journalled("\"hand_over\""), 2U);
}

TEST_F(HandoverTest, CountsWhatIsOpenThen) {
  ASSERT_TRUE(
      parties.Do(1, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000'000}, "", ""}, 0).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(Give("a call stands").has_value());
  const Handover* note = parties.desk(0).handover();
  EXPECT_EQ(note->calls, 1U);
  EXPECT_EQ(note->matters, parties.desk(0).open_matters());
  EXPECT_GT(note->matters, 0U);
}

TEST_F(HandoverTest, RefusesWhatCannotBeShown) {
  ExpectRefused(Give("turned \u202e round"), ErrorCode::kInvalid, "/text");
  ExpectRefused(Give("a bell \a"), ErrorCode::kInvalid, "/text");
  EXPECT_EQ(parties.desk(0).handover(), nullptr);
  EXPECT_EQ(Journalled("hand_over"), 0U);
}

// The journal has the acts themselves, which verify by the keys of the two.
TEST_F(HandoverTest, IsSignedByBothPersons) {
  ASSERT_TRUE(Give("for the next watch").has_value());
  ASSERT_TRUE(Acknowledge(1).has_value());
  const auto opened = [&](size_t from_the_end, Role role) {
    const auto& journal = parties.journal(0);
    const auto entry = json::Document::Parse(journal.at(journal.size() - 1 - from_the_end)).value();
    json::Object fields = entry.root().AsObject().value();
    const auto key = testing::OperatorKeyFor(1, role);
    return OpenAct(fields.RequiredString("signed_act", 65'535).value(), Parties::party(0),
                   {&key, 1});
  };
  const auto given = opened(1, kFirst);
  ASSERT_TRUE(given.has_value()) << given.error().ToString();
  EXPECT_EQ(std::get<HandOver>(given->act.body).text, "for the next watch");
  const auto read = opened(0, kNext);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(std::get<AcknowledgeHandover>(read->act.body).number, 1U);
}

TEST_F(HandoverTest, NeverCrosses) {
  const size_t theirs = parties.journal(1).size();
  ASSERT_TRUE(Give("for our eyes").has_value());
  ASSERT_TRUE(Acknowledge(1).has_value());
  parties.Run(30 * kSecond);
  EXPECT_EQ(parties.desk(1).handover(), nullptr);
  EXPECT_EQ(parties.journal(1).size(), theirs);
  EXPECT_EQ(parties.side(0).Canonical(), parties.side(0).Replayed());
  // Nor is what a peer sends of it an act of the line.
  for (const ActBody& body : {ActBody(HandOver{"yours"}), ActBody(AcknowledgeHandover{1})}) {
    const size_t before = parties.OpenMatters(0, MatterKind::kUnusable).size();
    parties.SendRaw(1, 0, "act", Parties::ActMessage(parties.Seal(1, kNext, body).envelope));
    parties.Run(5 * kSecond);
    EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), before + 1);
  }
  EXPECT_EQ(parties.desk(0).handover()->text, "for our eyes");
}

}  // namespace
}  // namespace wideberth::mechanism
