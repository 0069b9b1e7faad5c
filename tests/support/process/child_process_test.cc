#include "tests/support/process/child_process.h"

#include <gtest/gtest.h>

#include <csignal>

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

ProcessOptions Shell(const std::string& script) {
  return {"/bin/sh", {"-c", script}, {}, "", ""};
}

TEST(ChildProcess, KeepsBothOutputsAndTheExitCode) {
  const Finished finished = RunToEnd(Shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(finished.standard_output, "out\n");
  EXPECT_EQ(finished.standard_error, "err\n");
  EXPECT_EQ(finished.status.code, 7);
  EXPECT_EQ(finished.status.signal, 0);
}

TEST(ChildProcess, HandsOverInputAndEnvironmentButNoSettingsOfOurs) {
  setenv("SLUICE_HTTP", "127.0.0.1:1", 1);
  ProcessOptions options = Shell("cat; echo \"$A-$SLUICE_HTTP-$SLUICE_GRPC\"");
  options.environment = {{"A", "b"}, {"SLUICE_GRPC", "c"}};
  options.input = std::string(300'000, 'x') + "\n";
  const Finished finished = RunToEnd(options);
  unsetenv("SLUICE_HTTP");
  EXPECT_EQ(finished.standard_output, options.input + "b--c\n");
}

TEST(ChildProcess, AwaitsALineAndReportsTheSignalThatEndedIt) {
  ChildProcess process(Shell("echo one; echo two three >&2; exec cat /dev/zero >/dev/null"));
  EXPECT_EQ(process.WaitForLine(Output::kStandard, "on"), "one");
  EXPECT_EQ(process.WaitForLine(Output::kError, "three"), "two three");
  EXPECT_EQ(process.Wait(absl::Milliseconds(1)), std::nullopt);
  process.Signal(SIGTERM);
  const auto status = process.Wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->signal, SIGTERM);
}

TEST(ChildProcess, GivesUpOnALineWhenTheOutputEnds) {
  ChildProcess process(Shell("echo one"));
  EXPECT_EQ(process.WaitForLine(Output::kStandard, "two"), std::nullopt);
}

TEST(ChildProcess, SaysWhatCouldNotBeStarted) {
  const Finished finished = RunToEnd({"/no/such/program", {}, {}, "", ""});
  EXPECT_EQ(finished.status.code, 127);
  EXPECT_EQ(finished.standard_error, "cannot start /no/such/program\n");
}

}  // namespace
}  // namespace sluice::tests
