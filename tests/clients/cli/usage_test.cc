// tests/clients/cli/usage_test.cc
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/clients/cli/support/cli_run.h"

namespace sluice::cli {

TEST(Usage, WrongCommandLinesExitWith2AndSayWhy) {
  const struct {
    std::vector<std::string> arguments;
    std::string text;
  } kCases[] = {
      {{}, "subcommand"},
      {{"nope"}, "there is no command 'nope'"},
      {{"send", "nope"}, "there is no command 'nope'"},
      {{"send", "client", "alice"}, "--data"},
      {{"send", "client", "--data", "x"}, "ID"},
      {{"broadcast", "--data", "x", "--bogus"}, "--bogus"},
      {{"broadcast", "--data", "x", "--retry", "soon"}, "--retry: 'soon' is no duration"},
      {{"broadcast", "--data", "x", "--timeout", "0"}, "--timeout"},
      {{"broadcast", "--data", "x", "-o", "xml"}, "table|json|jsonl"},
      {{"broadcast", "--data", "x", "--confirmation", "maybe"}, "published|queued"},
      {{"broadcast", "--data", "@/nonexistent"}, "cannot read /nonexistent"},
      {{"broadcast", "--data", "\xff"}, "not UTF-8"},
      {{"broadcast", "--data", "x", "--server", "nowhere"}, "expected HOST:PORT"},
      {{"broadcast", "--data", "x", "--tls-cert", "/x"}, "--tls-key"},
      {{"broadcast", "--data", "x", "--token-file", "/x", "--server", "10.0.0.1:1"}, "unencrypted"},
      {{"broadcast", "--data", "x", "--token-file", "/nonexistent"}, "/nonexistent"},
      {{"publish"}, "--input"},
      {{"publish", "--input", "/nonexistent"}, "cannot read /nonexistent"},
      {{"clients", "list", "--page-size", "0"}, "--page-size"},
      {{"clients", "list", "--match", "plan"}, "KEY=VALUE"},
      {{"clients", "set-metadata", "alice"}, "nothing to change"},
      {{"clients", "set-metadata", "alice", "--set", "x"}, "KEY=VALUE"},
      {{"tail"}, "URL"},
      {{"tail", "https://example.org/"}, "https"},
      {{"tail", "http://127.0.0.1:1/", "--count", "0"}, "--count"},
      {{"tail", "http://127.0.0.1:1/", "--header", "nonsense"}, "Name: value"},
  };
  for (const auto& [arguments, text] : kCases) {
    const CliRun run = RunCli(arguments);
    EXPECT_EQ(run.exit_code, ExitCode::kWrongUsage) << text;
    EXPECT_NE(run.err.find(text), std::string::npos) << "missing: " << text << "\nin: " << run.err;
    EXPECT_EQ(run.out, "");
  }
}

TEST(Usage, HelpGoesToTheOutputWithExamples) {
  const std::vector<std::vector<std::string>> kCommands = {
      {},          {"send", "client"},  {"send", "group"},  {"broadcast"},
      {"publish"}, {"clients", "list"}, {"clients", "get"}, {"clients", "set-metadata"},
      {"tail"}};
  for (std::vector<std::string> command : kCommands) {
    command.push_back("--help");
    const CliRun run = RunCli(command);
    EXPECT_EQ(run.exit_code, ExitCode::kDone);
    EXPECT_NE(run.out.find("Examples:"), std::string::npos) << run.out;
    EXPECT_EQ(run.err, "");
  }
}

TEST(Usage, VersionNeedsNoServer) {
  EXPECT_EQ(RunCli({"version"}).out, "sluicectl " SLUICE_VERSION "\n");
  EXPECT_EQ(RunCli({"-o", "json", "version"}).out, "{\"version\":\"" SLUICE_VERSION "\"}\n");
}

}  // namespace sluice::cli
