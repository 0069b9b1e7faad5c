// clients/cli/command/list_clients.cc
#include "clients/cli/command/list_clients.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/input/argument.h"
#include "clients/cli/output/client.h"
#include "clients/cli/output/json.h"
#include "clients/cli/presence/watch_clients.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr int kPageSizeMax = 1000;

struct ListArguments {
  std::string prefix;
  std::string group;
  google::protobuf::Map<std::string, std::string> matches;
  bool is_full = false;
  bool watches = false;
  int page_size = kPageSizeMax;
  std::int64_t limit = 0;  // 0 means all.
};

v1::ListClientsRequest MakeRequest(const ListArguments& arguments) {
  v1::ListClientsRequest request;
  request.set_client_id_prefix(arguments.prefix);
  request.set_group(arguments.group);
  request.set_view(arguments.is_full ? v1::CLIENT_VIEW_FULL : v1::CLIENT_VIEW_BASIC);
  *request.mutable_metadata_match() = arguments.matches;
  return request;
}

v1::WatchClientsRequest MakeWatchRequest(const ListArguments& arguments) {
  v1::WatchClientsRequest request;
  request.set_client_id_prefix(arguments.prefix);
  request.set_group(arguments.group);
  *request.mutable_metadata_match() = arguments.matches;
  return request;
}

// The pages of one list put together.
// Thread: one thread.
// Limits: holds all clients of the list; with jsonl none, they are written as they come.
class ClientList {
 public:
  ClientList(Program& program, const ListArguments& arguments)
      : program_(program), arguments_(arguments) {}

  ExitCode Run() {
    const auto server = Server::Open(program_.server);
    if (!server.ok()) {
      return ReportWrongUsage(program_.terminal, std::string(server.status().message()));
    }
    v1::ListClientsRequest request = MakeRequest(arguments_);
    const grpc::Status status = FollowPages(**server, request);
    // What came before a failure is shown; where nothing came, "no clients" would be a lie.
    if (status.ok() || count_ > 0) Write();
    if (!status.ok()) {
      return ReportFailure(program_.terminal, WithDetails(status), (*server)->address());
    }
    return ExitCode::kDone;
  }

 private:
  grpc::Status FollowPages(Server& server, v1::ListClientsRequest& request) {
    while (true) {
      request.set_page_size(arguments_.page_size);
      if (arguments_.limit > 0) {
        const std::int64_t missing = arguments_.limit - count_;
        request.set_page_size(
            static_cast<int>(std::min<std::int64_t>(missing, arguments_.page_size)));
      }
      v1::ListClientsResponse page;
      const grpc::Status status =
          server.Call(&v1::ControlService::Stub::ListClients, request, page);
      if (!status.ok()) return status;
      Take(page);
      if (page.next_page_token().empty()) return grpc::Status::OK;
      if (arguments_.limit > 0 && count_ >= arguments_.limit) {
        has_more_ = true;
        return grpc::Status::OK;
      }
      if (page.next_page_token() == request.page_token()) {
        return {grpc::StatusCode::INTERNAL, "the server gave the same page token twice"};
      }
      request.set_page_token(page.next_page_token());
    }
  }

  void Take(v1::ListClientsResponse& page) {
    unreachable_.insert(page.unreachable().begin(), page.unreachable().end());
    total_size_ = page.total_size();
    for (v1::Client& client : *page.mutable_clients()) {
      if (arguments_.limit > 0 && count_ == arguments_.limit) break;
      ++count_;
      if (program_.format == OutputFormat::kJsonLines) {
        program_.terminal.out << ToJson(client, JsonLayout::kLine) << '\n';
      } else {
        *all_.add_clients() = std::move(client);
      }
    }
  }

  void Write() {
    const Terminal& terminal = program_.terminal;
    if (program_.format == OutputFormat::kJson) {
      all_.set_total_size(total_size_);
      for (const std::string& replica : unreachable_) all_.add_unreachable(replica);
      terminal.out << ToJson(all_, JsonLayout::kIndented) << '\n';
    } else if (program_.format == OutputFormat::kTable) {
      WriteClients(terminal, all_, arguments_.is_full, absl::Now());
    }
    terminal.out.flush();
    if (program_.format == OutputFormat::kTable && count_ == 0) {
      terminal.err << "no clients\n";
    }
    if (has_more_) {
      terminal.err << DimOnErr(terminal,
                               absl::StrCat("the first ", count_, " of about ",
                                            FormatCount(total_size_), "; --limit shows more"))
                   << '\n';
    }
    if (!unreachable_.empty()) {
      WriteWarning(terminal, Visible(absl::StrCat("no answer from replica ",
                                                  absl::StrJoin(unreachable_, ", "),
                                                  "; clients there may be missing")));
    }
  }

  Program& program_;
  const ListArguments& arguments_;
  v1::ListClientsResponse all_;
  std::set<std::string> unreachable_;
  std::int64_t total_size_ = 0;
  std::int64_t count_ = 0;
  bool has_more_ = false;
};

}  // namespace

void AddListClientsCommand(CLI::App& clients, Program& program) {
  const auto arguments = std::make_shared<ListArguments>();
  CLI::App* list = clients.add_subcommand("list", "List connected clients, sorted by id");
  list->add_option("--prefix", arguments->prefix, "Only ids that begin with this")
      ->type_name("TEXT");
  list->add_option("--group", arguments->group, "Only clients in this group")->type_name("GROUP");
  AddKeyValues(*list, "--match", arguments->matches,
               "Only clients whose metadata has this top-level scalar");
  list->add_flag("--full", arguments->is_full, "Show every connection");
  list->add_flag("-w,--watch", arguments->watches,
                 "Go on with every change, as `clients watch` does");
  list->add_option("--page-size", arguments->page_size, "Clients that one call asks for")
      ->check(CLI::Range(1, kPageSizeMax))
      ->type_name("N")
      ->capture_default_str();
  list->add_option("--limit", arguments->limit, "Show at most this many; 0 shows all")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N")
      ->capture_default_str();
  AddExamples(*list,
              "  sluicectl clients list --group news --match plan=pro\n"
              "  sluicectl clients list -o jsonl | jq -r .client_id");
  list->final_callback([&program, arguments] {
    program.action = [&program, arguments] {
      if (arguments->watches) return WatchClients(program, MakeWatchRequest(*arguments));
      return ClientList(program, *arguments).Run();
    };
  });
}

}  // namespace sluice::cli
