// tests/clients/cli/support/event_stream_server.cc
#include "tests/clients/cli/support/event_stream_server.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>

#include <utility>

namespace sluice::cli {

namespace asio = boost::asio;

void EventStreamServer::Peer::Write(const std::string& bytes) {
  boost::system::error_code error;
  asio::write(socket_, asio::buffer(bytes), error);  // The client may have left.
}

void EventStreamServer::Peer::Reset() {
  boost::system::error_code error;
  socket_.set_option(asio::socket_base::linger(true, 0), error);
  socket_.close(error);
}

void EventStreamServer::Peer::WaitForClose() {
  boost::system::error_code error;
  char byte = 0;
  while (!error) socket_.read_some(asio::buffer(&byte, 1), error);
}

EventStreamServer::EventStreamServer(std::vector<Script> scripts)
    : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
  thread_ = std::thread([this, scripts = std::move(scripts)] { Serve(scripts); });
}

EventStreamServer::~EventStreamServer() {
  // Wakes an accept that no client came for. A connection it takes gets no script.
  boost::system::error_code error;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect(acceptor_.local_endpoint(), error);
  socket.close(error);
  thread_.join();
}

std::string EventStreamServer::Url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
}

std::vector<EventStreamServer::Request> EventStreamServer::Requests() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

void EventStreamServer::Serve(const std::vector<Script>& scripts) {
  for (const Script& script : scripts) {
    boost::system::error_code error;
    asio::ip::tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    Request request;
    boost::beast::flat_buffer buffer;
    if (!error) boost::beast::http::read(socket, buffer, request, error);
    if (error) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    Peer peer(socket);
    script(peer);
  }
}

std::string StreamOf(const std::string& events) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", events);
}

}  // namespace sluice::cli
