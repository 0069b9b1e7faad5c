// clients/cli/tail/tail_command.cc
#include "clients/cli/tail/tail_command.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/input/argument.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/tail/event_source.h"
#include "clients/cli/tail/target.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

struct TailArguments {
  std::string url;
  std::string last_event_id;
  std::int64_t count = 0;  // 0 means without end.
  std::vector<std::string> headers;
  bool does_not_reconnect = false;
};

// A dim line with name and id, then the data. Tabs are kept: they do a terminal no harm.
void WriteForPerson(const Terminal& terminal, const StreamEvent& event) {
  std::string head = "event " + Visible(event.event);
  if (!event.id.empty()) head += "  id " + Visible(event.id);
  terminal.out << DimOnOut(terminal, head) << '\n';
  std::string_view rest = event.data;
  while (true) {
    const std::size_t end = rest.find_first_of("\n\t");
    terminal.out << Visible(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    terminal.out << rest[end];
    rest.remove_prefix(end + 1);
  }
  terminal.out << '\n';
}

void WriteEvent(const Program& program, const StreamEvent& event) {
  if (program.format == OutputFormat::kTable) {
    WriteForPerson(program.terminal, event);
  } else {
    const boost::json::object json = {
        {"event", event.event}, {"id", event.id}, {"data", event.data}};
    program.terminal.out << VisibleJson(boost::json::serialize(json)) << '\n';
  }
  program.terminal.out.flush();
}

ExitCode Tail(Program& program, const TailArguments& arguments) {
  const Terminal& terminal = program.terminal;
  const auto target = ParseTailTarget(arguments.url);
  if (!target.ok()) return ReportWrongUsage(terminal, std::string(target.status().message()));
  const auto headers = ReadHeaders(arguments.headers, terminal.input_fd);
  if (!headers.ok()) return ReportWrongUsage(terminal, std::string(headers.status().message()));
  if (arguments.last_event_id.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos) {
    return ReportWrongUsage(terminal, "--last-event-id has a line end, which no event id can have");
  }
  EventSourceOptions options;
  options.target = *target;
  options.headers = *headers;
  options.last_event_id = arguments.last_event_id;
  options.reconnects = !arguments.does_not_reconnect;
  options.timeout = program.server.timeout;

  std::int64_t remaining = arguments.count;
  const auto on_event = [&](const StreamEvent& event) {
    WriteEvent(program, event);
    if (!terminal.out) return false;  // Run tells why.
    const bool is_servers_own = event.event.rfind("sluice.", 0) == 0;
    return arguments.count == 0 || is_servers_own || --remaining > 0;
  };
  const auto on_notice = [&](const std::string& notice) {
    terminal.err << DimOnErr(terminal, notice) << '\n' << std::flush;
  };
  const EventSource::Result result = EventSource(std::move(options), on_event, on_notice).Run();
  if (result.exit_code == ExitCode::kDone) {
    if (!result.message.empty()) on_notice(result.message);
  } else if (!result.message.empty()) {
    WriteError(terminal, result.message);
  }
  return result.exit_code;
}

}  // namespace

void AddTailCommand(CLI::App& app, Program& program) {
  const auto arguments = std::make_shared<TailArguments>();
  CLI::App* tail = app.add_subcommand("tail", "Follow an event stream and print its events");
  tail->add_option("URL", arguments->url, "http URL of the stream")->required()->type_name("");
  tail->add_option("--last-event-id", arguments->last_event_id, "Resume after this event")
      ->type_name("ID");
  tail->add_option("--count", arguments->count,
                   "End after N events; those whose name begins with 'sluice.' do not count")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  tail->add_option("--header", arguments->headers,
                   "Header to send, 'Name: value'; '@FILE' reads some from a file, for secrets")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  tail->add_flag("--no-reconnect", arguments->does_not_reconnect, "End when the connection does");
  AddExamples(*tail,
              "  sluicectl tail 'http://127.0.0.1:8080/events?client_id=alice&group=news'\n"
              "  sluicectl tail http://127.0.0.1:8080/events --count 1 -o jsonl\n"
              "  sluicectl tail http://127.0.0.1:8080/events --header @credentials.txt");
  tail->final_callback([&program, arguments] {
    program.uses_server = false;
    program.action = [&program, arguments] { return Tail(program, *arguments); };
  });
}

}  // namespace sluice::cli
