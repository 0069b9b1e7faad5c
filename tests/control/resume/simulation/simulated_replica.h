#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/cluster/interest.h"
#include "control/cluster/streams.h"
#include "control/presence/directory.h"
#include "control/resume/live_feed.h"
#include "control/resume/splices.h"
#include "tests/control/resume/simulation/simulated_backplane.h"
#include "tests/control/resume/simulation/simulated_edge.h"

namespace sluice::tests {

// A replica: the real interest, feed, ring, splices and streams, wired as the cluster wires them,
// between a simulated backplane and simulated sessions. Dead when it is destroyed.
class SimulatedReplica : public Backplane::Listener,
                         public Interest::Listener,
                         public LiveFeed::Owner,
                         public Splices::Owner {
 public:
  SimulatedReplica(VirtualTime& time, SimulatedRedis& redis, std::size_t ring_bytes_max,
                   const Broken& broken);

  ConnectionId Accept(const std::string& client_id, std::vector<std::string> groups,
                      std::optional<std::string> last_event_id, SimulatedEdge::Write write);
  void Close(ConnectionId id);
  bool IsLive(ConnectionId id) const { return edge_.IsLive(id); }

  SimulatedBackplane& backplane() { return backplane_; }

 private:
  // Backplane::Listener
  void OnMessage(const std::string& channel, const EventNumber& number,
                 std::string_view payload) override;
  void OnReplicaMessage(std::string_view) override {}
  void OnInterrupted() override;
  void OnMembers(std::vector<Backplane::Member>, const EventNumber&) override {}
  void OnMemberReported(const std::string&) override {}
  void OnMemberLeft(const std::string&) override {}
  void OnHealthChanged() override {}
  std::string DescribeReplica() override { return ""; }
  // Interest::Listener
  void OnChannelSubscribed(ConnectionId id) override { streams_.OnChannelSubscribed(id); }
  void OnSubscribedAgain() override;
  void OnChannelReleased(const std::string& name) override { feed_.OnChannelReleased(name); }
  // LiveFeed::Owner
  void OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
               std::string_view payload, absl::Duration age, bool is_missed) override;
  void OnRecordsRead(std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records,
                     const EventNumber& read_at) override {
    streams_.OnRecordsRead(records, read_at);
  }
  void OnWhole() override { streams_.BeginUnbegun(); }
  // Splices::Owner
  bool IsWhole() const override { return feed_.is_whole(); }
  bool OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                    const EventNumber& read_at) override {
    return streams_.OnRecordRead(id, std::move(record), read_at);
  }
  void OnLive(ConnectionId id, const EventNumber& position) override {
    streams_.OnLive(id, position);
  }

  VirtualTime& time_;
  const Broken& broken_;
  MortalScheduler scheduler_;
  SimulatedBackplane backplane_;
  SimulatedEdge edge_;
  Interest interest_;
  Directory directory_;
  LiveFeed feed_;
  Splices splices_;
  Streams streams_;
};

}  // namespace sluice::tests
