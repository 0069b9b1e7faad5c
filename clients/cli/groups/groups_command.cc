#include "clients/cli/groups/groups_command.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>

#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

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

// Groups as they come; a table at the end.
class GroupsOutput {
 public:
  explicit GroupsOutput(Program& program) : program_(program) {}

  void Take(v1::ListGroupsResponse& page) {
    unreachable_.insert(page.unreachable().begin(), page.unreachable().end());
    for (v1::Group& group : *page.mutable_groups()) {
      switch (program_.format) {
        case OutputFormat::kTable:
          table_.AddRow(
              {group.group(), FormatCount(group.clients()), FormatCount(group.connections())});
          break;
        case OutputFormat::kJson:
          *all_.add_groups() = std::move(group);
          break;
        case OutputFormat::kJsonLines:
          program_.terminal.out << ToJson(group, JsonLayout::kLine) << '\n';
          break;
      }
    }
  }

  void Write() {
    const Terminal& terminal = program_.terminal;
    if (program_.format == OutputFormat::kJson) {
      for (const std::string& replica : unreachable_) all_.add_unreachable(replica);
      terminal.out << ToJson(all_, JsonLayout::kIndented) << '\n';
    } else if (program_.format == OutputFormat::kTable) {
      if (!table_.IsEmpty()) table_.Write(terminal);
      terminal.out.flush();
      if (table_.IsEmpty()) terminal.err << "no groups\n";
    }
    if (unreachable_.empty()) return;
    WriteWarning(terminal,
                 Visible(absl::StrCat("no answer from replica ", absl::StrJoin(unreachable_, ", "),
                                      "; connections there may be missing")));
  }

 private:
  Program& program_;
  Table table_{
      {{"GROUP"}, {"CLIENTS", Table::Align::kRight}, {"CONNECTIONS", Table::Align::kRight}}};
  v1::ListGroupsResponse all_;
  std::set<std::string> unreachable_;
};

ExitCode ListGroups(Program& program, const std::string& prefix) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::ListGroupsRequest request;
  request.set_prefix(prefix);
  request.set_page_size(kPageSize);
  GroupsOutput output(program);
  do {
    v1::ListGroupsResponse page;
    const grpc::Status status =
        (*server)->Call(&v1::ControlService::Stub::ListGroups, request, page);
    if (!status.ok()) {
      return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
    }
    request.set_page_token(page.next_page_token());
    output.Take(page);
  } while (!request.page_token().empty());
  output.Write();
  return ExitCode::kDone;
}

struct MembershipArguments {
  std::string client_id;
  std::vector<std::string> groups;
  std::string connection_id;
  bool allows_missing = false;
};

template <typename Request, typename Response>
ExitCode ChangeGroups(Program& program, const MembershipArguments& arguments,
                      grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*)) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  Request request;
  request.set_client_id(arguments.client_id);
  request.mutable_groups()->Add(arguments.groups.begin(), arguments.groups.end());
  request.set_connection_id(arguments.connection_id);
  request.set_allow_missing(arguments.allows_missing);
  Response response;
  const grpc::Status status = (*server)->Call(method, request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  WriteClient(program.terminal, program.format, response.client(), absl::Now());
  program.terminal.out.flush();
  if (response.unconfirmed_replicas() > 0) {
    WriteWarning(program.terminal,
                 absl::StrCat(response.unconfirmed_replicas(),
                              " replicas did not confirm; connections there follow later"));
  }
  return ExitCode::kDone;
}

template <typename Request, typename Response>
void AddMembershipCommand(CLI::App& groups, Program& program, const std::string& name,
                          const std::string& description, const std::string& examples,
                          grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*)) {
  const auto arguments = std::make_shared<MembershipArguments>();
  CLI::App* command = groups.add_subcommand(name, description);
  command->add_option("CLIENT", arguments->client_id, "The client's id")->required()->type_name("");
  command->add_option("GROUP", arguments->groups, "Names of groups")->required()->type_name("");
  command
      ->add_option("--connection", arguments->connection_id,
                   "Only this connection, for as long as it lasts")
      ->type_name("ID");
  command->add_flag("--allow-missing", arguments->allows_missing,
                    "Also for a client that is not connected");
  AddExamples(*command, examples);
  command->final_callback([&program, arguments, method] {
    program.action = [&program, arguments, method] {
      return ChangeGroups(program, *arguments, method);
    };
  });
}

}  // namespace

void AddGroupsCommands(CLI::App& app, Program& program) {
  CLI::App* groups = app.add_subcommand("groups", "Look at groups and who is in them");
  groups->require_subcommand(1);

  const auto prefix = std::make_shared<std::string>();
  CLI::App* list = groups->add_subcommand("list", "List groups with connections, sorted by name");
  list->add_option("--prefix", *prefix, "Only names that begin with this")->type_name("TEXT");
  AddExamples(*list, "  sluicectl groups list --prefix room:");
  list->final_callback([&program, prefix] {
    program.action = [&program, prefix] { return ListGroups(program, *prefix); };
  });

  using Stub = v1::ControlService::Stub;
  AddMembershipCommand<v1::JoinGroupsRequest, v1::JoinGroupsResponse>(
      *groups, program, "join", "Put a client into groups, for later connections too",
      "  sluicectl groups join alice news sports", &Stub::JoinGroups);
  AddMembershipCommand<v1::LeaveGroupsRequest, v1::LeaveGroupsResponse>(
      *groups, program, "leave", "Take a client out of groups",
      "  sluicectl groups leave alice news", &Stub::LeaveGroups);
}

}  // namespace sluice::cli
