#include "line/testing/values.h"

#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"

namespace wideberth::line::testing {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";

uint64_t DrawCount(base::SeededRandom* random) {
  // Small numbers, and now and then the largest that JSON carries here.
  if (random->Below(8) == 0) return uint64_t{std::numeric_limits<int64_t>::max()};
  return random->Below(uint64_t{1} << random->Below(63));
}

base::UtcMicros DrawTime(base::SeededRandom* random) {
  // All of 1970 to 9998, in steps that need 0, 3 or 6 digits of a second.
  constexpr int64_t kSteps[] = {1'000'000, 1'000, 1};
  const int64_t step = kSteps[random->Below(3)];
  return {random->Between(0, 253'370'764'799'999'999 / step) * step};
}

}  // namespace

crypto::SecretKey TestKey(uint8_t n) {
  return crypto::SecretKey::FromSeed(base::Bytes(crypto::kEd25519KeyBytes, n)).value();
}

std::array<crypto::SecretKey, kKeyRoles.size()> TestKeys(uint8_t n, uint8_t change) {
  const auto key = [&](uint8_t role) {
    base::Bytes seed(crypto::kEd25519KeyBytes, n);
    seed[0] = static_cast<uint8_t>(n + role);
    seed[1] = static_cast<uint8_t>(n + change);
    return crypto::SecretKey::FromSeed(seed).value();
  };
  return {key(0), key(1), key(2), key(3)};
}

RecordKeys TestRecordKeys(uint8_t n, uint8_t change) {
  auto keys = TestKeys(n, change);
  return {std::make_shared<const crypto::SecretKey>(std::move(keys[1])),
          std::make_shared<const crypto::SecretKey>(std::move(keys[2])),
          std::make_shared<const crypto::SecretKey>(std::move(keys[0]))};
}

std::string TestCardText(uint8_t n, uint8_t change) {
  const base::UtcMicros made{kNoon.us + change * base::kMicrosPerMinute};
  return MakeCard(TestParty(n), "party-" + std::to_string(n), TestKeys(n, change), made).value();
}

PartyCard TestCard(uint8_t n, uint8_t change) {
  return ReadCard(TestCardText(n, change)).value();
}

base::PartyId TestParty(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return {base::Uuid::V4FromRandom(bytes)};
}

base::Uuid TestBoot(uint8_t node, uint8_t start) {
  std::array<uint8_t, 16> bytes{};
  bytes[0] = 0xB0;
  bytes[14] = node;
  bytes[15] = start;
  return base::Uuid::V4FromRandom(bytes);
}

base::Digest DrawDigest(base::SeededRandom* random) {
  base::Digest digest;
  random->Fill(digest.bytes);
  return digest;
}

record::TreeHead DrawHead(base::SeededRandom* random) {
  return {DrawCount(random), DrawDigest(random)};
}

MessageType DrawType(base::SeededRandom* random) {
  MessageType type;
  type.name = kLetters[random->Below(26)];
  const size_t more = random->Below(limits::kMessageTypeNameBytesMax);
  for (size_t i = 0; i < more; ++i) type.name += kLetters[random->Below(kLetters.size())];
  type.major = static_cast<uint32_t>(1 + random->Below(limits::kMessageMajorMax));
  return type;
}

Message DrawMessage(uint64_t seq, base::SeededRandom* random) {
  Message message;
  message.type = DrawType(random);
  message.from = {random->NewUuidV4()};
  message.to = {random->NewUuidV4()};
  message.seq = seq;
  if (seq > 1) message.previous = DrawDigest(random);
  message.sent_at = DrawTime(random);
  message.clock_error_ms = random->Between(0, limits::kClockErrorMaxMs);
  message.lane = static_cast<Lane>(random->Below(2));
  message.data_mode = static_cast<airspace::DataMode>(random->Below(3));
  message.peer_head = DrawHead(random);
  if (random->Below(2) == 0) message.in_reply_to = DrawDigest(random);
  const size_t crit = random->Below(limits::kMessageCritFieldsMax + 1);
  for (size_t i = 0; i < crit; ++i) {
    message.crit.emplace_back(random->Below(limits::kMessageCritBytesMax + 1), 'c');
  }
  if (random->Below(4) == 0) {
    message.body = BodyBeside{DrawDigest(random),
                              1 + random->Below(uint64_t{limits::kMessageBodyBesideBytesMax})};
  } else {
    message.body = "{\"text\":\"" + std::string(random->Below(300), 't') + "\",\"n\":[" +
                   std::to_string(random->Below(1'000)) + ",null,true]}";
  }
  return message;
}

Heartbeat DrawHeartbeat(base::SeededRandom* random) {
  Heartbeat heartbeat;
  heartbeat.from = {random->NewUuidV4()};
  heartbeat.to = {random->NewUuidV4()};
  heartbeat.name = {random->NewUuidV4(), 1 + DrawCount(random) / 2};
  heartbeat.sent_at = DrawTime(random);
  heartbeat.clock_error_ms = random->Between(0, limits::kClockErrorMaxMs);
  if (random->Below(4) != 0) {
    heartbeat.echo =
        Heartbeat::Echo{{random->NewUuidV4(), 1 + DrawCount(random) / 2}, DrawTime(random)};
  }
  heartbeat.own_head = DrawHead(random);
  heartbeat.peer_head = DrawHead(random);
  heartbeat.link = static_cast<LinkState>(random->Below(4));
  heartbeat.policy_suspended = random->Below(2) == 0;
  const size_t speaks = random->Below(limits::kSpokenTypesMax + 1);
  for (size_t i = 0; i < speaks; ++i) heartbeat.speaks.push_back(DrawType(random));
  return heartbeat;
}

std::string PayloadOf(std::string_view envelope) {
  const json::Document document = json::Document::Parse(envelope).value();
  json::Object object = document.root().AsObject().value();
  const base::Bytes payload =
      object.RequiredParsed("payload", envelope.size(), base::Base64Decode).value();
  return std::string(base::AsText(payload));
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  CHECK_MSG(at != std::string::npos, "the text to be replaced is not there");
  return text.replace(at, from.size(), to);
}

}  // namespace wideberth::line::testing
