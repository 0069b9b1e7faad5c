#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

class ServerCommandLine : public ServerTest {
 protected:
  Finished RunServer(std::vector<std::string> flags,
                     std::map<std::string, std::string> environment = {}) {
    return RunToEnd({ServerProgram(), std::move(flags), std::move(environment), "", ""});
  }

  // The value that --print-config gives a flag, quotes included; empty when it does not name it.
  std::string Configured(const std::string& flag, std::vector<std::string> flags,
                         std::map<std::string, std::string> environment = {}) {
    flags.emplace_back("--print-config");
    const Finished finished = RunServer(std::move(flags), std::move(environment));
    EXPECT_EQ(finished.status, ExitStatus{}) << finished.standard_error;
    const std::string text = "\n" + finished.standard_output;
    const std::size_t at = text.find("\n" + flag + " = ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + flag.size() + 4;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  std::string WriteFile(const std::string& text) {
    const std::string path = testing::TempDir() + "sluice-" + std::to_string(getpid()) + ".toml";
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(ServerCommandLine, AnUnknownFlagIsRefusedWithTheNearestOne) {
  const Finished finished = RunServer({"--hearbeat=5s"});
  EXPECT_EQ(finished.status.code, 2);
  EXPECT_NE(finished.standard_error.find("--hearbeat"), std::string::npos)
      << finished.standard_error;
  EXPECT_NE(finished.standard_error.find("--heartbeat"), std::string::npos)
      << finished.standard_error;
}

TEST_F(ServerCommandLine, AnUnknownKeyOfTheFileIsRefusedWithTheNearestOne) {
  const std::string path = WriteFile("hearbeat = \"5s\"\n");
  const Finished finished = RunServer({"--config=" + path, "--print-config"});
  EXPECT_EQ(finished.status.code, 2) << finished.standard_output;
  EXPECT_NE(finished.standard_error.find("heartbeat"), std::string::npos)
      << finished.standard_error;
  std::remove(path.c_str());
}

TEST_F(ServerCommandLine, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
  const std::string path = WriteFile("retry = \"7s\"\nheartbeat = \"7s\"\nmax-connections = 77\n");
  const std::vector<std::string> file = {"--config=" + path};
  EXPECT_EQ(Configured("retry", {}), "\"3s\"");
  EXPECT_EQ(Configured("retry", file), "\"7s\"");
  EXPECT_EQ(Configured("retry", file, {{"SLUICE_RETRY", "8s"}}), "\"8s\"");
  EXPECT_EQ(Configured("retry", {"--config=" + path, "--retry=9s"}, {{"SLUICE_RETRY", "8s"}}),
            "\"9s\"");
  EXPECT_EQ(Configured("heartbeat", file, {{"SLUICE_RETRY", "8s"}}), "\"7s\"");
  EXPECT_NE(Configured("max-connections", file, {{"SLUICE_RETRY", "8s"}}).find("77"),
            std::string::npos);
  std::remove(path.c_str());
}

TEST_F(ServerCommandLine, WhatIsPrintedCanBeReadAgain) {
  const Finished first =
      RunServer({"--retry=9s", "--cors-origin=https://a.example", "--print-config"});
  ASSERT_EQ(first.status.code, 0) << first.standard_error;
  const std::string path = WriteFile(first.standard_output);
  const Finished second = RunServer({"--config=" + path, "--print-config"});
  EXPECT_EQ(second.status.code, 0) << second.standard_error;
  EXPECT_EQ(second.standard_output, first.standard_output);
  std::remove(path.c_str());
}

TEST_F(ServerCommandLine, BadValuesAreRefusedByName) {
  for (const char* flag : {"--heartbeat=soon", "--shards=-1", "--http=nowhere", "--retry=1ms",
                           "--overload-response=404", "--log-level=loud"}) {
    const Finished finished = RunServer({flag, "--print-config"});
    EXPECT_EQ(finished.status.code, 2) << flag;
    const std::string name = std::string(flag).substr(0, std::string(flag).find('='));
    EXPECT_NE(finished.standard_error.find(name), std::string::npos) << finished.standard_error;
  }
}

TEST_F(ServerCommandLine, HelpNamesEveryFlagAndExitsWithZero) {
  const Finished finished = RunServer({"--help"});
  EXPECT_EQ(finished.status.code, 0);
  for (const char* flag :
       {"--http", "--grpc", "--admin", "--heartbeat", "--insecure", "--config"}) {
    EXPECT_NE(finished.standard_output.find(flag), std::string::npos) << flag;
  }
}

TEST_F(ServerCommandLine, APortInUseIsToldAndExitsWithOne) {
  const TcpSocket taken = TcpSocket::Listen();
  const std::string address = "127.0.0.1:" + std::to_string(taken.LocalPort());
  for (const std::string listener : {"http", "grpc", "admin"}) {
    std::vector<std::string> flags;
    for (const std::string name : {"http", "grpc", "admin"}) {
      const std::string value = name == listener ? address : "127.0.0.1:0";
      flags.push_back("--" + name + "=" + value);
    }
    const Finished finished = RunServer(flags);
    EXPECT_EQ(finished.status.code, 1) << listener << ": " << finished.standard_error;
    EXPECT_NE(finished.standard_error.find(address), std::string::npos) << finished.standard_error;
    EXPECT_NE(finished.standard_error.find("in use"), std::string::npos) << finished.standard_error;
  }
}

// Once the next line of the log ended the server by SIGPIPE, and all streams with it.
TEST_F(ServerCommandLine, ALogThatNobodyReadsAnyMoreEndsNothing) {
  ChildProcess server({"bash",
                       {"-c", "exec \"$0\" \"$@\" 2> >(head -n 1 >&2)", ServerProgram(),
                        "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--admin=127.0.0.1:0"},
                       {},
                       "",
                       ""});
  ASSERT_TRUE(server.WaitForLine(Output::kError, "listening").has_value());
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), ExitStatus{});
}

TEST_F(ServerCommandLine, TheLogIsOneJsonObjectALineWhenToldSo) {
  ChildProcess server({ServerProgram(),
                       {"--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--admin=127.0.0.1:0",
                        "--log-format=json", "--replica-id=a\"b"},
                       {},
                       "",
                       ""});
  const std::string listening = server.WaitForLine(Output::kError, "listening").value_or("");
  EXPECT_EQ(JsonField(listening, "replica_id"), "a\"b") << listening;
  server.Signal(SIGTERM);
  ASSERT_EQ(server.Wait(), ExitStatus{});
  std::istringstream log(server.Printed(Output::kError));
  for (std::string line; std::getline(log, line);) {
    for (const char* field : {"time", "level", "message"}) {
      EXPECT_NE(JsonField(line, field), "") << field << " in " << line;
    }
  }
}

TEST_F(ServerCommandLine, OtherAddressesThanLoopbackNeedInsecure) {
  for (const char* flag : {"--http=0.0.0.0:0", "--grpc=0.0.0.0:0"}) {
    std::vector<std::string> flags = {flag};
    const std::string name = std::string(flag).substr(0, 6);
    for (const std::string other : {"--http", "--grpc"}) {
      if (other != name) flags.push_back(other + "=127.0.0.1:0");
    }
    const Finished finished = RunServer(flags);
    EXPECT_TRUE(finished.status.code == 1 || finished.status.code == 2) << finished.status.code;
    EXPECT_NE(finished.standard_error.find("--insecure"), std::string::npos)
        << finished.standard_error;
  }
  StartServer({"--http=0.0.0.0:0", "--insecure=http"});
  OpenAndWait("client_id=a");
}

class ServerHealth : public DefaultServerTest {
 protected:
  HttpAnswer AskAdmin(const std::string& path) {
    return Exchange(server().admin_port(),
                    "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }
};

TEST_F(ServerHealth, HealthzAndReadyzAnswer) {
  EXPECT_EQ(AskAdmin("/healthz").head.status, 200);
  const HttpAnswer ready = AskAdmin("/readyz");
  EXPECT_EQ(ready.head.status, 200) << ready.raw;
  EXPECT_EQ(JsonField(ready.body, "ready"), "true") << ready.body;
  const std::string checks = JsonField(ready.body, "checks");
  for (const char* check : {"streams", "backplane"}) {
    EXPECT_EQ(JsonField(JsonField(checks, check), "ok"), "true") << ready.body;
  }
  EXPECT_EQ(AskAdmin("/events").head.status, 404);
}

TEST_F(ServerHealth, TheAdminPortOnlyReadsAndNoMoreThanItMust) {
  const int port = server().admin_port();
  const HttpAnswer post = Exchange(
      port, "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(post.head.status, 405) << post.raw;
  EXPECT_EQ(post.head.Field("allow"), "GET, HEAD");
  const HttpAnswer head =
      Exchange(port, "HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head.head.status, 200) << head.raw;
  EXPECT_EQ(head.body, "");
  const HttpAnswer large =
      Exchange(port, "GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(large.closed);
  EXPECT_NE(large.head.status, 200) << large.raw;
  EXPECT_EQ(AskAdmin("/healthz").head.status, 200);
}

TEST_F(ServerHealth, GrpcHealthIsServing) {
  const auto stub = grpc::health::v1::Health::NewStub(OpenChannel(server().GrpcAddress()));
  for (const char* service : {"", "sluice.v1.ControlService"}) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING) << service;
  }
}

TEST_F(ServerHealth, ASigtermIsToldToWatchersAndProbesBeforeStreamsHaveEnded) {
  // A stream that does not read keeps the end from being over at once.
  StreamRequest request = GetEvents("/events?client_id=slow");
  request.receive_buffer_bytes = 4096;
  const auto slow = streams().Open(server().http_port(), request);
  ASSERT_TRUE(slow->WaitForEvent("sluice.open").has_value());
  slow->PauseReading();
  for (int i = 0; i < 10; ++i) SendToClient("slow", MakeEvent(std::string(60'000, 'x')));

  using Health = grpc::health::v1::HealthCheckResponse;
  const auto stub = grpc::health::v1::Health::NewStub(OpenChannel(server().GrpcAddress()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  const auto watch = stub->Watch(&context, {});
  Health health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), Health::SERVING);
  server().process().Signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&health)) << "a watcher was not told";
  EXPECT_EQ(health.status(), Health::NOT_SERVING);
  const HttpAnswer ready = AskAdmin("/readyz");
  EXPECT_EQ(ready.head.status, 503) << ready.raw;
  EXPECT_EQ(JsonField(ready.body, "ready"), "false") << ready.body;
  EXPECT_EQ(AskAdmin("/healthz").head.status, 200);
}

TEST_F(ServerHealth, AWatchIsToldOfTheEndAndEndsWithTheServer) {
  using Health = grpc::health::v1::HealthCheckResponse;
  const auto stub = grpc::health::v1::Health::NewStub(OpenChannel(server().GrpcAddress()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  const auto watch = stub->Watch(&context, {});
  Health health;
  ASSERT_TRUE(watch->Read(&health));
  server().process().Signal(SIGTERM);
  EXPECT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), Health::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&health));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerHealth, AWatchOfAServiceThatIsUnknownSaysSo) {
  const auto stub = grpc::health::v1::Health::NewStub(OpenChannel(server().GrpcAddress()));
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(std::string(20'000, 'x'));
  const auto watch = stub->Watch(&context, request);
  grpc::health::v1::HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // Once the name came back in the error, and one of this length made clients drop the whole status
  // as too large.
  grpc::ClientContext check_context;
  const grpc::Status status = stub->Check(&check_context, request, &health);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND) << status.error_message();
}

// Debian ships no stub for reflection, so its request {list_services: "*"} is written by hand.
TEST_F(ServerHealth, ReflectionListsTheServices) {
  grpc::GenericStub stub(OpenChannel(server().GrpcAddress()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(next());
  const grpc::Slice slice("\x3A\x01*");
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(next());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  const bool answered = next();
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  queue.Shutdown();
  ASSERT_TRUE(answered) << status.error_message();
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(response.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& part : slices) {
    bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  EXPECT_NE(bytes.find("sluice.v1.ControlService"), std::string::npos);
  EXPECT_NE(bytes.find("grpc.health.v1.Health"), std::string::npos);
}

class ServerShutdown : public DefaultServerTest {};

TEST_F(ServerShutdown, StreamsAreToldAndTheProcessExitsWithZero) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(OpenAndWait("client_id=c" + std::to_string(i)));
  SendToClient("c7", MakeEvent("before the end"));
  server().process().Signal(SIGTERM);
  for (const auto& stream : streams) {
    ASSERT_TRUE(stream->WaitForEnd()) << stream->Log().Describe();
    const StreamLog log = stream->Log();
    EXPECT_EQ(log.close_reason, "end of stream");
    ASSERT_FALSE(log.events.empty());
    EXPECT_EQ(log.events.back().event, "sluice.end") << log.Describe();
    EXPECT_EQ(JsonField(log.events.back().data, "reason"), "drain");
    EXPECT_FALSE(log.events.back().id.has_value());
  }
  EXPECT_TRUE(ReceivesEvents(*streams[7], 1));
  const auto status = server().process().Wait(absl::Seconds(60));
  ASSERT_TRUE(status.has_value()) << "it still runs" << server().Log();
  EXPECT_EQ(*status, ExitStatus{}) << server().Log();
}

// Once signals were waited for only after the server had said that it listens: one that came in
// between killed it.
TEST_F(ServerShutdown, ASigtermRightAfterTheStartIsInOrderToo) {
  for (int i = 0; i < 50; ++i) {
    ServerProcess started(std::vector<std::string>{});
    ASSERT_TRUE(started.IsListening()) << started.Log();
    started.process().Signal(SIGTERM);
    ASSERT_EQ(started.process().Wait(), ExitStatus{}) << "start " << i << started.Log();
  }
}

TEST_F(ServerShutdown, AStreamThatDoesNotReadDoesNotHoldItUp) {
  StreamRequest request = GetEvents("/events?client_id=slow");
  request.receive_buffer_bytes = 4096;
  const auto slow = streams().Open(server().http_port(), request);
  ASSERT_TRUE(slow->WaitForEvent("sluice.open").has_value());
  slow->PauseReading();
  for (int i = 0; i < 10; ++i) SendToClient("slow", MakeEvent(std::string(60'000, 'x')));
  server().process().Signal(SIGTERM);
  const auto status = server().process().Wait(absl::Seconds(60));
  ASSERT_TRUE(status.has_value()) << "it still runs" << server().Log();
  EXPECT_EQ(*status, ExitStatus{}) << server().Log();
}

}  // namespace
}  // namespace sluice::tests
