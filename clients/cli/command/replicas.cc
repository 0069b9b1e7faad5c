// clients/cli/command/replicas.cc
#include "clients/cli/command/replicas.h"

#include <absl/time/clock.h>

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

void WriteReplicas(const Terminal& terminal, const v1::ListReplicasResponse& list, absl::Time now) {
  Table table({{"REPLICA"},
               {"VERSION"},
               {"STARTED"},
               {"CONNECTIONS", Table::Align::kRight},
               {"LAST SEEN"},
               {"READY"}});
  for (const v1::Replica& replica : list.replicas()) {
    table.AddRow({replica.replica_id(), replica.version(), Age(replica.start_time(), now),
                  FormatCount(replica.connections()), Age(replica.last_seen(), now),
                  replica.ready() ? "yes" : "no"});
  }
  table.Write(terminal);
}

ExitCode ListReplicas(Program& program) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  v1::ListReplicasResponse response;
  const grpc::Status status =
      (*server)->Call(&v1::ControlService::Stub::ListReplicas, {}, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  switch (program.format) {
    case OutputFormat::kTable:
      WriteReplicas(program.terminal, response, absl::Now());
      break;
    case OutputFormat::kJson:
      program.terminal.out << ToJson(response, JsonLayout::kIndented) << '\n';
      break;
    case OutputFormat::kJsonLines:
      for (const v1::Replica& replica : response.replicas()) {
        program.terminal.out << ToJson(replica, JsonLayout::kLine) << '\n';
      }
      break;
  }
  return ExitCode::kDone;
}

}  // namespace

void AddReplicasCommands(CLI::App& app, Program& program) {
  CLI::App* replicas = app.add_subcommand("replicas", "Look at the replicas of the cluster");
  replicas->require_subcommand(1);
  CLI::App* list = replicas->add_subcommand("list", "List the replicas that are known");
  AddExamples(*list, "  sluicectl replicas list -o jsonl");
  list->final_callback(
      [&program] { program.action = [&program] { return ListReplicas(program); }; });
}

}  // namespace sluice::cli
