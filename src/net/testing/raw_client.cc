#include "net/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <thread>

namespace wideberth::net::testing {

RawClient::RawClient(uint16_t port, int receive_buffer_bytes) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
  }
  // A test that waits for what never comes fails instead of hanging.
  const timeval limit{20, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

RawClient::~RawClient() {
  close(fd_);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::ShutdownSend() {
  shutdown(fd_, SHUT_WR);
}

bool RawClient::More() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  in_.append(buffer.data(), static_cast<size_t>(got));
  return true;
}

std::string RawClient::ReadThrough(std::string_view mark) {
  size_t at = 0;
  while ((at = in_.find(mark)) == std::string::npos) {
    if (!More()) return std::exchange(in_, {});
  }
  std::string out = in_.substr(0, at + mark.size());
  in_.erase(0, at + mark.size());
  return out;
}

std::string RawClient::ReadAnswer(bool head_request) {
  std::string out = ReadThrough("\r\n\r\n");
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const size_t at = out.find(kLength);
  if (at == std::string::npos || head_request) return out;
  size_t length = 0;
  std::from_chars(out.data() + at + kLength.size(), out.data() + out.size(), length);
  while (in_.size() < length && More()) {
  }
  out.append(in_.substr(0, length));
  in_.erase(0, length);
  return out;
}

std::string RawClient::ReadToEnd() {
  while (More()) {
  }
  return std::exchange(in_, {});
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 4'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

int StatusOf(std::string_view answer) {
  int status = 0;
  if (answer.size() >= 12) std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

}  // namespace wideberth::net::testing
