#include "clients/cli/presence/watch_clients.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>

#include <cstdint>
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

using Event = v1::WatchClientsResponse;

std::string Connections(std::int64_t count) {
  return absl::StrCat(FormatCount(count), count == 1 ? " connection" : " connections");
}

// What a client is, in a few words.
std::string About(const v1::Client& client) {
  std::string text = Connections(client.connections_size());
  if (client.groups_size() > 0) {
    absl::StrAppend(&text, "  groups ", absl::StrJoin(client.groups(), ", "));
  }
  if (!client.metadata().fields().empty()) {
    absl::StrAppend(&text, "  ", ToJson(client.metadata(), JsonLayout::kLine));
  }
  return text;
}

// Columns: what happened, whom it is about, and the rest.
std::string Line(const std::string& what, const std::string& whom, const std::string& rest) {
  std::string line = absl::StrFormat(
      "%s  %-12s  %s", absl::FormatTime("%H:%M:%S", absl::Now(), absl::LocalTimeZone()), what,
      Visible(whom));
  if (!rest.empty()) absl::StrAppend(&line, "  ", Visible(rest));
  return line;
}

// The event in a line for people.
std::string Describe(const Event& event) {
  switch (event.event_case()) {
    case Event::kSnapshot:
      return Line("present", event.snapshot().client().client_id(),
                  About(event.snapshot().client()));
    case Event::kSnapshotComplete: {
      const auto& unreachable = event.snapshot_complete().unreachable();
      if (unreachable.empty()) return Line("complete", "these are all", "");
      return Line("complete", "but for clients of", absl::StrJoin(unreachable, ", "));
    }
    case Event::kConnected:
      return Line("connected", event.connected().client().client_id(),
                  absl::StrCat("to ", event.connected().replica_id(), "  ",
                               About(event.connected().client())));
    case Event::kConnectionsChanged:
      return Line("connections", event.connections_changed().client_id(),
                  absl::StrCat(Connections(event.connections_changed().connections()), "  (",
                               event.connections_changed().replica_id(), ")"));
    case Event::kDisconnected:
      return Line("disconnected", event.disconnected().client_id(),
                  absl::StrCat(event.disconnected().reason(), "  (",
                               event.disconnected().replica_id(), ")"));
    case Event::kMetadataChanged:
      return Line("metadata", event.metadata_changed().client_id(),
                  absl::StrCat(ToJson(event.metadata_changed().metadata(), JsonLayout::kLine),
                               "  version ", event.metadata_changed().metadata_version()));
    case Event::kGroupsChanged:
      return Line("groups", event.groups_changed().client_id(),
                  absl::StrJoin(event.groups_changed().groups(), ", "));
    case Event::kReplicaJoined:
      return Line("replica", event.replica_joined().replica_id(), "joined");
    case Event::kReplicaLeft:
      return Line("replica", event.replica_left().replica_id(), "left");
    case Event::EVENT_NOT_SET:
      break;
  }
  return Line("unknown", "an event of a later version", "");
}

}  // namespace

ExitCode WatchClients(Program& program, const v1::WatchClientsRequest& request) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  // Without a deadline: --timeout is for calls that end.
  grpc::ClientContext context;
  (*server)->Authorize(context);
  const auto events = (*server)->control().WatchClients(&context, request);
  Event event;
  while (events->Read(&event)) {
    program.terminal.out << (program.format == OutputFormat::kTable
                                 ? Describe(event)
                                 : ToJson(event, JsonLayout::kLine))
                         << '\n';
    program.terminal.out.flush();
  }
  const grpc::Status status = events->Finish();
  if (status.ok()) return ExitCode::kDone;
  return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
}

void AddWatchClientsCommand(CLI::App& clients, Program& program) {
  const auto request = std::make_shared<v1::WatchClientsRequest>();
  CLI::App* watch = clients.add_subcommand(
      "watch",
      "Show who is connected, then every change; with -o json or jsonl a line of JSON each");
  watch
      ->add_option("--prefix", *request->mutable_client_id_prefix(),
                   "Only ids that begin with this")
      ->type_name("TEXT");
  watch->add_option("--group", *request->mutable_group(), "Only clients in this group")
      ->type_name("GROUP");
  AddKeyValues(*watch, "--match", *request->mutable_metadata_match(),
               "Only clients whose metadata has this top-level scalar");
  AddExamples(*watch,
              "  sluicectl clients watch --group news\n"
              "  sluicectl clients watch -o jsonl | jq 'select(.disconnected)'");
  watch->final_callback([&program, request] {
    program.action = [&program, request] { return WatchClients(program, *request); };
  });
}

}  // namespace sluice::cli
