// A client that sends exactly the bytes a test gives it, and a server with a small set of handlers
// to send them to.
#ifndef WIDEBERTH_NET_TESTING_RAW_CLIENT_H_
#define WIDEBERTH_NET_TESTING_RAW_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/server.h"

namespace wideberth::net::testing {

class RawClient {
 public:
  // `receive_buffer_bytes`: of the kernel, small to be a slow reader; 0 leaves it.
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  // False once the server has closed the connection.
  bool Send(std::string_view bytes);
  void ShutdownSend();
  // Reads one answer with a Content-Length; what has come if the connection ends first.
  std::string ReadAnswer(bool head_request = false);
  // Reads until `mark` has come, and returns everything up to and with it.
  std::string ReadThrough(std::string_view mark);
  // Reads until the server closes.
  std::string ReadToEnd();

 private:
  bool More();
  int fd_ = -1;
  bool connected_ = false;
  std::string in_;
};

// Waits, for at most 20 s, until `condition` holds.
bool Eventually(const std::function<bool()>& condition);

// The status of an answer's first line; 0 if there is none.
int StatusOf(std::string_view answer);

}  // namespace wideberth::net::testing

#endif  // WIDEBERTH_NET_TESTING_RAW_CLIENT_H_
