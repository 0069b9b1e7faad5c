#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/clients/cli/support/cli_run.h"
#include "tests/clients/cli/support/control_server.h"

namespace sluice::cli {
namespace {

class Contexts : public testing::Test {
 protected:
  Contexts() {
    std::string pattern = testing::TempDir() + "sluicectl-XXXXXX";
    home_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(home_ + "/.config/sluice");
    SetCliHome(home_);
  }
  ~Contexts() override {
    SetCliHome("/nonexistent");
    std::filesystem::remove_all(home_);
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(home_ + "/.config/sluice/" + name) << text;
  }

  std::string Config() const {
    std::stringstream text;
    text << std::ifstream(home_ + "/.config/sluice/config.toml").rdbuf();
    return text.str();
  }

  static std::string ContextOf(const std::string& name, const std::string& address,
                               const std::string& more = "") {
    return "[context." + name + "]\nserver = \"" + address + "\"\n" + more;
  }

  std::string home_;
  ControlServer server_;
};

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Contexts, TheCurrentOneNamesServerAndCredential) {
  Write("ada.token", "secret-of-ada\n");
  Write("config.toml", "current-context = \"here\"\n" +
                           ContextOf("here", server_.address(), "token-file = \"ada.token\"\n") +
                           ContextOf("there", "127.0.0.1:1"));
  const CliRun run = RunCli({"send", "client", "ada", "--data", "x"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(server_.authorization, "Bearer secret-of-ada");
  EXPECT_EQ(RunCli({"send", "client", "ada", "--data", "x", "--context", "there"}).exit_code,
            ExitCode::kUnreachable);
}

TEST_F(Contexts, AreUsedWhenNamedWithoutACurrentOne) {
  Write("config.toml", ContextOf("here", server_.address(),
                                 "timeout = \"3s\"\noutput = \"jsonl\"\n"
                                 "token-file = \"~/.config/sluice/bob.token\"\n"));
  Write("bob.token", "secret-of-bob");
  const CliRun run = RunCli({"send", "client", "ada", "--data", "x", "--context", "here"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(server_.authorization, "Bearer secret-of-bob");
  EXPECT_EQ(run.out.front(), '{') << run.out;
}

TEST_F(Contexts, GiveWayToOptionsOfTheCommandLine) {
  Write("config.toml", "current-context = \"here\"\n" +
                           ContextOf("here", server_.address(), "output = \"jsonl\"\n"));
  const CliRun run = RunCli({"send", "client", "ada", "--data", "x", "-o", "table"});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_NE(run.out.front(), '{') << run.out;
}

TEST_F(Contexts, NeverSendTheirCredentialToAServerOfTheCommandLine) {
  Write("ada.token", "secret-of-ada\n");
  Write("config.toml", "current-context = \"there\"\n" +
                           ContextOf("there", "127.0.0.1:1", "token-file = \"ada.token\"\n"));
  const CliRun run =
      RunCli({"send", "client", "ada", "--data", "x", "--server", server_.address()});
  EXPECT_EQ(run.exit_code, ExitCode::kDone) << run.err;
  EXPECT_EQ(server_.authorization, "");
  const CliRun both = RunCli({"send", "client", "ada", "--data", "x", "--server", server_.address(),
                              "--context", "there"});
  EXPECT_EQ(both.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(both.err, "both name a server")) << both.err;
}

TEST_F(Contexts, GetNoTokenOfTheEnvironment) {
  Write("ada.token", "secret-of-ada\n");
  Write("bob.token", "secret-of-bob\n");
  Write("config.toml", ContextOf("with", server_.address(), "token-file = \"ada.token\"\n") +
                           ContextOf("without", server_.address()));
  const std::string other = home_ + "/.config/sluice/bob.token";
  SetCliTokenFile(other);
  RunCli({"send", "client", "ada", "--data", "x", "--context", "with"});
  EXPECT_EQ(server_.authorization, "Bearer secret-of-ada");
  server_.authorization.clear();
  RunCli({"send", "client", "ada", "--data", "x", "--context", "without"});
  EXPECT_EQ(server_.authorization, "");
  RunCli({"send", "client", "ada", "--data", "x", "--context", "with", "--token-file", other});
  EXPECT_EQ(server_.authorization, "Bearer secret-of-bob") << "asked for by name";
  server_.authorization.clear();
  RunCli({"send", "client", "ada", "--data", "x", "--server", server_.address()});
  EXPECT_EQ(server_.authorization, "Bearer secret-of-bob") << "no context";
  SetCliTokenFile("");
}

TEST_F(Contexts, OfAnEmptyNameAreAnError) {
  Write("config.toml", "current-context = \"here\"\n" + ContextOf("here", server_.address()));
  const CliRun run = RunCli({"send", "client", "ada", "--data", "x", "--context", ""});
  EXPECT_EQ(run.exit_code, ExitCode::kWrongUsage) << "not the current one";
}

TEST_F(Contexts, OfAWrongFileAreAnErrorThatSaysWhere) {
  const struct {
    std::string file;
    std::string text;
  } kCases[] = {
      {"current-context = \"no\"\n" + ContextOf("here", "a:1"),
       "current-context: there is no context 'no'; expected one of here"},
      {"context = 3\n", "line 1: `context` is no table"},
      {"\ncolour = \"red\"\n", "line 2: `colour` is unknown"},
      {ContextOf("here", "a:1", "sever = \"b:1\"\n"),
       "line 3: `sever` is unknown; expected one of"},
      {ContextOf("here", "a:1", "timeout = 3\n"), "line 3: `timeout` is no text"},
      {"[context.here]\nserver = \n", "line 2: is no valid TOML"},
      {"[|", "is no valid TOML"},
      {"current-context = \"here\"\n[context.here]\ntoken-file = \"x\"\n",
       "line 2: a context without `server`"},
  };
  for (const auto& [file, text] : kCases) {
    Write("config.toml", file);
    const CliRun run = RunCli({"send", "client", "ada", "--data", "x"});
    EXPECT_EQ(run.exit_code, ExitCode::kWrongUsage) << file;
    EXPECT_TRUE(Holds(run.err, home_ + "/.config/sluice/config.toml")) << run.err;
    EXPECT_TRUE(Holds(run.err, text)) << run.err;
    EXPECT_EQ(RunCli({"version"}).exit_code, ExitCode::kDone) << "what needs no server needs none";
  }
  Write("config.toml", ContextOf("here", "a:1", "timeout = \"soon\"\n"));
  const CliRun run = RunCli({"send", "client", "ada", "--data", "x", "--context", "here"});
  EXPECT_EQ(run.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(run.err, "context here: --timeout: 'soon' is no duration")) << run.err;
}

TEST_F(Contexts, ThatDoNotExistAreAnErrorWithThoseThatDo) {
  const CliRun without = RunCli({"send", "client", "ada", "--data", "x", "--context", "here"});
  EXPECT_EQ(without.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(without.err, "expected [context.here] in ")) << without.err;
  Write("config.toml", ContextOf("a", "a:1") + ContextOf("b", "b:1"));
  const CliRun other = RunCli({"send", "client", "ada", "--data", "x", "--context", "here"});
  EXPECT_EQ(other.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(other.err, "there is no context 'here'; expected one of a, b")) << other.err;
}

TEST_F(Contexts, AreListedInEveryForm) {
  EXPECT_EQ(RunCli({"contexts", "list", "-o", "json"}).out, "[]\n");
  Write("config.toml", "current-context = \"b\"\n" + ContextOf("a", "a:1") + ContextOf("b", "b:1"));
  const CliRun table = RunCli({"contexts", "list"});
  EXPECT_EQ(table.exit_code, ExitCode::kDone) << table.err;
  EXPECT_TRUE(Holds(table.out, "*        b     b:1")) << table.out;
  EXPECT_EQ(RunCli({"contexts", "list", "-o", "jsonl"}).out,
            "{\"name\":\"a\",\"current\":false,\"server\":\"a:1\"}\n"
            "{\"name\":\"b\",\"current\":true,\"server\":\"b:1\"}\n");
}

TEST_F(Contexts, UseChangesOneLineAndNoOther) {
  const std::string contexts = "# Ours.\n" + ContextOf("a", "a:1") + ContextOf("b", "b:1", "# End");
  Write("config.toml", contexts);
  EXPECT_EQ(RunCli({"contexts", "use", "b"}).exit_code, ExitCode::kDone);
  EXPECT_EQ(Config(), "current-context = \"b\"\n" + contexts);
  Write("config.toml", "current-context = \"gone\"  # Mine.\n" + contexts);
  EXPECT_EQ(RunCli({"contexts", "use", "b"}).exit_code, ExitCode::kDone);
  EXPECT_EQ(Config(), "current-context = \"b\"  # Mine.\n" + contexts);
  const std::string odd = "\"current-context\" = \"a\"\n" + contexts;
  Write("config.toml", odd);
  EXPECT_EQ(RunCli({"contexts", "use", "b"}).exit_code, ExitCode::kWrongUsage);
  EXPECT_EQ(Config(), odd) << "never broken";
  Write("config.toml", "current-context = \"b\"\n" + contexts);
  EXPECT_EQ(RunCli({"contexts", "use", "a"}).exit_code, ExitCode::kDone);
  EXPECT_EQ(Config(), "current-context = \"a\"\n" + contexts);
  const CliRun other = RunCli({"contexts", "use", "c"});
  EXPECT_EQ(other.exit_code, ExitCode::kWrongUsage);
  EXPECT_TRUE(Holds(other.err, "there is no context 'c'")) << other.err;
  EXPECT_EQ(Config(), "current-context = \"a\"\n" + contexts);
}

}  // namespace
}  // namespace sluice::cli
