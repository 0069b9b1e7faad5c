#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "control/backplane/redis/link/redis_connection.h"
#include "control/backplane/redis/link/redis_tls.h"
#include "control/backplane/redis/link/redis_url.h"
#include "control/backplane/redis/locate/redis_locator.h"

namespace sluice {

// Keeps one connection to Redis: connects, gets in, ends the connection that came before it, loads
// scripts, notices when nothing comes any more, and begins again after a jittered wait.
// Owner:  the backplane.
// Thread: the io_context's.
// Errors: what goes wrong is told by OnLinkDown in words for people, which never hold the password.
class RedisLink : public RedisConnection::Owner {
 public:
  // A server that accepts connections and says nothing is given up after these.
  static constexpr std::chrono::milliseconds kHandshakeTimeout{2000};
  static constexpr std::chrono::milliseconds kPingAfter{1500};
  static constexpr std::chrono::milliseconds kGiveUpAfter{4000};

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnLinkUp(RedisLink& link) = 0;
    // Also for each attempt that fails. The link tries again by itself.
    virtual void OnLinkDown(RedisLink& link, const std::string& why) = 0;
  };

  // `url` tells how to get in, `locator` where the server is; it outlives this.
  // `name`: what CLIENT LIST shows of the connection.
  // `scripts`: loaded before the link is up (Redis, "SCRIPT LOAD").
  RedisLink(boost::asio::io_context& io_context, RedisUrl url, RedisTlsFiles tls, std::string name,
            std::vector<std::string> scripts, RedisLocator& locator, Owner& owner);
  ~RedisLink() override;

  // Nobody is called back before this returns.
  void Start();
  void Stop();

  bool is_up() const { return is_up_; }
  // Only while it is up.
  RedisConnection& connection() { return *connection_; }
  // The run of the server: another one after each restart and failover.
  const std::string& run_id() const { return run_id_; }
  // As Redis names them, in the order of `scripts`.
  const std::vector<std::string>& script_hashes() const { return script_hashes_; }

  // Ends the connection, and begins again.
  void Reset(const std::string& why);
  // A command was answered so. Where the server was found by asking others, begins again.
  void OnNotMaster(const std::string& why);

 private:
  // RedisConnection::Owner
  void OnConnectionLost(const std::string& why) override;

  void Connect();
  void Resolve(const RedisAddress& address);
  void OnTcpConnected(const std::string& host);
  void CloseConnecting();
  void OnConnected();
  void SendHandshake();
  void OnServerInfo(const redisReply& reply);
  void EndPredecessor();
  void LoadScripts();
  void OnHandshakeDone();
  // True when the reply is what the handshake needs; else the link is reset.
  bool Accepts(const redisReply* reply, const char* command);
  void Down(const std::string& why);
  void ScheduleWatch();
  void Watch();
  std::chrono::milliseconds NextWait();

  boost::asio::io_context& io_context_;
  const RedisUrl url_;
  const RedisTlsFiles tls_;
  const std::string name_;
  const std::vector<std::string> scripts_;
  RedisLocator& locator_;
  RedisLink::Owner& owner_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer watch_timer_;
  // Tells what belongs to the present attempt from what is late.
  std::uint64_t attempt_ = 0;
  std::chrono::steady_clock::time_point attempt_began_;
  std::chrono::steady_clock::time_point last_watch_;
  int failures_ = 0;
  bool is_waiting_to_retry_ = false;  // Between attempts.
  bool is_up_ = false;
  bool is_stopped_ = false;
  std::shared_ptr<RedisSocket> connecting_;  // Null: not at present.
  std::shared_ptr<RedisConnection> connection_;
  std::string run_id_;
  std::vector<std::string> script_hashes_;
  long long connection_id_ = 0;  // Of the present connection, 0 when Redis does not tell it.
  long long predecessor_id_ = 0;
  std::string predecessor_run_id_;
  std::minstd_rand random_;
};

}  // namespace sluice
