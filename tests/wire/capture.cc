// Loaded into a node by LD_PRELOAD: keeps a copy of every byte that the program hands to TLS or to a socket, so that a
// test can search them for what must never leave.
//
// WIRE_CAPTURE is a folder. A process of the name wideberthd writes there, each file in the order of the calls:
//
//   PID.tls           what is handed to TLS, before it is encrypted
//   PID.stream.KEY.N  what TLS took of it on one connection, in its order: N tells connections apart, KEY is the key
//                     of the certificate at the other end, in hex (none: "nobody"). What a WebSocket client sends is
//                     masked; who searches takes the frames of a stream apart (wire.py)
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

constexpr size_t kKeyBytes = 32;
constexpr size_t kConnectionBytes = 8;

void AppendHex(const unsigned char* bytes, size_t size, char* out) {
  for (size_t i = 0; i < size; ++i) std::snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

template <class Function>
Function OpenSsl(const char* name) {
  auto* found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  if (found == nullptr) std::abort();
  return found;
}

// The Ed25519 key of the certificate at the other end; nothing where there is none.
bool PeerKey(void* ssl, unsigned char (*key)[kKeyBytes]) {
  static const auto certificate = OpenSsl<void* (*)(const void*)>("SSL_get1_peer_certificate");
  static const auto free_it = OpenSsl<void (*)(void*)>("X509_free");
  static const auto public_key = OpenSsl<void* (*)(const void*)>("X509_get0_pubkey");
  static const auto raw =
      OpenSsl<int (*)(const void*, unsigned char*, size_t*)>("EVP_PKEY_get_raw_public_key");
  void* found = certificate(ssl);
  if (found == nullptr) return false;
  size_t size = kKeyBytes;
  const bool is_key = raw(public_key(found), *key, &size) == 1 && size == kKeyBytes;
  free_it(found);
  return is_key;
}

// The random number of the client's hello names the connection.
void KeepOfStream(void* ssl, const void* data, size_t size) {
  static const auto random =
      OpenSsl<size_t (*)(const void*, unsigned char*, size_t)>("SSL_get_client_random");
  if (!IsNode()) return;
  unsigned char key[kKeyBytes] = {};
  unsigned char connection[kConnectionBytes] = {};
  char key_text[2 * kKeyBytes + 1] = "nobody";
  char connection_text[2 * kConnectionBytes + 1] = {};
  if (PeerKey(ssl, &key)) AppendHex(key, kKeyBytes, key_text);
  random(ssl, connection, kConnectionBytes);
  AppendHex(connection, kConnectionBytes, connection_text);
  char suffix[128];
  std::snprintf(suffix, sizeof suffix, "stream.%s.%s", key_text, connection_text);
  Keep(suffix, data, size);
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
  const int sent = real(ssl, data, size);
  if (sent > 0) KeepOfStream(ssl, data, static_cast<size_t>(sent));
  return sent;
}

int SSL_write_ex(void* ssl, const void* data, size_t size, size_t* written) {
  static const auto real = reinterpret_cast<int (*)(void*, const void*, size_t, size_t*)>(
      dlsym(RTLD_NEXT, "SSL_write_ex"));
  Keep("tls", data, size);
  const int done = real(ssl, data, size, written);
  if (done == 1) KeepOfStream(ssl, data, *written);
  return done;
}

}  // extern "C"
