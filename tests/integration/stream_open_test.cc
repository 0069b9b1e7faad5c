#include <gtest/gtest.h>

#include <set>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

class StreamOpen : public DefaultServerTest {};

TEST_F(StreamOpen, RetryComesFirstAndThenWhoTheStreamIs) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const StreamLog log = stream->Log();
  const std::string body = log.raw.substr(log.raw.find("\r\n\r\n") + 4);
  EXPECT_EQ(body.rfind("retry:", 0), 0U) << body;
  ASSERT_EQ(log.events.size(), 1U);
  const ReceivedEvent& open = log.events[0];
  EXPECT_EQ(open.event, "sluice.open");
  EXPECT_EQ(JsonField(open.data, "client_id"), "alice");
  EXPECT_EQ(JsonField(open.data, "resumed"), "false");
  EXPECT_NE(JsonField(open.data, "connection_id"), "");
  EXPECT_NE(JsonField(open.data, "replica_id"), "");
  EXPECT_TRUE(!open.id || IsEventNumber(*open.id)) << *open.id;
  ASSERT_TRUE(log.reconnection_time_ms.has_value());
  EXPECT_GE(*log.reconnection_time_ms, 1500);
  EXPECT_LE(*log.reconnection_time_ms, 4500);
}

TEST_F(StreamOpen, ReconnectionTimesAreJitteredByHalf) {
  StartServer({"--retry=2s"});
  std::set<std::int64_t> times;
  for (int i = 0; i < 20; ++i) {
    const auto stream = OpenAndWait("client_id=a");
    const auto time = stream->Log().reconnection_time_ms;
    ASSERT_TRUE(time.has_value());
    EXPECT_GE(*time, 1000);
    EXPECT_LE(*time, 3000);
    times.insert(*time);
  }
  EXPECT_GT(times.size(), 5U) << "twenty streams that reconnect at the same moments";
}

TEST_F(StreamOpen, WithoutAnIdAStreamIsToldARandomOne) {
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const auto stream = OpenAndWait("group=news");
    const std::string id = Opened(*stream, "client_id");
    EXPECT_NE(id, "");
    EXPECT_EQ(SendToClient(id, MakeEvent("for you")).connections(), 1);
    EXPECT_TRUE(ReceivesEvents(*stream, 1));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(StreamOpen, ConnectionsOfOneClientHaveTheirOwnIds) {
  const auto one = OpenAndWait("client_id=a");
  const auto two = OpenAndWait("client_id=a");
  EXPECT_NE(Opened(*one, "connection_id"), Opened(*two, "connection_id"));
  EXPECT_EQ(Opened(*one, "replica_id"), Opened(*two, "replica_id"));
}

TEST_F(StreamOpen, ALastIdThatIsUnknownIsAnsweredByAGap) {
  for (const bool by_header : {true, false}) {
    SCOPED_TRACE(by_header ? "header" : "query");
    const auto stream = by_header ? OpenAndWait("client_id=a", {"Last-Event-ID: seen-1"})
                                  : OpenAndWait("client_id=a&last_event_id=seen-1");
    const auto gap = stream->WaitForEvent("sluice.gap");
    ASSERT_TRUE(gap.has_value()) << stream->Log().Describe();
    EXPECT_EQ(JsonField(gap->data, "reason"), "unknown_id");
    EXPECT_EQ(JsonField(gap->data, "from"), "seen-1");
    const std::string to = JsonField(gap->data, "to");
    EXPECT_TRUE(IsEventNumber(to)) << to;
    EXPECT_EQ(gap->id, to);
    const StreamLog log = stream->Log();
    ASSERT_GE(log.events.size(), 2U);
    EXPECT_EQ(log.events[0].event, "sluice.open");
    EXPECT_EQ(log.events[1].event, "sluice.gap");
    EXPECT_EQ(JsonField(log.events[0].data, "resumed"), "false");
  }
}

TEST_F(StreamOpen, TheHeaderWinsOverTheQuery) {
  const auto stream = OpenAndWait("client_id=a&last_event_id=old", {"Last-Event-ID: new"});
  const auto gap = stream->WaitForEvent("sluice.gap");
  ASSERT_TRUE(gap.has_value()) << stream->Log().Describe();
  EXPECT_EQ(JsonField(gap->data, "from"), "new");
}

TEST_F(StreamOpen, AFreshStreamIsToldOfNoGap) {
  const auto stream = OpenAndWait("client_id=a");
  SendToClient("a", MakeEvent("after"));
  ASSERT_TRUE(ReceivesEvents(*stream, 1));
  EXPECT_EQ(stream->Log().Find("sluice.gap"), nullptr);
}

TEST_F(StreamOpen, IdsThatLookLikeCodeAreIds) {
  const std::map<std::string, std::string> ids = {{"constructor", "constructor"},
                                                  {"__proto__", "__proto__"},
                                                  {"..", ".."},
                                                  {"*", "*"},
                                                  {"a:b/c", "a:b/c"},
                                                  {"%C3%A9t%c3%a9", "\xC3\xA9t\xC3\xA9"},
                                                  {"a%2Bb%26c%25", "a+b&c%"}};
  for (const auto& [escaped, id] : ids) {
    SCOPED_TRACE(escaped);
    const auto stream = OpenAndWait("client_id=" + escaped + "&group=" + escaped);
    EXPECT_EQ(Opened(*stream, "client_id"), id);
    EXPECT_EQ(SendToClient(id, MakeEvent("one")).connections(), 1);
    EXPECT_EQ(SendToGroup(id, MakeEvent("two")).connections(), 1);
    EXPECT_TRUE(ReceivesEvents(*stream, 2));
  }
}

TEST_F(StreamOpen, AnIdMayHave256BytesAndNotOneMore) {
  const std::string longest(256, 'a');
  const auto stream = OpenAndWait("client_id=" + longest);
  EXPECT_EQ(SendToClient(longest, MakeEvent("x")).connections(), 1);

  v1::SendToClientRequest request;
  request.set_client_id(longest + "a");
  *request.mutable_event() = MakeEvent("x");
  v1::SendToClientResponse response;
  const grpc::Status status = Call(&Stub::SendToClient, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status), std::vector<std::string>{"client_id"});
}

TEST_F(StreamOpen, SilenceIsFilledWithComments) {
  StartServer({"--heartbeat=1s"});
  const auto stream = OpenAndWait("client_id=a");
  EXPECT_TRUE(stream->WaitFor([](const StreamLog& log) { return log.comment_count >= 2; }))
      << stream->Log().raw;
  EXPECT_EQ(stream->Log().events.size(), 1U);
}

TEST_F(StreamOpen, HeartbeatsCanBeEvents) {
  StartServer({"--heartbeat=1s", "--heartbeat-event=ping"});
  const auto stream = OpenAndWait("client_id=a");
  const auto ping = stream->WaitForEvent("ping");
  ASSERT_TRUE(ping.has_value()) << stream->Log().Describe();
  EXPECT_EQ(stream->Log().comment_count, 0);
}

}  // namespace
}  // namespace sluice::tests
