#include "net/http_wire.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/time.h"

namespace wideberth::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string_view ToStd(string_view text) {
  return {text.data(), text.size()};
}

bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// What a line of a header breaks, or an empty view. `line` comes without its CRLF.
std::string_view FieldLineFault(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return "a field must not be folded";
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "a field must have a colon";
  if (!IsToken(line.substr(0, colon))) return "a field name must be a token";
  if (!IsFieldValue(line.substr(colon + 1))) return "a field must not hold control bytes";
  return {};
}

// Finds the lines of a header in bytes that come in pieces; every check is made on whole lines from
// left to right, so that the verdict does not depend on the pieces.
struct LineScan {
  size_t next = 0;   // where the first line starts that was not checked yet
  size_t lines = 0;  // whole lines seen
};

struct Line {
  enum class Kind { kNone, kText, kEmpty, kBareLineEnd } kind = Kind::kNone;
  std::string_view text;
};

Line NextLine(std::string_view window, LineScan* scan) {
  const size_t end = window.find('\n', scan->next);
  if (end == std::string_view::npos) return {};
  const std::string_view line = window.substr(scan->next, end - scan->next);
  if (line.empty() || line.back() != '\r' || line.find('\r') + 1 != line.size()) {
    return {Line::Kind::kBareLineEnd, line};
  }
  scan->next = end + 1;
  scan->lines += 1;
  if (line.size() == 1) return {Line::Kind::kEmpty, {}};
  return {Line::Kind::kText, line.substr(0, line.size() - 1)};
}

// Beast's parser writing into our own types.
template <bool kIsRequest>
class MessageParser final : public http::basic_parser<kIsRequest> {
 public:
  MessageParser(Headers* headers, std::string* body, size_t header_bytes_max)
      : headers_(headers), body_(body) {
    // The header was measured before; Beast's own limit must not bite first.
    this->header_limit(static_cast<uint32_t>(header_bytes_max + 1));
    this->body_limit(boost::none);
    this->eager(false);
  }

  // The whole header in one piece. False with `rule` set if Beast refuses it.
  bool PutHeader(std::string_view header, std::string* rule) {
    while (!header.empty() && !this->is_header_done()) {
      error_code ec;
      const size_t used = this->put({header.data(), header.size()}, ec);
      if (ec && ec != http::error::need_more) {
        *rule = ec.message();
        return false;
      }
      if (used == 0) break;
      header.remove_prefix(used);
    }
    if (!this->is_header_done()) *rule = "the header must end with an empty line";
    return this->is_header_done();
  }

  // Takes body bytes. kComplete, kNeedMore, or kRefused with `rule` set.
  ReadStatus PutBody(std::string_view input, size_t* used, std::string* rule) {
    while (!this->is_done()) {
      std::string_view rest = input.substr(*used);
      if (rest.empty()) return ReadStatus::kNeedMore;
      if (this->chunked() && chunk_left_ == 0) {
        const ReadStatus line = CheckChunkLine(rest, rule);
        if (line != ReadStatus::kComplete) return line;
      }
      error_code ec;
      const size_t taken = this->put({rest.data(), rest.size()}, ec);
      *used += taken;
      if (ec == http::error::need_more) {
        if (taken == 0) return ReadStatus::kNeedMore;
        continue;
      }
      if (ec) {
        *rule = ec.message();
        return ReadStatus::kRefused;
      }
    }
    return ReadStatus::kComplete;
  }

  std::string_view method;
  std::string_view target;
  int status = 0;
  int version_minor = 1;

 protected:
  void on_request_impl(http::verb, string_view method_text, string_view target_text, int version,
                       error_code&) override {
    method = ToStd(method_text);
    target = ToStd(target_text);
    version_minor = version - 10;
  }
  void on_response_impl(int code, string_view, int version, error_code&) override {
    status = code;
    version_minor = version - 10;
  }
  void on_field_impl(http::field, string_view name, string_view value, error_code& ec) override {
    if (this->is_header_done()) {  // a trailer: refused before Beast gets to it
      ec = http::error::bad_field;
      return;
    }
    headers_->Add(ToStd(name), ToStd(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view body, error_code&) override {
    body_->append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(uint64_t size, string_view, error_code&) override {
    chunk_left_ = size;
    first_chunk_ = false;
  }
  size_t on_chunk_body_impl(uint64_t, string_view body, error_code&) override {
    body_->append(body.data(), body.size());
    chunk_left_ -= body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  static constexpr size_t kChunkLineBytesMax = limits::kHttpChunkHeaderBytesMax;

  // Whether `rest`, which starts a chunk, may be given to Beast: only with the whole line of its
  // size, which Beast would wait for as long as bytes come; and the last chunk only with the empty
  // line that ends the message, since Beast asserts more about a last chunk that comes in pieces
  // than a stranger need send.
  ReadStatus CheckChunkLine(std::string_view rest, std::string* rule) const {
    const size_t start = first_chunk_ ? 0 : 2;  // the line end of the chunk before
    const size_t line_end = rest.substr(0, kChunkLineBytesMax).find('\n', start);
    if (line_end == std::string_view::npos) {
      if (rest.size() < kChunkLineBytesMax) return ReadStatus::kNeedMore;
      *rule = "a chunk header must be at most 1024 bytes";
      return ReadStatus::kRefused;
    }
    const std::string_view line = rest.substr(start, line_end - start);
    const std::string_view size = line.substr(0, line.find_first_not_of("0123456789abcdefABCDEF"));
    if (size.empty() || size.find_first_not_of('0') != std::string_view::npos) {
      return ReadStatus::kComplete;
    }
    const std::string_view after = rest.substr(line_end + 1, 2);
    if (after != std::string_view("\r\n").substr(0, after.size())) {
      *rule = "trailer fields are not accepted";
      return ReadStatus::kRefused;
    }
    return after.size() == 2 ? ReadStatus::kComplete : ReadStatus::kNeedMore;
  }

  Headers* headers_;
  std::string* body_;
  uint64_t chunk_left_ = 0;
  bool first_chunk_ = true;
};

bool IsDecimal(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// ---- requests ----

class RequestReader::Parser {
 public:
  std::optional<MessageParser<true>> message;
  LineScan scan;
};

RequestReader::RequestReader(const WireLimits& limits)
    : limits_(limits), body_bytes_max_(limits.body_bytes_max), parser_(new Parser) {
  Reset();
}
RequestReader::~RequestReader() = default;

void RequestReader::Reset() {
  request_.target = {};
  request_.headers.Clear();
  // A connection that once carried a large body does not keep its memory.
  if (request_.body.capacity() > 64 * 1024) request_.body = std::string();
  request_.body.clear();
  body_bytes_max_ = limits_.body_bytes_max;
  keep_alive_ = false;
  expects_continue_ = false;
  parser_->scan = {};
  parser_->message.emplace(&request_.headers, &request_.body, limits_.header_bytes_max);
}

Request& RequestReader::request() {
  return request_;
}
const Refusal& RequestReader::refusal() const {
  return refusal_;
}
bool RequestReader::in_body() const {
  return parser_->message->is_header_done() && !parser_->message->is_done();
}
bool RequestReader::expects_continue() const {
  return expects_continue_;
}
bool RequestReader::keep_alive() const {
  return keep_alive_;
}
size_t RequestReader::body_bytes() const {
  return request_.body.size();
}

void RequestReader::LimitBody(size_t body_bytes_max) {
  body_bytes_max_ = std::min(body_bytes_max_, body_bytes_max);
}

ReadStatus RequestReader::Refuse(int status, base::ErrorCode code, std::string_view field,
                                 std::string_view rule, std::string_view found) {
  refused_ = true;
  refusal_ = {status, base::Fail(code, field, rule, found).value()};
  return ReadStatus::kRefused;
}

ReadStatus RequestReader::Feed(std::string_view input, size_t* used) {
  *used = 0;
  if (refused_) return ReadStatus::kRefused;
  if (!parser_->message->is_header_done()) return FeedHeader(input, used);
  return FeedBody(input, used);
}

ReadStatus RequestReader::FeedHeader(std::string_view input, size_t* used) {
  LineScan& scan = parser_->scan;
  const std::string_view window = input.substr(0, limits_.header_bytes_max);
  // "GET ", the target, " HTTP/1.1" and the line end; no method that we know is longer than
  // OPTIONS.
  const size_t first_line_bytes_max = limits_.target_bytes_max + 20;
  for (;;) {
    const bool first = scan.lines == 0;
    const Line line = NextLine(window, &scan);
    const size_t seen = line.kind == Line::Kind::kNone ? window.size() : line.text.size();
    if (first && seen > first_line_bytes_max) {
      return Refuse(414, base::ErrorCode::kTooLarge, "target",
                    "must be at most " + std::to_string(limits_.target_bytes_max) + " bytes");
    }
    if (line.kind == Line::Kind::kNone) {
      if (input.size() < limits_.header_bytes_max) return ReadStatus::kNeedMore;
      return Refuse(431, base::ErrorCode::kTooLarge, "header",
                    "must be at most " + std::to_string(limits_.header_bytes_max) + " bytes");
    }
    if (line.kind == Line::Kind::kBareLineEnd) {
      return Refuse(400, base::ErrorCode::kInvalid, "header", "lines must end with CR LF");
    }
    if (line.kind == Line::Kind::kEmpty) {
      if (first) {
        return Refuse(400, base::ErrorCode::kInvalid, "header", "must start with a request line");
      }
      break;
    }
    if (first) {
      if (line.text.ends_with(" HTTP/2.0")) {
        return Refuse(505, base::ErrorCode::kInvalid, "version", "must be HTTP/1.1 or HTTP/1.0",
                      "HTTP/2.0");
      }
      continue;
    }
    if (scan.lines - 1 > limits_.header_fields_max) {
      return Refuse(431, base::ErrorCode::kTooLarge, "header",
                    "must have at most " + std::to_string(limits_.header_fields_max) + " fields");
    }
    if (const std::string_view fault = FieldLineFault(line.text); !fault.empty()) {
      return Refuse(400, base::ErrorCode::kInvalid, "header", fault, line.text);
    }
  }
  std::string rule;
  if (!parser_->message->PutHeader(window.substr(0, scan.next), &rule)) {
    return Refuse(400, base::ErrorCode::kInvalid, "header", rule);
  }
  const ReadStatus status = CheckHeader();
  *used = scan.next;
  return status;
}

ReadStatus RequestReader::CheckHeader() {
  const MessageParser<true>& message = *parser_->message;
  const Headers& headers = request_.headers;
  request_.version_minor = message.version_minor;
  const std::optional<Method> method = ParseMethod(message.method);
  if (!method) {
    return Refuse(501, base::ErrorCode::kInvalid, "method",
                  "must be GET, HEAD, PUT, POST, DELETE, PATCH or OPTIONS", message.method);
  }
  request_.method = *method;
  if (message.target.size() > limits_.target_bytes_max) {
    return Refuse(414, base::ErrorCode::kTooLarge, "target",
                  "must be at most " + std::to_string(limits_.target_bytes_max) + " bytes");
  }
  base::Result<Target> target = ParseTarget(message.target);
  if (!target) {
    refused_ = true;
    const bool too_long = target.error().code == base::ErrorCode::kTooLarge;
    refusal_ = {too_long ? 414 : 400, std::move(target).error()};
    return ReadStatus::kRefused;
  }
  request_.target = *std::move(target);
  const size_t hosts = headers.Count("Host");
  if (hosts > 1 || (hosts == 0 && request_.version_minor == 1)) {
    return Refuse(400, base::ErrorCode::kInvalid, "Host", "must be given exactly once");
  }
  const size_t lengths = headers.Count("Content-Length");
  const size_t codings = headers.Count("Transfer-Encoding");
  if (lengths > 1 || (lengths == 1 && !IsDecimal(*headers.Find("Content-Length")))) {
    return Refuse(400, base::ErrorCode::kInvalid, "Content-Length",
                  "must be one decimal number, given once");
  }
  if (codings != 0) {
    if (lengths != 0 || request_.version_minor == 0) {
      return Refuse(400, base::ErrorCode::kInvalid, "Transfer-Encoding",
                    "must not stand beside Content-Length or in HTTP/1.0");
    }
    const std::string_view coding = *headers.Find("Transfer-Encoding");
    if (codings > 1 || !EqualsIgnoreCase(coding, "chunked")) {
      return Refuse(501, base::ErrorCode::kInvalid, "Transfer-Encoding", "must be chunked", coding);
    }
  }
  if (const auto expect = headers.Find("Expect"); expect && request_.version_minor == 1) {
    if (headers.Count("Expect") > 1 || !EqualsIgnoreCase(*expect, "100-continue")) {
      return Refuse(417, base::ErrorCode::kInvalid, "Expect", "must be 100-continue", *expect);
    }
    expects_continue_ = true;
  }
  keep_alive_ = message.keep_alive();
  return ReadStatus::kHeader;
}

ReadStatus RequestReader::FeedBody(std::string_view input, size_t* used) {
  MessageParser<true>& message = *parser_->message;
  if (message.is_done()) return ReadStatus::kComplete;
  const boost::optional<uint64_t> length = message.content_length();
  std::string rule;
  const ReadStatus status = length && *length > body_bytes_max_
                                ? ReadStatus::kNeedMore
                                : message.PutBody(input, used, &rule);
  if ((length && *length > body_bytes_max_) || request_.body.size() > body_bytes_max_) {
    return Refuse(413, base::ErrorCode::kTooLarge, "body",
                  "must be at most " + std::to_string(body_bytes_max_) + " bytes");
  }
  if (status == ReadStatus::kRefused) {
    return Refuse(400, base::ErrorCode::kInvalid, "body", rule);
  }
  return status;
}

// ---- responses ----

class ResponseReader::Parser {
 public:
  std::optional<MessageParser<false>> message;
  LineScan scan;
};

ResponseReader::ResponseReader(const WireLimits& limits, bool head_request)
    : limits_(limits), head_request_(head_request), parser_(new Parser) {}
ResponseReader::~ResponseReader() = default;

Response& ResponseReader::response() {
  return response_;
}
const base::Error& ResponseReader::error() const {
  return error_;
}
bool ResponseReader::keep_alive() const {
  return parser_->message && parser_->message->is_header_done() && parser_->message->keep_alive();
}
std::string ResponseReader::TakeBody() {
  return std::exchange(response_.body, {});
}

ReadStatus ResponseReader::Refuse(std::string_view rule, std::string_view found) {
  error_ = base::Invalid("response", rule, found).value();
  return ReadStatus::kRefused;
}

ReadStatus ResponseReader::Feed(std::string_view input, size_t* used) {
  *used = 0;
  if (!error_.rule.empty()) return ReadStatus::kRefused;
  while (!header_returned_) {
    const std::string_view rest = input.substr(*used);
    const std::string_view window = rest.substr(0, limits_.header_bytes_max);
    for (;;) {
      const bool first = parser_->scan.lines == 0;
      const Line line = NextLine(window, &parser_->scan);
      if (line.kind == Line::Kind::kNone) {
        if (rest.size() < limits_.header_bytes_max) return ReadStatus::kNeedMore;
        return Refuse("the header is too long");
      }
      if (line.kind == Line::Kind::kBareLineEnd) return Refuse("lines must end with CR LF");
      if (line.kind == Line::Kind::kEmpty) break;
      if (first) continue;
      if (const std::string_view fault = FieldLineFault(line.text); !fault.empty()) {
        return Refuse(fault, line.text);
      }
    }
    response_ = {};
    parser_->message.emplace(&response_.headers, &response_.body, limits_.header_bytes_max);
    parser_->message->skip(head_request_);
    std::string rule;
    if (!parser_->message->PutHeader(window.substr(0, parser_->scan.next), &rule)) {
      return Refuse(rule);
    }
    *used += parser_->scan.next;
    parser_->scan = {};
    response_.status = parser_->message->status;
    if (response_.status == 101) return Refuse("the server must not switch protocols");
    if (response_.status / 100 == 1) continue;
    if (response_.headers.Count("Content-Length") > 1 ||
        (response_.headers.Count("Transfer-Encoding") != 0 && !parser_->message->chunked())) {
      return Refuse("the length of the body must be unmistakable");
    }
    if (const auto type = response_.headers.Find("Content-Type")) response_.content_type = *type;
    header_returned_ = true;
    return ReadStatus::kHeader;
  }
  if (parser_->message->is_done()) return ReadStatus::kComplete;
  std::string rule;
  size_t taken = 0;
  const ReadStatus status = parser_->message->PutBody(input.substr(*used), &taken, &rule);
  *used += taken;
  if (status == ReadStatus::kRefused) return Refuse(rule);
  if (!streaming_ && response_.body.size() > limits_.body_bytes_max) {
    return Refuse("the body must be at most " + std::to_string(limits_.body_bytes_max) + " bytes");
  }
  return status;
}

ReadStatus ResponseReader::FeedEnd() {
  if (!error_.rule.empty()) return ReadStatus::kRefused;
  if (!header_returned_) return Refuse("the connection ended before an answer");
  if (parser_->message->is_done()) return ReadStatus::kComplete;
  error_code ec;
  parser_->message->put_eof(ec);
  if (ec) return Refuse("the connection ended inside the body");
  return ReadStatus::kComplete;
}

// ---- writing ----

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
  });
}

bool HasBody(const Response& response, const ResponseFraming& framing) {
  return !framing.head_request && response.status / 100 != 1 && response.status != 204 &&
         response.status != 304;
}

bool AppendResponseHeader(const Response& response, const ResponseFraming& framing,
                          std::string* out) {
  if (!IsFieldValue(response.content_type) || response.status < 100 || response.status > 999) {
    return false;
  }
  for (size_t i = 0; i < response.headers.size(); ++i) {
    const Headers::Field field = response.headers.at(i);
    if (!IsToken(field.name) || !IsFieldValue(field.value)) return false;
  }
  std::array<char, 24> digits{};
  const auto number = [&digits](auto value) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return std::string_view(digits.data(), static_cast<size_t>(end - digits.data()));
  };
  const auto add = [out](std::string_view name, std::string_view value) {
    out->append(name).append(": ").append(value).append("\r\n");
  };
  out->append("HTTP/1.1 ").append(number(response.status)).append(" ");
  out->append(StatusPhrase(response.status)).append("\r\n");
  if (!framing.date.empty()) add("Date", framing.date);
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  if (!framing.until_close && response.status != 204 && response.status / 100 != 1) {
    add("Content-Length", number(response.body.size()));
  }
  if (!framing.keep_alive || framing.until_close) {
    add("Connection", "close");
  } else if (framing.version_minor == 0) {
    add("Connection", "keep-alive");
  }
  for (size_t i = 0; i < response.headers.size(); ++i) {
    const Headers::Field field = response.headers.at(i);
    add(field.name, field.value);
  }
  out->append("\r\n");
  return true;
}

std::string HttpDate(int64_t utc_us) {
  static constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu",
                                                            "Fri", "Sat", "Sun"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t days = utc_us / base::kMicrosPerDay;
  int64_t rest_us = utc_us % base::kMicrosPerDay;
  if (rest_us < 0) {
    rest_us += base::kMicrosPerDay;
    days -= 1;
  }
  const base::CivilDate date = base::CivilFromDays(days);
  const int64_t second = rest_us / base::kMicrosPerSecond;
  const auto two = [](int64_t value) {
    std::string text = std::to_string(value);
    return text.size() == 1 ? "0" + text : text;
  };
  std::string out(kDays[static_cast<size_t>(base::WeekdayFromDays(days))]);
  out.append(", ").append(two(date.day)).append(" ");
  out.append(kMonths[static_cast<size_t>(date.month - 1)]).append(" ");
  out.append(std::to_string(date.year)).append(" ").append(two(second / 3600)).append(":");
  out.append(two(second / 60 % 60)).append(":").append(two(second % 60)).append(" GMT");
  return out;
}

}  // namespace wideberth::net
