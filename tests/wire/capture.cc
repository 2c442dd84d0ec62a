// Loaded into a node by LD_PRELOAD: keeps a copy of every byte that the program hands to TLS or to a socket, so that a
// test can search them for what must never leave.
//
// WIRE_CAPTURE is a folder. A process of the name wideberthd writes there, each file in the order of the calls:
//
//   PID.tls           what is handed to TLS, before it is encrypted
//   PID.socket.PORT   what is written to sockets whose own port is PORT (0: no internet socket)
//
// It wraps the calls of the C library and of OpenSSL by which bytes leave; a program that made system calls of its own
// would escape it, and the test that nothing was missed is that what must be there is found.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <class Function>
Function Real(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool IsNode() {
  static const bool is_node = [] {
    char name[32] = {};
    const int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    const ssize_t bytes = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
    if (fd >= 0) close(fd);
    return bytes > 0 && std::strncmp(name, "wideberthd", 10) == 0;
  }();
  return is_node;
}

void Keep(const char* suffix, const void* data, size_t size) {
  const char* folder = std::getenv("WIRE_CAPTURE");
  if (folder == nullptr || size == 0 || !IsNode()) return;
  char path[512];
  std::snprintf(path, sizeof path, "%s/%d.%s", folder, getpid(), suffix);
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) std::abort();  // a search of half the bytes would prove nothing
  static const auto real = Real(&write, "write");
  if (real(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  close(fd);
}

void KeepOfSocket(int fd, const void* data, ssize_t size) {
  struct stat status {};
  if (size <= 0 || fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  sockaddr_in address{};
  socklen_t length = sizeof address;
  unsigned port = 0;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
      address.sin_family == AF_INET) {
    port = ntohs(address.sin_port);
  }
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "socket.%u", port);
  Keep(suffix, data, static_cast<size_t>(size));
}

// `sent` bytes of the pieces.
void KeepOfPieces(int fd, const iovec* pieces, size_t count, ssize_t sent) {
  for (size_t i = 0; i < count && sent > 0; ++i) {
    const auto size = static_cast<ssize_t>(pieces[i].iov_len);
    KeepOfSocket(fd, pieces[i].iov_base, size < sent ? size : sent);
    sent -= size;
  }
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto real = Real(&write, "write");
  const ssize_t sent = real(fd, data, size);
  KeepOfSocket(fd, data, sent);
  return sent;
}

ssize_t writev(int fd, const iovec* pieces, int count) {
  static const auto real = Real(&writev, "writev");
  const ssize_t sent = real(fd, pieces, count);
  KeepOfPieces(fd, pieces, static_cast<size_t>(count), sent);
  return sent;
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  static const auto real = Real(&send, "send");
  const ssize_t sent = real(fd, data, size, flags);
  KeepOfSocket(fd, data, sent);
  return sent;
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  static const auto real = Real(&sendto, "sendto");
  const ssize_t sent = real(fd, data, size, flags, to, length);
  KeepOfSocket(fd, data, sent);
  return sent;
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto real = Real(&sendmsg, "sendmsg");
  const ssize_t sent = real(fd, message, flags);
  KeepOfPieces(fd, message->msg_iov, message->msg_iovlen, sent);
  return sent;
}

// Declared here, so that building it needs no headers of OpenSSL.
int SSL_write(void* ssl, const void* data, int size) {
  static const auto real =
      reinterpret_cast<int (*)(void*, const void*, int)>(dlsym(RTLD_NEXT, "SSL_write"));
  if (size > 0) Keep("tls", data, static_cast<size_t>(size));
  return real(ssl, data, size);
}

int SSL_write_ex(void* ssl, const void* data, size_t size, size_t* written) {
  static const auto real = reinterpret_cast<int (*)(void*, const void*, size_t, size_t*)>(
      dlsym(RTLD_NEXT, "SSL_write_ex"));
  Keep("tls", data, size);
  return real(ssl, data, size, written);
}

}  // extern "C"
