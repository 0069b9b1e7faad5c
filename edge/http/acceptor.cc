#include "edge/http/acceptor.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <sys/socket.h>

#include <chrono>
#include <sstream>
#include <utility>

#include "edge/log/log.h"

namespace sluice {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kRest = std::chrono::milliseconds(100);

std::string ToText(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

absl::Status ListenError(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
  const std::string text =
      absl::StrCat("cannot listen on ", ToText(endpoint), ": ", error.message());
  if (error == asio::error::address_in_use) {
    return absl::UnavailableError(
        absl::StrCat(text, "; stop the other process or choose another port"));
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<tcp::endpoint> ParseEndpoint(const std::string& text) {
  const auto expected = [&](absl::string_view wrong) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`", text, "` ", wrong, "; expected ADDRESS:PORT such as 127.0.0.1:8080 or [::1]:8080"));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return expected("has no port");
  unsigned port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    return expected("has no port from 0 to 65535");
  }
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return expected("has an IPv6 address without brackets");
  }
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return expected("has no numeric IP address");
  return tcp::endpoint(address, static_cast<unsigned short>(port));
}

absl::StatusOr<tcp::endpoint> ProbePort(const tcp::endpoint& endpoint) {
  asio::io_context io_context;
  tcp::acceptor probe(io_context);
  boost::system::error_code error;
  static_cast<void>(probe.open(endpoint.protocol(), error));
  // Not refused over connections of a server that has just stopped, only over one that listens.
  if (!error) static_cast<void>(probe.set_option(tcp::acceptor::reuse_address(true), error));
  if (!error) static_cast<void>(probe.bind(endpoint, error));
  if (!error) static_cast<void>(probe.listen(1, error));
  if (error) return ListenError(endpoint, error);
  return probe.local_endpoint();
}

Acceptor::Acceptor(asio::io_context& io_context, absl::AnyInvocable<bool(TcpSocket)> on_accept)
    : socket_(io_context), rest_(io_context), on_accept_(std::move(on_accept)) {}

absl::Status Acceptor::Listen(const tcp::endpoint& endpoint) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  boost::system::error_code error;
  static_cast<void>(socket_.open(endpoint.protocol(), error));
  if (!error) static_cast<void>(socket_.set_option(Socket::reuse_address(true), error));
  if (!error) static_cast<void>(socket_.set_option(ReusePort(true), error));
  if (!error) static_cast<void>(socket_.bind(endpoint, error));
  if (!error) static_cast<void>(socket_.listen(asio::socket_base::max_listen_connections, error));
  if (!error) static_cast<void>(socket_.non_blocking(true, error));
  return error ? ListenError(endpoint, error) : absl::OkStatus();
}

void Acceptor::Start() {
  Accept();
}

void Acceptor::Accept() {
  socket_.async_accept([this](const boost::system::error_code& error, TcpSocket socket) {
    if (error == asio::error::operation_aborted || !socket_.is_open()) return;
    if (!error) {
      is_paused_ = !on_accept_(std::move(socket));
      if (!is_paused_) Accept();
      return;
    }
    Log(spdlog::level::warn, "accept failed, resting for 100 ms", {{"error", error.message()}});
    rest_.expires_after(kRest);
    rest_.async_wait([this](const boost::system::error_code& canceled) {
      if (!canceled) Accept();
    });
  });
}

void Acceptor::Resume() {
  if (!std::exchange(is_paused_, false) || !socket_.is_open()) return;
  Accept();
}

void Acceptor::Stop() {
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
  rest_.cancel();
}

}  // namespace sluice
