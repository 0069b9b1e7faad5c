// clients/cli/run.cc
#include "clients/cli/run.h"

#include <CLI/CLI.hpp>

#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/check/check_command.h"
#include "clients/cli/command/clients.h"
#include "clients/cli/command/option.h"
#include "clients/cli/command/replicas.h"
#include "clients/cli/command/send.h"
#include "clients/cli/completion/completion_command.h"
#include "clients/cli/context/context.h"
#include "clients/cli/groups/groups_command.h"
#include "clients/cli/history/history_command.h"
#include "clients/cli/input/argument.h"
#include "clients/cli/program.h"
#include "clients/cli/publish/publish_command.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/tail/tail_command.h"
#include "clients/cli/text/readable.h"
#include "clients/cli/token/token_command.h"

namespace sluice::cli {
namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  sluicectl send client alice --event order --data '{\"state\":\"paid\"}'\n"
    "  sluicectl clients list --group news\n"
    "  sluicectl tail 'http://127.0.0.1:8080/events?client_id=alice'\n"
    "\n"
    "Exit codes: 0 done, 1 the server refused or an entry failed, 2 wrong usage,\n"
    "3 could not reach the server.";

void AddGlobalOptions(CLI::App& app, Program& program) {
  app.add_option("--server", program.server.address, "gRPC address of Sluice")
      ->envname("SLUICE_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--token-file", program.server.token_file, "File with the bearer token")
      ->envname("SLUICE_TOKEN_FILE")
      ->type_name("FILE");
  app.add_option("--tls-ca", program.server.tls_ca_file,
                 "Certificate authority of the server (PEM); turns TLS on")
      ->type_name("FILE");
  app.add_option("--tls-cert", program.server.tls_certificate_file, "Own certificate (PEM)")
      ->type_name("FILE");
  app.add_option("--tls-key", program.server.tls_key_file, "Key of the own certificate (PEM)")
      ->type_name("FILE");
  const auto set_timeout = [&program](const std::string& text) {
    const auto timeout = ParseDuration(text);
    if (!timeout.ok()) {
      throw CLI::ValidationError("--timeout", std::string(timeout.status().message()));
    }
    if (*timeout == absl::ZeroDuration()) {
      throw CLI::ValidationError("--timeout", "is 0; expected more, such as 10s");
    }
    program.server.timeout = *timeout;
  };
  app.add_option_function<std::string>("--timeout", set_timeout, "How long to wait for an answer")
      ->type_name("DURATION")
      ->default_str("10s");
  AddChoice<OutputFormat>(app, "-o,--output",
                          {{"table", OutputFormat::kTable},
                           {"json", OutputFormat::kJson},
                           {"jsonl", OutputFormat::kJsonLines}},
                          program.format, "Form of the output")
      ->default_str("table");
}

void AddVersionCommand(CLI::App& app, Program& program) {
  app.add_subcommand("version", "Print the version of sluicectl")->final_callback([&program] {
    program.uses_server = false;
    program.action = [&program] {
      if (program.format == OutputFormat::kTable) {
        program.terminal.out << "sluicectl " SLUICE_VERSION "\n";
      } else {
        program.terminal.out << "{\"version\":\"" SLUICE_VERSION "\"}\n";
      }
      return ExitCode::kDone;
    };
  });
}

// Help and version are CLI11 "errors" too, with exit code 0.
ExitCode ReportParseError(const CLI::App& app, const CLI::ParseError& error,
                          const Terminal& terminal) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    app.exit(error, terminal.out, terminal.err);
    return ExitCode::kDone;
  }
  // CLI11 misses the command before it looks at the word that stands in its place.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  const bool is_unknown_command = error.get_name() == "RequiredError" && !unknown.empty() &&
                                  std::string(error.what()).find("subcommand") != std::string::npos;
  WriteError(terminal, Visible(is_unknown_command ? "there is no command '" + unknown.front() + "'"
                                                  : error.what()));
  std::string command = "sluicectl";
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands().front();
    command += " " + deepest->get_name();
  }
  terminal.err << "  '" << command << " --help' tells more\n";
  return ExitCode::kWrongUsage;
}

}  // namespace

ExitCode Run(int argument_count, const char* const* arguments, Terminal& terminal) {
  Program program{terminal};
  CLI::App app("Controls Sluice: sends events to browsers and looks at who is connected.",
               "sluicectl");
  app.fallthrough();  // Inherited by the commands: global options may stand after them.
  app.require_subcommand(1);
  app.set_version_flag("--version", "sluicectl " SLUICE_VERSION);
  app.footer(kFooter);
  AddContextOption(app);
  AddGlobalOptions(app, program);
  AddSendCommands(app, program);
  AddPublishCommand(app, program);
  AddClientsCommands(app, program);
  AddGroupsCommands(app, program);
  AddReplicasCommands(app, program);
  AddHistoryCommand(app, program);
  AddTailCommand(app, program);
  AddCheckCommand(app, program);
  AddTokenCommands(app, program);
  AddContextsCommands(app, program);
  AddVersionCommand(app, program);
  AddCompletionCommands(app, program);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(app, error, terminal);
  }
  if (program.uses_server) {
    const absl::Status status = ApplyContext(app, program);
    if (!status.ok()) return ReportWrongUsage(terminal, Visible(std::string(status.message())));
  }
  ExitCode exit_code = program.action();
  terminal.out.flush();
  if (!terminal.out) {
    WriteError(terminal, "could not write the output; is the disk full?");
    if (exit_code == ExitCode::kDone) exit_code = ExitCode::kRefused;
  }
  return exit_code;
}

}  // namespace sluice::cli
