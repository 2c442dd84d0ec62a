#include "net/url.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/time.h"

namespace wideberth::net {
namespace {

base::Result<uint16_t> ParsePort(std::string_view text, std::string_view url) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value == 0 || value > 65'535) {
    return base::Invalid("url", "the port must be between 1 and 65535", url);
  }
  return static_cast<uint16_t>(value);
}

std::string SystemWords(int error) {
  return std::generic_category().message(error);
}

// 0, or the errno of the attempt.
int ConnectOne(int fd, const addrinfo& info, int64_t due_us) {
  if (connect(fd, info.ai_addr, info.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  for (;;) {
    const int64_t left_ms = (due_us - base::SystemClock().MonotonicMicros()) / 1'000;
    if (left_ms <= 0) return ETIMEDOUT;
    pollfd entry{fd, POLLOUT, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<int64_t>(left_ms, 60'000)));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready > 0) break;
  }
  int error = 0;
  socklen_t bytes = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
  return error;
}

}  // namespace

std::string BaseUrl::Authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

base::Result<BaseUrl> ParseBaseUrl(std::string_view url) {
  BaseUrl parsed;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    parsed.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return base::Invalid("url", "must start with http:// or https://", url);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || rest.find_first_of("/?#@ \t\r\n") != std::string_view::npos) {
    return base::Invalid("url", "must be a host and a port, without path or user", url);
  }
  parsed.port = parsed.tls ? 443 : 80;
  size_t host_end = rest.rfind(':');
  if (rest.front() == '[') {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) {
      return base::Invalid("url", "an IPv6 address must stand in brackets", url);
    }
    parsed.host = rest.substr(1, close - 1);
    host_end = close + 1 == rest.size() ? std::string_view::npos : close + 1;
    if (host_end != std::string_view::npos && rest[host_end] != ':') {
      return base::Invalid("url", "a port must follow a colon", url);
    }
  } else {
    parsed.host = rest.substr(0, host_end);
    if (parsed.host.find(':') != std::string::npos) {
      return base::Invalid("url", "an IPv6 address must stand in brackets", url);
    }
  }
  if (host_end != std::string_view::npos) {
    WB_ASSIGN_OR_RETURN(parsed.port, ParsePort(rest.substr(host_end + 1), url));
  }
  if (parsed.host.empty()) return base::Invalid("url", "must name a host", url);
  return parsed;
}

base::Result<int> ConnectTcp(const BaseUrl& url, int64_t deadline_ms) {
  const int64_t due_us = base::SystemClock().MonotonicMicros() + deadline_ms * 1'000;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int looked_up =
      getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list);
  if (looked_up != 0) {
    return base::Fail(base::ErrorCode::kNotFound, "url", "the host must have an address",
                      url.host + ": " + gai_strerror(looked_up));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, &freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    error = ConnectOne(fd, *info, due_us);
    if (error == 0) {
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      return fd;
    }
    close(fd);
  }
  if (error == ECONNREFUSED) {
    return base::Fail(base::ErrorCode::kBusy, "",
                      "connection refused at " + url.Authority() + ": is the node running?");
  }
  if (error == ETIMEDOUT) {
    return base::Fail(base::ErrorCode::kBusy, "",
                      "no connection to " + url.Authority() + " within the deadline");
  }
  return base::Fail(base::ErrorCode::kBusy, "", "cannot connect to " + url.Authority(),
                    SystemWords(error));
}

}  // namespace wideberth::net
