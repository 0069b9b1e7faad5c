#pragma once

#include <CLI/CLI.hpp>
#include <absl/status/status.h>

#include "clients/cli/program.h"

namespace sluice::cli {

// `--context`, which names the context to use.
void AddContextOption(CLI::App& app);

// Gives the options that the command line has left open the values of the context that --context
// names, or of the current one. Without any there is nothing to do; nor where --server is given, so
// that no credential of a context goes to another server. Nor does one of the environment go to a
// context's server.
// Errors: INVALID_ARGUMENT when both name a server, or the file or a value in it is wrong.
absl::Status ApplyContext(CLI::App& app, Program& program);

// `contexts list` and `contexts use`.
void AddContextsCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
