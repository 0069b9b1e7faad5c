#include "clients/cli/history/history_command.h"

#include <absl/time/clock.h>

#include <memory>
#include <ostream>
#include <string>

#include "clients/cli/command/option.h"
#include "clients/cli/output/client.h"
#include "clients/cli/output/json.h"
#include "clients/cli/output/table.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr int kPageSize = 1000;

struct HistoryArguments {
  std::string group;
  std::string client_id;
  bool is_broadcast = false;
};

void AddRows(const v1::ListHistoryResponse& page, absl::Time now, Table& table) {
  for (const v1::HistoryEvent& kept : page.events()) {
    const std::string& name = kept.event().event();
    table.AddRow({Visible(kept.event_id()), Age(kept.time(), now),
                  Visible(name.empty() ? "message" : name), Visible(kept.event().data())});
  }
}

ExitCode ListHistory(Program& program, const HistoryArguments& arguments) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::ListHistoryRequest request;
  if (arguments.is_broadcast) request.set_broadcast(true);
  if (!arguments.client_id.empty()) request.set_client_id(arguments.client_id);
  if (!arguments.group.empty()) request.set_group(arguments.group);
  request.set_page_size(kPageSize);
  Table table({{"ID"}, {"AGE"}, {"EVENT"}, {"DATA"}});
  v1::ListHistoryResponse all;
  do {
    v1::ListHistoryResponse page;
    const grpc::Status status =
        (*server)->Call(&v1::ControlService::Stub::ListHistory, request, page);
    if (!status.ok()) {
      return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
    }
    if (program.format == OutputFormat::kTable) AddRows(page, absl::Now(), table);
    for (v1::HistoryEvent& kept : *page.mutable_events()) {
      if (program.format == OutputFormat::kJsonLines) {
        program.terminal.out << ToJson(kept, JsonLayout::kLine) << '\n';
      } else if (program.format == OutputFormat::kJson) {
        *all.add_events() = std::move(kept);
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (program.format == OutputFormat::kTable) table.Write(program.terminal);
  if (program.format == OutputFormat::kJson) {
    program.terminal.out << ToJson(all, JsonLayout::kIndented) << '\n';
  }
  return ExitCode::kDone;
}

}  // namespace

void AddHistoryCommand(CLI::App& app, Program& program) {
  const auto arguments = std::make_shared<HistoryArguments>();
  CLI::App* history =
      app.add_subcommand("history", "List what is kept for streams that come back, oldest first");
  CLI::Option* group =
      history->add_option("GROUP", arguments->group, "The group whose events are listed");
  CLI::Option* client =
      history->add_option("--client", arguments->client_id, "A client's events instead")
          ->type_name("ID");
  CLI::Option* broadcast =
      history->add_flag("--broadcast", arguments->is_broadcast, "What was broadcast instead");
  group->excludes(client)->excludes(broadcast);
  client->excludes(broadcast);
  AddExamples(*history,
              "  sluicectl history news\n"
              "  sluicectl history --client alice -o jsonl");
  history->final_callback([&program, arguments] {
    program.action = [&program, arguments] { return ListHistory(program, *arguments); };
  });
}

}  // namespace sluice::cli
