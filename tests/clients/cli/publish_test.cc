// tests/clients/cli/publish_test.cc
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/publish/line_source.h"
#include "clients/cli/publish/progress.h"
#include "tests/clients/cli/support/cli_run.h"
#include "tests/clients/cli/support/control_server.h"

namespace sluice::cli {
namespace {

std::string Entry(const std::string& data) {
  return R"({"group":"g","event":{"event":"e","data":")" + data + "\"}}\n";
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Publish : public testing::Test {
 protected:
  CliRun Run(const std::string& input, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"publish", "--input", "-", "--server", server_.address()});
    return RunCli(options, input);
  }

  ControlServer server_;
};

}  // namespace

TEST_F(Publish, AnswersEveryEntryInOrder) {
  constexpr int kEntries = 5000;
  std::string input;
  for (int i = 0; i < kEntries; ++i) input += Entry(std::to_string(i));
  const CliRun run = Run(input, {"-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  const std::vector<std::string> lines = Split(run.out);
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(kEntries));
  for (int i = 0; i < kEntries; ++i) {
    EXPECT_TRUE(Contains(lines[static_cast<std::size_t>(i)],
                         "\"event_id\":\"id-" + std::to_string(i) + "\""));
  }
}

TEST_F(Publish, OneBadEntryFailsAloneAndExitsWith1) {
  const std::string input = Entry("a") + "no json\n" + "\n" + Entry("refuse") +
                            "{\"group\":\"g\",\"bogus\":1}\n" + Entry("b") + "\xff\n" +
                            std::string(LineSource::kLineSizeBytesMax + 1, ' ') + "\n" + Entry("c");
  const CliRun run = Run(input, {"-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  const std::vector<std::string> lines = Split(run.out);
  ASSERT_EQ(lines.size(), 8u) << run.out;
  EXPECT_TRUE(Contains(lines[0], "\"event_id\":\"id-a\""));
  EXPECT_EQ(lines[1].rfind(R"({"line":2,"error":{"code":3,)", 0), 0u) << lines[1];
  EXPECT_EQ(lines[2].rfind(R"({"line":4,"error":{"code":3,"message":"refused")", 0), 0u);
  EXPECT_TRUE(Contains(lines[3], "\"line\":5") && Contains(lines[3], "bogus")) << lines[3];
  EXPECT_TRUE(Contains(lines[4], "\"event_id\":\"id-b\""));
  EXPECT_TRUE(Contains(lines[5], "\"line\":7") && Contains(lines[5], "UTF-8")) << lines[5];
  EXPECT_TRUE(Contains(lines[6], "\"line\":8") && Contains(lines[6], "over")) << lines[6];
  EXPECT_TRUE(Contains(lines[7], "\"event_id\":\"id-c\""));
}

TEST_F(Publish, SumsUpForAPersonAndNamesTheLinesThatFailed) {
  const CliRun run = Run(Entry("a") + Entry("refuse") + "nonsense\n");
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_EQ(run.out.rfind("entries 3  failed 2  duration ", 0), 0u) << run.out;
  EXPECT_TRUE(Contains(run.err, "line 2: INVALID_ARGUMENT: refused")) << run.err;
  EXPECT_TRUE(Contains(run.err, "line 3: INVALID_ARGUMENT: not a PublishRequest")) << run.err;
  EXPECT_TRUE(Contains(Run(Entry("a"), {"-o", "json"}).out, "\"entries\": 1,"));
}

TEST_F(Publish, AnEmptyInputIsDone) {
  const CliRun run = Run("");
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(run.out.rfind("entries 0  failed 0", 0), 0u) << run.out;
}

TEST_F(Publish, EntriesWithoutAnAnswerFailWhenTheCallEnds) {
  server_.publish_answers_max = 2;
  server_.status = {grpc::StatusCode::PERMISSION_DENIED, "not any more"};
  const CliRun run = Run(Entry("a") + Entry("b") + Entry("c"), {"-o", "jsonl"});
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_TRUE(Contains(run.err, "PERMISSION_DENIED: not any more")) << run.err;
  const std::vector<std::string> lines = Split(run.out);
  ASSERT_EQ(lines.size(), 3u) << run.out;
  EXPECT_TRUE(Contains(lines[2], "\"line\":3,\"error\":{\"code\":7")) << lines[2];
}

TEST_F(Publish, ACallThatEndsShortOfAnswersIsAFailure) {
  const CliRun run = Run(Entry("a") + Entry("hang"));
  EXPECT_EQ(run.exit_code, ExitCode::kRefused);
  EXPECT_TRUE(Contains(run.err, "before it had answered all entries")) << run.err;
  EXPECT_TRUE(Contains(run.err, "1 entries from line 2 on")) << run.err;
}

// The input stays open too, so that the thread that reads it has to be woken.
TEST_F(Publish, GivesUpOnAServerThatDoesNotAnswerInTime) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string input = Entry("a") + Entry("hang");
  ASSERT_EQ(write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
  const CliRun run = RunCli({"publish", "--input", "/dev/fd/" + std::to_string(ends[0]),
                             "--timeout", "100ms", "--server", server_.address()});
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable);
  EXPECT_TRUE(Contains(run.err, "no answer for 100ms")) << run.err;
  EXPECT_EQ(run.out.rfind("entries 2  failed 1  ", 0), 0u) << run.out;
  close(ends[0]);
  close(ends[1]);
}

TEST_F(Publish, AnUnreachableServerExitsWith3) {
  std::string address;
  { address = ControlServer().address(); }  // A port that nobody listens on any more.
  const CliRun run = RunCli({"publish", "--input", "-", "--server", address}, Entry("a"));
  EXPECT_EQ(run.exit_code, ExitCode::kUnreachable) << run.err;
}

TEST(Progress, DrawsOnATerminalOnlyAndFitsIt) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{-1, out, err};
  Progress silent(terminal);
  silent.Update({10, 0, 50, 100}, absl::Seconds(1));
  EXPECT_EQ(err.str(), "");
  terminal.err_is_terminal = true;
  Progress progress(terminal);
  progress.Update({1000, 3, 50, 100}, absl::Seconds(1));
  EXPECT_EQ(err.str(), "\r[############------------]  50%  1,000 entries  3 failed  1,000/s\x1b[K");
  progress.Update({1001, 3, 51, 100}, absl::Milliseconds(1050));
  progress.Clear();
  EXPECT_EQ(err.str().substr(err.str().size() - 9), "/s\x1b[K\r\x1b[K");
}

}  // namespace sluice::cli
