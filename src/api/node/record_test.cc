// The record over HTTP: what another tool reads there, it can verify, and nobody else reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "api/node/testing/line_pair.h"
#include "line/cosigning.h"
#include "line/message.h"
#include "record/checkpoint.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/tile.h"

namespace wideberth::api::node {
namespace {

using testing::Answer;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::LinePair;
using testing::Side;
using testing::Sketch;

// A log of a side's line, read as any client of tlog-tiles reads one.
class ServedLog final : public record::TileReader {
 public:
  ServedLog(const Side& side, std::string prefix) : side_(side), prefix_(std::move(prefix)) {}
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override {
    const Answer answer = side_.Get(prefix_ + record::FormatTilePath(tile).value());
    if (answer.status != 200) {
      return base::Fail(base::ErrorCode::kNotFound, "tile", "must be served", answer.body);
    }
    const base::ByteView bytes = base::AsBytes(answer.body);
    return base::Bytes(bytes.begin(), bytes.end());
  }
  Answer Get(std::string_view path) const { return side_.Get(prefix_ + std::string(path)); }

 private:
  const Side& side_;
  const std::string prefix_;
};

bool IsAllCosigned(const Side& side, std::string_view peer) {
  const Answer record = side.Get("/v1/lines/" + std::string(peer) + "/record");
  for (const std::string log : {"/ours", "/theirs"}) {
    if (record.body.find("cosigned_at") == std::string::npos) return false;
    if (record.Text(log + "/size") != record.Text(log + "/cosigned/size")) return false;
  }
  return true;
}

TEST(RecordTest, AReleaseIsRecordedAndEitherSideServesTheSameLog) {
  LinePair pair;
  ASSERT_EQ(pair.north.Release(1, Sketch()).status, 200);
  ASSERT_TRUE(Eventually([&] {
    return pair.north.Get("/v1/notices/" + testing::NoticeId(1)).body.find("cosigned_at") !=
           std::string::npos;
  })) << "R2";
  ASSERT_TRUE(Eventually(
      [&] { return IsAllCosigned(pair.north, "south") && IsAllCosigned(pair.south, "north"); }));
  const Answer record = pair.north.Get("/v1/lines/south/record");
  const auto log_key = record::VerifierKey::Parse(record.Text("/ours/log_key"));
  const auto cosigner = record::VerifierKey::Parse(record.Text("/ours/cosigner_key"));
  ASSERT_TRUE(log_key.has_value() && cosigner.has_value());
  const ServedLog ours(pair.north, "/v1/record/south/ours/");
  const ServedLog mirrored(pair.south, "/v1/record/north/theirs/");
  const std::string note = ours.Get("checkpoint").body;
  EXPECT_EQ(note, mirrored.Get("checkpoint").body);
  const auto opened = record::OpenCheckpoint(note, {*log_key, {*cosigner}});
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  EXPECT_EQ(opened->cosignatures.size(), 1u);
  const record::TreeHead& head = opened->checkpoint.head;
  ASSERT_GE(head.size, 2u) << "operator keys and the release";
  for (const ServedLog* log : {&ours, &mirrored}) {
    const auto verified = record::VerifyTiles(*log, head);
    EXPECT_TRUE(verified.has_value()) << verified.error().ToString();
  }
  // One entry, proven offline.
  const uint64_t index = head.size - 1;
  const Answer entry = ours.Get("entries/" + std::to_string(index));
  ASSERT_EQ(entry.status, 200);
  const Answer earliest = ours.Get("checkpoint?covering=" + std::to_string(index));
  const record::TileNodes nodes(ours, head.size);
  const auto proof = record::InclusionProof(nodes, index, head.size);
  ASSERT_TRUE(proof.has_value());
  const auto file =
      record::FormatProofFile({index, *proof, record::ParseNote(note).value(), std::nullopt});
  const auto policy = record::Policy::AllOf(*log_key, {*cosigner});
  const auto proven = record::VerifyProofFile(*file, base::AsBytes(entry.body), policy.value());
  ASSERT_TRUE(proven.has_value()) << proven.error().ToString();
  EXPECT_TRUE(proven->not_after_s.has_value());
  EXPECT_FALSE(
      record::VerifyProofFile(*file, base::AsBytes(entry.body + " "), *policy).has_value());
}

TEST(RecordTest, ServesNothingThatIsNotCosignedAndNothingToStrangers) {
  LinePair pair;
  ASSERT_EQ(pair.north.Release(1, Sketch()).status, 200);
  ASSERT_TRUE(Eventually([&] { return IsAllCosigned(pair.north, "south"); }));
  const std::string ours = "/v1/record/south/ours/";
  for (const std::string path :
       {"tile/0/001", "tile/0/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/entries/000",
        "tile/0/000.p/255", "tile/x/000", "tile/1/000.p/1", "tile/0/0", "tile/9/000",
        "entries/1000000", "entries/x", "checkpoint?covering=1000000"}) {
    const Answer answer = pair.north.Get(ours + path);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << path << " " << answer.status;
    EXPECT_FALSE(answer.Text("/error/rule").empty());
  }
  EXPECT_EQ(pair.north.Get(ours + "tile/0/000.p/1").status, 200) << "a tree that it grew from";
  EXPECT_EQ(pair.north.Get("/v1/record/south/nobody/checkpoint").status, 404);
  EXPECT_EQ(pair.north.Get("/v1/record/east/ours/checkpoint").status, 404);
  EXPECT_EQ(pair.north.Get("/v1/lines/east/record").status, 404);
  EXPECT_EQ(pair.north.Get("/v1/evidence").body, "{\"evidence\":[]}");
  for (const std::string name : {"fork-of-heads-00.json", "wideberth.db", "x"}) {
    EXPECT_EQ(pair.north.Get("/v1/evidence/" + name).status, 404) << name;
  }
  for (const std::string& target :
       {ours + "checkpoint", ours + "tile/0/000.p/1", std::string("/v1/lines/south/record"),
        std::string("/v1/evidence")}) {
    EXPECT_EQ(pair.north.node->Get("", target).status, 401) << target;
  }
}

}  // namespace
}  // namespace wideberth::api::node
