// tests/clients/cli/support/event_stream_server.h
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::cli {

// An HTTP server on a free port that answers each connection, one after the other, from a script.
// Bytes go out as they are written, so that it can also answer what no server should.
// Thread: the script runs on a thread of the server's own.
class EventStreamServer {
 public:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;

  // One connection: writes what it likes; the connection closes when it returns.
  class Peer {
   public:
    explicit Peer(boost::asio::ip::tcp::socket& socket) : socket_(socket) {}
    void Write(const std::string& bytes);
    // Closes without the orderly end.
    void Reset();
    // Until the other side has closed.
    void WaitForClose();

   private:
    boost::asio::ip::tcp::socket& socket_;
  };
  using Script = std::function<void(Peer&)>;

  explicit EventStreamServer(std::vector<Script> scripts);
  ~EventStreamServer();

  std::string Url(const std::string& path = "/events") const;
  std::vector<Request> Requests();

 private:
  void Serve(const std::vector<Script>& scripts);

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

// An answer whose body, of these bytes, ends with the connection.
std::string StreamOf(const std::string& events);

}  // namespace sluice::cli
