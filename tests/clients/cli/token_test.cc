#include <absl/strings/escaping.h>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

#include "tests/clients/cli/support/cli_run.h"

namespace sluice::cli {
namespace {

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TokenCreate, PrintsASecretAndTheEntryWithItsHash) {
  const CliRun run = RunCli({"token", "create", "--name", "ci \"x\"", "--scope", "publish",
                             "--scope", "clients.read", "--group-prefix", "a.", "--expires",
                             "2027-01-31T12:00:00Z", "-o", "json"});
  ASSERT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  const boost::json::value answer = boost::json::parse(run.out);
  const std::string secret(answer.at("secret").as_string());
  const std::string entry(answer.at("entry").as_string());
  EXPECT_EQ(secret.rfind("sluice_", 0), 0U) << secret;
  EXPECT_GE(secret.size(), 7U + 43U);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash);
  EXPECT_EQ(entry, "[[token]]\nname = \"ci \\\"x\\\"\"\nsha256 = \"" +
                       absl::BytesToHexString({reinterpret_cast<const char*>(hash), sizeof(hash)}) +
                       "\"\nscopes = [\"publish\", \"clients.read\"]\ngroup_prefixes = [\"a.\"]\n"
                       "expires = \"2027-01-31T12:00:00Z\"\n");
}

TEST(TokenCreate, MakesAnotherSecretEachTime) {
  const auto make = [] {
    return RunCli({"token", "create", "--name", "ci", "--scope", "admin"}).out;
  };
  EXPECT_TRUE(Holds(make(), "[[token]]\nname = \"ci\"\n"));
  EXPECT_NE(make(), make());
}

TEST(TokenCreate, RefusesWhatTheServerWould) {
  const CliRun scope = RunCli({"token", "create", "--name", "ci", "--scope", "publsh"});
  EXPECT_EQ(scope.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(scope.err, "--scope")) << scope.err;
  EXPECT_EQ(RunCli({"token", "create", "--name", "ci"}).exit_code, ExitCode::kWrongUsage);
  EXPECT_EQ(RunCli({"token", "create", "--scope", "publish"}).exit_code, ExitCode::kWrongUsage);
  const CliRun expires =
      RunCli({"token", "create", "--name", "ci", "--scope", "publish", "--expires", "soon"});
  EXPECT_EQ(expires.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(expires.err, "--expires")) << expires.err;
}

}  // namespace
}  // namespace sluice::cli
