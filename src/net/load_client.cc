#include "net/load_client.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <deque>
#include <memory>
#include <system_error>
#include <utility>

#include "base/time.h"
#include "net/url.h"

namespace wideberth::net {
namespace {

int64_t NowNs() {
  return base::SystemClock().MonotonicMicros() * 1'000;
}

int64_t ThreadCpuNs() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto ns = [](const timeval& t) {
    return (int64_t{t.tv_sec} * 1'000'000 + t.tv_usec) * 1'000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

base::Unexpected Broken(std::string_view rule, std::string_view found = {}) {
  return base::Fail(base::ErrorCode::kBusy, "load", rule, found);
}

struct Link {
  ~Link() {
    if (fd >= 0) close(fd);
  }
  int fd = -1;
  bool busy = false;
  bool wants_write = false;
  uint64_t k = 0;
  int64_t due_ns = 0;
  std::string out;
  size_t out_sent = 0;
  std::string in;
};

struct Answer {
  int status = 0;
  std::string_view body;
  size_t bytes = 0;  // of the whole message; 0 while it is incomplete
};

base::Result<Answer> ParseAnswer(std::string_view in) {
  const size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return Answer{};
  const std::string_view head = in.substr(0, end);
  Answer answer;
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) {
    return Broken("an answer must start with its status", head.substr(0, 40));
  }
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  size_t length = 0;
  if (const size_t at = head.find(kLength); at != std::string_view::npos) {
    std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), length);
  } else if (answer.status != 204) {
    return Broken("an answer must have a Content-Length", head.substr(0, 40));
  }
  if (in.size() < end + 4 + length) return Answer{};
  answer.body = in.substr(end + 4, length);
  answer.bytes = end + 4 + length;
  return answer;
}

class Generator {
 public:
  Generator(const LoadOptions& options, const MakeRequest& make, const TakeAnswer& take)
      : options_(options), make_(make), take_(take), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Generator() { close(epoll_); }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  base::Result<LoadResult> Run() {
    WB_RETURN_IF_ERROR(Connect());
    result_.latency_ns.reserve(options_.requests);
    const int64_t cpu_start_ns = ThreadCpuNs();
    start_ns_ = NowNs();
    while (result_.answers < options_.requests) {
      const int64_t now_ns = NowNs();
      if (now_ns - start_ns_ > options_.deadline_ms * 1'000'000) {
        return Broken("the run must end within its deadline",
                      std::to_string(result_.answers) + " answers");
      }
      while (!idle_.empty() && next_ < options_.requests && DueNs(next_) <= now_ns) {
        Link* link = idle_.front();
        idle_.pop_front();
        WB_RETURN_IF_ERROR(Begin(link, now_ns));
      }
      WB_RETURN_IF_ERROR(WaitAndServe(now_ns));
    }
    result_.elapsed_ns = NowNs() - start_ns_;
    result_.cpu_ns = ThreadCpuNs() - cpu_start_ns;
    std::sort(result_.latency_ns.begin(), result_.latency_ns.end());
    return std::move(result_);
  }

 private:
  base::Result<void> Connect() {
    const BaseUrl url{false, options_.host, options_.port};
    for (size_t i = 0; i < options_.connections; ++i) {
      links_.push_back(std::make_unique<Link>());
      Link* link = links_.back().get();
      WB_ASSIGN_OR_RETURN(link->fd, ConnectTcp(url, 5'000));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = link;
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, link->fd, &event) != 0) {
        return Broken("epoll must take a socket", std::generic_category().message(errno));
      }
      idle_.push_back(link);
    }
    return {};
  }

  int64_t DueNs(uint64_t k) const {
    if (options_.rate_per_second <= 0) return start_ns_;
    return start_ns_ +
           static_cast<int64_t>(static_cast<double>(k) * 1e9 / options_.rate_per_second);
  }

  base::Result<void> Begin(Link* link, int64_t now_ns) {
    link->k = next_++;
    link->due_ns = options_.rate_per_second > 0 ? DueNs(link->k) : now_ns;
    link->busy = true;
    link->out.clear();
    link->out_sent = 0;
    make_(link->k, &link->out);
    return Push(link);
  }

  base::Result<void> Push(Link* link) {
    while (link->out_sent < link->out.size()) {
      const ssize_t sent = send(link->fd, link->out.data() + link->out_sent,
                                link->out.size() - link->out_sent, MSG_NOSIGNAL);
      if (sent > 0) {
        link->out_sent += static_cast<size_t>(sent);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno != EINTR) {
        return Broken("a connection must last", std::generic_category().message(errno));
      }
    }
    const bool wants_write = link->out_sent < link->out.size();
    if (wants_write != link->wants_write) {
      link->wants_write = wants_write;
      epoll_event event{};
      event.events = EPOLLIN | (wants_write ? uint32_t{EPOLLOUT} : 0u);
      event.data.ptr = link;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, link->fd, &event);
    }
    return {};
  }

  base::Result<void> WaitAndServe(int64_t now_ns) {
    std::array<epoll_event, 256> events;
    int64_t wait_ns = 100'000'000;
    if (!idle_.empty() && next_ < options_.requests) {
      wait_ns = std::clamp<int64_t>(DueNs(next_) - now_ns, 0, wait_ns);
    }
    const timespec timeout{0, wait_ns};
    const int ready =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (ready < 0 && errno != EINTR) {
      return Broken("epoll must wait", std::generic_category().message(errno));
    }
    for (int i = 0; i < ready; ++i) {
      auto* link = static_cast<Link*>(events[static_cast<size_t>(i)].data.ptr);
      const uint32_t happened = events[static_cast<size_t>(i)].events;
      if ((happened & EPOLLOUT) != 0) WB_RETURN_IF_ERROR(Push(link));
      if ((happened & ~uint32_t{EPOLLOUT}) != 0) WB_RETURN_IF_ERROR(Pull(link));
    }
    return {};
  }

  base::Result<void> Pull(Link* link) {
    const ssize_t got = recv(link->fd, buffer_.data(), buffer_.size(), 0);
    if (got == 0) return Broken("the server must not close a connection");
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return {};
      return Broken("a connection must last", std::generic_category().message(errno));
    }
    // An answer that came in one piece is read where it lies.
    std::string_view in(buffer_.data(), static_cast<size_t>(got));
    if (!link->in.empty()) {
      link->in.append(in);
      in = link->in;
    }
    WB_ASSIGN_OR_RETURN(const Answer answer, ParseAnswer(in));
    if (answer.bytes == 0) {
      if (link->in.empty()) link->in.assign(in);
      return {};
    }
    if (!link->busy || answer.bytes != in.size()) {
      return Broken("a request must have one answer");
    }
    const int64_t now_ns = NowNs();
    result_.latency_ns.push_back(now_ns - link->due_ns);
    result_.by_status[answer.status] += 1;
    result_.answers += 1;
    link->busy = false;
    take_(link->k, answer.status, answer.body);
    link->in.clear();
    if (next_ < options_.requests && DueNs(next_) <= now_ns) return Begin(link, now_ns);
    idle_.push_back(link);
    return {};
  }

  const LoadOptions& options_;
  const MakeRequest& make_;
  const TakeAnswer& take_;
  const int epoll_;
  std::vector<std::unique_ptr<Link>> links_;
  std::deque<Link*> idle_;  // by turns: one that rested too long would be closed by the server
  uint64_t next_ = 0;
  int64_t start_ns_ = 0;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  LoadResult result_;
};

}  // namespace

double LoadResult::PerSecond() const {
  return elapsed_ns == 0 ? 0 : static_cast<double>(answers) * 1e9 / static_cast<double>(elapsed_ns);
}

int64_t LoadResult::LatencyNs(double quantile) const {
  if (latency_ns.empty()) return 0;
  const double rank = std::ceil(quantile * static_cast<double>(latency_ns.size()));
  const auto index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return latency_ns[std::min(index, latency_ns.size() - 1)];
}

base::Result<LoadResult> RunLoad(const LoadOptions& options, const MakeRequest& make_request,
                                 const TakeAnswer& take_answer) {
  if (options.connections == 0 || options.port == 0) {
    return base::Invalid("load", "must have a port and at least one connection");
  }
  return Generator(options, make_request, take_answer).Run();
}

void AppendRequest(std::string_view method, std::string_view target, std::string_view fields,
                   std::string_view body, std::string* out) {
  out->append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: load\r\n");
  out->append(fields);
  if (!body.empty()) {
    out->append("Content-Type: application/json\r\nContent-Length: ");
    out->append(std::to_string(body.size())).append("\r\n");
  }
  out->append("\r\n").append(body);
}

}  // namespace wideberth::net
