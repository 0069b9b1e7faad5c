// The client of keys and webhooks over https, against the edge's own TLS.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "edge/door/fetch/fetch_thread.h"
#include "edge/door/fetch/http_client.h"
#include "tests/support/stream/edge_bench.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls/certificate.h"

namespace sluice {
namespace {

using tests::Certificate;
using tests::EdgeBench;
using tests::kPatience;
using tests::TemporaryFile;
using tests::Watched;

class HttpsClientTest : public testing::Test {
 protected:
  HttpsClientTest() { identity_.Replace(*MakeTlsContext(own_.pem(), own_.key_pem())); }
  ~HttpsClientTest() override { unsetenv("SSL_CERT_FILE"); }

  // The answer's status, or the error. `authorities`: those of the system.
  std::string Get(const std::string& host, const Certificate& authorities) {
    const TemporaryFile file(authorities.pem());
    setenv("SSL_CERT_FILE", file.path().c_str(), 1);
    const auto url =
        ParseHttpUrl("https://" + host + ":" + std::to_string(bench_.port()) + "/keys");
    EXPECT_TRUE(url.ok()) << url.status();
    FetchThread thread;
    HttpClient client(thread.io_context(), {.url = *url});
    Watched<std::string> outcome;
    client.Get({}, [&outcome](const absl::StatusOr<FetchAnswer>& answer) {
      outcome.Update([&answer](std::string& text) {
        text = answer.ok() ? std::to_string(answer->status) : answer.status().ToString();
      });
    });
    EXPECT_TRUE(outcome.WaitFor([](const std::string& text) { return !text.empty(); }, kPatience));
    thread.Stop();
    return outcome.Copy();
  }

  const Certificate authority_ = Certificate::Authority("ca");
  const Certificate own_ = authority_.Issue("DNS:localhost");
  TlsIdentity identity_;
  EdgeBench bench_{EdgeBench::Options(), {.tls = &identity_}};
};

TEST_F(HttpsClientTest, TrustsTheSystemsAuthoritiesAlone) {
  EXPECT_EQ(Get("localhost", authority_), "404");
  const std::string outcome = Get("localhost", Certificate::Authority("other"));
  EXPECT_NE(outcome.find("TLS"), std::string::npos) << outcome;
}

TEST_F(HttpsClientTest, WantsACertificateOfTheHostItAsked) {
  const std::string outcome = Get("127.0.0.1", authority_);
  EXPECT_NE(outcome.find("TLS"), std::string::npos) << outcome;
}

}  // namespace
}  // namespace sluice
