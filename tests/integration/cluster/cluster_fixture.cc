#include "tests/integration/cluster/cluster_fixture.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "tests/support/eventually.h"

namespace sluice::tests {

void ClusterTest::SetUp() {
  if (ServerProgram().empty()) GTEST_SKIP() << "this build has no server";
  redis_ = std::make_unique<RedisServer>();
}

void ClusterTest::TearDown() {
  if (!HasFailure()) return;
  for (const auto& replica : replicas_) std::cerr << replica->Log();
}

void ClusterTest::StartReplica(std::vector<std::string> flags, const std::string& redis_url,
                               std::map<std::string, std::string> environment) {
  flags.push_back(absl::StrCat("--replica-id=r", replicas_.size() + 1));
  flags.push_back("--redis-url=" + (redis_url.empty() ? redis_->Url() : redis_url));
  replicas_.push_back(std::make_unique<ServerProcess>(std::move(flags), std::move(environment)));
  ASSERT_TRUE(replicas_.back()->IsListening()) << replicas_.back()->Log();
  controls_.push_back(NewControlStub(replicas_.back()->GrpcAddress()));
}

void ClusterTest::StartReplicas(int count) {
  for (int i = 0; i < count; ++i) StartReplica();
}

std::shared_ptr<EventStream> ClusterTest::Open(std::size_t index, const std::string& query) {
  auto stream = streams_.Open(replica(index).http_port(), GetEvents("/events?" + query));
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value())
      << "no sluice.open for " << query << "\n"
      << stream->Log().Describe();
  return stream;
}

int ClusterTest::StatusOfConnect(std::size_t index, const std::string& client_id) {
  auto stream =
      streams_.Open(replica(index).http_port(), GetEvents("/events?client_id=" + client_id));
  EXPECT_TRUE(stream->WaitFor([](const StreamLog& log) {
    return log.state == StreamLog::State::kAnswered || log.state == StreamLog::State::kClosed;
  }));
  const int status = stream->Log().head.status;
  stream->Close();
  return status;
}

ClusterTest::Outcome ClusterTest::Broadcast(std::size_t index, const std::string& data,
                                            const std::string& request_id) {
  v1::BroadcastRequest request;
  *request.mutable_event() = MakeEvent(data);
  request.set_request_id(request_id);
  v1::BroadcastResponse response;
  const grpc::Status status = Call(index, &Stub::Broadcast, request, &response);
  return {status, response.delivery(), data};
}

ClusterTest::Outcome ClusterTest::SendToClient(std::size_t index, const std::string& client_id,
                                               const std::string& data) {
  v1::SendToClientRequest request;
  request.set_client_id(client_id);
  *request.mutable_event() = MakeEvent(data);
  v1::SendToClientResponse response;
  const grpc::Status status = Call(index, &Stub::SendToClient, request, &response);
  return {status, response.delivery(), data};
}

ClusterTest::Outcome ClusterTest::SendToGroup(std::size_t index, const std::string& group,
                                              const std::string& data) {
  v1::SendToGroupRequest request;
  request.set_group(group);
  *request.mutable_event() = MakeEvent(data);
  v1::SendToGroupResponse response;
  const grpc::Status status = Call(index, &Stub::SendToGroup, request, &response);
  return {status, response.delivery(), data};
}

absl::Duration ClusterTest::UntilWell(std::size_t index,
                                      const std::vector<std::shared_ptr<EventStream>>& streams) {
  const absl::Time begin = absl::Now();
  const auto expected = static_cast<std::int64_t>(streams.size());
  EXPECT_TRUE(Eventually([&] {
    const Outcome outcome = Broadcast(index, "well?");
    return outcome.status.ok() && outcome.delivery.connections() == expected &&
           outcome.delivery.unconfirmed_replicas() == 0;
  })) << "it never became well";
  return absl::Now() - begin;
}

std::string ClusterTest::Redis(const std::vector<std::string>& command) {
  const auto reply = redis().Command(command);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.value_or("");
}

int ClusterTest::SubscriberCount(const std::string& channel) {
  const std::string reply = Redis({"PUBSUB", "NUMSUB", "sluice:1:" + channel});
  int count = -1;
  EXPECT_TRUE(absl::SimpleAtoi(reply.substr(reply.find('\n') + 1), &count)) << reply;
  return count;
}

}  // namespace sluice::tests
