// clients/cli/command/clients.cc
#include "clients/cli/command/clients.h"

#include <memory>
#include <string>

#include "clients/cli/command/list_clients.h"
#include "clients/cli/command/option.h"
#include "clients/cli/command/set_metadata.h"
#include "clients/cli/output/client.h"
#include "clients/cli/presence/end_client.h"
#include "clients/cli/presence/watch_clients.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"

namespace sluice::cli {
namespace {

ExitCode GetClient(Program& program, const std::string& client_id) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::GetClientRequest request;
  request.set_client_id(client_id);
  v1::GetClientResponse response;
  const grpc::Status status =
      (*server)->Call(&v1::ControlService::Stub::GetClient, request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  WriteClient(program.terminal, program.format, response.client(), absl::Now());
  return ExitCode::kDone;
}

}  // namespace

void AddClientsCommands(CLI::App& app, Program& program) {
  CLI::App* clients = app.add_subcommand("clients", "Look at clients and change their metadata");
  clients->require_subcommand(1);
  AddListClientsCommand(*clients, program);
  AddWatchClientsCommand(*clients, program);

  const auto client_id = std::make_shared<std::string>();
  CLI::App* get = clients->add_subcommand("get", "Show one client with its connections");
  get->add_option("ID", *client_id, "The client's id")->required()->type_name("");
  AddExamples(*get, "  sluicectl clients get alice -o json");
  get->final_callback([&program, client_id] {
    program.action = [&program, client_id] { return GetClient(program, *client_id); };
  });

  AddSetMetadataCommand(*clients, program);
  AddEndClientCommands(*clients, program);
}

}  // namespace sluice::cli
