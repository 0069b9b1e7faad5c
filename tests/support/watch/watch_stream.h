#pragma once

#include <sluice/v1/control_service.grpc.pb.h>

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/watched.h"

namespace sluice::tests {

// A call of WatchClients, with what it was told and who is connected by that.
// Owner:  the test; destruction cancels the call.
// Thread: any.
class WatchStream {
 public:
  using Event = v1::WatchClientsResponse;
  using Clients = std::map<std::string, v1::Client>;

  struct State {
    std::vector<Event> events;
    // As someone who follows the events has them; of connections the number alone counts.
    Clients clients;
    std::map<std::string, std::int64_t> connections;
    int snapshots = 0;  // That were complete.
    std::optional<grpc::Status> status;
    // What no one who follows could make sense of, such as a change of a client that is not there.
    std::vector<std::string> nonsense;
  };

  // `reads`: false: nothing is taken off until Read is called.
  WatchStream(v1::ControlService::Stub& control, const v1::WatchClientsRequest& request,
              bool reads = true);
  ~WatchStream();

  void Read();

  // Waits until it holds of the state.
  template <typename Predicate>
  bool WaitFor(Predicate holds) const {
    return state_.WaitFor(holds, kPatience);
  }

  // Waits for the next snapshot to be complete, the first by default.
  bool WaitForSnapshot(int count = 1) const {
    return WaitFor([count](const State& state) { return state.snapshots >= count; });
  }

  State Copy() const { return state_.Copy(); }

  // The events as text, for the output of a failure.
  std::string Describe() const;

 private:
  void Follow(State& state, const Event& event);

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Event>> reader_;
  Watched<State> state_;
  std::thread thread_;
};

}  // namespace sluice::tests
