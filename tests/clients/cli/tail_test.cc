// tests/clients/cli/tail_test.cc
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/clients/cli/support/cli_run.h"
#include "tests/clients/cli/support/event_stream_server.h"

namespace sluice::cli {
namespace {

using Peer = EventStreamServer::Peer;
using Script = EventStreamServer::Script;

// Writes the text and closes.
Script Answer(const std::string& text) {
  return [text](Peer& peer) { peer.Write(text); };
}

Script Stream(const std::string& events) {
  return Answer(StreamOf(events));
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST(Tail, PrintsEventsForAPerson) {
  EventStreamServer server({Stream(
      "event: sluice.open\ndata: {}\n\nevent: order\nid: 7\ndata: a\tb\ndata: \x1b[31mc\n\n")});
  const CliRun run = RunCli({"tail", server.Url(), "--no-reconnect"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(run.out,
            "event sluice.open\n{}\n"
            "event order  id 7\na\tb\n\\x1b[31mc\n");
}

TEST(Tail, PrintsOneJsonObjectALine) {
  EventStreamServer server({Stream("id: 7\ndata: a\ndata: \"b\"\n\n")});
  const CliRun run = RunCli({"tail", server.Url(), "--no-reconnect", "-o", "jsonl"});
  EXPECT_EQ(run.out, R"({"event":"message","id":"7","data":"a\n\"b\""})"
                     "\n");
}

TEST(Tail, AsksAsAnEventSourceDoes) {
  EventStreamServer server({Stream("data: a\n\n")});
  RunCli({"tail", server.Url("/events?client_id=x"), "--count", "1", "--last-event-id", "41",
          "--header", "Authorization: Bearer t"});
  const auto requests = server.Requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target(), "/events?client_id=x");
  EXPECT_EQ(requests[0]["Accept"], "text/event-stream");
  EXPECT_EQ(requests[0]["Cache-Control"], "no-store");
  EXPECT_EQ(requests[0]["Last-Event-ID"], "41");
  EXPECT_EQ(requests[0]["Authorization"], "Bearer t");
}

TEST(Tail, CountsOnlyEventsThatAreNotTheServersOwn) {
  EventStreamServer server({[](Peer& peer) {
    peer.Write(
        StreamOf("event: sluice.open\ndata: {}\n\ndata: 1\n\nevent: sluice.gap\ndata: {}\n\n"
                 "data: 2\n\ndata: 3\n\n"));
    peer.WaitForClose();
  }});
  const CliRun run = RunCli({"tail", server.Url(), "--count", "2", "-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone);
  EXPECT_TRUE(Contains(run.out, "sluice.gap"));
  EXPECT_TRUE(Contains(run.out, "\"data\":\"2\""));
  EXPECT_FALSE(Contains(run.out, "\"data\":\"3\""));
}

TEST(Tail, ReadsChunkedBodiesHoweverTheyAreCut) {
  EventStreamServer server(
      {Answer("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n"
              "Transfer-Encoding: chunked\r\n\r\n"
              "5\r\ndata:\r\n"
              "3;x=y\r\n a\r\r\n"
              "1\r\n\n\r\n"
              "b\r\n\ndata: bc\n\n\r\n0\r\n\r\n")});
  const CliRun run = RunCli({"tail", server.Url(), "--no-reconnect", "-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_TRUE(Contains(run.out, "\"data\":\"a\"")) << run.out;
  EXPECT_TRUE(Contains(run.out, "\"data\":\"bc\"")) << run.out;
}

TEST(Tail, ComesBackWithTheLastEventIdAfterTheServersTime) {
  EventStreamServer server({
      Stream("retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: unfinished\n"),
      [](Peer& peer) {
        peer.Write(StreamOf("data: b\n\n"));
        peer.Reset();
      },
      Stream("id: 3\n\ndata: c\n\n"),
  });
  const CliRun run = RunCli({"tail", server.Url(), "--count", "3", "-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(run.out, R"({"event":"message","id":"1","data":"a"})"
                     "\n"
                     R"({"event":"message","id":"1","data":"b"})"
                     "\n"
                     R"({"event":"message","id":"3","data":"c"})"
                     "\n");
  EXPECT_TRUE(Contains(run.err, "reconnecting in 1ms")) << run.err;
  const auto requests = server.Requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].count("Last-Event-ID"), 0u);
  EXPECT_EQ(requests[1]["Last-Event-ID"], "1");
  EXPECT_EQ(requests[2]["Last-Event-ID"], "1");
}

TEST(Tail, EndsForGoodAt204) {
  EventStreamServer server(
      {Stream("retry: 1\ndata: a\n\n"), Answer("HTTP/1.1 204 No Content\r\n\r\n")});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_TRUE(Contains(run.out, "a\n"));
}

TEST(Tail, EndsForGoodAtAnErrorWithTheServersMessage) {
  const std::string body = R"({"error":{"code":"overloaded","message":"come \u001b back later"}})";
  EventStreamServer server({Answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n\r\n" + body)});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_EQ(run.err, "error: the server answered 503 Service Unavailable: come \\x1b back later\n");
}

TEST(Tail, EndsForGoodAtAnotherContentType) {
  EventStreamServer server(
      {Answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_TRUE(Contains(run.err, "text/html")) << run.err;
}

TEST(Tail, NamesTheTargetOfARedirect) {
  EventStreamServer server({Answer(
      "HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n")});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_TRUE(Contains(run.err, "it names https://example.org/")) << run.err;
}

TEST(Tail, ALineOverTheLimitIsAnError) {
  EventStreamServer server({Stream("data: " + std::string((1 << 20) + 1, 'x') + "\n\n")});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_TRUE(Contains(run.err, "line over 1048576 bytes")) << run.err;
}

TEST(Tail, ExitsWith3WhereNothingListensOrSpeaksHttp) {
  std::string url;
  { url = EventStreamServer({}).Url(); }
  EXPECT_EQ(RunCli({"tail", url}).exit_code, ExitCode::kUnreachable);
  EventStreamServer server({Answer("\x01\x02 this is no HTTP\r\n\r\n")});
  const CliRun run = RunCli({"tail", server.Url()});
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable);
  EXPECT_TRUE(Contains(run.err, "does not speak HTTP/1.1")) << run.err;
}

TEST(Tail, WithoutReconnectABrokenStreamExitsWith3) {
  EventStreamServer server({Answer(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "9\r\ndata: a\n\n\r\n5\r\nda")});
  const CliRun run = RunCli({"tail", server.Url(), "--no-reconnect"});
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable);
  EXPECT_TRUE(Contains(run.out, "a\n"));
}

TEST(Tail, GivesUpOnAServerThatSendsNoHead) {
  EventStreamServer server({[](Peer& peer) { peer.WaitForClose(); }});
  const CliRun run = RunCli({"tail", server.Url(), "--timeout", "50ms"});
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable);
  EXPECT_TRUE(Contains(run.err, "no answer within 50ms")) << run.err;
}

TEST(Tail, FlushesEachEventAndEndsQuietlyAtSigint) {
  WatchedOutput out;
  WatchedOutput err;
  bool was_flushed = false;
  EventStreamServer server({[&](Peer& peer) {
    peer.Write(StreamOf("data: first\n\n"));
    was_flushed = out.WaitFor("first\n");
    kill(getpid(), SIGINT);
    peer.WaitForClose();
  }});
  EXPECT_EQ(RunCliTo({"tail", server.Url()}, out, err), ExitCode::kInterrupted);
  EXPECT_TRUE(was_flushed);
  err.flush();
  EXPECT_EQ(err.Text(), "");
}

}  // namespace sluice::cli
