#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "server/config.h"

namespace sluice {
namespace {

// Environment variables and a configuration file that are gone when it ends.
class CommandLineTest : public testing::Test {
 protected:
  ~CommandLineTest() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
    if (!file_.empty()) std::remove(file_.c_str());
  }

  void SetVariable(const std::string& name, const std::string& value) {
    variables_.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }

  // The flag that names a file with this text.
  std::string ConfigFlag(const std::string& text) {
    file_ = testing::TempDir() + "sluice_config_XXXXXX";
    const int fd = mkstemp(file_.data());
    EXPECT_GE(fd, 0);
    close(fd);
    std::ofstream(file_) << text;
    return "--config=" + file_;
  }

  static Config Accepted(const std::vector<std::string>& arguments) {
    auto command_line = ReadCommandLine(arguments);
    EXPECT_TRUE(command_line.ok()) << command_line.status();
    return command_line.ok() ? command_line->config : Config();
  }

  // The message; empty when it was accepted.
  static std::string Refused(const std::vector<std::string>& arguments) {
    const auto command_line = ReadCommandLine(arguments);
    if (command_line.ok()) return "";
    EXPECT_EQ(command_line.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(command_line.status().message());
  }

  static bool Holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::vector<std::string> variables_;
  std::string file_;
};

TEST_F(CommandLineTest, HasTheDefaultsOfTheContract) {
  const Config config = Accepted({});
  EXPECT_EQ(config.edge.http.port(), 8080);
  EXPECT_TRUE(config.edge.http.address().is_loopback());
  EXPECT_EQ(config.grpc, "127.0.0.1:50051");
  EXPECT_EQ(config.admin, "127.0.0.1:9090");
  EXPECT_EQ(config.edge.heartbeat, absl::Seconds(15));
  EXPECT_EQ(config.edge.reconnection_time, absl::Seconds(3));
  EXPECT_EQ(config.edge.outbox_bytes_max, std::size_t{1} << 20);
  EXPECT_EQ(config.edge.write_timeout, absl::Seconds(20));
  EXPECT_EQ(config.record_ttl, absl::Hours(24));
  EXPECT_GE(config.edge.shards, 1);
  EXPECT_FALSE(config.edge.replica_id.empty());
  EXPECT_FALSE(config.is_http_insecure);
}

TEST_F(CommandLineTest, TakesTheFlagBeforeTheVariableBeforeTheFile) {
  const std::string file =
      ConfigFlag("heartbeat = \"11s\"\nretry = \"11s\"\nwrite-timeout = \"11s\"");
  SetVariable("SLUICE_HEARTBEAT", "22s");
  SetVariable("SLUICE_RETRY", "22s");
  const Config config = Accepted({file, "--heartbeat=33s"});
  EXPECT_EQ(config.edge.heartbeat, absl::Seconds(33));
  EXPECT_EQ(config.edge.reconnection_time, absl::Seconds(22));
  EXPECT_EQ(config.edge.write_timeout, absl::Seconds(11));
}

TEST_F(CommandLineTest, TakesListsFromEachSource) {
  using Origins = std::vector<std::string>;
  EXPECT_EQ(Accepted({"--cors-origin=https://a.example", "--cors-origin", "https://b.example"})
                .edge.cors_origins,
            (Origins{"https://a.example", "https://b.example"}));
  const std::string file =
      ConfigFlag(R"(cors-origin = ["https://c.example", "https://d.example"])");
  EXPECT_EQ(Accepted({file}).edge.cors_origins,
            (Origins{"https://c.example", "https://d.example"}));
  SetVariable("SLUICE_CORS_ORIGIN", "https://e.example, https://f.example");
  EXPECT_EQ(Accepted({file}).edge.cors_origins,
            (Origins{"https://e.example", "https://f.example"}));
  EXPECT_EQ(Accepted({file, "--cors-origin=*"}).edge.cors_origins, Origins{"*"});
}

TEST_F(CommandLineTest, NamesTheNearestKnownFlag) {
  const std::string message = Refused({"--hartbeat=3s"});
  EXPECT_TRUE(Holds(message, "--hartbeat")) << message;
  EXPECT_TRUE(Holds(message, "did you mean --heartbeat?")) << message;
  EXPECT_TRUE(Holds(Refused({"--max-connection", "5"}), "did you mean --max-connections?"));
}

TEST_F(CommandLineTest, NamesTheNearestKnownKeyOfTheFile) {
  const std::string message = Refused({ConfigFlag("hearbeat = \"3s\"\n")});
  EXPECT_TRUE(Holds(message, "`hearbeat`")) << message;
  EXPECT_TRUE(Holds(message, "did you mean `heartbeat`?")) << message;
}

TEST_F(CommandLineTest, RefusesAFileThatIsNotThere) {
  EXPECT_NE(Refused({"--config=/nonexistent/sluice.toml"}), "");
}

TEST_F(CommandLineTest, RefusesValuesOutOfBoundsAndNamesTheFlag) {
  for (const auto& [flag, value] :
       std::vector<std::pair<std::string, std::string>>{{"shards", "0"},
                                                        {"shards", "257"},
                                                        {"shards", "x"},
                                                        {"shards", "-1"},
                                                        {"heartbeat", "10ms"},
                                                        {"heartbeat", "15"},
                                                        {"retry", "100ms"},
                                                        {"retry", "45m"},
                                                        {"outbox-bytes", "1KiB"},
                                                        {"outbox-total-bytes", "0%"},
                                                        {"outbox-total-bytes", "256KiB"},
                                                        {"redis-url", "localhost"},
                                                        {"redis-prefix", "a b"},
                                                        {"max-connections", "0"},
                                                        {"max-connections", "99999999999"},
                                                        {"write-timeout", "0"},
                                                        {"record-ttl", "1ms"},
                                                        {"overload-response", "502"},
                                                        {"log-level", "loud"},
                                                        {"log-format", "xml"},
                                                        {"http", "8080"},
                                                        {"grpc", "localhost"},
                                                        {"admin", "[::1]"},
                                                        {"replica-id", "a b"},
                                                        {"heartbeat-event", "sluice.beat"},
                                                        {"cors-origin", "app.example"},
                                                        {"cors-origin", "https://app.example/"}}) {
    const std::string message = Refused({"--" + flag + "=" + value});
    EXPECT_TRUE(Holds(message, "--" + flag + " ")) << flag << "=" << value << ": " << message;
  }
}

TEST_F(CommandLineTest, RefusesAnyOriginBesideExactOnes) {
  EXPECT_NE(Refused({"--cors-origin=*", "--cors-origin=https://a.example"}), "");
}

// A browser's Origin has no path, so such a one could never match and nobody would be told.
TEST_F(CommandLineTest, RefusesOriginsWithAPath) {
  EXPECT_NE(Refused({"--cors-origin=https://app.example/page"}), "");
  EXPECT_NE(Refused({"--cors-origin=https://app.example?x"}), "");
  EXPECT_NE(Refused({"--cors-origin=https://"}), "");
  EXPECT_EQ(Refused({"--cors-origin=https://app.example:8443"}), "");
  EXPECT_EQ(Refused({"--cors-origin=http://[::1]:3000"}), "");
}

TEST_F(CommandLineTest, OpensNoPortToOthersWithoutBeingTold) {
  EXPECT_TRUE(Holds(Refused({"--http=0.0.0.0:8080"}), "--insecure=http"));
  EXPECT_TRUE(Holds(Refused({"--http=[::]:8080"}), "--insecure=http"));
  EXPECT_TRUE(Holds(Refused({"--grpc=10.0.0.1:50051"}), "--insecure=grpc"));
  EXPECT_TRUE(Holds(Refused({"--http=0.0.0.0:1", "--insecure=grpc"}), "--insecure=http"));
  EXPECT_EQ(Refused({"--http=127.0.0.2:8080", "--grpc=[::1]:50051"}), "");
  EXPECT_EQ(Refused({"--admin=0.0.0.0:9090"}), "") << "the admin port tells no secrets";
}

TEST_F(CommandLineTest, OpensThePortsItIsToldTo) {
  EXPECT_TRUE(Accepted({"--http=0.0.0.0:1", "--insecure=http"}).is_http_insecure);
  EXPECT_FALSE(Accepted({"--http=0.0.0.0:1", "--insecure=http"}).is_grpc_insecure);
  const Config both = Accepted({"--http=0.0.0.0:1", "--grpc=0.0.0.0:2", "--insecure"});
  EXPECT_TRUE(both.is_http_insecure && both.is_grpc_insecure);
  const Config named = Accepted({"--insecure=http", "--insecure=grpc"});
  EXPECT_TRUE(named.is_http_insecure && named.is_grpc_insecure);
  EXPECT_TRUE(Holds(Refused({"--insecure=admin"}), "--insecure "));
  EXPECT_TRUE(Holds(Refused({"--insecure=http,"}), "--insecure "));
}

TEST_F(CommandLineTest, NamesTheFlagsThatWouldGuardAPort) {
  const std::string http = Refused({"--http=0.0.0.0:8080"});
  EXPECT_TRUE(Holds(http, "--jwt-hs256-file") && Holds(http, "--jwks-file")) << http;
  EXPECT_TRUE(Holds(Refused({"--grpc=0.0.0.0:50051"}), "--tokens-file"));
}

TEST_F(CommandLineTest, OpensPortsThatAskWhoComes) {
  const Config by_jwt =
      Accepted({"--http=0.0.0.0:1", "--grpc=0.0.0.0:2", "--jwks-file=/keys", "--insecure"});
  EXPECT_FALSE(by_jwt.is_http_insecure) << "a guarded port is not open";
  EXPECT_FALSE(by_jwt.is_grpc_insecure);
  EXPECT_EQ(Refused({"--grpc=0.0.0.0:2", "--tokens-file=/tokens"}), "");
  EXPECT_TRUE(Holds(Refused({"--http=0.0.0.0:1", "--tokens-file=/tokens"}), "--insecure=http"))
      << "tokens of callers guard no streams";
}

TEST_F(CommandLineTest, TakesUrlsOfOtherServers) {
  EXPECT_EQ(Refused({"--http=0.0.0.0:1", "--grpc=0.0.0.0:2", "--jwks-url=https://id/keys"}), "");
  EXPECT_EQ(Refused({"--http=0.0.0.0:1", "--auth-url=http://auth/"}), "");
  EXPECT_TRUE(Holds(Refused({"--grpc=0.0.0.0:1", "--auth-url=http://auth/"}), "--insecure=grpc"))
      << "the webhook guards streams alone";
  EXPECT_TRUE(Holds(Refused({"--jwks-url=id/keys"}), "--jwks-url "));
  const std::string message = Refused({"--auth-url=https://user:geheim@auth/"});
  EXPECT_TRUE(Holds(message, "--auth-url ")) << message;
  EXPECT_FALSE(Holds(message, "geheim")) << message;
}

TEST_F(CommandLineTest, TurnsReflectionOffWhereCallersAuthenticate) {
  EXPECT_TRUE(Accepted({}).has_grpc_reflection);
  EXPECT_FALSE(Accepted({"--tokens-file=/tokens"}).has_grpc_reflection);
  EXPECT_FALSE(Accepted({"--jwks-file=/keys"}).has_grpc_reflection);
  EXPECT_TRUE(Accepted({"--tokens-file=/tokens", "--grpc-reflection"}).has_grpc_reflection);
}

TEST_F(CommandLineTest, WantsCertificatesWithTheirKeys) {
  EXPECT_TRUE(Holds(Refused({"--tls-cert=/c"}), "--tls-key"));
  EXPECT_TRUE(Holds(Refused({"--tls-key=/k"}), "--tls-cert"));
  EXPECT_TRUE(Holds(Refused({"--grpc-tls-cert=/c"}), "--grpc-tls-key"));
  EXPECT_TRUE(Holds(Refused({"--grpc-client-ca=/ca"}), "--grpc-tls-cert"));
  EXPECT_EQ(Refused({"--grpc=0.0.0.0:1", "--grpc-tls-cert=/c", "--grpc-tls-key=/k",
                     "--grpc-client-ca=/ca"}),
            "");
  EXPECT_TRUE(Holds(Refused({"--grpc=0.0.0.0:1", "--grpc-tls-cert=/c", "--grpc-tls-key=/k"}),
                    "--insecure=grpc"))
      << "encryption alone asks nobody who he is";
}

TEST_F(CommandLineTest, RefusesRulesForTokensWithoutKeys) {
  EXPECT_TRUE(Holds(Refused({"--jwt-issuer=id"}), "--jwt-issuer "));
  EXPECT_TRUE(Holds(Refused({"--jwt-audience=a"}), "--jwks-file"));
  EXPECT_EQ(Accepted({"--jwks-file=/keys", "--jwt-issuer=id"}).doors.claim_rules.issuer, "id");
}

TEST_F(CommandLineTest, OpensPortsByVariableAndFile) {
  SetVariable("SLUICE_INSECURE", "http");
  EXPECT_TRUE(Accepted({"--http=0.0.0.0:1"}).is_http_insecure);
  EXPECT_FALSE(Accepted({}).is_grpc_insecure);
  SetVariable("SLUICE_INSECURE", "false");
  EXPECT_FALSE(Accepted({}).is_http_insecure);
  EXPECT_FALSE(Accepted({ConfigFlag("insecure = \"true\"")}).is_http_insecure);
}

TEST_F(CommandLineTest, TakesAVariableWithSeveralPorts) {
  SetVariable("SLUICE_INSECURE", "http,grpc");
  const Config config = Accepted({});
  EXPECT_TRUE(config.is_http_insecure && config.is_grpc_insecure);
}

// Deployments leave variables empty that they have no value for. An empty SLUICE_INSECURE must
// least of all open the ports.
TEST_F(CommandLineTest, TakesAnEmptyVariableForNone) {
  for (const char* name : {"SLUICE_INSECURE", "SLUICE_REPLICA_ID", "SLUICE_HEARTBEAT",
                           "SLUICE_CORS_ORIGIN", "SLUICE_SHARDS", "SLUICE_LOG_LEVEL"}) {
    SetVariable(name, "");
    const Config config = Accepted({});
    EXPECT_FALSE(config.is_http_insecure) << name;
    EXPECT_FALSE(config.is_grpc_insecure) << name;
    EXPECT_EQ(config.edge.heartbeat, absl::Seconds(15)) << name;
    EXPECT_TRUE(config.edge.cors_origins.empty()) << name;
    unsetenv(name);
  }
}

// A start script writes --insecure=$PORTS, and the variable is empty.
TEST_F(CommandLineTest, OpensNoPortForAnEmptyValue) {
  EXPECT_TRUE(Holds(Refused({"--insecure="}), "--insecure "));
}

TEST_F(CommandLineTest, PrintsHelpAndVersion) {
  const auto help = ReadCommandLine({"--help"});
  ASSERT_TRUE(help.ok());
  EXPECT_EQ(help->action, CommandLine::Action::kPrint);
  EXPECT_TRUE(Holds(help->text, "--max-connections"));
  const auto version = ReadCommandLine({"--version"});
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->text.rfind("sluice ", 0), 0U);
}

}  // namespace
}  // namespace sluice
