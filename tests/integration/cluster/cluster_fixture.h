#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"
#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::tests {

// Replicas r1, r2 … as real processes, joined by a real redis-server. When a test fails, its output
// holds their logs.
class ClusterTest : public ::testing::Test {
 protected:
  using Stub = v1::ControlService::Stub;

  void SetUp() override;
  void TearDown() override;

  // One more replica, under the next id; `redis_url` empty: the fixture's.
  void StartReplica(std::vector<std::string> flags = {}, const std::string& redis_url = "",
                    std::map<std::string, std::string> environment = {});
  void StartReplicas(int count);

  // Replicas are numbered from 0.
  ServerProcess& replica(std::size_t index) { return *replicas_[index]; }
  Stub& control(std::size_t index) { return *controls_[index]; }

  // A stream of replica `index` that has been told `sluice.open`.
  std::shared_ptr<EventStream> Open(std::size_t index, const std::string& query);

  // The status of the answer to a connect of a client.
  int StatusOfConnect(std::size_t index, const std::string& client_id);

  // What a broadcast, or a call to a client or a group, by way of replica `index` came to.
  struct Outcome {
    grpc::Status status;
    v1::Delivery delivery;
    std::string data;
  };
  Outcome Broadcast(std::size_t index, const std::string& data, const std::string& request_id = "");
  Outcome SendToClient(std::size_t index, const std::string& client_id, const std::string& data);
  Outcome SendToGroup(std::size_t index, const std::string& group, const std::string& data);

  template <typename Request, typename Response>
  grpc::Status Call(std::size_t index,
                    grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kCallTimeout));
    return (control(index).*rpc)(&context, request, response);
  }

  // Broadcasts by way of replica `index` again and again until one is confirmed by every replica
  // and enters all of `streams`. How long that took.
  absl::Duration UntilWell(std::size_t index,
                           const std::vector<std::shared_ptr<EventStream>>& streams);

  RedisServer& redis() { return *redis_; }
  std::string Redis(const std::vector<std::string>& command);
  // How many replicas are subscribed to a channel.
  int SubscriberCount(const std::string& channel);

  static constexpr absl::Duration kCallTimeout = absl::Seconds(10);

 private:
  std::unique_ptr<RedisServer> redis_;
  std::vector<std::unique_ptr<ServerProcess>> replicas_;
  std::vector<std::unique_ptr<Stub>> controls_;
  EventStreamClient streams_;
};

}  // namespace sluice::tests
