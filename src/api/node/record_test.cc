// The record over HTTP: what another tool reads there, it can verify, and nobody else reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "api/cosign/cosigner.h"
#include "api/cosign/witnesses.h"
#include "api/node/testing/line_pair.h"
#include "line/cosigning.h"
#include "line/message.h"
#include "net/client.h"
#include "record/checkpoint.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/tile.h"
#include "record/witness.h"
#include "witness/service.h"

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

TEST(RecordTest, TheTimelineAndWhetherSomebodyWasTold) {
  LinePair pair;
  ASSERT_EQ(pair.north.Release(1, Sketch()).status, 200);
  ASSERT_TRUE(Eventually(
      [&] { return IsAllCosigned(pair.north, "south") && IsAllCosigned(pair.south, "north"); }));
  const std::string notice = testing::NoticeId(1);
  const Answer shown = pair.north.Get("/v1/lines/south/timeline?notice=" + notice);
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.Text("/events/0/writer"), "north");
  EXPECT_EQ(shown.Text("/events/0/notice"), notice);
  EXPECT_FALSE(shown.Text("/events/0/cosigned_at").empty());
  const Answer theirs = pair.south.Get("/v1/lines/north/timeline?notice=" + notice);
  EXPECT_EQ(shown.Text("/events/0/message"), theirs.Text("/events/0/message"));
  // The filters: nothing there, then, or of it.
  for (const std::string& query :
       std::vector<std::string>{"circle=-46.9,7.2,1000", "end=2001-01-01T00:00:00Z",
                                "matter=" + notice, "polygon=-46,7,-46,8,-47,8"}) {
    const Answer none = pair.north.Get("/v1/lines/south/timeline?" + query);
    EXPECT_EQ(none.status, 200) << none.body;
    EXPECT_TRUE(none.Text("/events/0/writer").empty()) << query << none.body;
  }
  for (const std::string query :
       {"notice=1", "circle=1", "circle=1,2,x", "polygon=1,2,3", "start=now", "machines=2",
        "more=1", "circle=1,2,1000&polygon=1,2,3,4,5,6",
        "start=2027-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"}) {
    EXPECT_EQ(pair.north.Get("/v1/lines/south/timeline?" + query).status, 400) << query;
  }
  EXPECT_EQ(pair.north.Get("/v1/lines/east/timeline").status, 404);
  EXPECT_EQ(pair.north.node->Get("", "/v1/lines/south/timeline").status, 401);

  const auto volume = [](std::string_view lat) {
    return R"({"volume":{"outline_circle":{"center":{"lat":)" + std::string(lat) +
           R"(,"lng":7.4},"radius":{"value":300,"units":"KM"}},)"
           R"("altitude_lower":{"unlimited":true},"altitude_upper":{"unlimited":true},)"
           R"("time_start":"2000-01-01T00:00:00Z","time_end":"open"}})";
  };
  const std::string target = "/v1/lines/south/was-notified";
  const Answer told = pair.north.Post(pair.north.duty, target, volume("46.9"));
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_EQ(told.Text("/teller"), "north");
  EXPECT_EQ(told.Text("/told/0/release/notice"), notice);
  EXPECT_FALSE(told.Text("/told/0/received_at").empty());
  EXPECT_FALSE(told.Text("/told/0/cosigned_at").empty());
  const Answer not_told = pair.north.Post(pair.north.duty, target, volume("-46.9"));
  EXPECT_TRUE(not_told.Text("/told/0/release/notice").empty());
  const std::string by_them = volume("46.9").replace(0, 1, R"({"told_by":"them",)");
  EXPECT_TRUE(
      pair.north.Post(pair.north.duty, target, by_them).Text("/told/0/release/notice").empty());
  for (const std::string body : {"", "{}", R"({"volume":{}})"}) {
    EXPECT_EQ(pair.north.Post(pair.north.duty, target, body).status, 400) << body;
  }
}

// A node asks witnesses by itself: what they said is counted, kept, and what they did not say is shown.
TEST(RecordTest, ANodeAsksItsWitnesses) {
  LinePair pair;
  ASSERT_EQ(pair.north.Release(1, Sketch()).status, 200);
  ASSERT_TRUE(Eventually([&] { return IsAllCosigned(pair.north, "south"); }));
  const service::Node& node = pair.north.node->server().node();
  const base::PartyId south = pair.south.node->server().node().party().value();
  const Answer about = pair.north.Get("/v1/lines/south/record");
  const auto log_key = record::VerifierKey::Parse(about.Text("/ours/log_key")).value();

  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("witnessed-" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const base::SystemClock clock;
  const auto serve = [&](const std::string& name, std::vector<record::VerifierKey> logs) {
    witness::WitnessConfig config;
    config.name = name;
    config.keys_folder = (folder / name).string();
    config.logs = std::move(logs);
    config.listen.address = "127.0.0.1";
    EXPECT_TRUE(witness::MakeWitness(config.keys_folder, name, std::nullopt).has_value());
    return witness::Service::Start(config, clock).value();
  };
  const auto good = serve("good", {log_key});
  auto other = serve("other", {});  // it does not take this log
  const auto address = [](const witness::Service& service) {
    return witness::Witness{service.key(), "http://127.0.0.1:" + std::to_string(service.port())};
  };
  const cosign::WitnessesOfPeers one = {{south, {address(*good)}}};
  const cosign::WitnessesOfPeers two = {{south, {address(*good), address(*other)}}};
  const std::string kept = (folder / "kept").string();
  {
    const auto witnesses = cosign::Witnesses::Open(kept, two).value();
    witnesses->Round(node);
    const auto states = witnesses->StateOf(south);
    ASSERT_EQ(states.size(), 2U);
    EXPECT_TRUE(states[0].trouble.empty()) << states[0].trouble;
    EXPECT_GT(states[0].size, 0U);
    EXPECT_THAT(states[1].trouble, HasSubstr("404"));
    EXPECT_EQ(states[1].size, 0U);
    // All have to have cosigned.
    EXPECT_EQ(witnesses->Checkpoint(south, std::nullopt).error().code, base::ErrorCode::kNotFound);
  }
  // Another start with the good one alone knows what was said, and asks for no more than is new.
  const auto witnesses = cosign::Witnesses::Open(kept, one).value();
  const uint64_t size = witnesses->StateOf(south).front().size;
  const std::string note = witnesses->Checkpoint(south, size).value();
  EXPECT_EQ(witnesses->Checkpoint(south, size + 1).error().code, base::ErrorCode::kNotFound);
  const auto peer_key = record::VerifierKey::Parse(about.Text("/ours/cosigner_key")).value();
  const auto policy = record::Policy::AllOf(log_key, {peer_key, good->key()}).value();
  const auto opened = record::OpenCheckpoint(note, {log_key, {peer_key, good->key()}});
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  EXPECT_TRUE(policy.QuorumTime(opened->cosignatures).has_value());
  ASSERT_EQ(pair.north.Release(2, Sketch()).status, 200);
  ASSERT_TRUE(Eventually([&] {
    witnesses->Round(node);
    return witnesses->StateOf(south).front().size > size;
  }));
  // One that is away.
  other.reset();
  const cosign::WitnessesOfPeers gone = {{south, {{good->key(), "http://127.0.0.1:1"}}}};
  const auto lonely = cosign::Witnesses::Open((folder / "lonely").string(), gone).value();
  lonely->Round(node);
  EXPECT_FALSE(lonely->StateOf(south).front().trouble.empty());
  std::filesystem::remove_all(folder);
}

// What a witness would ask, of the peer: it answers with what it has cosigned on the line, and nothing else.
TEST(RecordTest, TheMirrorAnswersAsAWitness) {
  LinePair pair;
  ASSERT_EQ(pair.north.Release(1, Sketch()).status, 200);
  ASSERT_TRUE(Eventually(
      [&] { return IsAllCosigned(pair.north, "south") && IsAllCosigned(pair.south, "north"); }));
  const ServedLog log(pair.north, "/v1/record/south/ours/");
  const std::string note = log.Get("checkpoint").body;
  const record::SignedNote both = record::ParseNote(note).value();
  const record::Checkpoint head = record::ParseCheckpoint(both.text).value();
  record::SignedNote own{both.text, {both.signatures.front()}};
  ASSERT_EQ(own.signatures.front().key_name, head.origin);
  const auto ask = [&](const record::AddCheckpointRequest& request) {
    return cosign::AnswerCosigned(pair.south.node->server().node(),
                                  record::FormatAddCheckpoint(request).value())
        .value();
  };
  const auto cosigned = ask({head.head.size, {}, own});
  EXPECT_EQ(cosigned.status, record::WitnessStatus::kCosigned) << cosigned.body;
  const Answer about = pair.north.Get("/v1/lines/south/record");
  const auto cosigner = record::VerifierKey::Parse(about.Text("/ours/cosigner_key")).value();
  EXPECT_TRUE(record::ReadCosignatures(cosigned.body, own.text, {cosigner}).has_value());
  // Over HTTP, without a token.
  const std::string body = record::FormatAddCheckpoint({head.head.size, {}, own}).value();
  auto client = net::HttpClient::Create(pair.south.node->url(), {}).value();
  const auto answer = client.Post("/add-checkpoint", "text/plain; charset=utf-8", body).value();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, cosigned.body);
  // From elsewhere: it says what it had. Another log, another signature, no request at all.
  const auto from_nothing = ask({0, {}, own});
  EXPECT_EQ(from_nothing.status, record::WitnessStatus::kConflict);
  EXPECT_EQ(from_nothing.body, std::to_string(head.head.size) + "\n");
  record::SignedNote others = own;
  others.text.replace(0, head.origin.size(), "other.example/log");
  EXPECT_EQ(ask({head.head.size, {}, others}).status, record::WitnessStatus::kUnknownLog);
  record::SignedNote forged = own;
  forged.signatures.front().bytes.back() ^= 1;
  EXPECT_EQ(ask({head.head.size, {}, forged}).status, record::WitnessStatus::kNotSigned);
  EXPECT_EQ(cosign::AnswerCosigned(pair.south.node->server().node(), "old 0").value().status,
            record::WitnessStatus::kMalformed);
}

}  // namespace
}  // namespace wideberth::api::node
