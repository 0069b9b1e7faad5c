#include "clients/cli/presence/end_client.h"

#include <memory>
#include <ostream>
#include <string>

#include "clients/cli/command/option.h"
#include "clients/cli/output/json.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

ExitCode DeleteClient(Program& program, const std::string& client_id) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::DeleteClientRequest request;
  request.set_client_id(client_id);
  v1::DeleteClientResponse response;
  const grpc::Status status =
      (*server)->Call(&v1::ControlService::Stub::DeleteClient, request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  if (program.format == OutputFormat::kTable) {
    program.terminal.out << "deleted the record of " << Visible(client_id) << '\n';
  } else {
    program.terminal.out << ToJson(response, JsonLayout::kLine) << '\n';
  }
  return ExitCode::kDone;
}

}  // namespace

void AddDeleteClientCommand(CLI::App& clients, Program& program) {
  const auto client_id = std::make_shared<std::string>();
  CLI::App* command = clients.add_subcommand(
      "delete", "Remove a client's metadata and assigned groups; its connections stay");
  command->add_option("ID", *client_id, "The client's id")->required()->type_name("");
  AddExamples(*command, "  sluicectl clients delete alice");
  command->final_callback([&program, client_id] {
    program.action = [&program, client_id] { return DeleteClient(program, *client_id); };
  });
}

}  // namespace sluice::cli
