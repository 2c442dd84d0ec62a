// A blocking HTTP/1.1 client for our own programs: the command line, tests, tools.
//
//   WB_ASSIGN_OR_RETURN(HttpClient client, HttpClient::Create("http://127.0.0.1:8080", {}));
//   client.SetHeader("Authorization", "Bearer " + token);
//   WB_ASSIGN_OR_RETURN(const Response answer,
//                       client.Put("/v1/notices/" + id, "application/json", body));
//   if (answer.status == 201) ...
//
// One connection is kept and used again; it is made at the first request. A request on a kept
// connection that the server had closed meanwhile is sent once more on another, but only while no
// byte of an answer has come and only for GET, HEAD, PUT and DELETE: those may be done twice. Not
// thread-safe, except Interrupt().
//
// An error means that there is no answer; any HTTP status is an answer. Redirects are not followed.
#ifndef WIDEBERTH_NET_CLIENT_H_
#define WIDEBERTH_NET_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "net/event_reader.h"
#include "net/http.h"
#include "net/tls.h"

namespace wideberth::net {

class HttpClient {
 public:
  struct Options {
    TlsClientFiles tls{};
    int64_t connect_deadline_ms = 5'000;
    int64_t request_deadline_ms = 30'000;  // from the first byte sent to the last received
    size_t body_bytes_max = limits::kHttpClientBodyBytesMax;
    size_t event_bytes_max = limits::kSseQueueBytesMax;
  };

  // Refuses a URL that is not "http(s)://HOST[:PORT]" and TLS files that cannot be used. Connects
  // to nothing yet.
  static base::Result<HttpClient> Create(std::string_view base_url, Options options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Sent with every request from here on; an empty value takes it back.
  void SetHeader(std::string_view name, std::string_view value);

  // `target` starts with '/' and is sent as it is: PercentEncode what needs it.
  base::Result<Response> Get(std::string_view target);
  base::Result<Response> Post(std::string_view target, std::string_view content_type,
                              std::string_view body);
  base::Result<Response> Put(std::string_view target, std::string_view content_type,
                             std::string_view body);
  base::Result<Response> Delete(std::string_view target);
  base::Result<Response> Do(Method method, std::string_view target, std::string_view content_type,
                            std::string_view body);

  // Reads a stream of server-sent events on a connection of its own, until the server ends it,
  // `on_event` returns false, nothing (not even a comment) comes for `silence_deadline_ms`, or
  // Interrupt() is called. Ends by on_event, the server or Interrupt() are successes. A status
  // other than 200 is an error that says it.
  base::Result<void> ReadEvents(std::string_view target, std::string_view last_event_id,
                                const std::function<bool(const Event&)>& on_event,
                                int64_t silence_deadline_ms = 3 * limits::kSseKeepAliveMs);

  // Any thread, and signal handlers: ends a ReadEvents in progress, and every later one at once.
  void Interrupt();

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_CLIENT_H_
