#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

// What the container's HEALTHCHECK runs.
class Check : public DefaultServerTest {
 protected:
  Finished RunCheck(std::vector<std::string> flags,
                    std::map<std::string, std::string> environment = {}) {
    flags.emplace_back("--check");
    return RunToEnd({ServerProgram(), std::move(flags), std::move(environment), "", ""});
  }
  std::string Admin() { return absl::StrCat("127.0.0.1:", server().admin_port()); }
};

TEST_F(Check, SucceedsWhileTheServerIsAlive) {
  const Finished finished = RunCheck({"--admin=" + Admin()});
  EXPECT_EQ(finished.status, ExitStatus{}) << finished.standard_error;
  EXPECT_EQ(finished.standard_output, absl::StrCat("http://", Admin(), "/healthz: 200 ok\n"));
}

TEST_F(Check, KnowsTheAddressFromTheServersOwnConfiguration) {
  EXPECT_EQ(
      RunCheck({}, {{"SLUICE_ADMIN", absl::StrCat("0.0.0.0:", server().admin_port())}}).status,
      ExitStatus{});
}

TEST_F(Check, NeedsNothingElseOfTheConfiguration) {
  EXPECT_EQ(RunCheck({"--admin=" + Admin(), "--tokens-file=/absent", "--http=0.0.0.0:1"}).status,
            ExitStatus{});
}

TEST_F(Check, AsksWhateverUrlItIsGiven) {
  const Finished ready = RunCheck({absl::StrCat("--check-url=http://", Admin(), "/readyz")});
  EXPECT_EQ(ready.status, ExitStatus{}) << ready.standard_error;
  const Finished absent = RunCheck({absl::StrCat("--check-url=http://", Admin(), "/absent")});
  EXPECT_EQ(absent.status.code, 1);
  EXPECT_NE(absent.standard_error.find("404"), std::string::npos) << absent.standard_error;
  const Finished bad = RunCheck({"--check-url=nonsense"});
  EXPECT_NE(bad.status.code, 0);
  EXPECT_NE(bad.standard_error.find("--check-url"), std::string::npos) << bad.standard_error;
}

TEST_F(Check, FailsWhenTheServerIsGoneOrHangs) {
  server().process().Signal(SIGSTOP);
  const Finished hanging = RunCheck({"--admin=" + Admin()});
  server().process().Signal(SIGCONT);
  EXPECT_EQ(hanging.status.code, 1) << hanging.standard_output;
  server().process().Signal(SIGKILL);
  ASSERT_TRUE(server().process().Wait().has_value());
  const Finished gone = RunCheck({"--admin=" + Admin()});
  EXPECT_EQ(gone.status.code, 1);
  EXPECT_NE(gone.standard_error.find(Admin()), std::string::npos) << gone.standard_error;
}

}  // namespace
}  // namespace sluice::tests
