// What an entry says, what it hides, and that it opens in one way alone.
#include "dss/log_entry.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>

#include "crypto/sha256.h"
#include "dss/testing/naive.h"
#include "dss/testing/random_requests.h"

namespace wideberth::dss {
namespace {

constexpr base::UtcMicros kNow{1'790'000'000'123'456};

struct Written {
  Command command;
  Decision decision;
  std::optional<Logged> logged;
};

// A history of random requests, as a host decides them.
std::vector<Written> History(uint64_t seed, int requests_count) {
  testing::NaiveView model;
  testing::RandomRequests requests(seed, kNow);
  std::vector<Written> history;
  base::UtcMicros now = kNow;
  for (int i = 0; i < requests_count; ++i) {
    now.us += 1'000;
    Command command = requests.Next(model);
    requests.random().Fill(command.log_salt);
    auto decision = Decide(model, command, {}, now);
    if (!decision) continue;
    auto logged = LogOf(model, command, *decision, now);
    for (const Effect& effect : decision->effects) model.Apply(effect);
    history.push_back({std::move(command), *std::move(decision), std::move(logged)});
  }
  return history;
}

bool IsWrite(const Written& written) {
  return !written.decision.effects.empty() &&
         !std::holds_alternative<Report>(written.command.request) &&
         !std::holds_alternative<Evict>(written.command.request);
}

// Everything of a write that an entry must not show, as it would stand there.
std::set<std::string> Secrets(const Written& written) {
  std::set<std::string> secrets = {written.command.caller};
  for (const Effect& effect : written.decision.effects) {
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_base_of_v<Entity, T>) {
            secrets.insert(value.base_url);
            secrets.insert(base::FormatRfc3339(value.extent.start));
            secrets.insert(base::FormatRfc3339(value.extent.end));
            for (const geo::CellId cell : value.extent.cells) {
              secrets.insert(std::to_string(uint64_t{cell}));
            }
          }
          if constexpr (std::is_same_v<T, Intent> || std::is_same_v<T, Constraint>) {
            secrets.insert(value.ovn);
          }
          if constexpr (std::is_same_v<T, Subscription>) secrets.insert(value.version);
          if constexpr (std::is_same_v<T, UssAvailability>) {
            secrets.insert(value.uss);
            secrets.insert(value.version);
          }
        },
        effect);
  }
  return secrets;
}

TEST(LogEntryTest, EveryWriteThatIsGrantedHasOneAndNothingElseHas) {
  std::set<size_t> kinds;
  size_t others = 0;
  for (const Written& written : History(7, 4'000)) {
    ASSERT_EQ(written.logged.has_value(), IsWrite(written));
    if (written.logged) {
      kinds.insert(written.command.request.index());
    } else {
      ++others;
    }
  }
  EXPECT_EQ(kinds.size(), 11u);  // all but reports and evictions
  EXPECT_GT(others, 0u);
}

TEST(LogEntryTest, SaysIdVersionAndTimeAndHidesTheRest) {
  const std::string spelled_clear = base::FormatRfc3339(kNow);
  for (const Written& written : History(11, 3'000)) {
    if (!written.logged) continue;
    const std::string& text = written.logged->entry;
    const auto parsed = ParseLogEntry(text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
    ASSERT_EQ(FormatLogEntry(*parsed), text);
    for (const std::string& secret : Secrets(written)) {
      if (secret.size() < 4) continue;
      // The time of the write may be that of its start, too.
      if (secret == base::FormatRfc3339(parsed->time)) continue;
      ASSERT_EQ(text.find(secret), std::string::npos) << secret << " in\n" << text;
    }
    for (const Effect& effect : written.decision.effects) {
      const auto* intent = std::get_if<Intent>(&effect);
      if (intent == nullptr) continue;
      EXPECT_EQ(parsed->id, intent->id.ToString());
      EXPECT_EQ(parsed->version, std::to_string(intent->version));
    }
  }
}

TEST(LogEntryTest, OpensWithItsOwnOpeningAlone) {
  const std::vector<Written> history = History(13, 400);
  const Logged* before = nullptr;
  size_t opened = 0;
  for (const Written& written : history) {
    if (!written.logged) continue;
    const Logged& logged = *written.logged;
    const auto statement = OpenLogEntry(logged.entry, logged.opening);
    ASSERT_TRUE(statement.has_value()) << statement.error().ToString();
    EXPECT_TRUE(statement->starts_with("{\"v\":1,\"write\":")) << *statement;
    EXPECT_NE(statement->find("\"manager\":\"" + written.command.caller + "\""), std::string::npos);
    if (before != nullptr) {
      EXPECT_FALSE(OpenLogEntry(logged.entry, before->opening).has_value());
    }
    before = &logged;
    if (++opened > 20) continue;
    for (size_t bit = 0; bit < logged.opening.size() * 8; bit += 7) {
      base::Bytes other = logged.opening;
      other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (1U << (bit % 8)));
      ASSERT_FALSE(OpenLogEntry(logged.entry, other).has_value()) << bit;
    }
    ASSERT_FALSE(OpenLogEntry(logged.entry, base::ByteView(logged.opening).first(31)).has_value());
  }
  EXPECT_GT(opened, 100u);
}

// The same write under another salt is another commitment: nobody can guess what is in one.
TEST(LogEntryTest, TheSaltHidesWhatCouldBeGuessed) {
  testing::NaiveView model;
  Command command{"arbiter", SetAvailability{"uss1", "", Availability::kDown, {}}, {}};
  const auto decision = Decide(model, command, {}, kNow);
  ASSERT_TRUE(decision.has_value());
  std::set<std::string> entries;
  for (uint8_t i = 0; i < 10; ++i) {
    command.log_salt[31] = i;
    entries.insert(LogOf(model, command, *decision, kNow)->entry);
  }
  EXPECT_EQ(entries.size(), 10u);
}

// The bytes that docs/dss.md describes, so that nobody changes them unnoticed.
TEST(LogEntryTest, HasTheBytesThatAreDocumented) {
  testing::NaiveView model;
  Command command{"arbiter", SetAvailability{"uss1", "", Availability::kDown, {}}, {}};
  command.log_salt.fill(0x2A);
  const auto decision = Decide(model, command, {}, kNow);
  const auto logged = LogOf(model, command, *decision, kNow);
  ASSERT_TRUE(logged.has_value());
  const std::string statement =
      R"({"v":1,"write":"put","kind":"uss_availability","time":")" + base::FormatRfc3339(kNow) +
      R"(","manager":"arbiter","uss":"uss1","availability":"Down","version":")" + OpaqueText({}) +
      R"("})";
  const std::string opening = std::string(32, '\x2A') + statement;
  EXPECT_EQ(base::AsText(logged->opening), opening);
  const base::Digest commitment =
      crypto::Sha256(base::AsBytes("wideberth-dss-commitment/v1\n" + opening));
  EXPECT_EQ(logged->entry, "wideberth-dss-log/v1\n-\n-\n" + base::FormatRfc3339(kNow) + "\n" +
                               base::Base64Encode(commitment.bytes) + "\n");
}

TEST(LogEntryTest, RefusesEveryOtherSpelling) {
  const std::string good = FormatLogEntry({"2f8343be-6482-4d1b-a474-16847e01af1e", "3", kNow, {}});
  ASSERT_TRUE(ParseLogEntry(good).has_value());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string cut = good.substr(0, i);
    EXPECT_FALSE(ParseLogEntry(cut).has_value()) << cut;
    std::string other = good;
    other.insert(i, 1, ' ');
    EXPECT_FALSE(ParseLogEntry(other).has_value()) << other;
  }
  EXPECT_FALSE(ParseLogEntry(good + "\n").has_value());
  EXPECT_FALSE(ParseLogEntry(good + good).has_value());
  std::string upper = good;
  upper[good.find("be-")] = 'B';
  EXPECT_FALSE(ParseLogEntry(upper).has_value());
}

}  // namespace
}  // namespace wideberth::dss
