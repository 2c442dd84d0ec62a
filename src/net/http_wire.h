// The bytes of HTTP/1.1: requests and responses read from, and written to, plain buffers. No
// sockets: the server and the client own those, tests and the fuzz target feed bytes as they
// please.
//
// The grammar is Boost.Beast's; what a stranger could use to make two programs read one byte stream
// differently is refused here before Beast sees it: bare CR or LF, obs-fold, blanks before a colon,
// control bytes, a repeated Content-Length or Host, Content-Length beside Transfer-Encoding, a
// transfer coding other than a single "chunked".
#ifndef WIDEBERTH_NET_HTTP_WIRE_H_
#define WIDEBERTH_NET_HTTP_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "net/http.h"

namespace wideberth::net {

struct WireLimits {
  size_t header_bytes_max = limits::kHttpHeaderBytesMax;  // start line and fields together
  size_t header_fields_max = limits::kHttpHeaderFieldsMax;
  size_t target_bytes_max = limits::kHttpTargetBytesMax;
  size_t body_bytes_max = limits::kHttpBodyBytesMax;
};

enum class ReadStatus {
  kNeedMore,  // keep what was not used, add bytes, call again
  kHeader,    // the header is complete; call again for the body
  kComplete,  // the whole message is there
  kRefused,   // refusal() says why; the reader takes nothing more
};

// An HTTP status and what was wrong.
struct Refusal {
  int status = 400;
  base::Error error;
};

// Reads one request after another. Not thread-safe. The answer does not depend on how the bytes are
// cut into calls.
//
//   size_t used = 0;
//   const ReadStatus status = reader.Feed(buffer, &used);
//   buffer.erase(0, used);
class RequestReader {
 public:
  explicit RequestReader(const WireLimits& limits);
  ~RequestReader();

  // Takes what it can from `input`, which must start with the bytes that the last call left over.
  // At most header_bytes_max bytes are ever left over while more are asked for.
  ReadStatus Feed(std::string_view input, size_t* used);

  // Call between kHeader and the next Feed: this request's own cap, when it is lower than the
  // general one.
  void LimitBody(size_t body_bytes_max);

  // Complete after kComplete; after kHeader all but the body. The peer is not touched.
  Request& request();
  const Refusal& refusal() const;
  bool in_body() const;           // the header is done and the message is not
  bool expects_continue() const;  // "Expect: 100-continue", valid from kHeader on
  bool keep_alive() const;        // valid from kHeader on
  size_t body_bytes() const;      // of the body so far

  // Makes ready for the next request of the same connection.
  void Reset();

 private:
  class Parser;
  ReadStatus FeedHeader(std::string_view input, size_t* used);
  ReadStatus FeedBody(std::string_view input, size_t* used);
  ReadStatus CheckHeader();
  ReadStatus Refuse(int status, base::ErrorCode code, std::string_view field, std::string_view rule,
                    std::string_view found = {});

  WireLimits limits_;
  size_t body_bytes_max_;
  size_t scanned_ = 0;  // bytes of the input known to hold no end of header
  bool refused_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  Request request_;
  Refusal refusal_;
  std::unique_ptr<Parser> parser_;
};

// Reads one response. For our own client: as strict as the request reader about framing.
class ResponseReader {
 public:
  // `head_request`: the answer to HEAD has no body whatever its header says.
  ResponseReader(const WireLimits& limits, bool head_request);
  ~ResponseReader();

  // Interim responses (1xx) are skipped. kHeader is returned once the final header is complete.
  ReadStatus Feed(std::string_view input, size_t* used);
  // The peer closed its side: completes a body that runs to the end of the stream, refuses a cut
  // one.
  ReadStatus FeedEnd();

  // After kHeader: the body is handed out as it comes by TakeBody() and does not count against the
  // limit.
  void StreamBody() { streaming_ = true; }
  std::string TakeBody();

  Response& response();
  const base::Error& error() const;
  bool keep_alive() const;

 private:
  class Parser;
  ReadStatus Refuse(std::string_view rule, std::string_view found = {});

  WireLimits limits_;
  bool head_request_;
  bool streaming_ = false;
  bool header_returned_ = false;
  size_t scanned_ = 0;
  Response response_;
  base::Error error_;
  std::unique_ptr<Parser> parser_;
};

// What the server adds to a response.
struct ResponseFraming {
  bool head_request = false;
  bool keep_alive = true;
  int version_minor = 1;
  std::string_view date{};   // IMF-fixdate; no field when empty
  bool until_close = false;  // an event stream: no length, the body ends with the connection
};

// Appends status line and fields to `out`; the body follows unless HasBody() says otherwise. False,
// and nothing appended, if a field holds a byte that would let it break out of its line: the caller
// answers 500.
bool AppendResponseHeader(const Response& response, const ResponseFraming& framing,
                          std::string* out);
// Whether the bytes of response.body follow the header.
bool HasBody(const Response& response, const ResponseFraming& framing);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(int64_t utc_us);

// A field name is a token, a value has no control bytes: RFC 9110 5.1, 5.5.
bool IsToken(std::string_view text);
bool IsFieldValue(std::string_view text);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_HTTP_WIRE_H_
