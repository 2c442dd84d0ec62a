#include "service/batch.h"

#include <gtest/gtest.h>

#include "airspace/codec.h"
#include "airspace/testing/world.h"
#include "base/random.h"
#include "line/testing/values.h"
#include "mechanism/testing/values.h"

namespace wideberth::service {
namespace {

base::Bytes Encoded(const line::Effect& effect) {
  base::Bytes bytes;
  line::EncodeEffect(effect, &bytes);
  return bytes;
}
base::Bytes Encoded(const mechanism::DeskEffect& effect) {
  base::Bytes bytes;
  mechanism::EncodeDeskEffect(effect, &bytes);
  return bytes;
}
airspace::Effect Advanced(int64_t us) {
  return airspace::TimeAdvanced{airspace::DataMode::kReal, {us}};
}
line::Effect Written(uint64_t seq, base::SeededRandom* random) {
  line::LogEntry entry;
  entry.envelope =
      std::make_shared<const std::string>("envelope " + std::to_string(random->Next()));
  if (random->Below(2) == 0) entry.body_beside = std::make_shared<const std::string>("beside");
  return line::EntryWritten{seq, std::move(entry), {static_cast<int64_t>(seq)}};
}

dss::Effect NotifiedOf(base::SeededRandom* random) {
  return dss::Notified{dss::Kind::kSubscription, random->NewUuidV4(),
                       static_cast<int32_t>(random->Between(-9, 1'000'000))};
}

TEST(BatchTest, EverythingComesBackInItsOrder) {
  base::SeededRandom random(1);
  for (int run = 0; run < 200; ++run) {
    BatchWriter writer;
    EXPECT_TRUE(writer.empty());
    std::vector<airspace::Effect> airspace;
    std::vector<std::pair<uint32_t, base::Bytes>> lines;
    std::vector<base::Bytes> desk;
    std::vector<dss::Effect> dss;
    for (uint64_t n = random.Below(12); n > 0; --n) {
      switch (random.Below(4)) {
        case 0: {
          const std::vector<airspace::Effect> effects = {Advanced(random.Between(0, 1'000'000))};
          writer.Add(effects);
          airspace.insert(airspace.end(), effects.begin(), effects.end());
          break;
        }
        case 1: {
          const auto line = static_cast<uint32_t>(1 + random.Below(300));
          const line::Effect effect = Written(1 + random.Below(9), &random);
          writer.Add(line, effect);
          lines.push_back({line, Encoded(effect)});
          break;
        }
        case 2: {
          dss.push_back(NotifiedOf(&random));
          writer.Add(dss.back());
          break;
        }
        default: {
          const mechanism::DeskEffect effect = mechanism::testing::DrawEffect(&random);
          writer.Add(effect);
          desk.push_back(Encoded(effect));
        }
      }
    }
    EXPECT_EQ(writer.empty(), airspace.empty() && lines.empty() && desk.empty() && dss.empty());
    base::Bytes airspace_read;
    std::vector<std::pair<uint32_t, base::Bytes>> lines_read;
    std::vector<base::Bytes> desk_read;
    std::vector<dss::Effect> dss_read;
    BatchVisitor visitor;
    visitor.airspace = [&](const std::vector<airspace::Effect>& effects) {
      airspace::EncodeEffects(effects, &airspace_read);
    };
    visitor.line = [&](uint32_t line, const line::Effect& effect) {
      lines_read.push_back({line, Encoded(effect)});
    };
    visitor.desk = [&](const mechanism::DeskEffect& effect) {
      desk_read.push_back(Encoded(effect));
    };
    visitor.dss = [&](const dss::Effect& effect) { dss_read.push_back(effect); };
    const base::Bytes bytes = writer.Encode();
    ASSERT_TRUE(ReadBatch(bytes, visitor).has_value());
    base::Bytes airspace_all;
    airspace::EncodeEffects(airspace, &airspace_all);
    EXPECT_EQ(airspace_read, airspace_all);
    EXPECT_EQ(lines_read, lines);
    EXPECT_EQ(desk_read, desk);
    EXPECT_EQ(dss_read, dss);
    // One part alone.
    lines_read.clear();
    BatchVisitor only_lines;
    only_lines.line = visitor.line;
    ASSERT_TRUE(ReadBatch(bytes, only_lines).has_value());
    EXPECT_EQ(lines_read, lines);
  }
}

TEST(BatchTest, DamageIsRefused) {
  base::SeededRandom random(2);
  BatchWriter writer;
  writer.Add(std::vector<airspace::Effect>{Advanced(5)});
  writer.Add(3, Written(1, &random));
  writer.Add(mechanism::DeskEffect(mechanism::LineCheckScheduled{{}, true, {7}}));
  const base::Bytes bytes = writer.Encode();
  BatchVisitor visitor;
  visitor.airspace = [](const std::vector<airspace::Effect>&) {};
  visitor.line = [](uint32_t, const line::Effect&) {};
  visitor.desk = [](const mechanism::DeskEffect&) {};
  ASSERT_TRUE(ReadBatch(bytes, visitor).has_value());
  // The desk's part goes to the end, so a batch may be cut where its last effect begins, and nowhere else.
  size_t whole = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (ReadBatch(base::ByteView(bytes).first(size), visitor)) ++whole;
  }
  EXPECT_EQ(whole, 1u);
  base::Bytes longer = bytes;
  longer.push_back(0xFF);
  const auto refused = ReadBatch(longer, visitor);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kStorage);
}

}  // namespace
}  // namespace wideberth::service
