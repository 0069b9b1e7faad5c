// tests/clients/cli/commands_test.cc
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/clients/cli/support/cli_run.h"
#include "tests/clients/cli/support/control_server.h"

namespace sluice::cli {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A file that is gone at the end of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int fd = mkstemp(path_.data());
    EXPECT_EQ(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    close(fd);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "sluicectl-XXXXXX";
};

class Commands : public testing::Test {
 protected:
  Commands() {
    server_.delivery.set_event_id("lq3aaaaa-0000000000000017");
    server_.delivery.set_connections(1);
    server_.delivery.set_replicas(1);
    server_.client.set_client_id("alice");
    server_.client.add_groups("news");
    server_.client.set_metadata_version(2);
    (*server_.client.mutable_metadata()->mutable_fields())["plan"].set_string_value("pro");
  }

  CliRun Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--server", server_.address()});
    return RunCli(arguments, input);
  }

  ControlServer server_;
};

}  // namespace

TEST_F(Commands, SendClientPutsEveryOptionIntoTheRequest) {
  const CliRun run = Run({"send",      "client",
                          "alice",     "--data",
                          "hi",        "--event",
                          "order",     "--id",
                          "7",         "--group",
                          "news",      "--connection",
                          "c1",        "--retry",
                          "1500ms",    "--ephemeral",
                          "--except",  "bob",
                          "eve",       "--except",
                          "mallory",   "--confirmation",
                          "published", "--ttl",
                          "90s",       "--conflation-key",
                          "price",     "--match",
                          "plan=pro",  "--match",
                          "seats=3"});
  ASSERT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  const v1::SendToClientRequest& request = server_.sent_to_client;
  EXPECT_EQ(request.client_id(), "alice");
  EXPECT_EQ(request.group(), "news");
  EXPECT_EQ(request.connection_id(), "c1");
  EXPECT_EQ(request.event().event(), "order");
  EXPECT_EQ(request.event().data(), "hi");
  EXPECT_EQ(request.event().id(), "7");
  EXPECT_EQ(request.event().retry().seconds(), 1);
  EXPECT_EQ(request.event().retry().nanos(), 500000000);
  EXPECT_TRUE(request.options().ephemeral());
  EXPECT_EQ(request.options().except_client_ids_size(), 3);
  EXPECT_EQ(request.options().ttl().seconds(), 90);
  EXPECT_EQ(request.options().conflation_key(), "price");
  EXPECT_EQ(request.options().metadata_match().at("plan"), "pro");
  EXPECT_EQ(request.options().metadata_match().at("seats"), "3");
  EXPECT_EQ(request.options().confirmation(), v1::CONFIRMATION_PUBLISHED);
  EXPECT_EQ(server_.user_agent.rfind("sluicectl/", 0), 0u) << server_.user_agent;
}

TEST_F(Commands, SendAnswersWithOneLine) {
  EXPECT_EQ(Run({"send", "group", "news", "--data", "hi"}).out,
            "event_id lq3aaaaa-0000000000000017  connections 1  dropped 0  replicas 1\n");
  EXPECT_EQ(server_.sent_to_group.group(), "news");
  EXPECT_FALSE(server_.sent_to_group.event().has_retry());
  server_.delivery.clear_connections();
  server_.delivery.set_unconfirmed_replicas(2);
  EXPECT_EQ(Run({"broadcast", "--data", "hi"}).out,
            "event_id lq3aaaaa-0000000000000017  connections unconfirmed  "
            "unconfirmed replicas 2\n");
}

TEST_F(Commands, JsonShowsZerosButNoUnsetOptional) {
  server_.delivery.set_connections(0);
  const CliRun run = Run({"broadcast", "--data", "hi", "-o", "jsonl"});
  for (const char* field : {R"("event_id":"lq3aaaaa-0000000000000017")", R"("connections":"0")",
                            R"("dropped":"0")", R"("unconfirmed_replicas":0)"}) {
    EXPECT_TRUE(Contains(run.out, field)) << run.out;
  }
  EXPECT_EQ(run.out.find('\n'), run.out.size() - 1);
  server_.delivery.clear_connections();
  EXPECT_FALSE(Contains(Run({"-o", "json", "broadcast", "--data", "hi"}).out, "\"connections\""));
}

TEST_F(Commands, DataComesFromTheStandardInputOrAFileAsItIs) {
  Run({"broadcast", "--data", "-"}, "line 1\nline 2\n");
  EXPECT_EQ(server_.broadcast.event().data(), "line 1\nline 2\n");
  const TemporaryFile file("from a file");
  Run({"broadcast", "--data", "@" + file.path()});
  EXPECT_EQ(server_.broadcast.event().data(), "from a file");
  for (const char* data : {"", "[1,2]", "{\"a\":1}", "--dashes", "{}", "it's \"quoted\""}) {
    EXPECT_EQ(Run({"broadcast", "--data", data}).exit_code, ExitCode::kDone) << data;
    EXPECT_EQ(server_.broadcast.event().data(), data);
  }
}

TEST_F(Commands, TheTokenGoesAsABearerCredential) {
  const TemporaryFile token("s3cret\n");
  ASSERT_EQ(Run({"send", "client", "a", "--data", "x", "--token-file", token.path()}).exit_code,
            ExitCode::kDone);
  EXPECT_EQ(server_.authorization, "Bearer s3cret");
  const TemporaryFile bad("two words\n");
  EXPECT_EQ(Run({"broadcast", "--data", "x", "--token-file", bad.path()}).exit_code,
            ExitCode::kWrongUsage);
}

TEST_F(Commands, ARefusalExitsWith1AndShowsTheViolations) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("event.data");
  violation->set_description("is 70000 bytes; expected at most 65000");
  google::rpc::ErrorInfo info;
  info.set_reason("INVALID_EVENT");
  server_.status =
      StatusWith(grpc::StatusCode::INVALID_ARGUMENT, "the request is wrong", {&bad_request, &info});
  const CliRun run = Run({"broadcast", "--data", "x"});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "error: INVALID_ARGUMENT: the request is wrong\n"
            "  event.data: is 70000 bytes; expected at most 65000\n"
            "  reason: INVALID_EVENT\n");
}

TEST_F(Commands, AnUnreachableServerExitsWith3) {
  std::string address;
  { address = ControlServer().address(); }  // A port that nobody listens on any more.
  const CliRun run = RunCli({"--server", address, "clients", "get", "alice"});
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable);
  EXPECT_TRUE(Contains(run.err, "cannot reach " + address)) << run.err;
}

TEST_F(Commands, GetShowsMetadataAndConnections) {
  auto* connection = server_.client.add_connections();
  connection->set_connection_id("c-1");
  connection->set_user_agent("evil\x1b[31m");
  const CliRun run = Run({"clients", "get", "alice"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone);
  for (const char* text : {"alice", "news", R"({"plan":"pro"})", "c-1", "evil\\x1b[31m"}) {
    EXPECT_TRUE(Contains(run.out, text)) << run.out;
  }
  EXPECT_TRUE(
      Contains(Run({"clients", "get", "alice", "-o", "jsonl"}).out, R"("metadata_version":"2")"));
}

TEST_F(Commands, ListFollowsThePagesAndTellsOfUnreachableReplicas) {
  server_.pages.resize(3);
  server_.pages[0].add_clients()->set_client_id("alice");
  server_.pages[2].add_clients()->set_client_id("bob");  // The page between is short: empty.
  server_.pages[1].add_unreachable("replica-b");
  server_.pages[2].add_unreachable("replica-b");
  const CliRun run =
      Run({"clients", "list", "--prefix", "a", "--group", "g", "--match", "plan=pro", "n=3"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone);
  EXPECT_TRUE(Contains(run.out, "alice") && Contains(run.out, "bob")) << run.out;
  EXPECT_EQ(run.err, "warning: no answer from replica replica-b; clients there may be missing\n");
  ASSERT_EQ(server_.list_requests.size(), 3u);
  EXPECT_EQ(server_.list_requests[2].page_token(), "page-2");
  EXPECT_EQ(server_.list_requests[2].client_id_prefix(), "a");
  EXPECT_EQ(server_.list_requests[2].metadata_match().at("n"), "3");
  const CliRun json = Run({"clients", "list", "-o", "json"});
  EXPECT_TRUE(Contains(json.out, "\"unreachable\": [\n  \"replica-b\"\n ]")) << json.out;
  EXPECT_EQ(Run({"clients", "list", "-o", "jsonl"}).out.find("{\"client_id\":\"alice\""), 0u);
}

// It once wrote "no clients" above the error.
TEST_F(Commands, ListThatFailsDoesNotSayThatThereAreNoClients) {
  server_.status = {grpc::StatusCode::PERMISSION_DENIED, "no"};
  for (const char* format : {"table", "json", "jsonl"}) {
    const CliRun run = Run({"clients", "list", "-o", format});
    EXPECT_EQ(run.exit_code, ExitCode::kRefused);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "error: PERMISSION_DENIED: no\n");
  }
}

TEST_F(Commands, ListEndsAtTheLimit) {
  server_.pages.resize(2);
  for (const char* id : {"a", "b", "c"}) server_.pages[0].add_clients()->set_client_id(id);
  server_.pages[0].set_total_size(1234);
  const CliRun run = Run({"clients", "list", "--limit", "2", "--full"});
  EXPECT_FALSE(Contains(run.out, "\nc")) << run.out;
  EXPECT_TRUE(Contains(run.err, "the first 2 of about 1,234")) << run.err;
  ASSERT_EQ(server_.list_requests.size(), 1u);
  EXPECT_EQ(server_.list_requests[0].page_size(), 2);
  EXPECT_EQ(server_.list_requests[0].view(), v1::CLIENT_VIEW_FULL);
}

TEST_F(Commands, SetMetadataMergesFileAndArguments) {
  const CliRun run = Run(
      {"clients", "set-metadata", "alice", "--file", "-", "--set", "plan=pro", "seats=3", "--set",
       "list=[1,2]", "--remove", "trial", "--expected-version", "0", "--allow-missing"},
      R"({"plan":"free","city":"Hamburg"})");
  ASSERT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  const v1::SetClientMetadataRequest& request = server_.set_metadata;
  EXPECT_EQ(request.metadata().fields().at("plan").string_value(), "pro");
  EXPECT_EQ(request.metadata().fields().at("seats").number_value(), 3);
  EXPECT_EQ(request.metadata().fields().at("list").list_value().values_size(), 2);
  EXPECT_EQ(request.metadata().fields().at("city").string_value(), "Hamburg");
  EXPECT_EQ(request.remove_keys(0), "trial");
  EXPECT_TRUE(request.has_expected_version());
  EXPECT_EQ(request.expected_version(), 0);
  EXPECT_TRUE(request.allow_missing());
  EXPECT_FALSE(request.replace_all());
  Run({"clients", "set-metadata", "alice", "--replace-all"});
  EXPECT_TRUE(server_.set_metadata.replace_all());
  EXPECT_FALSE(server_.set_metadata.has_expected_version());
}

TEST_F(Commands, OutputThatCannotBeWrittenIsAnError) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(RunCliTo({"broadcast", "--data", "x", "--server", server_.address()}, full, err),
            ExitCode::kRefused);
  EXPECT_TRUE(Contains(err.str(), "could not write")) << err.str();
}

}  // namespace sluice::cli
