#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "edge/http/stream_request.h"
#include "tests/support/watched.h"

namespace sluice::tests {

// An HTTP server that answers as the test says, on a free port of 127.0.0.1.
// Thread: any; `answer` is called on its own.
class AnsweringServer {
 public:
  // The bytes of the answer; empty: none ever comes.
  using Answer = std::function<std::string(const RequestHead&)>;

  explicit AnsweringServer(Answer answer);
  ~AnsweringServer();

  std::string Url(const std::string& target) const;

  // What comes from now on.
  void SetAnswer(Answer answer);

  bool WaitForRequests(std::size_t count) const {
    return seen_.WaitFor([count](const Seen& seen) { return seen.requests.size() >= count; },
                         kPatience);
  }
  std::vector<RequestHead> Requests() const { return seen_.Copy().requests; }
  int ConnectionCount() const { return seen_.Copy().connections; }

 private:
  struct Seen {
    std::vector<RequestHead> requests;
    int connections = 0;
  };

  boost::asio::awaitable<void> Accept();
  boost::asio::awaitable<void> Serve(boost::asio::ip::tcp::socket socket);

  boost::asio::io_context io_context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  Answer answer_;  // Of the thread alone.
  Watched<Seen> seen_;
  std::thread thread_;
};

// A whole answer. `lines`: headers, each with its CRLF.
std::string AnswerBytes(int status, const std::string& body, const std::string& lines = "");

}  // namespace sluice::tests
