// Streams over TLS, as a browser's side sees them.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/http/http_exchange.h"
#include "tests/support/stream/edge_bench.h"
#include "tests/support/tls/certificate.h"
#include "tests/support/tls/tls_exchange.h"

namespace sluice {
namespace {

using tests::Certificate;
using tests::EdgeBench;
using tests::TlsClientOptions;
using tests::TlsExchange;

const char kGet[] = "GET /events?client_id=ada HTTP/1.1\r\nHost: localhost\r\n\r\n";

class TlsStreamTest : public testing::Test {
 protected:
  TlsStreamTest() { Use(own_); }

  void Use(const Certificate& certificate) {
    auto context = MakeTlsContext(certificate.pem(), certificate.key_pem());
    ASSERT_TRUE(context.ok()) << context.status();
    identity_.Replace(*std::move(context));
  }

  TlsClientOptions Trusting(const Certificate& authority) const {
    return {.authority_pem = authority.pem()};
  }

  EdgeBench& bench() {
    if (bench_ == nullptr) {
      bench_ = std::make_unique<EdgeBench>(options_, EdgeGuards{.tls = &identity_});
    }
    return *bench_;
  }

  // A stream that is open. `receive_buffer_bytes`: as TcpSocket::Connect takes it.
  std::unique_ptr<TlsExchange> Open(int receive_buffer_bytes = 0) {
    TlsClientOptions options = Trusting(authority_);
    options.receive_buffer_bytes = receive_buffer_bytes;
    auto browser = std::make_unique<TlsExchange>(bench().port(), options);
    EXPECT_TRUE(browser->Send(kGet));
    bench().GoLive();
    browser->ReadUntil("sluice.open");
    return browser;
  }

  EdgeOptions options_ = EdgeBench::Options();
  const Certificate authority_ = Certificate::Authority("ca");
  const Certificate own_ = authority_.Issue("DNS:localhost");
  TlsIdentity identity_;
  std::unique_ptr<EdgeBench> bench_;
};

TEST_F(TlsStreamTest, DeliversEventsOverBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClientOptions options = Trusting(authority_);
    options.version_max = version;
    TlsExchange browser(bench().port(), options);
    ASSERT_TRUE(browser.is_connected());
    EXPECT_EQ(browser.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    ASSERT_TRUE(browser.Send(kGet));
    bench().GoLive();
    browser.ReadUntil("sluice.open");
    bench().Deliver({Target::Kind::kClient, "ada"}, "over TLS");
    EXPECT_NE(browser.ReadUntil("over TLS").find("data: over TLS\n\n"), std::string::npos);
  }
}

TEST_F(TlsStreamTest, SpeaksNoOlderVersion) {
  TlsClientOptions options = Trusting(authority_);
  options.version_max = TLS1_1_VERSION;
  EXPECT_FALSE(TlsExchange(bench().port(), options).is_connected());
}

TEST_F(TlsStreamTest, OffersHttp11Alone) {
  TlsClientOptions options = Trusting(authority_);
  options.protocols = "\x02h2\x08http/1.1";
  TlsExchange browser(bench().port(), options);
  ASSERT_TRUE(browser.is_connected());
  EXPECT_EQ(browser.protocol(), "http/1.1");
  options.protocols = "\x02h2";
  EXPECT_FALSE(TlsExchange(bench().port(), options).is_connected());
}

TEST_F(TlsStreamTest, AnswersErrorsToo) {
  TlsExchange browser(bench().port(), Trusting(authority_));
  ASSERT_TRUE(browser.Send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_TRUE(browser.ReadToCloseNotify());
  EXPECT_EQ(browser.ReadUntil("404").rfind("HTTP/1.1 404 ", 0), 0U);
}

TEST_F(TlsStreamTest, TakesAHeadInAnyPieces) {
  TlsExchange browser(bench().port(), Trusting(authority_));
  for (const char byte : std::string(kGet)) ASSERT_TRUE(browser.Send(std::string(1, byte)));
  EXPECT_EQ(browser.ReadUntil("retry: ").rfind("HTTP/1.1 200 ", 0), 0U);
}

TEST_F(TlsStreamTest, SurvivesWhoeverSpeaksNoTls) {
  EXPECT_EQ(tests::Exchange(bench().port(), kGet).head.status, 0);
  EXPECT_EQ(tests::Exchange(bench().port(), std::string(40'000, '\x16')).head.status, 0);
  EXPECT_TRUE(TlsExchange(bench().port(), Trusting(authority_)).is_connected());
}

TEST_F(TlsStreamTest, EndsAStreamWithCloseNotify) {
  const auto browser = Open();
  static_cast<void>(bench().edge().EndStreams(absl::ZeroDuration(), absl::ZeroDuration()));
  EXPECT_TRUE(browser->ReadToCloseNotify()) << "the end could have been cut by anybody";
  EXPECT_NE(browser->ReadUntil("").find("sluice.end"), std::string::npos);
}

TEST_F(TlsStreamTest, NoticesThatTheBrowserHasGone) {
  Open().reset();
  EXPECT_TRUE(bench().observer().WaitForClosed(1));
}

// Everything has to wait in the outbox first, at sizes above and below a record.
TEST_F(TlsStreamTest, DeliversInOrderToAReaderThatWasBehind) {
  const auto browser = Open(4096);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string data = std::to_string(i) + std::string(i % 3 == 0 ? 6000 : 50, 'x');
    EXPECT_EQ(bench().Deliver({Target::Kind::kAll, ""}, data).entered, 1);
    expected += "data: " + data + "\n\n";
  }
  const std::string received = browser->ReadUntil("data: 299" + std::string(50, 'x') + "\n\n");
  EXPECT_NE(received.find(expected), std::string::npos) << received.size();
}

TEST_F(TlsStreamTest, CutsNoRecordWhenAStreamThatIsBehindEnds) {
  options_.outbox_bytes_max = 128 * 1024;
  const auto browser = Open(4096);
  while (bench().Deliver({Target::Kind::kAll, ""}, std::string(6000, 'x')).dropped == 0) {
  }
  EXPECT_TRUE(browser->ReadToCloseNotify());
  const std::string& received = browser->ReadUntil("");
  EXPECT_EQ(received.substr(received.size() - 43),
            "event: sluice.end\ndata: {\"reason\":\"slow\"}\n\n");
}

TEST_F(TlsStreamTest, ShowsANewCertificateWithoutDroppingStreams) {
  const auto before = Open();
  const Certificate next_authority = Certificate::Authority("next");
  Use(next_authority.Issue("DNS:localhost"));
  EXPECT_FALSE(TlsExchange(bench().port(), Trusting(authority_)).is_connected());
  EXPECT_TRUE(TlsExchange(bench().port(), Trusting(next_authority)).is_connected());
  bench().Deliver({Target::Kind::kAll, ""}, "still here");
  EXPECT_NE(before->ReadUntil("still here").find("still here"), std::string::npos);
}

}  // namespace
}  // namespace sluice
