#include "control/backplane/redis/link/redis_link.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "edge/log/log.h"
#include "edge/names/random_id.h"

namespace sluice {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kWatchTick{250};
constexpr milliseconds kWaitMin{50};
constexpr milliseconds kWaitMax{2000};
// Scripts declare their flags, which Redis knows from here on.
constexpr int kMajorVersionMin = 7;

// The value of `name:value` in the reply of INFO.
std::string InfoField(std::string_view info, std::string_view name) {
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(info.data(), info.size()), absl::ByAnyChar("\r\n"))) {
    const std::string_view text(line.data(), line.size());
    if (text.size() > name.size() && text.substr(0, name.size()) == name &&
        text[name.size()] == ':') {
      return std::string(text.substr(name.size() + 1));
    }
  }
  return "";
}

}  // namespace

RedisLink::RedisLink(asio::io_context& io_context, RedisUrl url, RedisTlsFiles tls,
                     std::string name, std::vector<std::string> scripts, RedisLocator& locator,
                     RedisLink::Owner& owner)
    : io_context_(io_context),
      url_(std::move(url)),
      tls_(std::move(tls)),
      name_(std::move(name)),
      scripts_(std::move(scripts)),
      locator_(locator),
      owner_(owner),
      resolver_(io_context),
      retry_timer_(io_context),
      watch_timer_(io_context),
      random_(static_cast<std::minstd_rand::result_type>(RandomNumber())) {}

RedisLink::~RedisLink() {
  Stop();
}

void RedisLink::Start() {
  attempt_began_ = steady_clock::now();
  asio::post(io_context_, [this, attempt = attempt_] {
    if (attempt == attempt_) Connect();
  });
  ScheduleWatch();
}

void RedisLink::Stop() {
  is_stopped_ = true;
  is_up_ = false;
  ++attempt_;
  resolver_.cancel();
  retry_timer_.cancel();
  watch_timer_.cancel();
  CloseConnecting();
  if (const auto connection = std::exchange(connection_, nullptr)) connection->Close();
}

void RedisLink::CloseConnecting() {
  if (const auto socket = std::exchange(connecting_, nullptr)) socket->Close();
}

void RedisLink::Connect() {
  is_waiting_to_retry_ = false;
  const std::uint64_t attempt = ++attempt_;
  attempt_began_ = steady_clock::now();
  locator_.Find([this, attempt](const absl::StatusOr<RedisAddress>& found) {
    if (attempt != attempt_) return;
    if (!found.ok()) return Down(std::string(found.status().message()));
    Resolve(*found);
  });
}

void RedisLink::Resolve(const RedisAddress& address) {
  resolver_.async_resolve(
      address.host, std::to_string(address.port),
      [this, attempt = attempt_, host = address.host](const boost::system::error_code& error,
                                                      tcp::resolver::results_type results) {
        if (attempt != attempt_) return;
        if (error) return Down(absl::StrCat("cannot resolve ", host, ": ", error.message()));
        const auto socket = connecting_ = std::make_shared<RedisSocket>(io_context_);
        asio::async_connect(socket->tcp(), results,
                            [this, attempt, host, socket](const boost::system::error_code& failed,
                                                          const tcp::endpoint&) {
                              if (attempt != attempt_) return;
                              if (failed) {
                                if (locator_.needs_master()) locator_.Doubt();
                                return Down(absl::StrCat("cannot connect: ", failed.message()));
                              }
                              OnTcpConnected(host);
                            });
      });
}

void RedisLink::OnTcpConnected(const std::string& host) {
  boost::system::error_code ignored;
  connecting_->tcp().set_option(tcp::no_delay(true), ignored);
  if (!url_.has_tls) return OnConnected();
  auto context = MakeRedisTls(tls_);
  if (!context.ok()) return Down(std::string(context.status().message()));
  connecting_->StartTls(
      *std::move(context), host,
      [this, attempt = attempt_, socket = connecting_](const boost::system::error_code& failed) {
        if (attempt != attempt_) return;
        if (failed) {
          return Down(absl::StrCat("no TLS: ", failed.message(), " ", socket->ChainError()));
        }
        OnConnected();
      });
}

void RedisLink::OnConnected() {
  connection_ = std::make_shared<RedisConnection>(std::exchange(connecting_, nullptr), *this);
  connection_->Start();
  SendHandshake();
}

bool RedisLink::Accepts(const redisReply* reply, const char* command) {
  // Null: the connection is gone, and OnConnectionLost tells why.
  if (reply == nullptr) return false;
  const absl::Status status = StatusOf(*reply);
  if (status.ok()) return true;
  Reset(absl::StrCat(command, ": ", status.message()));
  return false;
}

void RedisLink::SendHandshake() {
  RedisConnection& connection = *connection_;
  if (!url_.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!url_.user.empty()) auth.push_back(url_.user);
    auth.push_back(url_.password);
    connection.Send(auth, [this](const redisReply* reply) { Accepts(reply, "AUTH"); });
  }
  if (url_.database != 0) {
    const std::string database = std::to_string(url_.database);
    connection.Send({"SELECT", database},
                    [this](const redisReply* reply) { Accepts(reply, "SELECT"); });
  }
  // Only for CLIENT LIST; an ACL may forbid both.
  connection.Send({"CLIENT", "SETNAME", name_}, nullptr);
  connection.Send({"CLIENT", "ID"}, [this](const redisReply* reply) {
    connection_id_ = reply != nullptr && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
  });
  if (locator_.needs_master()) {
    connection.Send({"ROLE"}, [this](const redisReply* reply) {
      if (!Accepts(reply, "ROLE")) return;
      const auto elements = ElementsOf(*reply);
      if (!elements.empty() && TextOf(*elements[0]) == "master") return;
      OnNotMaster("the server that was found is no master");
    });
  }
  connection.Send({"INFO", "server"}, [this](const redisReply* reply) {
    if (Accepts(reply, "INFO")) OnServerInfo(*reply);
  });
}

void RedisLink::OnServerInfo(const redisReply& reply) {
  run_id_ = InfoField(TextOf(reply), "run_id");
  const std::string version = InfoField(TextOf(reply), "redis_version");
  if (run_id_.empty()) return Reset("INFO: the server tells no run_id");
  if (std::atoi(version.c_str()) < kMajorVersionMin) {
    return Reset(
        absl::StrCat("this is Redis ", version, "; expected ", kMajorVersionMin, ".0 or newer"));
  }
  EndPredecessor();
  LoadScripts();
}

// A connection of ours that Redis believes to be open would be counted as a receiver. Its id says
// nothing about another run of the server, where ids begin again.
void RedisLink::EndPredecessor() {
  if (predecessor_id_ == 0 || predecessor_run_id_ != run_id_) return;
  const std::string id = std::to_string(predecessor_id_);
  connection_->Send({"CLIENT", "KILL", "ID", id}, nullptr);
}

void RedisLink::LoadScripts() {
  script_hashes_.clear();
  for (const std::string& script : scripts_) {
    connection_->Send({"SCRIPT", "LOAD", script}, [this](const redisReply* reply) {
      if (Accepts(reply, "SCRIPT LOAD")) script_hashes_.emplace_back(TextOf(*reply));
    });
  }
  connection_->Send({"PING"}, [this](const redisReply* reply) {
    if (Accepts(reply, "PING")) OnHandshakeDone();
  });
}

void RedisLink::OnHandshakeDone() {
  predecessor_id_ = connection_id_;
  predecessor_run_id_ = run_id_;
  is_up_ = true;
  owner_.OnLinkUp(*this);
}

void RedisLink::OnConnectionLost(const std::string& why) {
  connection_.reset();
  Down(why);
}

void RedisLink::Reset(const std::string& why) {
  is_up_ = false;  // Before those that wait for replies are told, who may send again.
  if (const auto connection = std::exchange(connection_, nullptr)) connection->Close();
  Down(why);
}

void RedisLink::OnNotMaster(const std::string& why) {
  if (!locator_.needs_master()) return;
  locator_.Doubt();
  Reset(why);
}

void RedisLink::Down(const std::string& why) {
  if (is_stopped_) return;
  ++attempt_;
  is_up_ = false;
  ++failures_;
  CloseConnecting();
  retry_timer_.expires_after(NextWait());
  is_waiting_to_retry_ = true;
  // A wait that is over can't be canceled any more, so the handler looks whether it is the newest.
  retry_timer_.async_wait([this, attempt = attempt_](const boost::system::error_code& error) {
    if (!error && attempt == attempt_) Connect();
  });
  owner_.OnLinkDown(*this, why);
}

// Full jitter, so that replicas do not come back all at once.
milliseconds RedisLink::NextWait() {
  const auto longest = std::min(kWaitMax, kWaitMin * (1 << std::min(failures_, 6)));
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(kWaitMin.count() / 2,
                                                                       longest.count())(random_));
}

void RedisLink::ScheduleWatch() {
  watch_timer_.expires_after(kWatchTick);
  watch_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Watch();
    if (!is_stopped_) ScheduleWatch();
  });
}

void RedisLink::Watch() {
  const auto now = steady_clock::now();
  if (!is_up_) {
    if (!is_waiting_to_retry_ && now - attempt_began_ > kHandshakeTimeout) {
      resolver_.cancel();
      Reset("the server does not answer");
    }
    return;
  }
  // Not sooner: a server that lets in and then refuses everything is no success.
  if (now - attempt_began_ > kWaitMax) failures_ = 0;
  // A process that was stopped itself finds what came meanwhile only after this.
  const bool was_late = now - std::exchange(last_watch_, now) > kPingAfter;
  const auto quiet = now - connection_->last_received();
  if (was_late && quiet > kGiveUpAfter) return connection_->Send({"PING"}, nullptr);
  if (quiet > kGiveUpAfter) return Reset("the server has stopped answering");
  if (quiet > kPingAfter) connection_->Send({"PING"}, nullptr);
}

}  // namespace sluice
