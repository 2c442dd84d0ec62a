// Raw bytes of a connection, as a stranger may send them. The first byte seeds how they are cut
// into pieces.
//
// Checked: the requests read do not depend on how the bytes are cut; no limit is exceeded; no more
// than a header is kept waiting; a body is as long as its Content-Length says; nothing is read
// after a refusal. The same bytes are given to the response reader and the event reader.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "net/event_reader.h"
#include "net/http_wire.h"

namespace {

using wideberth::base::SeededRandom;
using wideberth::net::EventReader;
using wideberth::net::Headers;
using wideberth::net::ReadStatus;
using wideberth::net::Request;
using wideberth::net::RequestReader;
using wideberth::net::ResponseReader;
using wideberth::net::WireLimits;

constexpr WireLimits kLimits{.header_bytes_max = 1'024,
                             .header_fields_max = 8,
                             .target_bytes_max = 256,
                             .body_bytes_max = 4'096};

// What the reader made of one message, in words.
std::string Describe(const Request& request, bool keep_alive) {
  std::string text(wideberth::net::MethodName(request.method));
  text.append(" ").append(request.path()).append(keep_alive ? " +" : " -");
  for (size_t i = 0; i < request.headers.size(); ++i) {
    const Headers::Field field = request.headers.at(i);
    CHECK(wideberth::net::IsToken(field.name));
    CHECK(wideberth::net::IsFieldValue(field.value));
    text.append("\n").append(field.name).append("=").append(field.value);
  }
  CHECK(request.headers.size() <= kLimits.header_fields_max);
  CHECK(request.body.size() <= kLimits.body_bytes_max);
  if (const auto length = request.headers.Find("Content-Length")) {
    const size_t first = std::min(length->find_first_not_of('0'), length->size());
    const std::string_view digits = length->substr(first);
    CHECK((digits.empty() ? std::string_view("0") : digits) == std::to_string(request.body.size()));
  }
  return text.append("\n").append(request.body);
}

template <class NextPiece>
std::vector<std::string> ReadRequests(std::string_view bytes, NextPiece next_piece) {
  RequestReader reader(kLimits);
  std::vector<std::string> messages;
  std::string pending;
  for (;;) {
    size_t used = 0;
    const ReadStatus status = reader.Feed(pending, &used);
    CHECK(used <= pending.size());
    pending.erase(0, used);
    switch (status) {
      case ReadStatus::kHeader:
        break;
      case ReadStatus::kComplete:
        messages.push_back(Describe(reader.request(), reader.keep_alive()));
        reader.Reset();
        break;
      case ReadStatus::kRefused:
        CHECK(reader.refusal().status >= 400);
        messages.push_back(std::to_string(reader.refusal().status) + " " +
                           reader.refusal().error.ToString());
        CHECK(reader.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &used) == ReadStatus::kRefused);
        return messages;
      case ReadStatus::kNeedMore:
        CHECK(pending.size() <= kLimits.header_bytes_max);
        if (bytes.empty()) return messages;
        const size_t piece = std::min<size_t>(next_piece(), bytes.size());
        pending.append(bytes.substr(0, piece));
        bytes.remove_prefix(piece);
        break;
    }
  }
}

void ReadResponse(std::string_view bytes, SeededRandom* random) {
  ResponseReader reader(kLimits, (bytes.size() & 1) != 0);
  std::string pending;
  for (;;) {
    size_t used = 0;
    const ReadStatus status = reader.Feed(pending, &used);
    CHECK(used <= pending.size());
    pending.erase(0, used);
    if (status == ReadStatus::kHeader) continue;
    if (status != ReadStatus::kNeedMore) return;
    if (bytes.empty()) break;
    const size_t piece = std::min<size_t>(1 + random->Below(64), bytes.size());
    pending.append(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
  }
  CHECK(reader.FeedEnd() != ReadStatus::kNeedMore);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 16 * 1024) return 0;
  SeededRandom random(data[0]);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = ReadRequests(bytes, [] { return size_t{16 * 1024}; });
  CHECK(ReadRequests(bytes, [] { return size_t{1}; }) == whole);
  CHECK(ReadRequests(bytes, [&] { return 1 + random.Below(100); }) == whole);
  ReadResponse(bytes, &random);
  EventReader events(256);
  events.Feed(bytes, [](const wideberth::net::Event& event) { return event.data != "stop"; });
  return 0;
}
