// Both ports over TLS, and gRPC callers with certificates.
#include <absl/strings/str_cat.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "tests/integration/door/door_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/tls/certificate.h"
#include "tests/support/tls/tls_exchange.h"

namespace sluice::tests {
namespace {

// The files of a certificate.
struct CertificateFiles {
  explicit CertificateFiles(const Certificate& certificate)
      : chain(certificate.pem()), key(certificate.key_pem()) {}

  void Replace(const Certificate& certificate) {
    chain.Replace(certificate.pem());
    key.Replace(certificate.key_pem());
  }

  TemporaryFile chain;
  TemporaryFile key;
};

class Tls : public DoorTest {
 protected:
  std::vector<std::string> GrpcFlags() const {
    return {"--grpc-tls-cert=" + server_files_.chain.path(),
            "--grpc-tls-key=" + server_files_.key.path()};
  }

  // The status of a SendToGroup by somebody who trusts `authority` and shows `own`.
  grpc::Status Send(const Certificate& authority, const Certificate* own = nullptr,
                    const std::string& token = "") {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.pem();
    if (own != nullptr) {
      options.pem_cert_chain = own->pem();
      options.pem_private_key = own->key_pem();
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetSslTargetNameOverride("localhost");
    const auto stub = v1::ControlService::NewStub(grpc::CreateCustomChannel(
        server().GrpcAddress(), grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::SendToGroupRequest request;
    request.set_group("news");
    request.mutable_event()->set_data("x");
    v1::SendToGroupResponse response;
    return stub->SendToGroup(&context, request, &response);
  }

  bool StreamsAreServedTo(const Certificate& authority) {
    return TlsExchange(server().http_port(), {.authority_pem = authority.pem()}).is_connected();
  }

  const Certificate authority_ = Certificate::Authority("ca");
  const Certificate client_authority_ = Certificate::Authority("clients");
  CertificateFiles server_files_{authority_.Issue("DNS:localhost")};
  const TemporaryFile client_ca_{client_authority_.pem()};
};

TEST_F(Tls, ServesGrpcToWhoeverTrustsTheCertificate) {
  StartServer(GrpcFlags());
  EXPECT_TRUE(Send(authority_).ok());
  EXPECT_EQ(Send(client_authority_).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(SendAs("", "news").ok()) << "nobody is served without TLS";
}

TEST_F(Tls, ServesStreams) {
  StartServer(
      {"--tls-cert=" + server_files_.chain.path(), "--tls-key=" + server_files_.key.path()});
  TlsExchange browser(server().http_port(), {.authority_pem = authority_.pem()});
  ASSERT_TRUE(browser.is_connected());
  ASSERT_TRUE(browser.Send("GET /events?client_id=ada HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  browser.ReadUntil("sluice.open");
  EXPECT_EQ(SendToClient("ada", MakeEvent("hello")).connections(), 1);
  EXPECT_NE(browser.ReadUntil("hello").find("data: hello\n\n"), std::string::npos);
}

TEST_F(Tls, LetsNobodyInWithoutACertificateWhereThatIsTheOnlyWay) {
  std::vector<std::string> flags = GrpcFlags();
  flags.push_back("--grpc-client-ca=" + client_ca_.path());
  StartServer(flags);
  const Certificate client = client_authority_.Issue("DNS:job.example");
  const Certificate stranger = authority_.Issue("DNS:job.example");
  EXPECT_TRUE(Send(authority_, &client).ok()) << "any certificate has all scopes";
  EXPECT_EQ(Send(authority_).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Send(authority_, &stranger).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(Tls, KnowsCallersByTheNamesInTheirCertificates) {
  const TemporaryFile tokens(
      "[[certificate]]\nname = \"job\"\nsan = \"spiffe://example/job\"\nscopes = [\"publish\"]\n"
      "[[certificate]]\nname = \"reader\"\nsan = \"reader.example\"\nscopes = "
      "[\"clients.read\"]\n" +
      TokenEntry("ci", "secret-ci", "scopes = [\"publish\"]"));
  std::vector<std::string> flags = GrpcFlags();
  flags.push_back("--grpc-client-ca=" + client_ca_.path());
  flags.push_back("--tokens-file=" + tokens.path());
  StartServer(flags);
  const Certificate job = client_authority_.Issue("URI:spiffe://example/job");
  const Certificate reader = client_authority_.Issue("DNS:other.example,DNS:reader.example");
  const Certificate unknown = client_authority_.Issue("DNS:unknown.example");
  EXPECT_TRUE(Send(authority_, &job).ok());
  EXPECT_EQ(ErrorReason(Send(authority_, &reader)), "SCOPE_MISSING");
  const grpc::Status refused = Send(authority_, &unknown);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ErrorReason(refused), "CERTIFICATE_UNKNOWN");
  EXPECT_TRUE(Send(authority_, nullptr, "secret-ci").ok()) << "a token needs no certificate";
  EXPECT_EQ(ErrorReason(Send(authority_)), "CREDENTIAL_MISSING");
  EXPECT_EQ(ErrorReason(Send(authority_, &job, "wrong")), "CREDENTIAL_INVALID");
}

TEST_F(Tls, ShowsNewCertificatesWithoutARestart) {
  std::vector<std::string> flags = GrpcFlags();
  flags.push_back("--tls-cert=" + server_files_.chain.path());
  flags.push_back("--tls-key=" + server_files_.key.path());
  StartServer(flags);
  TlsExchange stream(server().http_port(), {.authority_pem = authority_.pem()});
  ASSERT_TRUE(stream.Send("GET /events?group=news HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  stream.ReadUntil("sluice.open");
  const Certificate next = Certificate::Authority("next");
  server_files_.Replace(next.Issue("DNS:localhost"));
  EXPECT_TRUE(Eventually([&] { return StreamsAreServedTo(next); }));
  EXPECT_TRUE(Eventually([&] { return Send(next).ok(); }));
  EXPECT_FALSE(StreamsAreServedTo(authority_));
  EXPECT_NE(stream.ReadUntil("data: x\n\n").find("data: x\n\n"), std::string::npos)
      << "the stream was dropped";
}

TEST_F(Tls, LosesNobodyAndNothingWhileCertificatesAreReplacedUnderLoad) {
  StartServer(
      {"--tls-cert=" + server_files_.chain.path(), "--tls-key=" + server_files_.key.path()});
  TlsExchange stream(server().http_port(), {.authority_pem = authority_.pem()});
  ASSERT_TRUE(stream.Send("GET /events?group=news HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  stream.ReadUntil("sluice.open");
  std::atomic<bool> is_over{false};
  int sent = 0;
  std::thread load([&] {
    for (; !is_over; ++sent) SendToGroup("news", MakeEvent(absl::StrCat("event ", sent)));
  });
  std::string received;
  std::thread reads([&] { received = stream.ReadUntil("data: the end\n\n", absl::Seconds(60)); });
  for (int i = 0; i < 5; ++i) {
    const Certificate authority = Certificate::Authority(absl::StrCat("ca ", i));
    server_files_.Replace(authority.Issue("DNS:localhost"));
    EXPECT_TRUE(Eventually([&] { return StreamsAreServedTo(authority); })) << i;
  }
  is_over = true;
  load.join();
  SendToGroup("news", MakeEvent("the end"));
  reads.join();
  std::size_t at = 0;
  for (int i = 0; i < sent; ++i) {
    at = received.find(absl::StrCat("data: event ", i, "\n\n"), at);
    ASSERT_NE(at, std::string::npos) << "event " << i << " of " << sent;
  }
}

TEST_F(Tls, KeepsTheCertificateWhenTheNextIsNone) {
  StartServer(
      {"--tls-cert=" + server_files_.chain.path(), "--tls-key=" + server_files_.key.path()});
  server_files_.chain.Replace(authority_.Issue("DNS:localhost").pem());  // Of another key.
  EXPECT_TRUE(
      server().process().WaitForLine(ChildProcess::Output::kError, "does not belong to the key"));
  EXPECT_TRUE(StreamsAreServedTo(authority_));
}

TEST_F(Tls, StopsTheStartWhenCertificateAndKeyAreNoPair) {
  const CertificateFiles other(authority_.Issue("DNS:localhost"));
  for (const std::string prefix : {"--", "--grpc-"}) {
    const Finished finished =
        RunToEnd({ServerProgram(),
                  {"--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--admin=127.0.0.1:0",
                   prefix + "tls-cert=" + server_files_.chain.path(),
                   prefix + "tls-key=" + other.key.path()},
                  {},
                  "",
                  ""});
    EXPECT_NE(finished.status.code, 0);
    EXPECT_NE(finished.standard_error.find(prefix + "tls-cert"), std::string::npos)
        << finished.standard_error;
  }
}

}  // namespace
}  // namespace sluice::tests
