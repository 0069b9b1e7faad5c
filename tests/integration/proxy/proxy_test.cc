#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/redis/redis_server.h"
#include "tests/support/temporary_file.h"

namespace sluice::tests {
namespace {

struct Proxy {
  std::string name;
  std::string file;  // In docs/proxy.
  std::string listens_on;
  // The program with its arguments, for a configuration file.
  std::vector<std::string> (*command)(const std::string& path);

  friend std::ostream& operator<<(std::ostream& stream, const Proxy& proxy) {
    return stream << proxy.name;
  }
};

std::vector<std::string> NginxCommand(const std::string& path) {
  return {"nginx",
          "-e",
          "stderr",
          "-c",
          path,
          "-g",
          absl::StrCat("daemon off; master_process off; error_log stderr; pid ", path, ".pid;")};
}

std::vector<std::string> HaproxyCommand(const std::string& path) {
  return {"haproxy", "-db", "-f", path};
}

// A real proxy in front of the server, with the settings that docs/proxy has.
class BehindProxy : public ServerTest, public testing::WithParamInterface<Proxy> {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped()) return;
    const std::string program = GetParam().command("")[0];
    if (std::system(absl::StrCat("command -v ", program, " >/dev/null").c_str()) != 0) {
      GTEST_SKIP() << "there is no " << program;
    }
    StartServer({"--trusted-proxy=127.0.0.1", "--heartbeat=1s"});
    std::ifstream file(absl::StrCat(SLUICE_SOURCE_ROOT "/docs/proxy/", GetParam().file));
    std::stringstream text;
    text << file.rdbuf();
    configuration_.Replace(absl::StrReplaceAll(
        text.str(), {{"sluice-1:8080", absl::StrCat("127.0.0.1:", server().http_port())},
                     {GetParam().listens_on,
                      absl::StrReplaceAll(GetParam().listens_on,
                                          {{":80", Address()}, {" 80", " " + Address()}})}}));
    std::vector<std::string> command = GetParam().command(configuration_.path());
    ProcessOptions options;
    options.program = command[0];
    options.arguments.assign(command.begin() + 1, command.end());
    process_ = std::make_unique<ChildProcess>(std::move(options));
    ASSERT_TRUE(Eventually([this] {
      // Ends at once while nobody listens.
      return streams()
          .Open(port_, GetEvents("/events"))
          ->WaitForEvent("sluice.open", absl::Seconds(5))
          .has_value();
    })) << process_->Printed(ChildProcess::Output::kError);
  }

  std::string Address() const { return absl::StrCat("127.0.0.1:", port_); }

  std::shared_ptr<EventStream> OpenByProxy(const std::string& query,
                                           const std::vector<std::string>& headers = {}) {
    auto stream = streams().Open(port_, GetEvents("/events?" + query, headers));
    EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value()) << stream->Log().Describe();
    return stream;
  }

  v1::GetClientResponse Get(const std::string& client_id) {
    v1::GetClientRequest request;
    request.set_client_id(client_id);
    v1::GetClientResponse response;
    Call(&Stub::GetClient, request, &response);
    return response;
  }

  const int port_ = FreePort();
  TemporaryFile configuration_{""};
  std::unique_ptr<ChildProcess> process_;
};

TEST_P(BehindProxy, EventsComeAtOnceAndNoStreamIsCut) {
  // `./dev soak` lets it run for ten minutes.
  const char* soak = std::getenv("SLUICE_SOAK_SECONDS");
  const absl::Duration duration = absl::Seconds(soak == nullptr ? 4 : std::atoi(soak));
  const auto ada = OpenByProxy("client_id=ada");
  const auto quiet = OpenByProxy("client_id=quiet");
  const absl::Time end = absl::Now() + duration;
  std::size_t sent = 0;
  while (absl::Now() < end) {
    const absl::Time begin = absl::Now();
    ASSERT_EQ(SendToClient("ada", MakeEvent(absl::StrCat(sent))).connections(), 1);
    ++sent;
    ASSERT_TRUE(ReceivesEvents(*ada, sent));
    ASSERT_LT(absl::Now() - begin, absl::Seconds(2)) << "event " << sent << " was held back";
    // Silence between them, as between most events.
    ada->WaitForEnd(absl::Milliseconds(200));
  }
  EXPECT_EQ(SentEvents(ada->Log()).back().data, absl::StrCat(sent - 1));
  EXPECT_EQ(SendToClient("quiet", MakeEvent("at last")).connections(), 1);
  EXPECT_TRUE(ReceivesEvents(*quiet, 1));
}

TEST_P(BehindProxy, TheSenderIsKnownAndItsEndIsNoticed) {
  const auto ada = OpenByProxy("client_id=ada", {"X-Forwarded-For: 192.0.2.7"});
  const std::string address = Get("ada").client().connections(0).remote_address();
  // What the browser says of itself is not the last address of the list.
  EXPECT_EQ(address, "192.0.2.7") << "127.0.0.1 is trusted, so the address before it counts";
  ada->Close();
  EXPECT_TRUE(Eventually([this] { return Get("ada").client().client_id().empty(); }));
}

INSTANTIATE_TEST_SUITE_P(Real, BehindProxy,
                         testing::Values(Proxy{"nginx", "nginx.conf", "listen 80;", NginxCommand},
                                         Proxy{"haproxy", "haproxy.cfg", "bind :80",
                                               HaproxyCommand}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice::tests
