#include "edge/shard/shard.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "edge/log/log.h"
#include "edge/names/random_id.h"
#include "edge/shard/overload.h"
#include "edge/sse/event_encoder.h"
#include "edge/sse/event_rules.h"
#include "edge/sse/server_events.h"

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kDeadlinesPerTurn = 512;
constexpr int kClientIdLength = 16;  // 80 random bits.

// How many times the reconnection time a stream stays away that was replaced.
constexpr int kReplacedBackoff = 10;

FramePointer MakeFrame(std::string bytes, const EventNumber& number = {}) {
  return FramePointer(new Frame(std::make_shared<const std::string>(std::move(bytes)),
                                {.number = number, .is_own = true}));
}

std::string HeartbeatBytes(const EdgeOptions& options) {
  if (options.heartbeat_event.empty()) return std::string(kHeartbeatComment);
  return EncodeEvent({.name = options.heartbeat_event});
}

}  // namespace

Shard::Shard(int index, const ShardContext& context)
    : index_(index),
      context_(context),
      mailbox_([this] { asio::post(io_context_, [this] { OnMailbox(); }); }),
      acceptor_(io_context_, [this](TcpSocket socket) { return OnAccept(std::move(socket)); }),
      tick_timer_(io_context_),
      session_settings_{context.options.outbox_bytes_max,
                        context.options.slow_consumer,
                        context.options.write_timeout,
                        context.options.heartbeat,
                        MakeFrame(HeartbeatBytes(context.options)),
                        &counts_.outbox},
      gate_(index, context_, counts_),
      fan_outs_(audiences_, context.clock, counts_),
      replays_(context.options.replica_id) {}

Shard::~Shard() {
  is_stopped_ = true;
}

absl::Status Shard::Listen(const asio::ip::tcp::endpoint& endpoint) {
  return acceptor_.Listen(endpoint);
}

void Shard::Start() {
  asio::post(io_context_, [this] {
    AdvanceWheel();
    ScheduleTick();
    acceptor_.Start();
  });
  thread_ = std::thread([this] {
    const auto keeps_running = asio::make_work_guard(io_context_);
    io_context_.run();
  });
}

void Shard::Stop() {
  io_context_.stop();
  if (thread_.joinable()) thread_.join();
}

std::size_t Shard::handshakes_max() const {
  const auto shards = static_cast<std::size_t>(context_.options.shards);
  return std::max<std::size_t>(context_.options.handshakes_max / shards, 1);
}

bool Shard::HasRoomForHandshakes() const {
  return handshake_count_ < handshakes_max();
}

bool Shard::OnAccept(TcpSocket socket) {
  ++handshake_count_;
  std::unique_ptr<TlsLayer> tls;
  if (context_.guards.tls != nullptr) {
    tls = std::make_unique<TlsLayer>(context_.guards.tls->current(), socket.native_handle());
  }
  std::make_shared<Handshake>(StreamSocket(std::move(socket), std::move(tls)), wheel_,
                              context_.cors, context_.options.trusted_proxies,
                              context_.options.captured_headers, *this)
      ->Start();
  return HasRoomForHandshakes();
}

void Shard::OnHandshakeOver() {
  --handshake_count_;
  // The last handshakes end with io_context_, after the acceptor.
  if (!is_stopped_ && HasRoomForHandshakes()) acceptor_.Resume();
}

void Shard::OnMailbox() {
  mailbox_.Drain();
  if (fan_outs_.Start()) ScheduleSlice();
  EnforceBudget();
}

void Shard::ScheduleSlice() {
  if (is_slice_scheduled_) return;
  is_slice_scheduled_ = true;
  // A turn of the loop comes between: accepts, reads, the mailbox.
  asio::post(io_context_, [this] { OnSlice(); });
}

void Shard::OnSlice() {
  is_slice_scheduled_ = false;
  if (fan_outs_.RunSlice()) ScheduleSlice();
  EnforceBudget();
}

TimerWheel::Tick Shard::ClockTick() const {
  return static_cast<TimerWheel::Tick>(context_.clock.Uptime() / TimerWheel::kTickLength);
}

void Shard::ScheduleTick() {
  tick_timer_.expires_after(absl::ToChronoMilliseconds(TimerWheel::kTickLength));
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    AdvanceWheel();
    EndDue();
    EnforceBudget();  // Another shard may have gone over it.
    ScheduleTick();
  });
}

void Shard::AdvanceWheel() {
  if (wheel_.Advance(ClockTick(), kDeadlinesPerTurn)) return;
  asio::post(io_context_, [this] { AdvanceWheel(); });
}

void Shard::AskDoor(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) {
  if (context_.guards.door == nullptr) {
    return done(Admission{asked.request.client_id, asked.request.groups});
  }
  context_.guards.door->Ask(asked, [this, done = std::move(done)](DoorAnswer answer) mutable {
    Post([this, done = std::move(done), answer = std::move(answer)]() mutable {
      // The alternatives of DoorAnswer are in the order of DoorResult.
      ++counts_.door[answer.index()];
      done(std::move(answer));
    });
  });
}

void Shard::OnArrival(StreamArrival arrival) {
  const ConnectionId id =
      arrival.places != nullptr ? arrival.places->id() : ConnectionId::Make(index_);
  StreamRequest& request = arrival.request;
  if (request.client_id.empty()) request.client_id = RandomId(kClientIdLength);
  OpenedConnection opened = {id,
                             request.client_id,
                             request.groups,
                             context_.clock.Now(),
                             std::move(request.last_event_id),
                             std::move(arrival.admission.metadata)};
  SessionIdentity identity = {std::move(request.client_id), std::move(request.groups),
                              std::move(arrival.user_agent), arrival.remote_endpoint,
                              opened.connect_time};
  identity.places = std::move(arrival.places);
  identity.headers = std::move(arrival.headers);
  auto session =
      std::make_unique<Session>(id, std::move(identity), std::move(arrival.socket),
                                session_settings_, wheel_, context_.outbox_budget, *this);
  Session& started = *session;
  if (arrival.admission.expires != absl::InfiniteFuture()) {
    // A tick more, because the wheel's time is up to one behind: the token must have expired when
    // the browser comes back with it.
    started.LimitTo(
        wheel_.After(arrival.admission.expires - opened.connect_time + TimerWheel::kTickLength),
        EndReason::kTokenExpired);
  }
  if (context_.options.stream_age_max > absl::ZeroDuration()) {
    started.LimitTo(
        wheel_.After(context_.options.stream_age_max * absl::Uniform(random_, 0.8, 1.0)),
        EndReason::kMaxAge);
  }
  sessions_.emplace(id, std::move(session));
  ++counts_.opened;
  context_.connection_count.fetch_add(1, std::memory_order_relaxed);
  if (IsLogged(spdlog::level::debug)) {
    Log(spdlog::level::debug, "stream opened",
        {{"connection_id", id.ToString()}, {"client_id", opened.client_id}});
  }
  context_.observer.OnConnectionOpened(std::move(opened));
  started.Start(MakeFrame(arrival.head + EncodeReconnectionTime(JitteredReconnectionTime())));
}

void Shard::Replay(ConnectionId id, const ReplayPage& page, absl::AnyInvocable<void()> drained) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !found->second->is_joining()) return;  // It has left meanwhile.
  Session& session = *found->second;
  replays_.Write(session, page, std::move(drained));
  if (!page.live.has_value() || !session.is_joining()) return;
  fan_outs_.ServeFrom(session, page.live->order);
  session.set_told(page.live->order);
  session.GoLive();
  audiences_.Join(session, std::exchange(session.identity().groups, {}));
}

void Shard::SetGroups(ConnectionId id, std::vector<std::string> groups) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;  // It has left meanwhile.
  Session& session = *found->second;
  if (session.is_live()) return fan_outs_.SetGroups(session, groups);
  session.identity().groups = std::move(groups);
}

void Shard::SetMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> metadata) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;  // It has left meanwhile.
  fan_outs_.ServeAll(*found->second);
  found->second->identity().metadata = std::move(metadata);
}

void Shard::Hold(ConnectionId id, std::vector<std::string> groups) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !found->second->is_live()) return;
  Session& session = *found->second;
  fan_outs_.ServeAll(session);
  if (!session.is_live()) return;
  audiences_.Leave(session);
  session.identity().groups = std::move(groups);
  session.Rejoin();
}

void Shard::SetPosition(const EventNumber& position, std::uint64_t order) {
  position_ = position;
  position_order_ = order;
  position_frame_.reset();
}

void Shard::TellPosition(Session& session) {
  if (session.told() >= position_order_) return;
  fan_outs_.ServeAll(session);
  if (!session.is_live() || session.told() >= position_order_) return;
  if (position_frame_ == nullptr) {
    position_frame_ = MakeFrame(EncodePosition(position_.ToString()), position_);
  }
  session.set_served(std::max(session.served(), position_order_));
  session.set_told(position_order_);
  session.Tell(position_frame_);
}

void Shard::Tell(const Target& target, std::string bytes, const EventNumber& number) {
  fan_outs_.Flush();
  Audience* audience = audiences_.Find(target);
  if (audience == nullptr) return;
  const FramePointer frame = MakeFrame(std::move(bytes), number);
  audiences_.Pin(*audience);
  for (std::size_t slot = 0; slot < audience->size(); ++slot) {
    Session* session = audience->at(slot);
    if (session == nullptr) continue;
    fan_outs_.ServePending(*session);
    session->Tell(frame);
  }
  audiences_.Unpin(*audience);
}

void Shard::OnSessionEnded(Session& session, EndReason reason) {
  audiences_.Leave(session);
  replays_.Forget(session);
  ++counts_.closed[static_cast<std::size_t>(reason)];
  if (session.identity().places != nullptr) session.identity().places->LeaveAudience();
  if (IsLogged(spdlog::level::debug)) {
    Log(spdlog::level::debug, "stream ended",
        {{"connection_id", session.id().ToString()},
         {"client_id", session.identity().client_id},
         {"reason", EndReasonName(reason)},
         {"delivered", session.delivered_count()}});
  }
  context_.observer.OnConnectionClosed(session.id(), reason);
}

void Shard::OnSessionExpired(Session& session) {
  EndAfterPending(session, session.end_reason());
}

void Shard::EndAfterPending(Session& session, EndReason reason) {
  fan_outs_.ServePending(session);
  session.End(reason, Farewell(reason), /*keeps_queue=*/true);
}

std::int64_t Shard::End(const std::vector<ConnectionId>& ids, const Dismissal& dismissal) {
  fan_outs_.Flush();  // What came before still goes out.
  std::int64_t count = 0;
  for (const ConnectionId id : ids) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) continue;
    Session& session = *found->second;
    if (!session.is_live() && !session.is_joining()) continue;
    fan_outs_.ServePending(session);
    const absl::Duration after = dismissal.reconnect_after > absl::ZeroDuration()
                                     ? dismissal.reconnect_after
                                     : JitteredReconnectionTime();
    session.End(EndReason::kDisconnected,
                MakeFrame(EncodeReconnectionTime(after) +
                          EncodeEnd(EndReason::kDisconnected, dismissal.message)),
                /*keeps_queue=*/true);
    ++count;
  }
  return count;
}

void Shard::Replace(ConnectionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;  // It has left meanwhile.
  fan_outs_.Flush();                     // What came before still goes out.
  fan_outs_.ServePending(*found->second);
  // Two pages that took each other's place would go on so for ever.
  const absl::Duration after = kReplacedBackoff * JitteredReconnectionTime();
  found->second->End(EndReason::kReplaced,
                     MakeFrame(EncodeReconnectionTime(std::min(after, kReconnectionTimeMax)) +
                               EncodeEnd(EndReason::kReplaced)),
                     /*keeps_queue=*/true);
}

void Shard::OnSessionReleased(Session& session) {
  // Not before: until its socket is closed an ended stream takes a file too.
  context_.connection_count.fetch_sub(1, std::memory_order_relaxed);
  if (released_.empty()) asio::post(io_context_, [this] { ReapReleased(); });
  released_.push_back(session.id());
}

void Shard::ReapReleased() {
  for (const ConnectionId id : std::exchange(released_, {})) sessions_.erase(id);
  if (sessions_.empty() && all_ended_ != nullptr) std::exchange(all_ended_, nullptr)();
}

void Shard::EnforceBudget() {
  if (!context_.outbox_budget.IsExceeded()) return;
  std::vector<Session*> sessions;
  for (const auto& [id, session] : sessions_) sessions.push_back(session.get());
  // A shard that holds no more than its share leaves it to one that does, at its next tick.
  EndFullest(
      std::move(sessions), context_.outbox_budget,
      context_.options.outbox_total_bytes_max / static_cast<std::size_t>(context_.options.shards),
      [this] { return Farewell(EndReason::kSlow); });
}

FramePointer Shard::Farewell(EndReason reason) {
  return MakeFrame(EncodeReconnectionTime(JitteredReconnectionTime()) + EncodeEnd(reason));
}

std::vector<ConnectionDescription> Shard::Describe(const std::vector<ConnectionId>& ids) const {
  std::vector<ConnectionDescription> descriptions;
  for (const ConnectionId id : ids) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) descriptions.push_back(sluice::Describe(*found->second));
  }
  return descriptions;
}

void Shard::EndAll(absl::Duration over, absl::AnyInvocable<void()> done) {
  gate_.BeginDrain();
  acceptor_.Stop();
  all_ended_ = std::move(done);
  std::vector<ConnectionId> open;
  for (const auto& [id, session] : sessions_) open.push_back(id);
  ends_ = PacedEnd(std::move(open), over, context_.clock.Uptime(), random_);
  EndDue();
  if (sessions_.empty() && all_ended_ != nullptr) std::exchange(all_ended_, nullptr)();
}

void Shard::EndDue() {
  const std::vector<ConnectionId> due = ends_.TakeDue(context_.clock.Uptime());
  if (due.empty()) return;
  fan_outs_.Flush();  // What came before still goes out.
  for (const ConnectionId id : due) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) EndAfterPending(*found->second, EndReason::kDrain);
  }
}

}  // namespace sluice
