#include "journal/journal.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"

namespace wideberth::journal {
namespace {

// Entries as a node writes them, and the links between them.
struct Chain {
  std::vector<std::string> texts;
  std::vector<base::Digest> links{base::Digest()};

  explicit Chain(size_t entries) {
    for (size_t i = 0; i < entries; ++i) {
      texts.push_back("{\"previous\":\"" + links.back().ToHex() + "\",\"salt\":\"" +
                      std::string(32, static_cast<char>('a' + i % 6)) + "\",\"what\":\"entry " +
                      std::to_string(i + 1) + "\"}");
      links.push_back(LinkAfter(links.back(), texts.back()));
    }
  }

  Disclosure Disclose(size_t number, size_t size) const {
    Disclosure disclosure{number, links[number - 1], texts[number - 1], {}};
    for (size_t i = number; i < size; ++i) {
      disclosure.after.push_back(crypto::Sha256(base::AsBytes(texts[i])));
    }
    return disclosure;
  }
};

TEST(JournalTest, EveryEntryIsProvenAtEveryHeadBehindIt) {
  const Chain chain(12);
  for (size_t number = 1; number <= 12; ++number) {
    for (size_t size = number; size <= 12; ++size) {
      const Disclosure disclosure = chain.Disclose(number, size);
      const std::string file = FormatDisclosure(disclosure);
      EXPECT_EQ(VerifyDisclosure(file, Head{size, chain.links[size]}).value(), disclosure);
      EXPECT_EQ(VerifyDisclosure(file, std::nullopt).value(), disclosure);
    }
  }
}

TEST(JournalTest, TheFileHasNothingOfTheOtherEntries) {
  const Chain chain(5);
  const std::string file = FormatDisclosure(chain.Disclose(3, 5));
  EXPECT_NE(file.find("entry 3"), std::string::npos);
  for (const char* other : {"entry 1", "entry 2", "entry 4", "entry 5"}) {
    EXPECT_EQ(file.find(other), std::string::npos);
  }
}

TEST(JournalTest, AnotherStoryLeadsToAnotherHead) {
  const Chain chain(6);
  const Head pinned{6, chain.links[6]};
  // The party writes the entry anew, at the same place, and everything behind it.
  Disclosure forged = chain.Disclose(3, 6);
  forged.text.replace(forged.text.find("entry 3"), 7, "entry X");
  EXPECT_TRUE(VerifyDisclosure(FormatDisclosure(forged), std::nullopt).has_value())
      << "without a pin it is only consistent";
  const auto refused = VerifyDisclosure(FormatDisclosure(forged), pinned);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().field, "head");
  // An entry less, one more, another place.
  Disclosure shorter = chain.Disclose(3, 6);
  shorter.after.pop_back();
  EXPECT_FALSE(VerifyDisclosure(FormatDisclosure(shorter), pinned).has_value());
  Disclosure longer = chain.Disclose(3, 6);
  longer.after.push_back(longer.after.back());
  EXPECT_FALSE(VerifyDisclosure(FormatDisclosure(longer), pinned).has_value());
  Disclosure moved = chain.Disclose(3, 6);
  moved.number = 4;
  EXPECT_FALSE(VerifyDisclosure(FormatDisclosure(moved), pinned).has_value());
}

TEST(JournalTest, EveryFlippedBitIsRefused) {
  const Chain chain(4);
  const std::string good = FormatDisclosure(chain.Disclose(2, 4));
  const Head pinned{4, chain.links[4]};
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 5}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto read = VerifyDisclosure(bad, pinned);
      // Capitals of hexadecimal digits are the same digits, or refused.
      if (read) {
        EXPECT_EQ(*read, chain.Disclose(2, 4)) << bad;
      }
    }
  }
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseDisclosure(good.substr(0, cut)).has_value());
  }
}

TEST(JournalTest, RefusalsNameTheField) {
  const Chain chain(3);
  const auto field = [](const Disclosure& disclosure) {
    const auto read = ParseDisclosure(FormatDisclosure(disclosure));
    return read ? std::string("none") : read.error().field;
  };
  Disclosure first = chain.Disclose(1, 3);
  first.number = 2;
  EXPECT_EQ(field(first), "/before");
  Disclosure unlinked = chain.Disclose(2, 3);
  unlinked.before = chain.links[2];
  EXPECT_EQ(field(unlinked), "/entry/previous");
  Disclosure text = chain.Disclose(2, 3);
  text.text = "{}";
  EXPECT_EQ(field(text), "/entry/previous");
  EXPECT_EQ(ParseDisclosure("{}").error().field, "/wideberth_journal_disclosure");
}

TEST(JournalTest, HeadsAreReadAsTheyAreWritten) {
  const Head head{17, Chain(2).links[2]};
  EXPECT_EQ(Head::Parse(head.ToString()).value(), head);
  const std::vector<std::string> refused = {
      "", "17", ":", "x:" + head.link.ToHex(), "17:ab", "-1:" + head.link.ToHex()};
  for (const std::string& bad : refused) {
    EXPECT_FALSE(Head::Parse(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace wideberth::journal
