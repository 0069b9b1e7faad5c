#include <gtest/gtest.h>

#include <filesystem>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

// Clients that nobody here wrote, so that both ends can't share a misreading of the standard.
class ForeignClient : public DefaultServerTest {
 protected:
  std::string Url(const std::string& query) {
    return "http://127.0.0.1:" + std::to_string(server().http_port()) + "/events?" + query;
  }
};

TEST_F(ForeignClient, ThePackageEventsourceReadsNamesIdsAndLines) {
  const std::string folder = SLUICE_NODE_MODULES;
  if (!std::filesystem::exists(std::filesystem::path(folder) / "eventsource")) {
    GTEST_SKIP() << "the npm package eventsource is not in " << folder
                 << "; ./dev test puts it there";
  }
  ProcessOptions options;
  options.program = "node";
  options.arguments = {"tests/integration/eventsource_package.mjs", folder,
                       Url("client_id=node&group=news")};
  options.folder = SLUICE_SOURCE_ROOT;
  const ChildProcess node(options);
  const auto open = node.WaitForLine(Output::kStandard, "sluice.open");
  ASSERT_TRUE(open.has_value()) << node.Printed(Output::kStandard) << node.Printed(Output::kError);
  const v1::Delivery first = SendToGroup("news", MakeEvent("one\r\ntwo\rthree\n", "news"));
  SendToClient("node", MakeEvent("gr\xC3\xBC\xC3\x9F", "", "mine"));
  SendToClient("node", MakeEvent("", "last"));
  const auto status = node.Wait();
  ASSERT_TRUE(status.has_value()) << node.Printed(Output::kStandard);
  EXPECT_EQ(status->code, 0) << node.Printed(Output::kError);

  const auto line = [&node](const std::string& part) {
    return node.WaitForLine(Output::kStandard, part).value_or("");
  };
  const std::string news = line("\"event\":\"news\"");
  EXPECT_EQ(JsonField(news, "data"), "one\ntwo\nthree\n");
  EXPECT_EQ(JsonField(news, "id"), first.event_id());
  const std::string message = line("\"event\":\"message\"");
  EXPECT_EQ(JsonField(message, "data"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(JsonField(message, "id"), "mine");
  EXPECT_EQ(JsonField(line("\"event\":\"last\""), "data"), "");
  EXPECT_EQ(line("\"event\":\"error\""), "");
}

TEST_F(ForeignClient, CurlReadsAStream) {
  ChildProcess curl({"curl", {"-sN", Url("client_id=curl")}, {}, "", ""});
  ASSERT_TRUE(curl.WaitForLine(Output::kStandard, "event: sluice.open").has_value() ||
              curl.WaitForLine(Output::kStandard, "event:sluice.open").has_value())
      << curl.Printed(Output::kStandard) << curl.Printed(Output::kError);
  EXPECT_EQ(SendToClient("curl", MakeEvent("hello")).connections(), 1);
  EXPECT_TRUE(curl.WaitForLine(Output::kStandard, "hello").has_value())
      << curl.Printed(Output::kStandard);
}

}  // namespace
}  // namespace sluice::tests
