#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/temporary_file.h"
#include "tests/support/tls/certificate.h"

namespace sluice::tests {
namespace {

// A Redis that takes TLS with client certificates alone.
class RedisTls : public ClusterTest {
 protected:
  // `names`: of its certificate.
  void StartRedis(const std::string& names, long valid_for_s = Certificate::kDaySeconds) {
    certificate_.emplace(authority_.Issue(names, valid_for_s));
    certificate_file_.emplace(certificate_->pem());
    key_file_.emplace(certificate_->key_pem());
    server_ = std::make_unique<RedisServer>(std::vector<std::string>{
        "--tls-port", std::to_string(tls_port_), "--tls-cert-file", certificate_file_->path(),
        "--tls-key-file", key_file_->path(), "--tls-ca-cert-file", authority_file_.path()});
  }

  std::string Url(const std::string& host = "127.0.0.1") const {
    return absl::StrCat("rediss://", host, ":", tls_port_);
  }

  std::vector<std::string> Flags() const {
    return {"--redis-tls-ca=" + authority_file_.path(),
            "--redis-tls-cert=" + own_certificate_file_.path(),
            "--redis-tls-key=" + own_key_file_.path()};
  }

  // Starts a replica that can't get in, and says why.
  void ExpectNoTls(const std::vector<std::string>& flags, const std::string& url,
                   const std::string& why) {
    StartReplica(flags, url);
    EXPECT_NE(replica(0).Log().find("starting without Redis"), std::string::npos);
    EXPECT_NE(replica(0).Log().find(why), std::string::npos) << replica(0).Log();
    EXPECT_EQ(Broadcast(0, "x").status.error_code(), grpc::UNAVAILABLE);
  }

  const int tls_port_ = FreePort();
  const Certificate authority_ = Certificate::Authority("redis authority");
  const TemporaryFile authority_file_{authority_.pem()};
  const Certificate own_certificate_ = authority_.Issue("DNS:sluice");
  const TemporaryFile own_certificate_file_{own_certificate_.pem()};
  const TemporaryFile own_key_file_{own_certificate_.key_pem()};
  std::optional<Certificate> certificate_;
  std::optional<TemporaryFile> certificate_file_;
  std::optional<TemporaryFile> key_file_;
  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisTls, CarriesEverything) {
  StartRedis("IP:127.0.0.1,DNS:localhost");
  StartReplica(Flags(), Url());
  StartReplica(Flags(), Url("localhost"));
  const auto ada = Open(0, "client_id=ada");
  EXPECT_EQ(SendToClient(1, "ada", std::string(60'000, 'x')).delivery.connections(), 1);
}

TEST_F(RedisTls, RefusesAServerWithAnotherName) {
  StartRedis("DNS:elsewhere.example");
  ExpectNoTls(Flags(), Url(), "no TLS: certificate verify failed");
}

TEST_F(RedisTls, RefusesAServerOfAnotherAuthority) {
  StartRedis("IP:127.0.0.1");
  const Certificate other = Certificate::Authority("other authority");
  const TemporaryFile file(other.pem());
  std::vector<std::string> flags = Flags();
  flags[0] = "--redis-tls-ca=" + file.path();
  ExpectNoTls(flags, Url(), "no TLS: certificate verify failed");
}

TEST_F(RedisTls, RefusesAServerWhoseCertificateHasExpired) {
  StartRedis("IP:127.0.0.1", -60);
  ExpectNoTls(Flags(), Url(), "certificate has expired");
}

TEST_F(RedisTls, TellsThatRedisWantsACertificate) {
  StartRedis("IP:127.0.0.1");
  ExpectNoTls({Flags()[0]}, Url(), "reading failed");
}

TEST_F(RedisTls, DoesNotStartWithAFileThatItCannotUse) {
  const Finished finished = RunToEnd(
      {ServerProgram(), {"--redis-url=" + Url(), "--redis-tls-ca=/absent.pem"}, {}, "", ""});
  EXPECT_EQ(finished.status.code, 1);
  EXPECT_NE(finished.standard_error.find("--redis-tls-ca /absent.pem"), std::string::npos)
      << finished.standard_error;
}

}  // namespace
}  // namespace sluice::tests
