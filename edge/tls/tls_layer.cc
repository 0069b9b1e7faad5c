#include "edge/tls/tls_layer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "edge/base/check.h"

namespace sluice {
namespace {

using Outcome = SocketResult::Outcome;

constexpr std::size_t kRecordBytesMax = 4096;

bool IsForLater() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int FdOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, and a peer that has gone would end the
// process.
int WriteBio(BIO* bio, const char* bytes, int size) {
  const ssize_t sent =
      send(FdOf(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (sent < 0 && IsForLater()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int ReadBio(BIO* bio, char* bytes, int size) {
  const ssize_t received = recv(FdOf(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT);
  BIO_clear_retry_flags(bio);
  if (received < 0 && IsForLater()) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long ControlBio(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream socket");
    SLUICE_CHECK(made != nullptr);
    BIO_meth_set_write(made, WriteBio);
    BIO_meth_set_read(made, ReadBio);
    BIO_meth_set_ctrl(made, ControlBio);
    return made;
  }();
  return method;
}

}  // namespace

TlsLayer::TlsLayer(const TlsContext& context, int fd) : ssl_(SSL_new(context.get())) {
  BIO* bio = BIO_new(SocketMethod());
  SLUICE_CHECK(ssl_ != nullptr && bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

SocketResult TlsLayer::ResultOf(int value, std::size_t bytes) {
  if (value > 0) return {Outcome::kDone, bytes};
  const int error = SSL_get_error(ssl_.get(), value);
  ERR_clear_error();  // The next call on this thread must not find it.
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return {Outcome::kWouldBlock, 0};
  }
  return {error == SSL_ERROR_ZERO_RETURN ? Outcome::kDone : Outcome::kBroken, 0};
}

SocketResult TlsLayer::Negotiate() {
  return ResultOf(SSL_do_handshake(ssl_.get()), 0);
}

bool TlsLayer::wants_write() const {
  return SSL_want_write(ssl_.get());
}

SocketResult TlsLayer::Send(std::string_view bytes) {
  const SocketResult flushed = Flush();
  if (flushed.outcome != Outcome::kDone) return flushed;
  std::size_t taken = 0;
  while (taken < bytes.size() && unsent_.empty()) {
    const std::string_view record = bytes.substr(taken, kRecordBytesMax);
    const SocketResult result =
        ResultOf(SSL_write(ssl_.get(), record.data(), static_cast<int>(record.size())), 0);
    if (result.outcome == Outcome::kBroken) return result;
    if (result.outcome == Outcome::kWouldBlock) unsent_ = std::string(record);
    taken += record.size();
  }
  return {Outcome::kDone, taken};
}

SocketResult TlsLayer::Flush() {
  if (unsent_.empty()) return {Outcome::kDone, 0};
  const SocketResult result =
      ResultOf(SSL_write(ssl_.get(), unsent_.data(), static_cast<int>(unsent_.size())), 0);
  if (result.outcome == Outcome::kDone) std::string().swap(unsent_);
  return result;
}

SocketResult TlsLayer::Receive(char* bytes, std::size_t bytes_max) {
  const int size = static_cast<int>(std::min<std::size_t>(bytes_max, INT_MAX));
  const int received = SSL_read(ssl_.get(), bytes, size);
  return ResultOf(received, static_cast<std::size_t>(std::max(received, 0)));
}

void TlsLayer::CloseNotify() {
  // Not while a record is half written: it would be cut.
  if (has_unsent() || !SSL_is_init_finished(ssl_.get())) return;
  static_cast<void>(ResultOf(SSL_shutdown(ssl_.get()), 0));
}

}  // namespace sluice
