#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

class RequestHeads : public DefaultServerTest {
 protected:
  // The server is well when another stream still opens and receives.
  void ExpectServes() {
    const auto stream = OpenAndWait("client_id=witness");
    EXPECT_EQ(SendToClient("witness", MakeEvent("alive")).connections(), 1);
    EXPECT_TRUE(ReceivesEvents(*stream, 1));
    stream->Close();
    EXPECT_TRUE(stream->WaitForEnd());
  }
};

// A GET whose head is exactly `size` bytes.
std::string HeadOfSize(std::size_t size) {
  const std::string start = "GET /events?client_id=big HTTP/1.1\r\nHost: a\r\n";
  const std::string end = "\r\n\r\n";
  std::string head = start;
  // Several fields, because a server may also limit the size of one.
  while (head.size() + 4000 + end.size() < size) {
    const std::string name = "X-Filler-" + std::to_string(head.size()) + ": ";
    head += name + std::string(2000, 'x') + "\r\n";
  }
  head += "X-Last: ";
  return head + std::string(size - head.size() - end.size(), 'x') + end;
}

TEST_F(RequestHeads, AHeadOfSixteenKibibytesIsReadAndALongerOneIs431) {
  const HttpAnswer fits = ExchangeHead(server().http_port(), HeadOfSize(16 * 1024));
  EXPECT_EQ(fits.head.status, 200) << fits.raw;
  // The request line may count apart from the fields.
  const HttpAnswer over = Ask(HeadOfSize(17 * 1024));
  EXPECT_EQ(over.head.status, 431) << over.raw;
  EXPECT_NE(JsonField(over.body, "error"), "") << over.raw;
}

TEST_F(RequestHeads, AHeadWithoutEndIs431BeforeItFillsMemory) {
  HttpExchange exchange(server().http_port());
  exchange.Send("GET /events HTTP/1.1\r\nX-Endless: ");
  // The server may cut us off at any of these; that is what is asked of it.
  for (int i = 0; i < 64 && exchange.Send(std::string(1024, 'x')); ++i) {
  }
  const HttpAnswer answer = exchange.ReadToEnd();
  EXPECT_TRUE(answer.closed);
  EXPECT_TRUE(answer.head.status == 431 || answer.raw.empty()) << answer.raw;
  ExpectServes();
}

TEST_F(RequestHeads, ASlowHeadIs408AfterTenSeconds) {
  HttpExchange exchange(server().http_port());
  const absl::Time begin = absl::Now();
  exchange.Send("GET /events?client_id=slow HTTP/1.1\r\nHost: a\r\n");
  const HttpAnswer answer = exchange.ReadToEnd();
  const absl::Duration waited = absl::Now() - begin;
  EXPECT_EQ(answer.head.status, 408) << answer.raw;
  EXPECT_NE(JsonField(answer.body, "error"), "") << answer.raw;
  EXPECT_GE(waited, absl::Seconds(9));
  EXPECT_LE(waited, absl::Seconds(15));
}

TEST_F(RequestHeads, AHeadThatComesByteByByteIsRead) {
  HttpExchange exchange(server().http_port());
  for (const char byte : GetEvents("/events?client_id=drip").head) {
    ASSERT_TRUE(exchange.Send(std::string(1, byte)));
  }
  const HttpAnswer answer = exchange.ReadUntil("sluice.open");
  EXPECT_EQ(answer.head.status, 200) << answer.raw;
}

TEST_F(RequestHeads, GarbageIs400AndClosed) {
  for (const std::string& bytes :
       {std::string("HELLO\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string("GET /events HTTP/9.9\r\n\r\n"), std::string("GET  HTTP/1.1\r\n\r\n"),
        std::string("GET /events HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("GET /events HTTP/1.1\r\nA\0B: c\r\n\r\n", 32)}) {
    SCOPED_TRACE(bytes);
    HttpExchange exchange(server().http_port());
    exchange.Send(bytes);
    exchange.HalfClose();
    const HttpAnswer answer = exchange.ReadToEnd();
    EXPECT_TRUE(answer.closed);
    EXPECT_TRUE(answer.head.status == 400 || answer.raw.empty()) << answer.raw;
  }
  EXPECT_EQ(Ask("HELLO\r\n\r\n").head.status, 400);
  ExpectServes();
}

TEST_F(RequestHeads, ATruncatedHeadEndsTheConnection) {
  const std::string head = GetEvents("/events?client_id=cut").head;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{3}, head.size() / 2, head.size() - 1}) {
    SCOPED_TRACE(size);
    HttpExchange exchange(server().http_port());
    exchange.Send(head.substr(0, size));
    exchange.HalfClose();
    const HttpAnswer answer = exchange.ReadToEnd(absl::Seconds(5));
    EXPECT_TRUE(answer.closed) << "the server still waits for the rest of a head";
    EXPECT_NE(answer.head.status, 200);
  }
  ExpectServes();
}

TEST_F(RequestHeads, BytesBehindTheHeadAreIgnored) {
  const std::string head = GetEvents("/events?client_id=first").head;
  StreamRequest request;
  request.head = head + GetEvents("/events?client_id=second").head;
  const auto stream = streams().Open(server().http_port(), request);
  ASSERT_TRUE(stream->WaitForEvent("sluice.open").has_value()) << stream->Log().Describe();
  stream->Send(head);
  EXPECT_EQ(SendToClient("first", MakeEvent("x")).connections(), 1);
  EXPECT_EQ(SendToClient("second", MakeEvent("y")).connections(), 0);
  EXPECT_TRUE(ReceivesEvents(*stream, 1));
}

TEST_F(RequestHeads, AFloodBehindTheHeadHarmsNobodyElse) {
  const auto flood = OpenAndWait("client_id=flood");
  flood->Send(std::string(10'000'000, 'x'));
  ExpectServes();
}

TEST_F(RequestHeads, ABodyOfAGetDoesNotDisturb) {
  StreamRequest request;
  request.head = "GET /events?client_id=body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  const auto stream = streams().Open(server().http_port(), request);
  ASSERT_TRUE(stream->WaitFor([](const StreamLog& log) {
    return log.state == StreamLog::State::kAnswered || log.state == StreamLog::State::kClosed;
  }));
  const int status = stream->Log().head.status;
  EXPECT_TRUE(status == 200 || status == 400) << stream->Log().Describe();
}

}  // namespace
}  // namespace sluice::tests
