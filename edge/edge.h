#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <memory>
#include <vector>

#include "edge/base/clock.h"
#include "edge/connection_observer.h"
#include "edge/edge_guards.h"
#include "edge/edge_options.h"
#include "edge/shard/fan_out.h"
#include "edge/shard/shard.h"

namespace sluice {

// All event streams of this replica: the one door between the control plane and the browsers.
//
// A stream that is accepted is announced to the observer, joins when the observer calls GoLive, and
// from then on gets the events whose target it belongs to, in the order of the FanOut calls.
//
// Owner:  the server. Outlives nothing that calls it: the control plane stops first.
// Thread: FanOut and GoLive from one thread, because their order is the order of events; the others
//         from any.
class Edge {
 public:
  // Binds and begins to accept. Errors: UNAVAILABLE if the port is taken, INVALID_ARGUMENT if the
  // address can't be bound.
  static absl::StatusOr<std::unique_ptr<Edge>> Start(EdgeOptions options, const Clock& clock,
                                                     ConnectionObserver& observer,
                                                     EdgeGuards guards = {});

  ~Edge();

  // The address that streams are served on, with the port that was bound.
  const boost::asio::ip::tcp::endpoint& address() const { return options_.http; }

  std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }

  // Lets a stream that was announced by OnConnectionOpened receive events: it gets those of later
  // Deliver calls with a greater `order` and none of earlier ones. `position`: the number of the
  // last event before.
  void GoLive(ConnectionId id, const EventNumber& position, std::uint64_t order);

  // `event.order` grows with each call. `shards`: indexes of the shards that may hold
  // sessions of the target, each once. `done` is called on a shard's thread, or before this returns
  // when `shards` is empty.
  void Deliver(const std::vector<int>& shards, const Target& target, const OrderedEvent& event,
               absl::AnyInvocable<void(FanOutResult)> done);

  // Tells every stream that receives events that it may have missed some between these numbers,
  // behind what it has got so far.
  void TellGap(std::string_view reason, const EventNumber& from, const EventNumber& to);

  // What these connections are doing, without those that are gone, in no order. `done` is called on
  // a shard's thread, or before this returns when `ids` is empty.
  void Describe(const std::vector<ConnectionId>& ids,
                absl::AnyInvocable<void(std::vector<ConnectionDescription>)> done);

  // Accepts no more streams and ends all, each with `sluice.end` after what waits for it. True when
  // every socket has closed within `timeout`; false: some were cut.
  bool EndStreams(absl::Duration timeout);

  // Joins the threads. Nothing is called back after it.
  void Stop();

 private:
  Edge(EdgeOptions options, const Clock& clock, ConnectionObserver& observer, EdgeGuards guards);

  EdgeOptions options_;
  const CorsPolicy cors_;
  OutboxBudget outbox_budget_;
  std::atomic<std::size_t> connection_count_{0};
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace sluice
