#include "formats/detect.h"

#include <gtest/gtest.h>

#include "formats/testing/zones.h"

namespace wideberth::formats {
namespace {

FileFormat Detected(std::string_view text) {
  const auto format = DetectFormat(text);
  EXPECT_TRUE(format.has_value()) << text << ": " << format.error().ToString();
  return format.value_or(FileFormat::kNotices);
}

TEST(DetectFormat, TellsThemApart) {
  EXPECT_EQ(Detected(R"({"kind":"activity"})"), FileFormat::kNotices);
  EXPECT_EQ(Detected(R"([{"kind":"activity"}])"), FileFormat::kNotices);
  EXPECT_EQ(Detected(R"({"day":"x","notices":[]})"), FileFormat::kNotices);
  EXPECT_EQ(Detected("\xEF\xBB\xBF {\"type\":\"FeatureCollection\",\"features\":[]}"),
            FileFormat::kEd318);
  EXPECT_EQ(Detected(R"({"title":"t","features":[]})"), FileFormat::kEd269);
  EXPECT_EQ(Detected(R"({"icao":"a","timestamp":1,"trace":[]})"), FileFormat::kReadsbTrace);
  EXPECT_EQ(Detected("* comment\r\n\r\nAC R\r\n"), FileFormat::kOpenAir);
  EXPECT_EQ(Detected("SP 0,1,2\nAC\tR\n"), FileFormat::kOpenAir);
  EXPECT_EQ(Detected("time,lat,lng\n"), FileFormat::kTrackCsv);
  EXPECT_EQ(Detected("\"timestamp\";\"latitude\";\"longitude\"\n"), FileFormat::kTrackCsv);
  EXPECT_EQ(Detected("MSG,3,1,1,4CA1E8\n"), FileFormat::kTrackCsv);
  EXPECT_EQ(Detected("123,MSG,3,1,1,4CA1E8\n"), FileFormat::kTrackCsv);
}

TEST(DetectFormat, RefusesTheRest) {
  for (const char* text : {"", "\n\n", "hello", "{}", "{\"a\":", "lat,lng\n", "ACR\n"}) {
    EXPECT_FALSE(DetectFormat(text).has_value()) << text;
  }
}

TEST(DetectFormat, NamesGoBothWays) {
  for (const FileFormat format :
       {FileFormat::kNotices, FileFormat::kEd318, FileFormat::kEd269, FileFormat::kOpenAir,
        FileFormat::kTrackCsv, FileFormat::kReadsbTrace}) {
    EXPECT_EQ(ParseFileFormat(Name(format)).value(), format);
  }
  EXPECT_FALSE(ParseFileFormat("kml").has_value());
}

TEST(DetectFormat, KnowsTheSamples) {
  const std::pair<const char*, FileFormat> samples[] = {
      {"../shared/samples/zones/ed318_sample.json", FileFormat::kEd318},
      {"../shared/samples/zones/ed269_sample.json", FileFormat::kEd269},
      {"../shared/samples/adsb/readsb_trace_full_ac671b.json", FileFormat::kReadsbTrace}};
  for (const auto& [path, format] : samples) {
    const auto text = testing::ReadFile(path);
    if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
    EXPECT_EQ(Detected(*text), format) << path;
  }
}

}  // namespace
}  // namespace wideberth::formats
