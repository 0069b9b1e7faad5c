// clients/cli/command/send.cc
#include "clients/cli/command/send.h"

#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/input/file.h"
#include "clients/cli/output/delivery.h"
#include "clients/cli/output/json.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"

namespace sluice::cli {
namespace {

struct SendArguments {
  std::string target;
  std::string data;
  std::string event;
  std::string id;
  std::string group;
  std::string connection;
  std::optional<absl::Duration> retry;
  bool is_ephemeral = false;
  std::optional<absl::Duration> ttl;
  std::string conflation_key;
  std::vector<std::string> except_client_ids;
  google::protobuf::Map<std::string, std::string> metadata_match;
  v1::Confirmation confirmation = v1::CONFIRMATION_UNSPECIFIED;
  std::string request_id;
};

void AddEventOptions(CLI::App& app, SendArguments& arguments) {
  app.add_option("--data", arguments.data,
                 "The payload; '-' reads the standard input, '@FILE' a file, as they are")
      ->required()
      ->type_name("TEXT");
  app.add_option("--event", arguments.event, "Event name; without one it is 'message'")
      ->type_name("NAME");
  app.add_option("--id", arguments.id, "Custom event id; without one the server assigns it")
      ->type_name("ID");
  AddDuration(app, "--retry", arguments.retry, "Reconnection time the browser shall use from now");
  app.add_flag("--ephemeral", arguments.is_ephemeral, "Never keep the event for resume");
  AddDuration(app, "--ttl", arguments.ttl, "Worth nothing after so long: not sent, not replayed");
  app.add_option("--conflation-key", arguments.conflation_key,
                 "Takes the place of an event with the same key that still waits for a slow stream")
      ->type_name("KEY");
  AddKeyValues(app, "--match", arguments.metadata_match,
               "Only clients whose metadata has this; a value is JSON, strings bare");
  app.add_option("--except", arguments.except_client_ids, "Clients that do not get it")
      ->type_name("ID");
  app.add_option("--request-id", arguments.request_id,
                 "The same id again within 10 minutes sends nothing and shows the first answer")
      ->type_name("ID");
  AddChoice<v1::Confirmation>(
      app, "--confirmation",
      {{"published", v1::CONFIRMATION_PUBLISHED}, {"queued", v1::CONFIRMATION_QUEUED}},
      arguments.confirmation,
      "Answer when it is on its way (published), or in the outboxes (queued, default)");
}

void Fill(const SendArguments& arguments, v1::Event& event, v1::DeliveryOptions& options) {
  event.set_event(arguments.event);
  event.set_data(arguments.data);
  event.set_id(arguments.id);
  if (arguments.retry.has_value()) {
    SetDuration(*arguments.retry, *event.mutable_retry());
  }
  options.set_ephemeral(arguments.is_ephemeral);
  if (arguments.ttl.has_value()) SetDuration(*arguments.ttl, *options.mutable_ttl());
  options.set_conflation_key(arguments.conflation_key);
  *options.mutable_metadata_match() = arguments.metadata_match;
  options.set_confirmation(arguments.confirmation);
  for (const std::string& id : arguments.except_client_ids) options.add_except_client_ids(id);
}

v1::SendToClientRequest ClientRequest(const SendArguments& arguments) {
  v1::SendToClientRequest request;
  request.set_client_id(arguments.target);
  request.set_group(arguments.group);
  request.set_connection_id(arguments.connection);
  return request;
}

v1::SendToGroupRequest GroupRequest(const SendArguments& arguments) {
  v1::SendToGroupRequest request;
  request.set_group(arguments.target);
  return request;
}

v1::BroadcastRequest EveryoneRequest(const SendArguments&) {
  return {};
}

// Sends the event with the RPC, whose request `make_request` begins, and writes the delivery.
template <typename Request, typename Response>
ExitCode Send(Program& program, SendArguments& arguments,
              Request (*make_request)(const SendArguments&),
              grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*)) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  auto data = ReadData(arguments.data, program.terminal.input_fd);
  if (!data.ok()) {
    return ReportWrongUsage(program.terminal, std::string(data.status().message()));
  }
  arguments.data = *std::move(data);
  Request request = make_request(arguments);
  Fill(arguments, *request.mutable_event(), *request.mutable_options());
  request.set_request_id(arguments.request_id);
  Response response;
  const grpc::Status status = (*server)->Call(method, request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  std::ostream& out = program.terminal.out;
  switch (program.format) {
    case OutputFormat::kTable:
      out << DeliveryLine(response.delivery()) << '\n';
      break;
    case OutputFormat::kJson:
      out << ToJson(response.delivery(), JsonLayout::kIndented) << '\n';
      break;
    case OutputFormat::kJsonLines:
      out << ToJson(response.delivery(), JsonLayout::kLine) << '\n';
      break;
  }
  return ExitCode::kDone;
}

}  // namespace

void AddSendCommands(CLI::App& app, Program& program) {
  CLI::App* send = app.add_subcommand("send", "Send an event to a client or to a group");
  send->require_subcommand(1);

  const auto to_client = std::make_shared<SendArguments>();
  CLI::App* client = send->add_subcommand("client", "Send to every connection of one client");
  client->add_option("ID", to_client->target, "The client's id")->required()->type_name("");
  AddEventOptions(*client, *to_client);
  client->add_option("--group", to_client->group, "Only its connections in this group")
      ->type_name("GROUP");
  client->add_option("--connection", to_client->connection, "Only this connection of it")
      ->type_name("ID");
  AddExamples(*client,
              "  sluicectl send client alice --event order --data '{\"state\":\"paid\"}'\n"
              "  date | sluicectl send client alice --data -");
  client->final_callback([&program, to_client] {
    program.action = [&program, to_client] {
      return Send(program, *to_client, ClientRequest, &v1::ControlService::Stub::SendToClient);
    };
  });

  const auto to_group = std::make_shared<SendArguments>();
  CLI::App* group = send->add_subcommand("group", "Send to every connection in a group");
  group->add_option("GROUP", to_group->target, "The group's name")->required()->type_name("");
  AddEventOptions(*group, *to_group);
  AddExamples(*group, "  sluicectl send group news --event headline --data @headline.json");
  group->final_callback([&program, to_group] {
    program.action = [&program, to_group] {
      return Send(program, *to_group, GroupRequest, &v1::ControlService::Stub::SendToGroup);
    };
  });

  const auto to_everyone = std::make_shared<SendArguments>();
  CLI::App* broadcast = app.add_subcommand("broadcast", "Send an event to every connection");
  AddEventOptions(*broadcast, *to_everyone);
  AddExamples(*broadcast, "  sluicectl broadcast --event notice --data 'Back at 9:00'");
  broadcast->final_callback([&program, to_everyone] {
    program.action = [&program, to_everyone] {
      return Send(program, *to_everyone, EveryoneRequest, &v1::ControlService::Stub::Broadcast);
    };
  });
}

}  // namespace sluice::cli
