#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

// The real sluicectl against the real server.
class Sluicectl : public DefaultServerTest {
 protected:
  Finished RunCommand(std::vector<std::string> arguments, const std::string& input = "") {
    ProcessOptions options = OptionsFor(std::move(arguments));
    options.input = input;
    return RunToEnd(std::move(options));
  }

  ProcessOptions OptionsFor(std::vector<std::string> arguments) {
    ProcessOptions options;
    options.program = SLUICECTL_PROGRAM;
    options.arguments = std::move(arguments);
    options.environment["SLUICE_SERVER"] = server().GrpcAddress();
    return options;
  }
};

TEST_F(Sluicectl, SendSaysHowManyConnectionsGotTheEvent) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const Finished send = RunCommand({"send", "client", "alice", "--data", "hello"});
  EXPECT_EQ(send.status.code, 0) << send.standard_error;
  EXPECT_NE(send.standard_output.find("connections 1"), std::string::npos) << send.standard_output;
  const Finished nobody = RunCommand({"send", "group", "empty", "--data", "hello"});
  EXPECT_NE(nobody.standard_output.find("connections 0"), std::string::npos);
  const Finished all = RunCommand({"broadcast", "--data", "-", "--event", "notice"}, "from stdin");
  EXPECT_EQ(all.status.code, 0) << all.standard_error;
  ASSERT_TRUE(ReceivesEvents(*stream, 2));
  const auto events = SentEvents(stream->Log());
  EXPECT_EQ(events[0].data, "hello");
  EXPECT_EQ(events[1].event, "notice");
  EXPECT_EQ(events[1].data, "from stdin");
}

TEST_F(Sluicectl, ARefusalNamesTheFieldAndExitsWithOne) {
  const Finished send = RunCommand({"send", "client", "no spaces", "--data", "x"});
  EXPECT_EQ(send.status.code, 1);
  EXPECT_NE(send.standard_error.find("client_id"), std::string::npos) << send.standard_error;
}

TEST_F(Sluicectl, AServerThatIsAwayExitsWithThree) {
  ProcessOptions options = OptionsFor({"broadcast", "--data", "x", "--timeout", "5s"});
  options.environment["SLUICE_SERVER"] = "127.0.0.1:1";
  const Finished send = RunToEnd(std::move(options));
  EXPECT_EQ(send.status.code, 3);
  EXPECT_NE(send.standard_error.find("127.0.0.1:1"), std::string::npos) << send.standard_error;
}

TEST_F(Sluicectl, CheckSendsAnEventToItselfAndExitsAsMonitorsWantIt) {
  const std::string url = "http://127.0.0.1:" + std::to_string(server().http_port()) + "/events";
  const Finished good = RunCommand({"check", "--http", url});
  EXPECT_EQ(good.status.code, 0) << good.standard_error;
  EXPECT_EQ(good.standard_output.rfind("ok", 0), 0U) << good.standard_output;
  EXPECT_EQ(
      RunCommand({"check", "--http", "http://127.0.0.1:1/events", "--timeout", "2s"}).status.code,
      3);
  EXPECT_EQ(RunCommand({"check", "--http", "nonsense"}).status.code, 2);
  ProcessOptions no_grpc = OptionsFor({"check", "--http", url, "--timeout", "2s"});
  no_grpc.environment["SLUICE_SERVER"] = "127.0.0.1:1";
  EXPECT_EQ(RunToEnd(std::move(no_grpc)).status.code, 3);
}

TEST_F(Sluicectl, WrongUsageExitsWithTwo) {
  EXPECT_EQ(RunCommand({"send", "nowhere"}).status.code, 2);
}

TEST_F(Sluicectl, PublishTellsOfEachEntryAndFailsForABadOne) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const Finished publish = RunCommand({"publish", "--input", "-", "-o", "jsonl"},
                                      R"({"group":"news","event":{"data":"1"}})"
                                      "\n"
                                      R"({"group":"no spaces","event":{"data":"2"}})"
                                      "\n"
                                      R"({"broadcast":true,"event":{"data":"3"}})"
                                      "\n");
  EXPECT_EQ(publish.status.code, 1) << publish.standard_error;
  EXPECT_NE(publish.standard_output.find("\"error\""), std::string::npos)
      << publish.standard_output;
  ASSERT_TRUE(ReceivesEvents(*stream, 2));
  EXPECT_EQ(SentEvents(stream->Log())[1].data, "3");
}

TEST_F(Sluicectl, TailPrintsEventsAndEndsAfterTheirCount) {
  const ChildProcess tail(OptionsFor(
      {"tail", "http://127.0.0.1:" + std::to_string(server().http_port()) + "/events?client_id=t",
       "--count", "1", "-o", "jsonl"}));
  ASSERT_TRUE(tail.WaitForLine(Output::kStandard, "sluice.open").has_value())
      << tail.Printed(Output::kError);
  SendToClient("t", MakeEvent("two\nlines", "news"));
  const auto status = tail.Wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, 0);
  EXPECT_EQ(JsonField(tail.WaitForLine(Output::kStandard, "\"news\"").value_or(""), "data"),
            "two\nlines");
}

TEST_F(Sluicectl, ClientsAreListedDescribedAndChanged) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const Finished set =
      RunCommand({"clients", "set-metadata", "alice", "--set", "plan=pro", "--set", "seats=3"});
  EXPECT_EQ(set.status.code, 0) << set.standard_error;
  const Finished list = RunCommand({"clients", "list", "--match", "plan=pro", "-o", "jsonl"});
  EXPECT_EQ(JsonField(list.standard_output, "client_id"), "alice") << list.standard_error;
  const Finished get = RunCommand({"clients", "get", "nobody"});
  EXPECT_EQ(get.status.code, 1);
  EXPECT_NE(get.standard_error.find("CLIENT_NOT_FOUND"), std::string::npos) << get.standard_error;
}

}  // namespace
}  // namespace sluice::tests
