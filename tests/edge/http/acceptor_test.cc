#include "edge/http/acceptor.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http/tcp_socket.h"

namespace sluice {
namespace {

using boost::asio::ip::tcp;

TEST(ParseEndpoint, ReadsBothFamilies) {
  const auto v4 = ParseEndpoint("10.1.2.3:8080");
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->address().to_string(), "10.1.2.3");
  EXPECT_EQ(v4->port(), 8080);
  const auto v6 = ParseEndpoint("[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_TRUE(v6->address().is_v6());
  EXPECT_EQ(v6->port(), 0);
  EXPECT_EQ(ParseEndpoint("localhost:65535")->address().to_string(), "127.0.0.1");
}

TEST(ParseEndpoint, RefusesEverythingElseAndSaysWhatItExpects) {
  for (const char* text : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http",
                           "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]", "[::1:80",
                           "example.org:80", "127.0.0:80x", "*:80", "256.0.0.1:80"}) {
    const auto endpoint = ParseEndpoint(text);
    ASSERT_FALSE(endpoint.ok()) << text;
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(endpoint.status().message().find("expected ADDRESS:PORT"), std::string::npos);
  }
}

TEST(ProbePort, FindsAFreePortAndLeavesItFree) {
  const auto probed = ProbePort(*ParseEndpoint("127.0.0.1:0"));
  ASSERT_TRUE(probed.ok()) << probed.status();
  EXPECT_NE(probed->port(), 0);
  EXPECT_TRUE(ProbePort(*probed).ok());
}

TEST(ProbePort, FailsOnAPortThatSomebodyListensOn) {
  const tests::TcpSocket listener = tests::TcpSocket::Listen();
  const auto port = static_cast<unsigned short>(listener.LocalPort());
  const auto probed = ProbePort({boost::asio::ip::address_v4::loopback(), port});
  EXPECT_EQ(probed.status().code(), absl::StatusCode::kUnavailable) << probed.status();
}

// SO_REUSEPORT alone would let a second server in, and the kernel would share out the streams.
TEST(ProbePort, FailsEvenWhenTheOtherServerAllowsSharing) {
  boost::asio::io_context io_context;
  Acceptor other(io_context, [](TcpSocket) { return true; });
  const auto endpoint = ProbePort(*ParseEndpoint("127.0.0.1:0"));
  ASSERT_TRUE(other.Listen(*endpoint).ok());
  EXPECT_EQ(ProbePort(*endpoint).status().code(), absl::StatusCode::kUnavailable);
  Acceptor second_shard(io_context, [](TcpSocket) { return true; });
  EXPECT_TRUE(second_shard.Listen(*endpoint).ok());
}

TEST(ProbePort, FailsOnAnAddressThatIsNotOurs) {
  const auto probed = ProbePort(*ParseEndpoint("192.0.2.1:0"));
  EXPECT_EQ(probed.status().code(), absl::StatusCode::kInvalidArgument) << probed.status();
}

}  // namespace
}  // namespace sluice
