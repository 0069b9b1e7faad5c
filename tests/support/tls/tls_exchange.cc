#include "tests/support/tls/tls_exchange.h"

#include <absl/time/clock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <csignal>

#include "edge/base/check.h"

namespace sluice::tests {
namespace {

void Trust(SSL_CTX* context, const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  SLUICE_CHECK(authority != nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
  X509_free(authority);
  BIO_free(bio);
}

}  // namespace

TlsExchange::TlsExchange(int port, const TlsClientOptions& options)
    : socket_(TcpSocket::Connect(port, "", options.receive_buffer_bytes)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      ssl_(nullptr, &SSL_free) {
  std::signal(SIGPIPE, SIG_IGN);  // Our own writes to a server that has gone.
  Trust(context_.get(), options.authority_pem);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (options.version_max != 0) SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set1_host(ssl_.get(), "localhost");
  SSL_set_tlsext_host_name(ssl_.get(), "localhost");
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl_.get(),
                        reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
  }
  SSL_set_fd(ssl_.get(), socket_.fd());
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    if (!WaitFor(POLLOUT, deadline)) return;
    const int result = SSL_connect(ssl_.get());
    if (result == 1) break;
    const int error = SSL_get_error(ssl_.get(), result);
    ERR_clear_error();
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return;
    if (!WaitFor(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return;
  }
  is_connected_ = true;
}

std::string TlsExchange::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

bool TlsExchange::WaitFor(short events, absl::Time deadline) const {
  const absl::Duration left = deadline - absl::Now();
  pollfd waited = {socket_.fd(), events, 0};
  return left > absl::ZeroDuration() &&
         poll(&waited, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) > 0;
}

bool TlsExchange::Send(const std::string& bytes) {
  const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  return sent == static_cast<int>(bytes.size());
}

bool TlsExchange::ReadSome(absl::Time deadline) {
  char buffer[16 * 1024];
  const int result = SSL_read(ssl_.get(), buffer, sizeof(buffer));
  if (result > 0) {
    received_.append(buffer, static_cast<std::size_t>(result));
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  has_close_notify_ |= error == SSL_ERROR_ZERO_RETURN;
  return error == SSL_ERROR_WANT_READ && WaitFor(POLLIN, deadline);
}

const std::string& TlsExchange::ReadUntil(const std::string& part, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (received_.find(part) == std::string::npos && ReadSome(deadline)) {
  }
  return received_;
}

bool TlsExchange::ReadToCloseNotify(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (ReadSome(deadline)) {
  }
  return has_close_notify_;
}

}  // namespace sluice::tests
