#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <utility>

namespace sluice {

// A socket to Redis, in the clear or in TLS.
// Owner:  one connection.
// Thread: the io_context's.
class RedisSocket {
 public:
  using Tcp = boost::asio::ip::tcp;

  explicit RedisSocket(boost::asio::io_context& io_context) : tcp_(io_context) {}

  // To be connected first.
  Tcp::socket& tcp() { return tls_ == nullptr ? tcp_ : tls_->stream.next_layer(); }
  boost::asio::any_io_executor executor() { return tcp().get_executor(); }

  // Of a connected socket: checks that the server is `host`. `done` gets the error.
  template <typename Done>
  void StartTls(std::shared_ptr<boost::asio::ssl::context> context, const std::string& host,
                Done done) {
    tls_ = std::make_unique<Tls>(std::move(tcp_), std::move(context));
    // A name the server may choose its certificate by; addresses are none.
    boost::system::error_code is_name;
    boost::asio::ip::make_address(host, is_name);
    if (is_name) SSL_set_tlsext_host_name(tls_->stream.native_handle(), host.c_str());
    tls_->stream.set_verify_callback(boost::asio::ssl::host_name_verification(host));
    tls_->stream.async_handshake(boost::asio::ssl::stream_base::client, std::move(done));
  }

  // Why the server's certificate was refused; empty: it was not, or not by its chain.
  std::string ChainError() const {
    const long result = tls_ == nullptr
                            ? X509_V_OK
                            : SSL_get_verify_result(const_cast<Tls&>(*tls_).stream.native_handle());
    return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
  }

  template <typename Done>
  void ReadSome(boost::asio::mutable_buffer buffer, Done done) {
    if (tls_ != nullptr) return tls_->stream.async_read_some(buffer, std::move(done));
    tcp_.async_read_some(buffer, std::move(done));
  }

  // All of it.
  template <typename Done>
  void Write(boost::asio::const_buffer buffer, Done done) {
    if (tls_ != nullptr) return boost::asio::async_write(tls_->stream, buffer, std::move(done));
    boost::asio::async_write(tcp_, buffer, std::move(done));
  }

  void Close() {
    boost::system::error_code ignored;
    tcp().close(ignored);
  }

 private:
  struct Tls {
    Tls(Tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> with)
        : context(std::move(with)), stream(std::move(socket), *context) {}
    std::shared_ptr<boost::asio::ssl::context> context;
    boost::asio::ssl::stream<Tcp::socket> stream;
  };

  Tcp::socket tcp_;
  std::unique_ptr<Tls> tls_;  // Null: in the clear.
};

}  // namespace sluice
