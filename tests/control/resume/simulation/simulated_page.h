#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/control/resume/simulation/simulated_replica.h"

namespace sluice::tests {

// A browser's page: keeps its last id, and comes back with it to any replica.
class SimulatedPage {
 public:
  struct Entry {
    PageFrame frame;
    std::optional<EventNumber> before;  // The last id before it.
    bool is_open = false;               // The first frame of a stream.
    absl::Duration at;                  // When it came.
  };

  SimulatedPage(VirtualTime& time, std::string client_id, std::vector<std::string> groups)
      : time_(time), client_id_(std::move(client_id)), groups_(std::move(groups)) {}

  void Connect(SimulatedReplica& replica);

  // The connection breaks: what is on its way is lost, and the replica notices later.
  void Cut();
  // The replica has died.
  void Lose();

  bool is_connected() const { return replica_ != nullptr; }
  bool IsOn(const SimulatedReplica& replica) const { return replica_ == &replica; }
  bool IsLive() const { return replica_ != nullptr && replica_->IsLive(connection_); }
  const std::vector<Entry>& log() const { return log_; }
  const std::string& client_id() const { return client_id_; }

  // Whether an event of this channel is for it.
  bool IsFor(const std::string& channel) const;

 private:
  void Receive(int stream, const PageFrame& frame);

  VirtualTime& time_;
  const std::string client_id_;
  const std::vector<std::string> groups_;
  SimulatedReplica* replica_ = nullptr;
  ConnectionId connection_;
  int stream_ = 0;  // Counts its connections.
  bool is_first_frame_ = false;
  absl::Duration last_arrival_ = absl::ZeroDuration();
  std::optional<EventNumber> last_id_;
  std::vector<Entry> log_;
};

}  // namespace sluice::tests
