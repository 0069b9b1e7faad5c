#pragma once

#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sluice {

// One thing that /readyz tells of.
struct ReadinessCheck {
  std::string name;
  bool ok = false;
  std::int64_t age_ms = 0;  // Of the knowledge behind it.
  std::string detail;
};

struct Readiness {
  bool is_ready = false;
  std::vector<ReadinessCheck> checks;
};

// What the admin port shows. Both are called on its thread.
struct AdminPages {
  std::function<Readiness()> readiness;
  // Of /metrics; none when the parts did not tell in time.
  std::function<std::optional<std::string>()> metrics;
};

// The admin port: /healthz says that the process is alive, /readyz whether it should get new
// streams, /metrics what happens, for Prometheus. Read-only; holds no ids and no secrets.
// Thread: its own.
// Limits: 64 connections at a time, 8 KiB of head, 5 s a request.
class AdminServer {
 public:
  // UNAVAILABLE: the port is taken.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& address,
                                                            AdminPages pages);
  ~AdminServer();

  const boost::asio::ip::tcp::endpoint& address() const { return address_; }

 private:
  AdminServer() : acceptor_(io_context_), rest_(io_context_) {}

  void Accept();

  boost::asio::io_context io_context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer rest_;
  boost::asio::ip::tcp::endpoint address_;
  AdminPages pages_;
  int open_count_ = 0;
  std::thread thread_;
};

// The JSON body of /readyz.
std::string ReadinessJson(const Readiness& readiness);

}  // namespace sluice
