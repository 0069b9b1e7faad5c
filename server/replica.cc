#include "server/replica.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <sstream>
#include <thread>

#include "control/backplane/local/local_backplane.h"
#include "control/backplane/redis/redis_backplane.h"
#include "edge/log/log.h"
#include "server/metrics/metrics.h"

namespace sluice {
namespace {

// How long a scrape waits for the shards and the cluster thread.
constexpr auto kCountsTimeout = std::chrono::seconds(1);
// How long streams may take to end, and calls after them.
constexpr absl::Duration kStreamsEndTimeout = absl::Seconds(5);
constexpr absl::Duration kCallsEndTimeout = absl::Seconds(2);

std::string ToText(const boost::asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

std::unique_ptr<Backplane> MakeBackplane(const Config& config, const Clock& clock,
                                         boost::asio::io_context& io_context) {
  if (!config.redis.has_value()) {
    return std::make_unique<LocalBackplane>(config.edge.replica_id, clock, config.record_ttl,
                                            config.history);
  }
  return std::make_unique<RedisBackplane>(
      RedisOptions{*config.redis, config.redis_tls, config.redis_prefix, config.edge.replica_id,
                   config.record_ttl, config.history},
      io_context);
}

ClusterOptions ClusterOptionsOf(const Config& config) {
  ClusterOptions options;
  options.replica_id = config.edge.replica_id;
  options.record_ttl = config.record_ttl;
  options.history = config.history;
  options.resume_cache_bytes_max = config.resume_cache_bytes_max;
  // What is replayed leaves room in the outbox for what comes live behind it.
  options.replay_page_bytes_max =
      std::min(options.replay_page_bytes_max, config.edge.outbox_bytes_max / 2);
  return options;
}

}  // namespace

Replica::Replica(const Config& config)
    : config_(config),
      backplane_(MakeBackplane(config, clock_, cluster_context_)),
      cluster_(std::make_unique<Cluster>(ClusterOptionsOf(config), clock_, cluster_context_,
                                         *backplane_)) {}

absl::StatusOr<std::unique_ptr<Replica>> Replica::Start(const Config& config) {
  if (config.redis.has_value() && config.redis->has_tls) {
    // Connections read the files again. What is wrong from the start is told at once.
    const auto tls = MakeRedisTls(config.redis_tls);
    if (!tls.ok()) return tls.status();
  }
  std::unique_ptr<Replica> replica(new Replica(config));
  auto doors = Doors::Open(config.doors, replica->clock_);
  if (!doors.ok()) return doors.status();
  replica->doors_ = *std::move(doors);
  // The admin port comes first, so that a probe finds the process alive while the rest starts.
  auto admin_server = AdminServer::Start(
      config.admin, {[replica = replica.get()] { return replica->CheckReadiness(); },
                     [replica = replica.get()] { return replica->ReadMetrics(); }});
  if (!admin_server.ok()) return admin_server.status();
  replica->admin_server_ = *std::move(admin_server);

  EdgeGuards guards = replica->doors_->streams();
  guards.blocked = &replica->cluster_->blocked_clients();
  auto edge = Edge::Start(config.edge, replica->clock_, *replica->cluster_, guards);
  if (!edge.ok()) return edge.status();
  replica->edge_ = *std::move(edge);
  replica->cluster_->Start(*replica->edge_, [replica = replica.get()] { replica->UpdateHealth(); });
  const absl::Status joined = replica->cluster_->AwaitJoin();
  if (absl::IsUnavailable(joined)) {
    Log(spdlog::level::warn, "starting without Redis",
        {{"redis", config.redis->Hosts()}, {"reason", std::string(joined.message())}});
  } else if (!joined.ok()) {
    return joined;
  }

  GrpcServerOptions grpc_options;
  grpc_options.publish_rate_max = config.publish_rate_max;
  grpc_options.address = config.grpc;
  grpc_options.threads = std::thread::hardware_concurrency() >= 4 ? 2 : 1;
  grpc_options.has_reflection = config.has_grpc_reflection;
  const DoorOptions& doors_given = config.doors;
  grpc_options.tls = {doors_given.grpc_tls.certificate, doors_given.grpc_tls.key,
                      doors_given.grpc_client_ca, !doors_given.takes_tokens()};
  grpc_options.door = replica->doors_->callers();
  auto grpc_server = GrpcServer::Start(grpc_options, *replica->cluster_);
  if (!grpc_server.ok()) return grpc_server.status();
  {
    const MutexLock lock(replica->health_mutex_);  // The cluster thread may look for it already.
    replica->grpc_server_ = *std::move(grpc_server);
  }

  replica->has_started_.store(true, std::memory_order_release);
  replica->is_serving_.store(true, std::memory_order_relaxed);
  replica->cluster_->set_ready(true);
  replica->UpdateHealth();
  const std::string grpc_host = config.grpc.substr(0, config.grpc.rfind(':'));
  Log(spdlog::level::info, "listening",
      {{"http", ToText(replica->edge_->address())},
       {"grpc", absl::StrCat(grpc_host, ":", replica->grpc_server_->port())},
       {"admin", ToText(replica->admin_server_->address())},
       {"replica_id", config.edge.replica_id},
       {"version", SLUICE_VERSION}});
  if (config.is_http_insecure || config.is_grpc_insecure) {
    Log(spdlog::level::warn, "ports are open without authentication",
        {{"http", config.is_http_insecure ? "yes" : "no"},
         {"grpc", config.is_grpc_insecure ? "yes" : "no"}});
  }
  return replica;
}

Readiness Replica::CheckReadiness() const {
  const bool is_serving = is_serving_.load(std::memory_order_relaxed);
  const bool is_open = config_.is_http_insecure || config_.is_grpc_insecure;
  Readiness readiness;
  const Backplane::Health backplane = backplane_->health();
  // Later Redis may be away: a browser that meets 503 then never comes back.
  const bool needs_backplane = config_.ready_needs_redis || !backplane.was_ever_ok;
  readiness.is_ready = is_serving && (backplane.is_ok || !needs_backplane);
  readiness.checks.push_back(
      {"streams", is_serving, 0, is_serving ? "accepting" : "not accepting new streams"});
  readiness.checks.push_back(
      {"backplane", backplane.is_ok, absl::ToInt64Milliseconds(backplane.age), backplane.detail});
  if (const auto keys = doors_->key_health()) {
    readiness.checks.push_back(
        {"jwks", keys->is_good, absl::ToInt64Milliseconds(keys->age), keys->detail});
  }
  readiness.checks.push_back(
      {"open_ports", !is_open, 0,
       is_open ? "a port is open without authentication (--insecure)" : "none"});
  return readiness;
}

std::optional<std::string> Replica::ReadMetrics() {
  // Until then not all parts are there.
  if (!has_started_.load(std::memory_order_acquire)) return std::nullopt;
  auto edge = std::make_shared<std::promise<EdgeCounts>>();
  auto cluster = std::make_shared<std::promise<ClusterCounts>>();
  auto edge_counts = edge->get_future();
  auto cluster_counts = cluster->get_future();
  edge_->ReadCounts([edge](EdgeCounts counts) { edge->set_value(counts); });
  cluster_->ReadCounts([cluster](ClusterCounts counts) { cluster->set_value(std::move(counts)); });
  const auto deadline = std::chrono::steady_clock::now() + kCountsTimeout;
  if (edge_counts.wait_until(deadline) != std::future_status::ready ||
      cluster_counts.wait_until(deadline) != std::future_status::ready) {
    return std::nullopt;
  }
  MetricsSnapshot snapshot;
  snapshot.version = SLUICE_VERSION;
  snapshot.edge = edge_counts.get();
  snapshot.connections = edge_->connection_count();
  snapshot.connections_max = config_.edge.connections_max;
  snapshot.queued_bytes = edge_->queued_bytes();
  snapshot.queued_bytes_max = config_.edge.outbox_total_bytes_max;
  snapshot.cluster = cluster_counts.get();
  snapshot.backplane = backplane_->health();
  snapshot.rpcs = grpc_server_->counts().Read();
  if (const auto keys = doors_->key_health()) snapshot.has_good_keys = keys->is_good;
  snapshot.is_ready = CheckReadiness().is_ready;
  snapshot.process = ReadProcessFigures();
  return RenderMetrics(snapshot);
}

void Replica::UpdateHealth() {
  const MutexLock lock(health_mutex_);
  const bool is_serving = is_serving_.load(std::memory_order_relaxed);
  // Before it serves nobody can ask, and the backplane may change already.
  if (grpc_server_ != nullptr) grpc_server_->SetServing(is_serving && backplane_->health().is_ok);
}

void Replica::Shutdown(bool is_at_once) {
  is_serving_.store(false, std::memory_order_relaxed);
  cluster_->set_ready(false);
  UpdateHealth();
  edge_->BeginDrain();
  const absl::Duration delay = is_at_once ? absl::ZeroDuration() : config_.shutdown_delay;
  const absl::Duration drain = is_at_once ? absl::ZeroDuration() : config_.drain;
  if (delay > absl::ZeroDuration()) {
    // Load balancers need a while to see that this replica takes no more.
    Log(spdlog::level::info, "going on for a while",
        {{"shutdown_delay", absl::FormatDuration(delay)}});
    boost::asio::io_context io_context(1);
    boost::asio::steady_timer(io_context, absl::ToChronoNanoseconds(delay)).wait();
  }
  Log(spdlog::level::info, "ending streams",
      {{"open", edge_->connection_count()}, {"drain", absl::FormatDuration(drain)}});
  const bool all_ended = edge_->EndStreams(drain, kStreamsEndTimeout);
  if (!all_ended) Log(spdlog::level::warn, "some streams did not end in time and were cut");
  grpc_server_->Shutdown(kCallsEndTimeout);
  Log(spdlog::level::info, "stopped");
}

Replica::~Replica() {
  admin_server_.reset();
  if (grpc_server_ != nullptr) grpc_server_->Shutdown(absl::ZeroDuration());
  // The edge's threads call the cluster, and the cluster calls the edge: both threads end before
  // either is destroyed.
  if (edge_ != nullptr) edge_->Stop();
  cluster_->Stop();
  if (doors_ != nullptr) doors_->Stop();
  edge_.reset();
  cluster_.reset();
}

}  // namespace sluice
