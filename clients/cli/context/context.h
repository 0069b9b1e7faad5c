#pragma once

#include <CLI/CLI.hpp>
#include <absl/status/status.h>

#include <string>

#include "clients/cli/program.h"

namespace sluice::cli {

// `--context`, which names the context to use.
void AddContextOption(CLI::App& app, std::string& context);

// Gives the options that the command line and the environment have left open the values of the
// context `name`, or of the current one where it is empty. Without any there is nothing to do; nor
// where --server is given, so that no credential of a context goes to another server.
// Errors: INVALID_ARGUMENT when both name a server, or the file or a value in it is wrong.
absl::Status ApplyContext(CLI::App& app, const std::string& name);

// `contexts list` and `contexts use`.
void AddContextsCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
