#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/event_streams.h"
#include "tests/control/resume/simulation/simulated_redis.h"

namespace sluice::tests {

// Something that a page was written.
struct PageFrame {
  std::optional<EventNumber> id;
  std::string data;  // Of an event, its uid; of the server's own, empty.
  std::string gap;   // The reason.
  EventNumber gap_to;
};

// The sessions of one replica, as the shards keep them: each takes what is above what it has been
// served, in one order.
class SimulatedEdge : public EventStreams {
 public:
  using Write = std::function<void(PageFrame)>;

  SimulatedEdge(VirtualTime& time, const Broken& broken)
      : time_(time), scheduler_(time), broken_(broken) {}

  // A stream that was accepted; `write` is called with what goes to its page.
  void Open(ConnectionId id, std::string client_id, std::vector<std::string> groups, Write write);
  void Close(ConnectionId id) { sessions_.erase(id); }
  bool IsLive(ConnectionId id) const {
    const auto found = sessions_.find(id);
    return found != sessions_.end() && found->second.is_live;
  }

  void Replay(ConnectionId id, ReplayPage page, absl::AnyInvocable<void()> drained) override;
  void SetGroups(ConnectionId id, std::vector<std::string> groups) override;
  void SetMetadata(ConnectionId, std::shared_ptr<const MetadataScalars>) override {}
  void Hold(ConnectionId id, std::vector<std::string> groups) override;
  void End(const std::vector<ConnectionId>&, const Dismissal&,
           absl::AnyInvocable<void(FanOutResult)>) override {}
  void Deliver(const std::vector<int>& shards, const Target& target, const OrderedEvent& event,
               absl::AnyInvocable<void(FanOutResult)> done) override;
  void TellGap(const Target& target, std::string_view reason, const EventNumber& from,
               const EventNumber& to, bool carries_id) override;
  void SetPosition(const EventNumber& position, std::uint64_t order) override;

 private:
  struct Session {
    std::string client_id;
    std::vector<std::string> groups;
    Write write;
    bool is_live = false;
    std::uint64_t served = 0;
    std::uint64_t told = 0;
  };

  static bool IsFor(const Session& session, const Target& target);

  VirtualTime& time_;
  MortalScheduler scheduler_;
  const Broken& broken_;
  std::uint64_t last_order_ = 0;
  std::map<ConnectionId, Session> sessions_;
};

}  // namespace sluice::tests
