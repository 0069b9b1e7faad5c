#include "clients/cli/presence/end_client.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/duration.pb.h>

#include <cstdint>
#include <memory>
#include <optional>
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

struct DisconnectArguments {
  std::string client_id;
  std::string connection_id;
  std::string reason;
  std::optional<absl::Duration> reconnect_after;
  std::optional<absl::Duration> block_for;
};

ExitCode Disconnect(Program& program, const DisconnectArguments& arguments) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::DisconnectClientRequest request;
  request.set_client_id(arguments.client_id);
  request.set_connection_id(arguments.connection_id);
  request.set_reason(arguments.reason);
  if (arguments.reconnect_after.has_value()) {
    SetDuration(*arguments.reconnect_after, *request.mutable_reconnect_after());
  }
  if (arguments.block_for.has_value()) {
    SetDuration(*arguments.block_for, *request.mutable_block_for());
  }
  v1::DisconnectClientResponse response;
  const grpc::Status status =
      (*server)->Call(&v1::ControlService::Stub::DisconnectClient, request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  if (program.format == OutputFormat::kTable) {
    program.terminal.out << "ended " << FormatCount(response.connections())
                         << (response.connections() == 1 ? " connection of " : " connections of ")
                         << Visible(arguments.client_id) << '\n';
    program.terminal.out.flush();
  } else {
    program.terminal.out << ToJson(response, JsonLayout::kLine) << '\n';
  }
  if (response.unconfirmed_replicas() > 0) {
    WriteWarning(program.terminal,
                 absl::StrCat(response.unconfirmed_replicas(), " replicas did not confirm"));
  }
  return ExitCode::kDone;
}

void AddDisconnectCommand(CLI::App& clients, Program& program) {
  const auto arguments = std::make_shared<DisconnectArguments>();
  CLI::App* command = clients.add_subcommand("disconnect", "End a client's connections");
  command->add_option("ID", arguments->client_id, "The client's id")->required()->type_name("");
  command->add_option("--connection", arguments->connection_id, "Only this connection")
      ->type_name("ID");
  command->add_option("--reason", arguments->reason, "What the browser is told")->type_name("TEXT");
  AddDuration(*command, "--reconnect-after", arguments->reconnect_after,
              "When the browser shall come back");
  AddDuration(*command, "--block-for", arguments->block_for,
              "Refuse its connects for so long; a browser's EventSource then stops for good");
  AddExamples(*command,
              "  sluicectl clients disconnect alice --reason 'signed out'\n"
              "  sluicectl clients disconnect mallory --block-for 10m");
  command->final_callback([&program, arguments] {
    program.action = [&program, arguments] { return Disconnect(program, *arguments); };
  });
}

void AddDeleteCommand(CLI::App& clients, Program& program) {
  const auto client_id = std::make_shared<std::string>();
  CLI::App* command = clients.add_subcommand(
      "delete", "Remove a client's metadata and assigned groups; its connections stay");
  command->add_option("ID", *client_id, "The client's id")->required()->type_name("");
  AddExamples(*command, "  sluicectl clients delete alice");
  command->final_callback([&program, client_id] {
    program.action = [&program, client_id] { return DeleteClient(program, *client_id); };
  });
}

}  // namespace

void AddEndClientCommands(CLI::App& clients, Program& program) {
  AddDisconnectCommand(clients, program);
  AddDeleteCommand(clients, program);
}

}  // namespace sluice::cli
