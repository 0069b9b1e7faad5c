#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_file.h"
#include "tests/support/watched.h"

namespace sluice::tests {
namespace {

// How a server goes, as a deploy makes it go.
class Shutdown : public ServerTest {
 protected:
  // Streams that write down when they were told of the end.
  std::vector<std::shared_ptr<EventStream>> OpenMany(int count) {
    std::vector<std::shared_ptr<EventStream>> streams;
    for (int i = 0; i < count; ++i) {
      StreamRequest request = GetEvents("/events?client_id=c" + std::to_string(i));
      request.on_event = [this](const ReceivedEvent& event) {
        if (event.event != "sluice.end") return;
        ends_.Update([](std::vector<absl::Time>& times) { times.push_back(absl::Now()); });
      };
      auto stream = this->streams().Open(server().http_port(), request);
      EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value());
      streams.push_back(std::move(stream));
    }
    return streams;
  }

  std::vector<absl::Time> WaitForEnds(std::size_t count) {
    EXPECT_TRUE(ends_.WaitFor([count](const auto& times) { return times.size() == count; },
                              absl::Seconds(30)));
    return ends_.Copy();
  }

  Watched<std::vector<absl::Time>> ends_;
};

TEST_F(Shutdown, StreamsAreEndedEvenlyOverTheDrain) {
  StartServer({"--drain=2s"});
  const auto streams = OpenMany(100);
  const absl::Time signaled = absl::Now();
  server().process().Signal(SIGTERM);
  const std::vector<absl::Time> ends = WaitForEnds(100);
  ASSERT_EQ(ends.size(), 100U);
  // Each half of the time ends about half of them.
  const auto first_half = std::count_if(
      ends.begin(), ends.end(), [&](absl::Time end) { return end < signaled + absl::Seconds(1); });
  EXPECT_GE(first_half, 30);
  EXPECT_LE(first_half, 70);
  EXPECT_GE(ends.back() - signaled, absl::Milliseconds(1700));
  EXPECT_EQ(server().process().Wait(absl::Seconds(30)), ExitStatus{}) << server().Log();
}

TEST_F(Shutdown, StreamsGoOnDuringTheDelayAndNewOnesAreSentAway) {
  StartServer({"--shutdown-delay=3s"});
  const auto open = OpenAndWait("client_id=ada");
  server().process().Signal(SIGTERM);
  std::shared_ptr<EventStream> refused;
  ASSERT_TRUE(Eventually([&] {
    refused = Open("client_id=bob");
    return refused->WaitForEvent("sluice.end", absl::Seconds(1)).has_value();
  })) << "a new stream was let in";
  EXPECT_NE(refused->Log().Find("sluice.end")->data.find("\"drain\""), std::string::npos);
  EXPECT_EQ(refused->Log().Find("sluice.open"), nullptr);
  EXPECT_EQ(SendToClient("ada", MakeEvent("still here")).connections(), 1);
  EXPECT_TRUE(open->WaitForEvent("message").has_value());
  EXPECT_EQ(open->Log().Find("sluice.end"), nullptr);
  ASSERT_TRUE(open->WaitForEvent("sluice.end").has_value());
  EXPECT_EQ(server().process().Wait(absl::Seconds(30)), ExitStatus{}) << server().Log();
}

TEST_F(Shutdown, ASecondSignalEndsItAtOnce) {
  StartServer({"--shutdown-delay=1h"});
  server().process().Signal(SIGTERM);
  ASSERT_TRUE(server().process().WaitForLine(ChildProcess::Output::kError, "shutdown_delay"));
  server().process().Signal(SIGTERM);
  const auto status = server().process().Wait(absl::Seconds(10));
  ASSERT_TRUE(status.has_value()) << server().Log();
  EXPECT_EQ(status->code, 128 + SIGTERM);
}

TEST_F(Shutdown, SigintFromATerminalWaitsForNothing) {
  StartServer({"--shutdown-delay=1h", "--drain=1h"});
  const auto open = OpenAndWait("client_id=ada");
  server().process().Signal(SIGINT);
  EXPECT_TRUE(open->WaitForEvent("sluice.end").has_value());
  EXPECT_EQ(server().process().Wait(absl::Seconds(30)), ExitStatus{}) << server().Log();
}

// It was cut without a reason once.
TEST_F(Shutdown, AnOpenPublishCallIsAnsweredAndToldWhy) {
  StartServer();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  const auto call = control().Publish(&context);
  v1::PublishRequest request;
  request.set_client_id("ada");
  *request.mutable_event() = MakeEvent("x");
  v1::PublishResponse response;
  ASSERT_TRUE(call->Write(request));
  ASSERT_TRUE(call->Read(&response));
  server().process().Signal(SIGTERM);
  EXPECT_FALSE(call->Read(&response));
  const grpc::Status status = call->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(status), "SHUTTING_DOWN") << status.error_message();
  EXPECT_EQ(server().process().Wait(absl::Seconds(30)), ExitStatus{}) << server().Log();
}

TEST_F(Shutdown, ASighupReadsTheLogLevelAgain) {
  TemporaryFile config("log-level = \"info\"\n");
  StartServer({"--config=" + config.path()});
  config.Replace("log-level = \"debug\"\n");
  server().process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] {
    const auto stream = OpenAndWait("client_id=ada");
    stream->Close();
    return server().Log().find("stream ended") != std::string::npos;
  })) << server().Log();
}

TEST_F(Shutdown, StreamsThatAreOldAreToldToComeBackAndResume) {
  StartServer({"--max-stream-age=1s"});
  const auto old = OpenAndWait("client_id=ada");
  const absl::Time opened = absl::Now();
  const auto end = old->WaitForEvent("sluice.end");
  ASSERT_TRUE(end.has_value());
  EXPECT_NE(end->data.find("\"max_age\""), std::string::npos);
  EXPECT_GE(absl::Now() - opened, absl::Milliseconds(700));
  SendToClient("ada", MakeEvent("between"));
  const auto resumed =
      OpenAndWait("client_id=ada&last_event_id=" + old->Log().events.back().last_event_id);
  const auto missed = resumed->WaitForEvent("message");
  ASSERT_TRUE(missed.has_value());
  EXPECT_EQ(missed->data, "between");
}

}  // namespace
}  // namespace sluice::tests
