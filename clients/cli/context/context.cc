#include "clients/cli/context/context.h"

#include <absl/strings/str_cat.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/context/context_file.h"
#include "clients/cli/output/table.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

using Context = std::map<std::string, std::string>;

std::string ValueOf(const Context& context, const std::string& key) {
  const auto found = context.find(key);
  return found == context.end() ? "" : found->second;
}

// One object a context, with the keys of the file.
std::string Json(const ContextFile& file, const std::string& name, const Context& context) {
  boost::json::object json = {{"name", name}, {"current", name == file.current}};
  for (const auto& [key, value] : context) json[key] = value;
  return VisibleJson(boost::json::serialize(json));
}

ExitCode ListContexts(const Program& program) {
  const auto file = ReadContextFile(ContextFilePath());
  if (!file.ok()) return ReportWrongUsage(program.terminal, std::string(file.status().message()));
  Table table({{"CURRENT"}, {"NAME"}, {"SERVER"}, {"TOKEN FILE"}, {"TLS CA"}});
  std::string lines;
  std::string array;
  for (const auto& [name, context] : file->contexts) {
    table.AddRow({name == file->current ? "*" : "", name, ValueOf(context, "server"),
                  ValueOf(context, "token-file"), ValueOf(context, "tls-ca")});
    const std::string json = Json(*file, name, context);
    absl::StrAppend(&lines, json, "\n");
    absl::StrAppend(&array, array.empty() ? "" : ",\n  ", json);
  }
  switch (program.format) {
    case OutputFormat::kTable:
      table.Write(program.terminal);
      break;
    case OutputFormat::kJson:
      program.terminal.out << (array.empty() ? "[]" : "[\n  " + array + "\n]") << '\n';
      break;
    case OutputFormat::kJsonLines:
      program.terminal.out << lines;
      break;
  }
  return ExitCode::kDone;
}

ExitCode UseContext(const Program& program, const std::string& name) {
  const absl::Status status = SetCurrentContext(ContextFilePath(), name);
  if (!status.ok()) {
    const ExitCode wrong = ReportWrongUsage(program.terminal, std::string(status.message()));
    return status.code() == absl::StatusCode::kInternal ? ExitCode::kRefused : wrong;
  }
  if (program.format == OutputFormat::kTable) {
    program.terminal.out << "the current context is " << Visible(name) << '\n';
  }
  return ExitCode::kDone;
}

bool IsOnCommandLine(const CLI::App& app, const CLI::Option* option) {
  const std::vector<CLI::Option*>& parsed = app.parse_order();
  return std::find(parsed.begin(), parsed.end(), option) != parsed.end();
}

}  // namespace

void AddContextOption(CLI::App& app) {
  app.add_option("--context", "Context of the configuration file to use")
      ->envname("SLUICE_CONTEXT")
      ->type_name("CONTEXT");
}

absl::Status ApplyContext(CLI::App& app, Program& program) {
  CLI::Option* given = app.get_option("--context");
  const bool names_server = app.get_option("--server")->count() > 0;
  if (given->count() > 0 && names_server) {
    return absl::InvalidArgumentError(
        "--context and --server both name a server; give one (SLUICE_CONTEXT and SLUICE_SERVER "
        "count too)");
  }
  if (names_server) return absl::OkStatus();
  const std::string path = ContextFilePath();
  const auto file = ReadContextFile(path);
  if (!file.ok()) return file.status();
  const bool is_given = given->count() > 0;
  const std::string used = is_given ? given->as<std::string>() : file->current;
  if (!is_given && used.empty()) return absl::OkStatus();
  const auto context = file->contexts.find(used);
  if (context == file->contexts.end()) {
    const absl::Status none = NoSuchContext(*file, used, path);
    return is_given ? none
                    : absl::InvalidArgumentError(
                          absl::StrCat(path, ": current-context: ", none.message()));
  }
  // A token of the environment is none for the server of a context.
  CLI::Option* token_file = app.get_option("--token-file");
  if (!IsOnCommandLine(app, token_file)) {
    token_file->clear();
    program.server.token_file.clear();
  }
  for (const auto& [key, value] : context->second) {
    CLI::Option* option = app.get_option("--" + key);
    if (option->count() > 0) continue;
    try {
      option->add_result(value);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": context ", used, ": ", error.what()));
    }
  }
  return absl::OkStatus();
}

void AddContextsCommands(CLI::App& app, Program& program) {
  CLI::App* contexts =
      app.add_subcommand("contexts", "Named servers of ~/.config/sluice/config.toml");
  contexts->require_subcommand(1);
  CLI::App* list = contexts->add_subcommand("list", "List the contexts");
  AddExamples(*list,
              "  sluicectl contexts list\n"
              "\n"
              "The file:\n"
              "  current-context = \"staging\"\n"
              "\n"
              "  [context.staging]\n"
              "  server = \"sluice.staging.example:443\"\n"
              "  token-file = \"staging.token\"\n"
              "  tls-ca = \"/etc/ssl/certs/ca-certificates.crt\"\n"
              "\n"
              "Keys are the options of sluicectl: server, token-file, tls-ca, tls-cert, tls-key,\n"
              "timeout, output. Relative paths begin at the file's directory.");
  list->final_callback([&program] {
    program.uses_server = false;
    program.action = [&program] { return ListContexts(program); };
  });
  CLI::App* use = contexts->add_subcommand("use", "Make a context the one that is used");
  const auto name = std::make_shared<std::string>();
  use->add_option("NAME", *name, "Context")->required()->type_name("CONTEXT");
  AddExamples(*use, "  sluicectl contexts use staging");
  use->final_callback([&program, name] {
    program.uses_server = false;
    program.action = [&program, name] { return UseContext(program, *name); };
  });
}

}  // namespace sluice::cli
