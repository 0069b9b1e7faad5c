// clients/cli/token/token_command.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// Adds `token create`, which talks to no server.
void AddTokenCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
