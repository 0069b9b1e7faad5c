#include "tests/support/http/answering_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>

#include <utility>

namespace sluice::tests {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

AnsweringServer::AnsweringServer(Answer answer)
    : acceptor_(io_context_, {asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)) {
  asio::co_spawn(io_context_, Accept(), asio::detached);
  thread_ = std::thread([this] { io_context_.run(); });
}

AnsweringServer::~AnsweringServer() {
  io_context_.stop();
  thread_.join();
}

std::string AnsweringServer::Url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + target;
}

void AnsweringServer::SetAnswer(Answer answer) {
  asio::post(io_context_, [this, answer = std::move(answer)] { answer_ = answer; });
}

asio::awaitable<void> AnsweringServer::Accept() {
  while (true) {
    tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
    seen_.Update([](Seen& seen) { ++seen.connections; });
    asio::co_spawn(io_context_, Serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> AnsweringServer::Serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  boost::system::error_code error;
  while (!error) {
    RequestHead request;
    co_await http::async_read(socket, buffer, request,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    const std::string bytes = answer_(request);
    seen_.Update([&request](Seen& seen) { seen.requests.push_back(request); });
    if (bytes.empty()) {  // Until the client gives up.
      co_await socket.async_wait(tcp::socket::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
      break;
    }
    co_await asio::async_write(socket, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
  }
}

std::string AnswerBytes(int status, const std::string& body, const std::string& lines) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Status\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + lines + "\r\n" +
         body;
}

}  // namespace sluice::tests
