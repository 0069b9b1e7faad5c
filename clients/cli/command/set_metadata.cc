// clients/cli/command/set_metadata.cc
#include "clients/cli/command/set_metadata.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/input/argument.h"
#include "clients/cli/input/file.h"
#include "clients/cli/input/json_value.h"
#include "clients/cli/output/client.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/rpc/server.h"

namespace sluice::cli {
namespace {

struct MetadataArguments {
  std::string client_id;
  std::vector<std::string> sets;
  std::string file;
  std::vector<std::string> remove_keys;
  bool replaces_all = false;
  bool allows_missing = false;
  std::optional<std::int64_t> expected_version;
};

absl::StatusOr<v1::SetClientMetadataRequest> MakeRequest(const MetadataArguments& arguments,
                                                         int input_fd) {
  v1::SetClientMetadataRequest request;
  request.set_client_id(arguments.client_id);
  request.mutable_metadata();
  if (!arguments.file.empty()) {
    const auto content = ReadFile(arguments.file, input_fd);
    if (!content.ok()) return content.status();
    auto metadata = ParseJsonObject(*content);
    if (!metadata.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--file ", arguments.file, ": ", metadata.status().message()));
    }
    *request.mutable_metadata() = *std::move(metadata);
  }
  for (const std::string& set : arguments.sets) {
    const auto key_value = ParseKeyValue(set);
    if (!key_value.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--set: ", key_value.status().message()));
    }
    auto value = ParseJsonOrText(key_value->second);
    if (!value.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set ", key_value->first, ": ", value.status().message()));
    }
    (*request.mutable_metadata()->mutable_fields())[key_value->first] = *std::move(value);
  }
  for (const std::string& key : arguments.remove_keys) request.add_remove_keys(key);
  request.set_replace_all(arguments.replaces_all);
  request.set_allow_missing(arguments.allows_missing);
  if (arguments.expected_version.has_value()) {
    request.set_expected_version(*arguments.expected_version);
  }
  return request;
}

ExitCode SetMetadata(Program& program, const MetadataArguments& arguments) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  const bool changes_nothing = arguments.sets.empty() && arguments.file.empty() &&
                               arguments.remove_keys.empty() && !arguments.replaces_all;
  if (changes_nothing) {
    return ReportWrongUsage(program.terminal,
                            "nothing to change; give --set, --file, --remove or --replace-all");
  }
  const auto request = MakeRequest(arguments, program.terminal.input_fd);
  if (!request.ok()) {
    return ReportWrongUsage(program.terminal, std::string(request.status().message()));
  }
  v1::SetClientMetadataResponse response;
  const grpc::Status status =
      (*server)->Call(&v1::ControlService::Stub::SetClientMetadata, *request, response);
  if (!status.ok()) {
    return ReportFailure(program.terminal, WithDetails(status), (*server)->address());
  }
  WriteClient(program.terminal, program.format, response.client(), absl::Now());
  return ExitCode::kDone;
}

}  // namespace

void AddSetMetadataCommand(CLI::App& clients, Program& program) {
  const auto arguments = std::make_shared<MetadataArguments>();
  CLI::App* set = clients.add_subcommand("set-metadata", "Merge values into a client's metadata");
  set->add_option("ID", arguments->client_id, "The client's id")->required()->type_name("");
  set->add_option("--set", arguments->sets,
                  "Set a top-level key to a JSON value; what is no JSON is a string")
      ->type_name("KEY=VALUE");
  set->add_option("--file", arguments->file,
                  "JSON object with keys to set; '-' reads the standard input; --set wins over it")
      ->type_name("FILE");
  set->add_option("--remove", arguments->remove_keys, "Remove a top-level key")->type_name("KEY");
  set->add_flag("--replace-all", arguments->replaces_all, "Remove all keys that are not set here");
  set->add_flag("--allow-missing", arguments->allows_missing,
                "Store it for a client that is not connected, too");
  set->add_option("--expected-version", arguments->expected_version,
                  "Change nothing unless the metadata has this version; 0: unless there is none")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  AddExamples(*set,
              "  sluicectl clients set-metadata alice --set plan=pro --set seats=3\n"
              "  sluicectl clients set-metadata alice --set zip='\"01234\"' --remove trial\n"
              "  sluicectl clients set-metadata alice --file profile.json --replace-all");
  set->final_callback([&program, arguments] {
    program.action = [&program, arguments] { return SetMetadata(program, *arguments); };
  });
}

}  // namespace sluice::cli
