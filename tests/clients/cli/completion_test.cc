#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/clients/cli/support/cli_run.h"

namespace sluice::cli {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

// The words of what the scripts are told for this command line.
std::vector<std::string> Complete(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {"completion", "candidates", "--"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  const CliRun run = RunCli(arguments);
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  std::vector<std::string> candidates;
  for (const std::string& line : Lines(run.out)) {
    candidates.push_back(line.substr(0, line.find('\t')));
  }
  return candidates;
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

using Words = std::vector<std::string>;

TEST(Completion, KnowsCommandsAndTheirOptions) {
  EXPECT_EQ(Complete({"se"}), Words({"send"}));
  EXPECT_EQ(Complete({"send", ""}), Words({"client", "group"}));
  EXPECT_EQ(Complete({"clients", "set"}), Words({"set-metadata"}));
  EXPECT_EQ(Complete({"send", "client", "alice", "--eve"}), Words({"--event"}));
  EXPECT_TRUE(Contains(Complete({"send", "client", "--"}), "--server")) << "global options follow";
  EXPECT_FALSE(Contains(Complete({"completion", ""}), "candidates")) << "hidden";
  EXPECT_EQ(Complete({"nope", "nope", ""}), Complete({""})) << "as if they were values";
}

TEST(Completion, KnowsTheValuesOfOptions) {
  EXPECT_EQ(Complete({"-o", ""}), Words({"table", "json", "jsonl"}));
  EXPECT_EQ(Complete({"broadcast", "--output", "js"}), Words({"json", "jsonl"}));
  EXPECT_EQ(Complete({"broadcast", "--output=t"}), Words({"--output=table"}));
  EXPECT_EQ(Complete({"--tls-ca", "/etc/s"}), Words({":files"}));
  EXPECT_EQ(Complete({"--server", "s"}), Words()) << "not a command: the value of --server";
  EXPECT_EQ(Complete({"--server", "a:1", "se"}), Words({"send"}));
}

// What the shell offers for a line, each on a line of its own.
std::vector<std::string> Ask(const std::string& shell, const std::string& script) {
  const std::string path = testing::TempDir() + "completion-test-" + std::to_string(getpid());
  FILE* file = std::fopen(path.c_str(), "w");
  std::fputs(script.c_str(), file);
  std::fclose(file);
  FILE* pipe = popen((shell + " " + path + " 2>&1").c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), count);
  }
  EXPECT_EQ(pclose(pipe), 0) << out;
  std::remove(path.c_str());
  return Lines(out);
}

std::vector<std::string> AskBash(const std::string& line) {
  return Ask("bash", "PATH=\"$(dirname '" SLUICECTL
                     "'):$PATH\"\n"
                     "compopt() { :; }\n"  // It works only while the shell completes.
                     "source <(sluicectl completion bash)\n"
                     "COMP_LINE='" +
                         line +
                         "'; COMP_POINT=${#COMP_LINE}\n"
                         "_sluicectl\n"
                         "[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' \"${COMPREPLY[@]}\"\n");
}

TEST(Completion, WorksInBash) {
  EXPECT_EQ(AskBash("sluicectl send "), Words({"client", "group"}));
  EXPECT_EQ(AskBash("sluicectl clients li"), Words({"list"}));
  EXPECT_EQ(AskBash("sluicectl broadcast --output=t"), Words({"table"}));
  EXPECT_EQ(AskBash("sluicectl --tls-ca /etc/host"), Ask("bash", "compgen -f /etc/host\n"));
  EXPECT_EQ(AskBash("sluicectl --server nothing-comes-he"), Words());
}

TEST(Completion, WorksInFishWhereThereIsOne) {
  if (std::system("command -v fish > /dev/null") != 0) GTEST_SKIP() << "there is no fish";
  const auto ask = [](const std::string& line) {
    return Ask("fish", "set PATH (dirname '" SLUICECTL
                       "') $PATH\n"
                       "sluicectl completion fish | source\n"
                       "complete -C '" +
                           line + "'\n");
  };
  EXPECT_EQ(ask("sluicectl clients dis"), Words({"disconnect\tEnd a client's connections"}));
  EXPECT_EQ(ask("sluicectl -o js"), Words({"json", "jsonl"}));
}

TEST(Completion, ScriptOfZshIsOneWhereThereIsOne) {
  if (std::system("command -v zsh > /dev/null") != 0) GTEST_SKIP() << "there is no zsh";
  EXPECT_EQ(Ask("zsh", "PATH=\"$(dirname '" SLUICECTL "'):$PATH\"\n"
                       "autoload -U compinit; compinit -u -D\n"
                       "source <(sluicectl completion zsh)\n"
                       "_describe() { print -l $candidates; }\n"  // It works only in a completion.
                       "words=(sluicectl clients dis); CURRENT=3\n"
                       "_sluicectl\n"),
            Words({"disconnect:End a client's connections"}));
}

}  // namespace
}  // namespace sluice::cli
