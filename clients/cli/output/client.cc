// clients/cli/output/client.cc
#include "clients/cli/output/client.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/output/json.h"
#include "clients/cli/output/table.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

std::string Metadata(const v1::Client& client) {
  if (client.metadata().fields().empty()) return "";
  return ToJson(client.metadata(), JsonLayout::kLine);
}

std::vector<Table::Column> ConnectionColumns() {
  using Align = Table::Align;
  return {{"CONNECTION"},
          {"REPLICA"},
          {"CONNECTED"},
          {"ADDRESS"},
          {"QUEUED", Align::kRight},
          {"DELIVERED", Align::kRight},
          {"GROUPS"},
          {"USER AGENT"}};
}

std::vector<std::string> ConnectionCells(const v1::Connection& connection, absl::Time now) {
  return {connection.connection_id(),
          connection.replica_id(),
          Age(connection.connect_time(), now),
          connection.remote_address(),
          FormatBytes(connection.queued_bytes()),
          FormatCount(connection.delivered()),
          absl::StrJoin(connection.groups(), " "),
          connection.user_agent()};
}

Table ConnectionTable(const v1::ListClientsResponse& list, absl::Time now) {
  std::vector<Table::Column> columns = ConnectionColumns();
  columns.insert(columns.begin(), {"CLIENT"});
  Table table(std::move(columns));
  for (const v1::Client& client : list.clients()) {
    for (const v1::Connection& connection : client.connections()) {
      std::vector<std::string> cells = ConnectionCells(connection, now);
      cells.insert(cells.begin(), client.client_id());
      table.AddRow(std::move(cells));
    }
    if (client.connections().empty()) table.AddRow({client.client_id()});
  }
  return table;
}

void WriteField(const Terminal& terminal, const std::string& name, const std::string& value) {
  if (value.empty()) return;
  constexpr std::size_t kNameColumns = 13;
  const std::string padding(kNameColumns - name.size(), ' ');
  terminal.out << DimOnOut(terminal, name) << padding << Visible(value) << '\n';
}

}  // namespace

std::string Age(const google::protobuf::Timestamp& time, absl::Time now) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return FormatAge(now - absl::FromUnixSeconds(time.seconds()) - absl::Nanoseconds(time.nanos()));
}

void WriteClient(const Terminal& terminal, OutputFormat format, const v1::Client& client,
                 absl::Time now) {
  if (format != OutputFormat::kTable) {
    const auto layout = format == OutputFormat::kJson ? JsonLayout::kIndented : JsonLayout::kLine;
    terminal.out << ToJson(client, layout) << '\n';
    return;
  }
  WriteField(terminal, "client", client.client_id());
  WriteField(terminal, "connected", Age(client.connect_time(), now));
  WriteField(terminal, "connections", FormatCount(client.connections_size()));
  WriteField(terminal, "groups", absl::StrJoin(client.groups(), " "));
  WriteField(terminal, "metadata", Metadata(client));
  if (client.metadata_version() > 0) {
    WriteField(terminal, "version", absl::StrCat(client.metadata_version()));
  }
  if (client.connections().empty()) return;
  Table table(ConnectionColumns());
  for (const v1::Connection& connection : client.connections()) {
    table.AddRow(ConnectionCells(connection, now));
  }
  terminal.out << '\n';
  table.Write(terminal);
}

void WriteClients(const Terminal& terminal, const v1::ListClientsResponse& list,
                  bool has_connections, absl::Time now) {
  if (list.clients().empty()) return;
  if (has_connections) {
    ConnectionTable(list, now).Write(terminal);
    return;
  }
  Table table({{"CLIENT"}, {"CONNECTED"}, {"GROUPS"}, {"METADATA"}});
  for (const v1::Client& client : list.clients()) {
    table.AddRow({client.client_id(), Age(client.connect_time(), now),
                  absl::StrJoin(client.groups(), " "), Metadata(client)});
  }
  table.Write(terminal);
}

}  // namespace sluice::cli
