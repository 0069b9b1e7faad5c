// clients/cli/check/check_command.cc
#include "clients/cli/check/check_command.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/check/round_trip.h"
#include "clients/cli/command/option.h"
#include "clients/cli/input/argument.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"
#include "clients/cli/tail/target.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr int kHttpUnauthorized = 401;

struct CheckArguments {
  std::string url = "http://127.0.0.1:8080/events";
  std::vector<std::string> headers;
};

// A stream of a client that nobody else has, unless the URL names one.
void AddClientId(TailTarget& target) {
  std::string& path_and_query = target.path_and_query;
  const std::size_t query = path_and_query.find('?');
  if (query == std::string::npos) {
    path_and_query += '?';
  } else {
    for (const std::string_view before : {"?client_id=", "&client_id="}) {
      if (path_and_query.find(before, query) != std::string::npos) return;
    }
    path_and_query += '&';
  }
  absl::StrAppend(&path_and_query, "client_id=sluicectl-check-", RandomDigits());
}

bool HasAuthorization(const EventSourceOptions& options) {
  for (const auto& [name, value] : options.headers) {
    if (absl::EqualsIgnoreCase(name, "authorization")) return true;
  }
  return false;
}

// Without a credential first: the token of calls is shown to the stream's port only where that
// asks for one.
RoundTripResult MakeRoundTrip(Server& server, EventSourceOptions options) {
  const absl::Time deadline = absl::Now() + server.timeout();
  RoundTripResult result = RoundTrip(server, options, deadline).Run();
  const bool asks_for_token = result.http_status == kHttpUnauthorized;
  if (!asks_for_token || server.token().empty() || HasAuthorization(options)) return result;
  if (!IsLoopback(options.target.host)) {
    absl::StrAppend(&result.error, "; the token is not sent there, as it would go unencrypted");
    return result;
  }
  options.headers.emplace_back("Authorization", "Bearer " + server.token());
  return RoundTrip(server, std::move(options), deadline).Run();
}

std::string Sentence(const RoundTripResult& result, const std::string& server,
                     const std::string& url) {
  if (result.exit_code != ExitCode::kDone) return absl::StrCat("failed: ", result.error);
  const v1::Delivery& delivery = result.delivery;
  std::string connections = "unconfirmed";
  if (delivery.has_connections()) {
    connections = absl::StrCat("delivered to ", delivery.connections(), " connection",
                               delivery.connections() == 1 ? "" : "s");
  }
  return absl::StrFormat("ok: an event went from %s to %s in %.1f ms (replica %s, %s)",
                         Visible(server), Visible(url), absl::ToDoubleMilliseconds(result.elapsed),
                         Visible(result.replica_id), connections);
}

std::string Json(const RoundTripResult& result, const std::string& server, const std::string& url) {
  const bool is_ok = result.exit_code == ExitCode::kDone;
  boost::json::object json = {{"ok", is_ok},
                              {"exit_code", static_cast<int>(result.exit_code)},
                              {"server", server},
                              {"http", url}};
  if (!is_ok) json["error"] = result.error;
  if (!result.connection_id.empty()) {
    json["client_id"] = result.client_id;
    json["connection_id"] = result.connection_id;
    json["replica_id"] = result.replica_id;
  }
  if (is_ok) {
    json["event_id"] = result.delivery.event_id();
    if (result.delivery.has_connections()) json["connections"] = result.delivery.connections();
    json["elapsed_ms"] = absl::ToDoubleMilliseconds(result.elapsed);
  }
  return VisibleJson(boost::json::serialize(json));
}

ExitCode Check(Program& program, const CheckArguments& arguments) {
  const Terminal& terminal = program.terminal;
  auto target = ParseTailTarget(arguments.url);
  if (!target.ok()) return ReportWrongUsage(terminal, std::string(target.status().message()));
  const auto headers = ReadHeaders(arguments.headers, terminal.input_fd);
  if (!headers.ok()) return ReportWrongUsage(terminal, std::string(headers.status().message()));
  const auto server = Server::Open(program.server);
  if (!server.ok()) return ReportWrongUsage(terminal, std::string(server.status().message()));
  AddClientId(*target);
  EventSourceOptions options;
  options.target = *std::move(target);
  options.headers = *headers;
  const RoundTripResult result = MakeRoundTrip(**server, std::move(options));
  const bool was_interrupted =
      result.exit_code == ExitCode::kInterrupted || result.exit_code == ExitCode::kTerminated;
  if (was_interrupted) return result.exit_code;
  const std::string& address = (*server)->address();
  // Without the query, which may hold a token: monitors keep the line.
  const std::string url = arguments.url.substr(0, arguments.url.find('?'));
  terminal.out << (program.format == OutputFormat::kTable ? Sentence(result, address, url)
                                                          : Json(result, address, url))
               << '\n';
  return result.exit_code;
}

}  // namespace

void AddCheckCommand(CLI::App& app, Program& program) {
  const auto arguments = std::make_shared<CheckArguments>();
  CLI::App* check = app.add_subcommand(
      "check", "Send an event through Sluice to an own stream, and say in one line if it came");
  check->add_option("--http", arguments->url, "http URL of the event streams")
      ->type_name("URL")
      ->capture_default_str();
  check
      ->add_option("--header", arguments->headers,
                   "Header for the stream, 'Name: value'; '@FILE' reads some from a file")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  AddExamples(*check,
              "  sluicectl check\n"
              "  sluicectl check --server 10.0.0.5:50051 --http http://10.0.0.5:8080/events "
              "--timeout 2s -o jsonl\n"
              "\n"
              "The line goes to the standard output in any case. A stream's port that asks for a\n"
              "token is shown the one of --token-file, on a loopback address only.");
  check->final_callback([&program, arguments] {
    program.action = [&program, arguments] { return Check(program, *arguments); };
  });
}

}  // namespace sluice::cli
