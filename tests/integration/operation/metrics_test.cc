#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class Metrics : public DefaultServerTest {
 protected:
  std::string Scrape() {
    const HttpAnswer answer = Exchange(
        server().admin_port(), "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(answer.head.status, 200) << answer.raw;
    EXPECT_EQ(answer.head.Field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return answer.body;
  }

  // Of a series as the text has it, labels included; -1 when it is not there.
  double Value(const std::string& series) {
    for (const absl::string_view line : absl::StrSplit(Scrape(), '\n')) {
      double value = 0;
      if (line.substr(0, series.size()) != series || line.substr(series.size(), 1) != " ") continue;
      if (absl::SimpleAtod(line.substr(series.size() + 1), &value)) return value;
    }
    return -1;
  }
};

TEST_F(Metrics, TellWhatHappens) {
  EXPECT_EQ(Value("sluice_connections"), 0);
  EXPECT_EQ(Value("sluice_connections_closed_total{reason=\"client_gone\"}"), 0);
  const auto ada = OpenAndWait("client_id=ada&group=g");
  const auto bob = OpenAndWait("client_id=bob&group=g");
  EXPECT_EQ(Value("sluice_connections"), 2);
  EXPECT_EQ(Value("sluice_connections_opened_total"), 2);
  SendToGroup("g", MakeEvent("x"));
  SendToClient("ada", MakeEvent("y"));
  EXPECT_EQ(Value("sluice_events_delivered_total"), 3);
  EXPECT_GE(Value("sluice_events_delivered_bytes_total"), 3 * 10);
  EXPECT_EQ(Value("sluice_rpcs_total{method=\"SendToGroup\",code=\"OK\"}"), 1);
  EXPECT_EQ(Value("sluice_rpcs_total{method=\"Broadcast\",code=\"OK\"}"), 0);
  EXPECT_EQ(Value("sluice_rpc_duration_seconds_count{method=\"SendToClient\"}"), 1);
  // Every shard that has some of the streams tells its own.
  EXPECT_GE(Value("sluice_event_delivery_seconds_count"), 2);
  EXPECT_EQ(Value("sluice_event_delivery_seconds_bucket{le=\"+Inf\"}"),
            Value("sluice_event_delivery_seconds_count"));
  v1::SendToClientRequest bad;
  v1::SendToClientResponse response;
  EXPECT_FALSE(Call(&Stub::SendToClient, bad, &response).ok());
  EXPECT_EQ(Value("sluice_rpcs_total{method=\"SendToClient\",code=\"INVALID_ARGUMENT\"}"), 1);
  ada->Close();
  EXPECT_TRUE(Eventually(
      [this] { return Value("sluice_connections_closed_total{reason=\"client_gone\"}") == 1; }));
  EXPECT_EQ(Value("sluice_backplane_up"), 1);
  EXPECT_EQ(Value("sluice_ready"), 1);
  EXPECT_GT(Value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(Value("process_open_fds"), 5);
  EXPECT_GT(Value("process_start_time_seconds"), 1.7e9);
}

TEST_F(Metrics, TellResumesAndGaps) {
  const auto first = OpenAndWait("client_id=ada");
  const std::string id = *first->Log().events[0].id;
  SendToClient("ada", MakeEvent("x"));
  const auto back = OpenAndWait("client_id=ada&last_event_id=" + id);
  ASSERT_TRUE(ReceivesEvents(*back, 1));
  EXPECT_EQ(Value("sluice_resumes_total"), 1);
  OpenAndWait("client_id=ada&last_event_id=nobody-knows");
  EXPECT_EQ(Value("sluice_gaps_total{reason=\"unknown_id\"}"), 1);
  EXPECT_EQ(Value("sluice_gaps_total{reason=\"trimmed\"}"), 0);
}

TEST_F(Metrics, HoldNoIds) {
  const auto ada = OpenAndWait("client_id=secret-client&group=secret-group");
  SendToGroup("secret-group", MakeEvent("secret-data", "secret-name", "secret-id"));
  const std::string text = Scrape();
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(text.find(Opened(*ada, "replica_id")), std::string::npos);
}

TEST_F(Metrics, PassPromtool) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "there is no promtool";
  const auto ada = OpenAndWait("client_id=ada");
  SendToClient("ada", MakeEvent("x"));
  const std::string path = testing::TempDir() + "metrics.txt";
  std::ofstream(path) << Scrape();
  EXPECT_EQ(std::system(absl::StrCat("promtool check metrics < ", path).c_str()), 0);
}

class RefusedStreams : public Metrics {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (!IsSkipped()) StartServer({"--max-per-ip=1", "--slow-consumer=drop-newest"});
  }
};

TEST_F(RefusedStreams, AreToldByTheirLimit) {
  const auto one = OpenAndWait("");
  const auto two = Open("");
  ASSERT_TRUE(two->WaitForEnd());
  EXPECT_EQ(Value("sluice_connections_rejected_total{reason=\"max_per_ip\"}"), 1);
  EXPECT_EQ(Value("sluice_connections_rejected_total{reason=\"max_connections\"}"), 0);
}

}  // namespace
}  // namespace sluice::tests
