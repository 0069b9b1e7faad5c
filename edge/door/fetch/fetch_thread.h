#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace sluice {

// The thread that waits for other servers, so that no shard does.
// Owner:  whoever owns the clients that run on it: stopped before they are destroyed, destroyed
//         after them.
class FetchThread {
 public:
  FetchThread() : thread_([this] { io_context_.run(); }) {}
  ~FetchThread() { Stop(); }

  boost::asio::io_context& io_context() { return io_context_; }

  // Nothing is called back after it.
  void Stop() {
    io_context_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  boost::asio::io_context io_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keeps_running_{
      io_context_.get_executor()};
  std::thread thread_;
};

}  // namespace sluice
