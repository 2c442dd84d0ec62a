#include "phrases/phrases.h"

#include <gtest/gtest.h>

#include <set>

#include "airspace/notice.h"
#include "base/utf8.h"
#include "phrases/table.h"

namespace wideberth::phrases {
namespace {

TEST(PhrasesTest, EveryCodeIsThereInEveryLanguage) {
  for (const Row& row : kTable) {
    for (const std::string_view text : row) {
      EXPECT_FALSE(text.empty()) << row[0];
      EXPECT_TRUE(base::IsUtf8(text)) << row[0];
      // Marks that reorder what is displayed have no place in a phrase.
      EXPECT_EQ(text.find("\xe2\x80\xae"), std::string_view::npos) << row[0];
    }
  }
}

TEST(PhrasesTest, TwoCodesAreNeverSaidAlike) {
  for (const std::string_view language : kLanguages) {
    std::set<std::string_view> said;
    for (const std::string_view code : Codes()) {
      // "no" and "negative" mean the same, and some languages have one word for both.
      if (code == "negative") continue;
      EXPECT_TRUE(said.insert(PhraseFor(code, language).text).second) << code << " in " << language;
    }
  }
}

TEST(PhrasesTest, WhatTheNoticesAreMadeOfHasPhrases) {
  const auto expect = [](std::string_view code) {
    EXPECT_EQ(PhraseFor(code, "fr").language, "fr") << code;
  };
  for (size_t i = 0; i < airspace::kHazardClasses; ++i) {
    expect(airspace::Name(static_cast<airspace::HazardClass>(i)));
  }
  for (const auto kind : {airspace::NoticeKind::kActivity, airspace::NoticeKind::kHazard,
                          airspace::NoticeKind::kProtectedSite, airspace::NoticeKind::kZone}) {
    expect(airspace::Name(kind));
  }
  for (const auto confidence : {airspace::Confidence::kPlanned, airspace::Confidence::kObserved,
                                airspace::Confidence::kExpected}) {
    expect(airspace::Name(confidence));
  }
  for (const auto assessment :
       {airspace::Assessment::kNoObjection, airspace::Assessment::kObjection,
        airspace::Assessment::kNeedTime}) {
    expect(airspace::Name(assessment));
  }
  for (const std::string_view answer : {"stopping", "stopped", "cannot", "not_ours", "wait"}) {
    expect(answer);
  }
}

TEST(PhrasesTest, TheCodeAndTheOriginalStandBesideAnUnreviewedPhrase) {
  EXPECT_EQ(Render("stop", "en"), "stop [stop]");
  EXPECT_EQ(Render("live_firing", "ru"), "боевые стрельбы [live_firing: live firing] (unreviewed)");
  EXPECT_EQ(Render("unheard_of", "ru"), "unheard_of [unheard_of]");
  EXPECT_EQ(PhraseFor("stop", "xx").language, "en");
  EXPECT_TRUE(IsRightToLeft("he"));
  EXPECT_FALSE(IsRightToLeft("ru"));
}

}  // namespace
}  // namespace wideberth::phrases
