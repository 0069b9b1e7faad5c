#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <memory>
#include <vector>

#include "edge/base/clock.h"
#include "edge/connection_observer.h"
#include "edge/counts/edge_counts.h"
#include "edge/edge_guards.h"
#include "edge/edge_options.h"
#include "edge/event_streams.h"
#include "edge/fan_out/fan_out.h"
#include "edge/shard/shard.h"

namespace sluice {

// All event streams of this replica: the one door between the control plane and the browsers.
//
// A stream that is accepted is announced to the observer, joins when the observer has
// it replayed its last page, and from then on gets the events whose target it belongs to.
//
// Owner:  the server. Outlives nothing that calls it: the control plane stops first.
// Thread: EventStreams' as said there; the others from any.
class Edge : public EventStreams {
 public:
  // Binds and begins to accept. Errors: UNAVAILABLE if the port is taken, INVALID_ARGUMENT if the
  // address can't be bound.
  static absl::StatusOr<std::unique_ptr<Edge>> Start(EdgeOptions options, const Clock& clock,
                                                     ConnectionObserver& observer,
                                                     EdgeGuards guards = {});

  ~Edge() override;

  // The address that streams are served on, with the port that was bound.
  const boost::asio::ip::tcp::endpoint& address() const { return options_.http; }

  std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }

  // EventStreams
  void Replay(ConnectionId id, ReplayPage page, absl::AnyInvocable<void()> drained) override;
  void SetGroups(ConnectionId id, std::vector<std::string> groups) override;
  void SetMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> metadata) override;
  void Hold(ConnectionId id, std::vector<std::string> groups) override;
  void End(const std::vector<ConnectionId>& ids, const Dismissal& dismissal,
           absl::AnyInvocable<void(FanOutResult)> done) override;
  void Deliver(const std::vector<int>& shards, const Target& target, const OrderedEvent& event,
               absl::AnyInvocable<void(FanOutResult)> done) override;
  void TellGap(const Target& target, std::string_view reason, const EventNumber& from,
               const EventNumber& to, bool carries_id) override;
  void SetPosition(const EventNumber& position, std::uint64_t order) override;

  // What these connections are doing, without those that are gone, in no order. `done` is called on
  // a shard's thread, or before this returns when `ids` is empty.
  void Describe(const std::vector<ConnectionId>& ids,
                absl::AnyInvocable<void(std::vector<ConnectionDescription>)> done);

  // What all shards have counted together; `done` is called on a shard's thread.
  void ReadCounts(absl::AnyInvocable<void(EdgeCounts)> done);

  // What waits in the outboxes of all streams, in bytes.
  std::size_t queued_bytes() const { return outbox_budget_.used(); }

  // New streams get the overload answer, with the reason `drain`; those that are open go on.
  void BeginDrain();

  // Accepts no more streams and ends all in random order, evenly over this time, each with
  // `sluice.end` after what waits for it. True when every socket has closed within `timeout` after
  // it; false: some were cut.
  bool EndStreams(absl::Duration over, absl::Duration timeout);

  // Joins the threads. Nothing is called back after it.
  void Stop();

 private:
  Edge(EdgeOptions options, const Clock& clock, ConnectionObserver& observer, EdgeGuards guards);

  // Runs task(shard, its ids) on each shard that has some. How many these are is told before.
  template <typename Prepare, typename Task>
  void OnShardsOf(const std::vector<ConnectionId>& ids, Prepare prepare, Task task);

  EdgeOptions options_;
  const CorsPolicy cors_;
  OutboxBudget outbox_budget_;
  std::atomic<std::size_t> connection_count_{0};
  StreamLimits limits_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace sluice
