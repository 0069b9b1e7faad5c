#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_file.h"

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

// Two replicas behind a real nginx that gives every connection to the next one, and a client that
// others wrote.
class ResumeStory : public ClusterTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (IsSkipped()) return;
    for (const char* program : {"nginx", "node"}) RequireProgram(program);
    if (GetParam() == "chromium") RequireProgram("chromium");
    if (!std::filesystem::exists(SLUICE_NODE_MODULES "/playwright-core")) {
      GTEST_SKIP() << "the npm packages are not in " SLUICE_NODE_MODULES
                      "; ./dev test puts them "
                      "there";
    }
    if (IsSkipped()) return;
    for (int i = 0; i < 2; ++i) StartReplica({"--cors-origin=*", "--retry=200ms"});
    configuration_.Replace(absl::StrCat(
        "events {}\nhttp {\n  access_log off;\n  upstream sluice {\n    server 127.0.0.1:",
        replica(0).http_port(), " max_fails=0;\n    server 127.0.0.1:", replica(1).http_port(),
        " max_fails=0;\n  }\n  server {\n    listen 127.0.0.1:", port_,
        ";\n    location / {\n      proxy_pass http://sluice;\n      proxy_buffering off;\n"
        "      proxy_http_version 1.1;\n      proxy_next_upstream error;\n    }\n  }\n}\n"));
    StartNginx();
  }

  void StartNginx() {
    ProcessOptions options;
    options.program = "nginx";
    options.arguments = {"-e",
                         "stderr",
                         "-c",
                         configuration_.path(),
                         "-g",
                         absl::StrCat("daemon off; master_process off; error_log stderr; pid ",
                                      configuration_.path(), ".pid;")};
    nginx_ = std::make_unique<ChildProcess>(std::move(options));
  }

  static void RequireProgram(const std::string& program) {
    if (std::system(absl::StrCat("command -v ", program, " >/dev/null").c_str()) != 0) {
      GTEST_SKIP() << "there is no " << program;
    }
  }

  void StartClient() {
    ProcessOptions options;
    options.program = "node";
    options.arguments = {
        SLUICE_SOURCE_ROOT "/tests/integration/cluster/story/resume_story.mjs", GetParam(),
        SLUICE_NODE_MODULES,
        absl::StrCat("http://127.0.0.1:", port_, "/events?client_id=ada&group=news")};
    client_ = std::make_unique<ChildProcess>(std::move(options));
  }

  // What it has printed of events of this name.
  std::vector<boost::json::object> Heard(const std::string& name) const {
    std::vector<boost::json::object> heard;
    const std::string printed = client_->Printed(Output::kStandard);
    // The last line may be still to come to its end.
    const std::string lines = printed.substr(0, printed.rfind('\n') + 1);
    for (const auto line : absl::StrSplit(lines, '\n')) {
      if (line.empty()) continue;
      boost::json::object event = boost::json::parse(std::string(line)).as_object();
      if (event.at("event").as_string() == name) heard.push_back(std::move(event));
    }
    return heard;
  }

  ::testing::AssertionResult WaitForOpens(std::size_t count) const {
    if (Eventually([&] { return Heard("sluice.open").size() >= count; }, absl::Seconds(20))) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << "no " << count << " streams\n"
           << client_->Printed(Output::kStandard) << client_->Printed(Output::kError);
  }

  // The next numbers, to the client, its group, and all in turn.
  void SendSome(int count) {
    for (int i = 0; i < count; ++i, ++next_) {
      const std::string data = std::to_string(next_);
      const std::size_t by = next_ % 2;
      const Outcome sent = next_ % 3 == 0   ? Broadcast(by, data)
                           : next_ % 3 == 1 ? SendToClient(by, "ada", data)
                                            : SendToGroup(by, "news", data);
      ASSERT_TRUE(sent.status.ok()) << sent.status.error_message();
    }
  }

  void EndStreams(int reconnect_after_ms) {
    v1::DisconnectClientRequest request;
    request.set_client_id("ada");
    request.mutable_reconnect_after()->set_nanos(reconnect_after_ms * 1'000'000);
    v1::DisconnectClientResponse response;
    ASSERT_TRUE(Call(0, &Stub::DisconnectClient, request, &response).ok());
  }

  int next_ = 0;
  const int port_ = FreePort();
  TemporaryFile configuration_{""};
  std::unique_ptr<ChildProcess> nginx_;
  std::unique_ptr<ChildProcess> client_;
};

TEST_P(ResumeStory, EveryEventComesOnceAndInOrderOverBreaksAndReplicas) {
  StartClient();
  ASSERT_TRUE(WaitForOpens(1));
  SendSome(10);
  // It is ended five times, and events go on while it is away.
  for (std::size_t round = 0; round < 5; ++round) {
    EndStreams(300);
    SendSome(20);
    ASSERT_TRUE(WaitForOpens(round + 2));
    SendSome(5);
  }
  // Replicas hear nothing of Redis for a moment.
  Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
  SendSome(20);
  // A proxy that goes away resets it.
  const std::size_t opens = Heard("sluice.open").size();
  nginx_.reset();
  SendSome(20);
  StartNginx();
  ASSERT_TRUE(WaitForOpens(opens + 1));
  v1::SendToClientRequest last;
  last.set_client_id("ada");
  last.mutable_event()->set_event("last");
  v1::SendToClientResponse response;
  ASSERT_TRUE(Call(1, &Stub::SendToClient, last, &response).ok());
  const auto status = client_->Wait(absl::Seconds(20));
  ASSERT_TRUE(status.has_value() && status->code == 0)
      << client_->Printed(Output::kStandard) << client_->Printed(Output::kError);

  const auto messages = Heard("message");
  ASSERT_EQ(messages.size(), static_cast<std::size_t>(next_))
      << client_->Printed(Output::kStandard);
  for (int i = 0; i < next_; ++i) {
    ASSERT_EQ(messages[static_cast<std::size_t>(i)].at("data").as_string(), std::to_string(i));
  }
  EXPECT_TRUE(Heard("sluice.gap").empty());
  std::set<std::string> replicas;
  for (const boost::json::object& open : Heard("sluice.open")) {
    const boost::json::value data = boost::json::parse(std::string(open.at("data").as_string()));
    replicas.insert(std::string(data.at("replica_id").as_string()));
  }
  EXPECT_EQ(replicas.size(), 2U) << "it has been on both";
}

INSTANTIATE_TEST_SUITE_P(Of, ResumeStory,
                         testing::Values("eventsource", "fetch-event-source", "chromium"),
                         [](const auto& told) {
                           return absl::StrReplaceAll(told.param, {{"-", "_"}});
                         });

}  // namespace
}  // namespace sluice::tests
