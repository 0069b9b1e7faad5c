#include "tests/support/http/event_stream_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace sluice::tests {
namespace {

constexpr char kHead[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

void SendAll(const TcpSocket& connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    pollfd waiting = {connection.fd(), POLLOUT, 0};
    poll(&waiting, 1, -1);
    const ssize_t count =
        send(connection.fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
}

// What came until the bytes end with `end`, or the peer closed.
std::string ReceiveUntil(const TcpSocket& connection, const std::string& end) {
  std::string bytes;
  while (end.empty() || bytes.find(end) == std::string::npos) {
    pollfd waiting = {connection.fd(), POLLIN, 0};
    poll(&waiting, 1, -1);
    char buffer[4096];
    const ssize_t count = recv(connection.fd(), buffer, sizeof(buffer), 0);
    if (count <= 0) break;
    bytes.append(buffer, static_cast<std::size_t>(count));
  }
  return bytes;
}

TEST(EventStreamClient, SendsItsHeadAndKeepsWhatComes) {
  const TcpSocket listener = TcpSocket::Listen();
  EventStreamClient client;
  StreamRequest request = GetEvents("/events?client_id=a", {"Last-Event-ID: 3"});
  request.source_address = "127.0.0.9";
  request.keep_raw_bytes = true;
  const auto stream = client.Open(listener.LocalPort(), request);
  TcpSocket server = listener.Accept();
  EXPECT_EQ(ReceiveUntil(server, "\r\n\r\n"), request.head);

  SendAll(server, std::string(kHead) + "retry: 900\nevent: a\nid: 1\ndata: x\n\n:\n\n");
  const auto event = stream->WaitForEvent("a");
  ASSERT_TRUE(event.has_value()) << stream->Log().Describe();
  EXPECT_EQ(event->data, "x");
  server.Close();
  ASSERT_TRUE(stream->WaitForEnd());
  const StreamLog log = stream->Log();
  EXPECT_EQ(log.close_reason, "end of stream");
  EXPECT_EQ(log.head.Field("content-type"), "text/event-stream");
  EXPECT_EQ(log.reconnection_time_ms, 900);
  EXPECT_EQ(log.comment_count, 1);
  EXPECT_EQ(log.raw.substr(0, 15), "HTTP/1.1 200 OK");
}

TEST(EventStreamClient, ReadsNothingWhilePaused) {
  const TcpSocket listener = TcpSocket::Listen();
  EventStreamClient client;
  StreamRequest request = GetEvents("/events");
  request.receive_buffer_bytes = 4096;
  const auto stream = client.Open(listener.LocalPort(), request);
  const TcpSocket server = listener.Accept();
  SendAll(server, kHead);
  ASSERT_TRUE(stream->WaitFor(
      [](const StreamLog& log) { return log.state == StreamLog::State::kAnswered; }));
  stream->PauseReading();
  stream->Send("marker");
  ReceiveUntil(server, "marker");  // The pause has happened before this came.
  const std::string frame = "data: " + std::string(1000, 'x') + "\n\n";
  int accepted = 0;
  while (send(server.fd(), frame.data(), frame.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(frame.size())) {
    ++accepted;
  }
  EXPECT_EQ(stream->Log().event_count, 0);
  stream->ResumeReading();
  EXPECT_TRUE(stream->WaitForEventCount(accepted)) << stream->Log().Describe();
}

TEST(EventStreamClient, TellsOfClosingAndOfRefusal) {
  EventStreamClient client;
  int port = 0;
  {
    const TcpSocket listener = TcpSocket::Listen();
    port = listener.LocalPort();
    const auto half_closed = client.Open(port, GetEvents("/events"));
    half_closed->HalfClose();
    const TcpSocket server = listener.Accept();
    EXPECT_EQ(ReceiveUntil(server, ""), GetEvents("/events").head);
    half_closed->Reset();
    ASSERT_TRUE(half_closed->WaitForEnd());
    EXPECT_EQ(half_closed->Log().close_reason, "closed by the test");
  }
  const auto refused = client.Open(port, GetEvents("/events"));
  ASSERT_TRUE(refused->WaitForEnd());
  EXPECT_EQ(refused->Log().close_reason, "Connection refused");
}

TEST(EventStreamClient, HoldsAThousandStreams) {
  constexpr int kStreams = 1000;
  const TcpSocket listener = TcpSocket::Listen();
  EventStreamClient client;
  Watched<int> received(0);
  StreamRequest request = GetEvents("/events");
  request.keep_events = false;
  request.on_event = [&](const ReceivedEvent&) { received.Update([](int& count) { ++count; }); };
  std::vector<std::shared_ptr<EventStream>> streams;
  std::vector<TcpSocket> servers;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(client.Open(listener.LocalPort(), request));
    servers.push_back(listener.Accept());
    SendAll(servers.back(), std::string(kHead) + "data: 1\n\ndata: 2\n\n");
  }
  EXPECT_TRUE(received.WaitFor([](int count) { return count == 2 * kStreams; }, kPatience))
      << received.Copy() << " events came";
  EXPECT_TRUE(streams[0]->Log().events.empty());
}

}  // namespace
}  // namespace sluice::tests
