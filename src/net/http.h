// HTTP/1.1 messages as the rest of the program sees them: plain values, no sockets, no third-party
// types.
//
// A Request has passed every check of syntax before a handler sees it: the target is split and
// decoded, the body is complete, nothing in it is longer than its limit. A Response is what a
// handler gives back; the server adds Date, Content-Length and Connection, and leaves out the body
// where the method or status forbids one.
//
//   Response response = JsonResponse(200, writer.Take());
//   response.headers.Add("Location", "/v1/notices/" + id);
//   responder(std::move(response));
#ifndef WIDEBERTH_NET_HTTP_H_
#define WIDEBERTH_NET_HTTP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::net {

// Any other method is answered 501 by the server and reaches no handler.
enum class Method : uint8_t { kGet, kHead, kPut, kPost, kDelete, kPatch, kOptions };

std::string_view MethodName(Method method);
std::optional<Method> ParseMethod(std::string_view name);  // case-sensitive, as RFC 9110 has it

// ASCII only, independent of any locale.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Header fields in the order received. Names compare without regard to case. Lookup is linear: the
// number of fields is limited (kHttpHeaderFieldsMax). Views point into the object and live until it
// changes.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  void Add(std::string_view name, std::string_view value);
  void Clear();

  // The value of the first field of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  // True if a comma-separated list in any field of that name holds `token` (compared without regard
  // to case).
  bool HasToken(std::string_view name, std::string_view token) const;

  size_t size() const { return spans_.size(); }
  Field at(size_t index) const;  // index < size()

 private:
  struct Span {
    uint32_t name_offset;
    uint32_t name_bytes;
    uint32_t value_bytes;
  };
  // All text in one string: a request's header costs no allocation once the connection has seen one
  // of its size.
  std::string text_;
  std::vector<Span> spans_;
};

struct QueryParameter {
  std::string name;
  std::string value;
  bool operator==(const QueryParameter&) const = default;
};

// What a request is about. `path` is decoded; because an encoded slash is refused, splitting it at
// '/' gives the segments the client meant.
struct Target {
  std::string path;
  std::vector<QueryParameter> query;

  // The value of the first parameter of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  bool operator==(const Target&) const = default;
};

// Reads a request target: origin form ("/v1/notices?limit=10"), or the absolute form of RFC
// 9112 3.2.2, whose scheme and authority are checked and dropped.
//
// Refused, naming the rule: any byte outside printable ASCII, a bad percent escape, an escape that
// gives a control byte, a slash or a backslash in the path, text that is not UTF-8, "." and ".."
// and empty segments (save one trailing slash), a fragment, more than kHttpQueryParametersMax
// parameters, a target over kHttpTargetBytesMax.
// '+' in a query is a plus (RFC 3986), not a space: "2026-11-21T11:00:00+01:00" arrives as it was
// typed.
base::Result<Target> ParseTarget(std::string_view target);

// Decodes %XX. `field` names the place in refusals.
base::Result<std::string> PercentDecode(std::string_view text, std::string_view field);
// Escapes everything but RFC 3986's unreserved characters: the result may stand in any segment or
// query value.
std::string PercentEncode(std::string_view text);

// Who is at the other end of the connection.
struct Peer {
  std::string address;  // "127.0.0.1", "2001:db8::1"
  uint16_t port = 0;
  bool tls = false;
  std::string tls_version;  // "TLSv1.3"; empty without TLS
  // Of the verified client certificate; empty without one.
  std::string certificate_subject;  // RFC 2253: "CN=node.example,O=Party"
  std::string certificate_sha256;   // of the DER form, hex
};

struct Request {
  Method method = Method::kGet;
  Target target;
  Headers headers;
  std::string body;
  Peer peer;
  int version_minor = 1;  // HTTP/1.x

  const std::string& path() const { return target.path; }
};

struct Response {
  int status = 200;
  std::string content_type;  // no field is sent when empty
  Headers headers;           // beside Content-Type, Content-Length, Date and Connection
  std::string body;
  bool close = false;  // end the connection after this answer
};

Response TextResponse(int status, std::string body);
Response JsonResponse(int status, std::string body);

// "Not Found" for 404; "Unknown" for a status without a registered phrase.
std::string_view StatusPhrase(int status);

// The status that base/result.h gives each kind of refusal.
int StatusFor(base::ErrorCode code);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_HTTP_H_
